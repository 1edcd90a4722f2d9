"""Presentation LUT (PS3.4 H.4.9, PS3.3 C.11.4)."""

from typing import Any, ClassVar

from pydicom.dataset import Dataset

from printscp.errors import InvalidAttributeValue, MissingAttribute, MissingAttributeValue, PrintError
from printscp.film.attributes import Attribute, Reading
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values
from printscp.film.instances import PresentationLUT as Instance
from printscp.film.profile import LinOD
from printscp.film.rules import WORDS, items, term, text
from printscp.film.sheet import LookUp
from printscp.film.uids import PRESENTATION_LUT

_SEQUENCE, _SHAPE = "PresentationLUTSequence", "PresentationLUTShape"
_BOTH = "LUTDescriptor", "LUTData"
_BITS = range(10, 17)

_CREATE = (
    Attribute(_SEQUENCE, "MC/M", items(1)),
    Attribute(_SHAPE, "MC/M", term("IDENTITY", "LIN OD")),
)

LUT_ITEM = (
    Attribute("LUTDescriptor", "MC/M", WORDS),
    Attribute("LUTExplanation", "U/U", text(64)),
    Attribute("LUTData", "MC/M", WORDS),
)


class PresentationLUT:
    """Lives until its N-DELETE or the end of the association, whatever becomes of the film session."""

    uid = PRESENTATION_LUT
    tables: ClassVar = {"create": _CREATE}
    item: ClassVar = LUT_ITEM

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        uid = dialogue.new_uid(request.instance)
        reading = dialogue.read(_CREATE, request.dataset, defaults=False)
        given = reading.values
        if len(given) != 1:
            comment = "give one of PresentationLUTSequence and Shape"
            empty = _SEQUENCE in request.dataset or _SHAPE in request.dataset
            missing = MissingAttributeValue if empty else MissingAttribute
            raise (InvalidAttributeValue if given else missing)(comment, _SEQUENCE, _SHAPE)
        values: Values = dict(given)
        if _SHAPE in given:
            by_value = dialogue.profile.lin_od is LinOD.DENSITY
            look_up = LookUp(given[_SHAPE], by_value=given[_SHAPE] == "LIN OD" and by_value)
        else:
            look_up, item = _table(dialogue, given[_SEQUENCE][0], reading)
            values[_SEQUENCE] = [item]
        dialogue.add_look_up(Instance(uid, look_up, tuple(reading.remarks)))
        return dialogue.answer(reading, values, uid)

    @staticmethod
    def delete(dialogue: Dialogue, request: Request) -> Answer:
        look_up: Instance = dialogue.find(request)
        if look_up.uid in dialogue.referred_look_ups():
            raise PrintError("in use: N-DELETE film box or session that refers to it first")
        dialogue.drop_look_up(look_up.uid)
        return Answer()


def _table(dialogue: Dialogue, item: Dataset, outer: Reading) -> tuple[LookUp, dict[str, Any]]:
    """The look-up of a Presentation LUT Sequence item, and the item as taken.

    Raises:
        PrintError: descriptor or data are missing or do not agree; a strict printer takes the sizes of the
            standard only.
    """
    for keyword in _BOTH:
        if keyword not in item:
            raise MissingAttribute(f"{keyword} is missing", keyword)
    reading = dialogue.read(LUT_ITEM, item, defaults=False)
    outer.include(reading)
    for keyword in _BOTH:
        if keyword not in reading.values:
            raise MissingAttributeValue(f"{keyword} is empty", keyword)
    descriptor, data = reading.values["LUTDescriptor"], reading.values["LUTData"]
    if len(descriptor) != 3:
        raise InvalidAttributeValue("LUTDescriptor: needs three numbers", "LUTDescriptor")
    entries, first, bits = descriptor
    entries = entries or 65536
    whole = [1 << stored for stored in dialogue.profile.bits_stored]  # an entry for each value of an image
    legal = entries in whole and bits in _BITS
    if first != 0 or (dialogue.strict and not legal) or entries < 2 or not 8 <= bits <= 16:
        words = ",".join(str(each) for each in descriptor)
        sizes = " or ".join(str(each) for each in whole)
        raise InvalidAttributeValue(f"LUTDescriptor {words}: needs {sizes}, 0, 10..16", "LUTDescriptor")
    if not legal:
        outer.remarks.append(f"LUT of {entries} entries and {bits} bits: not of the standard, taken")
    if len(data) != entries or max(data) >= 1 << bits:
        raise InvalidAttributeValue(
            f"LUTData: {len(data)} values up to {max(data, default=0)}, LUTDescriptor says otherwise",
            "LUTData",
        )
    return LookUp("", bits=bits, table=data), reading.values
