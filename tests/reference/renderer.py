"""A film page from the formulas: slow, plain, in double precision, and in nothing kin to the real renderer.

Nothing here is taken from `printscp.render`: placement and trim follow what its docstrings promise, tone
PS3.14, PS3.3 C.11.4 and PS3.4 H.4.9, resampling the textbook. Each direction of an image is resampled by a
matrix of weights.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MM_PER_INCH = 25.4
TRIM_MM = 0.5
EDGE = 0.01  # of an image pixel: closer to its edge than this is on it

# PS3.14 7.1: log10 of the luminance, by powers of the natural logarithm of the JND index.
NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)


@dataclass(frozen=True)
class Reference:
    """What a page must be.

    ``page`` is rows x columns of optical density, or of a color sheet rows x columns x 3 of 8-bit sRGB
    values, not rounded. ``low`` and ``high``, of the same shape, are what it may be where image samples are
    off by the codes allowed; of unscaled images and backgrounds they are ``page``.
    """

    page: Floats
    low: Floats
    high: Floats


def reference_page(sheet: Sheet, codes: float = 1.0) -> Reference:
    """The page of a sheet; resampled images may be off by so many ``codes`` of their Bits Stored."""
    shape = (sheet.height, sheet.width, 3) if sheet.color else (sheet.height, sheet.width)
    page = np.full(shape, background(sheet, sheet.border_density))
    used = {image.position for image in sheet.images}
    for position, box in enumerate(sheet.boxes, 1):
        if position not in used:
            part(page, box)[...] = background(sheet, sheet.empty_image_density)
    places = [
        placement(image, sheet.boxes[image.position - 1], sheet.dots_per_inch) for image in sheet.images
    ]
    if sheet.trim:
        rim = max(1, round(TRIM_MM / MM_PER_INCH * sheet.dots_per_inch))
        for _, where in places:
            part(page, grown(where, rim))[...] = background(sheet, contrasting(sheet))
    low, high = page.copy(), page.copy()
    for image, (cut, where) in zip(sheet.images, places, strict=True):
        values = pixel_values(image)[cut.top : cut.bottom, cut.left : cut.right]
        copied = (
            image.magnification == "REPLICATE" and where.height >= cut.height and where.width >= cut.width
        )
        copied = copied or np.array_equal(resampled(values, where, image), values)
        # A centre on the edge of two image pixels is as near to the one as to the other.
        leans = [(0.0, 0.0), *((y, x) for y in (-EDGE, EDGE) for x in (-EDGE, EDGE))]
        printed = [
            look
            for lean in (leans if image.magnification == "REPLICATE" else leans[:1])
            for look in around(sheet, image, resampled(values, where, image, lean), 0.0 if copied else codes)
        ]
        part(page, where)[...] = printed[0]
        part(low, where)[...] = np.minimum.reduce(printed)
        part(high, where)[...] = np.maximum.reduce(printed)
    return Reference(page, low, high)


def text_mask(sheet: Sheet) -> Mask:
    """Rows x columns: where text may be."""
    mask = np.zeros((sheet.height, sheet.width), bool)
    part(mask, sheet.label)[...] = True
    printed = {image.position: printed_at(sheet, image) for image in sheet.images}
    for annotation in sheet.annotations:
        where = annotation.where
        if annotation.of_image and annotation.position in printed:
            image, box = printed[annotation.position], sheet.boxes[annotation.position - 1]
            down = image.top - box.top if where.bottom <= box.top else image.bottom - box.bottom
            where = Rectangle(where.left, where.top + down, where.width, where.height)
        part(mask, where)[...] = True
    return mask


def printed_at(sheet: Sheet, image: SheetImage) -> Rectangle:
    """Where an image is on the page."""
    return placement(image, sheet.boxes[image.position - 1], sheet.dots_per_inch)[1]


def part(page: NDArray[Any], where: Rectangle) -> NDArray[Any]:
    """What of the page lies in a rectangle, as far as the page goes."""
    return page[max(0, where.top) : max(0, where.bottom), max(0, where.left) : max(0, where.right)]


def grown(where: Rectangle, by: int) -> Rectangle:
    """A rectangle with a rim."""
    return Rectangle(where.left - by, where.top - by, where.width + 2 * by, where.height + 2 * by)


# --- backgrounds -----------------------------------------------------------------------------------------


def background(sheet: Sheet, hundredths: int) -> float:
    """A density as the page has it: itself in OD, or on color film its 8-bit gray in the printer's range."""
    if not sheet.color:
        return hundredths / 100
    darkest, brightest = (
        jnd_index(film_luminance(sheet, density / 100)) for density in reversed(sheet.printer_density)
    )
    fraction = (jnd_index(film_luminance(sheet, hundredths / 100)) - darkest) / (brightest - darkest)
    return float(np.rint(255 * np.clip(fraction, 0, 1)))


def contrasting(sheet: Sheet) -> int:
    """The opposite of the border: the end of the printer's range that is further away, hundredths of OD."""
    return max(sheet.printer_density, key=lambda density: abs(density - sheet.border_density))


# --- placement -------------------------------------------------------------------------------------------


def magnification(image: SheetImage, box: Rectangle, dots_per_inch: float) -> tuple[float, float]:
    """Printer pixels of an image pixel, vertically and horizontally."""
    tall, wide = image.pixel_aspect
    fill = min(box.width / (image.columns * wide), box.height / (image.rows * tall))
    if image.magnification == "NONE":
        return 1.0, 1.0
    if image.requested_width_mm is not None:
        across = image.requested_width_mm / MM_PER_INCH * dots_per_inch / (image.columns * wide)
        each = across if image.decimate_crop == "CROP" else min(across, fill)
        return each * tall, each * wide
    if image.decimate_crop == "CROP" and (image.rows > box.height or image.columns > box.width):
        return tall / min(tall, wide), wide / min(tall, wide)
    return fill * tall, fill * wide


def placement(image: SheetImage, box: Rectangle, dots_per_inch: float) -> tuple[Rectangle, Rectangle]:
    """What of the image is printed, in its pixels, and where on the page."""
    down, across = magnification(image, box, dots_per_inch)
    top, rows, page_top, height = along(image.rows, down, box.top, box.height)
    left, columns, page_left, width = along(image.columns, across, box.left, box.width)
    return Rectangle(left, top, columns, rows), Rectangle(page_left, page_top, width, height)


def along(pixels: int, scale: float, start: int, room: int) -> tuple[int, int, int, int]:
    """In one direction: first pixel that is printed and how many, first printer pixel and how many."""
    # To the nearest printer pixel it may fit; what is cut, is cut to lie inside.
    kept = pixels if printed_length(pixels, scale) <= room else max(1, math.floor(room / scale + 1e-9))
    length = min(room, printed_length(kept, scale))
    return (pixels - kept) // 2, kept, start + (room - length) // 2, length


def printed_length(pixels: int, scale: float) -> int:
    """Printer pixels, to the nearest."""
    return max(1, round(pixels * scale))


# --- samples ---------------------------------------------------------------------------------------------


def pixel_values(image: SheetImage) -> Floats:
    """Rows x columns of values 0 to 2^Bits Stored - 1, or rows x columns x 3 of color."""
    count = image.rows * image.columns * image.samples_per_pixel
    stored = np.frombuffer(image.pixels, np.uint8 if image.bits_stored <= 8 else "<u2", count)
    values = (stored & ((1 << image.bits_stored) - 1)).astype(np.float64)
    if image.samples_per_pixel == 1:
        return values.reshape(image.rows, image.columns)
    if image.planar_configuration == 1:
        return np.moveaxis(values.reshape(3, image.rows, image.columns), 0, 2)
    return values.reshape(image.rows, image.columns, 3)


def resampled(
    values: Floats, where: Rectangle, image: SheetImage, lean: tuple[float, float] = (0.0, 0.0)
) -> Floats:
    """Values in the printer pixels of ``where``; each direction that shrinks first, then smoothing, then each
    that grows. REPLICATE may lean down and to the right by parts of an image pixel."""
    rows, columns = values.shape[:2]
    largest = (1 << image.bits_stored) - 1
    smaller = min(rows, where.height), min(columns, where.width)
    values = applied(averages(rows, smaller[0]), averages(columns, smaller[1]), values)
    if image.magnification == "CUBIC" and image.smoothing_weight:
        weight = image.smoothing_weight
        values = applied(neighbours(smaller[0], weight), neighbours(smaller[1], weight), values)
        values = np.clip(values, 0, largest)
    lengths = where.height, where.width
    kernel = {"CUBIC": cubic, "BILINEAR": linear}.get(image.magnification)
    if kernel is None:
        weights = [nearest(*each) for each in zip(smaller, lengths, lean, strict=True)]
    else:
        weights = [kernel(*each) for each in zip(smaller, lengths, strict=True)]
    return np.clip(applied(weights[0], weights[1], values), 0, largest)


def applied(down: Floats, across: Floats, values: Floats) -> Floats:
    """Weights in both directions."""
    return np.einsum("ij,jk...,lk->il...", down, values, across, optimize=True)


def averages(pixels: int, length: int) -> Floats:
    """Each printer pixel is the mean of what it covers."""
    edges = np.arange(length + 1) * (pixels / length)
    from_, to = np.arange(pixels), np.arange(1, pixels + 1)
    covered = np.minimum(edges[1:, None], to) - np.maximum(edges[:-1, None], from_)
    return np.clip(covered, 0, None) * (length / pixels)


def neighbours(pixels: int, weight: float) -> Floats:
    """A pixel keeps what its two neighbours do not get; beyond the edge the last pixel goes on."""
    weights = np.eye(pixels) * (1 - 2 * weight)
    for pixel in range(pixels):
        weights[pixel, max(0, pixel - 1)] += weight
        weights[pixel, min(pixels - 1, pixel + 1)] += weight
    return weights


def nearest(pixels: int, length: int, lean: float) -> Floats:
    """The pixel that the centre of the printer pixel is in; of equal size each is its own."""
    weights = np.zeros((length, pixels))
    for place in range(length):
        pixel = math.floor((place + 0.5) * pixels / length + (lean if pixels != length else 0))
        weights[place, min(max(pixel, 0), pixels - 1)] = 1
    return weights


def linear(pixels: int, length: int) -> Floats:
    """Straight between the centres of two pixels."""
    return interpolation(pixels, length, 1, lambda t: 1 - t)


def cubic(pixels: int, length: int) -> Floats:
    """Cubic convolution (Keys) with a = -0.75, over four pixels."""
    a = -0.75

    def weight(t: float) -> float:
        if t <= 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a

    return interpolation(pixels, length, 2, weight)


def interpolation(pixels: int, length: int, reach: int, weight: Any) -> Floats:
    """Weights by distance from the centre of the printer pixel; beyond the edge the last pixel goes on."""
    weights = np.zeros((length, pixels))
    for place in range(length):
        centre = (place + 0.5) * pixels / length - 0.5
        for pixel in range(math.floor(centre) - reach + 1, math.floor(centre) + reach + 1):
            weights[place, min(max(pixel, 0), pixels - 1)] += weight(abs(centre - pixel))
    return weights


# --- tone ------------------------------------------------------------------------------------------------


def shown(sheet: Sheet, image: SheetImage, values: Floats) -> Floats:
    """What values look like: density, or on color film sRGB values."""
    largest = (1 << image.bits_stored) - 1
    values = np.clip(values, 0, largest)
    if not sheet.color:
        return image_density(sheet, image, values)
    return largest - values if image.reverse else values


def around(sheet: Sheet, image: SheetImage, values: Floats, codes: float) -> list[Floats]:
    """What values look like, and others that are off by up to so many codes."""
    if codes == 0:
        return [shown(sheet, image, values)]
    near = [values + codes * step for step in (-1, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1)]
    # A table may go up and down: what lies between two values may print as anything between theirs.
    return [shown(sheet, image, each) for each in (values, *near, np.floor(values), np.ceil(values))]


def image_density(sheet: Sheet, image: SheetImage, values: Floats) -> Floats:
    """Optical density of an image's values."""
    limits = image.min_density / 100, image.max_density / 100
    largest = (1 << image.bits_stored) - 1
    fraction = (largest - values if image.reverse else values) / largest
    look_up = sheet.look_ups[image.look_up] if image.look_up is not None else None
    if look_up is None:
        raised, rest = fraction**image.curve.contrast, (1 - fraction) ** image.curve.contrast
        p_value = raised / (raised + rest)
        return (
            even_in_density(p_value, *limits) if image.curve.linear else gsdf_density(sheet, p_value, *limits)
        )
    if look_up.shape == "LIN OD":
        return even_in_density(1 - fraction if look_up.by_value else fraction, *limits)
    if look_up.shape == "IDENTITY":
        return gsdf_density(sheet, fraction, *limits)
    return gsdf_density(sheet, by_table(fraction, look_up), *limits)


def by_table(fraction: Floats, look_up: LookUp) -> Floats:
    """P-values 0..1 of a Presentation LUT that covers the whole range, straight between its entries."""
    entries = np.array(look_up.table, np.float64) / ((1 << look_up.bits) - 1)
    return np.interp(fraction * (len(entries) - 1), np.arange(len(entries)), entries)


def even_in_density(fraction: Floats, lightest: float, darkest: float) -> Floats:
    """Even steps in density: 0 is the darkest (PS3.3 C.11.4, PS3.4 H.4.9.1)."""
    return darkest - (darkest - lightest) * fraction


def gsdf_density(sheet: Sheet, p_value: Floats, lightest: float, darkest: float) -> Floats:
    """Even steps in JND (PS3.14 7.1, 7.2): 0 is the darkest."""
    first, last = (float(jnd_index(film_luminance(sheet, density))) for density in (darkest, lightest))
    shown = luminance(first + (last - first) * np.asarray(p_value, np.float64))
    return -np.log10((shown - sheet.reflected_ambient_light) / sheet.illumination)


def film_luminance(sheet: Sheet, density: Any) -> Any:
    """Luminance of a density, cd/m2: what its light box, or on reflective media the room, lets through."""
    return sheet.reflected_ambient_light + sheet.illumination * 10 ** -np.asarray(density, np.float64)


def luminance(jnd: Any) -> Any:
    """The Grayscale Standard Display Function, cd/m2."""
    x = np.log(np.asarray(jnd, np.float64))
    return 10 ** (
        sum(c * x**power for power, c in enumerate(NUMERATOR))
        / sum(c * x**power for power, c in enumerate(DENOMINATOR))
    )


def jnd_index(cd_per_m2: Any) -> Any:
    """The inverse, by bisection; 1 to 1023."""
    low, high = np.ones_like(cd_per_m2, np.float64), np.full_like(cd_per_m2, 1023, np.float64)
    for _ in range(60):
        middle = (low + high) / 2
        brighter = luminance(middle) < cd_per_m2
        low, high = np.where(brighter, middle, low), np.where(brighter, high, middle)
    return (low + high) / 2
