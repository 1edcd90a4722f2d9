"""A sheet as a file: an uncompressed tar, so that any tool can look inside.

Each image's pixels are a member named after its position, written as they come; an ICC profile is another.
The last member, `sheet.json`, is the `Sheet` without them. The owner's name of a member is the CRC-32 of its
content.
"""

import tarfile
from collections.abc import Callable
from errno import EINVAL
from typing import BinaryIO

from isal import isal_zlib
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from printscp.film.sheet import BytesLike, Sheet

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
    """A sheet cannot be read back as it was written."""


class SheetFile:
    """A sheet in the making, whose bytes go to ``write`` as they come, a mebibyte at most at a time.

    What ``write`` raises passes through; the file is then of no use.
    """

    def __init__(self, write: Callable[[BytesLike], object]) -> None:
        self.whole = False
        self._write = write
        self._put: dict[int, BytesLike] = {}

    def takes(self, position: int) -> bool:
        """Whether an image may still be put there."""
        return not self.whole and position not in self._put

    def may_become(self, sheet: Sheet) -> bool:
        """Whether it is still being written, and no image was put that is another one in the sheet."""
        pixels = {image.position: image.pixels for image in sheet.images}
        return not self.whole and all(pixels.get(each, put) is put for each, put in self._put.items())

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write the pixels of an image; each position once."""
        self._member(_member_name(position), pixels)
        self._put[position] = pixels

    def finish(self, sheet: Sheet) -> None:
        """Write what is missing of a sheet."""
        for image in sheet.images:
            if image.position not in self._put:
                self.put(image.position, image.pixels)
        self._put.clear()
        for name, data in ((_PROFILE, sheet.icc_profile), (_HEADER, _header(sheet))):
            if len(data):
                self._member(name, data)
        self._write(bytes(2 * tarfile.BLOCKSIZE))  # the end of a tar
        self.whole = True

    def _member(self, name: str, data: BytesLike) -> None:
        self._write(_head(name, data))
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            self._write(view[start : start + _PIECE])
        self._write(bytes(-len(view) % tarfile.BLOCKSIZE))


def read(stream: BinaryIO, name: str) -> Sheet:
    """Read a sheet back from a stream that can be sought in; ``name`` is what messages call it.

    Raises:
        DamagedSheet: it is not whole, or not what was written.
        OSError: the stream fails.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            members = {member.name: member for member in archive}
            fields = from_json(_content(archive, members[_HEADER]))
            fields["icc_profile"] = _content(archive, members[_PROFILE]) if _PROFILE in members else b""
            for image in fields["images"]:
                image["pixels"] = _content(archive, members[_member_name(image["position"])])
        return _SHEET.validate_python(fields)
    except ValidationError as error:
        # Its own words quote what is wrong, which may be a patient's name.
        first = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DamagedSheet(f"sheet {name} cannot be read: {key}: {first['msg']}") from None
    except (tarfile.TarError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise DamagedSheet(f"sheet {name} cannot be read: {error}") from error
    except OSError as error:
        if error.errno == EINVAL:  # the head of a member points to nowhere
            raise DamagedSheet(f"sheet {name} cannot be read: {error}") from error
        raise


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


def is_plain(member: tarfile.TarInfo) -> bool:
    """Whether a member of a tar is as long as it says: links may lead to themselves, and a sparse file of a
    few bytes unfolds to any size."""
    return member.isreg() and not member.issparse()


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if is_plain(member) else None
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
