"""Sees which jobs of the table are not as they were, whoever changed them and wherever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from printscp.film.job import ExecutionStatus
from printscp.spool.database import Database
from printscp.spool.tables import deliveries, jobs

_OPEN = (ExecutionStatus.PENDING, ExecutionStatus.PRINTING)
_AT_ONCE = 500  # jobs that are named at once: there is a limit to the length of a statement
_JOB = (jobs.c.id, jobs.c.status, jobs.c.status_info, jobs.c.printer_name)
_SEEN = (
    *_JOB,
    *(jobs.c.info, jobs.c.priority),
    *(deliveries.c.output, deliveries.c.state, deliveries.c.info.label("why"), deliveries.c.attempts),
)


@dataclass(frozen=True)
class Changed:
    """A job that is not as it was; one that is ``gone`` has no status any more."""

    job: int
    status: str
    status_info: str
    printer: str
    gone: bool = False


class TableWatch:
    """What changes in the job table from when it is made. Of a job that has ended nothing changes any more,
    until it is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._open = _opened(connection)
            self._known = _numbers(connection)
        self._newest = max(self._known, default=0)

    def look(self) -> list[Changed]:
        """What has changed since the last look, the oldest job first.

        Raises:
            TableError
        """
        with self._database.read() as connection:
            now = _opened(connection)
            found = {number: rows[0] for number, rows in now.items() if self._open.get(number) != rows}
            newer = select(*_JOB).where(jobs.c.id > self._newest)
            found |= {row.id: row for row in connection.execute(newer)}
            found |= _rows(connection, sorted(self._open.keys() - now.keys()))
            there = known = self._known | found.keys()
            if connection.execute(select(func.count()).select_from(jobs)).scalar_one() != len(known):
                there = _numbers(connection)
                # Of two hosts the later number may be committed first.
                found |= _rows(connection, sorted(there - known))
        # What came, or ended, between two of these questions must not be missed by the next look.
        unseen: dict[int, list[Any]] = {
            number: [] for number, row in found.items() if number not in now and row.status in _OPEN
        }
        self._open = now | unseen
        self._known = there
        self._newest = max(self._newest, *found, 0)
        changed = [Changed(*row[:4]) for number, row in found.items() if number in there]
        gone = [Changed(number, "", "", "", gone=True) for number in known - there]
        return sorted((*changed, *gone), key=lambda each: each.job)


def _opened(connection: Connection) -> dict[int, list[Any]]:
    """What is seen of the jobs that have not ended: a row for each delivery."""
    query = select(*_SEEN).outerjoin(deliveries).where(jobs.c.status.in_(_OPEN))
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query.order_by(deliveries.c.id)):
        found.setdefault(row.id, []).append(row)
    return found


def _numbers(connection: Connection) -> set[int]:
    return set(connection.execute(select(jobs.c.id)).scalars())


def _rows(connection: Connection, numbers: Sequence[int]) -> dict[int, Any]:
    """Of jobs that are not open any more, or never were seen so."""
    found: dict[int, Any] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        query = select(*_JOB).where(jobs.c.id.in_(numbers[start : start + _AT_ONCE]))
        found |= {row.id: row for row in connection.execute(query)}
    return found
