"""A page's samples as the bytes of its rows, a strip at a time: no copy of a whole page is ever made."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.render.page import ColorPage, Page
from printscp.render.samples import Samples
from printscp.render.text import drawn

Bytes = NDArray[np.uint8]
_ABOVE, _BELOW = 3, 2  # of the baseline, in ems: no letter goes so far


@dataclass(frozen=True)
class Rows:
    """``read(top, end)`` makes rows top to before end: rows x ``width`` bytes, C-contiguous."""

    count: int
    width: int
    read: Callable[[int, int], Bytes]


class Drawn:
    """A page's densities or colors with its texts drawn in, by slices of rows. Rows with text are copied, and
    no others: a page is large."""

    def __init__(self, page: Page | ColorPage) -> None:
        self.shape = page.shape
        self._pixels: NDArray[Any] = page.density if isinstance(page, Page) else page.srgb
        self._bands = [(top, _drawn_band(page, top, end)) for top, end in _bands(page)]

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        top, end, _ = rows.indices(self.shape[0])
        part = self._pixels[top:end]
        for first, band in self._bands:
            low, high = max(top, first), min(end, first + len(band))
            if low < high:
                part = part if part.flags.owndata else part.copy()
                part[low - top : high - top] = band[low - first : high - first]
        return part


Pixels = NDArray[Any] | Drawn
"""Densities (rows x columns) or colors (rows x columns x 3) that give slices of rows."""


def _bands(page: Page | ColorPage) -> list[tuple[int, int]]:
    """Rows that may have text, from the first to before the second, apart from each other."""
    bands: list[tuple[int, int]] = []
    for text in sorted(page.texts, key=lambda text: text.baseline - _ABOVE * text.size):
        top = max(0, floor(text.baseline - _ABOVE * text.size))
        end = min(page.shape[0], ceil(text.baseline + _BELOW * text.size))
        if bands and top <= bands[-1][1]:
            top, end = bands[-1][0], max(bands.pop()[1], end)
        if top < end:
            bands.append((top, end))
    return bands


def _drawn_band(page: Page | ColorPage, top: int, end: int) -> NDArray[Any]:
    texts = tuple(replace(text, baseline=text.baseline - top) for text in page.texts)
    if isinstance(page, Page):
        return drawn(replace(page, density=page.density[top:end], texts=texts))
    return drawn(replace(page, srgb=page.srgb[top:end], texts=texts))


def gray_rows(density: Pixels, table: Samples) -> Rows:
    """One byte a sample where the table is of uint8, else two, the high one first."""
    rows, columns = density.shape[:2]
    if table.dtype == np.uint16:
        table = table.astype(">u2").view(np.uint16)

    def read(top: int, end: int) -> Bytes:
        samples: Samples = cv2.LUT(density[top:end], table)  # type: ignore[assignment]
        return samples.view(np.uint8)

    return Rows(rows, table.itemsize * columns, read)


def packed_rows(density: Pixels, table: Samples) -> Rows:
    """Samples of 12 bits, two in three bytes; a row ends with a whole byte."""
    rows, columns = density.shape[:2]
    width = (12 * columns + 7) // 8

    def read(top: int, end: int) -> Bytes:
        part = density[top:end]
        if columns % 2:
            part = np.pad(part, ((0, 0), (0, 1)))
        pairs: Any = cv2.LUT(part, table)
        pairs = pairs.view("<u4")  # the first in the low half
        shifted = (pairs << 20 | pairs >> 16 << 8).astype(">u4")
        # From four bytes to three: OpenCV drops the alpha channel faster than numpy copies.
        packed = cv2.cvtColor(shifted.view(np.uint8).reshape(len(part), -1, 4), cv2.COLOR_BGRA2BGR)
        return np.ascontiguousarray(packed.reshape(len(part), -1)[:, :width], np.uint8)

    return Rows(rows, width, read)


def color_rows(srgb: Pixels) -> Rows:
    """Three bytes a pixel: red, green, blue."""
    rows, columns = srgb.shape[:2]
    return Rows(
        rows, 3 * columns, lambda top, end: np.ascontiguousarray(srgb[top:end]).reshape(-1, 3 * columns)
    )
