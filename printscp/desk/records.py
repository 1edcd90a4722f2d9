"""What the desk tells of jobs, films, printers and faults: plain data, which is JSON by its field names."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from printscp.film.job import Job
from printscp.film.printer import PRINTER_STATUSES as PRINTER_STATUSES

Action = Literal["hold", "release", "cancel", "prioritize", "move", "reprint", "purge"]


@dataclass(frozen=True)
class SeenJob(Job):
    """A job as people see it.

    ``held`` says that it waits for an operator, ``films_kept`` that its films can still be seen. ``can`` has
    what may be done with it now. To whoever is to see no patient data ``remarks``, ``order.label``,
    ``order.owner`` and ``order.remarks`` are empty.
    """

    held: bool
    films_kept: bool
    can: tuple[Action, ...]


@dataclass(frozen=True)
class JobPage:
    """Some jobs, the newest first; ``before`` is what to ask for to have older ones, None where there are
    none. ``total`` says how many fit."""

    jobs: tuple[SeenJob, ...]
    total: int
    before: int | None


@dataclass(frozen=True)
class JobFilter:
    """Which jobs; what is empty or None asks for all. ``state`` is an Execution Status, ``HELD`` or ``open``
    for all that have not ended; ``day`` is one of local time."""

    printer: str = ""
    calling: str = ""
    state: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Choices:
    """What there is to filter by: AE titles of printers and SCUs, and days, the newest first."""

    printers: tuple[str, ...]
    callings: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle of a film, in printer pixels from the top left."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class SeenImage:
    """An image box. ``where`` is the place of its image on the page, None where it is empty, ``box`` that of
    the box. ``matrix`` is rows and columns as sent; ``scale`` is printer pixels an image pixel."""

    position: int
    box: Box
    where: Box | None
    matrix: tuple[int, int] | None
    bits_stored: int | None
    scale: float | None
    min_density: float | None
    max_density: float | None


@dataclass(frozen=True)
class SeenAnnotation:
    """An annotation box; ``text`` is empty for whoever is to see no patient data."""

    position: int
    box: Box
    text: str


@dataclass(frozen=True)
class Attribute:
    """An attribute: what was sent for it, None where nothing was, and what is in force."""

    keyword: str
    tag: str
    sent: str | None
    used: str


@dataclass(frozen=True)
class SeenFilm:
    """A film with its geometry.

    ``width`` and ``height`` are in printer pixels, ``width_mm`` and ``height_mm`` those of the film.
    ``levels`` of tiles there are, the last at full resolution, each before it half of the next, the first one
    tile; ``tile`` is the side of a tile in pixels. Densities are in OD. ``version`` changes when the pixels
    do.
    """

    job: int
    film: int
    films: int
    version: str
    color: bool
    film_size: str
    orientation: str
    display_format: str
    dots_per_inch: float
    width: int
    height: int
    width_mm: float
    height_mm: float
    levels: int
    tile: int
    min_density: float
    max_density: float
    illumination: float
    reflected_ambient_light: float
    images: tuple[SeenImage, ...]
    annotations: tuple[SeenAnnotation, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Bytes:
    """A document: its content, its media type and the name of a file for it, which names no patient."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True)
class Tile:
    """Part of a page, ``rows`` x ``columns``, row by row.

    Of gray film ``content`` holds uint16, little endian, optical density in 0.0001 OD; of color film uint8,
    red, green, blue. Texts are drawn in. It is not compressed: deflated at level 1 by isal it is a third to
    two thirds as long after half a millisecond, which pays on all but the loopback.
    """

    content: bytes
    rows: int
    columns: int
    color: bool


@dataclass(frozen=True)
class Reading:
    """A place of a film under the densitometer.

    ``x`` and ``y`` are in printer pixels, from the top left. ``density`` is that of the pixel in OD, and
    ``mean`` that of a round aperture of ``aperture_mm``; ``p_value`` is the share of the range of P-values, 0
    to 1, that PS3.14 has for ``density`` in the film's range and light. ``image`` is the position of the
    image box there, ``image_x`` and ``image_y`` the pixel of the image as sent (column and row, from 0).
    All None where there is none; of color film ``srgb`` instead of densities.
    """

    x: int
    y: int
    x_mm: float
    y_mm: float
    density: float | None
    mean: float | None
    aperture_mm: float
    p_value: float | None
    srgb: tuple[int, int, int] | None
    image: int | None
    image_x: int | None
    image_y: int | None


@dataclass(frozen=True)
class Profile:
    """Densities in OD along a line, evenly spaced, at most ``limit`` of them; ``step_mm`` apart."""

    densities: tuple[float, ...]
    step_mm: float
    length_mm: float


@dataclass(frozen=True)
class SeenOutput:
    """A way out of films: ``type`` and ``place`` of its settings, its printer's state and why, and how many
    deliveries wait for it."""

    name: str
    type: str
    place: str
    status: str
    status_info: str
    info: str
    waiting: int


@dataclass(frozen=True)
class SeenPrinter:
    """A printer. ``status`` and ``status_info`` are what SCUs are told, ``reasons`` say why in words.

    ``associations`` is None where the printers' process does not run here. ``calibrated`` is when the curve
    was measured that it prints through.
    """

    name: str
    profile: str
    manufacturer: str
    model: str
    mode: str
    status: str
    status_info: str
    reasons: tuple[str, ...]
    entrances: tuple[str, ...]
    associations: int | None
    outputs: tuple[SeenOutput, ...]
    jobs: dict[str, int]
    calibrated: date | datetime | None


@dataclass(frozen=True)
class Figures:
    """How the house does. Bytes, seconds and counts; None where nothing is known.

    ``films_minute`` is how many films were delivered in the last minute, ``films_hour`` and ``films_day``
    likewise. ``oldest_waiting`` is the age in seconds of the oldest job that has not ended.
    """

    version: str
    jobs: dict[str, int]
    films_minute: int
    films_hour: int
    films_day: int
    oldest_waiting: float | None
    disk_free: int | None
    disk_reserve: int
    spool_bytes: int | None
    pixels_held: int | None
    pixels_limit: int | None
    resident: dict[str, int]
    associations: int | None
    max_associations: int
    associated: int | None
    rejected: int | None
    workers: int | None
    uptime: float | None


@dataclass(frozen=True)
class Change:
    """Something that changed; ``number`` grows by one from change to change. ``kind`` is ``job``,
    ``printer``, ``faults`` or ``figures``; of a job there are its number and what became of it. No patient
    data."""

    number: int
    kind: Literal["job", "printer", "faults", "figures"]
    job: int | None = None
    status: str = ""
    status_info: str = ""
    printer: str = ""
    gone: bool = False


@dataclass(frozen=True)
class SeenStep:
    """A message of a dialogue in words; ``elements`` are of its command set and data set, an attribute each
    with name, value and depth of sequences. Values of patient data are empty for whoever is to see none."""

    number: int
    at: float
    sender: str
    service: str
    title: str
    status: str
    answers: int
    fault: str
    note: str
    elements: tuple[tuple[str, str, str, int], ...]
    """(tag, keyword, value, depth)."""


@dataclass(frozen=True)
class SeenDialogue:
    """What went over an association."""

    calling: str
    printer: str
    peer: str
    began: datetime
    implementation: str
    steps: tuple[SeenStep, ...]
    dropped: int


@dataclass(frozen=True)
class SeenUnprinted:
    """An association that wanted to print and made no job; ``number`` 1 is the newest."""

    number: int
    calling: str
    printer: str
    began: datetime
    requests: int
    errors: int
    first: str


@dataclass(frozen=True)
class SeenFault:
    """A fault that is to happen, as its table in the file of faults."""

    name: str
    fault: str
    does: str
    table: dict[str, Any]


@dataclass(frozen=True)
class FaultKind:
    """A fault that a printer can make, the keys that its rules take, and the steps at which it can be."""

    fault: str
    does: str
    cause: str
    keys: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class SeenMeasurement:
    """A measurement of a printer's films."""

    taken: datetime
    pattern: str
    operator: str
    passed: bool
    baseline: bool
    file: str


@dataclass(frozen=True)
class SeenCurve:
    """A version of a printer's curve."""

    version: int
    measured: date | datetime | None
    in_force: bool
    description: str
