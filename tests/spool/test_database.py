"""The database: made, brought to this version, refused where that cannot be."""

import ast
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from peers.board import Board
from peers.postgresql import PostgreSQL
from sqlalchemy import create_engine

from printscp.errors import SetupError
from printscp.film.job import DeliveryState, ExecutionStatus
from printscp.spool import migrations
from printscp.spool.database import Database, TableError
from printscp.spool.rows import NEWEST
from printscp.spool.tables import metadata

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
WAITING, HELD, SENDING, SENT, DELIVERED, FAILED, CANCELLED = DeliveryState
OLD = Path(__file__).parent / "data" / "version3.sql"


def old_table(folder: Path) -> str:
    connection = sqlite3.connect(folder / "jobs.sqlite")
    connection.executescript(OLD.read_text())
    connection.close()
    return f"sqlite:///{folder / 'jobs.sqlite'}"


def table_of_version(revision: str, url: str) -> None:
    """What a printer of that version left."""
    config = Config(attributes={"connection": None})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def differences(database: Database) -> list[object]:
    """What was made that the tables do not say, and the other way round."""
    options = {"compare_type": True, "compare_server_default": True}
    with database.read() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@pytest.mark.parametrize("revision", ["", "0001", "0002"])
def test_tables_are_the_same_made_at_once_or_brought_along(url: str, revision: str) -> None:
    if revision:
        table_of_version(revision, url)
    database = Database(url)
    assert differences(database) == []
    assert len(database.identity) == 8
    with database.read() as connection:
        made = MigrationContext.configure(connection)
        assert made.get_current_revision() == NEWEST
        if database.is_sqlite:  # or numbers of jobs would be used again
            asked = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
            assert {*connection.exec_driver_sql(asked).scalars()} == {"job", "delivery", "news"}
    database.close()


def test_the_newest_version_is_the_last_of_the_folder() -> None:
    files = sorted((Path(migrations.__file__).parent / "versions").glob("[0-9]*.py"))
    revisions = [
        ast.literal_eval(node.value)
        for node in ast.parse(files[-1].read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "revision"
    ]
    assert revisions == [NEWEST]


def test_jobs_of_the_version_before_migrations_are_brought_along(tmp_path: Path) -> None:
    board = Board(old_table(tmp_path))
    assert differences(board.database) == []
    found = {job.id: job for job in board.queue.jobs()}
    assert {number: job.status for number, job in found.items()} == {
        1: FAILURE,
        2: DONE,
        3: PENDING,
        4: PENDING,  # it was being printed, by a worker that is gone
    }
    assert found[2].outputs == ("/films/2.pdf", "/films/2.tiff")
    assert found[2].confirmed
    assert found[2].remarks == ("Größe ignored", "not trimmed")
    [failed] = found[1].deliveries
    assert (failed.state, failed.status_info, failed.info) == (FAILED, "ELEC SW ERROR", "damaged")
    assert board.queue.wanted_sheets() == {f"1.2.{i}-1" for i in range(4)}
    board.queue.route(lambda *_: ("pdf",))
    assert [board.taken().job.id, board.taken().job.id] == [4, 3]  # MED, and then LOW
    assert board.submit("1.2.9") == 5
    board.database.close()


def test_many_may_bring_it_along_at_once(tmp_path: Path, url: str) -> None:
    if url.startswith("sqlite"):
        url = old_table(tmp_path)
    faults: list[Exception] = []

    def open_it() -> None:
        try:
            Database(url).close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.parametrize("version", [0, 2, 4])
def test_a_table_of_an_unknown_version_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "jobs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, sop_instance_uid VARCHAR(64))")
    connection.execute(f"PRAGMA user_version={version}")
    connection.commit()
    schema = connection.execute("SELECT * FROM sqlite_master").fetchall()
    with pytest.raises(SetupError, match="another version of printscp") as caught:
        Database(f"sqlite:///{path}")
    assert str(path) in str(caught.value)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == schema
    connection.close()


def test_a_table_of_a_newer_version_is_refused(url: str) -> None:
    Database(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(SetupError, match="newer version of printscp"):
        Database(url)


def test_what_is_no_database_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"a letter to the editor" * 100)
    with pytest.raises(SetupError, match="not a database") as caught:
        Database(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_said_in_one_line_without_its_password() -> None:
    with pytest.raises(SetupError, match=r"127\.0\.0\.1") as caught:
        Database("postgresql+psycopg://films:s3cret@127.0.0.1:9/films")
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_every_commit_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    with database.write() as transaction:
        asked = transaction.connection.exec_driver_sql
        assert asked("PRAGMA synchronous").scalar() == 2  # FULL
        assert asked("PRAGMA journal_mode").scalar() == "wal"
        assert asked("PRAGMA secure_delete").scalar() == 1
    database.close()


def test_an_error_inside_a_transaction_changes_nothing(board: Board) -> None:
    board.submit("1.2.3")
    with pytest.raises(TableError, match=r"(?i)unique"):
        board.submit("1.2.3")
    assert len(board.queue.jobs()) == 1
    assert board.submit("1.2.4") > 1


def test_the_time_is_that_of_the_database(url: str) -> None:
    database = Database(url)
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    with database.write() as first, database.read():
        pass
    with database.write() as second:
        pass
    assert before < first.now < second.now < before + timedelta(seconds=60)
    database.close()


@pytest.mark.peer("postgres")
def test_a_server_that_comes_back_is_used_again() -> None:
    with PostgreSQL() as cluster:
        board = Board(cluster.database())
        board.submit("1.2.3")
        cluster.stop()
        with pytest.raises(TableError):
            board.submit("1.2.4")
        with pytest.raises(TableError):
            board.queue.find("1.2.3", "FILMS")
        cluster.start()
        assert board.taken().job.uid == "1.2.3"
        board.submit("1.2.4")
        board.database.close()
