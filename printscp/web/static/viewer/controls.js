// The buttons, keys and gestures by which films are zoomed and looked at; one viewer, or two side by side.

import { calibrate, measured, pixelsPerMillimeter } from "./screen.js";
import { asSent } from "./view.js";

const PAN = 60; // CSS pixels an arrow key
const DRAG = 400; // CSS pixels over which a drag runs through all densities

const part = (film, from, to) => {
  const range = film.max_density - film.min_density;
  return { tone: "perceptual", low: film.min_density + from * range, high: film.min_density + to * range, invert: false };
};

/** Looks by name, for a film. */
export const PRESETS = {
  sent: asSent,
  lightbox: (film) => ({ ...part(film, 0, 1), tone: "lightbox" }),
  linear: (film) => ({ ...part(film, 0, 1), tone: "linear" }),
  light: (film) => part(film, 0, 0.35),
  middle: (film) => part(film, 0.2, 0.65),
  dark: (film) => part(film, 0.5, 1),
};

/**
 * The controls in `root` of some views. All have the look of the first; what moves a film moves `leader`, the
 * one that was touched last.
 */
export class Controls {
  constructor(root, views) {
    this.root = root;
    this.views = views;
    this.leader = views[0];
    this.lampOn = false;
    this.find = (what) => root.querySelector(what);
    for (const view of views) this.watch(view);
    this.act("zoom-in", () => this.leader.zoomBy(1.5));
    this.act("zoom-out", () => this.leader.zoomBy(1 / 1.5));
    this.act("fit", () => this.leader.fit());
    this.act("one-to-one", () => this.leader.oneToOne());
    this.act("true-size", () => this.trueSize());
    this.act("calibrate", () => this.calibrate());
    this.act("invert", () => this.setLook({ ...this.look, invert: !this.look.invert }));
    this.act("lamp", () => this.setLamp(!this.lampOn));
    this.act("full", () => this.full());
    this.bindLook();
    this.showLook();
  }

  get view() {
    return this.views[0];
  }

  get look() {
    return this.view.look;
  }

  each(does) {
    for (const view of this.views) does(view);
  }

  /** Call `does` at a click on the button marked `data-do="name"`, if there is one. */
  act(name, does) {
    this.find(`[data-do="${name}"]`)?.addEventListener("click", does);
  }

  /** Press the button of a name. */
  press(name) {
    this.find(`[data-do="${name}"]`)?.click();
  }

  pressed(name, yes) {
    this.find(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(yes));
  }

  // --- look ---

  bindLook() {
    const { min_density: low, max_density: high } = this.view.film;
    this.center = this.find('[data-window="center"]');
    this.width = this.find('[data-window="width"]');
    Object.assign(this.center, { min: low, max: high });
    Object.assign(this.width, { min: 0.02, max: (high - low).toFixed(4) });
    const moved = () => this.setWindow(Number(this.center.value), Number(this.width.value));
    this.center.addEventListener("input", moved);
    this.width.addEventListener("input", moved);
    this.find("[data-preset]").addEventListener("change", (event) => {
      const made = PRESETS[event.target.value]?.(this.view.film);
      if (made) this.setLook({ ...made, invert: this.look.invert });
    });
    for (const grayOnly of this.root.querySelectorAll("[data-gray-only]")) grayOnly.hidden = this.view.film.color;
  }

  /** A window of densities, in OD. */
  setWindow(center, width) {
    const tone = this.look.tone === "lightbox" ? "perceptual" : this.look.tone;
    this.setLook({ ...this.look, tone, low: Math.max(0, center - width / 2), high: center + width / 2 });
  }

  setLook(look) {
    this.each((view) => (view.look = look));
    this.showLook();
  }

  showLook() {
    const { low, high, invert, tone } = this.look;
    this.center.value = (low + high) / 2;
    this.width.value = high - low;
    const preset = Object.keys(PRESETS).find((name) => {
      const one = PRESETS[name](this.view.film);
      return one.tone === tone && Math.abs(one.low - low) < 1e-6 && Math.abs(one.high - high) < 1e-6;
    });
    this.find("[data-preset]").value = preset ?? "own";
    this.find("[data-window-said]").textContent = `${low.toFixed(2)} – ${high.toFixed(2)} OD`;
    Object.assign(this.root.dataset, { tone, low: low.toFixed(4), high: high.toFixed(4) });
    this.pressed("invert", invert);
  }

  setLamp(on) {
    this.lampOn = on;
    this.pressed("lamp", on);
    this.each((view) => this.shine(view));
  }

  shine(view) {
    const { clientWidth, clientHeight } = view.element;
    view.lamp(this.lampOn ? (view.cursor ?? { x: clientWidth / 2, y: clientHeight / 2 }) : null);
  }

  // --- size ---

  async trueSize() {
    if (measured() === null && !(await this.calibrate())) return;
    this.leader.zoomTo(pixelsPerMillimeter() / this.leader.perMillimeter);
  }

  calibrate() {
    return calibrate(this.find("[data-calibration]"));
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  // --- gestures and keys ---

  watch(view) {
    const { element } = view;
    for (const kind of ["pointerdown", "wheel", "focus"]) {
      element.addEventListener(kind, () => (this.leader = view), { capture: true, passive: true });
    }
    element.addEventListener("pointermove", (event) => {
      view.cursor = view.at(event);
      if (this.lampOn) this.shine(view);
    });
    element.addEventListener("pointerdown", (event) => {
      element.focus({ preventScroll: true });
      if (event.button === 2) this.dragWindow(element, event);
    });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("keydown", (event) => this.keyed(view, event));
    element.addEventListener("keyup", (event) => event.key.toLowerCase() === "b" && this.lampHeld && this.setLamp(false));
    view.addEventListener("place", () => this.showScale(view));
  }

  /** The right button: to the side for the width, up and down for the center. */
  dragWindow(element, start) {
    const { min_density: least, max_density: most, color } = this.view.film;
    if (color) return;
    const { low, high } = this.look;
    const step = (most - least) / DRAG;
    const moved = (event) => {
      const width = Math.max(0.02, high - low + (event.clientX - start.clientX) * step);
      this.setWindow((low + high) / 2 + (event.clientY - start.clientY) * step, width);
    };
    const done = () => window.removeEventListener("pointermove", moved);
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", done, { once: true });
    window.addEventListener("pointercancel", done, { once: true });
  }

  keyed(view, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] }[event.key];
    const buttons = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "fit", p: "one-to-one", t: "true-size", i: "invert", f: "full" };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (pan) view.panBy(...pan);
    else if (key === "b") {
      if (!event.repeat) this.lampHeld = !this.lampOn;
      if (!event.repeat) this.setLamp(!this.lampOn);
    } else if (buttons[key]) this.press(buttons[key]);
    else return;
    event.preventDefault();
    event.stopPropagation(); // keys of the page around are not meant
  }

  showScale(view) {
    const ratio = view.scale * window.devicePixelRatio;
    view.element.dataset.scale = ratio.toPrecision(6);
    const said = this.find("[data-scale-said]");
    if (said && view === this.view) said.textContent = `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`;
  }
}
