"""One A4 page of a report: what is written on it, in which size, and the file that it becomes.

Lengths are in points of 1/72 inch; places count from the top left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from printscp import __version__
from printscp.durable import DurableFile, publish
from printscp.errors import SetupError
from printscp.render.text import FONTS, line, width

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
MARGIN = 12 * MM
ROOM = WIDTH - 2 * MARGIN
"""Width that can be written on."""

SMALL = 7.0
"""Size of most text: the smallest that is easily read in print."""
LEADING = 8.8
"""From one line of small text to the next."""
GAP = 7.0
"""Between two blocks."""

_LARGE, _MIDDLE = 15.0, 8.5
_HEADLINE = 2 * LEADING + _LARGE  # height of the headline with what stands below it
HEADING = LEADING + 4
"""Height of the heading of a block."""
_INK, _FAINT, _RULE, _WRONG, _RIGHT = "#111111", "#5a5a5a", "#b5b5b5", "#a02c00", "#00507e"
_ELLIPSIS = "\u2026"


@dataclass(frozen=True)
class Column:
    """Of a table: its head, its width, and whether it is of numbers, which stand right."""

    head: str
    width: float
    right: bool = False


class Paper:
    """A page that is filled from the top: ``y`` is where the next block begins."""

    def __init__(self, title: str, made: datetime) -> None:
        self._buffer = BytesIO()
        font: Any = _font(FONTS[0])  # the page's own, so that there is none that is not embedded
        canvas: Any = Canvas(
            self._buffer,
            pagesize=(WIDTH, HEIGHT),
            invariant=1,
            pageCompression=1,
            pdfVersion=(1, 7),
            initialFontName=font,
        )
        canvas.setTitle(title)
        canvas.setAuthor("")
        canvas.setSubject("Film quality assurance")
        canvas.setCreator(f"printscp {__version__}")
        canvas._doc._timeStamp = _Moment(made)
        self._canvas = canvas
        self.y = MARGIN

    @property
    def left_over(self) -> float:
        """Height that nothing has taken yet."""
        return HEIGHT - MARGIN - self.y

    def headline(self, title: str, below: str, passed: bool) -> None:
        """What the report is of, and what came out, at a glance."""
        verdict = "PASS" if passed else "NOT RIGHT"
        box = width(verdict, _LARGE) + 16
        room = ROOM - box - GAP
        size = max(10.0, _LARGE * min(1.0, room / width(title, _LARGE)))
        self.write(_cut(title, room, size), MARGIN, self.y + _LARGE, size)
        self.write(_cut(below, room), MARGIN, self.y + _LARGE + 1.4 * LEADING, SMALL, _FAINT)
        color = _RIGHT if passed else _WRONG
        left = WIDTH - MARGIN - box
        self._box(left, self.y, box, _LARGE + 9, color, filled=not passed)
        self.write(verdict, left + 8, self.y + _LARGE + 2.5, _LARGE, color if passed else "#ffffff")
        self.y += _HEADLINE

    def facts(self, facts: Iterable[tuple[str, str]], columns: int = 2) -> None:
        """Names and values, side by side; those too long for a column have a line of their own."""
        apart = GAP
        column = (ROOM - apart * (columns - 1)) / columns
        known = [(name, value) for name, value in facts if value]
        indent = max((width(name, SMALL) for name, _ in known), default=0) + 5
        place = 0
        for name, value in known:
            wide = width(value, SMALL) > column - indent
            if place and (wide or place == columns):
                self.y, place = self.y + LEADING, 0
            left = MARGIN + place * (column + apart)
            self.write(name, left, self.y + SMALL, SMALL, _FAINT)
            room = (ROOM if wide else column) - indent
            for number, part in enumerate(wrapped(value, room, 3)):
                self.y += LEADING if number else 0
                self.write(part, left + indent, self.y + SMALL)
            place = columns if wide else place + 1
        self.y += LEADING + GAP / 2

    def heading(self, text: str) -> None:
        """Of a block."""
        self.write(text, MARGIN, self.y + _MIDDLE, _MIDDLE)
        self.y += HEADING

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Sequence[str]]], left: float) -> None:
        """A table whose cells are lines; a row is as high as its highest cell. ``FAIL`` stands out."""
        self._heads(columns, left)
        for row in rows:
            x = left
            for column, cell in zip(columns, row, strict=True):
                for number, text in enumerate(cell):
                    self._cell(text, x, self.y + number * LEADING, column)
                x += column.width
            self.y += row_height(row)

    def _heads(self, columns: Sequence[Column], left: float) -> None:
        x = left
        for column in columns:
            shift = column.width - 4 - width(column.head, SMALL) if column.right else 0
            self.write(column.head, x + shift, self.y + SMALL, SMALL, _FAINT)
            x += column.width
        self.y += LEADING + 1
        self._canvas.setStrokeColor(HexColor(_RULE))
        self._canvas.setLineWidth(0.5)
        self._canvas.line(left, HEIGHT - self.y + 0.5, x - 4, HEIGHT - self.y + 0.5)
        self.y += 1

    def _cell(self, text: str, x: float, y: float, column: Column) -> None:
        if text == FAIL:
            self._box(x - 1, y, width(FAIL, SMALL) + 4, LEADING - 0.6, _WRONG, filled=True)
            self.write(text, x + 1, y + SMALL - 0.2, SMALL, "#ffffff")
            return
        shift = column.width - 4 - width(text, SMALL) if column.right else 0
        self.write(text, x + shift, y + SMALL, SMALL, _FAINT if text == "note" else _INK)

    def note(self, text: str) -> None:
        """A line of its own."""
        self.write(_cut(text, ROOM), MARGIN, self.y + SMALL)
        self.y += LEADING

    def picture(self, png: bytes, height: float) -> None:
        """A picture over the whole width."""
        image = ImageReader(BytesIO(png))
        self._canvas.drawImage(image, MARGIN, HEIGHT - self.y - height, ROOM, height)
        self.y += height

    def write(self, text: str, left: float, baseline: float, size: float = SMALL, color: str = _INK) -> None:
        """A line of text in any script."""
        written = self._canvas.beginText(left, HEIGHT - baseline)
        written.setFillColor(HexColor(color))
        for run in line(text):
            written.setFont(_font(run.font), size)
            written.textOut(run.text)
        self._canvas.drawText(written)

    def _box(self, left: float, top: float, wide: float, high: float, color: str, *, filled: bool) -> None:
        self._canvas.setStrokeColor(HexColor(color))
        self._canvas.setFillColor(HexColor(color))
        self._canvas.setLineWidth(1.2)
        self._canvas.rect(left, HEIGHT - top - high, wide, high, stroke=1, fill=int(filled))

    def save(self, path: Path) -> None:
        """Write the page to a file, which is whole when it can be seen.

        Raises:
            SetupError: it cannot be written.
        """
        self._canvas.showPage()
        self._canvas.save()
        try:
            file = DurableFile(path)
            try:
                file.write(self._buffer.getvalue())
                file.flush()
                publish(file.hidden, path)
            finally:
                file.discard()
        except OSError as error:
            raise SetupError(f"report {path}: {error.strerror}") from error


FAIL = "FAIL"
"""A cell that stands out."""


def row_height(row: Sequence[Sequence[str]]) -> float:
    """Of a row of a table."""
    return max(len(cell) for cell in row) * LEADING + 1


def table_height(rows: Sequence[Sequence[Sequence[str]]]) -> float:
    """Of a table with its heads."""
    return LEADING + 2 + sum(map(row_height, rows))


def wrapped(text: str, room: float, most: int) -> list[str]:
    """A text as lines of small text no longer than ``room``; what goes beyond ``most`` lines is cut, and ends
    with an ellipsis."""
    lines = [""]
    for word in text.split():
        for number, part in enumerate(_broken(word, room)):
            longer = f"{lines[-1]} {part}".lstrip()
            if number == 0 and width(longer, SMALL) <= room:
                lines[-1] = longer
            else:
                lines.append(part)
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), room)]
    return [each for each in lines if each] or [""]


def _broken(word: str, room: float) -> list[str]:
    """A word as parts no longer than ``room``."""
    parts = []
    while word:
        end = len(word)
        while end > 1 and width(word[:end], SMALL) > room:
            end -= 1
        parts.append(word[:end])
        word = word[end:]
    return parts


def _cut(text: str, room: float, size: float = SMALL) -> str:
    """A text that is no longer than ``room``, with an ellipsis where it was."""
    if width(text, size) <= room:
        return text
    while text and width(text + _ELLIPSIS, size) > room:
        text = text[:-1].rstrip()
    return text + _ELLIPSIS


def cut(text: str, room: float) -> list[str]:
    """A cell of one line."""
    return [_cut(text, room - 4)]


class _Moment:
    """What reportlab asks of the time a document is made at; in UTC."""

    dhh = dmm = 0

    def __init__(self, moment: datetime) -> None:
        self.YMDhms = moment.astimezone(UTC).timetuple()[:6]


@lru_cache
def _font(path: Path) -> str:
    """The name under which reportlab knows a font, of reports alone."""
    name = f"report-{path.stem}"
    pdfmetrics.registerFont(TTFont(name, path, asciiReadable=False))
    return name
