// One film on the light box: pan, zoom, look and spot lamp, and where things are on it.

import { DensityDrawer } from "./drawer.js";
import { Densities } from "./source.js";
import { differenceGrays, grays, pixelTable } from "./tone.js";

const { Viewer, Point, Rect } = window.OpenSeadragon;

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** OpenSeadragon makes a style element unless there is one; our Content-Security-Policy has none of that. */
function keepStyleOut() {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const stand = document.createElementNS("urn:printscp", "style");
  stand.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(stand);
}

/** Densities from white to black of a film as it was sent. */
export const asSent = (film) => ({ tone: "perceptual", low: film.min_density, high: film.max_density, invert: false });

/**
 * A film (`SeenFilm`) in an element. It tells of itself by events: `place` when what is seen of it changes,
 * `refused` when a part of it could not be had (`detail` has the error).
 *
 * Places on the film are { x, y } in printer pixels, fractions allowed; on the element in CSS pixels.
 */
export class FilmView extends EventTarget {
  constructor(element, film, source = null) {
    super();
    keepStyleOut();
    this.element = element;
    this.film = film;
    this.perMillimeter = film.width / film.width_mm;
    this.lampRadius = 70;
    const refused = (error) => this.dispatchEvent(new CustomEvent("refused", { detail: error }));
    this.source = source ?? new Densities(film, refused);
    this.source.onrefused = refused;
    this.osd = this.opened();
    this.drawer = this.osd.drawer;
    this.osd.addHandler("update-viewport", () => this.dispatchEvent(new Event("place")));
    this.osd.addHandler("canvas-key", (event) => (event.preventDefaultAction = true)); // keys are the page's
    this.look = asSent(film);
  }

  opened() {
    return new Viewer({
      element: this.element,
      tileSources: [this.source],
      drawer: DensityDrawer,
      showNavigationControl: false,
      tabIndex: "",
      animationTime: still() ? 0 : 0.35,
      springStiffness: 9,
      blendTime: 0,
      minPixelRatio: 0.8,
      maxZoomPixelRatio: 24,
      minZoomImageRatio: 0.6,
      visibilityRatio: 0.25,
      imageLoaderLimit: 6,
      maxImageCacheCount: 220, // about 120 MB of tiles
      tileRetryMax: 1,
      tileRetryDelay: 700,
      timeout: 30000,
      preserveImageSizeOnResize: true,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, pinchRotate: false },
    });
  }

  // --- look ---

  get look() {
    return this.currentLook;
  }

  /** How densities are shown: { tone, low, high, invert }, see `grays`. */
  set look(look) {
    this.currentLook = look;
    this.grays = this.graysOf(look);
    this.drawer.table = pixelTable(this.grays);
    this.drawer.invert = look.invert;
    this.redraw();
  }

  graysOf(look) {
    return grays(look, this.light);
  }

  get light() {
    return { illumination: this.film.illumination, ambient: this.film.reflected_ambient_light };
  }

  /** Put the spot lamp on a place of the element, or, with null, off. */
  lamp(place) {
    if (place && !this.lampTable) {
      const low = Math.min(1.5, this.film.max_density / 2);
      this.lampTable = pixelTable(grays({ tone: "perceptual", low, high: this.film.max_density }, this.light));
    }
    this.drawer.spot = place && { ...place, radius: this.lampRadius, table: this.lampTable };
    this.redraw();
  }

  redraw() {
    this.osd.forceRedraw();
  }

  /** Ask again for what could not be had. */
  retry() {
    this.osd.addTiledImage({ tileSource: this.source, index: 0, replace: true });
  }

  // --- place ---

  get image() {
    return this.osd.world.getItemAt(0);
  }

  get viewport() {
    return this.osd.viewport;
  }

  /** CSS pixels a printer pixel. */
  get scale() {
    return this.viewport.getZoom(true) * this.viewport.getContainerSize().x / this.film.width;
  }

  /** Where a pointer is on the element. */
  at(event) {
    const { left, top } = this.element.getBoundingClientRect();
    const { clientLeft, clientTop } = this.element; // its border is no part of what is seen
    return { x: event.clientX - left - clientLeft, y: event.clientY - top - clientTop };
  }

  /** The place of the film at one of the element, on the film or beside it: of the pixel that is drawn there. */
  toFilm({ x, y }) {
    const { left, top, scale } = this.drawer.place(this.image);
    const ratio = window.OpenSeadragon.pixelDensityRatio;
    return { x: (x * ratio - left) / scale, y: (y * ratio - top) / scale };
  }

  /** The place of the element at one of the film. */
  toElement({ x, y }) {
    const { left, top, scale } = this.drawer.place(this.image);
    const ratio = window.OpenSeadragon.pixelDensityRatio;
    return { x: (x * scale + left) / ratio, y: (y * scale + top) / ratio };
  }

  holds({ x, y }) {
    return x >= 0 && y >= 0 && x < this.film.width && y < this.film.height;
  }

  fit(atOnce = false) {
    this.viewport.goHome(atOnce);
  }

  /** CSS pixels a printer pixel, about a place of the film, or the middle. */
  zoomTo(scale, about = null) {
    const center = about && new Point(about.x / this.film.width, about.y / this.film.width);
    this.viewport.zoomTo(scale * this.film.width / this.viewport.getContainerSize().x, center);
    this.viewport.applyConstraints();
  }

  zoomBy(factor, about = null) {
    this.zoomTo(this.viewport.getZoom(false) * this.viewport.getContainerSize().x / this.film.width * factor, about);
  }

  /** Each printer pixel on one of the screen. */
  oneToOne(about = null) {
    this.zoomTo(1 / window.devicePixelRatio, about);
  }

  /** Show a `Box`, with a little around it. */
  zoomToBox(box) {
    const edge = 0.02 * Math.max(box.width, box.height);
    const side = this.film.width;
    this.viewport.fitBoundsWithConstraints(
      new Rect((box.left - edge) / side, (box.top - edge) / side, (box.width + 2 * edge) / side, (box.height + 2 * edge) / side),
    );
  }

  /** Move by CSS pixels. */
  panBy(x, y) {
    this.viewport.panBy(this.viewport.deltaPointsFromPixels(new Point(x, y)));
    this.viewport.applyConstraints();
  }

  /** Have a place of the film in sight. */
  reveal(place) {
    const { x, y } = this.toElement(place);
    const { clientWidth: width, clientHeight: height } = this.element;
    const out = (at, end) => (at < 20 ? at - end / 2 : at > end - 20 ? at - end / 2 : 0);
    if (out(x, width) || out(y, height)) this.panBy(out(x, width), out(y, height));
  }

  /** Whether dragging with the main button moves the film. */
  set draggable(yes) {
    for (const kind of ["gestureSettingsMouse", "gestureSettingsTouch", "gestureSettingsPen"]) {
      this.osd[kind].dragToPan = yes;
    }
  }

  /** Show the same part of its film, in mm, as another view does of its own. */
  follow(other) {
    const middle = other.viewport.getCenter(true);
    const share = (other.film.width / other.perMillimeter) * this.perMillimeter / this.film.width;
    const scale = (other.scale * other.perMillimeter) / this.perMillimeter;
    this.viewport.zoomTo(scale * this.film.width / this.viewport.getContainerSize().x, null, true);
    this.viewport.panTo(new Point(middle.x * share, middle.y * share), true);
  }

  destroy() {
    this.osd.destroy();
  }
}

/** How a film differs from another of the same size, by `Differences`: middle gray is the same. */
export class DifferenceView extends FilmView {
  /** The difference, in OD, from white to black. */
  set range(width) {
    this.rangeShown = width;
    this.look = { ...this.look, invert: false };
  }

  graysOf() {
    return differenceGrays(this.rangeShown ?? 0.5);
  }

  lamp() {}
}
