"""The worker: what becomes of jobs, what it tells of them, and who waits for whom."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peers.memory import Memory

from printscp import delivery
from printscp.film.job import ExecutionStatus, Job
from printscp.film.sheet import Order, Sheet
from printscp.outputs.registry import open_output
from printscp.render.compose import compose
from printscp.spool.folder import Spool
from printscp.worker import Worker

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.fixture
def outputs() -> dict[str, list[Memory]]:
    return {name: [Memory(f"memory of {name}")] for name in ("ONE", "TWO")}


@pytest.fixture
def worker(spool: Spool, outputs: dict[str, list[Memory]]) -> Worker:
    return Worker(spool, outputs, "worker")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time in its only item, to be set by the test."""
    now = [datetime(2026, 1, 2, 3, 4, 5)]
    monkeypatch.setattr("printscp.spool.queue._now", lambda: now[0])
    return now


@pytest.fixture
def submit(spool: Spool, order: Order) -> Any:
    """Makes a job of sheets, and returns its number."""
    uids = (f"1.2.{number}" for number in range(1000))

    def submit(*sheets: Sheet, printer_name: str = "ONE", **fields: Any) -> int:
        drafts = [spool.draft() for _ in sheets]
        for draft, sheet in zip(drafts, sheets, strict=True):
            draft.keep(sheet)
        number = spool.submit(next(uids), replace(order, printer_name=printer_name, **fields), drafts)
        for draft in drafts:
            draft.discard()
        return number

    return submit


def job(spool: Spool, number: int = 1) -> Job:
    [found] = [job for job in spool.queue.jobs() if job.id == number]
    return found


def told(capsys: pytest.CaptureFixture[str]) -> list[tuple[int, str, str]]:
    """Job, status and status info of each line to the server."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["job"], line["status"], line["status_info"]) for line in lines]


def sheets(spool: Spool) -> list[str]:
    return sorted(path.name for path in (spool.folder / "sheets").iterdir())


# --- films -----------------------------------------------------------------------------------------------


def test_a_job_that_is_done_says_where_its_films_are(
    spool: Spool, worker: Worker, submit: Any, sheet: Sheet, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(replace(sheet, remarks=("clipped",)), sheet, remarks=("odd",))
    assert worker.work()
    assert not worker.work()
    done = job(spool)
    assert (done.status, done.outputs) == (DONE, ("memory of ONE",))
    assert done.remarks == ("odd", "film 1: clipped")
    assert told(capsys) == [(1, "PRINTING", "NORMAL"), (1, "DONE", "NORMAL")]


def test_what_was_not_rendered_is_told_by_the_remarks_of_a_job_that_is_done(
    spool: Spool, worker: Worker, submit: Any, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        delivery, "not_rendered", lambda sheet, order: (f"{sheet.film_size} for {order.label}",)
    )
    submit(replace(sheet, remarks=("clipped",)), label="WARD", remarks=("odd",))
    submit(sheet, replace(sheet, film_size="A4", remarks=("clipped",)), label="WARD")
    assert worker.work()
    assert worker.work()
    one, two = spool.queue.jobs()
    assert one.remarks == ("odd", "clipped", "8INX10IN for WARD")
    assert two.remarks == ("film 2: clipped", "film 1: 8INX10IN for WARD", "film 2: A4 for WARD")


def test_the_films_of_the_last_jobs_stay(
    spool: Spool, outputs: dict[str, list[Memory]], submit: Any, sheet: Sheet
) -> None:
    worker = Worker(spool, outputs, "worker", keep_jobs=2)
    for _ in range(4):
        submit(sheet, sheet)
        worker.work()
    assert sheets(spool) == [f"1.2.{number}-{film}.sheet" for number in (2, 3) for film in (1, 2)]


# --- failures --------------------------------------------------------------------------------------------


def test_a_film_that_cannot_be_rendered_fails_the_job_and_not_the_next(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    outputs: dict[str, list[Memory]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(sheet: Sheet, *texts: str) -> Any:
        if sheet.trim:
            raise ValueError("no such thing")
        return compose(sheet, *texts)

    monkeypatch.setattr(delivery, "compose", broken)
    submit(sheet, replace(sheet, trim=True))
    submit(sheet)
    assert worker.work()
    assert worker.work()
    failed = job(spool, 1)
    assert (failed.status, failed.info) == (FAILURE, "cannot be rendered: no such thing")
    assert told(capsys) == [
        (1, "PRINTING", "NORMAL"),
        (1, "FAILURE", "INVALID PAGE DES"),
        (2, "PRINTING", "NORMAL"),
        (2, "DONE", "NORMAL"),
    ]
    # Nothing of the first is out, and its sheets are there for whoever mends the printer.
    assert [ticket.name[-6:] for ticket, _ in outputs["ONE"][0].finished] == ["000002"]
    assert sheets(spool) == ["1.2.0-1.sheet", "1.2.0-2.sheet"]


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_damaged_sheet_fails_the_job(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    outputs: dict[str, list[Memory]],
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    submit(sheet, sheet)
    path = spool.folder / "sheets" / "1.2.0-2.sheet"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:600])
    assert worker.work()
    assert told(capsys) == [(1, "PRINTING", "NORMAL"), (1, "FAILURE", "ELEC SW ERROR")]
    assert "sheet 1.2.0-2 cannot be read" in job(spool).info
    assert outputs["ONE"][0].finished == []


def test_a_job_waits_while_the_curve_of_its_output_is_gone(
    spool: Spool, submit: Any, sheet: Sheet, tmp_path: Path, clock: list[datetime]
) -> None:
    curve = tmp_path / "curve.toml"
    output = open_output({"type": "pdf", "folder": tmp_path / "films", "tone": "curve", "curve": curve})
    worker = Worker(spool, {"ONE": [output]}, "worker")
    submit(sheet)
    assert worker.work()
    assert job(spool).status == "PENDING"
    assert job(spool).info == f"cannot deliver: curve {curve}: No such file or directory; trying again"
    curve.write_text('printer = "A"\nmeasured = 2026-11-22\npoints = [[0, 2.0], [1, 0.1]]\n')
    clock[0] += timedelta(seconds=60)
    assert worker.work()
    assert (job(spool).status, job(spool).attempts) == ("DONE", 1)


def test_a_job_that_is_another_s_by_now_is_left_alone(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(sheet: Sheet, *texts: str) -> Any:
        spool.queue.give_back("worker", 3, "taken for dead")
        assert spool.queue.take("another") is not None
        return compose(sheet, *texts)

    monkeypatch.setattr(delivery, "compose", slow)
    submit(sheet)
    worker.work()
    assert job(spool).status is PRINTING
    assert sheets(spool) == ["1.2.0-1.sheet"]
    assert told(capsys) == [(1, "PRINTING", "NORMAL")]


# --- printers that cannot deliver ------------------------------------------------------------------------


def test_a_printer_that_cannot_deliver_does_not_hold_up_another(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    outputs: dict[str, list[Memory]],
    capsys: pytest.CaptureFixture[str],
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [one] = outputs["ONE"]
    one.full = "begin"
    rendered: list[str] = []

    def watched(sheet: Sheet, *texts: str) -> Any:
        rendered.append(texts[0])
        return compose(sheet, *texts)

    monkeypatch.setattr(delivery, "compose", watched)
    broken = [submit(sheet, printer_name="ONE", priority="HIGH") for _ in range(20)]
    working = [submit(sheet, printer_name="TWO", priority="LOW") for _ in range(3)]
    while worker.work():
        pass
    # One film of the broken printer was tried, for all of them; and not even rendered.
    assert told(capsys) == [
        (broken[0], "PRINTING", "NORMAL"),
        (broken[0], "PENDING", "CHECK PRINTER"),
        *((number, *state) for number in working for state in (("PRINTING", "NORMAL"), ("DONE", "NORMAL"))),
    ]
    assert len(rendered) == len(working)
    assert (
        job(spool, broken[0]).info == "cannot deliver: memory of ONE: No space left on device; trying again"
    )
    assert spool.queue.next_due() == 0.5

    # Each failure of the printer doubles its pause.
    pauses = []
    for _ in range(9):
        clock[0] += timedelta(seconds=spool.queue.next_due() or 0)
        assert worker.work()
        assert not worker.work()
        pauses.append(spool.queue.next_due())
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    capsys.readouterr()

    one.full = ""
    for _ in range(3):
        clock[0] += timedelta(seconds=60)
        while worker.work():
            pass
    assert {each.status for each in spool.queue.jobs()} == {DONE}
    assert {each.attempts for each in spool.queue.jobs()} == {1}
    assert sheets(spool) == []

    # It starts again with a short pause.
    one.full = "begin"
    submit(sheet)
    worker.work()
    assert spool.queue.next_due() == 1


def test_a_job_of_a_printer_that_is_not_set_up_waits_for_it(
    spool: Spool, outputs: dict[str, list[Memory]], submit: Any, sheet: Sheet, clock: list[datetime]
) -> None:
    submit(sheet, printer_name="GONE")
    Worker(spool, outputs, "worker").work()
    waiting = job(spool)
    assert (waiting.status, waiting.status_info) == (PENDING, "CHECK PRINTER")
    assert waiting.info == "cannot deliver: the printer GONE is not set up; trying again"
    clock[0] += timedelta(seconds=1)
    Worker(spool, {"GONE": outputs["ONE"]}, "worker").work()
    assert job(spool).status is DONE
