"""Dialogues are kept with their jobs, on both databases, and go when the films go."""

from pathlib import Path

from peers.board import Board

from printscp.spool.dialogues import Dialogues
from printscp.spool.folder import Spool


def ended(board: Board, uid: str) -> int:
    number = board.submit(uid)
    board.taken().done("x")
    return number


def test_a_dialogue_is_kept_with_its_job_as_far_as_it_has_come(board: Board) -> None:
    dialogues = Dialogues(board.database)
    first, second = board.submit("1.2.3"), board.submit("1.2.4")
    assert dialogues.of(first) is None
    dialogues.keep("1.2.3", b"as it was printed\0\xff")
    dialogues.keep("1.2.4", b"other")
    dialogues.keep("1.2.3", b"to the end\0\xff")
    assert dialogues.of(first) == b"to the end\0\xff"
    assert dialogues.of(second) == b"other"


def test_of_a_job_that_is_gone_nothing_is_kept(board: Board) -> None:
    dialogues = Dialogues(board.database)
    dialogues.keep("1.2.3", b"of no job")
    number = board.submit("1.2.3")
    assert dialogues.of(number) is None


def test_a_dialogue_goes_with_the_films_and_does_not_come_back(board: Board) -> None:
    dialogues = Dialogues(board.database)
    gone, kept = ended(board, "1.2.3"), ended(board, "1.2.4")
    waiting = board.submit("1.2.5")
    for uid in ("1.2.3", "1.2.4", "1.2.5"):
        dialogues.keep(uid, uid.encode())
    board.queue.drop_films([gone, waiting])
    dialogues.keep("1.2.3", b"the association ended later")
    assert [dialogues.of(number) for number in (gone, kept, waiting)] == [None, b"1.2.4", b"1.2.5"]


def test_a_dialogue_goes_with_the_record(board: Board) -> None:
    dialogues = Dialogues(board.database)
    number = ended(board, "1.2.3")
    dialogues.keep("1.2.3", b"said")
    board.queue.forget(number)
    assert dialogues.of(number) is None


def test_a_job_printed_again_has_the_dialogue_too(board: Board) -> None:
    dialogues = Dialogues(board.database)
    first, second, third = board.submit("1.2.3"), board.submit("1.2.4"), board.submit("1.2.5")
    dialogues.keep("1.2.3", b"said")
    dialogues.copy(first, second)
    dialogues.copy(third, second)  # which has none: nothing is taken away
    assert dialogues.of(second) == b"said"


def test_a_spool_has_them_beside_its_queue(board: Board, tmp_path: Path) -> None:
    number = board.submit("1.2.3")
    spool = Spool(tmp_path, board.url)
    spool.dialogues.keep("1.2.3", b"said")
    spool.close()
    assert Dialogues(board.database).of(number) == b"said"
