"""A sheet into a page."""

import cv2
import numpy as np

from printscp.film.display_format import Rectangle
from printscp.film.sheet import Sheet
from printscp.render.page import Density, Label, Page
from printscp.render.resample import placement, resample, samples
from printscp.render.tone import ToneScale, density_table

_PER_HUNDREDTH = 100  # units of a page in one hundredth of OD


def compose(sheet: Sheet, title: str) -> Page:
    """The page of a film; ``title`` is printed below the images and holds no patient data."""
    density = np.full((sheet.height, sheet.width), sheet.border_density * _PER_HUNDREDTH, np.uint16)
    filled = {image.position for image in sheet.images}
    for position, box in enumerate(sheet.boxes, start=1):
        if position not in filled:
            _part(density, box)[:] = sheet.empty_image_density * _PER_HUNDREDTH
    for image in sheet.images:
        target = _part(density, placement(image, sheet.boxes[image.position - 1]))
        resample(samples(image), target, image.magnification)
        scale = _scale(sheet, image.min_density, image.max_density)
        cv2.LUT(target, density_table(scale, image.bits_stored, image.reverse), dst=target)
    return Page(
        density=density,
        dots_per_inch=sheet.dots_per_inch,
        scale=_scale(sheet, *sheet.printer_density),
        labels=(_label(sheet, title),),
        title=title,
        copies=sheet.copies,
    )


def _part(density: Density, where: Rectangle) -> Density:
    return density[where.top : where.top + where.height, where.left : where.left + where.width]


def _scale(sheet: Sheet, min_density: int, max_density: int) -> ToneScale:
    light = float(sheet.illumination), float(sheet.reflected_ambient_light)
    return ToneScale(min_density / 100, max_density / 100, *light)


def _label(sheet: Sheet, title: str) -> Label:
    """The title in the strip the layout keeps for it, in whichever end of the range stands out."""
    area = sheet.label
    darkest, brightest = sheet.printer_density[1], sheet.printer_density[0]
    dark_border = sheet.border_density * 2 > darkest + brightest
    return Label(
        text=title,
        left=area.left,
        baseline=area.top + round(area.height * 0.8),
        height=round(area.height * 0.6),
        density=(brightest if dark_border else darkest) * _PER_HUNDREDTH,
    )
