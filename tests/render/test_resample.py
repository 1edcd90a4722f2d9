"""An image into its box: whole, upright, of its own aspect ratio, in the middle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.film.display_format import Rectangle
from printscp.film.sheet import SheetImage
from printscp.render.resample import placement, resample, samples

MAGNIFICATIONS = ["CUBIC", "BILINEAR", "REPLICATE"]


def image(
    rows: int, columns: int, pixels: bytes = b"", bits: int = 8, aspect: tuple[int, int] = (1, 1)
) -> SheetImage:
    return SheetImage(1, rows, columns, bits, False, aspect, "CUBIC", 20, 310, pixels)


def resampled(source: np.ndarray, rows: int, columns: int, magnification: str) -> np.ndarray:
    """Into the middle of a page, whose rest must stay as it is."""
    page = np.full((rows + 4, columns + 6), 4711, np.uint16)
    before = source.copy()
    resample(source, page[2 : rows + 2, 3 : columns + 3], magnification)
    result = page[2 : rows + 2, 3 : columns + 3].copy()
    page[2 : rows + 2, 3 : columns + 3] = 4711
    assert (page == 4711).all()
    assert (source == before).all()
    return result


# --- samples ---------------------------------------------------------------------------------------------


def test_8_bit_values_fill_16_bits_and_a_pad_is_left_out() -> None:
    values = samples(image(1, 3, bytes([0, 1, 255, 99])))
    assert values.tolist() == [[0, 0x0100, 0xFF00]]
    assert values.dtype == np.uint16


def test_12_bit_values_fill_16_bits_and_the_bits_above_them_fall_out() -> None:
    words = np.array([[0x0001, 0x0FFF], [0xF001, 0xAFFF], [0xF000, 0x1234]], "<u2")
    values = samples(image(3, 2, words.tobytes(), bits=12))
    assert values.tolist() == [[0x0010, 0xFFF0], [0x0010, 0xFFF0], [0, 0x2340]]


# --- placement -------------------------------------------------------------------------------------------


@given(
    rows=st.integers(1, 5000),
    columns=st.integers(1, 5000),
    aspect=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    box=st.builds(
        Rectangle, st.integers(0, 50), st.integers(0, 50), st.integers(1, 900), st.integers(1, 900)
    ),
)
def test_an_image_is_as_large_as_fits_of_its_aspect_ratio_and_in_the_middle(
    rows: int, columns: int, aspect: tuple[int, int], box: Rectangle
) -> None:
    where = placement(image(rows, columns, aspect=aspect), box)
    vertical, horizontal = aspect
    wide, high = columns * horizontal, rows * vertical
    scale = min(box.width / wide, box.height / high)
    assert where.width == box.width or where.height == box.height
    assert 1 <= where.width <= box.width
    assert 1 <= where.height <= box.height
    assert abs(where.width - max(1, wide * scale)) <= 0.5 + 1e-9
    assert abs(where.height - max(1, high * scale)) <= 0.5 + 1e-9
    before, after = where.left - box.left, box.left + box.width - where.left - where.width
    above, below = where.top - box.top, box.top + box.height - where.top - where.height
    assert 0 <= before <= after <= before + 1
    assert 0 <= above <= below <= above + 1


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
def test_pixel_aspect_ratio_is_vertical_to_horizontal(aspect: tuple[int, int], expected: Rectangle) -> None:
    assert placement(image(10, 20, aspect=aspect), Rectangle(10, 20, 100, 100)) == expected


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


@pytest.mark.parametrize("magnification", MAGNIFICATIONS)
@pytest.mark.parametrize("factor", [1, 3, 5])
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
