"""Connections to the light box: who does not come to the point, or does not take the answer, is shown out,
and others have the place."""

import asyncio
import socket

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 30.0  # seconds for a request, from the first of it to the last
TAKING = 20.0  # seconds for what is sent of an answer at a time, some 300 KB
_ASKING = (h11.IDLE, h11.SEND_BODY)


class Connection(H11Protocol):
    """One connection. A request has to be there `PATIENCE` seconds after the connection, or after its first
    byte. How long the whole answer takes to be read is not limited, as long as each part is taken in
    `TAKING` seconds: whoever asks again and again and reads nothing holds no place."""

    _limit: asyncio.TimerHandle | None = None
    _full: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Also of what is left when the server has closed its end, for which it would wait for ever.
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * TAKING))
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        # Not by an error of the application, which would be logged as one.
        self._full = self.loop.call_later(TAKING, self.transport.abort)

    def resume_writing(self) -> None:
        if self._full is not None:
            self._full.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        if self._full is not None:
            self._full.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state not in _ASKING:
            self._end()
        elif self._limit is None:
            self._limit = self.loop.call_later(PATIENCE, self.transport.abort)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
