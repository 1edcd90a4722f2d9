// The page that compares two films: side by side, in turns at the same place, or their difference.

import { Controls } from "./controls.js";
import { Densitometer, show } from "./densitometer.js";
import { Overlay } from "./overlay.js";
import { Differences, ask } from "./source.js";
import { complain, told } from "./trouble.js";
import { DifferenceView, FilmView } from "./view.js";

/** Two films, the first on the left, in the element `root`. */
class ComparePage {
  constructor(root, films, words) {
    this.root = root;
    this.films = films;
    this.words = words;
    this.figures = [...root.querySelectorAll("[data-side]")];
    this.stages = this.figures.map((figure) => figure.querySelector("[data-stage]"));
    this.views = films.map((film, n) => new FilmView(this.stages[n], film));
    this.controls = new Controls(root, this.views);
    this.overlays = this.views.map((view) => new Overlay(view, words));
    this.meters = this.views.map((view) => new Densitometer(view));
    this.readings = [null, null];
    this.linked = true;
    this.point = null; // of the crosshair, in mm
    this.views.forEach((view, n) => this.bind(view, n));
    this.meters.forEach((meter, n) => this.bindMeter(meter, n));
    for (const name of ["side", "blink", "difference"]) this.controls.act(name, () => this.lay(name));
    this.controls.act("link", () => this.setLinked(!this.linked));
    this.bindRange();
    root.viewer = this;
    root.dataset.ready = "true";
  }

  get same() {
    const [one, two] = this.films;
    return !one.color && !two.color && one.width === two.width && one.height === two.height;
  }

  // --- places ---

  bind(view, n) {
    view.addEventListener("place", () => this.lead(view));
    view.addEventListener("refused", (event) => this.trouble(event.detail, () => view.retry()));
    const { element } = view;
    let from = null;
    const at = (event) => view.toFilm(view.at(event));
    const inMillimeters = ({ x, y }) => ({ x: x / view.perMillimeter, y: y / view.perMillimeter });
    element.addEventListener("pointerdown", (event) => (from = event), { capture: true });
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.measure(inMillimeters(at(event)));
    });
    element.addEventListener("pointerleave", () => this.point && this.measure(this.point));
    element.addEventListener("pointerup", (event) => {
      const still = from?.button === 0 && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) < 5;
      if (still && view.holds(at(event))) this.setPoint(inMillimeters(at(event)));
      from = null;
    });
    element.addEventListener("keydown", (event) => this.keyed(view, event), { capture: true });
    element.dataset.nth = n;
  }

  /** The others show what a view shows, if it is the one that is moved. */
  lead(view) {
    if (!this.linked || view !== this.controls.leader) return;
    for (const other of this.views) if (other !== view) other.follow(view);
  }

  setLinked(yes) {
    this.linked = yes;
    this.controls.pressed("link", yes);
    this.lead(this.controls.leader);
  }

  // --- layouts ---

  lay(name) {
    if (name === "difference" && !this.same) {
      complain(this.root, this.words.unlike, null);
      return;
    }
    this.root.querySelector("[data-trouble]").hidden = true;
    if (name === "difference") this.difference ??= this.subtracted();
    for (const each of ["side", "blink", "difference"]) this.controls.pressed(each, each === name);
    const back = name !== "side" && !this.linked;
    this.root.querySelector(".compared").dataset.layout = name;
    this.layout = name;
    this.root.querySelector("[data-ranged]").hidden = name !== "difference";
    this.turn(name === "difference" ? 2 : 0);
    if (back) this.setLinked(true); // elsewhere they are at the same place
  }

  /** Have one figure seen; of those side by side both are. */
  turn(n) {
    this.front = n;
    const side = this.layout === "side";
    this.figures.forEach((figure, each) => {
      figure.toggleAttribute("data-out", side ? each === 2 : each !== n);
      figure.hidden = each === 2 && this.layout !== "difference";
    });
    if (side) return;
    const focused = this.stages.includes(document.activeElement);
    this.controls.leader = this.views[n] ?? this.controls.leader;
    if (focused) this.stages[n].focus({ preventScroll: true });
  }

  subtracted() {
    this.figures[2].hidden = false;
    const view = new DifferenceView(this.stages[2], this.films[0], new Differences(...this.films));
    view.range = Number(this.range.value);
    this.views.push(view);
    this.overlays.push(new Overlay(view, this.words));
    this.controls.watch(view);
    this.bind(view, 2);
    view.osd.addOnceHandler("open", () => view.follow(this.controls.leader === view ? this.views[0] : this.controls.leader));
    return view;
  }

  bindRange() {
    this.range = this.root.querySelector("[data-range]");
    this.range.addEventListener("input", () => {
      this.root.querySelector("[data-range-said]").textContent = `± ${(this.range.value / 2).toFixed(3)} OD`;
      if (this.difference) this.difference.range = Number(this.range.value);
    });
  }

  // --- readings ---

  bindMeter(meter, n) {
    meter.addEventListener("refused", (event) => this.trouble(event.detail, () => this.point && this.measure(this.point)));
    meter.addEventListener("reading", (event) => {
      this.readings[n] = event.detail;
      show(this.figures[n].querySelector("[data-reading]"), event.detail);
      this.compare();
    });
  }

  /** Read both films at the same place, in mm. */
  measure({ x, y }) {
    this.meters.forEach((meter) => {
      const { perMillimeter } = meter.view;
      meter.aperture = 1;
      meter.read({ x: x * perMillimeter, y: y * perMillimeter });
    });
  }

  compare() {
    const [one, two] = this.readings.map((reading) => reading?.density ?? null);
    const place = this.root.querySelector("[data-apart]");
    const apart = one === null || two === null ? null : one - two;
    place.textContent = apart === null ? "–" : `${apart < 0 ? "−" : "+"}${Math.abs(apart).toFixed(3)} OD`;
    place.dataset.apart = apart === null ? "" : apart.toFixed(4);
  }

  setPoint(point) {
    this.point = point;
    this.overlays.forEach((overlay) => {
      const { perMillimeter } = overlay.view;
      overlay.point = point && { x: point.x * perMillimeter, y: point.y * perMillimeter };
      overlay.draw();
    });
    if (point) this.measure(point);
  }

  keyed(view, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const far = (event.shiftKey ? 1 : Math.max(1, 4 / view.scale)) / view.perMillimeter;
    const { clientWidth, clientHeight } = view.element;
    if (step && this.point) {
      this.setPoint({ x: this.point.x + step[0] * far, y: this.point.y + step[1] * far });
    } else if (event.key === "x") {
      const { x, y } = view.toFilm({ x: clientWidth / 2, y: clientHeight / 2 });
      this.setPoint(this.point ? null : { x: x / view.perMillimeter, y: y / view.perMillimeter });
    } else if (event.key === " " && this.layout === "blink") this.turn(1 - this.front);
    else if (event.key === "Escape") this.setPoint(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  trouble(error, again) {
    complain(this.root, told(error, this.words), again);
  }
}

async function open(root) {
  const words = JSON.parse(document.getElementById("viewer-words").textContent);
  try {
    const places = root.dataset.films.split(" ");
    const films = await Promise.all(places.map(async (place) => (await ask(place)).json()));
    new ComparePage(root, films, words).lay("side");
  } catch (error) {
    complain(root, told(error, words), () => open(root));
  }
}

for (const root of document.querySelectorAll("[data-compare]")) open(root);
