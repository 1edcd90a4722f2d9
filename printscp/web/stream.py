"""What changes, told to programs and pages as it does: a stream of events, and a question that waits."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse

from printscp.desk.changes import Changes
from printscp.desk.records import Change
from printscp.errors import Away
from printscp.web.access import Viewer
from printscp.web.api.asking import example, media, operations, problems
from printscp.web.context import context_of

router = operations("changes")

MOST = 2000  # that watch at a time
PING = 15.0  # seconds; proxies let go of what is silent for a minute
_LONGEST_WAIT = 60  # seconds
_LARGEST = 2**53 - 1  # that a browser counts to

_NUMBER = r"^[0-9]{1,16}$"


class Feed:
    """Tells watchers, all of one event loop, that something has changed: one call wakes them all, and while
    nobody watches nobody looks."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.open = 0
        self._news = asyncio.Event()
        self._closed = False
        self._deaf: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The block watches."""
        if self.open == 0:
            self._loop = loop = asyncio.get_running_loop()
            self._deaf = self.changes.listen(lambda: _call(loop, self._ring))
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1
            if self.open == 0 and self._deaf:
                self._deaf()

    def admit(self) -> None:
        """Raises:
        Away: too many watch already.
        """
        if self.open >= MOST:
            raise Away(f"{self.open} watch changes already: try again in a while, or ask without waiting")

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def news(self) -> asyncio.Event:
        """Set when there is something after this moment."""
        return self._news

    def close(self) -> None:
        """Let all watchers go; from any thread."""
        self._closed = True
        if self._loop is not None:
            _call(self._loop, self._ring)

    def _ring(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


async def newest(changes: Changes) -> int:
    """Number of the last change before this moment."""
    return changes.last if changes.awake else await run_in_threadpool(changes.caught_up)


def end(app: FastAPI) -> None:
    """Let go of all who watch, and of those who come: the process is to end. From any thread."""
    _feed_of(app).close()


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(what)


def _feed_of(app: FastAPI) -> Feed:
    """That of an application, made for the first who asks."""
    if not hasattr(app.state, "feed"):
        app.state.feed = Feed(app.state.context.desk.changes)
    feed: Feed = app.state.feed
    return feed


async def _feed(request: Request) -> Feed:
    return _feed_of(request.app)


TheFeed = Annotated[Feed, Depends(_feed)]


class SomeChanges(BaseModel):
    """Changes after the number that was asked for."""

    changes: tuple[Change, ...]
    last: int = Field(description="What to ask for next.")
    resync: bool = Field(description="Some were missed: see everything anew.")


@router.get(
    "/changes",
    summary="Wait for changes",
    responses=problems("away", "busy"),
    openapi_extra=example("?since=0&wait=1"),
)
async def get_changes(
    feed: TheFeed,
    visitor: Viewer,
    since: Annotated[
        int | None, Query(ge=0, le=_LARGEST, description="The last one known; without it none are told.")
    ] = None,
    wait: Annotated[
        float, Query(ge=0, le=_LONGEST_WAIT, allow_inf_nan=False, description="Seconds to wait for one.")
    ] = 0,
) -> SomeChanges:
    """Those after `since`; when there is one, or after `wait` seconds. Start without `since`, and go on with
    `last`."""
    if since is None:
        return SomeChanges(changes=(), last=await newest(feed.changes), resync=False)
    feed.admit()
    with feed.watched():
        found = await _waited_for(feed, since, wait)
    if found is None:
        return SomeChanges(changes=(), last=feed.changes.last, resync=True)
    return SomeChanges(changes=found, last=found[-1].number if found else since, resync=False)


async def _waited_for(feed: Feed, since: int, seconds: float) -> tuple[Change, ...] | None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        news = feed.news
        found = feed.changes.since(since)
        left = end - loop.time()
        if found is None or found or left <= 0 or feed.closed:
            return found
        await _rung(news, left)


async def _rung(news: asyncio.Event, seconds: float) -> bool:
    """Whether there was news."""
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True


@router.get(
    "/events",
    summary="Watch changes",
    response_class=EventSourceResponse,
    responses=media("text/event-stream") | problems("away", "busy"),
    openapi_extra=example(),
)
async def watch_changes(
    request: Request,
    feed: TheFeed,
    visitor: Viewer,
    last_event_id: Annotated[
        str | None, Header(pattern=_NUMBER, description="The last event known, as browsers send it.")
    ] = None,
    since: Annotated[
        int | None, Query(ge=0, le=_LARGEST, description="The last change known to who comes first.")
    ] = None,
) -> Response:
    """Server-sent events: `event` is the kind of change, `id` its number, `data` the change as JSON. An event
    `resync` says that some were missed, or what is new cannot be told: see everything anew."""
    feed.admit()
    known = since if last_event_id is None else int(last_event_id)
    return EventSourceResponse(
        _told(request, feed, await newest(feed.changes) if known is None else known), ping=0
    )


async def _told(request: Request, feed: Feed, since: int) -> AsyncIterator[bytes]:
    """Events after ``since``, until the session ends or the process does."""
    yield b"retry: 2000\n\n"
    clock = asyncio.get_running_loop().time
    asked = clock()
    with feed.watched():
        while not feed.closed:
            if clock() >= asked + PING:
                if context_of(request).guard.visitor(request) is None:
                    return
                asked = clock()
            news = feed.news
            found = feed.changes.since(since)
            if found is None:
                since = feed.changes.last
                yield b"event: resync\nid: %d\ndata: {}\n\n" % since
            elif found:
                since = found[-1].number
                yield b"".join(map(_event, found))
            elif not await _rung(news, PING):
                yield b": still here\n\n"


@lru_cache(1000)
def _event(change: Change) -> bytes:
    data = json.dumps(asdict(change))
    return f"event: {change.kind}\nid: {change.number}\ndata: {data}\n\n".encode()
