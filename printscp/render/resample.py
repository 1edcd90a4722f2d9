"""An image into its box: upright, whole, as large as fits, aspect ratio kept, centred (PS3.3 C.13.5)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.display_format import Rectangle
from printscp.film.sheet import SheetImage

_INTERPOLATION = {
    "CUBIC": cv2.INTER_CUBIC,
    "BILINEAR": cv2.INTER_LINEAR,
    # OpenCV's plain INTER_NEAREST picks wrong pixels.
    "REPLICATE": cv2.INTER_NEAREST_EXACT,
}


def samples(image: SheetImage) -> NDArray[np.uint16]:
    """Rows x columns of the image's values, shifted up to fill 16 bits; bits above Bits Stored fall out."""
    dtype = np.dtype("<u2" if image.bits_stored > 8 else "u1")
    count = image.rows * image.columns
    values = np.frombuffer(image.pixels, dtype, count).reshape(image.rows, image.columns)
    return np.left_shift(values, 16 - image.bits_stored, dtype=np.uint16)


def placement(image: SheetImage, box: Rectangle) -> Rectangle:
    """Where in its box the image lies: the largest size of its aspect ratio, at least one pixel, centred."""
    vertical, horizontal = image.pixel_aspect
    wide, high = image.columns * horizontal, image.rows * vertical
    if wide * box.height >= high * box.width:
        width, height = box.width, max(1, round(high * box.width / wide))
    else:
        width, height = max(1, round(wide * box.height / high)), box.height
    return Rectangle(box.left + (box.width - width) // 2, box.top + (box.height - height) // 2, width, height)


def resample(source: NDArray[np.uint16], target: NDArray[np.uint16], magnification: str) -> None:
    """Scale ``source`` into ``target``, a view of the page.

    What shrinks is averaged over the area of each printed pixel, since interpolation would alias; what grows
    is interpolated as the magnification type asks.
    """
    rows, columns = target.shape
    shrunk = min(rows, source.shape[0]), min(columns, source.shape[1])
    if shrunk != source.shape:
        source = cv2.resize(source, shrunk[::-1], interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    result = cv2.resize(source, (columns, rows), dst=target, interpolation=_INTERPOLATION[magnification])
    # OpenCV makes an array of its own, silently, where it does not like the one it was given.
    assert np.shares_memory(result, target)
