"""Who saw and did what, as lines of JSON in a file; no patient data."""

import errno
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_LONGEST = 200  # characters of a text
_BLOCK = 64 << 10
_LONGEST_LINE = 16 << 10
_SEEN_AGAIN = 600.0  # seconds in which somebody sees the same once, however many tiles of it
_MOST = 10_000  # of what was seen that is remembered
_OFTEN = 60.0  # seconds between two complaints


class Audit:
    """The file, which may be moved away at any time (logrotate), and which only its owner can read."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[Any, ...], float] = {}
        self._complained = -_OFTEN
        self._cut = False  # the last line ends in its middle

    def note(self, who: str, address: str, action: str, **facts: Any) -> None:
        """Append a line; where that fails it is logged, and what was asked for goes on.

        What somebody sees again within ten minutes, and what they are refused again, is not written again.
        """
        entry = {"who": who, "address": address, "action": action, **facts}
        entry = {key: _short(value) for key, value in entry.items()}
        if action.endswith((" seen", "refused")) and self._again(entry):
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": now, **entry}, default=str) + "\n"
        try:
            self._append(line.encode())
        except OSError as error:
            self._complain(error)

    def last(self, limit: int) -> tuple[dict[str, Any], ...]:
        """The last lines, the newest first; what is no line of ours is left out."""
        found: list[dict[str, Any]] = []
        for line in _lines_backwards(self._file):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and "time" in entry:
                found.append(entry)
            if len(found) >= limit:
                break
        return tuple(found)

    def _append(self, line: bytes) -> None:
        # Opened for each: what was opened before may have been moved away.
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with self._lock:
                line = b"\n" + line if self._cut else line
                written = os.write(handle, line)
                self._cut = written < len(line)
            if self._cut:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)

    def _again(self, entry: dict[str, Any]) -> bool:
        key, now = tuple(sorted((name, str(value)) for name, value in entry.items())), self._clock()
        with self._lock:
            before = self._seen.get(key)
            if before is not None and now - before < _SEEN_AGAIN:
                return True
            self._seen.pop(key, None)
            self._seen[key] = now
            while len(self._seen) > _MOST:
                del self._seen[next(iter(self._seen))]
        return False

    def _complain(self, error: OSError) -> None:
        now = self._clock()
        if now - self._complained >= _OFTEN:
            self._complained = now
            log.error(
                "audit log cannot be written",
                extra={"file": str(self._file), "reason": error.strerror or str(error)},
            )


def _short(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


def _lines_backwards(file: Path) -> Iterator[bytes]:
    """The lines of a file from the last to the first; no more of it is read than is asked for."""
    try:
        stream = file.open("rb")
    except OSError:
        return
    with stream:
        place, rest = stream.seek(0, os.SEEK_END), b""
        while place:
            length = min(_BLOCK, place)
            place -= length
            stream.seek(place)
            first, *lines = (stream.read(length) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest = first if len(first) <= _LONGEST_LINE else b""  # it is none of ours
        if rest:
            yield rest


__all__ = ["Audit"]
