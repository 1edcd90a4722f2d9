"""Color images as sRGB (IEC 61966-2-1), by the ICC profile of their film."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from printscp.film.sheet import SheetImage

_BAND = 64  # rows that Pillow, which keeps four bytes a pixel, gets at a time


def srgb(image: SheetImage, icc_profile: bytes) -> NDArray[np.uint8]:
    """Rows x columns x 3 of a color image, of its negative where it is to be reversed; where nothing has to
    be computed in the sheet's memory, which is not contiguous when it lies plane by plane.

    ``icc_profile`` says what the values mean; without one, or with one that is not `usable`, they are sRGB.
    """
    rows, columns = image.rows, image.columns
    values = np.frombuffer(image.pixels, np.uint8, 3 * rows * columns)
    if image.planar_configuration == 1:
        values = np.moveaxis(values.reshape(3, rows, columns), 0, 2)
    colors = values.reshape(rows, columns, 3)
    transform = _transform(bytes(icc_profile))
    if transform is None and not image.reverse:
        return colors
    result = np.empty((rows, columns, 3), np.uint8)
    for top in range(0, rows, _BAND):
        band = colors[top : top + _BAND]
        band = np.ascontiguousarray(255 - band if image.reverse else band)
        if transform is not None:
            band = np.asarray(transform.apply(Image.fromarray(band)))
        result[top : top + _BAND] = band
    return result


def usable(icc_profile: bytes) -> bool:
    """Whether a profile can be used: one of an input, a display or a color space, for RGB."""
    return _transform(bytes(icc_profile)) is not None


@lru_cache(maxsize=4)
def _transform(icc_profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB, perceptual; None where there is no profile or it cannot be used."""
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
        return ImageCms.ImageCmsTransform(
            profile,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            "RGB",
            "RGB",
            ImageCms.Intent.PERCEPTUAL,
        )
    except (OSError, ValueError):
        return None
