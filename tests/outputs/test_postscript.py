"""A job as PostScript: structured as the DSC want it, and drawn by Ghostscript to the last sample."""

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outputs.pages import (
    TICKET,
    TITLE,
    color_page,
    deliver,
    densities,
    every_p_value,
    ghostscript,
    output,
    page,
    several,
    table_of,
)
from PIL import Image

from printscp.outputs.output import Uncontested
from printscp.outputs.postscript import _ascii85
from printscp.render.page import ColorPage, Page
from printscp.render.text import drawn

both = pytest.mark.parametrize("encoding", ["binary", "ascii85"])


def document(folder: Path, *pages: Page | ColorPage, **keys: Any) -> bytes:
    return Path(deliver("postscript", folder, *pages, **keys)).read_bytes()


def structure(data: bytes) -> list[str]:
    """The lines of a document, checked on the way (DSC 3.0), without the data that BeginData announces."""
    lines: list[str] = []
    while data:
        line, _, data = data.partition(b"\n")
        assert len(line) <= 255
        lines.append(line.decode("ascii"))
        found = re.fullmatch(rb"%%BeginData: (\d+) (Binary|ASCII) Bytes", line)
        if found:
            content, data = data[: int(found[1])], data[int(found[1]) :]
            assert data.startswith(b"\n%%EndData\n")
            if found[2] == b"ASCII":
                content.decode("ascii")
                assert max(map(len, content.splitlines())) <= 255
                assert not re.search(rb"^%[%!]", content, re.MULTILINE)
            data = data[1:]
    return lines


def said(lines: list[str], keyword: str) -> list[str]:
    return [line.partition(": ")[2] for line in lines if line.startswith(f"%%{keyword}:")]


@both
def test_the_document_says_what_it_needs(encoding: str, tmp_path: Path) -> None:
    lines = structure(document(tmp_path, *several(), encoding=encoding, copies=3))
    assert lines[0] == "%!PS-Adobe-3.0"
    assert lines[-1] == "%%EOF"
    head = lines[: lines.index("%%EndComments")]
    assert said(head, "Title") == ["(" + TITLE.replace("(", r"\(").replace(")", r"\)") + ")"]
    assert said(head, "Creator")[0].startswith("(printscp ")
    assert said(head, "CreationDate") == ["(2026-10-18 09:30:00 UTC)"]
    assert said(head, "LanguageLevel") == ["3"]
    assert said(head, "DocumentData") == ["Binary" if encoding == "binary" else "Clean7Bit"]
    assert said(head, "Requirements") == ["numcopies(3) collate"]
    deferred = ("BoundingBox", "HiResBoundingBox", "DocumentMedia", "Pages")
    assert [said(head, each) for each in deferred] == [["(atend)"]] * 4
    trailer = lines[lines.index("%%Trailer") :]
    assert said(trailer, "Pages") == ["4"]
    assert said(trailer, "BoundingBox") == ["0 0 972 1080"]
    assert said(trailer, "HiResBoundingBox") == ["0 0 972.000000 1080.000000"]
    assert said(trailer, "DocumentMedia") == ["film1 324.000000 216.000000 0 () ()"]
    assert [line for line in trailer if line.startswith("%%+")] == [
        "%%+ film2 504.000000 1080.000000 0 () ()",
        "%%+ film3 972.000000 648.000000 0 () ()",
        "%%+ film4 432.000000 288.000000 0 () ()",
    ]
    assert "<< /NumCopies 3 /Collate true >> setpagedevice" in lines


def test_each_page_says_its_number_its_size_and_what_gray_means(tmp_path: Path) -> None:
    lines = structure(document(tmp_path, *several(), color_page()))
    assert said(lines, "Page") == [f"{number} {number}" for number in (1, 2, 3, 4, 5)]
    assert said(lines, "PageMedia") == ["film1", "film2", "film3", "film4", "film5"]
    assert said(lines, "PageBoundingBox")[:2] == ["0 0 324 216", "0 0 504 1080"]
    assert "<< /PageSize [504.000000 1080.000000] >> setpagedevice" in lines
    comments = " ".join(line.removeprefix("% ") for line in lines if line.startswith("% "))
    assert comments.count("3.10 OD") == 4
    assert re.findall(r"La (\d+) cd", comments) == ["10", "10", "10", "20"]
    assert comments.endswith("Colors are sRGB (IEC 61966-2-1).")


def test_pages_of_one_size_are_of_one_medium(tmp_path: Path) -> None:
    lines = structure(document(tmp_path, page(), page()))
    assert said(lines, "PageMedia") == ["film1", "film1"]
    assert said(lines, "DocumentMedia") == ["(atend)", "film1 324.000000 216.000000 0 () ()"]


def test_a_title_of_any_characters_is_a_title(tmp_path: Path) -> None:
    odd = replace(TICKET, title="(\\) \n胸 %%EOF" + 200 * "(")
    with output("postscript", tmp_path).begin(odd) as made:
        made.add(page())
        path = Path(made.finish(Uncontested()).place)
    [title] = said(structure(path.read_bytes()), "Title")
    assert title.startswith(r"(\(\\\) ?? %%EOF\(")


@pytest.mark.peer("gs")
@both
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("columns", [180, 181])
def test_ghostscript_draws_the_samples(encoding: str, bits: int, columns: int, tmp_path: Path) -> None:
    density = densities(120, columns)
    document(tmp_path, page(density), bits=bits, encoding=encoding)
    ghostscript("pnggray", tmp_path / "000012.ps", tmp_path / "film.png", "-dNumCopies=1")
    rendered = np.asarray(Image.open(tmp_path / "film.png")).astype(int)
    samples = table_of((1 << bits) - 1)[density]
    assert rendered.shape == samples.shape
    if bits == 8:
        assert (rendered == samples).all()
    else:
        assert np.abs(rendered - samples / 4095 * 255).max() <= 1


@pytest.mark.peer("gs")
@both
def test_each_p_value_of_12_bits_stays_itself(encoding: str, tmp_path: Path) -> None:
    document(tmp_path, every_p_value(), bits=12, encoding=encoding)
    ghostscript("tiff48nc", tmp_path / "000012.ps", tmp_path / "film.tif", "-dUseFastColor=true")
    rendered = cv2.imread(str(tmp_path / "film.tif"), cv2.IMREAD_UNCHANGED)
    assert rendered.dtype == np.uint16
    samples = rendered[:, :, 0].ravel()
    assert len(np.unique(samples)) == 4096
    assert (np.rint(samples / 65535 * 4095) == np.arange(4096)).all()


@pytest.mark.peer("gs")
def test_ghostscript_draws_text_and_colors_and_all_pages(tmp_path: Path) -> None:
    pages = [page(), *several()[:2], color_page()]
    document(tmp_path, *pages, copies=1)
    ghostscript("png16m", tmp_path / "000012.ps", tmp_path / "%d.png")
    expected = [table_of(255)[drawn(pages[0])], table_of(255)[drawn(pages[1])], None, pages[3].srgb]
    for number, samples in enumerate(expected, start=1):
        if samples is not None:
            rendered = np.asarray(Image.open(tmp_path / f"{number}.png"))
            assert (rendered == (samples if samples.ndim == 3 else samples[:, :, None])).all()
    assert (table_of(255)[drawn(pages[0])] != table_of(255)[pages[0].density]).any()
    assert not (tmp_path / "5.png").exists()


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_base_85_is_that_of_others(parts: list[bytes]) -> None:
    made = b"".join(_ascii85(parts))
    assert base64.a85decode(b"<~" + made, adobe=True) == b"".join(parts)
