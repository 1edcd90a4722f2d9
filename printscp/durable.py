"""Files that are whole when they can be seen, also after a power cut."""

import errno
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
_MARK = ".printscp"
_MARK_LENGTH = 16


class DurableFile:
    """A file in the making, under a hidden name beside ``path``: write it, `flush` it, and have it seen with
    `publish`. Discarded before that, nothing remains of it.

    Each writer has a hidden name of its own, ``.NAME.RANDOM.part``. Those that others have for the same file
    are removed: they died, or are late, and then fail at the end. Folders that are not there are made.

    Raises:
        OSError: no room, or no right to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)
        _remove_parts(path)
        self.hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._stream: BinaryIO = self.hidden.open("xb")
        self._unadvised = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            OSError: no room.
        """
        self._unadvised += self._stream.write(data)
        if self._unadvised >= _PIECE and hasattr(os, "posix_fadvise"):
            # On Linux this starts to write to the disk, which leaves less for the flush at the end.
            self._stream.flush()
            os.posix_fadvise(self._stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self._unadvised = 0

    def tell(self) -> int:
        """How many bytes it has."""
        return self._stream.tell()

    def overwrite(self, place: int, data: bytes) -> None:
        """Put bytes in place of as many that were written.

        Raises:
            OSError: the disk fails.
        """
        self._stream.seek(place)
        self._stream.write(data)
        self._stream.seek(0, os.SEEK_END)

    def flush(self) -> None:
        """Have it on disk under its hidden name, which may take long; it can be written to no more.

        Raises:
            OSError: no room, or another writes this file by now; nothing is left behind.
        """
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            if not self.hidden.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
            flush_folder(self.path.parent)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing of it, if it does not have its name yet."""
        self.hidden.unlink(missing_ok=True)
        with suppress(OSError):  # no room for what was not written yet, and it is not wanted
            self._stream.close()


def publish(hidden: Path, path: Path) -> None:
    """Give a file that was flushed its name.

    Raises:
        OSError: it cannot be, or not for good.
        FileNotFoundError: it is not there; another may have done so already.
    """
    hidden.replace(path)
    flush_folder(path.parent)


def mark(folder: Path) -> str:
    """What tells a folder from another that may stand in its place, as when a share is away: a random text in
    its hidden file ``.printscp``, which is made where there is none.

    Raises:
        OSError
    """
    try:
        handle = os.open(folder / _MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return read_mark(folder)
    text = secrets.token_hex(8)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    flush_folder(folder)
    return text


def read_mark(folder: Path) -> str:
    """The mark of a folder that has one.

    Raises:
        OSError
    """
    text = (folder / _MARK).read_text()
    if len(text) != _MARK_LENGTH:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(folder / _MARK))  # it is just being made
    return text


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for good, unless it is there.

    Raises:
        OSError
    """
    if not folder.is_dir():
        if folder.parent != folder:
            make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)


def _remove_parts(path: Path) -> None:
    part = re.compile(re.escape(f".{path.name}.") + "[0-9a-f]{8}[.]part")
    with os.scandir(path.parent) as entries:
        left = [entry.path for entry in entries if part.fullmatch(entry.name)]
    for each in left:
        Path(each).unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on disk.

    Raises:
        OSError
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
