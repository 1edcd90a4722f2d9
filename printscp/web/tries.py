"""How often somebody may try to log in: guessing is made slow, and nobody keeps another from coming in."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

_MEMORY = 3600.0  # seconds that a failure counts
_LONGEST = 60.0  # seconds to wait, at most
_MOST = 20_000  # keys that are remembered
_FREE = 5  # failures without a wait, of one name from one place
_FREE_OF_ADDRESS = 30  # of all names from one address, which many may share
_FREE_OF_NAME = 50  # of one name from everywhere; beyond it strangers have one failure each


@dataclass
class _Failures:
    count: int
    last: float


class Tries:
    """Failed tries to log in.

    They count for the name at a place: an address, or a browser that this user has logged in with before.
    So whoever tries another's name elsewhere neither locks nor slows them; and whoever shares an address with
    such a one, as behind a proxy, still comes in from their own browser.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, ...], _Failures] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, browser: str | None = None) -> float:
        """Seconds to wait before the next try is looked at; ``browser`` is one that the user is known by."""
        now = self._clock()
        with self._lock:
            return max(
                self._wait(key, free, now) for key, free in self._keys(name, address, browser, now).items()
            )

    def failed(self, name: str, address: str, browser: str | None = None) -> None:
        """One more."""
        now = self._clock()
        with self._lock:
            for key in (*self._keys(name, address, browser, now), ("name", name)):
                found = self._of(key, now)
                # Taken out and put in again: the first in order is the one that was touched least recently.
                self._failures.pop(key, None)
                self._failures[key] = _Failures(found.count + 1 if found else 1, now)
            while len(self._failures) > _MOST:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str, address: str, browser: str | None = None) -> None:
        """Somebody is in. What was tried of other names still counts, and from elsewhere."""
        key = ("place", name, place(address)) if browser is None else ("browser", name, browser)
        with self._lock:
            self._failures.pop(key, None)

    def _keys(self, name: str, address: str, browser: str | None, now: float) -> dict[tuple[str, ...], int]:
        """What a try counts for, and how many of them are free."""
        if browser is not None:
            return {("browser", name, browser): _FREE}
        all_of_name = self._of(("name", name), now)
        hunted = all_of_name is not None and all_of_name.count >= _FREE_OF_NAME
        where = place(address)
        return {("place", name, where): 1 if hunted else _FREE, ("address", where): _FREE_OF_ADDRESS}

    def _wait(self, key: tuple[str, ...], free: int, now: float) -> float:
        found = self._of(key, now)
        if found is None or found.count < free:
            return 0.0
        pause = min(2.0 ** min(found.count - free, 10), _LONGEST)
        return max(0.0, found.last + pause - now)

    def _of(self, key: tuple[str, ...], now: float) -> _Failures | None:
        found = self._failures.get(key)
        return found if found is not None and now - found.last < _MEMORY else None


def place(address: str) -> str:
    """What of an address is somebody's own: a host of IPv6 has a whole /64 to choose from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
