"""Presentation LUT (PS3.4 H.4.9): what is taken, who refers to it, and how long it lives."""

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from film.elements import item, received, tag
from film.scu import COLOR, GRAY, PROFILE, Scu, color, data_set, gray, reference, refused
from pydicom.dataset import Dataset

from printscp.film.exchange import Answer, Request
from printscp.film.profile import LinOD, Mode
from printscp.film.service import perform
from printscp.film.sheet import LookUp
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION, PRESENTATION_LUT

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Start = Callable[..., Scu]
KEY = "ReferencedPresentationLUTSequence"


def table(entries: int, bits: int, first: int = 0, data: list[int] | None = None) -> dict[str, Any]:
    """A Presentation LUT Sequence of a ramp, or of other data."""
    top = (1 << bits) - 1
    values = [index * top // max(entries - 1, 1) for index in range(entries)] if data is None else data
    lut = Dataset()
    lut.add_new("LUTDescriptor", "US", [entries, first, bits])
    lut.add_new("LUTData", "OW", struct.pack(f"<{len(values)}H", *values))
    return {"PresentationLUTSequence": [lut]}


def refers(uid: str) -> dict[str, Any]:
    return {KEY: [reference(PRESENTATION_LUT, uid)]}


def in_memory(look_up: LookUp) -> int:
    """Bytes that the budget counts for it."""
    return 36 * len(look_up.table)


# --- what is taken ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["IDENTITY", "LIN OD"])
def test_both_shapes(scu: Scu, shape: str) -> None:
    answer = scu.ask("create", PRESENTATION_LUT, "1.2.3", data_set(PresentationLUTShape=shape))
    assert answer == Answer(values={"PresentationLUTShape": shape}, instance=answer.instance)
    assert answer.instance == "1.2.3"
    scu.set_image(1, gray(), **refers("1.2.3"))
    sheet = scu.printed()
    assert sheet.look_ups == (LookUp(shape),)
    assert sheet.images[0].look_up == 0


def test_lin_od_is_read_as_the_printer_reads_it(start: Start, mode: Mode) -> None:
    scu = start(mode, profile=replace(PROFILE, lin_od=LinOD.DENSITY))
    scu.create_session()
    for shape, by_value in (("LIN OD", True), ("IDENTITY", False)):
        scu.create_film(**refers(scu.create_look_up(PresentationLUTShape=shape)))
        scu.set_image(1, gray())
        assert scu.printed().look_ups == (LookUp(shape, by_value=by_value),)


def test_a_printer_of_other_depths_has_tables_for_them(start: Start) -> None:
    scu = start(Mode.STRICT, profile=replace(PROFILE, bits_stored=(8, 10)))
    scu.create_session()
    uid = scu.create_look_up(**table(1024, 12))
    scu.create_film(**refers(uid))
    assert scu.set_image(1, gray(2, 2, 10)).status == 0
    error = refused(0x0106, lambda: scu.create_look_up(**table(4096, 12)), "LUTDescriptor")
    assert error.comment == "LUTDescriptor 4096,0,12: needs 256 or 1024, 0, 10..16"


@pytest.mark.parametrize("bits", range(10, 17))
@pytest.mark.parametrize(("entries", "stored"), [(256, 8), (4096, 12)])
def test_tables_of_every_size_and_depth(scu: Scu, entries: int, stored: int, bits: int) -> None:
    top = (1 << bits) - 1
    ramp = tuple(index * top // (entries - 1) for index in range(entries))
    answer = scu.ask("create", PRESENTATION_LUT, None, data_set(**table(entries, bits)))
    assert answer.status == 0
    assert answer.instance is not None
    assert answer.values == {
        "PresentationLUTSequence": [{"LUTDescriptor": (entries, 0, bits), "LUTData": ramp}]
    }
    scu.set_image(1, gray(2, 2, stored), **refers(answer.instance))
    sheet = scu.printed()
    assert sheet.look_ups == (LookUp("", bits=bits, table=ramp),)
    assert sheet.remarks == ()


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit VR", "explicit VR"])
@pytest.mark.parametrize("descriptor_vr", ["US", "SS"])
@pytest.mark.parametrize("data_vr", ["US", "OW"])
@pytest.mark.parametrize("context", [PRESENTATION_LUT, GRAY])
def test_tables_in_every_encoding(
    start: Start, implicit: bool, descriptor_vr: str, data_vr: str, context: str
) -> None:
    scu = start()
    ramp = tuple(range(0, 256 * 16, 16))
    lut = item(
        (tag("LUTDescriptor"), descriptor_vr, struct.pack("<3H", 256, 0, 12)),
        (tag("LUTData"), data_vr, struct.pack("<256H", *ramp)),
        implicit=implicit,
    )
    dataset = received((tag("PresentationLUTSequence"), "SQ", lut), implicit=implicit)
    perform(scu.dialogue, "create", Request(PRESENTATION_LUT, PRESENTATION_LUT, None, dataset))
    [look_up] = scu.dialogue.look_ups.values()
    assert look_up.look_up == LookUp("", bits=12, table=ramp)


def test_an_explanation_is_let_in(scu: Scu) -> None:
    values = table(256, 10)
    values["PresentationLUTSequence"][0].LUTExplanation = "Kanamori"
    answer = scu.ask("create", PRESENTATION_LUT, None, data_set(**values))
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["PresentationLUTSequence"][0]["LUTExplanation"] == "Kanamori"


@pytest.mark.parametrize(("entries", "bits"), [(255, 10), (1024, 12), (65536, 16), (256, 8), (2, 9)])
def test_other_sizes_are_for_tolerant_printers(start: Start, entries: int, bits: int) -> None:
    values = table(entries, bits)
    values["PresentationLUTSequence"][0].LUTDescriptor = [entries % 65536, 0, bits]  # 0 stands for 65536
    scu = start(memory=1 << 22)
    answer = scu.ask("create", PRESENTATION_LUT, None, data_set(**values))
    assert answer.status == 0
    [look_up] = scu.dialogue.look_ups.values()
    assert (len(look_up.look_up.table), look_up.look_up.bits) == (entries, bits)
    scu.create_session()
    scu.create_film()
    assert answer.instance is not None
    scu.set_image(1, gray(), **refers(answer.instance))
    stretched = (f"LUT of {entries} entries stretched over images of 8 bits",) if entries != 256 else ()
    assert scu.printed().remarks == (
        f"LUT of {entries} entries and {bits} bits: not of the standard, taken",
        *stretched,
    )
    refused(
        0x0106,
        lambda: start(Mode.STRICT).ask("create", PRESENTATION_LUT, None, data_set(**values)),
        "LUTDescriptor",
    )


RAMP = [0] * 256
BAD: dict[str, tuple[int, dict[str, Any], tuple[str, ...]]] = {
    "nothing": (0x0120, {}, ("PresentationLUTSequence", "PresentationLUTShape")),
    "empty sequence": (
        0x0121,
        {"PresentationLUTSequence": []},
        ("PresentationLUTSequence", "PresentationLUTShape"),
    ),
    "empty shape": (
        0x0121,
        {"PresentationLUTShape": None},
        ("PresentationLUTSequence", "PresentationLUTShape"),
    ),
    "both": (
        0x0106,
        table(256, 10) | {"PresentationLUTShape": "IDENTITY"},
        ("PresentationLUTSequence", "PresentationLUTShape"),
    ),
    "another shape": (0x0106, {"PresentationLUTShape": "INVERSE"}, ("PresentationLUTShape",)),
    "two tables": (
        0x0106,
        {"PresentationLUTSequence": table(256, 10)["PresentationLUTSequence"] * 2},
        ("PresentationLUTSequence",),
    ),
    "an empty item": (0x0120, {"PresentationLUTSequence": [Dataset()]}, ("LUTDescriptor",)),
    "first value not 0": (0x0106, table(256, 10, first=1), ("LUTDescriptor",)),
    "too deep": (0x0106, table(256, 17, data=RAMP), ("LUTDescriptor",)),
    "too flat": (0x0106, table(256, 7, data=RAMP), ("LUTDescriptor",)),
    "one entry": (0x0106, table(1, 10), ("LUTDescriptor",)),
    "data short": (0x0106, table(256, 10, data=[0] * 255), ("LUTData",)),
    "data long": (0x0106, table(256, 10, data=[0] * 257), ("LUTData",)),
    "data too high": (0x0106, table(256, 10, data=[0] * 255 + [1024]), ("LUTData",)),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_presentation_lut(scu: Scu, case: str) -> None:
    status, values, offending = BAD[case]
    before = scu.state()
    error = refused(status, lambda: scu.ask("create", PRESENTATION_LUT, None, data_set(**values)), *offending)
    assert len(error.comment) <= 64 or " is none of " in error.comment, error.comment
    assert scu.state() == before


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit VR", "explicit VR"])
@pytest.mark.parametrize("missing", ["LUTDescriptor", "LUTData"])
def test_half_a_table_is_none(start: Start, mode: Mode, implicit: bool, missing: str) -> None:
    scu = start(mode, implicit=implicit)
    elements = [
        (tag("LUTDescriptor"), "US", struct.pack("<3H", 256, 0, 12)),
        (tag("LUTData"), "OW", bytes(512)),
    ]
    lut = item(*(each for each in elements if each[0] != tag(missing)), implicit=implicit)
    dataset = received((tag("PresentationLUTSequence"), "SQ", lut), implicit=implicit)
    request = Request(PRESENTATION_LUT, PRESENTATION_LUT, None, dataset)
    refused(0x0120, lambda: perform(scu.dialogue, "create", request), missing)


def test_negative_words_are_none(scu: Scu) -> None:
    lut = item(
        (tag("LUTDescriptor"), "US", struct.pack("<3H", 256, 0, 12)),
        (tag("LUTData"), "SS", struct.pack("<256h", *([0] * 255 + [-1]))),
    )
    dataset = received((tag("PresentationLUTSequence"), "SQ", lut))
    request = Request(PRESENTATION_LUT, PRESENTATION_LUT, None, dataset)
    refused(0x0106, lambda: perform(scu.dialogue, "create", request), "LUTData")


def test_a_uid_in_use_is_0111(scu: Scu) -> None:
    for uid in (scu.session, scu.film, scu.boxes[0], scu.create_look_up(PresentationLUTShape="IDENTITY")):
        refused(0x0111, partial(scu.create_look_up, uid, PresentationLUTShape="IDENTITY"))


# --- who refers to it ------------------------------------------------------------------------------------

LEVELS = ["film session", "film box at its creation", "film box", "image box"]


def refer(scu: Scu, level: str, uid: str) -> None:
    """Have a level refer to a Presentation LUT, and see that an image is set."""
    if level == "film session":
        scu.set_session(**refers(uid))
    if level == "film box at its creation":
        scu.create_film(**refers(uid))
    if level == "image box" or not scu.images():
        scu.set_image(1, gray(), **(refers(uid) if level == "image box" else {}))
    if level == "film box":
        scu.set_film(**refers(uid))


@pytest.mark.parametrize("level", LEVELS)
def test_it_acts_from_every_level(scu: Scu, level: str) -> None:
    refer(scu, level, scu.create_look_up(PresentationLUTShape="LIN OD"))
    scu.set_image(2, gray())
    sheet = scu.printed()
    assert sheet.look_ups == (LookUp("LIN OD"),)
    assert [image.look_up for image in sheet.images] == [0, None if level == "image box" else 0]


def test_the_nearest_wins(scu: Scu) -> None:
    shapes = ["IDENTITY", "LIN OD"]
    identity, linear = (scu.create_look_up(PresentationLUTShape=shape) for shape in shapes)
    curve = scu.create_look_up(**table(256, 12))
    scu.set_session(**refers(identity))
    scu.set_image(1, gray())
    scu.set_image(2, gray(), **refers(curve))
    sheet = scu.printed()
    assert [sheet.look_ups[image.look_up].shape for image in sheet.images if image.look_up is not None] == [
        "IDENTITY",
        "",
    ]
    scu.set_film(**refers(linear))
    sheet = scu.printed()
    assert [sheet.look_ups[image.look_up].shape for image in sheet.images if image.look_up is not None] == [
        "LIN OD",
        "",
    ]
    scu.set_image(2, gray())
    sheet = scu.printed()
    assert sheet.look_ups == (LookUp("LIN OD"),)
    assert [image.look_up for image in sheet.images] == [0, 0]


@pytest.mark.parametrize("level", ["film session", "film box", "image box"])
def test_a_film_that_was_printed_is_printed_anew_with_another(scu: Scu, level: str) -> None:
    scu.set_image(1, gray())
    assert scu.printed().look_ups == ()
    uid = scu.create_look_up(PresentationLUTShape="LIN OD")
    refer(scu, level, uid)
    assert scu.printed().look_ups == (LookUp("LIN OD"),)


def test_what_no_one_refers_to_is_not_in_force(scu: Scu) -> None:
    scu.create_look_up(PresentationLUTShape="LIN OD")
    scu.set_image(1, gray())
    sheet = scu.printed()
    assert sheet.look_ups == ()
    assert sheet.images[0].look_up is None


def test_it_does_not_act_on_color(start: Start, mode: Mode) -> None:
    scu = start(mode, meta=COLOR)
    uid = scu.create_look_up(**table(4096, 12))
    scu.create_session(**refers(uid))
    scu.create_film()
    assert scu.set_image(1, color()).status == 0
    assert scu.set_film(**refers(uid)).status == 0
    sheet = scu.printed()
    assert sheet.look_ups == ()
    assert sheet.images[0].look_up is None


def test_another_association_does_not_see_it(start: Start, scu: Scu) -> None:
    uid = scu.create_look_up(PresentationLUTShape="LIN OD")
    other = start(printer=scu.printer)
    refused(0x0106, lambda: other.create_session(**refers(uid)), KEY)
    refused(0x0112, lambda: other.delete(PRESENTATION_LUT, uid))
    assert other.create_look_up(uid, PresentationLUTShape="IDENTITY") == uid


# --- how long it lives -----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_in_use_it_cannot_be_deleted(scu: Scu, level: str) -> None:
    uid = scu.create_look_up(PresentationLUTShape="LIN OD")
    refer(scu, level, uid)
    before = scu.state()
    error = refused(0x0110, lambda: scu.delete(PRESENTATION_LUT, uid))
    assert error.comment.startswith("in use")
    assert scu.state() == before
    assert scu.printed().look_ups == (LookUp("LIN OD"),)
    if level != "film session":
        scu.delete(BASIC_FILM_BOX, scu.film)
    else:
        scu.delete(BASIC_FILM_SESSION, scu.session)
    assert scu.delete(PRESENTATION_LUT, uid) == Answer()
    refused(0x0112, lambda: scu.delete(PRESENTATION_LUT, uid))


def test_an_earlier_film_still_uses_it(scu: Scu) -> None:
    film, own = (scu.create_look_up(PresentationLUTShape="LIN OD") for _ in range(2))
    scu.set_film(**refers(film))
    scu.set_image(1, gray(), **refers(own))
    scu.create_film()
    for uid in (film, own):
        refused(0x0110, partial(scu.delete, PRESENTATION_LUT, uid))
    scu.print_session()
    assert scu.spool.sheets[0].look_ups == (LookUp("LIN OD"),)
    scu.delete(BASIC_FILM_SESSION, scu.session)
    for uid in (film, own):
        assert scu.delete(PRESENTATION_LUT, uid) == Answer()


def test_no_longer_referred_to_it_can_be_deleted(scu: Scu) -> None:
    old, new = (scu.create_look_up(PresentationLUTShape="IDENTITY") for _ in range(2))
    for call in (scu.set_session, scu.set_film):
        call(**refers(old))
        call(**refers(new))
    scu.set_image(1, gray(), **refers(old))
    scu.set_image(1)
    assert scu.delete(PRESENTATION_LUT, old) == Answer()
    refused(0x0106, lambda: scu.set_film(**refers(old)), KEY)


def test_a_job_has_a_copy_of_its_own(scu: Scu) -> None:
    uid = scu.create_look_up(**table(256, 12))
    scu.set_image(1, gray(), **refers(uid))
    sheet = scu.printed()
    scu.delete(BASIC_FILM_BOX, scu.film)
    scu.delete(PRESENTATION_LUT, uid)
    assert len(sheet.look_ups[0].table) == 256


def test_it_outlives_its_film_session(scu: Scu) -> None:
    uid = scu.create_look_up(PresentationLUTShape="LIN OD")
    scu.set_session(**refers(uid))
    scu.delete(BASIC_FILM_SESSION, scu.session)
    assert scu.create_session(**refers(uid)).status == 0


def test_its_memory_is_of_the_budget(start: Start, mode: Mode) -> None:
    scu = start(mode, memory=36 * 4096 + 100)
    uid = scu.create_look_up(**table(4096, 12))
    held = in_memory(scu.dialogue.look_ups[uid].look_up)
    assert scu.budget.held == held
    before = scu.state()
    refused(0x0213, lambda: scu.create_look_up(**table(256, 12)))
    assert scu.state() == before
    assert scu.create_look_up(PresentationLUTShape="IDENTITY")
    scu.create_session()
    scu.create_film()
    refused(0xC605, lambda: scu.set_image(1, gray(10, 20)))
    scu.delete(PRESENTATION_LUT, uid)
    assert scu.budget.held == 0
    assert scu.set_image(1, gray(10, 20)).status == 0
