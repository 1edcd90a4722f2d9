"""What takes long to find out, kept for a while."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

_SHARE = 20  # times as long as it took something is kept: so it takes a twentieth of the time at most
_NEVER = float("-inf")

T = TypeVar("T")


class Costly(Generic[T]):
    """What ``find`` finds, found anew when it has been kept for 20 times as long as that took, and for
    ``least`` seconds. Whoever asks meanwhile, from any thread, has what was found before."""

    def __init__(self, find: Callable[[], T], least: float = 0.0) -> None:
        self._find = find
        self._least = least
        self._lock = threading.Lock()
        self._until = _NEVER
        self._found: T

    def __call__(self) -> T:
        if time.monotonic() < self._until:
            return self._found
        if not self._lock.acquire(blocking=self._until == _NEVER):
            return self._found
        try:
            began = time.monotonic()
            if began >= self._until:
                self._found = self._find()
                now = time.monotonic()
                self._until = now + max(self._least, _SHARE * (now - began))
            return self._found
        finally:
            self._lock.release()
