"""A sheet into a page, read back as a densitometer would."""

import copy
from typing import Any

import numpy as np
import pytest
from peers.drafts import Sheets
from pydicom.dataset import Dataset

from printscp.catalog import load_profile
from printscp.film.dialogue import Dialogue, Printer, Request
from printscp.film.display_format import Rectangle
from printscp.film.memory import MemoryBudget
from printscp.film.sheet import Sheet, SheetImage
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION, BASIC_GRAYSCALE_IMAGE_BOX
from printscp.render.compose import compose
from printscp.render.tone import ToneScale

FOUR = (
    Rectangle(10, 10, 64, 48),
    Rectangle(80, 10, 64, 48),
    Rectangle(10, 64, 64, 48),
    Rectangle(80, 64, 64, 48),
)
BORDER, EMPTY = 123, 45


def image(pixels: np.ndarray, position: int = 1, **fields: Any) -> SheetImage:
    values: dict[str, Any] = {
        "position": position,
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "bits_stored": 8 if pixels.dtype == np.uint8 else 12,
        "reverse": False,
        "pixel_aspect": (1, 1),
        "magnification": "REPLICATE",
        "min_density": 20,
        "max_density": 310,
        "pixels": pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(),
    }
    return SheetImage(**values | fields)


def sheet(*images: SheetImage, boxes: tuple[Rectangle, ...] = FOUR, **fields: Any) -> Sheet:
    values: dict[str, Any] = {
        "film_size": "SMALL",
        "orientation": "PORTRAIT",
        "display_format": "STANDARD\\2,2",
        "width": 154,
        "height": 128,
        "dots_per_inch": 32.0,
        "boxes": boxes,
        "label": Rectangle(10, 116, 134, 10),
        "images": images,
        "printer_density": (20, 310),
        "border_density": BORDER,
        "empty_image_density": EMPTY,
        "illumination": 2000,
        "reflected_ambient_light": 10,
        "copies": 3,
        "priority": "MED",
        "medium": "BLUE FILM",
        "destination": "PROCESSOR",
        "printer_name": "FILMS",
        "originator": "VIEWER",
        "remarks": (),
    }
    return Sheet(**values | fields)


def inside(density: np.ndarray, box: Rectangle) -> np.ndarray:
    return density[box.top : box.top + box.height, box.left : box.left + box.width]


def printed(values: Any, largest: int = 255, low: float = 0.2, high: float = 3.1) -> np.ndarray:
    """Units of the page at which pixel values print."""
    density = ToneScale(low, high, 2000, 10).density(np.asarray(values) / largest)
    return np.rint(density * 10000).astype(int)


def page_of(*images: SheetImage, **fields: Any) -> np.ndarray:
    return compose(sheet(*images, **fields), "film 1").density.astype(int)


NAMED = np.arange(192, dtype=np.uint8).reshape(12, 16)  # no two pixels alike: each tells where it belongs


def test_each_pixel_is_where_it_belongs_upright_and_nothing_else_is_touched() -> None:
    density = page_of(image(NAMED, 2))
    expected = np.full((128, 154), BORDER * 100)
    for position, box in enumerate(FOUR, start=1):
        whole = np.repeat(np.repeat(printed(NAMED), 4, axis=0), 4, axis=1)
        inside(expected, box)[:] = whole if position == 2 else EMPTY * 100
    assert (density == expected).all()


@pytest.mark.parametrize("magnification", ["CUBIC", "BILINEAR", "REPLICATE"])
def test_pixel_centers_print_at_their_values_by_any_magnification(magnification: str) -> None:
    box = Rectangle(3, 5, 16 * 5, 12 * 5)
    for pixels in (NAMED, NAMED.astype(np.uint16) * 21):
        density = page_of(image(pixels, magnification=magnification), boxes=(box,))
        centers = inside(density, box)[2::5, 2::5]
        largest = 255 if pixels.dtype == np.uint8 else 4095
        expected = printed(pixels, largest)
        # Within the step from one 16-bit sample to the next.
        step = np.abs(expected - printed(pixels + largest / 65535, largest)) + 1
        assert (np.abs(centers - expected) <= step).all()


def test_boxes_are_filled_in_the_order_of_the_positions() -> None:
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
    aspect: tuple[int, int], shape: tuple[int, int], expected: Rectangle
) -> None:
    density = page_of(image(np.full(shape, 200, np.uint8), pixel_aspect=aspect))
    page = np.full((128, 154), BORDER * 100)
    for box in FOUR[1:]:
        inside(page, box)[:] = EMPTY * 100
    inside(page, expected)[:] = printed(200)
    assert (density == page).all()


@pytest.mark.parametrize(("border", "empty"), [(310, 20), (20, 310), (150, 0)])
def test_border_and_empty_boxes_have_their_densities(border: int, empty: int) -> None:
    density = page_of(border_density=border, empty_image_density=empty)
    expected = np.full((128, 154), border * 100)
    for box in FOUR:
        inside(expected, box)[:] = empty * 100
    assert (density == expected).all()


@pytest.mark.parametrize("bits", [8, 12])
def test_reverse_is_the_negative(bits: int) -> None:
    largest = (1 << bits) - 1
    pixels = np.linspace(0, largest, 192).astype(np.uint8 if bits == 8 else np.uint16).reshape(12, 16)
    density = page_of(image(pixels, 1), image(pixels, 2, reverse=True), image(largest - pixels, 3))
    normal, reverse, negative = (inside(density, box)[::4, ::4] for box in FOUR[:3])
    assert (normal == printed(pixels, largest)).all()
    assert (reverse == negative).all()
    assert (reverse == printed(largest - pixels, largest)).all()


def test_an_image_keeps_to_its_own_density_range() -> None:
    pixels = np.array([[0, 255]], np.uint8)
    density = page_of(image(pixels, 1, min_density=50, max_density=200), image(pixels, 2))
    first, second = (inside(density, box) for box in FOUR[:2])
    assert set(first[first != BORDER * 100].tolist()) == {20000, 5000}
    assert set(second[second != BORDER * 100].tolist()) == {31000, 2000}


def test_what_stands_above_12_bits_does_not_print() -> None:
    pixels = np.arange(192, dtype=np.uint16).reshape(12, 16) * 21
    rubbish = np.random.default_rng(3).integers(0, 16, pixels.shape).astype(np.uint16) << 12
    density = page_of(image(pixels, 1), image(pixels | rubbish, 2))
    assert (inside(density, FOUR[0]) == inside(density, FOUR[1])).all()


def test_cubic_overshoot_is_clipped_to_the_range_of_the_image() -> None:
    for dtype, largest in ((np.uint8, 255), (np.uint16, 4095)):
        pixels = np.zeros((6, 8), dtype)
        pixels[2:4, 3:5] = largest
        density = page_of(image(pixels, magnification="CUBIC", min_density=60, max_density=180))
        box = inside(density, FOUR[0])
        assert (box.min(), box.max()) == (6000, 18000)


@pytest.mark.parametrize("size", [480, 499])
def test_a_fine_checkerboard_becomes_a_uniform_gray(size: int) -> None:
    checkerboard = (np.indices((size * 3 // 4 // 2 * 2, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    density = page_of(image(checkerboard, magnification="CUBIC"))
    core = inside(density, FOUR[0])[2:-2]
    # Averaged as pixel values, which are P-values: half way in what is seen.
    assert np.abs(core - printed(127.5)).max() < 500
    assert core.std() < 250


def test_the_page_is_the_sheet_s_in_every_other_respect() -> None:
    page = compose(sheet(image(NAMED)), "film 7")
    assert page.density.dtype == np.uint16
    assert page.size_points == (154 / 32 * 72, 128 / 32 * 72)
    assert (page.title, page.copies, page.dots_per_inch) == ("film 7", 3, 32)
    assert page.scale == ToneScale(0.2, 3.1, 2000, 10)


@pytest.mark.parametrize(("border", "text"), [(310, 2000), (20, 31000), (164, 31000), (166, 2000)])
def test_the_label_lies_in_its_strip_and_stands_out(border: int, text: int) -> None:
    [label] = compose(sheet(image(NAMED), border_density=border), "film 7").labels
    assert label.text == "film 7"
    assert label.density == text
    assert label.left == 10
    # Letters rise from the baseline by at most their height, and hang below it by a quarter.
    assert label.baseline - label.height >= 116
    assert label.baseline + label.height / 4 <= 116 + 10


def test_the_page_is_made_of_its_own_memory_and_the_sheet_stays_as_it_was() -> None:
    exact = (Rectangle(0, 0, 154, 128),)
    film = sheet(image(np.full((128, 154), 4095, np.uint16)), boxes=exact)
    before = copy.deepcopy(film)
    first, second = compose(film, "a"), compose(film, "a")
    pixels = np.frombuffer(film.images[0].pixels, np.uint8)
    assert not np.shares_memory(first.density, pixels)
    assert not np.shares_memory(first.density, second.density)
    first.density[:] = 0
    assert film == before
    assert (compose(film, "a").density == 2000).all()


@pytest.mark.parametrize(
    ("film_size", "orientation", "width", "height"),
    [
        ("14INX17IN", "PORTRAIT", 4480, 5440),
        ("14INX17IN", "LANDSCAPE", 5440, 4480),
        ("17INX17IN", "PORTRAIT", 5440, 5440),
        ("17INX17IN", "LANDSCAPE", 5440, 5440),
        ("8INX10IN", "LANDSCAPE", 3200, 2560),
    ],
)
def test_films_of_the_committed_printer_from_n_create_to_page(
    film_size: str, orientation: str, width: int, height: int
) -> None:
    sheets = Sheets()
    printer = Printer("FILMS", load_profile("imager17"), "1", MemoryBudget(1 << 20), sheets.draft)
    dialogue = Dialogue(printer, "VIEWER")
    session = Dataset()
    session.ReferencedSOPClassUID = BASIC_FILM_SESSION
    session.ReferencedSOPInstanceUID = dialogue.perform("create", Request(BASIC_FILM_SESSION)).instance
    film = Dataset()
    film.ImageDisplayFormat = "STANDARD\\3,1"
    film.FilmSizeID, film.FilmOrientation = film_size, orientation
    film.ReferencedFilmSessionSequence = [session]
    answer = dialogue.perform("create", Request(BASIC_FILM_BOX, dataset=film))
    assert answer.dataset is not None
    pixels = Dataset()
    pixels.SamplesPerPixel, pixels.PhotometricInterpretation = 1, "MONOCHROME2"
    pixels.Rows, pixels.Columns, pixels.PixelData = 2, 1, b"\0\xff"
    pixels.BitsAllocated, pixels.BitsStored, pixels.HighBit, pixels.PixelRepresentation = 8, 8, 7, 0
    box = Dataset()
    box.ImageBoxPosition, box.BasicGrayscaleImageSequence, box.MagnificationType = 3, [pixels], "REPLICATE"
    third = answer.dataset.ReferencedImageBoxSequence[2].ReferencedSOPInstanceUID
    dialogue.perform("set", Request(BASIC_GRAYSCALE_IMAGE_BOX, third, box))
    dialogue.perform("action", Request(BASIC_FILM_BOX, answer.instance, action_type=1))

    page = compose(sheets[0], "film 1")
    assert page.density.shape == (height, width)
    assert page.size_points == (width / 320 * 72, height / 320 * 72)
    # One white half, the lower one, in the middle of the right third; all else is black.
    rows, columns = np.nonzero(page.density == 2000)
    assert (page.density == 31000).sum() + len(rows) == width * height
    right_third = sheets[0].boxes[2]
    assert abs(columns.mean() - (right_third.left + right_third.width / 2)) <= 1
    assert abs(rows.min() - (right_third.top + right_third.height / 2)) <= 1
    assert np.ptp(columns) + 1 == pytest.approx(np.ptp(rows) + 1, abs=1)
