"""Hosts that share a job table and films: printers and workers as processes, which tests kill at will."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from peers.scu import Scu, image_item
from peers.server import PRINTSCP

from printscp.spool import processes

_ROOT = Path(__file__).parent.parent.parent


def small_layouts(folder: Path) -> Path:
    """Layouts of a printer `small`, whose films are quickly made."""
    own = folder / "printers"
    own.mkdir(parents=True)
    text = (_ROOT / "layouts" / "printers" / "imager17.toml").read_text()
    text = text.replace("dots_per_inch = 320", "dots_per_inch = 30")
    (own / "small.toml").write_text(text.replace("film_sizes = [", 'film_sizes = ["8INX10IN", '))
    return folder


class Host:
    """One `printscp serve` with its workers, started again whenever it is dead and wanted."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.spool = folder / "spool"
        self._file = folder / "printscp.toml"
        self._log = folder / "log"
        folder.mkdir(exist_ok=True)
        self._file.write_text(configuration)
        self._server: subprocess.Popen[str] | None = None
        self.address = ("", 0)

    def start(self) -> None:
        """Start the printer, on a free port."""
        with self._log.open("a") as log:
            self._server = subprocess.Popen(
                [PRINTSCP, "serve", "--config", str(self._file), "--port", "0", "--spool", str(self.spool)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        assert line.startswith("listening on "), self._log.read_text()
        host, _, port = line.split()[2].rpartition(":")
        self.address = host, int(port)

    def kill_acceptor(self) -> None:
        """kill -9 of the process that accepts films; its workers see that and end."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()

    def kill_all(self) -> None:
        """kill -9 of the acceptor and all its workers, as if the power went."""
        assert self._server is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()

    def workers(self) -> dict[str, int]:
        """Process ids of its workers, by name."""
        living = processes.living(self.spool) if self.spool.exists() else []
        return {each.name: each.pid for each in living if each.kind == "worker" and self._has(each.pid)}

    def _has(self, pid: int) -> bool:
        """Hosts of a test may share a spool folder; each has its process group."""
        try:
            return self._server is not None and os.getpgid(pid) == self._server.pid
        except ProcessLookupError:
            return False

    def kill_worker(self, chosen: random.Random) -> bool:
        """kill -9 of one worker; False where there is none just now."""
        pids = list(self.workers().values())
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(chosen.choice(pids), signal.SIGKILL)
        return True

    def log(self) -> str:
        """What its processes wrote to standard error."""
        return self._log.read_text()

    def stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill_all()


class Modality(threading.Thread):
    """Prints films with their numbers as labels, again and again until each is acknowledged."""

    def __init__(self, host: Host, numbers: Iterator[int]) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[int] = []
        self.over = threading.Event()
        self._host = host
        self._numbers = numbers
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            for number in self._numbers:
                if self.over.is_set():
                    return
                while not self._print(number):
                    if self.over.wait(0.02):
                        return
                self.acknowledged.append(number)
        except BaseException as error:
            self.fault = error
            raise

    def _print(self, number: int) -> bool:
        """Whether the printer acknowledged the film."""
        pixels = np.random.default_rng(number).integers(0, 4096, (60, 50), np.uint16)
        try:
            with Scu(self._host.address) as scu:
                scu.create_session(FilmSessionLabel=f"film {number}")
                film, _ = scu.create_film()
                if "Status" not in film or "Status" not in scu.set_image(1, image_item(pixels))[0]:
                    return False
                status = scu.print_film()
                if "Status" not in status:
                    return False
                assert status.Status == 0, status
                return True
        except (AssertionError, RuntimeError, ValueError, OSError):
            return False


class HotFolder(threading.Thread):
    """A folder that a consumer empties: each file is taken once it is there, and counted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        folder.mkdir()
        self.taken: Counter[str] = Counter()
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(0.01):
            self.take()

    def take(self) -> None:
        """Take what is there."""
        for path in self.folder.iterdir():
            if not path.name.startswith("."):
                path.unlink()
                self.taken[path.name] += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        self.take()


def wait_until(condition, seconds: float = 60.0, pause: float = 0.02) -> None:  # type: ignore[no-untyped-def]
    """Wait for a condition.

    Raises:
        TimeoutError
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(pause)
