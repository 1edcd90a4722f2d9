"""A process that has loaded what workers are made of, and becomes a worker whenever one is asked for.

Loading takes most of a second of a core, forking a few milliseconds: a worker that died, and those after a
reload, are there at once, and what all of them have loaded is in memory once. There is one such process for
each process that has workers, from its first worker on, and it ends with that.

What is asked for goes over a socket: descriptors to be standard input, output and error, and one on which is
told what became of the worker; with them the environment and what to load, as JSON. A worker's process id and
its return code come back, a line each.
"""

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

_LENGTH = struct.Struct("!I")  # of the JSON
_DESCRIPTORS = 4
_UNSEEN = 1  # return code of a worker whose end nobody saw, as the nursery went before it


class ForkedWorker:
    """A worker as `subprocess.Popen` has it: ``stdin`` and ``stdout`` lead there, without buffers."""

    def __init__(self, stdin: int, stdout: int, fate: int) -> None:
        self.stdin: BinaryIO = open(stdin, "wb", buffering=0)  # noqa: SIM115
        self.stdout: BinaryIO = open(stdout, "rb", buffering=0)  # noqa: SIM115
        self._fate = open(fate, "rb", buffering=0)  # noqa: SIM115
        self._reading = threading.Lock()
        self._heard: list[int] = []  # its process id, its return code

    @property
    def pid(self) -> int:
        """Its process id; 0 where there was no worker after all."""
        return self._hear(0)

    def wait(self) -> int:
        """Its return code once it has ended, negative for a signal."""
        return self._hear(1)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        # Who has seen its end may be gone, and then its process id may be another's: its output tells.
        if self.pid and not self._has_hung_up():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _hear(self, number: int) -> int:
        if number < len(self._heard):
            return self._heard[number]
        with self._reading:
            while number >= len(self._heard):
                self._heard.append(int(self._fate.readline() or (0, _UNSEEN)[len(self._heard)]))
            if number:
                self._fate.close()
        return self._heard[number]

    def _has_hung_up(self) -> bool:
        if self.stdout.closed:
            return True
        poll = select.poll()  # select takes none of the higher descriptors of a busy printer
        poll.register(self.stdout, 0)
        return bool(poll.poll(0))


class Nursery:
    """Where the workers of this process come from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; there is one once a worker was asked for."""
        assert self._process is not None
        return self._process.pid

    def worker(self, modules: Iterable[str]) -> ForkedWorker:
        """A new worker, which gets what this process has by now: environment, folder, standard error.

        ``modules`` are those of the package that it will need, beside what every worker does.

        Raises:
            OSError: no process can be had.
        """
        with contextlib.ExitStack() as given, contextlib.ExitStack() as kept:
            stdin, to_stdin = _pipe(given, kept)
            from_stdout, stdout = _pipe(kept, given)
            fate, told = _pipe(kept, given)
            self._ask((stdin, stdout, 2, told), list(modules))
            kept.pop_all()
        return ForkedWorker(to_stdin, from_stdout, fate)

    def _ask(self, descriptors: tuple[int, ...], modules: list[str]) -> None:
        asked = json.dumps({"environ": dict(os.environ), "folder": _folder(), "modules": modules}).encode()
        with self._lock:
            for _ in range(2):
                line = self._line or self._begin()
                try:
                    socket.send_fds(line, [_LENGTH.pack(len(asked))], descriptors)
                    line.sendall(asked)
                    return
                except ConnectionError:  # it has died: the next is asked
                    self.close()
        # That has died as well, before it was asked rather than after: a worker that ended, in either case.

    def _begin(self) -> socket.socket:
        here, there = socket.socketpair()
        command = [sys.executable, "-m", "printscp.nursery", str(there.fileno())]
        nothing = subprocess.DEVNULL
        with there:
            try:
                # Standard error is that of the first worker: what it says itself are bugs.
                self._process = subprocess.Popen(
                    command, stdin=nothing, stdout=nothing, pass_fds=(there.fileno(),)
                )
            except BaseException:
                here.close()
                raise
        self._line = here
        return here

    def close(self) -> None:
        """End it; its workers live on, and the next one that is asked for has another."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.kill()  # it may be loading yet
            self._process.wait()
            self._process = None

    def forget(self) -> None:
        """It is that of the process that this one was forked from."""
        self._lock, self._line, self._process = threading.Lock(), None, None


def _pipe(reading: contextlib.ExitStack, writing: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe; its ends are closed with these."""
    ends = os.pipe()
    for stack, end in zip((reading, writing), ends, strict=True):
        stack.callback(os.close, end)
    return ends


def _folder() -> str | None:
    """The current one; None where it was deleted."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return None


NURSERY = Nursery()
os.register_at_fork(after_in_child=NURSERY.forget)
atexit.register(NURSERY.close)


# --- the process itself ----------------------------------------------------------------------------------


def main() -> None:
    """Entry point of the process: fork as asked on a socket, whose number is the argument, until it ends."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they reach the whole group; workers that finish need it still
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    gc.disable()  # what is loaded stays
    worker = import_module("printscp.worker")
    gc.freeze()
    gc.enable()
    bell, ringer = os.pipe()
    for end in (bell, ringer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(ringer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, int] = {}  # by process id, where to tell
    folder = _folder()
    while True:
        ready, _, _ = select.select([line.fileno(), bell], [], [])
        if bell in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(bell, 4096)
            _tell_of_the_dead(told)
        if line.fileno() in ready:
            asked = _receive(line)
            if asked is None:
                return
            descriptors, wanted = asked
            if wanted["folder"] == folder:
                wanted["folder"] = None  # its path may lead through folders that are closed to it
            for module in wanted["modules"]:
                with contextlib.suppress(Exception):  # the worker will meet it as well, and say so
                    import_module(module)
            pid = _fork()
            if pid == 0:
                for each in (line.fileno(), bell, ringer, *told.values()):
                    os.close(each)
                _become(descriptors, wanted, worker.main)
            if pid is not None:
                told[pid] = descriptors.pop()
                _tell(told[pid], pid)
            for each in descriptors:
                os.close(each)


def _fork() -> int | None:
    """None where it cannot be: who asks sees the ends of its pipes closed."""
    try:
        return os.fork()
    except OSError as error:  # no memory, or too many processes
        sys.stderr.write(f"no worker: {error.strerror}\n")
        return None


def _receive(line: socket.socket) -> tuple[list[int], dict[str, Any]] | None:
    """What is asked for; None at the end."""
    try:
        head, descriptors, _, _ = socket.recv_fds(line, _LENGTH.size, _DESCRIPTORS)
        if not head:
            return None
        # No file of it, which would read ahead: descriptors come with the next byte.
        (length,) = _LENGTH.unpack(head)
        asked = line.recv(length, socket.MSG_WAITALL)
        return descriptors, json.loads(asked)
    except (ConnectionError, ValueError, struct.error):
        return None  # who asked has died meanwhile


def _become(descriptors: list[int], wanted: dict[str, Any], work: Callable[[], None]) -> NoReturn:
    """Be a worker as a process of its own would be."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for each in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors[:3]):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(descriptors[3])
        os.environ.clear()
        os.environ.update(wanted["environ"])
        time.tzset()
        if wanted["folder"] is not None:
            os.chdir(wanted["folder"])
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _tell_of_the_dead(told: dict[int, int]) -> None:
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        where = told.pop(pid)
        _tell(where, os.waitstatus_to_exitcode(status))
        os.close(where)


def _tell(where: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        os.write(where, b"%d\n" % number)


if __name__ == "__main__":
    main()
