"""Which processes of this host use a spool folder, and which died there.

Each has a folder of its own in `run/`, with a file `lock` that it holds locked (flock) for life: the system
lets go of it however the process ends. `process.json` says which it is, `tmp/` is for its temporary files.

A folder is made, and taken away, under a hidden name: under its own its lock is always held by a living
process, or it is that of a dead one.
"""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from printscp.errors import SetupError

_HIDDEN = "."
_LOCK = "lock"
_RECORD = "process.json"
_TRIES = 100
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True)
class Process:
    """A living process; ``configuration`` is the file it was started with, if there is one."""

    name: str
    pid: int
    kind: str
    configuration: Path | None


class Presence:
    """This process, as others see it, until `close`. ``tmp`` is the folder for its temporary files; ``kind``
    is a word, such as serve or worker."""

    def __init__(self, spool: Path, kind: str, configuration: Path | None = None) -> None:
        """Appear.

        Raises:
            SetupError: the spool folder cannot be used for that.
        """
        self.name = f"{kind}-{secrets.token_hex(8)}"
        self.folder = spool / "run" / self.name
        self.tmp = self.folder / "tmp"
        record = {
            "pid": os.getpid(),
            "kind": kind,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "configuration": None if configuration is None else str(configuration.absolute()),
        }
        try:
            spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.parent.mkdir(mode=0o700, exist_ok=True)
            self._lock = _appear(self.folder, json.dumps(record, indent=1))
        except OSError as error:
            if error.errno in _NO_LOCKS:
                words = "its file system has no locks (flock): put the spool on a local disk"
                raise SetupError(f"spool {spool}: {words}") from error
            raise SetupError(f"spool {spool}: {error.strerror}") from error

    def close(self) -> None:
        """Be gone, with all temporary files."""
        with suppress(OSError):  # others find it dead
            _clear(self.folder)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def dead(spool: Path) -> list[str]:
    """Names of processes that ended without a word, and are not buried yet.

    Raises:
        OSError
    """
    return sorted(folder.name for folder in _folders(spool) if not _is_hidden(folder) and _is_dead(folder))


def bury(spool: Path, name: str) -> None:
    """Forget a dead process, and delete its temporary files; no word of one that is buried.

    Raises:
        OSError
    """
    _clear(spool / "run" / name)


def living(spool: Path) -> list[Process]:
    """The processes that use a spool folder, by name.

    Raises:
        OSError
    """
    found = []
    for folder in _folders(spool):
        if not _is_hidden(folder) and not _is_dead(folder):
            with suppress(FileNotFoundError):  # it ends just now
                found.append(_read(folder))
    return sorted(found, key=lambda process: process.name)


def _read(folder: Path) -> Process:
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    configuration = record["configuration"]
    return Process(
        name=folder.name,
        pid=record["pid"],
        kind=record["kind"],
        configuration=None if configuration is None else Path(configuration),
    )


def _appear(folder: Path, record: str) -> int:
    """Make the folder of this process; returns its lock."""
    _tidy(folder.parent.parent)
    for _ in range(_TRIES):
        hidden = folder.with_name(f"{_HIDDEN}{folder.name}-{secrets.token_hex(4)}")
        hidden.mkdir(mode=0o700)
        try:
            return _furnish(hidden, folder, record)
        except (FileNotFoundError, BlockingIOError):
            continue  # another took it for that of a dead process, as it was not locked yet
        except OSError:
            _remove(hidden)
            raise
    raise OSError(errno.EAGAIN, f"no folder to be had in {folder.parent}")


def _furnish(hidden: Path, folder: Path, record: str) -> int:
    lock = os.open(hidden / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (hidden / _RECORD).write_text(record, encoding="utf-8")
        (hidden / "tmp").mkdir(mode=0o700)
        hidden.rename(folder)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _tidy(spool: Path) -> None:
    """Delete what is left of processes that died while they appeared, or while they buried another."""
    for folder in filter(_is_hidden, _folders(spool)):
        try:
            with _lock_of_dead(folder) as free:  # and is, until it is gone: see `_appear`
                if free:
                    _remove(folder)
        except FileNotFoundError:
            with suppress(OSError):
                folder.rmdir()


def _clear(folder: Path) -> None:
    """Delete the folder of a process: first its name, lest it be seen in part."""
    hidden = folder.with_name(f"{_HIDDEN}{folder.name}-{secrets.token_hex(4)}")
    try:
        folder.rename(hidden)
    except FileNotFoundError:
        return
    _remove(hidden)


def _remove(hidden: Path) -> None:
    """Delete a hidden folder. Its lock goes last: a folder without one is empty, or being made. What stays is
    tidied at the next start."""
    with suppress(OSError):
        for path in hidden.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
        (hidden / _LOCK).unlink(missing_ok=True)
        hidden.rmdir()


def _is_hidden(folder: Path) -> bool:
    return folder.name.startswith(_HIDDEN)


def _is_dead(folder: Path) -> bool:
    try:
        with _lock_of_dead(folder) as free:
            return free and folder.is_dir()  # else it went in peace, just now
    except FileNotFoundError:
        return folder.is_dir()  # in ruins, and not gone since it was listed


@contextmanager
def _lock_of_dead(folder: Path) -> Iterator[bool]:
    """Whether nobody holds the lock of a process; if so, no process can take it within the block."""
    handle = os.open(folder / _LOCK, os.O_RDONLY)
    try:
        try:
            # Shared, so that several may look at a time.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _folders(spool: Path) -> list[Path]:
    try:
        return [path for path in (spool / "run").iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []
