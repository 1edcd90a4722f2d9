"""Small disks of their own, which tests fill, write-protect and break; for root only."""

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_PIECE = 1 << 16


class Disk:
    """A file system of some MiB at ``folder``, empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Write until no byte more goes there, and then give back ``leave`` bytes."""
        with self._ballast.open("ab", buffering=0) as stream:
            try:
                while stream.write(bytes(_PIECE)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            if leave:
                stream.truncate(stream.tell() - leave)

    def clear(self) -> None:
        """Make room again."""
        self._ballast.unlink()

    def protect(self, protected: bool) -> None:
        """Have it read-only, or writable again; nothing may be open for writing there."""
        _run("mount", "-o", f"remount,{'ro' if protected else 'rw'}", str(self.folder))


class FailingDisk:
    """A disk whose file system (ext4) finds an error and protects what it has: read-only, whatever is open,
    until it is checked."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self._image = image

    def fail(self) -> None:
        """From now on nothing is written there; what was not flushed is lost."""
        device = _run("findmnt", "-n", "-o", "SOURCE", str(self.folder)).strip()
        Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("1")

    def repair(self) -> None:
        """Check it, and have it writable again; nothing may be open there."""
        _run("umount", str(self.folder))
        subprocess.run(["e2fsck", "-fy", str(self._image)], capture_output=True, check=False)
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Disk]:
    """A disk in memory, until the block ends."""
    if not _mounts():
        pytest.skip("no right to mount a file system: run this as root")
    folder.mkdir()
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs"):
        yield Disk(folder)


@contextlib.contextmanager
def failing_disk(folder: Path, mib: int) -> Iterator[FailingDisk]:
    """A disk in a file, until the block ends."""
    image = folder.with_name(f"{folder.name}.img")
    folder.mkdir()
    with image.open("wb") as stream:
        stream.truncate(mib << 20)
    try:
        _run("mkfs.ext4", "-q", str(image))
        mounted = _mounted(folder, "-o", "loop,errors=remount-ro", str(image))
        mounted.__enter__()
    except (RuntimeError, FileNotFoundError) as error:
        pytest.skip(f"no file system can be made in a file and mounted here: {error}")
    try:
        yield FailingDisk(folder, image)
    finally:
        mounted.__exit__(None, None, None)


@contextlib.contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    _run("mount", *what, str(folder))
    try:
        yield
    finally:
        # Lazily: what a process of a test that failed has open goes with that.
        _run("umount", "-l", str(folder))


@cache
def _mounts() -> bool:
    with TemporaryDirectory(prefix="disk-") as folder:
        try:
            with _mounted(Path(folder), "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
                return True
        except (RuntimeError, FileNotFoundError):
            return False


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} ended with code {done.returncode}")
    return done.stdout
