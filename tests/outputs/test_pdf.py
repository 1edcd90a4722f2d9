"""A job as PDF: exact in size and samples, read back with our own eyes and with programs of others."""

import io
import re
import unicodedata
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outputs.pages import (
    SCALE,
    TEXT_ROWS,
    TITLE,
    color_page,
    deliver,
    densities,
    every_p_value,
    ghostscript,
    page,
    run,
    several,
    table_of,
)
from PIL import Image, ImageCms

from printscp.render.page import ColorPage, Page, Text
from printscp.render.samples import gray_profile
from printscp.render.tone import ToneScale

WORLD = {
    "Latin": "Naïve Œuvre 12 % (déjà vu)",
    "Greek": "Ακτινογραφία θώρακος",
    "Cyrillic": "Рентген грудной клетки",
    "Han": "胸部正面像",
    "Kana": "レントゲンです",
    "Hangul": "흉부 방사선",
    "Arabic": "صورة الصدر لا بأس",
    "Hebrew": "צילום חזה",
}


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return Path(deliver("pdf", tmp_path, page()))


@pytest.fixture
def long_pdf(tmp_path: Path) -> Path:
    return Path(deliver("pdf", tmp_path, *several()))


def document(folder: Path, *pages: Page | ColorPage, **keys: Any) -> bytes:
    return Path(deliver("pdf", folder, *pages, **keys)).read_bytes()


def stream_of(pdf: bytes, place: int) -> tuple[dict[str, str], bytes]:
    """Dictionary and data of the stream whose object holds ``place``."""
    start = pdf.rindex(b" obj", 0, place)
    dictionary, data = pdf[start:].split(b"stream\n", 1)
    fields = dict(re.findall(r"/(\w+) /?([^\s/<>]+)", dictionary.decode("latin-1")))
    referred = re.search(rb"/Length (\d+) 0 R", dictionary)
    if referred:
        found = re.search(rb"\n%b 0 obj\s+(\d+)\s+endobj" % referred[1], pdf)
        assert found
        fields["Length"] = found[1].decode()
    length = int(fields["Length"])
    assert data[length:].lstrip().startswith(b"endstream")
    return fields, data[:length]


def images_of(pdf: bytes) -> list[tuple[dict[str, str], np.ndarray]]:
    """Each image's dictionary and samples: inflated, and the PNG filters of its rows undone."""
    images = []
    for found in re.finditer(rb"/Subtype /Image", pdf):
        fields, data = stream_of(pdf, found.start())
        rows, columns = int(fields["Height"]), int(fields["Width"])
        size, colors = int(fields["BitsPerComponent"]) // 8, int(fields["Colors"])
        filtered = np.frombuffer(zlib.decompress(data), np.uint8).reshape(rows, -1)
        assert filtered.shape[1] == 1 + columns * colors * size
        assert np.isin(filtered[:, 0], (0, 2)).all()
        plain = np.zeros_like(filtered[:, 1:])
        for row, (kind, *_) in enumerate(filtered[:, :1]):
            plain[row] = filtered[row, 1:] + (plain[row - 1] if row and kind == 2 else 0)
        samples = plain.view(f">u{size}").reshape((rows, columns, colors)[: 2 + (colors > 1)])
        images.append((fields, samples))
    return images


def image_of(pdf: bytes) -> tuple[dict[str, str], np.ndarray]:
    """The one image's dictionary and samples."""
    [image] = images_of(pdf)
    return image


def media_boxes(pdf: bytes) -> list[list[float]]:
    found = re.findall(rb"/MediaBox \[([^\]]*)\]", pdf)
    return [[float(number) for number in each.split()] for each in found]


# --- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(120, 180), (1, 1), (1, 50), (50, 1), (3, 1000), (600, 500)])
def test_the_image_is_lossless(shape: tuple[int, int], bits: int, tmp_path: Path) -> None:
    density = densities(*shape)
    fields, samples = image_of(document(tmp_path, page(density), bits=bits))
    assert (samples == table_of((1 << bits) - 1)[density]).all()
    assert (fields["ColorSpace"], fields["BitsPerComponent"]) == ("DeviceGray", str(bits))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_page_that_is_a_part_of_another_comes_out_as_itself(bits: int, tmp_path: Path) -> None:
    density = densities()[10:100:2, 5:95]
    _, samples = image_of(document(tmp_path, page(density), bits=bits))
    assert (samples == table_of((1 << bits) - 1)[density]).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_black_is_0_and_white_full(bits: int, tmp_path: Path) -> None:
    density = np.array([[31000, 2000, 65535, 0]], np.uint16)
    full = (1 << bits) - 1
    assert image_of(document(tmp_path, page(density), bits=bits))[1].tolist() == [[0, full, 0, full]]


def test_each_p_value_of_12_bits_stays_itself_in_16(tmp_path: Path) -> None:
    _, samples = image_of(document(tmp_path, every_p_value(), bits=16))
    assert len(np.unique(samples)) == 4096
    assert (np.diff(samples.ravel().astype(int)) > 0).all()


def test_colors_are_lossless_srgb(tmp_path: Path) -> None:
    made = color_page()
    pdf = document(tmp_path, made)
    fields, samples = image_of(pdf)
    assert (samples == made.srgb).all()
    assert fields["ColorSpace"] == "DeviceRGB"
    profile = output_profile(pdf)
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.getOpenProfile(io.BytesIO(profile)))
    assert profile[24:36] == bytes(12)  # no date of its own


@pytest.mark.parametrize(
    ("shape", "dots_per_inch", "points"),
    [
        ((170, 170), 10.0, (1224, 1224)),
        ((170, 140), 10.0, (1008, 1224)),
        ((140, 170), 10.0, (1224, 1008)),
        # A4 on a printer of 25.4 dpi: 210 x 297 pixels of a millimetre.
        ((297, 210), 25.4, (595.2756, 841.8898)),
    ],
)
def test_the_page_is_as_large_as_the_film(
    shape: tuple[int, int], dots_per_inch: float, points: tuple[float, float], tmp_path: Path
) -> None:
    pdf = document(tmp_path, page(np.full(shape, 31000, np.uint16), dots_per_inch=dots_per_inch))
    [box] = media_boxes(pdf)
    assert box == pytest.approx([0, 0, *points], abs=1e-4)
    # And the image fills it from edge to edge.
    [matrix] = re.findall(rb"q ([\d.]+) 0 0 ([\d.]+) 0 0 cm /\S+ Do Q", pdf)
    assert [float(number) for number in matrix] == pytest.approx(points, abs=1e-4)


def test_seventeen_inches_are_1224_points_to_the_last_digit(tmp_path: Path) -> None:
    pdf = document(tmp_path, page(np.full((544, 544), 31000, np.uint16), dots_per_inch=32))
    assert media_boxes(pdf) == [[0, 0, 1224, 1224]]


def test_a_viewer_is_told_copies_no_scaling_dates_and_what_gray_means(pdf: Path) -> None:
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-1.7")
    assert re.search(rb"/NumCopies 2\b", data)
    assert re.search(rb"/PrintScaling /None\b", data)
    assert len(re.findall(rb"D:20261018093000\+00'00'", data)) == 2
    [subject] = re.findall(rb"/Subject \((.*?)\) /", data.replace(b"\\\n", b""))
    for fact in (b"3.10 OD", b"0.20 OD", b"L0 2000", b"La 10"):
        assert fact in subject
    _, metadata = stream_of(data, data.index(b"/Subtype /XML"))
    for fact in (b"<xmp:CreateDate>2026-10-18T09:30:00Z<", b"VIEWER &gt; FILMS", b"L0 2000 and La 10"):
        assert fact in metadata


# --- the profile -----------------------------------------------------------------------------------------


def output_profile(pdf: bytes) -> bytes:
    """The profile of the output intent."""
    [number] = re.findall(rb"/DestOutputProfile (\d+) 0 R", pdf)
    _, data = stream_of(pdf, pdf.index(b"stream", pdf.index(b"\n%b 0 obj" % number)))
    return zlib.decompress(data)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("tone", ["p-value", "lightbox"])
def test_the_output_intent_is_the_profile_of_the_samples(tone: Any, bits: int, tmp_path: Path) -> None:
    pdf = document(tmp_path, page(), tone=tone, bits=bits)
    profile = output_profile(pdf)
    assert profile == gray_profile(SCALE, tone, bits)
    ImageCms.getOpenProfile(io.BytesIO(profile))
    # A reader that converts by the first intent finds nothing to convert by (MuPDF).
    assert len(re.findall(rb"/Type /OutputIntent\b", pdf)) == 2
    assert pdf.rindex(b"<<", 0, pdf.index(b"/DestOutputProfile")) > pdf.index(b"/OutputCondition")


def test_pages_of_different_meaning_have_no_common_intent(tmp_path: Path) -> None:
    other = page(scale=ToneScale(0.2, 3.1, 2000, 20))
    for pages in ([page(), other], [page(), color_page()]):
        assert b"OutputIntent" not in document(tmp_path, *pages)
    assert b"OutputIntent" in document(tmp_path, page(), page())


# --- several pages ---------------------------------------------------------------------------------------


def test_each_page_keeps_its_image_and_its_size(tmp_path: Path) -> None:
    pages = several()
    pdf = document(tmp_path, *pages, copies=3)
    for (_, samples), each in zip(images_of(pdf), pages, strict=True):
        assert (samples == table_of(255, each.scale)[each.density]).all()
    assert media_boxes(pdf) == [[0, 0, *each.size_points] for each in pages]
    # Copies are those of the document: it is printed 1 2 3 4 1 2 3 4.
    assert re.findall(rb"/NumCopies (\d+)", pdf) == [b"3"]


def test_each_page_says_what_its_gray_means_where_they_differ(tmp_path: Path) -> None:
    subject = re.compile(rb"/Subject \((.*)\)\s")
    [differ] = subject.findall(document(tmp_path, *several()).replace(b"\\\n", b""))
    assert re.findall(rb"(Pages?[ \dto]+): .*?La (\d+)", differ) == [
        (b"Pages 1 to 3", b"10"),
        (b"Page 4", b"20"),
    ]
    [same] = subject.findall(document(tmp_path, *several()[:3]))
    assert b"Page" not in same


def test_the_cross_reference_table_finds_every_object(long_pdf: Path) -> None:
    pdf = long_pdf.read_bytes()
    start = int(re.findall(rb"startxref\n(\d+)", pdf)[0])
    head, *entries = pdf[start : pdf.index(b"trailer")].splitlines(keepends=True)[1:]
    assert head == b"0 %d\n" % len(entries)
    assert entries[0] == b"0000000000 65535 f \n"
    for number, entry in enumerate(entries[1:], start=1):
        assert len(entry) == 20
        assert pdf[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)


# --- programs of others ----------------------------------------------------------------------------------


def drawn(samples: np.ndarray) -> np.ndarray:
    """8 bits of samples of 8 or 16."""
    return samples if samples.max() < 256 else np.rint(samples / 257)


@pytest.mark.peer("gs")
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("tone", ["p-value", "lightbox"])
def test_ghostscript_draws_the_samples_and_the_text(tone: str, bits: int, tmp_path: Path) -> None:
    made = page()
    pdf = document(tmp_path, made, tone=tone, bits=bits)
    ghostscript("pnggray", tmp_path / "000012.pdf", tmp_path / "film.png")
    rendered = np.asarray(Image.open(tmp_path / "film.png"))
    expected = drawn(image_of(pdf)[1])
    assert rendered.shape == expected.shape
    differ = rendered != expected
    assert differ[TEXT_ROWS].any()
    differ[TEXT_ROWS] = False
    assert not differ.any()
    # The text is bright on dark, and does not begin before its left edge.
    text = rendered[TEXT_ROWS].astype(int) - expected[TEXT_ROWS]
    assert text.max() > 100
    assert (text[:, :10] == 0).all()


@pytest.mark.peer("mutool")
@pytest.mark.parametrize("bits", [8, 16])
def test_mupdf_draws_the_samples(bits: int, tmp_path: Path) -> None:
    made = page(texts=())
    pdf = document(tmp_path, made, bits=bits)
    run(
        "mutool", "draw", "-q", "-c", "gray", "-r", "40", "-o", tmp_path / "film.png", tmp_path / "000012.pdf"
    )
    rendered = np.asarray(Image.open(tmp_path / "film.png"))
    samples = image_of(pdf)[1]
    # Of 16 bits it takes the upper 8.
    assert (rendered == (samples if bits == 8 else samples >> 8)).all()


@pytest.mark.peer("gs", "mutool")
def test_colors_are_drawn_as_they_are(tmp_path: Path) -> None:
    made = color_page()
    document(tmp_path, made)
    pdf = tmp_path / "000012.pdf"
    ghostscript("png16m", pdf, tmp_path / "gs.png")
    run("mutool", "draw", "-q", "-c", "rgb", "-r", "40", "-o", tmp_path / "mupdf.png", pdf)
    for name in ("gs.png", "mupdf.png"):
        assert (np.asarray(Image.open(tmp_path / name)) == made.srgb).all()


@pytest.mark.peer("gs")
def test_ghostscript_draws_each_page_as_it_is(long_pdf: Path, tmp_path: Path) -> None:
    ghostscript("pnggray", long_pdf, tmp_path / "%d.png")
    first, second = (np.asarray(Image.open(tmp_path / f"{number}.png")) for number in (1, 2))
    (_, samples), (_, doubled), *_ = images_of(long_pdf.read_bytes())
    assert first.shape == samples.shape
    assert (first[40:] == samples[40:]).all()  # below the text
    assert second.shape == (600, 280)
    assert (second[100::2, ::2] == doubled[50:]).all()


@pytest.mark.peer("qpdf")
@pytest.mark.parametrize("bits", [8, 16])
def test_qpdf_finds_no_fault(bits: int, tmp_path: Path) -> None:
    document(tmp_path, *several(), color_page(), bits=bits)
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", tmp_path / "000012.pdf")


@pytest.mark.peer("pdftotext")
def test_the_text_is_text(pdf: Path, long_pdf: Path) -> None:
    assert run("pdftotext", long_pdf, "-").split() == " ".join(f"film {k} of 4" for k in (1, 2, 3, 4)).split()


@pytest.mark.peer("pdftotext")  # and pdffonts, of the same package
def test_text_in_any_script_is_found(tmp_path: Path) -> None:
    texts = tuple(
        Text(text, left=10, baseline=20 + 12 * number, size=8, density=2000)
        for number, text in enumerate(WORLD.values())
    )
    document(tmp_path, page(np.full((130, 300), 31000, np.uint16), texts=texts))
    found = run("pdftotext", "-layout", tmp_path / "000012.pdf", "-")
    found = re.sub("[\u202a-\u202c]", "", unicodedata.normalize("NFKC", found))
    lines = [each.strip() for each in found.splitlines() if each.strip()]
    assert lines == list(WORLD.values())
    _, _, *fonts = run("pdffonts", tmp_path / "000012.pdf").splitlines()
    assert len(fonts) == 2
    for font in fonts:  # embedded, a subset, with a table to Unicode
        assert font.split()[-5:-2] == ["yes", "yes", "yes"]


@pytest.mark.peer("pdfimages")
@pytest.mark.parametrize("bits", [8, 16])
def test_poppler_finds_one_image_a_page_of_its_resolution(bits: int, tmp_path: Path) -> None:
    document(tmp_path, *several(), bits=bits)
    _, _, *images = run("pdfimages", "-list", tmp_path / "000012.pdf").splitlines()
    rows = [line.split() for line in images]
    assert [(row[0], *row[3:5], *row[12:14]) for row in rows] == [
        ("1", "180", "120", "40", "40"),
        ("2", "140", "300", "20", "20"),
        ("3", "180", "120", "13", "13"),
        ("4", "60", "40", "10", "10"),
    ]
    assert {tuple(row[5:10]) for row in rows} == {("gray", "1", str(bits), "image", "no")}


@pytest.mark.peer("pdfinfo")
def test_poppler_reads_the_title(pdf: Path) -> None:
    title = next(line for line in run("pdfinfo", pdf).splitlines() if line.startswith("Title:"))
    assert title.removeprefix("Title:").strip() == TITLE
