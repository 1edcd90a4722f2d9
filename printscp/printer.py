"""The film printer: the one room that knows all others, and puts them together."""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from printscp import __version__
from printscp.catalog import Catalog
from printscp.config import PrinterSettings, Settings, load
from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer, PrinterState
from printscp.film.service import contexts
from printscp.outputs.registry import open_output
from printscp.spool.folder import Spool, lock
from printscp.supervisor import Crew, worker_command
from printscp.wire.dimse import Responder
from printscp.wire.server import Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles

# What a job's Execution Status Info says of the printer as a whole.
_STATES = {"CHECK PRINTER": PrinterState("FAILURE", "CHECK PRINTER"), "NORMAL": PrinterState()}

log = logging.getLogger(__name__)


class FilmPrinter:
    """A film printer in this process, with its workers in others.

    ::

        with FilmPrinter(port=0, spool="spool", output="films") as printer:
            host, port = printer.address

    Takes a `Settings`, or its fields as keywords.

    Raises:
        SetupError: from the constructor or `start`: what is wrong, in one line.
    """

    def __init__(self, settings: Settings | None = None, **fields: Any) -> None:
        self.settings = settings or load(**fields)
        catalog = Catalog(self.settings.layouts)
        self._profiles = {each.profile: catalog.profile(each.profile) for each in self.settings.printers}
        self._printers: dict[str, Printer] = {}
        self._changes = threading.Condition()
        self._lock: int | None = None
        self._spool: Spool | None = None
        self._crew: Crew | None = None
        self._server: PrintServer | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in use, of the first door."""
        return self.addresses[0][:2]

    @property
    def addresses(self) -> list[tuple[str, int, bool, str]]:
        """Of each door: host and port in use, whether it is for TLS, and the AE titles to be called there."""
        assert self._server is not None, "not started"
        in_use = self._server.addresses
        return [
            (
                *in_use[Door(self.settings.host, door.port, door.tls)],
                door.tls,
                ", ".join(each.announced_ae_title for each in door.printers),
            )
            for door in self.settings.doors
        ]

    @property
    def worker_pid(self) -> int:
        """Process id of the worker, or of the first of several."""
        return self.worker_pids[0]

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        assert self._crew is not None, "not started"
        return self._crew.pids

    def start(self) -> None:
        """Recover the spool, start the workers, listen; returns when the first connection can be served."""
        settings = self.settings
        try:
            for each in settings.printers:
                _check_outputs(each, settings.source)
            self._spool = Spool(settings.spool)
            self._lock = lock(settings.spool)
            self._spool.recover(settings.keep_jobs)
            command = worker_command(
                settings.spool,
                {each.announced_ae_title: each.outputs for each in settings.printers},
                keep_jobs=settings.keep_jobs,
                threads=max(1, (os.cpu_count() or 1) // settings.workers),
                log_format=settings.log_format,
            )
            self._crew = Crew(
                settings.workers, self._spool.queue, command, self._lock, settings.attempts, self._changed
            )
            self._printers = self._make_printers(self._spool)
            self._server = PrintServer(self._entrances(), self._limits(), self._tls())
            self._server.start()
            self._crew.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening, let the workers finish the films in hand, and let go of the spool."""
        if self._server is not None:
            self._server.stop()
        if self._crew is not None:
            self._crew.stop()
        if self._spool is not None:
            self._spool.close()
        if self._lock is not None:
            os.close(self._lock)
        self._server = self._crew = self._spool = self._lock = None

    def jobs(self) -> list[Job]:
        """All jobs of the spool, oldest first."""
        assert self._spool is not None, "not started"
        return self._spool.queue.jobs()

    def wait_for(self, condition: Callable[[list[Job]], bool], timeout: float) -> list[Job]:
        """Wait until a condition on the jobs holds; returns them.

        Raises:
            TimeoutError: it did not hold within ``timeout`` seconds.
        """
        jobs: list[Job] = []

        def holds() -> bool:
            jobs[:] = self.jobs()
            return condition(jobs)

        with self._changes:
            if not self._changes.wait_for(holds, timeout):
                raise TimeoutError(
                    f"after {timeout} s: {[(job.id, str(job.status), job.info) for job in jobs]}"
                )
        return jobs

    def set_state(self, status: str, info: str, ae_title: str | None = None) -> None:
        """Have a printer, the first one or that of a title, report a Printer Status and its info."""
        name = ae_title or self.settings.printers[0].announced_ae_title
        self._printers[name].change_state(PrinterState(status, info))

    def _make_printers(self, spool: Spool) -> dict[str, Printer]:
        """Film printers by name; they share the memory."""
        budget = MemoryBudget(self.settings.memory_mib << 20)
        return {
            each.announced_ae_title: Printer(
                name=each.announced_ae_title,
                profile=self._profiles[each.profile],
                mode=each.mode,
                software_version=__version__,
                budget=budget,
                spool=spool.printer(each.announced_ae_title, self._accepted),
                job_events=each.job_events,
                printer_events=each.printer_events,
            )
            for each in self.settings.printers
        }

    def _entrances(self) -> tuple[Entrance, ...]:
        """How each printer is reached, and by whom."""
        host, event_timeout = self.settings.host, self.settings.dimse_timeout

        def entrance(each: PrinterSettings) -> Entrance:
            printer = self._printers[each.announced_ae_title]
            return Entrance(
                ae_title=each.ae_title,
                announced_ae_title=each.announced_ae_title,
                doors=tuple(
                    Door(host, door.port, door.tls) for door in self.settings.doors if each in door.printers
                ),
                contexts=contexts(printer.profile.color),
                converse=lambda association: Responder(association, printer, event_timeout),
                callers=each.allow_calling,
                networks=each.allow_addresses,
                implicit_vr_only=printer.profile.implicit_vr_only,
            )

        return tuple(entrance(each) for each in self.settings.printers)

    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            max_associations=settings.max_associations,
            max_associations_per_peer=settings.max_associations_per_peer,
            max_pdu=settings.max_pdu,
            acse_timeout=settings.acse_timeout,
            dimse_timeout=settings.dimse_timeout,
            idle_timeout=settings.idle_timeout,
        )

    def _tls(self) -> TLSFiles | None:
        tls = self.settings.tls
        return TLSFiles(tls.certificate, tls.key, tls.ca) if tls is not None else None

    def _accepted(self, number: int) -> None:
        assert self._crew is not None
        log.info("job accepted", extra={"job": number})
        self._crew.wake()
        self._notify()

    def _changed(self, news: JobNews) -> None:
        """A job's state has changed, in a worker or by its end."""
        printer = self._printers.get(news.printer_name)
        if printer is not None:  # not one of a configuration before
            try:
                printer.tell(news)
            except Exception:
                log.exception("news of a job did not reach its SCU")
            if news.status is not ExecutionStatus.PRINTING and news.status_info in _STATES:
                printer.change_state(_STATES[news.status_info])
        self._notify()

    def _notify(self) -> None:
        with self._changes:
            self._changes.notify_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _check_outputs(printer: PrinterSettings, source: str) -> None:
    for number, table in enumerate(printer.outputs, start=1):
        try:
            open_output(table).check()
        except SetupError as error:
            which = f"output {number}" if len(printer.outputs) > 1 else "output"
            raise SetupError(f"{source}: {which} of {printer.announced_ae_title}: {error}") from error
