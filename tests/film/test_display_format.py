"""Image Display Format: what is read, what is refused, and where the boxes lie (PS3.3 C.13.3)."""

import re
from dataclasses import replace

import pytest
from film.scu import PROFILE as SMALL
from hypothesis import given
from hypothesis import strategies as st

from printscp.errors import InvalidAttributeValue
from printscp.film.display_format import DisplayFormat, Rectangle
from printscp.film.profile import StandardFormat

PROFILE = replace(SMALL, standard_format=StandardFormat(max_columns=7, max_rows=12))


def refused(text: str) -> InvalidAttributeValue:
    with pytest.raises(InvalidAttributeValue) as caught:
        DisplayFormat.parse(text, PROFILE)
    assert caught.value.status == 0x0106
    assert caught.value.offending == ("ImageDisplayFormat",)
    assert len(caught.value.comment) <= 64
    assert "\\" not in caught.value.comment  # an Error Comment is LO: a backslash would make it two
    return caught.value


@given(st.integers(1, 7), st.integers(1, 12), st.sampled_from(["", " ", "   "]))
def test_columns_come_first_and_the_pad_is_no_part_of_it(columns: int, rows: int, pad: str) -> None:
    assert DisplayFormat.parse(f"STANDARD\\{columns},{rows}{pad}", PROFILE) == DisplayFormat(columns, rows)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "STANDARD",
        "STANDARD\\",
        "STANDARD\\2",
        "STANDARD\\2,",
        "STANDARD\\,2",
        "STANDARD\\2\\2",
        "STANDARD\\2,2,2",
        "STANDARD\\0,1",
        "STANDARD\\1,0",
        "STANDARD\\02,1",
        "STANDARD\\1,02",
        "STANDARD\\+1,1",
        "STANDARD\\-1,1",
        "STANDARD\\1.0,1",
        "STANDARD\\1e0,1",
        "STANDARD\\1_0,1",
        "STANDARD\\\u0661,1",  # a decimal digit, but not one of ASCII
        "STANDARD/1,1",
        "STANDARD1,1",
        "standard\\1,1",
        "Standard\\1,1",
        " STANDARD\\1,1",
        "STANDARD \\1,1",
        "STANDARD\\ 1,1",
        "STANDARD\\1 ,1",
        "STANDARD\\1, 1",
        "STANDARD\\1,1\n",
        "STANDARD\\1,1\t",
        "XSTANDARD\\1,1",
        "ROW\\1,2",
        "COL\\1,2",
        "SLIDE",
        "SUPERSLIDE",
        "CUSTOM\\1",
        "STANDARD\\8,12",
        "STANDARD\\7,13",
        "STANDARD\\999999999999,1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    refused(text)


def test_the_comment_tells_the_limits() -> None:
    for text in ("STANDARD\\8,1", "STANDARD\\1,13"):
        assert re.findall(r"\d+", refused(text).comment) == ["7", "12"]


def test_a_number_longer_than_python_reads_is_refused_like_any_other() -> None:
    refused("STANDARD\\" + "9" * 5000 + ",1")


@given(st.text() | st.from_regex(r"\A\s*(STANDARD|ROW|COL)?\\?[0-9]{0,3},?\s?[0-9]{0,3}\s*\Z"))
def test_reading_never_fails_otherwise(text: str) -> None:
    try:
        layout = DisplayFormat.parse(text, PROFILE)
    except InvalidAttributeValue:
        return
    assert text.rstrip(" ") == f"STANDARD\\{layout.columns},{layout.rows}"
    assert 1 <= layout.columns <= 7
    assert 1 <= layout.rows <= 12


@given(
    columns=st.integers(1, 9),
    rows=st.integers(1, 9),
    gap=st.integers(0, 20),
    left=st.integers(0, 300),
    top=st.integers(0, 300),
    spare_width=st.integers(0, 500),
    spare_height=st.integers(0, 500),
)
def test_boxes_are_equal_apart_inside_the_area_and_in_reading_order(
    columns: int, rows: int, gap: int, left: int, top: int, spare_width: int, spare_height: int
) -> None:
    width = columns + gap * (columns - 1) + spare_width
    height = rows + gap * (rows - 1) + spare_height
    boxes = DisplayFormat(columns, rows).boxes(Rectangle(left, top, width, height), gap)

    assert len(boxes) == columns * rows
    assert len({(box.width, box.height) for box in boxes}) == 1
    assert boxes[0].width >= 1
    assert boxes[0].height >= 1
    for position, box in enumerate(boxes):
        row, column = divmod(position, columns)
        # Exactly the gap from neighbour to neighbour: so none overlap, and the order is the reading order.
        assert box.left == boxes[0].left + column * (box.width + gap)
        assert box.top == boxes[0].top + row * (box.height + gap)
    before, after = boxes[0].left - left, left + width - boxes[-1].left - boxes[-1].width
    above, below = boxes[0].top - top, top + height - boxes[-1].top - boxes[-1].height
    # As large as they can be, and what is left over is shared between the outer edges.
    assert 0 <= before <= after <= before + 1
    assert before + after < columns
    assert 0 <= above <= below <= above + 1
    assert above + below < rows
