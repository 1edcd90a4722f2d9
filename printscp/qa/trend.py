"""Control charts of a printer: what its measurements say, one after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from statistics import fmean

from printscp.qa.limits import BJR, Limits
from printscp.qa.measure import (
    SIX_STEPS,
    SMPTE,
    UNIT,
    share_of_limit,
    six_step_contrast,
    six_step_densities,
    smpte_indices,
    worst_step,
)
from printscp.qa.measurement import Measurement

_ENOUGH = 8  # points before what is usual of them can be told
_DECIMALS = 6  # of a value; the rest is arithmetic, which no axis is to show
_SIGMAS = 3 / 1.128  # of a moving range of two (d2 of control charts for single values)


@dataclass(frozen=True)
class Point:
    """A value at the time of its readings. ``inside`` says that it is within the limits in force now, or that
    there are none; ``baseline`` that later ones were compared to it."""

    taken: datetime
    value: float
    inside: bool
    baseline: bool = False


@dataclass(frozen=True)
class Chart:
    """A quantity over time, oldest first. ``pattern`` is the one it was read on, empty where any will do.

    ``aim``, ``low`` and ``high`` are in ``unit``, None where there is none; ``source`` says who sets them.
    ``usual`` has lower and upper control limits: the mean of all points +/- 3 sigma, sigma from the moving
    range; None for fewer than 8 points. They are ours, and no limits: a point beyond them is worth a look.
    """

    quantity: str
    pattern: str
    unit: str
    points: tuple[Point, ...]
    aim: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""
    usual: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        """The quantity, and the pattern it was read on."""
        return f"{self.quantity} ({self.pattern})" if self.pattern else self.quantity

    @property
    def outside(self) -> tuple[Point, ...]:
        """The points out of limits."""
        return tuple(point for point in self.points if not point.inside)

    @property
    def unusual(self) -> tuple[Point, ...]:
        """The points beyond what is usual."""
        if self.usual is None:
            return ()
        low, high = self.usual
        return tuple(point for point in self.points if not low - UNIT <= point.value <= high + UNIT)


@dataclass(frozen=True)
class Trend:
    """All charts of a printer; ``measurements`` says how many there are, ``first`` and ``last`` of when."""

    printer: str
    measurements: int
    first: datetime
    last: datetime
    charts: tuple[Chart, ...]

    @property
    def passed(self) -> bool:
        """The latest value of each quantity is within its limits."""
        return all(chart.points[-1].inside for chart in self.charts)


def trend(printer: str, measurements: Sequence[Measurement], limits: Limits) -> Trend:
    """The charts of a printer's measurements, of which there is at least one, the oldest first.

    Constancy is judged against the latest baseline of the same pattern, all else against its aim. Readings
    that were measured twice in a day count once, and films that ask for other densities or other light than
    the latest are not drawn with it.
    """
    measurements = _once(measurements)
    patterns = sorted({each.pattern for each in measurements})
    charts = [*_of_any(measurements, limits)]
    for pattern in patterns:
        charts += _of_pattern(_alike([each for each in measurements if each.pattern == pattern]), limits)
    return Trend(
        printer,
        len(measurements),
        measurements[0].provenance.made,
        measurements[-1].provenance.made,
        tuple(charts),
    )


def _once(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Of the same readings, measured again, the last or the baseline."""
    kept: dict[object, Measurement] = {}
    for each in measurements:
        key = each.provenance.hashes, each.provenance.made.date()
        if key not in kept or each.baseline or not kept[key].baseline:
            kept[key] = each
    return sorted(kept.values(), key=lambda each: each.provenance.made)


def _alike(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Those of films that ask for the same as the latest."""
    return [each for each in measurements if each.scale == measurements[-1].scale]


@dataclass(frozen=True)
class _Quantity:
    """How something is got from a measurement, None where that has it not, and what it may be."""

    name: str
    unit: str
    value: Callable[[Measurement], float | None]
    aim: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""


def _of_any(measurements: Sequence[Measurement], limits: Limits) -> Iterator[Chart]:
    """Charts of what is the same on all patterns."""
    for name, aim in limits.daily.items():
        quantity = _around(name, partial(_other, name), aim.aim, aim.tolerance, aim.source)
        yield from _chart(quantity, "", measurements)
    scale = measurements[-1].scale
    for name, asked, end, p_value in (("Dmin", scale.min_density, -1, 1), ("Dmax", scale.max_density, 0, 0)):
        read = [each for each in _alike(measurements) if each.steps[end].p_value == p_value]
        limit = limits.of_step(asked)
        yield from _chart(_around(name, partial(_step, end), asked, limit.value, limit.source), "", read)


def _of_pattern(measurements: Sequence[Measurement], limits: Limits) -> Iterator[Chart]:
    """Charts of what depends on the pattern, which is the same for all of these."""
    pattern = measurements[0].pattern
    worst = limits.of_step(worst_step(measurements[-1].steps, limits).aim)
    quantities = [
        _Quantity("worst error", "of the limit", partial(_worst, limits), 0, -1, 1, worst.source),
        _Quantity(
            "mean JND", "per P-value", lambda each: each.response.mean, measurements[-1].response.ideal
        ),
        _Quantity("LUM", "of the mean", _lum, 0, None, limits.lum.value, limits.lum.source),
    ]
    if pattern == SMPTE:
        quantities += [
            _Quantity(name, "OD", partial(_index, name), source=BJR)
            for name in smpte_indices(measurements[0].steps)
        ]
    baselines = [each for each in measurements if each.baseline]
    if pattern == SIX_STEPS and baselines:
        quantities += _constancy(baselines[-1], limits)
    for quantity in quantities:
        yield from _chart(quantity, pattern, measurements)


def _constancy(baseline: Measurement, limits: Limits) -> Iterator[_Quantity]:
    """Six steps, the lightest first, and their contrast."""
    was = six_step_densities(baseline.steps)
    for step, limit in enumerate(limits.constancy):
        name, value = f"step {step + 1}", partial(_step, -1 - step)
        yield _around(name, value, was[step], limit.value, limit.source)
    was_contrast = six_step_contrast(baseline.steps)
    limit = limits.contrast
    yield _around(
        "contrast", lambda each: six_step_contrast(each.steps), was_contrast, limit.value, limit.source
    )


def _around(
    name: str, value: Callable[[Measurement], float | None], aim: float, tolerance: float, source: str
) -> _Quantity:
    """A density that may be off an aim by as much either way."""
    return _Quantity(name, "OD", value, aim, aim - tolerance, aim + tolerance, source)


def _other(name: str, measurement: Measurement) -> float | None:
    return dict(measurement.others).get(name) if measurement.scale.ambient > 0 else None  # aims are for film


def _step(place: int, measurement: Measurement) -> float:
    return measurement.steps[place].density


def _index(name: str, measurement: Measurement) -> float:
    return smpte_indices(measurement.steps)[name]


def _worst(limits: Limits, measurement: Measurement) -> float:
    """The largest error of a step, as a share of its limit."""
    return share_of_limit(worst_step(measurement.steps, limits), limits)


def _lum(measurement: Measurement) -> float | None:
    mean = measurement.response.mean
    return measurement.response.lum / mean if mean > 0 else None


def _chart(quantity: _Quantity, pattern: str, measurements: Sequence[Measurement]) -> Iterator[Chart]:
    """The chart, if there is anything to draw."""
    low, high = quantity.low, quantity.high
    aim = None if quantity.aim is None else round(quantity.aim, _DECIMALS)
    points = []
    for each in measurements:
        if (value := quantity.value(each)) is not None:
            inside = (low is None or value >= low - UNIT) and (high is None or value <= high + UNIT)
            points.append(Point(each.provenance.made, round(value, _DECIMALS), inside, each.baseline))
    if not points:
        return
    usual = _usual([point.value for point in points])
    yield Chart(quantity.name, pattern, quantity.unit, tuple(points), aim, low, high, quantity.source, usual)


def _usual(values: Sequence[float]) -> tuple[float, float] | None:
    if len(values) < _ENOUGH:
        return None
    middle = fmean(values)
    spread = _SIGMAS * fmean(abs(after - before) for before, after in pairwise(values))
    return middle - spread, middle + spread
