"""What a real SCU asks of a film is what its page shows: layout, medium, resolution, text and color."""

import re
import subprocess
from bisect import bisect
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.scu import COLOR, EVERYTHING, Scu, color_item, image_item
from PIL import Image
from pynetdicom.sop_class import PrintJob
from service.films import Films, samples_of

from printscp.film.sheet import Sheet

WITHOUT_JOBS = tuple(context for context in EVERYTHING if context != PrintJob)
FILM = {"FilmSizeID": "8INX10IN"}


def flat(value: int) -> NDArray[np.uint8]:
    return np.full((16, 16), value, np.uint8)


def middles(sheet: Sheet, page: NDArray[np.uint8]) -> list[int]:
    """The sample in the middle of each image box."""
    return [int(page[box.top + box.height // 2, box.left + box.width // 2]) for box in sheet.boxes]


def ranks(edges: list[int]) -> list[int]:
    """0 for the smallest, and so on; edges that are the same but for the rounding share one."""
    firsts = [edge for before, edge in pairwise([-9, *sorted(edges)]) if edge - before > 4]
    return [bisect(firsts, edge) - 1 for edge in edges]


@pytest.mark.peer("pdfimages")
@pytest.mark.parametrize(
    ("display_format", "lefts", "tops"),
    [
        ("STANDARD\\3,2", [0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1]),
        ("ROW\\1,2", [0, 0, 1], [0, 1, 1]),
        ("COL\\1,3", [0, 1, 1, 1], [0, 0, 1, 2]),
        ("CUSTOM\\1", [0, 1, 1, 1], [0, 0, 1, 2]),
    ],
)
def test_images_stand_where_the_display_format_has_them(
    films: Films, tmp_path: Path, display_format: str, lefts: list[int], tops: list[int]
) -> None:
    values = [20 * position for position in range(1, len(lefts) + 1)]
    with Scu(films.printer.address) as scu:
        scu.create_session()
        scu.create_film(display_format, **FILM)
        assert len(scu.boxes) == len(values)
        for position in reversed(range(1, len(values) + 1)):
            assert scu.set_image(position, image_item(flat(values[position - 1])))[0].Status == 0
        assert scu.print_film().Status == 0
    (samples,) = samples_of(Path(films.job().outputs[0]), tmp_path)
    sheet = films.sheet
    assert middles(sheet, samples) == values
    assert ranks([box.left for box in sheet.boxes]) == lefts
    assert ranks([box.top for box in sheet.boxes]) == tops


@pytest.mark.peer("pdfimages")
def test_slides(films: Films, tmp_path: Path) -> None:
    with Scu(films.printer.address) as scu:
        scu.create_session()
        scu.create_film("SLIDE", **FILM)
        assert scu.set_image(len(scu.boxes), image_item(flat(200)))[0].Status == 0
        assert scu.print_film().Status == 0
    (samples,) = samples_of(Path(films.job().outputs[0]), tmp_path)
    assert middles(films.sheet, samples) == [0] * (len(films.sheet.boxes) - 1) + [200]


@pytest.mark.peer("pdfinfo", "pdfimages")
def test_paper_is_printed_in_its_own_range_for_the_light_it_reflects(films: Films, tmp_path: Path) -> None:
    with Scu(films.printer.address) as scu:
        scu.create_session(MediumType="PAPER")
        scu.create_film(**FILM)
        scu.set_image(1, image_item(flat(255)))
        assert scu.print_film().Status == 0
    (pdf,) = films.job().outputs
    sheet = films.sheet
    assert (sheet.printer_density, sheet.border_density) == ((5, 200), 200)
    assert (sheet.illumination, sheet.reflected_ambient_light) == (150, 0)
    (samples,) = samples_of(Path(pdf), tmp_path)
    assert (middles(sheet, samples), samples[0, 0]) == ([255], 0)
    told = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    assert re.search(r"2\.00 OD.*0\.05 OD.*\b150\b", told)


@pytest.mark.peer("pdfinfo", "pdfimages")
def test_high_resolution_has_the_same_film_in_finer_pixels(films: Films, tmp_path: Path) -> None:
    with Scu(films.printer.address) as scu:
        scu.create_session()
        scu.create_film(RequestedResolutionID="HIGH", **FILM)
        scu.set_image(1, image_item(np.arange(256, dtype=np.uint8).reshape(16, 16)))
        assert scu.print_film().Status == 0
    (pdf,) = films.job().outputs
    (samples,) = samples_of(Path(pdf), tmp_path)
    assert samples.shape == (5080, 4064)
    told = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Page size: +576 x 720 pts", told)


@pytest.mark.peer("pdftotext")
def test_texts_of_a_film_are_found(films: Films) -> None:
    texts = {1: "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", 2: "الركبة اليسرى", 3: "Левое колено γόνατο", 4: "left knee"}
    with Scu(films.printer.address, contexts=WITHOUT_JOBS) as scu:
        utf = {"SpecificCharacterSet": "ISO_IR 192"}
        scu.create_session(FilmSessionLabel="内科 3", **utf)
        _, film = scu.create_film("STANDARD\\1,1", AnnotationDisplayFormatID="CORNERS", **FILM)
        assert film is not None
        boxes = [each.ReferencedSOPInstanceUID for each in film.ReferencedBasicAnnotationBoxSequence]
        for position, text in texts.items():
            assert scu.annotate(position, boxes[position - 1], text, **utf)[0].Status == 0
        assert scu.set_image(1, image_item(flat(99)))[0].Status == 0
        assert scu.print_film().Status == 0
    (pdf,) = films.job().outputs
    command = ["pdftotext", "-layout", pdf, "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    for text in (*texts.values(), "内科 3", "8INX10IN   TEST_SCU > PRINTSCP"):
        assert re.search(r"\s+".join(map(re.escape, text.split())), found), (text, found)


@pytest.mark.peer("pdfimages")
def test_a_color_film_is_in_color(films: Films, tmp_path: Path) -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [40, 80, 120]]], np.uint8)
    with Scu(films.printer.address, contexts=(COLOR,), meta=COLOR) as scu:
        scu.create_session()
        scu.create_film(MagnificationType="REPLICATE", BorderDensity="WHITE", **FILM)
        assert scu.set_image(1, color_item(pixels))[0].Status == 0
        assert scu.print_film().Status == 0
    (pdf,) = films.job().outputs
    subprocess.run(["pdfimages", "-png", pdf, str(tmp_path / "page")], check=True)
    (file,) = tmp_path.glob("page-*.png")
    page = np.asarray(Image.open(file))
    (box,) = films.sheet.boxes
    middle, center = box.top + box.height // 2, box.left + box.width // 2
    seen = page[middle - 200 : middle + 201 : 400, center - 200 : center + 201 : 400]
    np.testing.assert_array_equal(seen, pixels)
    assert page[0, 0].tolist() == [255, 255, 255]
