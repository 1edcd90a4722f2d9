"""What a film looks like when it is rendered: gray film is a map of optical density, color film sRGB."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from printscp.render.tone import ToneScale

Density = NDArray[np.uint16]
Color = NDArray[np.uint8]


@dataclass(frozen=True)
class Text:
    """A line of text on the film, which outputs set as text or draw (`printscp.render.text`).

    ``text`` is in logical order. ``left``, ``baseline`` and ``size`` (of the em) are in printer pixels from
    the top left; ``density`` in units of 0.0001 OD.
    """

    text: str = field(repr=False)
    left: float
    baseline: float
    size: float
    density: int


@dataclass(frozen=True)
class _Film(ABC):
    """``scale`` is the printer's whole range under the film's light: outputs place their samples in it.
    ``title`` names the job and holds no patient data."""

    dots_per_inch: float
    scale: ToneScale
    texts: tuple[Text, ...]
    title: str

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def size_points(self) -> tuple[float, float]:
        """Width and height in points of 1/72 inch."""
        rows, columns = self.shape
        return columns / self.dots_per_inch * 72, rows / self.dots_per_inch * 72


@dataclass(frozen=True)
class Page(_Film):
    """``density`` is rows x columns of uint16 in units of 0.0001 OD, row 0 at the top."""

    density: Density = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.density.shape
        return rows, columns


@dataclass(frozen=True)
class ColorPage(_Film):
    """``srgb`` is rows x columns x 3 of uint8, red, green, blue (IEC 61966-2-1), row 0 at the top."""

    srgb: Color = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns, _ = self.srgb.shape
        return rows, columns
