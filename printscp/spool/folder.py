"""A spool folder: sheets and job table together, owned by one running server."""

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from printscp.errors import ResourceLimitation, SetupError
from printscp.film.job import Job, JobFilm
from printscp.film.printer import Draft
from printscp.film.sheet import BytesLike, Order, Sheet
from printscp.spool.queue import JobQueue, TableError, film_remarks
from printscp.spool.store import SheetStore, SheetWriter

_LOCK_PATIENCE = 10.0  # seconds that a worker of a server that was killed may need to end


class Spool:
    """A spool folder: `sheets/` and the job table beside it, for all printers of a server."""

    def __init__(self, folder: Path) -> None:
        """Open or make it.

        Raises:
            SetupError: the folder cannot be used.
        """
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # patient data: for nobody else
            self.sheets = SheetStore(folder / "sheets")
        except OSError as error:
            raise SetupError(f"spool {folder}: {error.strerror}") from error
        try:
            if not os.access(folder, os.W_OK) or not os.access(folder / "sheets", os.W_OK):
                raise SetupError(f"spool {folder}: no right to write there")
            self.queue = JobQueue(folder)
        except SetupError:
            self.sheets.close()
            raise

    def printer(self, name: str, accepted: Callable[[int], None]) -> "PrinterSpool":
        """What a printer has of it; ``accepted`` is told the number of each job, once that is on disk."""
        return PrinterSpool(self, name, accepted)

    def draft(self) -> "SpoolDraft":
        """The way here for one film."""
        return SpoolDraft(self.sheets)

    def submit(self, uid: str, order: Order, drafts: Sequence["SpoolDraft"]) -> int:
        """Make one print job of films that are kept; returns its number when it can no longer be lost.

        Raises:
            ResourceLimitation: the job could not be taken, and nothing is left of it; the drafts stay, but
                for one that the disk did not take.
        """
        names = [f"{uid}-{number}" for number in range(1, len(drafts) + 1)]
        try:
            self.sheets.make_good({name: draft.sheet for name, draft in zip(names, drafts, strict=True)})
            try:
                films = [replace(draft.film, sheet=name) for name, draft in zip(names, drafts, strict=True)]
                return self.queue.submit(uid, order, films, film_remarks([draft.remarks for draft in drafts]))
            except BaseException:
                for name in names:
                    self.sheets.remove(name)
                raise
        except (OSError, TableError) as error:
            raise _not_spooled(error) from error

    def recover(self, keep_jobs: int) -> None:
        """After a start under the lock: films in the making when all died wait again; leftovers go, but for
        the films of the last ``keep_jobs`` that were done."""
        self.queue.recover()
        self.sheets.sweep(self.queue.wanted_sheets(keep_jobs))

    def give_up(self, keep_jobs: int) -> None:
        """After a job was done: delete the films that are not of the last ``keep_jobs``."""
        for name in self.queue.spent_sheets(keep_jobs):
            self.sheets.remove(name)

    def has_films(self, job: Job) -> bool:
        """Whether all films of a job are still here."""
        return all(film.sheet in self.sheets for film in job.films)

    def close(self) -> None:
        self.queue.close()
        self.sheets.close()


class PrinterSpool:
    """What one printer has of a spool (`printscp.film.printer.FilmSpool`)."""

    def __init__(self, spool: Spool, name: str, accepted: Callable[[int], None]) -> None:
        self._spool = spool
        self._name = name
        self._accepted = accepted

    def draft(self) -> "SpoolDraft":
        """The way to disk for one film box."""
        return self._spool.draft()

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft]) -> None:
        """Make a print job, as `Spool.submit`; ``drafts`` are of this spool.

        Raises:
            ResourceLimitation
        """
        self._accepted(self._spool.submit(uid, order, cast(Sequence[SpoolDraft], drafts)))

    def find(self, uid: str) -> Job | None:
        """The print job of that UID that this printer has, unless the SCU has confirmed its end."""
        return self._spool.queue.find(uid, self._name)

    def confirm(self, uid: str) -> None:
        """The SCU has acknowledged the job's Done or Failure event."""
        self._spool.queue.confirm(uid)


class SpoolDraft:
    """A film on its way into the spool (`printscp.film.printer.Draft`).

    Of a film that is kept, ``film`` and ``remarks`` say what its jobs have to know.
    """

    film: JobFilm
    remarks: tuple[str, ...]

    def __init__(self, sheets: SheetStore) -> None:
        self._sheets = sheets
        self._writer: SheetWriter | None = None

    @property
    def sheet(self) -> SheetWriter:
        """The film on disk.

        Raises:
            ResourceLimitation: it is not kept, or the disk did not take it.
        """
        if self._writer is None or not self._writer.whole:
            raise ResourceLimitation("film lost by the disk: create it again")
        return self._writer

    def put(self, position: int, pixels: BytesLike) -> None:
        """Write pixels ahead of the print; where that fails, the print will say so."""
        if self._writer is not None and not self._writer.takes(position):
            # An image was replaced: begin again, lest an SCU that goes on replacing fill the disk.
            self.discard()
        try:
            if self._writer is None:
                self._writer = self._sheets.write()
            self._writer.put(position, pixels)
        except OSError:
            self.discard()

    def keep(self, sheet: Sheet) -> None:
        """Write what is missing of a film, or write it anew if it was kept before.

        Raises:
            ResourceLimitation: it could not be written; nothing is kept of it.
        """
        if self._writer is not None and not self._writer.may_become(sheet):
            self.discard()
        try:
            if self._writer is None:
                self._writer = self._sheets.write()
            self._writer.finish(sheet)
        except OSError as error:
            self.discard()
            raise _not_spooled(error) from error
        self.film = JobFilm("", sheet.film_size, sheet.display_format, len(sheet.images))
        self.remarks = sheet.remarks

    def discard(self) -> None:
        """Delete what was put and kept; jobs made of it have their own."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def _not_spooled(error: OSError | TableError) -> ResourceLimitation:
    reason = error.strerror if isinstance(error, OSError) else error.orig
    return ResourceLimitation(f"film not spooled: {reason}; try again later")


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
