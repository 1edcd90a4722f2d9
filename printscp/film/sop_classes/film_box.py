"""Basic Film Box (PS3.4 H.4.2)."""

from typing import ClassVar

from pydicom.config import IGNORE
from pydicom.uid import UID

from printscp.errors import (
    FilmBoxNotPrinted,
    FilmBoxQueueFull,
    InvalidAttributeValue,
    PrintError,
    QueueFull,
    ResourceLimitation,
)
from printscp.film.attributes import (
    ATTRIBUTE_LIST_ERROR,
    SUCCESS,
    Attribute,
    Reading,
)
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values, reference
from printscp.film.instances import AnnotationBox, FilmBox, FilmSession, ImageBox, check_densities
from printscp.film.layout import Layout, layout
from printscp.film.medium import fit_light
from printscp.film.profile import PrinterProfile
from printscp.film.rules import (
    AMBIENT_LIGHT,
    BACKGROUND,
    CONFIGURATION,
    DENSITY,
    DISPLAY_FORMAT,
    EMPTY_IMAGE,
    FILM_SESSION_REFERENCE,
    FILM_SIZE,
    ICC_PROFILE,
    ILLUMINATION,
    PRESENTATION_LUT_REFERENCE,
    one_of,
    term,
)
from printscp.film.sop_classes.film_session import with_look_up, without_repeats
from printscp.film.sop_classes.image_box import check_one_to_one, drop_requested_sizes
from printscp.film.sop_classes.print_job import check_print, job_reference
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)

EMPTY_FILM = 0xB603


def _background(default: str, profile: PrinterProfile) -> str:
    """A default in the range of the medium; empty where there is none."""
    return str(BACKGROUND.take(default, profile).value) if default else ""


_SET = (
    Attribute("MagnificationType", "U/M", one_of(lambda p: p.magnifications), lambda p: p.magnifications[0]),
    Attribute("MaxDensity", "U/M", DENSITY, lambda p: p.max_density),
    Attribute("ConfigurationInformation", "U/M", CONFIGURATION, lambda p: next(iter(p.configurations), "")),
    Attribute("ReferencedPresentationLUTSequence", "U/MC", PRESENTATION_LUT_REFERENCE, refused=True),
    Attribute(
        "SmoothingType", "U/U", one_of(lambda p: list(p.smoothings)), lambda p: next(iter(p.smoothings), None)
    ),
    Attribute("BorderDensity", "U/U", BACKGROUND, lambda p: _background(p.border_density, p)),
    Attribute(
        "EmptyImageDensity", "U/U", EMPTY_IMAGE, lambda p: _background(p.empty_image_density, p) or None
    ),
    Attribute("MinDensity", "U/U", DENSITY, lambda p: p.min_density),
    Attribute(
        "Trim", "U/U", one_of(lambda p: ["YES", "NO"] if p.trim else []), lambda p: "NO" if p.trim else None
    ),
    Attribute("Illumination", "U/MC", ILLUMINATION, lambda p: p.illumination),
    Attribute("ReflectedAmbientLight", "U/MC", AMBIENT_LIGHT, lambda p: p.reflected_ambient_light),
    Attribute("ICCProfile", "U/U", ICC_PROFILE),
)

_CREATE = (
    Attribute("ImageDisplayFormat", "M/M", DISPLAY_FORMAT),
    Attribute("ReferencedFilmSessionSequence", "M/M", FILM_SESSION_REFERENCE),
    Attribute("FilmOrientation", "U/M", term("PORTRAIT", "LANDSCAPE"), lambda _: "PORTRAIT"),
    Attribute("FilmSizeID", "U/M", FILM_SIZE, lambda p: p.film_sizes[0].term),
    Attribute(
        "AnnotationDisplayFormatID", "U/U", one_of(lambda p: [each.term for each in p.annotation_formats])
    ),
    Attribute(
        "RequestedResolutionID",
        "U/U",
        one_of(lambda p: [each.term for each in p.resolutions]),
        lambda p: p.resolutions[0].term,
    ),
    *_SET,
)


class BasicFilmBox:
    """Only the last film box created is alive."""

    uid = BASIC_FILM_BOX
    tables: ClassVar = {"create": _CREATE, "set": _SET}

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        uid = dialogue.new_uid(request.instance)
        reading = dialogue.read(_CREATE, request.dataset, defaults=True)
        session = dialogue.session
        if session is None or reading.values["ReferencedFilmSessionSequence"] != session.uid:
            raise InvalidAttributeValue("refers to no open film session", "ReferencedFilmSessionSequence")
        for keyword in ("Illumination", "ReflectedAmbientLight"):
            if keyword in session.attributes and request.dataset.get(keyword) is None:
                reading.values[keyword] = session.attributes[keyword]
                reading.defaulted.discard(keyword)
        _fit_light(dialogue, session, reading)
        check_densities(reading.values)
        _check_film_size(dialogue, session, reading.values["FilmSizeID"])
        dialogue.check_look_up(reading.values)
        # On a context of neither, the class that was negotiated at all.
        gray = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META in dialogue.services
        color = request.context == BASIC_COLOR_PRINT_MANAGEMENT_META or not gray
        _check_icc_profile(dialogue, reading, color)
        seen = dict(reading.values)
        if BASIC_ANNOTATION_BOX not in dialogue.services and seen.pop("AnnotationDisplayFormatID", None):
            # Nobody could fill the boxes.
            reading.remarks.append("AnnotationDisplayFormatID ignored: annotation boxes not negotiated")
        places = layout(seen, dialogue.profile)
        image_boxes, annotation_boxes = _boxes(places, color, dialogue.printer.new_uid())
        _make_way(dialogue, session)
        session.film_box = FilmBox(
            uid,
            reading.values,
            reading.defaulted,
            reading.remarks,
            image_boxes,
            annotation_boxes,
            places,
            dialogue.printer.spool.draft(),
        )
        return dialogue.answer(reading, _created(dialogue, session, session.film_box), uid)

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        film_box: FilmBox = dialogue.find(request)
        session = dialogue.session
        assert session is not None
        reading = dialogue.read(_SET, request.dataset, defaults=False)
        _fit_light(dialogue, session, reading)
        color = film_box.image_boxes[0].sop_class == BASIC_COLOR_IMAGE_BOX
        _check_icc_profile(dialogue, reading, color)
        values = film_box.attributes | reading.values
        check_densities(values)
        dialogue.check_look_up(values)
        for box in film_box.image_boxes:
            in_force = values | box.attributes
            check_densities(in_force)
            if box.image is not None:
                dialogue.check_look_up_length(session.attributes | in_force, box.image)
                check_one_to_one(film_box, box, box.image, in_force)
        if reading.values.get("MagnificationType") == "NONE":
            drop_requested_sizes(dialogue, film_box, reading)
        film_box.attributes = values
        film_box.defaulted = (film_box.defaulted - reading.values.keys()) | reading.defaulted
        film_box.remarks = without_repeats(film_box.remarks + reading.remarks)
        film_box.kept = False
        return dialogue.answer(
            reading,
            _told(dialogue, {row.keyword: values[row.keyword] for row in _SET if row.keyword in values}),
        )

    @staticmethod
    def action(dialogue: Dialogue, request: Request) -> Answer:
        film_box: FilmBox = dialogue.find(request)
        remarks = check_print(dialogue, request)
        try:
            dialogue.keep(film_box)
            uid = dialogue.submit([film_box.draft], remarks)
        except QueueFull as error:
            raise FilmBoxQueueFull(error.comment) from error
        film_box.printed = True
        if film_box.empty and dialogue.strict:
            comment = "no image was set: an empty film"
            return Answer(EMPTY_FILM, job_reference(dialogue, uid), comment=comment, job=uid)
        return Answer(values=job_reference(dialogue, uid), job=uid)

    @staticmethod
    def delete(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        dialogue.drop_film_box()
        return Answer()


def _check_icc_profile(dialogue: Dialogue, reading: Reading, color: bool) -> None:
    """An ICC profile tells what color samples mean; gray ones have P-values (PS3.4 H.4.2.2.1)."""
    if not color and reading.values.pop("ICCProfile", None) is not None:
        status = ATTRIBUTE_LIST_ERROR if dialogue.strict else SUCCESS
        reading.warn(status, "ICCProfile", "ICCProfile ignored: for color images only")


def _fit_light(dialogue: Dialogue, session: FilmSession, reading: Reading) -> None:
    """Light as it can be on the medium of the session, which may have come from the session itself."""
    status = ATTRIBUTE_LIST_ERROR if dialogue.strict else SUCCESS
    for keyword, remark in fit_light(
        reading.values, session.attributes["MediumType"], dialogue.printer.profile
    ):
        reading.defaulted.add(keyword)
        reading.warn(status, keyword, remark)


def _check_film_size(dialogue: Dialogue, session: FilmSession, wanted: str) -> None:
    """Some printers cannot change the film within a session.

    Raises:
        PrintError
    """
    before = session.film_sizes[-1:]
    if dialogue.profile.one_film_size and before and before != [wanted]:
        raise PrintError(f"this session has film {before[0]}: one size a session", "FilmSizeID")


def _boxes(places: Layout, color: bool, uid: UID) -> tuple[tuple[ImageBox, ...], tuple[AnnotationBox, ...]]:
    """The boxes that a film box has from the start; their UIDs are made of ``uid``."""
    # Of 64 characters at most, and room for kind and position; made by us, there is nothing to check.
    root = uid[:58]
    sop_class = BASIC_COLOR_IMAGE_BOX if color else BASIC_GRAYSCALE_IMAGE_BOX
    images = tuple(
        ImageBox(UID(f"{root}.1.{position}", IGNORE), position, sop_class)
        for position in range(1, len(places.boxes) + 1)
    )
    return images, tuple(
        AnnotationBox(UID(f"{root}.2.{each.position}", IGNORE), each.position) for each in places.annotations
    )


def _make_way(dialogue: Dialogue, session: FilmSession) -> None:
    """The film box before becomes an earlier one of its session.

    Raises:
        FilmBoxNotPrinted: on a printer without film session printing.
        ResourceLimitation: the session holds as many films as it may, and the first one is not printed.
    """
    film_box, most = session.film_box, dialogue.profile.max_collated_films
    if most == 0:
        if film_box is not None and not film_box.printed:
            raise FilmBoxNotPrinted("print or N-DELETE the film box before this one")
        dialogue.drop_film_box()
        return
    if film_box is None:
        return
    if len(session.frozen) + 1 >= most:
        oldest = session.frozen[0] if session.frozen else film_box
        if not oldest.printed:
            raise ResourceLimitation(f"{most} films wait in this session: print it first")
    dialogue.freeze_film_box()
    if len(session.frozen) >= most:
        # Printed film by film, without N-DELETE: what was printed need not be kept for a session print.
        session.frozen.pop(0).draft.discard()
        session.gone += 1


def _told(dialogue: Dialogue, attributes: Values) -> Values:
    """Attributes for an answer: those that the printer has; the SCU has its ICC profile."""
    untold = (*dialogue.profile.lacks, "ICCProfile")
    return with_look_up({key: value for key, value in attributes.items() if key not in untold})


def _created(dialogue: Dialogue, session: FilmSession, film_box: FilmBox) -> Values:
    """All attributes in force, and the boxes in the order of their positions (PS3.4 H.4.2.2.1)."""
    values = _told(dialogue, film_box.attributes)
    values["ReferencedFilmSessionSequence"] = [reference(session.sop_class, session.uid)]
    values["ReferencedImageBoxSequence"] = [reference(box.sop_class, box.uid) for box in film_box.image_boxes]
    if BASIC_ANNOTATION_BOX in dialogue.services:
        values["ReferencedBasicAnnotationBoxSequence"] = [
            reference(box.sop_class, box.uid) for box in film_box.annotation_boxes
        ]
    return values
