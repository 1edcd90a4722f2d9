"""Pages in levels and tiles, and how many of them are kept."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.desk.pages import TILE, Pages, Pyramid, level_count, pyramid
from printscp.render.page import ColorPage, Page, Text
from printscp.render.text import drawn
from printscp.render.tone import ToneScale

SCALE = ToneScale(0.2, 3.1, 2000.0, 10.0)
SIDES = st.one_of(st.integers(1, 40), st.integers(TILE - 2, 2 * TILE + 3), st.sampled_from([2 * TILE + 513]))


def page(rows: int, columns: int, color: bool, texts: tuple[Text, ...] = ()) -> Page | ColorPage:
    """A page of noise."""
    noise = np.random.default_rng(rows * 4001 + columns)
    if color:
        return ColorPage(320.0, SCALE, texts, "", noise.integers(0, 256, (rows, columns, 3), np.uint8))
    return Page(320.0, SCALE, texts, "", noise.integers(2000, 31001, (rows, columns), np.uint16))


def together(made: Pyramid, level: int) -> Any:
    """A level, put together from its tiles."""
    rows: list[Any] = []
    while (first := made.tile(level, 0, len(rows))) is not None:
        row = [first]
        while (part := made.tile(level, len(row), len(rows))) is not None:
            row.append(part)
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)


@settings(max_examples=25)
@given(rows=SIDES, columns=SIDES, color=st.booleans())
def test_tiles_put_together_are_the_page_and_its_means(rows: int, columns: int, color: bool) -> None:
    whole = page(rows, columns, color)
    made = pyramid(whole)
    assert len(made.levels) == level_count(columns, rows)
    assert max(made.levels[0].shape[:2]) <= TILE
    assert (
        together(made, len(made.levels) - 1)
        == (whole.srgb if isinstance(whole, ColorPage) else whole.density)
    ).all()
    for level in range(len(made.levels) - 1):
        half, full = made.levels[level].astype(float), made.levels[level + 1].astype(float)
        edges = [(0, -full.shape[0] % 2), (0, -full.shape[1] % 2), *[(0, 0)] * color]
        even = np.pad(full, edges, "edge")
        four = sum(even[row::2, column::2] for row in (0, 1) for column in (0, 1))
        assert np.abs(half - four / 4).max() <= 0.5
        assert (together(made, level) == half).all()


@pytest.mark.parametrize(
    "place", [(-1, 0, 0), (2, 0, 0), (1, 2, 0), (1, 0, 2), (1, -1, 0), (0, 0, -1), (0, 1, 0)]
)
def test_there_is_no_tile_beside_the_page(place: tuple[int, int, int]) -> None:
    assert pyramid(page(600, 700, False)).tile(*place) is None


@pytest.mark.parametrize("color", [False, True])
def test_texts_are_drawn_into_every_level(color: bool) -> None:
    text = Text("FILM", 100.0, 300.0, 200.0, 31000)
    written, bare = page(600, 700, color, (text,)), page(600, 700, color)
    expected = drawn(written)
    made = pyramid(written)
    assert (made.full == expected).all()
    assert (made.levels[0] != pyramid(bare).levels[0]).any()


# --- what is kept -----------------------------------------------------------------------------------------


def small(rows: int = 10) -> Pyramid:
    return pyramid(page(rows, 10, False))


def test_two_who_ask_for_a_page_at_once_have_it_rendered_once() -> None:
    pages, made, begun, go = Pages(1 << 20), [], Event(), Event()

    def slow() -> Pyramid:
        begun.set()
        go.wait(10)
        made.append(small())
        return made[-1]

    got: list[Pyramid] = []
    threads = [Thread(target=lambda: got.append(pages.of("a", slow))) for _ in range(2)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1
    assert got[0] is got[1] is made[0]


def kept(pages: Pages, sheet: str) -> bool:
    """Whether a page is, as asking for it tells, which then keeps it."""
    asked: list[int] = []
    pages.of(sheet, _noting(asked))
    return not asked


def _noting(asked: list[int]) -> Callable[[], Pyramid]:
    def make() -> Pyramid:
        asked.append(1)
        return small()

    return make


def test_those_that_were_not_asked_for_longest_go_first() -> None:
    pages = Pages(2 * small().nbytes)
    for sheet in "abac":
        pages.of(sheet, small)
    assert kept(pages, "a")
    assert kept(pages, "c")
    assert not kept(pages, "b")


def test_a_page_larger_than_the_limit_is_kept_alone() -> None:
    pages = Pages(small().nbytes)
    pages.of("a", small)
    pages.of("b", lambda: small(30))
    assert kept(pages, "b")
    assert not kept(pages, "a")


def test_a_page_that_could_not_be_rendered_is_tried_again() -> None:
    pages = Pages(1 << 20)

    def fail() -> Pyramid:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        pages.of("a", fail)
    assert not kept(pages, "a")


def test_pages_of_other_sheets_are_forgotten() -> None:
    pages = Pages(1 << 20)
    for sheet in "abc":
        pages.of(sheet, small)
    pages.keep({"c", "d"})
    assert kept(pages, "c")
    assert not kept(pages, "a")
    assert not kept(pages, "b")
