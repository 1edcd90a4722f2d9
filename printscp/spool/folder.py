"""A spool folder: sheets and job table together, owned by one running printer."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from pydicom.uid import generate_uid
from sqlalchemy.exc import DatabaseError

from printscp.errors import ResourceLimitation, SetupError
from printscp.film.sheet import BytesLike, Sheet
from printscp.spool.queue import JobQueue
from printscp.spool.store import SheetStore, SheetWriter

_LOCK_PATIENCE = 10.0  # seconds that a worker of a server that was killed may need to end


class Spool:
    """A spool folder: `sheets/` and the job table beside it."""

    def __init__(self, folder: Path) -> None:
        """Open or make it.

        Raises:
            SetupError: the folder cannot be used.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.sheets = SheetStore(folder / "sheets")
        except OSError as error:
            raise SetupError(f"spool {folder}: {error.strerror}") from error
        if not os.access(folder, os.W_OK) or not os.access(folder / "sheets", os.W_OK):
            raise SetupError(f"spool {folder}: no right to write there")
        self.queue = JobQueue(folder)

    def draft(self, accepted: Callable[[int, Sheet], None]) -> "SpoolDraft":
        """The way here for the films of one film box; ``accepted`` is told of each with its job number."""
        return SpoolDraft(self, accepted)

    def recover(self) -> None:
        """After a start under the lock: films in the making when all died wait again; leftovers go."""
        self.queue.recover()
        self.sheets.sweep(self.queue.unfinished_sheets())

    def close(self) -> None:
        self.queue.close()


class SpoolDraft:
    """A film on its way into the spool (`printscp.film.sheet.Draft`)."""

    def __init__(self, spool: Spool, accepted: Callable[[int, Sheet], None]) -> None:
        self._spool = spool
        self._accepted = accepted
        self._uid = generate_uid()
        self._writer: SheetWriter | None = None

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write pixels ahead of the print; where that fails, the print will say so."""
        if self._writer is not None and position in self._writer:
            # An image was replaced: begin again, lest an SCU that goes on replacing fill the disk.
            self.discard()
        try:
            if self._writer is None:
                self._writer = self._spool.sheets.write(self._uid)
            self._writer.put(position, pixels)
        except OSError:
            self.discard()

    def accept(self, sheet: Sheet) -> None:
        """Take a film for good.

        Raises:
            ResourceLimitation: it could not be written; nothing is kept of it.
        """
        uid, writer = self._uid, self._writer
        self._uid, self._writer = generate_uid(), None
        try:
            if writer is None:
                self._spool.sheets.save(uid, sheet)
            else:
                writer.finish(sheet)
            number = self._spool.queue.submit(uid, sheet)
        except (OSError, DatabaseError) as error:
            self._spool.sheets.remove(uid)
            reason = error.strerror if isinstance(error, OSError) else error.orig
            raise ResourceLimitation(f"film not spooled: {reason}; try again later") from error
        self._accepted(number, sheet)

    def discard(self) -> None:
        """Delete what was put and not accepted."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def lock(folder: Path) -> int:
    """The file descriptor that owns a spool folder; workers inherit it, so it is free when all have ended.

    Raises:
        SetupError: another printer has it.
    """
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(f"spool {folder}: {error.strerror}") from error
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise SetupError(f"spool {folder} is in use by another printer") from None
            time.sleep(0.05)
