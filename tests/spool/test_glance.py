"""A look at the job table shows what the queue shows."""

from pathlib import Path

import pytest
from peers.board import Board

from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus
from printscp.film.printer import PrinterState
from printscp.spool.glance import glance

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Jobs in each state there is."""
    board = Board(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    for number in range(6):
        board.submit(f"1.2.{number}", "pdf", "ipp", priority="LOW" if number == 4 else "MED")
    board.taken(pdf=0).done("/films/1.pdf", ["film 1: not trimmed"])
    board.taken(ipp=0).done("ipp://x")
    board.queue.confirm("1.2.0")
    board.taken(pdf=0).fail("UNKNOWN", "odd")
    sent = board.taken(ipp=0)
    sent.remember("77")
    sent.sent("ipp://x", "77", [], 1)
    board.taken(pdf=0)
    board.taken(ipp=0).postpone(PrinterState("WARNING", "SUPPLY EMPTY"), "out of film")
    board.queue.hold(4)
    board.queue.cancel(5)
    return board


def test_it_shows_the_same(board: Board, tmp_path: Path) -> None:
    queue = board.queue
    with glance(tmp_path / "jobs.sqlite") as seen:
        assert seen.jobs() == queue.jobs()
        assert seen.jobs(last=2) == queue.jobs(last=2)
        assert seen.jobs(statuses=[DONE, FAILURE]) == queue.jobs(statuses=[DONE, FAILURE]) != []
        assert seen.jobs(last=1, statuses=[PENDING]) == queue.jobs(last=1, statuses=[PENDING])
        assert [seen.job(number) for number in range(8)] == [queue.job(number) for number in range(8)]
        assert seen.counts() == queue.counts()
        assert seen.conditions() == queue.conditions() != {}
        board.submit("1.2.9")
        assert seen.jobs(last=1) == queue.jobs(last=1)  # the next look sees what came
    board.database.close()


def test_jobs_that_lie_far_apart_are_shown_with_their_deliveries(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with glance(tmp_path / "jobs.sqlite") as seen:
        for few in (0, 1, 2, 500):
            monkeypatch.setattr("printscp.spool.glance._FEW", few)
            assert seen.jobs(statuses=[FAILURE]) == board.queue.jobs(statuses=[FAILURE]) != []
            assert seen.jobs(statuses=[]) == board.queue.jobs()
    board.database.close()


def test_what_cannot_be_read_is_said_in_one_line(board: Board, tmp_path: Path) -> None:
    with board.database.write() as transaction:
        transaction.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    board.database.close()
    (tmp_path / "letter").write_bytes(b"a letter to the editor" * 100)
    for name, words in (
        ("jobs.sqlite", "start the printer first"),
        ("letter", "not a database"),
        ("none", "unable to open"),
    ):
        with pytest.raises(SetupError, match=words) as caught, glance(tmp_path / name):
            pass
        assert str(tmp_path / name) in str(caught.value)
