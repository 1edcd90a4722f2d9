"""The queue, as people see and steer it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from printscp.desk.costly import Costly
from printscp.desk.house import LARGEST, House
from printscp.desk.records import Action, Choices, JobFilter, JobPage, SeenJob
from printscp.errors import SetupError
from printscp.film.job import DeliveryState, ExecutionStatus, Job
from printscp.spool.listing import Wanted
from printscp.spool.queue import MOVABLE
from printscp.spool.redirect import move, reprint

HELD, OPEN = "HELD", "open"
_OPEN = (ExecutionStatus.PENDING, ExecutionStatus.PRINTING)
_MOST = 500
_DAY = timedelta(days=1)
_STATES = {HELD: _OPEN, OPEN: _OPEN} | {str(each): (each,) for each in ExecutionStatus}
_MOST_COPIES = 99


class Jobs:
    """All jobs. Jobs are named by their number, or ``latest``."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._choices = Costly(self._find_choices)

    def some(
        self, wanted: JobFilter, *, private: bool, before: int | None = None, limit: int = 50
    ) -> JobPage:
        """At most ``limit`` jobs (1 to 500) that fit, the newest first, of those with numbers below
        ``before``.

        Raises:
            SetupError: there is no such state.
        """
        asked = _wanted(wanted)
        if asked is None:
            return JobPage((), 0, None)
        if before is not None:
            before = max(0, min(before, LARGEST))
        with self._house.reached():
            found = self._house.spool.listing.some(asked, before, max(1, min(limit, _MOST)))
        jobs = tuple(self._seen(job, kept, private) for job, kept in found.jobs)
        return JobPage(jobs, found.total, jobs[-1].id if found.more else None)

    def these(self, numbers: Collection[int], wanted: JobFilter, *, private: bool) -> tuple[SeenJob, ...]:
        """Those of some jobs, at most 500, that are there and fit, the newest first."""
        asked = _wanted(wanted)
        if asked is None or not numbers:
            return ()
        with self._house.reached():
            found = self._house.spool.listing.some(replace(asked, numbers=tuple(numbers)), None, _MOST)
        return tuple(self._seen(job, kept, private) for job, kept in found.jobs)

    def one(self, which: str, *, private: bool) -> SeenJob:
        """One job."""
        return self._now(self._house.job(which), private)

    def choices(self) -> Choices:
        """What there is to filter by; of very many jobs it may be some seconds old."""
        with self._house.reached():
            return self._choices()

    def hold(self, which: str) -> SeenJob:
        """Have it wait for an operator. This and what follows return it without patient data."""
        number = self._house.job(which).id
        with self._house.reached():
            return self._changed(self._house.queue.hold(number))

    def release(self, which: str) -> SeenJob:
        """Have it go on."""
        number = self._house.job(which).id
        with self._house.reached():
            return self._changed(self._house.queue.release(number))

    def cancel(self, which: str) -> SeenJob:
        """Print no more of it; a second time it is done with whether or not its printer answers."""
        number = self._house.job(which).id
        with self._house.reached():
            return self._changed(self._house.queue.cancel(number))

    def prioritize(self, which: str, priority: str) -> SeenJob:
        """HIGH, MED or LOW."""
        number = self._house.job(which).id
        with self._house.reached():
            return self._changed(self._house.queue.prioritize(number, priority))

    def move(self, which: str, output: str, *, of: str | None = None) -> SeenJob:
        """Have what waits, or is held, go to another output: of all its ways out, which then are one, or of
        that one.

        Raises:
            SetupError: there is no such output.
        """
        job = self._house.job(which)
        with self._house.reached():
            return self._changed(move(self._house.queue, job, output, of, self._house.settings.ways))

    def reprint(
        self,
        which: str,
        *,
        outputs: tuple[str, ...] = (),
        copies: int | None = None,
        priority: str | None = None,
    ) -> SeenJob:
        """Print it again, as a job of its own, which is returned; what is not said is as before.

        Raises:
            SetupError: there is no such output or priority, or that is no number of copies.
        """
        if priority not in (None, "HIGH", "MED", "LOW"):
            raise SetupError(f"priority {priority}: is none of HIGH, MED, LOW")
        if copies is not None and not 1 <= copies <= _MOST_COPIES:
            raise SetupError(f"{copies} copies: 1 to {_MOST_COPIES} are possible")
        job = self._house.job(which)
        with self._house.reached():
            ways = self._house.settings.ways
            number = reprint(self._house.spool, job, outputs, copies, priority, ways)
        return self._changed(self._house.job(str(number)))

    def purge(self, which: str) -> None:
        """Delete a job that has ended, with its films and all that is known of it."""
        job = self._house.job(which)
        with self._house.reached():
            self._house.spool.purge(job)
        self._house.stirred()

    def _changed(self, job: Job) -> SeenJob:
        self._house.stirred()
        return self._now(job)

    def _now(self, job: Job, private: bool = False) -> SeenJob:
        with self._house.reached():
            return self._seen(job, self._house.spool.listing.films_kept(job.id), private)

    def _seen(self, job: Job, films_kept: bool, private: bool) -> SeenJob:
        held = any(each.state is DeliveryState.HELD for each in job.deliveries)
        can = possible(job, films_kept, self._house.settings.ways)
        shown = job if private else _unnamed(job)
        return SeenJob(**vars(shown), held=held, films_kept=films_kept, can=can)

    def _find_choices(self) -> Choices:
        listing = self._house.spool.listing
        titles = listing.titles()
        days = {moment.astimezone().date() for hour in listing.hours() for moment in hour}
        return Choices(
            printers=tuple(sorted({printer for printer, _ in titles})),
            callings=tuple(sorted({calling for _, calling in titles})),
            days=tuple(sorted(days, reverse=True)),
        )


def possible(job: Job, films_kept: bool, outputs: Collection[str]) -> tuple[Action, ...]:
    """What may be done with a job now, of which the queue refuses nothing; ``outputs`` are all there are."""
    states = {each.state for each in job.deliveries}
    elsewhere = set(outputs) - {each.output for each in job.deliveries}
    can: dict[Action, bool] = {
        "hold": DeliveryState.WAITING in states,
        "release": DeliveryState.HELD in states,
        "cancel": not job.ended,
        "prioritize": not job.ended,
        "move": bool(elsewhere) and not states.isdisjoint(MOVABLE),
        "reprint": films_kept,
        "purge": job.ended,
    }
    return tuple(action for action, is_possible in can.items() if is_possible)


def _unnamed(job: Job) -> Job:
    order = replace(job.order, label="", owner="", remarks=())
    return replace(job, order=order, remarks=())


def _wanted(wanted: JobFilter) -> Wanted | None:
    """What to ask the job table for; None where no job can fit.

    Raises:
        SetupError: there is no such state.
    """
    if wanted.state and wanted.state not in _STATES:
        raise SetupError(f"state {wanted.state[:20]!r}: is none of {', '.join(_STATES)}")
    created = None
    if wanted.day is not None:
        try:
            created = _start(wanted.day), _start(wanted.day + _DAY)
        except (OverflowError, ValueError):  # so far from now that there is no such moment
            return None
    if "\0" in wanted.printer + wanted.calling:  # which no database takes
        return None
    return Wanted(
        printer=wanted.printer,
        calling=wanted.calling,
        statuses=_STATES.get(wanted.state, ()),
        held=wanted.state == HELD,
        created=created,
    )


def _start(day: date) -> datetime:
    """When a day of local time begins, as the job table has moments."""
    return datetime(day.year, day.month, day.day).astimezone(UTC).replace(tzinfo=None)
