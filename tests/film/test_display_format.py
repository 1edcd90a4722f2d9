"""Image Display Format: what is read, what is refused, and where the boxes lie (PS3.3 C.13.3)."""

import re
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import pytest
from film.scu import PROFILE as SMALL
from hypothesis import given
from hypothesis import strategies as st

from printscp.errors import InvalidAttributeValue
from printscp.film.display_format import DisplayFormat
from printscp.film.geometry import Rectangle
from printscp.film.profile import CustomFormat, GridLimits, Resolution

FORMS = ("STANDARD", "ROW", "COL", "SLIDE", "SUPERSLIDE", "CUSTOM\\7")
PROFILE = replace(SMALL, grid_limits=GridLimits(max_columns=7, max_rows=12), display_formats=FORMS)
MILLIMETRES = Resolution("STANDARD", 25.4)


def refused(text: str, profile: object = PROFILE) -> InvalidAttributeValue:
    with pytest.raises(InvalidAttributeValue) as caught:
        DisplayFormat.parse(text, profile)  # type: ignore[arg-type]
    assert caught.value.status == 0x0106
    assert caught.value.offending == ("ImageDisplayFormat",)
    assert len(caught.value.comment) <= 64
    assert "\\" not in caught.value.comment  # an Error Comment is LO: a backslash would make it two
    assert caught.value.comment.isprintable()
    return caught.value


# --- what is read ----------------------------------------------------------------------------------------


@given(st.integers(1, 7), st.integers(1, 12), st.sampled_from(["", " ", "   "]))
def test_columns_come_first_and_the_pad_is_no_part_of_it(columns: int, rows: int, pad: str) -> None:
    assert DisplayFormat.parse(f"STANDARD\\{columns},{rows}{pad}", PROFILE).lines == (columns,) * rows


def test_lists_of_rows_and_of_columns_are_read_as_they_stand() -> None:
    assert DisplayFormat.parse("ROW\\1,7,2", PROFILE) == DisplayFormat((1, 7, 2))
    assert DisplayFormat.parse("COL\\12,3", PROFILE) == DisplayFormat((12, 3), down=True)


BAD_NUMBERS = (
    *(
        "",
        "\\",
        "\\2,",
        "\\,2",
        "\\2\\2",
        "\\0,1",
        "\\1,0",
        "\\02,1",
        "\\1,02",
        "\\+1,1",
        "\\-1,1",
        "\\1.0,1",
    ),
    *("\\1e0,1", "\\1_0,1", "\\\u0661,1", "/1,1", "1,1", " \\1,1", "\\ 1,1", "\\1 ,1", "\\1, 1", "\\1,1\n"),
    *("\\1,1\t", "\\999999999999,1", "\\" + "9" * 5000 + ",1", "\\" + "1," * 5000 + "1"),
)


@pytest.mark.parametrize("form", ["STANDARD", "ROW", "COL"])
@pytest.mark.parametrize("numbers", BAD_NUMBERS, ids=lambda each: ascii(each[:16]))
def test_numbers_of_no_form_are_refused(form: str, numbers: str) -> None:
    refused(form + numbers)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "STANDARD\\2", "STANDARD\\2,2,2", "standard\\1,1", "Standard\\1,1", " STANDARD\\1,1"),
        *("XSTANDARD\\1,1", "slide", "SLIDE\\1", "SLIDES", "CUSTOM", "CUSTOM\\", "CUSTOM\\07", "CUSTOM\\7,1"),
        *("CUSTOM\\8", "CUSTOM\\9", "CUSTOM\\99999999"),  # of the catalog but not this printer's; nobody's
        *("STANDARD\\8,12", "STANDARD\\7,13", "STANDARD\\9999,9999"),
        *(
            "ROW\\8",
            "ROW\\1,8,1",
            "ROW\\" + ",".join("1" * 13),
            "COL\\13",
            "COL\\1,13",
            "COL\\1,1,1,1,1,1,1,1",
        ),
    ],
)
def test_what_the_printer_does_not_have_is_refused(text: str) -> None:
    refused(text)


def test_a_text_longer_than_the_vr_allows_is_not_taken_apart() -> None:
    endless = "ROW\\" + "1," * 500_000 + "1"
    tracemalloc.start()
    refused(endless)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * len(endless)


def test_the_comment_tells_the_limits_or_what_there_is() -> None:
    for text in ("STANDARD\\8,1", "STANDARD\\1,13", "ROW\\8", "COL\\13"):
        assert re.findall(r"\d+", refused(text).comment) == ["7", "12"]
    assert refused("NOSUCH").comment == "the printer has STANDARD, ROW, COL, SLIDE, SUPERSLIDE, CUSTOM 7"
    many = replace(PROFILE, display_formats=(*FORMS, "CUSTOM\\8", "CUSTOM\\9"))
    assert refused("NOSUCH", many).comment == "the printer has STANDARD, ROW, COL, SLIDE, SUPERSLIDE, CUSTOM"


def test_a_printer_may_have_single_values_of_a_form() -> None:
    few = replace(PROFILE, display_formats=("STANDARD\\1,1", "ROW\\1,2"))
    assert DisplayFormat.parse("STANDARD\\1,1 ", few) == DisplayFormat((1,))
    assert DisplayFormat.parse("ROW\\1,2", few) == DisplayFormat((1, 2))
    for text in ("STANDARD\\1,2", "ROW\\1", "COL\\1,2", "SLIDE", "CUSTOM\\7", "STANDARD"):
        assert refused(text, few).comment == "the printer has STANDARD 1,1, ROW 1,2"


_NEARLY = st.from_regex(r"\A\s*(STANDARD|ROW|COL|CUSTOM|SLIDE)?\\?([0-9]{0,3},?\s?){0,14}\s*\Z")


@given(st.text() | _NEARLY)
def test_reading_never_fails_otherwise_and_has_no_two_meanings(text: str) -> None:
    try:
        found = DisplayFormat.parse(text, PROFILE)
    except InvalidAttributeValue:
        return
    numbers = ",".join(str(count) for count in found.lines)
    assert text.rstrip(" ") in (
        f"STANDARD\\{found.lines[0]},{len(found.lines)}" if len(set(found.lines)) == 1 else "",
        f"COL\\{numbers}" if found.down else f"ROW\\{numbers}",
        found.slide.term if found.slide else "",
        f"CUSTOM\\{found.custom.number}" if found.custom else "",
    )
    columns, rows = max(found.lines, default=0), len(found.lines)
    assert (rows <= 7 and columns <= 12) if found.down else (columns <= 7 and rows <= 12)


# --- where the boxes lie ---------------------------------------------------------------------------------

LINES = st.lists(st.integers(1, 7), min_size=1, max_size=7).map(tuple)
GAPS = st.integers(0, 20)
PLACES = st.integers(0, 300)
SPARE = st.integers(0, 500)


@given(lines=LINES, gap=GAPS, left=PLACES, top=PLACES, spare=st.tuples(SPARE, SPARE))
def test_rows_are_equally_high_and_share_their_width(
    lines: tuple[int, ...], gap: int, left: int, top: int, spare: tuple[int, int]
) -> None:
    width = max(lines) + gap * (max(lines) - 1) + spare[0]
    height = len(lines) + gap * (len(lines) - 1) + spare[1]
    boxes = DisplayFormat(lines).boxes(Rectangle(left, top, width, height), gap, MILLIMETRES)

    assert len(boxes) == sum(lines)
    assert len({box.height for box in boxes}) == 1
    place = iter(boxes)
    tops = []
    for count in lines:
        row = [next(place) for _ in range(count)]
        tops.append(row[0].top)
        assert len({(box.top, box.width) for box in row}) == 1
        # Exactly the gap from neighbour to neighbour: so none overlap, and the order is the reading order.
        assert all(after.left == before.right + gap for before, after in pairwise(row))
        # As large as they can be, and what is left over is shared between the outer edges.
        check_outer(row[0].left - left, left + width - row[-1].right, count)
    assert all(after == before + boxes[0].height + gap for before, after in pairwise(tops))
    check_outer(boxes[0].top - top, top + height - boxes[-1].bottom, len(lines))


def check_outer(before: int, after: int, parts: int) -> None:
    assert 0 <= before <= after <= before + 1
    assert before + after < parts


@given(lines=LINES, gap=GAPS, left=PLACES, top=PLACES, spare=st.tuples(SPARE, SPARE))
def test_columns_are_rows_turned(
    lines: tuple[int, ...], gap: int, left: int, top: int, spare: tuple[int, int]
) -> None:
    area = Rectangle(left, top, 7 + 6 * gap + spare[0], 7 + 6 * gap + spare[1])
    across = DisplayFormat(lines, down=True).boxes(area, gap, MILLIMETRES)
    turned = Rectangle(area.top, area.left, area.height, area.width)
    rows = DisplayFormat(lines).boxes(turned, gap, MILLIMETRES)
    assert [(box.left, box.top, box.width, box.height) for box in across] == [
        (box.top, box.left, box.height, box.width) for box in rows
    ]


@given(width=st.integers(1, 400), height=st.integers(1, 400), dpi=st.sampled_from([25.4, 50.8, 320.0]))
def test_slides_are_true_to_size_as_many_as_fit_row_by_row_in_the_middle(
    width: int, height: int, dpi: float
) -> None:
    resolution = Resolution("STANDARD", dpi)
    area = Rectangle(11, 7, resolution.pixels(width), resolution.pixels(height))
    slide = DisplayFormat.parse("SLIDE", PROFILE)  # 36 x 24 mm, 50 mm apart
    boxes = slide.boxes(area, 3, resolution)
    pitch = resolution.pixels(50)
    columns, rows = max(1, area.width // pitch), max(1, area.height // pitch)
    assert len(boxes) == columns * rows
    for position, box in enumerate(boxes):
        row, column = divmod(position, columns)
        assert (box.left, box.top) == (boxes[0].left + column * pitch, boxes[0].top + row * pitch)
        assert box.width == min(resolution.pixels(36), area.width)
        assert box.height == min(resolution.pixels(24), area.height)
        assert area.holds(box)
    assert abs((boxes[0].left - area.left) - (area.right - boxes[-1].right)) <= 1
    assert abs((boxes[0].top - area.top) - (area.bottom - boxes[-1].bottom)) <= 1


@given(gap=GAPS, left=PLACES, top=PLACES, spare=st.tuples(SPARE, SPARE), data=st.data())
def test_a_box_of_a_custom_format_covers_its_cells_and_the_gaps_between_them(
    gap: int, left: int, top: int, spare: tuple[int, int], data: st.DataObject
) -> None:
    columns, rows = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    area = Rectangle(left, top, columns + gap * (columns - 1) + spare[0], rows + gap * (rows - 1) + spare[1])
    grid = DisplayFormat((columns,) * rows).boxes(area, gap, MILLIMETRES)
    cells = [(column, row) for row in range(rows) for column in range(columns)]
    first, last = sorted(data.draw(st.tuples(st.sampled_from(cells), st.sampled_from(cells))))
    across, down = sorted((first[0], last[0])), sorted((first[1], last[1]))
    box = Rectangle(across[0], down[0], across[1] - across[0] + 1, down[1] - down[0] + 1)
    custom = DisplayFormat(custom=CustomFormat(1, "", columns, rows, (box,)))
    upper_left, lower_right = grid[down[0] * columns + across[0]], grid[down[1] * columns + across[1]]
    assert custom.boxes(area, gap, MILLIMETRES) == (
        Rectangle(
            upper_left.left,
            upper_left.top,
            lower_right.right - upper_left.left,
            lower_right.bottom - upper_left.top,
        ),
    )


def test_boxes_of_a_custom_format_come_by_position() -> None:
    custom = DisplayFormat.parse("CUSTOM\\7", PROFILE)
    assert custom.boxes(Rectangle(10, 20, 64, 42), 2, MILLIMETRES) == (
        Rectangle(10, 20, 42, 42),
        Rectangle(54, 42, 20, 20),
    )
