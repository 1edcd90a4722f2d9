"""A page is a map of optical density, as a film is; an output turns it into samples by one table."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from printscp.render.tone import OD_UNIT, ToneScale

Density = NDArray[np.uint16]


@dataclass(frozen=True)
class Label:
    """A line of text on the film, set by the output as text. ``left``, ``baseline`` and ``height`` are in
    printer pixels from the top left; ``density`` in units of 0.0001 OD."""

    text: str
    left: int
    baseline: int
    height: int
    density: int


@dataclass(frozen=True)
class Page:
    """``density`` is rows x columns of uint16 in units of 0.0001 OD, row 0 at the top.

    ``scale`` is the printer's whole range under the film's light: outputs place their samples in it.
    ``title`` names the job and holds no patient data.
    """

    density: Density = field(repr=False)
    dots_per_inch: float
    scale: ToneScale
    labels: tuple[Label, ...]
    title: str

    @property
    def size_points(self) -> tuple[float, float]:
        """Width and height in points of 1/72 inch."""
        rows, columns = self.density.shape
        return columns / self.dots_per_inch * 72, rows / self.dots_per_inch * 72


@lru_cache(maxsize=4)
def p_value_samples(scale: ToneScale) -> NDArray[np.uint8]:
    """The `p-value` table of an 8-bit output: 65536 entries, index density in 0.0001 OD, 0 darkest.

    Samples are spaced evenly in JND over the printer's range (PS3.14), so sample 0 is its maximum density,
    255 its minimum, and equal steps look equal on the light box.
    """
    p_value: NDArray[np.float64] = scale.p_value(np.arange(65536) * OD_UNIT)
    return np.rint(p_value * 255).astype(np.uint8)
