"""Pages of films as a viewer wants them: in levels and tiles, rendered once and kept for a while.

Levels are halved by the mean of optical density, not of light: so a pixel of any level is what the
densitometer tells of its area, whatever light the viewer puts behind the film.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import Any

import cv2

from printscp.render.page import Color, ColorPage, Density, Page
from printscp.render.text import draw
from printscp.render.tone import ToneScale

TILE = 512
"""Side of a tile in pixels."""

_AT_ONCE = 2  # pages that are rendered at a time: each takes twice its size meanwhile


@dataclass(frozen=True)
class Pyramid:
    """A page in ``levels``, the last at full resolution, each before it half of the next, the first one tile;
    densities (rows x columns of uint16, 0.0001 OD) or colors (rows x columns x 3 of uint8)."""

    levels: tuple[Density | Color, ...] = field(repr=False)
    scale: ToneScale

    @property
    def full(self) -> Density | Color:
        """The page."""
        return self.levels[-1]

    @property
    def color(self) -> bool:
        """Whether it is a color page."""
        return self.full.ndim == 3

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(level.nbytes for level in self.levels)

    def tile(self, level: int, column: int, row: int) -> Density | Color | None:
        """Part of a level; None where there is none."""
        if not (0 <= level < len(self.levels) and column >= 0 and row >= 0):
            return None
        part = self.levels[level][row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        return part if part.size else None


def pyramid(page: Page | ColorPage) -> Pyramid:
    """A page in levels; its texts are drawn into it."""
    levels = [draw(page)]
    while max(levels[0].shape[:2]) > TILE:
        levels.insert(0, _half(levels[0]))
    return Pyramid(tuple(levels), page.scale)


def level_count(width: int, height: int) -> int:
    """How many levels a page has."""
    return 1 + max(0, (max(width, height) - 1) // TILE).bit_length()


def _half(pixels: Density | Color) -> Any:
    """Two by two become one. Of an odd number the last goes twice into its mean: else all would be shifted
    against the level below."""
    rows, columns = pixels.shape[:2]
    if rows % 2 or columns % 2:
        edge = cv2.BORDER_REPLICATE
        pixels = cv2.copyMakeBorder(pixels, 0, rows % 2, 0, columns % 2, edge)  # type: ignore[assignment]
    size = (columns + 1) // 2, (rows + 1) // 2
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


class Pages:
    """Pages by the names of their sheets, the last ones asked for, ``limit`` bytes of them at most; the last
    one in any case."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._turns = BoundedSemaphore(_AT_ONCE)
        self._kept: OrderedDict[str, Future[Pyramid]] = OrderedDict()

    def of(self, sheet: str, make: Callable[[], Pyramid]) -> Pyramid:
        """The page of a sheet, which ``make`` renders where it is not kept; those who ask for the same page
        meanwhile wait for it. What ``make`` raises passes through, and nothing is kept."""
        with self._lock:
            found = self._kept.get(sheet)
            if found is not None:
                self._kept.move_to_end(sheet)
            else:
                promised = self._kept[sheet] = Future()
        return found.result() if found is not None else self._made(sheet, make, promised)

    def keep(self, sheets: Collection[str]) -> None:
        """Forget all but those of some sheets."""
        with self._lock:
            for sheet in [each for each in self._kept if each not in sheets]:
                del self._kept[sheet]

    def _made(self, sheet: str, make: Callable[[], Pyramid], promised: "Future[Pyramid]") -> Pyramid:
        try:
            with self._turns:
                made = make()
        except BaseException as error:
            with self._lock:
                if self._kept.get(sheet) is promised:
                    del self._kept[sheet]
            promised.set_exception(error)
            raise
        promised.set_result(made)
        with self._lock:
            self._shed()
        return made

    def _shed(self) -> None:
        done = {sheet: each.result().nbytes for sheet, each in self._kept.items() if each.done()}
        held = sum(done.values())
        for sheet, size in list(done.items())[:-1]:
            if held <= self._limit:
                return
            del self._kept[sheet]
            held -= size
