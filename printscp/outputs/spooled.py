"""A document that goes to a printer: made whole in a temporary folder first, then sent.

The folder is that of `tempfile`, for its owner only; a worker has one of its own, which is emptied after it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Self

from pydantic import AfterValidator

from printscp.errors import SetupError
from printscp.outputs.folder import FolderSettings
from printscp.outputs.output import Claim, Output, Sent, Ticket, Uncontested
from printscp.outputs.registry import open_output
from printscp.render.page import ColorPage, Page

Send = Callable[[Path, Claim], Sent]
"""Sends a file that is whole, as `printscp.outputs.output.Document.finish` says."""

_OF_FOLDERS = {"folder", "file_name"}


def document_type(table: Mapping[str, Any], folder: Path) -> Output:
    """The output of a file format that leaves its file in ``folder``; ``table`` has its type and keys.

    Raises:
        SetupError: as `open_output`; or it is no file format, or one that makes several files of a job.
    """
    unknown = sorted(_OF_FOLDERS & table.keys())
    if unknown:
        raise SetupError(f"{unknown[0]}: a document that goes to a printer has none")
    if table.get("type") == "png":
        raise SetupError("type: png has a file for each film, a printer needs one document")
    opened = open_output({**table, "folder": folder})
    if not isinstance(opened, FolderSettings):
        raise SetupError(f"type: {table['type']!r} is no file format")
    return opened


def _checked(table: dict[str, Any]) -> dict[str, Any]:
    try:
        document_type(table, Path())
    except SetupError as error:
        raise ValueError(str(error)) from error
    return table


DocumentTable = Annotated[dict[str, Any], AfterValidator(_checked)]
"""The table of a file format, as a key of an output."""


def check_document(table: Mapping[str, Any]) -> None:
    """Whether the files that a format goes by can be read, as `printscp.outputs.output.Output.check`.

    Raises:
        SetupError
    """
    with TemporaryDirectory(prefix="document-") as folder:
        document_type(table, Path(folder)).check()


class SpooledDocument:
    """A document of the format that ``table`` describes, sent with ``send`` when it is whole.

    Raises:
        OSError: no room for it.
    """

    def __init__(self, table: Mapping[str, Any], ticket: Ticket, send: Send) -> None:
        self._send = send
        self._folder = TemporaryDirectory(prefix="document-")
        try:
            self._document = document_type(table, Path(self._folder.name)).begin(ticket)
        except BaseException:
            self._folder.cleanup()
            raise

    def add(self, page: Page | ColorPage) -> None:
        """Take the next page.

        Raises:
            OSError: no room for it.
        """
        self._document.add(page)

    def finish(self, claim: Claim) -> Sent:
        """Send it; raises what ``send`` does, and OSError: no room for it."""
        file = Path(self._document.finish(Uncontested()).place)
        return self._send(file, claim)

    def __enter__(self) -> Self:
        self._document.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self._document.__exit__(*error)
        finally:
            self._folder.cleanup()
