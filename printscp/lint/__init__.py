"""Grades what a print SCU sent: request by request against the attribute tables and the life cycle.

Nothing here prints, waits or asks: a transcript goes in, a report comes out.
"""

from collections.abc import Mapping, Sequence

from printscp.film.profile import PrinterProfile
from printscp.lint.finding import Finding, Graded, Report, Severity
from printscp.transcript import Transcript

__all__ = ["Finding", "Graded", "Report", "Severity", "grade"]


def grade(
    transcript: Transcript,
    profile: PrinterProfile,
    imagers: Sequence[PrinterProfile] = (),
    images: Mapping[tuple[int, int], bytes] | None = None,
) -> Report:
    """Grade a dialogue.

    ``profile`` is that of the printer that was printed to. Of each of ``imagers`` a finding tells what that
    printer, as strict as its profile says, answers to the request. ``images`` has pixel data that were cut
    out of the transcript, by length and CRC-32 as `printscp.transcript.Cut` has them; what is not there is
    not looked at.
    """
    from printscp.lint.examination import examine

    return examine(transcript, profile, imagers, images or {})
