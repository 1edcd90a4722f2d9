"""One PostScript file a job, for printers and spoolers: Level 3, by the Document Structuring Conventions 3.0.

A page is one lossless image in DeviceGray or DeviceRGB, with its text drawn in, of the film's exact size.
Page size and copies are asked for by `setpagedevice`; copies are collated.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from math import ceil
from textwrap import wrap
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from printscp import __version__
from printscp.outputs.deflate import zlib_stream
from printscp.outputs.folder import FileDocument, FolderSettings
from printscp.outputs.output import Ticket
from printscp.outputs.rows import Drawn
from printscp.render.page import ColorPage, Page

_LINE = 15  # groups of five characters in a line of ASCII base-85
_PIECE = 4 * _LINE * 1024  # bytes that are encoded at a time


class Settings(FolderSettings):
    """PostScript files."""

    bits: Literal[8, 12] = Field(8, description="Of a gray sample.")
    encoding: Literal["binary", "ascii85"] = Field(
        "binary", description="ascii85 is a quarter longer, for lines that do not carry every byte."
    )

    def begin(self, ticket: Ticket) -> "PostScript":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return PostScript(self, ticket)


class PostScript(FileDocument):
    """A PostScript document that grows page by page; what its head cannot know stands in its trailer."""

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket, "ps")
        self._settings = settings
        self._pages = 0
        self._sizes: list[tuple[float, float]] = []
        binary = settings.encoding == "binary"
        self._put(
            "%!PS-Adobe-3.0",
            f"%%Title: {_text(ticket.title)}",
            f"%%Creator: {_text(f'printscp {__version__}')}",
            f"%%CreationDate: {_text(f'{ticket.created.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC')}",
            f"%%DocumentData: {'Binary' if binary else 'Clean7Bit'}",
            "%%LanguageLevel: 3",
            "%%BoundingBox: (atend)",
            "%%HiResBoundingBox: (atend)",
            "%%DocumentMedia: (atend)",
            "%%Pages: (atend)",
            "%%PageOrder: Ascend",
            f"%%Requirements: numcopies({ticket.copies}) collate",
            "%%EndComments",
            "%%BeginSetup",
            f"<< /NumCopies {ticket.copies} /Collate true >> setpagedevice",
            "%%EndSetup",
        )

    def add(self, page: Page | ColorPage) -> None:
        """Write a page.

        Raises:
            OSError: the folder cannot take it for now.
        """
        size = page.size_points
        if size not in self._sizes:
            self._sizes.append(size)
        self._pages += 1
        self._put(
            f"%%Page: {self._pages} {self._pages}",
            f"%%PageMedia: {_medium(self._sizes.index(size))}",
            *_bounding_box("Page", [size]),
            "%%BeginPageSetup",
            *(f"% {each}" for each in wrap(self._settings.meaning(page), 100)),
            "<< /PageSize [{:.6f} {:.6f}] >> setpagedevice".format(*size),
            "%%EndPageSetup",
            "save",
        )
        self._put_image(page)
        self._put("restore", "showpage")

    def _put_image(self, page: Page | ColorPage) -> None:
        """The image, over the whole page.

        Its procedure closes the file's filters before the scanner reads on: what of the data ends behind the
        image is theirs.
        """
        gray = isinstance(page, Page)
        ascii85 = self._settings.encoding == "ascii85"
        rows = self._settings.rows(page, Drawn(page))
        height, width = page.shape
        self._put(
            "{:.6f} {:.6f} scale".format(*page.size_points),
            f"/Device{'Gray' if gray else 'RGB'} setcolorspace",
            "/Encoded currentfile" + (" /ASCII85Decode filter def" if ascii85 else " def"),
            f"/Film << /Predictor 15 /Columns {rows.width} >> def",
        )
        image = (
            "{ << /ImageType 1"
            f" /Width {width} /Height {height} /BitsPerComponent {self._settings.bits if gray else 8}"
            f" /Decode [{'0 1' if gray else '0 1 0 1 0 1'}] /ImageMatrix [{width} 0 0 -{height} 0 {height}]"
            f" /DataSource Encoded Film /FlateDecode filter >> image"
            f"{' Encoded flushfile' if ascii85 else ''} }} exec\n"
        ).encode()
        length = self._file.tell() + len("%%BeginData: ")
        self._put(f"%%BeginData: {0:010} {'ASCII' if ascii85 else 'Binary'} Bytes")
        start = self._file.tell()
        self._file.write(image)
        for part in _ascii85(zlib_stream(rows)) if ascii85 else zlib_stream(rows):
            self._file.write(part)
        self._file.overwrite(length, b"%010d" % (self._file.tell() - start))
        self._put("", "%%EndData")

    def _end(self) -> None:
        names = [
            f"{_medium(number)} {width:.6f} {height:.6f} 0 () ()"
            for number, (width, height) in enumerate(self._sizes)
        ]
        self._put(
            "%%Trailer",
            *_bounding_box("", self._sizes),
            "%%DocumentMedia: " + "\n%%+ ".join(names),
            f"%%Pages: {self._pages}",
            "%%EOF",
        )

    def _put(self, *lines: str) -> None:
        self._file.write("".join(f"{each}\n" for each in lines).encode("ascii"))


def _medium(number: int) -> str:
    return f"film{number + 1}"


def _bounding_box(prefix: str, sizes: list[tuple[float, float]]) -> tuple[str, str]:
    """That of all of some pages, in whole points and exactly."""
    width, height = (max(each) for each in zip(*sizes, strict=True))
    return (
        f"%%{prefix}BoundingBox: 0 0 {ceil(width)} {ceil(height)}",
        f"%%{prefix}HiResBoundingBox: 0 0 {width:.6f} {height:.6f}",
    )


def _text(text: str) -> str:
    """A DSC string in parentheses, of printable ASCII, within the line's 255 characters."""
    plain = "".join(each if " " <= each <= "~" else "?" for each in text)[:100]
    return "(" + plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"


def _ascii85(parts: Iterable[bytes]) -> Iterator[bytes]:
    """ASCII base-85 (PostScript Language Reference 3.13.3), in lines that are no comment of the DSC."""
    left = b""
    for part in parts:
        data = left + part
        whole = len(data) // (4 * _LINE) * (4 * _LINE)
        for start in range(0, whole, _PIECE):
            yield _lines(data[start : min(start + _PIECE, whole)])
        left = data[whole:]
    padding = -len(left) % 4
    last = _groups(left + bytes(padding)).tobytes()
    yield b" " + last[: len(last) - padding] + b"~>"


def _lines(data: bytes) -> bytes:
    """Whole lines: a space first, since two percent signs may follow each other."""
    lines = np.empty((len(data) // (4 * _LINE), 5 * _LINE + 2), np.uint8)
    lines[:, 0], lines[:, -1] = ord(" "), ord("\n")
    lines[:, 1:-1] = _groups(data).reshape(-1, 5 * _LINE)
    return lines.tobytes()


def _groups(data: bytes) -> NDArray[np.uint8]:
    """Five characters for each four bytes."""
    word = np.frombuffer(data, ">u4").astype(np.uint32)
    digits = np.empty((len(word), 5), np.uint8)
    for place in (4, 3, 2, 1):
        above = word // 85
        digits[:, place] = word - 85 * above
        word = above
    digits[:, 0] = word
    digits += ord("!")
    return digits
