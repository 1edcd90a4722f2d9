"""One PNG a page: lossless, with its resolution and an ICC profile that says what a sample means.

A job of one page is ``NAME.png``, one of several ``NAME-1.png`` and so on. The text of a page is drawn in.
"""

import zlib
from datetime import UTC
from typing import Literal

from isal import isal_zlib
from pydantic import Field

from printscp import __version__
from printscp.durable import DurableFile
from printscp.outputs.deflate import zlib_stream
from printscp.outputs.folder import FilePerFilm, FolderSettings
from printscp.outputs.output import Ticket
from printscp.outputs.rows import Drawn
from printscp.render.page import ColorPage, Page

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB = 0, 2  # color types
_METRE = 1 / 0.0254  # in inches


class Settings(FolderSettings):
    """PNG files."""

    bits: Literal[8, 16] = Field(16, description="Of a gray sample.")

    def begin(self, ticket: Ticket) -> "PNG":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return PNG(self, ticket)


class PNG(FilePerFilm):
    """A file a page."""

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket, "png")
        self._settings = settings
        self._created = f"{ticket.created.astimezone(UTC):%a, %d %b %Y %H:%M:%S +0000}"

    def add(self, page: Page | ColorPage) -> None:
        """Write a page to a file of its own.

        Raises:
            OSError: the folder cannot take it for now.
        """
        file = self._next_file()
        gray = isinstance(page, Page)
        rows, columns = page.shape
        bits, color = (self._settings.bits, _GRAY) if gray else (8, _RGB)
        file.write(_SIGNATURE)
        head = columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + bytes([bits, color, 0, 0, 0])
        _chunk(file, b"IHDR", head)
        _chunk(file, b"iCCP", b"printscp\0\0" + zlib.compress(self._settings.profile(page), 9))
        per_metre = round(page.dots_per_inch * _METRE).to_bytes(4, "big")
        _chunk(file, b"pHYs", 2 * per_metre + b"\x01")
        for keyword, text in (
            ("Title", page.title),
            ("Description", self._settings.meaning(page)),
            ("Software", f"printscp {__version__}"),
            ("Creation Time", self._created),
        ):
            _chunk(file, b"iTXt", keyword.encode() + bytes(5) + text.encode())
        for part in zlib_stream(self._settings.rows(page, Drawn(page))):
            _chunk(file, b"IDAT", part)
        _chunk(file, b"IEND", b"")


def _chunk(file: DurableFile, kind: bytes, data: bytes) -> None:
    """A chunk (PNG 5.3)."""
    file.write(len(data).to_bytes(4, "big") + kind)
    file.write(data)
    file.write(isal_zlib.crc32(data, isal_zlib.crc32(kind)).to_bytes(4, "big"))
