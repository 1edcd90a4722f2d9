"""The side of a film printer that SCUs see: printers by AE title, behind their doors, with their states."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Protocol

from pydicom.uid import UID

from printscp import __version__
from printscp.catalog import Catalog
from printscp.config import PrinterSettings, Settings
from printscp.errors import SetupError
from printscp.faults.script import FaultScript
from printscp.faults.spool import FaultySpool
from printscp.film.job import JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.printer import PRINTER_STATUSES, FilmSpool, Printer, PrinterState, worst
from printscp.film.profile import PrinterProfile
from printscp.film.service import contexts
from printscp.live import Entrance as OpenDoor
from printscp.live import Live, LivePrinter
from printscp.wire.association import Conversation, PrintAssociation
from printscp.wire.dimse import Responder
from printscp.wire.faulty import FaultyResponder, admit
from printscp.wire.recording import Listener
from printscp.wire.server import Attendance, Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles

log = logging.getLogger(__name__)


class Backing(Listener, Protocol):
    """What stands behind the printers: where their films go, and who is told of what was said."""

    def spool_of(self, printer_name: str) -> FilmSpool:
        """Where films and print jobs of a printer live."""

    def calibrated(self, settings: Settings, printer_name: str) -> date | datetime | None:
        """When the curve was measured through which a printer prints."""

    def new_uid(self) -> UID:
        """The UID of an instance that a printer makes."""


class Front:
    """Printers of a configuration, and the server that answers for them.

    ``faults`` is the script of the faults that they make on purpose, if it is not the file of the setting.

    Raises:
        SetupError: from the constructor: a profile or the script is wrong, in one line.
    """

    def __init__(self, settings: Settings, backing: Backing, faults: FaultScript | None = None) -> None:
        if faults is None and settings.faults is not None:
            faults = FaultScript.load(settings.faults)
        self.faults = faults
        self._faulty: list[FaultySpool] = []
        self.settings = settings = _with_personas(settings)
        self._backing = backing
        self._printers: dict[str, Printer] = {}
        self._former: list[Printer] = []  # of settings before a reload, for associations that stand
        self._budget = MemoryBudget(settings.memory_mib << 20)
        self._forced: dict[str, PrinterState] = {}
        self._judging = threading.Lock()  # what is said last of a printer is what is
        self._server: PrintServer | None = None
        self._profiles = _profiles(settings)

    @property
    def addresses(self) -> list[tuple[str, int, bool, str]]:
        """Of each door: host and port in use, whether it is for TLS, and the AE titles to be called there."""
        assert self._server is not None, "not started"
        return [(each.host, each.port, each.tls, each.titles) for each in self._open_to(self._server)]

    def _open_to(self, server: PrintServer) -> tuple[OpenDoor, ...]:
        in_use = server.addresses
        doors = (
            (Door(self.settings.host, each.port, each.tls), each.printers) for each in self.settings.doors
        )
        return tuple(
            OpenDoor(*in_use[door], door.tls, ", ".join(each.announced_ae_title for each in printers))
            for door, printers in doors
            if door in in_use  # a reload, or the end, is under way
        )

    @property
    def started(self) -> bool:
        return self._server is not None

    def printer(self, name: str | None = None) -> Printer:
        """The printer that answers with an AE title; the first one, if none is given."""
        return self._printers[name or self.settings.printers[0].announced_ae_title]

    def start(self) -> None:
        """Listen; returns when the first connection can be served.

        Raises:
            SetupError
        """
        self._printers = self._make_printers(self.settings)
        self._server = PrintServer(self._entrances(), self._limits(), self._tls())
        self._server.start()

    def stop(self, patience: float = 0.0) -> None:
        """Stop listening; associations have ``patience`` seconds to end by themselves."""
        if self._server is not None:
            self._server.stop(patience)
        self._server = None
        while self._faulty:
            self._faulty.pop().close()

    def reload(self, settings: Settings, then: Callable[[], None]) -> None:
        """Go by other settings; ``then`` is called with the doors open, and may still refuse. Associations
        that stand keep their printer.

        Raises:
            SetupError: these settings cannot be used; all is as before.
        """
        assert self._server is not None, "not started"
        if settings.faults != self.settings.faults:
            raise SetupError(f"{settings.source}: faults: cannot be changed by a reload: restart printscp")
        settings = _with_personas(settings)
        profiles = _profiles(settings)
        before = self.settings, self._profiles, self._printers
        self.settings, self._profiles = settings, profiles
        self._printers = self._make_printers(settings)
        for name in self._printers.keys() & before[2].keys():
            self._printers[name].change_state(before[2][name].state)
        try:
            self._server.reload(self._entrances(), self._limits(), self._tls())
            try:
                then()
            except SetupError:
                self.settings, self._profiles, self._printers = before
                self._server.reload(self._entrances(), self._limits(), self._tls())
                raise
        except SetupError:
            self.settings, self._profiles, self._printers = before
            raise
        self._former = [*(each for each in self._former if each.has_listeners), *before[2].values()]
        self._let_go()

    def set_state(self, status: str, info: str, ae_title: str | None = None) -> None:
        """Have a printer, the first one or that of a title, report a Printer Status and its info, whatever is
        the matter; NORMAL has it report that.

        Raises:
            SetupError: there is no such status, or no such printer.
        """
        if status not in PRINTER_STATUSES:
            raise SetupError(f"printer status {status!r} is none of {', '.join(PRINTER_STATUSES)}")
        if ae_title is not None and ae_title not in self._printers:
            raise SetupError(f"no printer {ae_title!r}: there are {', '.join(self._printers)}")
        name = self.printer(ae_title).name
        with self._judging:
            if status == "NORMAL":
                self._forced.pop(name, None)
            else:
                self._forced[name] = PrinterState(status, info)
            for printer in (self._printers[name], *(each for each in self._former if each.name == name)):
                printer.change_state(PrinterState(status, info))

    def judge(self, states: Mapping[str, Iterable[PrinterState]]) -> None:
        """Have each printer report the worst of the states that concern it, by its name; none is NORMAL."""
        with self._judging:
            for printer in self._everyone():
                found = worst(states.get(printer.name, ()))
                printer.change_state(self._forced.get(printer.name, found))

    def tell(self, news: JobNews) -> None:
        """Tell the SCUs of a job's printer what became of it."""
        for printer in self._everyone():
            if printer.name == news.printer_name:
                try:
                    printer.tell(news)
                except Exception:
                    log.exception("news of a job did not reach its SCU")

    def names(self) -> set[str]:
        """AE titles of all printers that there are, those of former settings included."""
        return {printer.name for printer in self._everyone()}

    def live(self, began: datetime, worker_pids: tuple[int, ...]) -> Live:
        """What is going on, for whoever watches; at any time, from any thread."""
        server, printers = self._server, self._printers
        standing = server.standing() if server else {}
        attendance = server.attendance if server else Attendance()
        return Live(
            pid=os.getpid(),
            began=began,
            entrances=self._open_to(server) if server else (),
            printers={
                name: LivePrinter(each.state.status, each.state.info, standing.get(name, 0))
                for name, each in printers.items()
            },
            worker_pids=worker_pids,
            associated=attendance.associated,
            rejected=attendance.rejected,
            held=self._budget.held,
            limit=self._budget.limit,
        )

    def _everyone(self) -> tuple[Printer, ...]:
        return (*self._printers.values(), *self._former)

    def _make_printers(self, settings: Settings) -> dict[str, Printer]:
        """Film printers by name; they share the memory."""
        return {
            each.announced_ae_title: Printer(
                name=each.announced_ae_title,
                profile=self._profiles[each.profile],
                mode=each.mode or self._profiles[each.profile].mode,
                software_version=__version__,
                budget=self._budget,
                spool=self._spool_of(each.announced_ae_title),
                job_events=each.job_events,
                printer_events=each.printer_events,
                calibrated=self._backing.calibrated(settings, each.announced_ae_title),
                new_uid=self._backing.new_uid,
            )
            for each in settings.printers
        }

    def _spool_of(self, printer_name: str) -> FilmSpool:
        spool = self._backing.spool_of(printer_name)
        if self.faults is None:
            return spool
        self._faulty.append(FaultySpool(spool, self.faults))
        return self._faulty[-1]

    def _let_go(self) -> None:
        """Of the spools of printers that are no more, where no job waits."""
        used = [printer.spool for printer in self._everyone()]
        for spool in list(self._faulty):
            if not spool.holds_jobs and not any(each is spool for each in used):
                self._faulty.remove(spool)
                spool.close()

    def _entrances(self) -> tuple[Entrance, ...]:
        """How each printer is reached, and by whom."""
        host, event_timeout = self.settings.host, self.settings.dimse_timeout

        def entrance(each: PrinterSettings) -> Entrance:
            printer = self._printers[each.announced_ae_title]

            def converse(association: PrintAssociation) -> Conversation:
                responder = Responder if self.faults is None else FaultyResponder
                return responder(association, printer, event_timeout, self._backing)

            return Entrance(
                ae_title=each.ae_title,
                announced_ae_title=each.announced_ae_title,
                doors=tuple(
                    Door(host, door.port, door.tls) for door in self.settings.doors if each in door.printers
                ),
                contexts=contexts(printer.profile.color),
                converse=converse,
                callers=each.allow_calling,
                networks=each.allow_addresses,
                implicit_vr_only=printer.profile.implicit_vr_only,
                max_associations=printer.profile.max_associations,
                admit=None if self.faults is None else partial(admit, self.faults, printer.name),
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


def _with_personas(settings: Settings) -> Settings:
    return settings.with_personas(Catalog(settings.layouts).profile_names)


def _profiles(settings: Settings) -> dict[str, PrinterProfile]:
    catalog = Catalog(settings.layouts)
    return {each.profile: catalog.profile(each.profile) for each in settings.printers}
