"""True size and shape: crosses on a grid in mm, rulers, a circle in a square."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from printscp.qa.pattern import Landmark, Role
from printscp.qa.patterns.canvas import Box, Canvas
from printscp.qa.patterns.recipe import Recipe

_LONGER_SIDE_MM = 250.0  # fits on films of 10 x 12 inch and more
_GROUND, _INK = 0.15, 0.9
_LINE_MM = 0.5
_LINE_PIXELS = 2.0  # or more, so that the middle of a line is found to a part of a pixel
_DISTANCES_MM = (1000.0, 500.0, 250.0, 200.0, 100.0, 50.0, 25.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2)
_TICK_PIXELS = 3  # between two ticks that can be told apart

# In distances of two crosses:
_FREE = 0.7  # beyond the outermost cross, for rulers and words
_ARM = 0.2  # of a cross, each way
_LINE = 0.03  # thickness, where that is less
_HALF_SQUARE = 2.5  # of the square, and radius of the circle in it: their lines pass between the crosses
_BLOCK = 0.5  # the F, and the blocks that have one density
_RULER = 0.25  # from the outermost cross
_TICKS = ((1, 0.06), (5, 0.11), (10, 0.16), (50, 0.16), (100, 0.16))  # every so many mm, how long


@dataclass(frozen=True)
class _Plan:
    """Places in mm from the middle of a matrix, as pixels from its top left. ``distance`` in mm of two
    crosses, of which there are ``across`` and ``down`` to each side of the middle."""

    columns: int
    rows: int
    per_mm: float
    distance: float
    across: int
    down: int

    def x(self, mm: float) -> float:
        return self.columns / 2 + mm * self.per_mm

    def y(self, mm: float) -> float:
        return self.rows / 2 + mm * self.per_mm

    def box(self, x: float, y: float, side: float) -> Box:
        """Whole pixels of a square: its middle and side in distances of crosses."""
        pixels = round(side * self.distance * self.per_mm)
        left = round(self.x(x * self.distance) - pixels / 2)
        top = round(self.y(y * self.distance) - pixels / 2)
        return Box(left, top, left + pixels, top + pixels)


def _plan(columns: int, rows: int, width_mm: float) -> _Plan:
    """The largest distance that leaves three crosses to each side."""

    def reach(pixels: int, distance: float) -> int:
        return math.floor(pixels * width_mm / columns / 2 / distance - _FREE)

    distance = next(each for each in _DISTANCES_MM if reach(min(columns, rows), each) >= 3)
    return _Plan(columns, rows, columns / width_mm, distance, reach(columns, distance), reach(rows, distance))


class _Lines:
    """Lines whose edges may be anywhere: a pixel gets the share of it that they cover, so that the middle of
    a line is where it should be to far less than a pixel."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cover = np.zeros((rows, columns), np.float32)

    def bar(self, left: float, top: float, right: float, bottom: float) -> None:
        """Cover a rectangle, or what of it is in the matrix; edges in pixels."""
        rows, columns = self.cover.shape
        left, right = max(left, 0.0), min(right, float(columns))
        top, bottom = max(top, 0.0), min(bottom, float(rows))
        part = self.cover[math.floor(top) : math.ceil(bottom), math.floor(left) : math.ceil(right)]
        np.maximum(part, np.outer(_covered(top, bottom), _covered(left, right)), out=part)

    def across(self, left: float, right: float, y: float, thickness: float) -> None:
        """A line from the left to the right."""
        self.bar(left, y - thickness / 2, right, y + thickness / 2)

    def down(self, top: float, bottom: float, x: float, thickness: float) -> None:
        """A line from the top to the bottom."""
        self.bar(x - thickness / 2, top, x + thickness / 2, bottom)

    def circle(self, x: float, y: float, radius: float, thickness: float) -> None:
        """A circle round a place."""
        rows, columns = (np.arange(count, dtype=np.float32) + 0.5 for count in self.cover.shape)
        away = np.abs(np.hypot(columns - np.float32(x), rows[:, None] - np.float32(y)) - np.float32(radius))
        np.maximum(self.cover, np.clip(thickness / 2 + 0.5 - away, 0, 1), out=self.cover)


def _covered(start: float, end: float) -> NDArray[np.float64]:
    """How much of each pixel lies between two places."""
    first = np.arange(math.floor(start), math.ceil(end))
    return np.minimum(first + 1, end) - np.maximum(first, start)


def _paint(canvas: Canvas) -> None:
    width_mm = canvas.width_mm or _width_mm(canvas.columns, canvas.rows)
    plan = _plan(canvas.columns, canvas.rows, width_mm)
    lines = _Lines(canvas.columns, canvas.rows)
    thickness = max(min(_LINE_MM, _LINE * plan.distance) * plan.per_mm, _LINE_PIXELS)
    _shapes(lines, plan, thickness)
    canvas.landmarks.extend(_crosses(lines, plan, thickness))
    _rulers(lines, plan, max(1.0, thickness / 2))
    ground, ink = canvas.share(_GROUND), canvas.share(_INK)
    canvas.pixels[:] = np.rint(ground + lines.cover * np.float32(ink - ground))
    _numbers(canvas, plan, ink)
    canvas.mark(plan.box(-0.5, -0.5, 1.2 * _BLOCK), ink)
    for name, value, x, y in (
        ("0%", 0.0, 0.5, -0.5),
        ("50%", 0.5, -0.5, 0.5),
        ("100%", 1.0, 0.5, 0.5),
    ):
        canvas.patch(name, canvas.share(value), Role.CONTRAST, plan.box(x, y, _BLOCK))
    lowest = math.ceil(plan.y(plan.down * plan.distance + _RULER * plan.distance))
    left = round(plan.x(-plan.across * plan.distance))
    strip = Box(left, lowest, canvas.columns - left, canvas.rows)
    words = f"{canvas.name}: print {width_mm:g} mm wide"
    canvas.text(words, strip, ink, "middle", largest=3)


def _shapes(lines: _Lines, plan: _Plan, thickness: float) -> None:
    """A circle in a square."""
    half = _HALF_SQUARE * plan.distance
    left, right, top, bottom = plan.x(-half), plan.x(half), plan.y(-half), plan.y(half)
    for y in (top, bottom):
        lines.across(left - thickness / 2, right + thickness / 2, y, thickness)
    for x in (left, right):
        lines.down(top - thickness / 2, bottom + thickness / 2, x, thickness)
    lines.circle(plan.x(0), plan.y(0), half * plan.per_mm, thickness)


def _crosses(lines: _Lines, plan: _Plan, thickness: float) -> list[Landmark]:
    arm = max(_ARM * plan.distance * plan.per_mm, 1.5 * thickness)
    found = []
    for line in range(-plan.down, plan.down + 1):
        for column in range(-plan.across, plan.across + 1):
            x_mm, y_mm = column * plan.distance, line * plan.distance
            x, y = plan.x(x_mm), plan.y(y_mm)
            lines.across(x - arm, x + arm, y, thickness)
            lines.down(y - arm, y + arm, x, thickness)
            found.append(Landmark(f"cross {x_mm:+g} {y_mm:+g}", x, y))
    return found


def _rulers(lines: _Lines, plan: _Plan, thickness: float) -> None:
    """One along the upper edge and one along the left edge, from the first cross to the last."""
    base = _RULER * plan.distance
    half_x, half_y = plan.across * plan.distance, plan.down * plan.distance
    x, y = plan.x(-half_x - base), plan.y(-half_y - base)
    lines.across(plan.x(-half_x), plan.x(half_x), y, thickness)
    lines.down(plan.y(-half_y), plan.y(half_y), x, thickness)
    for every, share in _TICKS:
        length = share * plan.distance * plan.per_mm
        if every * plan.per_mm < _TICK_PIXELS or length < 1:
            continue
        for mm in range(0, math.floor(2 * half_x) + 1, every):
            lines.down(y - length, y, plan.x(mm - half_x), thickness)
        for mm in range(0, math.floor(2 * half_y) + 1, every):
            lines.across(x - length, x, plan.y(mm - half_y), thickness)


def _numbers(canvas: Canvas, plan: _Plan, ink: int) -> None:
    """The mm at the longer ticks, as many as there is room for."""
    every = next((each for each, _ in _TICKS if each >= 10 and each * plan.per_mm >= 26), None)
    if every is None:
        return
    beyond = (_RULER + _TICKS[-1][1]) * plan.distance
    half_x, half_y = plan.across * plan.distance, plan.down * plan.distance
    bottom, right = round(plan.y(-half_y - beyond)) - 1, round(plan.x(-half_x - beyond)) - 1
    if bottom < 11 or right < 18:
        return
    for mm in range(0, math.floor(2 * half_x) + 1, every):
        x = round(plan.x(mm - half_x))
        canvas.text(str(mm), Box(x - 13, bottom - 11, x + 13, bottom), ink, "middle")
    for mm in range(0, math.floor(2 * half_y) + 1, every):
        y, width = round(plan.y(mm - half_y)), 6 * len(str(mm))
        canvas.text(str(mm), Box(right - width, y - 6, right, y + 6), ink)


def _width_mm(columns: int, rows: int) -> float:
    return _LONGER_SIDE_MM * columns / max(columns, rows)


RECIPES = (
    Recipe(
        "geometry",
        "Geometry: crosses and rulers in mm, circle in a square",
        "ours, as the grids of SMPTE RP 133 and AAPM TG18 (On-Line Report 03) for geometric distortion",
        _paint,
        _width_mm,
    ),
)
