"""How a pattern is made."""

from collections.abc import Callable
from dataclasses import dataclass

from printscp.errors import SetupError
from printscp.qa.pattern import Pattern
from printscp.qa.patterns.canvas import Canvas

SMALLEST = 128
LARGEST = 16384
"""Columns and rows that a matrix must and may have."""


@dataclass(frozen=True)
class Recipe:
    """How a pattern is drawn: ``paint`` draws on a canvas that is black. ``source`` cites the publication of
    its geometry, and says what differs. ``width_mm`` says how wide a matrix of so many columns and rows is at
    true size, where that is not asked for; None for patterns that have no size."""

    name: str
    title: str
    source: str
    paint: Callable[[Canvas], None]
    width_mm: Callable[[int, int], float] | None = None

    def draw(self, columns: int, rows: int, bits: int, width_mm: float | None = None) -> Pattern:
        """Draw it; ``width_mm`` is how wide it is at true size.

        Raises:
            SetupError: it cannot be drawn so; the message says what can.
        """
        if min(columns, rows) < SMALLEST or max(columns, rows) > LARGEST:
            limits = f"{SMALLEST}x{SMALLEST} to {LARGEST}x{LARGEST}"
            raise SetupError(f"{self.name}: a matrix of {columns}x{rows} pixels; give {limits}")
        if bits not in (8, 12):
            raise SetupError(f"{self.name}: {bits} bits; give 8 or 12")
        if width_mm is not None and not 10 <= width_mm <= 1000:
            raise SetupError(f"{self.name}: a width of {width_mm:g} mm; give 10 to 1000")
        if width_mm is None and self.width_mm is not None:
            width_mm = self.width_mm(columns, rows)
        canvas = Canvas(self.name, columns, rows, bits, width_mm)
        self.paint(canvas)
        return Pattern(
            name=self.name,
            title=self.title,
            source=self.source,
            bits=bits,
            pixels=canvas.pixels,
            patches=tuple(canvas.patches),
            landmarks=tuple(canvas.landmarks),
            width_mm=width_mm,
        )
