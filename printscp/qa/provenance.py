"""What an auditor needs to repeat a report."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Provenance:
    """``printer`` is its name, ``profile`` the printer profile (with its maker and model), ``operator`` who
    did it, as given. ``subject`` names what was looked at: job and film, or the file of readings; ``hashes``
    has SHA-256 of each part of it, by name (page, pixels, readings, curve)."""

    printer: str
    profile: str
    operator: str
    made: datetime
    software: str
    subject: str
    hashes: tuple[tuple[str, str], ...]
