"""Presentation LUTs: the tables themselves, and who refers to them (PS3.4 H.4.9)."""

from pydicom.dataset import Dataset

from printscp.film.rules import PRESENTATION_LUT_REFERENCE, words_16
from printscp.film.uids import BASIC_FILM_SESSION, BASIC_GRAYSCALE_IMAGE_BOX, PRESENTATION_LUT
from printscp.lint.attributes import words
from printscp.lint.case import Case, Flaw, Flaws, misreferred
from printscp.lint.scene import IMAGE_SEQUENCES, Box, LookUp
from printscp.lint.values import look_up_of, number_of, sequence_of, tag_of, value_of

_SEQUENCE, _SHAPE = "PresentationLUTSequence", "PresentationLUTShape"
_REFERENCE = "ReferencedPresentationLUTSequence"
_ENTRIES = {256: 8, 4096: 12}  # and the bits stored that they are for
_BITS = range(10, 17)


def check(case: Case) -> Flaws:
    """A request as far as it is about Presentation LUTs."""
    if case.sop_class == PRESENTATION_LUT and case.verb == "create":
        yield from _created(case)
    elif case.sop_class == PRESENTATION_LUT and case.verb == "delete":
        target = case.target
        if isinstance(target, LookUp) and target.alive and case.scene.referring(target.uid):
            yield Flaw("lut-in-use", "a film that is there refers to it")
    elif case.table:
        yield from _referred(case)
    if case.sop_class == BASIC_GRAYSCALE_IMAGE_BOX and case.verb == "set":
        yield from _fits(case)


def _created(case: Case) -> Flaws:
    given = [each for each in (_SEQUENCE, _SHAPE) if value_of(case.sent, each)]
    if len(given) != 1:
        yield Flaw("lut-sequence-or-shape", "both are given" if given else "neither is given", _SEQUENCE)
    for item in sequence_of(case.sent, _SEQUENCE)[:1]:
        yield from _table(item)


def _table(item: Dataset) -> Flaws:
    path = f"{_SEQUENCE}."
    missing = [each for each in ("LUTDescriptor", "LUTData") if each not in item]
    for each in missing:
        yield Flaw("missing-attribute", words(tag_of(each)), f"{path}{each}", "PS3.4 H.4.9.2.1")
    if missing:
        return
    descriptor, data = (_numbers(item, each) for each in ("LUTDescriptor", "LUTData"))
    shown = "\\".join(str(each) for each in descriptor)
    if len(descriptor) != 3 or descriptor[0] not in _ENTRIES or descriptor[1] or descriptor[2] not in _BITS:
        yield Flaw("lut-descriptor", shown or "not three numbers", f"{path}LUTDescriptor")
        return
    if len(data) != descriptor[0]:
        yield Flaw("lut-data", f"{len(data)} entries, the descriptor says {descriptor[0]}", f"{path}LUTData")
    elif max(data) >= 1 << descriptor[2]:
        yield Flaw("lut-data", f"entries up to {max(data)} in {descriptor[2]} bits", f"{path}LUTData")


def _numbers(item: Dataset, keyword: str) -> tuple[int, ...]:
    try:
        return words_16(value_of(item, keyword))
    except ValueError:
        return ()


def _referred(case: Case) -> Flaws:
    if _REFERENCE not in case.sent:
        return
    if why := misreferred(case, _REFERENCE, PRESENTATION_LUT_REFERENCE):
        yield Flaw("lut-unknown", why, _REFERENCE)
        return
    uid = look_up_of(case.sent)
    look_up = case.scene.look_ups.get(uid)
    if (look_up is None and not case.transcript.dropped) or (look_up is not None and not look_up.alive):
        items = sequence_of(case.sent, _REFERENCE)
        if items:
            gone = "it was deleted" if look_up else "no such Presentation LUT was created on this association"
            yield Flaw("lut-unknown", gone, _REFERENCE)
    elif look_up is not None and case.sop_class == BASIC_FILM_SESSION:
        yield Flaw("lut-on-session", "in force for film boxes without one of their own", _REFERENCE)


def _fits(case: Case) -> Flaws:
    target = case.target
    items = sequence_of(case.sent, IMAGE_SEQUENCES[BASIC_GRAYSCALE_IMAGE_BOX])
    if not isinstance(target, Box) or not items:
        return
    look_up = case.scene.look_up(case.sent, target.film.sent)
    stored = number_of(items[0], "BitsStored")
    if look_up is not None and look_up.entries in _ENTRIES and stored and stored != _ENTRIES[look_up.entries]:
        message = f"{look_up.entries} entries, the image has {stored:g} bits stored"
        yield Flaw("lut-image-bits", message, _REFERENCE)
