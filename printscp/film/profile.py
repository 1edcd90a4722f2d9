"""A printer as data: what `layouts/` says of film sizes, formats and printers."""

from dataclasses import dataclass, field
from enum import StrEnum

MM_PER_INCH = 25.4


class Mode(StrEnum):
    """How a printer takes what is not by the book."""

    TOLERANT = "tolerant"  # real SCUs get their film; what was changed or ignored is recorded on the job
    STRICT = "strict"  # PS3.4 Annex H to the letter


@dataclass(frozen=True)
class FilmSize:
    """A sheet of film. ``width_mm`` and ``height_mm`` are those of PORTRAIT orientation."""

    term: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class StandardFormat:
    """Limits of ``STANDARD\\C,R``."""

    max_columns: int
    max_rows: int


@dataclass(frozen=True)
class AnnotationFormat:
    """An Annotation Display Format ID: boxes at ``positions``, and with ``per_image`` one for each image box,
    of the same position."""

    term: str
    positions: tuple[int, ...]
    per_image: bool

    def box_positions(self, image_boxes: int) -> tuple[int, ...]:
        """Annotation Position of each box on a film of so many image boxes."""
        return self.positions + (tuple(range(1, image_boxes + 1)) if self.per_image else ())


@dataclass(frozen=True)
class PrinterProfile:
    """What one model of printer has and does. In each tuple the first entry is the default.

    Densities are in hundredths of optical density, as in the DICOM attributes; ``illumination`` (L0) and
    ``reflected_ambient_light`` (La) are in cd/m2. ``configurations`` maps each Configuration Information that
    the printer understands to what it does. ``decimate_crop`` is the default Decimate/Crop Behavior.
    ``max_collated_films`` 0 stands for a printer without film session N-ACTION.
    """

    name: str
    manufacturer: str
    model: str
    dots_per_inch: float
    film_sizes: tuple[FilmSize, ...]
    media: tuple[str, ...]
    destinations: tuple[str, ...]
    magnifications: tuple[str, ...]
    smoothings: tuple[str, ...]
    configurations: dict[str, str] = field(hash=False)
    annotation_formats: tuple[AnnotationFormat, ...]
    resolutions: tuple[str, ...]
    min_density: int
    max_density: int
    border_density: str
    empty_image_density: str
    illumination: int
    reflected_ambient_light: int
    color: bool
    requested_image_size: bool
    decimate_crop: str
    max_collated_films: int
    margin_mm: float
    gap_mm: float
    label_mm: float
    standard_format: StandardFormat
    priorities: tuple[str, ...] = field(default=("MED", "HIGH", "LOW"))

    def pixels(self, mm: float) -> int:
        """A length on film in printer pixels, to the nearest."""
        return round(mm / MM_PER_INCH * self.dots_per_inch)

    def film_size(self, term: str) -> FilmSize:
        """The film size of a Film Size ID that the attribute table has accepted."""
        return next(size for size in self.film_sizes if size.term == term)

    def annotation_format(self, term: str) -> AnnotationFormat:
        """The annotation format of an Annotation Display Format ID that the attribute table has accepted."""
        return next(each for each in self.annotation_formats if each.term == term)
