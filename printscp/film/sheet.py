"""One film as it was accepted: complete, immutable, and all that rendering needs to know."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from printscp.film.display_format import Rectangle

BytesLike = Any  # collections.abc.Buffer, once Python 3.12 is the oldest


@dataclass(frozen=True)
class SheetImage:
    """An image in its box.

    ``pixels`` holds ``rows * columns`` unsigned samples, one byte each for ``bits_stored`` 8 and two (little
    endian) for 12. ``reverse`` says that the smallest value prints white: photometric interpretation and
    polarity taken together. ``pixel_aspect`` is (vertical, horizontal). Densities are in hundredths of OD.
    """

    position: int
    rows: int
    columns: int
    bits_stored: int
    reverse: bool
    pixel_aspect: tuple[int, int]
    magnification: str
    min_density: int
    max_density: int
    pixels: BytesLike = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """A film box at the moment of its N-ACTION.

    ``width`` and ``height`` are those of the page as seen, in printer pixels; ``boxes`` holds the image boxes
    by position. ``printer_density`` is the printer's range, within which outputs place their gray; all
    densities are in hundredths of OD, ``illumination`` and ``reflected_ambient_light`` in cd/m2. ``remarks``
    names whatever was asked for and is not on this film.
    """

    film_size: str
    orientation: str
    display_format: str
    width: int
    height: int
    dots_per_inch: float
    boxes: tuple[Rectangle, ...]
    label: Rectangle
    images: tuple[SheetImage, ...]
    printer_density: tuple[int, int]
    border_density: int
    empty_image_density: int
    illumination: int
    reflected_ambient_light: int
    copies: int
    priority: str
    medium: str
    destination: str
    printer_name: str
    originator: str
    remarks: tuple[str, ...]


class Draft(Protocol):
    """Where one film box's films go. Images may be put there as they come, so that a print is quick."""

    def put(self, position: int, pixels: BytesLike) -> None:
        """Pixels that will probably be printed at that position; never raises."""

    def accept(self, sheet: Sheet) -> None:
        """Take a film for good: returns only when it can no longer be lost. May be called again.

        Raises:
            PrintError: the film could not be taken, and nothing is kept of it.
        """

    def discard(self) -> None:
        """Let go of what was put and not accepted."""
