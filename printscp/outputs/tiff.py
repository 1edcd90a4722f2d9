"""One TIFF a job, a page for each film: lossless, with its resolution and an ICC profile, its text drawn in.

It can carry the map of optical density itself, for those who measure. Strips are deflated with a horizontal
predictor (TIFF 6.0 section 14), which libtiff and all that read by it take; each is a zlib stream of its own,
so all cores work. The directories of all pages stand at the end: they are small, and say where strips are. A
job too long for 32-bit offsets, say 64 films of 508 dpi, becomes a BigTIFF, which libtiff takes.
"""

from datetime import UTC
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Self

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from pydantic import Field, model_validator

from printscp import __version__
from printscp.outputs.deflate import begun, in_threads
from printscp.outputs.folder import FileDocument, FolderSettings
from printscp.outputs.output import Ticket
from printscp.outputs.rows import Drawn
from printscp.render.page import ColorPage, Page
from printscp.render.samples import Samples
from printscp.render.tone import ToneScale

_STRIP_BYTES = 1 << 18
_ADOBE_DEFLATE, _HORIZONTAL = 8, 2
_BLACK_IS_ZERO, _RGB = 1, 2
_FAR = 0xF0000000  # what stands behind needs 64-bit offsets; directories have room between this and 2^32
_BIG_HEAD = b"II+\0\x08\0\0\0"  # BigTIFF: offsets of eight bytes


class Settings(FolderSettings):
    """TIFF files."""

    bits: Literal[8, 16] = Field(16, description="Of a gray sample.")
    samples: Literal["tone", "density"] = Field(
        "tone",
        description="density: samples are the optical density, in 0.0001 OD, with no tone and no profile.",
    )

    @model_validator(mode="after")
    def _density_as_it_is(self) -> Self:
        if self.samples == "density" and (self.bits != 16 or self.tone != "p-value"):
            raise ValueError("samples: density has 16 bits and no tone")
        return self

    def begin(self, ticket: Ticket) -> "TIFF":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return TIFF(self, ticket)


class _Entry(NamedTuple):
    """A field of a directory: ``length`` values of a TIFF type, as ``data``, little endian."""

    tag: int
    kind: int
    length: int
    data: bytes


class TIFF(FileDocument):
    """A TIFF that grows page by page, by its strips.

    Of strips that are deflated already a directory is all that a library could add.
    """

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket, "tif")
        self._settings = settings
        self._ticket = ticket
        self._directories: list[list[_Entry]] = []
        self._file.write(bytes(16))  # of the head, that of a BigTIFF being the longer

    def add(self, page: Page | ColorPage) -> None:
        """Write the strips of a page.

        Raises:
            OSError: the folder cannot take it for now.
        """
        pixels = Drawn(page)
        plain = isinstance(page, ColorPage) or self._settings.samples == "density"
        table = None if plain else self._settings.table(page.scale)
        high = max(1, _STRIP_BYTES // pixels[0:1].nbytes)
        places, lengths = [], []
        tops = range(0, page.shape[0], high)
        for strip in in_threads(lambda top: _deflated(pixels[top : top + high], table), tops):
            places.append(self._file.tell())
            lengths.append(len(strip))
            self._file.write(strip)
        self._directories.append(
            [
                *self._fields(page),
                _long(278, high),  # RowsPerStrip
                _offsets(273, *places),  # StripOffsets
                _long(279, *lengths),  # StripByteCounts
            ]
        )

    def _fields(self, page: Page | ColorPage) -> list[_Entry]:
        """What a directory says of its page, but for where the strips are."""
        gray = isinstance(page, Page)
        rows, columns = page.shape
        created = f"{self._ticket.created.astimezone(UTC):%Y:%m:%d %H:%M:%S}"
        density = gray and self._settings.samples == "density"
        meaning = _density(page.scale) if density else self._settings.meaning(page)
        fields = [
            _long(254, 2),  # NewSubfileType: a page of several
            _long(256, columns),  # ImageWidth
            _long(257, rows),  # ImageLength
            _short(258, *([self._settings.bits] if gray else [8, 8, 8])),  # BitsPerSample
            _short(259, _ADOBE_DEFLATE),  # Compression
            _short(262, _BLACK_IS_ZERO if gray else _RGB),  # PhotometricInterpretation
            _ascii(269, page.title),  # DocumentName
            _ascii(270, meaning),  # ImageDescription
            _short(277, 1 if gray else 3),  # SamplesPerPixel
            _rational(282, page.dots_per_inch),  # XResolution
            _rational(283, page.dots_per_inch),  # YResolution
            _short(296, 2),  # ResolutionUnit: inch
            _short(297, len(self._directories), 0),  # PageNumber, of as many as there are
            _ascii(305, f"printscp {__version__}"),  # Software
            _ascii(306, created),  # DateTime
            _short(317, _HORIZONTAL),  # Predictor
        ]
        if not density:
            profile = self._settings.profile(page)
            fields.append(_Entry(34675, 7, len(profile), profile))  # ICCProfile
        return fields

    def _end(self) -> None:
        """Write the directories, and in the head where the first is."""
        place = self._file.tell() + self._file.tell() % 2
        self._file.write(bytes(place - self._file.tell()))
        big = place >= _FAR
        self._file.overwrite(0, _BIG_HEAD + _u64(place) if big else b"II*\0" + _u32(place))
        for number, fields in enumerate(self._directories, start=1):
            directory = _directory(fields, place, number == len(self._directories), big)
            self._file.write(directory)
            place += len(directory)


def _deflated(part: NDArray[Any], table: Samples | None) -> bytes:
    """A strip: each sample minus the one to its left of the same color, in a zlib stream."""
    samples: Any = part if table is None else cv2.LUT(part, table)
    differences = np.array(samples, samples.dtype.newbyteorder("<"), order="C")
    differences[:, 1:] -= samples[:, :-1]
    deflate = isal_zlib.compressobj(level=1)
    return b"".join((*begun(deflate, differences.data.cast("B")), deflate.flush()))


def _density(scale: ToneScale) -> str:
    return (
        "Gray samples are optical density in units of 0.0001 OD: the higher, the darker. "
        f"The printer has {scale.min_density:.2f} to {scale.max_density:.2f} OD; of density D "
        f"the film shows La + L0 10^-D, with L0 {scale.illumination:g} and La {scale.ambient:g} cd/m2."
    )


def _directory(fields: list[_Entry], place: int, last: bool, big: bool) -> bytes:
    """An image file directory (TIFF 6.0 section 2) that stands at ``place``, and behind it the values that it
    points to; all of an even length, since directories and values begin on words. In a ``big`` one offsets
    and counts are twice as long.
    """
    word, count = (_u64, _u64) if big else (_u32, _u16)
    inline = len(word(0))
    start = place + len(count(0)) + (4 + 2 * inline) * len(fields) + inline
    entries, values = [], b""
    for tag, kind, length, data in sorted(fields):
        where = data.ljust(inline, b"\0") if len(data) <= inline else word(start + len(values))
        if len(data) > inline:
            values += data + bytes(len(data) % 2)
        entries.append(_u16(tag, kind) + word(length) + where)
    following = 0 if last else start + len(values)
    return b"".join([count(len(fields)), *entries, word(following), values])


def _ascii(tag: int, text: str) -> _Entry:
    data = text.encode("ascii", "replace") + b"\0"
    return _Entry(tag, 2, len(data), data)


def _short(tag: int, *values: int) -> _Entry:
    return _Entry(tag, 3, len(values), _u16(*values))


def _long(tag: int, *values: int) -> _Entry:
    return _Entry(tag, 4, len(values), _u32(*values))


def _offsets(tag: int, *values: int) -> _Entry:
    """In ascending order: LONG, or LONG8 of a BigTIFF."""
    return _long(tag, *values) if values[-1] < _FAR else _Entry(tag, 16, len(values), _u64(*values))


def _rational(tag: int, value: float) -> _Entry:
    fraction = Fraction(value).limit_denominator(1 << 16)
    return _Entry(tag, 5, 1, _u32(fraction.numerator, fraction.denominator))


def _u16(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little") for value in values)


def _u32(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def _u64(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)
