"""Changes are told as they happen: to streams and to those who wait, over a real socket."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from printscp.desk.records import Change
from printscp.web import connection, problem, stream
from printscp.web.access import Role, Visitor
from printscp.web.connection import Connection

FIRST = 1000


class Changes:
    """Of the desk: those since ``FIRST``, of which the last ten are kept."""

    awake = True

    def __init__(self) -> None:
        self._all: list[Change] = []
        self._callbacks: list[Callable[[], None]] = []
        self.listened = 0
        self.heard, self.unheard = threading.Event(), threading.Event()

    @property
    def last(self) -> int:
        return self._all[-1].number if self._all else FIRST

    def since(self, number: int) -> tuple[Change, ...] | None:
        if not max(FIRST, self.last - 10) <= number <= self.last:
            return None
        return tuple(each for each in self._all if each.number > number)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        self.listened += 1
        self.heard.set()

        def deaf() -> None:
            self._callbacks.remove(callback)
            self.unheard.set()

        return deaf

    def happen(self, count: int = 1, **fields: Any) -> None:
        for _ in range(count):
            self._all.append(Change(self.last + 1, **({"kind": "job", "job": 7} | fields)))
        for each in tuple(self._callbacks):
            each()


class Box:
    """A light box on a socket, with those changes."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.known = True
        self.app = FastAPI(openapi_url=None)
        guard = SimpleNamespace(visitor=lambda _: self._visitor())
        desk = SimpleNamespace(changes=self.changes)
        self.app.state.context = SimpleNamespace(guard=guard, desk=desk)
        problem.install(self.app)
        self.app.include_router(stream.router)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app, port=0, log_level="critical", timeout_graceful_shutdown=5, http=Connection
            )
        )
        self._thread = threading.Thread(target=self._server.run)

    def _visitor(self) -> Visitor | None:
        return Visitor("somebody", Role.VIEW, True, "", "session") if self.known else None

    def start(self) -> None:
        self._ready = threading.Event()
        startup = self._server.startup

        async def started(**keys: Any) -> None:
            await startup(**keys)
            self._ready.set()

        self._server.startup = started  # type: ignore[method-assign]
        self._thread.start()
        assert self._ready.wait(20)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def close_feed(self) -> None:
        stream.end(self.app)

    @contextmanager
    def get(self, path: str, **headers: str) -> Iterator[HTTPResponse]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", f"/api/v1/{path}", headers=headers)
            yield connection.getresponse()

    def json(self, path: str) -> Any:
        with self.get(path) as answer:
            return json.loads(answer.read())

    @contextmanager
    def watching(self, asked: str = "", **headers: str) -> Iterator[HTTPResponse]:
        """A stream that has begun."""
        with self.get(f"events{asked}", **headers) as answer:
            assert answer.status == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert event(answer) == {"retry": "2000"}
            assert self.changes.heard.wait(20)
            yield answer


def event(answer: HTTPResponse) -> dict[str, str]:
    """The next event of a stream; nothing at its end."""
    fields: dict[str, str] = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    box.start()
    yield box
    box.stop()


def test_changes_are_told_as_they_happen(box: Box) -> None:
    with box.watching() as answer:
        box.changes.happen(status="DONE")
        told = event(answer)
        assert (told["event"], told["id"]) == ("job", "1001")
        assert json.loads(told["data"])["status"] == "DONE"
        box.changes.happen(2, kind="printer", printer='A"\nevent: job')
        assert [event(answer)["id"], event(answer)["id"]] == ["1002", "1003"]
    assert box.changes.unheard.wait(20)  # nobody is left


def test_whoever_comes_back_is_told_what_happened_meanwhile(box: Box) -> None:
    box.changes.happen(5)
    with box.watching(**{"Last-Event-ID": "1003"}) as answer:
        assert [event(answer)["id"], event(answer)["id"]] == ["1004", "1005"]


def test_a_page_is_told_what_happened_while_it_was_loaded(box: Box) -> None:
    box.changes.happen(5)
    with box.watching("?since=1003") as answer:
        assert [event(answer)["id"], event(answer)["id"]] == ["1004", "1005"]
    with box.watching("?since=1003", **{"Last-Event-ID": "1004"}) as answer:  # it comes back
        assert event(answer)["id"] == "1005"


@pytest.mark.parametrize("last", ["12", "1001", "999999"])
def test_whoever_missed_some_is_told_so(box: Box, last: str) -> None:
    box.changes.happen(20)
    with box.watching(**{"Last-Event-ID": last}) as answer:
        assert event(answer) == {"event": "resync", "id": "1020", "data": "{}"}
        box.changes.happen()
        assert event(answer)["id"] == "1021"


def test_a_last_event_that_is_no_number_is_refused(box: Box) -> None:
    with box.get("events", **{"Last-Event-ID": "1; x"}) as answer:
        assert answer.status == 422


def test_one_call_wakes_all_who_watch(box: Box) -> None:
    with ExitStack() as streams:
        answers = [streams.enter_context(box.watching()) for _ in range(20)]
        box.changes.happen()
        assert [event(each)["id"] for each in answers] == ["1001"] * 20
        assert box.changes.listened == 1


def test_a_session_that_ends_ends_its_streams(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING", 0.02)
    with box.watching() as answer:
        assert event(answer) == {"": "still here"}
        box.known = False
        while event(answer) == {"": "still here"}:
            pass
        assert event(answer) == {}
        assert answer.read() == b""


def test_a_session_ends_a_busy_stream_too(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    with box.watching() as answer:
        monkeypatch.setattr(stream, "PING", 0.0)
        box.known = False
        box.changes.happen()
        event(answer)
        box.changes.happen()
        assert event(answer) == {}


def test_too_many_are_told_to_come_back(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST", 1)
    with box.watching():
        for path in ("events", "changes?since=1000&wait=9"):
            with box.get(path) as answer:
                assert answer.status == 503
                assert answer.headers["retry-after"]
                assert json.loads(answer.read())["type"] == "/problems/away"


def test_who_reads_too_slowly_is_dropped(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TAKING", 0.05)
    with box.watching():
        while not box.changes.unheard.wait(0.01):
            box.changes.happen(5, status_info="x" * 100_000)


def test_the_process_ends_all_streams_when_it_stops(box: Box) -> None:
    with box.watching() as answer:
        box.close_feed()
        assert answer.read() == b""
    with box.get("events") as answer:
        assert answer.read() == b"retry: 2000\n\n"  # and begins none


def test_a_process_that_ends_begins_no_stream(box: Box) -> None:
    box.close_feed()
    with box.get("events") as answer:
        assert answer.read() == b"retry: 2000\n\n"


def test_a_question_waits_for_its_answer(box: Box) -> None:
    begin = box.json("changes")
    assert begin == {"changes": [], "last": 1000, "resync": False}
    waiting: list[Any] = []
    asker = threading.Thread(target=lambda: waiting.append(box.json("changes?since=1000&wait=20")))
    asker.start()
    assert box.changes.heard.wait(20)
    box.changes.happen(2)
    asker.join(20)
    [told] = waiting
    assert [each["number"] for each in told["changes"]] == [1001, 1002]
    assert (told["last"], told["resync"]) == (1002, False)


def test_a_question_ends_without_an_answer(box: Box) -> None:
    assert box.json("changes?since=1000&wait=0.01") == {"changes": [], "last": 1000, "resync": False}
    assert box.json("changes?since=1&wait=20") == {"changes": [], "last": 1000, "resync": True}
    assert box.json("changes?since=1&wait=61")["errors"][0]["name"] == "wait"
    assert box.json("changes?since=1&wait=nan")["errors"][0]["name"] == "wait"
