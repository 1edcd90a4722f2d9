"""What is kept of a printer's quality assurance: its measurements and its curves, a folder each printer.

::

    FOLDER/NAME/measurements/20261122-101500.json  # named by the time of the readings, UTC
    FOLDER/NAME/curves/1.toml, 2.toml ...          # never changed once written
    FOLDER/NAME/curve.toml                         # the one in force, for outputs in `curve` tone
    FOLDER/NAME/limits.toml                        # limits of the site's own, if it has any
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from printscp.durable import DurableFile, flush_folder
from printscp.errors import SetupError
from printscp.qa.measurement import Measurement

_FORMAT = 1
_TRIES = 20
_PLAIN = " ,()+"  # beside letters, digits, - and _: names are to be read
_LONGEST = 200  # bytes; file systems take 255
_NAME = re.compile(r"(\d{8}-\d{6})(?:-(\d+))?[.]json")
_MEASUREMENT = TypeAdapter(Measurement)
_REMEDY = "put the file back from a backup, or away"


def printer_folder(root: Path, name: str) -> Path:
    """The folder of a printer in the folder of quality assurance; it need not be there.

    Distinct names have distinct folders, and none is outside ``root``.

    Raises:
        SetupError: it is no name.
    """
    plain = name.strip()
    try:
        folder = quote(plain, safe=_PLAIN).replace("~", "%7E")
    except UnicodeEncodeError as error:
        raise SetupError(f"printer {plain[:40]!a}: give a name in UTF-8") from error
    if folder.startswith("."):
        folder = "%2E" + folder[1:]
    if not plain or len(folder) > _LONGEST:
        raise SetupError(f"printer {plain[:40]!r}: give a name of 1 to {_LONGEST} characters")
    return root / folder


def curve_version(root: Path, name: str) -> int:
    """The version of the printer's curve in force, 0 if there is none.

    Raises:
        SetupError: its file cannot be read.
    """
    file = printer_folder(root, name) / "curve.toml"
    try:
        version = tomllib.loads(file.read_text(encoding="utf-8")).get("version", 0)
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise SetupError(f"curve {file}: {error}") from error
    except OSError as error:
        raise SetupError(f"curve {file}: {error.strerror or error}") from error
    return version if isinstance(version, int) else 0


class Measurements:
    """The measurements of a printer, kept as files that are written once.

    Raises:
        SetupError: the name is none; of each function: its files cannot be used, or one is damaged, which the
            message names.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.folder = printer_folder(root, name) / "measurements"
        self._printer = name.strip()

    def add(self, measurement: Measurement) -> Path:
        """Keep a measurement; returns its file. One that is there already, equal in all, stays as it is."""
        taken = measurement.provenance.made.astimezone(UTC)
        value = {"format": _FORMAT} | _MEASUREMENT.dump_python(measurement, mode="json")
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        path = self.folder / f"{taken:%Y%m%d-%H%M%S}.json"
        with told_of(self.folder):
            for _ in range(_TRIES):
                try:
                    return _kept(path, text.encode())
                except FileNotFoundError:
                    continue  # another keeps one of the same second, which takes what is in the making away
            return _kept(path, text.encode())

    def files(self) -> list[Path]:
        """Those of all measurements, the oldest first."""
        with told_of(self.folder):
            names = [each.name for each in self.folder.iterdir()] if self.folder.exists() else []
        found = [match for match in map(_NAME.fullmatch, names) if match]
        found.sort(key=lambda match: (match[1], int(match[2] or 1)))
        return [self.folder / match[0] for match in found]

    def all(self) -> list[Measurement]:
        """All measurements, the oldest first."""
        return [self.read(file) for file in self.files()]

    def latest(self) -> tuple[Path, Measurement]:
        """The latest measurement, and its file."""
        files = self.files()
        if not files:
            raise SetupError(
                f"printer {self._printer}: no measurement in {self.folder}: make one with printscp qa measure"
            )
        return files[-1], self.read(files[-1])

    def baseline(self, pattern: str) -> Measurement | None:
        """The latest measurement of a pattern that was made a baseline."""
        found = (self.read(file) for file in reversed(self.files()))
        return next((each for each in found if each.baseline and each.pattern == pattern), None)

    def read(self, file: Path) -> Measurement:
        """The measurement of a file."""
        with told_of(file):
            data = file.read_bytes()
        try:
            value = json.loads(data)
            if value.pop("format") != _FORMAT:
                raise ValueError("it was written by another version of printscp")
            return _MEASUREMENT.validate_python(value, strict=False)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise SetupError(
                f"measurement {file}: {key}: {first['msg']}: put the file back, or away"
            ) from error
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise SetupError(
                f"measurement {file}: it is damaged, put the file back, or away: {error}"
            ) from error


def _kept(path: Path, data: bytes) -> Path:
    """Write a file, whole when it can be seen; returns its path."""
    file = DurableFile(path)
    try:
        file.write(data)
        file.flush()
        return _named(file)
    finally:
        file.discard()


def _named(file: DurableFile) -> Path:
    """Give a file that was flushed its name, or that with a number where one of other content has it."""
    number, path = 1, file.path
    while True:
        try:
            os.link(file.hidden, path)
        except FileExistsError:
            if path.read_bytes() == file.hidden.read_bytes():
                return path
            number += 1
            path = file.path.with_stem(f"{file.path.stem}-{number}")
        else:
            flush_folder(path.parent)
            return path


@contextmanager
def told_of(place: Path) -> Iterator[None]:
    """What cannot be read or written names its place.

    Raises:
        SetupError
    """
    try:
        yield
    except OSError as error:
        raise SetupError(f"{place}: {error.strerror or error}") from error
