"""The job table as those see it who look for some jobs of many: by printer, SCU, state and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, func, select

from printscp.film.job import DeliveryState, ExecutionStatus, Job
from printscp.spool.database import Database
from printscp.spool.queue import MOVABLE, with_deliveries
from printscp.spool.rows import utc
from printscp.spool.tables import deliveries, jobs

_OPEN = (ExecutionStatus.PENDING, ExecutionStatus.PRINTING)
_TO_THE_HOUR = 13  # characters of a moment as both databases write it


@dataclass(frozen=True)
class Wanted:
    """Which jobs; what is empty asks for all. ``held`` asks for those with a delivery that is HELD;
    ``created`` is from a moment to another, which is not meant any more, both in UTC without a zone."""

    printer: str = ""
    calling: str = ""
    statuses: tuple[ExecutionStatus, ...] = ()
    held: bool = False
    created: tuple[datetime, datetime] | None = None
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Listed:
    """Some jobs, the newest first, each with whether its films are kept; ``total`` says how many fit, and
    ``more`` whether there are older ones."""

    jobs: tuple[tuple[Job, bool], ...]
    total: int
    more: bool


class Listing:
    """Looks at the jobs of a database; holds up nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def some(self, wanted: Wanted, before: int | None, limit: int) -> Listed:
        """At most ``limit`` jobs, of those with numbers below ``before``."""
        fits = _fits(wanted)
        query = select(jobs).where(*fits).order_by(jobs.c.id.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(jobs.c.id < before)
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).select_from(jobs).where(*fits)).scalar_one()
            rows = connection.execute(query).all()
            found = with_deliveries(connection, rows[:limit])
        kept = (row.films_kept for row in rows)
        return Listed(tuple(zip(found, kept, strict=False)), total, len(rows) > limit)

    def films_kept(self, number: int) -> bool:
        """Whether the films of a job are kept."""
        with self._database.read() as connection:
            return bool(connection.execute(select(jobs.c.films_kept).where(jobs.c.id == number)).scalar())

    def titles(self) -> list[tuple[str, str]]:
        """AE titles of printers and of SCUs that printed on them."""
        query = select(jobs.c.printer_name, jobs.c.originator).distinct()
        with self._database.read() as connection:
            return [(row.printer_name, row.originator) for row in connection.execute(query)]

    def hours(self) -> list[tuple[datetime, datetime]]:
        """Of each hour, in UTC, in which there were jobs, when the first was and when the last."""
        hour = func.substr(cast(jobs.c.created, String), 1, _TO_THE_HOUR)
        query = select(func.min(jobs.c.created), func.max(jobs.c.created)).group_by(hour)
        with self._database.read() as connection:
            return [(utc(first), utc(last)) for first, last in connection.execute(query)]

    def counts(self) -> dict[tuple[str, ExecutionStatus], int]:
        """How many jobs there are of each printer, by status."""
        query = select(jobs.c.printer_name, jobs.c.status, func.count())
        query = query.group_by(jobs.c.printer_name, jobs.c.status)
        with self._database.read() as connection:
            return {(name, ExecutionStatus(status)): n for name, status, n in connection.execute(query)}

    def waiting(self) -> dict[str, int]:
        """How many deliveries wait, or are held, for each output."""
        query = select(deliveries.c.output, func.count())
        query = query.where(deliveries.c.state.in_(MOVABLE))
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(deliveries.c.output)).all()
        return {row[0]: row[1] for row in rows}

    def films_done(self, since: Sequence[datetime]) -> tuple[int, ...]:
        """How many films were delivered since each of these moments, UTC without a zone; a film on two ways
        out counts once."""
        films = func.json_array_length(jobs.c.films)
        sums = [func.coalesce(func.sum(films).filter(jobs.c.finished >= each), 0) for each in since]
        done = (jobs.c.status == ExecutionStatus.DONE) & (jobs.c.finished >= min(since))
        with self._database.read() as connection:
            return tuple(connection.execute(select(*sums).where(done)).one())

    def oldest_open(self) -> datetime | None:
        """When the oldest job came that has not ended."""
        query = select(func.min(jobs.c.created)).where(jobs.c.status.in_(_OPEN))
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found and utc(found)


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = []
    if wanted.printer:
        fits.append(jobs.c.printer_name == wanted.printer)
    if wanted.calling:
        fits.append(jobs.c.originator == wanted.calling)
    if wanted.statuses:
        fits.append(jobs.c.status.in_(wanted.statuses))
    if wanted.held:
        held = select(deliveries.c.job_id).where(deliveries.c.state == DeliveryState.HELD)
        fits.append(jobs.c.id.in_(held))
    if wanted.created is not None:
        first, end = wanted.created
        fits.append((jobs.c.created >= first) & (jobs.c.created < end))
    if wanted.numbers:
        fits.append(jobs.c.id.in_(wanted.numbers))
    return fits
