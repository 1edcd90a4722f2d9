"""A job as PNG: read back with libpng (OpenCV) and Pillow, which checks every chunk, to the last sample."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from outputs.pages import (
    SCALE,
    TICKET,
    TITLE,
    color_page,
    deliver,
    densities,
    every_p_value,
    output,
    page,
    several,
    table_of,
)
from peers.claims import Held
from PIL import Image, ImageCms

from printscp.render.page import ColorPage, Page
from printscp.render.samples import Tone, gray_profile
from printscp.render.text import drawn


def image_of(folder: Path, made: Page | ColorPage, **keys: Any) -> Any:
    image: Any = Image.open(deliver("png", folder, made, **keys))
    image.verify()
    image = Image.open(folder / "000012.png")
    image.load()
    return image


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(120, 180), (1, 1), (1, 50), (50, 1), (700, 501)])
def test_the_image_is_lossless(shape: tuple[int, int], bits: int, tmp_path: Path) -> None:
    density = densities(*shape)
    image = image_of(tmp_path, page(density), bits=bits)
    assert image.mode == ("L" if bits == 8 else "I;16")
    assert (np.asarray(image) == table_of((1 << bits) - 1)[density]).all()
    assert (cv2.imread(str(tmp_path / "000012.png"), cv2.IMREAD_UNCHANGED) == np.asarray(image)).all()


def test_each_p_value_of_12_bits_stays_itself_in_16(tmp_path: Path) -> None:
    image = image_of(tmp_path, every_p_value())
    assert (np.diff(np.asarray(image).ravel().astype(int)) > 0).all()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("tone", ["p-value", "lightbox"])
def test_it_says_its_resolution_and_what_a_sample_means(tone: Tone, bits: int, tmp_path: Path) -> None:
    image = image_of(tmp_path, page(dots_per_inch=254.0), tone=tone, bits=bits)
    assert image.info["dpi"] == pytest.approx((254, 254), abs=0.01)
    assert image.info["icc_profile"] == gray_profile(SCALE, tone, bits)
    assert image.text["Title"] == TITLE
    assert "L0 2000 and La 10" in image.text["Description"]
    assert image.text["Creation Time"] == "Sun, 18 Oct 2026 09:30:00 +0000"


def test_colors_are_srgb(tmp_path: Path) -> None:
    made = color_page()
    image = image_of(tmp_path, made)
    assert (np.asarray(image) == made.srgb).all()
    profile = ImageCms.getOpenProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_several_pages_are_several_files_with_their_text(tmp_path: Path) -> None:
    pages = several()
    assert deliver("png", tmp_path, *pages) == f"{tmp_path}/000012-1.png to 000012-4.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"000012-{k}.png" for k in (1, 2, 3, 4)]
    for number, each in enumerate(pages, start=1):
        samples = np.asarray(Image.open(tmp_path / f"000012-{number}.png"))
        assert (samples == table_of(65535, each.scale)[drawn(each)]).all()
        assert (drawn(each) != each.density).any()


def test_pages_that_fail_on_their_way_out_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, done = Path.replace, []

    def broken(source: Path, target: Path) -> Path:
        done.append(target)
        if len(done) == 3:
            raise OSError(5, "Input/output error")
        return replace(source, target)

    claim, way_out = Held(), output("png", tmp_path)
    with monkeypatch.context() as patch, way_out.begin(dataclasses.replace(TICKET, films=4)) as document:
        patch.setattr(Path, "replace", broken)
        for each in several():
            document.add(each)
        with pytest.raises(OSError, match="Input/output"):
            document.finish(claim)
    names = [f"000012-{number}.png" for number in range(1, 5)]
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".png") == names[:2]
    way_out.follow(claim.remote)
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == names
