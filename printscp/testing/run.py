"""What a run of tests asks of golden films; the pytest plugin says it, and others may."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="printscp-films-"))


@dataclass
class Run:
    """With ``update`` films become the golden ones, which are then ``written``; ``folder`` makes a folder for
    pictures of differences."""

    update: bool = False
    folder: Callable[[], Path] = _temporary_folder
    written: list[Path] = field(default_factory=list)


RUN = Run()
