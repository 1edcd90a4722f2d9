"""Reads `layouts/`: film sizes, display and annotation formats and printer profiles, into the film types they
become. A folder of one's own, of the same structure, adds to those that come with the package; what is in
both is as the own folder has it."""

import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from printscp.catalog.room import check_pages, check_room
from printscp.catalog.schema import (
    FORMAT_TABLE,
    AnnotationFormatTable,
    CustomTable,
    FilmSizeTable,
    GridTable,
    PrinterTable,
    SlideTable,
)
from printscp.errors import SetupError
from printscp.film.display_format import GRIDS
from printscp.film.geometry import Rectangle
from printscp.film.profile import (
    AnnotationFormat,
    Configuration,
    CustomFormat,
    FilmSize,
    GridLimits,
    PrinterProfile,
    ReflectiveMedia,
    Resolution,
    SlideFormat,
)
from printscp.film.sheet import ToneCurve

_Model = TypeVar("_Model", bound=BaseModel)


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
        return GridLimits(**dict(self._formats["GRID"].read(GridTable)))

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
        printer = _check(PrinterTable, _toml(file), file)
        self._check_known(printer, file)
        profile = self._made(name, printer)
        check_pages(profile, file)
        check_room(profile, file)
        return profile

    def _check_known(self, printer: PrinterTable, file: Path) -> None:
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

    def _made(self, name: str, printer: PrinterTable) -> PrinterProfile:
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
        return FilmSize(term, **dict(self._sizes[term].read(FilmSizeTable)))

    def _annotation_format(self, term: str) -> AnnotationFormat:
        return AnnotationFormat(term, **dict(self._annotations[term].read(AnnotationFormatTable)))

    def _slides(self, formats: Collection[str]) -> tuple[SlideFormat, ...]:
        """Those among the formats."""
        terms = [term for term in ("SLIDE", "SUPERSLIDE") if term in formats]
        return tuple(SlideFormat(term, **dict(self._formats[term].read(SlideTable))) for term in terms)

    def _customs(self, formats: Collection[str]) -> tuple[CustomFormat, ...]:
        """Those among the formats."""
        numbers = sorted(int(each.partition("\\")[2]) for each in formats if each.startswith("CUSTOM"))
        return tuple(self._custom(number) for number in numbers)

    def _custom(self, number: int) -> CustomFormat:
        custom = self._formats[f"CUSTOM\\{number}"].read(CustomTable)
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
    package = Path(__file__).resolve().parent.parent
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
            if not FORMAT_TABLE.fullmatch(part.key):
                raise SetupError(
                    f"{part.file}: {part.key!r}: none of GRID, SLIDE, SUPERSLIDE and CUSTOM.number"
                )
            formats[part.key.replace(".", "\\")] = part
    return formats


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
