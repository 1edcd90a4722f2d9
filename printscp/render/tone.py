"""From image value to optical density: Presentation LUT and Grayscale Standard Display Function (PS3.14).

A P-value here is a fraction, 0 darkest to 1 brightest, so that images of 8 and 12 bits share one curve.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printscp.film.sheet import LookUp, ToneCurve

OD_UNIT = 0.0001
"""Optical density of one unit of a page."""

Floats = NDArray[np.float64]

# Luminance from JND index (PS3.14 Annex B): numerator and denominator in powers of ln j.
_NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)


def luminance(j: Any) -> Any:
    """Luminance in cd/m2 of JND index ``j``, 1 to 1023, fractions allowed (PS3.14 7.1)."""
    x = np.log(j)
    return 10.0 ** (np.polyval(_NUMERATOR[::-1], x) / np.polyval(_DENOMINATOR[::-1], x))


@lru_cache(maxsize=1)
def _inverse_table() -> tuple[Floats, Floats]:
    # Linear in log luminance on this grid the inverse is good to 1e-4 JND; the published polynomial to 0.09.
    j = np.linspace(1.0, 1023.0, 40881)
    return np.log10(luminance(j)), j


def jnd_index(cd_per_m2: Any) -> Any:
    """JND index of a luminance in cd/m2: the inverse of `luminance`, held to 1..1023 outside its range."""
    log_luminance, j = _inverse_table()
    return np.interp(np.log10(cd_per_m2), log_luminance, j)


@dataclass(frozen=True)
class ToneScale:
    """A range of optical density seen under one light.

    ``illumination`` (L0) and ``ambient`` (La) in cd/m2: film of density D shows La + L0 * 10^-D.
    """

    min_density: float
    max_density: float
    illumination: float
    ambient: float

    def density(self, p_value: Any) -> Any:
        """Optical density of a P-value 0..1: even steps of it are even steps in JND."""
        darkest, brightest = self._jnd_range()
        shown = luminance(darkest + (brightest - darkest) * np.asarray(p_value, dtype=np.float64))
        return -np.log10((shown - self.ambient) / self.illumination)

    def linear_density(self, value: Any) -> Any:
        """Optical density of ``value``, 0..1, where even steps are even in density: 0 is the maximum."""
        return self.max_density + (self.min_density - self.max_density) * np.asarray(value, dtype=np.float64)

    def p_value(self, density: Any) -> Any:
        """The inverse of `density`, held to 0..1 outside the range."""
        darkest, brightest = self._jnd_range()
        shown = self.ambient + self.illumination * 10.0 ** -np.asarray(density, dtype=np.float64)
        return np.clip((jnd_index(shown) - darkest) / (brightest - darkest), 0.0, 1.0)

    def gray(self, density: int) -> int:
        """The P-value, 0..255, of a density in units of a page."""
        return round(float(self.p_value(density * OD_UNIT)) * 255)

    def _jnd_range(self) -> tuple[float, float]:
        ends = np.array([self.max_density, self.min_density])
        darkest, brightest = jnd_index(self.ambient + self.illumination * 10.0**-ends)
        return float(darkest), float(brightest)


_IDENTITY = ToneCurve()


@lru_cache(maxsize=8)
def density_table(
    scale: ToneScale, bits_stored: int, reverse: bool, tone: LookUp | ToneCurve = _IDENTITY
) -> NDArray[np.uint16]:
    """Density in 0.0001 OD of each of 65536 sample values that are shifted up to fill 16 bits.

    The value v of an image of ``bits_stored`` bits stands at v << (16 - bits_stored); entries between two
    values serve interpolated samples, those above the largest value repeat it, so that overshoot is clipped.
    ``reverse`` makes the smallest value print brightest, before ``tone``, the Presentation LUT or without one
    the printer's curve, acts (PS3.4 H.4.9).
    """
    largest = (1 << bits_stored) - 1
    value = np.minimum(np.arange(65536) / (1 << (16 - bits_stored)), largest)
    if reverse:
        value = largest - value
    density = toned(value / largest, scale, tone)
    ends = round(scale.min_density / OD_UNIT), round(scale.max_density / OD_UNIT)
    table: Floats = np.clip(np.rint(density / OD_UNIT), *ends)
    return table.astype(np.uint16)


def toned(value: Floats, scale: ToneScale, tone: LookUp | ToneCurve = _IDENTITY) -> Any:
    """Optical density that an image prints where its value is ``value``, 0 to 1 of its range, after polarity:
    by its Presentation LUT, or without one by the printer's curve."""
    if isinstance(tone, ToneCurve):
        return _curved(value, scale, tone)
    if not tone.shape:
        return scale.density(_looked_up(value, tone))
    if tone.shape == "LIN OD":
        # The value is a density (PS3.3 C.11.4), or 0 stays black as without a LUT (PS3.4 H.4.9.1).
        return scale.linear_density(1 - value if tone.by_value else value)
    return scale.density(value)


def _curved(value: Floats, scale: ToneScale, curve: ToneCurve) -> Any:
    """Density of values 0..1 by the printer's own curve."""
    if curve.contrast != 1:
        rising, falling = value**curve.contrast, (1 - value) ** curve.contrast
        value = rising / (rising + falling)
    return scale.linear_density(value) if curve.linear else scale.density(value)


def _looked_up(value: Floats, look_up: LookUp) -> Floats:
    """P-values, 0..1, of values 0 to 1, by a table over all of them.

    Between two entries it goes straight. With as many entries as values each value has its own, exactly.
    """
    entries = len(look_up.table)
    place = value * (entries - 1)
    return np.interp(place, np.arange(entries), look_up.table) / ((1 << look_up.bits) - 1)
