"""Starts worker processes and watches them: one that dies is replaced, and its job is given back."""

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic_core import to_json

from printscp.nursery import NURSERY, ForkedWorker
from printscp.spool.claim import Claims
from printscp.spool.database import TableError, reason
from printscp.spool.folder import Retention

_SHORT_LIFE = 1.0  # seconds; a worker that lives no longer is not replaced at once

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker goes by, told on its standard input: a database's URL may hold a password.

    ``outputs`` has tables as the configuration has them, by name.
    """

    spool: Path
    database: str | None
    sheets: str | None
    lease: float
    attempts: int
    keep: Retention
    outputs: dict[str, dict[str, Any]]
    threads: int
    log_format: Literal["text", "json"]


class Crew:
    """Some workers, each kept alive by a supervisor of its own until `stop`.

    ``changed`` is called when a worker has changed something in the job table, from any thread. ``command``
    starts other workers than those of `printscp.nursery`.
    """

    def __init__(
        self,
        workers: int,
        setup: WorkerSetup,
        claims: Claims,
        changed: Callable[[], None],
        command: tuple[str, ...] | None = None,
    ) -> None:
        self._supervisors = [Supervisor(setup, claims, changed, command) for _ in range(workers)]

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        return tuple(each.worker_pid for each in self._supervisors)

    @property
    def alive(self) -> bool:
        """Whether all are seen to."""
        return all(each.alive for each in self._supervisors)

    def start(self) -> None:
        for each in self._supervisors:
            each.start()

    def wake(self) -> None:
        """Tell the workers that a job may have come."""
        for each in self._supervisors:
            each.wake()

    def dismiss(self) -> None:
        """Have all workers end when they have finished the jobs in hand."""
        for each in self._supervisors:
            each.dismiss()

    def stop(self, patience: float) -> None:
        """Let all workers finish the jobs in hand, and end them; after so many seconds the hard way."""
        self.dismiss()
        deadline = time.monotonic() + patience
        for each in self._supervisors:
            each.stop(max(0.0, deadline - time.monotonic()))


class Supervisor:
    """One worker, kept alive until it is dismissed."""

    def __init__(
        self, setup: WorkerSetup, claims: Claims, changed: Callable[[], None], command: tuple[str, ...] | None
    ) -> None:
        self._setup = to_json(setup) + b"\n"
        self._outputs = [f"printscp.outputs.{table.get('type')}" for table in setup.outputs.values()]
        self._claims = claims
        self._changed = changed
        self._command = command
        self._stopping = threading.Event()
        self._line = threading.Lock()
        self._holder = ""  # the worker's name in the job table
        self._worker: subprocess.Popen[bytes] | ForkedWorker | None = None
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def worker_pid(self) -> int:
        """Process id of the worker at work."""
        assert self._worker is not None, "not started"
        return self._worker.pid

    @property
    def alive(self) -> bool:
        """Whether it sees to its worker."""
        return self._watcher.is_alive()

    def start(self) -> None:
        self._spawn()
        self._watcher.start()

    def wake(self) -> None:
        """Tell the worker that a job may have come."""
        with self._line:
            assert self._worker is not None
            assert self._worker.stdin is not None
            # A dead worker needs no telling, and a full pipe has told it already.
            with contextlib.suppress(OSError, ValueError):
                self._worker.stdin.write(b"\n")

    def dismiss(self) -> None:
        """Have the worker end when it has finished the job in hand."""
        with self._line:
            self._stopping.set()
            if self._worker is not None and self._worker.stdin is not None:
                self._worker.stdin.close()

    def stop(self, patience: float) -> None:
        """Wait for a worker that was dismissed, for so many seconds, and then end it the hard way."""
        if self._worker is None:
            return
        self._watcher.join(patience)
        if self._watcher.is_alive():
            log.error("worker does not end: killed; its job waits", extra={"pid": self.worker_pid})
            self._worker.kill()
            self._watcher.join()

    def _watch(self) -> None:
        while True:
            started = time.monotonic()
            worker = self._worker
            assert worker is not None
            assert worker.stdout is not None
            self._holder = _line(worker.stdout.fileno())
            while os.read(worker.stdout.fileno(), 4096):
                self._changed()
            why = _how_it_ended(worker.wait())
            worker.stdout.close()
            self._take_over(f"its worker {why}")
            if not self._stopping.is_set() and time.monotonic() - started < _SHORT_LIFE:
                self._stopping.wait(_SHORT_LIFE)
            if not self._replace():
                return
            log.error("worker replaced", extra={"pid": worker.pid, "reason": why, "by_pid": self.worker_pid})

    def _replace(self) -> bool:
        """Start another worker, however long that is not possible; False when all is to end."""
        while True:
            try:
                return self._spawn()
            except OSError as error:  # no memory, or too many processes
                log.error("worker not started: trying again", extra={"error": error.strerror})
                if self._stopping.wait(_SHORT_LIFE):
                    return False

    def _take_over(self, why: str) -> None:
        """Give back what a worker that has ended left behind; where that cannot be, its lease lapses."""
        try:
            self._claims.give_back(self._holder, why)
        except TableError as error:
            log.error("job not given back: waits for its lease", extra={"error": reason(error)})
        self._changed()

    def _spawn(self) -> bool:
        """Start a worker under a new name, unless all is to end."""
        with self._line:
            if self._stopping.is_set():
                return False
            if self._worker is not None and self._worker.stdin is not None:
                self._worker.stdin.close()
            self._worker = self._begin()
            assert self._worker.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it died at once: that is seen to
                self._worker.stdin.write(self._setup)
            os.set_blocking(self._worker.stdin.fileno(), False)
            return True

    def _begin(self) -> subprocess.Popen[bytes] | ForkedWorker:
        if self._command is None:
            return NURSERY.worker(self._outputs)
        pipe = subprocess.PIPE
        return subprocess.Popen(self._command, stdin=pipe, stdout=pipe, bufsize=0)


def _line(handle: int) -> str:
    """What comes before the end of a line, or all where there is none."""
    line = b""
    while (byte := os.read(handle, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
