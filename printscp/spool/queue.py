"""The job table: the queue is the rows that are not ended, the record is all of them.

A worker takes a job under a name of its own (`holder`), and only the holder may end it. Whoever learns that a
worker has died gives its job back; a job that keeps breaking its worker is given up after some attempts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import DatabaseError

from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job, JobFilm
from printscp.film.sheet import Order


class StatusInfo(StrEnum):
    """Those terms of Execution Status Info (2100,0030; PS3.3 C.13.8 and C.13.9.1) that jobs come to."""

    QUEUED = "QUEUED"
    NORMAL = "NORMAL"
    CHECK_PRINTER = "CHECK PRINTER"
    INVALID_PAGE_DES = "INVALID PAGE DES"
    ELEC_SW_ERROR = "ELEC SW ERROR"


_VERSION = 3  # of the table's layout; 1 does not say so
TableError = DatabaseError
"""The database of the job table does not work, or has no room."""

_metadata = MetaData()
_jobs = Table(
    "job",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("uid", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("status_info", String(16), nullable=False),
    Column("info", String, nullable=False, default=""),
    Column("printer_name", String(16), nullable=False),
    Column("originator", String(16), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("medium", String(16), nullable=False),
    Column("destination", String(16), nullable=False),
    Column("label", String(64), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("order_remarks", JSON, nullable=False),
    Column("films", JSON, nullable=False),
    Column("remarks", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("holder", String(64)),
    Column("not_before", DateTime, nullable=False),
    Column("created", DateTime, nullable=False),
    Column("finished", DateTime),
    Column("outputs", JSON, nullable=False, default=()),
    Column("confirmed", Boolean, nullable=False, default=False),
    Index("job_next", "status", "rank", "id"),
    Index("job_last", "status", "finished", "id"),
    sqlite_autoincrement=True,  # a number is never used twice: outputs are named after it
)
_INSERT = insert(_jobs)
_RANK = {"HIGH": 0, "MED": 1, "LOW": 2}
_PENDING, _PRINTING, _DONE, _FAILURE = ExecutionStatus
_LAST_DONE = (
    select(_jobs.c.films).where(_jobs.c.status == _DONE).order_by(_jobs.c.finished.desc(), _jobs.c.id.desc())
)
_LONGEST_PAUSE = 60.0  # seconds between tries of a delivery that cannot be made for now
_AT_ONCE = 64  # jobs whose sheets are given up at a time, more than there are workers


class JobQueue:
    """The job table of a spool folder, on SQLite; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open or make it.

        Raises:
            SetupError: it cannot be used.
        """
        self._engine = create_engine(
            f"sqlite:///{folder / 'jobs.sqlite'}", connect_args={"timeout": 30, "isolation_level": None}
        )
        event.listen(self._engine, "connect", _prepare)
        try:
            with self._transaction() as connection:
                usable = _lay_out(connection)
        except TableError as error:
            raise SetupError(f"spool {folder}: {error.orig}") from error
        if not usable:
            self.close()
            raise SetupError(
                f"spool {folder}: its jobs are those of another version of printscp; "
                "let that version print them, or give another folder"
            )

    def close(self) -> None:
        """Let go of the database files."""
        self._engine.dispose()

    def submit(self, uid: str, order: Order, films: Sequence[JobFilm], remarks: Sequence[str]) -> int:
        """Enter a job whose sheets are on disk; ``remarks`` are those of its films. Returns its number."""
        now = _now()
        fields = {key: value for key, value in vars(order).items() if key != "remarks"}
        row = fields | {
            "uid": uid,
            "status": _PENDING,
            "status_info": StatusInfo.QUEUED,
            "rank": _RANK[order.priority],
            "order_remarks": order.remarks,
            "films": [asdict(film) for film in films],
            "remarks": [*order.remarks, *remarks],
            "not_before": now,
            "created": now,
        }
        with self._transaction() as connection:
            result = connection.execute(_INSERT, row)
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def find(self, uid: str, printer_name: str) -> Job | None:
        """The job of that UID that a printer has, unless its end was confirmed."""
        wanted = (_jobs.c.uid == uid) & (_jobs.c.printer_name == printer_name) & ~_jobs.c.confirmed
        # A read of its own: whoever asks again and again must not hold up those who write.
        with self._engine.connect() as connection:
            row = connection.execute(select(_jobs).where(wanted)).one_or_none()
        return None if row is None else _job(row)

    def confirm(self, uid: str) -> None:
        """Its SCU knows how a job ended; no word of one that has not."""
        ended = _jobs.c.status.in_((_DONE, _FAILURE))
        with self._transaction() as connection:
            connection.execute(update(_jobs).where(_jobs.c.uid == uid, ended).values(confirmed=True))

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
            values = {
                "status": _PRINTING,
                "status_info": StatusInfo.NORMAL,
                "info": "",
                "holder": holder,
                "attempts": _jobs.c.attempts + 1,
            }
            return _change(connection, _jobs.c.id == number, values)

    def next_due(self) -> float | None:
        """Seconds until a waiting job may be taken; None where nothing waits."""
        query = (
            select(_jobs.c.not_before).where(_jobs.c.status == _PENDING).order_by(_jobs.c.not_before).limit(1)
        )
        with self._transaction() as connection:
            due = connection.execute(query).scalar()
        return None if due is None else max(0.0, (due - _now()).total_seconds())

    def done(self, job: Job, holder: str, outputs: Sequence[str], remarks: Sequence[str] = ()) -> Job | None:
        """The films are out, and ``remarks`` come to those the job has.

        Returns the job as it is now, as `fail` and `postpone` do, or None: the job is no longer the
        holder's, and nothing is recorded.
        """
        values = {
            "status": _DONE,
            "status_info": StatusInfo.NORMAL,
            "finished": _now(),
            "outputs": outputs,
            "remarks": [*job.remarks, *remarks],
        }
        return self._end(job, holder, values)

    def fail(self, job: Job, holder: str, status_info: StatusInfo, info: str) -> Job | None:
        """The films cannot be printed, ever."""
        values = {"status": _FAILURE, "status_info": status_info, "info": info, "finished": _now()}
        return self._end(job, holder, values)

    def postpone(self, job: Job, holder: str, info: str, pause: float) -> Job | None:
        """The films cannot be delivered for now, through no fault of their own: this was no attempt.

        The other jobs of that printer wait too, and half as long: one of them is tried before this one.
        """
        pause = min(pause, _LONGEST_PAUSE)
        values = {
            "status": _PENDING,
            "status_info": StatusInfo.CHECK_PRINTER,
            "info": info,
            "not_before": _now() + timedelta(seconds=pause),
            "attempts": _jobs.c.attempts - 1,
        }
        half = _now() + timedelta(seconds=pause / 2)
        of_printer = (_jobs.c.status == _PENDING) & (_jobs.c.printer_name == job.order.printer_name)
        early = of_printer & (_jobs.c.not_before < half)
        with self._transaction() as connection:
            postponed = _change(connection, _held(job, holder), values | {"holder": None})
            if postponed is not None:
                connection.execute(update(_jobs).where(early).values(not_before=half))
        return postponed

    def recover(self) -> None:
        """At the start of a printer that is alone with its spool: what was being printed waits again.

        It stopped with the whole printer, so this was no attempt of its own.
        """
        values = {
            "status": _PENDING,
            "status_info": StatusInfo.QUEUED,
            "holder": None,
            "attempts": _jobs.c.attempts - 1,
        }
        with self._transaction() as connection:
            connection.execute(update(_jobs).where(_jobs.c.status == _PRINTING).values(values))

    def give_back(self, holder: str, attempts: int, reason: str) -> list[Job]:
        """The job of a worker that died waits again; after that many attempts it is given up.

        Returns what has changed, as it is now.
        """
        held = (_jobs.c.status == _PRINTING) & (_jobs.c.holder == holder)
        again = {"status": _PENDING, "status_info": StatusInfo.QUEUED, "info": reason, "holder": None}
        worn = {
            "status": _FAILURE,
            "status_info": StatusInfo.ELEC_SW_ERROR,
            "info": f"given up after {attempts} attempts: {reason}",
            "holder": None,
            "finished": _now(),
        }
        with self._transaction() as connection:
            numbers = connection.execute(select(_jobs.c.id, _jobs.c.attempts).where(held)).all()
            changed = [
                _change(connection, _jobs.c.id == number, worn if tried >= attempts else again)
                for number, tried in numbers
            ]
        return [job for job in changed if job is not None]

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self._transaction() as connection:
            return [_job(row) for row in connection.execute(select(_jobs).order_by(_jobs.c.id))]

    def wanted_sheets(self, keep: int) -> set[str]:
        """Names of the sheets that are needed: of jobs not done, and of the last ``keep`` that are."""
        waiting = select(_jobs.c.films).where(_jobs.c.status != _DONE)
        return self._sheets(waiting) | self._sheets(_LAST_DONE.limit(keep))

    def spent_sheets(self, keep: int) -> set[str]:
        """Names of sheets that are needed no more since ``keep`` jobs were done after theirs: of the latest
        such jobs only, as those before were spent earlier."""
        return self._sheets(_LAST_DONE.offset(keep).limit(_AT_ONCE))

    def _sheets(self, query: Select[tuple[Any]]) -> set[str]:
        with self._engine.connect() as connection:
            return {film["sheet"] for films in connection.execute(query).scalars() for film in films}

    def _end(self, job: Job, holder: str, values: dict[str, Any]) -> Job | None:
        with self._transaction() as connection:
            return _change(connection, _held(job, holder), values | {"holder": None})

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


def film_remarks(films: Sequence[Sequence[str]]) -> list[str]:
    """Remarks of a job's films, each with the number of its film where there are several."""
    if len(films) == 1:
        return list(films[0])
    return [f"film {number}: {remark}" for number, film in enumerate(films, start=1) for remark in film]


def _prepare(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit is on disk when it returns, so the N-ACTION reply may go out.
    connection.execute("PRAGMA synchronous=FULL")


def _lay_out(connection: Connection) -> bool:
    """Make the table where there is none; False if there is one of another layout."""
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0:
        _metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={_VERSION}")
    return connection.exec_driver_sql("PRAGMA user_version").scalar() == _VERSION


def _held(job: Job, holder: str) -> ColumnElement[bool]:
    return (_jobs.c.id == job.id) & (_jobs.c.holder == holder) & (_jobs.c.status == _PRINTING)


def _change(connection: Connection, which: ColumnElement[bool], values: dict[str, Any]) -> Job | None:
    """Change the job that the condition finds, if there is one; returns it as it is then."""
    number = connection.execute(select(_jobs.c.id).where(which)).scalar()
    if number is None:
        return None
    connection.execute(update(_jobs).where(_jobs.c.id == number).values(values))
    return _job(connection.execute(select(_jobs).where(_jobs.c.id == number)).one())


def _now() -> datetime:
    """UTC without a zone, as SQLite keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        uid=row.uid,
        status=ExecutionStatus(row.status),
        status_info=row.status_info,
        info=row.info,
        order=Order(
            copies=row.copies,
            priority=row.priority,
            medium=row.medium,
            destination=row.destination,
            label=row.label,
            owner=row.owner,
            printer_name=row.printer_name,
            originator=row.originator,
            remarks=tuple(row.order_remarks),
        ),
        films=tuple(JobFilm(**film) for film in row.films),
        remarks=tuple(row.remarks),
        attempts=row.attempts,
        created=row.created.replace(tzinfo=UTC),
        finished=row.finished and row.finished.replace(tzinfo=UTC),
        outputs=tuple(row.outputs),
        confirmed=row.confirmed,
    )
