"""Input that nobody sends by mistake, on a real socket where it is the server that has to stand it."""

import asyncio
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.lightbox import bearer

from printscp.desk import Desk
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.web.app import create_app
from printscp.web.bounds import Bounds
from printscp.web.connection import Connection

MARKUP = "<b>&\"'`x</b>"


@contextmanager
def served(desk: Desk, app: Any = None) -> Iterator[int]:
    """A light box on a socket of its own; its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1100) as listening:
        config = uvicorn.Config(
            app or create_app(desk), log_config=None, timeout_graceful_shutdown=1, ws="none", http=Connection
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=asyncio.run, args=(server.serve([listening]),), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            desk.changes.close()
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def exchange(port: int, request: bytes) -> bytes:
    """The answer to a request, word for word; the connection ends with it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
        stream.sendall(request)
        answer = b""
        with suppress(ConnectionResetError):  # it was told enough
            while piece := stream.recv(65536):
                answer += piece
    return answer


def get(port: int, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *headers, "", ""]
    return exchange(port, "\r\n".join(lines).encode())


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.fixture
def job(printed: Callable[..., Job], film: Callable[..., Sheet]) -> Job:
    """A film whose SCU has put markup wherever it can."""
    return printed(
        film(),
        label=MARKUP,
        owner=MARKUP,
        originator=MARKUP[:16],
        printer_name=MARKUP[:16],
        remarks=(MARKUP,),
    )


def test_what_an_scu_sends_is_markup_to_no_page(local: TestClient, job: Job) -> None:
    pages = [
        "/",
        f"/films/{job.id}/1",
        "/queue",
        "/printers",
        "/unprinted",
        "/faults",
        f"/_/cards?job={job.id}",
    ]
    pages += [
        f"/_/films/{job.id}/1/side",
        f"/_/rows?job={job.id}",
        "/?calling=%3Cb%3E&printer=%3Cb%3E&state=%22x",
    ]
    for page in pages:
        answer = local.get(page)
        assert answer.status_code in (200, 404, 422), page
        assert "<b>" not in answer.text, page
        assert '"x' not in answer.text.replace('"xml', ""), page
    assert "&lt;b&gt;" in local.get("/").text


IDS = [
    *("..%2f..%2fetc%2fpasswd", "%00", "1%00", "%2e%2e", "9" * 400, "99999999999", "2147483648", "-1", "1e3"),
    *(
        "%D9%A1",
        "%C2%B2",
        "%EF%BC%91",
        "0x1",
        "1;2",
        "%20",
        "latest%00",
        "LATEST",
        "1.5",
        "%ff",
        "..\\x",
    ),
]


def test_ids_are_numbers_and_lead_nowhere_else(local: TestClient, job: Job) -> None:
    patterns = (
        "/api/v1/jobs/{}",
        "/api/v1/jobs/latest/films/{}",
        "/api/v1/unprinted/{}/dialogue",
        "/films/{}",
    )
    patterns += (
        "/films/latest/{}",
        "/api/v1/jobs/latest/films/1/documents/{}",
        "/static/{}",
        "/_/cards?job={}",
    )
    patterns += (
        "/api/v1/jobs/latest/films/1/tiles/0/0/{}",
        "/api/v1/printers/{}",
        "/printers/{}",
        "/unprinted/{}",
    )
    for pattern in patterns:
        for each in IDS:
            answer = local.get(pattern.format(each))
            assert answer.status_code in (204, 303, 400, 404, 405, 422), (pattern, each, answer.status_code)
            assert "root:" not in answer.text


def test_long_queries_are_refused_and_not_repeated(local: TestClient, job: Job) -> None:
    long = "x" * 12_000
    for path in ("/api/v1/jobs", "/", "/compare", "/api/v1/jobs/latest/films/1/reading", "/login", "/queue"):
        for query in (
            f"?printer={long}&x={long}&left={long}&next={long}",
            "?a" * 9000,
            "?&&&===%%%&day=9999999-1",
        ):
            answer = local.get(path + query)
            assert answer.status_code < 500, (path, answer.status_code)
            assert long[:5000] not in answer.text


@settings(max_examples=25)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
@pytest.mark.usefixtures("job")
def test_ranges_of_all_sorts(ranges: str) -> None:
    with TestClient(_files(), base_url="http://127.0.0.1") as client:
        for said in (
            ranges,
            f"bytes={ranges}",
            "bytes=" + "0-1," * 500,
            f"bytes={'9' * 50}-",
            "bytes=5-2,-0,a-b",
        ):
            answer = client.get("/static/style.css", headers={"Range": said})
            assert answer.status_code in (200, 206, 400, 416)
            assert len(answer.content) < 1 << 20


def _files() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    from printscp.web.app import STATIC

    return Starlette(routes=[Mount("/static", StaticFiles(directory=STATIC))])


def test_who_reads_slowly_keeps_nobody_waiting(desk: Desk) -> None:
    with served(desk) as port:
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        for each in slow[:30]:  # never ends what it asks for
            each.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        for each in slow[30:]:  # takes a byte of what it gets
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            each.sendall(
                b"GET /static/openseadragon/openseadragon.min.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3
            )
            each.recv(1)
        assert status(get(port, "/healthz")) == 200
        assert status(get(port, "/api/v1/me")) == 200
        for each in slow:
            each.close()


def test_bodies_that_never_come_are_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("printscp.web.bounds._PATIENCE", 0.1)
    with served(desk) as port:
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 100\r\n"
        form = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nname="
        assert status(exchange(port, (head + form).encode())) == 408


def test_what_is_not_taken_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of a large answer is let go of, and its place is free; nothing is logged of it."""
    monkeypatch.setattr("printscp.web.connection.TAKING", 0.2)
    ended = threading.Event()

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await send({"type": "http.response.body", "body": bytes(64 << 20)})
        finally:
            ended.set()

    with served(desk, Bounds(large)) as port, closing(socket.create_connection(("127.0.0.1", port))) as slow:
        slow.sendall(b"GET /api/v1/jobs/1/documents/pdf HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.recv(10) == b"HTTP/1.1 2"
        assert ended.wait(10)
    assert not caplog.records


def test_answers_that_nobody_takes_end_the_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short they are: each waits for those before it."""
    monkeypatch.setattr("printscp.web.connection.TAKING", 0.2)
    with served(desk) as port, closing(socket.create_connection(("127.0.0.1", port))) as greedy:
        greedy.settimeout(20)
        many = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 500_000
        with pytest.raises(ConnectionError):
            greedy.sendall(many)


def test_who_is_slow_to_ask_and_who_is_unknown_have_no_place(
    ask: Callable[..., TestClient], people: Path
) -> None:
    """Else sixteen of them kept all others from their documents."""

    async def never() -> Any:
        await asyncio.sleep(60)

    async def main() -> int:
        app: Any = ask(users=people).app
        path = "/api/v1/jobs/1/films/1/verification"
        token = [(name.lower().encode(), value.encode()) for name, value in bearer("viewer").items()]
        slow = [asyncio.create_task(_ask(app, path, "POST", token, never)) for _ in range(20)]
        unknown = [asyncio.create_task(_ask(app, path, "POST", [], never)) for _ in range(20)]
        await asyncio.sleep(0.01)
        code = await asyncio.wait_for(_ask(app, "/api/v1/jobs/1/documents/pdf", headers=token), 10)
        for each in slow + unknown:
            each.cancel()
        return code

    assert asyncio.run(main()) == 404  # there is no job


def test_a_flood_of_tiles_leaves_threads_to_others() -> None:
    """No more than eight are made at once, and whoever asks for something else does not wait for them."""

    async def main() -> tuple[int, list[int]]:
        now, most, go = 0, 0, asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            nonlocal now, most
            now, most = now + 1, max(most, now + 1)
            if "tiles" in scope["path"]:
                await go.wait()
            now -= 1
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        bounds = Bounds(slow)
        tile = "/api/v1/jobs/1/films/1/tiles/0/0/0"
        tiles = [asyncio.create_task(_ask(bounds, tile)) for _ in range(300)]
        await asyncio.sleep(0)
        other = await asyncio.wait_for(_ask(bounds, "/api/v1/me"), 5)
        go.set()
        return most, [other, *await asyncio.gather(*tiles)]

    most, codes = asyncio.run(main())
    assert most <= 9
    assert set(codes) == {200}


def test_too_many_at_once_are_told_so() -> None:
    async def main() -> list[int]:
        go = asyncio.Event()

        async def stuck(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        bounds = Bounds(stuck)
        tasks = [asyncio.create_task(_ask(bounds, "/api/v1/jobs/1/documents/pdf")) for _ in range(30)]
        await asyncio.sleep(0.01)
        go.set()
        return await asyncio.gather(*tasks)

    codes = asyncio.run(main())
    assert codes.count(200) == 16
    assert codes.count(503) == 14


async def _nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ask(
    app: Any, path: str, method: str = "GET", headers: Any = (), receive: Callable[..., Any] = _nothing
) -> int:
    codes: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            codes.append(message["status"])

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "query_string": b"",
        "scheme": "http",
    }
    await app(scope | {"server": ("127.0.0.1", 1), "root_path": ""}, receive, send)
    return codes[0]


@pytest.mark.slow
def test_a_thousand_idle_streams_are_nothing(desk: Desk) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3000:
        pytest.skip("a thousand connections, both ends of them here, take more files than are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    request = b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    try:
        with served(desk) as port:
            streams = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(1000)]
            for each in streams:
                each.sendall(request)
            for each in streams:
                assert each.recv(12) == b"HTTP/1.1 200"
            used = time.process_time()
            for _ in range(20):
                assert status(get(port, "/api/v1/me")) == 200
            assert json.loads(get(port, "/api/v1/me").rpartition(b"\r\n")[2])["name"] == "local"
            assert time.process_time() - used < 5, "of processor, not of time"
            for each in streams:
                each.close()
            assert status(get(port, "/api/v1/me")) == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_paths_that_climb_find_nothing(desk: Desk) -> None:
    with served(desk) as port:
        for path in ("/static/../web/app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "//etc/passwd"):
            assert status(get(port, path)) in (303, 404, 422), path
        assert status(get(port, "/", "X-Long: " + "x" * 200_000)) in (0, 400, 431)
        assert status(exchange(port, b"GET / HTTP/1.1\r\n\r\n")) in (400, 421)
        two = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil\r\nConnection: close\r\n\r\n"
        assert status(exchange(port, two.encode())) in (400, 421)


def test_the_folder_of_the_spool_is_not_told(local: TestClient, job: Job, tmp_path: Path) -> None:
    for path in ("/api/v1/me", "/api/v1/printers", "/api/v1/figures", "/metrics", "/", "/printers"):
        assert str(tmp_path / "spool") not in local.get(path).text
