"""Reads `layouts/`: film sizes, display and annotation formats and printer profiles, into the film types they
become. A folder of one's own, of the same structure, adds to those that come with the package; what is in
both is as the own folder has it."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from printscp.errors import PrintError, SetupError
from printscp.film.display_format import GRIDS, DisplayFormat
from printscp.film.geometry import Rectangle
from printscp.film.layout import layout
from printscp.film.profile import (
    AnnotationFormat,
    Configuration,
    CustomFormat,
    FilmSize,
    GridLimits,
    LinOD,
    PrinterProfile,
    ReflectiveMedia,
    Resolution,
    SlideFormat,
)
from printscp.film.rules import GSDF_BRIGHTEST, GSDF_DARKEST, MOST_AMBIENT_LIGHT
from printscp.film.sheet import ToneCurve

_Model = TypeVar("_Model", bound=BaseModel)

# What an SCU can send: VR CS, Image Display Format (PS3.3 C.13.3), and what it can be told: VR LO.
_COUNT = "[1-9][0-9]{0,3}"
_Term = Annotated[str, Field(pattern=r"^[A-Z0-9_]([A-Z0-9_ ]{0,14}[A-Z0-9_])?$")]
_Terms = Annotated[tuple[_Term, ...], Field(min_length=1)]
_Format = Annotated[
    str,
    Field(
        pattern=rf"^(STANDARD(\\{_COUNT},{_COUNT})?|(ROW|COL)(\\{_COUNT}(,{_COUNT})*)?"
        rf"|SLIDE|SUPERSLIDE|CUSTOM\\{_COUNT})$"
    ),
]
_FORMAT_TABLE = re.compile(rf"GRID|SLIDE|SUPERSLIDE|CUSTOM\.{_COUNT}")
_Name = Annotated[str, Field(pattern=r"^[^\\\x00-\x1f]{1,64}$")]

_Position = Annotated[int, Field(ge=0, le=65535)]
_Positions = tuple[Annotated[tuple[_Position, ...], Field(min_length=1)], ...]
_Density = Annotated[int, Field(ge=0, le=500)]
_Background = Annotated[str, Field(pattern=r"^(BLACK|WHITE|[0-9]{1,3})$")]
_Bits = Annotated[int, Field(ge=8, le=16)]
_Cells = Annotated[int, Field(ge=1, le=99)]
_Unsigned = Annotated[int, Field(ge=1, le=65535)]
_Millimetres = Annotated[float, Field(gt=0, le=1000)]
_Space = Annotated[float, Field(ge=0, le=1000)]  # mm

_LEAST_MM = 1.0  # a smaller box is a mistake in a layout
_MOST_PIXELS = 20_000  # a side of a page; a larger one is a mistake, too
_MOST_TEXT, _MOST_TEXTS = 1024, 10240  # characters of VR ST and LT


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _FilmSize(_Strict):
    width_mm: _Millimetres
    height_mm: _Millimetres


class _Grid(_Strict):
    max_columns: _Cells
    max_rows: _Cells


class _Slide(_Strict):
    width_mm: Annotated[float, Field(ge=10, le=1000)]  # a film full of smaller ones is a mistake, too
    height_mm: Annotated[float, Field(ge=10, le=1000)]
    pitch_mm: _Millimetres

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.pitch_mm < max(self.width_mm, self.height_mm):
            raise ValueError("pitch_mm: less than a slide, they would overlap")
        return self


class _Custom(_Strict):
    description: str
    columns: _Cells
    rows: _Cells
    boxes: Annotated[tuple[tuple[int, int, int, int], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        grid = Rectangle(0, 0, self.columns, self.rows)
        boxes = [Rectangle(*box) for box in self.boxes]
        for number, box in enumerate(boxes, 1):
            if box.width < 1 or box.height < 1 or not grid.holds(box):
                raise ValueError(f"boxes: box {number} is not inside {self.columns} x {self.rows} cells")
            for before, other in enumerate(boxes[: number - 1], 1):
                if box.overlaps(other):
                    raise ValueError(f"boxes: box {number} overlaps box {before}")
        return self


class _AnnotationFormat(_Strict):
    top: _Positions = ()
    bottom: _Positions = ()
    per_image: Literal["", "ABOVE", "BELOW", "OVER"] = ""
    height_mm: _Millimetres

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        positions = [position for row in (*self.top, *self.bottom) for position in row]
        if not positions and not self.per_image:
            raise ValueError("has no box: give top, bottom or per_image")
        if len(set(positions)) < len(positions):
            raise ValueError("top, bottom: a position is there twice")
        if self.per_image and any(positions):
            raise ValueError("top, bottom: only 0 is free beside one box per image")
        return self


class _Resolution(_Strict):
    dots_per_inch: Annotated[float, Field(ge=25.4, le=10160)]
    printable: dict[_Term, tuple[_Unsigned, _Unsigned]] = {}


class _Reflective(_Strict):
    media: tuple[_Term, ...] = ()
    min_density: _Density = 5
    max_density: _Density = 200
    illumination: _Unsigned = 150  # PS3.14 7.2


class _Configuration(_Strict):
    description: str
    contrast: Annotated[float, Field(ge=0.2, le=5)] = 1.0
    linear: bool = False


class _Printer(_Strict):
    manufacturer: _Name
    model: _Name
    source: Annotated[str, Field(min_length=1)]
    measured: bool
    resolutions: dict[Literal["STANDARD", "HIGH"], _Resolution] = Field(min_length=1)
    printing_bit_depth: _Bits
    bits_stored: Annotated[tuple[_Bits, ...], Field(min_length=1)] = (8, 12)
    film_sizes: _Terms
    display_formats: Annotated[tuple[_Format, ...], Field(min_length=1)]
    annotation_formats: tuple[_Term, ...]
    media: _Terms
    destinations: _Terms
    magnifications: Annotated[
        tuple[Literal["CUBIC", "BILINEAR", "REPLICATE", "NONE"], ...], Field(min_length=1)
    ]
    smoothings: dict[_Term, Annotated[float, Field(ge=-0.2, le=0.2)]] = {}
    configurations: dict[str, _Configuration] = {}
    color: bool
    trim: bool
    requested_image_size: bool
    decimate_crop: Literal["DECIMATE", "CROP", "FAIL"]
    max_collated_films: Annotated[int, Field(ge=0, le=9999)]
    one_film_size: bool = False
    look_up_must_match: bool = False
    implicit_vr_only: bool = False
    lin_od: LinOD = LinOD.POLARITY
    min_density: _Density
    max_density: _Density
    border_density: _Background
    empty_image_density: _Background | Literal[""] = ""
    illumination: _Unsigned
    reflected_ambient_light: Annotated[int, Field(ge=0, le=MOST_AMBIENT_LIGHT)]
    reflective: _Reflective = _Reflective()
    margin_mm: _Space
    gap_mm: _Space
    label_mm: _Space

    @field_validator("configurations")
    @classmethod
    def _sendable(cls, configurations: dict[str, _Configuration]) -> dict[str, _Configuration]:
        for text in configurations:
            if not 1 <= len(text) <= _MOST_TEXT:
                raise ValueError(f"{text[:32]!r}: has {len(text)} characters, not 1 to {_MOST_TEXT} (VR ST)")
            if text != text.rstrip(" \0"):
                raise ValueError(f"{text[-32:]!r}: ends in padding, which is not part of a value (VR ST)")
        told = sum(len(f"{text}: {each.description}\r\n") for text, each in configurations.items())
        if told > _MOST_TEXTS:
            raise ValueError(f"with descriptions {told} characters, more than {_MOST_TEXTS} (VR LT)")
        return configurations

    @model_validator(mode="after")
    def _densities(self) -> Self:
        _check_densities("", self, self.reflected_ambient_light)
        if self.reflective.media:
            _check_densities("reflective.", self.reflective, 0)
        for key in ("border_density", "empty_image_density"):
            value = getattr(self, key)
            if value.isdecimal() and not self.min_density <= int(value) <= self.max_density:
                raise ValueError(f"{key}: {value} is not in {self.min_density}..{self.max_density}")
        return self


def _check_densities(prefix: str, on: _Printer | _Reflective, ambient: int) -> None:
    """The range is one, and the GSDF has the luminance of each of its ends."""
    if on.min_density >= on.max_density:
        raise ValueError(f"{prefix}min_density is not below max_density")
    darkest = ambient + on.illumination * 10 ** (-on.max_density / 100)
    brightest = ambient + on.illumination * 10 ** (-on.min_density / 100)
    if darkest < GSDF_DARKEST or brightest > GSDF_BRIGHTEST:
        words = f"{darkest:.3g}..{brightest:.0f} cd/m2 is outside what the GSDF covers"
        raise ValueError(f"{prefix}illumination: {words}")


@dataclass(frozen=True)
class _Table:
    """A table as it stands in a layout file."""

    file: Path
    key: str
    values: Any

    def read(self, model: type[_Model]) -> _Model:
        return _check(model, self.values, self.file, self.key)


class Catalog:
    """All layouts there are: those that come with the package and those of the folder ``own``. Each table is
    checked when it is asked for, and a printer with all that it has.

    Raises:
        SetupError: a file is not there or wrong; the message names file and key.
    """

    def __init__(self, own: Path | None = None) -> None:
        if own is not None and not own.is_dir():
            raise SetupError(f"layouts {own}: no such folder")
        self._folders = [_layouts_folder(), *([own] if own is not None else [])]
        self._sizes = {each.key: each for each in self._tables("film_sizes.toml")}
        self._annotations = {each.key: each for each in self._tables("annotation_formats.toml")}
        self._formats = _formats(self._tables("display_formats.toml"))
        self._printers = {
            file.stem: file for folder in self._folders for file in (folder / "printers").glob("*.toml")
        }

    @cached_property
    def film_sizes(self) -> dict[str, FilmSize]:
        """By Film Size ID."""
        return {term: self._film_size(term) for term in self._sizes}

    @cached_property
    def annotation_formats(self) -> dict[str, AnnotationFormat]:
        """By Annotation Display Format ID."""
        return {term: self._annotation_format(term) for term in self._annotations}

    @cached_property
    def grid_limits(self) -> GridLimits:
        """Of STANDARD, ROW and COL."""
        return GridLimits(**dict(self._formats["GRID"].read(_Grid)))

    @cached_property
    def slide_formats(self) -> tuple[SlideFormat, ...]:
        """SLIDE and SUPERSLIDE."""
        return self._slides(self._formats)

    @cached_property
    def custom_formats(self) -> tuple[CustomFormat, ...]:
        """By their numbers."""
        return self._customs(self._formats)

    @cached_property
    def profile_names(self) -> list[str]:
        """Names of the printer profiles."""
        return sorted(self._printers)

    def profile(self, name: str) -> PrinterProfile:
        """The printer profile of that name."""
        if name not in self._printers:
            raise SetupError(f"no printer profile {name!r}: there are {', '.join(self.profile_names)}")
        file = self._printers[name]
        printer = _check(_Printer, _toml(file), file)
        self._check_known(printer, file)
        profile = self._made(name, printer)
        _check_pages(profile, file)
        _check_room(profile, file)
        return profile

    def _check_known(self, printer: _Printer, file: Path) -> None:
        """Each term that the printer names is there."""
        formats = [value for value in printer.display_formats if value.partition("\\")[0] not in GRIDS]
        named: list[tuple[str, Iterable[str], Collection[str], str]] = [
            ("film_sizes", printer.film_sizes, self._sizes, "film_sizes.toml"),
            ("display_formats", formats, self._formats, "display_formats.toml"),
            ("annotation_formats", printer.annotation_formats, self._annotations, "annotation_formats.toml"),
            ("reflective.media", printer.reflective.media, printer.media, "media"),
        ]
        for term, resolution in printer.resolutions.items():
            named.append(
                (f"resolutions.{term}.printable", resolution.printable, printer.film_sizes, "film_sizes")
            )
        for key, terms, known, where in named:
            if unknown := [term for term in terms if term not in known]:
                raise SetupError(f"{file}: {key}: {', '.join(unknown)} not in {where}")

    def _made(self, name: str, printer: _Printer) -> PrinterProfile:
        fields: dict[str, Any] = dict(printer)
        fields |= {
            "name": name,
            "resolutions": tuple(
                Resolution(term, each.dots_per_inch, each.printable)
                for term, each in printer.resolutions.items()
            ),
            "film_sizes": tuple(self._film_size(term) for term in printer.film_sizes),
            "grid_limits": self.grid_limits,
            "slide_formats": self._slides(printer.display_formats),
            "custom_formats": self._customs(printer.display_formats),
            "annotation_formats": tuple(self._annotation_format(term) for term in printer.annotation_formats),
            "configurations": {
                text: Configuration(each.description, ToneCurve(each.contrast, each.linear))
                for text, each in printer.configurations.items()
            },
            "reflective": ReflectiveMedia(**dict(printer.reflective)),
        }
        return PrinterProfile(**fields)

    def _film_size(self, term: str) -> FilmSize:
        return FilmSize(term, **dict(self._sizes[term].read(_FilmSize)))

    def _annotation_format(self, term: str) -> AnnotationFormat:
        return AnnotationFormat(term, **dict(self._annotations[term].read(_AnnotationFormat)))

    def _slides(self, formats: Collection[str]) -> tuple[SlideFormat, ...]:
        """Those among the formats."""
        terms = [term for term in ("SLIDE", "SUPERSLIDE") if term in formats]
        return tuple(SlideFormat(term, **dict(self._formats[term].read(_Slide))) for term in terms)

    def _customs(self, formats: Collection[str]) -> tuple[CustomFormat, ...]:
        """Those among the formats."""
        numbers = sorted(int(each.partition("\\")[2]) for each in formats if each.startswith("CUSTOM"))
        return tuple(self._custom(number) for number in numbers)

    def _custom(self, number: int) -> CustomFormat:
        custom = self._formats[f"CUSTOM\\{number}"].read(_Custom)
        boxes = tuple(Rectangle(*box) for box in custom.boxes)
        return CustomFormat(number, custom.description, custom.columns, custom.rows, boxes)

    def _tables(self, name: str) -> Iterator[_Table]:
        """Of the layout file of that name, those of the own folder last; it need not have the file."""
        for folder in self._folders:
            file = folder / name
            if folder is self._folders[0] or file.exists():
                yield from (_Table(file, key, values) for key, values in _toml(file).items())


def load_profile(name: str, own: Path | None = None) -> PrinterProfile:
    """A printer profile of those that come with the package, or of a folder of one's own.

    Raises:
        SetupError
    """
    return Catalog(own).profile(name)


def _layouts_folder() -> Path:
    """Where `layouts/` is: inside an installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "layouts", package.parent / "layouts"):
        if folder.is_dir():
            return folder
    raise SetupError(f"no layouts folder in {package} or beside it: reinstall printscp")


def _formats(tables: Iterable[_Table]) -> dict[str, _Table]:
    """Those of display formats by the attribute's value, as ``CUSTOM\\1``, and GRID."""
    formats = {}
    for table in tables:
        customs = table.values if table.key == "CUSTOM" and isinstance(table.values, dict) else {}
        parts = [_Table(table.file, f"CUSTOM.{number}", values) for number, values in customs.items()]
        for part in parts or [table]:
            if not _FORMAT_TABLE.fullmatch(part.key):
                raise SetupError(
                    f"{part.file}: {part.key!r}: none of GRID, SLIDE, SUPERSLIDE and CUSTOM.number"
                )
            formats[part.key.replace(".", "\\")] = part
    return formats


def _check_pages(profile: PrinterProfile, file: Path) -> None:
    """Films are no larger than can be drawn, and no smaller than what is printable of them."""
    for resolution, size in product(profile.resolutions, profile.film_sizes):
        key = f"{file}: resolutions.{resolution.term}"
        width, height = resolution.pixels(size.width_mm), resolution.pixels(size.height_mm)
        if max(width, height) > _MOST_PIXELS:
            words = f"{size.term} has {width} x {height} pixels, more than {_MOST_PIXELS} a side"
            raise SetupError(f"{key}.dots_per_inch: {words}")
        across, down = resolution.printable.get(size.term, (0, 0))
        if across > width or down > height:
            raise SetupError(f"{key}.printable.{size.term}: {across} x {down} pixels of {width} x {height}")


def _check_room(profile: PrinterProfile, file: Path) -> None:
    """Every format of a printer has room on each of its films, whatever stands beside the images."""
    examples = [each for value in profile.display_formats for each in _examples(value, profile.grid_limits)]
    for example in examples:
        try:
            DisplayFormat.parse(example, profile)
        except PrintError as error:
            raise SetupError(f"{file}: display_formats: {example}: {error.comment}") from error
    annotations = ("", *(each.term for each in profile.annotation_formats))
    for film, annotation, example in product(_tightest(profile, examples[0]), annotations, examples):
        given = film | {"AnnotationDisplayFormatID": annotation, "ImageDisplayFormat": example}
        if not _has_room(given, profile):
            terms = " ".join(term for term in (*film.values(), annotation) if term)
            keys = "margin_mm, printable, gap_mm, label_mm"
            raise SetupError(f"{file}: {keys}: no room for {example} on {terms}")


def _examples(value: str, limits: GridLimits) -> tuple[str, ...]:
    """Values of Image Display Format that have the narrowest and the lowest boxes there are of a form."""
    columns, rows = limits.max_columns, limits.max_rows
    forms = {
        "STANDARD": (f"STANDARD\\{columns},1", f"STANDARD\\1,{rows}"),
        "ROW": (",".join([f"ROW\\{columns}", *["1"] * (rows - 1)]),),
        "COL": (",".join([f"COL\\{rows}", *["1"] * (columns - 1)]),),
    }
    return forms.get(value, (value,))


def _tightest(profile: PrinterProfile, display_format: str) -> list[dict[str, str]]:
    """Films that have less room than others: what has room on them has it on all."""
    tightest = []
    for resolution in profile.resolutions:
        films: dict[tuple[int, int], dict[str, str]] = {}
        for size, orientation in product(profile.film_sizes, ("PORTRAIT", "LANDSCAPE")):
            film = {
                "FilmSizeID": size.term,
                "FilmOrientation": orientation,
                "RequestedResolutionID": resolution.term,
            }
            area = layout(film | {"ImageDisplayFormat": display_format}, profile).printable
            films[area.width, area.height] = film
        for (width, height), film in films.items():
            smaller = [each for each in films if each[0] <= width and each[1] <= height]
            if smaller == [(width, height)]:
                tightest.append(film)
    return tightest


def _has_room(film: dict[str, str], profile: PrinterProfile) -> bool:
    """No box is tiny, text over an image is no higher than its box, and slides are whole but for text beside
    them. So all lies on what can be printed: boxes without room become tiny before they leave it."""
    resolution = profile.resolution(film["RequestedResolutionID"])
    tiny = resolution.pixels(_LEAST_MM)
    width = height = tiny
    for slide in profile.slide_formats:
        if slide.term == film["ImageDisplayFormat"]:
            width, height = resolution.pixels(slide.width_mm), resolution.pixels(slide.height_mm)
    for annotation in profile.annotation_formats:
        if annotation.term == film["AnnotationDisplayFormatID"] and annotation.per_image:
            text = resolution.pixels(annotation.height_mm)
            height = max(height, text) if annotation.per_image == "OVER" else max(height - text, tiny)
    places = layout(film, profile)
    texts = [each.where for each in places.annotations]
    roomy = all(box.width >= width and box.height >= height for box in places.boxes)
    return roomy and all(text.width >= tiny and text.height >= tiny for text in texts)


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(f"{file}: {error}") from error


def _check(model: type[_Model], values: Any, file: Path, *where: str) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = " ".join(".".join((*where, *(str(part) for part in first["loc"]))).split())
        words = [str(file), *([key] if key else []), first["msg"].removeprefix("Value error, ")]
        raise SetupError(": ".join(words)) from error
