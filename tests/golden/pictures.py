"""A film of `cases` as a picture: what a light box shows of it, by the reference's GSDF and no output's."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from golden.cases import Case
from numpy.typing import NDArray
from reference.renderer import jnd_index

from printscp.film.sheet import Sheet
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.render.text import drawn

REDUCTION = 8
LIGHT = (2000, 10, 3.1)  # cd/m2 of the light box and of ambient light, and the density that is black
TITLE = "PRINTSCP  film 1 of 1"

Picture = NDArray[np.uint8]


def film(case: Case, change: Callable[[Sheet], Sheet] = lambda sheet: sheet) -> Page | ColorPage:
    """The page of a case with its text drawn into it, of the sheet changed before, if so asked."""
    sheet, order = case.accepted()
    page = compose(change(sheet), TITLE, order.label)
    if isinstance(page, ColorPage):
        return replace(page, srgb=drawn(page), texts=())
    return replace(page, density=drawn(page), texts=())


def picture(page: Page | ColorPage) -> Picture:
    """What the light box of `LIGHT` shows: P-values of 8 bits, rows x columns; or sRGB, rows x columns x 3.

    One light box for all, so that films of other densities look other.
    """
    return page.srgb if isinstance(page, ColorPage) else _gray_table()[page.density]


@lru_cache
def _gray_table() -> Picture:
    illumination, ambient, darkest = LIGHT
    jnd = jnd_index(ambient + illumination * 10 ** (-np.arange(65536) / 10000))
    black, white = jnd[round(darkest * 10000)], jnd[0]
    return np.rint(np.clip((jnd - black) / (white - black), 0, 1) * 255).astype(np.uint8)


def reduced(shown: Picture, by: int = REDUCTION) -> Picture:
    """The mean of every square of pixels, cut to whole ones."""
    rows, columns = shown.shape[0] // by, shown.shape[1] // by
    squares = shown[: rows * by, : columns * by].reshape(rows, by, columns, by, *shown.shape[2:])
    return np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)


def digest(page: Page | ColorPage) -> int:
    """CRC of all pixels."""
    pixels: Any = page.srgb if isinstance(page, ColorPage) else page.density
    return zlib.crc32(np.ascontiguousarray(pixels))
