"""A printer's curve from films that were read: monotone, smooth where readings scatter, and as uneven as the
printer is.

It is fitted to the logarithm of the film's luminance over the sample, in which printers are about even from
their darkest to their brightest; films before the last count less, since a printer drifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, make_smoothing_spline
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]

DRIFT = 0.01
"""OD that a printer may drift from one film to the next (ours)."""
SAMPLES = 1000
"""Samples are told apart by so many steps of full scale (ours)."""
_POINTS = 257
_FAR = 0.02  # OD; a densitometer is better than that (Konica DRYPRO 793 QC manual)
_LARGE = 4.0  # standard deviations that a curve may miss a reading by
_BEYOND = 0.3  # OD at most, darker or brighter than anything read
_END = 0.1  # of full scale: the part by which the curve is carried on beyond what was read
_LEAST_STEP = 2e-6  # OD from point to point of the curve; its file has six decimals


@dataclass(frozen=True)
class Read:
    """A film as read: the ``samples``, 0..1, that the printer got, the ``densities`` it printed, and the
    standard ``deviations`` of those, in OD. ``age`` is how many films were read since."""

    samples: Floats
    densities: Floats
    deviations: Floats
    age: int = 0


def fitted(films: Sequence[Read], ambient_share: float) -> tuple[tuple[float, float], ...]:
    """Points of the curve through all ``films``, from sample 0 to 1, the density falling all the way.

    ``ambient_share`` is La / L0, of the light under which the films are seen.
    """
    samples = np.concatenate([film.samples for film in films])
    densities = np.concatenate([film.densities for film in films])
    deviations = np.concatenate([np.hypot(film.deviations, DRIFT * film.age) for film in films])
    shown = 10.0**-densities
    light = np.log10(ambient_share + shown)
    weights = ((ambient_share + shown) / shown / deviations) ** 2
    places, means, weights = _pooled(samples, light, weights)
    grid = np.linspace(0.0, 1.0, _POINTS)
    inside = np.clip(grid, places[0], places[-1])
    for curve in (_smooth, _through):
        rising = isotonic_regression(curve(places, means, weights, inside)).x
        bounded = np.clip(rising, means.min(), means.max())
        density = _carried_on(grid, -np.log10(10.0**bounded - ambient_share), places[0], places[-1])
        missed = np.abs(np.interp(samples, grid, density) - densities)
        if (missed <= np.maximum(_FAR, _LARGE * deviations)).all():
            break  # else the printer is more uneven than a smooth curve can be
    falling = density + _LEAST_STEP * np.arange(_POINTS)[::-1]
    return tuple(zip(grid.round(6).tolist(), falling.round(6).tolist(), strict=True))


def _pooled(samples: Floats, light: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """One value for each sample, in rising order."""
    _, which = np.unique(np.rint(samples * SAMPLES), return_inverse=True)
    total, place, value = (
        np.bincount(which, each).astype(np.float64) for each in (weights, weights * samples, weights * light)
    )
    return place / total, value / total, total


def _smooth(places: Floats, means: Floats, weights: Floats, at: Floats) -> Floats:
    """How smooth it is to be, generalized cross-validation says."""
    wide = len(places)  # scipy looks for the smoothness as if points were about 1 apart
    return np.asarray(make_smoothing_spline(places * wide, means, w=weights / weights.mean())(at * wide))


def _through(places: Floats, means: Floats, weights: Floats, at: Floats) -> Floats:
    """Through all that was read, as far as it rises."""
    return np.asarray(PchipInterpolator(places, isotonic_regression(means, weights=weights).x)(at))


def _carried_on(grid: Floats, density: Floats, first: float, last: float) -> Floats:
    """Straight on to samples 0 and 1 where nothing was read."""

    def at(sample: float) -> float:
        return float(np.interp(sample, grid, density))

    inner = min(_END, last - first)
    dark = (at(first) - at(first + inner)) / inner
    bright = (at(last - inner) - at(last)) / inner
    darker = np.clip(dark * (first - grid), 0.0, _BEYOND)
    brighter = np.clip(bright * (grid - last), 0.0, _BEYOND)
    return np.asarray(np.maximum(density + darker - brighter, 0.0))
