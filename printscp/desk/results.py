"""What other rooms find out and the desk hands on, in a form that is JSON by its field names."""

from dataclasses import dataclass

from printscp.comparison import Comparison
from printscp.explanation import FilmExplained
from printscp.lint import Report
from printscp.qa.finding import Finding
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response
from printscp.qa.trend import Trend
from printscp.qa.verification import Film, Verification

__all__ = [
    "Comparison",
    "FilmExplained",
    "Report",
    "SeenPatch",
    "SeenVerification",
    "Trend",
    "seen_verification",
]


@dataclass(frozen=True)
class SeenPatch:
    """A patch as it is on the page: its middle in mm from the top left of the film, mean and spread of its
    density, its aim and how far off it may be, in OD."""

    name: str
    x_mm: float
    y_mm: float
    mean: float
    spread: float
    aim: float
    tolerance: float
    passed: bool


@dataclass(frozen=True)
class SeenVerification:
    """What a virtual densitometer found on a film, without its pixels."""

    passed: bool
    pattern: str
    film: Film
    readings: tuple[SeenPatch, ...]
    response: Response | None
    findings: tuple[Finding, ...]
    provenance: Provenance


def seen_verification(found: Verification) -> SeenVerification:
    """A verification for others."""
    readings = tuple(
        SeenPatch(
            each.patch.name,
            each.x_mm,
            each.y_mm,
            each.mean,
            each.spread,
            each.aim,
            each.tolerance,
            each.passed,
        )
        for each in found.readings
    )
    return SeenVerification(
        found.passed,
        found.pattern.name,
        found.film,
        readings,
        found.response,
        found.findings,
        found.provenance,
    )
