"""Jobs that wait, or fail, by a fault made on purpose."""

import pytest
from peers.board import FILMS, ORDER, Board

from printscp.errors import QueueFull
from printscp.film.job import DeliveryState, ExecutionStatus
from printscp.film.printer import Fate
from printscp.spool.queue import NewsReader

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
WAITING, HELD, FAILED = DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.FAILED
NO_FILM = Fate("empty", "SUPPLY EMPTY", held=True)


def submit(board: Board, uid: str, fate: Fate, *to: str) -> int:
    return board.queue.submit(uid, ORDER, FILMS, [], to or ("pdf",), fate=fate)


def news(reader: NewsReader) -> list[tuple[ExecutionStatus, str]]:
    return [(each.status, each.status_info) for each in reader.read()]


def test_a_job_waits_until_its_fault_is_over_and_is_printed_then(board: Board) -> None:
    reader = NewsReader(board.database)
    number = submit(board, "1.2.3", NO_FILM, "pdf", "tiff")
    job = board.job(number)
    assert (job.status, job.status_info, job.info) == (PENDING, "SUPPLY EMPTY", "fault empty")
    assert {each.state for each in job.deliveries} == {HELD}
    assert board.take(pdf=0, tiff=0) is None
    assert board.queue.release_of("other", ORDER.printer_name) == []
    assert board.queue.release_of("empty", "OTHER") == []
    assert board.queue.release_of("empty", ORDER.printer_name) == [number]
    job = board.job(number)
    assert (job.status, job.status_info, job.info) == (PENDING, "QUEUED", "")
    for _ in range(2):
        board.taken(pdf=0, tiff=0).done("x")
    assert board.job(number).status == DONE
    expected = [(PENDING, "SUPPLY EMPTY"), (PENDING, "QUEUED"), (PRINTING, "NORMAL")]
    assert news(reader)[:3] == expected


def test_a_fault_without_a_name_is_any_and_what_an_operator_holds_stays(board: Board) -> None:
    ours = [submit(board, f"1.2.{number}", Fate(f"f{number}", "FILM JAM", held=True)) for number in range(2)]
    by_hand = board.submit("1.2.9", "pdf")
    board.queue.hold(by_hand)
    assert board.queue.release_of("", ORDER.printer_name) == ours
    assert [each.state for each in board.job(by_hand).deliveries] == [HELD]


def test_an_operator_may_release_what_a_fault_holds(board: Board) -> None:
    number = submit(board, "1.2.3", NO_FILM)
    board.queue.release(number)
    assert board.taken(pdf=0).job.id == number
    assert board.queue.release_of("empty", ORDER.printer_name) == []


@pytest.mark.parametrize("printing", [False, True])
def test_a_job_fails_with_what_it_was_to_fail_with(board: Board, printing: bool) -> None:
    reader = NewsReader(board.database)
    number = submit(board, "1.2.3", Fate("spoiled", "FILM JAM", printing=printing), "pdf", "tiff")
    job = board.job(number)
    assert (job.status, job.status_info, job.info) == (FAILURE, "FILM JAM", "fault spoiled")
    assert job.finished is not None
    assert {each.state for each in job.deliveries} == {FAILED}
    assert board.take(pdf=0, tiff=0) is None
    assert news(reader) == [*([(PRINTING, "NORMAL")] if printing else []), (FAILURE, "FILM JAM")]
    assert board.queue.release_of("", ORDER.printer_name) == []


def test_jobs_that_wait_for_film_fill_the_queue(board: Board) -> None:
    submit(board, "1.2.3", NO_FILM)
    with pytest.raises(QueueFull):
        board.queue.submit("1.2.4", ORDER, FILMS, [], ("pdf",), 1, NO_FILM)
    assert len(board.queue.jobs()) == 1
