"""A job on its way out: one document, its texts, and what stays of one that fails."""

import gc
import re
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from film.scu import Scu, gray, make_printer
from peers.claims import Held
from peers.memory import Memory, SheetMemory

from printscp import delivery
from printscp.delivery import Delivered, deliver
from printscp.errors import ClaimLost
from printscp.film.job import Job
from printscp.film.sheet import Order, Sheet
from printscp.outputs.output import Sent, Ticket, Uncontested
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.spool.database import Database
from printscp.spool.folder import Spool
from printscp.spool.store import DamagedSheet

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.fixture
def taken(spool: Spool, order: Order, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """Makes a job of sheets, accepted at `CREATED`."""
    monkeypatch.setattr(Database, "_now", lambda *_: CREATED.replace(tzinfo=None))

    def taken(*sheets: Sheet, **fields: Any) -> Job:
        drafts = [spool.draft() for _ in sheets]
        for draft, sheet in zip(drafts, sheets, strict=True):
            draft.keep(sheet)
        number = spool.submit("1.2.3", replace(order, **fields), drafts, lambda *_: ("x",))
        for draft in drafts:
            draft.discard()
        job = spool.queue.job(number)
        assert job is not None
        return job

    return taken


def test_a_job_of_several_films_is_one_document(
    spool: Spool, taken: Callable[..., Job], sheet: Sheet
) -> None:
    job = taken(sheet, replace(sheet, film_size="A4", width=20), copies=3, label="WARD", originator="CT1")
    output = Memory("here")
    assert deliver(job, spool.sheets, output, Uncontested()) == Delivered(Sent("here"), ((), ()))
    [(ticket, titles)] = output.finished
    assert ticket == Ticket(
        job=1,
        name="20260102-030405-000001",
        title="job 1   CT1 > PRINTSCP",
        copies=3,
        created=CREATED,
        priority="MED",
        medium="BLUE FILM",
        destination="PROCESSOR",
        printer="PRINTSCP",
        originator="CT1",
        film_size="8INX10IN",
        films=2,
        label="WARD",
    )
    local = f"{CREATED.astimezone():%Y-%m-%d %H:%M:%S}"
    assert titles == [
        f"job 1   film 1 of 2   {local}   8INX10IN   CT1 > PRINTSCP",
        f"job 1   film 2 of 2   {local}   A4   CT1 > PRINTSCP",
    ]
    assert output.open == []


def test_a_job_of_one_film_is_a_film(spool: Spool, taken: Callable[..., Job], sheet: Sheet) -> None:
    output = Memory()
    deliver(taken(sheet), spool.sheets, output, Uncontested())
    [(ticket, [title])] = output.finished
    assert ticket.title == "film 1   TEST_SCU > PRINTSCP"
    assert re.fullmatch(r"film 1   2026-.*   8INX10IN   TEST_SCU > PRINTSCP", title)


def test_films_go_out_as_they_were_accepted_where_that_is_wanted(
    spool: Spool, taken: Callable[..., Job], sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "compose", lambda *_: pytest.fail("rendered"))
    sheets, output = [sheet, replace(sheet, film_size="A4")], SheetMemory()
    job = taken(*sheets)
    for output.full in ("begin", "add", "finish"):
        with pytest.raises(OSError, match="No space left") as raised:
            deliver(job, spool.sheets, output, Uncontested())
        assert raised.value.filename == "archive"
    output.full = ""
    assert deliver(job, spool.sheets, output, Uncontested()).sent == Sent("archive")
    [(ticket, films)] = output.sheets
    assert (ticket.films, films) == (2, sheets)


@pytest.mark.parametrize("step", ["begin", "add", "finish"])
def test_of_an_output_that_fails_no_document_stays_open(
    spool: Spool, taken: Callable[..., Job], sheet: Sheet, step: str
) -> None:
    job, output = taken(sheet, sheet), Memory("full")
    output.full = step
    with pytest.raises(OSError, match="No space left") as raised:
        deliver(job, spool.sheets, output, Uncontested())
    assert raised.value.filename == "full"
    assert (output.open, output.finished) == ([], [])
    output.full = ""
    assert deliver(job, spool.sheets, output, Uncontested()).sent == Sent("full")


class LostClaim(Held):
    """Of one who was taken for dead."""

    def hold(self) -> None:
        raise ClaimLost("job 1 is no longer in hand")


def test_nothing_goes_out_without_a_claim(spool: Spool, taken: Callable[..., Job], sheet: Sheet) -> None:
    output = Memory()
    with pytest.raises(ClaimLost):
        deliver(taken(sheet), spool.sheets, output, LostClaim())
    assert (output.open, output.finished) == ([], [])


def test_a_film_that_is_gone_leaves_no_document(
    spool: Spool, taken: Callable[..., Job], sheet: Sheet
) -> None:
    job, output = taken(sheet, sheet), Memory()
    spool.sheets.remove(job.films[1].sheet)
    with pytest.raises(DamagedSheet):
        deliver(job, spool.sheets, output, Uncontested())
    assert (output.open, output.finished) == ([], [])


def test_a_page_is_made_when_the_one_before_is_forgotten(
    spool: Spool, taken: Callable[..., Job], sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def watched(sheet: Sheet, *texts: str) -> Page | ColorPage:
        alive.append(sum(each() is not None for each in made))
        page = compose(sheet, *texts)
        made.extend((weakref.ref(page), weakref.ref(sheet)))
        return page

    monkeypatch.setattr(delivery, "compose", watched)
    job = taken(*[sheet] * 4)
    gc.disable()
    try:
        deliver(job, spool.sheets, Memory(), Uncontested())
    finally:
        gc.enable()
    assert alive == [0, 0, 0, 0]


def test_of_the_patient_the_film_has_the_session_label_alone(spool: Spool, taken: Callable[..., Job]) -> None:
    patient = {"PatientName": "DOE^JANE", "PatientID": "DOE-1", "PatientComments": "DOE"}
    scu = Scu(make_printer())
    scu.create_session(FilmSessionLabel="WARD 3", OwnerID="DOE", **patient)
    scu.create_film(**patient)
    scu.set_image(1, gray(**patient), **patient)
    scu.print_film()
    [printed] = scu.spool.jobs
    assert "DOE" not in repr(printed.sheets)
    job = taken(*printed.sheets, label=printed.order.label, owner=printed.order.owner)
    output = Memory()
    texts: list[str] = []
    output.see = lambda page: texts.extend(text.text for text in page.texts)  # type: ignore[method-assign]
    deliver(job, spool.sheets, output, Uncontested())
    [(ticket, titles)] = output.finished
    assert "WARD 3" in texts
    assert "DOE" not in f"{ticket} {titles} {texts}"
