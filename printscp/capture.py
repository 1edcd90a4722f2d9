"""A print job to be looked at again: its order, its films and its dialogue, from a spool or from a file.

The file is an uncompressed tar, so that any tool can look inside: `job.json`, the `dialogue` as
`printscp.transcript.file` writes it, and each film as `printscp.sheet_file` writes it.
"""

import re
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from printscp.errors import NotPossible, SetupError
from printscp.film.sheet import BytesLike, Order, Sheet
from printscp.sheet_file import DamagedSheet, SheetFile, is_plain, read
from printscp.transcript import Transcript
from printscp.transcript.file import DamagedTranscript, dump, load

UNPRINTED = re.compile("unprinted(:[1-9][0-9]{0,3})?")
"""How an association that made no job is called: ``unprinted`` the last one, ``unprinted:2`` that before."""

_HEADER = "job.json"
_DIALOGUE = "dialogue"
_FILM = "film-"
_BROKEN = (tarfile.TarError, KeyError, ValueError, OverflowError, RecursionError)
"""What reading a tar raises that is none, or made to do harm."""


@dataclass(frozen=True)
class _Header:
    uid: str
    created: datetime
    order: Order | None
    films: int


_HEADERS = TypeAdapter(_Header)


@dataclass(frozen=True)
class Capture:
    """A print job: ``name`` says in words which, ``film`` gives a film by its number from 1 to ``films``. Of
    an association that made no job there is the dialogue alone.

    ``film`` raises `NotPossible` where its film is not kept, or damaged.
    """

    name: str
    uid: str
    created: datetime
    order: Order | None
    films: int
    film: Callable[[int], Sheet]
    dialogue: Transcript | None

    @property
    def said(self) -> Transcript:
        """The dialogue.

        Raises:
            NotPossible: it is not kept.
        """
        if self.dialogue is None:
            raise NotPossible(f"{self.name}: its dialogue is not kept: it goes with its films; see keep_jobs")
        return self.dialogue


def unprinted(name: str, dialogue: Transcript) -> Capture:
    """An association that made no job."""

    def film(_: int) -> Sheet:
        raise NotPossible(f"{name}: nothing was printed")

    return Capture(name, "", dialogue.began, None, 0, film, dialogue)


def write(capture: Capture, path: Path) -> None:
    """Write it to a file, which must not be there yet.

    Raises:
        NotPossible: a film is not kept.
        SetupError: the file cannot be written.
    """
    members = {
        _HEADER: _HEADERS.dump_json(
            _Header(capture.uid, capture.created, capture.order, capture.films), indent=1
        )
    }
    if capture.dialogue is not None:
        members[_DIALOGUE] = dump(capture.dialogue)
    try:
        path.touch(0o600, exist_ok=False)  # for its owner alone, as what is in it is a patient's
        file = path.open("wb")
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}") from error
    try:
        with file, tarfile.open(fileobj=file, mode="w:") as archive:
            for name, content in members.items():
                _add(archive, name, content, capture.created)
            for number in range(1, capture.films + 1):
                _add(archive, _film_name(number), _encoded(capture.film(number)), capture.created)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise SetupError(f"{path}: {error.strerror}") from error
        raise


def read_file(path: Path) -> Capture:
    """Read what `write` wrote.

    Raises:
        SetupError: there is no such file, or it is none of those.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            header = _HEADERS.validate_json(_member(archive, _HEADER))
            names = archive.getnames()
            kept = _member(archive, _DIALOGUE) if _DIALOGUE in names else None
            if header.films != sum(each.startswith(_FILM) for each in names):
                raise KeyError("a film")
        dialogue = None if kept is None else load(kept)
    except FileNotFoundError as error:
        raise SetupError(f"{path}: no such file, nor the number of a job") from error
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror or error}") from error
    except DamagedTranscript as error:
        raise SetupError(f"{path}: {error}") from error
    except (*_BROKEN, ValidationError) as error:
        raise SetupError(f"{path}: is no job that printscp jobs export wrote") from error

    def film(number: int) -> Sheet:
        try:
            with tarfile.open(path, "r:") as archive:
                return read(BytesIO(_member(archive, _film_name(number))), str(number))
        except (OSError, *_BROKEN, DamagedSheet) as error:
            raise NotPossible(f"{path}: film {number} cannot be read: {error}") from error

    return Capture(path.name, header.uid, header.created, header.order, header.films, film, dialogue)


def _encoded(sheet: Sheet) -> bytes:
    buffer = bytearray()

    def put(piece: BytesLike) -> None:
        buffer.extend(piece)

    SheetFile(put).finish(sheet)
    return bytes(buffer)


def _film_name(number: int) -> str:
    return f"{_FILM}{number:03}.sheet"


def _add(archive: tarfile.TarFile, name: str, content: bytes, created: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o600, int(created.timestamp())
    archive.addfile(member, BytesIO(content))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.getmember(name)
    file = archive.extractfile(member) if is_plain(member) else None
    if file is None:
        raise KeyError(name)
    return file.read()
