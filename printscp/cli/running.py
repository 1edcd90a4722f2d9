"""Keeps a printer or its workers running, as signals say: SIGTERM and SIGINT end it, SIGHUP has it read its
settings anew. A service manager is told how it is."""

import gc
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from printscp import notify
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.config import Settings

_ENDS = (signal.SIGTERM, signal.SIGINT)
_SAME = 0.5  # seconds in which a second signal is the first, which some send to process and group alike

log = logging.getLogger(__name__)


class Service(AbstractContextManager[Any], Protocol):
    """What is run, from entering to leaving."""

    settings: "Settings"

    def stop(self, patience: float) -> None:
        """End; SCUs have so many seconds to finish what they began."""

    def reload(self, settings: "Settings") -> None:
        """Go by other settings.

        Raises:
            SetupError: they cannot be used, and all is as before.
        """

    def healthy(self) -> bool:
        """Whether what has to run does."""


def run(service: Service, load: Callable[[], "Settings"], started: Callable[[], None]) -> None:
    """Run until a signal ends it; ``started`` is called when it does its work, ``load`` for settings anew."""
    with _signals() as told, service:
        # What start-up made lives for ever; the collector need not look at it again while films come in.
        gc.freeze()
        gc.enable()
        started()
        sys.stdout.flush()
        notify.ready()
        _serve(service, load, told)
        notify.stopping()
        service.stop(service.settings.drain_timeout)


def _serve(service: Service, load: Callable[[], "Settings"], told: int) -> None:
    interval = notify.watchdog_interval()
    while True:
        ready, _, _ = select.select([told], [], [], interval)
        numbers = os.read(told, 4096) if ready else b""
        if any(number in _ENDS for number in numbers):
            return
        if signal.SIGHUP in numbers:
            _reload(service, load)
        if interval is not None and service.healthy():
            notify.watchdog()


def _reload(service: Service, load: Callable[[], "Settings"]) -> None:
    notify.reloading()
    try:
        service.reload(load())
    except SetupError as error:
        log.error("settings not reloaded: the old ones stay", extra={"error": str(error)})
    notify.ready()


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that a byte comes from for each signal, its number."""
    # It comes from the signal itself: a handler in Python would wait for a wait that has just begun.
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    signal.signal(signal.SIGHUP, lambda *_: None)
    first: list[float] = []

    def end(number: int, _: object) -> None:
        first.append(time.monotonic())
        if first[-1] - first[0] > _SAME:  # films in hand are no more waited for
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in _ENDS:
        signal.signal(number, end)
    try:
        yield told
    finally:
        signal.set_wakeup_fd(-1)
        os.close(told)
        os.close(tell)
