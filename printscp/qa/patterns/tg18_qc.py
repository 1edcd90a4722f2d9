"""The multi-purpose pattern of AAPM TG18."""

import numpy as np

from printscp.qa.pattern import Role
from printscp.qa.patterns import grilles
from printscp.qa.patterns.canvas import Box, Canvas, percents
from printscp.qa.patterns.recipe import Recipe

_LEVELS = tuple(range(8, 256, 16))  # of 8 bits
_CORNER = 4  # levels of 8 bits by which the corners of a patch stand out
_LETTERS = ("QUALITY", "CONTROL")  # each letter one level of 8 bits nearer to its ground, from 14 to 1
# Cells round the middle, which are a ring of 5 x 5: clockwise from the upper left.
_RING = (
    *((column, 0) for column in range(5)),
    *((4, line) for line in range(1, 5)),
    *((column, 4) for column in (3, 2, 1, 0)),
    *((0, line) for line in (3, 2, 1)),
)


def _level(canvas: Canvas, of_256: int) -> int:
    """A level of 8 bits as P-value: the largest stays the largest."""
    return canvas.largest if of_256 == 255 else of_256 << (canvas.bits - 8)


def _paint(canvas: Canvas) -> None:
    canvas.fill(canvas.whole, _level(canvas, 128))
    at = percents(canvas.square)
    _grid(canvas)
    _gray_scale(canvas, at(25, 25, 75, 75))
    for name, outer, inner, left in (("5%-in-0%", 0, 13, 35.5), ("95%-in-100%", 255, 242, 57.5)):
        box = at(left, 46.5, left + 7, 53.5)
        canvas.fill(box, _level(canvas, outer))
        canvas.patch(
            name, _level(canvas, inner), Role.CONTRAST, box.middle(-(-box.width // 2), -(-box.height // 2))
        )
    for left, top in ((4, 4), (84, 4), (4, 84), (84, 84), (44, 44)):
        _resolution(canvas, at(left, top, left + 12, top + 12))
    _ramp(canvas, at(7, 22, 13, 78), brightest_above=True)
    _ramp(canvas, at(87, 22, 93, 78), brightest_above=False)
    for left, outer, inner in ((20, 0, 255), (51, 255, 0)):
        bar = at(left, 7, left + 29, 17)
        canvas.fill(bar, _level(canvas, outer))
        canvas.fill(bar.middle(bar.width // 2, bar.height // 2), _level(canvas, inner))
    for left, ground, step in ((20, 0, 1), (40.5, 128, 1), (61, 255, -1)):
        _letters(canvas, at(left, 85, left + 19, 95.5), ground, step)
    strip = at(25, 76, 75, 84)
    canvas.fill(strip, _level(canvas, 128))
    canvas.heading(strip, canvas.largest)


def _grid(canvas: Canvas) -> None:
    """Thin lines, and thicker ones along the edge and round the middle."""
    square, value = canvas.square, _level(canvas, 191)
    count = 20 if square.width >= 512 else 10
    for box in square.columns(count)[1:]:
        canvas.fill(Box(box.left, box.top, box.left + 1, box.bottom), value)
    for box in square.lines(count)[1:]:
        canvas.fill(Box(box.left, box.top, box.right, box.top + 1), value)
    thick = max(1, 3 * square.width // 1024)
    canvas.frame(square.inset(square.width // 100), thick, value)
    canvas.frame(percents(square)(24, 24, 76, 76), thick, value)


def _gray_scale(canvas: Canvas, area: Box) -> None:
    """Sixteen patches, in the corners of each four squares that are hardly darker or brighter."""
    canvas.fill(area, _level(canvas, 128))
    cells = [line.columns(5) for line in area.lines(5)]
    for number, (level, (column, line)) in enumerate(zip(_LEVELS, _RING, strict=True), 1):
        cell = cells[line][column]
        box = cell.inset(max(1, cell.width // 20))
        canvas.fill(box, _level(canvas, level))
        size = max(1, box.width // 9)
        right, bottom = box.right - size, box.bottom - size
        for left, top, step in (
            (box.left, box.top, 1),
            (right, box.top, -1),
            (box.left, bottom, -1),
            (right, bottom, 1),
        ):
            canvas.fill(Box(left, top, left + size, top + size), _level(canvas, level + step * _CORNER))
        canvas.note(f"step-{number:02}", _level(canvas, level), Role.STEP, box.inset(size))


def _resolution(canvas: Canvas, box: Box) -> None:
    """Lines of 1 and 2 pixels of full and of low contrast, and Cx in four brightnesses."""
    full, low, signs = box.lines(3)
    for line, values in ((full, (0, 255)), (low, (128, 130))):
        pair = _level(canvas, values[0]), _level(canvas, values[1])
        tiles = line.columns(4)
        for thickness in (1, 2):
            grilles.down(canvas, tiles[2 * thickness - 2], thickness, pair)
            grilles.across(canvas, tiles[2 * thickness - 1], thickness, pair)
    for share, tile in zip((1.0, 0.75, 0.5, 0.25), signs.columns(4), strict=True):
        canvas.fill(tile, 0)
        canvas.text("Cx", tile, canvas.share(share), "middle", largest=1)


def _ramp(canvas: Canvas, box: Box, brightest_above: bool) -> None:
    values = np.rint(np.linspace(0, canvas.largest, box.height))
    column = values[::-1] if brightest_above else values
    canvas.pixels[box.top : box.bottom, box.left : box.right] = column[:, None]


def _letters(canvas: Canvas, box: Box, ground: int, step: int) -> None:
    canvas.fill(box, _level(canvas, ground))
    contrast = sum(map(len, _LETTERS))
    for word, line in zip(_LETTERS, box.inset(1).lines(2), strict=True):
        size = min(line.width // (6 * len(word)), line.height // 11)
        for letter, place in zip(
            word, line.middle(6 * len(word) * size, line.height).columns(7), strict=True
        ):
            canvas.text(letter, place, _level(canvas, ground + step * contrast), largest=max(size, 1))
            contrast -= 1


RECIPES = (
    Recipe(
        "tg18-qc",
        "AAPM TG18-QC style",
        "after AAPM TG18 (On-Line Report 03) TG18-QC: its levels and elements; where they lie, the mark and "
        "the name are ours, and the blurred references of Cx are left out",
        _paint,
    ),
)
