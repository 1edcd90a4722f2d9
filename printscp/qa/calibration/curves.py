"""The curves of a printer: versions that are never changed, and which of them is in force.

::

    FOLDER/NAME/curves/1.toml, 2.toml ...
    FOLDER/NAME/curves/history.jsonl   # what was put in force when, a line each time
    FOLDER/NAME/curve.toml             # a link to the one in force
"""

import json
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from printscp.durable import DurableFile, flush_folder, publish
from printscp.errors import SetupError
from printscp.outputs.curve import CurveFile, read_curve_file
from printscp.qa.store import printer_folder, told_of

_NAME = re.compile(r"([1-9]\d*)[.]toml")


class Curves:
    """The curves of a printer.

    Raises:
        SetupError: the name is none; of each function: its files cannot be used, or one is damaged, which the
            message names.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._printer = name.strip()
        self._folder = printer_folder(root, name) / "curves"
        self.link = self._folder.parent / "curve.toml"

    def in_force(self) -> CurveFile | None:
        """The one in force, if there is one."""
        if not os.path.lexists(self.link):
            return None
        found = read_curve_file(self.link)
        if found.version == 0:
            raise SetupError(f"curve {self.link}: printscp has not made it: move it away, to be kept")
        return found

    def versions(self) -> list[int]:
        """All there are, in force or not."""
        with told_of(self._folder):
            names = [each.name for each in self._folder.iterdir()] if self._folder.exists() else []
        return sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)

    def read(self, version: int) -> CurveFile:
        """That version."""
        if version not in self.versions():
            raise SetupError(
                f"printer {self._printer}: no curve version {version} in {self._folder}: "
                "correct the curve version in the readings, or put the file back"
            )
        return read_curve_file(self._folder / f"{version}.toml")

    def add(self, curve: CurveFile) -> Path:
        """Keep a curve under its version, and put it in force; returns its file."""
        path = self._folder / f"{curve.version}.toml"
        with told_of(path):
            file = DurableFile(path)
            try:
                file.write(curve.text.encode())
                file.flush()
                os.link(file.hidden, path)  # unlike a new name it fails where there is one
                flush_folder(self._folder)
            except (FileExistsError, FileNotFoundError) as error:
                raise SetupError(f"curve {path}: was made just now by another: do this again") from error
            finally:
                file.discard()
        assert curve.made is not None
        self._put_in_force(curve.version, "calibrate", curve.operator, curve.made)
        return path

    def undo(self, operator: str, now: datetime) -> tuple[CurveFile, CurveFile]:
        """Put the one in force that was so before; returns what was in force till now, and what is."""
        current = self.in_force()
        if current is None:
            raise SetupError(f"printer {self._printer}: there is no curve in force")
        if current.before == 0:
            raise SetupError(
                f"printer {self._printer}: version {current.version} is the first: "
                'to print without a curve, give its outputs tone = "p-value"'
            )
        former = self.read(current.before)
        self._put_in_force(former.version, "undo", operator, now)
        return current, former

    def _put_in_force(self, version: int, done: str, operator: str, now: datetime) -> None:
        target = Path(self._folder.name) / f"{version}.toml"
        hidden = self.link.with_name(f".{self.link.name}.{secrets.token_hex(4)}.part")
        line = {"at": now.isoformat(timespec="seconds"), "version": version, "done": done}
        with told_of(self.link):
            try:
                hidden.symlink_to(target)
                publish(hidden, self.link)
            finally:
                hidden.unlink(missing_ok=True)
            with (self._folder / "history.jsonl").open("a", encoding="utf-8") as history:
                history.write(json.dumps(line | {"operator": operator}, ensure_ascii=False) + "\n")
                history.flush()
                os.fsync(history.fileno())
