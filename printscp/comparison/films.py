"""Two films, by the pixels of their images and by their pages."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from printscp.capture import Capture
from printscp.comparison import FilmChange, ImageChange, PageChange
from printscp.film.sheet import Sheet, SheetImage
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.render.resample import samples
from printscp.render.text import drawn
from printscp.render.tone import OD_UNIT

_BAND = 512  # rows of a page that are compared at a time
_MM_PER_INCH = 25.4

Pixels = NDArray[Any]


def film(first: Capture, second: Capture, number: int) -> FilmChange:
    """Compare a film of two jobs.

    Raises:
        NotPossible: it is not kept.
    """
    a, b = first.film(number), second.film(number)
    return FilmChange(number, _images(a, b), compare_pages(page(first, a), page(second, b)))


def page(capture: Capture, sheet: Sheet) -> Page | ColorPage:
    """The page of a film without the line that names its job."""
    return compose(sheet, "", capture.order.label if capture.order else "")


def shown(page: Page | ColorPage) -> Pixels:
    """The pixels of a page with its texts: density, or red, green and blue."""
    return drawn(page)


def compare_pages(first: Page | ColorPage, second: Page | ColorPage) -> PageChange:
    """Compare two pages, printer pixel by printer pixel."""
    if type(first) is not type(second):
        return PageChange(0, 0, 0, "", 0, 0, "one is in color, the other is not")
    if first.shape != second.shape or first.dots_per_inch != second.dots_per_inch:
        return PageChange(0, 0, 0, "", 0, 0, f"one has {_words(first)}, the other {_words(second)}")
    a, b = shown(first), shown(second)
    differ, largest, where = 0, 0, (0, 0)
    for top in range(0, a.shape[0], _BAND):
        off = _off(a[top : top + _BAND], b[top : top + _BAND])
        differ += int(np.count_nonzero(off))
        row, column = np.unravel_index(off.argmax(), off.shape)
        if off[row, column] > largest:
            largest, where = int(off[row, column]), (top + int(row), int(column))
    step, unit = (1.0, "of 255") if isinstance(first, ColorPage) else (OD_UNIT, "OD")
    top_mm, left_mm = (round(each / first.dots_per_inch * _MM_PER_INCH, 1) for each in where)
    return PageChange(a.shape[0] * a.shape[1], differ, round(largest * step, 4), unit, left_mm, top_mm)


def _off(first: Pixels, second: Pixels) -> Pixels:
    """How far pixels are apart; of color the channel that is farthest."""
    off = np.abs(first.astype(np.int32) - second)
    return off.max(axis=2) if off.ndim == 3 else off


def _words(page: Page | ColorPage) -> str:
    rows, columns = page.shape
    return f"{columns} x {rows} printer pixels at {page.dots_per_inch:g} dpi"


def _images(first: Sheet, second: Sheet) -> tuple[ImageChange, ...]:
    a = {image.position: image for image in first.images}
    b = {image.position: image for image in second.images}
    return tuple(_image(each, a.get(each), b.get(each)) for each in sorted(a.keys() | b.keys()))


def _image(position: int, first: SheetImage | None, second: SheetImage | None) -> ImageChange:
    if first is None or second is None:
        which = "the second" if first is None else "the first"
        return ImageChange(position, 0, 0, 0, 0, 0, f"only {which} has an image here")
    if _kind(first) != _kind(second):
        words = f"one has {_kind(first)}, the other {_kind(second)}"
        return ImageChange(position, 0, 0, 0, 0, 0, words)
    a, b = _values(first), _values(second)
    off = _off(a, b)
    differ = int(np.count_nonzero(off))
    row, column = (int(each) + 1 for each in np.unravel_index((off != 0).argmax(), off.shape))
    place = (row, column) if differ else (0, 0)
    return ImageChange(position, off.size, differ, int(off.max()), *place)


def _kind(image: SheetImage) -> str:
    color = " RGB" if image.samples_per_pixel == 3 else ""
    return f"{image.columns} x {image.rows}{color} pixels of {image.bits_stored} bits"


def _values(image: SheetImage) -> Pixels:
    """Rows x columns, of color x 3."""
    if image.samples_per_pixel == 1:
        return samples(image)
    values = np.frombuffer(image.pixels, np.uint8, image.rows * image.columns * 3)
    if image.planar_configuration == 1:
        return np.moveaxis(values.reshape(3, image.rows, image.columns), 0, 2)
    return values.reshape(image.rows, image.columns, 3)
