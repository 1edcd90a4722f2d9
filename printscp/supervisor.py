"""Starts the worker process and watches it: one that dies is replaced, and its job is given back."""

import contextlib
import logging
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from printscp.spool.queue import JobQueue

_SHORT_LIFE = 1.0  # seconds; a worker that lives no longer is not replaced at once

log = logging.getLogger(__name__)


class Supervisor:
    """One worker, kept alive until `stop`.

    ``changed`` is called after each change of a job's state, from a thread of its own.
    """

    def __init__(
        self, queue: JobQueue, command: list[str], lock: int, attempts: int, changed: Callable[[], None]
    ) -> None:
        self._queue = queue
        self._command = command
        self._lock = lock
        self._attempts = attempts
        self._changed = changed
        self._stopping = threading.Event()
        self._line = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker at work."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._watcher.start()

    def wake(self) -> None:
        """Tell the worker that a job may have come."""
        with self._line:
            if self._process is not None and self._process.stdin is not None:
                # A dead worker needs no telling, and a full pipe has told it already.
                with contextlib.suppress(OSError, ValueError):
                    self._process.stdin.write("\n")
                    self._process.stdin.flush()

    def stop(self) -> None:
        """Let the worker finish the job in hand, and end it."""
        self._stopping.set()
        with self._line:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
        if self._watcher.is_alive():
            self._watcher.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            holder = f"worker-{secrets.token_hex(8)}"
            started = time.monotonic()
            with self._line:
                if self._stopping.is_set():
                    return
                self._process = process = self._spawn(holder)
            self._listen(process)
            code = process.wait()
            reason = _how_it_ended(code)
            if code != 0:
                log.error("worker %d %s", process.pid, reason)
            self._queue.give_back(holder, self._attempts, f"its worker {reason}")
            self._changed()
            if time.monotonic() - started < _SHORT_LIFE:
                self._stopping.wait(_SHORT_LIFE)

    def _spawn(self, holder: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._command, "--holder", holder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(self._lock,),
        )

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for _ in process.stdout:
            self._changed()


def worker_command(spool: Path, output: Path) -> list[str]:
    """How a worker process is started, but for the name it works under."""
    return [sys.executable, "-m", "printscp.worker", "--spool", str(spool), "--output", str(output)]


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
