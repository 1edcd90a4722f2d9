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

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.display_format import Rectangle
from printscp.film.sheet import SheetImage
from printscp.render.color import gray

_MM_PER_INCH = 25.4
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


def samples(image: SheetImage) -> NDArray[np.uint16]:
    """Rows x columns of the image's values, shifted up to fill 16 bits; bits above Bits Stored fall out."""
    if image.samples_per_pixel == 3:
        values = gray(image)
    else:
        dtype = np.dtype("<u2" if image.bits_stored > 8 else "u1")
        count = image.rows * image.columns
        values = np.frombuffer(image.pixels, dtype, count).reshape(image.rows, image.columns)
    return np.left_shift(values, 16 - image.bits_stored, dtype=np.uint16)


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
    kept = pixels if round(pixels * scale) <= room else max(1, int(room / scale))
    length = min(room, max(1, round(kept * scale)))
    return (pixels - kept) // 2, kept, start + (room - length) // 2, length


def resample(source: NDArray[np.uint16], target: NDArray[np.uint16], magnification_type: str) -> None:
    """Scale ``source`` into ``target``, a view of the page; of equal size, every sample stays as it is.

    What shrinks is averaged over the area of each printed pixel, since interpolation would alias; what grows
    is interpolated as the magnification type asks.
    """
    rows, columns = target.shape
    shrunk = min(rows, source.shape[0]), min(columns, source.shape[1])
    if shrunk != source.shape:
        source = cv2.resize(source, shrunk[::-1], interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if shrunk == target.shape:
        np.copyto(target, source)
        return
    interpolation = _INTERPOLATION[magnification_type]
    result = cv2.resize(source, (columns, rows), dst=target, interpolation=interpolation)
    # OpenCV makes an array of its own, silently, where it does not like the one it was given.
    assert np.shares_memory(result, target)
