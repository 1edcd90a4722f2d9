"""The file in which readings of a densitometer come.

::

    # printer: FILM
    # pattern: wedge-32
    # curve version: 0
    # operator: A. Physicist
    # densitometer: X-Rite 331
    # date: 2026-11-22 10:15
    patch,P-value,density
    step-01,0,3.05
    step-02,132,2.61

`template` writes it with empty densities. It comes back from spreadsheets and editors: columns may be set
apart by commas, semicolons, tabs or blanks, decimals by a point or a comma; patches may be named, numbered,
or given by their P-values alone, of 12 bits or of 8, as the film was printed. Several densities of a
patch, in a row or in several, are repeated readings.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from printscp.errors import SetupError
from printscp.qa.pattern import Patch, Role
from printscp.qa.patterns import draw

OTHERS = ("base+fog", "low", "mid", "high")
"""What is read beside the patches of a pattern: clear film, and the densities of daily checks."""
DEFAULT_PATTERN = "wedge-32"

_DENSEST = 5.0  # OD; densitometers end at 4 to 5
_APART = 0.2  # OD: readings of the same patch do not differ by so much
_BITS = (12, 8)  # of the P-values that a file may have
_LARGEST_FILE = 1 << 20
_TOLD = 5  # wrong lines
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = ' \t,;"\ufeff'  # what a spreadsheet leaves round a line that is no table
_NOT_READ = ("", "-", "–")
_MATRIX = 256  # any will do: only names and values of patches are wanted

_KEYS = {
    "printer": "printer",
    "pattern": "pattern",
    "curve": "curve",
    "curve version": "curve",
    "operator": "operator",
    "densitometer": "densitometer",
    "date": "date",
}
_ALIASES = {"basefog": "base+fog", "b+f": "base+fog", "baseandfog": "base+fog", "medium": "mid"}
_NUMBER = re.compile(r"[-+]?(\d+[.]?|\d*[.,]\d+)")
_LABEL = re.compile(r"\bD\s*=\s*", re.IGNORECASE)
_UNIT = re.compile(r"(?<=[\d.,])\s*O?D\b", re.IGNORECASE)


@dataclass(frozen=True)
class Readings:
    """What a file has. ``steps`` are the patches of the pattern in the order of rising P-values, each with
    its name, its P-value 0..1 and its densities; ``others`` those of `OTHERS` that were read. ``curve`` is
    the version of the printer's curve through which the film was printed, 0 for none. Texts are as given,
    empty where they are not; ``curve`` and ``taken`` are None then."""

    file: Path
    sha256: str
    pattern: str
    steps: tuple[tuple[str, float, tuple[float, ...]], ...]
    others: tuple[tuple[str, tuple[float, ...]], ...]
    printer: str = ""
    operator: str = ""
    densitometer: str = ""
    curve: int | None = None
    taken: datetime | None = None


def template(pattern: str, printer: str, curve: int = 0) -> str:
    """The file for readings of a pattern, to be filled in.

    Raises:
        SetupError: there is no such pattern, or it has no steps.
    """
    rows = [f"{patch.name},{patch.value}," for patch in _steps(pattern, _BITS[0])]
    return "\n".join(
        [
            "# Fill in the densities; more readings of a patch go into more columns, or rows of their own.",
            "# The last rows are clear film and the patches of a daily check: leave empty what was not read.",
            "# The curve version is that of the curve through which the film was printed, 0 for none.",
            "# The date is as 2026-11-22 or 2026-11-22 10:15; without one it is now.",
            f"# printer: {printer}",
            f"# pattern: {pattern}",
            f"# curve version: {curve}",
            "# operator:",
            "# densitometer:",
            "# date:",
            "patch,P-value,density",
            *rows,
            *(f"{name},," for name in OTHERS),
            "",
        ]
    )


def read(file: Path, pattern: str | None = None) -> Readings:
    """The readings of a file; ``pattern`` is that of a file that does not say which.

    Raises:
        SetupError: the file cannot be read, or lines of it are wrong; the message names them and says why.
    """
    data = _content(file)
    said, rows = _sorted_out(_text(data))
    faults: list[tuple[int, str]] = []
    number, named = said.get("pattern", (0, ""))
    try:
        patches = _Patches(named or pattern or DEFAULT_PATTERN)
    except SetupError as error:
        raise SetupError(f"readings {file}: {f'line {number}: ' * (number > 0)}{error}") from error
    found = _densities(rows, patches, faults)
    curve = _said(said, "curve", _version, faults)
    taken = _said(said, "date", _time, faults)
    taken_for = "" if named else f"; the file names no pattern, and was taken for {patches.pattern}"
    if faults:
        raise SetupError(f"readings {file}: {_told(faults)}{taken_for}")
    if missing := [patch.name for patch in patches.steps if patch.name not in found]:
        steps = f"{_few(missing)} of {patches.pattern}"
        raise SetupError(f"readings {file}: {steps}: no density; read all its steps{taken_for}")
    return Readings(
        file=file,
        sha256=sha256(data).hexdigest(),
        pattern=patches.pattern,
        steps=tuple(
            (each.name, patches.p_values[each.name], tuple(found[each.name])) for each in patches.steps
        ),
        others=tuple((name, tuple(found[name])) for name in OTHERS if name in found),
        printer=said.get("printer", (0, ""))[1],
        operator=said.get("operator", (0, ""))[1],
        densitometer=said.get("densitometer", (0, ""))[1],
        curve=curve,
        taken=taken,
    )


# --- lines -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """A line of the table; ``separator`` is what sets its cells apart, None for blanks."""

    line: int
    cells: list[str]
    separator: str | None


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise SetupError(f"readings {file}: {error.strerror or error}") from error
    if len(data) > _LARGEST_FILE or (b"\0" in data and data[:2] not in _UTF_16):
        raise SetupError(f"readings {file}: this is no table of text: see printscp qa measure --template")
    return data


def _text(data: bytes) -> str:
    """The text of a file, as spreadsheets write it."""
    if data[:2] in _UTF_16:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _sorted_out(text: str) -> tuple[dict[str, tuple[int, str]], list[_Row]]:
    """What the lines before the table say, each with the number of its line; and the table."""
    said: dict[str, tuple[int, str]] = {}
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip(_BLANK)
        key, colon, value = plain.lstrip("# \t").partition(":")
        if colon and (meant := _KEYS.get(" ".join(key.casefold().split()))):
            said[meant] = number, value.strip(_BLANK)
        elif plain and not plain.startswith("#"):
            rows.append(_row(number, line.partition("#")[0]))
    return said, [row for row in rows if any(row.cells)]


def _row(number: int, line: str) -> _Row:
    """A line of the table in cells, without units."""
    line = _UNIT.sub("", _LABEL.sub("", line)).strip()
    separator = _separator(re.sub('"[^"]*"', '""', line))
    if separator is None:
        cells = line.replace('"', "").split()
    else:
        [cells] = csv.reader([line], delimiter=separator, skipinitialspace=True)
    cells = [cell.strip() for cell in cells]
    if cells and "," in cells[0]:  # a spreadsheet took a whole line for a cell, and densities stand beside it
        inner = _row(number, cells[0])
        return _Row(number, inner.cells + cells[1:], separator if any(cells[1:]) else inner.separator)
    return _Row(number, cells, separator)


def _separator(line: str) -> str | None:
    """What sets the columns of a line apart; None stands for blanks."""
    for separator in (";", "\t"):
        if separator in line:
            return separator
    words = line.split()
    decimal = len(words) > 1 and all("," not in word or _NUMBER.fullmatch(word) for word in words)
    return "," if "," in line and not decimal else None


# --- patches ---------------------------------------------------------------------------------------------


class _Patches:
    """The patches of a pattern, and what lines may call them. ``p_values`` are theirs by name, 0..1, of 12
    bits unless the file gives those of 8.

    Raises:
        SetupError: there is no such pattern, or it has no steps.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.steps = _steps(pattern, _BITS[0])
        self._values = {bits: {each.name: each.value for each in _steps(pattern, bits)} for bits in _BITS}
        self.p_values = self._fractions(_BITS[0])
        self._names = {_key(each.name): each.name for each in self.steps}
        self._names |= {_key(name): name for name in OTHERS} | _ALIASES
        numbers = [re.search("[0-9]*$", _key(each.name)) for each in self.steps]
        by_number = {found[0]: each.name for found, each in zip(numbers, self.steps, strict=True) if found}
        by_value = {
            bits: {str(value): name for name, value in values.items()}
            for bits, values in self._values.items()
        }
        # A patch may be of the same P-value as another, and then is to be named.
        columns = [(by_number, _BITS[0]), *((column, bits) for bits, column in by_value.items())]
        self._columns = [each for each in columns if len(each[0]) == len(self.steps)]

    def settle(self, rows: list[_Row]) -> None:
        """Say what numbers in the first column of a table are: P-values, or numbers of the patches."""
        firsts = [_key(row.cells[0]) for row in rows]
        if self._columns:
            column, bits = max(self._columns, key=lambda each: sum(first in each[0] for first in firsts))
            self._names = column | self._names
            self.p_values = self._fractions(bits)

    def patch(self, row: _Row) -> tuple[str, list[str]]:
        """The patch of a row, and the cells after its name.

        Raises:
            ValueError: it is none.
        """
        # Blanks may set the words of a name apart, too; the shortest that is one is meant.
        for words in range(1, len(row.cells) + 1 if row.separator is None else 2):
            name = self._names.get(_key("".join(row.cells[:words])))
            if name is not None:
                return name, row.cells[words:]
        first, last = self.steps[0].name, self.steps[-1].name
        raise ValueError(
            f"{row.cells[0][:40]!r} is none of {first} to {last} of {self.pattern}, nor {', '.join(OTHERS)}"
        )

    def without_value(self, name: str, cells: list[str]) -> list[str]:
        """The cells after a patch's name, without its P-value.

        Raises:
            ValueError: it is that of another.
        """
        if not cells or not cells[0].isdecimal():
            return cells
        given = int(cells[0])
        values = {bits: named[name] for bits, named in self._values.items() if name in named}
        for bits, value in values.items():
            if given == value:
                self.p_values[name] = self._fractions(bits)[name]
                return cells[1:]
        if given > _DENSEST and values and any(cells[1:]):
            meant = " or ".join(f"{value} of {bits} bits" for bits, value in values.items())
            raise ValueError(f"{name} of {self.pattern} has the P-value {meant}, not {cells[0]}")
        return cells

    def _fractions(self, bits: int) -> dict[str, float]:
        """The P-values, 0..1, of an image of that depth."""
        return {name: value / ((1 << bits) - 1) for name, value in self._values[bits].items()}


def _densities(rows: list[_Row], patches: _Patches, faults: list[tuple[int, str]]) -> dict[str, list[float]]:
    """The densities of each patch that was read; what is wrong goes to ``faults``."""
    found: dict[str, list[float]] = {}
    patches.settle(rows)
    for place, row in enumerate(rows):
        try:
            name, cells = patches.patch(row)
        except ValueError as error:
            heading = place == 0 and not any(map(_NUMBER.fullmatch, row.cells[:2]))
            if not heading:
                faults.append((row.line, str(error)))
            continue
        try:
            read = _read(patches.without_value(name, cells), row.separator == ",")
            apart = [*found.get(name, []), *read]
            if apart and max(apart) - min(apart) > _APART:
                raise ValueError(f"{name} was read as {min(apart):g} and {max(apart):g} OD: which is right?")
        except ValueError as error:
            faults.append((row.line, str(error)))
        else:
            if read:
                found[name] = apart
    return found


def _read(cells: list[str], commas: bool) -> list[float]:
    """The densities of a row.

    Raises:
        ValueError
    """
    given = [cell for cell in cells if cell not in _NOT_READ]
    for cell in given:
        if not _NUMBER.fullmatch(cell):
            raise ValueError(f"{cell[:40]!r} is no density: write it as 1.23")
    if commas and len(given) > 1 and all(cell.isdecimal() for cell in given):
        raise ValueError(
            f"{','.join(given)!r} may be one density or {len(given)}: write decimals with a point, "
            "or set columns apart with semicolons"
        )
    densities = [float(cell.replace(",", ".")) for cell in given]
    for density in densities:
        if not 0 <= density <= _DENSEST:
            raise ValueError(f"{density:g} is not within 0 to {_DENSEST:g} OD")
    return densities


def _key(name: str) -> str:
    """What tells names apart, however they are spelled."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\s_-]", "", name.casefold()))


# --- what is said before the table -----------------------------------------------------------------------

_Value = TypeVar("_Value")


def _said(
    said: dict[str, tuple[int, str]],
    key: str,
    value: Callable[[str], _Value],
    faults: list[tuple[int, str]],
) -> _Value | None:
    """A value of the lines before the table, None where it is empty; what is wrong goes to ``faults``."""
    line, text = said.get(key, (0, ""))
    try:
        return value(text) if text else None
    except ValueError as error:
        faults.append((line, str(error)))
        return None


def _version(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text[:40]!r} is no curve version: write a number, 0 for a film without a curve")
    return int(text)


def _time(text: str) -> datetime:
    """A time of the local clock, where no offset is given; a day alone is its beginning."""
    day = re.fullmatch(r"(\d{1,2})[.](\d{1,2})[.](\d{4})(.*)", text)
    iso = f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}{day[4]}" if day else text
    try:
        return datetime.fromisoformat(iso).astimezone()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text[:40]!r} is no date: write it as 2026-11-22 or 2026-11-22 10:15") from None


# --- what is wrong ---------------------------------------------------------------------------------------


def _told(faults: list[tuple[int, str]]) -> str:
    """The first wrong lines, and how many more there are."""
    lines = [f"line {line}: {reason}" for line, reason in sorted(faults)]
    more = len(lines) - _TOLD
    return "; ".join([*lines[:_TOLD], *([f"and {more} more"] if more > 0 else [])])


def _few(names: list[str]) -> str:
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more} more" if more > 0 else "")


@cache
def _steps(pattern: str, bits: int) -> tuple[Patch, ...]:
    """The steps of a pattern, in the order of rising P-values.

    Raises:
        SetupError
    """
    steps = draw(pattern, _MATRIX, _MATRIX, bits).of(Role.STEP)
    if len(steps) < 4:
        raise SetupError(f"{pattern} has no gray steps to be read: take {DEFAULT_PATTERN}")
    return tuple(sorted(steps, key=lambda patch: patch.value))
