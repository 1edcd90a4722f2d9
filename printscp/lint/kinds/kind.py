"""What a kind of finding is."""

from dataclasses import dataclass

from printscp.lint.finding import Severity

OURS = "ours"
"""In place of a clause: the standard does not say it."""


@dataclass(frozen=True)
class Kind:
    """``title`` says what is wrong, ``why`` what comes of it, ``fix`` what to do. ``clause`` may be
    replaced by that of the service in which it was found."""

    code: str
    severity: Severity
    title: str
    clause: str
    why: str
    fix: str


def error(code: str, title: str, clause: str, why: str, fix: str) -> Kind:
    """One that a printer refuses by the standard, or that spoils the film."""
    return Kind(code, Severity.ERROR, title, clause, why, fix)


def warning(code: str, title: str, clause: str, why: str, fix: str) -> Kind:
    """One that is taken with a change, or on some printers only."""
    return Kind(code, Severity.WARNING, title, clause, why, fix)


def note(code: str, title: str, clause: str, why: str, fix: str) -> Kind:
    """Nothing is wrong."""
    return Kind(code, Severity.NOTE, title, clause, why, fix)
