"""Sheets in the making: files under temporary names, until a store gives them those that jobs have."""

import contextlib
import os
import secrets
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from printscp.film.sheet import BytesLike, Sheet
from printscp.sheet_file import SheetFile
from printscp.spool.sightings import Sightings

_SUFFIX = ".part"
_PIECE = 1 << 20
_DAY = 86400.0  # seconds


class Drafts:
    """Those in a folder, named after the process that makes them, ``PROCESS-RANDOM.part``; the new ones are
    of ``process``."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._process = process
        self._unchanged: Sightings[tuple[Path, int, int]] = Sightings()

    def path(self) -> Path:
        """A new temporary name."""
        return self._folder / f"{self._process}-{secrets.token_hex(8)}{_SUFFIX}"

    def drop(self, process: str) -> None:
        """Delete those of a process that is dead.

        Raises:
            OSError
        """
        for path in self._all():
            if _process(path) == process:
                path.unlink(missing_ok=True)

    def sweep(self, living: Collection[str], patience: float = _DAY) -> int:
        """Delete those that have not changed for ``patience`` seconds; returns how many. Not those of this
        process, nor of others that are ``living``: so it is about other hosts.

        Raises:
            OSError
        """
        stay = {self._process, *living} - {""}  # which is what a process without a name has
        seen = []
        for path in self._all():
            if _process(path) not in stay:
                with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                    status = path.stat()
                    seen.append((path, status.st_size, status.st_mtime_ns))
        old = self._unchanged.old(seen, time.monotonic(), patience)
        for path, *_ in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _all(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path.suffix == _SUFFIX)


class SheetWriter:
    """A sheet in the making, and then ``whole``, under its temporary name ``path``.

    After an OSError it is of no use but to be discarded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = private_file(path)
        self._sheet = SheetFile(self._write)
        self._discarded = False
        self._unadvised = 0  # bytes

    @property
    def whole(self) -> bool:
        """Whether all of it is written."""
        return self._sheet.whole and not self._discarded

    def takes(self, position: int) -> bool:
        """Whether an image may still be put there."""
        return self._sheet.takes(position) and not self._discarded

    def may_become(self, sheet: Sheet) -> bool:
        """Whether it is still being written, and no image was put that is another one in the sheet."""
        return self._sheet.may_become(sheet) and not self._discarded

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write the pixels of an image; each position once.

        Raises:
            OSError
        """
        self._sheet.put(position, pixels)

    def finish(self, sheet: Sheet) -> None:
        """Write what is missing of a sheet.

        Raises:
            OSError
        """
        self._sheet.finish(sheet)
        self._file.flush()

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
        self._discarded = True
        self._sheet = SheetFile(self._write)  # which holds no pixels
        with contextlib.suppress(OSError):  # what a full disk did not take is not wanted any more
            self._file.close()
        with contextlib.suppress(OSError):  # where its folder is out of reach, it is swept later
            self.path.unlink(missing_ok=True)

    def _write(self, data: BytesLike) -> None:
        self._unadvised += self._file.write(data)
        if self._unadvised >= _PIECE and hasattr(os, "posix_fadvise"):
            # On Linux this starts to write to the disk, which leaves less for the flush at the end.
            self._file.flush()
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self._unadvised = 0


def private_file(path: Path) -> BinaryIO:
    """Make a file that is for its owner alone, as what is in it is a patient's.

    Raises:
        OSError
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _process(path: Path) -> str:
    """The process whose draft it is."""
    return path.stem.rpartition("-")[0]
