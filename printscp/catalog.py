"""Reads `layouts/`: film sizes, display and annotation formats and printer profiles, into the film types they
become."""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from printscp.errors import SetupError
from printscp.film.profile import AnnotationFormat, FilmSize, PrinterProfile, StandardFormat
from printscp.film.rules import GSDF_BRIGHTEST, GSDF_DARKEST

_Model = TypeVar("_Model", bound=BaseModel)
_Term = Annotated[str, Field(pattern=r"^[A-Z0-9_][A-Z0-9_ ]{0,15}$")]  # what an SCU can send in VR CS


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _FilmSize(_Strict):
    width_mm: PositiveFloat
    height_mm: PositiveFloat


class _Standard(_Strict):
    max_columns: PositiveInt
    max_rows: PositiveInt


class _DisplayFormats(_Strict):
    STANDARD: _Standard


class _AnnotationFormat(_Strict):
    positions: list[Annotated[int, Field(ge=0, le=65535)]]
    per_image: bool

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.positions)) < len(self.positions):
            raise ValueError("positions: one is there twice")
        if self.per_image and any(self.positions):
            raise ValueError("positions: only 0 is free beside one box per image")
        return self


class _Printer(_Strict):
    manufacturer: str
    model: str
    dots_per_inch: PositiveFloat
    film_sizes: list[_Term] = Field(min_length=1)
    media: list[_Term] = Field(min_length=1)
    destinations: list[_Term] = Field(min_length=1)
    magnifications: list[Literal["CUBIC", "BILINEAR", "REPLICATE", "NONE"]] = Field(min_length=1)
    smoothings: list[_Term]
    configurations: dict[str, str]
    annotation_formats: list[_Term]
    resolutions: list[Literal["STANDARD", "HIGH"]] = Field(min_length=1)
    color: bool
    requested_image_size: bool
    decimate_crop: Literal["DECIMATE", "CROP", "FAIL"]
    max_collated_films: int = Field(ge=0)
    min_density: int = Field(ge=0, le=500)
    max_density: int = Field(gt=0, le=500)
    border_density: str
    empty_image_density: str
    illumination: PositiveInt
    reflected_ambient_light: int = Field(ge=0)
    margin_mm: float = Field(ge=0)
    gap_mm: float = Field(ge=0)
    label_mm: float = Field(ge=0)

    @field_validator("configurations")
    @classmethod
    def _configurations(cls, configurations: dict[str, str]) -> dict[str, str]:
        for text in configurations:
            if not 1 <= len(text) <= 1024:
                raise ValueError(f"{text[:32]!r}: has {len(text)} characters, not 1 to 1024 (VR ST)")
        return configurations


def layouts_folder() -> Path:
    """Where `layouts/` is: inside an installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "layouts", package.parent / "layouts"):
        if folder.is_dir():
            return folder
    raise SetupError(f"no layouts folder in {package} or beside it: reinstall printscp")


def profile_names() -> list[str]:
    """Names of the printer profiles there are."""
    return sorted(path.stem for path in (layouts_folder() / "printers").glob("*.toml"))


def load_profile(name: str) -> PrinterProfile:
    """The printer profile of that name.

    Raises:
        SetupError: there is none, or a layout file is wrong; the message names file and key.
    """
    folder = layouts_folder()
    if name not in profile_names():
        raise SetupError(f"no printer profile {name!r}: there are {', '.join(profile_names())}")
    sizes = _tables(_FilmSize, folder / "film_sizes.toml")
    annotations = _tables(_AnnotationFormat, folder / "annotation_formats.toml")
    formats_file = folder / "display_formats.toml"
    formats = _check(_DisplayFormats, _toml(formats_file), formats_file)
    file = folder / "printers" / f"{name}.toml"
    printer = _check(_Printer, _toml(file), file)
    _check_known("film_sizes", printer.film_sizes, sizes, file)
    _check_known("annotation_formats", printer.annotation_formats, annotations, file)
    _check_densities(printer, file)
    _check_room(printer, [sizes[term] for term in printer.film_sizes], formats.STANDARD, file)
    fields: dict[str, Any] = printer.model_dump()
    fields |= {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    fields |= {
        "name": name,
        "film_sizes": tuple(
            FilmSize(term, sizes[term].width_mm, sizes[term].height_mm) for term in printer.film_sizes
        ),
        "annotation_formats": tuple(
            AnnotationFormat(term, tuple(annotations[term].positions), annotations[term].per_image)
            for term in printer.annotation_formats
        ),
        "standard_format": StandardFormat(**formats.STANDARD.model_dump()),
    }
    return PrinterProfile(**fields)


def _check_known(key: str, terms: list[str], known: Collection[str], file: Path) -> None:
    """Each term is a table of the layout file that is named after the key."""
    unknown = [term for term in terms if term not in known]
    if unknown:
        raise SetupError(f"{file}: {key}: {', '.join(unknown)} not in {key}.toml")


def _check_densities(printer: _Printer, file: Path) -> None:
    if printer.min_density >= printer.max_density:
        raise SetupError(f"{file}: min_density is not below max_density")
    for key in ("border_density", "empty_image_density"):
        value = getattr(printer, key)
        number = int(value) if value.isdecimal() else -1
        if value not in ("BLACK", "WHITE") and not printer.min_density <= number <= printer.max_density:
            raise SetupError(f"{file}: {key}: BLACK, WHITE or hundredths of OD in the range, not {value!r}")
    light, ambient = printer.illumination, printer.reflected_ambient_light
    darkest = ambient + light * 10 ** (-printer.max_density / 100)
    brightest = ambient + light * 10 ** (-printer.min_density / 100)
    if darkest < GSDF_DARKEST or brightest > GSDF_BRIGHTEST:
        raise SetupError(
            f"{file}: illumination: {darkest:.3g}..{brightest:.0f} cd/m2 is outside what the GSDF covers"
        )


def _check_room(printer: _Printer, sizes: list[_FilmSize], most: _Standard, file: Path) -> None:
    """A film that lies has its height for width: the shorter side must do for columns and rows."""
    side = min(min(size.width_mm, size.height_mm) for size in sizes) - 2 * printer.margin_mm
    for length, count in ((side, most.max_columns), (side - printer.label_mm, most.max_rows)):
        if length - printer.gap_mm * (count - 1) < count:  # a millimetre each
            raise SetupError(f"{file}: margin_mm, gap_mm, label_mm: no room for {count} boxes on each film")


def _tables(model: type[_Model], file: Path) -> dict[str, _Model]:
    """A layout file of one table a term."""
    return {term: _check(model, table, file, term) for term, table in _toml(file).items()}


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{file}: {error}") from error


def _check(model: type[_Model], table: Any, file: Path, *where: str) -> _Model:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join((*where, *(str(part) for part in first["loc"])))
        raise SetupError(f"{file}: {key}: {first['msg'].removeprefix('Value error, ')}") from error
