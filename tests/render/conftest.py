"""Images of pixels given, else like the one of the small film."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms

from printscp.film.sheet import Sheet, SheetImage


@pytest.fixture
def image(sheet: Sheet) -> Callable[..., SheetImage]:
    """Makes an image of an array: uint8 of 8 bits, uint16 of 12; rows x columns x 3 is color by pixel."""

    def make(samples: np.ndarray, position: int = 1, **fields: Any) -> SheetImage:
        values: dict[str, Any] = {
            "position": position,
            "samples_per_pixel": 3 if samples.ndim == 3 else 1,
            "planar_configuration": 0,
            "rows": samples.shape[0],
            "columns": samples.shape[1],
            "bits_stored": 8 if samples.dtype == np.uint8 else 12,
            "magnification": "REPLICATE",
            "pixels": samples.astype(samples.dtype.newbyteorder("<")).tobytes(),
        }
        return replace(sheet.images[0], **values | fields)

    return make


@pytest.fixture(scope="session")
def bgr_profile() -> bytes:
    """An ICC profile by which values are blue, green, red, else as in sRGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    head, tags = srgb[:128], srgb[128:]
    for kind in (b"XYZ", b"TRC"):
        tags = tags.replace(b"r" + kind, b"?" + kind).replace(b"b" + kind, b"r" + kind)
        tags = tags.replace(b"?" + kind, b"b" + kind)
    return head + tags
