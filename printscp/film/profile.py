"""A printer as data: what `layouts/` says of film sizes, display formats and printers."""

from dataclasses import dataclass, field

MM_PER_INCH = 25.4


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
class PrinterProfile:
    """What one model of printer has and does. In each tuple the first entry is the default.

    Densities are in hundredths of optical density, as in the DICOM attributes; ``illumination`` (L0) and
    ``reflected_ambient_light`` (La) are in cd/m2.
    """

    name: str
    manufacturer: str
    model: str
    dots_per_inch: float
    film_sizes: tuple[FilmSize, ...]
    media: tuple[str, ...]
    destinations: tuple[str, ...]
    magnifications: tuple[str, ...]
    min_density: int
    max_density: int
    border_density: str
    empty_image_density: str
    illumination: int
    reflected_ambient_light: int
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
