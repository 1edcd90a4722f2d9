"""A sheet into a page.

Trim (2010,0140) prints a frame of 0.5 mm round each printed image, not round its box, in the opposite of the
border density. It lies outside the image; where another image or the end of the page leaves it no room it is
narrower or absent, since no frame is worth an image's pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.display_format import Rectangle
from printscp.film.sheet import Sheet, SheetImage
from printscp.render.page import Label, Page
from printscp.render.resample import placement, printer_pixels, resample, samples
from printscp.render.tone import ToneScale, density_table

_PER_HUNDREDTH = 100  # units of a page in one hundredth of OD
_TRIM_MM = 0.5


def compose(sheet: Sheet, title: str) -> Page:
    """The page of a film; ``title`` is printed below the images and holds no patient data."""
    density = np.full((sheet.height, sheet.width), sheet.border_density * _PER_HUNDREDTH, np.uint16)
    filled = {image.position for image in sheet.images}
    for position, box in enumerate(sheet.boxes, start=1):
        if position not in filled:
            _part(density, box)[:] = sheet.empty_image_density * _PER_HUNDREDTH
    placements = [
        placement(image, sheet.boxes[image.position - 1], sheet.dots_per_inch) for image in sheet.images
    ]
    if sheet.trim:
        for placed in placements:
            _part(density, _frame(sheet, placed.where))[:] = _contrast(sheet)
    for image, placed in zip(sheet.images, placements, strict=True):
        target = _part(density, placed.where)
        resample(_part(samples(image), placed.part), target, image.magnification)
        cv2.LUT(target, _table(sheet, image), dst=target)
    return Page(
        density=density,
        dots_per_inch=sheet.dots_per_inch,
        scale=_scale(sheet, *sheet.printer_density),
        labels=(_label(sheet, title),),
        title=title,
    )


def _part(samples: NDArray[np.uint16], where: Rectangle) -> NDArray[np.uint16]:
    return samples[where.top : where.top + where.height, where.left : where.left + where.width]


def _frame(sheet: Sheet, image: Rectangle) -> Rectangle:
    """What the trim box of an image covers: the image, which comes on top of it, and a rim as far as the
    page goes (PS3.3 C.13.3)."""
    rim = max(1, round(printer_pixels(_TRIM_MM, sheet.dots_per_inch)))
    left, top = max(0, image.left - rim), max(0, image.top - rim)
    return Rectangle(left, top, image.left + image.width + rim - left, image.top + image.height + rim - top)


def _table(sheet: Sheet, image: SheetImage) -> NDArray[np.uint16]:
    scale = _scale(sheet, image.min_density, image.max_density)
    if image.samples_per_pixel == 3:  # P-values already, and no Presentation LUT is for color
        return density_table(scale, image.bits_stored, reverse=False)
    look_up = None if image.look_up is None else sheet.look_ups[image.look_up]
    return density_table(scale, image.bits_stored, image.reverse, look_up)


def _scale(sheet: Sheet, min_density: int, max_density: int) -> ToneScale:
    light = float(sheet.illumination), float(sheet.reflected_ambient_light)
    return ToneScale(min_density / 100, max_density / 100, *light)


def _contrast(sheet: Sheet) -> int:
    """The end of the printer's range, in units of the page, that stands out from the border."""
    brightest, darkest = sheet.printer_density
    dark_border = sheet.border_density * 2 > darkest + brightest
    return (brightest if dark_border else darkest) * _PER_HUNDREDTH


def _label(sheet: Sheet, title: str) -> Label:
    """The title in the strip the layout keeps for it."""
    area = sheet.label
    return Label(
        text=title,
        left=area.left,
        baseline=area.top + round(area.height * 0.8),
        height=round(area.height * 0.6),
        density=_contrast(sheet),
    )
