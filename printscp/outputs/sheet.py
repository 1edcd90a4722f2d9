"""Films as they were accepted, for archives: one file a film, with its pixels and texts untouched.

The file is that of the spool (`printscp.sheet_file`). A job of one film is ``NAME.sheet``, one of several
``NAME-1.sheet`` and so on. Annotations and labels are in it, and may name patients.
"""

from printscp.film.sheet import Sheet
from printscp.outputs.folder import FilePerFilm, FileSettings
from printscp.outputs.output import Ticket
from printscp.sheet_file import SheetFile


class Settings(FileSettings):
    """Sheet files."""

    def begin_sheets(self, ticket: Ticket) -> "Sheets":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return Sheets(self, ticket, "sheet")


class Sheets(FilePerFilm):
    """A file a film."""

    def add(self, sheet: Sheet) -> None:
        """Write a film to a file of its own.

        Raises:
            OSError: the folder cannot take it for now.
        """
        SheetFile(self._next_file().write).finish(sheet)
