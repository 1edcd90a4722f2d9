"""Some jobs of many: those that fit, in pages, and what there is to choose from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from peers.board import FILMS, ORDER, Board

from printscp.film.job import ExecutionStatus
from printscp.film.printer import PrinterState
from printscp.spool.listing import Listing, Wanted

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def listing(board: Board) -> Listing:
    return Listing(board.database)


def _submit(board: Board, printer: str = "FILMS", calling: str = "VIEWER", films: int = 1) -> int:
    order = replace(ORDER, printer_name=printer, originator=calling)
    uid = f"1.2.{len(board.queue.jobs())}"
    return board.queue.submit(uid, order, FILMS[:1] * films, [], ["pdf"])


def _some(listing: Listing, before: int | None = None, limit: int = 100, **wanted: object) -> list[int]:
    found = listing.some(Wanted(**wanted), before, limit)  # type: ignore[arg-type]
    return [job.id for job, _ in found.jobs]


def test_pages_have_every_job_once_and_the_newest_first(board: Board, listing: Listing) -> None:
    numbers = [_submit(board, printer="AB"[n % 2]) for n in range(7)][::-1]
    found, before = [], None
    while True:
        page = listing.some(Wanted(printer="A"), before, 2)
        found += [job for job, _ in page.jobs]
        assert page.total == 4
        if not page.more:
            break
        before = found[-1].id
    assert found == [board.job(number) for number in numbers[::2]]
    assert _some(listing) == numbers
    assert listing.some(Wanted(), before=1, limit=2).jobs == ()


def test_jobs_are_found_by_printer_scu_state_and_time(board: Board, listing: Listing) -> None:
    first = _submit(board)
    board.after(100)
    second = _submit(board, printer="OTHER")
    third = _submit(board, calling="CT")
    board.taken().done("x")
    board.queue.hold(second)
    assert _some(listing, printer="FILMS") == [third, first]
    assert _some(listing, printer="FILMS", calling="CT") == [third]
    assert _some(listing, calling="C%") == []
    assert _some(listing, statuses=(DONE, FAILURE)) == [first]
    assert _some(listing, held=True) == [second]
    assert _some(listing, held=True, printer="FILMS") == []
    now, second_ = board.now, timedelta(seconds=1)
    assert _some(listing, created=(now, now + second_)) == [third, second]
    assert _some(listing, created=(now - second_, now)) == []
    assert _some(listing, created=(now - 100 * second_, now)) == [first]


def test_it_says_whether_films_are_kept(board: Board, listing: Listing) -> None:
    number, other = _submit(board), _submit(board)
    board.taken().done("x")
    board.queue.drop_films([number])
    assert [kept for _, kept in listing.some(Wanted(), None, 5).jobs] == [True, False]
    assert (listing.films_kept(number), listing.films_kept(other), listing.films_kept(99)) == (
        False,
        True,
        False,
    )


def test_what_there_is_to_choose_from(board: Board, listing: Listing) -> None:
    assert (listing.titles(), listing.hours(), listing.oldest_open()) == ([], [], None)
    start = board.now.replace(tzinfo=UTC)  # 03:04:05
    for seconds in (0, 10, 60, 3600):
        board.after(seconds)
        _submit(board, calling="CT" if seconds else "MR")
    assert sorted(listing.titles()) == [("FILMS", "CT"), ("FILMS", "MR")]
    last = start + timedelta(seconds=3670)
    assert sorted(listing.hours()) == [(start, start + timedelta(seconds=70)), (last, last)]
    assert listing.oldest_open() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    board.taken().done("x")
    assert listing.oldest_open() == start + timedelta(seconds=10)
    assert listing.counts() == {("FILMS", PENDING): 3, ("FILMS", DONE): 1}


def test_deliveries_that_wait_are_counted_by_output(board: Board, listing: Listing) -> None:
    for uid in ("1.2.1", "1.2.2", "1.2.3"):
        board.submit(uid, "pdf", "tiff")
    board.taken(pdf=0).done("x")
    board.taken(pdf=0)
    board.taken(tiff=0).postpone(PrinterState("WARNING", "SUPPLY EMPTY"), "out of film")
    board.queue.hold(3)
    assert listing.waiting() == {"pdf": 1, "tiff": 3}


def test_films_that_were_delivered_are_counted(board: Board, listing: Listing) -> None:
    begun = board.now
    for films in (1, 2, 4):
        _submit(board, films=films)
    _submit(board, films=8)
    for _ in range(3):
        board.after(10)
        board.taken().done("x")
    board.taken().fail("UNKNOWN", "x")
    since = [begun + timedelta(seconds=seconds) for seconds in (40, 20, 0)]
    assert listing.films_done(since) == (0, 6, 7)
