// Where tiles come from: densities of a film, or how those of two films differ, by the API.

const { TileSource } = window.OpenSeadragon;

/** The type of what a tile holds: { values, rgb, columns, rows }, see `Densities`. */
export const KIND = "printscp-densities";

/** An answer of the API that is not what was asked for; `status` is 0 where there was none. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** What the API answers, or why not, as `Refused`. */
export async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("", 0);
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(problem.detail || problem.title || String(answer.status), answer.status);
}

/** Where the API has a film. */
export const placeOf = (film) => `/api/v1/jobs/${film.job}/films/${film.film}`;

/** Tiles of a film: `values` in 0.0001 OD of gray film, `rgb` of color film. */
export class Densities extends TileSource {
  constructor(film, onrefused = () => {}) {
    super({ width: film.width, height: film.height, tileSize: film.tile, tileOverlap: 0, minLevel: 0, maxLevel: film.levels - 1 });
    this.film = film;
    this.onrefused = onrefused;
  }

  getTileUrl(level, column, row) {
    return `${placeOf(this.film)}/tiles/${level}/${column}/${row}`;
  }

  /** Columns and rows of a tile; those of a level are rounded up. */
  shape(level, column, row) {
    const { width, height, levels, tile } = this.film;
    const scale = 2 ** (levels - 1 - level);
    const part = (whole, place) => Math.min(tile, Math.ceil(whole / scale) - place * tile);
    return [part(width, column), part(height, row)];
  }

  hasTransparency() {
    return false;
  }

  async fetched(level, column, row, signal) {
    const answer = await ask(this.getTileUrl(level, column, row), { signal });
    const bytes = await answer.arrayBuffer();
    const [columns, rows] = this.shape(level, column, row);
    const count = columns * rows * (this.film.color ? 3 : 2);
    if (bytes.byteLength !== count) throw new Refused(`tile ${level}/${column}/${row}: ${bytes.byteLength} bytes`, 0);
    return this.film.color
      ? { rgb: new Uint8Array(bytes), columns, rows }
      : { values: new Uint16Array(bytes), columns, rows };
  }

  downloadTileStart(job) {
    const { level, x, y } = job.tile;
    const stop = new AbortController();
    job.userData.stop = stop;
    this.fetched(level, x, y, stop.signal).then(
      (tile) => job.finish(tile, null, KIND),
      (error) => error.name !== "AbortError" && this.failed(job, error),
    );
  }

  failed(job, error) {
    this.onrefused(error);
    job.fail(error.message, null);
  }

  downloadTileAbort(job) {
    job.userData.stop?.abort();
  }
}

/** How densities of `film` differ from those of `other`, of the same size: 32768 is none, more is darker. */
export class Differences extends Densities {
  constructor(film, other, onrefused) {
    super(film, onrefused);
    this.other = new Densities(other);
  }

  getTileUrl(level, column, row) {
    // Tiles are kept by their address: these are not those of the film.
    return `${super.getTileUrl(level, column, row)}#difference`;
  }

  async fetched(level, column, row, signal) {
    const [one, two] = await Promise.all([
      super.fetched(level, column, row, signal),
      this.other.fetched(level, column, row, signal),
    ]);
    for (let n = 0; n < one.values.length; n++) {
      one.values[n] = Math.min(65535, Math.max(0, 32768 + one.values[n] - two.values[n]));
    }
    return one;
  }
}
