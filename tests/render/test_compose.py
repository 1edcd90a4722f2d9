"""A sheet into a page, read back as a densitometer would."""

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation, LookUp, Sheet, SheetImage, ToneCurve
from printscp.render.color import srgb
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.render.text import drawn, width
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

    def densities(*images: SheetImage, **fields: Any) -> np.ndarray:
        page = compose(film(*images, **fields), "film 1")
        assert isinstance(page, Page)
        return page.density.astype(int)

    return densities


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


@pytest.mark.parametrize(("border", "empty"), [(310, 20), (20, 310), (150, 21)])
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.integers(1, 200), st.booleans(), st.integers(1, 3000), st.integers(1, 60))
def test_a_small_page_is_as_large_as_asked_and_dark_where_the_large_one_is(
    film: Callable[..., Sheet], side: int, color: bool, length: int, across: int
) -> None:
    """Two boxes, one of which is empty, side by side on a film of any shape."""
    boxes = Rectangle(0, 0, length, across), Rectangle(length, 0, length, across)
    shape = {"width": 2 * length, "height": across, "dots_per_inch": 300.0, "boxes": boxes}
    sheet = film(color=color, **shape, label=Rectangle(0, 0, 0, 0), border_density=20)
    sheet = replace(sheet, boxes=boxes[:1])  # beside which is border
    page = compose(sheet, "", "", side)
    longest = max(2 * length, across)
    scale = min(side, longest) / longest
    assert page.shape == (math.ceil(across * scale), math.ceil(2 * length * scale))
    pixels = page.density if isinstance(page, Page) else 255 - page.srgb[..., 0]
    middle = page.shape[1] / 2
    assert (pixels[:, : math.floor(middle)] == pixels.max()).all()
    assert (pixels[:, math.ceil(middle) :] == pixels.min()).all()


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
    look_ups = (
        LookUp("IDENTITY"),
        LookUp("", bits=10, table=falling),
        LookUp("LIN OD"),
        LookUp("", bits=10, table=rising),
    )
    images = [image(NAMED, position, look_up=position - 1) for position in (1, 2, 3, 4)]
    density = page_of(*images, look_ups=look_ups)
    identity, turned, linear, straight = (inside(density, box)[::4, ::4] for box in FOUR)
    assert (identity == printed(NAMED)).all()
    assert (turned == printed(1023 - 4 * NAMED.astype(int), 1023)).all()
    assert (linear == np.rint(31000 - 29000 * (NAMED / 255))).all()
    assert (straight == printed(4 * NAMED.astype(int), 1023)).all()
    assert (page_of(image(NAMED), look_ups=look_ups) == page_of(image(NAMED))).all()


def test_what_is_reversed_is_reversed_before_its_presentation_lut(image: ImageOf, page_of: PageOf) -> None:
    table = LookUp("", bits=10, table=tuple(min(3 * v, 1023) for v in range(256)))
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


# --- tone curves and densities ---------------------------------------------------------------------------


def test_the_printer_s_curve_is_for_images_without_a_presentation_lut(
    image: ImageOf, page_of: PageOf
) -> None:
    curve = ToneCurve(1.6)
    images = [image(NAMED, 1, curve=curve), image(NAMED, 2, curve=curve, look_up=0), image(NAMED, 3)]
    density = page_of(*images, look_ups=(LookUp("IDENTITY"),))
    curved, identity, plain = (inside(density, box)[::4, ::4] for box in FOUR[:3])
    v = NAMED / 255
    assert (curved == printed(v**1.6 / (v**1.6 + (1 - v) ** 1.6), 1)).all()
    assert (identity == plain).all()


def test_smoothing_is_that_of_the_image(image: ImageOf, page_of: PageOf) -> None:
    pixels = np.zeros((48, 64), np.uint8)
    pixels[20, 30] = 200
    images = [image(pixels, at, magnification="CUBIC", smoothing_weight=w) for at, w in ((1, 0.16), (2, 0.0))]
    density = page_of(*images)
    smoothed, plain = (inside(density, box)[18:23, 28:33] for box in FOUR[:2])
    kernel = np.array([0, 0.16, 0.68, 0.16, 0])
    assert np.abs(smoothed - printed(200 * np.outer(kernel, kernel))).max() <= 3
    assert (plain[2, 2], (plain == 31000).sum()) == (printed(200), 24)


def test_no_density_leaves_the_printer_s_range(image: ImageOf, page_of: PageOf) -> None:
    density = page_of(
        *(image(NAMED, 1, min_density=0, max_density=400), image(NAMED, 2, look_up=0, max_density=999)),
        look_ups=(LookUp("LIN OD", by_value=True),),
        border_density=0,
        empty_image_density=400,
        trim=True,
    )
    assert (density.min(), density.max()) == (2000, 31000)
    assert (density[0] == 2000).all()
    assert (inside(density, FOUR[3]) == 31000).all()


# --- color -----------------------------------------------------------------------------------------------

GRAYS = ToneScale(0.2, 3.1, 2000, 10)


def test_a_color_film_has_the_colors_of_its_images_and_grays_for_the_rest(
    image: ImageOf, film: Callable[..., Sheet]
) -> None:
    colors = np.random.default_rng(9).integers(0, 256, (12, 16, 3), np.uint8)
    sheet = film(image(colors, 2, min_density=50, smoothing_weight=0.1), color=True, trim=True)
    page = compose(sheet, "film 7")
    assert isinstance(page, ColorPage)
    assert (page.srgb.dtype, page.title, page.dots_per_inch) == (np.uint8, "film 7", 32)
    assert page.scale == GRAYS
    expected = np.full((128, 154, 3), GRAYS.gray(BORDER * 100))
    for box in (FOUR[0], FOUR[2], FOUR[3]):
        inside(expected, box)[:] = GRAYS.gray(EMPTY * 100)
    grown = Rectangle(FOUR[1].left - 1, FOUR[1].top - 1, 66, 50)
    inside(expected, grown)[:] = 0
    inside(expected, FOUR[1])[:] = colors.repeat(4, axis=0).repeat(4, axis=1)
    assert (page.srgb == expected).all()


def test_black_and_white_of_a_color_film_are_the_ends_of_srgb(film: Callable[..., Sheet]) -> None:
    page = compose(film(color=True, border_density=310, empty_image_density=20), "")
    assert isinstance(page, ColorPage)
    assert (page.srgb[0] == 0).all()
    assert (inside(page.srgb, FOUR[0]) == 255).all()


def test_colors_are_converted_before_they_are_scaled_and_cut(
    image: ImageOf, film: Callable[..., Sheet], bgr_profile: bytes
) -> None:
    colors = np.random.default_rng(9).integers(0, 256, (120, 100, 3), np.uint8)
    cut = image(colors, magnification="NONE", reverse=True)
    page = compose(film(cut, color=True, icc_profile=memoryview(bgr_profile)), "")
    assert isinstance(page, ColorPage)
    expected = srgb(image(colors, reverse=True), bgr_profile)[36:84, 18:82]
    assert (inside(page.srgb, FOUR[0]) == expected).all()


# --- texts -----------------------------------------------------------------------------------------------

STRIP = Rectangle(100, 900, 800, 50)
IMAGE_BOX = Rectangle(100, 100, 800, 750)
LARGE = {"width": 1000, "height": 1000, "dots_per_inch": 320.0, "boxes": (IMAGE_BOX,), "label": STRIP}


def drawn_rows_and_columns(page: Page) -> Rectangle:
    """What the texts of a page cover."""
    rows, columns = np.nonzero(drawn(page) != page.density)
    return Rectangle(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_the_title_is_on_the_left_of_the_label_strip_and_the_session_s_label_on_the_right(
    film: Callable[..., Sheet],
) -> None:
    page = compose(film(**LARGE), "film 7", "Ward 3")
    title, label = page.texts
    assert (title.text, title.left) == ("film 7", 100)
    assert (label.text, label.left + width("Ward 3", label.size)) == ("Ward 3", pytest.approx(900))
    assert title.size == label.size == 30  # 60 % of the strip
    assert title.baseline == label.baseline
    assert STRIP.holds(drawn_rows_and_columns(page))
    assert [text.text for text in compose(film(**LARGE), "film 7").texts] == ["film 7"]
    assert [text.text for text in compose(film(**LARGE), "", "Ward 3").texts] == ["Ward 3"]
    assert compose(film(**LARGE | {"label": Rectangle(100, 900, 800, 0)}), "film 7", "Ward 3").texts == ()


@pytest.mark.parametrize(
    ("title", "label"),
    [("m" * 10, "n" * 200), ("m" * 200, "n" * 10), ("m" * 200, "n" * 200), ("m" * 25, "n")],
)
def test_two_long_texts_share_the_strip(film: Callable[..., Sheet], title: str, label: str) -> None:
    page = compose(film(**LARGE), title, label)
    left, right = page.texts
    assert left.left + width(left.text, left.size) + 20 < right.left
    assert right.left + width(right.text, right.size) == pytest.approx(900)
    assert STRIP.holds(drawn_rows_and_columns(page))
    for whole, shown in ((title, left), (label, right)):
        cut = shown.text != whole
        assert shown.size == pytest.approx(18) if cut else shown.size >= 18
        assert not cut or (shown.text[-1] == "…" and width(shown.text, shown.size) > 330)


def test_a_short_text_leaves_its_room_to_a_long_one(film: Callable[..., Sheet]) -> None:
    for title, label in (("m" * 20, "n"), ("n", "m" * 20)):
        texts = compose(film(**LARGE), title, label).texts
        assert [(text.text, text.size) for text in texts] == [(title, 30), (label, 30)]


def test_text_is_no_larger_than_what_is_read_well(film: Callable[..., Sheet]) -> None:
    strip = Rectangle(100, 860, 800, 140)
    (title,) = compose(film(**LARGE | {"label": strip}), "film 7").texts
    assert title.size == pytest.approx(4 / 25.4 * 320)
    middle = title.baseline - 0.73 * title.size / 2
    assert middle == pytest.approx(strip.top + 70)


@pytest.mark.parametrize(("align", "share"), [("LEFT", 0), ("CENTER", 0.5), ("RIGHT", 1)])
def test_annotations_are_aligned_in_their_boxes(film: Callable[..., Sheet], align: str, share: float) -> None:
    box = Rectangle(100, 20, 800, 50)
    annotation = Annotation(1, box, align, False, "DOE^JANE  患者 Пациент مريض")
    page = compose(film(**LARGE, annotations=(annotation,)), "")
    (text,) = page.texts
    assert text.text == annotation.text
    assert text.left == pytest.approx(100 + share * (800 - width(text.text, text.size)))
    assert box.holds(drawn_rows_and_columns(page))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=64) | st.text("W患שلÂ̂gjÑ", max_size=64),
    # No strip is lower than 1 mm, 12 pixels; in one of a few the edges of letters are as large as these.
    box=st.builds(
        Rectangle,
        st.integers(0, 60),
        st.integers(0, 60),
        st.integers(0, 90),
        st.just(0) | st.integers(8, 40),
    ),
    align=st.sampled_from(["LEFT", "CENTER", "RIGHT"]),
)
def test_no_text_leaves_its_box(film: Callable[..., Sheet], text: str, box: Rectangle, align: str) -> None:
    page = compose(film(annotations=(Annotation(1, box, align, False, text),)), "")
    rows, columns = np.nonzero(drawn(page) != page.density)
    # Beside it a "j" may hang over by a hair, and a mark with no letter by half its size of 5 pixels.
    assert ((rows >= box.top) & (rows < box.bottom)).all()
    assert ((columns >= box.left - 3) & (columns < box.right + 3)).all()


@pytest.mark.parametrize(("border", "expected"), [(310, 2000), (20, 31000), (164, 31000), (166, 2000)])
def test_text_stands_out_from_the_border(film: Callable[..., Sheet], border: int, expected: int) -> None:
    for color in (False, True):
        (title,) = compose(film(**LARGE, border_density=border, color=color), "film 7").texts
        assert title.density == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 2000), (255, 31000)])
def test_text_over_an_image_stands_out_from_it_and_the_image_stays(
    image: ImageOf, film: Callable[..., Sheet], value: int, expected: int
) -> None:
    over = Annotation(1, Rectangle(100, 800, 800, 50), "CENTER", False, "DOE^JANE")
    flat = image(np.full((75, 80), value, np.uint8))
    page, plain = (compose(film(flat, **LARGE, annotations=each), "") for each in ((over,), ()))
    assert page.texts[0].density == expected
    assert (page.density == plain.density).all()
    assert over.where.holds(drawn_rows_and_columns(page))


# --- memory ----------------------------------------------------------------------------------------------


def resident(what: str) -> int:
    """Bytes of memory: VmRSS of now, VmHWM at most since the peak was reset."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux for the peak of memory")
@pytest.mark.parametrize(
    "shape", [(8636, 7112), (5120, 4096), (9500, 8000), (512, 512), (2048, 2048)], ids=str
)
def test_a_large_film_takes_at_most_twice_the_memory_of_its_page(
    image: ImageOf, film: Callable[..., Sheet], shape: tuple[int, int]
) -> None:
    columns, rows = (1, 1) if shape[0] > 5000 else (8, 10)
    places = [(x * 7112 // columns, y * 8636 // rows) for y in range(rows) for x in range(columns)]
    boxes = tuple(Rectangle(left, top, 7112 // columns, 8636 // rows) for left, top in places)
    pixels = np.full(shape, 1234, np.uint16)
    images = [image(pixels, position, magnification="CUBIC") for position in range(1, len(boxes) + 1)]
    sheet = film(*images, width=7112, height=8636, dots_per_inch=508.0, boxes=boxes)
    compose(
        replace(sheet, width=20, height=20, boxes=(Rectangle(0, 0, 20, 20),), images=sheet.images[:1]), ""
    )
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts from here
    before = resident("VmRSS")
    page = compose(sheet, "film 7")
    assert isinstance(page, Page)
    assert 1 <= (resident("VmHWM") - before) / page.density.nbytes < 2
