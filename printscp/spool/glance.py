"""A look at a job table on SQLite, for commands that only show it.

To load what `printscp.spool.queue` needs takes about as long as `printscp jobs` may take in all.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from printscp.errors import SetupError
from printscp.film.job import Delivery, ExecutionStatus, Job
from printscp.film.printer import PrinterState
from printscp.spool.rows import NEWEST, NOT_NEWEST, OutputState, delivery_of, job_of

# How columns that are of no type of SQLite stand there.
_TYPES: dict[str, Callable[[Any], Any]] = {
    "films": json.loads,
    "remarks": json.loads,
    "order_remarks": json.loads,
    "created": datetime.fromisoformat,
    "finished": datetime.fromisoformat,
    "confirmed": bool,
}

_FEW = 500  # jobs that are named one by one


class Glance:
    """What `printscp.spool.queue.JobQueue` shows, by the same names."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def jobs(self, last: int | None = None, statuses: Collection[ExecutionStatus] = ()) -> list[Job]:
        """Jobs, oldest first: all, or the ``last`` so many, or of those ``statuses``."""
        marks = ", ".join("?" * len(statuses))
        where = f"WHERE status IN ({marks})" if statuses else ""
        rows = self._rows(
            f"SELECT * FROM job {where} ORDER BY id DESC LIMIT ?", *statuses, -1 if last is None else last
        )
        return self._with_deliveries(rows[::-1])

    def job(self, number: int) -> Job | None:
        """The job of that number."""
        found = self._with_deliveries(self._rows("SELECT * FROM job WHERE id = ?", number))
        return found[0] if found else None

    def counts(self) -> dict[ExecutionStatus, int]:
        """How many jobs there are, by status."""
        rows = self._rows("SELECT status, count(*) AS jobs FROM job GROUP BY status")
        return {ExecutionStatus(row.status): row.jobs for row in rows}

    def conditions(self) -> dict[str, OutputState]:
        """Of outputs that something is the matter with, by name."""
        rows = self._rows("SELECT * FROM output WHERE status_info != 'NORMAL'")
        return {row.name: OutputState(PrinterState(row.status, row.status_info), row.info) for row in rows}

    def _with_deliveries(self, rows: list[Any]) -> list[Job]:
        of_job: dict[int, list[Delivery]] = {row.id: [] for row in rows}
        if len(rows) <= _FEW:  # of one status they may lie far apart
            numbers = f"IN ({', '.join(map(str, of_job))})"
        else:
            numbers = f"BETWEEN {min(of_job)} AND {max(of_job)}"
        for row in self._rows(f"SELECT * FROM delivery WHERE job_id {numbers} ORDER BY id"):
            if row.job_id in of_job:
                of_job[row.job_id].append(delivery_of(row))
        return [job_of(row, of_job[row.id]) for row in rows]

    def _rows(self, query: str, *values: Any) -> list[Any]:
        cursor = self._connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        types = [(name, _TYPES[name]) for name in names if name in _TYPES]
        rows = []
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            row |= {name: of(row[name]) for name, of in types if row[name] is not None}
            rows.append(SimpleNamespace(**row))
        return rows


@contextmanager
def glance(file: Path) -> Iterator[Glance]:
    """Look at a job table.

    Raises:
        SetupError: it cannot be read, or is of another version.
    """
    place = f"job table {file}"
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            version = found and connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if version != (NEWEST,):
                raise SetupError(f"{place}: {NOT_NEWEST}")
            yield Glance(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SetupError(f"{place}: {error}") from error
