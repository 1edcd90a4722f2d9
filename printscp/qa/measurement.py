"""What a densitometer found on a film: readings, and what they say of the printer."""

from dataclasses import dataclass

from printscp.qa.finding import Finding, passed
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response
from printscp.render.tone import ToneScale


@dataclass(frozen=True)
class Step:
    """A patch as read: its P-value 0..1, the densities of each reading of it, the aim, and how far off it may
    be, in OD; None where nothing says."""

    name: str
    p_value: float
    densities: tuple[float, ...]
    aim: float
    tolerance: float | None = None

    @property
    def density(self) -> float:
        """The mean of its readings."""
        return sum(self.densities) / len(self.densities)

    @property
    def error(self) -> float:
        """How much too dense."""
        return self.density - self.aim


@dataclass(frozen=True)
class Measurement:
    """``steps`` are those of the pattern in the order of rising P-values; ``others`` what was read beside
    them, by name: base+fog, low, mid, high. ``curve`` is the version of the printer's curve through which the
    film was printed, 0 where there was none. ``densitometer`` is its name, as given. ``baseline``
    measurements are those to which later ones are compared. ``printed_in`` is the printer's whole range, over
    which a film without a curve is printed as P-values; None where it is ``scale``."""

    pattern: str
    scale: ToneScale
    steps: tuple[Step, ...]
    others: tuple[tuple[str, float], ...]
    response: Response
    findings: tuple[Finding, ...]
    provenance: Provenance
    curve: int
    densitometer: str
    baseline: bool = False
    printed_in: ToneScale | None = None

    @property
    def passed(self) -> bool:
        """The film is within all limits."""
        return passed(self.findings)
