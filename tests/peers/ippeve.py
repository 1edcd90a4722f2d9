"""`ippeveprinter` of CUPS as a film printer: it takes jobs by IPP, one at a time, and keeps what it printed.

Debian packages: cups-ipp-utils, and gcc for a library that stands in for its Avahi.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from peers.film_printer import SIZES, film_printer
from peers.ports import free_port

_WAIT = 20.0  # seconds
# Prints a job: waits while the printer is held or has something wrong, and keeps document and attributes.
_PRINT = """\
#!/bin/sh
cd "{control}" || exit 1
said=
while :; do
    new=$(cat state 2>/dev/null)
    if [ "$new" != "$said" ]; then
        for each in $said; do echo "STATE: -$each" >&2; done
        for each in $new; do echo "STATE: +$each" >&2; done
        said=$new
    fi
    if [ -e abort ]; then rm abort; exit 1; fi
    if [ -z "$new" ] && [ ! -e hold ]; then break; fi
    sleep 0.05
done
name=$(date +%s%N)-$IPP_JOB_ID
cp "$1" "printed/.$name"
env | grep ^IPP_ > "printed/$name.env"
mv "printed/.$name" "printed/$name.data"
"""


@cache
def _library() -> TemporaryDirectory[str]:
    """Where the library is; made once, and gone with this process."""
    folder = TemporaryDirectory(prefix="noavahi-")
    source, made = Path(__file__).with_name("noavahi.c"), Path(folder.name) / "noavahi.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, source], check=True, timeout=60)
    return folder


@dataclass(frozen=True)
class Printed:
    """A document that was printed, and what the printer was told of its job, as IPP_COPIES and so on."""

    data: bytes
    job: dict[str, str]


class IppEve:
    """The printer, in ``folder``; ``sizes`` of its films are in inches. It keeps its port when it is started
    again."""

    def __init__(
        self,
        folder: Path,
        sizes: Sequence[tuple[float, float]] = SIZES,
        pdf: bool = True,
        custom: bool = True,
    ) -> None:
        self._folder = folder
        self._control = folder / "control"
        for path in (self._control / "printed", folder / "spool", folder / "keys"):
            path.mkdir(parents=True)
        (folder / "film.conf").write_text(film_printer(sizes, pdf, custom))
        self._command = folder / "print.sh"
        self._command.write_text(_PRINT.format(control=self._control))
        self._command.chmod(0o755)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it prints."""
        return f"ipp://127.0.0.1:{self._port}/ipp/print"

    @property
    def secure_uri(self) -> str:
        """The same over TLS, by a certificate of its own making; by the name that this has."""
        return f"ipps://localhost:{self._port}/ipp/print"

    @property
    def certificate(self) -> Path:
        """Its certificate, which it makes at the first call over TLS."""
        return next((self._folder / "keys").glob("*.crt"))

    @property
    def received(self) -> list[Printed]:
        """What it has printed, in order; a job that it aborted is none of it."""
        printed = []
        for path in sorted((self._control / "printed").glob("*.data")):
            lines = path.with_suffix(".env").read_text().splitlines()
            printed.append(Printed(path.read_bytes(), dict(line.partition("=")[::2] for line in lines)))
        return printed

    def set_state(self, reason: str) -> None:
        """Have something wrong, as ``+media-empty-error``, or not any more, as ``-media-empty-error``; the
        job that is printed waits, and while there is none the printer does not show it."""
        file = self._control / "state"
        now = set(file.read_text().split()) if file.exists() else set()
        now = now | {reason[1:]} if reason[0] == "+" else now - {reason[1:]}
        part = file.with_suffix(".part")
        part.write_text(" ".join(sorted(now)))
        part.replace(file)

    def abort_next(self) -> None:
        """Abort the job that is printed, or the next one."""
        (self._control / "abort").touch()

    def hold(self) -> None:
        """Print nothing, and go on with the job."""
        (self._control / "hold").touch()

    def resume(self) -> None:
        """Print again."""
        (self._control / "hold").unlink(missing_ok=True)

    def kill(self) -> None:
        """Switch it off in the middle of whatever it does: it forgets its jobs."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)  # and the job that it prints
            self._process.wait()
            self._process = None
            wait_for(lambda: not listens(self._port), "the job that it printed lives on")

    def restart(self) -> None:
        """Switch it on."""
        folder = self._folder
        files = {
            "-d": folder / "spool",
            "-K": folder / "keys",
            "-a": folder / "film.conf",
            "-c": self._command,
        }
        options = [str(part) for option in files.items() for part in option]
        command = ["ippeveprinter", "-p", str(self._port), "-n", "localhost", *options, "Film"]
        environment = os.environ | {"LD_PRELOAD": str(Path(_library().name) / "noavahi.so")}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(lambda: listens(self._port), f"ippeveprinter does not start: see {self._folder / 'log'}")

    def __enter__(self) -> Self:
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def listens(port: int) -> bool:
    """Whether something does on this host."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], otherwise: str, seconds: float = _WAIT) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not, for so long.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
