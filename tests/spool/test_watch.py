"""Whoever watches the job table misses no change, and is told of none that is not there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.board import Board
from sqlalchemy import Connection, insert, select

from printscp.errors import NoSuchJob, NotPossible
from printscp.film.printer import PrinterState
from printscp.spool import watch as watch_module
from printscp.spool.tables import jobs
from printscp.spool.watch import Changed, TableWatch


def test_each_change_is_seen_at_the_next_look_and_once(board: Board) -> None:
    ended = board.submit("1.2.1")
    board.taken().done("x")
    before = board.submit("1.2.2")
    watch = TableWatch(board.database)
    assert watch.look() == []

    def seen(act: Callable[[], object]) -> list[tuple[int, str, str]]:
        act()
        found = [(each.job, each.status, each.status_info) for each in watch.look()]
        assert watch.look() == []
        return found

    new = before + 1
    assert seen(lambda: board.submit("1.2.3")) == [(new, "PENDING", "QUEUED")]
    assert seen(lambda: board.queue.hold(before)) == [(before, "PENDING", "QUEUED")]
    assert seen(lambda: board.queue.prioritize(before, "HIGH")) == [(before, "PENDING", "QUEUED")]
    assert seen(lambda: board.queue.move(before, "ps")) == [(before, "PENDING", "QUEUED")]
    assert seen(lambda: board.taken()) == [(new, "PRINTING", "NORMAL")]
    assert seen(lambda: board.queue.cancel(before)) == [(before, "FAILURE", "UNKNOWN")]
    assert seen(lambda: board.queue.forget(ended)) == [(ended, "", "")]
    assert seen(lambda: board.queue.confirm("1.2.2")) == []


def test_what_came_and_ended_between_two_looks_is_seen(board: Board) -> None:
    watch = TableWatch(board.database)
    number = board.submit("1.2.1")
    board.taken().done("x")
    assert watch.look() == [Changed(number, "DONE", "NORMAL", "FILMS")]
    gone = board.submit("1.2.2")
    board.taken().done("x")
    board.queue.forget(gone)
    assert watch.look() == []


def test_what_comes_while_it_looks_is_seen_to_its_end(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = TableWatch(board.database)
    opened = watch_module._opened

    def slow(connection: Connection) -> dict[int, list[object]]:
        found = opened(connection)
        if not board.queue.jobs():
            board.submit("1.2.1")
        return found

    monkeypatch.setattr(watch_module, "_opened", slow)
    assert [(each.job, each.status) for each in watch.look()] == [(1, "PENDING")]
    board.taken().done("x")
    assert [(each.job, each.status) for each in watch.look()] == [(1, "DONE")]
    assert watch.look() == []


@pytest.mark.parametrize("status", ["PENDING", "DONE"])
def test_a_number_that_is_committed_late_is_seen(board: Board, status: str) -> None:
    """Of two hosts the later number may be there first."""
    late, number = board.submit("1.2.1"), board.submit("1.2.2")
    board.queue.cancel(late)
    board.queue.forget(late)
    watch = TableWatch(board.database)
    with board.database.write() as transaction:
        row = transaction.connection.execute(select(jobs).where(jobs.c.id == number)).one()
        values = {**row._mapping, "id": late, "uid": "1.2.1", "status": status}
        transaction.connection.execute(insert(jobs).values(values))
    assert watch.look() == [Changed(late, status, "QUEUED", "FILMS")]
    board.queue.hold(number)
    assert [each.job for each in watch.look() if each.job != late] == [number]


_ACTS: dict[str, Callable[[Board, int], object]] = {
    "submit": lambda board, n: board.submit(f"1.2.{board.now.timestamp():.0f}", "pdf", "ps"),
    "take": lambda board, n: board.take(),
    "done": lambda board, n: (claim := board.take()) and claim.done("x"),
    "away": lambda board, n: (claim := board.take()) and claim.postpone(PrinterState("WARNING", "X"), "y"),
    "hold": lambda board, n: board.queue.hold(n),
    "release": lambda board, n: board.queue.release(n),
    "cancel": lambda board, n: board.queue.cancel(n),
    "move": lambda board, n: board.queue.move(n, "tiff", of="ps"),
    "forget": lambda board, n: board.queue.forget(n),
}

_step = st.tuples(st.sampled_from(sorted(_ACTS)), st.integers(1, 4), st.booleans())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty job table on SQLite, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "jobs.sqlite"
    Board(f"sqlite:///{file}").database.close()
    return file


@contextmanager
def _board(empty: Path) -> Iterator[Board]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        copy(empty, folder)
        board = Board(f"sqlite:///{folder}/{empty.name}")
        patch.setattr("printscp.spool.database.Database._now", lambda *_: board.now)
        yield board
        board.database.close()


@settings(max_examples=12)
@given(data=st.data())
def test_whoever_goes_by_changes_has_the_table(data: st.DataObject, empty: Path) -> None:
    """Whatever is done, in whatever order, and however seldom he looks."""
    with _board(empty) as board:
        watch = TableWatch(board.database)
        mirror: dict[int, tuple[str, str]] = {}
        for name, number, looks in data.draw(st.lists(_step, min_size=8, max_size=20)):
            with suppress(NotPossible, NoSuchJob):
                _ACTS[name](board, number)
            board.after(60)
            if looks:
                for each in watch.look():
                    mirror[each.job] = each.status, each.status_info
                    if each.gone:
                        del mirror[each.job]
                assert mirror == {each.id: (each.status, each.status_info) for each in board.queue.jobs()}
