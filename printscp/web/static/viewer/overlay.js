// What is drawn over a film: boxes, annotations, rulers, scale, crosshair and line; as SVG, in CSS pixels.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element of these attributes. */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The step of 1, 2 or 5 times a power of ten that comes next to `rough`. */
export function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
}

/**
 * The overlay of a `FilmView`.
 *
 * `shows` has some of boxes, images, annotations, rulers; `point` is a place of the film for the crosshair,
 * `line` two of them; null for none. `words` has image, annotation, empty.
 */
export class Overlay {
  constructor(view, words) {
    this.view = view;
    this.words = words;
    this.shows = new Set();
    this.point = null;
    this.line = null;
    this.root = drawn("svg", { class: "viewer-overlay", "aria-hidden": "true", focusable: "false" });
    view.element.append(this.root);
    view.addEventListener("place", () => this.draw());
  }

  draw() {
    const { view } = this;
    if (!view.image) return;
    const { images, annotations, width, height } = view.film;
    const parts = [this.frame({ left: 0, top: 0, width, height }, "edge")];
    if (this.shows.has("boxes")) for (const one of images) parts.push(...this.box(one));
    if (this.shows.has("images")) for (const one of images) if (one.where) parts.push(this.frame(one.where, "placed"));
    if (this.shows.has("annotations")) for (const one of annotations) parts.push(...this.annotation(one));
    if (this.shows.has("rulers")) parts.push(...this.rulers());
    if (this.line) parts.push(...this.measured());
    if (this.point) parts.push(...this.crosshair());
    parts.push(...this.scaleBar());
    this.root.replaceChildren(...parts);
  }

  frame(box, kind) {
    const from = this.view.toElement({ x: box.left, y: box.top });
    const to = this.view.toElement({ x: box.left + box.width, y: box.top + box.height });
    return drawn("rect", { class: kind, x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y });
  }

  label(box, text, kind) {
    const from = this.view.toElement({ x: box.left, y: box.top });
    return drawn("text", { class: kind, x: from.x + 5, y: from.y + 15 }, text);
  }

  box(image) {
    const size = image.matrix ? `${image.matrix[1]} × ${image.matrix[0]}` : this.words.empty;
    const scale = image.scale ? ` · ${image.scale.toFixed(2)}×` : "";
    const text = `${this.words.image} ${image.position} · ${size}${scale}`;
    return [this.frame(image.box, "box"), this.label(image.box, text, "box")];
  }

  annotation(one) {
    const text = `${this.words.annotation} ${one.position}${one.text ? ` · ${one.text}` : ""}`;
    return [this.frame(one.box, "annotation"), this.label(one.box, text, "annotation")];
  }

  /** Along the top and left edges of what is seen, in mm of the film. */
  rulers() {
    const { view } = this;
    const { clientWidth: width, clientHeight: height } = view.element;
    const pixels = view.scale * view.perMillimeter; // CSS pixels a millimeter
    const step = roundStep(60 / pixels);
    const start = view.toFilm({ x: 0, y: 0 });
    const parts = [
      drawn("rect", { class: "ruler", x: 0, y: 0, width, height: 18 }),
      drawn("rect", { class: "ruler", x: 0, y: 0, width: 26, height }),
    ];
    const ticks = (from, length, most) => {
      const places = [];
      for (let n = Math.max(0, Math.ceil(from / (step / 5))); n * (step / 5) <= Math.min(from + length, most); n++) places.push(n);
      return places;
    };
    for (const n of ticks(start.x / view.perMillimeter, width / pixels, view.film.width_mm)) {
      const mm = n * step / 5;
      const { x } = view.toElement({ x: mm * view.perMillimeter, y: 0 });
      parts.push(drawn("path", { class: "tick", d: `M${x} 18v${n % 5 ? -4 : -8}` }));
      if (n % 5 === 0 && x > 30) parts.push(drawn("text", { class: "tick", x: x + 2, y: 10 }, String(+mm.toFixed(1))));
    }
    for (const n of ticks(start.y / view.perMillimeter, height / pixels, view.film.height_mm)) {
      const mm = n * step / 5;
      const { y } = view.toElement({ x: 0, y: mm * view.perMillimeter });
      parts.push(drawn("path", { class: "tick", d: `M26 ${y}h${n % 5 ? -4 : -8}` }));
      if (n % 5 === 0 && y > 24) parts.push(drawn("text", { class: "tick", x: 2, y: y - 2 }, String(+mm.toFixed(1))));
    }
    return parts;
  }

  scaleBar() {
    const { view } = this;
    const pixels = view.scale * view.perMillimeter;
    const mm = roundStep(50 / pixels);
    const { clientHeight: height } = view.element;
    const [x, y] = [this.shows.has("rulers") ? 40 : 14, height - 14];
    const path = `M${x} ${y - 6}v6h${mm * pixels}v-6`;
    return [
      drawn("path", { class: "halo", d: path }),
      drawn("path", { class: "scale", d: path }),
      drawn("text", { class: "scale", x: x + mm * pixels + 7, y }, `${+mm.toFixed(3)} mm`),
    ];
  }

  crosshair() {
    const { x, y } = this.view.toElement(this.middle(this.point));
    const path = `M${x - 16} ${y}h11M${x + 5} ${y}h11M${x} ${y - 16}v11M${x} ${y + 5}v11`;
    return [drawn("path", { class: "halo", d: path }), drawn("path", { class: "crosshair", d: path })];
  }

  measured() {
    const [from, to] = this.line.map((place) => this.view.toElement(this.middle(place)));
    const path = `M${from.x} ${from.y}L${to.x} ${to.y}`;
    const end = ({ x, y }) => drawn("circle", { class: "end", cx: x, cy: y, r: 3.5 });
    return [drawn("path", { class: "halo", d: path }), drawn("path", { class: "line", d: path }), end(from), end(to)];
  }

  /** The middle of a pixel. */
  middle({ x, y }) {
    return { x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5 };
  }
}
