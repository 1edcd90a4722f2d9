"""Color into gray, against the formulas of sRGB and Rec. 709, one pixel at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from printscp.film.sheet import SheetImage
from printscp.render.color import gray


def reference_gray(red: int, green: int, blue: int) -> float:
    """The sRGB value, 0..255, of the gray that has the luminance of a color (IEC 61966-2-1)."""
    linear = []
    for value in (red, green, blue):
        c = value / 255
        linear.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 255 * (12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("shape", [(60, 70), (1, 1), (4, 1), (1, 4), (3, 3)])
@pytest.mark.parametrize("reverse", [False, True])
def test_colors_become_the_gray_of_their_luminance_by_plane_or_by_pixel(
    image: Callable[..., SheetImage], shape: tuple[int, int], reverse: bool
) -> None:
    rgb = np.random.default_rng(7).integers(0, 256, (*shape, 3), np.uint8)
    by_pixel = gray(image(rgb, reverse=reverse))
    planes = np.moveaxis(rgb, 2, 0).tobytes() + b"\xaa"  # and a pad
    by_plane = gray(image(rgb, reverse=reverse, planar_configuration=1, pixels=planes))
    colors = (255 - rgb if reverse else rgb).reshape(-1, 3).tolist()
    expected = np.reshape([reference_gray(*color) for color in colors], shape)
    assert by_pixel.shape == shape
    assert by_pixel.dtype == np.uint8
    assert np.abs(by_pixel - expected).max() <= 0.55  # half a step, and the steps of luminance
    assert (by_plane == by_pixel).all()


def test_grays_stay_what_they_are(image: Callable[..., SheetImage]) -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    in_color = image(np.repeat(every[:, :, None], 3, axis=2))
    assert (gray(in_color) == every).all()
