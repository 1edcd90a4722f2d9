"""Patterns are found wherever, however turned and in whichever polarity they are printed; others are not."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printscp.film.geometry import Rectangle
from printscp.qa import patterns
from printscp.qa.locate import ORIENTATIONS, Place, locate, locate_landmarks
from printscp.qa.pattern import Pattern

pytestmark = pytest.mark.slow  # all together

NAMES = [
    *("wedge-6", "wedge-8", "wedge-17", "wedge-32", "wedge-33", "smpte", "tg18-qc", "tg18-unl-10"),
    *("tg18-unl-50", "tg18-unl-80", "uniformity", "geometry", "ramp", "resolution"),
]
WAYS = [(orientation, inverted) for orientation in ORIENTATIONS for inverted in (False, True)]
POINTS = 3  # in either direction, of which a pixel of a film is the mean

Film = NDArray[np.float32]


@cache
def drawn(name: str, matrix: int = 400) -> Pattern:
    """A pattern; a ramp of 12 bits needs a matrix of 1024."""
    return patterns.draw(name, *((1024, 1024) if name == "ramp" else (matrix, matrix)))


def affine_of(pattern: Pattern, box: tuple[float, ...], orientation: str = "upright") -> NDArray[np.float64]:
    """The 2 x 3 affine of a pattern that fills a box (left, top, width, height)."""
    rows, columns = pattern.pixels.shape
    left, top, width, height = box
    linear = np.diag([width, height]) @ ORIENTATIONS[orientation] @ np.diag([1 / columns, 1 / rows])
    shift = np.array([left + width / 2, top + height / 2]) - linear @ [columns / 2, rows / 2]
    return np.column_stack([linear, shift])


def film(
    pattern: Pattern,
    affine: NDArray[np.float64],
    side: int = 600,
    beside: float = 0.0,
    interpolation: int = cv2.INTER_LINEAR,
) -> Film:
    """A square film with a pattern, each pixel the mean of points in it: by inverse mapping, as `locate` does
    not."""
    whole = np.vstack([affine, (0, 0, 1)])
    back = np.linalg.inv(whole)
    at = (np.arange(side * POINTS, dtype=np.float32) + 0.5) / POINTS
    u, v = (back[row, 0] * at + back[row, 1] * at[:, None] + back[row, 2] for row in (0, 1))
    u, v = u.astype(np.float32), v.astype(np.float32)
    rows, columns = pattern.pixels.shape
    points = cv2.remap(pattern.fractions, u - 0.5, v - 0.5, interpolation, borderMode=cv2.BORDER_REPLICATE)
    points[(u < 0) | (v < 0) | (u > columns) | (v > rows)] = beside
    return np.clip(cv2.resize(points, (side, side), interpolation=cv2.INTER_AREA), 0, 1)


def off(place: Place | None, pattern: Pattern, affine: NDArray[np.float64]) -> float:
    """By how many pixels the corners are off at worst."""
    assert place is not None
    rows, columns = pattern.pixels.shape
    corners = np.array([(0, 0, 1), (columns, 0, 1), (columns, rows, 1), (0, rows, 1)])
    return float(np.abs(place.corners - corners @ affine.T).max())


BOX = 40, 30, 520, 520
SMALL = 20, 15, 260, 260  # on a film of 300


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_is_found_where_it_is_printed(name: str) -> None:
    pattern = drawn(name)
    orientation, inverted = WAYS[NAMES.index(name) * 5 % len(WAYS)]
    affine = affine_of(pattern, BOX, orientation)
    levels = film(pattern, affine)
    place = locate(1 - levels if inverted else levels, pattern, Rectangle(*BOX))
    assert off(place, pattern, affine) < 0.3
    assert place is not None
    assert (place.orientation, place.inverted) == (orientation, inverted)
    assert place.score > 0.9


@pytest.mark.parametrize(("orientation", "inverted"), WAYS)
def test_a_wedge_is_not_taken_for_its_mirror_image(orientation: str, inverted: bool) -> None:
    pattern = drawn("wedge-17")
    levels = film(pattern, affine_of(pattern, BOX, orientation), beside=0.5)
    place = locate(1 - levels if inverted else levels, pattern, Rectangle(*BOX))
    assert place is not None
    assert (place.orientation, place.inverted) == (orientation, inverted)


def turned(degrees: float) -> NDArray[np.float64]:
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    "fault",
    [0.99 * np.eye(2), np.diag([1.01, 1.0]), np.diag([1.0, 0.97]), turned(0.1), turned(-1.0)],
    ids=["smaller", "wider", "lower", "turned", "turned more"],
)
@pytest.mark.parametrize("name", ["geometry", "tg18-unl-80"])
def test_scale_and_rotation_are_measured(name: str, fault: NDArray[np.float64]) -> None:
    pattern = drawn(name)
    right = affine_of(pattern, BOX)
    middle = np.array([300.0, 290.0])
    wrong = fault @ (right - np.column_stack([np.zeros((2, 2)), middle]))
    wrong[:, 2] += middle + np.array([1.5, -2.5])
    place = locate(film(pattern, wrong), pattern, Rectangle(*BOX))
    assert off(place, pattern, wrong) < 0.3
    assert place is not None
    assert place.scale_x == pytest.approx(np.hypot(*wrong[:, 0]), rel=1e-3)
    assert place.scale_y == pytest.approx(np.hypot(*wrong[:, 1]), rel=1e-3)
    expected = np.degrees(np.arctan2(wrong[1, 0], wrong[0, 0]))
    assert place.rotation_degrees == pytest.approx(expected, abs=0.02)
    assert place.shear == pytest.approx(0, abs=0.04)


def dead_column(levels: Film) -> Film:
    levels = levels.copy()
    levels[:, 222] = 1
    return levels


TONES: dict[str, Callable[[Film], Film]] = {
    "gamma": lambda levels: levels**1.4,
    "low contrast": lambda levels: 0.1 + 0.85 * levels,
    "8 bits": lambda levels: np.rint(levels * 255) / np.float32(255),
    "gradient": lambda levels: 0.95 * levels + np.linspace(0, 0.05, 600, dtype=np.float32),
    "dead column": dead_column,
}


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("name", ["wedge-33", "ramp", "tg18-unl-10"])
def test_tone_does_not_matter(name: str, tone: str) -> None:
    pattern = drawn(name)
    affine = affine_of(pattern, BOX)
    place = locate(TONES[tone](film(pattern, affine)), pattern, Rectangle(*BOX))
    assert off(place, pattern, affine) < 0.4
    assert place is not None
    assert (place.orientation, place.inverted) == ("upright", False)


@pytest.mark.parametrize("name", ["ramp", "uniformity"])
def test_the_array_may_be_nothing_but_the_pattern(name: str) -> None:
    pattern = drawn(name)
    affine = affine_of(pattern, (0, 0, 600, 600))
    assert off(locate(film(pattern, affine), pattern), pattern, affine) < 0.3


def test_a_flat_pattern_is_told_from_its_surroundings() -> None:
    pattern = drawn("uniformity", 1024)
    affine = affine_of(pattern, (20, 55, 953, 931), "turned 90 degrees clockwise")
    assert off(locate(film(pattern, affine, side=1000), pattern), pattern, affine) < 0.3


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(NAMES),
    matrix=st.sampled_from([150, 400]),
    share=st.floats(0.3, 0.95),
    stretch=st.floats(0.97, 1.03),
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    way=st.sampled_from(WAYS),
    beside=st.sampled_from([0.0, 0.3, 1.0]),
    interpolation=st.sampled_from([cv2.INTER_LINEAR, cv2.INTER_CUBIC]),
)
def test_an_image_that_someone_else_placed_is_found(
    name: str,
    matrix: int,
    share: float,
    stretch: float,
    corner: tuple[float, float],
    way: tuple[str, bool],
    beside: float,
    interpolation: int,
) -> None:
    pattern = drawn(name, matrix)
    orientation, inverted = way
    width, height = 600 * share * stretch, 600 * share
    box = corner[0] * (600 - width), corner[1] * (600 - height), width, height
    affine = affine_of(pattern, box, orientation)
    levels = film(pattern, affine, beside=beside, interpolation=interpolation)
    place = locate(1 - levels if inverted else levels, pattern)
    assert off(place, pattern, affine) < 0.5
    assert place is not None
    assert (place.orientation, place.inverted) == (orientation, inverted)


def textured(side: int) -> Film:
    """Something that is no pattern: soft blobs of all sizes."""
    noise = np.random.default_rng(3).random((side, side), np.float32)
    soft = sum(cv2.GaussianBlur(noise, (0, 0), size) * size for size in (2, 6, 20))
    return np.asarray(cv2.normalize(soft, None, 0, 1, cv2.NORM_MINMAX), np.float32)


@pytest.mark.parametrize("name", ["wedge-17", "wedge-32", "smpte", "uniformity"])
def test_other_images_beside_it_do_not_hide_it(name: str) -> None:
    pattern = drawn(name)
    levels = textured(600)
    affine = affine_of(pattern, (210, 150, 341, 335))
    levels[150:485, 210:551] = film(pattern, affine)[150:485, 210:551]
    place = locate(levels, pattern)
    assert off(place, pattern, affine) < 0.5  # which no other orientation comes near


@pytest.mark.parametrize(
    ("printed", "asked"),
    [
        *(("wedge-33", "wedge-17"), ("wedge-33", "wedge-32"), ("wedge-32", "wedge-8")),
        *(("tg18-unl-50", "tg18-unl-80"), ("smpte", "tg18-qc")),
    ],
)
def test_another_pattern_is_not_taken_for_it(printed: str, asked: str) -> None:
    levels = film(drawn(printed), affine_of(drawn(printed), BOX))
    assert locate(levels, drawn(asked), Rectangle(*BOX)) is None


@pytest.mark.slow
@pytest.mark.parametrize("printed", NAMES)
def test_no_pattern_is_taken_for_any_other(printed: str) -> None:
    levels = film(drawn(printed), affine_of(drawn(printed), SMALL), side=300)
    asked = NAMES[(NAMES.index(printed) + 5) % len(NAMES)]
    assert locate(levels, drawn(asked), Rectangle(*SMALL)) is None, asked


@pytest.mark.parametrize("name", ["wedge-32", "tg18-unl-10"])
def test_nothing_is_found_where_there_is_nothing(name: str) -> None:
    empty = np.zeros((500, 400), np.float32)
    assert locate(empty, drawn(name), Rectangle(10, 10, 300, 300)) is None
    assert locate(textured(400), drawn(name)) is None


def test_landmarks_are_found_each_by_itself() -> None:
    pattern = drawn("geometry")
    affine = affine_of(pattern, (20, 10, 860, 860))
    levels = film(pattern, affine, side=900)
    place = locate(levels, pattern, Rectangle(20, 10, 860, 860))
    assert place is not None
    marks = np.array([(mark.x, mark.y, 1) for mark in pattern.landmarks])
    true = marks @ affine.T
    np.testing.assert_allclose(locate_landmarks(levels, pattern, place), true, atol=0.1)

    # One has lost a line of its two, and what is round another has slipped by two pixels.
    covered, slipped = np.rint(true[0]).astype(int), np.rint(true[-1]).astype(int)
    changed = levels.copy()
    at = np.s_[covered[1] - 30 : covered[1] + 30, covered[0] - 30 : covered[0] + 30]
    changed[at] = levels[at].mean(axis=1, keepdims=True)
    rows = slice(slipped[1] - 30, slipped[1] + 30)
    columns, from_columns = (slice(slipped[0] - 30 - by, slipped[0] + 30 - by) for by in (0, 2))
    changed[rows, columns] = levels[rows, from_columns]
    found = locate_landmarks(changed, pattern, place)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[-1], true[-1] + (2, 0), atol=0.1)
    np.testing.assert_allclose(found[1:-1], true[1:-1], atol=0.1)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_place_tells_scale_and_rotation_beside_its_orientation(orientation: str) -> None:
    linear = turned(2.0) @ ORIENTATIONS[orientation] @ np.diag([3.0, 5.0])
    place = Place(np.column_stack([linear, (7.0, 9.0)]), False, orientation, 1.0, 10, 20)
    assert (place.scale_x, place.scale_y) == pytest.approx((3, 5))
    assert place.rotation_degrees == pytest.approx(2.0)
    assert place.shear == pytest.approx(0.0)
    np.testing.assert_allclose(place.corners[2], linear @ (10, 20) + (7, 9))
