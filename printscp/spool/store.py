"""Sheets on disk: one uncompressed tar a film, so that any tool can look inside.

Each image's pixels are a member named after its position, written as they come; an ICC profile is another.
The last member, `sheet.json`, is the `Sheet` without them. The owner's name of a member is the CRC-32 of its
content.

A sheet is written under a temporary name. Jobs have it under names of their own, which are hard links: so a
film can be printed again and again, and jobs outlive it. `SheetStore.make_good` flushes files and names.
"""

import contextlib
import os
import secrets
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from printscp.film.sheet import BytesLike, Sheet

_SUFFIX = ".sheet"
_TEMPORARY = ".part"
_HEADER = "sheet.json"
_PROFILE = "profile.icc"
_PIECE = 1 << 20  # bytes written at a time
_SHEET = TypeAdapter(Sheet)


def _blank_head() -> bytes:
    """The head of a member (POSIX ustar) whose name, size, owner's name and checksum are not filled in."""
    member = tarfile.TarInfo("")
    member.mode = 0o600
    return member.tobuf(tarfile.USTAR_FORMAT)


_HEAD = _blank_head()


class DamagedSheet(Exception):
    """A spooled sheet cannot be read back as it was written."""


class SheetStore:
    """The folder of sheets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(folder, os.O_RDONLY)  # to flush it

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._handle)

    def write(self) -> "SheetWriter":
        """Begin a sheet.

        Raises:
            OSError
        """
        return SheetWriter(self._folder / (secrets.token_hex(8) + _TEMPORARY))

    def make_good(self, sheets: Mapping[str, "SheetWriter"]) -> None:
        """Give sheets that are whole their names; when it returns, they are there for good.

        Raises:
            OSError: not all of them could be had; none of the names is left behind.
        """
        named: list[Path] = []
        try:
            # Named before they are flushed: a journal then takes both in one go.
            for name, writer in sheets.items():
                path = self._path(name)
                os.link(writer.path, path)
                named.append(path)
            for writer in sheets.values():
                writer.flush()
            os.fsync(self._handle)
        except BaseException:
            for path in named:
                path.unlink(missing_ok=True)
            raise

    def load(self, name: str) -> Sheet:
        """Read a sheet back.

        Raises:
            DamagedSheet: it is not there, not whole, or not what was accepted.
        """
        try:
            with tarfile.open(self._path(name), "r:") as archive:
                members = {member.name: member for member in archive}
                fields = from_json(_read(archive, members[_HEADER]))
                fields["icc_profile"] = _read(archive, members[_PROFILE]) if _PROFILE in members else b""
                for image in fields["images"]:
                    image["pixels"] = _read(archive, members[_member_name(image["position"])])
            return _SHEET.validate_python(fields)
        except ValidationError as error:
            # Its own words quote what is wrong, which may be a patient's name.
            first = error.errors(include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise DamagedSheet(f"sheet {name} cannot be read: {key}: {first['msg']}") from None
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise DamagedSheet(f"sheet {name} cannot be read: {error}") from error

    def __contains__(self, name: str) -> bool:
        return self._path(name).is_file()

    def remove(self, name: str) -> None:
        """Delete a sheet that is needed no more, unless it is gone."""
        self._path(name).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> int:
        """Delete what nobody wants: films never promised, or long delivered. Returns how many."""
        orphans = [path for path in self._files() if path.suffix != _SUFFIX or path.stem not in wanted]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def _path(self, name: str) -> Path:
        return self._folder / (name + _SUFFIX)

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path.suffix in (_SUFFIX, _TEMPORARY))


class SheetWriter:
    """A sheet in the making, and then ``whole``, under its temporary name.

    After an OSError it is of no use but to be discarded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = False
        self._open = True
        self._file: BinaryIO = path.open("xb")
        self._put: dict[int, BytesLike] = {}
        self._unadvised = 0  # bytes

    def takes(self, position: int) -> bool:
        """Whether an image may still be put there."""
        return self._open and position not in self._put

    def may_become(self, sheet: Sheet) -> bool:
        """Whether it is still being written, and no image was put that is another one in the sheet."""
        pixels = {image.position: image.pixels for image in sheet.images}
        return self._open and all(pixels.get(each, put) is put for each, put in self._put.items())

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write the pixels of an image; each position once.

        Raises:
            OSError
        """
        self._file.write(_head(_member_name(position), pixels))
        view = memoryview(pixels)
        for start in range(0, len(view), _PIECE):
            self._file.write(view[start : start + _PIECE])
            self._file.flush()
            self._unadvised += min(_PIECE, len(view) - start)
            if self._unadvised >= _PIECE and hasattr(os, "posix_fadvise"):
                # On Linux this starts to write to the disk, which leaves less for the flush at the end.
                os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                self._unadvised = 0
        self._file.write(_padding(pixels))
        self._put[position] = pixels

    def finish(self, sheet: Sheet) -> None:
        """Write what is missing of a sheet.

        Raises:
            OSError
        """
        for image in sheet.images:
            if image.position not in self._put:
                self.put(image.position, image.pixels)
        self._put.clear()
        for name, data in ((_PROFILE, sheet.icc_profile), (_HEADER, _header(sheet))):
            if len(data):
                self._file.write(_head(name, data))
                self._file.write(data)
                self._file.write(_padding(data))
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))  # the end of a tar
        self._file.flush()
        self._open, self.whole = False, True

    def flush(self) -> None:
        """Have it on disk, and close the file: a film that is printed again needs neither.

        Raises:
            OSError: it is gone: what could not be written is forgotten by the system, which would say of the
                next try that all is well.
        """
        try:
            if not self._file.closed:
                os.fsync(self._file.fileno())
                self._file.close()
        except OSError:
            self.discard()
            raise

    def discard(self) -> None:
        """Let go of the file; names that jobs have for it stay."""
        self._open = self.whole = False
        self._put.clear()
        with contextlib.suppress(OSError):  # what a full disk did not take is not wanted any more
            self._file.close()
        self.path.unlink(missing_ok=True)


def _member_name(position: int) -> str:
    return f"image-{position:03}.raw"


def _header(sheet: Sheet) -> bytes:
    images = [{key: value for key, value in vars(image).items() if key != "pixels"} for image in sheet.images]
    fields = {key: value for key, value in vars(sheet).items() if key != "icc_profile"}
    return to_json({**fields, "images": images}, indent=1)


def _head(name: str, data: BytesLike) -> bytes:
    """What stands before the data of a member.

    TarFile.addfile would copy the data in small pieces, and TarInfo.tobuf puts each field together anew: that
    is a tenth of the time of an N-SET.
    """
    head = bytearray(_HEAD)
    head[: len(name)] = name.encode()
    head[124:135] = b"%011o" % len(data)
    head[265:273] = _checksum(data).encode()  # guarded in its turn by the checksum of the head
    head[148:156] = b" " * 8
    head[148:155] = b"%06o\0" % sum(head)
    return bytes(head)


def _padding(data: BytesLike) -> bytes:
    return bytes(-len(data) % tarfile.BLOCKSIZE)


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
