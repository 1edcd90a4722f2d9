"""A printer that takes its data from a plain TCP connection, as JetDirect does on port 9100.

The printer has a film when it has read it to the end and then closes the connection. The protocol has no
other receipt: what is cut off before that is sent again, from the start, and a printer that was cut off late
may print such a film twice. None is lost.
"""

import fcntl
import re
import select
import socket
import struct
import termios
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from printscp.outputs.output import Claim, NotReady, Refused, Sent, Ticket
from printscp.outputs.spooled import DocumentTable, SpooledDocument, check_document
from printscp.outputs.tcp import connected, not_ready

_PIECE = 1 << 16
_SAID = 1 << 14  # bytes of what a printer says that are kept
_LOOK = 0.02  # seconds until it is looked again at what TCP has acknowledged

_POSTSCRIPT_ERROR = re.compile(rb"%%\[ Error: *(?:(\w+)[^\]]{0,200}) *\]%%")
_PASSING = {b"timeout", b"ioerror", b"interrupt"}  # PostScript errors that are none of the document


class Settings(BaseModel):
    """A printer at the end of a TCP connection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str = Field("", description="socket://HOST or socket://HOST:PORT; or else `host` and `port`.")
    host: str = Field("", description="Its name or address.")
    port: int = Field(9100, ge=1, le=65535, description="Its port.")
    document: DocumentTable = Field(
        {"type": "postscript"},
        description="Table of the file format it gets, with its keys. PostScript asks for copies itself; a "
        "document of another format is sent once for each copy.",
    )
    at_once: int = Field(1, ge=0, description="Jobs that are sent to it at once; 0: any number.")
    timeout: float = Field(
        300, gt=0, le=86400, description="Seconds of silence, nothing taken or said, that end an attempt."
    )
    closing: Literal["orderly", "any"] = Field(
        "orderly",
        description="When a film counts as printed. orderly: the printer closed the connection. any: it "
        "took the last byte, for one that resets the connection or keeps it open; what it has not printed "
        "when it is switched off is lost.",
    )

    @model_validator(mode="before")
    @classmethod
    def _host_of_uri(cls, keys: Any) -> Any:
        if not isinstance(keys, dict) or "uri" not in keys:
            return keys
        if "host" in keys or "port" in keys:
            raise ValueError("uri: stands for host and port, leave those out")
        try:
            parts = urlsplit(str(keys["uri"]))
            host, port = parts.hostname or "", 9100 if parts.port is None else parts.port
        except ValueError as error:
            raise ValueError(f"uri: {error}") from error
        if parts.scheme != "socket" or parts.path not in ("", "/") or parts.query or parts.username:
            raise ValueError("uri: must be socket://HOST or socket://HOST:PORT")
        return {**keys, "host": host, "port": port}

    @model_validator(mode="after")
    def _has_a_host(self) -> Self:
        if not self.host:
            raise ValueError("uri: is missing, or has no host: socket://HOST or socket://HOST:PORT")
        return self

    @property
    def place(self) -> str:
        """Its URI."""
        return (
            f"socket://[{self.host}]:{self.port}" if ":" in self.host else f"socket://{self.host}:{self.port}"
        )

    def check(self) -> None:
        """See whether documents can be made.

        Raises:
            SetupError: they cannot.
        """
        check_document(self.document)

    def begin(self, ticket: Ticket) -> SpooledDocument:
        """Start a document.

        Raises:
            OSError: no room for it.
        """
        times = 1 if self.document["type"] == "postscript" else ticket.copies
        return SpooledDocument(self.document, ticket, lambda file, claim: self._print(file, times, claim))

    def _print(self, file: Path, times: int, claim: Claim) -> Sent:
        for _ in range(times):
            line = connected(self.host, self.port, self.timeout)
            with closing(_Connection(line, self.timeout)) as connection:
                claim.hold()  # nothing is printed of a connection that has brought nothing
                fault = self._fault(connection, file)
                _raise_what_it_said(bytes(connection.said))
                if fault is not None:
                    raise fault
        return Sent(self.place)

    def _fault(self, connection: "_Connection", file: Path) -> NotReady | None:
        """Send a file; why it was not taken, or None."""
        try:
            connection.send(file)
            connection.read_to_the_end(self.closing == "any")
        except TimeoutError:
            words = f"took and said nothing for {self.timeout:g} s after {connection.taken(file)}"
            return not_ready("CHECK PRINTER", f"{words}: look whether it has film")
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or "closed by the printer"
            words = f"cut off after {connection.taken(file)} ({reason}): busy, or switched off"
            return not_ready("PRINTER BUSY", words)
        return None


class _Connection:
    """A document goes out while what the printer says comes in: one that is not listened to may stop.

    Left before its end the connection is reset, so that the printer drops what it has.
    """

    def __init__(self, line: socket.socket, timeout: float) -> None:
        line.setblocking(False)
        self.said = bytearray()
        self._line = line
        self._timeout = timeout
        self._sent = 0
        self._whole = False
        self._poll = select.poll()

    def send(self, file: Path) -> None:
        """Send a file.

        Raises:
            TimeoutError: the printer takes nothing for too long.
            OSError, EOFError: it, or the way to it, ends the connection.
        """
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE):
                left = memoryview(piece)
                while left:
                    if self._wait(select.POLLIN | select.POLLOUT) & ~select.POLLOUT:
                        if not self._read():
                            raise EOFError
                    else:
                        taken = self._line.send(left)
                        self._sent += taken
                        left = left[taken:]
        self._line.shutdown(socket.SHUT_WR)

    def read_to_the_end(self, any_end: bool) -> None:
        """Wait until the printer has read all and closes; with ``any_end`` it may do anything else, once
        it has taken all.

        Raises:
            TimeoutError: the printer says nothing for too long.
            OSError: it, or the way to it, breaks the connection.
        """
        try:
            while self._wait(select.POLLIN) and self._read():
                pass
        except TimeoutError:
            if not any_end or self._unacknowledged():
                raise
        except OSError:
            # The reset may have overtaken the last acknowledgement.
            if not any_end or self._unacknowledged() >= min(self._sent, _PIECE):
                raise
            self._whole = True
            return
        self._await_acknowledgement()  # one that closed before it was sent anything has no use for it
        if not any_end:
            self._raise_error()
        self._whole = True

    def taken(self, file: Path) -> str:
        """How much went out, in words."""
        return f"{max(0, self._sent - self._unacknowledged())} of {file.stat().st_size} bytes"

    def close(self) -> None:
        """Close it."""
        if not self._whole:
            self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._line.close()

    def _await_acknowledgement(self) -> None:
        patience = self._timeout
        while self._unacknowledged():
            self._raise_error()
            if patience <= 0:
                raise TimeoutError
            time.sleep(_LOOK)
            patience -= _LOOK

    def _wait(self, events: int) -> int:
        self._poll.register(self._line, events)
        ready = self._poll.poll(self._timeout * 1000)
        if not ready:
            raise TimeoutError
        return ready[0][1]

    def _read(self) -> int:
        data = self._line.recv(_PIECE)
        self.said += data
        del self.said[:-_SAID]
        return len(data)

    def _raise_error(self) -> None:
        number = self._line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, "the connection was reset")

    def _unacknowledged(self) -> int:
        """Bytes that the other end has not acknowledged."""
        return int(struct.unpack("i", fcntl.ioctl(self._line.fileno(), termios.TIOCOUTQ, bytes(4)))[0])


def _raise_what_it_said(said: bytes) -> None:
    """A PostScript interpreter reports errors of a document, and drops the rest of it.

    Raises:
        Refused, NotReady: it did.
    """
    error = _POSTSCRIPT_ERROR.search(said)
    if error is None:
        return
    words = "the printer says: " + "".join(chr(each) if 32 <= each < 127 else "?" for each in error[0])
    if error[1] in _PASSING:
        raise not_ready("PRINTER BUSY", words)
    raise Refused("INSUFFIC MEMORY" if error[1] == b"VMerror" else "INVALID PAGE DES", words)
