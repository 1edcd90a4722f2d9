"""A picture of a film's layout: sheet, printable area, image and annotation boxes, label strip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from printscp.errors import InvalidAttributeValue
from printscp.film.geometry import Rectangle
from printscp.film.layout import Layout, layout
from printscp.film.profile import MM_PER_INCH, PrinterProfile, Resolution

_TERMS: dict[str, Callable[[PrinterProfile], Sequence[str]]] = {
    "FilmSizeID": lambda profile: [size.term for size in profile.film_sizes],
    "FilmOrientation": lambda _: ["PORTRAIT", "LANDSCAPE"],
    "RequestedResolutionID": lambda profile: [each.term for each in profile.resolutions],
    "AnnotationDisplayFormatID": lambda profile: ["", *(each.term for each in profile.annotation_formats)],
}
_FIRST_FORMAT = {"STANDARD": "STANDARD\\1,1", "ROW": "ROW\\1", "COL": "COL\\1"}

_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_INK, _FAINT, _PAPER = "#1f2933", "#7b8794", "#ffffff"
_SEPARATOR = " \u00b7 "


@dataclass(frozen=True)
class _Style:
    """How a kind of area is drawn, and the word for it in the legend."""

    word: str
    fill: str
    line: str


_SHEET = _Style("sheet", "#dde5ee", "#52606d")
_PRINTABLE = _Style("printable area", "#f3f6fa", "#9fb3c8")
_IMAGE = _Style("image box", "#ffffff", "#2166ac")
_TEXT = _Style("annotation box", "#fdf0d3", "#b7791f")
_LABEL = _Style("label strip", "#e3ece2", "#5b8c5a")


def draw(profile: PrinterProfile, attributes: dict[str, str], width: int = 1200) -> Image.Image:
    """The layout of a film as an RGB picture of ``width`` pixels.

    ``attributes`` are those of the film box by their keywords: FilmSizeID, FilmOrientation,
    ImageDisplayFormat, RequestedResolutionID, AnnotationDisplayFormatID. One that is missing has the
    printer's default.

    Raises:
        InvalidAttributeValue: the printer has no such value, or it has nothing to do with a layout.
    """
    film = _film(profile, attributes)
    return _Drawing(film, profile, width).picture


def _film(profile: PrinterProfile, attributes: dict[str, str]) -> dict[str, Any]:
    first = profile.display_formats[0]
    film = {keyword: terms(profile)[0] for keyword, terms in _TERMS.items()}
    film["ImageDisplayFormat"] = _FIRST_FORMAT.get(first, first)
    for keyword, value in attributes.items():
        if keyword not in film:
            raise InvalidAttributeValue(f"{keyword} says nothing of the layout", keyword)
        terms = _TERMS[keyword](profile) if keyword in _TERMS else [value]
        if value not in terms:
            raise InvalidAttributeValue(f"{value[:16]} is none of {', '.join(filter(None, terms))}", keyword)
    return film | attributes


class _Drawing:
    """``em`` is the size of small text, from which everything but the film takes its measure."""

    def __init__(self, film: dict[str, Any], profile: PrinterProfile, width: int) -> None:
        self.places: Layout = layout(film, profile)
        self.resolution: Resolution = profile.resolution(film["RequestedResolutionID"])
        self.em = max(9, round(width / 75))
        self.left, self.top = 4 * self.em, 8 * self.em
        self.scale = (width - self.left - 2 * self.em) / self.places.page.width
        bottom = self._scaled(self.places.page)[3]
        self.picture = Image.new("RGB", (width, bottom + 4 * self.em), _PAPER)
        self.canvas = ImageDraw.Draw(self.picture)
        self._title(film, profile)
        self._dimensions()
        self._areas()
        self._legend(bottom + 2 * self.em)

    def _scaled(self, area: Rectangle) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in the picture; the last two are of the area."""
        x = [self.left + round(each * self.scale) for each in (area.left, area.right)]
        y = [self.top + round(each * self.scale) for each in (area.top, area.bottom)]
        return x[0], y[0], max(x[0], x[1] - 1), max(y[0], y[1] - 1)

    def _title(self, film: dict[str, Any], profile: PrinterProfile) -> None:
        terms = ("FilmSizeID", "FilmOrientation", "ImageDisplayFormat", "AnnotationDisplayFormatID")
        title = _SEPARATOR.join(filter(None, (profile.name, *(film[term] for term in terms))))
        space = self.picture.width - self.left - self.em
        size = 1.6 * self.em
        size *= min(1, space / _font(size).getlength(title))
        self.canvas.text((self.left, self.em), title, _INK, _font(size))
        count, printable = len(self.places.boxes), self.places.printable
        facts = (
            f"{profile.manufacturer} {profile.model}",
            f"{self.resolution.term} {self.resolution.dots_per_inch:g} dpi",
            f"printable {self._size(printable)[0]}, {self._size(printable)[1]}",
            f"{count} image box{'es' if count > 1 else ''}",
        )
        self.canvas.text((self.left, 3.4 * self.em), _SEPARATOR.join(facts), _FAINT, _font(self.em))

    def _dimensions(self) -> None:
        """Along the upper and the left edge of the sheet."""
        page = self.places.page
        left, top, right, bottom = self._scaled(page)
        across = self._dimension(right - left + 1, page.width)
        down = self._dimension(bottom - top + 1, page.height).transpose(Image.Transpose.ROTATE_90)
        self.picture.paste(across, (left, top - 5 * self.em // 2))
        self.picture.paste(down, (left - 5 * self.em // 2, top))

    def _dimension(self, length: int, pixels: int) -> Image.Image:
        """A line with arrows, so long in the picture, with the length on film written in its middle."""
        words, font = f"{self._mm(pixels)} mm = {pixels} px", _font(self.em)
        band = Image.new("RGB", (length, 2 * self.em), _PAPER)
        canvas = ImageDraw.Draw(band)
        end, height, head, half = length - 1, self.em, self.em / 3, font.getlength(words) / 2 + self.em / 2
        canvas.line([(0, height), (end, height)], _FAINT)
        for tip, inside in ((0, head), (end, end - head)):
            canvas.line([(inside, height - head), (tip, height), (inside, height + head)], _FAINT)
        canvas.rectangle((length / 2 - half, 0, length / 2 + half, band.height), _PAPER)
        canvas.text((length / 2, height), words, _INK, font, anchor="mm")
        return band

    def _areas(self) -> None:
        self._area(self.places.page, _SHEET)
        self._area(self.places.printable, _PRINTABLE)
        if self.places.label.height:
            self._area(self.places.label, _LABEL)
        for position, box in enumerate(self.places.boxes, 1):
            self._area(box, _IMAGE)
            self._numbered(position, box)
        for each in self.places.annotations:
            self._area(each.where, _TEXT)
            self._number(each.position, self._scaled(each.where), self.em, _TEXT)

    def _area(self, area: Rectangle, style: _Style) -> None:
        self.canvas.rectangle(self._scaled(area), style.fill, style.line)

    def _numbered(self, position: int, box: Rectangle) -> None:
        """The position of an image box, and below it the size where there is room."""
        left, top, right, bottom = self._scaled(box)
        sizes, font = self._size(box), _font(self.em)
        roomy = bottom - top > 7 * self.em and right - left > self.em + max(map(font.getlength, sizes))
        if roomy:
            bottom -= 3 * self.em
            for line, text in enumerate(sizes):
                place = (left + right) / 2, (top + bottom) / 2 + (2.4 + 1.4 * line) * self.em
                self.canvas.text(place, text, _FAINT, font, anchor="mm")
        self._number(position, (left, top, right, bottom), 3 * self.em, _IMAGE)

    def _number(self, number: int, place: tuple[int, int, int, int], size: float, style: _Style) -> None:
        """A number in the middle of a place, smaller where it would not fit, and none where nobody could read
        it."""
        left, top, right, bottom = place
        # A digit is about 0.73 of its font high and 0.64 wide.
        size = min(size, 1.1 * (bottom - top), (right - left) / len(str(number)))
        if size >= 6:
            middle = (left + right + 1) / 2, (top + bottom + 1) / 2
            self.canvas.text(middle, str(number), style.line, _font(size), anchor="mm")

    def _legend(self, top: int) -> None:
        shown = [_SHEET, _PRINTABLE, _IMAGE]
        shown += [_TEXT] if self.places.annotations else []
        shown += [_LABEL] if self.places.label.height else []
        left, font = float(self.left), _font(self.em)
        for style in shown:
            box = left, top - self.em / 2, left + 1.6 * self.em, top + self.em / 2
            self.canvas.rectangle(box, style.fill, style.line)
            self.canvas.text((left + 2.1 * self.em, top), style.word, _INK, font, anchor="lm")
            left += 4 * self.em + font.getlength(style.word)

    def _size(self, area: Rectangle) -> tuple[str, str]:
        """In mm, and in printer pixels."""
        millimetres = f"{self._mm(area.width)} \u00d7 {self._mm(area.height)} mm"
        return millimetres, f"{area.width} \u00d7 {area.height} px"

    def _mm(self, pixels: int) -> str:
        return f"{pixels / self.resolution.dots_per_inch * MM_PER_INCH:.1f}"


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), size)
