"""A `cupsd` of our own, with one queue that leads to a printer.

Debian packages: cups, cups-client, cups-filters, cups-ipp-utils.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from peers.ippeve import listens, wait_for
from peers.ports import free_port

_FILES = """\
ServerRoot {folder}/root
RequestRoot {folder}/requests
TempDir {folder}/tmp
CacheDir {folder}/cache
StateDir {folder}/state
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
"""
_SERVER = """\
Listen 127.0.0.1:{port}
DefaultAuthType None
WebInterface No
Browsing No
LogLevel debug
ErrorPolicy retry-job
JobRetryInterval 1
<Location />
Order deny,allow
</Location>
<Policy default>
<Limit All>
Order deny,allow
</Limit>
</Policy>
"""
_FOLDERS = ("root", "requests", "tmp", "cache", "state", "log")


class Cups:
    """The server and its queue ``film`` to the printer at ``printer_uri``."""

    def __init__(self, printer_uri: str) -> None:
        # Its filters run as another user, who cannot enter the folders of a test.
        self._folder = Path(tempfile.mkdtemp(prefix="printscp-cups-"))
        self._printer_uri = printer_uri
        self._port = free_port()

    @property
    def uri(self) -> str:
        """Where the queue prints."""
        return f"ipp://127.0.0.1:{self._port}/printers/film"

    def pause(self) -> None:
        """Stop the queue: it takes jobs and prints none."""
        self._run("cupsdisable", "film")

    def resume(self) -> None:
        """Start the queue."""
        self._run("cupsenable", "film")

    def reject(self) -> None:
        """Take no jobs."""
        self._run("cupsreject", "film")

    def accept(self) -> None:
        """Take jobs again."""
        self._run("cupsaccept", "film")

    def _attributes(self) -> str:
        # Its status is of whether CUPS keeps to the standard.
        return self._run("ipptool", "-tv", self.uri, "get-printer-attributes.test", check=False)

    def _run(self, *command: str, check: bool = True) -> str:
        environment = os.environ | {"CUPS_SERVER": f"127.0.0.1:{self._port}"}
        done = subprocess.run(
            command, env=environment, check=check, timeout=60, capture_output=True, text=True
        )
        return done.stdout

    def __enter__(self) -> Self:
        root = os.geteuid() == 0
        self._folder.chmod(0o755)
        for name in _FOLDERS:
            (self._folder / name).mkdir()
            if root:
                shutil.chown(self._folder / name, "lp", "lp")
        files = _FILES.format(folder=self._folder) + ("User lp\nGroup lp\n" if root else "")
        (self._folder / "cups-files.conf").write_text(files)
        (self._folder / "cupsd.conf").write_text(_SERVER.format(port=self._port))
        settings = str(self._folder / "cupsd.conf"), str(self._folder / "cups-files.conf")
        command = ["cupsd", "-f", "-c", settings[0], "-s", settings[1]]
        with (self._folder / "out").open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            wait_for(lambda: listens(self._port), f"cupsd does not start: see {self._folder}")
            self._run("lpadmin", "-p", "film", "-E", "-v", self._printer_uri, "-m", "everywhere")
            # The queue is there before what it knows of its printer is.
            wait_for(lambda: "media-size-supported" in self._attributes(), "cupsd knows no media")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        shutil.rmtree(self._folder, ignore_errors=True)
