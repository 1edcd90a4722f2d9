"""A clock that tests set, for processes that they start (libfaketime)."""

import os
from pathlib import Path

import pytest


class Clock:
    """The time of day of all processes started with its ``environment``; what measures how long something
    takes is left alone."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.environment = {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",  # as older versions call it
            "NO_FAKE_STAT": "1",
        }
        self.shift(0)

    def shift(self, days: int) -> None:
        """Let it be that many days from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{days:+}d\n")
        new.replace(self._file)


def _library() -> Path:
    for folder in ("/usr/lib", "/usr/local/lib"):
        for found in Path(folder).glob("*/faketime/libfaketimeMT.so.1"):
            return found
    message = "libfaketime is missing: install the Debian package libfaketime"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
