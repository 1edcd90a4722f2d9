"""The memory that image boxes of all associations together may hold."""

import threading

from printscp.errors import OutOfMemory


class MemoryBudget:
    """Counts bytes of pixel data; thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes in use now."""
        return self._held

    def reserve(self, size: int) -> None:
        """Take ``size`` bytes.

        Raises:
            OutOfMemory: they are not there; nothing is taken.
        """
        with self._lock:
            if self._held + size > self.limit:
                left = max(0, self.limit - self._held)
                raise OutOfMemory(
                    f"needs {size >> 20} MiB, {left >> 20} MiB left: print what is set, or wait"
                )
            self._held += size

    def release(self, size: int) -> None:
        """Give ``size`` bytes back."""
        with self._lock:
            self._held -= size
