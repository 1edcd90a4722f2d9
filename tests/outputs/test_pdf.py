"""A job as PDF: exact in size and samples, read back with our own eyes and with programs of others."""

import io
import os
import re
import subprocess
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from printscp.outputs.pdf import PDFFolder, write
from printscp.render.page import Label, Page
from printscp.render.tone import ToneScale

SCALE = ToneScale(0.2, 3.1, 2000, 10)
TITLE = "film 12   2026-10-18 09:30:00   8INX10IN   VIEWER > FILMS (1)"
LABEL = Label(TITLE, left=10, baseline=112, height=5, density=2000)
LABEL_ROWS = slice(105, 116)


def document(*pages: Page, copies: int = 1) -> bytes:
    file = io.BytesIO()
    write(pages, file, copies)
    return file.getvalue()


def densities(rows: int = 120, columns: int = 180, seed: int = 5) -> np.ndarray:
    """Noise, which compresses badly, over a ramp."""
    noise = np.random.default_rng(seed).integers(0, 32000, (rows, columns))
    noise[: rows // 3] = np.linspace(0, 31500, columns)
    if rows >= LABEL_ROWS.stop:
        noise[LABEL_ROWS] = 31000
    return noise.astype(np.uint16)


def page(density: np.ndarray | None = None, **fields: Any) -> Page:
    values: dict[str, Any] = {
        "density": densities() if density is None else density,
        "dots_per_inch": 40.0,
        "scale": SCALE,
        "labels": (LABEL,),
        "title": TITLE,
    }
    return Page(**values | fields)


def expected_samples(density: np.ndarray) -> np.ndarray:
    return np.rint(SCALE.p_value(density * 0.0001) * 255).astype(np.uint8)


def images_of(pdf: bytes) -> list[tuple[dict[str, str], np.ndarray]]:
    """Each image's dictionary and samples: inflated, and the PNG filters of its rows undone."""
    images = []
    for found in re.finditer(rb"/Subtype /Image", pdf):
        start = pdf.rindex(b" obj", 0, found.start())
        dictionary, stream = pdf[start:].split(b"stream\n", 1)
        fields = dict(re.findall(r"/(\w+) /?([^\s/<>]+)", dictionary.decode("latin-1")))
        length = int(fields["Length"])
        assert stream[length:].startswith(b"\nendstream")
        rows, columns = int(fields["Height"]), int(fields["Width"])
        data = np.frombuffer(zlib.decompress(stream[:length]), np.uint8).reshape(rows, columns + 1)
        samples = np.zeros((rows, columns), np.uint8)
        for row, (kind, *_) in enumerate(data[:, :1]):
            assert kind in (0, 2)
            above = samples[row - 1] if row and kind == 2 else 0
            samples[row] = data[row, 1:] + above
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


@pytest.mark.parametrize("shape", [(120, 180), (1, 1), (1, 50), (50, 1), (3, 1000)])
def test_the_image_is_lossless(shape: tuple[int, int]) -> None:
    density = densities(*shape)
    fields, samples = image_of(document(page(density)))
    assert (samples == expected_samples(density)).all()
    assert fields["ColorSpace"] == "DeviceGray"
    assert fields["BitsPerComponent"] == "8"


def test_a_page_that_is_a_part_of_another_comes_out_as_itself() -> None:
    density = densities()[10:100:2, 5:95]
    _, samples = image_of(document(page(density)))
    assert (samples == expected_samples(density)).all()


def test_black_is_0_and_white_255() -> None:
    density = np.array([[31000, 2000, 65535, 0]], np.uint16)
    assert image_of(document(page(density)))[1].tolist() == [[0, 255, 0, 255]]


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
    shape: tuple[int, int], dots_per_inch: float, points: tuple[float, float]
) -> None:
    pdf = document(page(np.full(shape, 31000, np.uint16), dots_per_inch=dots_per_inch, labels=()))
    [box] = media_boxes(pdf)
    assert box == pytest.approx([0, 0, *points], abs=1e-4)
    # And the image fills it from edge to edge.
    [matrix] = re.findall(rb"q ([\d.]+) 0 0 ([\d.]+) 0 0 cm /\S+ Do Q", pdf)
    assert [float(number) for number in matrix] == pytest.approx(points, abs=1e-4)


def test_seventeen_inches_are_1224_points_to_the_last_digit() -> None:
    pdf = document(page(np.full((544, 544), 31000, np.uint16), dots_per_inch=32))
    assert media_boxes(pdf) == [[0, 0, 1224, 1224]]


def test_a_viewer_is_told_copies_no_scaling_and_what_gray_means() -> None:
    pdf = document(page(), copies=7)
    assert pdf.startswith(b"%PDF-1.7")
    assert re.search(rb"/NumCopies 7\b", pdf)
    assert re.search(rb"/PrintScaling /None\b", pdf)
    [subject] = re.findall(rb"/Subject \((.*)\)\s", pdf)
    for fact in (b"3.10 OD", b"0.20 OD", b"L0 2000", b"La 10"):
        assert fact in subject


# --- several pages ---------------------------------------------------------------------------------------


def several() -> list[Page]:
    """Pages that differ in size, resolution, light and label."""
    shapes = ((120, 180), (300, 140), (120, 180), (40, 60))
    return [
        page(
            densities(*shape, seed=number),
            dots_per_inch=40.0 / number,
            scale=ToneScale(0.2, 3.1, 2000, 10 if number < 4 else 20),
            labels=(Label(f"film {number} of 4", left=10, baseline=30, height=5, density=2000),),
            title=f"title {number}",
        )
        for number, shape in enumerate(shapes, start=1)
    ]


def test_each_page_keeps_its_image_and_its_size() -> None:
    pages = several()
    pdf = document(*pages, copies=3)
    for (_, samples), each in zip(images_of(pdf), pages, strict=True):
        table = np.rint(each.scale.p_value(each.density * 0.0001) * 255).astype(np.uint8)
        assert (samples == table).all()
    assert media_boxes(pdf) == [[0, 0, *each.size_points] for each in pages]
    assert re.findall(rb"\(film (\d) of 4\) Tj", pdf) == [b"1", b"2", b"3", b"4"]
    # Copies are those of the document: it is printed 1 2 3 4 1 2 3 4.
    assert re.findall(rb"/NumCopies (\d+)", pdf) == [b"3"]
    assert re.findall(rb"/Title \((.*)\)", pdf) == [b"title 1"]


def test_each_page_says_what_its_gray_means_where_they_differ() -> None:
    [subject] = re.findall(rb"/Subject \((.*)\)\s", document(*several()).replace(b"\\\n", b""))
    lights = [re.search(rb"Page %d: .*?La (\d+)" % number, subject) for number in (1, 2, 3, 4)]
    assert [light and light[1] for light in lights] == [b"10", b"10", b"10", b"20"]
    [subject] = re.findall(rb"/Subject \((.*)\)\s", document(*several()[:3]))
    assert b"Page" not in subject


def test_a_page_is_asked_for_when_the_one_before_is_in_the_file_and_forgotten() -> None:
    file = io.BytesIO()
    before: list[weakref.ref[Page]] = []
    sizes: list[int] = []

    def pages() -> Iterator[Page]:
        for number in range(4):
            assert not any(each() for each in before)
            sizes.append(len(file.getvalue()))
            before.append(weakref.ref(made := page(densities(seed=number))))
            yield made
            del made

    write(pages(), file, 1)
    assert len(before) == 4
    # Noise hardly gets smaller: what is in the file is each page's image, and no copy waits anywhere.
    grown = np.diff([*sizes, len(file.getvalue())])
    assert (grown > 0.6 * densities().size).all()


def test_the_same_pages_are_the_same_file_but_for_its_dates() -> None:
    def without_dates(pdf: bytes) -> bytes:
        return re.sub(rb"D:\d{14}|/ID \n\[.*\]", b"", pdf)

    assert without_dates(document(*several())) == without_dates(document(*several()))


def test_the_cross_reference_table_finds_every_object() -> None:
    pdf = document(*several())
    start = int(re.findall(rb"startxref\n(\d+)", pdf)[0])
    head, *entries = pdf[start : pdf.index(b"trailer")].splitlines(keepends=True)[1:]
    assert head == b"0 %d\n" % len(entries)
    assert entries[0] == b"0000000000 65535 f \n"
    for number, entry in enumerate(entries[1:], start=1):
        assert len(entry) == 20
        assert pdf[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)


def test_an_error_while_a_page_is_made_leaves_no_file(tmp_path: Path) -> None:
    def pages() -> Iterator[Page]:
        yield page()
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        PDFFolder(tmp_path).deliver(pages(), "0001", 1)
    assert list(tmp_path.iterdir()) == []


# --- the folder ------------------------------------------------------------------------------------------


def test_delivered_twice_is_one_file(tmp_path: Path) -> None:
    folder = PDFFolder(tmp_path / "deep" / "films")
    first = folder.deliver([page()], "0001", 1)
    second = folder.deliver([page(densities(seed=6))], "0001", 1)
    assert first == second == tmp_path / "deep" / "films" / "0001.pdf"
    assert [path.name for path in first.parent.iterdir()] == ["0001.pdf"]
    assert (image_of(first.read_bytes())[1] == expected_samples(densities(seed=6))).all()


def test_what_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".0001.part").write_bytes(b"half a film, longer than the whole one" * 10000)
    path = PDFFolder(tmp_path).deliver([page()], "0001", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["0001.pdf"]
    assert path.read_bytes().rstrip().endswith(b"%%EOF")


def test_a_name_that_can_be_seen_stands_for_a_film_that_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(handle: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name, os.fstat(handle).st_size))
        fsync(handle)

    def recorded_replace(source: Any, target: Any) -> None:
        calls.append(("replace", Path(source).name, Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    path = PDFFolder(tmp_path).deliver([page()], "0001", 1)
    (_, part, size), renamed, (_, folder, _) = calls
    assert (part, size) == (".0001.part", path.stat().st_size)
    assert renamed == ("replace", ".0001.part", "0001.pdf")
    assert folder == tmp_path.name


@pytest.mark.parametrize("where", ["films", "films/deeper"])
def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path, where: str) -> None:
    def pages() -> Iterator[Page]:
        pytest.fail("to make a page was for nothing")
        yield page()

    (tmp_path / "films").write_text("no folder")
    with pytest.raises(OSError, match="films"):
        PDFFolder(tmp_path / where).deliver(pages(), "0001", 1)


# --- programs of others ----------------------------------------------------------------------------------


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return PDFFolder(tmp_path).deliver([page()], "film", 2)


@pytest.fixture
def long_pdf(tmp_path: Path) -> Path:
    return PDFFolder(tmp_path).deliver(several(), "films", 2)


def run(*command: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.peer("gs")
def test_ghostscript_renders_the_samples_and_the_label(pdf: Path, tmp_path: Path) -> None:
    png = tmp_path / "film.png"
    run("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pnggray", "-r40", "-o", png, pdf)
    rendered = np.asarray(Image.open(png))
    expected = expected_samples(densities())
    assert rendered.shape == expected.shape
    differ = rendered != expected
    assert differ[LABEL_ROWS].any()
    differ[LABEL_ROWS] = False
    assert not differ.any()
    # The label is bright on dark, and does not begin before its left edge.
    label = rendered[LABEL_ROWS]
    assert label.max() > 128
    assert (label[:, :10] == 0).all()


@pytest.mark.peer("qpdf")
def test_qpdf_finds_no_fault(pdf: Path) -> None:
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", pdf)


@pytest.mark.peer("pdftotext")
def test_the_label_is_text(pdf: Path) -> None:
    text = run("pdftotext", "-layout", pdf, "-")
    assert text.split() == TITLE.split()


@pytest.mark.peer("pdfimages")
def test_there_is_one_gray_image_of_the_page_s_resolution(pdf: Path) -> None:
    _, _, *images = run("pdfimages", "-list", pdf).splitlines()
    [row] = [line.split() for line in images]
    _, _, kind, width, height, color, components, bits, encoding, interpolated, *_ = row
    assert (kind, width, height) == ("image", "180", "120")
    assert (color, components, bits, encoding, interpolated) == ("gray", "1", "8", "image", "no")
    assert row[12:14] == ["40", "40"]


@pytest.mark.peer("qpdf")
def test_qpdf_finds_no_fault_in_several_pages(long_pdf: Path) -> None:
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", long_pdf)


@pytest.mark.peer("pdftotext", "pdfimages")
def test_poppler_finds_the_pages_in_order(long_pdf: Path) -> None:
    assert run("pdftotext", long_pdf, "-").split() == " ".join(f"film {k} of 4" for k in (1, 2, 3, 4)).split()
    _, _, *images = run("pdfimages", "-list", long_pdf).splitlines()
    found = [(line.split()[0], *line.split()[3:5], *line.split()[12:14]) for line in images]
    assert found == [
        ("1", "180", "120", "40", "40"),
        ("2", "140", "300", "20", "20"),
        ("3", "180", "120", "13", "13"),
        ("4", "60", "40", "10", "10"),
    ]


@pytest.mark.peer("gs")
def test_ghostscript_renders_each_page_as_it_is(long_pdf: Path, tmp_path: Path) -> None:
    run(
        "gs",
        "-q",
        "-dSAFER",
        "-dBATCH",
        "-dNOPAUSE",
        "-sDEVICE=pnggray",
        "-r40",
        "-o",
        tmp_path / "%d.png",
        long_pdf,
    )
    first, second = (np.asarray(Image.open(tmp_path / f"{number}.png")) for number in (1, 2))
    (_, samples), (_, doubled), *_ = images_of(long_pdf.read_bytes())
    assert first.shape == samples.shape
    assert (first[40:] == samples[40:]).all()  # below the label
    assert second.shape == (600, 280)
    assert (second[100::2, ::2] == doubled[50:]).all()
