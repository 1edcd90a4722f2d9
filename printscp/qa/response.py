"""Grayscale response of a film: how even its steps look (PS3.14 Annex C)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial

from printscp.render.tone import Floats, ToneScale, jnd_index

LUM_LIMIT = 0.20
"""A share of the mean JND per P-value. PS3.14 sets none: this one is ours."""
FIT_LIMIT = 0.10
"""A share of the mean JND per P-value: what AAPM TG18 allows the contrast response of a primary display."""

_HIGHEST_ORDER = 3  # PS3.14 C.2
_SIGNIFICANT = 0.01
_P_VALUES = 255  # intervals of P-values of 8 bits, in which the standard's example counts


@dataclass(frozen=True)
class Response:
    """Of each step of a wedge, in the order of rising P-values: ``p_values`` (0..1), ``densities`` as read,
    ``aims`` as PS3.14 has them, ``luminances`` in cd/m2 and ``jnds``, JND indices, not rounded.

    ``per_p_value`` is for each interval the JNDs for one P-value of 8 bits; ``ideal`` what it would be were
    all equal between the ends of the scale. ``mean`` is the horizontal line, ``lum`` the root mean square
    deviation from it (LUM). ``fits`` are the coefficients of the polynomials of order 0 to 3 in the number of
    the interval, which counts from 1, lowest power first; of short wedges fewer. ``order`` is that of the one
    that fits best (FIT). ``lum_limit`` and ``fit_limit`` are shares of ``mean``.
    """

    p_values: tuple[float, ...]
    densities: tuple[float, ...]
    aims: tuple[float, ...]
    luminances: tuple[float, ...]
    jnds: tuple[float, ...]
    per_p_value: tuple[float, ...]
    ideal: float
    mean: float
    lum: float
    lum_limit: float
    fits: tuple[tuple[float, ...], ...]
    order: int
    fit_passed: bool
    fit_limit: float = FIT_LIMIT

    @property
    def lum_passed(self) -> bool:
        """LUM is within its limit."""
        return self.mean > 0 and self.lum <= self.lum_limit * self.mean

    @property
    def fit_deviation(self) -> float:
        """The farthest that the polynomial of ``order`` goes from the mean, as a share of it."""
        return _deviation(np.array(self.per_p_value), self.fits[self.order])


def response(
    p_values: Sequence[float],
    densities: Sequence[float],
    scale: ToneScale,
    lum_limit: float = LUM_LIMIT,
    fit_limit: float = FIT_LIMIT,
) -> Response:
    """The response of a wedge.

    ``scale`` has the densities and the light that the film asks for: the aims are made of it. A horizontal
    line fits best when no polynomial of order 1 to 3 in the interval's number explains significantly more
    (F-test, 1 %), or when the best of them goes no farther from the mean than ``fit_limit`` of it.

    Raises:
        ValueError: fewer than four steps, or two of the same P-value; the message says which.
    """
    values, read = _in_order(p_values, densities)
    luminances = scale.ambient + scale.illumination * 10.0**-read
    jnds = np.asarray(jnd_index(luminances))
    per_p_value = np.diff(jnds) / (np.diff(values) * _P_VALUES)
    fits = _fits(per_p_value)
    order = _best_order(per_p_value, fits)
    ends = jnd_index(scale.ambient + scale.illumination * 10.0 ** -scale.density(np.array([0.0, 1.0])))
    mean = float(per_p_value.mean())
    return Response(
        p_values=tuple(values.tolist()),
        densities=tuple(read.tolist()),
        aims=tuple(np.asarray(scale.density(values)).tolist()),
        luminances=tuple(luminances.tolist()),
        jnds=tuple(jnds.tolist()),
        per_p_value=tuple(per_p_value.tolist()),
        ideal=float(ends[1] - ends[0]) / _P_VALUES,
        mean=mean,
        lum=float(per_p_value.std()),
        lum_limit=lum_limit,
        fits=fits,
        order=order,
        fit_passed=mean > 0 and (order == 0 or _deviation(per_p_value, fits[order]) <= fit_limit),
        fit_limit=fit_limit,
    )


def _in_order(p_values: Sequence[float], densities: Sequence[float]) -> tuple[Floats, Floats]:
    """P-values and densities in the order of rising P-values."""
    values, read = np.array(p_values, np.float64), np.array(densities, np.float64)
    if len(values) != len(read):
        raise ValueError(f"{len(values)} P-values and {len(read)} densities: give one for each")
    if len(values) < 4:
        raise ValueError(f"{len(values)} steps: a response needs four or more")
    order = np.argsort(values, kind="stable")
    values, read = values[order], read[order]
    if len(same := values[1:][np.diff(values) == 0]):
        raise ValueError(f"two steps have the P-value {same[0]:.4g} of 0 to 1: give each its own")
    return values, read


def _fits(heights: Floats) -> tuple[tuple[float, ...], ...]:
    """Polynomials of order 0 to 3 in the interval's number, those that leave a degree of freedom."""
    orders = range(min(_HIGHEST_ORDER, len(heights) - 2) + 1)
    return tuple(tuple(polynomial.polyfit(_numbers(heights), heights, order).tolist()) for order in orders)


def _best_order(heights: Floats, fits: tuple[tuple[float, ...], ...]) -> int:
    """The order that explains most significantly more than a horizontal line, or 0."""
    # Late: most who have a response to show fit none, and loading this takes nearly half a second.
    from scipy.special import fdtrc

    left = [float(np.sum((heights - polynomial.polyval(_numbers(heights), fit)) ** 2)) for fit in fits]
    # What arithmetic leaves of an exact wedge is no response.
    nothing = len(heights) * (1e-9 * float(np.abs(heights).max())) ** 2
    chances = {0: _SIGNIFICANT}
    for order in range(1, len(fits)):
        free = len(heights) - order - 1
        explained = left[0] - left[order]
        if explained > nothing:
            ratio = explained / order / (max(left[order], nothing) / free)
            chances[order] = float(fdtrc(order, free, ratio))
    return min(chances, key=lambda order: chances[order])


def _deviation(heights: Floats, fit: tuple[float, ...]) -> float:
    """How far a polynomial goes from the mean in the intervals, as a share of the mean."""
    mean = float(heights.mean())
    farthest = float(np.abs(polynomial.polyval(_numbers(heights), fit) - mean).max())
    return farthest / mean if mean > 0 else np.inf


def _numbers(heights: Floats) -> Floats:
    return np.arange(1.0, len(heights) + 1)
