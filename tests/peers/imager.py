"""A DICOM printer to forward films to: our own wire and film model, and a spool in memory."""

from collections.abc import Callable, Collection
from typing import Any, Self

from film.scu import make_printer
from peers.spool import MemorySpool
from pydicom.uid import UID

from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import PrinterState
from printscp.film.profile import Mode
from printscp.film.service import contexts
from printscp.wire.dimse import Responder
from printscp.wire.server import Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles

_PATIENCE = 20.0  # seconds


class Imager:
    """Context manager; its jobs are in ``spool``.

    ``lacks`` are SOP classes that it does not offer; ``tell`` is what becomes of each job at once, Execution
    Status and its info, and an event says so.
    """

    def __init__(
        self,
        mode: Mode = Mode.TOLERANT,
        *,
        color: bool = True,
        lacks: Collection[UID] = (),
        ae_title: str = "IMAGER",
        callers: tuple[str, ...] = (),
        associations: int = 8,
        tls: TLSFiles | None = None,
        tell: tuple[ExecutionStatus, str] | None = None,
        converse: Callable[..., Any] = Responder,
        **printer: Any,
    ) -> None:
        self.spool = MemorySpool()
        self.printer = make_printer(
            mode, spool=self.spool, budget=MemoryBudget(1 << 28), job_events=tell is not None, **printer
        )
        if tell is not None:
            self.spool.taken = lambda job: self._end(job.uid, *tell)
        self._door = Door("127.0.0.1", 0, tls is not None)
        self._server = PrintServer(
            (
                Entrance(
                    ae_title=ae_title,
                    announced_ae_title=ae_title,
                    doors=(self._door,),
                    contexts=tuple(each for each in contexts(color) if each not in lacks),
                    converse=lambda association: converse(association, self.printer, _PATIENCE),
                    callers=callers,
                ),
            ),
            Limits(associations, associations, 1 << 19, _PATIENCE, _PATIENCE, _PATIENCE),
            tls,
        )

    @property
    def port(self) -> int:
        return self._server.addresses[self._door][1]

    def be(self, status: str, info: str) -> None:
        """Enter a Printer Status."""
        self.printer.change_state(PrinterState(status, info))

    def _end(self, uid: str, status: ExecutionStatus, info: str) -> None:
        self.spool.status[uid] = status, info
        self.printer.tell(JobNews(uid, status, info, "FILMS", ""))

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
