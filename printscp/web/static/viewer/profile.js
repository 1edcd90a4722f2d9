// The line profile: densities along a line, by the API, as a chart.

import { drawn, roundStep } from "./overlay.js";
import { ask, placeOf } from "./source.js";
import { copyOrSave, csv } from "./table.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 220, 44, 12, 12, 34];

/** The chart of a line over a film, in a panel of its own. */
export class Profile {
  constructor(root, film, words) {
    this.root = root;
    this.film = film;
    this.words = words;
    this.profile = null;
    root.querySelector("[data-copy]").addEventListener("click", () => this.copy());
    root.querySelector("[data-chart]").addEventListener("pointermove", (event) => this.point(event));
  }

  /** Draw the profile between two places of the film. */
  async show([from, to]) {
    const whole = (place) => [place.x, place.y].map(Math.floor);
    const [[x1, y1], [x2, y2]] = [whole(from), whole(to)];
    const answer = await ask(`${placeOf(this.film)}/profile?${new URLSearchParams({ x1, y1, x2, y2, limit: 2000 })}`);
    this.profile = await answer.json();
    this.root.hidden = false;
    this.draw();
    this.root.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.root.hidden = true;
    this.profile = null;
  }

  draw() {
    const { densities, length_mm: length, step_mm: step } = this.profile;
    const [least, most] = [Math.min(...densities), Math.max(...densities)];
    const low = Math.max(0, least - 0.05);
    const high = Math.max(most + 0.05, low + 0.1);
    this.x = (mm) => LEFT + (mm / (length || 1)) * (WIDTH - LEFT - RIGHT);
    this.y = (od) => HEIGHT - BOTTOM - ((od - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const parts = [];
    for (const od of this.steps(low, high, 4)) {
      parts.push(drawn("path", { class: "grid", d: `M${LEFT} ${this.y(od)}H${WIDTH - RIGHT}` }));
      parts.push(drawn("text", { x: LEFT - 6, y: this.y(od) + 4, "text-anchor": "end" }, String(+od.toFixed(3))));
    }
    for (const mm of this.steps(0, length, 7)) {
      parts.push(drawn("path", { class: "grid", d: `M${this.x(mm)} ${TOP}V${HEIGHT - BOTTOM}` }));
      parts.push(drawn("text", { x: this.x(mm), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" }, String(+mm.toFixed(2))));
    }
    parts.push(drawn("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "mm"));
    parts.push(drawn("text", { x: 4, y: TOP + 6 }, "OD"));
    const points = densities.map((od, n) => `${this.x(n * step).toFixed(2)},${this.y(od).toFixed(2)}`);
    parts.push(drawn("polyline", { class: "curve", points: points.join(" ") }));
    this.mark = drawn("path", { class: "mark" });
    this.root.querySelector("[data-chart]").replaceChildren(...parts, this.mark);
    this.root.dataset.length = length;
    this.root.dataset.least = least;
    this.root.dataset.most = most;
    this.root.querySelector("[data-said]").textContent = this.words.profile
      .replace("{length}", length.toFixed(1)).replace("{least}", least.toFixed(3)).replace("{most}", most.toFixed(3));
  }

  steps(from, to, count) {
    if (!(to > from)) return [from];
    const step = roundStep((to - from) / count);
    const places = [];
    for (let n = Math.ceil(from / step); n * step <= to * 1.0001; n++) places.push(n * step);
    return places;
  }

  /** Say what the curve has under the cursor. */
  point(event) {
    if (!this.profile) return;
    const { densities, step_mm: step } = this.profile;
    const box = event.currentTarget.getBoundingClientRect();
    const mm = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (this.x(1) - this.x(0));
    const n = Math.min(densities.length - 1, Math.max(0, Math.round(mm / (step || 1))));
    this.mark.setAttribute("d", `M${this.x(n * step)} ${TOP}V${HEIGHT - BOTTOM}`);
    this.root.querySelector("[data-at]").textContent = `${(n * step).toFixed(2)} mm: ${densities[n].toFixed(3)} OD`;
  }

  async copy() {
    const rows = this.profile.densities.map((od, n) => [(n * this.profile.step_mm).toFixed(4), od]);
    const name = `film-${this.film.job}-${this.film.film}-profile.csv`;
    const copied = await copyOrSave(csv([["mm", "od"], ...rows]), name);
    this.root.querySelector("[data-done]").textContent = copied ? this.words.copied : this.words.saved;
  }
}
