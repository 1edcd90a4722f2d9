"""The queue as people see it: what fits, what they may know, and what they can do."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from printscp.config import Settings, load
from printscp.desk import Desk
from printscp.desk.jobs import possible
from printscp.desk.records import Choices, JobFilter
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError
from printscp.film.job import ExecutionStatus, Job
from printscp.film.printer import PrinterState
from printscp.film.sheet import Sheet
from printscp.spool.database import Database
from printscp.spool.folder import Retention, Spool

Printed = Callable[..., Job]
PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With three outputs."""
    place = settings.spool.parent
    tables = [{"name": kind, "type": kind, "folder": str(place / kind)} for kind in ("pdf", "postscript")]
    tables.append({"name": "films", "type": "tiff", "folder": str(place / "films")})
    return load(spool=settings.spool, port=0, outputs=tables)


@pytest.fixture
def sheet(film: Callable[..., Sheet]) -> Sheet:
    return film()


def _numbers(desk: Desk, **wanted: Any) -> list[int]:
    return [job.id for job in desk.jobs.some(JobFilter(**wanted), private=False).jobs]


def test_jobs_are_told_page_by_page(desk: Desk, printed: Printed, sheet: Sheet) -> None:
    numbers = [printed(sheet).id for _ in range(3)][::-1]
    page = desk.jobs.some(JobFilter(), private=False, limit=2)
    assert ([job.id for job in page.jobs], page.total, page.before) == (numbers[:2], 3, numbers[1])
    page = desk.jobs.some(JobFilter(), private=False, limit=2, before=page.before)
    assert ([job.id for job in page.jobs], page.total, page.before) == (numbers[2:], 3, None)
    assert len(desk.jobs.some(JobFilter(), private=False, limit=0).jobs) == 1
    for before, count in ((10**30, 3), (-(10**30), 0)):
        assert len(desk.jobs.some(JobFilter(), private=False, before=before).jobs) == count


def test_jobs_are_found_by_what_people_say(desk: Desk, spool: Spool, printed: Printed, sheet: Sheet) -> None:
    done = printed(sheet, printer_name="ROOM1").id
    claim = spool.claims.take("w", {"films": 0})
    assert claim is not None
    claim.done("x")
    held, waits = printed(sheet, originator="MR").id, printed(sheet).id
    assert desk.jobs.hold(str(held)).held
    assert _numbers(desk, state="open") == [waits, held]
    assert _numbers(desk, state="HELD") == [held]
    assert _numbers(desk, state="DONE") == [done]
    assert _numbers(desk, printer="ROOM1") == [done]
    assert _numbers(desk, calling="MR", state="PENDING") == [held]
    assert _numbers(desk, calling="MR\0") == []
    with pytest.raises(SetupError, match="'OPEN': is none of HELD, open, PENDING"):
        _numbers(desk, state="OPEN")
    assert desk.jobs.choices() == Choices(
        ("PRINTSCP", "ROOM1"), ("MR", "TEST_SCU"), (datetime.now().astimezone().date(),)
    )


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns"])
def test_days_are_those_of_the_house(
    desk: Desk, printed: Printed, sheet: Sheet, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        day = date(2026, 3, 29)
        start = datetime(2026, 3, 29).astimezone(UTC).replace(tzinfo=None)
        moments = [start + timedelta(microseconds=each) for each in (-1, 0, 86_399_999_999, 86_400_000_000)]
        numbers = []
        for moment in moments:
            monkeypatch.setattr(Database, "_now", lambda *_, now=moment: now)
            numbers.append(printed(sheet).id)
        assert _numbers(desk, day=day) == numbers[2:0:-1]
        one = timedelta(days=1)
        assert desk.jobs.choices().days == (day + one, day, day - one)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("day", [date.min, date.max])
def test_of_days_that_never_were_there_are_no_jobs(desk: Desk, day: date) -> None:
    assert desk.jobs.some(JobFilter(day=day), private=False).total == 0


def test_who_is_to_see_no_patient_data_sees_none(desk: Desk, printed: Printed, film: Any) -> None:
    said = {"label": "MUELLER^ANNA", "owner": "DR MABUSE", "remarks": ("label MUELLER cut",)}
    number = str(printed(film(), **said).id)
    for seen in (
        desk.jobs.one(number, private=False),
        desk.jobs.some(JobFilter(), private=False).jobs[0],
        desk.jobs.hold(number),
        desk.jobs.reprint(number),
    ):
        assert (seen.order.label, seen.order.owner, seen.order.remarks, seen.remarks) == ("", "", (), ())
        assert "MUELLER" not in repr(seen)
        assert "MABUSE" not in repr(seen)
    seen = desk.jobs.one(number, private=True)
    assert (seen.order.label, seen.order.owner, seen.remarks) == (
        "MUELLER^ANNA",
        "DR MABUSE",
        ("label MUELLER cut",),
    )


def test_a_job_is_moved_and_printed_again(desk: Desk, printed: Printed, sheet: Sheet) -> None:
    job = printed(sheet)
    assert desk.jobs.move("latest", "pdf").deliveries[0].output == "pdf"
    with pytest.raises(SetupError, match=r"there are films, pdf, postscript$"):
        desk.jobs.move(str(job.id), "nowhere")
    again = desk.jobs.reprint(str(job.id), outputs=("films", "postscript", "films"), copies=3)
    assert again.id > job.id
    assert [each.output for each in again.deliveries] == ["films", "postscript"]
    assert (again.order.copies, again.order.priority) == (3, "MED")
    once_more = desk.jobs.reprint(str(job.id), priority="HIGH")
    assert ([each.output for each in once_more.deliveries], once_more.order.copies) == (["pdf"], 1)
    for wrong in ({"outputs": ("nowhere",)}, {"copies": 0}, {"copies": 100}, {"priority": "URGENT"}):
        with pytest.raises(SetupError, match=r"nowhere|copies|URGENT"):
            desk.jobs.reprint("latest", **wrong)  # type: ignore[arg-type]
    assert len(_numbers(desk)) == 3


def test_a_job_that_is_purged_is_gone_with_its_films(
    desk: Desk, spool: Spool, printed: Printed, sheet: Sheet
) -> None:
    number = str(printed(sheet).id)
    with pytest.raises(NotPossible, match="cancel it first"):
        desk.jobs.purge(number)
    desk.jobs.cancel(number)
    desk.jobs.purge(number)
    assert list(spool.sheets.names()) == []
    for name in (number, "latest", "0", "9" * 40, "-1", "x", "٣"):
        for ask in (desk.jobs.hold, desk.jobs.purge, lambda which: desk.jobs.one(which, private=True)):
            with pytest.raises(NoSuchJob):
                ask(name)


def test_a_job_table_that_is_away_is_said_to_be(
    desk: Desk, spool: Spool, printed: Printed, sheet: Sheet
) -> None:
    printed(sheet)
    with spool._database.write() as transaction:
        transaction.connection.exec_driver_sql("ALTER TABLE job RENAME TO other")
    for ask in (desk.jobs.choices, lambda: _numbers(desk), lambda: desk.jobs.hold("1")):
        with pytest.raises(Away, match="job table: no such table"):
            ask()


# --- what can be done ------------------------------------------------------------------------------------


def _work(spool: Spool, work: str) -> None:
    """What workers do, and time."""
    if work == "retention":
        spool.give_up(Retention(jobs=0))
        return
    claim = spool.claims.take("w", {"films": 0, "pdf": 0, "postscript": 0})
    if claim is None or work == "take":
        return
    acts: dict[str, Callable[[], object]] = {
        "done": lambda: claim.done("x"),
        "fail": lambda: claim.fail("UNKNOWN", "x"),
        "sent": lambda: claim.sent("x", "7", [], 0),
        "drop": claim.drop,
        "away": lambda: claim.postpone(PrinterState("WARNING", "SUPPLY EMPTY"), "x", 0.000001),
    }
    acts[work]()


def _do(desk: Desk, action: str, job: Job) -> None:
    number = str(job.id)
    used = {each.output for each in job.deliveries}
    elsewhere = next((name for name in ("films", "pdf", "postscript") if name not in used), "films")
    acts: dict[str, Callable[[], object]] = {
        "prioritize": lambda: desk.jobs.prioritize(number, "LOW"),
        "move": lambda: desk.jobs.move(number, elsewhere),
        "reprint": lambda: desk.jobs.cancel(str(desk.jobs.reprint(number).id)),
    }
    acts.get(action, lambda: getattr(desk.jobs, action)(number))()


_WORKS = ("take", "done", "fail", "sent", "drop", "away", "retention")
_ACTIONS = ("hold", "release", "cancel", "prioritize", "move", "reprint", "purge")
_steps = st.lists(st.sampled_from((*_WORKS, *_ACTIONS)), min_size=4, max_size=12)
_outputs = st.sampled_from((("films",), ("films", "pdf"), ("films", "pdf", "postscript")))


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=_steps, to=_outputs)
def test_a_button_that_is_shown_works_and_no_other_would(
    desk: Desk, spool: Spool, printed: Printed, sheet: Sheet, steps: list[str], to: tuple[str, ...]
) -> None:
    job = printed(sheet, to=to)
    for step in steps:
        if step in _WORKS:
            _work(spool, step)
            continue
        seen = desk.jobs.one(str(job.id), private=False)
        assert seen.films_kept == spool.has_films(job)
        if step in seen.can:
            _do(desk, step, seen)
        else:
            with pytest.raises(NotPossible):
                _do(desk, step, seen)
        if step == "purge" and "purge" in seen.can:
            return
    while "cancel" in desk.jobs.one(str(job.id), private=False).can:
        desk.jobs.cancel(str(job.id))
        spool.claims.give_back("w", "it died")
    desk.jobs.purge(str(job.id))


def test_without_its_films_a_job_is_not_printed_again(
    desk: Desk, spool: Spool, printed: Printed, sheet: Sheet
) -> None:
    number = str(printed(sheet).id)
    _work(spool, "done")
    assert desk.jobs.one(number, private=False).can == ("reprint", "purge")
    _work(spool, "retention")
    seen = desk.jobs.one(number, private=False)
    assert (seen.films_kept, seen.can) == (False, ("purge",))
    assert seen == desk.jobs.some(JobFilter(), private=False).jobs[0]
    with pytest.raises(NotPossible, match="keep_jobs"):
        desk.jobs.reprint(number)


def test_what_is_everywhere_cannot_be_moved(desk: Desk, printed: Printed, sheet: Sheet) -> None:
    job = printed(sheet, to=("films",))
    assert "move" in possible(job, True, ("films", "pdf"))
    assert "move" not in possible(job, True, ("films",))
