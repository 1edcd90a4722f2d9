"""Events and requests cross on one association, and neither is lost (PS3.4 H.4.5.2, H.4.6.2)."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from peers.bench import Bench, film_of, open_session, print_film
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicGrayscaleImageBox, PrinterInstance, PrintJob
from pynetdicom.sop_class import Printer as PrinterClass

from printscp.film.printer import PrinterState

PENDING, PRINTING, DONE, FAILURE = 1, 2, 3, 4
WITH_JOBS = (META, PrintJob)


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def start(**options: float) -> Bench:
        benches.append(Bench(**options))  # type: ignore[arg-type]
        return benches[-1]

    yield start
    for each in benches:
        each.close()


def kinds(events: list[Said]) -> list[int]:
    return [event.command["EventTypeID"] for event in events]


def test_an_scu_that_keeps_printing_hears_of_each_change_of_each_job(bench: Callable[..., Bench]) -> None:
    printer = bench()
    films = 300
    with RawScu(printer.address, WITH_JOBS) as scu:
        session = open_session(scu)
        jobs = [print_film(scu, session) for _ in range(films)]
        while len(scu.events) < 3 * films:
            scu.wait_for_event()
        assert scu.ask("get", PrinterClass, PrinterInstance, context=META).status == 0
        told: dict[str, list[int]] = {job: [] for job in jobs}
        for event in scu.events:
            told[event.command["AffectedSOPInstanceUID"]].append(event.command["EventTypeID"])
        assert all(each == [PENDING, PRINTING, DONE] for each in told.values())
        first = scu.events[0]
        assert first.command["AffectedSOPClassUID"] == PrintJob
        assert (first.dataset.ExecutionStatusInfo, first.dataset.FilmSessionLabel) == ("QUEUED", "LABEL")
        assert first.dataset.PrinterName == "PRINTSCP"
        scu.release()
    assert sorted(printer.spool.confirmed) == sorted(jobs)


def test_an_scu_that_never_confirms_is_served_on_and_told_no_more(bench: Callable[..., Bench]) -> None:
    printer = bench(event_timeout=0.2)
    with RawScu(printer.address, WITH_JOBS, confirm=False) as scu:
        session = open_session(scu)
        for _ in range(200):
            print_film(scu, session)
        # One event is under way at a time, and its time is up long before the last film.
        assert kinds(scu.events) == [PENDING]
        scu.release()
    assert printer.spool.confirmed == []


def test_an_scu_that_releases_at_once_is_answered(bench: Callable[..., Bench]) -> None:
    printer = bench()
    for _ in range(50):
        with RawScu(printer.address, WITH_JOBS, confirm=False) as scu:
            print_film(scu, open_session(scu))
            scu.release()
    assert len(printer.spool.jobs) == 50
    assert printer.printer.budget.held == 0


def test_no_event_comes_before_the_answer_that_names_its_job(bench: Callable[..., Bench]) -> None:
    printer = bench()
    with RawScu(printer.address, WITH_JOBS) as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        for _ in range(50):
            printed = scu.ask("action", BasicFilmBox, film, context=META)
            job = printed.dataset[0x2100, 0x0500].value[0].ReferencedSOPInstanceUID
            assert job not in {event.command["AffectedSOPInstanceUID"] for event in scu.events}
        scu.release()


@pytest.mark.parametrize("offered", [(META,), (META, PrinterClass)])
def test_without_print_job_there_is_no_event_and_no_reference(
    bench: Callable[..., Bench], offered: tuple[str, ...]
) -> None:
    printer = bench()
    with RawScu(printer.address, offered) as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        printed = scu.ask("action", BasicFilmBox, film, context=META)
        assert (printed.status, printed.data) == (0, b"")
        printer.printer.change_state(PrinterState("WARNING", "SUPPLY LOW"))
        scu.ask("get", PrinterClass, PrinterInstance, context=META)
        assert scu.events == []
        scu.release()


@pytest.mark.parametrize("own_context", [False, True])
def test_printer_events_where_they_are_configured(bench: Callable[..., Bench], own_context: bool) -> None:
    printer = bench(printer_events=True)
    with RawScu(printer.address, (META, PrinterClass) if own_context else (META,)) as scu:
        open_session(scu)
        states = [PrinterState("WARNING", "SUPPLY LOW"), PrinterState("FAILURE", "FILM JAM"), PrinterState()]
        for state in (states[0], *states):  # the same again is no change
            printer.printer.change_state(state)
        while len(scu.events) < 3:
            scu.wait_for_event()
        assert kinds(scu.events) == [2, 3, 1]
        assert {event.command["AffectedSOPInstanceUID"] for event in scu.events} == {PrinterInstance}
        warning, _, normal = scu.events
        assert (warning.dataset.PrinterStatusInfo, warning.dataset.FilmDestination) == (
            "SUPPLY LOW",
            "PROCESSOR",
        )
        assert normal.data == b""
        scu.release()


def test_an_event_in_the_middle_of_a_message_of_the_scu(bench: Callable[..., Bench]) -> None:
    printer = bench(printer_events=True)
    with RawScu(printer.address, (META,), confirm=False) as scu:
        session, film = open_session(scu), generate_uid()
        created = scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
        item = image_item(np.zeros((900, 1000), np.uint8))
        pdus = scu.prepare(attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item]), META)
        scu.post("set", BasicGrayscaleImageBox, box, pdus[: len(pdus) // 2], context=META)
        printer.printer.change_state(PrinterState("WARNING", "SUPPLY LOW"))
        scu.wait_for_event()
        scu.socket.sendall(pdus[len(pdus) // 2 :])
        assert scu.answer().status == 0
        assert scu.ask("action", BasicFilmBox, film, context=META).status == 0
        assert len(printer.spool.sheets[0].images) == 1
        scu.release()
