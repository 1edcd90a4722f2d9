"""Sheets on disk: one uncompressed tar a film, so that any tool can look inside.

The first member, `sheet.json`, is the `Sheet` without its pixels; each image's pixels follow as a member
named after its position. The owner's name of a member is the CRC-32 of its content. A sheet is written under
a temporary name, flushed to disk and renamed, and the folder is flushed too: a name that can be seen stands
for a film that is whole.
"""

import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from printscp.durable import write_durably
from printscp.film.sheet import BytesLike, Sheet

_SUFFIX = ".sheet"
_TEMPORARY = ".part"
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
        temporary = self._folder / (name + _TEMPORARY)
        write_durably(self._path(name), temporary, lambda file: _write(file, sheet))

    def load(self, name: str) -> Sheet:
        """Read a sheet back.

        Raises:
            DamagedSheet: it is not there, not whole, or not what was accepted.
        """
        try:
            with tarfile.open(self._path(name), "r:") as archive:
                members = iter(archive)
                fields = from_json(_read(archive, next(members)))
                for image, member in zip(fields["images"], members, strict=True):
                    image["pixels"] = _read(archive, member)
            return _SHEET.validate_python(fields)
        except (OSError, tarfile.TarError, StopIteration, ValueError, KeyError, TypeError) as error:
            raise DamagedSheet(f"sheet {name} cannot be read: {error}") from error

    def remove(self, name: str) -> None:
        """Delete a sheet that has been delivered."""
        self._path(name).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> int:
        """Delete what no job refers to: films never promised, or long delivered. Returns how many."""
        orphans = [path for path in self._files() if path.suffix != _SUFFIX or path.stem not in wanted]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path.suffix in (_SUFFIX, _TEMPORARY))

    def _path(self, name: str) -> Path:
        return self._folder / (name + _SUFFIX)


def _write(file: BinaryIO, sheet: Sheet) -> None:
    images = [{key: value for key, value in vars(image).items() if key != "pixels"} for image in sheet.images]
    header = to_json({**vars(sheet), "images": images}, indent=1)
    _add(file, "sheet.json", header)
    for image in sheet.images:
        _add(file, f"image-{image.position:03}.raw", image.pixels)
    file.write(bytes(2 * tarfile.BLOCKSIZE))  # the end of a tar


def _add(file: BinaryIO, name: str, data: BytesLike) -> None:
    """One member; TarFile.addfile would copy it in pieces."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    member.uname = _checksum(data)  # guarded in its turn by the checksum of the tar header
    file.write(member.tobuf(tarfile.USTAR_FORMAT))
    file.write(data)
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
