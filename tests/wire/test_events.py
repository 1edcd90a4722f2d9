"""Events and requests cross on one association, and neither is lost (PS3.4 H.4.5.2, H.4.6.2)."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from peers.spool import MemorySpool, Printed
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PrinterInstance,
    PrintJob,
)
from pynetdicom.sop_class import (
    Printer as PrinterClass,
)

from printscp.catalog import load_profile
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer, PrinterState
from printscp.film.profile import Mode
from printscp.film.service import contexts
from printscp.wire.dimse import Responder
from printscp.wire.server import Door, Entrance, Limits, PrintServer

PENDING, PRINTING, DONE, FAILURE = 1, 2, 3, 4
WITH_JOBS = (META, PrintJob)


class Bench:
    """A print server whose films are printed at once, by a thread that tells of it."""

    def __init__(self, event_timeout: float = 20.0, printer_events: bool = False) -> None:
        self.spool = MemorySpool()
        self.spool.taken = self.work
        self.printer = Printer(
            name="PRINTSCP",
            profile=load_profile("imager17"),
            mode=Mode.TOLERANT,
            software_version="1",
            budget=MemoryBudget(1 << 24),
            spool=self.spool,
            printer_events=printer_events,
        )
        door = Door("127.0.0.1", 0)
        entrance = Entrance(
            ae_title=None,
            announced_ae_title="PRINTSCP",
            doors=(door,),
            contexts=contexts(color=True),
            converse=lambda association: Responder(association, self.printer, event_timeout),
        )
        limits = Limits(
            max_associations=8,
            max_associations_per_peer=8,
            max_pdu=1 << 16,
            acse_timeout=20,
            dimse_timeout=20,
            idle_timeout=20,
        )
        self.server = PrintServer((entrance,), limits)
        self.server.start()
        self.address = self.server.addresses[door]
        self.workers: list[threading.Thread] = []

    def work(self, job: Printed) -> None:
        self.workers.append(threading.Thread(target=self.tell, args=(job,)))
        self.workers[-1].start()

    def tell(self, job: Printed) -> None:
        for status in (ExecutionStatus.PRINTING, ExecutionStatus.DONE):
            self.printer.tell(JobNews(job.uid, status, "NORMAL", "PRINTSCP", job.order.label))

    def close(self) -> None:
        self.server.stop()
        for worker in self.workers:
            worker.join()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def start(**options: float) -> Bench:
        benches.append(Bench(**options))  # type: ignore[arg-type]
        return benches[-1]

    yield start
    for each in benches:
        each.close()


def print_film(scu: RawScu, session: str) -> str:
    """A whole film, each answer of which is success; the UID of its job."""
    film = generate_uid()
    created = scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
    box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    item = image_item(np.zeros((8, 8), np.uint8))
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
    answers = [
        created,
        scu.ask("set", BasicGrayscaleImageBox, box, image, context=META),
        scu.ask("action", BasicFilmBox, film, context=META),
        scu.ask("delete", BasicFilmBox, film, context=META),
    ]
    assert [said.status for said in answers] == [0, 0, 0, 0]
    (job,) = answers[2].dataset[0x2100, 0x0500].value
    return str(job.ReferencedSOPInstanceUID)


def film_of(session: str) -> Dataset:
    """The data set of a film box N-CREATE."""
    reference = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=session)
    return attributes(ImageDisplayFormat="STANDARD\\1,1", ReferencedFilmSessionSequence=[reference])


def open_session(scu: RawScu) -> str:
    session = generate_uid()
    label = attributes(FilmSessionLabel="LABEL")
    assert scu.ask("create", BasicFilmSession, session, label, context=META).status == 0
    return session


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
