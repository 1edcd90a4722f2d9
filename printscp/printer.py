"""The film printer: the one room that knows all others, and puts them together."""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from printscp import __version__
from printscp.catalog import load_profile
from printscp.config import Settings, load
from printscp.errors import SetupError
from printscp.film.dialogue import Printer
from printscp.film.job import Job
from printscp.film.memory import MemoryBudget
from printscp.film.sheet import Draft, Sheet
from printscp.spool.folder import Spool, lock
from printscp.supervisor import Supervisor, worker_command
from printscp.wire.server import PrintServer

log = logging.getLogger(__name__)


class FilmPrinter:
    """A film printer in this process, with its worker in another.

    ::

        with FilmPrinter(port=0, spool="spool", output="films") as printer:
            host, port = printer.address

    Takes a `Settings`, or its fields as keywords.

    Raises:
        SetupError: from the constructor or `start`: what is wrong, in one line.
    """

    def __init__(self, settings: Settings | None = None, **fields: Any) -> None:
        self.settings = settings or load(**fields)
        self._profile = load_profile(self.settings.profile)
        self._changes = threading.Condition()
        self._lock: int | None = None
        self._spool: Spool | None = None
        self._supervisor: Supervisor | None = None
        self._server: PrintServer | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in use."""
        assert self._server is not None, "not started"
        return self._server.address

    @property
    def worker_pid(self) -> int:
        """Process id of the worker."""
        assert self._supervisor is not None, "not started"
        return self._supervisor.worker_pid

    def start(self) -> None:
        """Recover the spool, start the worker, listen; returns when the first connection can be served."""
        settings = self.settings
        try:
            _check_output(settings)
            self._spool = Spool(settings.spool)
            self._lock = lock(settings.spool)
            self._spool.recover()
            command = worker_command(settings.spool, settings.output)
            self._supervisor = Supervisor(
                self._spool.queue, command, self._lock, settings.attempts, self._changed
            )
            self._server = PrintServer(
                Printer(
                    name=settings.announced_ae_title,
                    profile=self._profile,
                    software_version=__version__,
                    budget=MemoryBudget(settings.memory_mib << 20),
                    draft=self._draft,
                ),
                (settings.host, settings.port),
                ae_title=settings.announced_ae_title,
                check_called_ae_title=settings.ae_title is not None,
                max_associations=settings.max_associations,
                acse_timeout=settings.acse_timeout,
                idle_timeout=settings.idle_timeout,
            )
            self._server.start()
            self._supervisor.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening, let the worker finish the film in hand, and let go of the spool."""
        if self._server is not None:
            self._server.stop()
        if self._supervisor is not None:
            self._supervisor.stop()
        if self._spool is not None:
            self._spool.close()
        if self._lock is not None:
            os.close(self._lock)
        self._server = self._supervisor = self._spool = self._lock = None

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

    def _draft(self) -> Draft:
        assert self._spool is not None
        return self._spool.draft(self._accepted)

    def _accepted(self, number: int, sheet: Sheet) -> None:
        assert self._supervisor is not None
        log.info("job %d: %s from %s accepted", number, sheet.film_size, sheet.originator)
        self._supervisor.wake()
        self._changed()

    def _changed(self) -> None:
        with self._changes:
            self._changes.notify_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _check_output(settings: Settings) -> None:
    try:
        settings.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"output {settings.output}: {error.strerror}") from error
    if not os.access(settings.output, os.W_OK):
        raise SetupError(f"output {settings.output}: no right to write there")
