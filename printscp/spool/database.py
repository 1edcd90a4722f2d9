"""The database of the job table: SQLite in the spool folder, or PostgreSQL for several hosts."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from printscp.errors import SetupError
from printscp.spool.drafts import private_file
from printscp.spool.migrations import expect_newest, upgrade
from printscp.spool.tables import identity

TableError = DBAPIError
"""The database of the job table does not work, cannot be reached, or has no room."""

_MANY = -1  # connections: as many as there are threads that need one
_SQLITE_PATIENCE = 15.0  # seconds to wait for the transaction of another process; SCUs wait for 30 or more
_PATIENCE_WITH_A_SERVER = {  # one that is cut off says nothing: left alone, that lasts a quarter of an hour
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


@dataclass(frozen=True)
class Transaction:
    """``now`` is the database's time, UTC without a zone: hosts need not agree on theirs."""

    connection: Connection
    now: datetime


class Database:
    """The tables, up to date; safe to use from several threads and processes."""

    def __init__(self, url: str, make: bool = True) -> None:
        """Open them; with ``make`` they are made where there are none, and brought to this version.

        Raises:
            SetupError: it cannot be used.
        """
        self._engine = _engine(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        try:
            if make:
                if self.is_sqlite:
                    with suppress(OSError):  # it is there, or its folder is not, as is said next
                        private_file(Path(self._engine.url.database or "")).close()
                upgrade(self._engine)
            else:
                expect_newest(self._engine)
            _ = self.identity  # now, rather than with the first film
        except (TableError, SetupError) as error:
            self.close()
            why = str(error) if isinstance(error, SetupError) else reason(error)
            raise SetupError(f"{self.place}: {why}") from error

    @property
    def place(self) -> str:
        """Where it is, in words for people, without a password."""
        url = self._engine.url
        return f"job table {url.database}" if self.is_sqlite else f"job table {url.render_as_string()}"

    @cached_property
    def identity(self) -> str:
        """The name of this job table."""
        with self.read() as connection:
            return str(connection.execute(select(identity.c.id)).scalar_one())

    def close(self) -> None:
        """Let go of files and connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """To look only: whoever asks again and again does not hold up those who write."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that is on disk when the block ends, or leaves nothing."""
        with self._engine.connect() as connection:
            # IMMEDIATE: one that starts by reading must not lose its snapshot to another's write.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
            try:
                yield Transaction(connection, self._now(connection))
            except BaseException:
                # The first error is what is told: by now the connection may be gone, or all undone already.
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    def _now(self, connection: Connection) -> datetime:
        if self.is_sqlite:
            return _now()
        now: datetime = connection.exec_driver_sql("SELECT clock_timestamp() AT TIME ZONE 'utc'").scalar_one()
        return now


def insert_or_update(connection: Connection, table: Table) -> Any:
    """An INSERT of the database's own kind, which can go on as an update."""
    # Late: a process loads its own kind, not both.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def reason(error: DBAPIError) -> str:
    """What the database says is wrong, in one line."""
    return str(error.orig).strip().partition("\n")[0]


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            connect = {"timeout": _SQLITE_PATIENCE, "isolation_level": None}
            engine = create_engine(parsed, connect_args=connect, max_overflow=_MANY)
            event.listen(engine, "connect", _prepare)
            return engine
        # AUTOCOMMIT: begin and commit are said here, for both databases in the same way.
        return create_engine(
            parsed,
            isolation_level="AUTOCOMMIT",
            pool_pre_ping=True,
            max_overflow=_MANY,
            connect_args=_PATIENCE_WITH_A_SERVER,
        )
    except ArgumentError as error:
        raise SetupError("database: is no URL that SQLAlchemy understands") from error
    except ModuleNotFoundError as error:
        raise SetupError(
            f"database: {error.name} is missing: install it with pip install 'printscp[postgresql]'"
        ) from error


def _prepare(connection: Any, _: Any) -> None:
    _use_wal(connection)
    # FULL: a commit is on disk when it returns, so the N-ACTION reply may go out.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # a record that is deleted may name a patient


def _use_wal(connection: Any) -> None:
    """Switch to a write-ahead log; who does so waits for nobody by himself, if several do at once."""
    deadline = time.monotonic() + _SQLITE_PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
