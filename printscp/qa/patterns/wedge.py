"""Step wedges: bars of P-values that are evenly spaced (PS3.14 D.2.1)."""

from functools import partial
from itertools import count

from printscp.qa.pattern import Role
from printscp.qa.patterns.canvas import Box, Canvas
from printscp.qa.patterns.recipe import Recipe

STEPS = (6, 8, 17, 32, 33)
_NARROW = 12  # pixels: narrower bars are set in two lines, or more


def wedge(steps: int) -> Recipe:
    """A wedge of so many bars, the darkest at the left; on small matrices in several lines, from the top."""
    source = (
        "PS3.14 D.2.1: bars of P-values round((2^N - 1) i / (n - 1)), here with a frame, numbers and a mark"
    )
    if steps != 32:
        source += f"; {steps} bars in place of 32"
    return Recipe(f"wedge-{steps}", f"Step wedge, {steps} bars (PS3.14 D.2)", source, partial(_paint, steps))


def p_values(steps: int, bits: int) -> list[int]:
    """The P-values of a wedge: with 32 steps and 8 bits, those of PS3.14 D.2.4."""
    largest = (1 << bits) - 1
    return [(2 * largest * step + steps - 1) // (2 * (steps - 1)) for step in range(steps)]


def _paint(steps: int, canvas: Canvas) -> None:
    canvas.fill(canvas.whole, canvas.share(0.5))
    ink = canvas.largest
    canvas.frame(canvas.whole, 1, ink)
    edge = max(2, min(canvas.columns, canvas.rows) // 50)
    strip = max(13, canvas.rows // 14)
    canvas.heading(Box(edge, edge, canvas.columns - edge, edge + strip), ink)
    bars = Box(edge, edge + strip, canvas.columns - edge, canvas.rows - edge)
    lines = next(lines for lines in count(1) if bars.width * lines // steps >= _NARROW or lines == 3)
    a_line = -(-steps // lines)
    values = p_values(steps, canvas.bits)
    boxes = [box for line in bars.lines(lines) for box in line.columns(a_line)][:steps]
    for number, (value, box) in enumerate(zip(values, boxes, strict=True), 1):
        _bar(canvas, number, value, box, len(str(steps)))


def _bar(canvas: Canvas, number: int, value: int, box: Box, digits: int) -> None:
    """A bar with its number below, where there is room for both."""
    label = 11 * min(box.width // (6 * digits), box.height // 60, 3)
    bar = Box(box.left, box.top, box.right, box.bottom - label)
    canvas.patch(f"step-{number:0{digits}}", value, Role.STEP, bar)
    below = Box(box.left, bar.bottom, box.right, box.bottom)
    canvas.text(str(number), below, canvas.largest, "middle")


RECIPES = tuple(wedge(steps) for steps in STEPS)
