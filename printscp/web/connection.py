"""Connections to the light box: who does not come to the point is shown out, and others have the place."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 30.0  # seconds for a request, from the first of it to the last
_ASKING = (h11.IDLE, h11.SEND_BODY)


class Connection(H11Protocol):
    """One connection. A request has to be there `PATIENCE` seconds after the connection, or after its first
    byte; how long the answer takes to be read is not limited."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
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
