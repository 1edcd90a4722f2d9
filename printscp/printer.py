"""The film printer: the one room that knows all others, and puts them together."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydicom.uid import UID, generate_uid

from printscp.config import Settings, load
from printscp.errors import SetupError
from printscp.faults.script import FaultScript, SeededUIDs
from printscp.film.job import Job, JobNews
from printscp.film.printer import FilmSpool
from printscp.front import Front
from printscp.lightbox import LightBox
from printscp.live import Live
from printscp.spool.rows import OutputState
from printscp.transcript import Step, Transcript
from printscp.workshop import Workshop, calibration

_WORKERS_PATIENCE = 5.0  # seconds that workers have for a film in hand, however long associations took

log = logging.getLogger(__name__)


class FilmPrinter:
    """A film printer in this process, with its workers in others.

    ::

        with FilmPrinter(port=0, spool="spool", output="films") as printer:
            host, port = printer.address

    Takes a `Settings`, or its fields as keywords; ``faults`` may be the file of a script, or a script. Where
    the settings do not say whether there is a light box, ``lightbox`` does: then there is one if it can be.

    Raises:
        SetupError: from the constructor or `start`: what is wrong, in one line.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        faults: FaultScript | Path | None = None,
        lightbox: bool = False,
        **fields: Any,
    ) -> None:
        self._changes = threading.Condition()
        self._workshop: Workshop | None = None
        script = FaultScript.load(faults) if isinstance(faults, Path) else faults
        self._front = Front(settings or load(**fields), self, script)
        self._new_uid: Callable[[], UID] = generate_uid
        self.settings = self._front.settings
        self._began = datetime.now(UTC)
        self._wants_lightbox = lightbox
        self._lightbox: LightBox | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in use, of the first door."""
        return self.addresses[0][:2]

    @property
    def addresses(self) -> list[tuple[str, int, bool, str]]:
        """Of each door: host and port in use, whether it is for TLS, and the AE titles to be called there."""
        return self._front.addresses

    @property
    def faults(self) -> FaultScript | None:
        """The script of the faults that it makes on purpose, if it has one."""
        return self._front.faults

    @property
    def lightbox_url(self) -> str | None:
        """Where the light box is; None where there is none."""
        return None if self._lightbox is None else self._lightbox.url

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
            self._prepare_uids()
            self._front.start()
            self._workshop.begin()
            self._began = datetime.now(UTC)
            self._start_lightbox()
        except BaseException:
            self.stop()
            raise

    def stop(self, patience: float = 0.0) -> None:
        """Stop listening, let the workers finish the films in hand, and let go of the spool. Associations
        have ``patience`` seconds to end by themselves, of the `drain_timeout` that all have together."""
        deadline = time.monotonic() + self.settings.drain_timeout
        self._front.stop(patience)
        lightbox, self._lightbox = self._lightbox, None
        if lightbox is not None:
            lightbox.stop()
        if self._workshop is not None:
            least = min(_WORKERS_PATIENCE, self.settings.drain_timeout)
            self._workshop.stop(max(least, deadline - time.monotonic()))
        self._workshop = None

    def reload(self, settings: Settings) -> None:
        """Go by other settings: printers, outputs, routes, certificates, how many workers. Associations that
        stand keep their printer.

        Raises:
            SetupError: these settings cannot be used; all is as before.
        """
        if settings.web.enabled != self.settings.web.enabled:
            raise SetupError(
                f"{settings.source}: web.enabled: cannot be changed by a reload: restart printscp"
            )
        if self._lightbox is not None:
            self._lightbox.check(settings)
        self._front.reload(settings, lambda: self._at_work.reload(self._front.settings))
        self.settings = self._front.settings
        if self._lightbox is not None:
            self._lightbox.reload(self.settings)
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
        self._front.set_state(status, info, ae_title)

    def spool_of(self, printer_name: str) -> FilmSpool:
        """For the front: where films and print jobs of a printer live."""
        work = self._at_work
        return work.spool.printer(printer_name, work.route, self._accepted)

    def calibrated(self, settings: Settings, printer_name: str) -> date | datetime | None:
        """For the front: when the curve was measured through which a printer prints."""
        return calibration(settings, printer_name)

    def new_uid(self) -> UID:
        """For the front: the UID of an instance that a printer makes."""
        return self._new_uid()

    def step(self, transcript: Transcript, step: Step) -> None:
        """For the front: what went over an association is kept when there is a job."""

    def printed(self, uid: str, transcript: Transcript) -> None:
        """For the front: what led to a job, and came of it."""
        self._at_work.keep(uid, transcript)

    def ended(self, transcript: Transcript) -> None:
        """For the front: what wanted to be printed, and made no job, is kept for a while."""
        if transcript.in_vain:
            self._at_work.keep_unprinted(transcript)

    def _start_lightbox(self) -> None:
        """Where the settings want it; without a word of theirs, only if it can be.

        Raises:
            SetupError: it cannot be served as they say.
        """
        web = self.settings.web
        if not (self._wants_lightbox if web.enabled is None else web.enabled):
            return
        lightbox = LightBox(self.settings, self._live)
        try:
            lightbox.start()
        except SetupError as error:
            if web.model_fields_set - {"enabled"} or web.enabled:
                raise
            log.warning("no light box", extra={"reason": str(error)})
            return
        self._lightbox = lightbox

    def _live(self) -> Live:
        workshop = self._workshop
        return self._front.live(self._began, workshop.worker_pids if workshop is not None else ())

    def _prepare_uids(self) -> None:
        """With a seed, UIDs are the same in each run on a new spool, and others than before on a used one."""
        faults = self._front.faults
        if faults is not None and faults.seed is not None:
            last = self._at_work.spool.queue.jobs(last=1)
            self._new_uid = SeededUIDs(faults.seed, ",".join(str(job.id) for job in last))

    def _accepted(self, number: int) -> None:
        log.info("job accepted", extra={"job": number})
        self._at_work.wake()
        self._notify()
        self._wake_lightbox()

    def _heard(self, news: list[JobNews], states: Mapping[str, OutputState]) -> None:
        """What became of jobs, here or on another host, and what is the matter with outputs."""
        if self._front.faults is not None:
            self._front.faults.look()
        for each in news:
            self._front.tell(each)
        self._front.judge(
            {
                name: [
                    states[output].printer
                    for output in ("", *self.settings.outputs_of(name))
                    if output in states
                ]
                for name in self._front.names()
            }
        )
        self._notify()
        if news:
            self._wake_lightbox()

    def _wake_lightbox(self) -> None:
        lightbox = self._lightbox  # which may end at any time
        if lightbox is not None:
            lightbox.wake()

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
