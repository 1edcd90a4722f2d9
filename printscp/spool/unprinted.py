"""Dialogues of associations that made no print job, as files in a spool folder: the last of this host."""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from printscp.spool.drafts import private_file

_SUFFIX = ".dialogue"
_HIDDEN = "."
_MOST = 50  # an SCU that is refused tries again, and again
_DAY = 86400.0  # seconds


class Unprinted:
    """Those in a spool folder; each is what `printscp.transcript.file.dump` makes, patient data and all."""

    def __init__(self, spool: Path) -> None:
        self._folder = spool / "unprinted"

    def keep(self, began: datetime, content: bytes) -> None:
        """Keep one, in place of the oldest if there are many.

        Raises:
            OSError
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{began:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}{_SUFFIX}"
        draft = self._folder / f"{_HIDDEN}{name}"
        try:
            with private_file(draft) as file:
                file.write(content)
            draft.rename(self._folder / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        for path in self.newest()[_MOST:]:
            path.unlink(missing_ok=True)

    def newest(self) -> list[Path]:
        """The files, the newest first.

        Raises:
            OSError
        """
        return [path for path in self._all() if not path.name.startswith(_HIDDEN)]

    def tidy(self, now: float, days: float) -> None:
        """Delete those that are older; ``now`` is in seconds since the epoch.

        Raises:
            OSError
        """
        for path in self._all():
            with suppress(FileNotFoundError):  # another process may have been faster
                if path.stat().st_mtime < now - days * _DAY:
                    path.unlink()

    def _all(self) -> list[Path]:
        """Those that a process which died was writing, too."""
        if not self._folder.is_dir():
            return []
        names = (each.name for each in os.scandir(self._folder) if each.name.endswith(_SUFFIX))
        return [self._folder / name for name in sorted(names, reverse=True)]
