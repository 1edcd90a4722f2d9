"""`printscp serve` as its users run it: a process of its own, in a process group of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

PRINTSCP = str(Path(sys.executable).with_name("printscp"))
_LISTENING = re.compile(r"listening on (.+):(\d+) as (\S+)\n")


class Server:
    """Context manager; ready when it can be connected to."""

    def __init__(self, spool: Path, output: Path | None, *options: str, cwd: Path | None = None) -> None:
        command = [PRINTSCP, "serve", "--port", "0", "--spool", str(spool), *options]
        command += ["--output", str(output)] if output else []
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=cwd,
        )
        assert self.process.stdout is not None
        match = _LISTENING.fullmatch(self.process.stdout.readline())
        assert match is not None, self.process.communicate(timeout=10)[1]
        self.address = match[1], int(match[2])
        self.ae_title = match[3]

    def kill(self) -> None:
        """kill -9 of the whole process group, server and worker alike."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=20)

    def terminate(self) -> tuple[str, str]:
        """SIGTERM; what it wrote to standard output and standard error."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.terminate()
