"""One film as it was accepted, complete and immutable, and what its session orders for it."""

from dataclasses import dataclass, field
from typing import Any

from printscp.film.geometry import Rectangle

BytesLike = Any  # collections.abc.Buffer, once Python 3.12 is the oldest


@dataclass(frozen=True)
class ToneCurve:
    """What a printer does of itself with the values of an image that has no Presentation LUT.

    A value v, 0 darkest to 1 brightest, becomes the P-value v^c / (v^c + (1 - v)^c), c the ``contrast``: 1
    leaves it as it is. With ``linear`` even steps of that are even in density, not in JND.
    """

    contrast: float = 1.0
    linear: bool = False


@dataclass(frozen=True)
class LookUp:
    """A Presentation LUT as printed. ``shape`` is IDENTITY or LIN OD; where it is empty, ``table`` holds the
    P-value of ``bits`` bits for each value of an image, over the image's whole range. Of LIN OD ``by_value``
    says that the smallest value is the minimum density, not black (see `printscp.film.profile.LinOD`)."""

    shape: str
    by_value: bool = False
    bits: int = 0
    table: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Annotation:
    """An annotation box and its text, which may be empty. ``align`` is LEFT, CENTER or RIGHT. The box belongs
    to the film, or with ``of_image`` to the image box of its position."""

    position: int
    where: Rectangle
    align: str
    of_image: bool
    text: str = field(repr=False)


@dataclass(frozen=True)
class SheetImage:
    """An image in its box.

    Gray (``samples_per_pixel`` 1): ``pixels`` holds ``rows * columns`` unsigned samples, one byte each for
    ``bits_stored`` 8 and two (little endian) for more. Color (3): one byte a sample, R, G, B, plane by plane
    for ``planar_configuration`` 1, pixel by pixel for 0. ``reverse`` says that the smallest value prints
    white (color: inverted): photometric interpretation and polarity taken together.
    ``pixel_aspect`` is (vertical, horizontal). Densities are in hundredths of OD. ``requested_width_mm`` is
    the Requested Image Size, ``decimate_crop`` the behavior in force, DECIMATE, CROP or FAIL. ``smoothing``
    and ``configuration`` are the terms in force, ``smoothing_weight`` that of a pixel's neighbours and
    ``curve`` what the printer makes of them. ``look_up`` is an index into the sheet's ``look_ups``.
    """

    position: int
    samples_per_pixel: int
    planar_configuration: int
    rows: int
    columns: int
    bits_stored: int
    reverse: bool
    pixel_aspect: tuple[int, int]
    magnification: str
    smoothing: str
    smoothing_weight: float
    configuration: str
    curve: ToneCurve
    min_density: int
    max_density: int
    requested_width_mm: float | None
    decimate_crop: str
    look_up: int | None
    pixels: BytesLike = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """A film box as it stood when it was frozen.

    ``width`` and ``height`` are those of the page as seen, in printer pixels; ``boxes`` holds the image boxes
    by position, ``label`` the strip for the job's line, empty on a printer without one. ``printer_density``
    is the printer's range, within which outputs place their gray; all densities are in hundredths of OD,
    ``illumination`` and ``reflected_ambient_light`` in cd/m2. ``remarks`` names what an attribute asked for
    and the printer did otherwise.
    """

    film_size: str
    orientation: str
    display_format: str
    resolution: str
    width: int
    height: int
    dots_per_inch: float
    boxes: tuple[Rectangle, ...]
    label: Rectangle
    images: tuple[SheetImage, ...]
    look_ups: tuple[LookUp, ...]
    annotation_format: str
    annotations: tuple[Annotation, ...]
    printer_density: tuple[int, int]
    border_density: int
    empty_image_density: int
    trim: bool
    illumination: int
    reflected_ambient_light: int
    color: bool
    icc_profile: BytesLike = field(repr=False)
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """What a film session asks for all films of a print job. ``label`` and ``owner`` may name a patient."""

    copies: int
    priority: str
    medium: str
    destination: str
    label: str
    owner: str
    printer_name: str
    originator: str
    remarks: tuple[str, ...]
