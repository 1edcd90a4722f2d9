// The wall by keys: arrows go from film to film.
"use strict";

(() => {
  const wall = document.getElementById("wall");
  if (!wall) return;

  /** The nearest film in the row above (-1) or below (1). */
  function vertical(from, films, way) {
    const here = from.getBoundingClientRect();
    let best = null;
    for (const each of films) {
      const there = each.getBoundingClientRect();
      const down = (there.top - here.top) * way;
      if (down < here.height / 2) continue;
      const far = [Math.round(down), Math.abs(there.left - here.left)];
      if (!best || far[0] < best.far[0] || (far[0] === best.far[0] && far[1] < best.far[1])) best = { each, far };
    }
    return best?.each;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, dialog, details[open]")) return;
    const films = [...wall.querySelectorAll(".card > a")];
    if (!films.length || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    const at = films.indexOf(document.activeElement);
    if (at < 0 && event.target !== document.body && event.target.id !== "main") return;
    const next = {
      ArrowLeft: () => films[at - 1],
      ArrowRight: () => films[at + 1],
      ArrowUp: () => vertical(films[at], films, -1),
      ArrowDown: () => vertical(films[at], films, 1),
      Home: () => films[0],
      End: () => films.at(-1),
    };
    const film = at < 0 ? films[0] : next[event.key]();
    if (film) {
      event.preventDefault();
      film.focus();
      film.scrollIntoView({ block: "nearest" });
    }
  });
})();
