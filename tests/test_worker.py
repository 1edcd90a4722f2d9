"""The worker: what becomes of jobs, what it tells of them, and who waits for whom."""

import gc
import json
import re
import weakref
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from film.scu import Scu, gray, make_printer

import printscp.worker as module
from printscp.film.job import ExecutionStatus, Job
from printscp.film.sheet import Order, Sheet
from printscp.outputs.pdf import PDFFolder
from printscp.render.compose import compose
from printscp.render.page import Page
from printscp.spool.folder import Spool
from printscp.worker import Worker

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.fixture
def outputs(tmp_path: Path) -> dict[str, PDFFolder]:
    return {name: PDFFolder(tmp_path / name) for name in ("ONE", "TWO")}


@pytest.fixture
def worker(spool: Spool, outputs: dict[str, PDFFolder]) -> Worker:
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


def test_a_job_of_several_films_is_one_document(
    spool: Spool, worker: Worker, submit: Any, sheet: Sheet, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = replace(sheet, film_size="A4", width=20)
    submit(sheet, wide, sheet, copies=3, label="DOE^JANE")
    assert worker.work()
    assert not worker.work()
    done = job(spool)
    assert done.output is not None
    assert Path(done.output).name == f"{done.created:%Y%m%d-%H%M%S}-000001.pdf"
    pdf = Path(done.output).read_bytes()
    titles = re.findall(rb"\((job 1   film .*)\) Tj", pdf)
    assert [re.sub(rb"\d{4}-.*:\d\d", b"TIME", title) for title in titles] == [
        b"job 1   film 1 of 3   TIME   8INX10IN   TEST_SCU > ONE",
        b"job 1   film 2 of 3   TIME   A4   TEST_SCU > ONE",
        b"job 1   film 3 of 3   TIME   8INX10IN   TEST_SCU > ONE",
    ]
    sizes = re.findall(rb"/MediaBox \[ 0 0 (\d+) (\d+) \]", pdf)
    assert sizes == [(b"576", b"720"), (b"1440", b"720"), (b"576", b"720")]
    assert re.search(rb"/NumCopies 3\b", pdf)
    assert b"DOE" not in pdf
    assert sheets(spool) == []
    assert told(capsys) == [(1, "PRINTING", "NORMAL"), (1, "DONE", "NORMAL")]


def test_a_job_of_one_film_has_a_title_of_its_own(
    spool: Spool, worker: Worker, submit: Any, sheet: Sheet
) -> None:
    submit(sheet)
    worker.work()
    [title] = re.findall(rb"\((film .*)\) Tj", Path(job(spool).output or "").read_bytes())
    assert re.fullmatch(rb"film 1   20\d\d-\d\d-\d\d \d\d:\d\d:\d\d   8INX10IN   TEST_SCU > ONE", title)


def test_what_was_not_rendered_is_told_by_the_remarks_of_a_job_that_is_done(
    spool: Spool, worker: Worker, submit: Any, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "not_rendered", lambda sheet, order: (f"{sheet.film_size} for {order.label}",)
    )
    submit(replace(sheet, remarks=("clipped",)), label="WARD", remarks=("odd",))
    submit(sheet, replace(sheet, film_size="A4", remarks=("clipped",)), label="WARD")
    assert worker.work()
    assert worker.work()
    one, two = spool.queue.jobs()
    assert one.remarks == ("odd", "clipped", "8INX10IN for WARD")
    assert two.remarks == ("film 2: clipped", "film 1: 8INX10IN for WARD", "film 2: A4 for WARD")


def test_a_page_is_made_when_the_one_before_is_forgotten(
    worker: Worker, spool: Spool, submit: Any, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[weakref.ref[Page]] = []
    films: list[weakref.ref[Sheet]] = []
    alive: list[int] = []

    def watched(sheet: Sheet, title: str) -> Page:
        alive.append(sum(each() is not None for each in (*pages, *films)))
        page = compose(sheet, title)
        pages.append(weakref.ref(page))
        films.append(weakref.ref(sheet))
        return page

    monkeypatch.setattr(module, "compose", watched)
    submit(*[sheet] * 4)
    gc.disable()
    try:
        worker.work()
    finally:
        gc.enable()
    assert job(spool).status is DONE
    assert alive == [0, 0, 0, 0]


def test_no_word_of_the_patient_is_on_the_film(spool: Spool, worker: Worker, submit: Any) -> None:
    patient = {"PatientName": "DOE^JANE", "PatientID": "DOE-1", "PatientComments": "DOE"}
    scu = Scu(make_printer())
    scu.create_session(FilmSessionLabel="DOE^JANE", OwnerID="DOE", **patient)
    scu.create_film(**patient)
    scu.set_image(1, gray(**patient), **patient)
    scu.print_film()
    [printed] = scu.spool.jobs
    assert "DOE" not in repr(printed.sheets)
    submit(*printed.sheets, label=printed.order.label, owner=printed.order.owner)
    worker.work()
    done = job(spool)
    assert done.order.label == "DOE^JANE"
    assert b"DOE" not in Path(done.output or "").read_bytes()


# --- failures --------------------------------------------------------------------------------------------


def test_a_film_that_cannot_be_rendered_fails_the_job_and_not_the_next(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(sheet: Sheet, title: str) -> Page:
        if sheet.trim:
            raise ValueError("no such thing")
        return compose(sheet, title)

    monkeypatch.setattr(module, "compose", broken)
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
    assert [path.name[-10:] for path in (tmp_path / "ONE").iterdir()] == ["000002.pdf"]
    assert sheets(spool) == ["1.2.0-1.sheet", "1.2.0-2.sheet"]


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_damaged_sheet_fails_the_job(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    tmp_path: Path,
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
    assert list((tmp_path / "ONE").iterdir()) == []


def test_a_job_that_is_another_s_by_now_is_left_alone(
    spool: Spool,
    worker: Worker,
    submit: Any,
    sheet: Sheet,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(sheet: Sheet, title: str) -> Page:
        spool.queue.give_back("worker", 3, "taken for dead")
        assert spool.queue.take("another") is not None
        return compose(sheet, title)

    monkeypatch.setattr(module, "compose", slow)
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
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "ONE").write_text("in the way")  # not even root can write films into it
    rendered: list[str] = []
    monkeypatch.setattr(
        module, "compose", lambda sheet, title: rendered.append(title) or compose(sheet, title)
    )
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
    assert "cannot deliver: " in job(spool, broken[0]).info
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

    (tmp_path / "ONE").unlink()
    for _ in range(3):
        clock[0] += timedelta(seconds=60)
        while worker.work():
            pass
    assert {each.status for each in spool.queue.jobs()} == {DONE}
    assert {each.attempts for each in spool.queue.jobs()} == {1}
    assert sheets(spool) == []

    # It starts again with a short pause.
    for path in (tmp_path / "ONE").iterdir():
        path.unlink()
    (tmp_path / "ONE").rmdir()
    (tmp_path / "ONE").write_text("in the way")
    submit(sheet)
    worker.work()
    assert spool.queue.next_due() == 1


def test_a_job_of_a_printer_that_is_not_set_up_waits_for_it(
    spool: Spool, outputs: dict[str, PDFFolder], submit: Any, sheet: Sheet, clock: list[datetime]
) -> None:
    submit(sheet, printer_name="GONE")
    Worker(spool, outputs, "worker").work()
    waiting = job(spool)
    assert (waiting.status, waiting.status_info) == (PENDING, "CHECK PRINTER")
    assert waiting.info == "cannot deliver: the printer GONE is not set up; trying again"
    clock[0] += timedelta(seconds=1)
    Worker(spool, {"GONE": outputs["ONE"]}, "worker").work()
    assert job(spool).status is DONE
