"""The table of statuses has every row of the standard, and what it says is answered can be brought about."""

import csv
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from film.scu import ABSENT, BARE, COLOR, EVERYTHING, GRAY, PROFILE, Scu, color, data_set, gray, make_printer
from film.scu import reference as refer
from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext

from printscp.errors import PrintError, QueueFull, ResourceLimitation
from printscp.film.dialogue import class_name
from printscp.film.exchange import Values, reference
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.printer import PrinterState
from printscp.film.profile import Mode
from printscp.film.service import COVERED, SOP_CLASSES
from printscp.film.statuses import MEANINGS, STATUSES, Use, category
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
from printscp.wire import dimse
from printscp.wire import message as wire
from printscp.wire.dimse import Responder
from printscp.wire.encoding import encode
from printscp.wire.message import Message

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Row = tuple[UID, str, int]
Scenario = Callable[[Mode], int]

FIELDS = {
    "N-CREATE": wire.N_CREATE,
    "N-SET": wire.N_SET,
    "N-GET": wire.N_GET,
    "N-ACTION": wire.N_ACTION,
    "N-DELETE": wire.N_DELETE,
}
CLASSES = {class_name(uid): uid for uid in SOP_CLASSES}
OF_THE_STANDARD = [
    (CLASSES[row["sop_class"]], row["dimse_service"], int(row["status"], 16))
    for row in csv.DictReader((Path(__file__).parent / "data" / "statuses.csv").read_text().splitlines())
]
TABLE: dict[Row, Use] = {
    (sop_class, service, code): use
    for (sop_class, service), uses in STATUSES.items()
    for code, use in uses.items()
}
FULL = ResourceLimitation("no room")
QUEUE_FULL = QueueFull("100 jobs wait, no more may: print again later")
ICC_PROFILE = bytes(36) + b"acsp" + bytes(88)
NO_LUT = [refer(PRESENTATION_LUT, "1.2.3")]
PLAIN = {"profile": replace(PROFILE, smoothings=())}
CROPPING = {"profile": replace(PROFILE, decimate_crop="CROP")}


def lut(**changes: Any) -> Dataset:
    """An item of the Presentation LUT Sequence."""
    item = data_set(LUTExplanation=changes.get("LUTExplanation", "even"))
    for keyword, value in {"LUTDescriptor": [256, 0, 10], "LUTData": list(range(256))}.items():
        given = changes.get(keyword, value)
        if given is not ABSENT:
            item.add_new(keyword, "US", given)
    return item


# --- requests that are carried out, of each service ------------------------------------------------------


class Case:
    """An SCU that is ready to say a good request of one service."""

    def __init__(self, sop_class: UID, service: str, mode: Mode, **settings: Any) -> None:
        in_color = sop_class == BASIC_COLOR_IMAGE_BOX
        self.sop_class, self.service = sop_class, service
        self.scu = Scu(make_printer(mode, **settings), meta=COLOR if in_color else GRAY)
        if service != "N-CREATE" or sop_class == BASIC_FILM_BOX:
            self.scu.create_session()
        if service != "N-CREATE":
            label = "LABEL" if self.scu.printer.profile.annotation_formats else ABSENT
            self.scu.create_film(AnnotationDisplayFormatID=label)
        if service == "N-ACTION":
            self.scu.set_image(1, gray())
        self.instance = UID("1.2.826.7") if service == "N-CREATE" else self._instance()
        self.values = self._values()

    def _instance(self) -> UID:
        scu = self.scu
        if self.sop_class == PRESENTATION_LUT:
            return scu.create_look_up(PresentationLUTShape="IDENTITY")
        if self.sop_class == PRINT_JOB:
            scu.print_film()
            return UID(scu.spool.jobs[0].uid)
        return {
            BASIC_FILM_SESSION: scu.session,
            BASIC_FILM_BOX: scu.film,
            BASIC_GRAYSCALE_IMAGE_BOX: scu.boxes[0],
            BASIC_COLOR_IMAGE_BOX: scu.boxes[0],
            BASIC_ANNOTATION_BOX: (scu.annotations or [UID("")])[0],
            PRINTER: PRINTER_INSTANCE,
            PRINTER_CONFIGURATION_RETRIEVAL: PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
        }[self.sop_class]

    def _values(self) -> dict[str, Any]:
        images: dict[UID, dict[str, Any]] = {
            BASIC_GRAYSCALE_IMAGE_BOX: {"BasicGrayscaleImageSequence": [gray()]},
            BASIC_COLOR_IMAGE_BOX: {"BasicColorImageSequence": [color()]},
        }
        if self.sop_class in images:
            return {"ImageBoxPosition": 1} | images[self.sop_class]
        if self.sop_class == BASIC_ANNOTATION_BOX:
            return {"AnnotationPosition": 0, "TextString": "text"}
        if (self.sop_class, self.service) == (BASIC_FILM_BOX, "N-CREATE"):
            session = refer(BASIC_FILM_SESSION, self.scu.session)
            return {"ImageDisplayFormat": "STANDARD\\1,1", "ReferencedFilmSessionSequence": [session]}
        if (self.sop_class, self.service) == (PRESENTATION_LUT, "N-CREATE"):
            return {"PresentationLUTShape": "IDENTITY"}
        return {}

    def ask(self, instance: str | None = None, context: UID | None = None, **changes: Any) -> int:
        """The status of the good request with some changes: attributes by keyword, and the rest."""
        more: dict[str, Any] = {"action_type": changes.pop("action_type", 1)}
        more["attributes"] = changes.pop("attributes", ())
        dataset = data_set(**self.values | changes)
        verb = self.service.removeprefix("N-").lower()
        wanted = self.instance if instance is None else instance
        return status(lambda: self.scu.ask(verb, self.sop_class, wanted, dataset, context, **more))


def status(call: Callable[[], Any]) -> int:
    """The status of an answer, or of what a request is refused with."""
    try:
        return int(call().status)
    except PrintError as error:
        return error.status


# --- on the wire -----------------------------------------------------------------------------------------


class Wire:
    """A responder with an association on which everything was negotiated."""

    def __init__(self, mode: Mode, **settings: Any) -> None:
        self.sent: list[Message] = []
        contexts = [self._context(number, uid) for number, uid in enumerate(sorted(EVERYTHING))]
        self.contexts = {UID(str(context.abstract_syntax)): context for context in contexts}
        self.printer = make_printer(mode, **settings)
        association: Any = SimpleNamespace(
            accepted_contexts=contexts,
            requestor=SimpleNamespace(
                ae_title="SCU",
                primitive=None,
                requested_contexts=[],
                maximum_length=0,
                implementation_class_uid=None,
                implementation_version_name=None,
            ),
            peer="SCU",
            dul=SimpleNamespace(send=self.sent.append),
            wake=lambda: None,
        )
        self.responder = Responder(association, self.printer, event_timeout=60.0)

    @staticmethod
    def _context(number: int, uid: UID) -> PresentationContext:
        context = PresentationContext()
        context.context_id = 2 * number + 1
        context.abstract_syntax = uid
        context.transfer_syntax = [ImplicitVRLittleEndian]
        return context

    def ask(self, sop_class: UID, service: str, data: bytes = b"", **command: Any) -> int:
        """Status of a request whose command has these elements."""
        context = self.contexts[sop_class if sop_class in EVERYTHING else GRAY]
        if sop_class == BASIC_COLOR_IMAGE_BOX:
            context = self.contexts[COLOR]
        before = len(self.sent)
        elements = {"CommandField": FIELDS[service], "MessageID": 1} | command
        assert context.context_id is not None
        self.responder.respond(Message(context.context_id, elements, data), context)
        [answer] = self.sent[before:]
        assert answer.command["CommandField"] == FIELDS[service] | wire.RESPONSE
        self.comment = answer.command["ErrorComment"]
        return int(answer.command["Status"])

    def do(self, sop_class: UID, service: str, instance: str, values: Values | None = None) -> None:
        """A request that is carried out."""
        data = encode(values, True) if values else b""
        assert self.ask(sop_class, service, data, **named(sop_class, service, instance)) == 0


def named(sop_class: UID, service: str, instance: str) -> dict[str, Any]:
    """What the command of a request has to have."""
    which = "Affected" if service == "N-CREATE" else "Requested"
    return {
        f"{which}SOPClassUID": sop_class,
        f"{which}SOPInstanceUID": UID(instance),
        "ActionTypeID": 1 if service == "N-ACTION" else None,
    }


def undecodable(sop_class: UID, service: str, mode: Mode) -> int:
    without_end = b"\x10\x20\x00\x05\xff\xff\xff\xff"  # a sequence of undefined length
    return Wire(mode).ask(sop_class, service, without_end, **named(sop_class, service, "1.2.3"))


def mistyped(sop_class: UID, service: str, mode: Mode) -> int:
    """Each element that the service must have is left out once."""
    needed = {key: value for key, value in named(sop_class, service, "1.2.3").items() if value is not None}
    if service == "N-CREATE":
        del needed["AffectedSOPInstanceUID"]
    codes = {
        Wire(mode).ask(sop_class, service, **{key: value for key, value in needed.items() if key != left_out})
        for left_out in needed
    }
    [code] = codes
    return code


# --- scenarios for statuses that many services have ------------------------------------------------------


def out_of_context(sop_class: UID, service: str, mode: Mode) -> int:
    """On an association that has another class only."""
    other = next(uid for uid in (PRESENTATION_LUT, PRINTER) if uid != sop_class)
    scu = Scu(make_printer(mode), services=frozenset({other}))
    verb = service.removeprefix("N-").lower()
    return status(lambda: scu.ask(verb, sop_class, "1.2.3", context=other, action_type=1))


def of_another_class(sop_class: UID, service: str, mode: Mode) -> int:
    other = PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE if sop_class == PRINTER else PRINTER_INSTANCE
    return Case(sop_class, service, mode).ask(other)


def changed(**changes: Any) -> Callable[[UID, str, Mode], int]:
    """The good request of a service with some changes."""
    return lambda sop_class, service, mode: Case(sop_class, service, mode).ask(**changes)


GENERAL: dict[int, Callable[[UID, str, Mode], int]] = {
    0x0000: changed(),
    0x0105: changed(PatientName="NOBODY"),
    0x0107: changed(attributes=(0x00100010,)),
    0x0110: undecodable,
    0x0111: changed(instance=PRINTER_INSTANCE),
    0x0112: changed(instance="1.2.3.4"),
    0x0114: changed(FilmSessionLabel="no argument"),
    0x0117: changed(instance="1..2"),
    0x0118: out_of_context,
    0x0119: of_another_class,
    0x0123: changed(action_type=2),
    0x0212: mistyped,
}


def event_answered(sop_class: UID, code: int, mode: Mode) -> int:
    """``code`` where the SCU's answer counts as a confirmation: the next event goes out, the job may go."""
    on = Wire(mode, printer_events=True)
    if sop_class == PRINTER:
        instance = str(PRINTER_INSTANCE)
        news: list[PrinterState | JobNews] = [PrinterState("WARNING", "SUPPLY LOW"), PrinterState()]
    else:
        session = reference(BASIC_FILM_SESSION, "1.2.3")
        on.do(BASIC_FILM_SESSION, "N-CREATE", "1.2.3")
        film = {"ImageDisplayFormat": "STANDARD\\1,1", "ReferencedFilmSessionSequence": [session]}
        on.do(BASIC_FILM_BOX, "N-CREATE", "1.2.4", film)
        assert on.ask(BASIC_FILM_BOX, "N-ACTION", **named(BASIC_FILM_BOX, "N-ACTION", "1.2.4")) in (0, 0xB603)
        instance = on.printer.spool.jobs[0].uid  # type: ignore[attr-defined]
        news = [JobNews(instance, ExecutionStatus.DONE, "NORMAL", "FILMS", "")]  # after the Pending of itself
    for each in news:
        if isinstance(each, PrinterState):
            on.printer.change_state(each)
        else:
            on.printer.tell(each)
    for told in (1, 2):
        on.responder.pump()
        reports = [message for message in on.sent if message.command_field == wire.N_EVENT_REPORT]
        assert len(reports) == told, "one event at a time, and each of them once"
        assert reports[-1].command["AffectedSOPInstanceUID"] == instance
        answer = {
            "CommandField": wire.N_EVENT_REPORT | wire.RESPONSE,
            "MessageIDBeingRespondedTo": reports[-1].command["MessageID"],
            "Status": code,
        }
        on.responder.respond(Message(reports[-1].context_id, answer), on.contexts[sop_class])
    confirmed = on.printer.spool.confirmed  # type: ignore[attr-defined]
    assert confirmed == ([instance] if sop_class == PRINT_JOB and code == 0 else [])
    return code


# --- scenarios of one service ----------------------------------------------------------------------------

OWN: list[tuple[Row, Scenario]] = []


def brings_about(sop_class: UID, service: str, code: int) -> Callable[[Scenario], Scenario]:
    def note(scenario: Scenario) -> Scenario:
        OWN.append(((sop_class, service, code), scenario))
        return scenario

    return note


def data(sop_class: UID, service: str, code: int, *, settings: Any = None, **changes: Any) -> None:
    """A scenario: the good request with these attributes changed."""
    OWN.append(
        (
            (sop_class, service, code),
            lambda mode: Case(sop_class, service, mode, **settings or {}).ask(**changes),
        )
    )


for service in ("N-CREATE", "N-SET"):
    data(BASIC_FILM_SESSION, service, 0x0106, ReferencedPresentationLUTSequence=NO_LUT)
    data(BASIC_FILM_SESSION, service, 0x0116, NumberOfCopies=1000)

    @brings_about(BASIC_FILM_SESSION, service, 0xB600)
    def _memory_that_is_not_there(mode: Mode, service: str = service) -> int:
        without = replace(PROFILE, memory_allocation=False)
        if mode is Mode.TOLERANT:
            assert Case(BASIC_FILM_SESSION, service, mode).ask(MemoryAllocation=1 << 20) == 0xB600
        return Case(BASIC_FILM_SESSION, service, mode, profile=without).ask(MemoryAllocation=1)

    @brings_about(BASIC_FILM_SESSION, service, 0x0213)
    def _memory_that_is_not_free_now(mode: Mode, service: str = service) -> int:
        case = Case(BASIC_FILM_SESSION, service, mode)
        case.scu.budget.reserve(1)
        return case.ask(MemoryAllocation=1 << 10)

    data(BASIC_FILM_BOX, service, 0x0106, MinDensity=200, MaxDensity=100)
    data(BASIC_FILM_BOX, service, 0x0107, ICCProfile=ICC_PROFILE)
    data(BASIC_FILM_BOX, service, 0x0107, settings=PLAIN, SmoothingType="SHARP")
    data(BASIC_FILM_BOX, service, 0x0116, MagnificationType="FISHEYE")
    data(BASIC_FILM_BOX, service, 0xB605, MaxDensity=400)


@brings_about(BASIC_FILM_SESSION, "N-CREATE", 0x0111)
def _a_second_session(mode: Mode) -> int:
    case = Case(BASIC_FILM_SESSION, "N-CREATE", mode)
    assert case.ask() == 0
    return case.ask("1.2.826.8")


@brings_about(BASIC_FILM_SESSION, "N-ACTION", 0x0211)
def _no_film_session_printing(mode: Mode) -> int:
    return Case(BASIC_FILM_SESSION, "N-ACTION", mode, profile=BARE).ask()


for sop_class, code in ((BASIC_FILM_SESSION, 0xC601), (BASIC_FILM_BOX, 0xC602)):
    for trouble in ("full", "stuck"):

        @brings_about(sop_class, "N-ACTION", code)
        def _no_more_films_or_jobs_are_taken(
            mode: Mode, sop_class: UID = sop_class, trouble: str = trouble
        ) -> int:
            case = Case(sop_class, "N-ACTION", mode)
            setattr(case.scu.spool, trouble, QUEUE_FULL)
            return case.ask()


@brings_about(BASIC_FILM_SESSION, "N-ACTION", 0x0213)
def _no_room_for_the_job(mode: Mode) -> int:
    case = Case(BASIC_FILM_SESSION, "N-ACTION", mode)
    case.scu.spool.stuck = FULL
    return case.ask()


@brings_about(BASIC_FILM_SESSION, "N-ACTION", 0x0213)
def _films_that_had_to_make_room(mode: Mode) -> int:
    case = Case(BASIC_FILM_SESSION, "N-ACTION", mode)
    for _ in range(PROFILE.max_collated_films):
        case.scu.print_film()
        case.scu.create_film()
    return case.ask()


@brings_about(BASIC_FILM_SESSION, "N-ACTION", 0xB602)
def _a_session_of_empty_films(mode: Mode) -> int:
    case = Case(BASIC_FILM_SESSION, "N-ACTION", mode)
    case.scu.set_image(1, None)
    case.scu.create_film()
    return case.ask()


@brings_about(BASIC_FILM_SESSION, "N-ACTION", 0xC600)
def _a_session_without_film_boxes(mode: Mode) -> int:
    case = Case(BASIC_FILM_SESSION, "N-ACTION", mode)
    case.scu.delete(BASIC_FILM_BOX, case.scu.film)
    return case.ask()


data(BASIC_FILM_BOX, "N-CREATE", 0x0106, ImageDisplayFormat="ROW\\5")
data(BASIC_FILM_BOX, "N-CREATE", 0x0106, ReferencedFilmSessionSequence=[refer(BASIC_FILM_SESSION, "1.2")])
data(BASIC_FILM_BOX, "N-CREATE", 0x0106, ReferencedPresentationLUTSequence=NO_LUT)
data(BASIC_FILM_BOX, "N-CREATE", 0x0120, ImageDisplayFormat=ABSENT)
data(BASIC_FILM_BOX, "N-CREATE", 0x0121, ImageDisplayFormat="")


@brings_about(BASIC_FILM_BOX, "N-CREATE", 0x0110)
def _a_film_of_another_size_on_a_printer_that_cannot_change_it(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-CREATE", mode, profile=replace(PROFILE, one_film_size=True))
    assert case.ask("1.2.826.8") == 0
    return case.ask(FilmSizeID="A4")


for error in (FULL, QUEUE_FULL):

    @brings_about(BASIC_FILM_BOX, "N-CREATE", 0x0213)
    def _no_room_for_the_film_before(mode: Mode, error: PrintError = error) -> int:
        case = Case(BASIC_FILM_BOX, "N-CREATE", mode)
        assert case.ask("1.2.826.8") == 0
        case.scu.spool.full = error
        return case.ask()


@brings_about(BASIC_FILM_BOX, "N-CREATE", 0x0213)
def _too_many_films_that_are_not_printed(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-CREATE", mode)
    for number in range(PROFILE.max_collated_films):
        assert case.ask(f"1.2.826.9.{number}") == 0
    return case.ask()


@brings_about(BASIC_FILM_BOX, "N-CREATE", 0xC616)
def _a_second_film_without_film_session_printing(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-CREATE", mode, profile=BARE)
    assert case.ask("1.2.826.8") == 0
    return case.ask()


@brings_about(BASIC_FILM_BOX, "N-SET", 0x0106)
def _magnification_none_under_an_image_that_has_to_be_shrunk(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-SET", mode)
    case.scu.set_image(1, gray(300, 300))
    return case.ask(MagnificationType="NONE")


@brings_about(BASIC_FILM_BOX, "N-ACTION", 0x0213)
def _no_room_for_the_film(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-ACTION", mode)
    case.scu.spool.full = FULL
    return case.ask()


@brings_about(BASIC_FILM_BOX, "N-ACTION", 0xB603)
def _an_empty_film(mode: Mode) -> int:
    case = Case(BASIC_FILM_BOX, "N-ACTION", mode)
    case.scu.set_image(1, None)
    return case.ask()


for sop_class, service in (
    (BASIC_FILM_BOX, "N-SET"),
    (BASIC_FILM_BOX, "N-ACTION"),
    (BASIC_FILM_BOX, "N-DELETE"),
    (BASIC_GRAYSCALE_IMAGE_BOX, "N-SET"),
    (BASIC_COLOR_IMAGE_BOX, "N-SET"),
    (BASIC_ANNOTATION_BOX, "N-SET"),
):

    @brings_about(sop_class, service, 0x0112)
    def _of_an_earlier_film(mode: Mode, sop_class: UID = sop_class, service: str = service) -> int:
        case = Case(sop_class, service, mode)
        case.scu.create_film()
        return case.ask()


for sop_class, sequence, other, big in (
    (BASIC_GRAYSCALE_IMAGE_BOX, "BasicGrayscaleImageSequence", "BasicColorImageSequence", gray(300, 300)),
    (BASIC_COLOR_IMAGE_BOX, "BasicColorImageSequence", "BasicGrayscaleImageSequence", color(300, 300)),
):
    data(sop_class, "N-SET", 0x0105, **{other: []})
    data(sop_class, "N-SET", 0x0106, ImageBoxPosition=2)
    data(sop_class, "N-SET", 0x0107, settings=PLAIN, SmoothingType="SHARP")
    data(sop_class, "N-SET", 0x0116, Polarity="SIDEWAYS")
    data(sop_class, "N-SET", 0x0120, **{sequence: ABSENT})
    data(sop_class, "N-SET", 0x0121, ImageBoxPosition=None)
    data(sop_class, "N-SET", 0xB609, RequestedDecimateCropBehavior="CROP", **{sequence: [big]})
    data(sop_class, "N-SET", 0xB609, settings=CROPPING, **{sequence: [big]})
    data(sop_class, "N-SET", 0xB60A, RequestedDecimateCropBehavior="DECIMATE", **{sequence: [big]})
    data(sop_class, "N-SET", 0xC603, RequestedDecimateCropBehavior="FAIL", **{sequence: [big]})
    data(
        sop_class,
        "N-SET",
        0xC603,
        RequestedDecimateCropBehavior="DECIMATE",
        MagnificationType="NONE",
        **{sequence: [big]},
    )
    data(sop_class, "N-SET", 0xC605, settings={"memory": 1 << 16}, **{sequence: [big]})

    @brings_about(sop_class, "N-SET", 0xB604)
    def _shrunk(mode: Mode, sop_class: UID = sop_class, sequence: str = sequence, big: Any = big) -> int:
        magnification = "NONE" if mode is Mode.TOLERANT else "CUBIC"
        return Case(sop_class, "N-SET", mode).ask(MagnificationType=magnification, **{sequence: [big]})


data(BASIC_GRAYSCALE_IMAGE_BOX, "N-SET", 0x0106, ReferencedPresentationLUTSequence=NO_LUT)
data(BASIC_GRAYSCALE_IMAGE_BOX, "N-SET", 0xB605, MinDensity=5)

data(BASIC_ANNOTATION_BOX, "N-SET", 0x0106, AnnotationPosition=7)
data(BASIC_ANNOTATION_BOX, "N-SET", 0x0116, TextString="x" * 65)
data(BASIC_ANNOTATION_BOX, "N-SET", 0x0120, AnnotationPosition=ABSENT)
data(BASIC_ANNOTATION_BOX, "N-SET", 0x0121, AnnotationPosition=None)

data(PRESENTATION_LUT, "N-CREATE", 0x0106, PresentationLUTSequence=[lut()])
data(PRESENTATION_LUT, "N-CREATE", 0x0120, PresentationLUTShape=ABSENT)
data(PRESENTATION_LUT, "N-CREATE", 0x0121, PresentationLUTShape="")
for code, changes in (
    (0x0116, {"LUTExplanation": "x" * 65}),
    (0x0120, {"LUTData": ABSENT}),
    (0x0121, {"LUTData": None}),
):

    @brings_about(PRESENTATION_LUT, "N-CREATE", code)
    def _in_the_item(mode: Mode, changes: Any = changes) -> int:
        case = Case(PRESENTATION_LUT, "N-CREATE", mode)
        case.values = {"PresentationLUTSequence": [lut(**changes)]}
        return case.ask()


@brings_about(PRESENTATION_LUT, "N-CREATE", 0x0213)
def _look_up_tables_without_end(mode: Mode) -> int:
    case = Case(PRESENTATION_LUT, "N-CREATE", mode)
    case.values = {"PresentationLUTSequence": [lut()]}
    return next(code for code in (case.ask(f"1.2.826.9.{number}") for number in range(1000)) if code)


@brings_about(PRESENTATION_LUT, "N-DELETE", 0x0110)
def _a_look_up_table_in_use(mode: Mode) -> int:
    case = Case(PRESENTATION_LUT, "N-DELETE", mode)
    case.scu.set_film(ReferencedPresentationLUTSequence=[refer(PRESENTATION_LUT, case.instance)])
    return case.ask()


@brings_about(PRINT_JOB, "N-GET", 0x0112)
def _a_job_whose_end_was_confirmed(mode: Mode) -> int:
    case = Case(PRINT_JOB, "N-GET", mode)
    case.scu.spool.confirm(case.instance)
    return case.ask()


@brings_about(PRINT_JOB, "N-GET", 0x0213)
def _a_job_table_out_of_reach(mode: Mode) -> int:
    case = Case(PRINT_JOB, "N-GET", mode)
    case.scu.spool.away = ResourceLimitation("the job table is out of reach: ask again later")
    return case.ask()


# --- the tests -------------------------------------------------------------------------------------------


# Of these a service may have cases of its own besides those of all services.
ALSO_GENERAL = (0x0110, 0x0111, 0x0112)


def scenarios() -> Iterator[tuple[Row, Scenario]]:
    """Those of one service, and what many share for the rows that are left."""
    yield from OWN
    own = {row for row, _ in OWN if row[2] not in ALSO_GENERAL}
    for row in OF_THE_STANDARD:
        sop_class, service, code = row
        if service == "N-EVENT-REPORT":
            yield row, partial(event_answered, sop_class, code)
        elif code in GENERAL and not TABLE[row].never and row not in own:
            yield row, partial(GENERAL[code], sop_class, service)


SCENARIOS = list(scenarios())


def name(row: Row) -> str:
    sop_class, service, code = row
    return f"{class_name(sop_class)} {service} {code:04X}"


def test_the_table_has_the_rows_of_the_standard_and_no_others() -> None:
    assert sorted(map(name, TABLE)) == sorted(map(name, OF_THE_STANDARD))
    assert {code for _, _, code in TABLE} == set(MEANINGS)


def test_a_status_is_either_answered_or_says_why_never() -> None:
    for row, use in TABLE.items():
        assert bool(use.never) != bool(use.tolerant or use.strict), name(row)
        assert not use.never or len(use.never.split()) >= 4, name(row)


def test_every_status_that_is_answered_has_a_scenario() -> None:
    answered = {name(row) for row, use in TABLE.items() if not use.never}
    assert answered == {name(row) for row, _ in SCENARIOS}


@pytest.mark.parametrize("mode", list(Mode), ids=str)
@pytest.mark.parametrize(("row", "scenario"), SCENARIOS, ids=[name(row) for row, _ in SCENARIOS])
def test_a_status_is_answered_in_the_modes_that_the_table_says(
    row: Row, scenario: Scenario, mode: Mode
) -> None:
    when = getattr(TABLE[row], mode.value)
    if when:
        assert f"{scenario(mode):04X}" == f"{row[2]:04X}", when
    else:
        assert scenario(mode) != row[2], f"answered by a printer that is {mode}, too"


@pytest.mark.parametrize("mode", list(Mode), ids=str)
def test_services_that_a_class_does_not_have_are_answered_0211(mode: Mode) -> None:
    for sop_class in SOP_CLASSES:
        for service in FIELDS:
            made_anyway = (sop_class, service) == (PRINTER, "N-CREATE") and mode is Mode.TOLERANT
            if (sop_class, service) not in STATUSES and not made_anyway:
                context = next((meta for meta, covered in COVERED.items() if sop_class in covered), sop_class)
                scu = Scu(make_printer(mode), meta=context)
                verb = service.removeprefix("N-").lower()
                code = status(lambda: scu.ask(verb, sop_class, "1.2.3", context=context))  # noqa: B023
                assert code == 0x0211, f"{class_name(sop_class)} {service}"


@pytest.mark.parametrize(
    ("sop_class", "service"), [key for key in STATUSES if key[1] in FIELDS], ids=lambda each: str(each)
)
def test_an_error_of_the_printer_itself_is_0110_and_the_next_request_is_served(
    sop_class: UID, service: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("DOE^JOHN")

    on = Wire(Mode.TOLERANT)
    request = named(sop_class, service, "1.2.3")
    with monkeypatch.context() as broken, caplog.at_level(logging.CRITICAL):
        broken.setattr(dimse, "perform", break_down)
        assert on.ask(sop_class, service, **request) == 0x0110
    assert "DOE" not in on.comment
    assert on.ask(PRINTER, "N-GET", **named(PRINTER, "N-GET", PRINTER_INSTANCE)) == 0


def test_every_error_has_a_status_of_the_table_and_every_failure_an_error() -> None:
    errors = {error.status for error in (PrintError, *PrintError.__subclasses__())}
    answered = {
        code
        for (_, service, code), use in TABLE.items()
        if not use.never and service != "N-EVENT-REPORT" and category(code) == "Failure"
    }
    assert {f"{code:04X}" for code in errors} == {f"{code:04X}" for code in answered | {0x0211}}
