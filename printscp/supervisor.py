"""Starts the worker process and watches it: one that dies is replaced, and its job is given back."""

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
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from printscp.film.job import ExecutionStatus, JobNews
from printscp.spool.news import news, read_line
from printscp.spool.queue import JobQueue, TableError

DRAIN_PATIENCE = 60.0
"""Seconds that a worker may take to finish the job in hand when the printer stops."""

_SHORT_LIFE = 1.0  # seconds; a worker that lives no longer is not replaced at once

log = logging.getLogger(__name__)


class Supervisor:
    """One worker, kept alive until `stop`.

    ``changed`` is told of each change of a job's state in the order of what happened, from one thread.
    """

    def __init__(
        self,
        queue: JobQueue,
        command: list[str],
        lock: int,
        attempts: int,
        changed: Callable[[JobNews], None],
    ) -> None:
        self._queue = queue
        self._command = command
        self._lock = lock
        self._attempts = attempts
        self._changed = changed
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

    def stop(self) -> None:
        """Let the worker finish the job in hand, and end it; after `DRAIN_PATIENCE` the hard way."""
        with self._line:
            self._stopping.set()
            if self._worker is None:
                return
            assert self._worker.stdin is not None
            self._worker.stdin.close()
        self._watcher.join(DRAIN_PATIENCE)
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
            self._changed(told)
        return in_hand

    def _take_over(self, in_hand: JobNews | None, reason: str) -> None:
        """Give back what a worker that has ended left behind, and tell what it could not tell any more."""
        while True:
            try:
                jobs = self._queue.give_back(self._holder, self._attempts, reason)
                break
            except TableError as error:
                log.error(
                    "job not given back, trying again", extra={"worker": reason, "error": str(error.orig)}
                )
                if self._stopping.wait(_SHORT_LIFE):
                    return  # the next start finds it
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


def worker_command(spool: Path, outputs: Mapping[str, Path], log_format: str = "text") -> list[str]:
    """How a worker process is started, but for the name it works under; ``outputs`` by printer name."""
    folders = json.dumps({name: str(folder) for name, folder in outputs.items()})
    options = ["--spool", str(spool), "--outputs", folders, "--log-format", log_format]
    return [sys.executable, "-m", "printscp.worker", *options]


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
