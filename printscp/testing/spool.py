"""Films and print jobs in memory; a job is printed as soon as the answer to its N-ACTION has gone out."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from printscp.errors import QueueFull
from printscp.film.job import ExecutionStatus, Job, JobFilm, JobNews
from printscp.film.printer import Draft, Fate
from printscp.film.sheet import BytesLike, Order, Sheet

_NORMAL, _QUEUED = "NORMAL", "QUEUED"


@dataclass
class BenchDraft:
    """A film box's way into memory; what is kept is a copy, as it is on a disk."""

    sheet: Sheet | None = None

    def put(self, position: int, pixels: BytesLike) -> None:
        """They come again with the film."""

    def keep(self, sheet: Sheet) -> None:
        """See `printscp.film.printer.Draft`."""
        images = tuple(replace(image, pixels=bytes(image.pixels)) for image in sheet.images)
        self.sheet = replace(sheet, images=images, icc_profile=bytes(sheet.icc_profile))

    def discard(self) -> None:
        """Jobs have the sheet themselves."""
        self.sheet = None


@dataclass
class Accepted:
    """A print job as it is now, and its films. ``thread`` is that of its association; it is ``begun`` once
    the answer to its N-ACTION has gone out."""

    job: Job
    sheets: tuple[Sheet, ...] = field(repr=False)
    thread: int
    fate: Fate | None
    begun: bool = False


class BenchQueue:
    """The print jobs of all printers of a bench, numbered from 1; ``tell`` takes news of them. With ``limit``
    no more than so many wait."""

    def __init__(self, tell: Callable[[JobNews], None], limit: int = 0) -> None:
        self._tell = tell
        self._limit = limit
        self._lock = threading.Lock()
        self._accepted: dict[str, Accepted] = {}  # by UID
        self._numbers = 0

    @property
    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self._lock:
            return [each.job for each in self._accepted.values()]

    def printer(self, name: str) -> "BenchSpool":
        """What a printer sees of the queue."""
        return BenchSpool(self, name)

    def add(self, uid: str, order: Order, sheets: tuple[Sheet, ...], fate: Fate | None) -> None:
        """Take a job.

        Raises:
            QueueFull
        """
        with self._lock:
            waiting = sum(not each.job.ended for each in self._accepted.values())
            if 0 < self._limit <= waiting:
                raise QueueFull(f"{waiting} jobs wait, no more are taken: try again later")
            self._numbers += 1
            held = fate.info if fate is not None and fate.held else _QUEUED
            job = _job(self._numbers, uid, order, sheets, held)
            self._accepted[uid] = Accepted(job, sheets, threading.get_ident(), fate)

    def find(self, uid: str) -> Job | None:
        """The job of that UID; None where there is none."""
        accepted = self._accepted.get(uid)
        return accepted.job if accepted else None

    def confirm(self, uid: str) -> None:
        """The SCU has acknowledged that the job has ended."""
        with self._lock:
            accepted = self._accepted.get(uid)
            if accepted is not None:
                accepted.job = replace(accepted.job, confirmed=True)

    def unanswered(self, thread: int) -> list[str]:
        """UIDs of the jobs of a thread's association that are not begun."""
        with self._lock:
            return [uid for uid, each in self._accepted.items() if each.thread == thread and not each.begun]

    def begin(self, uid: str) -> Accepted | None:
        """Have a job printed; None where that was asked before."""
        with self._lock:
            accepted = self._accepted.get(uid)
            if accepted is None or accepted.begun:
                return None
            accepted.begun = True
        self._print(accepted)
        return accepted

    def release(self, fault: str, printer: str) -> None:
        """Have the jobs of a printer printed that are held by a fault."""
        with self._lock:
            held = [
                each
                for each in self._accepted.values()
                if each.fate is not None
                and (each.fate.held, each.fate.fault) == (True, fault)
                and each.job.order.printer_name == printer
            ]
            for each in held:
                each.fate = None
        for each in held:
            if each.begun:
                self._print(each)

    def _print(self, accepted: Accepted) -> None:
        fate = accepted.fate
        if fate is None:
            self._enter(accepted, ExecutionStatus.PRINTING, _NORMAL)
            self._enter(accepted, ExecutionStatus.DONE, _NORMAL)
        elif fate.held:
            self._enter(accepted, ExecutionStatus.PENDING, fate.info)
        else:
            if fate.printing:
                self._enter(accepted, ExecutionStatus.PRINTING, _NORMAL)
            self._enter(accepted, ExecutionStatus.FAILURE, fate.info)

    def clear(self) -> None:
        """Forget the jobs that have ended."""
        with self._lock:
            self._accepted = {uid: each for uid, each in self._accepted.items() if not each.job.ended}

    def _enter(self, accepted: Accepted, status: ExecutionStatus, info: str) -> None:
        job = accepted.job
        ended = status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)
        with self._lock:
            finished = datetime.now(UTC) if ended else None
            accepted.job = replace(accepted.job, status=status, status_info=info, finished=finished)
        self._tell(JobNews(job.uid, status, info, job.order.printer_name, job.order.label))


@dataclass(frozen=True)
class BenchSpool:
    """The spool of one printer (a `FilmSpool`)."""

    queue: BenchQueue
    name: str

    def draft(self) -> BenchDraft:
        """See `printscp.film.printer.FilmSpool`."""
        return BenchDraft()

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        """See `printscp.film.printer.FilmSpool`."""
        sheets = tuple(each.sheet for each in drafts if isinstance(each, BenchDraft) and each.sheet)
        assert len(sheets) == len(drafts) >= 1, "not every film was kept"
        self.queue.add(uid, order, sheets, fate)

    def find(self, uid: str) -> Job | None:
        """See `printscp.film.printer.FilmSpool`."""
        job = self.queue.find(uid)
        ours = job is not None and job.order.printer_name == self.name and not job.confirmed
        return job if ours else None

    def confirm(self, uid: str) -> None:
        """See `printscp.film.printer.FilmSpool`."""
        self.queue.confirm(uid)

    def release(self, fault: str) -> None:
        """See `printscp.film.printer.FilmSpool`."""
        self.queue.release(fault, self.name)


def _job(number: int, uid: str, order: Order, sheets: tuple[Sheet, ...], info: str) -> Job:
    films = tuple(
        JobFilm(f"{number}-{place}", each.film_size, each.display_format, len(each.images), each.color)
        for place, each in enumerate(sheets, start=1)
    )
    return Job(
        id=number,
        uid=uid,
        status=ExecutionStatus.PENDING,
        status_info=info,
        info="",
        order=order,
        films=films,
        remarks=(*order.remarks, *(remark for sheet in sheets for remark in sheet.remarks)),
        created=datetime.now(UTC),
        finished=None,
        confirmed=False,
        deliveries=(),
    )
