"""Places of control charts as they are drawn: a picture of lines and points, in the page itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """Size and margins of a chart, in the units of its picture."""

    width: int = 480
    height: int = 200
    left: int = 52
    right: int = 12
    top: int = 12
    bottom: int = 30


SHAPE = Shape()

_ROOM = 0.08  # of the range, above and below what is drawn
_TICKS = (1, 2, 2.5, 5, 10)  # steps of an axis


@dataclass(frozen=True)
class Dot:
    """A value: where it is drawn, and what is to be said of it."""

    x: float
    y: float
    taken: Any
    value: float
    outside: bool
    unusual: bool
    baseline: bool


@dataclass(frozen=True)
class Drawn:
    """A chart of `printscp.qa.trend`, ready to be drawn; ``aim``, ``low``, ``high`` are heights, None where
    there is none. ``usual`` is the top and the height of the band of what is usual, ``ticks`` are heights and
    values of the axis."""

    chart: Any
    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, str], ...]
    aim: float | None
    low: float | None
    high: float | None
    usual: tuple[float, float] | None

    @property
    def course(self) -> str:
        """The line through the points."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


def drawn(chart: Any) -> Drawn:
    """Where each thing of a chart goes. Points are evenly spaced, in the order in which they were taken."""
    values = [point.value for point in chart.points]
    marks = [each for each in (chart.aim, chart.low, chart.high, *(chart.usual or ())) if each is not None]
    lowest, highest = _span([*values, *marks])

    def y(value: float) -> float:
        return SHAPE.top + (SHAPE.height - SHAPE.top - SHAPE.bottom) * (highest - value) / (highest - lowest)

    def maybe(value: float | None) -> float | None:
        return None if value is None else y(value)

    step = (SHAPE.width - SHAPE.left - SHAPE.right) / max(1, len(values))
    unusual = set(map(id, chart.unusual))
    dots = tuple(
        Dot(
            SHAPE.left + step * (place + 0.5),
            y(point.value),
            point.taken,
            point.value,
            not point.inside,
            id(point) in unusual,
            point.baseline,
        )
        for place, point in enumerate(chart.points)
    )
    band = None
    if chart.usual is not None:
        low, high = chart.usual
        band = y(high), y(low) - y(high)
    ticks = tuple((y(value), f"{value:.4g}") for value in _ticks(lowest, highest))
    return Drawn(chart, dots, ticks, maybe(chart.aim), maybe(chart.low), maybe(chart.high), band)


def _span(values: Sequence[float]) -> tuple[float, float]:
    lowest, highest = min(values), max(values)
    room = (highest - lowest) * _ROOM or abs(highest) * _ROOM or 1.0
    return lowest - room, highest + room


def _ticks(lowest: float, highest: float) -> list[float]:
    """Some four round values between."""
    rough = (highest - lowest) / 4
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    while power > rough:
        power /= 10
    step = next(power * each for each in _TICKS if power * each >= rough)
    first = int(lowest // step) + 1
    return [round(step * place, 10) for place in range(first, int(highest // step) + 1)]
