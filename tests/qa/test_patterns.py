"""Test patterns: P-values and geometry of the publications, exact to the pixel, for any matrix."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.qa.pattern import Patch, Pattern, Role
from printscp.qa.patterns import PATTERNS, draw

# PS3.14 D.2.4
WEDGE_OF_8_BITS = (
    *(0, 8, 16, 25, 33, 41, 49, 58, 66, 74, 82, 90, 99, 107, 115, 123),
    *(132, 140, 148, 156, 165, 173, 181, 189, 197, 206, 214, 222, 230, 239, 247, 255),
)
MATRICES = ((128, 128, 8), (300, 200, 12), (512, 512, 8), (1024, 1024, 12))


def part(pattern: Pattern, patch: Patch, beyond: int = 0) -> np.ndarray:
    """The pixels of a patch, and of a border so wide."""
    left, top = math.floor(patch.left) - beyond, math.floor(patch.top) - beyond
    right, bottom = math.ceil(patch.left + patch.width) + beyond, math.ceil(patch.top + patch.height) + beyond
    assert min(left, top) >= 0
    assert right <= pattern.pixels.shape[1]
    assert bottom <= pattern.pixels.shape[0]
    return pattern.pixels[top:bottom, left:right]


def check(pattern: Pattern, columns: int, rows: int, bits: int) -> None:
    """What all patterns promise."""
    assert pattern.pixels.shape == (rows, columns)
    assert pattern.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert pattern.pixels.max() <= pattern.largest
    assert pattern.patches
    assert len({patch.name for patch in pattern.patches}) == len(pattern.patches)
    for patch in pattern.patches:
        read = part(pattern, patch)
        assert read.size
        assert (read == patch.value).all(), patch
    steps = [patch.value for patch in pattern.of(Role.STEP)]
    assert steps == sorted(set(steps))
    assert len({patch.value for patch in pattern.of(Role.UNIFORMITY)}) <= 1


@pytest.mark.parametrize(("columns", "rows", "bits"), MATRICES)
@pytest.mark.parametrize("name", PATTERNS)
def test_patches_have_their_p_value_in_every_pixel(name: str, columns: int, rows: int, bits: int) -> None:
    pattern = draw(name, columns, rows, bits)
    assert (pattern.name, pattern.bits) == (name, bits)
    check(pattern, columns, rows, bits)


@given(
    name=st.sampled_from(sorted(PATTERNS)),
    columns=st.integers(256, 700) | st.integers(128, 300),
    rows=st.integers(128, 700),
    bits=st.sampled_from((8, 12)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_matrix_will_do(name: str, columns: int, rows: int, bits: int) -> None:
    if name == "ramp" and bits == 12 and columns < 256:
        with pytest.raises(SetupError, match="12 bits need 256x128"):
            draw(name, columns, rows, bits)
    else:
        check(draw(name, columns, rows, bits), columns, rows, bits)


@pytest.mark.parametrize("name", PATTERNS)
def test_what_is_read_is_clear_of_edges(name: str) -> None:
    pattern = draw(name)
    for patch in pattern.patches:
        if patch.role is not Role.LEVEL:
            assert (part(pattern, patch, 2) == patch.value).all(), patch


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "rows"), [(128, 128), (1024, 1024), (400, 300)])
@pytest.mark.parametrize("name", PATTERNS)
def test_no_turn_mirror_or_inversion_leaves_it_alike(name: str, columns: int, rows: int) -> None:
    pattern = draw(name, columns, rows, 8)
    right = pattern.pixels.astype(int)
    for turns, mirrored, inverted in product(range(4), (False, True), (False, True)):
        if (turns, mirrored, inverted) == (0, False, False) or (columns != rows and turns % 2):
            continue
        wrong = np.rot90(right, turns)
        wrong = np.fliplr(wrong) if mirrored else wrong
        wrong = pattern.largest - wrong if inverted else wrong
        differs = np.abs(wrong - right) > pattern.largest / 5
        assert differs.mean() > 0.001, (turns, mirrored, inverted)


# What the publications say


def values(name: str, role: Role, bits: int = 8) -> list[int]:
    return [patch.value for patch in draw(name, 256, 256, bits).of(role)]


def test_p_values_of_the_wedge_are_those_of_the_standard() -> None:
    assert values("wedge-32", Role.STEP) == list(WEDGE_OF_8_BITS)


@pytest.mark.parametrize(("steps", "bits"), list(product((6, 8, 17, 32, 33), (8, 12))))
def test_steps_of_wedges_are_even(steps: int, bits: int) -> None:
    largest = (1 << bits) - 1
    wanted = [math.floor(largest * step / (steps - 1) + 0.5) for step in range(steps)]
    assert values(f"wedge-{steps}", Role.STEP, bits) == wanted


def test_smpte_has_eleven_steps_and_5_and_95_percent() -> None:
    pattern = draw("smpte", 512, 512, 12)
    steps = [(patch.name, patch.value) for patch in pattern.of(Role.STEP)]
    assert steps == [(f"{percent}%", round(percent / 100 * 4095)) for percent in range(0, 101, 10)]
    contrast = {patch.name: patch for patch in pattern.of(Role.CONTRAST)}
    assert contrast["5%-in-0%"].value == round(0.05 * 4095)
    assert contrast["95%-in-100%"].value == round(0.95 * 4095)
    for name, ground in (("5%-in-0%", 0), ("95%-in-100%", 4095)):
        patch = contrast[name]
        beside = pattern.pixels[int(patch.top), int(patch.left - patch.width / 4)]
        assert beside == ground


def test_tg18_has_16_patches_whose_corners_hardly_stand_out() -> None:
    pattern = draw("tg18-qc", bits=8)
    assert [patch.value for patch in pattern.of(Role.STEP)] == list(range(8, 256, 16))
    assert [patch.value for patch in pattern.of(Role.CONTRAST)] == [13, 242]
    for patch in pattern.of(Role.STEP):
        around = part(pattern, patch, 19)
        assert {patch.value - 4, patch.value + 4} <= set(around.ravel().tolist())
    assert values("tg18-qc", Role.STEP, 12) == list(range(128, 4096, 256))


@pytest.mark.parametrize(
    ("name", "of_8_bits", "of_12_bits", "count"),
    [
        ("tg18-unl-10", 26, 410, 5),
        ("tg18-unl-50", 128, 2048, 5),
        ("tg18-unl-80", 204, 3276, 5),
        ("uniformity", 64, 1024, 9),
    ],
)
def test_even_pages(name: str, of_8_bits: int, of_12_bits: int, count: int) -> None:
    assert values(name, Role.UNIFORMITY) == [of_8_bits] * count
    assert values(name, Role.UNIFORMITY, 12) == [of_12_bits] * count
    pixels = draw(name).pixels
    assert (pixels == of_12_bits).mean() > 0.97


def test_regions_of_tg18_are_a_tenth_of_the_area_each() -> None:
    pattern = draw("tg18-unl-10", 1000, 1000)
    for patch in pattern.of(Role.UNIFORMITY):
        row = pattern.pixels[math.floor(patch.top + patch.height / 2)]
        lines = np.flatnonzero(row != patch.value)
        left = lines[lines < patch.left].max()
        right = lines[lines > patch.left + patch.width - 1].min()
        assert (right - left + 1) ** 2 / pattern.pixels.size == pytest.approx(0.1, rel=0.01), patch


@pytest.mark.parametrize(("columns", "rows", "bits"), [(1024, 1024, 12), (256, 128, 12), (600, 500, 8)])
def test_the_ramp_has_every_p_value_in_order(columns: int, rows: int, bits: int) -> None:
    pattern = draw("ramp", columns, rows, bits)
    levels = pattern.of(Role.LEVEL)
    assert [patch.value for patch in levels] == list(range(1 << bits))
    places = [(round(patch.top), patch.left) for patch in levels]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


# True size


@pytest.mark.parametrize(
    ("columns", "rows", "width_mm"),
    [(1024, 1024, None), (512, 512, 430.0), (1000, 777, None), (600, 1200, 100.0), (256, 256, 33.3)],
)
def test_crosses_are_where_the_pattern_says(columns: int, rows: int, width_mm: float | None) -> None:
    pattern = draw("geometry", columns, rows, 12, width_mm)
    assert pattern.width_mm == (width_mm or 250 * columns / max(columns, rows))
    per_mm = columns / pattern.width_mm
    apart = sorted({mark.x for mark in pattern.landmarks})
    thickness = max(min(0.5 * per_mm, 0.03 * (apart[1] - apart[0])), 2.0)
    ink = pattern.pixels.astype(float) - np.median(pattern.pixels)
    assert len(apart) >= 5
    assert len({mark.y for mark in pattern.landmarks}) >= 5
    for mark in pattern.landmarks:
        x_mm, y_mm = (float(each) for each in mark.name.split()[1:])
        assert (mark.x - columns / 2, mark.y - rows / 2) == pytest.approx((x_mm * per_mm, y_mm * per_mm))
        found = center(ink, mark.x, mark.y, thickness), center(ink.T, mark.y, mark.x, thickness)
        assert found == pytest.approx((mark.x, mark.y), abs=0.01), mark


def center(ink: np.ndarray, x: float, y: float, thickness: float) -> float:
    """Middle of the line that goes up from a cross."""
    row = ink[math.floor(y - 1.1 * thickness)]
    first, last = math.floor(x - thickness), math.ceil(x + thickness)
    return float(row[first:last] @ (np.arange(first, last) + 0.5) / row[first:last].sum())


def test_the_circle_is_as_wide_as_the_square_and_round() -> None:
    pattern = draw("geometry", 1000, 1000, 12)
    ink = pattern.pixels > pattern.largest / 2
    for angle in range(3, 90, 12):
        x, y = 250 * math.cos(math.radians(angle)), 250 * math.sin(math.radians(angle))
        for sign_x, sign_y in product((-1, 1), repeat=2):
            assert ink[math.floor(500 + sign_y * y), math.floor(500 + sign_x * x)]
    assert ink[250, 251:749].all()
    assert ink[251:749, 250].all()


# What cannot be drawn


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wedge-31",), "no pattern wedge-31; there are wedge-6, "),
        (("smpte", 127, 512), "give 128x128 to"),
        (("smpte", 512, 20000), "give 128x128 to"),
        (("smpte", 512, 512, 10), "give 8 or 12"),
        (("geometry", 512, 512, 8, 5.0), "give 10 to 1000"),
        (("ramp", 255, 512, 12), "12 bits need 256x128, or give 8 bits"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments: tuple, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        draw(*arguments)


def test_all_patterns_that_are_promised_are_there_and_cite() -> None:
    promised = "wedge-6 wedge-8 wedge-17 wedge-32 wedge-33 smpte tg18-qc tg18-unl-10 tg18-unl-50 tg18-unl-80"
    assert set(PATTERNS) == {*promised.split(), "uniformity", "geometry", "ramp", "resolution"}
    assert all(recipe.name == name and recipe.source for name, recipe in PATTERNS.items())
