// The page of a film: its viewer with densitometer, profile and overlays.

import { Controls } from "./controls.js";
import { Densitometer, Kept, show } from "./densitometer.js";
import { Overlay } from "./overlay.js";
import { Profile } from "./profile.js";
import { ask } from "./source.js";
import { complain, told } from "./trouble.js";
import { FilmView } from "./view.js";

/** The viewer of one film in the element `root`. */
export class FilmPage {
  constructor(root, film, words) {
    this.root = root;
    this.film = film;
    this.words = words;
    this.stage = root.querySelector("[data-stage]");
    this.view = new FilmView(this.stage, film);
    this.controls = new Controls(root, [this.view]);
    this.overlay = new Overlay(this.view, words);
    this.meter = new Densitometer(this.view);
    this.kept = new Kept(root.querySelector("[data-kept]"), film, words);
    this.profile = new Profile(root.querySelector("[data-profile]"), film, words);
    this.reading = null;
    this.lining = false;
    this.bind();
    this.images();
    this.gestures();
    this.stage.addEventListener("keydown", (event) => this.keyed(event), { capture: true });
    root.viewer = this;
    root.dataset.ready = "true";
  }

  bind() {
    const trouble = (event, again) => complain(this.root, told(event.detail, this.words), again);
    this.view.addEventListener("refused", (event) => trouble(event, () => this.view.retry()));
    this.meter.addEventListener("refused", (event) => trouble(event, () => this.measure()));
    this.meter.addEventListener("reading", (event) => this.show(event.detail));
    this.controls.act("point", () => this.setPoint(this.overlay.point ? null : this.middle()));
    this.controls.act("line", () => this.setLining(!this.lining));
    this.controls.act("keep", () => this.keep());
    const aperture = this.root.querySelector("[data-aperture]");
    aperture.addEventListener("change", () => this.measure());
    for (const box of this.root.querySelectorAll("[data-show]")) {
      box.addEventListener("change", () => this.setShown(box.dataset.show, box.checked));
      this.setShown(box.dataset.show, box.checked); // a browser remembers checks over a reload
    }
    for (const button of this.root.querySelectorAll("[data-no-line]")) {
      button.addEventListener("click", () => this.setLine(null));
    }
  }

  setShown(what, yes) {
    if (yes) this.overlay.shows.add(what);
    else this.overlay.shows.delete(what);
    this.overlay.draw();
  }

  // --- images ---

  images() {
    const list = this.root.querySelector("[data-images]");
    for (const image of this.film.images) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.zoomImage = image.position;
      button.textContent = image.position;
      const label = image.matrix ? this.words.zoom : this.words.zoom_empty;
      button.setAttribute("aria-label", label.replace("{image}", image.position));
      button.addEventListener("click", () => this.zoomToImage(image.position));
      list.append(button);
    }
  }

  zoomToImage(position) {
    const image = this.film.images.find((one) => one.position === position);
    if (image) this.view.zoomToBox(image.where ?? image.box);
  }

  imageAt({ x, y }) {
    const within = ({ left, top, width, height }) => x >= left && y >= top && x < left + width && y < top + height;
    return this.film.images.find((one) => within(one.box));
  }

  // --- densitometer ---

  middle() {
    const { clientWidth, clientHeight } = this.stage;
    const place = this.view.toFilm({ x: clientWidth / 2, y: clientHeight / 2 });
    return this.onFilm(place);
  }

  onFilm({ x, y }) {
    const within = (value, end) => Math.min(end - 1, Math.max(0, Math.floor(value)));
    return { x: within(x, this.film.width), y: within(y, this.film.height) };
  }

  /** Read where the cursor is, or else the crosshair. */
  measure() {
    this.meter.aperture = Number(this.root.querySelector("[data-aperture]").value);
    this.meter.read(this.hover ?? this.overlay.point);
  }

  /** Put the crosshair on a place of the film, or take it away. */
  setPoint(place) {
    this.overlay.point = place;
    this.overlay.draw();
    this.controls.pressed("point", place !== null);
    if (place) this.hover = null;
    this.measure();
  }

  show(reading) {
    if (!reading && this.overlay.point) return;
    this.reading = reading;
    show(this.root.querySelector("[data-reading]"), reading);
    clearTimeout(this.saying);
    // Only what was asked for by keys is spoken, and only where one stays.
    if (reading && this.byKeys) this.saying = setTimeout(() => this.say(this.spoken(reading)), 400);
  }

  spoken(one) {
    const density = one.density === null ? (one.srgb ?? []).join(" ") : `${one.density.toFixed(3)} OD`;
    const image = one.image === null ? "" : `, ${this.words.image} ${one.image}`;
    return `${density}, ${one.x_mm.toFixed(1)} / ${one.y_mm.toFixed(1)} mm${image}`;
  }

  say(text) {
    this.root.querySelector("[data-status]").textContent = text;
  }

  keep() {
    if (!this.reading) return;
    this.kept.add(this.reading);
    this.say(`${this.words.kept}: ${this.spoken(this.reading)}`);
  }

  // --- line ---

  setLining(on) {
    this.lining = on;
    this.view.draggable = !on;
    this.controls.pressed("line", on);
    this.stage.classList.toggle("lining", on);
    if (on) this.say(this.words.line);
  }

  /** Draw a line, and with `measured` its profile; null takes it away. */
  async setLine(line, measured = false) {
    this.overlay.line = line;
    this.overlay.draw();
    if (!line) this.profile.hide();
    if (!line || !measured) return;
    try {
      await this.profile.show(line);
    } catch (error) {
      complain(this.root, told(error, this.words), () => this.setLine(line, true));
    }
  }

  // --- gestures and keys ---

  gestures() {
    const { stage } = this;
    let from = null; // where a button went down
    const at = (event) => this.view.toFilm(this.view.at(event));
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      from = { x: event.clientX, y: event.clientY, place: this.onFilm(at(event)) };
    }, { capture: true });
    stage.addEventListener("pointermove", (event) => {
      this.byKeys = false;
      this.hover = event.pointerType === "mouse" ? at(event) : null;
      if (this.lining && from) this.setLine([from.place, this.onFilm(at(event))]);
      else this.measure();
    });
    stage.addEventListener("pointerleave", () => {
      this.hover = null;
      if (this.overlay.point) this.measure();
    });
    stage.addEventListener("pointerup", (event) => {
      if (!from) return;
      const still = Math.hypot(event.clientX - from.x, event.clientY - from.y) < 5;
      if (this.lining && !still) {
        this.setLine([from.place, this.onFilm(at(event))], true);
        this.setLining(false);
      } else if (still && this.view.holds(at(event))) this.clicked(event, this.onFilm(at(event)));
      from = null;
    });
    stage.addEventListener("pointercancel", () => (from = null));
  }

  clicked(event, place) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      const image = this.imageAt(place);
      if (image) this.zoomToImage(image.position);
    } else this.setPoint(place);
  }

  keyed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const acts = { x: () => this.press("point"), l: () => this.lineByKeys(), Enter: () => this.keep(), Escape: () => this.escape() };
    if (step && this.overlay.point) this.step(step, event.shiftKey);
    else if (/^[1-9]$/.test(event.key)) this.zoomToImage(Number(event.key));
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  press(name) {
    this.byKeys = true;
    this.controls.press(name);
  }

  /** Move the crosshair by what is a few pixels on the screen, or by one of the film. */
  step([x, y], fine) {
    const far = fine ? 1 : Math.max(1, Math.round(4 / this.view.scale));
    const { point } = this.overlay;
    this.byKeys = true;
    this.setPoint(this.onFilm({ x: point.x + x * far, y: point.y + y * far }));
    this.view.reveal(this.overlay.point);
  }

  /** From where the crosshair is, and a second time to where it is then. */
  lineByKeys() {
    if (this.film.color) return;
    const point = this.overlay.point ?? this.middle();
    if (this.lineStart) {
      this.setLine([this.lineStart, point], true);
      this.lineStart = null;
    } else {
      this.lineStart = point;
      this.byKeys = true;
      this.setPoint(point);
      this.setLine([point, point]);
      this.say(this.words.line_end);
    }
  }

  escape() {
    this.lineStart = null;
    this.setLining(false);
    this.setLine(null);
    this.setPoint(null);
  }
}

/** Open the viewer of a page. */
export async function open(root) {
  const words = JSON.parse(document.getElementById("viewer-words").textContent);
  try {
    const film = await (await ask(root.dataset.film)).json();
    return new FilmPage(root, film, words);
  } catch (error) {
    complain(root, told(error, words), () => open(root));
    return null;
  }
}

for (const root of document.querySelectorAll("[data-viewer]")) open(root);
