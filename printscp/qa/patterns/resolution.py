"""What a printer resolves: line pairs, checkerboards, lines of low contrast, an edge."""

import numpy as np

from printscp.qa.pattern import Role
from printscp.qa.patterns import grilles
from printscp.qa.patterns.canvas import Box, Canvas
from printscp.qa.patterns.recipe import Recipe

_THICKNESSES = range(1, 9)
_CONTRASTS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_SLANT = 5.0  # degrees


def _paint(canvas: Canvas) -> None:
    canvas.fill(canvas.whole, canvas.share(0.5))
    header = max(13, canvas.rows // 14)
    canvas.heading(Box(1, 0, canvas.columns, header), canvas.largest)
    gap = max(1, min(canvas.columns, canvas.rows) // 100)
    area = Box(gap, header, canvas.columns - gap, canvas.rows - gap)
    lines = [line.columns(8) for line in area.lines(5)]
    full = 0, canvas.largest
    for draw, line in zip((grilles.down, grilles.across, grilles.checks), lines, strict=False):
        for thickness, cell in zip(_THICKNESSES, line, strict=True):
            tile = _tile(cell, gap)
            draw(canvas, tile, thickness, full)
            number = Box(cell.left, tile.bottom, cell.right, cell.bottom)
            canvas.text(str(thickness), number, canvas.largest, "middle", largest=1)
    _low_contrast(canvas, lines[3], gap)
    _blocks(canvas, lines[4], gap)


def _tile(cell: Box, gap: int) -> Box:
    """What is drawn on of a cell, with room for a number below."""
    below = max(gap, 12) if cell.height >= 48 else gap
    return Box(cell.left + gap, cell.top + gap, cell.right - gap, cell.bottom - below)


def _low_contrast(canvas: Canvas, cells: list[Box], gap: int) -> None:
    """Lines of 4 pixels about the middle of the range."""
    for contrast, cell in zip(_CONTRASTS, cells, strict=False):
        tile = _tile(cell, gap)
        grilles.down(canvas, tile, 4, (canvas.share(0.5 - contrast / 2), canvas.share(0.5 + contrast / 2)))
        number = Box(cell.left, tile.bottom, cell.right, cell.bottom)
        canvas.text(f"{contrast * 100:g}%", number, canvas.largest, "middle", largest=1)
    _edge(canvas, _tile(Box(cells[6].left, cells[6].top, cells[7].right, cells[7].bottom), gap))


def _edge(canvas: Canvas, box: Box) -> None:
    """An edge between dark and bright, slanted, for edge spread."""
    y, x = np.mgrid[0 : box.height, 0 : box.width] + 0.5
    bright = x - box.width / 2 > (y - box.height / 2) * np.tan(np.radians(_SLANT))
    canvas.pixels[box.top : box.bottom, box.left : box.right] = np.where(
        bright, canvas.share(0.8), canvas.share(0.2)
    )


def _blocks(canvas: Canvas, cells: list[Box], gap: int) -> None:
    """Dark, middle and bright without lines, to compare with."""
    for percent, first, last in ((0, 0, 2), (50, 3, 4), (100, 5, 7)):
        box = Box(cells[first].left, cells[first].top, cells[last].right, cells[last].bottom).inset(gap)
        canvas.patch(f"{percent}%", canvas.share(percent / 100), Role.CONTRAST, box)


RECIPES = (
    Recipe(
        "resolution",
        "Resolution: line pairs, checkerboards, low contrast, a slanted edge",
        "style of the line pairs of SMPTE RP 133 and AAPM TG18 (On-Line Report 03), of 1 to 8 pixels; an "
        "edge slanted by 5 degrees",
        _paint,
    ),
)
