"""A print server that speaks LPD (RFC 1179), by the backend program of CUPS.

The server has a film when it has acknowledged the last byte. One that dies before that is sent the film
again, from the start; it comes out twice only if nothing but the acknowledgement was lost.
"""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from printscp.errors import SetupError
from printscp.outputs.output import Claim, Refused, Sent, Ticket
from printscp.outputs.spooled import DocumentTable, SpooledDocument, check_document
from printscp.outputs.tcp import connected, not_ready

_PORT = 515
_USER = "printscp"
_TIED = Path(__file__).with_name("tied.py")
_GRACE = 2  # seconds in which the program may say itself that the server is silent
_LINE = 4096  # bytes; of a longer one the rest counts as another
# After a complaint the program would try again by itself, when the job may be another worker's.
_COMPLAINT = re.compile(r"(?:ERROR|WARNING): (.*)")
_CANCELLED = 5  # CUPS_BACKEND_CANCEL


def _lpd_uri(uri: str) -> str:
    parts = urlsplit(uri)
    if (
        parts.scheme != "lpd"
        or not parts.hostname
        or not parts.path.strip("/")
        or parts.fragment
        or not re.fullmatch(r"[!-~]+", uri)
    ):
        raise ValueError("must be lpd://HOST/QUEUE or lpd://HOST:PORT/QUEUE")
    if parts.port == 0:
        raise ValueError("port: must be from 1 to 65535")
    return uri


class Settings(BaseModel):
    """A queue of an LPD server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: Annotated[str, AfterValidator(_lpd_uri)] = Field(
        description="lpd://HOST/QUEUE or lpd://HOST:PORT/QUEUE; options of the backend may follow, as in "
        "?reserve=rfc1179."
    )
    document: DocumentTable = Field(
        {"type": "postscript"},
        description="Table of the file format it gets, with its keys. PostScript asks for copies itself; a "
        "document of another format is sent once for each copy.",
    )
    at_once: int = Field(1, ge=0, description="Jobs that are sent to it at once; 0: any number.")
    timeout: int = Field(300, ge=1, le=86400, description="Seconds of silence that end an attempt.")
    backend: Path = Field(
        Path("/usr/lib/cups/backend/lpd"), description="The backend program, of the Debian package cups."
    )

    @property
    def place(self) -> str:
        """Its URI."""
        return self.uri.partition("?")[0]

    def check(self) -> None:
        """See whether documents can be made, and the backend be run.

        Raises:
            SetupError: they cannot.
        """
        if not self.backend.is_file():
            raise SetupError(f"backend {self.backend}: is not there; it comes with the Debian package cups")
        if not os.access(self.backend, os.X_OK):
            # Debian lets root alone run it, for ports below 1024, which few servers still ask for.
            raise SetupError(
                f"backend {self.backend}: no right to run it; have a copy made with install -m 755, and set "
                "`backend` to that"
            )
        check_document(self.document)

    def begin(self, ticket: Ticket) -> SpooledDocument:
        """Start a document.

        Raises:
            OSError: no room for it.
        """
        return SpooledDocument(self.document, ticket, lambda file, claim: self._send(file, ticket, claim))

    def _send(self, file: Path, ticket: Ticket, claim: Claim) -> Sent:
        parts = urlsplit(self.uri)
        # Servers differ in what they make of copies in a control file.
        for _ in range(1 if self.document["type"] == "postscript" else ticket.copies):
            connected(str(parts.hostname), parts.port or _PORT).close()  # the backend would try for long
            claim.hold()
            self._send_once(file, ticket)
        return Sent(self.place)

    def _send_once(self, file: Path, ticket: Ticket) -> None:
        with self._run(file, ticket) as backend:
            complaint = _complaint(backend, self.timeout + _GRACE)
            if complaint:
                raise not_ready("PRINTER BUSY", f"{complaint} The film is sent again.")
            try:
                status = backend.wait(self.timeout)
            except subprocess.TimeoutExpired:
                raise not_ready("CHECK PRINTER", f"no end of {self.backend}") from None
        if status == _CANCELLED:
            raise Refused("INVALID PAGE DES", f"{self.place} does not take the film")
        if status:
            # The server gives no reason (RFC 1179 section 4.1): there is no such queue, or no room.
            words = f"refused by {self.place}: is there such a queue, does it take jobs, has it room?"
            raise not_ready("CHECK PRINTER", words)

    @contextmanager
    def _run(self, file: Path, ticket: Ticket) -> Iterator["subprocess.Popen[bytes]"]:
        options = f"contimeout={self.timeout}&timeout={self.timeout}"
        uri = f"{self.uri}{'&' if '?' in self.uri else '?'}{options}"
        arguments = [uri, str(ticket.job), _USER, ticket.name, "1", "", str(file)]
        with subprocess.Popen(
            [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), str(self.backend), *arguments],
            env={"DEVICE_URI": uri, "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as backend:
            try:
                yield backend
            finally:
                if backend.poll() is None:  # SIGTERM it ignores while it sends
                    os.killpg(backend.pid, signal.SIGKILL)


def _complaint(backend: "subprocess.Popen[bytes]", timeout: float) -> str:
    """What the program complains of first, or that it is silent; empty where it ends without."""
    assert backend.stderr is not None
    file = backend.stderr.fileno()
    poll = select.poll()
    poll.register(file, select.POLLIN)
    left = b""
    while poll.poll(timeout * 1000):
        data = os.read(file, _LINE)
        *lines, left = (left + data).split(b"\n") if data else (left, b"")
        left = left[:_LINE]
        for line in lines:
            said = _COMPLAINT.fullmatch(line.decode("ascii", "replace").strip())
            if said:
                return said[1]
        if not data:
            return ""
    return f"Silent for {timeout:g} s."
