"""What a test pattern is: an image of P-values, and where on it what is to be read."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Role(StrEnum):
    """What a patch is read for."""

    STEP = "step"  # one step of the gray scale; those of a pattern, in order, make its response
    UNIFORMITY = "uniformity"  # the same value as the others of this role, elsewhere on the film
    CONTRAST = "contrast"  # stands out from what is round it, just so
    LEVEL = "level"  # one of many values of a ramp, too many to be listed


@dataclass(frozen=True)
class Patch:
    """A part of a pattern that has one value, and is large enough to be read.

    ``value`` is the P-value, 0 to 2^bits - 1 of the pattern. The rest is where to read, in pixels of the
    pattern from its top left: clear of the edges of the patch, so that no resampling reaches it.
    """

    name: str
    value: int
    role: Role
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Landmark:
    """A cross of two lines, or another point that can be found to a part of a pixel; ``x`` and ``y`` in
    pixels of the pattern from its top left, so that the middle of the first pixel is at 0.5, 0.5."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Pattern:
    """A test pattern, drawn.

    ``pixels`` is rows x columns of P-values, 0 the darkest: uint8 0..255 with ``bits`` 8, uint16 0..4095 with
    12. ``source`` cites the publication of its geometry. ``width_mm`` is how wide the whole matrix is at true
    size, of patterns that have one; pixels are square. ``turns`` and ``mirrors`` that leave it alike do not
    exist: each pattern has a mark that tells its orientation.
    """

    name: str
    title: str
    source: str
    bits: int
    pixels: NDArray[np.uint8] | NDArray[np.uint16] = field(repr=False)
    patches: tuple[Patch, ...] = field(repr=False)
    landmarks: tuple[Landmark, ...] = field(default=(), repr=False)
    width_mm: float | None = None

    @property
    def largest(self) -> int:
        """The P-value of the brightest."""
        return (1 << self.bits) - 1

    @property
    def fractions(self) -> NDArray[np.float32]:
        """The pixels as P-values 0..1."""
        return self.pixels.astype(np.float32) / np.float32(self.largest)

    def of(self, role: Role) -> tuple[Patch, ...]:
        """The patches of a role, in order."""
        return tuple(patch for patch in self.patches if patch.role is role)
