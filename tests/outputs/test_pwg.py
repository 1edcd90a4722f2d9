"""A job as PWG raster: read back by a decoder of our own, written from PWG 5102.4, and by CUPS's filters."""

import subprocess
from pathlib import Path
from struct import unpack_from
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from outputs.pages import color_page, deliver, densities, page, run, several, table_of

from printscp.errors import SetupError
from printscp.outputs.pwg import _packed, upright
from printscp.outputs.registry import open_output
from printscp.render.text import drawn

RASTERTOPDF = "/usr/lib/cups/filter/rastertopdf"


class Raster(NamedTuple):
    """A page of a file: the fields of its header that matter, and rows x columns x colors."""

    dots_per_inch: tuple[int, int]
    points: tuple[int, int]
    space: int
    pages: int
    samples: np.ndarray


def pages_of(data: bytes) -> list[Raster]:
    """All pages of a file."""
    assert data[:4] == b"RaS2"
    place, pages = 4, []
    while place < len(data):
        head, place = data[place : place + 1796], place + 1796
        assert head[:64].rstrip(b"\0") == b"PwgRaster"

        def field(offset: int, head: bytes = head) -> int:
            return unpack_from(">I", head, offset)[0]

        columns, rows, colors = field(372), field(376), field(420)
        assert (field(384), field(388), field(392)) == (8, 8 * colors, colors * columns)
        assert field(396) == 0  # chunky
        assert [field(464 + 4 * k) for k in range(4)] == [0, 0, columns, rows]
        samples, place = unpacked(data, place, rows, columns, colors)
        resolution, points = (field(276), field(280)), (field(352), field(356))
        pages.append(Raster(resolution, points, field(400), field(452), samples))
    return pages


def unpacked(data: bytes, place: int, rows: int, columns: int, colors: int) -> tuple[np.ndarray, int]:
    """Rows of compressed samples from ``place``, and where they end."""
    lines: list[bytes] = []
    while len(lines) < rows:
        repeated, line, place = data[place] + 1, b"", place + 1
        while len(line) < colors * columns:
            count, place = data[place], place + 1
            assert count != 128
            if count < 128:
                line += data[place : place + colors] * (count + 1)
                place += colors
            else:
                line += data[place : place + colors * (257 - count)]
                place += colors * (257 - count)
        assert len(line) == colors * columns
        lines += [line] * repeated
    assert len(lines) == rows
    return np.frombuffer(b"".join(lines), np.uint8).reshape(rows, columns, colors), place


def raster(folder: Path, *made: Any, **keys: Any) -> list[Raster]:
    deliver("pwg", folder, *made, **keys)
    [path] = folder.glob("*.pwg")
    return pages_of(path.read_bytes())


@pytest.mark.parametrize("shape", [(120, 180), (1, 1), (1, 128), (50, 129), (300, 255), (257, 256)])
def test_samples_are_lossless(shape: tuple[int, int], tmp_path: Path) -> None:
    density = densities(*shape)
    [read] = raster(tmp_path, page(density))
    assert (read.samples[..., 0] == table_of(255)[density]).all()
    assert (read.space, read.dots_per_inch, read.pages) == (18, (40, 40), 1)


def test_colors_are_lossless(tmp_path: Path) -> None:
    made = color_page(rows=70, columns=300)
    [read] = raster(tmp_path, made)
    assert (read.samples == made.srgb).all()
    assert read.space == 19


def test_gray_and_color_as_the_printer_has_them(tmp_path: Path) -> None:
    gray, color = page(), color_page()
    first, second = raster(tmp_path / "rgb", gray, color, colors="rgb")
    assert (first.samples == table_of(255)[drawn(gray)][..., None]).all()
    assert (first.space, second.space, first.samples.shape[2]) == (19, 19, 3)
    first, second = raster(tmp_path / "gray", gray, color, colors="gray")
    assert (second.samples[..., 0] == cv2.cvtColor(color.srgb, cv2.COLOR_RGB2GRAY)).all()
    assert (first.space, second.space) == (18, 18)


def test_pages_keep_size_order_and_text(tmp_path: Path) -> None:
    made = several()
    for read, each in zip(raster(tmp_path, *made), made, strict=True):
        assert (read.samples[..., 0] == table_of(255, each.scale)[drawn(each)]).all()
        assert read.points == tuple(round(side) for side in each.size_points)


@pytest.mark.parametrize(("dots_per_inch", "edge"), [(300, 5100), (600, 10200), (320, 5440)])
def test_a_film_of_17_inches_has_the_printer_s_pixels(dots_per_inch: int, edge: int, tmp_path: Path) -> None:
    density = np.full((5440, 5440), 31000, np.uint16)
    density[:, 2720:] = 2000
    [read] = raster(tmp_path, page(density, dots_per_inch=320.0), dots_per_inch=dots_per_inch)
    assert read.samples.shape == (edge, edge, 1)
    assert (read.points, read.dots_per_inch) == ((1224, 1224), (dots_per_inch,) * 2)
    # What is in the middle stays there.
    assert (read.samples[:, : edge // 2 - 2] == 0).all()
    assert (read.samples[:, edge // 2 + 2 :] == 255).all()


def test_what_shrinks_is_averaged(tmp_path: Path) -> None:
    density = np.where(np.arange(400) % 2, 31000, 2000).astype(np.uint16)[None].repeat(400, axis=0)
    [read] = raster(tmp_path, page(density, dots_per_inch=200.0), dots_per_inch=100)
    assert np.unique(read.samples).tolist() == [table_of(255)[16500]]


def test_a_page_is_turned_to_the_left_with_its_text() -> None:
    made = page()
    turned = upright(made)
    assert turned.shape == (180, 120)
    assert (np.rot90(turned.density, -1) == drawn(made)).all()  # type: ignore[union-attr]
    assert turned.texts == ()


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 300), st.sampled_from([1, 3])),
        elements=st.integers(0, 1),
    )
)
def test_whatever_is_packed_unpacks(samples: np.ndarray) -> None:
    packed = _packed(samples)
    read, end = unpacked(packed, 0, *samples.shape)
    assert (read == samples).all()
    assert end == len(packed)


def test_borders_are_small() -> None:
    assert len(_packed(np.zeros((128, 5120, 1), np.uint8))) == 1 + 2 * 40


@pytest.mark.parametrize("keys", [{"bits": 16}, {"dots_per_inch": 10}, {"colors": "cmyk"}])
def test_keys_that_are_wrong_are_named(keys: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=next(iter(keys))):
        open_output({"type": "pwg", "folder": tmp_path} | keys)


@pytest.mark.peer(RASTERTOPDF, "pdfimages", "pdfinfo", "qpdf")
@pytest.mark.parametrize("kind", ["gray", "color"])
def test_cups_reads_it(kind: str, tmp_path: Path) -> None:
    gray, color = page(densities(340, 340), dots_per_inch=20.0), color_page(340, 340, dots_per_inch=20.0)
    made: Any = gray if kind == "gray" else color
    reads = raster(tmp_path, made, made, dots_per_inch=50)
    [source] = tmp_path.glob("*.pwg")
    command = [RASTERTOPDF, "1", "user", "title", "1", "", source]
    done = subprocess.run(command, env={"CONTENT_TYPE": "image/pwg-raster"}, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    pdf = tmp_path / "film.pdf"
    pdf.write_bytes(done.stdout)
    assert "1224 x 1224 pts" in run("pdfinfo", pdf)
    images = [line.split() for line in run("pdfimages", "-list", pdf).splitlines()[2:]]
    for image, read in zip(images, reads, strict=True):
        assert image[12:14] == ["50", "50"]
        show = "qpdf", f"--show-object={image[10]}", "--filtered-stream-data", pdf
        samples = subprocess.run(show, capture_output=True, check=True, timeout=60).stdout
        assert samples == read.samples.tobytes()
