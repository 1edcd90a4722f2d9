"""Which SOP class answers which request, on which presentation context (PS3.4 H.3.2)."""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from film.scu import COLOR, EVERYTHING, GRAY, Scu, color, data_set, gray, refused
from pydicom.uid import UID

from printscp.film.exchange import Values
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.printer import PrinterState
from printscp.film.profile import Mode
from printscp.film.service import OPTIONAL_CLASSES, SOP_CLASSES, contexts
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
    PRINTER_INSTANCE,
)

Start = Callable[..., Scu]

# PS3.4 H.3.2.2 and H.4; and N-CREATE of the printer, for some SCUs in the field.
VERBS = {
    BASIC_FILM_SESSION: {"create", "set", "action", "delete"},
    BASIC_FILM_BOX: {"create", "set", "action", "delete"},
    BASIC_GRAYSCALE_IMAGE_BOX: {"set"},
    BASIC_COLOR_IMAGE_BOX: {"set"},
    BASIC_ANNOTATION_BOX: {"set"},
    PRESENTATION_LUT: {"create", "delete"},
    PRINT_JOB: {"get"},
    PRINTER: {"get", "create"},
    PRINTER_CONFIGURATION_RETRIEVAL: {"get"},
}


def outcome(scu: Scu, verb: str, sop_class: UID, context: UID) -> int:
    """The status of a request that names no instance it could do anything to."""
    try:
        return scu.ask(verb, sop_class, "1..2", context=context).status
    except Exception as error:
        return getattr(error, "status", -1)


def test_a_printer_offers_both_meta_classes_where_it_has_color() -> None:
    assert contexts(color=True) == (GRAY, COLOR, *OPTIONAL_CLASSES)
    assert contexts(color=False) == (GRAY, *OPTIONAL_CLASSES)
    assert set(SOP_CLASSES) == set(VERBS)


@pytest.mark.parametrize("sop_class", VERBS, ids=lambda uid: uid.name)
def test_each_class_has_its_services_and_no_other(start: Start, mode: Mode, sop_class: UID) -> None:
    scu = start(mode)
    context = COLOR if sop_class == BASIC_COLOR_IMAGE_BOX else sop_class if sop_class in EVERYTHING else GRAY
    for verb in ("create", "set", "get", "action", "delete"):
        status = outcome(scu, verb, sop_class, context)
        if sop_class == PRINTER and verb == "create":
            assert status == (0x0211 if mode is Mode.STRICT else 0)
        else:
            assert status == (0x0117 if verb in VERBS[sop_class] else 0x0211)


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.1", GRAY, COLOR, "1.2.840.10008.5.1.1.26", "1.2.3", ""])
def test_a_class_that_is_none_of_ours_is_0118(start: Start, mode: Mode, uid: str) -> None:
    scu = start(mode)
    for verb in ("create", "get", "delete"):
        refused(0x0118, partial(scu.ask, verb, UID(uid), "1.2", context=GRAY))


def test_a_class_belongs_on_its_context(start: Start, mode: Mode) -> None:
    meta = {BASIC_FILM_SESSION, BASIC_FILM_BOX, PRINTER}
    belongs = {GRAY: meta | {BASIC_GRAYSCALE_IMAGE_BOX}, COLOR: meta | {BASIC_COLOR_IMAGE_BOX}}
    scu = start(mode)
    for context in EVERYTHING:
        for sop_class, verbs in VERBS.items():
            status = outcome(scu, min(verbs - {"create"}), sop_class, context)
            if mode is Mode.TOLERANT or sop_class in belongs.get(context, {context}):
                assert status == 0x0117  # it came through, and its instance UID is none
            else:
                assert status == 0x0118


IDS = ["gray", "color", "printer", "gray and jobs"]


@pytest.mark.parametrize("services", [{GRAY}, {COLOR}, {PRINTER}, {GRAY, PRINT_JOB}], ids=IDS)
def test_what_was_not_negotiated_is_not_served(start: Start, mode: Mode, services: set[UID]) -> None:
    scu = start(mode, services=frozenset(services))
    covered = set(services)
    if services & {GRAY, COLOR}:
        covered |= {BASIC_FILM_SESSION, BASIC_FILM_BOX, PRINTER}
    covered |= {BASIC_GRAYSCALE_IMAGE_BOX} if GRAY in services else set()
    covered |= {BASIC_COLOR_IMAGE_BOX} if COLOR in services else set()
    for context in services:
        for sop_class, verbs in VERBS.items():
            status = outcome(scu, min(verbs - {"create"}), sop_class, context)
            if sop_class not in covered:
                assert status == 0x0118
            elif mode is Mode.TOLERANT:
                assert status == 0x0117


def test_one_association_may_print_gray_and_color(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    scu.create_film()
    scu.set_image(1, gray())
    scu.print_film()
    scu.meta = COLOR
    scu.create_film()
    scu.set_image(1, color())
    scu.print_film()
    assert [sheet.color for sheet in scu.spool.sheets] == [False, True]


# --- what only the printer gives -------------------------------------------------------------------------

with (Path(__file__).parent / "data" / "attributes.csv").open(encoding="ascii") as file:
    STANDARD = list(csv.DictReader(file))


def given(values: Values | None, parent: str = "") -> Iterator[tuple[str, str]]:
    """Every attribute of an answer, and the sequence it is in."""
    for keyword, value in (values or {}).items():
        yield parent, keyword
        if isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    yield from given(each, keyword)


def conversation(start: Start, mode: Mode) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Attributes of all answers and events of one SCU that uses everything, by SOP class and service."""
    seen: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def note(sop_class: UID, service: str, values: Values | None) -> None:
        name = sop_class.name.removesuffix(" SOP Class")
        seen.setdefault((name, service), set()).update(given(values))

    scu = start(mode, printer_events=True)
    look_up = scu.ask("create", PRESENTATION_LUT, None, data_set(PresentationLUTShape="IDENTITY"))
    note(PRESENTATION_LUT, "N-CREATE", look_up.values)
    note(BASIC_FILM_SESSION, "N-CREATE", scu.create_session(FilmSessionLabel="label").values)
    film = scu.create_film(AnnotationDisplayFormatID="COMBINED")
    note(BASIC_FILM_BOX, "N-CREATE", film.values)
    note(BASIC_FILM_BOX, "N-ACTION", scu.print_film().values)
    note(BASIC_FILM_SESSION, "N-ACTION", scu.print_session().values)
    job = scu.spool.jobs[0]
    note(PRINT_JOB, "N-GET", scu.ask("get", PRINT_JOB, job.uid).values)
    note(PRINTER, "N-GET", scu.ask("get", PRINTER, PRINTER_INSTANCE).values)
    config = scu.ask("get", PRINTER_CONFIGURATION_RETRIEVAL, PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE)
    note(PRINTER_CONFIGURATION_RETRIEVAL, "N-GET", config.values)
    scu.printer.tell(JobNews(job.uid, ExecutionStatus.DONE, "NORMAL", "FILMS", "label"))
    scu.printer.change_state(PrinterState("FAILURE", "FILM JAM"))
    for event in scu.events:
        note(event.sop_class, "N-EVENT-REPORT", event.values)
    return seen


# Attributes that a printer may do without (U/U), and that this one does.
WITHOUT: set[tuple[str, str]] = {
    ("Printer", "DeviceSerialNumber"),
    ("Printer", "DateOfLastCalibration"),
    ("Printer", "TimeOfLastCalibration"),
}


def test_answers_and_events_have_every_attribute_that_only_the_printer_gives(
    start: Start, mode: Mode
) -> None:
    seen = conversation(start, mode)
    of_the_printer = [
        row
        for row in STANDARD
        if row["service"] in ("N-GET", "N-ACTION", "N-EVENT-REPORT") or row["usage"].startswith("-")
    ]
    assert len(of_the_printer) == 70
    missing = [
        row
        for row in of_the_printer
        if (row["sop_class"], row["keyword"]) not in WITHOUT
        and (row["parent"], row["keyword"]) not in seen[row["sop_class"], row["service"]]
        and row["parent"] != "OtherMediaAvailableSequence"  # all there is is installed
    ]
    assert missing == []
    # And no other attribute, so that no SCU is surprised.
    known = {(row["sop_class"], row["service"], row["parent"], row["keyword"]) for row in STANDARD}
    surprising = [
        (*where, *each)
        for where, attributes in seen.items()
        for each in attributes
        if (*where, *each) not in known
    ]
    assert surprising == []
