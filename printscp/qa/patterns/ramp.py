"""A ramp of every P-value there is."""

import numpy as np

from printscp.errors import SetupError
from printscp.qa.pattern import Patch, Role
from printscp.qa.patterns.canvas import Box, Canvas
from printscp.qa.patterns.recipe import SMALLEST, Recipe

_STRIPS = 16


def _paint(canvas: Canvas) -> None:
    """Sixteen strips, from the top, and a ramp without steps below."""
    canvas.fill(canvas.whole, canvas.share(0.5))
    a_strip = (canvas.largest + 1) // _STRIPS
    wide = canvas.columns // a_strip
    if not wide:
        least = f"{a_strip}x{SMALLEST}"
        raise SetupError(f"ramp: {canvas.columns} columns; {canvas.bits} bits need {least}, or give 8 bits")
    header, footer = max(13, canvas.rows // 14), max(4, canvas.rows // 14)
    canvas.heading(Box(1, 0, canvas.columns, header), canvas.largest)
    area = Box(0, header, canvas.columns, canvas.rows - footer).middle(
        wide * a_strip, canvas.rows - header - footer
    )
    for strip, box in enumerate(area.lines(_STRIPS)):
        values = np.arange(strip * a_strip, (strip + 1) * a_strip)
        canvas.pixels[box.top : box.bottom, box.left : box.right] = np.repeat(values, wide)
        canvas.patches.extend(_levels(canvas, values.tolist(), box, wide))
    bottom = canvas.pixels[canvas.rows - footer :, area.left : area.right]
    bottom[:] = np.rint(np.linspace(0, canvas.largest, area.width))


def _levels(canvas: Canvas, values: list[int], box: Box, wide: int) -> list[Patch]:
    """Where to read each of the values of a strip."""
    first = Canvas(canvas.name, wide, box.height, 8)
    first.note("", 0, Role.LEVEL, first.whole)
    where = first.patches[0]
    return [
        Patch(
            f"level-{value}",
            value,
            Role.LEVEL,
            box.left + wide * number + where.left,
            box.top + where.top,
            where.width,
            where.height,
        )
        for number, value in enumerate(values)
    ]


RECIPES = (
    Recipe(
        "ramp",
        "Ramp of all P-values",
        "ours: 16 strips, from the top left, and a ramp without steps below",
        _paint,
    ),
)
