"""The process of the light box.

Its standard input is the line to the printers' process: first the settings, then what that says of itself
(`printscp.live.Live`) or other settings, each as a pickle; the end of file says that it is gone. The socket
to listen on is inherited: its file descriptor is the argument. Where it cannot start it says why in a line on
standard output.
"""

import logging
import os
import pickle
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import uvicorn

from printscp.config import Settings
from printscp.errors import Away, SetupError
from printscp.live import Live
from printscp.logs import set_up

if TYPE_CHECKING:
    from printscp.desk import Desk

_NICE = 10  # whoever prints comes first
_GRACE = 1  # seconds for answers under way, when all is to end
_PATIENCE = 3.0  # seconds to end in
_CONNECTIONS = 4096
_LONGEST_HEAD = 32 << 10  # bytes of the first line and the headers of a request
_BACKLOG = 512  # connections that wait; as many are accepted in a row
_QUIET = 60.0  # seconds until a stranger may say the same again
_TIDY = 60.0  # seconds from one look at films that are given up to the next
_STRANGERS = ("uvicorn.error", "asyncio")  # who else has something to log

log = logging.getLogger("printscp.web")  # by name: the process runs this module as __main__


class Server(uvicorn.Server):
    """Ends when the printers do, not by signals: a terminal sends those to all of its processes alike."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def main() -> None:
    """Serve on the socket of the argument until standard input ends."""
    os.nice(_NICE)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    line = sys.stdin.buffer
    try:
        settings: Settings = pickle.load(line)
    except EOFError:
        return
    _set_up_logs(settings)
    try:
        _serve(settings, socket.socket(fileno=int(sys.argv[1])), line)
    except SetupError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)


def _set_up_logs(settings: Settings) -> None:
    set_up(logging.WARNING, settings.log_format)
    for name in _STRANGERS:
        stranger = logging.getLogger(name)
        stranger.handlers, stranger.propagate = logging.getLogger("printscp").handlers, False
        stranger.setLevel(logging.ERROR)
        stranger.addFilter(_Strangers())


class _Strangers(logging.Filter):
    """Lets strangers say one line, as further ones show values, and those may be a patient's; and not the
    same over and over: without file descriptors asyncio says so hundreds of times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage().partition("\n")[0]
        record.msg, record.args = said, ()
        now = time.monotonic()
        if now - self._said.get(said, -_QUIET) < _QUIET:
            return False
        self._said = {said: now}
        return True


def _serve(settings: Settings, listening: socket.socket, line: IO[bytes]) -> None:
    # Late: the printers are to go on at full speed while all this is read.
    from printscp.desk import Desk
    from printscp.web.app import create_app
    from printscp.web.connection import Connection

    web = settings.web
    with Desk(settings) as desk:
        config = uvicorn.Config(
            create_app(desk),
            http=Connection,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whom to believe is the guard's to know
            limit_concurrency=_CONNECTIONS,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            ssl_certfile=web.certificate,
            ssl_keyfile=web.key,
        )
        server = Server(config)
        threading.Thread(target=_listen, args=(line, desk, server), name="line", daemon=True).start()
        ended = threading.Event()
        threading.Thread(target=_tidy, args=(desk, ended), name="tidy", daemon=True).start()
        try:
            server.run([listening])
        finally:
            ended.set()


def _tidy(desk: "Desk", ended: threading.Event) -> None:
    """Have no picture stay for long of a film that is given up, whether or not anybody looks."""
    while not ended.wait(_TIDY):
        try:
            desk.films.tidy()
        except Away:  # the next look may find them
            pass
        except Exception:
            log.exception("pictures of films that are given up")


def _listen(line: IO[bytes], desk: "Desk", server: uvicorn.Server) -> None:
    """Hear what the printers' process tells, and end with it."""
    while (told := _heard(line)) is not None:
        try:
            if isinstance(told, Settings):
                desk.reload(told)
            elif isinstance(told, Live):
                desk.tell(told)
        except Exception:  # whatever it is, the end is to be heard
            log.exception("news of the printers")
    end = threading.Timer(_PATIENCE, os._exit, (0,))  # whatever somebody still waits for
    end.daemon = True
    end.start()
    server.should_exit = True
    _let_go(server)
    desk.changes.close()


def _let_go(server: uvicorn.Server) -> None:
    """Of whoever watches changes: they would wait for the next."""
    from printscp.web.stream import end

    app: Any = server.config.app
    end(app)


def _heard(line: IO[bytes]) -> Any:
    try:
        return pickle.load(line)
    except (EOFError, OSError, pickle.UnpicklingError):
        return None


if __name__ == "__main__":
    main()
