"""Starts worker processes and watches them: one that dies is replaced, and its job is given back."""

import contextlib
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from printscp.film.job import ExecutionStatus, JobNews
from printscp.spool.news import news, read_line
from printscp.spool.queue import JobQueue, TableError

DRAIN_PATIENCE = 60.0
"""Seconds that workers may take to finish the jobs in hand when the printer stops."""

_SHORT_LIFE = 1.0  # seconds; a worker that lives no longer is not replaced at once

log = logging.getLogger(__name__)


class Crew:
    """Some workers, each kept alive by a supervisor of its own until `stop`.

    ``changed`` is told of each change of a job's state in the order of what happened, one at a time.
    """

    def __init__(
        self,
        workers: int,
        queue: JobQueue,
        command: list[str],
        lock: int,
        attempts: int,
        changed: Callable[[JobNews], None],
    ) -> None:
        telling = threading.Lock()
        self._supervisors = [
            Supervisor(queue, command, lock, attempts, changed, telling) for _ in range(workers)
        ]

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        return tuple(each.worker_pid for each in self._supervisors)

    def start(self) -> None:
        for each in self._supervisors:
            each.start()

    def wake(self) -> None:
        """Tell the workers that a job may have come."""
        for each in self._supervisors:
            each.wake()

    def stop(self) -> None:
        """Let all workers finish the jobs in hand, and end them; after `DRAIN_PATIENCE` the hard way."""
        for each in self._supervisors:
            each.dismiss()
        deadline = time.monotonic() + DRAIN_PATIENCE
        for each in self._supervisors:
            each.stop(max(0.0, deadline - time.monotonic()))


class Supervisor:
    """One worker, kept alive until it is dismissed.

    It holds ``telling`` while it calls ``changed``, and from before it gives a job back until it has told so:
    another worker that takes that job is told of later.
    """

    def __init__(
        self,
        queue: JobQueue,
        command: list[str],
        lock: int,
        attempts: int,
        changed: Callable[[JobNews], None],
        telling: threading.Lock,
    ) -> None:
        self._queue = queue
        self._command = command
        self._lock = lock
        self._attempts = attempts
        self._changed = changed
        self._telling = telling
        self._stopping = threading.Event()
        self._line = threading.Lock()
        self._holder = ""
        self._worker: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def worker_pid(self) -> int:
        """Process id of the worker at work."""
        assert self._worker is not None, "not started"
        return self._worker.pid

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
            log.error(
                "worker does not end: killed; its job waits for the next start",
                extra={"pid": self.worker_pid},
            )
            self._worker.kill()
            self._watcher.join()

    def _watch(self) -> None:
        while True:
            started = time.monotonic()
            worker = self._worker
            assert worker is not None
            assert worker.stdout is not None
            in_hand = self._pass_on(worker.stdout)
            reason = _how_it_ended(worker.wait())
            worker.stdout.close()
            self._take_over(in_hand, f"its worker {reason}")
            if time.monotonic() - started < _SHORT_LIFE:
                self._stopping.wait(_SHORT_LIFE)
            if not self._spawn():
                return
            log.error(
                "worker replaced", extra={"pid": worker.pid, "reason": reason, "by_pid": self.worker_pid}
            )

    def _pass_on(self, lines: Iterable[bytes]) -> JobNews | None:
        """Tell what a worker tells until it ends; returns the last of a job that it did not see ended."""
        in_hand = None
        for line in lines:
            try:
                told = read_line(line)
            except ValueError:
                log.warning(
                    "worker wrote what is no news", extra={"pid": self.worker_pid, "bytes": len(line)}
                )
                continue
            in_hand = told if told.status is ExecutionStatus.PRINTING else None
            with self._telling:
                self._changed(told)
        return in_hand

    def _take_over(self, in_hand: JobNews | None, reason: str) -> None:
        """Give back what a worker that has ended left behind, and tell what it could not tell any more."""
        while True:
            try:
                with self._telling:
                    self._give_back(in_hand, reason)
                return
            except TableError as error:
                log.error(
                    "job not given back, trying again", extra={"worker": reason, "error": str(error.orig)}
                )
                if self._stopping.wait(_SHORT_LIFE):
                    return  # the next start finds it

    def _give_back(self, in_hand: JobNews | None, reason: str) -> None:
        jobs = self._queue.give_back(self._holder, self._attempts, reason)
        if in_hand is not None and in_hand.uid not in (job.uid for job in jobs):
            # It had recorded what became of the job, and then it died.
            ended = self._queue.find(in_hand.uid, in_hand.printer_name)
            jobs = [ended, *jobs] if ended is not None else jobs
        for job in jobs:
            self._changed(news(job))

    def _spawn(self) -> bool:
        """Start a worker under a new name, unless all is to end."""
        with self._line:
            if self._stopping.is_set():
                return False
            if self._worker is not None and self._worker.stdin is not None:
                self._worker.stdin.close()
            self._holder = f"worker-{secrets.token_hex(8)}"
            self._worker = subprocess.Popen(
                [*self._command, "--holder", self._holder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                pass_fds=(self._lock,),
            )
            assert self._worker.stdin is not None
            os.set_blocking(self._worker.stdin.fileno(), False)
            return True


def worker_command(
    spool: Path,
    outputs: Mapping[str, Sequence[Mapping[str, Any]]],
    keep_jobs: int = 0,
    threads: int = 1,
    log_format: str = "text",
) -> list[str]:
    """How a worker process is started, but for the name it works under; ``outputs`` has tables as the
    configuration has them, by printer name."""
    tables = json.dumps(outputs, default=str)
    numbers = ["--keep-jobs", str(keep_jobs), "--threads", str(threads)]
    options = ["--spool", str(spool), "--outputs", tables, *numbers, "--log-format", log_format]
    return [sys.executable, "-m", "printscp.worker", *options]


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
