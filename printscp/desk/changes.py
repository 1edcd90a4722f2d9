"""What changes, as it does, for whoever watches."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from printscp.desk.house import House
from printscp.desk.printers import States
from printscp.desk.records import Change
from printscp.errors import SetupError

_PAUSE = 0.5  # seconds between looks
_REST = 10  # a look that took long is followed by a pause so many times as long,
_LONGEST = 1.0  # but no longer than so many seconds: on a busy host it is the host that takes long
_SOONEST = 0.05  # seconds from one look to the next, however often it is told to
_INTEREST = 30.0  # seconds for which it goes on looking after it was asked
_PATIENCE = 2.0  # seconds that a look is waited for
_KEPT = 1000
_FIGURES = 2.0  # seconds between two words of figures, at least

log = logging.getLogger(__name__)


class Changes:
    """Changes since it was made, numbered; the last thousand are kept.

    It looks at the job table twice a second while anybody watches, and at once when it is told to. Numbers
    begin with the time of day, so that those of a process before are known for what they are.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        with house.reached():
            self._jobs = house.spool.watch()
        self._last = int(time.time() * 1000)
        self._kept: deque[Change] = deque(maxlen=_KEPT)
        self._seen = self._state()
        self._figures_due = False
        self._figures_told = float("-inf")
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        self._waiting = 0
        self._asked = float("-inf")
        self._told_to_look = False
        self._looks = 0
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="changes", daemon=True)
        house.stirred = self.look

    @property
    def last(self) -> int:
        """Number of the last change, or that before the first."""
        with self._changed:
            self._wake()
            return self._last

    @property
    def awake(self) -> bool:
        """Whether `last` is that of a look a moment ago."""
        with self._changed:
            return self._is_watched()

    def caught_up(self) -> int:
        """`last`, after a look in any case: else what happened while nobody watched would be news to those
        who come after it."""
        with self._changed:
            asleep, looks = not self._is_watched(), self._looks
            self._wake()
            if asleep:
                self._changed.wait_for(lambda: self._closed or self._looks > looks, _PATIENCE)
            return self._last

    def since(self, number: int) -> tuple[Change, ...] | None:
        """All after that of ``number``; None where some of them are no longer kept, or it has never been."""
        with self._changed:
            self._wake()
            return self._since(number)

    def wait(self, number: int, timeout: float) -> tuple[Change, ...] | None:
        """As `since`, when there is one; after ``timeout`` seconds in any case."""
        with self._changed:
            self._wake()
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._closed or self._since(number) != (), timeout)
            finally:
                self._waiting -= 1
            return self._since(number)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have ``callback`` called whenever there are changes, from a thread of this; returns what takes that
        back."""

        def forget() -> None:
            with self._changed:
                if told in self._listeners:
                    self._listeners.remove(told)

        def told() -> None:  # one that listens twice is two
            callback()

        with self._changed:
            self._wake()
            self._listeners.append(told)
        return forget

    def look(self) -> None:
        """Something may have changed: look now. Returns at once."""
        with self._changed:
            self._told_to_look = True
            self._changed.notify_all()

    def close(self) -> None:
        """Look no more; whoever waits is let go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _wake(self) -> None:
        """Somebody is interested."""
        if not self._is_watched():
            self._told_to_look = True
            self._changed.notify_all()
        self._asked = time.monotonic()
        if not self._closed and self._thread.ident is None:
            self._thread.start()

    def _since(self, number: int) -> tuple[Change, ...] | None:
        first = self._kept[0].number - 1 if self._kept else self._last
        if not first <= number <= self._last:
            return None
        return tuple(self._kept)[number - first :] if number < self._last else ()

    def _is_watched(self) -> bool:
        return bool(self._listeners or self._waiting) or time.monotonic() - self._asked < _INTEREST

    def _watch(self) -> None:
        """Look for changes until it is closed."""
        rest = pause = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, rest)
                self._changed.wait_for(lambda: self._closed or self._told_to_look, pause - rest)
                self._changed.wait_for(lambda: self._closed or self._is_watched())
                if self._closed:
                    return
                self._told_to_look = False
            began = time.monotonic()
            try:
                self._tell(self._look())
            except SetupError:  # the spool is away, as whoever asks for anything is told
                pass
            except Exception:  # whatever it is, the next look may work
                log.exception("changes are not seen")
            with self._changed:
                self._looks += 1
                self._changed.notify_all()
            took = time.monotonic() - began
            rest, pause = max(_SOONEST, took), max(_PAUSE, min(_LONGEST, _REST * took))

    def _tell(self, found: list[Change]) -> None:
        with self._changed:
            for change in found:
                self._last += 1
                self._kept.append(replace(change, number=self._last))
            listeners = list(self._listeners) if found else []
            if found:
                self._changed.notify_all()
        for told in listeners:
            try:
                told()
            except Exception:
                log.exception("a listener is not told of changes")

    def _look(self) -> list[Change]:
        now = self._state()  # first: what a look at jobs has found it does not find again
        with self._house.reached():
            jobs = self._jobs.look()
        found = [
            Change(0, "job", each.job, each.status, each.status_info, each.printer, each.gone)
            for each in jobs
        ]
        before, self._seen = self._seen, now
        found += _differences(before, self._seen)
        self._figures_due |= bool(found) or before.get("figures") != self._seen.get("figures")
        if self._figures_due and time.monotonic() - self._figures_told >= _FIGURES:
            self._figures_due = False
            self._figures_told = time.monotonic()
            found.append(Change(0, "figures"))
        return found

    def _state(self) -> dict[Any, Any]:
        """All but jobs, as far as it is to be told: printers by name, the file of faults, figures."""
        house = self._house
        states, live, settings = States.of(house), house.live, house.settings
        seen: dict[Any, Any] = {}
        for each in settings.printers:
            name = each.announced_ae_title
            state = states.of_printer(house, name)
            outputs = [states.outputs.get(output) for output in settings.outputs_of(name)]
            told = live.printers.get(name) if live is not None else None
            seen["printer", name] = state.status, state.info, outputs, told, states.spool
        if settings.faults is not None:
            seen["faults"] = _stamp(settings.faults)
        if live is not None:
            seen["figures"] = live.associated, live.rejected, live.held, live.worker_pids
        return seen


def _differences(before: dict[Any, Any], now: dict[Any, Any]) -> Iterator[Change]:
    """What is to be told of two states."""
    for key in dict.fromkeys((*before, *now)):
        if before.get(key) == now.get(key):
            continue
        if key == "faults":
            yield Change(0, "faults")
        elif key != "figures":
            status, info = now[key][:2] if key in now else ("", "")
            yield Change(0, "printer", status=status, status_info=info, printer=key[1], gone=key not in now)


def _stamp(file: Any) -> tuple[int, ...] | None:
    """What is other when a file is."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
