"""What printers and workers alone have in common: the spool, a crew of workers, and the housekeeping."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from typing import Any

from printscp.config import Settings
from printscp.errors import SetupError
from printscp.film.job import JobFilm, JobNews
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order
from printscp.outputs.curve import last_measured, pinned
from printscp.outputs.output import Output, SheetOutput
from printscp.outputs.registry import open_output
from printscp.spool.database import TableError, reason
from printscp.spool.folder import Limits, Retention, Spool
from printscp.spool.processes import Presence
from printscp.spool.rows import OutputState
from printscp.supervisor import Crew, WorkerSetup
from printscp.transcript import Transcript
from printscp.transcript.file import dump

_LOOK = 0.5  # seconds between looks for what other hosts have done
_BURY = 5.0  # seconds between looks for processes of this host that have died
_TIDY = 60.0
_STOP_PATIENCE = 10.0
_HUNG = 60.0  # seconds without a look after which something is wrong
_OUT_OF_ORDER = PrinterState("FAILURE", "ELEC SW ERROR")  # no film is taken, and none printed

log = logging.getLogger(__name__)


class Workshop:
    """A spool with workers at work on it, from `start` to `stop`.

    ``heard`` gets the news of jobs, in order, and what is the matter with outputs and with the spool itself
    (under the name ""), from a thread of its own.
    """

    def __init__(
        self,
        settings: Settings,
        kind: str,
        heard: Callable[[list[JobNews], Mapping[str, OutputState]], None],
    ) -> None:
        self._settings = settings
        self._kind = kind
        self._heard = heard
        self._open = ExitStack()
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._looked = time.monotonic()
        self._own: OutputState | None = None
        self._threads: list[threading.Thread] = []
        self._crew: Crew | None = None
        self._leaving: list[threading.Thread] = []
        self.spool: Spool

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        assert self._crew is not None, "not started"
        return self._crew.pids

    def start(self) -> None:
        """Open the spool, take over what dead processes of this host left, start the workers.

        Raises:
            SetupError: what is wrong, in one line; nothing is left running.
        """
        settings = self._settings
        try:
            outputs = check_outputs(settings, here=settings.workers > 0)
            presence = Presence(settings.spool, self._kind, settings.file)
            self._open.callback(presence.close)
            self.spool = self._open_spool(presence)
            self._open.callback(self.spool.close)
            self._take_over(outputs)
            self._reader = self.spool.news()
        except BaseException as error:
            self._open.close()
            if isinstance(error, OSError | TableError):
                why = error.strerror if isinstance(error, OSError) else reason(error)
                raise SetupError(f"spool {settings.spool}: {why}") from error
            raise
        self._crew = self._make_crew(settings)

    def begin(self) -> None:
        """Have the workers take jobs, once all that hears of it is there."""
        assert self._crew is not None
        for work, name in ((self._watch, "watcher"), (self._keep_house, "housekeeper")):
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()
        self._crew.start()

    def stop(self, patience: float) -> None:
        """Let the workers finish the films in hand, for so many seconds, and let go of the spool."""
        if self._crew is not None:
            self._crew.stop(patience)
        for leaving in self._leaving:
            leaving.join()
        self._stopping.set()
        self._bell.set()
        for thread in self._threads:
            thread.join(_STOP_PATIENCE)
        self._crew = None
        self._open.close()

    def reload(self, settings: Settings) -> None:
        """Go by other settings: new workers take over, the old ones finish what they have in hand.

        Raises:
            SetupError: these settings cannot be used; all is as before.
        """
        for key in ("spool", "database", "sheets", "lease", "attempts", "memory_mib", "log_format"):
            if getattr(settings, key) != getattr(self._settings, key):
                raise SetupError(f"{settings.source}: {key}: cannot be changed by a reload: restart printscp")
        check_outputs(settings, here=settings.workers > 0)
        former, self._crew, self._settings = self._crew, self._make_crew(settings), settings
        self._crew.start()
        self.spool.limits = _limits(settings)
        assert former is not None
        former.dismiss()
        leaving = threading.Thread(target=former.stop, args=(settings.drain_timeout,), daemon=True)
        leaving.start()
        self._leaving = [*(each for each in self._leaving if each.is_alive()), leaving]

    def route(self, order: Order, films: Sequence[JobFilm]) -> tuple[str, ...]:
        """The outputs that a job of these films goes to."""
        return self._settings.route(
            order.printer_name,
            order.originator,
            {film.film_size for film in films},
            order.medium,
            order.destination,
            any(film.color for film in films),
        )

    def keep(self, uid: str, transcript: Transcript) -> None:
        """Keep the dialogue of a job with it, as far as it has come; where that fails, the film is printed
        all the same."""
        try:
            self.spool.dialogues.keep(uid, dump(transcript))
        except TableError as error:
            log.warning("the dialogue of a job is not kept", extra={"error": reason(error)})
        except Exception:
            log.exception("the dialogue of a job is not kept")

    def keep_unprinted(self, transcript: Transcript) -> None:
        """Keep the dialogue of an association that made no job, for whoever wants to know why."""
        try:
            self.spool.unprinted.keep(transcript.began, dump(transcript))
        except OSError as error:
            log.warning("a dialogue without a job is not kept", extra={"error": error.strerror})
        except Exception:
            log.exception("a dialogue without a job is not kept")

    def wake(self) -> None:
        """A job was accepted here."""
        if self._crew is not None:
            self._crew.wake()
        self._bell.set()

    def healthy(self) -> bool:
        """Whether what has to run does."""
        alive = self._crew is not None and self._crew.alive
        return alive and time.monotonic() - self._looked < _HUNG

    def _open_spool(self, presence: Presence) -> Spool:
        settings = self._settings
        spool = Spool(
            settings.spool,
            settings.database_url,
            settings.sheets,
            presence=presence,
            lease=settings.lease,
            attempts=settings.attempts,
            limits=_limits(settings),
        )
        try:
            _ = spool.sheets  # now, rather than with the first film
        except BaseException:
            spool.close()
            raise
        return spool

    def _take_over(self, outputs: Mapping[str, Output | SheetOutput]) -> None:
        """What dead processes left, and jobs of an earlier version."""
        self.spool.bury_the_dead()
        self.spool.queue.route(self.route)
        if (
            self._kind == "serve"
        ):  # who restarts a printer refills it: what a fault made on purpose held goes on
            for printer in self._settings.printers:
                self.spool.queue.release_of("", printer.announced_ae_title)
        if self._settings.database is not None and self._settings.sheets is None:
            log.warning("films are in the spool folder: no other host can print them, see the setting sheets")
        strays = self.spool.queue.waiting_for() - outputs.keys()
        if strays and self._settings.workers:
            log.warning("jobs wait for outputs that are not set up here", extra={"outputs": sorted(strays)})

    def _make_crew(self, settings: Settings) -> Crew:
        setup = WorkerSetup(
            spool=settings.spool,
            database=settings.database_url,
            sheets=settings.sheets,
            lease=settings.lease,
            attempts=settings.attempts,
            keep=_retention(settings),
            outputs={name: pinned(table) for name, table in settings.ways.items()},
            threads=max(1, (os.cpu_count() or 1) // max(1, settings.workers)),
            log_format=settings.log_format,
        )
        return Crew(settings.workers, setup, self.spool.claims, self._bell.set)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(_LOOK)
            self._bell.clear()
            self._looked = time.monotonic()
            try:
                self._look()
            except TableError as error:
                log.error("job table does not work", extra={"error": reason(error)})
                self._heard([], {"": OutputState(_OUT_OF_ORDER, f"job table: {reason(error)}")})
                self._bell.wait(_LOOK)
            except Exception:  # whatever it is, the next look may work
                log.exception("spool does not work")

    def _keep_house(self) -> None:
        """In a thread of its own: a store that several hosts share may be slow."""
        tidied = -_TIDY
        while not self._stopping.is_set():
            try:
                self.spool.bury_the_dead()
                self.spool.queue.forget_conditions()
                if time.monotonic() - tidied >= _TIDY:
                    self.spool.tidy(_retention(self._settings))
                    tidied = time.monotonic()
            except TableError as error:
                log.warning("spool not tidied", extra={"error": reason(error)})
            except OSError as error:
                log.error("spool not tidied", extra={"error": error.strerror})
            except Exception:
                log.exception("spool not tidied")
            self._stopping.wait(_BURY)

    def _look(self) -> None:
        states = self.spool.queue.conditions()
        own = self.spool.state()
        if own != self._own:
            log.warning("films are refused" if own else "films are taken", extra={"reason": own and own.info})
            self._own = own
        self._heard(self._reader.read(), states | ({"": own} if own is not None else {}))


def check_outputs(settings: Settings, here: bool) -> dict[str, Output | SheetOutput]:
    """The outputs of a configuration; those that are used ``here`` are asked whether they can be.

    Raises:
        SetupError: one cannot be used; the message names it.
    """
    outputs: dict[str, Output | SheetOutput] = {}
    for name, table in settings.ways.items():
        try:
            outputs[name] = open_output(table)
            if here:
                outputs[name].check()
        except SetupError as error:
            raise SetupError(f"{settings.source}: output {name}: {error}") from error
    return outputs


def calibration(settings: Settings, printer_name: str) -> date | datetime | None:
    """When the latest of the curves was measured through which a printer's films go, in local time, or the
    day alone; None where there is none, or it cannot be read here."""
    return last_measured(settings.ways[name] for name in settings.outputs_of(printer_name))


def _limits(settings: Settings) -> Limits:
    return Limits(settings.queue_limit, settings.reserve_mib << 20)


def _retention(settings: Settings) -> Retention:
    size: Any = settings.keep_mib
    return Retention(
        jobs=settings.keep_jobs,
        size=None if size is None else size << 20,
        days=settings.keep_days,
        records_days=settings.keep_records_days,
    )
