"""The pattern of SMPTE RP 133, for monitors and hard-copy cameras."""

from printscp.qa.pattern import Role
from printscp.qa.patterns import grilles
from printscp.qa.patterns.canvas import Box, Canvas, percents
from printscp.qa.patterns.recipe import Recipe

_HATCH = 0.75
_LOW = ((48, 53), (48, 51), (50, 51))  # % of low contrast
# Cells of 10 % round the middle, which are a ring of 4 x 4: clockwise from the lower left.
_RING = (
    *((0, line) for line in (3, 2, 1, 0)),
    *((column, 0) for column in (1, 2)),
    *((3, line) for line in (0, 1, 2, 3)),
    *((column, 3) for column in (2, 1)),
)
_STEPS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)


def _paint(canvas: Canvas) -> None:
    canvas.fill(canvas.whole, canvas.share(0.5))
    at = percents(canvas.square)
    _hatch(canvas)
    _gray_scale(canvas)
    for name, outer, inner, left in (("5%-in-0%", 0, 5, 11), ("95%-in-100%", 100, 95, 73)):
        box = at(left, 42, left + 16, 58)
        canvas.fill(box, canvas.share(outer / 100))
        canvas.patch(
            name, canvas.share(inner / 100), Role.CONTRAST, box.middle(box.width // 2, box.height // 2)
        )
    for top, outer, inner in ((20, 0, 1), (72, 1, 0)):
        bar = at(25, top, 75, top + 8)
        canvas.fill(bar, canvas.share(outer))
        canvas.fill(bar.middle(bar.width // 2, bar.height // 2), canvas.share(inner))
    for left, top in ((3, 3), (78, 3), (3, 78), (78, 78)):
        _resolution(canvas, at(left, top, left + 19, top + 19), left > 50, top > 50)
    _resolution(canvas, at(40.5, 40.5, 59.5, 59.5), False, False)
    strip = at(28, 83, 72, 96)
    canvas.fill(strip, canvas.share(0.5))
    canvas.heading(strip, canvas.largest)


def _hatch(canvas: Canvas) -> None:
    """Ten boxes each way, and a border."""
    square, value = canvas.square, canvas.share(_HATCH)
    thin = max(1, square.width // 512)
    for box in square.columns(10)[1:]:
        canvas.fill(Box(box.left - thin // 2, box.top, box.left - thin // 2 + thin, box.bottom), value)
    for box in square.lines(10)[1:]:
        canvas.fill(Box(box.left, box.top - thin // 2, box.right, box.top - thin // 2 + thin), value)
    canvas.frame(square.inset(square.width // 100), max(1, square.width // 200), value)


def _gray_scale(canvas: Canvas) -> None:
    """Eleven steps round the middle, and 50 % once more."""
    area = percents(canvas.square)(30, 30, 70, 70)
    canvas.fill(area, canvas.share(0.5))
    cells = [line.columns(4) for line in area.lines(4)]
    for number, (column, line) in enumerate(_RING):
        percent, again = (_STEPS[number], False) if number < len(_STEPS) else (50, True)
        cell = cells[line][column]
        label = 11 * min(cell.height // 60, 2)
        edge = max(1, cell.width // 16)
        patch = Box(cell.left + edge, cell.top + edge, cell.right - edge, cell.bottom - max(label, edge))
        role = Role.CONTRAST if again else Role.STEP
        canvas.patch(f"{percent}%" + "-again" * again, canvas.share(percent / 100), role, patch)
        words = Box(cell.left, cell.bottom - label, cell.right, cell.bottom)
        canvas.text(f"{percent}%", words, canvas.largest, "middle")


def _resolution(canvas: Canvas, box: Box, from_right: bool, from_below: bool) -> None:
    """Lines of 1, 2 and 3 pixels of full contrast, and of 2 pixels of low contrast; the finest in the corner
    of the pattern."""
    full = 0, canvas.largest
    lines = [each.columns(3) for each in box.lines(3)][:: -1 if from_below else 1]
    vertical, horizontal, low = (each[:: -1 if from_right else 1] for each in lines)
    for thickness, (first, second) in enumerate(zip(vertical, horizontal, strict=True), 1):
        grilles.down(canvas, first, thickness, full)
        grilles.across(canvas, second, thickness, full)
    for values, tile in zip(_LOW, low, strict=True):
        grilles.down(canvas, tile, 2, (canvas.share(values[0] / 100), canvas.share(values[1] / 100)))


RECIPES = (
    Recipe(
        "smpte",
        "SMPTE RP 133",
        "after SMPTE RP 133: its levels and elements, square; where they lie, the mark and the name are ours",
        _paint,
    ),
)
