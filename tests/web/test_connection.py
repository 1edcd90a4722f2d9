"""Connections: who does not come to the point is shown out, who does may take their time."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from printscp.web import connection
from printscp.web.connection import Connection


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body, after a while where the path says so."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/later":
        await asyncio.sleep(3 * connection.PATIENCE)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": b"%d" % length})


async def talk(*said: bytes) -> bytes:
    """What is answered, until the end, to pieces that come with half of the patience between them."""
    config = uvicorn.Config(app, http=Connection, log_config=None, timeout_keep_alive=1000)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}, loop), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answered = asyncio.create_task(reader.read())
        for piece in said:
            writer.write(piece)
            await asyncio.sleep(connection.PATIENCE / 2)
        try:
            return await asyncio.wait_for(answered, 5)
        except ConnectionResetError:  # it had more to say
            return b""
        finally:
            writer.close()


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ((), b""),
        ((b"GET /",), b""),
        ((b"G", b"E", b"T", b" "), b""),
        ((b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n" + CLOSE, b"1", b"2", b"3"), b""),
        ((b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"G"), b"0"),
        ((b"GET / HTTP/1.1\r\n", b"Host: h\r\n" + CLOSE), b"0"),
        ((b"GET /later HTTP/1.1\r\nHost: h\r\n" + CLOSE,), b"0"),
        ((b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n" + CLOSE, b"123"), b"3"),
    ],
)
def test_a_request_has_to_be_there_in_time(
    said: tuple[bytes, ...], answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    assert asyncio.run(talk(*said)).rpartition(b"\r\n\r\n")[2] == answer
