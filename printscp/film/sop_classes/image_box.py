"""Basic Grayscale and Basic Color Image Box (PS3.4 H.4.3)."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydicom.dataset import Dataset

from printscp.errors import ImageTooLarge, InvalidAttributeValue, NoSuchAttribute
from printscp.film.attributes import ATTRIBUTE_VALUE_OUT_OF_RANGE, Attribute, Reading
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request
from printscp.film.instances import FilmBox, Image, ImageBox, check_densities
from printscp.film.profile import PrinterProfile, Resolution
from printscp.film.rules import (
    CONFIGURATION,
    DENSITY,
    PIXEL_ASPECT,
    PIXELS,
    PRESENTATION_LUT_REFERENCE,
    REQUESTED_IMAGE_SIZE,
    Rule,
    items,
    number,
    one_of,
    term,
)
from printscp.film.sop_classes.film_session import with_look_up
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX, BASIC_GRAYSCALE_IMAGE_BOX

DEMAGNIFIED = 0xB604
CROPPED = 0xB609
DECIMATED = 0xB60A

_GRAYSCALE = "BasicGrayscaleImageSequence"
_COLOR = "BasicColorImageSequence"
_NO_SIZE = "RequestedImageSize ignored: magnification NONE"

_POSITION = Attribute("ImageBoxPosition", "M/M", number(1, 0xFFFF))
_LOOK = (
    Attribute("Polarity", "U/M", term("NORMAL", "REVERSE"), lambda _: "NORMAL"),
    Attribute("MagnificationType", "U/U", one_of(lambda p: p.magnifications)),
    Attribute("SmoothingType", "U/U", one_of(lambda p: list(p.smoothings))),
)
_SIZE = (
    Attribute("RequestedImageSize", "U/U", REQUESTED_IMAGE_SIZE),
    Attribute("RequestedDecimateCropBehavior", "U/U", term("DECIMATE", "CROP", "FAIL")),
)

_PLAIN_GRAYSCALE_SET = (
    _POSITION,
    Attribute(_GRAYSCALE, "M/M", items(1), clear=lambda _: []),
    *_LOOK,
    *_SIZE,
)
_GRAYSCALE_SET = (
    *_PLAIN_GRAYSCALE_SET,
    Attribute("MinDensity", "U/U", DENSITY),
    Attribute("MaxDensity", "U/U", DENSITY),
    Attribute("ConfigurationInformation", "U/U", CONFIGURATION),
    Attribute("ReferencedPresentationLUTSequence", "U/U", PRESENTATION_LUT_REFERENCE, refused=True),
)

_COLOR_SET = (
    _POSITION,
    Attribute(_COLOR, "M/M", items(1), clear=lambda _: []),
    *_LOOK,
    *_SIZE,
)


def _bits(stored: int) -> tuple[int, int, int]:
    """Bits Allocated, Bits Stored and High Bit as they belong together (PS3.3 C.13.5)."""
    return 8 if stored == 8 else 16, stored, stored - 1


def _bits_words(profile: PrinterProfile) -> str:
    return " or ".join("/".join(str(bits) for bits in _bits(stored)) for stored in profile.bits_stored)


# The three bit attributes are judged together.
_ANY = Rule(number(0, 0xFFFF).take, lambda profile: f"together {_bits_words(profile)}")

_MATRIX = (
    Attribute("Rows", "M/M", number(1, 0xFFFF)),
    Attribute("Columns", "M/M", number(1, 0xFFFF)),
    Attribute("PixelAspectRatio", "MC/M", PIXEL_ASPECT, lambda _: (1, 1)),
)
_PIXELS = (
    Attribute("PixelRepresentation", "M/M", number(0, 0)),
    Attribute("PixelData", "M/M", PIXELS),
)

_GRAYSCALE_IMAGE = (
    Attribute("SamplesPerPixel", "M/M", number(1, 1)),
    Attribute("PhotometricInterpretation", "M/M", term("MONOCHROME1", "MONOCHROME2")),
    *_MATRIX,
    Attribute("BitsAllocated", "M/M", _ANY),
    Attribute("BitsStored", "M/M", _ANY),
    Attribute("HighBit", "M/M", _ANY),
    *_PIXELS,
)

_COLOR_IMAGE = (
    Attribute("SamplesPerPixel", "M/M", number(3, 3)),
    Attribute("PhotometricInterpretation", "M/M", term("RGB")),
    Attribute("PlanarConfiguration", "M/M", number(0, 1)),
    *_MATRIX,
    Attribute("BitsAllocated", "M/M", number(8, 8)),
    Attribute("BitsStored", "M/M", number(8, 8)),
    Attribute("HighBit", "M/M", number(7, 7)),
    *_PIXELS,
)


class BasicGrayscaleImageBox:
    """An image into its box, or an empty sequence to erase it."""

    uid = BASIC_GRAYSCALE_IMAGE_BOX
    tables: ClassVar = {"set": _GRAYSCALE_SET}
    item: ClassVar = _GRAYSCALE_IMAGE
    only_with: ClassVar = ("image_boxes_override", _GRAYSCALE_SET[len(_PLAIN_GRAYSCALE_SET) :])

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        if _COLOR in request.dataset:
            raise NoSuchAttribute("the film box is for gray images only", _COLOR)
        table = _GRAYSCALE_SET if dialogue.profile.image_boxes_override else _PLAIN_GRAYSCALE_SET
        return _set(dialogue, request, table, _GRAYSCALE, _gray_image)


class BasicColorImageBox:
    """As the grayscale one, on a film box of the color Meta SOP Class."""

    uid = BASIC_COLOR_IMAGE_BOX
    tables: ClassVar = {"set": _COLOR_SET}
    item: ClassVar = _COLOR_IMAGE

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        if _GRAYSCALE in request.dataset:
            raise NoSuchAttribute("the film box is for color images only", _GRAYSCALE)
        return _set(dialogue, request, _COLOR_SET, _COLOR, _color_image)


def _set(
    dialogue: Dialogue,
    request: Request,
    table: tuple[Attribute, ...],
    sequence: str,
    read_image: Callable[[Dialogue, Dataset, Reading], Image],
) -> Answer:
    box: ImageBox = dialogue.find(request)
    assert dialogue.session is not None
    film_box = dialogue.session.film_box
    assert film_box is not None
    reading = dialogue.read(table, request.dataset, defaults=True)
    position = reading.values.pop("ImageBoxPosition")
    if position != box.position:
        count = len(film_box.image_boxes)
        where = f"this box has position {box.position}" if position <= count else f"film has 1..{count}"
        raise InvalidAttributeValue(f"ImageBoxPosition {position}: {where}", "ImageBoxPosition")
    wanted = reading.values.pop(sequence)
    image = read_image(dialogue, wanted[0], reading) if wanted else None
    in_force = film_box.attributes | reading.values
    check_densities(in_force)
    dialogue.check_look_up(reading.values)
    reading.values["RequestedDecimateCropBehavior"] = _fit(dialogue, film_box, box, image, in_force, reading)
    if image is not None:
        dialogue.check_look_up_length(dialogue.session.attributes | in_force, image)
    box.put(image, dialogue.allotment)
    box.attributes, box.remarks = reading.values, reading.remarks
    film_box.kept = False
    dialogue.spool_later(film_box, box)
    # Values come back where they are not quite the SCU's; a modality taken at its word needs none.
    changed = {"ImageBoxPosition": position, **with_look_up(reading.values)} if reading.remarks else {}
    return dialogue.answer(reading, changed)


def _gray_image(dialogue: Dialogue, item: Dataset, reading: Reading) -> Image:
    """The image of a Basic Grayscale Image Sequence item.

    Raises:
        PrintError: an attribute is missing or wrong, or the pixel data do not fill rows x columns.
    """
    values = _item(dialogue, _GRAYSCALE_IMAGE, item, reading)
    allocated, stored, high = values["BitsAllocated"], values["BitsStored"], values["HighBit"]
    offered = dialogue.profile.bits_stored
    known = offered if dialogue.strict else range(8, 17)
    if stored not in known or (allocated, stored, high) != _bits(stored):
        raise InvalidAttributeValue(
            f"bits {allocated}/{stored}/{high}: use {_bits_words(dialogue.profile)}",
            "BitsAllocated",
            "BitsStored",
            "HighBit",
        )
    if stored not in offered:
        reading.remarks.append(f"BitsStored {stored}: taken, though the standard has 8 and 12 only")
    _check_length(values, values["Rows"] * values["Columns"] * allocated // 8)
    return Image(values)


def _color_image(dialogue: Dialogue, item: Dataset, reading: Reading) -> Image:
    """The image of a Basic Color Image Sequence item.

    Raises:
        PrintError: an attribute is missing or wrong, or the pixel data do not fill rows x columns x 3.
    """
    values = _item(dialogue, _COLOR_IMAGE, item, reading)
    if values["PlanarConfiguration"] == 0:
        if dialogue.strict:
            raise InvalidAttributeValue("PlanarConfiguration: 0, needs 1", "PlanarConfiguration")
        reading.remarks.append("PlanarConfiguration 0: taken, though the standard has 1 only")
    _check_length(values, values["Rows"] * values["Columns"] * 3)
    return Image(values)


def _item(
    dialogue: Dialogue, table: tuple[Attribute, ...], item: Dataset, reading: Reading
) -> dict[str, Any]:
    inner = dialogue.read(table, item, defaults=True)
    reading.include(inner)
    return inner.values


def _check_length(values: dict[str, Any], wanted: int) -> None:
    given = len(values["PixelData"])
    # One byte more is the pad that makes an odd length even (PS3.5 8.1.1).
    if given != wanted and given != wanted + wanted % 2:
        raise InvalidAttributeValue(
            f"PixelData has {given} bytes, {values['Rows']} x {values['Columns']} needs {wanted}", "PixelData"
        )


def _fit(
    dialogue: Dialogue,
    film_box: FilmBox,
    box: ImageBox,
    image: Image | None,
    in_force: dict[str, Any],
    reading: Reading,
) -> str:
    """The Decimate/Crop Behavior in force, and what there is to say of an image larger than its box.

    Raises:
        ImageTooLarge: it is not to be shrunk nor cropped.
    """
    asked = in_force.get("RequestedDecimateCropBehavior")
    behavior = str(asked or dialogue.profile.decimate_crop)
    if image is None:
        return behavior
    if in_force["MagnificationType"] == "NONE" and "RequestedImageSize" in in_force:
        if dialogue.strict:
            raise InvalidAttributeValue("contradicts MagnificationType NONE", "RequestedImageSize")
        del reading.values["RequestedImageSize"], in_force["RequestedImageSize"]
        reading.warn(ATTRIBUTE_VALUE_OUT_OF_RANGE, "RequestedImageSize", _NO_SIZE)
    resolution = dialogue.profile.resolution(film_box.attributes["RequestedResolutionID"])
    size = _oversize(film_box, box, _printed_size(image, in_force, resolution))
    if not size:
        return behavior
    one_to_one = in_force["MagnificationType"] == "NONE"
    instead = next((each for each in dialogue.profile.magnifications if each != "NONE"), "")
    gives_way = not (asked or dialogue.strict) or dialogue.profile.decimates_one_to_one
    must_fail = one_to_one and not (instead and gives_way)
    if behavior == "FAIL" or (behavior == "DECIMATE" and must_fail):
        raise ImageTooLarge(size, "RequestedDecimateCropBehavior")
    if behavior == "CROP":
        reading.warn(CROPPED, "RequestedDecimateCropBehavior", f"cropped: {size}")
    elif asked:
        if one_to_one:
            reading.values["MagnificationType"] = instead
        reading.warn(DECIMATED, "RequestedDecimateCropBehavior", f"decimated: {size}")
    elif one_to_one:
        reading.values["MagnificationType"] = instead
        reading.warn(DEMAGNIFIED, "MagnificationType", f"demagnified: {size}")
    elif dialogue.strict or "RequestedImageSize" in in_force:
        reading.warn(DEMAGNIFIED, "RequestedDecimateCropBehavior", f"demagnified: {size}")
    return behavior


def check_one_to_one(film_box: FilmBox, box: ImageBox, image: Image, in_force: dict[str, Any]) -> None:
    """Refuse that a film box turns to Magnification Type NONE under an image that is not to be cropped, and
    would be.

    Raises:
        InvalidAttributeValue
    """
    one_to_one = in_force["MagnificationType"] == "NONE"
    if one_to_one and in_force["RequestedDecimateCropBehavior"] != "CROP":
        size = _oversize(film_box, box, (image.attributes["Columns"], image.attributes["Rows"]))
        if size:
            raise InvalidAttributeValue(f"NONE, but {size}", "MagnificationType")


def drop_requested_sizes(dialogue: Dialogue, film_box: FilmBox, reading: Reading) -> None:
    """A film box turns to Magnification Type NONE: images that follow it have no Requested Image Size.

    Raises:
        InvalidAttributeValue: of a strict printer.
    """
    for box in film_box.image_boxes:
        if "RequestedImageSize" in box.attributes and "MagnificationType" not in box.attributes:
            if dialogue.strict:
                raise InvalidAttributeValue(
                    f"NONE, but image {box.position} has a RequestedImageSize", "MagnificationType"
                )
            del box.attributes["RequestedImageSize"]
            remark = f"image {box.position}: {_NO_SIZE}"
            reading.warn(ATTRIBUTE_VALUE_OUT_OF_RANGE, "MagnificationType", remark)


def _oversize(film_box: FilmBox, box: ImageBox, size: tuple[int, int]) -> str:
    """What there is to say of columns and rows that are more than the box has; else nothing."""
    room = film_box.layout.boxes[box.position - 1]
    columns, rows = size
    if columns <= room.width and rows <= room.height:
        return ""
    return f"image of {columns} x {rows}, box of {room.width} x {room.height} pixels"


def _printed_size(image: Image, in_force: dict[str, Any], resolution: Resolution) -> tuple[int, int]:
    """Columns and rows of printer pixels that an image takes, were there room enough (PS3.3 C.13.5)."""
    columns, rows = image.attributes["Columns"], image.attributes["Rows"]
    width_mm = in_force.get("RequestedImageSize")
    if width_mm is None:
        return columns, rows
    vertical, horizontal = image.attributes["PixelAspectRatio"]
    height_mm = width_mm * rows * vertical / (columns * horizontal)
    return resolution.pixels(width_mm), resolution.pixels(height_mm)
