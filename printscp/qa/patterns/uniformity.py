"""Even pages: one density all over, with thin lines round the places where it is read."""

from functools import partial

from printscp.qa.pattern import Role
from printscp.qa.patterns.canvas import Box, Canvas
from printscp.qa.patterns.recipe import Recipe

_FILM = 0.25
"""P-value of the page for film: 1.70 OD of 0.20 to 3.00 OD on a light box of 2000 cd/m2."""
_LINES = 0.05
"""By how much lines stand out."""
_INK = 0.4
"""By how much the mark and the name do, which are away from where is read."""


def _paint_film(canvas: Canvas) -> None:
    """Nine regions, each a fifth of the sides."""
    canvas.fill(canvas.whole, canvas.share(_FILM))
    lines, columns = ("top", "middle", "bottom"), ("left", "middle", "right")
    names = [f"{line}-{column}" for line in lines for column in columns]
    cells = [cell for line in canvas.whole.lines(3) for cell in line.columns(3)]
    for name, cell in zip(names, cells, strict=True):
        _region(canvas, name, _FILM, _LINES, cell.middle(canvas.columns // 5, canvas.rows // 5))
    strip = max(13, canvas.rows // 14)
    top = canvas.rows // 3 - strip // 2
    place = Box(canvas.columns // 20, top, canvas.columns * 19 // 20, top + strip)
    canvas.heading(place, canvas.share(_FILM + _INK))


def _paint_tg18(percent: int, canvas: Canvas) -> None:
    """Regions of 10 % of the area, in the middle and in the corners."""
    level, away = percent / 100, 1 if percent <= 50 else -1
    canvas.fill(canvas.whole, canvas.share(level))
    area = canvas.square
    side = round(area.width * 0.1**0.5)
    middle = area.middle(side, side)
    places = {
        "top-left": (area.left, area.top),
        "top-right": (area.right - side, area.top),
        "middle": (middle.left, middle.top),
        "bottom-left": (area.left, area.bottom - side),
        "bottom-right": (area.right - side, area.bottom - side),
    }
    for name, (left, top) in places.items():
        _region(canvas, name, level, away * _LINES, Box(left, top, left + side, top + side))
    between = Box(area.left + side + 2, area.top, area.right - side - 2, area.top + side)
    strip = between.middle(between.width, max(13, area.height // 14))
    canvas.heading(strip, canvas.share(level + away * _INK))


def _region(canvas: Canvas, name: str, level: float, away: float, box: Box) -> None:
    """A place to read, in a thin line."""
    thin = max(1, min(canvas.columns, canvas.rows) // 512)
    canvas.frame(box, thin, canvas.share(level + away))
    canvas.note(name, canvas.share(level), Role.UNIFORMITY, box.inset(thin))


def _tg18(percent: int) -> Recipe:
    return Recipe(
        f"tg18-unl-{percent}",
        f"Uniformity, {percent} %, lines round five regions (TG18-UNL)",
        f"after AAPM TG18 (On-Line Report 03) TG18-UNL: {percent} % of the largest P-value, five regions of "
        "a tenth of the area each, in thin lines; the mark and the name are ours"
        + ("; TG18 has 10 and 80 %" if percent == 50 else ""),
        partial(_paint_tg18, percent),
    )


RECIPES = (
    *(_tg18(percent) for percent in (10, 50, 80)),
    Recipe(
        "uniformity",
        "Uniformity, 25 %, nine regions",
        "style of TG18-UNL, at a density for film: 1.5 to 2.0 OD (IAEA Human Health Series, 7.3.3)",
        _paint_film,
    ),
)
