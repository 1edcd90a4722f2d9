"""A sheet into a page.

Trim (2010,0140) prints a frame of 0.5 mm round each printed image, not round its box, in the opposite of the
border density. It lies outside the image; where another image or the end of the page leaves it no room it is
narrower or absent, since no frame is worth an image's pixels.

Texts stand in strips that the layout keeps for them, so they cover an image only where the annotation format
puts them over it. The strip of an image box moves to the edge of its image, where that does not fill the box:
nobody shall wonder which image a text belongs to. A text too long for its room is set smaller, and if that is
not enough it is cut.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import ge
from typing import Any

import cv2
import numpy as np

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation, LookUp, Sheet, SheetImage, ToneCurve
from printscp.render.color import srgb
from printscp.render.page import Color, ColorPage, Density, Page, Text
from printscp.render.resample import Placement, placement, printer_pixels, resample, samples
from printscp.render.text import fitted, width
from printscp.render.tone import OD_UNIT, ToneScale, density_table

_PER_HUNDREDTH = 100  # units of a page in one hundredth of OD
_TRIM_MM = 0.5

_EM = 0.6  # of the height of a strip of text
_LARGEST_MM = 4.0  # em of the text in a strip of any height; its capitals are 3 mm
_CAPITALS = 0.73  # their height in ems
_APART = 1.0  # ems between the two texts of the label strip
_QUICK = 1 << 20  # samples, below which OpenCV averages in less time than `resample`
_ALIGNED = {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}  # share of the free room that lies left of a text


def compose(sheet: Sheet, title: str, session_label: str = "", side: int | None = None) -> Page | ColorPage:
    """The page of a film. In the label strip, if there is one, stand ``title``, which holds no patient data,
    on the left and ``session_label`` on the right.

    With ``side`` its longer side is of so many pixels, if it has more: a picture of the film, in which all is
    where it is on the page, for a small part of the time. Its values are those of averaged samples.
    """
    placements = [
        placement(image, sheet.boxes[image.position - 1], sheet.dots_per_inch) for image in sheet.images
    ]
    scale = 1.0 if side is None else side / max(sheet.width, sheet.height)
    small = scale < 1
    if small:
        placements = [replace(each, where=_scaled(each.where, scale)) for each in placements]
        sheet = _smaller(sheet, scale)
    shape = sheet.height, sheet.width
    film = sheet.dots_per_inch, _range(sheet)
    strips = (*_annotations(sheet, placements), *_label(sheet, title, session_label))
    if sheet.color:
        colors = np.empty((*shape, 3), np.uint8)
        _render(sheet, placements, colors, small)
        return ColorPage(*film, tuple(_texts(sheet, strips, colors)), title, colors)
    density = np.empty(shape, np.uint16)
    _render(sheet, placements, density, small)
    return Page(*film, tuple(_texts(sheet, strips, density)), title, density)


def _smaller(sheet: Sheet, scale: float) -> Sheet:
    """The same film of fewer pixels."""
    page = _scaled(Rectangle(0, 0, sheet.width, sheet.height), scale)
    return replace(
        sheet,
        width=page.width,
        height=page.height,
        dots_per_inch=sheet.dots_per_inch * scale,
        boxes=tuple(_scaled(box, scale) for box in sheet.boxes),
        label=_scaled(sheet.label, scale),
        annotations=tuple(replace(each, where=_scaled(each.where, scale)) for each in sheet.annotations),
    )


def _scaled(where: Rectangle, scale: float) -> Rectangle:
    """A rectangle of a page on a smaller one: all pixels that it has a part of."""
    left, top = math.floor(where.left * scale), math.floor(where.top * scale)
    right, bottom = math.ceil(where.right * scale), math.ceil(where.bottom * scale)
    return Rectangle(left, top, where.width and right - left, where.height and bottom - top)


def _render(sheet: Sheet, placements: Sequence[Placement], page: Density | Color, small: bool) -> None:
    """All but the texts, from the back to the front; with ``small`` in a hurry."""
    border = _printable(sheet, sheet.border_density)
    page[:] = _ink(sheet, border)
    filled = {image.position for image in sheet.images}
    for position, box in enumerate(sheet.boxes, start=1):
        if position not in filled:
            _part(page, box)[:] = _ink(sheet, _printable(sheet, sheet.empty_image_density))
    if sheet.trim:
        for placed in placements:
            _part(page, _frame(sheet, placed.where))[:] = _ink(sheet, _contrast(sheet, border))
    for image, placed in zip(sheet.images, placements, strict=True):
        _print(sheet, image, placed, page, small)


def _print(sheet: Sheet, image: SheetImage, placed: Placement, page: Any, small: bool) -> None:
    target = _part(page, placed.where)
    how = image.magnification, image.smoothing_weight
    whole: Any = srgb(image, sheet.icc_profile) if sheet.color else samples(image)
    source = _part(whole, placed.part)
    if small and source.size < _QUICK and all(map(ge, source.shape, target.shape)):
        # In half the time, but rounded to as few bits as the image has.
        source = cv2.resize(source, target.shape[1::-1], interpolation=cv2.INTER_AREA)
    if sheet.color:
        resample(source, target, *how)
        return
    resample(source, target, *how, shift=16 - image.bits_stored)
    cv2.LUT(target, _table(sheet, image), dst=target)


def _part(pixels: Any, where: Rectangle) -> Any:
    return pixels[where.top : where.bottom, where.left : where.right]


def _frame(sheet: Sheet, image: Rectangle) -> Rectangle:
    """What the trim box of an image covers: the image, which comes on top of it, and a rim as far as the
    page goes (PS3.3 C.13.3)."""
    rim = max(1, round(printer_pixels(_TRIM_MM, sheet.dots_per_inch)))
    left, top = max(0, image.left - rim), max(0, image.top - rim)
    return Rectangle(left, top, image.right + rim - left, image.bottom + rim - top)


def tone_of(sheet: Sheet, image: SheetImage) -> tuple[ToneScale, LookUp | ToneCurve]:
    """The densities and the light in force for a gray image, and what its values go through after polarity:
    its Presentation LUT, or without one the printer's curve."""
    tone = image.curve if image.look_up is None else sheet.look_ups[image.look_up]
    return _scale(sheet, image.min_density, image.max_density), tone


def _table(sheet: Sheet, image: SheetImage) -> Density:
    scale, tone = tone_of(sheet, image)
    return density_table(scale, image.bits_stored, image.reverse, tone)


def _range(sheet: Sheet) -> ToneScale:
    return _scale(sheet, *sheet.printer_density)


def _scale(sheet: Sheet, min_density: int, max_density: int) -> ToneScale:
    """A range of density, in hundredths of OD, under the film's light."""
    lowest, highest = (_printable(sheet, end) / _PER_HUNDREDTH / 100 for end in (min_density, max_density))
    return ToneScale(lowest, highest, float(sheet.illumination), float(sheet.reflected_ambient_light))


def _printable(sheet: Sheet, hundredths: int) -> int:
    """A density in units of a page, no less and no more than the printer can."""
    brightest, darkest = sheet.printer_density
    return max(brightest, min(hundredths, darkest)) * _PER_HUNDREDTH


def _ink(sheet: Sheet, density: int) -> int:
    """What a density is on the film's page, in units of a density page: itself there, a gray in color."""
    return _range(sheet).gray(density) if sheet.color else density


def _contrast(sheet: Sheet, behind: float) -> int:
    """The end of the printer's range that stands out from a density, both in units of a page."""
    brightest, darkest = (end * _PER_HUNDREDTH for end in sheet.printer_density)
    return brightest if behind * 2 > darkest + brightest else darkest


def _annotations(sheet: Sheet, placements: Sequence[Placement]) -> Iterator[Annotation]:
    images = {image.position: placed.where for image, placed in zip(sheet.images, placements, strict=True)}
    for strip in sheet.annotations:
        image = images.get(strip.position) if strip.of_image else None
        if image is None:
            yield strip
            continue
        box, where = sheet.boxes[strip.position - 1], strip.where
        above = where.bottom <= box.top
        top = where.top + (image.top - box.top if above else image.bottom - box.bottom)
        yield replace(strip, where=replace(where, top=top))


def _texts(sheet: Sheet, strips: Iterable[Annotation], page: Density | Color) -> Iterator[Text]:
    for strip in strips:
        room = strip.where
        text, size = fitted(strip.text, _size(sheet, room), room.width)
        length = width(text, size)
        if length:
            left = room.left + (room.width - length) * _ALIGNED[strip.align]
            baseline = room.top + (room.height + _CAPITALS * size) / 2
            behind = Rectangle(int(left), int(baseline - size), int(length) + 1, int(size) + 1)
            yield Text(text, left, baseline, size, _contrast(sheet, _density(sheet, _part(page, behind))))


def _label(sheet: Sheet, title: str, session_label: str) -> Iterator[Annotation]:
    """The two texts of the label strip: each has what the other leaves it, in any case half of the strip."""
    strip = sheet.label
    size = _size(sheet, strip)
    free = strip.width - _APART * size
    for text, other, align in ((title, session_label, "LEFT"), (session_label, title, "RIGHT")):
        room = int(max(free / 2, free - width(other, size)))
        left = strip.left if align == "LEFT" else strip.right - room
        yield Annotation(0, Rectangle(left, strip.top, room, strip.height), align, False, text)


def _size(sheet: Sheet, room: Rectangle) -> float:
    """The em of text in a strip."""
    return min(_EM * room.height, printer_pixels(_LARGEST_MM, sheet.dots_per_inch))


def _density(sheet: Sheet, part: Density | Color) -> float:
    """The mean density of a part of the page, in units of a density page."""
    mean = float(part.mean())
    return float(_range(sheet).density(mean / 255)) / OD_UNIT if sheet.color else mean
