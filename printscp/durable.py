"""Files that are whole when they can be seen, also after a power cut."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_durably(path: Path, temporary: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name in the same folder, flush it, rename it, and flush the folder.

    A new name is written each time: to truncate an existing file costs more than to write a small one.

    Raises:
        OSError: no room, or no right to; neither name is left behind.
    """
    with temporary.open("wb") as file:
        try:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    try:
        _flush_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
