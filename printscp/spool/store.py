"""Sheets on disk: one uncompressed tar a film, so that any tool can look inside.

Each image's pixels are a member named after its position, written as they come; the last member,
`sheet.json`, is the `Sheet` without its pixels. The owner's name of a member is the CRC-32 of its content. A
sheet is written under a temporary name, flushed to disk and renamed, and the folder is flushed too: a name
that can be seen stands for a film that is whole.
"""

import contextlib
import os
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from printscp.durable import make_good
from printscp.film.sheet import BytesLike, Sheet

_SUFFIX = ".sheet"
_TEMPORARY = ".part"
_HEADER = "sheet.json"
_PIECE = 1 << 20  # bytes written at a time
_SHEET = TypeAdapter(Sheet)


class DamagedSheet(Exception):
    """A spooled sheet cannot be read back as it was written."""


class SheetStore:
    """The folder of accepted sheets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, name: str, sheet: Sheet) -> None:
        """Put a sheet on disk for good.

        Raises:
            OSError: no room, or no right to; nothing is left behind.
        """
        SheetWriter(self._folder, name).finish(sheet)

    def write(self, name: str) -> "SheetWriter":
        """Begin a sheet whose images are still to come.

        Raises:
            OSError
        """
        return SheetWriter(self._folder, name)

    def load(self, name: str) -> Sheet:
        """Read a sheet back.

        Raises:
            DamagedSheet: it is not there, not whole, or not what was accepted.
        """
        try:
            with tarfile.open(_sheet_path(self._folder, name), "r:") as archive:
                members = {member.name: member for member in archive}
                fields = from_json(_read(archive, members[_HEADER]))
                for image in fields["images"]:
                    image["pixels"] = _read(archive, members[_member_name(image["position"])])
            return _SHEET.validate_python(fields)
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise DamagedSheet(f"sheet {name} cannot be read: {error}") from error

    def remove(self, name: str) -> None:
        """Delete a sheet that has been delivered."""
        _sheet_path(self._folder, name).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> int:
        """Delete what no job refers to: films never promised, or long delivered. Returns how many."""
        orphans = [path for path in self._files() if path.suffix != _SUFFIX or path.stem not in wanted]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path.suffix in (_SUFFIX, _TEMPORARY))


class SheetWriter:
    """A sheet in the making, under its temporary name."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = _sheet_path(folder, name)
        self._temporary = folder / (name + _TEMPORARY)
        self._file: BinaryIO = self._temporary.open("xb")
        self._put: dict[int, BytesLike] = {}

    def __contains__(self, position: int) -> bool:
        return position in self._put

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write the pixels of an image; each position once.

        Raises:
            OSError
        """
        _add(self._file, _member_name(position), pixels)
        self._put[position] = pixels

    def finish(self, sheet: Sheet) -> None:
        """Write what is missing of a sheet, and make it good; the writer is at its end, either way.

        Raises:
            OSError: nothing is left behind.
        """
        try:
            for image in sheet.images:
                if image.position not in self:
                    self.put(image.position, image.pixels)
            _add(self._file, _HEADER, _header(sheet))
            self._file.write(bytes(2 * tarfile.BLOCKSIZE))  # the end of a tar
            make_good(self._file, self._temporary, self._path)
        finally:
            self.discard()

    def discard(self) -> None:
        """Close, and delete what is not finished."""
        with contextlib.suppress(OSError):  # what a full disk did not take is not wanted any more
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def _sheet_path(folder: Path, name: str) -> Path:
    return folder / (name + _SUFFIX)


def _member_name(position: int) -> str:
    return f"image-{position:03}.raw"


def _header(sheet: Sheet) -> bytes:
    images = [{key: value for key, value in vars(image).items() if key != "pixels"} for image in sheet.images]
    return to_json({**vars(sheet), "images": images}, indent=1)


def _add(file: BinaryIO, name: str, data: BytesLike) -> None:
    """One member; TarFile.addfile would copy it in small pieces."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    member.uname = _checksum(data)  # guarded in its turn by the checksum of the tar header
    file.write(member.tobuf(tarfile.USTAR_FORMAT))
    file.flush()
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        file.write(view[start : start + _PIECE])
        file.flush()
        if hasattr(os, "posix_fadvise"):
            # On Linux this starts to write to the disk at once, which leaves less for the flush at the end.
            os.posix_fadvise(file.fileno(), 0, file.tell(), os.POSIX_FADV_DONTNEED)
    file.write(bytes(-len(data) % tarfile.BLOCKSIZE))


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    data = file.read()
    if len(data) != member.size:
        raise ValueError(f"{member.name} is cut short")
    if member.uname != _checksum(data):
        raise ValueError(f"{member.name} has changed on disk")
    return data


def _checksum(data: BytesLike) -> str:
    return f"{isal_zlib.crc32(data):08x}"
