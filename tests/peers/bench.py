"""A print server with a spool in memory, and films for it."""

import threading

import numpy as np
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from peers.spool import MemorySpool, Printed
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox

from printscp.catalog import load_profile
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer
from printscp.film.profile import Mode
from printscp.film.service import contexts
from printscp.wire.dimse import Responder
from printscp.wire.recording import Listener
from printscp.wire.server import Door, Entrance, Limits, PrintServer


class Bench:
    """A print server whose films are printed at once, by a thread that tells of it."""

    def __init__(
        self, event_timeout: float = 20.0, printer_events: bool = False, listener: Listener | None = None
    ) -> None:
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
            converse=lambda association: Responder(association, self.printer, event_timeout, listener),
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
