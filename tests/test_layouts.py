"""Laws of every layout that comes with the package: what any film of any printer looks like."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby, pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from printscp.catalog import Catalog
from printscp.film.geometry import Rectangle
from printscp.film.layout import Layout, layout
from printscp.film.profile import AnnotationFormat, PrinterProfile
from printscp.film.rules import CONFIGURATION

pytestmark = pytest.mark.slow

NAMES = Catalog().profile_names
GRID_FORMS = ("STANDARD", "ROW", "COL")


@cache
def printer(name: str) -> PrinterProfile:
    return Catalog().profile(name)


def lay(
    profile: PrinterProfile,
    size: str,
    orientation: str = "PORTRAIT",
    resolution: str = "STANDARD",
    display_format: str = "STANDARD\\1,1",
    annotation: str = "",
) -> Layout:
    film = {
        "FilmSizeID": size,
        "FilmOrientation": orientation,
        "RequestedResolutionID": resolution,
        "ImageDisplayFormat": display_format,
        "AnnotationDisplayFormatID": annotation,
    }
    return layout(film, profile)


@st.composite
def display_formats(draw: st.DrawFn, profile: PrinterProfile) -> str:
    """Any value that the printer has."""
    value = draw(st.sampled_from(profile.display_formats))
    if value not in GRID_FORMS:
        return value
    columns = st.integers(1, profile.grid_limits.max_columns)
    rows = st.integers(1, profile.grid_limits.max_rows)
    if value == "STANDARD":
        return f"STANDARD\\{draw(columns)},{draw(rows)}"
    lines, most = (columns, rows) if value == "ROW" else (rows, columns)
    counts = draw(most.flatmap(lambda number: st.lists(lines, min_size=number, max_size=number)))
    return f"{value}\\{','.join(map(str, counts))}"


def in_lines(boxes: tuple[Rectangle, ...], *, down: bool) -> list[list[Rectangle]]:
    """Boxes that follow each other on the same row, or column."""
    return [list(line) for _, line in groupby(boxes, lambda box: box.left if down else box.top)]


def edges(boxes: Sequence[Rectangle]) -> tuple[Any, ...]:
    """Left, top, right and bottom of boxes, each as an array."""
    return tuple(np.array([(box.left, box.top, box.right, box.bottom) for box in boxes]).T)


def overlapping(boxes: Sequence[Rectangle]) -> int:
    """How many pairs of boxes have pixels in common."""
    left, top, right, bottom = edges(boxes)
    across = np.maximum.outer(left, left) < np.minimum.outer(right, right)
    down = np.maximum.outer(top, top) < np.minimum.outer(bottom, bottom)
    return int(np.count_nonzero(np.triu(across & down, 1)))


def inside(area: Rectangle, boxes: Sequence[Rectangle]) -> bool:
    left, top, right, bottom = edges(boxes)
    across = left.min() >= area.left and right.max() <= area.right
    return bool(across and top.min() >= area.top and bottom.max() <= area.bottom)


def check_film(film: Layout, annotation: AnnotationFormat | None, tiny: int) -> None:
    texts = [each.where for each in film.annotations]
    assert film.page.holds(film.printable)
    assert film.page.width - film.printable.right - film.printable.left in (0, 1)  # in the middle
    assert film.page.height - film.printable.bottom - film.printable.top in (0, 1)
    assert inside(film.printable, [*film.boxes, *texts, film.label])
    assert min(min(box.width, box.height) for box in (*film.boxes, *texts)) >= tiny
    over = annotation is not None and annotation.per_image == "OVER"
    of_images = [each for each in film.annotations if each.of_image]
    if over:
        assert all(film.boxes[each.position - 1].holds(each.where) for each in of_images)
        texts = [each.where for each in film.annotations if not each.of_image]
    assert overlapping([*film.boxes, *texts, film.label]) == 0
    positions = annotation.box_positions(len(film.boxes)) if annotation else ()
    assert tuple(each.position for each in film.annotations) == positions
    assert len(of_images) == (len(film.boxes) if annotation and annotation.per_image else 0)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_all_lies_on_what_can_be_printed_and_nothing_on_anything_else(name: str, data: st.DataObject) -> None:
    profile = printer(name)
    display_format = data.draw(display_formats(profile))
    orientations = ("PORTRAIT", "LANDSCAPE")
    annotations = (None, *profile.annotation_formats)
    for resolution, size, orientation in product(profile.resolutions, profile.film_sizes, orientations):
        sides = resolution.pixels(size.width_mm), resolution.pixels(size.height_mm)
        width, height = sides if orientation == "PORTRAIT" else sides[::-1]
        for annotation in annotations:
            term = annotation.term if annotation else ""
            film = lay(profile, size.term, orientation, resolution.term, display_format, term)
            assert film.page == Rectangle(0, 0, width, height)
            assert film.label.height == resolution.pixels(profile.label_mm)
            check_film(film, annotation, resolution.pixels(1))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(data=st.data())
def test_a_format_has_its_boxes_in_its_order(name: str, data: st.DataObject) -> None:
    profile = printer(name)
    size = data.draw(st.sampled_from(profile.film_sizes))
    resolution = data.draw(st.sampled_from(profile.resolutions))
    orientation = data.draw(st.sampled_from(["PORTRAIT", "LANDSCAPE"]))
    display_format = data.draw(display_formats(profile))
    boxes = lay(profile, size.term, orientation, resolution.term, display_format).boxes
    form, _, numbers = display_format.partition("\\")
    counts = [int(number) for number in re.findall("[0-9]+", numbers)]

    down = form == "COL"
    places = [(box.left, box.top) if down else (box.top, box.left) for box in boxes]
    assert places == sorted(set(places))
    lines = in_lines(boxes, down=down)
    if form in GRID_FORMS:
        assert [len(line) for line in lines] == ([counts[0]] * counts[1] if form == "STANDARD" else counts)
        assert len({box.width if down else box.height for box in boxes}) == 1
        gap = resolution.pixels(profile.gap_mm)
        for line in lines:
            assert len({(box.width, box.height) for box in line}) == 1
            for one, other in pairwise(line):
                assert (other.top - one.bottom if down else other.left - one.right) == gap
        for (one, *_), (other, *_) in pairwise(lines):
            assert (other.left - one.right if down else other.top - one.bottom) == gap
    elif form == "CUSTOM":
        custom = next(each for each in profile.custom_formats if each.number == counts[0])
        assert len(boxes) == len(custom.boxes)
    else:
        slide = next(each for each in profile.slide_formats if each.term == form)
        measures = {(box.width, box.height) for box in boxes}
        assert measures == {(resolution.pixels(slide.width_mm), resolution.pixels(slide.height_mm))}
        assert len({len(line) for line in lines}) == 1
    if form == "STANDARD":
        assert len({box.width for box in boxes}) == 1


def test_the_film_of_the_default_printer() -> None:
    profile = printer("imager17")
    page = lay(profile, "17INX17IN").page
    assert (page.width, page.height) == (5440, 5440)  # 17 inch at 320 dpi
    high = lay(profile, "14INX17IN", resolution="HIGH").page
    assert (high.width, high.height) == (7112, 8636)  # 50 micrometres


@pytest.mark.skipif("fuji_drypix4000" not in NAMES, reason="no such profile")
def test_the_drypix_has_the_pixels_of_its_statement() -> None:
    profile = printer("fuji_drypix4000")
    assert profile.measured
    stated = {
        "14INX17IN": (3500, 4170),
        "14INX14IN": (3500, 3410),
        "10INX14IN": (2538, 3522),
        "10INX12IN": (2460, 2916),
        "8INX10IN": (1954, 2410),
    }
    assert {size.term for size in profile.film_sizes} == stated.keys()
    for size, (width, height) in stated.items():
        (upright,) = lay(profile, size).boxes
        (lying,) = lay(profile, size, "LANDSCAPE").boxes
        assert (upright.width, upright.height) == (lying.height, lying.width) == (width, height)
    (high,) = lay(profile, "14INX17IN", resolution="HIGH").boxes
    assert (high.width, high.height) == (6999, 8339)


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_says_where_it_comes_from_and_an_scu_can_ask_for_all_it_has(name: str) -> None:
    profile = printer(name)
    assert profile.name == name
    assert profile.source.strip()
    for text in profile.configurations:
        # As it comes over the wire, where a backslash does not divide it (VR ST).
        sent, wire = Dataset(), DicomBytesIO()
        wire.is_little_endian, wire.is_implicit_VR = True, True
        sent.ConfigurationInformation = text
        write_dataset(wire, sent)
        wire.seek(0)
        received = read_dataset(wire, is_implicit_VR=True, is_little_endian=True)
        assert CONFIGURATION.take(received.ConfigurationInformation, profile).value == text
    terms = [
        *(size.term for size in profile.film_sizes),
        *(each.term for each in profile.annotation_formats),
        *(each.term for each in profile.resolutions),
    ]
    for values in (terms, profile.media, profile.destinations, profile.magnifications, profile.smoothings):
        assert len(set(values)) == len(values)
        assert all(
            re.fullmatch(r"[A-Z0-9_ ]{1,16}", term) and term == term.strip() for term in values
        )  # VR CS
