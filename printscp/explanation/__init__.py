"""Says in words how the images of a film became gray on it, with the numbers that the page is made of."""

from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from printscp.errors import PrintError
from printscp.film.sheet import Sheet, SheetImage
from printscp.transcript import Transcript
from printscp.transcript.films import AskedFilm


@dataclass(frozen=True)
class Value:
    """What a stored value prints as: the ``p_value`` in the range of the image's own values, the density in
    OD."""

    stored: int
    p_value: int
    density: float


@dataclass(frozen=True)
class ImageExplained:
    """An image in sentences, in the order in which things happen to it; ``values`` has its smallest, middle
    and largest value, none of color. ``notes`` are what cancels, has no effect, or may surprise."""

    position: int
    lines: tuple[str, ...]
    values: tuple[Value, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FilmExplained:
    """A film in sentences, and its images by position."""

    number: int
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    images: tuple[ImageExplained, ...]


class Asked:
    """What was sent for a film, attribute by attribute, and by which instance; empty where no dialogue is
    kept."""

    def __init__(self, dialogue: Transcript | None = None, film: AskedFilm | None = None) -> None:
        self._known = dialogue is not None and film is not None
        self._levels: list[tuple[str, Dataset]] = []
        self._boxes: dict[int, Dataset] = {}
        if dialogue is not None and film is not None:
            self._levels = [("film box", film.film_box.sent), ("film session", film.session.sent)]
            for position, step in film.images.items():
                try:
                    self._boxes[position] = dialogue.dataset(step)
                except PrintError:
                    continue

    @property
    def known(self) -> bool:
        """There is a dialogue to look into."""
        return self._known

    def of_image(self, position: int, keyword: str) -> Any:
        """What the N-SET of an image box had; None where it had nothing."""
        return self._boxes.get(position, Dataset()).get(keyword) or None

    def by(self, keyword: str, position: int = 0) -> tuple[str, Any]:
        """Who asked for a value, the image box, the film box or the film session, and for which; both empty
        where none did."""
        box = [("image box", self._boxes[position])] if position in self._boxes else []
        sent = ((name, values.get(keyword)) for name, values in [*box, *self._levels])
        return next(((name, value) for name, value in sent if value == 0 or value), ("", ""))

    def source(self, keyword: str, position: int = 0, used: Any = None) -> str:
        """The same, to be put behind the value that is ``used``."""
        if not self._known:
            return ""
        by, value = self.by(keyword, position)
        if not by:
            return " (not asked for)"
        instead = used is not None and str(value) != str(used)
        return f" ({value if instead else ''}{' ' * instead}asked for by the {by})"

    def item(self, position: int) -> Dataset:
        """The item of an image sequence; empty where there is none."""
        for keyword in ("BasicGrayscaleImageSequence", "BasicColorImageSequence"):
            sequence = self.of_image(position, keyword)
            if sequence:
                item: Dataset = sequence[0]
                return item
        return Dataset()


def explain(
    sheet: Sheet, number: int = 1, asked: Asked | None = None, position: int | None = None
) -> FilmExplained:
    """Explain a film, all of its images or that of one position."""
    from printscp.explanation.film import film_lines, film_notes
    from printscp.explanation.size import size_lines
    from printscp.explanation.tone import explain_tone

    asked = asked or Asked()

    def image_explained(image: SheetImage) -> ImageExplained:
        lines, values, notes = explain_tone(sheet, image, asked)
        prefix = f"image {image.position}: "
        remarks = [each.removeprefix(prefix) for each in sheet.remarks if each.startswith(prefix)]
        return ImageExplained(
            image.position, (*lines, *size_lines(sheet, image, asked)), values, (*notes, *remarks)
        )

    images = [each for each in sheet.images if position in (None, each.position)]
    return FilmExplained(
        number, film_lines(sheet, asked), film_notes(sheet), tuple(image_explained(each) for each in images)
    )
