"""The job table as those see it who order and steer: what is in it, and what became of it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from peers.board import ATTEMPTS, FILMS, ORDER, Board

from printscp.errors import NoSuchJob, NotPossible, QueueFull
from printscp.film.job import Delivery, DeliveryState, ExecutionStatus, Job, JobNews
from printscp.film.printer import Fate, PrinterState
from printscp.spool.queue import NewsReader, film_remarks

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
WAITING, HELD, SENDING, SENT, DELIVERED, FAILED, CANCELLED = DeliveryState
OUT_OF_FILM = PrinterState("WARNING", "SUPPLY EMPTY")


def test_a_job_tells_what_became_of_its_films(board: Board) -> None:
    number = board.queue.submit("1.2.3", ORDER, FILMS, ["film 2: clipped"], ["pdf", "tiff"])
    waiting = Delivery(1, "pdf", WAITING, "QUEUED", "", 0, "", "", None)
    [job] = board.queue.jobs()
    assert job == Job(
        id=number,
        uid="1.2.3",
        status=PENDING,
        status_info="QUEUED",
        info="",
        order=ORDER,
        films=FILMS,
        remarks=("Größe ignored", "film 2: clipped"),
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        finished=None,
        confirmed=False,
        deliveries=(waiting, replace(waiting, id=2, output="tiff")),
    )
    first = board.taken(pdf=0, tiff=0)
    assert board.job(number) == first.job
    assert (first.job.status, first.job.status_info, first.job.attempts) == (PRINTING, "NORMAL", 1)
    board.after(7)
    half = first.done("/films/1.pdf", ["film 1: not trimmed"])
    assert (half.status, half.status_info, half.outputs) == (PENDING, "QUEUED", ("/films/1.pdf",))
    done = board.taken(pdf=0, tiff=0).done("/films/1.tiff", ["film 1: not trimmed"])
    assert done == board.job(number)
    assert (done.status, done.status_info, done.info, done.ended) == (DONE, "NORMAL", "", True)
    assert done.outputs == ("/films/1.pdf", "/films/1.tiff")
    assert done.remarks == ("Größe ignored", "film 2: clipped", "film 1: not trimmed")
    assert done.finished == datetime(2026, 1, 2, 3, 4, 12, tzinfo=UTC)
    assert board.take(pdf=0, tiff=0) is None


def test_remarks_name_the_film_where_there_are_several() -> None:
    assert film_remarks([["a", "b"]]) == ["a", "b"]
    assert film_remarks([["a"], [], ["b", "c"]]) == ["film 1: a", "film 3: b", "film 3: c"]


def test_a_way_out_that_fails_repeats_no_other_and_fails_the_job(board: Board) -> None:
    number = board.submit("1.2.3", "pdf", "ipp")
    board.taken(pdf=0, ipp=0).done("/films/1.pdf")
    failed = board.taken(pdf=0, ipp=0).fail("REQ MED NOT AVAI", "no such film")
    assert (failed.status, failed.status_info, failed.info) == (FAILURE, "REQ MED NOT AVAI", "no such film")
    assert [each.state for each in board.job(number).deliveries] == [DELIVERED, FAILED]
    assert board.take(pdf=0, ipp=0) is None


def test_the_queue_takes_so_many_jobs_and_no_more(board: Board) -> None:
    board.submit("1.2.1", limit=2)
    board.taken()  # in the works is not printed yet
    board.submit("1.2.2", limit=2)
    assert board.queue.is_full(2)
    with pytest.raises(QueueFull):
        board.submit("1.2.3", limit=2)
    assert len(board.queue.jobs()) == 2
    assert not board.queue.is_full(0)
    board.taken("b").done("x")
    assert not board.queue.is_full(2)
    board.submit("1.2.3", limit=2)
    assert board.queue.counts() == {PENDING: 1, PRINTING: 1, DONE: 1}


def test_the_newest_jobs_are_listed_oldest_first(board: Board) -> None:
    numbers = [board.submit(f"1.2.{i}") for i in range(5)]
    board.taken().done("x")
    assert [job.id for job in board.queue.jobs(last=2)] == numbers[-2:]
    assert [job.id for job in board.queue.jobs(statuses=[DONE])] == numbers[:1]
    assert [job.id for job in board.queue.jobs(last=3, statuses=[PENDING, DONE])] == numbers[-3:]


# --- for the SCU -----------------------------------------------------------------------------------------


def test_a_job_is_found_by_its_printer_until_its_end_is_confirmed(board: Board) -> None:
    number = board.submit("1.2.3")
    queue = board.queue
    assert queue.find("1.2.3", "FILMS") == board.job(number)
    assert queue.find("1.2.3", "OTHER") is None
    assert queue.find("1.2.4", "FILMS") is None
    queue.confirm("1.2.3")  # what has not ended cannot be confirmed
    claim = board.taken()
    queue.confirm("1.2.3")
    assert queue.find("1.2.3", "FILMS") == claim.job
    done = claim.done("x")
    assert queue.find("1.2.3", "FILMS") == done
    queue.confirm("1.2.3")
    queue.confirm("1.2.4")  # no such job: nothing to do
    assert queue.find("1.2.3", "FILMS") is None
    assert board.job(number) == replace(done, confirmed=True)


def test_to_find_a_job_does_not_wait_for_those_who_write(board: Board) -> None:
    board.submit("1.2.3")
    with board.database.write():
        found: list[Job | None] = []
        reader = threading.Thread(
            target=lambda: found.append(board.queue.find("1.2.3", "FILMS")), daemon=True
        )
        reader.start()
        reader.join(20)  # a writer would wait for 30 seconds
        assert [job and job.uid for job in found] == ["1.2.3"]


def test_news_are_read_once_by_each_and_in_order(board: Board) -> None:
    board.submit("1.2.1")
    board.taken().done("x")
    here, there = NewsReader(board.database), NewsReader(board.database)
    assert here.read() == []  # what was before is no news
    board.submit("1.2.2")
    assert here.read() == []  # that a job waits is known to who submitted it

    def news(status: ExecutionStatus, info: str) -> JobNews:
        return JobNews("1.2.2", status, info, "FILMS", "THORAX")

    claim = board.taken()
    assert here.read() == [news(PRINTING, "NORMAL")]
    claim.postpone(OUT_OF_FILM, "out of film")
    board.after(40)
    again = board.taken()  # tried, and no news of that
    again.hold()
    again.hold()
    again.done("x")
    told = [news(PENDING, "SUPPLY EMPTY"), news(PRINTING, "NORMAL"), news(DONE, "NORMAL")]
    assert here.read() == told
    board.after(100)
    board.submit("1.2.3")
    board.taken()
    assert [each.uid for each in here.read()] == ["1.2.3"]
    assert here.read() == []
    assert [each.status for each in there.read()] == [PRINTING, PENDING, PRINTING, DONE, PRINTING]


@pytest.mark.parametrize("ago", [1, 30])
def test_news_committed_late_is_read_too(board: Board, ago: float) -> None:
    """Of two hosts the later number may be there first."""
    for uid in ("1.2.1", "1.2.2", "1.2.3"):
        board.submit(uid)
    reader = NewsReader(board.database)
    board.taken()
    with board.database.write() as late:
        late.connection.exec_driver_sql("UPDATE news SET id = id + 2")
    board.after(ago)
    assert [each.uid for each in reader.read()] == ["1.2.1"]
    with board.database.write() as late:
        late.connection.exec_driver_sql(
            "INSERT INTO news (id, job_id, status, status_info, created) "
            "SELECT id - 1, job_id + 1, status, status_info, created FROM news"
        )
    assert [each.uid for each in reader.read()] == ["1.2.2"]
    assert reader.read() == []


# --- for the operator ------------------------------------------------------------------------------------


def test_a_held_job_waits_until_it_is_released(board: Board) -> None:
    number, other = board.submit("1.2.3"), board.submit("1.2.4")
    held = board.queue.hold(number)
    assert (held.status, held.info) == (PENDING, "held by the operator")
    assert board.taken().job.id == other
    assert board.take() is None
    with pytest.raises(NotPossible, match="nothing of it waits"):
        board.queue.hold(number)
    assert board.queue.release(number).info == ""
    with pytest.raises(NotPossible, match="not held"):
        board.queue.release(number)
    assert board.taken().job.id == number


def test_what_waits_is_cancelled_at_once_and_what_was_delivered_stays(board: Board) -> None:
    number = board.submit("1.2.3", "pdf", "tiff")
    board.taken(pdf=0).done("/films/1.pdf")
    cancelled = board.queue.cancel(number)
    assert (cancelled.status, cancelled.info) == (FAILURE, "cancelled by the operator")
    assert [each.state for each in cancelled.deliveries] == [DELIVERED, CANCELLED]
    assert board.take(pdf=0, tiff=0) is None
    for steer in (board.queue.cancel, board.queue.hold, board.queue.release):
        with pytest.raises(NotPossible, match=f"job {number}"):
            steer(number)


def test_what_is_moved_goes_elsewhere_as_if_never_tried(board: Board) -> None:
    number = board.submit("1.2.3", "ipp", "tiff")
    board.taken(tiff=0).done("/films/1.tiff")
    board.taken(ipp=0).postpone(OUT_OF_FILM, "out of film", pause=20)
    [ipp, tiff] = board.job(number).deliveries
    moved = board.queue.move(number, "pdf")
    assert moved == board.job(number)
    assert moved.deliveries == (replace(ipp, output="pdf", status_info="QUEUED", info="", attempts=0), tiff)
    assert (moved.status, moved.status_info, moved.info) == (PENDING, "QUEUED", "")
    assert board.take(ipp=0) is None
    assert board.taken(pdf=0).done("/films/1.pdf").status is DONE
    with pytest.raises(NotPossible, match="DONE: nothing of it waits"):
        board.queue.move(number, "ps")


def test_what_was_given_back_has_all_its_attempts_where_it_is_moved(board: Board) -> None:
    number = board.submit("1.2.3", "ipp")
    for _ in range(ATTEMPTS - 1):
        board.taken(ipp=0)
        board.claims.give_back("a", "it died")
    board.queue.move(number, "pdf")
    for _ in range(ATTEMPTS - 1):
        board.taken(pdf=0)
        board.claims.give_back("a", "it died")
    assert board.taken(pdf=0).done("x").attempts == ATTEMPTS


def test_of_several_ways_out_that_are_moved_one_is_left_or_those_not_meant(board: Board) -> None:
    number = board.submit("1.2.3", "a", "b", "c")
    assert [each.output for each in board.queue.move(number, "d", of="b").deliveries] == ["a", "d", "c"]
    for output, of in (("c", "a"), ("c", None), ("x", "b")):
        with pytest.raises(NotPossible, match=f"job {number}"):
            board.queue.move(number, output, of)
    board.queue.hold(number)
    moved = board.queue.move(number, "e")
    assert [(each.output, each.state) for each in moved.deliveries] == [("e", HELD)]
    assert board.take(a=0, b=0, c=0, d=0, e=0) is None
    board.queue.release(number)
    assert board.taken(e=0).done("x").status is DONE


def test_what_a_printer_may_have_is_not_moved(board: Board) -> None:
    number = board.submit("1.2.3", "ipp")
    claim = board.taken(ipp=0)
    with pytest.raises(NotPossible, match="PRINTING: nothing of it waits for ipp"):
        board.queue.move(number, "pdf", of="ipp")
    claim.sent("ipp://there/7", "7", [], 5)
    with pytest.raises(NotPossible, match="PRINTING: nothing of it waits"):
        board.queue.move(number, "pdf")


def test_a_fault_made_on_purpose_holds_a_job_wherever_it_is_moved(board: Board) -> None:
    fate = Fate("jam", "FILM JAM", held=True)
    number = board.queue.submit("1.2.3", ORDER, FILMS, [], ["ipp"], fate=fate)
    moved = board.queue.move(number, "pdf")
    assert (moved.status_info, moved.info, moved.deliveries[0].output) == ("FILM JAM", "fault jam", "pdf")
    assert board.queue.release_of("jam", "FILMS") == [number]
    assert board.taken(pdf=0).job.id == number


def test_priority_is_changed_while_a_job_waits(board: Board) -> None:
    first, second = board.submit("1.2.3"), board.submit("1.2.4")
    assert board.queue.prioritize(second, "HIGH").order.priority == "HIGH"
    claim = board.taken()
    assert claim.job.id == second
    claim.done("x")
    with pytest.raises(NotPossible, match="reprint"):
        board.queue.prioritize(second, "LOW")
    with pytest.raises(NotPossible, match="URGENT"):
        board.queue.prioritize(first, "URGENT")


def test_a_job_that_is_not_there_is_said_so(board: Board) -> None:
    assert board.queue.job(7) is None
    moving = partial(board.queue.move, output="pdf")
    for steer in (board.queue.hold, board.queue.release, board.queue.cancel, board.queue.forget, moving):
        with pytest.raises(NoSuchJob, match="no job 7"):
            steer(7)


def test_only_what_has_ended_is_forgotten(board: Board) -> None:
    number = board.submit("1.2.3")
    with pytest.raises(NotPossible, match="cancel it first"):
        board.queue.forget(number)
    board.taken().done("x")
    board.queue.forget(number)
    assert board.queue.jobs() == []
    assert board.submit("1.2.4") > number  # a number is never used twice


# --- retention -------------------------------------------------------------------------------------------


def test_films_are_kept_of_the_last_that_were_done_and_of_what_failed(board: Board) -> None:
    numbers = [board.submit(f"1.2.{i}") for i in range(6)]
    claims = [board.taken() for _ in numbers]
    for index in (2, 0, 1):
        board.after(1)
        claims[index].done("x")
    claims[3].fail("UNKNOWN", "x")
    spent = board.queue.spent_films(keep_jobs=2, keep_days=30)
    assert [job.id for job in spent] == [numbers[2]]
    assert [job.id for job in board.queue.kept_films()] == [numbers[i] for i in (2, 0, 1, 3)]
    board.queue.drop_films([*(job.id for job in spent), numbers[5]])  # what has not ended is not dropped
    assert board.queue.wanted_sheets() == {f"1.2.{i}-1" for i in (0, 1, 3, 4, 5)}
    assert board.queue.spent_films(keep_jobs=2, keep_days=30) == []
    assert [job.id for job in board.queue.spent_films(keep_jobs=0, keep_days=30)] == numbers[:2]
    board.after(86400)
    old = board.queue.spent_films(keep_jobs=10, keep_days=0.9)
    assert sorted(job.id for job in old) == [numbers[i] for i in (0, 1, 3)]


def test_records_go_after_their_films(board: Board) -> None:
    numbers = [board.submit(f"1.2.{i}") for i in range(3)]
    for _ in numbers[:2]:
        board.taken().done("x")
    board.queue.drop_films(numbers[:1])
    board.after(400 * 86400)
    board.queue.tidy(keep_records_days=365)
    assert [job.id for job in board.queue.jobs()] == numbers[1:]


def test_jobs_without_deliveries_are_routed(board: Board) -> None:
    number = board.submit("1.2.3")
    with board.database.write() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM delivery")
    board.queue.route(lambda order, films: (order.printer_name, films[0].film_size))
    board.queue.route(lambda *_: ("again",))
    assert [each.output for each in board.job(number).deliveries] == ["FILMS", "8INX10IN"]
    assert board.queue.waiting_for() == {"FILMS", "8INX10IN"}


def test_the_condition_of_an_output_that_nothing_goes_to_is_forgotten(board: Board) -> None:
    number = board.submit("1.2.3")
    board.taken().postpone(OUT_OF_FILM, "out of film")
    board.queue.forget_conditions()
    assert list(board.queue.conditions()) == ["pdf"]
    board.queue.cancel(number)
    board.queue.forget_conditions()
    assert board.queue.conditions() == {}
