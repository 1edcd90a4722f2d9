"""Starts the process of the light box, keeps it alive, and tells it what only this process knows."""

import errno
import logging
import pickle
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from printscp.config import Settings
from printscp.errors import SetupError
from printscp.live import Live

_BACKLOG = 512
_OFTEN = 0.1  # seconds from one word of the printers to the next, however much changes
_SELDOM = 1.0  # the same where nothing does
_SHORT_LIFE = 5.0  # seconds; a process that lives no longer is replaced later and later
_SOON = 1.0  # seconds from such an end to the next start, at first
_LATEST = 60.0  # seconds to wait for that, at most
_END_PATIENCE = 4.0  # seconds that a process has to end
_BIND_PATIENCE = 1.0  # seconds that the process of a printer which was killed has to let go of the port
_EVERYWHERE = ("0.0.0.0", "::")

log = logging.getLogger(__name__)


class LightBox:
    """The light box of some settings, on a socket of its own from `start` to `stop`.

    ``live`` is asked about once a second, and after `wake`, from a thread of its own. Who prints never waits
    for the light box.
    """

    def __init__(
        self,
        settings: Settings,
        live: Callable[[], Live],
        command: tuple[str, ...] = (sys.executable, "-m", "printscp.web"),
    ) -> None:
        self._settings = settings
        self._live = live
        self._command = command
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._listening: socket.socket | None = None
        self._keeper = threading.Thread(target=self._keep, name="light box", daemon=True)
        self._said = ""

    @property
    def url(self) -> str:
        """Where people find it."""
        assert self._listening is not None, "not started"
        web, port = self._settings.web, self._listening.getsockname()[1]
        host = socket.gethostname() if web.host in _EVERYWHERE else web.host
        scheme = "https" if web.certificate else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._child is not None, "not started"
        return self._child.pid

    def start(self) -> None:
        """Listen, and start the process; returns before that answers: who connects waits for it.

        Raises:
            SetupError: it cannot be served there.
        """
        web = self._settings.web
        _check_files(self._settings)
        self._listening = _listening_socket(self._settings)
        try:
            self._spawn()
        except OSError as error:
            self._listening.close()
            raise SetupError(f"light box: cannot be started: {error.strerror or error}") from error
        if web.in_the_clear:
            log.warning("passwords can be read on the network: give web.certificate and web.key")
        self._keeper.start()

    def check(self, settings: Settings) -> None:
        """Whether `reload` could go by other settings.

        Raises:
            SetupError: what it listens on cannot be changed, or its files cannot be read.
        """
        for key in ("host", "port"):
            if getattr(settings.web, key) != getattr(self._settings.web, key):
                raise SetupError(
                    f"{settings.source}: web.{key}: cannot be changed by a reload: restart printscp"
                )
        _check_files(settings)

    def reload(self, settings: Settings) -> None:
        """Go by other settings. Where those of the page change, or its certificate may have, people are shown
        in by another process, and log in again.

        Raises:
            SetupError: what it listens on cannot be changed.
        """
        self.check(settings)
        self._settings = settings
        self._bell.set()

    def wake(self) -> None:
        """Something has changed: tell it now, rather than within a second."""
        self._bell.set()

    def stop(self) -> None:
        """End the process, and let go of the socket."""
        self._stopping.set()
        self._bell.set()
        if self._keeper.is_alive():
            self._keeper.join(2 * _END_PATIENCE)
            if self._keeper.is_alive() and self._child is not None:  # it waits for a line that nobody reads
                self._child.kill()
                self._keeper.join()
        if self._listening is not None:
            self._listening.close()

    def _keep(self) -> None:
        """Keep a process there until all is to end."""
        pause = 0.0
        while not self._stopping.is_set():
            began, child, told = time.monotonic(), self._child, self._settings
            assert child is not None
            wanted = self._feed(child, told)
            why = _end(child)
            if wanted:
                pause = 0.0
            else:
                short = time.monotonic() - began < _SHORT_LIFE
                pause = min(max(_SOON, 2 * pause), _LATEST) if short else 0.0
                self._say(why, short)
            self._replace(pause)

    def _replace(self, pause: float) -> None:
        """Start another process after so many seconds, however long that is not possible."""
        while not self._stopping.wait(pause):
            try:
                self._spawn()
                return
            except OSError as error:  # no memory, or too many processes
                self._say(error.strerror or str(error), True)
                pause = _SHORT_LIFE

    def _say(self, why: str, again: bool) -> None:
        """That a process has ended; not the same over and over."""
        if not (again and why == self._said):
            log.error("light box ended: it is started again", extra={"reason": why})
        self._said = why

    def _spawn(self) -> None:
        assert self._listening is not None
        handle = self._listening.fileno()
        self._child = subprocess.Popen(
            (*self._command, str(handle)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(handle,),
        )

    def _feed(self, child: "subprocess.Popen[bytes]", settings: Settings) -> bool:
        """Tell a process all there is to tell, until it ends, or is to end; whether that was wanted.

        What cannot be told, since it does not read, is not kept for it: it is told what is then.
        """
        assert child.stdin is not None
        try:
            _tell(child, settings)
            while child.poll() is None:
                self._bell.wait(_SELDOM)
                self._bell.clear()
                if self._stopping.is_set():
                    return True
                if self._settings is not settings:
                    if self._settings.web != settings.web or settings.web.certificate:
                        return True
                    settings = self._settings
                    _tell(child, settings)
                _tell(child, self._live())
                self._stopping.wait(_OFTEN)
        except OSError:  # it has ended
            pass
        except Exception:
            log.exception("light box is not told of the printers")
            child.kill()
        return self._stopping.is_set()


def _tell(child: "subprocess.Popen[bytes]", what: Settings | Live) -> None:
    assert child.stdin is not None
    child.stdin.write(pickle.dumps(what))
    child.stdin.flush()


def _end(child: "subprocess.Popen[bytes]") -> str:
    """Have a process end, and say how it did."""
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(OSError):
        child.stdin.close()
    try:
        code = child.wait(_END_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    with child.stdout:
        said = child.stdout.read(4096).decode(errors="replace").strip()
    if said:
        return said
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _check_files(settings: Settings) -> None:
    """Of the page.

    Raises:
        SetupError: one cannot be used.
    """
    web = settings.web
    if web.certificate is not None:
        try:
            for file in filter(None, (web.certificate, web.key)):
                file.open("rb").close()
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(web.certificate, web.key, "")
        except ssl.SSLError as error:
            said = f"web.certificate {web.certificate}: is none, or has another key than {web.key}"
            raise SetupError(f"{settings.source}: {said}") from error
        except OSError as error:
            raise SetupError(f"{settings.source}: web: {error.filename}: {error.strerror}") from error
    if web.users is not None:
        # Late: few have such a file, and a look at it loads what hashes passwords.
        from printscp.users import read_users

        read_users(web.users)


def _listening_socket(settings: Settings) -> socket.socket:
    """Where people come in.

    Raises:
        SetupError: the address cannot be used.
    """
    web = settings.web
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    both = web.host == "::" and socket.has_dualstack_ipv6()
    deadline = time.monotonic() + _BIND_PATIENCE
    while True:
        try:
            return socket.create_server(
                (web.host, web.port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
            )
        except OSError as error:
            if time.monotonic() < deadline and error.errno == errno.EADDRINUSE:
                time.sleep(_OFTEN)
                continue
            why = (error.strerror or str(error)).partition(" (while")[0]
            raise SetupError(
                f"light box: cannot listen on {web.host}:{web.port}: {why}; "
                "--web-port takes another, --no-web does without"
            ) from error
