"""Calibration: from what was read on a printer's films to the curve through which it prints.

A film tells what density the printer made of which sample. What was sent is known: the film went through a
version of the printer's curve, or as P-values over its range (`printscp.render.samples`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from printscp import __version__
from printscp.errors import SetupError
from printscp.outputs.curve import CurveFile
from printscp.qa.calibration.curves import Curves
from printscp.qa.calibration.fit import DRIFT, SAMPLES, Floats, Read, fitted
from printscp.qa.measure import DENSITOMETER, REVERSED, named, out_of_order, rising
from printscp.qa.measurement import Measurement, Step
from printscp.qa.store import Measurements

__all__ = ["Calibration", "Curves", "calibrate"]

# Limits of what can be calibrated: ours.
_FEWEST = 8  # steps whose samples differ
_WIDEST_GAP = 0.25  # of the range of the luminance's logarithm, between two steps
_LEAST_RANGE = 1 / 3  # of that asked for, in OD
_EARLIER = 3  # films before the last that count, too
_CHANGED = 0.05  # OD of median difference that is no drift any more
_SPREAD = 0.005  # OD: least standard deviation of a reading
_SPREAD_OF_ONE = 0.01  # OD: the same, of a film where each patch was read once
_ROUNDING = 0.01 / 12**0.5  # OD: standard deviation of what a display of two decimals leaves out


@dataclass(frozen=True)
class Calibration:
    """A curve that was made, not yet in force, and what is to be said of it.

    ``worst`` is the step that was farthest off its aim on the film that was read; ``apart`` that which lies
    farthest from the curve, by ``residual`` OD; ``short`` how far an aim stays out of reach at most, in OD.
    ``moved`` is the most by which the density of a sample changed against the curve in force, None without
    one. ``films`` says how many went into it; ``remarks`` are to be heeded.
    """

    file: CurveFile
    worst: Step
    apart: Step
    residual: float
    short: float
    moved: float | None
    films: int
    remarks: tuple[str, ...]

    @property
    def reach(self) -> tuple[float, float]:
        """The lightest and the darkest that the printer prints, in OD."""
        return self.file.points[-1][1], self.file.points[0][1]


def calibrate(root: Path, name: str, source: Path, now: datetime, operator: str = "") -> Calibration:
    """The next curve of printer ``name``, by the measurement of file ``source`` and those before it; ``root``
    is the folder of quality assurance. `Curves.add` puts its ``file`` in force.

    Raises:
        SetupError: no curve can be made of it; the message says why, and what to do.
    """
    history, curves = Measurements(root, name), Curves(root, name)
    measurement = history.read(source)
    before = curves.in_force()
    digest = sha256(source.read_bytes()).hexdigest()
    if before is not None and before.sha256 == digest:
        raise SetupError(
            f"printer {name}: curve version {before.version} is made of {source.name}: "
            "print a wedge through it, and read that"
        )
    latest = _read(measurement, curves)
    _check(measurement, latest.samples, source)
    earlier, changed = _earlier(history, source, measurement, latest, curves)
    films = (latest, *earlier)
    _check_gaps(films, measurement, source)
    file = CurveFile(
        printer=name,
        measured=measurement.provenance.made.replace(microsecond=0),
        version=max([0, *curves.versions()]) + 1,
        before=0 if before is None else before.version,
        made=now.replace(microsecond=0),
        measurement=source.name,
        sha256=digest,
        operator=operator or measurement.provenance.operator,
        software=f"printscp {__version__}",
        points=fitted(films, _ambient_share(measurement)),
    )
    return _judged(file, before, measurement, latest, len(films), changed)


def _judged(
    file: CurveFile,
    before: CurveFile | None,
    measurement: Measurement,
    latest: Read,
    films: int,
    changed: tuple[str, ...],
) -> Calibration:
    steps, scale = measurement.steps, measurement.scale
    residuals = np.abs(file.curve.density(latest.samples) - latest.densities)
    aims = np.array([step.aim for step in steps])
    printed = file.curve.density(file.curve.sample(aims))
    grid = np.linspace(0.0, 1.0, len(file.points))
    moved = None if before is None else np.abs(file.curve.density(grid) - before.curve.density(grid)).max()
    lightest, darkest = file.points[-1][1], file.points[0][1]
    remarks = list(changed)
    if lightest > scale.min_density + DENSITOMETER:
        remarks.append(
            f"the printer cannot reach {scale.min_density:.2f} OD: it prints {lightest:.2f} at the least"
        )
    if darkest < scale.max_density - DENSITOMETER:
        remarks.append(
            f"the printer cannot reach {scale.max_density:.2f} OD: it prints {darkest:.2f} at the most"
        )
    return Calibration(
        file=file,
        worst=max(steps, key=lambda step: abs(step.error)),
        apart=steps[int(residuals.argmax())],
        residual=float(residuals.max()),
        short=float(np.abs(printed - aims).max()),
        moved=None if moved is None else float(moved),
        films=films,
        remarks=tuple(remarks),
    )


def _read(measurement: Measurement, curves: Curves, age: int = 0) -> Read:
    """A film by the samples that made it."""
    steps = measurement.steps
    aims = np.array([step.aim for step in steps])
    whole = measurement.printed_in or measurement.scale
    sent = curves.read(measurement.curve).curve.sample if measurement.curve else whole.p_value
    return Read(
        np.asarray(sent(aims), np.float64),
        np.array([step.density for step in steps]),
        _deviations(steps),
        age,
    )


def _deviations(steps: Sequence[Step]) -> Floats:
    """The standard deviation of each step's density, by how far repeated readings lie apart."""
    counts = np.array([len(step.densities) for step in steps])
    free = int((counts - 1).sum())
    squares = sum((each - step.density) ** 2 for step in steps for each in step.densities)
    one = max(_SPREAD, (squares / free) ** 0.5) if free else _SPREAD_OF_ONE
    return np.asarray(np.hypot(one, _ROUNDING) / np.sqrt(counts))


def _earlier(
    history: Measurements, source: Path, measurement: Measurement, latest: Read, curves: Curves
) -> tuple[tuple[Read, ...], tuple[str, ...]]:
    """The last films before, the latest first, as long as the printer was as it is; and what is to be said of
    those left out. Films that none could calibrate by do not count, nor do readings that came twice."""
    light = _ambient_share(measurement)
    own = np.array(fitted((latest,), light))
    inside = latest.samples.min(), latest.samples.max()
    seen = {measurement.provenance.hashes}
    found: list[Read] = []
    files = history.files()
    for file in reversed(files[: files.index(source)]):
        if len(found) == _EARLIER:
            break
        film = history.read(file)
        if film.provenance.hashes in seen:
            continue
        seen.add(film.provenance.hashes)
        try:
            read = _read(film, curves, len(found) + 1)
            _check(film, read.samples, file)
        except SetupError:
            continue
        common = (read.samples >= inside[0]) & (read.samples <= inside[1])
        off = np.abs(np.interp(read.samples[common], *own.T) - read.densities[common])
        if off.size and np.median(off) > _CHANGED + DRIFT * read.age:
            when = film.provenance.made.astimezone()
            change = f"the printer has changed since {when:%Y-%m-%d %H:%M}, by {np.median(off):.2f} OD"
            return tuple(found), (f"{change}: films of then do not count",)
        found.append(read)
    return tuple(found), ()


def _check(measurement: Measurement, samples: Floats, source: Path) -> None:
    """Whether a film can tell what the printer makes of its samples.

    Raises:
        SetupError: it cannot; the message says why, and what to do.
    """
    order = np.argsort(samples, kind="stable")
    steps = [measurement.steps[place] for place in order]
    where = f"measurement {source.name}"
    distinct = len(np.unique(np.rint(samples * SAMPLES)))
    if distinct < _FEWEST:
        raise SetupError(
            f"{where}: {distinct} steps that differ are too few: "
            f"print wedge-32, or another wedge of {_FEWEST} or more"
        )
    densities = np.array([step.density for step in steps])
    quarter = len(steps) // 4
    if densities[:quarter].mean() < densities[-quarter:].mean():
        raise SetupError(
            f"{where}: densities rise from {named(steps[0])} to {named(steps[-1])} where they should fall: "
            + REVERSED
        )
    asked = measurement.scale.max_density - measurement.scale.min_density
    if np.ptp(densities) < _LEAST_RANGE * asked:
        raise SetupError(
            f"{where}: {densities.min():.2f} to {densities.max():.2f} OD is too small a range for "
            f"{asked:.2f} OD asked for: is it the film of this printer, and is the printer in order?"
        )
    if rising(steps):
        raise SetupError(
            f"{where}: densities do not fall as they should, look at {out_of_order(steps)}: "
            "were lines swapped, or is it another film? Read these again"
        )


def _check_gaps(films: Sequence[Read], measurement: Measurement, source: Path) -> None:
    """Whether there is something between which to draw a curve.

    Raises:
        SetupError: there is not.
    """
    densities = np.sort(np.concatenate([film.densities for film in films]))
    light = np.log10(_ambient_share(measurement) + 10.0**-densities)
    gaps = np.abs(np.diff(light))
    widest = int(gaps.argmax())
    if gaps[widest] > _WIDEST_GAP * np.ptp(light):
        raise SetupError(
            f"measurement {source.name}: nothing was read between {densities[widest]:.2f} and "
            f"{densities[widest + 1]:.2f} OD, where much of the gray scale lies: "
            "print a wedge of more steps, as wedge-33"
        )


def _ambient_share(measurement: Measurement) -> float:
    return measurement.scale.ambient / measurement.scale.illumination
