"""Image Display Format (2010,0010): how many image boxes a film has and where they lie (PS3.3 C.13.3).

Rows of ROW are equally high and columns of COL equally wide. What does not divide evenly is left at the outer
edges, half on each side.
"""

import re
from dataclasses import dataclass

from printscp.errors import InvalidAttributeValue
from printscp.film.geometry import Rectangle
from printscp.film.profile import CustomFormat, PrinterProfile, Resolution, SlideFormat

_COUNT = "[1-9][0-9]{0,3}"
_STANDARD = re.compile(rf"STANDARD\\({_COUNT}),({_COUNT})")
_LINES = re.compile(rf"(ROW|COL)\\({_COUNT}(?:,{_COUNT})*)")
_CUSTOM = re.compile(rf"CUSTOM\\({_COUNT})")
_LONGEST = 1024  # characters, VR ST
GRIDS = ("STANDARD", "ROW", "COL")
"""Forms that go as far as the grid limits."""


@dataclass(frozen=True)
class DisplayFormat:
    """A format that the printer has.

    ``lines`` are the numbers of boxes of each row, or with ``down`` of each column; of the other formats one
    of ``slide`` and ``custom`` is there.
    """

    lines: tuple[int, ...] = ()
    down: bool = False
    slide: SlideFormat | None = None
    custom: CustomFormat | None = None

    @classmethod
    def parse(cls, text: str, profile: PrinterProfile) -> "DisplayFormat":
        """Read the attribute's value.

        Raises:
            InvalidAttributeValue: it is none of the standard's forms, or not one that the printer has.
        """
        text = text.rstrip(" ")
        # Longer than the VR allows is of no form, and need not be searched for one.
        found = _parse(text, profile) if len(text) <= _LONGEST else None
        form = text.partition("\\")[0]
        if found is None or not {form, text} & set(profile.display_formats):
            raise InvalidAttributeValue(_offered(profile), "ImageDisplayFormat")
        limits = profile.grid_limits
        across = (len(found.lines), max(found.lines, default=0))
        columns, rows = across if found.down else across[::-1]
        if columns > limits.max_columns or rows > limits.max_rows:
            most = f"{limits.max_columns} columns and {limits.max_rows} rows"
            raise InvalidAttributeValue(f"{form} goes up to {most}", "ImageDisplayFormat")
        return found

    def boxes(self, area: Rectangle, gap: int, resolution: Resolution) -> tuple[Rectangle, ...]:
        """Image boxes in the order of their positions; ``gap`` pixels lie between neighbours."""
        if self.slide is not None:
            return _slides(self.slide, area, resolution)
        if self.custom is not None:
            return _cells(self.custom, area, gap)
        if self.down:
            turned = _rows(self.lines, _turned(area), gap)
            return tuple(_turned(box) for box in turned)
        return _rows(self.lines, area, gap)


def _offered(profile: PrinterProfile) -> str:
    """What an SCU can ask for, in the 64 characters of an Error Comment; a backslash would end it (VR LO)."""
    values = [each.replace("\\", " ") for each in profile.display_formats]
    if len(words := f"the printer has {', '.join(values)}") <= 64:
        return words
    return f"the printer has {', '.join(dict.fromkeys(value.split()[0] for value in values))}"


def _parse(text: str, profile: PrinterProfile) -> DisplayFormat | None:
    if match := _STANDARD.fullmatch(text):
        return DisplayFormat((int(match[1]),) * int(match[2]))
    if match := _LINES.fullmatch(text):
        return DisplayFormat(tuple(int(each) for each in match[2].split(",")), match[1] == "COL")
    if match := _CUSTOM.fullmatch(text):
        customs = (each for each in profile.custom_formats if each.number == int(match[1]))
        return next((DisplayFormat(custom=each) for each in customs), None)
    return next((DisplayFormat(slide=each) for each in profile.slide_formats if each.term == text), None)


def split(start: int, length: int, parts: int, gap: int) -> list[tuple[int, int]]:
    """Start and length of equal parts of a line, with a gap between neighbours."""
    each = (length - gap * (parts - 1)) // parts
    start += (length - parts * each - gap * (parts - 1)) // 2
    return [(start + part * (each + gap), each) for part in range(parts)]


def _rows(lines: tuple[int, ...], area: Rectangle, gap: int) -> tuple[Rectangle, ...]:
    return tuple(
        Rectangle(left, top, width, height)
        for (top, height), count in zip(split(area.top, area.height, len(lines), gap), lines, strict=True)
        for left, width in split(area.left, area.width, count, gap)
    )


def _turned(box: Rectangle) -> Rectangle:
    return Rectangle(box.top, box.left, box.height, box.width)


def _cells(custom: CustomFormat, area: Rectangle, gap: int) -> tuple[Rectangle, ...]:
    across = split(area.left, area.width, custom.columns, gap)
    down = split(area.top, area.height, custom.rows, gap)

    def box(cells: Rectangle) -> Rectangle:
        left, top = across[cells.left][0], down[cells.top][0]
        right, bottom = sum(across[cells.right - 1]), sum(down[cells.bottom - 1])
        return Rectangle(left, top, right - left, bottom - top)

    return tuple(box(cells) for cells in custom.boxes)


def _slides(slide: SlideFormat, area: Rectangle, resolution: Resolution) -> tuple[Rectangle, ...]:
    width = min(resolution.pixels(slide.width_mm), area.width)
    height = min(resolution.pixels(slide.height_mm), area.height)
    pitch = resolution.pixels(slide.pitch_mm)
    columns, rows = max(1, area.width // pitch), max(1, area.height // pitch)
    left = area.left + (area.width - columns * pitch + pitch - width) // 2
    top = area.top + (area.height - rows * pitch + pitch - height) // 2
    return tuple(
        Rectangle(left + column * pitch, top + row * pitch, width, height)
        for row in range(rows)
        for column in range(columns)
    )
