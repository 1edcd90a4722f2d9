"""An image into its box: how large, which part of it, where, and its samples there (PS3.3 C.13.5).

How large it is printed, by the first of these that holds:

- Magnification Type NONE: one image pixel is one printer pixel, whatever else is asked.
- Requested Image Size: so many mm wide, and as high as Rows, Columns and Pixel Aspect Ratio make it. If that
  is larger than the box, CROP keeps the size and cuts; else the image shrinks until it fits.
- CROP, and more rows or columns than the box has printer pixels: one to one. Of image pixels that are not
  square the shorter side is one printer pixel.
- As large as fits the box whole.

How it is cut: whole rows and whole columns of the image go, as few as bring it into the box, as many on one
side as on the other; of an odd number the bottom or the right side loses the one more. A cut does not change
the scale. What is printed lies in the middle of the box, and what it leaves free of the box is border.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.geometry import Rectangle
from printscp.film.sheet import SheetImage

Samples = NDArray[np.uint8] | NDArray[np.uint16]

_MM_PER_INCH = 25.4
_BAND = 4  # rows that are averaged at a time
_INTERPOLATION = {
    "CUBIC": cv2.INTER_CUBIC,
    "BILINEAR": cv2.INTER_LINEAR,
    # OpenCV's plain INTER_NEAREST picks wrong pixels.
    "REPLICATE": cv2.INTER_NEAREST_EXACT,
}


@dataclass(frozen=True)
class Placement:
    """``part`` of an image, in its own pixels, is printed ``where`` on the page, in printer pixels."""

    part: Rectangle
    where: Rectangle


def samples(image: SheetImage) -> Samples:
    """Rows x columns of the values of a gray image, uint8 or uint16 as they came, in the sheet's memory."""
    dtype = np.dtype("<u2" if image.bits_stored > 8 else "u1")
    count = image.rows * image.columns
    return np.frombuffer(image.pixels, dtype, count).reshape(image.rows, image.columns)


def printer_pixels(mm: float, dots_per_inch: float) -> float:
    """A length on film in printer pixels, not rounded."""
    return mm / _MM_PER_INCH * dots_per_inch


def magnification(image: SheetImage, box: Rectangle, dots_per_inch: float) -> tuple[float, float]:
    """Printer pixels that one image pixel covers, vertically and horizontally."""
    if image.magnification == "NONE":
        return 1.0, 1.0
    vertical, horizontal = image.pixel_aspect
    scale = min(box.height / (image.rows * vertical), box.width / (image.columns * horizontal))
    crop = image.decimate_crop == "CROP"
    if image.requested_width_mm is not None:
        width = printer_pixels(image.requested_width_mm, dots_per_inch)
        asked = width / (image.columns * horizontal)
        scale = asked if crop else min(asked, scale)
    elif crop and (image.rows > box.height or image.columns > box.width):
        scale = 1 / min(vertical, horizontal)
    return scale * vertical, scale * horizontal


def placement(image: SheetImage, box: Rectangle, dots_per_inch: float) -> Placement:
    """What of the image is printed, and where in its box: at least one pixel of both."""
    vertical, horizontal = magnification(image, box, dots_per_inch)
    first_row, rows, top, height = _along(image.rows, vertical, box.top, box.height)
    first_column, columns, left, width = _along(image.columns, horizontal, box.left, box.width)
    part = Rectangle(first_column, first_row, columns, rows)
    return Placement(part, Rectangle(left, top, width, height))


def _along(pixels: int, scale: float, start: int, room: int) -> tuple[int, int, int, int]:
    """In one direction: the first image pixel and how many; the first printer pixel and how many."""
    # What is cut lies wholly inside; a quotient is a whole number less a rounding error now and then.
    kept = pixels if round(pixels * scale) <= room else max(1, math.floor(room / scale + 1e-9))
    length = min(room, max(1, round(kept * scale)))
    return (pixels - kept) // 2, kept, start + (room - length) // 2, length


def resample(
    source: Samples, target: Samples, magnification_type: str, weight: float = 0.0, shift: int = 0
) -> None:
    """Scale ``source``, gray or color, into ``target``, a view of the page.

    Values are first shifted up by ``shift`` bits to fill the type of the target, so that those between two of
    them can be told; what stands above falls out. What shrinks is averaged over the area of each printed
    pixel, since interpolation would alias; what grows is interpolated as the magnification type asks. Between
    the two CUBIC smooths: ``weight`` is that of each neighbour in either direction (Smoothing Type), below 0
    it sharpens. What is of equal size and not smoothed keeps its values.
    """
    rows, columns = target.shape[:2]
    shrunk = min(rows, source.shape[0]), min(columns, source.shape[1])
    fits = shrunk == (rows, columns)
    small: Any = target if fits else np.empty((*shrunk, *target.shape[2:]), target.dtype)
    if shrunk == source.shape[:2]:
        np.left_shift(source, shift, out=small, dtype=small.dtype)
    else:
        _average(source, small, shift)
    if weight and magnification_type == "CUBIC":
        kernel = np.array([weight, 1 - 2 * weight, weight])
        edges = cv2.BORDER_REPLICATE
        _stays(small, cv2.sepFilter2D(small, -1, kernel, kernel, dst=small, borderType=edges))
    if not fits:
        interpolation = _INTERPOLATION[magnification_type]
        _stays(target, cv2.resize(small, (columns, rows), dst=target, interpolation=interpolation))


def _average(source: Samples, target: Samples, shift: int) -> None:
    """Shrink in bands, exactly: an image may be larger than the page, and nothing here is of its size."""
    rows, columns = target.shape[:2]
    per_row = source.shape[0] / rows
    for top in range(0, rows, _BAND):
        edges = np.arange(top, min(top + _BAND, rows) + 1) * per_row
        first, end = math.floor(edges[0]), min(math.ceil(edges[-1]), source.shape[0])
        values = np.left_shift(source[first:end], shift, order="C", dtype=target.dtype).astype(np.float32)
        # Which share each row has in each printed row.
        above, below = edges[:-1, None], edges[1:, None]
        row = np.arange(first, end)
        shares = np.maximum(np.minimum(row + 1, below) - np.maximum(row, above), 0) / per_row
        # On matrices so thin this is faster than BLAS with its threads.
        averaged = np.einsum("ij,j...->i...", shares.astype(np.float32), values)
        band = target[top : top + _BAND]
        band[:] = np.rint(cv2.resize(averaged, (columns, len(band)), interpolation=cv2.INTER_AREA))


def _stays(target: Samples, result: Any) -> None:
    # OpenCV makes an array of its own, silently, where it does not like the one it was given.
    assert np.shares_memory(result, target)
