"""A line printer daemon (RFC 1179) in a thread, with the failures that real ones play; and a real one."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "", "refuses the queue", "refuses the data", "cuts the data off", "does not acknowledge", "never answers"
]


@dataclass
class LPD:
    """``jobs`` has control file and data files of each job that came whole, in order."""

    port: int
    jobs: list[tuple[str, list[bytes]]] = field(default_factory=list)
    fault: Fault = ""
    connections: int = 0
    busy: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, line: socket.socket) -> None:
        """One connection: "receive a printer job" (section 5.2)."""
        self.connections += 1
        with line, line.makefile("rb") as stream:
            command = stream.readline()
            if command[:1] != b"\x02":
                return
            if self.fault == "never answers":
                self.busy.set()
                self.stop.wait(60)
                return
            if self.fault == "refuses the queue":
                line.sendall(b"\x01")
                return
            line.sendall(b"\0")
            control, data = "", []
            while head := stream.readline():
                count = int(head[1:].split()[0])
                if head[:1] == b"\x03" and self.fault == "refuses the data":
                    line.sendall(b"\x01")
                    return
                line.sendall(b"\0")
                if head[:1] == b"\x03" and self.fault == "cuts the data off":
                    stream.read(count // 2)
                    return
                content = stream.read(count)
                if len(content) < count or stream.read(1) != b"\0":
                    return
                if head[:1] == b"\x03" and self.fault == "does not acknowledge":
                    return
                if head[:1] == b"\x02":
                    control = content.decode("ascii")
                else:
                    data.append(content)
                if control and data:  # before it is acknowledged: then the client knows it to be there
                    self.jobs.append((control, data))
                line.sendall(b"\0")


@contextmanager
def inetd(program: str, *arguments: str, **environment: str) -> Iterator[int]:
    """Runs a program for each connection, on its standard input and output; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with line:
                    subprocess.run(
                        [program, *arguments],
                        stdin=line,
                        stdout=line,
                        env=os.environ | environment,
                        timeout=60,
                    )

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(70)


@contextmanager
def lpd(port: int = 0) -> Iterator[LPD]:
    """Runs one, on a free port where none is given."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = LPD(listening.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=server.serve, args=(line,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
