"""A printer on a plain TCP port, with the failures that real ones play."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "", "busy", "resets", "resets at the end", "closes early", "stuck", "keeps the line", "reads nothing"
]
_EARLY = 5_000  # bytes


@dataclass
class JetDirect:
    """``films`` has what was read to its end, in order. ``says`` goes back before anything is read."""

    port: int
    films: list[bytes] = field(default_factory=list)
    fault: Fault = ""
    says: bytes = b""
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, line: socket.socket) -> None:
        """One connection."""
        self.connections += 1
        with line:
            if self.fault == "busy":
                return
            line.sendall(self.says)
            data = b""
            while piece := b"" if self.fault in ("stuck", "reads nothing") else line.recv(1 << 12):
                data += piece
                if self.fault in ("resets", "closes early") and len(data) > _EARLY:
                    break
            else:
                if self.fault in ("", "resets at the end", "keeps the line"):
                    self.films.append(data)
            if self.fault in ("stuck", "keeps the line"):
                self.stop.wait(60)
            if self.fault.startswith("resets"):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def jetdirect(port: int = 0) -> Iterator[JetDirect]:
    """Runs one, on a free port where none is given."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        printer = JetDirect(listening.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=_serve, args=(printer, line), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield printer
        finally:
            printer.stop.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(printer: JetDirect, line: socket.socket) -> None:
    try:
        printer.serve(line)
    except OSError:  # the client cut the connection
        return
