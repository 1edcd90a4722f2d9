"""The DICOM conformance statement (PS3.2) of printers as they are configured, written from what they read.

Attributes, statuses, profiles and settings come from the very tables that the printers work by; what is said
in prose stands beside the section that it belongs to.
"""

from printscp import __version__
from printscp.config import Settings
from printscp.conformance.annex import annexes, character_sets, media
from printscp.conformance.document import document, paragraphs
from printscp.conformance.network import contents, introduction, networking, overview, security
from printscp.conformance.printers import Printers


def statement(settings: Settings) -> str:
    """The statement in Markdown.

    Raises:
        SetupError: a printer profile is not there or wrong.
    """
    printers = Printers.of(settings)
    return document(
        f"DICOM conformance statement of printscp {__version__}",
        paragraphs(
            """
            `printscp conformance` writes this statement from the tables that the printers themselves work by;
            with `--config FILE` it is that of the printers of a file.
            """
        ),
        (
            overview(printers),
            contents(),
            introduction(),
            networking(printers),
            media(),
            character_sets(printers),
            security(printers),
            annexes(printers),
        ),
    )
