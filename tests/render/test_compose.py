"""A sheet into a page, read back as a densitometer would."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from printscp.film.display_format import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage
from printscp.render.compose import compose
from printscp.render.tone import ToneScale

ImageOf = Callable[..., SheetImage]
PageOf = Callable[..., np.ndarray]

FOUR = (
    Rectangle(10, 10, 64, 48),
    Rectangle(80, 10, 64, 48),
    Rectangle(10, 64, 64, 48),
    Rectangle(80, 64, 64, 48),
)
BORDER, EMPTY = 123, 45


@pytest.fixture
def film(sheet: Sheet) -> Callable[..., Sheet]:
    """Makes a film of four boxes with the images given."""

    def make(*images: SheetImage, **fields: Any) -> Sheet:
        values: dict[str, Any] = {
            "width": 154,
            "height": 128,
            "dots_per_inch": 32.0,
            "boxes": FOUR,
            "label": Rectangle(10, 116, 134, 10),
            "border_density": BORDER,
            "empty_image_density": EMPTY,
        }
        return replace(sheet, images=images, **values | fields)

    return make


@pytest.fixture
def page_of(film: Callable[..., Sheet]) -> PageOf:
    """The densities of the page of such a film."""
    return lambda *images, **fields: compose(film(*images, **fields), "film 1").density.astype(int)


def inside(density: np.ndarray, box: Rectangle) -> np.ndarray:
    return density[box.top : box.top + box.height, box.left : box.left + box.width]


def printed(values: Any, largest: int = 255, low: float = 0.2, high: float = 3.1) -> np.ndarray:
    """Units of the page at which pixel values print."""
    density = ToneScale(low, high, 2000, 10).density(np.asarray(values) / largest)
    return np.rint(density * 10000).astype(int)


NAMED = np.arange(192, dtype=np.uint8).reshape(12, 16)  # no two pixels alike: each tells where it belongs


def test_each_pixel_is_where_it_belongs_upright_and_nothing_else_is_touched(
    image: ImageOf, page_of: PageOf
) -> None:
    density = page_of(image(NAMED, 2))
    expected = np.full((128, 154), BORDER * 100)
    for position, box in enumerate(FOUR, start=1):
        whole = np.repeat(np.repeat(printed(NAMED), 4, axis=0), 4, axis=1)
        inside(expected, box)[:] = whole if position == 2 else EMPTY * 100
    assert (density == expected).all()


@pytest.mark.parametrize("magnification", ["CUBIC", "BILINEAR", "REPLICATE"])
def test_pixel_centers_print_at_their_values_by_any_magnification(
    image: ImageOf, page_of: PageOf, magnification: str
) -> None:
    box = Rectangle(3, 5, 16 * 5, 12 * 5)
    for pixels in (NAMED, NAMED.astype(np.uint16) * 21):
        density = page_of(image(pixels, magnification=magnification), boxes=(box,))
        centers = inside(density, box)[2::5, 2::5]
        largest = 255 if pixels.dtype == np.uint8 else 4095
        expected = printed(pixels, largest)
        # Within the step from one 16-bit sample to the next.
        step = np.abs(expected - printed(pixels + largest / 65535, largest)) + 1
        assert (np.abs(centers - expected) <= step).all()


def test_boxes_are_filled_in_the_order_of_the_positions(image: ImageOf, page_of: PageOf) -> None:
    images = [image(np.full((6, 8), 50 * position, np.uint8), position) for position in (3, 1, 4, 2)]
    density = page_of(*images)
    for position, box in enumerate(FOUR, start=1):
        assert (inside(density, box) == printed(50 * position)).all()


@pytest.mark.parametrize(
    ("aspect", "shape", "expected"),
    [
        ((1, 1), (4, 4), Rectangle(18, 10, 48, 48)),
        ((1, 1), (4, 8), Rectangle(10, 18, 64, 32)),
        # 4 rows of pixels twice as tall as wide are as high as 8.
        ((2, 1), (4, 8), Rectangle(18, 10, 48, 48)),
        ((1, 2), (4, 4), Rectangle(10, 18, 64, 32)),
    ],
)
def test_the_aspect_ratio_is_kept_and_what_is_left_of_the_box_is_border(
    image: ImageOf, page_of: PageOf, aspect: tuple[int, int], shape: tuple[int, int], expected: Rectangle
) -> None:
    density = page_of(image(np.full(shape, 200, np.uint8), pixel_aspect=aspect))
    page = np.full((128, 154), BORDER * 100)
    for box in FOUR[1:]:
        inside(page, box)[:] = EMPTY * 100
    inside(page, expected)[:] = printed(200)
    assert (density == page).all()


@pytest.mark.parametrize(("border", "empty"), [(310, 20), (20, 310), (150, 0)])
def test_border_and_empty_boxes_have_their_densities(page_of: PageOf, border: int, empty: int) -> None:
    density = page_of(border_density=border, empty_image_density=empty)
    expected = np.full((128, 154), border * 100)
    for box in FOUR:
        inside(expected, box)[:] = empty * 100
    assert (density == expected).all()


@pytest.mark.parametrize("bits", [8, 12])
def test_reverse_is_the_negative(image: ImageOf, page_of: PageOf, bits: int) -> None:
    largest = (1 << bits) - 1
    pixels = np.linspace(0, largest, 192).astype(np.uint8 if bits == 8 else np.uint16).reshape(12, 16)
    density = page_of(image(pixels, 1), image(pixels, 2, reverse=True), image(largest - pixels, 3))
    normal, reverse, negative = (inside(density, box)[::4, ::4] for box in FOUR[:3])
    assert (normal == printed(pixels, largest)).all()
    assert (reverse == negative).all()
    assert (reverse == printed(largest - pixels, largest)).all()


def test_an_image_keeps_to_its_own_density_range(image: ImageOf, page_of: PageOf) -> None:
    pixels = np.array([[0, 255]], np.uint8)
    density = page_of(image(pixels, 1, min_density=50, max_density=200), image(pixels, 2))
    first, second = (inside(density, box) for box in FOUR[:2])
    assert set(first[first != BORDER * 100].tolist()) == {20000, 5000}
    assert set(second[second != BORDER * 100].tolist()) == {31000, 2000}


def test_what_stands_above_12_bits_does_not_print(image: ImageOf, page_of: PageOf) -> None:
    pixels = np.arange(192, dtype=np.uint16).reshape(12, 16) * 21
    rubbish = np.random.default_rng(3).integers(0, 16, pixels.shape).astype(np.uint16) << 12
    density = page_of(image(pixels, 1), image(pixels | rubbish, 2))
    assert (inside(density, FOUR[0]) == inside(density, FOUR[1])).all()


def test_cubic_overshoot_is_clipped_to_the_range_of_the_image(image: ImageOf, page_of: PageOf) -> None:
    for dtype, largest in ((np.uint8, 255), (np.uint16, 4095)):
        pixels = np.zeros((6, 8), dtype)
        pixels[2:4, 3:5] = largest
        density = page_of(image(pixels, magnification="CUBIC", min_density=60, max_density=180))
        box = inside(density, FOUR[0])
        assert (box.min(), box.max()) == (6000, 18000)


@pytest.mark.parametrize("size", [480, 499])
def test_a_fine_checkerboard_becomes_a_uniform_gray(image: ImageOf, page_of: PageOf, size: int) -> None:
    checkerboard = (np.indices((size * 3 // 4 // 2 * 2, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    density = page_of(image(checkerboard, magnification="CUBIC"))
    core = inside(density, FOUR[0])[2:-2]
    # Averaged as pixel values, which are P-values: half way in what is seen.
    assert np.abs(core - printed(127.5)).max() < 500
    assert core.std() < 250


def test_the_page_is_the_sheet_s_in_every_other_respect(image: ImageOf, film: Callable[..., Sheet]) -> None:
    page = compose(film(image(NAMED)), "film 7")
    assert page.density.dtype == np.uint16
    assert page.size_points == (154 / 32 * 72, 128 / 32 * 72)
    assert (page.title, page.dots_per_inch) == ("film 7", 32)
    assert page.scale == ToneScale(0.2, 3.1, 2000, 10)


@pytest.mark.parametrize(("border", "text"), [(310, 2000), (20, 31000), (164, 31000), (166, 2000)])
def test_the_label_lies_in_its_strip_and_stands_out(
    image: ImageOf, film: Callable[..., Sheet], border: int, text: int
) -> None:
    [label] = compose(film(image(NAMED), border_density=border), "film 7").labels
    assert label.text == "film 7"
    assert label.density == text
    assert label.left == 10
    # Letters rise from the baseline by at most their height, and hang below it by a quarter.
    assert label.baseline - label.height >= 116
    assert label.baseline + label.height / 4 <= 116 + 10


def test_the_page_is_made_of_its_own_memory_and_the_sheet_stays_as_it_was(
    image: ImageOf, film: Callable[..., Sheet]
) -> None:
    exact = (Rectangle(0, 0, 154, 128),)
    whole = film(image(np.full((128, 154), 4095, np.uint16)), boxes=exact)
    before = copy.deepcopy(whole)
    first, second = compose(whole, "a"), compose(whole, "a")
    pixels = np.frombuffer(whole.images[0].pixels, np.uint8)
    assert not np.shares_memory(first.density, pixels)
    assert not np.shares_memory(first.density, second.density)
    first.density[:] = 0
    assert whole == before
    assert (compose(whole, "a").density == 2000).all()


# --- Presentation LUT ------------------------------------------------------------------------------------


def test_each_image_prints_by_its_presentation_lut(image: ImageOf, page_of: PageOf) -> None:
    rising, falling = tuple(4 * v for v in range(256)), tuple(1023 - 4 * v for v in range(256))
    look_ups = (LookUp("IDENTITY"), LookUp("", 10, falling), LookUp("LIN OD"), LookUp("", 10, rising))
    images = [image(NAMED, position, look_up=position - 1) for position in (1, 2, 3, 4)]
    density = page_of(*images, look_ups=look_ups)
    identity, turned, linear, straight = (inside(density, box)[::4, ::4] for box in FOUR)
    assert (identity == printed(NAMED)).all()
    assert (turned == printed(1023 - 4 * NAMED.astype(int), 1023)).all()
    assert (linear == np.rint(31000 - 29000 * (NAMED / 255))).all()
    assert (straight == printed(4 * NAMED.astype(int), 1023)).all()
    assert (page_of(image(NAMED), look_ups=look_ups) == page_of(image(NAMED))).all()


def test_what_is_reversed_is_reversed_before_its_presentation_lut(image: ImageOf, page_of: PageOf) -> None:
    table = LookUp("", 10, tuple(min(3 * v, 1023) for v in range(256)))
    density = page_of(image(NAMED, reverse=True, look_up=0), look_ups=(table,))
    expected = printed(np.minimum(3 * (255 - NAMED.astype(int)), 1023), 1023)
    assert (inside(density, FOUR[0])[::4, ::4] == expected).all()


# --- sizes -----------------------------------------------------------------------------------------------

BIG = (
    np.arange(120 * 100, dtype=np.uint16).reshape(120, 100) % 4096
)  # larger than a box of 48 rows, 64 columns


@pytest.mark.parametrize(
    "asked",
    [
        {"magnification": "NONE"},
        {"magnification": "NONE", "decimate_crop": "CROP", "pixel_aspect": (2, 1)},
        {"magnification": "CUBIC", "decimate_crop": "CROP"},
        {"magnification": "REPLICATE", "decimate_crop": "CROP"},
    ],
)
def test_what_is_cut_prints_its_middle_pixel_by_pixel(
    image: ImageOf, page_of: PageOf, asked: dict[str, Any]
) -> None:
    density = page_of(image(BIG, 4, **asked))
    expected = np.full((128, 154), BORDER * 100)
    for box in FOUR[:3]:
        inside(expected, box)[:] = EMPTY * 100
    inside(expected, FOUR[3])[:] = printed(BIG[36:84, 18:82], 4095)
    assert (density == expected).all()


def test_one_to_one_is_not_enlarged(image: ImageOf, page_of: PageOf) -> None:
    density = page_of(image(NAMED, magnification="NONE"))
    expected = np.full((48, 64), BORDER * 100)
    expected[18:30, 24:40] = printed(NAMED)
    assert (inside(density, FOUR[0]) == expected).all()


def test_true_size_is_so_many_millimetres_on_the_film(image: ImageOf, page_of: PageOf) -> None:
    # At 32 dpi an inch of 16 pixels gives each of them 2 x 2 printer pixels, or with CROP 2 inches 4 x 4.
    for inches, decimate_crop, part in ((1, "DECIMATE", NAMED), (3, "CROP", NAMED[2:10, 3:13])):
        asked = {"requested_width_mm": inches * 25.4, "decimate_crop": decimate_crop}
        where = inside(page_of(image(NAMED, **asked)), FOUR[0])
        scale = inches * 2
        rows, columns = part.shape[0] * scale, part.shape[1] * scale
        expected = np.full((48, 64), BORDER * 100)
        top, left = (48 - rows) // 2, (64 - columns) // 2
        whole = np.repeat(np.repeat(printed(part), scale, axis=0), scale, axis=1)
        expected[top : top + rows, left : left + columns] = whole
        assert (where == expected).all()


# --- trim ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("border", "line"), [(310, 2000), (20, 31000), (166, 2000), (164, 31000)])
@pytest.mark.parametrize(("dots_per_inch", "rim"), [(32.0, 1), (160.0, 3), (320.0, 6), (1.0, 1)])
def test_trim_frames_each_image_outside_of_it(
    image: ImageOf, page_of: PageOf, border: int, line: int, dots_per_inch: float, rim: int
) -> None:
    fields = {"border_density": border, "dots_per_inch": dots_per_inch}
    images = [image(NAMED[:, :8], 1), image(NAMED, 4)]  # one leaves part of its box free
    plain, trimmed = page_of(*images, **fields), page_of(*images, trim=True, **fields)
    expected = plain.copy()
    for box in (Rectangle(26, 10, 32, 48), FOUR[3]):
        grown = Rectangle(box.left - rim, box.top - rim, box.width + 2 * rim, box.height + 2 * rim)
        inside(expected, grown)[:] = line
        inside(expected, box)[:] = inside(plain, box)
    assert (trimmed == expected).all()


def test_a_frame_never_covers_an_image_nor_leaves_the_page(image: ImageOf, page_of: PageOf) -> None:
    # Two images side by side in the corner of the page, nothing between them.
    boxes = (Rectangle(0, 0, 32, 24), Rectangle(32, 0, 32, 24))
    images = [image(NAMED, 1), image(NAMED, 2)]
    fields = {"boxes": boxes, "dots_per_inch": 160.0}
    plain, trimmed = page_of(*images, **fields), page_of(*images, trim=True, **fields)
    expected = plain.copy()
    expected[:27, :67] = 31000
    expected[:24, :64] = plain[:24, :64]
    assert (trimmed == expected).all()


def test_empty_boxes_have_no_frame(page_of: PageOf) -> None:
    assert (page_of(trim=True) == page_of()).all()


# --- color -----------------------------------------------------------------------------------------------


def test_color_prints_as_the_gray_of_its_luminance(image: ImageOf, page_of: PageOf) -> None:
    colors = {
        (0, 0, 0): 0,
        (255, 255, 255): 255,
        (100, 100, 100): 100,
        (255, 0, 0): 127,
        (0, 255, 0): 220,
        (0, 0, 255): 76,
    }
    pixels = np.array([list(colors)], np.uint8)
    density = page_of(image(pixels, look_up=0), look_ups=(LookUp("LIN OD"),))  # which is not for color
    assert (inside(density, FOUR[0])[24, 5:64:11] == printed(list(colors.values()))).all()


def test_a_gray_image_in_color_prints_as_it_does_in_gray(image: ImageOf, page_of: PageOf) -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    in_color = np.repeat(every[:, :, None], 3, axis=2)
    for fields in ({}, {"reverse": True}, {"magnification": "CUBIC"}):
        assert (page_of(image(in_color, **fields)) == page_of(image(every, **fields))).all()
