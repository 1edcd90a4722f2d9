"""Images: position, pixels, polarity, and what becomes of their size."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from printscp.film.geometry import Rectangle
from printscp.film.rules import REQUESTED_IMAGE_SIZE
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX
from printscp.lint.case import CLAUSES, Case, Flaw, Flaws
from printscp.lint.scene import IMAGE_BOXES, IMAGE_SEQUENCES, Box
from printscp.lint.values import number_of, sequence_of, value_of

_MUCH = 8  # times; ours
_BITS = {(8, 8, 7), (16, 12, 11)}
_COLOR_BITS = {(8, 8, 7)}
_WIDE = range(9, 17)  # bits stored in 16 allocated
# Said of gray and of color images, in a clause each.
_OF_THE_SERVICE = frozenset(
    {"wrong-position", "bits-inconsistent", "signed-pixels"}
    | {"image-cropped", "image-demagnified", "image-too-large"}
)


def check(case: Case) -> Flaws:
    """N-SET of an image box."""
    if case.sop_class not in IMAGE_BOXES or case.verb != "set":
        return
    clause = CLAUSES[case.sop_class, case.verb]
    for flaw in _image_box(case):
        yield flaw._replace(clause=clause) if flaw.code in _OF_THE_SERVICE else flaw


def _image_box(case: Case) -> Flaws:
    target = case.target
    if isinstance(target, Box) and target.position:
        position = number_of(case.sent, "ImageBoxPosition")
        if position is not None and position != target.position:
            message = f"position {position:g} in the image box of position {target.position}"
            yield Flaw("wrong-position", message, "ImageBoxPosition")
    sequence = IMAGE_SEQUENCES[case.sop_class]
    items = sequence_of(case.sent, sequence)
    if not items:
        return
    yield from _pixels(case, items[0], f"{sequence}.")
    if isinstance(target, Box) and target.film.layout is not None:
        boxes = target.film.layout.boxes
        if 0 < target.position <= len(boxes):
            yield from _size(case, target, items[0], boxes[target.position - 1])


def _pixels(case: Case, item: Dataset, path: str) -> Flaws:
    color = case.sop_class == BASIC_COLOR_IMAGE_BOX
    bits = tuple(_whole(item, each) for each in ("BitsAllocated", "BitsStored", "HighBit"))
    if None not in bits and bits not in (_COLOR_BITS if color else _BITS):
        yield Flaw("bits-inconsistent", "/".join(str(each) for each in bits), f"{path}BitsStored")
    if representation := _whole(item, "PixelRepresentation"):
        yield Flaw("signed-pixels", f"Pixel Representation {representation}", f"{path}PixelRepresentation")
    if color and _whole(item, "PlanarConfiguration") == 0:
        yield Flaw("planar-configuration", "by pixel", f"{path}PlanarConfiguration")
    white_first = not color and value_of(item, "PhotometricInterpretation") == "MONOCHROME1"
    if white_first and value_of(case.sent, "Polarity") == "REVERSE":
        yield Flaw("polarity-doubled", "the smallest value prints black again", "Polarity")
    yield from _length(case, item, bits[0], path)


def _length(case: Case, item: Dataset, allocated: int | None, path: str) -> Flaws:
    rows, columns = _whole(item, "Rows"), _whole(item, "Columns")
    data = value_of(item, "PixelData")
    if not rows or not columns or allocated not in (8, 16) or not isinstance(data, (bytes, memoryview)):
        return
    samples = 3 if case.sop_class == BASIC_COLOR_IMAGE_BOX else 1
    wanted = rows * columns * samples * allocated // 8
    if len(data) not in (wanted, wanted + wanted % 2):
        message = f"{len(data)} bytes, {columns} x {rows} needs {wanted}"
        yield Flaw("pixel-length", message, f"{path}PixelData")
        return
    yield from _values(case, item, data, allocated, path)


def _values(case: Case, item: Dataset, data: Any, allocated: int, path: str) -> Flaws:
    """What the pixels themselves tell, where they are there."""
    cut = case.step.cut
    if cut is not None:
        data = case.images.get((cut.length, cut.crc))
    stored = _whole(item, "BitsStored") or 0
    if data is None or allocated != 16 or stored not in _WIDE or _whole(item, "PixelRepresentation"):
        return
    largest = int(np.frombuffer(data, "<u2").max(initial=0))
    if largest >= 1 << stored:
        yield Flaw("bits-beyond", f"up to {largest}, {stored} bits stored", f"{path}PixelData")
    elif stored == 12 and 0 < largest <= 0xFF:
        yield Flaw("bits-unused", f"up to {largest} of 4095", f"{path}PixelData")


def _size(case: Case, box: Box, item: Dataset, room: Rectangle) -> Flaws:
    """Whether the image fits its box (PS3.4 H.4.3.1.2, PS3.3 C.13.5)."""
    values = box.film.values
    magnification = value_of(case.sent, "MagnificationType")
    if magnification not in case.profile.magnifications:
        magnification = values.get("MagnificationType")
    one_to_one = magnification == "NONE"
    width = _width(case)
    if width is not None and one_to_one:
        yield Flaw("size-with-none", f"{width:g} mm", "RequestedImageSize")
        width = None
    columns, rows = _whole(item, "Columns"), _whole(item, "Rows")
    if not columns or not rows:
        return
    if width is not None:
        columns, rows = _printed(case, box, item, width)
    words = f"{columns} x {rows} pixels, the box has {room.width} x {room.height}"
    if columns > room.width or rows > room.height:
        asked = value_of(case.sent, "RequestedDecimateCropBehavior")
        behavior = str(asked or case.profile.decimate_crop)
        if behavior == "CROP":
            yield Flaw("image-cropped", words, "RequestedDecimateCropBehavior")
        elif behavior == "FAIL" or (one_to_one and (asked or case.failed)):
            yield Flaw("image-too-large", words, "RequestedDecimateCropBehavior")
        else:
            yield Flaw("image-demagnified", words, "RequestedDecimateCropBehavior")
    elif width is None and not one_to_one:
        times = min(room.width / columns, room.height / rows)
        if times > _MUCH:
            yield Flaw("image-enlarged", f"{words}: {times:.0f} times", "")


def _width(case: Case) -> float | None:
    """The Requested Image Size, in mm, where there is one that the printer takes."""
    value = value_of(case.sent, "RequestedImageSize")
    try:
        return None if value is None else float(REQUESTED_IMAGE_SIZE.take(value, case.profile).value)
    except ValueError:
        return None


def _printed(case: Case, box: Box, item: Dataset, width: float) -> tuple[int, int]:
    """Columns and rows of printer pixels of an image of that width in mm."""
    resolution = case.profile.resolution(box.film.values["RequestedResolutionID"])
    aspect = value_of(item, "PixelAspectRatio")
    try:
        vertical, horizontal = (int(part) for part in aspect) if aspect else (1, 1)
        columns, rows = int(item.Columns), int(item.Rows)
        height = width * rows * vertical / (columns * horizontal)
    except (TypeError, ValueError, ZeroDivisionError):
        height = width
    return resolution.pixels(width), resolution.pixels(height)


def _whole(dataset: Dataset, keyword: str) -> int | None:
    number = number_of(dataset, keyword)
    return None if number is None else int(number)
