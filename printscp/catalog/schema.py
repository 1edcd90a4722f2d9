"""What stands in a layout file: one model a table, and all that can be said of a table by itself."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from printscp.film.geometry import Rectangle
from printscp.film.profile import LinOD, Mode, SecondSession
from printscp.film.rules import GSDF_BRIGHTEST, GSDF_DARKEST, MOST_AMBIENT_LIGHT

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
FORMAT_TABLE = re.compile(rf"GRID|SLIDE|SUPERSLIDE|CUSTOM\.{_COUNT}")
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

# Attributes that a printer can be without, and that no other key of its profile has.
_Lacking = Literal["BorderDensity", "MinDensity", "RequestedDecimateCropBehavior", "RequestedResolutionID"]

_MOST_TEXT, _MOST_TEXTS = 1024, 10240  # characters of VR ST and LT


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FilmSizeTable(_Strict):
    width_mm: _Millimetres
    height_mm: _Millimetres


class GridTable(_Strict):
    max_columns: _Cells
    max_rows: _Cells


class SlideTable(_Strict):
    width_mm: Annotated[float, Field(ge=10, le=1000)]  # a film full of smaller ones is a mistake, too
    height_mm: Annotated[float, Field(ge=10, le=1000)]
    pitch_mm: _Millimetres

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.pitch_mm < max(self.width_mm, self.height_mm):
            raise ValueError("pitch_mm: less than a slide, they would overlap")
        return self


class CustomTable(_Strict):
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


class AnnotationFormatTable(_Strict):
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


class PrinterTable(_Strict):
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
    mode: Mode = Mode.TOLERANT
    max_associations: Annotated[int, Field(ge=0, le=9999)] = 0
    current_film_size: bool = False
    second_session: SecondSession = SecondSession.DUPLICATE
    memory_allocation: bool = True
    look_up_in_session: bool = True
    image_boxes_override: bool = True
    decimates_one_to_one: bool = False
    ignored_configurations: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()
    look_up_required: bool = False
    lacks: tuple[_Lacking, ...] = ()
    unsupported_refused: bool = False
    class_in_create_answer: bool = True
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


def _check_densities(prefix: str, on: PrinterTable | _Reflective, ambient: int) -> None:
    """The range is one, and the GSDF has the luminance of each of its ends."""
    if on.min_density >= on.max_density:
        raise ValueError(f"{prefix}min_density is not below max_density")
    darkest = ambient + on.illumination * 10 ** (-on.max_density / 100)
    brightest = ambient + on.illumination * 10 ** (-on.min_density / 100)
    if darkest < GSDF_DARKEST or brightest > GSDF_BRIGHTEST:
        words = f"{darkest:.3g}..{brightest:.0f} cd/m2 is outside what the GSDF covers"
        raise ValueError(f"{prefix}illumination: {words}")
