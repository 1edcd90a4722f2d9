"""Image Display Format (2010,0010): how many image boxes a film has and where they lie (PS3.3 C.13.3)."""

import re
from dataclasses import dataclass

from printscp.errors import InvalidAttributeValue
from printscp.film.profile import PrinterProfile

_STANDARD = re.compile(r"STANDARD\\([1-9][0-9]{0,3}),([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Rectangle:
    """A part of the page in printer pixels, from the top left."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class DisplayFormat:
    """``STANDARD\\C,R``: ``columns`` first, then ``rows``, as the film is seen in its orientation."""

    columns: int
    rows: int

    @classmethod
    def parse(cls, text: str, profile: PrinterProfile) -> "DisplayFormat":
        """Read the attribute's value.

        Raises:
            InvalidAttributeValue: it is not of the form STANDARD\\C,R or beyond the limits of the profile.
        """
        match = _STANDARD.fullmatch(text.rstrip(" "))
        if match is None:
            # No backslash here: it would cut the Error Comment (VR LO) in two.
            raise InvalidAttributeValue("only STANDARD with columns,rows is printed", "ImageDisplayFormat")
        columns, rows = int(match[1]), int(match[2])
        limit = profile.standard_format
        if columns > limit.max_columns or rows > limit.max_rows:
            most = f"{limit.max_columns} columns and {limit.max_rows} rows"
            raise InvalidAttributeValue(f"STANDARD goes up to {most}", "ImageDisplayFormat")
        return cls(columns, rows)

    def boxes(self, area: Rectangle, gap: int) -> tuple[Rectangle, ...]:
        """Image boxes in the order of their positions: from the top left, along the row, then down.

        All are of equal size; ``gap`` pixels lie between neighbours, and what does not divide evenly is left
        at the outer edges, half on each side.
        """
        width = (area.width - gap * (self.columns - 1)) // self.columns
        height = (area.height - gap * (self.rows - 1)) // self.rows
        left = area.left + (area.width - self.columns * width - gap * (self.columns - 1)) // 2
        top = area.top + (area.height - self.rows * height - gap * (self.rows - 1)) // 2
        return tuple(
            Rectangle(left + column * (width + gap), top + row * (height + gap), width, height)
            for row in range(self.rows)
            for column in range(self.columns)
        )
