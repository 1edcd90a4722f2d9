"""A film printer that is far from linear, drifts, and scatters; and the densitometer that reads its films."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Laser:
    """Prints samples, 0..1, the largest the lightest: steep flanks with flat parts between them, toe and
    shoulder. It drifts by up to ``speed`` as a share of its exposure, of which its range has two decades, and
    by up to ``strength`` as a share of all densities; it adds up. Each patch that it prints is off by a
    standard deviation of ``grain``, in OD, which reading it again does not mend."""

    LIGHTEST, DARKEST = 0.16, 3.21

    def __init__(
        self, seed: int, speed: float = 0.005, strength: float = 0.0016, grain: float = 0.002
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._speed, self._strength, self._grain = speed, strength, grain
        self._exposure, self._factor = 0.0, 1.0

    def print(self, samples: Any) -> Floats:
        """Densities of a film."""
        exposure = 1 - np.asarray(samples, np.float64) + self._exposure
        flanks = ((1.95, 0.45, 0.09), (0.75, 0.75, 0.035), (0.35, 0.20, 0.05))
        density = self.LIGHTEST + sum(
            height / (1 + np.exp((middle - exposure) / width)) for height, middle, width in flanks
        )
        return np.asarray(density * self._factor + self._random.normal(0, self._grain, exposure.shape))

    def drift(self) -> None:
        """Time goes by."""
        change = self._random.uniform(-1, 1, 2)
        self._exposure += change[0] * np.log10(1 + self._speed) / 2
        self._factor += change[1] * self._strength

    def read(self, densities: Floats, spread: float = 0.005, times: int = 3) -> Floats:
        """What a densitometer of two decimals shows: steps x readings, each off by a standard deviation."""
        off = self._random.normal(0, spread, (len(densities), times))
        return np.asarray(np.round(densities[:, None] + off, 2))


def filled_in(template: str, read: Floats) -> str:
    """The file for readings, its steps filled in; steps x readings in the order of the file."""
    lines, steps = [], iter(read.tolist())
    for line in template.splitlines():
        cells = line.split(",")
        step = len(cells) == 3 and cells[1].isdigit()
        lines.append(",".join([*cells[:2], *(f"{each:.2f}" for each in next(steps))]) if step else line)
    assert next(steps, None) is None
    return "\n".join(lines) + "\n"
