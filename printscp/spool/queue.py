"""The job table: the queue is the rows that are not ended, the record is all of them.

A worker takes a job under a name of its own (`holder`), and only the holder may end it. Whoever learns that a
worker has died gives its job back; a job that keeps breaking its worker is given up after some attempts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Update,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import DatabaseError

from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job
from printscp.film.sheet import Sheet

_metadata = MetaData()
_jobs = Table(
    "job",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sop_instance_uid", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("info", String, nullable=False, default=""),
    Column("priority", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("film_size", String(16), nullable=False),
    Column("display_format", String, nullable=False),
    Column("images", Integer, nullable=False),
    Column("printer_name", String(64), nullable=False),
    Column("originator", String(16), nullable=False),
    Column("remarks", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("holder", String(64)),
    Column("not_before", DateTime, nullable=False),
    Column("created", DateTime, nullable=False),
    Column("finished", DateTime),
    Column("output", String),
    Index("job_next", "status", "rank", "id"),
    sqlite_autoincrement=True,  # a number is never used twice: outputs are named after it
)
_RANK = {"HIGH": 0, "MED": 1, "LOW": 2}
_PENDING, _PRINTING = ExecutionStatus.PENDING, ExecutionStatus.PRINTING
_LONGEST_PAUSE = 60  # seconds between tries of a delivery that cannot be made for now


class JobQueue:
    """The job table of a spool folder, on SQLite; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._engine = create_engine(
            f"sqlite:///{folder / 'jobs.sqlite'}", connect_args={"timeout": 30, "isolation_level": None}
        )
        event.listen(self._engine, "connect", _prepare)
        try:
            with self._transaction() as connection:
                _metadata.create_all(connection)
        except DatabaseError as error:
            raise SetupError(f"spool {folder}: {error.orig}") from error

    def close(self) -> None:
        """Let go of the database files."""
        self._engine.dispose()

    def submit(self, sop_instance_uid: str, sheet: Sheet) -> int:
        """Enter a job for a sheet that is on disk under that UID; returns its number."""
        now = _now()
        row = {
            "sop_instance_uid": sop_instance_uid,
            "status": _PENDING,
            "priority": sheet.priority,
            "rank": _RANK[sheet.priority],
            "copies": sheet.copies,
            "film_size": sheet.film_size,
            "display_format": sheet.display_format,
            "images": len(sheet.images),
            "printer_name": sheet.printer_name,
            "originator": sheet.originator,
            "remarks": list(sheet.remarks),
            "not_before": now,
            "created": now,
        }
        with self._transaction() as connection:
            result = connection.execute(insert(_jobs).values(row))
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def take(self, holder: str) -> Job | None:
        """The next job that is due, by priority and then age; it is PRINTING from now on."""
        with self._transaction() as connection:
            due = (
                select(_jobs.c.id)
                .where(_jobs.c.status == _PENDING, _jobs.c.not_before <= _now())
                .order_by(_jobs.c.rank, _jobs.c.id)
                .limit(1)
            )
            number = connection.execute(due).scalar()
            if number is None:
                return None
            connection.execute(
                update(_jobs)
                .where(_jobs.c.id == number)
                .values(status=_PRINTING, holder=holder, attempts=_jobs.c.attempts + 1)
            )
            row = connection.execute(select(_jobs).where(_jobs.c.id == number)).one()
        return _job(row)

    def next_due(self) -> float | None:
        """Seconds until a waiting job may be taken; None where nothing waits."""
        query = (
            select(_jobs.c.not_before).where(_jobs.c.status == _PENDING).order_by(_jobs.c.not_before).limit(1)
        )
        with self._transaction() as connection:
            due = connection.execute(query).scalar()
        return None if due is None else max(0.0, (due - _now()).total_seconds())

    def done(self, job: Job, holder: str, output: str) -> bool:
        """The film is out. False if the job is no longer the holder's, and nothing is recorded."""
        values = {"status": ExecutionStatus.DONE, "info": "", "finished": _now(), "output": output}
        return self._end(job, holder, values)

    def fail(self, job: Job, holder: str, info: str) -> bool:
        """The film cannot be printed, ever."""
        return self._end(job, holder, {"status": ExecutionStatus.FAILURE, "info": info, "finished": _now()})

    def postpone(self, job: Job, holder: str, info: str, pause: float) -> bool:
        """The film cannot be delivered for now, through no fault of its own: this was no attempt."""
        later = _now() + timedelta(seconds=min(pause, _LONGEST_PAUSE))
        values = {"status": _PENDING, "info": info, "not_before": later, "attempts": _jobs.c.attempts - 1}
        return self._end(job, holder, values)

    def recover(self) -> None:
        """At the start of a printer that is alone with its spool: what was being printed waits again.

        It stopped with the whole printer, so this was no attempt of its own.
        """
        values = {"status": _PENDING, "holder": None, "attempts": _jobs.c.attempts - 1}
        with self._transaction() as connection:
            connection.execute(update(_jobs).where(_jobs.c.status == _PRINTING).values(values))

    def give_back(self, holder: str, attempts: int, reason: str) -> None:
        """The job of a worker that died waits again; after that many attempts it is given up."""
        held = (_jobs.c.status == _PRINTING) & (_jobs.c.holder == holder)
        worn = f"given up after {attempts} attempts: {reason}"
        with self._transaction() as connection:
            connection.execute(
                update(_jobs)
                .where(held, _jobs.c.attempts >= attempts)
                .values(status=ExecutionStatus.FAILURE, info=worn, holder=None, finished=_now())
            )
            connection.execute(update(_jobs).where(held).values(status=_PENDING, info=reason, holder=None))

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self._transaction() as connection:
            return [_job(row) for row in connection.execute(select(_jobs).order_by(_jobs.c.id))]

    def unfinished_sheets(self) -> set[str]:
        """Names of the sheets that are still needed: of films not printed, and of those given up."""
        query = select(_jobs.c.sop_instance_uid).where(_jobs.c.status != ExecutionStatus.DONE)
        with self._transaction() as connection:
            return set(connection.execute(query).scalars())

    def _end(self, job: Job, holder: str, values: dict[str, Any]) -> bool:
        statement: Update = (
            update(_jobs)
            .where(_jobs.c.id == job.id, _jobs.c.holder == holder, _jobs.c.status == _PRINTING)
            .values(holder=None, **values)
        )
        with self._transaction() as connection:
            return connection.execute(statement).rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        # BEGIN IMMEDIATE: a transaction that starts by reading must not lose its snapshot to another's write.
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")


def _prepare(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit is on disk when it returns, so the N-ACTION reply may go out.
    connection.execute("PRAGMA synchronous=FULL")


def _now() -> datetime:
    """UTC without a zone, as SQLite keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        sop_instance_uid=row.sop_instance_uid,
        status=ExecutionStatus(row.status),
        info=row.info,
        priority=row.priority,
        copies=row.copies,
        film_size=row.film_size,
        display_format=row.display_format,
        images=row.images,
        printer_name=row.printer_name,
        originator=row.originator,
        remarks=tuple(row.remarks),
        attempts=row.attempts,
        created=row.created.replace(tzinfo=UTC),
        finished=row.finished and row.finished.replace(tzinfo=UTC),
        output=row.output,
    )
