"""A job as TIFF: read back with libtiff (Pillow) and with OpenCV, to the last sample."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from outputs.pages import SCALE, TITLE, color_page, deliver, densities, every_p_value, page, several, table_of
from PIL import Image, ImageCms, ImageSequence

from printscp.render.page import ColorPage, Page
from printscp.render.samples import Tone, gray_profile
from printscp.render.text import drawn


def pages_of(folder: Path, *pages: Page | ColorPage, **keys: Any) -> list[Image.Image]:
    """The pages of a document, as Pillow reads them."""
    path = deliver("tiff", folder, *pages, **keys)
    return [each.copy() for each in ImageSequence.Iterator(Image.open(path))]


def tags(folder: Path, *pages: Page | ColorPage, **keys: Any) -> list[dict[int, Any]]:
    path = deliver("tiff", folder, *pages, **keys)
    return [dict(each.tag_v2) for each in ImageSequence.Iterator(Image.open(path))]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(120, 180), (1, 1), (1, 50), (50, 1), (700, 501)])
def test_the_image_is_lossless(shape: tuple[int, int], bits: int, tmp_path: Path) -> None:
    density = densities(*shape)
    [image] = pages_of(tmp_path, page(density), bits=bits)
    assert (np.asarray(image) == table_of((1 << bits) - 1)[density]).all()
    other = cv2.imread(str(tmp_path / "000012.tif"), cv2.IMREAD_UNCHANGED)
    assert other.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert (other == np.asarray(image)).all()


def test_each_p_value_of_12_bits_stays_itself_in_16(tmp_path: Path) -> None:
    [image] = pages_of(tmp_path, every_p_value())
    assert (np.diff(np.asarray(image).ravel().astype(int)) > 0).all()


def test_pages_follow_each_other_with_their_text_and_size(tmp_path: Path) -> None:
    pages = [*several(), color_page()]
    images = pages_of(tmp_path, *pages)
    for image, each in zip(images, pages, strict=True):
        pixels = drawn(each)
        expected = pixels if pixels.ndim == 3 else table_of(65535, each.scale)[pixels]
        assert (np.asarray(image) == expected).all()
        assert image.info["dpi"] == pytest.approx((each.dots_per_inch,) * 2, abs=1e-3)
    assert (drawn(pages[0]) != pages[0].density).any()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("tone", ["p-value", "lightbox"])
def test_the_profile_is_that_of_the_samples(tone: Tone, bits: int, tmp_path: Path) -> None:
    [gray, color] = pages_of(tmp_path, page(), color_page(), bits=bits, tone=tone)
    assert gray.info["icc_profile"] == gray_profile(SCALE, tone, bits)
    profile = ImageCms.getOpenProfile(io.BytesIO(color.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_density_itself_for_those_who_measure(tmp_path: Path) -> None:
    made = page()
    [image] = pages_of(tmp_path, made, samples="density")
    assert (np.asarray(image) == drawn(made)).all()
    assert "icc_profile" not in image.info
    [fields] = tags(tmp_path, made, samples="density")
    for fact in ("0.0001 OD", "0.20 to 3.10 OD", "La + L0 10^-D", "L0 2000", "La 10"):
        assert fact in fields[270]


def test_the_fields_say_what_it_is(tmp_path: Path) -> None:
    first, second = tags(tmp_path, page(), page(np.zeros((30, 40), np.uint16), title="胸"))
    assert (first[269], second[269]) == (TITLE, "?")
    assert "L0 2000 and La 10" in first[270]
    assert first[306] == "2026:10:18 09:30:00"
    assert first[305].startswith("printscp ")
    assert (first[297], second[297]) == ((0, 0), (1, 0))
    assert (first[259], first[262], first[277], first[296]) == (8, 1, 1, 2)


def test_directories_and_values_stand_on_words(tmp_path: Path) -> None:
    """What the standard wants and Pillow does not mind (TIFF 6.0 section 2)."""
    data = Path(deliver("tiff", tmp_path, *several())).read_bytes()
    place, found = int.from_bytes(data[4:8], "little"), 0
    while place:
        assert place % 2 == 0
        count = int.from_bytes(data[place : place + 2], "little")
        entries = np.frombuffer(data, "<u2,<u2,<u4,<u4", count, place + 2)
        assert (np.diff(entries["f0"].astype(int)) > 0).all()
        long = entries["f2"] * np.array([0, 1, 1, 2, 4, 8, 0, 1])[entries["f1"]] > 4
        assert (entries["f3"][long] % 2 == 0).all()
        after = place + 2 + 12 * count
        place, found = int.from_bytes(data[after : after + 4], "little"), found + 1
    assert found == 4


@pytest.mark.parametrize("far", [16, 30_000])  # all strips are far; only those behind the first page
def test_what_is_too_long_for_32_bits_is_a_big_tiff(
    far: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.outputs.tiff._FAR", far)
    pages = [*several(), color_page(), page(densities(1, 1))]
    path = deliver("tiff", tmp_path, *pages)
    assert Path(path).read_bytes()[:4] == b"II+\0"
    with Image.open(path) as images:
        for image, each in zip(ImageSequence.Iterator(images), pages, strict=True):
            pixels = drawn(each)
            expected = pixels if pixels.ndim == 3 else table_of(65535, each.scale)[pixels]
            assert (np.asarray(image) == expected).all()
            assert image.info["dpi"] == pytest.approx((each.dots_per_inch,) * 2, abs=1e-3)
