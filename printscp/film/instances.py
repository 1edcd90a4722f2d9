"""The SOP instances that one association builds: film session, film box, image box (PS3.4 H.2)."""

from dataclasses import dataclass, field
from typing import Any

from pydicom.uid import UID

from printscp.errors import EmptyFilm, InvalidAttributeValue
from printscp.film.display_format import DisplayFormat, Rectangle
from printscp.film.memory import MemoryBudget
from printscp.film.profile import PrinterProfile
from printscp.film.sheet import Draft, Sheet, SheetImage
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION, BASIC_GRAYSCALE_IMAGE_BOX


@dataclass
class Image:
    """What an N-SET put into an image box; ``attributes`` are those of the item of the image sequence."""

    attributes: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of pixel data."""
        return len(self.attributes["PixelData"])


@dataclass
class ImageBox:
    """Basic Grayscale Image Box, made by the N-CREATE of its film box."""

    uid: UID
    position: int
    image: Image | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    sop_class: UID = BASIC_GRAYSCALE_IMAGE_BOX

    def put(self, image: Image | None, budget: MemoryBudget) -> None:
        """Replace the image, or erase it by ``None``.

        Raises:
            OutOfMemory: no room; the box keeps the image it had.
        """
        held = self.image.size if self.image else 0
        wanted = image.size if image else 0
        if wanted > held:
            budget.reserve(wanted - held)
        elif held > wanted:
            budget.release(held - wanted)
        self.image = image


@dataclass
class FilmBox:
    """Basic Film Box with its image boxes in the order of their positions."""

    uid: UID
    attributes: dict[str, Any]
    remarks: list[str]
    image_boxes: tuple[ImageBox, ...]
    draft: Draft
    printed: bool = False
    sop_class: UID = BASIC_FILM_BOX

    def empty(self, budget: MemoryBudget) -> None:
        """Give back the memory of every image, and what was spooled of a film that was not printed."""
        self.draft.discard()
        for box in self.image_boxes:
            box.put(None, budget)


@dataclass
class FilmSession:
    """Basic Film Session with the one film box that is alive: the last one created (PS3.4 H.4.2)."""

    uid: UID
    attributes: dict[str, Any]
    remarks: list[str]
    film_box: FilmBox | None = None
    sop_class: UID = BASIC_FILM_SESSION


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


def freeze(
    session: FilmSession, film_box: FilmBox, profile: PrinterProfile, printer_name: str, originator: str
) -> Sheet:
    """Copy the state of a film box into the sheet that is printed (PS3.4 H.4.2.2.3).

    Raises:
        EmptyFilm: no image was set.
    """
    if not any(box.image for box in film_box.image_boxes):
        raise EmptyFilm("film box has no image: nothing is printed, N-SET one first")
    film = film_box.attributes
    size = profile.film_size(film["FilmSizeID"])
    width, height = profile.pixels(size.width_mm), profile.pixels(size.height_mm)
    if film["FilmOrientation"] == "LANDSCAPE":
        width, height = height, width
    margin, label = profile.pixels(profile.margin_mm), profile.pixels(profile.label_mm)
    area = Rectangle(margin, margin, width - 2 * margin, height - 2 * margin - label)
    layout = DisplayFormat.parse(film["ImageDisplayFormat"], profile)
    return Sheet(
        film_size=size.term,
        orientation=film["FilmOrientation"],
        display_format=film["ImageDisplayFormat"],
        width=width,
        height=height,
        dots_per_inch=profile.dots_per_inch,
        boxes=layout.boxes(area, profile.pixels(profile.gap_mm)),
        label=Rectangle(area.left, area.top + area.height, area.width, label),
        images=tuple(_sheet_image(box, film) for box in film_box.image_boxes if box.image),
        printer_density=(profile.min_density, profile.max_density),
        border_density=_hundredths(film["BorderDensity"], film),
        empty_image_density=_hundredths(film["EmptyImageDensity"], film),
        illumination=film["Illumination"],
        reflected_ambient_light=film["ReflectedAmbientLight"],
        copies=session.attributes["NumberOfCopies"],
        priority=session.attributes["PrintPriority"],
        medium=session.attributes["MediumType"],
        destination=session.attributes["FilmDestination"],
        printer_name=printer_name,
        originator=originator,
        remarks=(
            *session.remarks,
            *film_box.remarks,
            *(f"image {box.position}: {remark}" for box in film_box.image_boxes for remark in box.remarks),
        ),
    )


def _hundredths(background: str, film: dict[str, Any]) -> int:
    """BLACK and WHITE are the limits in force for the film; the standard leaves it open (PS3.3 C.13.3)."""
    limits = {"BLACK": film["MaxDensity"], "WHITE": film["MinDensity"]}
    return int(limits.get(background, background))


def _sheet_image(box: ImageBox, film: dict[str, Any]) -> SheetImage:
    assert box.image is not None
    image = box.image.attributes
    reverse = (image["PhotometricInterpretation"] == "MONOCHROME1") != (
        box.attributes["Polarity"] == "REVERSE"
    )
    return SheetImage(
        position=box.position,
        rows=image["Rows"],
        columns=image["Columns"],
        bits_stored=image["BitsStored"],
        reverse=reverse,
        pixel_aspect=image["PixelAspectRatio"],
        magnification=box.attributes.get("MagnificationType", film["MagnificationType"]),
        min_density=box.attributes.get("MinDensity", film["MinDensity"]),
        max_density=box.attributes.get("MaxDensity", film["MaxDensity"]),
        pixels=image["PixelData"],
    )
