"""Color images as sRGB: planes and pixels, negatives, ICC profiles."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import ImageCms

from printscp.film.sheet import SheetImage
from printscp.render.color import srgb, usable

ImageOf = Callable[..., SheetImage]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def colors_of(shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (*shape, 3), np.uint8)


def fixed_point(value: float) -> bytes:
    return round(value * 65536).to_bytes(4, "big", signed=True)


def with_curve(gamma: float) -> bytes:
    """The colors of sRGB, but by a power of its values: a version 2 profile, put together by hand (ICC.1)."""
    count = round(gamma * 256).to_bytes(2, "big")
    curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + count + bytes(2)
    xyz = {
        b"rXYZ": (0.4360, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    data = {tag: b"XYZ " + bytes(4) + b"".join(map(fixed_point, values)) for tag, values in xyz.items()}
    data |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    data[b"cprt"] = b"text" + bytes(4) + b"none" + bytes(4)
    data[b"desc"] = b"desc" + bytes(4) + (2).to_bytes(4, "big") + b"x" + bytes(79)
    data[b"desc"] += bytes(-len(data[b"desc"]) % 4)
    table, body, start = b"", b"", 128 + 4 + 12 * len(data)
    for tag, value in data.items():
        table += tag + (start + len(body)).to_bytes(4, "big") + len(value).to_bytes(4, "big")
        body += value
    size = start + len(body)
    white = b"".join(map(fixed_point, xyz[b"wtpt"]))
    head = size.to_bytes(4, "big") + bytes(4) + b"\x02\x40\x00\x00" + b"scnrRGB XYZ " + bytes(12)
    head += b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + len(data).to_bytes(4, "big") + table + body


@pytest.mark.parametrize("shape", [(60, 70), (1, 1), (4, 1), (1, 4), (3, 3), (130, 5)])
@pytest.mark.parametrize("reverse", [False, True])
def test_colors_stay_by_plane_or_by_pixel_and_a_pad_is_left_out(
    image: ImageOf, shape: tuple[int, int], reverse: bool
) -> None:
    rgb = colors_of(shape)
    planes = np.moveaxis(rgb, 2, 0).tobytes()
    for made in (
        image(rgb, reverse=reverse),
        image(rgb, reverse=reverse, pixels=memoryview(rgb.tobytes() + b"\xaa")),
        image(rgb, reverse=reverse, planar_configuration=1, pixels=planes + b"\xaa"),
    ):
        result = srgb(made, b"")
        assert result.dtype == np.uint8
        assert (result == (255 - rgb if reverse else rgb)).all()


@pytest.mark.parametrize("planar_configuration", [0, 1])
def test_an_icc_profile_says_what_the_values_mean(
    image: ImageOf, bgr_profile: bytes, planar_configuration: int
) -> None:
    rgb = colors_of((131, 20))
    pixels = (np.moveaxis(rgb, 2, 0) if planar_configuration else rgb).tobytes()
    made = image(rgb, planar_configuration=planar_configuration, pixels=pixels)
    assert usable(bgr_profile)
    assert np.abs(srgb(made, bgr_profile).astype(int) - rgb[:, :, ::-1]).max() <= 1
    assert np.abs(srgb(made, memoryview(SRGB)).astype(int) - rgb).max() <= 1
    # The other way round first, then by the profile.
    negative = srgb(image(255 - rgb), bgr_profile)
    assert (srgb(image(rgb, reverse=True), bgr_profile) == negative).all()


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.5])
def test_a_profile_s_tone_curve_is_honoured(image: ImageOf, gamma: float) -> None:
    grays = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    light = (np.arange(256) / 255) ** gamma
    expected = 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    result = srgb(image(grays), with_curve(gamma))
    assert usable(with_curve(gamma))
    assert np.abs(result[0] - expected[:, None]).max() <= 2


@pytest.mark.parametrize(
    "profile",
    [b"", b"no profile", SRGB[:300], ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()],
    ids=["none", "rubbish", "damaged", "of Lab"],
)
def test_a_profile_that_cannot_be_used_leaves_the_colors_as_they_are(image: ImageOf, profile: bytes) -> None:
    rgb = colors_of((5, 5))
    assert not usable(profile)
    assert (srgb(image(rgb), profile) == rgb).all()


@pytest.mark.parametrize("planes", [0, 1])
def test_colors_that_stay_as_they_are_are_not_copied(image: ImageOf, planes: int) -> None:
    pixels = np.zeros(3 * 40 * 50, np.uint8)
    made = image(colors_of((40, 50)), pixels=pixels, planar_configuration=planes)
    assert np.shares_memory(srgb(made, b""), pixels)
