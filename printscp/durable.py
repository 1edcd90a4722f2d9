"""Files that are whole when they can be seen, also after a power cut."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

_PIECE = 1 << 20


class DurableFile:
    """A file in the making, under a hidden name beside ``path``; left before `commit`, nothing remains of it.

    A new name is written each time: to truncate an existing file costs more than to write a small one.

    Raises:
        OSError: no room, or no right to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.part")
        self._stream: BinaryIO = self._temporary.open("wb")
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

    def commit(self, path: Path | None = None) -> Path:
        """Flush it to the disk, give it its name, ``path`` instead where given, and flush the folder; returns
        its path.

        Raises:
            OSError: no room; neither name is left behind.
        """
        self._path = path or self._path
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._temporary.replace(self._path)
        except BaseException:
            self.discard()
            raise
        try:
            _flush_folder(self._path.parent)
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise
        return self._path

    def discard(self) -> None:
        """Leave nothing of it, if it does not have its name yet."""
        self._temporary.unlink(missing_ok=True)
        with suppress(OSError):  # no room for what was not written yet, and it is not wanted
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
