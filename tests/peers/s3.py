"""An S3 server as a process of its own (moto), and a door to it that can be shut."""

import contextlib
import re
import secrets
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

import obstore
import pytest
from obstore.store import S3Store

_RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:(\d+))")
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "films", "AWS_SECRET_ACCESS_KEY": "films", "AWS_REGION": "us-east-1"}
_TESTED = ("AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PREFIX", "AWS_BUCKET")


class S3:
    """Context manager; ready when it can be connected to. What is in it is gone with it."""

    def __enter__(self) -> Self:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", "0"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if found := _RUNNING.search(line):
                self.endpoint, self.port = found[1], int(found[2])
                break
        else:
            raise AssertionError("".join(said))
        self._reader = threading.Thread(target=self._process.stderr.read)  # lest it waits for a full pipe
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._reader.join()
        self._process.communicate(timeout=20)

    def bucket(self) -> str:
        """Make a bucket; returns its name."""
        name = f"films-{secrets.token_hex(4)}"
        self._ask("PUT", name)
        return name

    def drop(self, bucket: str) -> None:
        """Delete a bucket that is empty."""
        self._ask("DELETE", bucket)

    def keys(self, bucket: str) -> list[str]:
        """All objects of a bucket, with their prefixes."""
        return sorted(each["path"] for each in obstore.list(self._open(bucket)).collect())

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Put an object there."""
        obstore.put(self._open(bucket), key, content)

    def _ask(self, verb: str, bucket: str) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(verb, f"/{bucket}")
            assert connection.getresponse().status < 300

    def _open(self, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id="films",
            secret_access_key="films",
            client_options={"allow_http": True},
        )


def go_by(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment that programs find an S3 server by."""
    for name in _TESTED:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**_CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)


class Door:
    """A way to a server, by a port of its own, that is open, or shut as if the server were down.

    Connections on which ``refused`` is said are closed. Context manager.
    """

    def __init__(self, port: int) -> None:
        self._server = port
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.refused: bytes | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._begin()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shut(self) -> None:
        """Refuse new connections, and break those there are."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._listener.close()
        self._acceptor.join()
        with self._lock:
            for connection in self._connections:
                _break(connection)
            self._connections.clear()

    def open(self) -> None:
        """Let connections pass again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def _begin(self) -> None:
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,))
        self._acceptor.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is shut
            while True:
                inside, _ = listener.accept()
                outside = socket.create_connection(("127.0.0.1", self._server), 20)
                outside.settimeout(None)
                with self._lock:
                    self._connections |= {inside, outside}
                for pair in ((inside, outside), (outside, inside)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.refused and self.refused in data:
                    break
                target.sendall(data)
        _break(source)
        _break(target)


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
