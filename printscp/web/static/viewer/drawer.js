// Draws films: each pixel by a table from density to gray, which changes as fast as one can drag.

import { KIND } from "./source.js";

const { DrawerBase, converter } = window.OpenSeadragon;

// OpenSeadragon copies what tiles hold where it may be changed by others; nobody does that to these.
converter.learn(KIND, KIND, (_, tile) => tile, 0, 1);

/**
 * A drawer of `Densities`. `table` is what `pixelTable` made, and `spot` null or
 * { x, y, radius, table }: a round area, in CSS pixels of the view, that is drawn by a table of its own.
 */
export class DensityDrawer extends DrawerBase {
  constructor(options) {
    super(options);
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.table = null;
    this.spot = null;
    this.invert = false;
  }

  static isSupported() {
    return true;
  }

  getType() {
    return "densities";
  }

  getSupportedDataFormats() {
    return [KIND];
  }

  _createDrawingElement() {
    return document.createElement("canvas");
  }

  canRotate() {
    return false;
  }

  minimumOverlapRequired() {
    return false;
  }

  setImageSmoothingEnabled() {}

  destroy() {
    super.destroy();
    this.canvas.remove();
  }

  draw(images) {
    const size = this._calculateCanvasSize();
    if (this.canvas.width !== size.x || this.canvas.height !== size.y) {
      this.canvas.width = size.x;
      this.canvas.height = size.y;
    }
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, size.x, size.y);
    for (const image of images) this.drawImage(image);
  }

  drawImage(image) {
    const tiles = image.getTilesToDraw().map((info) => info.tile).filter((tile) => tile.loaded);
    const place = this.place(image);
    for (const tile of tiles) {
      const held = this.getDataToDraw(tile);
      if (held) this.put(place, tile, held, this.picture(held, this.table));
    }
    if (this.spot) this.drawSpot(place, tiles);
    this._raiseTiledImageDrawnEvent(image, tiles);
  }

  /** Where the film is, in pixels of the canvas: its top left, and how many one of its pixels takes. */
  place(image) {
    const box = this.viewportToDrawerRectangle(image.getBoundsNoRotate(true));
    // Whole pixels from one corner: tiles meet without seams, and at 1:1 each pixel is one of the screen.
    return { left: Math.round(box.x), top: Math.round(box.y), scale: box.width / image.source.dimensions.x, film: image.source.film };
  }

  put(place, tile, held, picture) {
    const { left, top, scale, film } = place;
    const step = 2 ** (film.levels - 1 - tile.level); // film pixels a pixel of the tile
    const [x, y] = [tile.x * film.tile * step, tile.y * film.tile * step];
    const [right, bottom] = [Math.min(film.width, x + held.columns * step), Math.min(film.height, y + held.rows * step)];
    const [from, above] = [left + Math.round(x * scale), top + Math.round(y * scale)];
    const [width, height] = [left + Math.round(right * scale) - from, top + Math.round(bottom * scale) - above];
    if (from > this.canvas.width || above > this.canvas.height || from + width < 0 || above + height < 0) return;
    this.context.imageSmoothingEnabled = scale * step < 0.999; // pixels of the film are seen as they are
    this.context.drawImage(picture, 0, 0, (right - x) / step, (bottom - y) / step, from, above, width, height);
  }

  /** The tile as a canvas, by the table in force. */
  picture(held, table) {
    if (held.picture && held.table === table && held.invert === this.invert) return held.picture;
    const picture = (held.picture ??= new OffscreenCanvas(held.columns, held.rows));
    picture.getContext("2d").putImageData(this.colored(held, table), 0, 0);
    held.table = table;
    held.invert = this.invert;
    return picture;
  }

  colored(held, table) {
    const image = new ImageData(held.columns, held.rows);
    const pixels = new Uint32Array(image.data.buffer);
    if (held.rgb) {
      const { rgb } = held;
      const flip = this.invert ? 0x00ffffff : 0;
      for (let n = 0, at = 0; n < pixels.length; n++, at += 3) {
        pixels[n] = (0xff000000 | (rgb[at + 2] << 16) | (rgb[at + 1] << 8) | rgb[at]) ^ flip;
      }
    } else {
      const { values } = held;
      for (let n = 0; n < pixels.length; n++) pixels[n] = table[values[n]];
    }
    return image;
  }

  drawSpot(place, tiles) {
    const { x, y, radius, table } = this.spot;
    const ratio = window.OpenSeadragon.pixelDensityRatio;
    const { context } = this;
    context.save();
    context.beginPath();
    context.arc(x * ratio, y * ratio, radius * ratio, 0, 2 * Math.PI);
    context.clip();
    for (const tile of tiles) {
      const held = this.getDataToDraw(tile);
      if (held && this.under(place, tile, held)) this.put(place, tile, held, this.lit(held, table));
    }
    context.restore();
    context.lineWidth = 1.5 * ratio;
    context.strokeStyle = "#fff9";
    context.beginPath();
    context.arc(x * ratio, y * ratio, radius * ratio, 0, 2 * Math.PI);
    context.stroke();
  }

  under(place, tile, held) {
    const ratio = window.OpenSeadragon.pixelDensityRatio;
    const step = 2 ** (place.film.levels - 1 - tile.level) * place.scale;
    const { x, y, radius } = this.spot;
    const left = place.left + tile.x * place.film.tile * step;
    const top = place.top + tile.y * place.film.tile * step;
    const reach = radius * ratio;
    return (
      x * ratio + reach > left && x * ratio - reach < left + held.columns * step &&
      y * ratio + reach > top && y * ratio - reach < top + held.rows * step
    );
  }

  /** The tile under the spot lamp; kept, since the lamp moves over it. */
  lit(held, table) {
    if (held.rgb) return held.picture;
    if (held.lit && held.litBy === table) return held.lit;
    held.lit ??= new OffscreenCanvas(held.columns, held.rows);
    held.lit.getContext("2d").putImageData(this.colored(held, table), 0, 0);
    held.litBy = table;
    return held.lit;
  }
}
