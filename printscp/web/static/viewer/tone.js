// From optical density to what a screen shows: the tones of printscp/render/tone.py and samples.py, in the browser.

/** Optical density of one unit of a tile. */
export const OD_UNIT = 0.0001;

// Luminance from JND index (PS3.14 Annex B): numerator and denominator in powers of ln j.
const NUMERATOR = [-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3];
const DENOMINATOR = [1.0, -2.5840191e-2, -1.0320229e-1, 2.874562e-2, -3.1978977e-3, 1.2992634e-4];

const polynomial = (coefficients, x) => coefficients.reduceRight((sum, one) => sum * x + one, 0);

/** Luminance in cd/m2 of JND index `j`, 1 to 1023 (PS3.14 7.1). */
export function luminance(j) {
  const x = Math.log(j);
  return 10 ** (polynomial(NUMERATOR, x) / polynomial(DENOMINATOR, x));
}

let grid;

/** JND index of a luminance in cd/m2, held to 1..1023. */
export function jndIndex(light) {
  // Linear in log luminance between whole JND is good to 0.001 JND, far below an 8-bit step.
  grid ??= Float64Array.from({ length: 4089 }, (_, n) => Math.log10(luminance(1 + n / 4)));
  const wanted = Math.log10(light);
  if (wanted <= grid[0]) return 1;
  if (wanted >= grid[grid.length - 1]) return 1023;
  let low = 0;
  let high = grid.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (grid[middle] <= wanted) low = middle;
    else high = middle;
  }
  return 1 + (low + (wanted - grid[low]) / (grid[high] - grid[low])) / 4;
}

const held = (value) => Math.min(1, Math.max(0, value));

/** The code, 0..1, of linear light 0..1 (IEC 61966-2-1). */
const srgb = (light) => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);

/** What a film of density `od` shows in cd/m2 in a light of L0 and La (PS3.14). */
const shown = (light, od) => light.ambient + light.illumination * 10 ** -od;

const TONES = {
  // Even steps of brightness from `high`, black, to `low`, white.
  perceptual(light, low, high) {
    const dark = jndIndex(shown(light, high));
    const bright = jndIndex(shown(light, low));
    return (od) => (jndIndex(shown(light, od)) - dark) / (bright - dark);
  },
  // What a camera sees of the film in its light, beside the place of density `low`.
  lightbox(light, low) {
    const white = shown(light, low);
    return (od) => srgb(Math.min(1, shown(light, od) / white));
  },
  // Even steps of density.
  linear(light, low, high) {
    return (od) => (high - od) / (high - low);
  },
};

/**
 * The gray, 0..255, of each density 0..65535 of a tile.
 *
 * `look` is { tone, low, high, invert }: densities in OD from white (low) to black (high). `light` has
 * illumination and ambient in cd/m2.
 */
export function grays(look, light) {
  const high = Math.max(look.high, look.low + 0.001);
  const curve = TONES[look.tone](light, look.low, high);
  const table = new Uint8Array(65536);
  const [first, last] = [Math.round(look.low / OD_UNIT), Math.round(high / OD_UNIT)];
  for (let value = 0; value < 65536; value++) {
    // Beyond the window all is as at its end; beyond any film there is nothing to compute.
    const od = look.tone === "lightbox" ? Math.min(value, 60000) : Math.min(last, Math.max(first, value));
    if (value > 0 && value > last && look.tone !== "lightbox") table[value] = table[value - 1];
    else table[value] = Math.round(held(curve(od * OD_UNIT)) * 255);
  }
  if (look.invert) for (let value = 0; value < 65536; value++) table[value] = 255 - table[value];
  return table;
}

/** The same as pixels of a canvas: opaque gray, as 32 bits. */
export function pixelTable(table) {
  // Red, green, blue and alpha are bytes in this order; typed arrays are little endian wherever browsers run.
  return Uint32Array.from(table, (gray) => (0xff000000 | (gray << 16) | (gray << 8) | gray) >>> 0);
}

/** Gray of the differences of `DifferenceSource`: 32768 is none, shown as middle gray; `width` in OD. */
export function differenceGrays(width) {
  const units = width / OD_UNIT;
  return Uint8Array.from({ length: 65536 }, (_, value) => Math.round(held(0.5 - (value - 32768) / units) * 255));
}
