"""Basic Film Session (PS3.4 H.4.1)."""

from dataclasses import replace
from typing import ClassVar

from printscp.errors import (
    DuplicateSOPInstance,
    FilmSessionQueueFull,
    InvalidAttributeValue,
    NoFilmBox,
    OutOfMemory,
    PrintError,
    QueueFull,
    ResourceLimitation,
    UnrecognizedOperation,
)
from printscp.film.attributes import Attribute, Reading
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values, reference
from printscp.film.instances import FilmSession
from printscp.film.medium import change_medium
from printscp.film.profile import SecondSession
from printscp.film.rules import (
    AMBIENT_LIGHT,
    ANY_ILLUMINATION,
    CHARACTER_SET,
    PRESENTATION_LUT_REFERENCE,
    number,
    one_of,
    text,
)
from printscp.film.sop_classes.print_job import check_print, job_reference
from printscp.film.uids import BASIC_FILM_SESSION, PRESENTATION_LUT

MEMORY_ALLOCATION_NOT_SUPPORTED = 0xB600
EMPTY_SESSION = 0xB602

_ATTRIBUTES = (
    Attribute("SpecificCharacterSet", "U/U", CHARACTER_SET),
    Attribute("NumberOfCopies", "U/M", number(1, 99), lambda _: 1),
    Attribute("PrintPriority", "U/M", one_of(lambda p: p.priorities), lambda p: p.priorities[0]),
    Attribute("MediumType", "U/M", one_of(lambda p: p.media), lambda p: p.media[0]),
    Attribute("FilmDestination", "U/M", one_of(lambda p: p.destinations), lambda p: p.destinations[0]),
    Attribute("FilmSessionLabel", "U/U", text(64)),
    Attribute("MemoryAllocation", "U/U", number(0, 0x7FFFFFFF)),
    Attribute("OwnerID", "U/U", text(16)),
)
# Not of the standard's table, but of a note in H.3.3.2, and some SCUs can do no other: in force for film
# boxes that have none of their own.
_WITH_LOOK_UP = (
    *_ATTRIBUTES,
    Attribute("ReferencedPresentationLUTSequence", "U/U", PRESENTATION_LUT_REFERENCE, refused=True),
    Attribute("Illumination", "U/U", ANY_ILLUMINATION),
    Attribute("ReflectedAmbientLight", "U/U", AMBIENT_LIGHT),
)


class BasicFilmSession:
    """One at a time on an association."""

    uid = BASIC_FILM_SESSION
    tables: ClassVar = {"create": _WITH_LOOK_UP, "set": _WITH_LOOK_UP}
    only_with: ClassVar = ("look_up_in_session", _WITH_LOOK_UP[len(_ATTRIBUTES) :])

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        if dialogue.session is not None:
            failure = dialogue.profile.second_session is SecondSession.FAILURE
            refusal = PrintError if failure else DuplicateSOPInstance
            raise refusal("one film session per association: N-DELETE the other first")
        uid = dialogue.new_uid(request.instance)
        reading = dialogue.read(_table(dialogue), request.dataset, defaults=True)
        dialogue.check_look_up(reading.values)
        _allocate(dialogue, reading)
        dialogue.session = FilmSession(uid, reading.values, reading.remarks)
        return dialogue.answer(reading, with_look_up(reading.values), uid)

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        session: FilmSession = dialogue.find(request)
        reading = dialogue.read(_table(dialogue), request.dataset, defaults=False)
        dialogue.check_look_up(reading.values)
        values = session.attributes | reading.values
        if session.film_box is not None:
            for box in session.film_box.image_boxes:
                if box.image is not None:
                    in_force = values | session.film_box.attributes | box.attributes
                    dialogue.check_look_up_length(in_force, box.image)
        _allocate(dialogue, reading)
        medium = session.attributes["MediumType"]
        session.attributes.update(reading.values)
        session.remarks = without_repeats(session.remarks + reading.remarks)
        if session.film_box is not None:
            session.film_box.kept = False  # its Presentation LUT may be another
            if session.attributes["MediumType"] != medium:
                change_medium(session.film_box, session.attributes["MediumType"], dialogue.printer.profile)
        return dialogue.answer(reading, with_look_up(session.attributes))

    @staticmethod
    def action(dialogue: Dialogue, request: Request) -> Answer:
        session: FilmSession = dialogue.find(request)
        if dialogue.profile.max_collated_films == 0:
            raise UnrecognizedOperation("this printer prints film boxes only, no film sessions")
        remarks = check_print(dialogue, request)
        film_box = session.film_box
        if film_box is None and not session.frozen:
            raise NoFilmBox("the film session has no film box: N-CREATE one first")
        if session.gone:
            raise ResourceLimitation(f"{session.gone} films of this session are no longer kept")
        drafts = [film.draft for film in session.frozen]
        empty = all(film.empty for film in session.frozen)
        try:
            if film_box is not None:
                dialogue.keep(film_box)
                drafts.append(film_box.draft)
                empty = empty and film_box.empty
            uid = dialogue.submit(drafts, remarks)
        except QueueFull as error:
            raise FilmSessionQueueFull(error.comment) from error
        session.frozen = [replace(film, printed=True) for film in session.frozen]
        if film_box is not None:
            film_box.printed = True
        if empty and dialogue.strict:
            return Answer(
                EMPTY_SESSION, job_reference(dialogue, uid), comment="no image was set: empty films", job=uid
            )
        return Answer(values=job_reference(dialogue, uid), job=uid)

    @staticmethod
    def delete(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        dialogue.drop_session()
        return Answer()


def _table(dialogue: Dialogue) -> tuple[Attribute, ...]:
    return _WITH_LOOK_UP if dialogue.profile.look_up_in_session else _ATTRIBUTES


def _allocate(dialogue: Dialogue, reading: Reading) -> None:
    """Reserve what Memory Allocation asks for.

    Raises:
        InvalidAttributeValue, ResourceLimitation: a strict printer can never, or not now.
    """
    wanted = reading.values.get("MemoryAllocation")
    if wanted is None:
        return
    if not dialogue.profile.memory_allocation:
        del reading.values["MemoryAllocation"]
        comment = "MemoryAllocation: nothing is reserved on this printer"
        reading.warn(MEMORY_ALLOCATION_NOT_SUPPORTED, "MemoryAllocation", comment)
        return
    try:
        dialogue.allotment.reserve(wanted << 10)
    except OutOfMemory as error:
        most = dialogue.allotment.budget.limit >> 10
        comment = f"MemoryAllocation: {wanted} KB not reserved, {most} KB in all"
        if dialogue.strict and wanted > most:
            raise InvalidAttributeValue(comment, "MemoryAllocation") from error
        if dialogue.strict:
            comment = f"MemoryAllocation: {wanted} KB are not free now"
            raise ResourceLimitation(comment, "MemoryAllocation") from error
        del reading.values["MemoryAllocation"]
        reading.warn(MEMORY_ALLOCATION_NOT_SUPPORTED, "MemoryAllocation", comment)


def with_look_up(attributes: Values) -> Values:
    """Attributes for an answer: the Presentation LUT as a sequence."""
    uid = attributes.get("ReferencedPresentationLUTSequence")
    if not uid:
        return attributes
    return attributes | {"ReferencedPresentationLUTSequence": [reference(PRESENTATION_LUT, uid)]}


def without_repeats(remarks: list[str]) -> list[str]:
    """Each remark once."""
    return list(dict.fromkeys(remarks))
