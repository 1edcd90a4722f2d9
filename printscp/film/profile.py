"""A printer as data: what `layouts/` says of film sizes, formats and printers."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from printscp.film.geometry import Rectangle
from printscp.film.sheet import ToneCurve

MM_PER_INCH = 25.4


class Mode(StrEnum):
    """How a printer takes what is not by the book."""

    TOLERANT = "tolerant"  # real SCUs get their film; what was changed or ignored is recorded on the job
    STRICT = "strict"  # PS3.4 Annex H to the letter


class SecondSession(StrEnum):
    """How a printer refuses a film session while another is open: the standard names no code."""

    DUPLICATE = "duplicate"  # 0x0111
    FAILURE = "failure"  # 0x0110


class LinOD(StrEnum):
    """The two readings of the Presentation LUT shape LIN OD (PS3.3 C.11.4, PS3.4 H.4.9.1)."""

    POLARITY = "polarity"  # 0 stays black, as polarity has it: Max Density
    DENSITY = "density"  # the value is a density: 0 is Min Density


@dataclass(frozen=True)
class FilmSize:
    """A sheet of film. ``width_mm`` and ``height_mm`` are those of PORTRAIT orientation."""

    term: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class Resolution:
    """A Requested Resolution ID. ``printable`` has, by Film Size ID, width and height in PORTRAIT of the
    part that the printer can print on, in its pixels; it lies in the middle of the film. Of a film that is
    not there all but the printer's margin is printable."""

    term: str
    dots_per_inch: float
    printable: dict[str, tuple[int, int]] = field(default_factory=dict, hash=False)

    def pixels(self, mm: float) -> int:
        """A length on film in printer pixels, to the nearest."""
        return round(mm / MM_PER_INCH * self.dots_per_inch)


@dataclass(frozen=True)
class GridLimits:
    """How far STANDARD, ROW and COL go."""

    max_columns: int
    max_rows: int


@dataclass(frozen=True)
class SlideFormat:
    """SLIDE or SUPERSLIDE: boxes of ``width_mm`` x ``height_mm``, as many as fit at ``pitch_mm``."""

    term: str
    width_mm: float
    height_mm: float
    pitch_mm: float


@dataclass(frozen=True)
class CustomFormat:
    """``CUSTOM\\number``: ``boxes`` by position, each in cells of a grid of ``columns`` x ``rows``."""

    number: int
    description: str
    columns: int
    rows: int
    boxes: tuple[Rectangle, ...]


@dataclass(frozen=True)
class AnnotationFormat:
    """An Annotation Display Format ID: where a film has text boxes.

    ``top`` and ``bottom`` are rows of boxes of the whole film, given by their Annotation Positions, along its
    upper and lower edge; the boxes of a row share its width. ``per_image`` gives each image box one, of the
    same position: ABOVE or BELOW it, or OVER its lower edge, where text covers the image; empty for none.
    Each row and each box is ``height_mm`` high.
    """

    term: str
    top: tuple[tuple[int, ...], ...]
    bottom: tuple[tuple[int, ...], ...]
    per_image: str
    height_mm: float

    def box_positions(self, image_boxes: int) -> tuple[int, ...]:
        """Annotation Position of each box on a film of so many image boxes."""
        film = tuple(position for row in (*self.top, *self.bottom) for position in row)
        return film + (tuple(range(1, image_boxes + 1)) if self.per_image else ())


@dataclass(frozen=True)
class Configuration:
    """What a Configuration Information does: the tone curve of images that have no Presentation LUT."""

    description: str
    curve: ToneCurve


@dataclass(frozen=True)
class ReflectiveMedia:
    """Media that are looked at by the light they reflect (PS3.14 7.2): the printer's densities on them, and
    the luminance of a white without any, cd/m2."""

    media: tuple[str, ...]
    min_density: int
    max_density: int
    illumination: int


@dataclass(frozen=True)
class PrinterProfile:
    """What one model of printer has and does. In each tuple and each dict the first entry is the default.

    Densities are in hundredths of optical density, as in the DICOM attributes; ``illumination`` (L0) and
    ``reflected_ambient_light`` (La) are in cd/m2. ``source`` says where the figures come from, ``measured``
    whether a document states them with the pixel matrix.

    ``display_formats`` holds forms, as ``ROW``, each within ``grid_limits``, and whole values, as
    ``STANDARD\\2,3``. ``smoothings`` maps a Smoothing Type to the weight of a pixel's neighbours,
    ``configurations`` a Configuration Information to what it does. An ``empty_image_density`` that is empty
    is an attribute that the printer does not have. ``decimate_crop`` is the default Decimate/Crop Behavior.
    ``max_collated_films`` 0 stands for a printer without film session N-ACTION. ``one_film_size`` refuses
    another Film Size ID in the same session, ``look_up_must_match`` Presentation LUTs that have not an entry
    for each value of the image, ``implicit_vr_only`` every other transfer syntax. ``bits_stored`` are those
    of images that a strict printer takes.

    ``mode`` is how strict that printer is where nobody says otherwise. ``max_associations`` are those that it
    has at once, 0 as many as the server has.

    The rest are quirks: ``current_film_size`` takes the Film Size ID CURRENT for the film that is loaded, the
    first one; ``second_session`` says how another film session is refused. Without ``memory_allocation``
    there is none, without ``look_up_in_session`` film sessions refer to no Presentation LUT, and without
    ``image_boxes_override`` image boxes have no densities, configuration and Presentation LUT of their own.
    ``look_up_required`` refuses images without a Presentation LUT. ``decimates_one_to_one`` shrinks an image
    that is too large though its magnification is NONE. ``ignored_configurations`` are patterns of what a
    Configuration Information may have besides one of ``configurations``, with backslashes between.
    ``lacks`` are attributes that the printer does not have at all; ``unsupported_refused`` fails strictly
    where others ignore an attribute that they do not have. Without ``class_in_create_answer`` N-CREATE
    answers do not tell the SOP class.
    """

    name: str
    manufacturer: str
    model: str
    source: str
    measured: bool
    resolutions: tuple[Resolution, ...]
    printing_bit_depth: int
    bits_stored: tuple[int, ...]
    film_sizes: tuple[FilmSize, ...]
    display_formats: tuple[str, ...]
    grid_limits: GridLimits
    slide_formats: tuple[SlideFormat, ...]
    custom_formats: tuple[CustomFormat, ...]
    annotation_formats: tuple[AnnotationFormat, ...]
    media: tuple[str, ...]
    destinations: tuple[str, ...]
    magnifications: tuple[str, ...]
    smoothings: dict[str, float] = field(hash=False)
    configurations: dict[str, Configuration] = field(hash=False)
    min_density: int
    max_density: int
    border_density: str
    empty_image_density: str
    illumination: int
    reflected_ambient_light: int
    reflective: ReflectiveMedia
    lin_od: LinOD
    color: bool
    trim: bool
    requested_image_size: bool
    decimate_crop: str
    max_collated_films: int
    one_film_size: bool
    look_up_must_match: bool
    implicit_vr_only: bool
    margin_mm: float
    gap_mm: float
    label_mm: float
    priorities: tuple[str, ...] = field(default=("MED", "HIGH", "LOW"))
    mode: Mode = Mode.TOLERANT
    max_associations: int = 0
    current_film_size: bool = False
    second_session: SecondSession = SecondSession.DUPLICATE
    memory_allocation: bool = True
    look_up_in_session: bool = True
    image_boxes_override: bool = True
    decimates_one_to_one: bool = False
    ignored_configurations: tuple[str, ...] = ()
    look_up_required: bool = False
    lacks: tuple[str, ...] = ()
    unsupported_refused: bool = False
    class_in_create_answer: bool = True

    @property
    def quirks(self) -> tuple[str, ...]:
        """What sets this printer apart from others in what it answers, in words."""
        had = {
            "EmptyImageDensity": self.empty_image_density,
            "Trim": self.trim,
            "RequestedImageSize": self.requested_image_size,
        }
        missing = [*self.lacks, *(keyword for keyword, there in had.items() if not there)]
        said = {
            f"{self.max_associations} associations at once": self.max_associations > 0,
            "Implicit VR Little Endian alone": self.implicit_vr_only,
            "N-CREATE answers do not tell the SOP class": not self.class_in_create_answer,
            "a second film session is answered 0x0110, not 0x0111": (
                self.second_session is SecondSession.FAILURE
            ),
            "no memory is allocated: 0xB600": not self.memory_allocation,
            "no N-ACTION of a film session: 0x0211": self.max_collated_films == 0,
            "films of one session have one size: 0x0110": self.one_film_size,
            "Film Size ID CURRENT is the film that is loaded": self.current_film_size,
            f"without {', '.join(missing)}": bool(missing),
            "an attribute that it is without is refused in strict mode, 0x0105, not ignored": (
                self.unsupported_refused
            ),
            "film sessions refer to no Presentation LUT": not self.look_up_in_session,
            "image boxes have no densities, configuration and Presentation LUT of their own": (
                not self.image_boxes_override
            ),
            "images must have a Presentation LUT: 0x0106": self.look_up_required,
            "a Presentation LUT has an entry for each value of the image: 0x0106": self.look_up_must_match,
            "DECIMATE shrinks even with magnification NONE: 0xB60A": self.decimates_one_to_one,
            "several Configuration Informations with backslashes between": bool(self.ignored_configurations),
            "LIN OD takes the value for a density": self.lin_od is LinOD.DENSITY,
        }
        return tuple(words for words, holds in said.items() if holds)

    def film_size(self, term: str) -> FilmSize:
        """The film size of a Film Size ID that the attribute table has accepted."""
        return next(size for size in self.film_sizes if size.term == term)

    def resolution(self, term: str) -> Resolution:
        """The resolution of a Requested Resolution ID that the attribute table has accepted."""
        return next(each for each in self.resolutions if each.term == term)

    def annotation_format(self, term: str) -> AnnotationFormat:
        """The annotation format of an Annotation Display Format ID that the attribute table has accepted."""
        return next(each for each in self.annotation_formats if each.term == term)

    def on(self, medium: str) -> "PrinterProfile":
        """The printer as it prints on that medium: its densities there, and the light on it."""
        if medium not in self.reflective.media:
            return self
        return replace(
            self,
            min_density=self.reflective.min_density,
            max_density=self.reflective.max_density,
            illumination=self.reflective.illumination,
            reflected_ambient_light=0,  # PS3.14 7.2: no separate term
        )
