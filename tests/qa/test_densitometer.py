"""What a densitometer reads, and the defects that it sees, whatever the interpolation."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.qa.densitometer import aims, gradient, lines, read, spots
from printscp.qa.pattern import Patch, Pattern, Role
from printscp.render.resample import resample
from printscp.render.tone import ToneScale, density_table

SCALE = ToneScale(0.2, 3.1, 2000.0, 10.0)
MARGIN = 20


def blocks(seed: int, size: int = 120) -> Pattern:
    """Blocks of any value, lines, and a ramp."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 4096, (6, 6)).astype(np.uint16)
    pixels = cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    pixels[50] = 4095
    pixels[:, 70] = 0
    pixels[100:, :] = np.linspace(0, 4095, size).astype(np.uint16)
    return Pattern("blocks", "", "", 12, pixels, ())


def page_of(pattern: Pattern, side: int, how: str, weight: float = 0.0) -> np.ndarray:
    page = np.full((side + 2 * MARGIN,) * 2, 3456, np.uint16)
    target = page[MARGIN:-MARGIN, MARGIN:-MARGIN]
    resample(pattern.pixels, target, how, weight, shift=4)
    cv2.LUT(target, density_table(SCALE, 12, False), dst=target)
    return page


def affine_of(pattern: Pattern, side: int) -> np.ndarray:
    share = side / pattern.pixels.shape[0]
    return np.array([[share, 0, MARGIN], [0, share, MARGIN]])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    side=st.integers(50, 500),
    how=st.sampled_from(["CUBIC", "BILINEAR", "REPLICATE"]),
    weight=st.sampled_from([0.0, 0.1, -0.1]),
)
def test_no_interpolation_is_a_defect(seed: int, side: int, how: str, weight: float) -> None:
    pattern = blocks(seed)
    affine = affine_of(pattern, side)
    reach = 4 + math.ceil(2 / min(1, affine[0, 0]))
    target = aims(pattern, SCALE.density, reach, 0.0, math.ceil(2 / affine[0, 0]))
    page = page_of(pattern, side, how, weight)
    assert lines(page, target, affine) == ()
    found = gradient(page, target, affine)
    assert found is None or found.across < 0.01
    assert spots(page, target, affine, (0.0, 0.0), thin=1) == ()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    side=st.integers(240, 400),
    middle=st.sampled_from([10, 30, 90, 110]),
    beside=st.floats(-4, 4),
    kind=st.sampled_from(["column", "row"]),
)
def test_a_dead_line_is_found_where_it_is(
    seed: int, side: int, middle: int, beside: float, kind: str
) -> None:
    """In the middle of blocks, that is; beside edges of the pattern it may be taken for one of those."""
    pattern = blocks(seed)
    affine = affine_of(pattern, side)
    page = page_of(pattern, side, "CUBIC")
    across = page if kind == "row" else page.T
    at = round((middle + beside) * affine[0, 0])
    across[MARGIN + at] = 2000 if np.median(across[MARGIN + at]) > 12000 else 31000
    [line] = lines(page, aims(pattern, SCALE.density, 4, 0.0, 2), affine)
    assert line.kind == kind
    # Where it is as dense as what lies round it, its neighbours may stand out more.
    assert abs(line.at - MARGIN - at) <= 1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    across=st.floats(-200, 200),
    down=st.floats(-200, 200),
    gamma=st.floats(0.9, 1.1),
)
def test_a_gradient_is_told_from_an_error_of_tone(
    seed: int, across: float, down: float, gamma: float
) -> None:
    pattern = blocks(seed, 240)
    affine = affine_of(pattern, 240)
    page = page_of(pattern, 240, "REPLICATE")
    y, x = (np.indices(page.shape) - page.shape[0] / 2) / 240
    bent = 10000 * (page / 10000) ** gamma
    slanted = np.rint(bent + x * across + y * down).astype(np.uint16)
    found = gradient(slanted, aims(pattern, SCALE.density, 4, 0.0, 2), affine)
    assert found is not None
    assert found.across == pytest.approx((abs(across) + abs(down)) / 10000, abs=0.002)


def test_a_gradient_has_a_direction() -> None:
    pattern = Pattern("even", "", "", 8, np.full((100, 100), 128, np.uint8), ())
    target, affine = aims(pattern, SCALE.density, 3, 0.0, 2), affine_of(pattern, 100)
    even = np.full((140, 140), 11224)
    y, x = np.indices(even.shape)
    for degrees, slope in ((0, -y), (90, x), (180, y), (270, -x), (135, x + y)):
        found = gradient((even + slope * 5).astype(np.uint16), target, affine)
        assert found is not None
        assert found.toward == degrees
    assert gradient(even.astype(np.uint16), target, affine).across == 0  # type: ignore[union-attr]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    left=st.integers(6, 220),
    top=st.integers(6, 180),
    side=st.integers(3, 12),
    off=st.sampled_from([-0.4, -0.03, 0.03, 0.4]),
    gamma=st.floats(0.9, 1.1),
)
def test_a_spot_is_found_where_it_is(
    seed: int, left: int, top: int, side: int, off: float, gamma: float
) -> None:
    """Under any tone, on a slope, on a page with an even half."""
    pattern = blocks(seed, 240)
    pattern.pixels[:210, :] = 1500
    affine = affine_of(pattern, 240)
    y, x = np.indices((280, 280))
    page = 10000 * (page_of(pattern, 240, "REPLICATE") / 10000) ** gamma + 0.7 * x - 0.4 * y
    target = aims(pattern, SCALE.density, 3, 0.0, 2)
    assert spots(np.rint(page).astype(np.uint16), target, affine, (0.7e-4, -0.4e-4)) == ()
    page[MARGIN + top : MARGIN + top + side, MARGIN + left : MARGIN + left + side] += off * 10000
    [spot] = spots(np.rint(page).astype(np.uint16), target, affine, (0.7e-4, -0.4e-4))
    assert (spot.left, spot.top, spot.width, spot.height) == (MARGIN + left, MARGIN + top, side, side)
    assert spot.off == pytest.approx(off, abs=0.002)
    assert spot.pixels == side * side


def test_what_is_thin_is_no_spot() -> None:
    pattern = Pattern("even", "", "", 8, np.full((100, 100), 128, np.uint8), ())
    target, affine = aims(pattern, SCALE.density, 3, 0.0, 2), affine_of(pattern, 100)
    page = np.full((140, 140), 11224, np.uint16)
    page[60:62] += 900
    page[80, 80] += 900
    assert spots(page, target, affine, (0.0, 0.0)) == ()
    assert [spot.pixels for spot in spots(page, target, affine, (0.0, 0.0), thin=1)] == [192, 1]


PATCH = Patch("p", 7, Role.STEP, 10, 20, 30, 8)


def test_a_patch_is_read_where_it_lies_as_a_whole() -> None:
    page = np.full((100, 100), 20000, np.uint16)
    page[20:28, 10:40] = 10000
    page[24:28, 10:40] = 10002
    found = read(page, PATCH, np.eye(2, 3))
    assert (found.x, found.y) == (25, 24)
    assert found.mean == pytest.approx(1.0001)
    assert found.spread == pytest.approx(0.0001)
    assert found.pixels == 240
    assert read(page, PATCH, np.array([[1, 0, 0.5], [0, 1, 0.5]])).pixels == 29 * 7
    assert read(page, PATCH, np.array([[1, 0, 0.4], [0, 1, 0]]), outside=0.5).pixels == 240
    mirrored = np.array([[-1.0, 0, 50], [0, 1, 0]])
    assert read(page, PATCH, mirrored).mean == pytest.approx(1.0001)
    turned = np.array([[0.0, 1, 0], [1, 0, 0]])
    assert read(np.ascontiguousarray(page.T), PATCH, turned).mean == pytest.approx(1.0001)


@pytest.mark.parametrize(
    "affine", [[[1, 0, 70], [0, 1, 0]], [[1, 0, 0], [0, 1, -25]], [[0.02, 0, 0], [0, 1, 0]]]
)
def test_a_patch_that_is_cut_or_too_small_is_not_read(affine: list[list[float]]) -> None:
    found = read(np.full((100, 100), 20000, np.uint16), PATCH, np.array(affine, np.float64))
    assert found.pixels == 0
    assert math.isnan(found.mean)
