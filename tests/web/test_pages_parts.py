"""What pages are put together from."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.desk.records import JobFilter
from printscp.errors import SetupError
from printscp.web.pages.charts import SHAPE, drawn
from printscp.web.pages.choosing import STATES, address_of
from printscp.web.pages.faults import table_of
from printscp.web.pages.steps import local
from printscp.web.pages.wall import size_of
from printscp.web.rendering import age, in_bytes

titles = st.text(max_size=16)


@given(titles, titles, st.sampled_from(("", *STATES)), st.none() | st.dates())
def test_an_address_says_what_is_asked_for(printer: str, calling: str, state: str, day: date | None) -> None:
    address = address_of(JobFilter(printer, calling, state, day), before=7)
    said = {name: value for name, (value,) in parse_qs(address.removeprefix("?")).items()}
    expected = {"printer": printer, "calling": calling, "state": state, "before": "7"}
    expected["day"] = day.isoformat() if day else ""
    assert said == {name: value for name, value in expected.items() if value}


def test_who_asks_for_all_has_a_plain_address() -> None:
    assert address_of(JobFilter()) == ""


@given(st.text() | st.text(alphabet="/\\:@?#.%ae\t\n ", max_size=12))
def test_nobody_is_sent_elsewhere(path: str) -> None:
    place = local(path)
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))
    assert not urlsplit(place).netloc
    assert "\n" not in place


@pytest.mark.parametrize("path", ["/queue?state=HELD", "/films/12/1?part=findings"])
def test_a_page_of_this_light_box_is_gone_back_to(path: str) -> None:
    assert local(path) == path


@dataclass(frozen=True)
class Point:
    taken: int
    value: float
    inside: bool = True
    baseline: bool = False


@dataclass(frozen=True)
class Chart:
    points: tuple[Point, ...]
    aim: float | None = None
    low: float | None = None
    high: float | None = None
    usual: tuple[float, float] | None = None
    unusual: tuple[Any, ...] = ()


numbers = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))


@given(st.lists(numbers, min_size=1, max_size=30), st.none() | numbers, st.none() | numbers)
def test_a_chart_has_all_in_its_frame_and_the_larger_above(
    values: list[float], low: float | None, high: float | None
) -> None:
    points = tuple(Point(place, value) for place, value in enumerate(values))
    picture = drawn(Chart(points, low=low, high=high))
    top, bottom = SHAPE.top, SHAPE.height - SHAPE.bottom
    limits = [each for each in (picture.low, picture.high) if each is not None]
    assert all(top <= y <= bottom for y in [*(dot.y for dot in picture.dots), *limits])
    assert all(SHAPE.left < dot.x < SHAPE.width - SHAPE.right for dot in picture.dots)
    assert [dot.x for dot in picture.dots] == sorted(dot.x for dot in picture.dots)
    for one in picture.dots:
        for other in picture.dots:
            assert (one.value > other.value) <= (one.y < other.y)
    assert 2 <= len(picture.ticks) <= 8
    assert all(top <= y <= bottom for y, _ in picture.ticks)


def test_a_chart_has_the_band_of_what_is_usual() -> None:
    points = tuple(Point(place, 1.0) for place in range(3))
    picture = drawn(Chart(points, low=0.0, high=2.0, usual=(0.5, 1.5), unusual=points[1:2]))
    assert picture.usual is not None
    assert picture.high is not None
    assert picture.low is not None
    top, height = picture.usual
    assert height == pytest.approx((picture.low - picture.high) / 2)
    assert top == pytest.approx(picture.high + height / 2)
    assert [dot.unusual for dot in picture.dots] == [False, True, False]


@pytest.mark.parametrize(
    ("said", "table"),
    [
        (
            {"fault": "slow", "seconds": " 1,5 ", "after": "2", "info": "", "csrf": "x"},
            {"seconds": 1.5, "after": 2},
        ),
        ({"fault": "slow", "keywords": "A, B  C"}, {"keywords": ["A", "B", "C"]}),
        ({"fault": "slow", "values": "A = 1\n\nB=x=y"}, {"values": {"A": "1", "B": "x=y"}}),
        ({"fault": "slow", "printing": "false", "status": "0x0110"}, {"printing": False, "status": "0x0110"}),
    ],
)
def test_a_form_is_the_table_of_a_fault(said: dict[str, str], table: dict[str, Any]) -> None:
    assert table_of(said) == {"fault": "slow"} | table


@pytest.mark.parametrize(
    "said", [{"films": "-1"}, {"films": "٣"}, {"seconds": "soon"}, {"values": "A"}, {"info": "x" * 501}]
)
def test_a_form_that_is_no_table_is_told_by_key(said: dict[str, str]) -> None:
    (key,) = said
    with pytest.raises(SetupError, match=f"^{key}: "):
        table_of(said)


def test_figures_are_said_as_people_say_them() -> None:
    assert [in_bytes(each) for each in (0, 1023, 1536, 200 << 20, 3 << 40)] == [
        *("0 B", "1023 B", "1.5 KiB", "200 MiB", "3.0 TiB")
    ]
    assert [age(each) for each in (4.4, 61, 7200, 86400 * 3)] == ["4 s", "1 min", "2 h", "3 d"]
    assert [size_of(each) for each in ("14INX17IN", "24CMX30CM", "A4", "NONSENSE")] == [
        *((140, 170), (240, 300), (210, 297), (1, 1))
    ]
