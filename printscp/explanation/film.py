"""A film in words: its size, what is round its images, and under which light it is to be seen."""

from printscp.explanation import Asked
from printscp.film.sheet import Sheet

_MM_PER_INCH = 25.4


def film_lines(sheet: Sheet, asked: Asked) -> tuple[str, ...]:
    """What holds for the film as a whole."""
    return (
        _film(sheet, asked),
        _page(sheet, asked),
        _backgrounds(sheet, asked),
        _trim(sheet),
        _light(sheet, asked),
    )


def film_notes(sheet: Sheet) -> tuple[str, ...]:
    """What was asked of the film and done otherwise."""
    return tuple(each for each in sheet.remarks if not each.startswith("image "))


def mm(printer_pixels: float, sheet: Sheet) -> float:
    """A length on a film."""
    return printer_pixels / sheet.dots_per_inch * _MM_PER_INCH


def _film(sheet: Sheet, asked: Asked) -> str:
    size = f"{sheet.film_size}{asked.source('FilmSizeID', used=sheet.film_size)}"
    orientation = f"{sheet.orientation}{asked.source('FilmOrientation', used=sheet.orientation)}"
    boxes = _many(len(sheet.boxes), "image box", "image boxes")
    return f"Film {size}, {orientation}, {sheet.display_format}: {boxes}, {len(sheet.images)} with an image."


def _page(sheet: Sheet, asked: Asked) -> str:
    resolution = f"{sheet.resolution}{asked.source('RequestedResolutionID')}"
    return (
        f"The page is {sheet.width} x {sheet.height} printer pixels at {sheet.dots_per_inch:g} dpi, "
        f"{mm(sheet.width, sheet):.1f} x {mm(sheet.height, sheet):.1f} mm, resolution {resolution}."
    )


def _light(sheet: Sheet, asked: Asked) -> str:
    light = f"{sheet.illumination} cd/m2 of Illumination{asked.source('Illumination')}"
    ambient = f"{sheet.reflected_ambient_light} cd/m2 of Reflected Ambient Light"
    source = asked.source("ReflectedAmbientLight")
    return f"Seen with {light} and {ambient}{source}: for that the GSDF (PS3.14) makes P-values densities."


def _backgrounds(sheet: Sheet, asked: Asked) -> str:
    border = f"The border is {_held(sheet.border_density, sheet)}{asked.source('BorderDensity')}"
    filled = {image.position for image in sheet.images}
    empty = [str(each) for each in range(1, len(sheet.boxes) + 1) if each not in filled]
    if not empty:
        return f"{border}; no image box is empty."
    boxes = f"image {'box' if len(empty) == 1 else 'boxes'} {_series(empty)}, empty"
    density = _held(sheet.empty_image_density, sheet)
    return f"{border}; {boxes}, {density}{asked.source('EmptyImageDensity')}."


def _trim(sheet: Sheet) -> str:
    if not sheet.trim:
        return "No trim: nothing is drawn round the images."
    return "Trim: a frame of 0.5 mm round each image, at the end of the range opposite to the border."


def _held(hundredths: int, sheet: Sheet) -> str:
    least, most = sheet.printer_density
    return f"{max(least, min(hundredths, most)) / 100:.2f} OD"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _series(names: list[str]) -> str:
    if len(names) <= 8:
        return ", ".join(names)
    return f"{', '.join(names[:6])} and {len(names) - 6} more"
