"""What there is to say of a request, and of all requests of an association."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters."""

    ERROR = "error"  # a printer that goes by the standard refuses it, or the film is wrong
    WARNING = "warning"  # taken with a change, or on some printers only
    NOTE = "note"  # nothing is wrong; good to know


@dataclass(frozen=True)
class Finding:
    """One flaw of one request.

    ``code`` is one of `printscp.lint.kinds.KINDS`. ``step`` is the number of the request in its transcript,
    0 where it is the association as a whole; ``request`` names it, as "N-SET Basic Grayscale Image Box,
    position 2". ``attribute`` is a keyword, with the sequences it lies in before it, or empty. ``message``
    says what was sent, never a patient's data; ``clause`` where the standard has it otherwise; ``fix`` what
    to do. ``imagers`` has by name of a printer profile what that printer answers to the request.
    """

    code: str
    severity: Severity
    step: int
    request: str
    attribute: str
    message: str
    clause: str
    fix: str
    imagers: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Graded:
    """A request and how it was answered: ``status`` is None where no answer came."""

    step: int
    request: str
    status: int | None


@dataclass(frozen=True)
class Report:
    """What was found in a dialogue, in its order; those of the association as a whole come first."""

    calling: str
    printer: str
    profile: str
    mode: str
    began: datetime
    requests: tuple[Graded, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No error."""
        return not self.count(Severity.ERROR)

    def count(self, severity: Severity) -> int:
        """How many there are of a severity."""
        return Counter(each.severity for each in self.findings)[severity]

    def of(self, step: int) -> tuple[Finding, ...]:
        """Those of one request."""
        return tuple(each for each in self.findings if each.step == step)
