"""How much anybody may ask for at once: bytes of a request and time to send it, films being made."""

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import anyio
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from printscp.web.context import context_of
from printscp.web.problem import answer

MOST_BYTES = 64 << 10  # of the body of a request; the largest form has a few hundred
_PATIENCE = 20.0  # seconds for the body of a request
_PIECE = 256 << 10  # bytes of an answer; the next is sent when a reader has taken one (`connection.TAKING`)
_FILMS = 8  # tiles and readings being made at once: most of 40 threads are left to others
_DOCUMENTS = 2  # documents being made at once, each from a page of up to 60 MB
_WAITING = 400  # for any of that
_SENDING = 16  # documents on their way

_OF_FILMS = re.compile(r"/api/v1/jobs/[^/]+/films/[^/]+(/(thumbnail|reading|profile)|/tiles/.*)?")
_OF_DOCUMENTS = re.compile(
    r"(/api/v1|/_)?/(jobs|films)/.*(/documents/[^/]+|/verification(/report)?|/comparison/[^/]+)"
    r"|/api/v1/printers/.*/report"
)


class Bounds:
    """Around an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._films = anyio.Semaphore(_FILMS)
        self._documents = anyio.Semaphore(_DOCUMENTS)
        self._waiting = 0
        self._sending = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _length(scope) > MOST_BYTES:
            await answer(Request(scope), "too-large")(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        of_documents = _OF_DOCUMENTS.fullmatch(scope["path"])
        if not (of_documents or _OF_FILMS.fullmatch(scope["path"])) or _is_unknown(scope):
            await self._app(scope, exchange.receive, exchange.send)
            return
        try:
            await exchange.read()  # whoever is slow to ask has no place yet
        except HTTPException as error:
            await _refused(scope, error.status_code)(scope, receive, send)
            return
        if of_documents:
            await self._document(scope, exchange)
        else:
            await self._in_turn(self._films, scope, exchange)

    async def _document(self, scope: Scope, exchange: "_Exchange") -> None:
        """One that whoever takes it slowly keeps in memory."""
        if self._sending >= _SENDING:
            await answer(Request(scope), "busy")(scope, exchange.receive, exchange.send)
            return
        self._sending += 1
        try:
            await self._in_turn(self._documents, scope, exchange)
        finally:
            self._sending -= 1

    async def _in_turn(self, places: anyio.Semaphore, scope: Scope, exchange: "_Exchange") -> None:
        """Have a place until the answer is made; not until it is taken."""
        if self._waiting >= _WAITING:
            await answer(Request(scope), "busy")(scope, exchange.receive, exchange.send)
            return
        self._waiting += 1
        try:
            await places.acquire()
        finally:
            self._waiting -= 1
        async with AsyncExitStack() as held:
            held.callback(places.release)
            exchange.made = held.aclose
            await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """A request and its answer; ``made`` is called when that begins."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._ahead: deque[Message] = deque()
        self._left = MOST_BYTES
        self._whole = False
        self._until = time.monotonic() + _PATIENCE
        self.made: Callable[[], Awaitable[None]] | None = None

    async def read(self) -> None:
        """Have all of the request.

        Raises:
            HTTPException: it does not come in time, or is too large.
        """
        while not self._whole:
            self._ahead.append(await self._next())

    async def receive(self) -> Message:
        return self._ahead.popleft() if self._ahead else await self._next()

    async def _next(self) -> Message:
        if self._whole:
            return await self._receive()  # whether somebody is still there
        try:
            with anyio.fail_after(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._left -= len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self.made is not None:
            await self.made()
        body = message.get("body", b"")
        if len(body) <= _PIECE:
            await self._send(message)
            return
        rest = memoryview(body)
        while rest:
            piece, rest = bytes(rest[:_PIECE]), rest[_PIECE:]
            more = bool(rest) or message.get("more_body", False)
            await self._send({**message, "body": piece, "more_body": more})


def _is_unknown(scope: Scope) -> bool:
    """Nobody knows who asks: they are told so at once, and take no place of others."""
    request = Request(scope)
    return "app" in scope and context_of(request).guard.visitor(request) is None


def _refused(scope: Scope, status: int) -> Response:
    return answer(Request(scope), "too-large") if status == 413 else Response(status_code=status)


def _length(scope: Scope) -> int:
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(said) if said.isdigit() and len(said) < 20 else MOST_BYTES + 1
