"""Basic Annotation Box (PS3.4 H.4.4)."""

from typing import ClassVar

from printscp.errors import InvalidAttributeValue
from printscp.film.attributes import Attribute
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request
from printscp.film.instances import AnnotationBox
from printscp.film.rules import number, text
from printscp.film.uids import BASIC_ANNOTATION_BOX

_SET = (
    Attribute("AnnotationPosition", "M/M", number(0, 0xFFFF)),
    Attribute("TextString", "U/M", text(64), clear=lambda _: ""),
)


class BasicAnnotationBox:
    """Text of a box that the film box made; an empty one erases it."""

    uid = BASIC_ANNOTATION_BOX
    tables: ClassVar = {"set": _SET}

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        box: AnnotationBox = dialogue.find(request)
        assert dialogue.session is not None
        assert dialogue.session.film_box is not None
        reading = dialogue.read(_SET, request.dataset, defaults=False)
        position = reading.values["AnnotationPosition"]
        if position != box.position:
            raise InvalidAttributeValue(
                f"AnnotationPosition {position}: this box has position {box.position}", "AnnotationPosition"
            )
        box.text = reading.values.get("TextString", box.text)
        box.remarks = reading.remarks
        dialogue.session.film_box.kept = False
        return dialogue.answer(reading, {})
