"""Where sheets live: a folder of this host, one that several hosts share, or an S3 bucket.

A sheet is written under a temporary name, as a draft. `SheetStore.make_good` gives it those that jobs have
for it, one or several. What no job has any more, or ever had, is an orphan.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.sheet_file import DamagedSheet
from printscp.spool.drafts import SheetWriter
from printscp.spool.folder_store import FolderStore

__all__ = ["DamagedSheet", "SheetStore", "SheetWriter", "open_store"]


class SheetStore(Protocol):
    """All sheets of a job table. A store that cannot be reached for now raises OSError, whatever it is asked;
    `DamagedSheet` is for good."""

    def write(self) -> SheetWriter:
        """Begin a sheet.

        Raises:
            OSError
        """

    def make_good(self, sheets: Mapping[str, SheetWriter]) -> None:
        """Give sheets that are whole their names, which no others have had. When it returns, they are there
        for good. A writer may be made good again, under other names.

        Raises:
            OSError: not all of them could be had; none of the names is left behind, unless the store is out
                of reach for that, too.
        """

    def copy(self, name: str, new: str) -> None:
        """Give a sheet another name beside its own; when it returns, it is there for good.

        Raises:
            OSError, DamagedSheet: there is none of that name.
        """

    def load(self, name: str) -> Sheet:
        """Read a sheet back.

        Raises:
            OSError
            DamagedSheet: it is not there, not whole, or not what was accepted.
        """

    def __contains__(self, name: str) -> bool: ...

    def size(self, name: str) -> int:
        """Bytes of a sheet; 0 if it is gone.

        Raises:
            OSError
        """

    def names(self) -> set[str]:
        """All sheets.

        Raises:
            OSError
        """

    def free(self) -> int:
        """Bytes that new sheets may take.

        Raises:
            OSError
        """

    def remove(self, name: str) -> None:
        """Delete a sheet that is needed no more, unless it is gone.

        Raises:
            OSError
        """

    def drop_drafts(self, process: str) -> None:
        """Delete what a process of this host had in the making, which is dead.

        Raises:
            OSError
        """

    def sweep(
        self, wanted: Callable[[], Collection[str]], patience: float, living: Collection[str] = ()
    ) -> int:
        """Delete orphans, and drafts of which nothing was heard for a day; to be called now and then.

        A sheet gets its name before its job is committed, by another host perhaps. So one goes that was an
        orphan at two sweeps of this store which lie ``patience`` apart, by the clock of this process.

        Args:
            wanted: asks for the names of all sheets that jobs have.
            patience: seconds; no job may be committed so long after its sheets were named.
            living: names of processes of this host, whose drafts stay.

        Returns:
            How many were deleted.

        Raises:
            OSError; and what ``wanted`` raises: then no sheet is deleted.
        """

    def close(self) -> None:
        """Let go of what is open."""


def open_store(where: str, staging: Path, process: str = "") -> SheetStore:
    """Open the store of a folder, or of ``s3://BUCKET/PREFIX``. A folder beside ``staging`` is made where
    there is none; any other is to be there.

    Args:
        staging: local folder for what is on its way to a bucket.
        process: name of this process, which its drafts bear, so that they can be dropped when it is dead.

    Raises:
        SetupError: it cannot be used.
    """
    scheme, separator, _ = where.partition("://")
    if not separator:
        return _open_folder(Path(where), staging, process)
    if scheme != "s3":
        raise SetupError(f"sheets {where}: is to be a folder, or s3://BUCKET/PREFIX")
    try:
        from printscp.spool.bucket import BucketStore  # the package it needs comes as an extra
    except ModuleNotFoundError as error:
        if error.name != "obstore":
            raise
        raise SetupError(f"sheets {where}: needs obstore: pip install 'printscp[s3]'") from None
    return BucketStore(where, staging, process)


def _open_folder(folder: Path, staging: Path, process: str) -> FolderStore:
    if folder.parent == staging.parent:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise SetupError(f"sheets {folder}: {error.strerror}") from error
    return FolderStore(folder, process)
