"""The SOP instances that one association builds: film session, film box and the rest (PS3.4 H.2)."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydicom.uid import UID

from printscp.errors import InvalidAttributeValue
from printscp.film.layout import Layout
from printscp.film.memory import Allotment
from printscp.film.printer import Draft
from printscp.film.sheet import LookUp
from printscp.film.uids import BASIC_ANNOTATION_BOX, BASIC_FILM_BOX, BASIC_FILM_SESSION, PRESENTATION_LUT


@dataclass
class Image:
    """What an N-SET put into an image box; ``attributes`` are those of the item of the image sequence."""

    attributes: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of pixel data."""
        return len(self.attributes["PixelData"])


@dataclass
class PresentationLUT:
    """PS3.4 H.4.9: what it does to the values of an image."""

    uid: UID
    look_up: LookUp
    remarks: tuple[str, ...] = ()
    sop_class: UID = PRESENTATION_LUT

    @property
    def size(self) -> int:
        """Bytes of memory: a number takes 28, and its place in the table 8."""
        return 36 * len(self.look_up.table)


@dataclass
class ImageBox:
    """Basic Grayscale or Color Image Box, made by the N-CREATE of its film box."""

    uid: UID
    position: int
    sop_class: UID
    image: Image | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def put(self, image: Image | None, allotment: Allotment) -> None:
        """Replace the image, or erase it by ``None``.

        Raises:
            OutOfMemory: no room; the box keeps the image it had.
        """
        allotment.use((image.size if image else 0) - (self.image.size if self.image else 0))
        self.image = image


@dataclass
class AnnotationBox:
    """Basic Annotation Box, made by the N-CREATE of its film box."""

    uid: UID
    position: int
    text: str = field(default="", repr=False)
    remarks: list[str] = field(default_factory=list)
    sop_class: UID = BASIC_ANNOTATION_BOX


@dataclass
class FilmBox:
    """Basic Film Box with its image boxes in the order of their positions.

    ``layout`` says where they lie, ``defaulted`` which attributes have the printer's default. ``kept`` says
    that the draft holds it as it is now.
    """

    uid: UID
    attributes: dict[str, Any]
    defaulted: set[str]
    remarks: list[str]
    image_boxes: tuple[ImageBox, ...]
    annotation_boxes: tuple[AnnotationBox, ...]
    layout: Layout
    draft: Draft
    kept: bool = False
    printed: bool = False
    sop_class: UID = BASIC_FILM_BOX

    @cached_property
    def boxes(self) -> dict[str, ImageBox | AnnotationBox]:
        """All boxes by UID."""
        boxes: list[ImageBox | AnnotationBox] = [*self.image_boxes, *self.annotation_boxes]
        return {box.uid: box for box in boxes}

    @property
    def empty(self) -> bool:
        """No image was set."""
        return not any(box.image for box in self.image_boxes)

    def drop_images(self, allotment: Allotment) -> None:
        """Give back the memory of every image."""
        for box in self.image_boxes:
            box.put(None, allotment)


@dataclass(frozen=True)
class FrozenFilm:
    """An earlier film box of the session: it can no longer be changed, but is printed with the session.

    ``look_ups`` are the UIDs of the Presentation LUTs it refers to.
    """

    draft: Draft
    empty: bool
    printed: bool
    film_size: str
    look_ups: frozenset[str]


@dataclass
class FilmSession:
    """Basic Film Session: films frozen before, and the one film box that is alive (PS3.4 H.4.2).

    ``gone`` counts films that were printed and had to make room: the session cannot be printed any more.
    """

    uid: UID
    attributes: dict[str, Any]
    remarks: list[str]
    frozen: list[FrozenFilm] = field(default_factory=list)
    gone: int = 0
    film_box: FilmBox | None = None
    sop_class: UID = BASIC_FILM_SESSION

    @property
    def film_sizes(self) -> list[str]:
        """Film Size IDs of its films, the one that is alive last."""
        alive = [self.film_box.attributes["FilmSizeID"]] if self.film_box else []
        return [film.film_size for film in self.frozen] + alive


def check_densities(attributes: dict[str, Any]) -> None:
    """Refuse a range that is upside down; the standard names no rule for it.

    Raises:
        InvalidAttributeValue: MinDensity is above MaxDensity.
    """
    low, high = attributes["MinDensity"], attributes["MaxDensity"]
    if low >= high:
        raise InvalidAttributeValue(
            f"MinDensity {low} is not below MaxDensity {high}", "MinDensity", "MaxDensity"
        )
