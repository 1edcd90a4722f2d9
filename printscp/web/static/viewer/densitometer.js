// The densitometer: what is under the cursor or the crosshair, by the API, and a list of readings kept.

import { ask, placeOf } from "./source.js";
import { copyOrSave, csv } from "./table.js";

const COLUMNS = ["x", "y", "x_mm", "y_mm", "density", "mean", "aperture_mm", "p_value", "image", "image_x", "image_y"];

const fixed = (value, digits) => (value === null ? "–" : value.toFixed(digits));

/** How a reading (`Reading`) is written, by the field that shows it. */
const WRITTEN = {
  density: (one) => (one.srgb ? `sRGB ${one.srgb.join(" ")}` : fixed(one.density, 3)),
  mean: (one) => fixed(one.mean, 3),
  p_value: (one) => (one.p_value === null ? "–" : `${(one.p_value * 100).toFixed(1)} %`),
  mm: (one) => `${one.x_mm.toFixed(1)} / ${one.y_mm.toFixed(1)}`,
  pixel: (one) => `${one.x} / ${one.y}`,
  image: (one) => (one.image === null ? "–" : String(one.image)),
  image_pixel: (one) => (one.image_x === null ? "–" : `${one.image_x} / ${one.image_y}`),
};

/** Write a reading, or null for none, into the elements below `root` that are marked `data-shows`. */
export function show(root, reading) {
  for (const cell of root.querySelectorAll("[data-shows]")) {
    cell.textContent = reading ? WRITTEN[cell.dataset.shows](reading) : "–";
  }
  for (const name of COLUMNS) {
    if (reading && reading[name] !== null) root.setAttribute(`data-${name.replaceAll("_", "-")}`, reading[name]);
    else root.removeAttribute(`data-${name.replaceAll("_", "-")}`);
  }
}

/**
 * Reads places of a film one at a time: while an answer is awaited only the last place asked for waits.
 * Tells by events `reading` (`detail` is the `Reading`, null beside the film) and `refused`.
 */
export class Densitometer extends EventTarget {
  constructor(view) {
    super();
    this.view = view;
    this.aperture = 0;
    this.next = undefined;
    this.busy = false;
  }

  /** Read a place of the film; null reads nothing. */
  read(place) {
    const on = place && this.view.holds(place);
    const wanted = on ? { x: Math.floor(place.x), y: Math.floor(place.y), aperture_mm: this.aperture } : null;
    if (!this.busy && JSON.stringify(wanted) === this.last) return;
    this.next = wanted;
    if (!this.busy) this.turn();
  }

  async turn() {
    this.busy = true;
    while (this.next !== undefined) {
      const wanted = this.next;
      this.next = undefined;
      try {
        const reading = wanted && (await this.fetched(wanted));
        this.last = JSON.stringify(wanted);
        this.dispatchEvent(new CustomEvent("reading", { detail: reading }));
      } catch (error) {
        this.dispatchEvent(new CustomEvent("refused", { detail: error }));
      }
      await new Promise(requestAnimationFrame); // no faster than the screen
    }
    this.busy = false;
  }

  async fetched(wanted) {
    const answer = await ask(`${placeOf(this.view.film)}/reading?${new URLSearchParams(wanted)}`);
    return answer.json();
  }
}

/** The table of readings that were kept. */
export class Kept {
  constructor(root, film, words) {
    this.root = root;
    this.film = film;
    this.words = words;
    this.readings = [];
    root.querySelector("[data-copy]").addEventListener("click", () => this.copy());
    root.querySelector("[data-clear]").addEventListener("click", () => this.clear());
  }

  add(reading) {
    this.readings.push(reading);
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = this.readings.length;
    row.append(head);
    for (const write of Object.values(WRITTEN)) {
      const cell = document.createElement("td");
      cell.textContent = write(reading);
      row.append(cell);
    }
    show(row, reading);
    this.root.querySelector("tbody").append(row);
    this.root.hidden = false;
  }

  clear() {
    this.readings = [];
    this.root.querySelector("tbody").replaceChildren();
    this.root.hidden = true;
  }

  async copy() {
    const text = csv([COLUMNS, ...this.readings.map((one) => COLUMNS.map((name) => one[name]))]);
    const copied = await copyOrSave(text, `film-${this.film.job}-${this.film.film}-readings.csv`);
    this.root.querySelector("[data-done]").textContent = copied ? this.words.copied : this.words.saved;
  }
}
