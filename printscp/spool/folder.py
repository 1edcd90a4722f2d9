"""A spool folder: sheets and job table together, owned by one running printer."""

import fcntl
import os
import time
from pathlib import Path

from pydicom.uid import generate_uid
from sqlalchemy.exc import DatabaseError

from printscp.errors import ResourceLimitation, SetupError
from printscp.film.sheet import Sheet
from printscp.spool.queue import JobQueue
from printscp.spool.store import SheetStore

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

    def accept(self, sheet: Sheet) -> int:
        """Take a film for good: returns its job number when it is on disk and in the queue.

        Raises:
            ResourceLimitation: it could not be written; nothing is kept of it.
        """
        uid = generate_uid()
        try:
            self.sheets.save(uid, sheet)
            return self.queue.submit(uid, sheet)
        except (OSError, DatabaseError) as error:
            self.sheets.remove(uid)
            reason = error.strerror if isinstance(error, OSError) else error.orig
            raise ResourceLimitation(f"film not spooled: {reason}; try again later") from error

    def recover(self) -> None:
        """After a start under the lock: films in the making when all died wait again; leftovers go."""
        self.queue.recover()
        self.sheets.sweep(self.queue.unfinished_sheets())

    def close(self) -> None:
        self.queue.close()


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
