"""Basic Grayscale and Basic Color Image Box (PS3.4 H.4.3): what is taken, and what of it is printed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from film.scu import ABSENT, COLOR, PROFILE, Scu, color, data_set, gray, reference, refused
from pydicom.dataset import Dataset

from printscp.film.exchange import Answer, Request
from printscp.film.profile import Mode
from printscp.film.service import perform
from printscp.film.uids import (
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
)

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Start = Callable[..., Scu]
UNCHANGED = Answer(values={})


def with_film(start: Start, *args: Any, layout: str = "STANDARD\\2,1", **settings: Any) -> Scu:
    scu = start(*args, **settings)
    scu.create_session()
    scu.create_film(layout)
    return scu


# --- gray ------------------------------------------------------------------------------------------------


def test_an_image_is_printed_as_it_was_sent(scu: Scu) -> None:
    assert scu.set_image(2, gray(2, 4, PixelAspectRatio=[2, 1])) == UNCHANGED
    assert scu.set_image(1, gray(3, 5, 12)) == UNCHANGED
    first, second = scu.printed().images
    assert (first.position, first.rows, first.columns, first.bits_stored) == (1, 3, 5, 12)
    assert (first.pixel_aspect, first.pixels) == ((1, 1), gray(3, 5, 12).PixelData)
    assert (second.position, second.rows, second.columns, second.bits_stored) == (2, 2, 4, 8)
    assert (second.pixel_aspect, second.pixels) == ((2, 1), gray(2, 4).PixelData)
    assert (first.samples_per_pixel, first.requested_width_mm, first.decimate_crop) == (1, None, "DECIMATE")
    assert (first.min_density, first.max_density, first.look_up) == (20, 310, None)
    assert (first.magnification, first.smoothing, first.configuration) == ("CUBIC", "MEDIUM", "CS000")


@pytest.mark.parametrize(
    ("photometric", "polarity", "reverse"),
    [
        ("MONOCHROME2", "NORMAL", False),
        ("MONOCHROME2", "REVERSE", True),
        ("MONOCHROME1", "NORMAL", True),
        ("MONOCHROME1", "REVERSE", False),
        ("MONOCHROME1", ABSENT, True),
    ],
)
def test_polarity_and_photometric_interpretation_together(
    scu: Scu, photometric: str, polarity: Any, reverse: bool
) -> None:
    scu.set_image(1, gray(PhotometricInterpretation=photometric), Polarity=polarity)
    assert scu.printed().images[0].reverse is reverse


def test_the_image_box_wins_over_the_film_box(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    scu.create_film(MagnificationType="REPLICATE", SmoothingType="SHARP", MinDensity=30, MaxDensity=200)
    scu.set_image(
        1,
        gray(),
        MagnificationType="CUBIC",
        SmoothingType="MEDIUM",
        MaxDensity=100,
        ConfigurationInformation="GAMMA=1\\EDGE=2",
        RequestedImageSize=50,
        RequestedDecimateCropBehavior="CROP",
    )
    scu.set_image(2, gray())
    first, second = scu.printed().images
    assert (first.magnification, first.smoothing, second.magnification, second.smoothing) == (
        "CUBIC",
        "MEDIUM",
        "REPLICATE",
        "SHARP",
    )
    assert (first.min_density, first.max_density, first.configuration) == (30, 100, "GAMMA=1\\EDGE=2")
    assert (second.min_density, second.max_density, second.configuration) == (30, 200, "CS000")
    assert (first.requested_width_mm, second.requested_width_mm) == (50.0, None)
    assert (first.decimate_crop, second.decimate_crop) == ("CROP", "DECIMATE")


def test_a_new_image_takes_the_place_of_the_old_and_of_all_said_with_it(scu: Scu) -> None:
    scu.set_image(1, gray(5, 6), Polarity="REVERSE", MaxDensity=100, RequestedImageSize=50)
    scu.set_image(1, gray(2, 3, PixelData=b"abcdef"))
    assert scu.budget.held == 6
    [image] = scu.printed().images
    assert (image.pixels, image.reverse, image.max_density, image.requested_width_mm) == (
        b"abcdef",
        False,
        310,
        None,
    )


def test_an_empty_sequence_erases_the_image_and_gives_its_memory_back(scu: Scu) -> None:
    scu.set_image(1, gray(), Polarity="REVERSE")
    scu.set_image(2, gray(5, 6))
    assert scu.budget.held == 36
    assert scu.set_image(1) == UNCHANGED
    assert scu.budget.held == 30
    assert [image.position for image in scu.printed().images] == [2]
    assert scu.set_image(1) == UNCHANGED  # once more


def test_values_come_back_where_they_are_not_quite_the_scus(tolerant: Scu, strict: Scu) -> None:
    for scu, status, tags in ((tolerant, 0, ()), (strict, 0xB605, (0x20100130,))):
        answer = scu.set_image(1, gray(), MaxDensity=400)
        assert (answer.status, answer.tags) == (status, tags)
        assert answer.values == {
            "ImageBoxPosition": 1,
            "Polarity": "NORMAL",
            "MaxDensity": 310,
            "RequestedDecimateCropBehavior": "DECIMATE",
        }
    assert tolerant.printed().remarks == ("image 1: MaxDensity: 400 outside 20..310: 310 used",)


def test_agfa_sends_the_patient_along(tolerant: Scu, strict: Scu) -> None:
    assert tolerant.set_image(1, gray(), PatientID="12345").status == 0
    assert tolerant.printed().remarks == ("image 1: PatientID ignored",)
    refused(0x0105, lambda: strict.set_image(1, gray(), PatientID="12345"), "PatientID")
    assert tolerant.set_image(1, gray(PatientID="12345")).status == 0  # inside the item
    refused(0x0105, lambda: strict.set_image(1, gray(PatientID="12345")), "PatientID")


# --- what is refused -------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[int, Callable[[Scu], Answer], tuple[str, ...]]] = {
    "position of another box": (
        0x0106,
        lambda scu: scu.set_image(2, gray(), box=scu.boxes[0]),
        ("ImageBoxPosition",),
    ),
    "position outside the film": (
        0x0106,
        lambda scu: scu.set_image(65535, gray(), box=scu.boxes[1]),
        ("ImageBoxPosition",),
    ),
    "position 0": (0x0106, lambda scu: scu.set_image(0, gray(), box=scu.boxes[0]), ("ImageBoxPosition",)),
    "position absent": (
        0x0120,
        lambda scu: scu.set_image(1, gray(), ImageBoxPosition=ABSENT),
        ("ImageBoxPosition",),
    ),
    "image absent": (
        0x0120,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=ABSENT),
        ("BasicGrayscaleImageSequence",),
    ),
    "two images": (
        0x0106,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=[gray(), gray()]),
        ("BasicGrayscaleImageSequence",),
    ),
    "color image": (
        0x0105,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=ABSENT, BasicColorImageSequence=[color()]),
        ("BasicColorImageSequence",),
    ),
    "RGB in the gray sequence": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PhotometricInterpretation="RGB")),
        ("PhotometricInterpretation",),
    ),
    "rows absent": (0x0120, lambda scu: scu.set_image(1, gray(Rows=ABSENT)), ("Rows",)),
    "rows empty": (0x0121, lambda scu: scu.set_image(1, gray(Rows=None)), ("Rows",)),
    "pixels absent": (0x0120, lambda scu: scu.set_image(1, gray(PixelData=ABSENT)), ("PixelData",)),
    "pixels empty": (0x0121, lambda scu: scu.set_image(1, gray(PixelData=b"")), ("PixelData",)),
    "pixels short": (
        0x0106,
        lambda scu: scu.set_image(1, gray(60000, 60000, 12, PixelData=b"1234")),
        ("PixelData",),
    ),
    "pixel aspect ratio beyond VR IS": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PixelAspectRatio=["9" * 400, "1"]), RequestedImageSize=100),
        ("PixelAspectRatio",),
    ),
    "densities upside down": (
        0x0106,
        lambda scu: scu.set_image(1, gray(), MinDensity=310),
        ("MinDensity", "MaxDensity"),
    ),
    "no such Presentation LUT": (
        0x0106,
        lambda scu: scu.set_image(
            1, gray(), ReferencedPresentationLUTSequence=[reference(PRESENTATION_LUT, "1.2.3")]
        ),
        ("ReferencedPresentationLUTSequence",),
    ),
    "too large for the memory": (0xC605, lambda scu: scu.set_image(1, gray(1025, 1024)), ()),
    "too large for its box": (
        0xC603,
        lambda scu: scu.set_image(1, gray(10, 97), RequestedDecimateCropBehavior="FAIL"),
        ("RequestedDecimateCropBehavior",),
    ),
    "unknown box": (0x0112, lambda scu: scu.set_image(1, gray(), box="1.2.3"), ()),
    "session as a box": (0x0119, lambda scu: scu.set_image(1, gray(), box=scu.session), ()),
    "film as a box": (0x0119, lambda scu: scu.set_image(1, gray(), box=scu.film), ()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_the_image_that_was_there(scu: Scu, case: str) -> None:
    status, request, offending = REFUSED[case]
    scu.set_image(1, gray(), Polarity="REVERSE")
    before = scu.state()
    error = refused(status, lambda: request(scu), *offending)
    assert scu.state() == before
    assert len(error.comment) <= 64 or " is none of " in error.comment, error.comment
    assert "\\" not in error.comment, error.comment
    [image] = scu.printed().images
    assert (image.reverse, image.pixels) == (True, gray().PixelData)


def test_the_comment_tells_a_mismatch_of_positions_from_one_that_the_film_has_not(scu: Scu) -> None:
    mismatch = refused(0x0106, lambda: scu.set_image(2, gray(), box=scu.boxes[0]), "ImageBoxPosition")
    outside = refused(0x0106, lambda: scu.set_image(3, gray(), box=scu.boxes[0]), "ImageBoxPosition")
    assert mismatch.comment == "ImageBoxPosition 2: this box has position 1"
    assert outside.comment == "ImageBoxPosition 3: film has 1..2"


def test_a_box_of_the_other_class_is_a_conflict(start: Start, mode: Mode) -> None:
    scu = with_film(start, mode)
    boxes = list(scu.boxes)
    scu.meta = COLOR
    refused(0x0119, lambda: scu.set_image(1, color(), box=boxes[0]))
    scu.create_film()
    refused(
        0x0105,
        lambda: scu.set_image(1, BasicColorImageSequence=ABSENT, BasicGrayscaleImageSequence=[gray()]),
        "BasicGrayscaleImageSequence",
    )


# --- pixels ----------------------------------------------------------------------------------------------


def set_exactly(scu: Scu, item: Dataset) -> Answer:
    """Set an image without the wire, which would pad its pixels to an even length."""
    kind = "BasicColorImageSequence" if scu.meta == COLOR else "BasicGrayscaleImageSequence"
    sop_class = BASIC_COLOR_IMAGE_BOX if scu.meta == COLOR else BASIC_GRAYSCALE_IMAGE_BOX
    dataset = data_set(**{"ImageBoxPosition": 1, kind: [item]})
    return perform(scu.dialogue, "set", Request(scu.meta, sop_class, scu.boxes[0], dataset))


@pytest.mark.parametrize("kind", ["gray 8", "gray 12", "color"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (2, 3), (1, 4)])
def test_pixel_data_fill_the_rows_and_columns_but_for_the_pad(
    start: Start, mode: Mode, kind: str, rows: int, columns: int
) -> None:
    size = rows * columns * {"gray 8": 1, "gray 12": 2, "color": 3}[kind]
    for given in range(max(1, size - 2), size + 4):
        pixels = b"x" * given
        if kind == "color":
            scu = with_film(start, mode, meta=COLOR)
            item = color(rows, columns, PixelData=pixels)
        else:
            scu = with_film(start, mode)
            item = gray(rows, columns, int(kind[5:]), PixelData=pixels)
        if given in (size, size + size % 2):
            assert set_exactly(scu, item) == UNCHANGED
            assert scu.budget.held == given
        else:
            error = refused(0x0106, partial(set_exactly, scu, item), "PixelData")
            assert f"has {given} bytes" in error.comment
            assert f"needs {size}" in error.comment


@pytest.mark.parametrize("allocated", [1, 8, 12, 16, 32])
@pytest.mark.parametrize("stored", [0, 1, 7, 8, 9, 10, 12, 16, 17])
def test_bits_are_the_standards_or_at_least_usual(scu: Scu, allocated: int, stored: int) -> None:
    for high in {max(0, stored - 2), max(0, stored - 1), stored}:
        item = gray(2, 2, BitsAllocated=allocated, BitsStored=stored, HighBit=high)
        item.PixelData = b"1" * (4 * max(1, allocated // 8))
        bits = allocated, stored, high
        if bits in ((8, 8, 7), (16, 12, 11)):
            assert scu.set_image(1, item) == UNCHANGED
        elif not scu.dialogue.strict and allocated == 16 and 9 <= stored <= 16 and high == stored - 1:
            assert scu.set_image(1, item).status == 0
            [remark] = scu.printed().remarks
            assert remark.startswith(f"image 1: BitsStored {stored}")
            assert scu.printed().images[0].bits_stored == stored
        else:
            refused(
                0x0106,
                partial(scu.set_image, 1, item),
                "BitsAllocated",
                "BitsStored",
                "HighBit",
            )


def test_a_printer_may_take_other_depths(start: Start, mode: Mode) -> None:
    scu = with_film(start, mode, profile=replace(PROFILE, bits_stored=(8, 10)))
    assert scu.set_image(1, gray(2, 2, 10)) == UNCHANGED
    if mode is Mode.STRICT:
        item = gray(2, 2, 12)
        error = refused(0x0106, lambda: scu.set_image(1, item), "BitsAllocated", "BitsStored", "HighBit")
        assert error.comment == "bits 16/12/11: use 8/8/7 or 16/10/9"


# --- color -----------------------------------------------------------------------------------------------


def test_a_color_image_is_printed_as_it_was_sent(start: Start, mode: Mode) -> None:
    scu = with_film(start, mode, meta=COLOR)
    answer = scu.set_image(2, color(3, 4), Polarity="REVERSE", MagnificationType="REPLICATE")
    assert answer == UNCHANGED
    sheet = scu.printed()
    assert sheet.color
    [image] = sheet.images
    assert (image.position, image.samples_per_pixel, image.planar_configuration) == (2, 3, 1)
    assert (image.rows, image.columns, image.bits_stored) == (3, 4, 8)
    assert (image.reverse, image.magnification, image.look_up) == (True, "REPLICATE", None)
    assert image.pixels == color(3, 4).PixelData


def test_pixel_by_pixel_is_taken_though_the_standard_has_planes_only(start: Start) -> None:
    scu = with_film(start, meta=COLOR)
    assert scu.set_image(1, color(PlanarConfiguration=0)).status == 0
    sheet = scu.printed()
    assert sheet.images[0].planar_configuration == 0
    assert sheet.remarks == ("image 1: PlanarConfiguration 0: taken, though the standard has 1 only",)
    strict = with_film(start, Mode.STRICT, meta=COLOR)
    refused(0x0106, lambda: strict.set_image(1, color(PlanarConfiguration=0)), "PlanarConfiguration")


@pytest.mark.parametrize(
    "keyword", ["MinDensity", "MaxDensity", "ConfigurationInformation", "ReferencedPresentationLUTSequence"]
)
def test_what_is_for_gray_images_only(start: Start, keyword: str) -> None:
    value = {"ConfigurationInformation": "CS000", "ReferencedPresentationLUTSequence": []}.get(keyword, 100)
    scu, strict = with_film(start, meta=COLOR), with_film(start, Mode.STRICT, meta=COLOR)
    assert scu.set_image(1, color(), **{keyword: value}).status == 0
    assert scu.printed().remarks == (f"image 1: {keyword} ignored",)
    refused(0x0105, lambda: strict.set_image(1, color(), **{keyword: value}), keyword)


# --- an image larger than its box (image boxes of 96 x 241 pixels) ---------------------------------------

FITS, TOO_WIDE, TOO_HIGH = (241, 96), (1, 97), (242, 1)
BOTH, TOLERANT, STRICT = tuple(Mode), (Mode.TOLERANT,), (Mode.STRICT,)


@pytest.mark.parametrize("size", [TOO_WIDE, TOO_HIGH], ids=["too wide", "too high"])
@pytest.mark.parametrize(
    ("asked", "by_default", "magnification", "modes", "status"),
    [
        ("DECIMATE", "FAIL", "CUBIC", BOTH, 0xB60A),
        ("DECIMATE", "CROP", "NONE", BOTH, 0xC603),
        ("CROP", "DECIMATE", "CUBIC", BOTH, 0xB609),
        ("CROP", "FAIL", "NONE", BOTH, 0xB609),
        ("FAIL", "DECIMATE", "CUBIC", BOTH, 0xC603),
        ("FAIL", "CROP", "NONE", BOTH, 0xC603),
        (ABSENT, "DECIMATE", "CUBIC", TOLERANT, 0x0000),
        (ABSENT, "DECIMATE", "CUBIC", STRICT, 0xB604),
        (ABSENT, "DECIMATE", "NONE", TOLERANT, 0xB604),
        (ABSENT, "DECIMATE", "NONE", STRICT, 0xC603),
        (ABSENT, "CROP", "CUBIC", BOTH, 0xB609),
        (ABSENT, "CROP", "NONE", BOTH, 0xB609),
        (ABSENT, "FAIL", "REPLICATE", BOTH, 0xC603),
    ],
)
def test_an_image_larger_than_its_box(
    start: Start,
    size: tuple[int, int],
    asked: Any,
    by_default: str,
    magnification: str,
    modes: tuple[Mode, ...],
    status: int,
) -> None:
    for mode in modes:
        scu = with_film(start, mode, profile=replace(PROFILE, decimate_crop=by_default))
        values: dict[str, Any] = {"RequestedDecimateCropBehavior": asked, "MagnificationType": magnification}
        assert scu.set_image(2, gray(*FITS), **values) == UNCHANGED
        before = scu.state()
        if status == 0xC603:
            refused(
                0xC603,
                partial(scu.set_image, 1, gray(*size), **values),
                "RequestedDecimateCropBehavior",
            )
            assert scu.state() == before
            continue
        answer = scu.set_image(1, gray(*size), **values)
        assert answer.status == status
        image, fitting = scu.printed().images
        assert image.decimate_crop == (by_default if asked is ABSENT else asked)
        assert fitting.magnification == magnification
        remarks = scu.spool.sheets[-1].remarks
        if status:
            rows, columns = size
            assert f"image of {columns} x {rows}, box of 96 x 241 pixels" in answer.comment
            assert remarks == (f"image 1: {answer.comment}",)
        if magnification == "NONE" and image.decimate_crop == "DECIMATE":
            # One to one it would lose its edges: printed smaller, by the printer's first way that can.
            assert image.magnification == "CUBIC"
            assert answer.values is not None
            assert answer.values["MagnificationType"] == "CUBIC"
        else:
            assert image.magnification == magnification


def test_a_printer_that_cannot_shrink_says_so(start: Start, mode: Mode) -> None:
    scu = with_film(start, mode, profile=replace(PROFILE, magnifications=("NONE",)))
    assert scu.set_image(1, gray(*FITS)) == UNCHANGED
    refused(0xC603, lambda: scu.set_image(1, gray(*TOO_WIDE)), "RequestedDecimateCropBehavior")


def test_a_square_of_oblong_pixels_is_judged_by_its_pixels(scu: Scu) -> None:
    # The standard compares Rows and Columns (PS3.3 C.13.5), whatever shape the pixels have.
    assert scu.set_image(1, gray(241, 48, PixelAspectRatio=[1, 2])) == UNCHANGED


@pytest.mark.parametrize("resolution", ["STANDARD", "HIGH"])
@pytest.mark.parametrize(
    ("width", "aspect", "fits"),
    [(96, (1, 1), True), (97, (1, 1), False), (60, (4, 1), True), (61, (4, 1), False)],
)
def test_a_requested_size_is_measured_on_the_film(
    start: Start, mode: Mode, width: int, aspect: tuple[int, int], fits: bool, resolution: str
) -> None:
    # 96 x 241 mm is there; an image of 2 x 2 pixels of 4:1 is four times as high as wide.
    scu = start(mode)
    scu.create_session()
    scu.create_film(RequestedResolutionID=resolution)
    item = gray(2, 2, PixelAspectRatio=list(aspect))
    answer = scu.set_image(1, item, RequestedImageSize=width)
    assert answer.status == (0 if fits else 0xB604)
    assert (answer == UNCHANGED) == fits
    asked = scu.set_image(1, item, RequestedImageSize=width, RequestedDecimateCropBehavior="DECIMATE")
    assert asked.status == (0 if fits else 0xB60A)
    assert scu.printed().images[0].requested_width_mm == width
    if not fits:
        refused(
            0xC603,
            lambda: scu.set_image(1, item, RequestedImageSize=width, RequestedDecimateCropBehavior="FAIL"),
            "RequestedDecimateCropBehavior",
        )


def test_a_requested_size_contradicts_magnification_none(tolerant: Scu, strict: Scu) -> None:
    answer = tolerant.set_image(1, gray(), RequestedImageSize=50, MagnificationType="NONE")
    assert (answer.status, answer.tags) == (0x0116, (0x20200030,))
    assert tolerant.printed().images[0].requested_width_mm is None
    before = strict.state()
    refused(
        0x0106,
        lambda: strict.set_image(1, gray(), RequestedImageSize=50, MagnificationType="NONE"),
        "RequestedImageSize",
    )
    assert strict.state() == before


def test_the_box_is_that_of_the_film_in_its_orientation(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    scu.create_film("STANDARD\\2,1", FilmOrientation="LANDSCAPE")  # boxes of 122 x 190
    values: dict[str, Any] = {"RequestedDecimateCropBehavior": "FAIL"}
    assert scu.set_image(1, gray(190, 122), **values) == UNCHANGED
    for size in ((191, 122), (190, 123)):
        refused(
            0xC603,
            partial(scu.set_image, 1, gray(*size), **values),
            "RequestedDecimateCropBehavior",
        )


# --- Presentation LUTs of other lengths ------------------------------------------------------------------


def table(entries: int) -> dict[str, Any]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [entries, 0, 12])
    item.add_new("LUTData", "OW", bytes(2 * entries))
    return {"PresentationLUTSequence": [item]}


@pytest.mark.parametrize("level", ["film session", "film box", "image box"])
@pytest.mark.parametrize("must_match", [False, True])
def test_a_strict_printer_wants_an_entry_for_each_value_or_one_that_cannot_do_otherwise(
    start: Start, mode: Mode, level: str, must_match: bool
) -> None:
    scu = with_film(start, mode, profile=replace(PROFILE, look_up_must_match=must_match))
    refers = [reference(PRESENTATION_LUT, scu.create_look_up(**table(4096)))]
    key = "ReferencedPresentationLUTSequence"
    if level == "film session":
        scu.set_session(**{key: refers})
    if level == "film box":
        scu.set_film(**{key: refers})
    values = {key: refers} if level == "image box" else {}
    assert scu.set_image(1, gray(2, 2, 12), **values).status == 0
    before = scu.state()
    if mode is Mode.STRICT or must_match:
        refused(0x0106, lambda: scu.set_image(1, gray(2, 2, 8), **values), key)
        assert scu.state() == before
    else:
        assert scu.set_image(1, gray(2, 2, 8), **values).status == 0


@pytest.mark.parametrize("level", ["film session", "film box"])
def test_also_where_the_image_came_first(start: Start, mode: Mode, level: str) -> None:
    scu = with_film(start, mode)
    scu.set_image(1, gray(2, 2, 8))
    key = "ReferencedPresentationLUTSequence"
    refers = [reference(PRESENTATION_LUT, scu.create_look_up(**table(4096)))]
    change = scu.set_session if level == "film session" else scu.set_film
    before = scu.state()
    if mode is Mode.STRICT:
        refused(0x0106, lambda: change(**{key: refers}), key)
        assert scu.state() == before
    else:
        assert change(**{key: refers}).status == 0


# --- memory ----------------------------------------------------------------------------------------------


def test_memory_is_one_for_all_associations(start: Start, mode: Mode) -> None:
    first = with_film(start, mode, memory=1000)
    second = start(printer=first.printer)
    second.create_session()
    second.create_film()
    budget = first.budget
    first.set_image(1, gray(20, 30))
    second.set_image(1, gray(10, 30, PixelData=b"k" * 300))

    error = refused(0xC605, lambda: second.set_image(1, gray(20, 30), Polarity="REVERSE"))
    assert len(error.comment) <= 64
    assert budget.held == 900
    [kept] = second.printed().images
    assert (kept.rows, kept.columns, kept.pixels, kept.reverse) == (10, 30, b"k" * 300, False)

    # To replace an image its own memory counts: no room for both is needed.
    second.set_image(1, gray(20, 20))
    assert budget.held == 1000
    refused(0xC605, lambda: second.set_image(2, gray(1, 1)))
    second.set_image(1, gray(10, 10))
    assert budget.held == 700
    first.delete(BASIC_FILM_SESSION, first.session)
    assert budget.held == 100
