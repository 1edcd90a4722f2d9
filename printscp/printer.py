"""The film printer: the one room that knows all others, and puts them together."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from printscp import __version__
from printscp.catalog import Catalog
from printscp.config import PrinterSettings, Settings, load
from printscp.errors import SetupError
from printscp.film.job import Job, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer, PrinterState
from printscp.film.profile import PrinterProfile
from printscp.film.service import contexts
from printscp.spool.rows import OutputState
from printscp.wire.dimse import Responder
from printscp.wire.server import Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles
from printscp.workshop import Workshop, calibration

_WORKERS_PATIENCE = 5.0  # seconds that workers have for a film in hand, however long associations took
_SEVERITY = ("NORMAL", "WARNING", "FAILURE")

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
        self._printers: dict[str, Printer] = {}
        self._former: list[Printer] = []  # of settings before a reload, for associations that stand
        self._budget = MemoryBudget(self.settings.memory_mib << 20)
        self._forced: dict[str, PrinterState] = {}
        self._judging = threading.Lock()  # what is said last of a printer is what is
        self._changes = threading.Condition()
        self._workshop: Workshop | None = None
        self._server: PrintServer | None = None
        self._profiles = _profiles(self.settings)

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
        return self._at_work.worker_pids

    @property
    def _at_work(self) -> Workshop:
        assert self._workshop is not None, "not started"
        return self._workshop

    def start(self) -> None:
        """Take over what is in the spool, start the workers, listen; returns when the first connection can be
        served."""
        try:
            self._workshop = Workshop(self.settings, "serve", self._heard)
            self._workshop.start()
            self._printers = self._make_printers(self.settings)
            self._server = PrintServer(self._entrances(), self._limits(), self._tls())
            self._server.start()
            self._workshop.begin()
        except BaseException:
            self.stop()
            raise

    def stop(self, patience: float = 0.0) -> None:
        """Stop listening, let the workers finish the films in hand, and let go of the spool. Associations
        have ``patience`` seconds to end by themselves, of the `drain_timeout` that all have together."""
        deadline = time.monotonic() + self.settings.drain_timeout
        if self._server is not None:
            self._server.stop(patience)
        if self._workshop is not None:
            least = min(_WORKERS_PATIENCE, self.settings.drain_timeout)
            self._workshop.stop(max(least, deadline - time.monotonic()))
        self._server = self._workshop = None

    def reload(self, settings: Settings) -> None:
        """Go by other settings: printers, outputs, routes, certificates, how many workers. Associations that
        stand keep their printer.

        Raises:
            SetupError: these settings cannot be used; all is as before.
        """
        assert self._server is not None, "not started"
        profiles = _profiles(settings)
        before = self.settings, self._profiles, self._printers
        self.settings, self._profiles = settings, profiles
        self._printers = self._make_printers(settings)
        for name in self._printers.keys() & before[2].keys():
            self._printers[name].change_state(before[2][name].state)
        try:
            self._server.reload(self._entrances(), self._limits(), self._tls())
            try:
                self._at_work.reload(settings)
            except SetupError:
                self.settings, self._profiles, self._printers = before
                self._server.reload(self._entrances(), self._limits(), self._tls())
                raise
        except SetupError:
            self.settings, self._profiles, self._printers = before
            raise
        self._former = [*(each for each in self._former if each.has_listeners), *before[2].values()]
        log.warning("settings read again", extra={"source": settings.source})

    def healthy(self) -> bool:
        """Whether what has to run does."""
        return self._workshop is not None and self._workshop.healthy()

    def jobs(self) -> list[Job]:
        """All jobs of the spool, oldest first."""
        return self._at_work.spool.queue.jobs()

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
        """Have a printer, the first one or that of a title, report a Printer Status and its info, whatever is
        the matter; NORMAL has it report that."""
        name = ae_title or self.settings.printers[0].announced_ae_title
        with self._judging:
            if status == "NORMAL":
                self._forced.pop(name, None)
            else:
                self._forced[name] = PrinterState(status, info)
            for printer in (self._printers[name], *(each for each in self._former if each.name == name)):
                printer.change_state(PrinterState(status, info))

    def _make_printers(self, settings: Settings) -> dict[str, Printer]:
        """Film printers by name; they share the memory."""
        spool = self._at_work.spool
        return {
            each.announced_ae_title: Printer(
                name=each.announced_ae_title,
                profile=self._profiles[each.profile],
                mode=each.mode,
                software_version=__version__,
                budget=self._budget,
                spool=spool.printer(each.announced_ae_title, self._at_work.route, self._accepted),
                job_events=each.job_events,
                printer_events=each.printer_events,
                calibrated=calibration(settings, each.announced_ae_title),
            )
            for each in settings.printers
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
        log.info("job accepted", extra={"job": number})
        self._at_work.wake()
        self._notify()

    def _heard(self, news: list[JobNews], states: Mapping[str, OutputState]) -> None:
        """What became of jobs, here or on another host, and what is the matter with outputs."""
        everyone = (*self._printers.values(), *self._former)
        for each in news:
            for printer in everyone:
                if printer.name == each.printer_name:
                    self._tell(printer, each)
        with self._judging:
            for printer in everyone:
                names = ("", *self.settings.outputs_of(printer.name))
                concern = [states[output].printer for output in names if output in states]
                worst = max(concern, key=_severity, default=PrinterState())
                printer.change_state(self._forced.get(printer.name, worst))
        self._notify()

    def _tell(self, printer: Printer, news: JobNews) -> None:
        try:
            printer.tell(news)
        except Exception:
            log.exception("news of a job did not reach its SCU")

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


class FilmWorkers:
    """Workers alone, on the spool of printers that run elsewhere; used as `FilmPrinter` is."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._workshop: Workshop | None = None

    def start(self) -> None:
        """Take over what is in the spool, and start the workers.

        Raises:
            SetupError: what is wrong, in one line.
        """
        if not self.settings.workers:
            raise SetupError(f"{self.settings.source}: workers: is 0, and there is nothing else to run")
        self._workshop = Workshop(self.settings, "worker", lambda _, __: None)
        self._workshop.start()
        self._workshop.begin()

    def stop(self, patience: float = 0.0) -> None:
        """Let the workers finish the films in hand."""
        if self._workshop is not None:
            self._workshop.stop(self.settings.drain_timeout)
        self._workshop = None

    def reload(self, settings: Settings) -> None:
        """Go by other settings.

        Raises:
            SetupError: these settings cannot be used; all is as before.
        """
        assert self._workshop is not None, "not started"
        self._workshop.reload(settings)
        self.settings = settings

    def healthy(self) -> bool:
        """Whether what has to run does."""
        return self._workshop is not None and self._workshop.healthy()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _profiles(settings: Settings) -> dict[str, PrinterProfile]:
    catalog = Catalog(settings.layouts)
    return {each.profile: catalog.profile(each.profile) for each in settings.printers}


def _severity(state: PrinterState) -> int:
    return _SEVERITY.index(state.status)
