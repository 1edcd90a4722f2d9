// A film by keys: the one before, the one after; and parts of its page that take the place of the picture.
"use strict";

(() => {
  const film = document.getElementById("film");
  const part = document.getElementById("part");
  const chooser = document.getElementById("which-film");
  chooser?.addEventListener("change", () => location.assign(chooser.value));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !window.lightbox.keysOn()) return;
    if (event.target.closest("input, select, textarea, dialog")) return;
    const link = { ",": "before", ".": "after" }[event.key];
    if (link) document.getElementById(link)?.click();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "part") return;
    film.hidden = true;
    part.hidden = false;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "part") return;
    const here = document.activeElement === document.body || document.activeElement?.closest("#tabs");
    if (here) document.querySelector("#tabs [aria-current]")?.focus({ preventScroll: true });
  });

  // The picture is still there when it was open before: no need to load it again.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("#tab-film");
    if (!tab || !film.children.length || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    part.hidden = true;
    part.replaceChildren();
    film.hidden = false;
    history.replaceState(null, "", tab.href);
    document.querySelector("#tabs [aria-current]")?.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "page");
    dispatchEvent(new Event("resize")); // the viewer has its room again
  });
})();
