"""The worker: what becomes of jobs whatever an output meets, and who waits for whom."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peers.memory import Memory, MemoryPrinter
from sqlalchemy.exc import OperationalError

from printscp import delivery
from printscp import worker as workers
from printscp.errors import SetupError
from printscp.film.job import DeliveryState, ExecutionStatus, Job
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order, Sheet
from printscp.outputs.output import Condition, NotReady, Progress, Refused, Stage
from printscp.outputs.registry import open_output
from printscp.render.compose import compose
from printscp.spool.claim import Claims
from printscp.spool.database import Database
from printscp.spool.folder import Retention, Spool
from printscp.worker import Heartbeat, Worker

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
WAITING, HELD, SENDING, SENT, DELIVERED, FAILED, CANCELLED = DeliveryState
OUT_OF_FILM = Condition("WARNING", "SUPPLY EMPTY", "out of film: load 14INX17IN")
ATTEMPTS = 3


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", attempts=ATTEMPTS)
    yield spool
    spool.close()


@pytest.fixture
def one() -> Memory:
    return Memory("memory of one")


@pytest.fixture
def two() -> Memory:
    return Memory("memory of two")


@pytest.fixture
def printer() -> MemoryPrinter:
    return MemoryPrinter("imager")


@pytest.fixture
def worker(spool: Spool, one: Memory, two: Memory, printer: MemoryPrinter) -> Worker:
    return at_work(spool, one=one, two=two, printer=printer)


def at_work(spool: Spool, holder: str = "worker", keep_jobs: int = 0, **outputs: Any) -> Worker:
    return Worker(spool, outputs, holder, Retention(jobs=keep_jobs))


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the worker tells its supervisor."""
    told: list[bytes] = []
    monkeypatch.setattr(workers, "_tell", lambda what=b".": told.append(what))
    return told


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time in its only item, to be set by the test."""
    now = [datetime(2026, 1, 2, 3, 4, 5)]
    monkeypatch.setattr(Database, "_now", lambda *_: now[0])
    return now


@pytest.fixture
def submit(spool: Spool, order: Order) -> Callable[..., int]:
    """Makes a job of sheets for the outputs named, and returns its number."""
    uids = (f"1.2.{number}" for number in range(1000))

    def submit(*sheets: Sheet, to: tuple[str, ...] = ("one",), **fields: Any) -> int:
        drafts = [spool.draft() for _ in sheets]
        for draft, sheet in zip(drafts, sheets, strict=True):
            draft.keep(sheet)
        number = spool.submit(next(uids), replace(order, **fields), drafts, lambda *_: to)
        for draft in drafts:
            draft.discard()
        return number

    return submit


def job(spool: Spool, number: int = 1) -> Job:
    found = spool.queue.job(number)
    assert found is not None
    return found


def states(spool: Spool, number: int = 1) -> list[DeliveryState]:
    return [each.state for each in job(spool, number).deliveries]


def condition(spool: Spool, output: str) -> tuple[PrinterState, str]:
    state = spool.queue.conditions()[output]
    return state.printer, state.info


def sheets(spool: Spool) -> list[str]:
    """The sheets that are there, by UID of the job and number of the film."""
    return sorted(path.stem.partition("-")[2] for path in (spool.folder / "sheets").iterdir())


# --- films -----------------------------------------------------------------------------------------------


def test_a_job_that_is_done_says_where_its_films_are(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, told: list[bytes]
) -> None:
    submit(replace(sheet, remarks=("clipped",)), sheet, remarks=("odd",))
    assert worker.work()
    assert told == [b"."] * 2  # of the beginning and of the end
    assert not worker.work()
    done = job(spool)
    assert (done.status, done.outputs) == (DONE, ("memory of one",))
    assert done.remarks == ("odd", "film 1: clipped")
    assert len(told) == 2


def test_what_was_not_rendered_is_told_once_by_the_remarks_of_a_job_that_is_done(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        delivery, "not_rendered", lambda sheet, order: (f"{sheet.film_size} for {order.label}",)
    )
    submit(replace(sheet, remarks=("clipped",)), label="WARD", remarks=("odd",), to=("one", "two"))
    submit(sheet, replace(sheet, film_size="A4", remarks=("clipped",)), label="WARD")
    while worker.work():
        pass
    first, second = spool.queue.jobs()
    assert first.remarks == ("odd", "clipped", "8INX10IN for WARD")
    assert second.remarks == ("film 2: clipped", "film 1: 8INX10IN for WARD", "film 2: A4 for WARD")


def test_the_films_of_the_last_jobs_stay(
    spool: Spool, one: Memory, submit: Callable[..., int], sheet: Sheet, clock: list[datetime]
) -> None:
    worker = at_work(spool, keep_jobs=2, one=one)
    for _ in range(4):
        submit(sheet, sheet)
        worker.work()
    assert sheets(spool) == [f"1.2.{number}-{film}" for number in (2, 3) for film in (1, 2)]


def test_films_that_cannot_be_deleted_for_now_do_no_harm(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(name: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(spool.sheets, "remove", away)
    submit(sheet)
    assert worker.work()
    assert job(spool).status is DONE
    assert "films not deleted" in caplog.text


# --- whatever an output meets ----------------------------------------------------------------------------

_WAIT = "cannot deliver: memory of one: No space left on device; trying again"


@pytest.mark.parametrize("step", ["begin", "add", "finish"])
@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (NotReady(OUT_OF_FILM), PrinterState("WARNING", "SUPPLY EMPTY"), OUT_OF_FILM.words),
        (OSError(28, "No space left on device"), PrinterState("FAILURE", "CHECK PRINTER"), _WAIT),
        (
            SetupError("curve /etc/c.toml: No such file"),
            PrinterState("FAILURE", "CHECK PRINTER"),
            "cannot deliver: curve /etc/c.toml: No such file; trying again",
        ),
    ],
    ids=["not ready", "no room", "no curve"],
)
def test_what_cannot_be_delivered_for_now_waits(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    clock: list[datetime],
    step: str,
    fault: Exception,
    state: PrinterState,
    words: str,
) -> None:
    one.full, one.fault = step, fault
    submit(sheet)
    assert worker.work()
    waiting = job(spool)
    assert (waiting.status, waiting.status_info, waiting.info) == (PENDING, state.info, words)
    assert waiting.attempts == 0  # it is not the film's fault
    assert condition(spool, "one") == (state, words)
    assert (one.open, one.finished) == ([], [])
    assert not worker.work()
    one.full = ""
    clock[0] += timedelta(seconds=1)
    assert worker.work()
    assert (job(spool).status, job(spool).attempts) == (DONE, 1)
    assert spool.queue.conditions() == {}


def test_an_output_says_itself_when_it_is_to_be_tried_again(
    worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory, clock: list[datetime]
) -> None:
    one.full, one.fault = "begin", NotReady(OUT_OF_FILM, pause=7)
    submit(sheet)
    worker.work()
    clock[0] += timedelta(seconds=6.9)
    assert not worker.work()
    clock[0] += timedelta(seconds=0.1)
    assert worker.work()


@pytest.mark.parametrize(
    ("fault", "status_info", "words"),
    [
        (Refused("REQ MED NOT AVAI", "no 17 x 17 inch: load it"), "REQ MED NOT AVAI", "no 17 x 17 inch"),
        (ValueError("no such thing"), "INVALID PAGE DES", "cannot be rendered: no such thing"),
    ],
    ids=["refused", "broken"],
)
def test_what_can_never_be_delivered_fails_the_job_and_not_the_next(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    fault: Exception,
    status_info: str,
    words: str,
) -> None:
    one.full, one.fault = "add", fault
    submit(sheet)
    assert worker.work()
    failed = job(spool)
    assert (failed.status, failed.status_info, failed.attempts) == (FAILURE, status_info, 1)
    assert failed.info.startswith(words)
    assert spool.queue.conditions() == {}  # the output is as good as before
    one.full = ""
    submit(sheet)
    assert worker.work()
    assert (job(spool, 2).status, [ticket.job for ticket, _ in one.finished]) == (DONE, [2])
    assert sheets(spool) == ["1.2.0-1"]  # for whoever mends the printer


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_damaged_sheet_fails_the_job(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory, damage: str
) -> None:
    submit(sheet, sheet)
    name = job(spool).films[1].sheet
    path = spool.folder / "sheets" / f"{name}.sheet"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:600])
    assert worker.work()
    failed = job(spool)
    assert (failed.status, failed.status_info) == (FAILURE, "ELEC SW ERROR")
    assert f"sheet {name}" in failed.info
    assert (one.open, one.finished) == ([], [])


def test_a_job_waits_while_the_store_is_out_of_reach(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    clock: list[datetime],
) -> None:
    """As when the file system of a shared folder is not mounted."""
    submit(sheet)
    folder = spool.folder / "sheets"
    folder.rename(spool.folder / "unmounted")
    assert worker.work()
    assert (job(spool).status, job(spool).status_info) == (PENDING, "CHECK PRINTER")
    (spool.folder / "unmounted").rename(folder)
    clock[0] += timedelta(seconds=60)
    assert worker.work()
    assert job(spool).status is DONE


def test_a_job_waits_while_the_curve_of_its_output_is_gone(
    spool: Spool, submit: Callable[..., int], sheet: Sheet, tmp_path: Path, clock: list[datetime]
) -> None:
    curve = tmp_path / "curve.toml"
    (tmp_path / "films").mkdir()
    output = open_output({"type": "pdf", "folder": tmp_path / "films", "tone": "curve", "curve": curve})
    worker = at_work(spool, one=output)
    submit(sheet)
    assert worker.work()
    assert job(spool).status is PENDING
    assert job(spool).info.startswith(f"cannot deliver: curve {curve}: is not there: print a wedge")
    assert job(spool).info.endswith("; trying again")
    curve.write_text('printer = "A"\nmeasured = 2026-11-22\npoints = [[0, 2.0], [1, 0.1]]\n')
    clock[0] += timedelta(seconds=60)
    assert worker.work()
    assert (job(spool).status, job(spool).attempts) == (DONE, 1)


# --- who has it ------------------------------------------------------------------------------------------


def test_a_job_that_is_another_s_by_now_is_left_alone(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory, told: list[bytes]
) -> None:
    def taken_for_dead() -> None:
        spool.claims.give_back("worker", "taken for dead")
        assert spool.claims.take("another", {"one": 0}) is not None

    one.going_out = taken_for_dead
    submit(sheet)
    assert worker.work()
    assert (job(spool).status, job(spool).attempts) == (PRINTING, 2)
    assert (one.open, one.finished) == ([], [])
    assert sheets(spool) == ["1.2.0-1"]
    assert told == [b"."]


def test_a_job_cancelled_while_it_is_made_does_not_go_out(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory
) -> None:
    one.going_out = lambda: spool.queue.cancel(1) and None
    submit(sheet, to=("one", "two"))
    submit(sheet)
    assert worker.work()
    assert (job(spool).status, job(spool).info) == (FAILURE, "cancelled by the operator")
    assert states(spool) == [CANCELLED, CANCELLED]
    assert one.finished == []
    one.going_out = lambda: None
    assert worker.work()
    assert job(spool, 2).status is DONE


@pytest.mark.parametrize("when", ["take", "hold", "record"])
def test_a_job_table_that_is_gone_for_a_while_repeats_no_film(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    """What was not recorded is done once more, under the name that it has: the file is replaced."""
    submit(sheet)
    write = Database.write

    def gone(*_: Any) -> Any:
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        if when == "take":
            patch.setattr(Database, "write", gone)
        elif when == "hold":
            one.going_out = lambda: patch.setattr(Database, "write", gone)
        else:
            transactions = iter([write, write, gone])  # take, hold, done
            patch.setattr(Database, "write", lambda database: next(transactions)(database))
        with pytest.raises(OperationalError):
            worker.work()
    one.going_out = lambda: None
    assert len(one.finished) == (when == "record")
    if when != "take":
        assert not worker.work()  # it is in hand, as far as the table knows
        clock[0] += timedelta(seconds=30)
    assert worker.work()
    assert (job(spool).status, {ticket.name for ticket, _ in one.finished}) == (
        DONE,
        {"20260102-030405-000001"},
    )


def test_the_loop_goes_on_when_the_job_table_comes_back(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(workers, "_RESPITE", 0.01)
    claims, failures = spool.claims.take, iter([True, True])

    def take(*arguments: Any) -> Any:
        if next(failures, False):
            raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk I/O error"))
        return claims(*arguments)

    monkeypatch.setattr(spool.claims, "take", take)
    submit(sheet)
    (line, end), (stop, stopper) = os.pipe(), os.pipe()
    one.going_out = lambda: os.close(end)  # the supervisor goes; the film in hand is finished
    submit(sheet)
    worker.run(line, stop)
    assert [each.status for each in spool.queue.jobs()] == [DONE, PENDING]
    assert caplog.text.count("job table does not work: trying again") == 2
    for handle in (line, stop, stopper):
        os.close(handle)


def test_a_signal_ends_the_loop_after_the_film_in_hand(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory
) -> None:
    (line, end), (stop, stopper) = os.pipe(), os.pipe()
    one.going_out = lambda: os.write(stopper, b"\x0f") and None
    submit(sheet)
    submit(sheet)
    worker.run(line, stop)
    assert [each.status for each in spool.queue.jobs()] == [DONE, PENDING]
    for handle in (line, end, stop, stopper):
        os.close(handle)


# --- several ways out ------------------------------------------------------------------------------------


def test_a_way_out_that_fails_repeats_no_other(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    two: Memory,
    clock: list[datetime],
) -> None:
    two.full, two.fault = "finish", NotReady(OUT_OF_FILM)
    submit(sheet, to=("one", "two"))
    for _ in range(4):
        while worker.work():
            pass
        clock[0] += timedelta(seconds=60)
    assert (len(one.finished), states(spool)) == (1, [DELIVERED, WAITING])
    assert (job(spool).status, job(spool).status_info) == (PENDING, "SUPPLY EMPTY")
    two.fault = Refused("UNKNOWN", "never")
    assert worker.work()
    assert (len(one.finished), states(spool)) == (1, [DELIVERED, FAILED])
    assert (job(spool).status, job(spool).outputs) == (FAILURE, ("memory of one",))


def test_an_output_that_cannot_deliver_does_not_hold_up_another(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one.full = "begin"
    rendered: list[str] = []

    def watched(sheet: Sheet, *texts: str) -> Any:
        rendered.append(texts[0])
        return compose(sheet, *texts)

    monkeypatch.setattr(delivery, "compose", watched)
    broken = [submit(sheet, to=("one",), priority="HIGH") for _ in range(20)]
    working = [submit(sheet, to=("two",), priority="LOW") for _ in range(3)]
    while worker.work():
        pass
    # One film of the broken output was tried, for all of them; and not even rendered.
    assert len(rendered) == len(working)
    assert {job(spool, number).status for number in working} == {DONE}
    assert [job(spool, number).info for number in broken[:2]] == [_WAIT, ""]
    one.full = ""
    clock[0] += timedelta(seconds=60)
    while worker.work():
        pass
    assert {each.status for each in spool.queue.jobs()} == {DONE}
    assert {each.attempts for each in spool.queue.jobs()} == {1}
    assert sheets(spool) == []


def test_a_job_of_an_output_that_is_not_set_up_waits_for_it(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet
) -> None:
    submit(sheet, to=("gone",))
    assert not worker.work()
    assert (job(spool).status, spool.queue.waiting_for()) == (PENDING, {"gone"})
    assert at_work(spool, gone=Memory()).work()
    assert job(spool).status is DONE


# --- printers that go on by themselves -------------------------------------------------------------------


def test_a_printer_that_has_a_job_is_asked_by_any_worker_until_it_is_printed(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    printer: MemoryPrinter,
    clock: list[datetime],
) -> None:
    another = at_work(spool, "another", printer=printer)
    empty = Progress(Stage.WAITING, "SUPPLY EMPTY", "waits for film", OUT_OF_FILM)
    printer.says = [
        Progress(Stage.WAITING),
        empty,
        NotReady(Condition("WARNING", "PRINTER OFFLINE", "no answer")),
        OSError(113, "No route to host"),
        ValueError("an answer that nobody thought of"),
        Progress(Stage.PRINTING, words="sheet 1 of 2"),
        Progress(Stage.DONE),
    ]
    submit(sheet, to=("printer",))
    assert worker.work()
    assert (states(spool), job(spool).status) == ([SENT], PRINTING)
    assert not worker.work()  # it was asked just now
    story = []
    for asking in (another, worker) * 3 + (another,):
        clock[0] += timedelta(seconds=60)
        assert asking.work()
        assert not asking.work()
        state = spool.queue.conditions().get("printer")
        story.append((job(spool).status, job(spool).status_info, state and state.printer.info))
    assert story == [
        (PENDING, "QUEUED", None),
        (PENDING, "SUPPLY EMPTY", "SUPPLY EMPTY"),
        (PENDING, "PRINTER OFFLINE", "PRINTER OFFLINE"),
        (PENDING, "CHECK PRINTER", "CHECK PRINTER"),
        (PENDING, "CHECK PRINTER", None),  # of this job alone, for all that is known
        (PRINTING, "NORMAL", None),
        (DONE, "NORMAL", None),
    ]
    assert (len(printer.finished), printer.asked) == (1, ["imager/1"] * 7)  # rendered and sent once
    assert (job(spool).attempts, job(spool).outputs, sheets(spool)) == (1, ("imager",), [])


def test_a_job_that_its_printer_gives_up_has_failed(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    printer: MemoryPrinter,
    clock: list[datetime],
) -> None:
    printer.says = [Progress(Stage.FAILED, "PAGE TOO LARGE", "aborted by the printer")]
    submit(sheet, to=("printer",))
    for _ in range(2):
        assert worker.work()
        clock[0] += timedelta(seconds=1)
    failed = job(spool)
    assert (failed.status, failed.status_info, failed.info) == (
        FAILURE,
        "PAGE TOO LARGE",
        "aborted by the printer",
    )
    assert sheets(spool) == ["1.2.0-1"]


def test_a_job_that_its_printer_does_not_know_is_sent_again_and_not_for_ever(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    printer: MemoryPrinter,
    clock: list[datetime],
) -> None:
    printer.says = [Progress(Stage.GONE, words="the printer does not know it")]
    submit(sheet, to=("printer",))
    while worker.work():
        clock[0] += timedelta(seconds=1)
    assert len(printer.finished) == ATTEMPTS
    assert printer.asked == [f"imager/{number}" for number in range(1, ATTEMPTS + 1)]
    assert (job(spool).status, job(spool).status_info) == (FAILURE, "ELEC SW ERROR")
    assert job(spool).info == f"given up after {ATTEMPTS} attempts: the printer does not know it"


@pytest.mark.parametrize(
    ("stage", "end", "state"),
    [(Stage.FAILED, FAILURE, CANCELLED), (Stage.GONE, FAILURE, CANCELLED), (Stage.DONE, DONE, DELIVERED)],
)
def test_a_printer_is_asked_to_drop_what_is_cancelled(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    printer: MemoryPrinter,
    clock: list[datetime],
    stage: Stage,
    end: ExecutionStatus,
    state: DeliveryState,
) -> None:
    printer.says = [Progress(Stage.PRINTING), Progress(stage, "UNKNOWN", "cancelled")]
    submit(sheet, to=("printer",))
    assert worker.work()
    spool.queue.cancel(1)
    for _ in range(2):
        assert worker.work()
        clock[0] += timedelta(seconds=1)
    assert printer.cancelled == ["imager/1"] * 2
    assert (job(spool).status, states(spool)) == (end, [state])


@pytest.mark.parametrize("end", ["dies", "meets a full disk"])
def test_a_job_that_a_printer_may_have_is_not_sent_again(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    printer: MemoryPrinter,
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
    end: str,
) -> None:
    """The worker was told the printer's id of the job, and not how it went on."""

    class Killed(BaseException):
        pass

    def handed_over(self: MemoryPrinter, ticket: Any, pages: Any, claim: Any) -> Any:
        claim.remember("imager/1")
        raise Killed if end == "dies" else OSError(28, "No space left on device")

    printer.says = [Progress(Stage.DONE)]
    submit(sheet, to=("printer",))
    with monkeypatch.context() as patch:
        patch.setattr(MemoryPrinter, "deliver", handed_over)
        with contextlib.suppress(Killed):
            worker.work()
    if end == "dies":
        spool.claims.give_back("worker", "its worker was killed by SIGKILL")
    clock[0] += timedelta(seconds=1)
    assert worker.work()
    assert (job(spool).status, printer.finished, printer.asked) == (DONE, [], ["imager/1"])


def test_no_more_jobs_are_under_way_to_a_printer_than_it_takes(
    spool: Spool, submit: Callable[..., int], sheet: Sheet, clock: list[datetime]
) -> None:
    printer = MemoryPrinter("imager", at_once=1)
    printer.says = [Progress(Stage.PRINTING), Progress(Stage.DONE)]
    worker = at_work(spool, printer=printer)
    for _ in range(2):
        submit(sheet, to=("printer",))
    assert worker.work()
    assert not worker.work()
    clock[0] += timedelta(seconds=1)
    assert worker.work()
    assert not worker.work()
    clock[0] += timedelta(seconds=1)
    assert worker.work()
    assert worker.work()
    assert [each.status for each in spool.queue.jobs()] == [DONE, PRINTING]


# --- leases ----------------------------------------------------------------------------------------------


def test_a_worker_that_lives_keeps_its_lease(
    spool: Spool, worker: Worker, submit: Callable[..., int], sheet: Sheet, one: Memory, clock: list[datetime]
) -> None:
    renewed = threading.Semaphore(0)
    failures = iter([True])

    class Watched(Claims):
        def renew(self, holder: str) -> None:
            if next(failures, False):  # the table is away for a while
                raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk I/O error"))
            super().renew(holder)
            renewed.release()

    heartbeat = Heartbeat(Watched(spool._database, 30.0), "worker", lease=0.04)

    def slow() -> None:
        for _ in range(4):
            clock[0] += timedelta(seconds=20)
            for _ in range(2):  # one that began after the time went by
                assert renewed.acquire(timeout=20)
            assert spool.claims.take("another", {"one": 0}) is None

    one.going_out = slow
    submit(sheet)
    try:
        assert worker.work()
    finally:
        heartbeat.stop()
    assert (job(spool).status, job(spool).attempts) == (DONE, 1)


def test_a_worker_stopped_past_its_lease_does_not_deliver_when_it_goes_on(
    spool: Spool,
    worker: Worker,
    submit: Callable[..., int],
    sheet: Sheet,
    one: Memory,
    clock: list[datetime],
) -> None:
    twin = Memory("the same on another host")

    def stopped() -> None:
        clock[0] += timedelta(seconds=31)
        assert at_work(spool, "another", one=twin).work()

    one.going_out = stopped
    submit(sheet)
    assert worker.work()
    assert (len(one.finished), len(twin.finished)) == (0, 1)
    assert (job(spool).status, job(spool).outputs) == (DONE, ("the same on another host",))


def test_a_job_whose_printer_was_changed_for_another_way_out_ends(
    spool: Spool, submit: Callable[..., int], sheet: Sheet
) -> None:
    submit(sheet)
    claim = spool.claims.take("a", {"one": 0})
    assert claim is not None
    claim.sent("ipp://x", "77", [], 0)
    assert at_work(spool, one=Memory()).work()
    assert (job(spool).status, "was changed" in job(spool).info) == (FAILURE, True)


def test_a_host_without_memory_takes_nothing_from_a_film(
    spool: Spool, submit: Callable[..., int], sheet: Sheet
) -> None:
    submit(sheet)
    memory = Memory()
    memory.full, memory.fault = "add", MemoryError("10 GiB")
    with pytest.raises(MemoryError):
        at_work(spool, one=memory).work()
    assert not job(spool).ended
