"""Who gets which delivery when: none is lost or done twice, whoever dies or sleeps, whatever the clock."""

import contextlib
import threading
import time
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peers.board import ATTEMPTS, LEASE, Board

from printscp.errors import ClaimLost, NotPossible
from printscp.film.job import DeliveryState, ExecutionStatus
from printscp.film.printer import PrinterState
from printscp.spool import claim as claims
from printscp.spool.claim import Claim, Claims
from printscp.spool.queue import lock_job

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
WAITING, HELD, SENDING, SENT, DELIVERED, FAILED, CANCELLED = DeliveryState
OUT_OF_FILM = PrinterState("WARNING", "SUPPLY EMPTY")


def is_lost(claim: Claim) -> bool:
    """Whether all that a holder can do is refused, and changes nothing."""
    ways = (
        claim.hold,
        lambda: claim.remember("1"),
        lambda: claim.done("x"),
        lambda: claim.sent("x", "1", [], 0),
        lambda: claim.fail("UNKNOWN", "x"),
        lambda: claim.postpone(OUT_OF_FILM, "x"),
        lambda: claim.progress("NORMAL", "x", OUT_OF_FILM, "x", 0),
        lambda: claim.again("x"),
        claim.drop,
    )
    lost = 0
    for way in ways:
        try:
            way()
        except ClaimLost:
            lost += 1
    return lost == len(ways)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(priorities=st.lists(st.sampled_from(["HIGH", "MED", "LOW"]), min_size=1, max_size=7))
def test_priority_comes_first_and_then_age(board: Board, priorities: list[str]) -> None:
    first = len(board.queue.jobs())
    numbers = [board.submit(f"1.{first + i}", priority=each) for i, each in enumerate(priorities)]
    order = []
    while claim := board.take():
        order.append((claim.job.order.priority, claim.job.id))
        claim.done("x")
    ranked = zip(priorities, numbers, strict=True)
    assert order == sorted(ranked, key=lambda each: ("HML".index(each[0][0]), each[1]))


# --- leases ----------------------------------------------------------------------------------------------


def test_a_holder_that_is_not_heard_of_loses_its_delivery(board: Board) -> None:
    number = board.submit("1.2.3")
    stalled = board.taken("a")
    board.after(LEASE - 1)
    assert board.take("b") is None
    board.claims.renew("a")
    board.after(LEASE - 1)
    assert board.take("b") is None
    stalled.hold()
    board.after(LEASE)
    other = board.taken("b")
    assert other.job.id == number
    assert other.delivery.attempts == 2
    assert is_lost(stalled)  # it wakes up
    board.claims.renew("a")
    assert board.job(number) == other.job
    other.hold()
    assert other.done("/films/1.pdf").outputs == ("/films/1.pdf",)
    assert is_lost(other)  # ended is ended
    assert is_lost(stalled)


def test_a_holder_that_sleeps_and_takes_its_delivery_again_has_it_once(board: Board) -> None:
    board.submit("1.2.3")
    stalled = board.taken("a")
    board.after(LEASE)
    again = board.taken("a")
    assert is_lost(stalled)
    again.done("x")


def test_who_woke_up_before_another_came_goes_on(board: Board) -> None:
    board.submit("1.2.3")
    claim = board.taken()
    board.after(LEASE + 1)
    claim.hold()
    board.after(LEASE - 1)
    assert board.take("b") is None
    claim.done("x")


def test_what_the_dead_had_is_given_back_at_once(board: Board) -> None:
    number = board.submit("1.2.3")
    held = board.taken("a")
    board.claims.give_back("b", "x")
    assert board.job(number) == held.job
    board.claims.give_back("a", "its worker was killed by SIGSEGV")
    job = board.job(number)
    assert (job.status, job.info, job.attempts) == (PENDING, "its worker was killed by SIGSEGV", 1)
    assert board.taken("b").job.id == number


@pytest.mark.parametrize("dies", [True, False], ids=["dies", "hangs"])
def test_a_job_that_keeps_breaking_its_worker_is_given_up(board: Board, dies: bool) -> None:
    number, other = board.submit("1.2.3"), board.submit("1.2.4")
    for attempt in range(1, ATTEMPTS + 1):
        claim = board.taken(f"worker {attempt}", pdf=0)
        assert (claim.job.id, claim.delivery.attempts) == (number, attempt)
        if dies:
            board.claims.give_back(f"worker {attempt}", "its worker was killed")
        else:
            board.after(LEASE)
    assert board.taken().job.id == other  # the next in line is not held up
    job = board.job(number)
    assert (job.status, job.status_info) == (FAILURE, "ELEC SW ERROR")
    assert job.info.startswith(f"given up after {ATTEMPTS} attempts: its worker was ")
    assert job.finished is not None


@pytest.mark.parametrize("jump", [-86400, 86400], ids=["back", "forward"])
def test_whatever_the_clock_does_nothing_is_lost_and_nothing_waits_for_ever(
    board: Board, jump: float
) -> None:
    numbers = [board.submit("1.2.1"), board.submit("1.2.2"), board.submit("1.2.3", "ipp")]
    held = board.taken("a")
    board.taken("b", ipp=0).sent("ipp://x", "77", [], 1)
    board.after(jump)
    board.claims.renew("a")  # it is at work: its lease is of the new time
    assert board.taken("c").job.id == numbers[1]
    held.done("x")
    assert board.taken("d", ipp=0).delivery.remote == "77"
    board.after(-jump)
    second = board.taken("e")  # of who was not heard of since
    assert second.job.id == numbers[1]
    second.postpone(OUT_OF_FILM, "x")
    board.after(jump)
    assert board.taken("f").job.id == numbers[1]


# --- outputs ---------------------------------------------------------------------------------------------


def test_each_takes_what_it_can_deliver(board: Board) -> None:
    first, second = board.submit("1.2.3", "ipp"), board.submit("1.2.4", "pdf")
    assert board.taken(pdf=0).job.id == second
    assert board.take(pdf=0) is None
    assert board.taken(ipp=0, pdf=0).job.id == first


def test_no_more_are_under_way_than_an_output_can_have(board: Board) -> None:
    for i in range(4):
        board.submit(f"1.2.{i}", "ipp")
    first, second = board.taken("a", ipp=2), board.taken("b", ipp=2)
    assert board.take("c", ipp=2) is None
    first.sent("ipp://x", "1", [], 50)
    assert board.take("c", ipp=2) is None  # the printer has it
    second.done("x")
    assert board.taken("c", ipp=2).job.uid == "1.2.2"


def test_an_output_that_cannot_be_used_is_left_alone_for_a_while(board: Board) -> None:
    number, later = board.submit("1.2.3"), board.submit("1.2.4")
    other = board.submit("1.2.5", "tiff")
    for pause in (1, 2, 4, 8, 16, 30, 30):
        job = board.taken().postpone(OUT_OF_FILM, "out of film")
        assert (job.id, job.status, job.status_info, job.attempts) == (number, PENDING, "SUPPLY EMPTY", 0)
        assert (job.info, board.job(later).info) == ("out of film", "")
        board.after(pause - 0.1)
        assert board.take() is None
        board.after(0.1)
    assert board.taken(tiff=0).job.id == other
    state = board.queue.conditions()["pdf"]
    assert (state.printer, state.info) == (OUT_OF_FILM, "out of film")
    board.taken().done("x")
    assert board.queue.conditions() == {}
    board.taken().postpone(OUT_OF_FILM, "x", pause=5)  # the growth begins anew, and this says when
    board.after(4.9)
    assert board.take() is None
    board.after(0.1)
    assert board.taken().job.id == later


def test_a_printer_that_has_a_job_is_asked_until_it_has_ended(board: Board) -> None:
    number = board.submit("1.2.3", "ipp")
    claim = board.taken(ipp=1)
    claim.remember("77")
    sent = claim.sent("ipp://x", "77", ["cropped"], pause=2)
    assert (sent.status, sent.remarks[-1]) == (PRINTING, "cropped")
    assert board.take(ipp=1) is None
    board.after(2)
    asking = board.taken("b", ipp=1)
    assert (asking.delivery.state, asking.delivery.remote, asking.cancelled) == (SENT, "77", False)
    assert board.take("c", ipp=1) is None  # one asks at a time
    waits = asking.progress("SUPPLY EMPTY", "out of film", OUT_OF_FILM, "media-empty", pause=3)
    assert (waits.status, waits.status_info, waits.info) == (PENDING, "SUPPLY EMPTY", "out of film")
    assert board.queue.conditions()["ipp"].info == "media-empty"
    board.after(3)
    board.taken("c", ipp=1)
    board.after(LEASE)  # who asked is dead
    gone = board.taken("d", ipp=1).postpone(PrinterState("WARNING", "PRINTER OFFLINE"), "no answer")
    assert (gone.status_info, gone.deliveries[0].state) == ("PRINTER OFFLINE", SENT)
    board.after(1)
    done = board.taken("e", ipp=1).done("ipp://x")
    assert (done.id, done.status, done.attempts) == (number, DONE, 1)
    assert board.queue.conditions() == {}


def test_a_printer_is_asked_before_a_job_that_it_may_have_is_sent_again(board: Board) -> None:
    board.submit("1.2.3", "ipp")
    for end in (
        lambda claim: board.claims.give_back("a", "x"),
        lambda claim: claim.postpone(OUT_OF_FILM, "x"),
    ):
        claim = board.taken("a", ipp=0)
        claim.remember("77")
        end(claim)
        board.after(40)
        asking = board.taken("b", ipp=0)
        assert (asking.delivery.state, asking.delivery.remote) == (SENT, "77")
        again = asking.again("the printer does not know it")
        assert (again.status, again.deliveries[0].state, again.deliveries[0].remote) == (PENDING, WAITING, "")


def test_what_a_printer_forgets_again_and_again_is_given_up(board: Board) -> None:
    board.submit("1.2.3", "ipp")
    for _ in range(ATTEMPTS):
        board.taken(ipp=0).sent("ipp://x", "77", [], 0)
        job = board.taken(ipp=0).again("the printer does not know it")
    assert (job.status, job.info) == (
        FAILURE,
        f"given up after {ATTEMPTS} attempts: the printer does not know it",
    )


# --- cancelled -------------------------------------------------------------------------------------------


def test_what_is_being_sent_when_it_is_cancelled_does_not_go_out(board: Board) -> None:
    number = board.submit("1.2.3")
    claim = board.taken()
    board.queue.cancel(number)
    with pytest.raises(ClaimLost):
        claim.hold()
    assert claim.drop().info == "cancelled by the operator"
    assert board.job(number).status is FAILURE


def test_cancelled_and_its_worker_dead_is_cancelled(board: Board) -> None:
    number = board.submit("1.2.3")
    board.taken()
    board.queue.cancel(number)
    board.after(LEASE)
    assert board.take("b") is None
    assert board.job(number).deliveries[0].state is CANCELLED


def test_a_printer_is_told_that_a_job_is_cancelled(board: Board) -> None:
    number = board.submit("1.2.3", "ipp")
    board.taken(ipp=0).sent("ipp://x", "77", [], 50)
    assert board.queue.cancel(number).status is PRINTING
    claim = board.taken(ipp=0)
    assert claim.cancelled
    assert claim.drop().deliveries[0].state is CANCELLED


# --- many at once ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_never_get_the_same(url: str) -> None:
    jobs, takers = 120, 4
    board = Board(url)
    got: dict[str, list[int]] = {f"worker {i}": [] for i in range(takers)}
    faults: list[BaseException] = []
    full = threading.Barrier(takers + 1, timeout=30)
    submitted, between_looks = threading.Event(), threading.Event()

    def work(holder: str) -> None:
        own = Board(url)  # as a process of its own would have it
        try:
            full.wait()
            while True:
                last = submitted.is_set()
                claim = own.take(holder, pdf=0, ipp=3)
                if claim is None and last:
                    return
                if claim is None:
                    between_looks.wait(0.005)  # for others to get at the table
                    continue
                got[holder].append(claim.delivery.id)
                claim.hold()
                claim.done(holder)
        except BaseException as error:
            faults.append(error)
        finally:
            own.database.close()

    workers = [threading.Thread(target=work, args=(holder,)) for holder in got]
    for worker in workers:
        worker.start()
    full.wait()
    for i in range(jobs):
        board.submit(f"1.{i}", "pdf", "ipp")
        if i % 10 == 0:
            with contextlib.suppress(NotPossible):  # when a taker was so quick that the job has ended
                board.queue.prioritize(board.submit(f"2.{i}", "pdf"), "HIGH")
    submitted.set()
    for worker in workers:
        worker.join(timeout=60)
    assert faults == []
    # A taker may have looked when all that was left was under way at an output that takes no more.
    while claim := board.take("last", pdf=0, ipp=3):
        claim.done("last")
    ended = board.queue.jobs()
    mine = [number for numbers in got.values() for number in numbers]
    assert len(mine) == len(set(mine))
    assert {job.status for job in ended} == {DONE}
    assert {each.attempts for job in ended for each in job.deliveries} == {1}
    board.database.close()


# --- who keeps others waiting ----------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [False, True], ids=["films wait", "printers have films"])
def test_printers_that_take_long_to_say_nothing_leave_half_of_the_time_to_others(
    board: Board, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    spent = {"one": 0.0, "two": 0.0, "pdf": 0.0}

    def work(claim: Claim) -> None:
        seconds = 1.0 if claim.delivery.output == "pdf" else 30.0
        spent[claim.delivery.output] += seconds
        board.after(seconds)
        if claim.delivery.output == "pdf":
            claim.done("x")
        else:
            board.claims.renew("a")
            claim.postpone(PrinterState("WARNING", "PRINTER OFFLINE"), "no answer")

    monkeypatch.setattr(claims, "time", SimpleNamespace(monotonic=lambda: board.now.timestamp()))
    for name in ("one", "two"):
        board.submit(name, name, priority="HIGH")
        if sent:
            claim = board.taken(**{name: 1})
            claim.remember("7")
            claim.sent(name, "7", [], 0)
    for number in range(200):
        board.submit(f"1.{number}", priority="LOW")
    while sum(spent.values()) < 300:
        work(board.taken(one=1, two=1, pdf=0))
    assert spent["pdf"] >= 90  # the first round comes before anybody knows
    assert min(spent["one"], spent["two"]) >= 60


def test_a_host_that_was_told_of_shorter_leases_takes_nothing_from_who_lives(board: Board) -> None:
    board.submit("1.2.3")
    far = Claims(board.database, 20 * LEASE, ATTEMPTS)
    claim = far.take("far", {"pdf": 0})
    assert claim is not None
    assert board.take("near", other=0) is None
    board.after(10 * LEASE)
    assert board.take("near") is None
    claim.done("x")


def test_what_others_have_locked_is_given_back_all_the_same(board: Board) -> None:
    number = board.submit("1.2.3", "pdf", "ipp")
    board.taken("a")
    giving = threading.Thread(target=board.claims.give_back, args=("a", "the job table did not work"))
    with board.database.write() as transaction:
        lock_job(transaction.connection, number)
        giving.start()
        if not board.database.is_sqlite:  # where one sees who waits
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            deadline = time.monotonic() + 20
            while giving.is_alive() and time.monotonic() < deadline:
                with board.database.read() as connection:
                    if connection.exec_driver_sql(waiting).scalar_one():
                        break
    giving.join()
    assert board.job(number).deliveries[0].state is WAITING
    board.taken("b")


# --- cancelled meanwhile ---------------------------------------------------------------------------------


def test_what_is_cancelled_while_it_is_sent_does_not_wait_for_an_output(board: Board) -> None:
    number = board.submit("1.2.3")
    claim = board.taken()
    board.queue.cancel(number)
    assert claim.postpone(OUT_OF_FILM, "out of film").ended
    assert [each.state for each in board.job(number).deliveries] == [CANCELLED]


def test_what_is_cancelled_and_forgotten_by_its_printer_is_not_sent_again(board: Board) -> None:
    number = board.submit("1.2.3")
    board.taken().sent("printer", "7", [], 0)
    claim = board.taken()
    board.queue.cancel(number)
    assert claim.again("the printer does not know it").ended
    assert [each.state for each in board.job(number).deliveries] == [CANCELLED]


def test_a_job_whose_printer_is_gone_ends_when_it_is_cancelled_once_more(board: Board) -> None:
    number = board.submit("1.2.3")
    board.taken().sent("printer", "7", [], 0)
    assert not board.queue.cancel(number).ended  # first its printer is asked
    claim = board.taken()
    assert claim.cancelled
    cancelled = board.queue.cancel(number)
    assert [each.state for each in cancelled.deliveries] == [CANCELLED]
    assert "may have it" in cancelled.info
    assert is_lost(claim)
    board.queue.forget(number)
