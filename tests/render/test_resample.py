"""An image into its box: which part of it, how large, upright, in the middle."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Sheet, SheetImage
from printscp.render.resample import Placement, magnification, placement, resample, samples

MAGNIFICATIONS = ["CUBIC", "BILINEAR", "REPLICATE"]
DPI = 25.4  # one printer pixel is one millimetre


def resampled(
    source: np.ndarray, rows: int, columns: int, magnification: str, weight: float = 0.0, shift: int = 0
) -> np.ndarray:
    """Into the middle of a page, gray or color, whose rest must stay as it is."""
    color = source.ndim == 3
    page = np.full((rows + 4, columns + 6, 3)[: source.ndim], 47, np.uint8 if color else np.uint16)
    before = source.copy()
    resample(source, page[2 : rows + 2, 3 : columns + 3], magnification, weight, shift)
    result = page[2 : rows + 2, 3 : columns + 3].copy()
    page[2 : rows + 2, 3 : columns + 3] = 47
    assert (page == 47).all()
    assert (source == before).all()
    return result


# --- samples ---------------------------------------------------------------------------------------------


def test_samples_are_the_sheet_s_own_and_a_pad_is_left_out(image: Callable[..., SheetImage]) -> None:
    narrow = image(np.array([[0, 1, 255]], np.uint8), pixels=bytes([0, 1, 255, 99]))
    assert samples(narrow).tolist() == [[0, 1, 255]]
    wide = image(np.array([[0x0001, 0x0FFF], [0xF001, 0xAFFF]], np.uint16))
    assert samples(wide).tolist() == [[0x0001, 0x0FFF], [0xF001, 0xAFFF]]
    assert np.shares_memory(samples(wide), np.frombuffer(wide.pixels, np.uint8))


@pytest.mark.parametrize("shape", [(3, 2), (9, 6), (1, 1)], ids=["one to one", "grown", "shrunk"])
def test_values_fill_16_bits_and_the_bits_above_them_fall_out(shape: tuple[int, int]) -> None:
    words = np.array([[0x0001, 0x0FFF], [0xF001, 0xAFFF], [0xF000, 0x1234]], np.uint16)
    for shift in (0, 4, 6):
        up = (words.astype(int) << shift) & 0xFFFF
        result = resampled(words, *shape, "REPLICATE", shift=shift)
        expected = {9: up.repeat(3, axis=0).repeat(3, axis=1), 3: up}.get(shape[0], np.rint(up.mean()))
        assert (result == expected).all()
    narrow = resampled(np.array([[0, 1, 255]], np.uint8), 1, 3, "CUBIC", shift=8)
    assert narrow.tolist() == [[0, 0x0100, 0xFF00]]


# --- placement -------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 5000),
    columns=st.integers(1, 5000),
    aspect=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    box=st.builds(
        Rectangle, st.integers(0, 50), st.integers(0, 50), st.integers(1, 900), st.integers(1, 900)
    ),
)
def test_an_image_is_as_large_as_fits_of_its_aspect_ratio(
    sheet: Sheet, rows: int, columns: int, aspect: tuple[int, int], box: Rectangle
) -> None:
    image = replace(sheet.images[0], rows=rows, columns=columns, pixel_aspect=aspect)
    placed = placement(image, box, DPI)
    vertical, horizontal = aspect
    wide, high = columns * horizontal, rows * vertical
    scale = min(box.width / wide, box.height / high)
    assert placed.part == Rectangle(0, 0, columns, rows)
    assert placed.where.width == box.width or placed.where.height == box.height
    assert abs(placed.where.width - max(1, wide * scale)) <= 0.5 + 1e-9
    assert abs(placed.where.height - max(1, high * scale)) <= 0.5 + 1e-9


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 500),
    columns=st.integers(1, 500),
    asked=st.fixed_dictionaries(
        {
            "pixel_aspect": st.tuples(st.integers(1, 4), st.integers(1, 4)),
            "magnification": st.sampled_from([*MAGNIFICATIONS, "NONE"]),
            "decimate_crop": st.sampled_from(["CROP", "DECIMATE", "FAIL"]),
            "requested_width_mm": st.none() | st.floats(1, 1000),
        }
    ),
    box=st.builds(
        Rectangle, st.integers(0, 50), st.integers(0, 50), st.integers(1, 400), st.integers(1, 400)
    ),
)
def test_whatever_is_asked_an_image_stays_in_its_box_at_one_scale(
    sheet: Sheet, rows: int, columns: int, asked: dict[str, Any], box: Rectangle
) -> None:
    image = replace(sheet.images[0], rows=rows, columns=columns, **asked)
    placed = placement(image, box, DPI)
    vertical, horizontal = magnification(image, box, DPI)
    one_to_one = image.magnification == "NONE"
    assert one_to_one or vertical / horizontal == pytest.approx(np.divide(*image.pixel_aspect))
    for start, length, room_start, room, first, kept, pixels, scale in (
        (
            *(placed.where.left, placed.where.width, box.left, box.width),
            *(placed.part.left, placed.part.width, columns, horizontal),
        ),
        (
            *(placed.where.top, placed.where.height, box.top, box.height),
            *(placed.part.top, placed.part.height, rows, vertical),
        ),
    ):
        # In the box, in its middle, a part of the image from its middle.
        before, after = start - room_start, room_start + room - start - length
        assert 0 <= before <= after <= before + 1
        assert 1 <= length <= room
        cut_before, cut_after = first, pixels - first - kept
        assert 0 <= cut_before <= cut_after <= cut_before + 1
        assert 1 <= kept <= pixels
        if kept < pixels:
            # Cut only where that was asked for, no more than needed, and of the scale that it has whole.
            assert one_to_one or image.decimate_crop == "CROP"
            assert (kept + 1) * scale > room
        if kept > 1 or scale <= room:
            assert abs(length - max(1, kept * scale)) <= 0.5 + 1e-9
        if one_to_one:
            assert kept == length == min(pixels, room)


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        ((1, 1), Rectangle(10, 45, 100, 50)),
        # Vertical first: pixels twice as tall as wide make 20 x 10 of them a square.
        ((2, 1), Rectangle(10, 20, 100, 100)),
        ((1, 2), Rectangle(10, 57, 100, 25)),
        ((4, 1), Rectangle(35, 20, 50, 100)),
        ((300, 300), Rectangle(10, 45, 100, 50)),
    ],
)
def test_pixel_aspect_ratio_is_vertical_to_horizontal(
    sheet: Sheet, aspect: tuple[int, int], expected: Rectangle
) -> None:
    image = replace(sheet.images[0], rows=10, columns=20, pixel_aspect=aspect)
    assert placement(image, Rectangle(10, 20, 100, 100), DPI).where == expected


WHOLE = Rectangle(0, 0, 50, 40)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # True size: 100 mm wide, as high as the aspect ratio makes it, in the middle.
        ({"requested_width_mm": 100.0}, Placement(WHOLE, Rectangle(50, 60, 100, 80))),
        (
            {"requested_width_mm": 100.0, "pixel_aspect": (2, 1)},
            Placement(WHOLE, Rectangle(50, 20, 100, 160)),
        ),
        # Smaller than one to one is true size, too, whatever is to be done with what is too large.
        (
            {"requested_width_mm": 25.0, "decimate_crop": "CROP"},
            Placement(WHOLE, Rectangle(87, 90, 25, 20)),
        ),
        # Wider than the box: shrunk until it fits, or 200 / 6 whole pixels of the middle at that size.
        ({"requested_width_mm": 300.0}, Placement(WHOLE, Rectangle(0, 20, 200, 160))),
        (
            {"requested_width_mm": 300.0, "decimate_crop": "FAIL"},
            Placement(WHOLE, Rectangle(0, 20, 200, 160)),
        ),
        (
            {"requested_width_mm": 300.0, "decimate_crop": "CROP"},
            Placement(Rectangle(8, 3, 33, 33), Rectangle(1, 1, 198, 198)),
        ),
        # Only too high: cut in that direction alone.
        (
            {"requested_width_mm": 100.0, "pixel_aspect": (4, 1), "decimate_crop": "CROP"},
            Placement(Rectangle(0, 7, 50, 25), Rectangle(50, 0, 100, 200)),
        ),
        # One to one wins over true size, and over the aspect ratio.
        (
            {"magnification": "NONE", "requested_width_mm": 300.0, "pixel_aspect": (2, 1)},
            Placement(WHOLE, Rectangle(75, 80, 50, 40)),
        ),
        # What is not larger than its box is not cut, and fills it.
        ({"decimate_crop": "CROP"}, Placement(WHOLE, Rectangle(0, 20, 200, 160))),
    ],
)
def test_sizes_that_were_asked_for(sheet: Sheet, asked: dict[str, Any], expected: Placement) -> None:
    image = replace(sheet.images[0], rows=40, columns=50, **asked)
    assert placement(image, Rectangle(0, 0, 200, 200), DPI) == expected


@pytest.mark.parametrize(
    ("rows", "columns", "asked", "expected"),
    [
        (300, 400, {}, Placement(Rectangle(100, 50, 200, 200), Rectangle(0, 0, 200, 200))),
        # Of an odd number the bottom and the right lose one more.
        (201, 203, {}, Placement(Rectangle(1, 0, 200, 200), Rectangle(0, 0, 200, 200))),
        # Larger in one direction: one to one in both.
        (201, 50, {}, Placement(Rectangle(0, 0, 50, 200), Rectangle(75, 0, 50, 200))),
        (50, 201, {}, Placement(Rectangle(0, 0, 200, 50), Rectangle(0, 75, 200, 50))),
        # As many rows as the box has are not more, whatever the aspect ratio makes of them.
        (
            200,
            50,
            {"pixel_aspect": (2, 1)},
            Placement(Rectangle(0, 0, 50, 200), Rectangle(87, 0, 25, 200)),
        ),
        # The shorter side of a pixel is one printer pixel.
        (
            300,
            50,
            {"pixel_aspect": (2, 1)},
            Placement(Rectangle(0, 100, 50, 100), Rectangle(75, 0, 50, 200)),
        ),
        (
            50,
            300,
            {"pixel_aspect": (2, 6)},
            Placement(Rectangle(117, 0, 66, 50), Rectangle(1, 75, 198, 50)),
        ),
    ],
)
@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
def test_what_is_larger_than_its_box_is_cut_to_one_to_one(
    sheet: Sheet, rows: int, columns: int, asked: dict[str, Any], expected: Placement, magnification: str
) -> None:
    image = replace(
        sheet.images[0],
        rows=rows,
        columns=columns,
        decimate_crop="CROP",
        magnification=magnification,
        **asked,
    )
    assert placement(image, Rectangle(0, 0, 200, 200), DPI) == expected


def test_true_size_is_measured_at_the_resolution_of_the_film(sheet: Sheet) -> None:
    image = replace(sheet.images[0], rows=512, columns=512, requested_width_mm=127.0)
    assert placement(image, Rectangle(0, 0, 5000, 5000), 320).where.width == 1600  # 5 inches


# --- resampling ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    more=st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_replicate_takes_the_pixel_under_the_center(shape: tuple[int, int], more: tuple[int, int]) -> None:
    rows, columns = shape
    high, wide = rows + more[0], columns + more[1]
    source = (np.arange(rows * columns, dtype=np.uint16) * 401).reshape(shape)
    result = resampled(source, high, wide, "REPLICATE")
    under = [
        np.floor((np.arange(size) + 0.5) * old / size).astype(int)
        for size, old in ((high, rows), (wide, columns))
    ]
    exact = source[np.ix_(*under)]
    # Where a center lies on the border of two pixels either is right.
    ties = [
        ((2 * np.arange(size) + 1) * old) % (2 * size) == 0 for size, old in ((high, rows), (wide, columns))
    ]
    decided = ~(ties[0][:, None] | ties[1][None, :])
    assert (result[decided] == exact[decided]).all()
    assert set(result.ravel().tolist()) <= set(source.ravel().tolist())


@pytest.mark.parametrize("magnification", [*MAGNIFICATIONS, "NONE"])
def test_what_is_of_the_size_of_its_place_stays_as_it_is(magnification: str) -> None:
    source = np.random.default_rng(4).integers(0, 65536, (37, 53), np.uint16)
    assert (resampled(source, 37, 53, magnification) == source).all()
    assert (resampled(source[3:30, 7:50], 27, 43, magnification) == source[3:30, 7:50]).all()


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
@pytest.mark.parametrize("factor", [3, 5])
def test_pixel_centers_keep_their_values_at_odd_factors(magnification: str, factor: int) -> None:
    source = np.random.default_rng(1).integers(0, 65536, (16, 11), np.uint16)
    result = resampled(source, 16 * factor, 11 * factor, magnification)
    centers = result[factor // 2 :: factor, factor // 2 :: factor]
    assert np.abs(centers.astype(int) - source).max() <= 1


@pytest.mark.parametrize("magnification", ["CUBIC", "BILINEAR"])
def test_what_grows_is_interpolated_without_a_shift(magnification: str) -> None:
    # A plane stays a plane, but for the rim where neighbours are missing.
    rows, columns, factor = 12, 10, 4
    y, x = np.mgrid[0:rows, 0:columns]
    source = (2000 + 3000 * y + 2000 * x).astype(np.uint16)
    result = resampled(source, rows * factor, columns * factor, magnification)
    y, x = (np.mgrid[0 : rows * factor, 0 : columns * factor] + 0.5) / factor - 0.5
    rim = 2 * factor
    inside = (slice(rim, -rim), slice(rim, -rim))
    # Cubic with a = -0.75 bends a plane by a few parts in a hundred of the step between two pixels.
    assert np.abs(result - (2000 + 3000 * y + 2000 * x))[inside].max() < 0.05 * 5000


def test_cubic_may_overshoot_but_never_wraps() -> None:
    for low, high in ((0, 0xFF00), (0, 0xFFF0)):
        source = np.full((8, 8), low, np.uint16)
        source[:, 4:] = high
        result = resampled(source, 56, 56, "CUBIC").astype(int)
        assert (np.diff(result, axis=0) == 0).all()
        assert result[:, :20].max() < 0x4000
        assert result[:, 36:].min() > 0xC000


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
@pytest.mark.parametrize("size", [(100, 100), (137, 137), (100, 249), (333, 50)])
def test_what_shrinks_is_averaged(magnification: str, size: tuple[int, int]) -> None:
    checkerboard = (np.indices((1000, 1000)).sum(axis=0) % 2 * 0xFF00).astype(np.uint16)
    result = resampled(checkerboard, *size, magnification)
    # Where a printed pixel covers parts of pixels, a little of the pattern is left.
    tolerance = 2 if all(1000 % side == 0 for side in size) else 0xFF00 * 0.02
    assert np.abs(result - 0xFF00 / 2).max() <= tolerance


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
def test_the_mean_of_an_image_outlives_shrinking(magnification: str) -> None:
    source = np.random.default_rng(2).integers(0, 65536, (300, 400), np.uint16)
    result = resampled(source, 30, 40, magnification)
    expected = source.reshape(30, 10, 40, 10).mean(axis=(1, 3))
    assert np.abs(result - expected).max() <= 1


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
def test_one_side_may_shrink_while_the_other_grows(magnification: str) -> None:
    source = np.repeat(np.arange(4, dtype=np.uint16)[:, None] * 10000, 900, axis=1)
    result = resampled(source, 20, 30, magnification)
    assert (result == result[:, :1]).all()
    assert result[[2, 7, 12, 17], 0].tolist() == [0, 10000, 20000, 30000]


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
@pytest.mark.parametrize("source", [(1, 1), (1, 65535), (65535, 1), (3, 2)])
@pytest.mark.parametrize("target", [(1, 1), (1, 40), (40, 1), (7, 9)])
def test_the_thinnest_images_and_boxes(
    magnification: str, source: tuple[int, int], target: tuple[int, int]
) -> None:
    result = resampled(np.full(source, 0xABC0, np.uint16), *target, magnification)
    # The mean of 65535 pixels is taken in single precision.
    assert np.abs(result.astype(int) - 0xABC0).max() <= 8


def reference_average(source: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The mean of each printed pixel over the parts of pixels that it covers."""

    def shares(pixels: int, printed: int) -> np.ndarray:
        edges, pixel = np.arange(printed + 1) * pixels / printed, np.arange(pixels)
        covered = np.minimum(pixel + 1, edges[1:, None]) - np.maximum(pixel, edges[:-1, None])
        return np.maximum(covered, 0) * printed / pixels

    return np.einsum(
        "ai,ij...,bj->ab...", shares(source.shape[0], rows), source, shares(source.shape[1], columns)
    )


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    color=st.booleans(),
    seed=st.integers(0, 9),
)
def test_what_shrinks_is_the_mean_of_what_each_pixel_covers(
    shape: tuple[int, int], part: tuple[float, float], color: bool, seed: int
) -> None:
    rows, columns = (max(1, round(side * share)) for side, share in zip(shape, part, strict=True))
    largest, dtype = (256, np.uint8) if color else (65536, np.uint16)
    source = np.random.default_rng(seed).integers(0, largest, (*shape, 3) if color else shape, dtype)
    result = resampled(source, rows, columns, "CUBIC")
    assert np.abs(result - reference_average(source.astype(float), rows, columns)).max() <= 0.55


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
@pytest.mark.parametrize("size", [(60, 40), (20, 15), (7, 30), (20, 30)])
def test_colors_are_scaled_each_by_itself(magnification: str, size: tuple[int, int]) -> None:
    source = np.random.default_rng(5).integers(0, 256, (20, 15, 3), np.uint8)
    result = resampled(source, *size, magnification, 0.1)
    for channel in range(3):
        alone = resampled(
            np.repeat(source[:, :, channel : channel + 1], 3, axis=2), *size, magnification, 0.1
        )
        assert (result[:, :, channel] == alone[:, :, 0]).all()


# --- smoothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [0.16, 0.08, -0.08])
def test_smoothing_spreads_a_pixel_by_its_weights(weight: float) -> None:
    source = np.full((9, 9), 20000, np.uint16)
    source[4, 4] = 50000
    result = resampled(source, 9, 9, "CUBIC", weight)
    kernel = np.array([weight, 1 - 2 * weight, weight])
    expected = np.full((9, 9), 20000.0)
    expected[3:6, 3:6] += 30000 * np.outer(kernel, kernel)
    assert np.abs(result - expected).max() <= 0.51


@pytest.mark.parametrize("weight", [0.16, -0.08])
def test_smoothing_comes_after_shrinking_and_before_enlarging(weight: float) -> None:
    source = np.random.default_rng(6).integers(20000, 40000, (24, 32), np.uint16)
    for size in ((12, 16), (12, 64), (48, 64)):
        shrunk = resampled(source, min(24, size[0]), min(32, size[1]), "CUBIC")
        smoothed = resampled(shrunk, *shrunk.shape, "CUBIC", weight)
        assert (resampled(source, *size, "CUBIC", weight) == resampled(smoothed, *size, "CUBIC")).all()


def test_smoothing_leaves_even_parts_the_edges_and_other_magnifications_alone() -> None:
    even = np.full((12, 10), 31234, np.uint16)
    assert (resampled(even, 36, 30, "CUBIC", 0.16) == 31234).all()
    rough = np.random.default_rng(8).integers(0, 65536, (12, 10), np.uint16)
    assert (resampled(rough, 12, 10, "CUBIC", 0.0) == rough).all()
    for other in ("BILINEAR", "REPLICATE"):
        assert (resampled(rough, 36, 30, other, 0.16) == resampled(rough, 36, 30, other)).all()
    assert (resampled(rough, 12, 10, "NONE", 0.16) == rough).all()


def test_sharpening_is_clipped_not_wrapped() -> None:
    source = np.zeros((8, 8), np.uint16)
    source[:, 4:] = 65535
    result = resampled(source, 8, 8, "CUBIC", -0.08)
    assert set(result.ravel().tolist()) == {0, 65535}
