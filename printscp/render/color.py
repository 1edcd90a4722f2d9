"""Color printed as gray, until there are color pages: what is bright on a screen is bright on the film.

Colors are taken as sRGB (IEC 61966-2-1), and each becomes the gray of its luminance: the Rec. 709 weights act
on linear light, and the sum is coded as sRGB again. Grays stay exactly what they are: a gray image sent as
RGB prints as if it had been sent as gray. Weights on the coded values would print red and blue, the colors of
Doppler images, far darker than they look: 54 and 18 of 255 instead of 127 and 76.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.sheet import SheetImage

_WEIGHTS = (0.2126, 0.7152, 0.0722)  # red, green, blue


def gray(image: SheetImage) -> NDArray[np.uint8]:
    """Rows x columns of 8-bit P-values of a color image, of its negative where it is to be reversed."""
    rows, columns = image.rows, image.columns
    values = np.frombuffer(image.pixels, np.uint8, 3 * rows * columns)
    if image.planar_configuration == 1:
        planes = values.reshape(3, rows, columns)
    else:
        planes = np.moveaxis(values.reshape(rows, columns, 3), 2, 0)
    if image.reverse:
        planes = 255 - planes
    shares, coded = _tables()
    luminance = np.zeros((rows, columns), np.uint16)
    for plane, share in zip(planes, shares, strict=True):
        # The sum of the three whites is rounded to one too many; OpenCV does not wrap round.
        cv2.add(luminance, cv2.LUT(plane, share), dst=luminance)
    return np.asarray(cv2.LUT(luminance, coded), np.uint8)


@lru_cache(maxsize=1)
def _tables() -> tuple[list[NDArray[np.uint16]], NDArray[np.uint8]]:
    """Luminance of each value of red, green and blue, white 65535; and the sRGB gray of each luminance."""
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    shares = [np.rint(weight * light * 65535).astype(np.uint16) for weight in _WEIGHTS]
    light = np.arange(65536) / 65535
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return shares, np.rint(coded * 255).astype(np.uint8)
