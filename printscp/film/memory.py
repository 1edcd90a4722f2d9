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


class Allotment:
    """What one association holds of the budget: what its images need, and no less than it has reserved by
    Memory Allocation (2000,0060)."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.budget = budget
        self._reserved = 0
        self._used = 0

    def reserve(self, size: int) -> None:
        """Keep at least so many bytes from now on.

        Raises:
            OutOfMemory: they are not there; the reservation stays what it was.
        """
        self._change(size, self._used)

    def use(self, change: int) -> None:
        """So many bytes of images more, or less.

        Raises:
            OutOfMemory: they are not there; nothing changes.
        """
        self._change(self._reserved, self._used + change)

    def _change(self, reserved: int, used: int) -> None:
        difference = max(reserved, used) - max(self._reserved, self._used)
        if difference > 0:
            self.budget.reserve(difference)
        elif difference < 0:
            self.budget.release(-difference)
        self._reserved, self._used = reserved, used
