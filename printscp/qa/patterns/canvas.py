"""What patterns are drawn on: whole pixels, each of one P-value, and a record of what is where."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from printscp.qa.pattern import Landmark, Patch, Role

# An F: no turn and no mirror leaves it alike.
_MARK = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], bool)
_MARK_ROWS, _MARK_COLUMNS = 5, 4
_LETTER_HEIGHT = 11  # of the bitmap font, in its pixels
_LETTER_WIDTH = 6
_CLEAR = 2  # pixels of the matrix that a patch is read clear of its edges, or more
_CLEAR_SHARE = 0.1


@dataclass(frozen=True)
class Box:
    """Whole pixels of the matrix: ``left`` to ``right`` and ``top`` to ``bottom``, the ends not in it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def inset(self, pixels: int) -> "Box":
        """The box without a border so wide."""
        return Box(self.left + pixels, self.top + pixels, self.right - pixels, self.bottom - pixels)

    def columns(self, count: int) -> "list[Box]":
        """The box cut into so many beside each other, of equal width to a pixel."""
        cuts = [self.left + round(self.width * cut / count) for cut in range(count + 1)]
        return [Box(left, self.top, right, self.bottom) for left, right in pairwise(cuts)]

    def lines(self, count: int) -> "list[Box]":
        """The box cut into so many one below the other, of equal height to a pixel."""
        cuts = [self.top + round(self.height * cut / count) for cut in range(count + 1)]
        return [Box(self.left, top, self.right, bottom) for top, bottom in pairwise(cuts)]

    def middle(self, width: int, height: int) -> "Box":
        """A box so large in the middle of it."""
        left = self.left + (self.width - width) // 2
        top = self.top + (self.height - height) // 2
        return Box(left, top, left + width, top + height)


@dataclass(eq=False)
class Canvas:
    """A matrix of P-values, ``bits`` deep, and the patches and landmarks that were drawn on it so far.
    ``name`` is what is written on it; ``width_mm`` how wide it is at true size, where that was asked for."""

    name: str
    columns: int
    rows: int
    bits: int
    width_mm: float | None = None
    patches: list[Patch] = field(default_factory=list)
    landmarks: list[Landmark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pixels = np.zeros((self.rows, self.columns), np.uint8 if self.bits == 8 else np.uint16)

    @property
    def whole(self) -> Box:
        return Box(0, 0, self.columns, self.rows)

    @property
    def square(self) -> Box:
        """The largest square in the middle."""
        side = min(self.columns, self.rows)
        return self.whole.middle(side, side)

    @property
    def largest(self) -> int:
        """The P-value of the brightest."""
        return (1 << self.bits) - 1

    def share(self, fraction: float) -> int:
        """The P-value at a fraction of the range."""
        return round(self.largest * fraction)

    def fill(self, box: Box, value: int) -> None:
        """Give all pixels of a box one P-value."""
        self.pixels[box.top : box.bottom, box.left : box.right] = value

    def frame(self, box: Box, thickness: int, value: int) -> None:
        """Draw a line along the inner edge of a box."""
        inside = self.pixels[box.top : box.bottom, box.left : box.right]
        inside[:thickness] = inside[-thickness:] = value
        inside[:, :thickness] = inside[:, -thickness:] = value

    def patch(self, name: str, value: int, role: Role, box: Box) -> None:
        """Fill a box, and note where in it is to be read."""
        self.fill(box, value)
        self.note(name, value, role, box)

    def note(self, name: str, value: int, role: Role, box: Box) -> None:
        """Note that a box has one P-value and will keep it, and where in it is to be read."""
        left, width = _clear(box.left, box.width)
        top, height = _clear(box.top, box.height)
        self.patches.append(Patch(name, value, role, left, top, width, height))

    def mark(self, box: Box, value: int) -> int:
        """Draw an F, which tells orientation, at the left of a box, as large as fits; its right edge."""
        unit = min(box.height // _MARK_ROWS, box.width // _MARK_COLUMNS)
        top = box.top + (box.height - unit * _MARK_ROWS) // 2
        self._ink(np.kron(_MARK, np.ones((unit, unit), bool)), box.left, top, value)
        return box.left + unit * _MARK_COLUMNS

    def text(self, text: str, box: Box, value: int, anchor: str = "left", largest: int = 8) -> None:
        """Write one line in a box, as large as fits, from its ``left`` edge or in its ``middle``; nothing
        where even the smallest letters do not fit in the box, or the box in the matrix. Letters are at most
        ``largest`` times the smallest."""
        if min(box.left, box.top) < 0 or box.right > self.columns or box.bottom > self.rows:
            return
        size = min(box.height // _LETTER_HEIGHT, box.width // (_LETTER_WIDTH * len(text)), largest)
        if size >= 1:
            letters = np.kron(_letters(text), np.ones((size, size), bool))
            height, width = letters.shape
            left = box.left if anchor == "left" else box.left + (box.width - width + size) // 2
            self._ink(letters, left, box.top + (box.height - height + 1) // 2, value)

    def heading(self, box: Box, value: int) -> None:
        """Draw the F and the name along a strip."""
        gap = max(box.height // 8, 1)
        right = self.mark(box.inset(gap), value)
        self.text(self.name, Box(right + 2 * gap + 2, box.top, box.right - gap, box.bottom), value, largest=4)

    def _ink(self, where: NDArray[np.bool_], left: int, top: int, value: int) -> None:
        height, width = where.shape
        self.pixels[top : top + height, left : left + width][where] = value


def percents(area: Box) -> Callable[[float, float, float, float], Box]:
    """Boxes of an area: left, top, right and bottom in % of its sides, to a pixel."""

    def at(left: float, top: float, right: float, bottom: float) -> Box:
        return Box(
            area.left + round(area.width * left / 100),
            area.top + round(area.height * top / 100),
            area.left + round(area.width * right / 100),
            area.top + round(area.height * bottom / 100),
        )

    return at


@cache
def _letters(text: str) -> NDArray[np.bool_]:
    """A line of text in the bitmap font that comes with Pillow: no outlines, so the same everywhere."""
    mask = ImageFont.load_default_imagefont().getmask(text)
    return np.array(mask, np.uint8).reshape(mask.size[::-1]) > 0


def _clear(start: int, length: int) -> tuple[int, int]:
    """Where to read between two edges, as start and length; a pixel at least is left."""
    edge = max(_CLEAR, -int(-length * _CLEAR_SHARE // 1))
    edge = min(edge, (length - 1) // 2)
    return start + edge, length - 2 * edge
