"""What SCUs are told of a printer that a fault has in another state, and of jobs that wait."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from peers.bench import film_of, open_session, print_film
from peers.front import FaultyFront
from peers.raw import RawScu, Said
from peers.scu import META
from peers.spool import MemorySpool
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicFilmBox, Printer, PrinterInstance, PrintJob

from printscp.errors import ResourceLimitation
from printscp.faults import FaultScript
from printscp.faults import script as scripts
from printscp.faults.spool import FaultySpool
from printscp.film.sheet import Order, Sheet

NORMAL, WARNING, FAILURE = 1, 2, 3


@pytest.fixture
def script() -> FaultScript:
    return FaultScript()


@pytest.fixture
def printer(script: FaultScript) -> Iterator[FaultyFront]:
    with FaultyFront(script, at_once=True, printer_events=True) as started:
        yield started


def status(scu: RawScu) -> tuple[str, str]:
    said = scu.ask("get", Printer, PrinterInstance, context=META).dataset
    return said.PrinterStatus, said.PrinterStatusInfo


def kinds(events: list[Said]) -> list[tuple[int, str]]:
    return [(event.command["EventTypeID"], event.dataset.get("PrinterStatusInfo", "")) for event in events]


def test_a_state_comes_and_goes_as_events_to_whom_it_concerns(
    printer: FaultyFront, script: FaultScript
) -> None:
    with (
        RawScu(printer.address, (META,), calling="CT") as ct,
        RawScu(printer.address, (META,), calling="MR") as mr,
    ):
        assert status(ct) == status(mr) == ("NORMAL", "NORMAL")
        script.add("printer-failure", calling="CT", info="FILM JAM")
        ct.wait_for_event()
        assert (status(ct), status(mr)) == (("FAILURE", "FILM JAM"), ("NORMAL", "NORMAL"))
        script.add("printer-warning", info="SUPPLY LOW")
        mr.wait_for_event()
        assert (status(ct), status(mr)) == (("FAILURE", "FILM JAM"), ("WARNING", "SUPPLY LOW"))
        script.clear("printer-failure")
        ct.wait_for_event()
        script.clear()
        ct.wait_for_event()
        mr.wait_for_event()
        assert kinds(ct.events) == [(FAILURE, "FILM JAM"), (WARNING, "SUPPLY LOW"), (NORMAL, "")]
        assert kinds(mr.events) == [(WARNING, "SUPPLY LOW"), (NORMAL, "")]


def test_what_is_the_matter_with_the_printer_is_seen_again_after_the_fault(
    printer: FaultyFront, script: FaultScript
) -> None:
    script.add("printer-warning", info="SUPPLY LOW")
    with RawScu(printer.address, (META,), calling="CT") as scu:
        assert status(scu) == ("WARNING", "SUPPLY LOW")
        printer.front.set_state("FAILURE", "PROC DOWN")
        assert status(scu) == ("WARNING", "SUPPLY LOW")
        script.clear()
        while kinds(scu.events)[-1:] != [(FAILURE, "PROC DOWN")]:
            scu.wait_for_event()
        assert status(scu) == ("FAILURE", "PROC DOWN")
        assert kinds(scu.events) == [(WARNING, "SUPPLY LOW"), (FAILURE, "PROC DOWN")]


def test_a_state_that_is_over_is_told_as_an_event(
    printer: FaultyFront, script: FaultScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(scripts, "time", SimpleNamespace(monotonic=lambda: clock.now))
    with RawScu(printer.address, (META,), calling="CT") as scu:
        script.add("printer-failure", seconds=3600)
        scu.wait_for_event()
        clock.now = 3600.0
        assert status(scu) == ("NORMAL", "NORMAL")
        while len(scu.events) < 2:
            scu.wait_for_event()
        assert kinds(scu.events) == [(FAILURE, "FILM JAM"), (NORMAL, "")]
        script.clear()


def test_film_runs_out_under_an_scu_and_its_jobs_go_on_after_that(
    printer: FaultyFront, script: FaultScript
) -> None:
    script.add("out-of-film", films=2)
    with RawScu(printer.address, (META, PrintJob), calling="CT") as scu:
        session = open_session(scu)
        jobs = [print_film(scu, session) for _ in range(3)]
        last = scu.ask("get", PrintJob, jobs[2], context=PrintJob).dataset
        assert last.ExecutionStatusInfo == "SUPPLY EMPTY"
        script.clear("out-of-film")
        assert printer.spool.released == ["out-of-film"]
        last = scu.ask("get", PrintJob, jobs[2], context=PrintJob).dataset
        assert last.ExecutionStatusInfo == "QUEUED"
        assert status(scu) == ("NORMAL", "NORMAL")
        assert print_film(scu, session)
    assert [*printer.spool.fates] == jobs[2:]


def test_jobs_are_let_go_later_where_the_spool_cannot_be_asked_now(
    printer: FaultyFront, script: FaultScript
) -> None:
    script.add("out-of-film", films=0)
    with RawScu(printer.address, (META, PrintJob), calling="CT", confirm=False) as scu:
        print_film(scu, open_session(scu))
        printer.spool.away = ResourceLimitation("away")
        script.clear()
        printer.spool.away = None
        assert printer.spool.released == []
        script.clear()
        assert printer.spool.released == ["out-of-film"]


def test_each_copy_takes_a_film(script: FaultScript, order: Order, sheet: Sheet) -> None:
    script.add("out-of-film", films=3)
    inner = MemorySpool()
    spool = FaultySpool(inner, script)
    for number in range(2):
        draft = spool.draft()
        draft.keep(sheet)
        spool.submit(f"1.2.{number}", replace(order, copies=2), [draft])
    assert [*inner.fates] == ["1.2.1"]


def test_a_job_that_is_entered_while_the_printer_is_refilled_goes_on(
    script: FaultScript, order: Order, sheet: Sheet
) -> None:
    script.add("out-of-film", films=0)
    inner = MemorySpool()
    inner.taken = lambda _: script.clear() and None
    spool = FaultySpool(inner, script)
    draft = spool.draft()
    draft.keep(sheet)
    spool.submit("1.2.3", order, [draft])
    assert inner.released == ["out-of-film"]


def test_a_front_that_is_reloaded_forgets_the_spools_it_had(script: FaultScript) -> None:
    with FaultyFront(script) as printer, RawScu(printer.address, (META,), calling="CT") as scu:
        session = open_session(scu)
        for _ in range(10):
            printer.front.reload(printer.front.settings, lambda: None)
        assert len(script._listeners) <= 4, "the association, its spool, the last one and that before"
        script.add("out-of-film", films=0)
        film = generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        scu.ask("action", BasicFilmBox, film, context=META)
        scu.release()
        for _ in range(3):
            printer.front.reload(printer.front.settings, lambda: None)
        script.clear()
        assert printer.spool.released == ["out-of-film"], "jobs of a former printer go on"


def test_a_front_that_has_stopped_goes_by_its_script_no_more(script: FaultScript) -> None:
    for _ in range(3):
        with FaultyFront(script) as printer, RawScu(printer.address, (META,)) as scu:
            scu.release()
    assert script._listeners == []
