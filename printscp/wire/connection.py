"""One TCP connection, plain or under TLS: bytes in as whole PDUs, bytes out, and nothing that blocks.

Written for pynetdicom 3.0.x, whose `AssociationSocket` the state machine sends and closes by. Waiting is done
with `poll`, which takes any file descriptor; `select` ends at 1023.
"""

import contextlib
import math
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from pynetdicom.transport import AssociationSocket

from printscp.wire.message import ProtocolError

_HEADER = struct.Struct(">BxL")  # PDU type and length, PS3.8 9.3
_CHUNK = 1 << 16  # bytes taken at once, so that small PDUs come in one go
_LONGEST_REQUEST = 1 << 20  # bytes; an association request with all its contexts has far less
_LONGEST_PDU = 1 << 26  # a longer one is garbage; far less is announced
_Socket = socket.socket  # its name is taken inside pynetdicom's classes
_LOOK_UP = 0.5  # seconds after which one that waits to send looks whether it is still wanted


class Bell:
    """Ends the wait of a thread in `poll`: from any thread, at any time, also after the end."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._inside.fileno()

    def ring(self) -> None:
        # A full pair wakes as well as one more byte would. The lock keeps the byte from a descriptor that
        # has just been closed here and given to somebody else.
        with self._lock, contextlib.suppress(OSError):
            self._outside.send(b"\0")

    def silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._inside.recv(4096)

    def wait(self, seconds: float, connection: _Socket) -> bool:
        """Sleep until it is rung, or so long; whether the peer of a connection has closed it meanwhile."""
        poller = select.poll()
        poller.register(self._inside, select.POLLIN)
        poller.register(connection, select.POLLRDHUP)
        ready = {fd for fd, _ in poller.poll(math.ceil(seconds * 1000))}
        self.silence()
        return connection.fileno() in ready

    def close(self) -> None:
        with self._lock:
            self._inside.close()
            self._outside.close()


class Connection(AssociationSocket):
    """The connection of one association; only its thread may use it.

    ``at_end``: the peer has sent all it will send. ``deaf``: what comes is thrown away, since nobody knows
    any more where a PDU begins. ``tamper`` makes of what is to be sent what is sent, by a fault made on
    purpose (`printscp.wire.faulty`).
    """

    socket: _Socket | None

    def __init__(self, assoc: Any, connection: _Socket) -> None:
        connection.setblocking(False)
        super().__init__(assoc, client_socket=connection)
        self.at_end = False
        self.deaf = False
        self.tamper: Callable[[bytes], bytes] | None = None
        self._buffer = bytearray(_CHUNK)
        self._start = self._end = 0  # where in the buffer is what came and was not taken

    # --- TLS -------------------------------------------------------------------------------------------

    def wrap(self, context: ssl.SSLContext) -> None:
        """Put TLS on the connection; `shake_hands` comes next."""
        assert self.socket is not None
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def shake_hands(self) -> bool:
        """Go on with the TLS handshake as far as it goes; whether it is done.

        Raises:
            OSError: it failed.
        """
        assert isinstance(self.socket, ssl.SSLSocket)
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._await(select.POLLOUT)
            return False
        return True

    # --- in --------------------------------------------------------------------------------------------

    @property
    def holds_bytes(self) -> bool:
        """TLS has bytes decrypted that `poll` cannot see."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    @property
    def holds_part(self) -> bool:
        """Some bytes of the next PDU are here."""
        return self._end > self._start

    def take(self) -> memoryview | None:
        """The next PDU once all of it is here, good until the next `fill`.

        Raises:
            ProtocolError: what comes is no PDU.
        """
        start = self._start
        if self.deaf or self._end - start < (needed := self._needed()):
            return None
        self._start += needed
        return memoryview(self._buffer)[start : start + needed]

    def fill(self) -> bool:
        """Take in what has come, up to the end of one PDU; whether it was anything, for `at_end` is nothing.

        A readable socket may hold nothing to read: half a TLS record, or one of TLS's own messages.

        Raises:
            ProtocolError: what comes is no PDU.
            OSError: the connection is broken.
        """
        if self.deaf:
            self._start = self._end = 0
            self.at_end = self._receive(memoryview(self._buffer)) == 0
            return False
        held = self._end - self._start
        self._buffer[:held] = self._buffer[self._start : self._end]
        self._start, self._end = 0, held
        while (needed := self._needed()) > self._end:
            if self._end == len(self._buffer):
                # It grows with what has come, not with what a length field claims is coming.
                self._buffer = self._buffer.ljust(min(needed, 2 * len(self._buffer)), b"\0")
            count = self._receive(memoryview(self._buffer)[self._end : max(needed, _CHUNK)])
            if not count:
                self.at_end = count == 0
                break
            self._end += count
        return self._end > held

    def _needed(self) -> int:
        """Bytes of the next PDU; of its header, where that is not here yet."""
        if self._end - self._start < _HEADER.size:
            return _HEADER.size
        kind, length = _HEADER.unpack_from(self._buffer, self._start)
        if not 1 <= kind <= 7:
            raise ProtocolError(f"0x{kind:02X} is no PDU type")
        if length > (_LONGEST_PDU if self.assoc.is_established else _LONGEST_REQUEST):
            raise ProtocolError(f"a PDU of {length} bytes")
        return _HEADER.size + int(length)

    def _receive(self, into: memoryview) -> int | None:
        """How many bytes came; 0 at the end of the stream, None if there are none now."""
        assert self.socket is not None
        try:
            return self.socket.recv_into(into)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            # TLS has an answer of its own to send, and the peer's window is full.
            self._await(select.POLLOUT)
            return None

    # --- out -------------------------------------------------------------------------------------------

    def send(self, bytestream: bytes) -> None:
        """For the state machine: send a PDU, or tell it that the connection is gone."""
        try:
            self.transmit(bytestream)
        except OSError:
            self.event_queue.put("Evt17")

    def transmit(self, data: bytes) -> None:
        """Send all of ``data``.

        Raises:
            OSError: the connection is broken, or the peer takes nothing for `dimse_timeout` seconds.
        """
        if self.socket is None:
            raise ConnectionError("connection closed")
        if self.tamper is not None:
            data = self.tamper(data)
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._await(select.POLLOUT)
            except ssl.SSLWantReadError:
                self._await(select.POLLIN)

    def _await(self, event: int) -> None:
        assert self.socket is not None
        poller = select.poll()
        poller.register(self.socket, event)
        deadline = time.monotonic() + (self.assoc.dimse_timeout or 0.0)
        while not poller.poll(_LOOK_UP * 1000):
            if self.assoc._kill or time.monotonic() > deadline:
                raise TimeoutError("the peer takes nothing")

    # --- the end ---------------------------------------------------------------------------------------

    def linger(self, seconds: float) -> None:
        """Send no more, and read past TLS until the peer closes.

        To close with something unread resets the connection, and the peer would not see why it was refused.
        """
        connection = self.socket
        assert connection is not None
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError, ValueError):
            connection.shutdown(socket.SHUT_WR)
            poller = select.poll()
            poller.register(connection, select.POLLIN)
            while poller.poll(max(0.0, deadline - time.monotonic()) * 1000) and connection.recv(_CHUNK):
                pass

    def reset(self) -> None:
        """Break the connection off by a TCP reset."""
        connection, self.socket = self.socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def _shutdown_socket(self) -> None:
        """Close the connection; pynetdicom's own leaves it open where the peer was first."""
        connection = self.socket
        if connection is None:
            return
        if isinstance(connection, ssl.SSLSocket):
            # Says close_notify, and does not wait for the peer's.
            with contextlib.suppress(OSError, ValueError):
                connection.unwrap()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        self._start = self._end = 0
        self._buffer = bytearray()
