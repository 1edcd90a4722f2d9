"""A spool: the job table and the store of sheets together, with what printers have of them."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import cast

from printscp.errors import NotPossible, QueueFull, ResourceLimitation, SetupError
from printscp.film.job import Job, JobFilm
from printscp.film.printer import Draft, Fate, PrinterState
from printscp.film.sheet import BytesLike, Order, Sheet
from printscp.spool import processes
from printscp.spool.claim import Claims
from printscp.spool.database import Database, TableError, reason
from printscp.spool.dialogues import Dialogues
from printscp.spool.listing import Listing
from printscp.spool.processes import Presence
from printscp.spool.queue import JobQueue, NewsReader, Route, film_remarks
from printscp.spool.rows import OutputState
from printscp.spool.store import SheetStore, SheetWriter, open_store
from printscp.spool.unprinted import Unprinted
from printscp.spool.watch import TableWatch

_FULL = "print queue full: try again later"
_BRIEF = 28  # characters: an Error Comment has 64
_SWEEP_PATIENCE = 600.0  # seconds that a sheet is nobody's before it goes


@dataclass(frozen=True)
class Limits:
    """Films are taken while fewer than ``jobs`` wait, 0 being no limit, and ``reserve`` bytes are free."""

    jobs: int = 0
    reserve: int = 0


@dataclass(frozen=True)
class Retention:
    """How long films of ended jobs stay, patient data and all: those of the last ``jobs`` that were done and
    of those that failed, ``size`` bytes of them at most, and none longer than ``days``. Records of jobs stay
    ``records_days``."""

    jobs: int = 0
    size: int | None = None
    days: float = 30.0
    records_days: float = 365.0


class Spool:
    """The job table and the sheets.

    ``folder`` is one of this host. Both are there, or ``database`` is the URL of a job table and ``sheets``
    the folder or bucket of sheets, which several hosts share. Films are written under the name of this
    process (``presence``). ``limits`` may be changed at any time.
    """

    def __init__(
        self,
        folder: Path,
        database: str | None = None,
        sheets: str | None = None,
        *,
        presence: Presence | None = None,
        lease: float = 30.0,
        attempts: int = 5,
        limits: Limits | None = None,
        make: bool = True,
    ) -> None:
        """Open it; with ``make`` it is made where there is none, and brought to this version.

        Raises:
            SetupError: it cannot be used.
        """
        self.folder = folder
        self._where = sheets or str(folder / "sheets")
        self._presence = presence
        self.limits = limits or Limits()
        try:
            if make:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # patient data: for nobody else
        except OSError as error:
            raise SetupError(f"spool {folder}: {error.strerror}") from error
        self._database = Database(database or f"sqlite:///{folder / 'jobs.sqlite'}", make)
        self.queue = JobQueue(self._database)
        self.listing = Listing(self._database)
        self.dialogues = Dialogues(self._database)
        self.unprinted = Unprinted(folder)
        self.claims = Claims(self._database, lease, attempts)

    @cached_property
    def sheets(self) -> SheetStore:
        """Where the films are.

        Raises:
            SetupError: it cannot be used.
        """
        process = "" if self._presence is None else self._presence.name
        return open_store(self._where, self.folder / "staging", process)

    def news(self) -> NewsReader:
        """What happens to jobs from now on."""
        return NewsReader(self._database)

    def watch(self) -> TableWatch:
        """Which jobs are not as they were, from now on."""
        return TableWatch(self._database)

    def printer(self, name: str, route: Route, accepted: Callable[[int], None]) -> "PrinterSpool":
        """What a printer has of it; ``route`` says where its films go, and ``accepted`` is told the number of
        each job, once that is on disk."""
        return PrinterSpool(self, name, route, accepted)

    def draft(self) -> "SpoolDraft":
        """The way here for one film."""
        return SpoolDraft(self)

    def submit(
        self,
        uid: str,
        order: Order,
        drafts: Sequence["SpoolDraft"],
        to: Route,
        fate: Fate | None = None,
    ) -> int:
        """Make one print job of films that are kept, with its ``fate`` where that is not left to outputs;
        returns its number when it can no longer be lost.

        Raises:
            QueueFull, ResourceLimitation: the job could not be taken, and nothing is left of it; the drafts
                stay, but for one that the disk did not take.
        """
        self.ask_for_room()
        names = self._names(uid, len(drafts))
        written = {name: draft.sheet for name, draft in zip(names, drafts, strict=True)}
        films = [replace(draft.film, sheet=name) for name, draft in zip(names, drafts, strict=True)]
        outputs = to(order, films)
        if not outputs:  # its association has outlived the printer
            raise ResourceLimitation("printer no longer set up: print to another one")
        remarks = film_remarks([draft.remarks for draft in drafts])
        begun = time.monotonic()
        try:
            self.sheets.make_good(written)
            try:
                number = self.queue.submit(uid, order, films, remarks, outputs, self.limits.jobs, fate)
            except BaseException as error:
                # Where the connection broke the table may have the job all the same: what has none is swept.
                if not (isinstance(error, TableError) and error.connection_invalidated):
                    for name in names:
                        self.sheets.remove(name)
                raise
        except (OSError, TableError) as error:
            raise _not_spooled(error) from error
        if time.monotonic() - begun > _SWEEP_PATIENCE / 2 and not self._are_there(names):
            self.queue.cancel(number)
            raise ResourceLimitation("film lost by the spool: print it again")
        return number

    def reprint(self, job: Job, uid: str, to: Sequence[str], copies: int, priority: str) -> int:
        """Print a job's films again, as a job of its own; returns its number.

        Raises:
            NotPossible: its films are no longer kept.
            OSError, TableError
        """
        if not self.has_films(job):
            raise NotPossible(f"job {job.id}: its films are no longer kept; see keep_jobs")
        names = self._names(uid, len(job.films))
        films = [replace(film, sheet=name) for film, name in zip(job.films, names, strict=True)]
        order = replace(job.order, copies=copies, priority=priority)
        remarks = job.remarks[len(job.order.remarks) :]
        try:
            for old, name in zip(job.films, names, strict=True):
                self.sheets.copy(old.sheet, name)
            number = self.queue.submit(uid, order, films, remarks, to, self.limits.jobs)
        except QueueFull as error:
            for name in names:
                self.sheets.remove(name)
            raise NotPossible(f"job {job.id}: {error.comment}") from error
        with suppress(TableError):  # the films are printed all the same
            self.dialogues.copy(job.id, number)
        return number

    def purge(self, job: Job) -> None:
        """Delete the films of a job that has ended, and all that is known of it.

        Raises:
            NoSuchJob, NotPossible
        """
        self.queue.forget(job.id)
        for film in job.films:
            self.sheets.remove(film.sheet)

    def has_films(self, job: Job) -> bool:
        """Whether all films of a job are still here."""
        return self._are_there([film.sheet for film in job.films])

    def _names(self, uid: str, count: int) -> list[str]:
        """Of the sheets of a job."""
        return [f"{self._database.identity}-{uid}-{number}" for number in range(1, count + 1)]

    def _wanted_sheets(self) -> set[str]:
        """Of all sheets in the store those that are not to be deleted, another job table's among them."""
        ours = f"{self._database.identity}-"
        return self.queue.wanted_sheets() | {n for n in self.sheets.names() if not n.startswith(ours)}

    def _are_there(self, names: Sequence[str]) -> bool:
        return all(name in self.sheets for name in names)

    def ask_for_room(self) -> None:
        """Whether a film may still be taken.

        Raises:
            QueueFull: the space that is kept free has been reached.
        """
        if not self._has_room():
            raise QueueFull(_FULL)

    def state(self) -> OutputState | None:
        """What is the matter with the spool: None when films can be taken.

        Raises:
            TableError
        """
        full = PrinterState("WARNING", "PRINT BUFF FULL")
        if not self._has_room(least=1):
            return OutputState(full, f"no room for films: less than {self.limits.reserve >> 20} MiB is free")
        if self.queue.is_full(self.limits.jobs):
            return OutputState(full, f"{self.limits.jobs} jobs wait")
        return None

    def _has_room(self, least: int = 0) -> bool:
        """Whether the reserve is free, and at ``least`` so many bytes."""
        reserve = max(self.limits.reserve, least)
        try:
            return not reserve or self.sheets.free() >= reserve
        except OSError:
            return False

    def give_up(self, keep: Retention) -> None:
        """Delete the films of ended jobs that need not be kept.

        Raises:
            OSError, TableError
        """
        self._drop(self.queue.spent_films(keep.jobs, min(keep.days, keep.records_days)))

    def _drop(self, spent: Sequence[Job]) -> None:
        """Delete the films of these jobs."""
        if spent:
            self.queue.drop_films([job.id for job in spent])
            for job in spent:
                for film in job.films:
                    self.sheets.remove(film.sheet)

    def _too_much(self, size: int) -> list[Job]:
        """The oldest of ended jobs, beyond so many bytes of films."""
        kept = self.queue.kept_films()
        for number, job in enumerate(reversed(kept)):
            size -= sum(self.sheets.size(film.sheet) for film in job.films)
            if size < 0:
                return kept[: len(kept) - number]
        return []

    def tidy(self, keep: Retention) -> None:
        """What is to be done now and then: give up films and records, delete what nobody has any more.

        Raises:
            OSError, TableError
        """
        self.give_up(keep)
        if keep.size is not None:
            self._drop(self._too_much(keep.size))
        self.queue.tidy(keep.records_days)
        self.unprinted.tidy(time.time(), keep.days)
        living = [each.name for each in processes.living(self.folder)]
        self.sheets.sweep(self._wanted_sheets, _SWEEP_PATIENCE, living)

    def bury_the_dead(self) -> None:
        """Give back the jobs of processes of this host that have ended without doing so, and delete what they
        were writing.

        Raises:
            OSError, TableError
        """
        for name in processes.dead(self.folder):
            self.claims.give_back(name, "its process ended")
            self.sheets.drop_drafts(name)
            processes.bury(self.folder, name)

    def close(self) -> None:
        self._database.close()
        if "sheets" in self.__dict__:
            self.sheets.close()


class PrinterSpool:
    """What one printer has of a spool (`printscp.film.printer.FilmSpool`)."""

    def __init__(self, spool: Spool, name: str, route: Route, accepted: Callable[[int], None]) -> None:
        self._spool = spool
        self._name = name
        self._route = route
        self._accepted = accepted

    def draft(self) -> "SpoolDraft":
        """The way to disk for one film box."""
        return self._spool.draft()

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        """Make a print job, as `Spool.submit`; ``drafts`` are of this spool.

        Raises:
            QueueFull, ResourceLimitation
        """
        ours = cast(Sequence[SpoolDraft], drafts)
        self._accepted(self._spool.submit(uid, order, ours, self._route, fate))

    def find(self, uid: str) -> Job | None:
        """The print job of that UID that this printer has, unless the SCU has confirmed its end.

        Raises:
            ResourceLimitation: the job table cannot be asked for now.
        """
        try:
            return self._spool.queue.find(uid, self._name)
        except TableError as error:
            raise _not_asked(error) from error

    def confirm(self, uid: str) -> None:
        """The SCU has acknowledged the job's Done or Failure event.

        Raises:
            ResourceLimitation: the job table cannot be asked for now.
        """
        try:
            self._spool.queue.confirm(uid)
        except TableError as error:
            raise _not_asked(error) from error

    def release(self, fault: str) -> None:
        """Have the jobs go on that are held by a fault.

        Raises:
            ResourceLimitation: the job table cannot be asked for now.
        """
        try:
            self._spool.queue.release_of(fault, self._name)
        except TableError as error:
            raise _not_asked(error) from error


class SpoolDraft:
    """A film on its way into the spool (`printscp.film.printer.Draft`).

    Of a film that is kept, ``film`` and ``remarks`` say what its jobs have to know.
    """

    film: JobFilm
    remarks: tuple[str, ...]

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
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
            self._spool.ask_for_room()
            if self._writer is None:
                self._writer = self._spool.sheets.write()
            self._writer.put(position, pixels)
        except (OSError, QueueFull):
            self.discard()

    def keep(self, sheet: Sheet) -> None:
        """Write what is missing of a film, or write it anew if it was kept before.

        Raises:
            QueueFull, ResourceLimitation: it could not be written; nothing is kept of it.
        """
        self._spool.ask_for_room()
        if self._writer is not None and not self._writer.may_become(sheet):
            self.discard()
        try:
            if self._writer is None:
                self._writer = self._spool.sheets.write()
            self._writer.finish(sheet)
        except OSError as error:
            self.discard()
            raise _not_spooled(error) from error
        self.film = JobFilm("", sheet.film_size, sheet.display_format, len(sheet.images), sheet.color)
        self.remarks = sheet.remarks

    def discard(self) -> None:
        """Delete what was put and kept; jobs made of it have their own."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def _not_spooled(error: OSError | TableError) -> ResourceLimitation:
    why = error.strerror if isinstance(error, OSError) else _in_brief(error)
    return ResourceLimitation(f"film not spooled: {why}; try again later")


def _not_asked(error: TableError) -> ResourceLimitation:
    return ResourceLimitation(f"job table: {_in_brief(error)}; try again later")


def _in_brief(error: TableError) -> str:
    """What an SCU sees is short, and need not name hosts."""
    why = reason(error)
    return why if len(why) <= _BRIEF else "job table away"
