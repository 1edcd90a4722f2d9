"""Sheets as files in a folder of this host, or in one that several hosts share.

The names that jobs have for a sheet are hard links: so a film can be printed again and again without copying
a pixel, and jobs outlive it. Where the file system has no hard links they are copies.
"""

import errno
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.sheet_file import DamagedSheet, read
from printscp.spool.drafts import Drafts, SheetWriter, private_file
from printscp.spool.sightings import Orphans

_SUFFIX = ".sheet"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class FolderStore:
    """The sheets of a folder (`printscp.spool.store.SheetStore`); drafts lie beside them."""

    def __init__(self, folder: Path, process: str) -> None:
        """Open it.

        Raises:
            SetupError
        """
        # Made here, it might hide the one that has the films: that of a file system not mounted yet.
        if not folder.is_dir():
            raise SetupError(f"sheets {folder}: no such folder: make it, or mount what it is in")
        if folder.is_mount():
            raise SetupError(
                f"sheets {folder}: is a mount point, still there and empty when nothing is mounted: "
                "make a folder in it, and name that"
            )
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise SetupError(f"sheets {folder}: no right to read and write there")
        self._folder = folder
        self._drafts = Drafts(folder, process)
        self._orphans = Orphans()

    def close(self) -> None:
        """Nothing is open."""

    def write(self) -> SheetWriter:
        """Begin a sheet."""
        return SheetWriter(self._drafts.path())

    def make_good(self, sheets: Mapping[str, SheetWriter]) -> None:
        """Give sheets that are whole their names."""
        named: list[Path] = []
        try:
            # Named before they are flushed: a journal then takes both in one go.
            for name, writer in sheets.items():
                self._give(writer.path, self._path(name))
                named.append(self._path(name))
            for writer in sheets.values():
                writer.flush()
            self._flush()
        except BaseException:
            for path in named:
                _forget(path)
            raise

    def copy(self, name: str, new: str) -> None:
        """Give a sheet another name beside its own."""
        try:
            self._give(self._path(name), self._path(new))
        except FileNotFoundError:
            raise self._missing(name) from None
        try:
            self._flush()
        except OSError:
            _forget(self._path(new))
            raise

    def load(self, name: str) -> Sheet:
        """Read a sheet back."""
        try:
            with self._path(name).open("rb") as stream:
                return read(stream, name)
        except FileNotFoundError:
            raise self._missing(name) from None

    def __contains__(self, name: str) -> bool:
        if self._path(name).is_file():
            return True
        self._look()
        return False

    def size(self, name: str) -> int:
        """Bytes of a sheet."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            self._look()
            return 0

    def names(self) -> set[str]:
        """All sheets."""
        return {path.stem for path in self._folder.iterdir() if path.suffix == _SUFFIX}

    def free(self) -> int:
        """Bytes that new sheets may take; none where nothing can be written."""
        found = os.statvfs(self._folder)
        return 0 if found.f_flag & os.ST_RDONLY else found.f_bavail * found.f_frsize

    def remove(self, name: str) -> None:
        """Delete a sheet, unless it is gone."""
        self._path(name).unlink(missing_ok=True)

    def drop_drafts(self, process: str) -> None:
        """Delete what a dead process had in the making."""
        self._drafts.drop(process)

    def sweep(
        self, wanted: Callable[[], Collection[str]], patience: float, living: Collection[str] = ()
    ) -> int:
        """Delete orphans, and drafts of which nothing is known."""
        orphans = self._orphans.among(self.names, wanted, patience)
        for name in orphans:
            self.remove(name)
        return len(orphans) + self._drafts.sweep(living)

    def _path(self, name: str) -> Path:
        return self._folder / (name + _SUFFIX)

    def _give(self, source: Path, target: Path) -> None:
        """Give a file a name that is not taken."""
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno in _NO_LINKS:
                self._duplicate(source, target)
            else:
                _forget(target)  # a file server may have done it, and its answer be lost
                raise

    def _duplicate(self, source: Path, target: Path) -> None:
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        draft = self._drafts.path()
        try:
            with source.open("rb") as old, private_file(draft) as new:
                shutil.copyfileobj(old, new, 1 << 20)
                new.flush()
                os.fsync(new.fileno())
            draft.rename(target)
        except BaseException:
            _forget(draft)
            _forget(target)
            raise

    def _flush(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _missing(self, name: str) -> DamagedSheet:
        self._look()
        return DamagedSheet(f"sheet {name} is not there")

    def _look(self) -> None:
        """See whether the folder is there, which is gone when its file system is not mounted.

        Raises:
            OSError
        """
        os.scandir(self._folder).close()


def _forget(path: Path) -> None:
    """Delete a file; what cannot be reached now is swept later."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
