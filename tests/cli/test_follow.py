"""Following jobs: nothing that becomes of them is missed, however much happens between two looks."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from peers.board import Board

from printscp.cli import follow
from printscp.errors import NoSuchJob
from printscp.film.job import ExecutionStatus, Job

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    monkeypatch.setattr(follow.time, "sleep", lambda _: None)
    board = Board(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    yield board
    board.database.close()


def some(changes: Iterator[Job], count: int) -> list[tuple[int, ExecutionStatus]]:
    return [(job.id, job.status) for job in islice(changes, count)]


def test_only_what_changes_is_told(board: Board) -> None:
    one, two = board.submit("1.1"), board.submit("1.2")
    changes = follow.Follower(board.queue).changes()
    board.queue.hold(two)
    assert some(changes, 1) == [(two, PENDING)]
    claim = board.taken()
    assert some(changes, 1) == [(one, PRINTING)]
    claim.done("x")
    board.queue.release(two)
    assert some(changes, 2) == [(one, DONE), (two, PENDING)]


def test_jobs_that_come_and_end_between_two_looks_are_told(board: Board) -> None:
    board.submit("1.1")
    changes = follow.Follower(board.queue).changes()
    board.taken().done("x")
    for number in range(2, 60):
        board.submit(f"1.{number}")
        board.taken().done("x")
    assert some(changes, 59) == [(number, DONE) for number in range(1, 60)]
    late = board.submit("1.60")
    assert some(changes, 1) == [(late, PENDING)]


def test_a_job_that_is_purged_is_told_no_more(board: Board) -> None:
    one, two = board.submit("1.1"), board.submit("1.2")
    changes = follow.Follower(board.queue).changes()
    board.queue.cancel(one)
    board.queue.forget(one)
    board.queue.cancel(two)
    assert some(changes, 1) == [(two, FAILURE)]


def test_a_job_is_followed_until_it_ends_or_is_purged(board: Board) -> None:
    one = board.job(board.submit("1.1"))
    board.taken().done("x")
    assert [job.status for job in follow.until_ended(board.queue, one)] == [DONE]
    assert list(follow.until_ended(board.queue, board.job(one.id))) == []
    board.queue.forget(one.id)
    with pytest.raises(NoSuchJob, match="purged"):
        list(follow.until_ended(board.queue, one))
