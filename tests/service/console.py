"""What an SCU sees of a printer whose films go on to other printers: states of jobs and of the printer."""

import subprocess
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.raw import RawScu
from peers.scu import META
from PIL import Image
from pynetdicom.sop_class import Printer, PrinterInstance, PrintJob
from service.films import print_film

from printscp.film.job import Delivery, DeliveryState, Job
from printscp.printer import FilmPrinter

_PATIENCE = 60.0  # seconds
IN_ORDER = ("NORMAL", "NORMAL")
DONE = ("DONE", "NORMAL")
SUPPLY_EMPTY = ("WARNING", "SUPPLY EMPTY")
OFFLINE = ("WARNING", "PRINTER OFFLINE")
GRAYS = np.array([[230, 40], [90, 160]], np.uint8)  # of the quarters of a film


def small(layouts: Any, **settings: Any) -> dict[str, Any]:
    """Settings of a printer of small films (`peers.hosts.small_layouts`) that reports its own state, and
    whose jobs can be asked for after their end: no event is confirmed."""
    keys = {"layouts": layouts, "profile": "small", "output": None, "reserve_mib": 0}
    return keys | {"job_events": False, "printer_events": True} | settings


class Console(RawScu):
    """An association that asks what became of films, and hears of the printer."""

    def __init__(self, film_printer: FilmPrinter) -> None:
        super().__init__(film_printer.address, (META, PrintJob), calling="CONSOLE")
        self.film_printer = film_printer

    def print(
        self,
        session: Mapping[str, Any] | None = None,
        film_size: str = "17INX17IN",
        **association: Any,
    ) -> str:
        """Print a film of four quarters, as another association; the UID of its job."""
        pixels = np.kron(GRAYS, np.ones((16, 16), np.uint8))
        contexts = (META, PrintJob)
        with RawScu(self.film_printer.address, contexts, **{"calling": "VIEWER"} | association) as scu:
            uid = print_film(scu, session, {"FilmSizeID": film_size}, pixels)
            scu.release()
        assert uid is not None
        return uid

    def job(self, uid: str) -> tuple[str, str]:
        """Execution Status and its info, by N-GET."""
        found = self.ask("get", PrintJob, uid).dataset
        return found.ExecutionStatus, found.ExecutionStatusInfo

    @property
    def printer(self) -> tuple[str, str]:
        """Printer Status and its info, by N-GET."""
        found = self.ask("get", Printer, PrinterInstance, context=META).dataset
        return found.PrinterStatus, found.PrinterStatusInfo

    @property
    def reported(self) -> list[str]:
        """What the events of the printer said, in order; NORMAL is the one that has nothing to say."""
        return [
            str(event.dataset.get("PrinterStatusInfo", "NORMAL"))
            for event in self.events
            if event.command["AffectedSOPClassUID"] == Printer
        ]

    def hear(self, *infos: str) -> None:
        """Wait until the printer has reported these, and nothing else: an event may come after the
        answer that says the same."""
        wait_for(
            lambda: bool(self.printer) and self.reported == list(infos), lambda: f"heard {self.reported}"
        )

    def until(self, uid: str, job: tuple[str, str], printer: tuple[str, str] | None = None) -> Job:
        """Wait until the job, and the printer, are so; the job as the queue has it."""
        wait_for(
            lambda: self.job(uid) == job and printer in (None, self.printer),
            lambda: f"not {job} {printer}, but {self.job(uid)} {self.printer}: {self.queued(uid)}",
        )
        queued = self.queued(uid)
        assert (queued.status, queued.status_info) == job
        return queued

    def queued(self, uid: str) -> Job:
        """The job as the queue has it."""
        [found] = [job for job in self.film_printer.jobs() if job.uid == uid]
        return found

    def until_sent(self, uid: str, output: str = "film") -> Delivery:
        """Wait until the printer that an output leads to has the job; its way there."""
        wait_for(
            lambda: self.delivery(uid, output).state is DeliveryState.SENT,
            lambda: f"not sent: {self.queued(uid)}",
        )
        return self.delivery(uid, output)

    def delivery(self, uid: str, output: str = "film") -> Delivery:
        """The way of a job to an output."""
        [found] = [each for each in self.queued(uid).deliveries if each.output == output]
        return found


def wait_for(condition: Callable[[], bool], otherwise: Callable[[], str], seconds: float = _PATIENCE) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not, for so long.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise())
        time.sleep(0.05)


def drawn(document: bytes, points: tuple[int, int]) -> NDArray[np.uint8]:
    """The one page of a PDF, drawn at 10 dpi by poppler."""
    command = ["pdftoppm", "-r", "10", "-gray", "-"]
    done = subprocess.run(command, input=document, capture_output=True, check=True, timeout=60)
    page = np.asarray(Image.open(BytesIO(done.stdout)))
    assert page.shape == tuple(round(side / 7.2) for side in reversed(points))
    return page


def assert_is_the_film(document: bytes, points: tuple[int, int]) -> None:
    """A PDF is one page of that size, with the four quarters of `Console.print`."""
    page = drawn(document, points).astype(int)
    rows, columns = page.shape
    # The image box is square: of a film that is not, the quarters lie around the middle of it.
    middle, step = (rows // 2, columns // 2), min(rows, columns) // 4
    for down in (0, 1):
        for across in (0, 1):
            row, column = middle[0] + step * (2 * down - 1), middle[1] + step * (2 * across - 1)
            spot = page[row - 3 : row + 4, column - 3 : column + 4]
            assert abs(spot - int(GRAYS[down, across])).max() <= 3, (down, across, spot)
