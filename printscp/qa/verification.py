"""What a virtual densitometer found on a film."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from printscp.qa.finding import Finding, passed
from printscp.qa.pattern import Patch, Pattern
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response
from printscp.render.tone import ToneScale


@dataclass(frozen=True)
class PatchReading:
    """A patch as it is on the page: where its middle is, in mm from the top left of the film, ``mean`` and
    ``spread`` (standard deviation) of its density, the ``aim`` and how far off it may be, all in OD."""

    patch: Patch
    x_mm: float
    y_mm: float
    mean: float
    spread: float
    aim: float
    tolerance: float

    @property
    def error(self) -> float:
        """How much too dense."""
        return self.mean - self.aim

    @property
    def passed(self) -> bool:
        return abs(self.error) <= self.tolerance


@dataclass(frozen=True)
class Film:
    """What is asked of the film, and what was there to check: densities in force for the image, their light,
    the Presentation LUT or curve in words, and the size of a page pixel."""

    film_size: str
    display_format: str
    position: int
    scale: ToneScale
    tone: str
    bits_stored: int
    dots_per_inch: float


@dataclass(frozen=True)
class Verification:
    """``affine`` (2 x 3) takes pixels of the pattern to pixels of the page. ``image`` is the part of the page
    that holds the pattern, uint16 in 0.0001 OD, made smaller for a picture, right way up as the film lies."""

    pattern: Pattern
    film: Film
    affine: NDArray[np.float64]
    readings: tuple[PatchReading, ...]
    response: Response | None
    findings: tuple[Finding, ...]
    provenance: Provenance
    image: NDArray[np.uint16] = field(repr=False)

    @property
    def passed(self) -> bool:
        """The film is right."""
        return passed(self.findings)
