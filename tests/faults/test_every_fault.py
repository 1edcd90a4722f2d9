"""Each fault through a real association: what the SCU sees, no film lost, and the same bytes twice."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from peers.bare import ABORT_REQUEST
from peers.bench import film_of, open_session, print_film
from peers.front import FaultyFront
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    Printer,
    PrinterInstance,
    PrintJob,
)

from printscp.faults import Fault, FaultScript

pytestmark = pytest.mark.slow

SESSION, FILM = "1.2.3.1", "1.2.3.2"
GARBAGE = FaultScript(seed=7).garbage(256)
PENDING, PRINTING, DONE, FAILURE = 1, 2, 3, 4
UNKNOWN_UID = "1.2.3.4.5.6.7.8.9"


class Wiretap:
    """A socket that keeps what it receives."""

    def __init__(self, plain: socket.socket, heard: bytearray) -> None:
        self._plain = plain
        self._heard = heard

    def recv(self, size: int) -> bytes:
        data = self._plain.recv(size)
        self._heard += data
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


@dataclass
class Seen:
    """What an SCU met that printed a film: answers by step, events, all bytes that it received, and what
    ended it before its time."""

    answers: dict[str, Said] = field(default_factory=dict)
    events: list[Said] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    error: Exception | None = None

    @property
    def event_types(self) -> list[int]:
        return [event.command["EventTypeID"] for event in self.events]

    @property
    def statuses(self) -> dict[str, int]:
        return {step: said.status for step, said in self.answers.items()}


@dataclass
class Case:
    """A rule, what `Seen` must be, how many events come, and the step at which nothing more does."""

    keys: dict[str, Any]
    check: Callable[[Seen], None]
    events: int = 3
    stuck: str = ""


def print_one(address: tuple[str, int], events: int, stuck: str) -> Seen:
    """Print a film, step by step; whatever happens, all that the printer sends is read to its end."""
    seen = Seen()
    taps: list[Wiretap] = []

    def wrap(plain: socket.socket) -> socket.socket:
        taps.append(Wiretap(plain, seen.heard))
        return cast(socket.socket, taps[0])

    try:
        scu = RawScu(address, (META, PrintJob), calling="SCU", confirm=False, wrap=wrap)
        seen.events = scu.events
        _say_all(scu, seen, events, stuck)
    except (OSError, AssertionError, AttributeError) as error:
        seen.error = error
    finally:
        taps[0].close()
    return seen


def _say_all(scu: RawScu, seen: Seen, events: int, stuck: str) -> None:
    def ask(step: str, verb: str, *what: Any, context: str = META) -> Said:
        scu.post(verb, *what, context=context)
        if step == stuck:
            scu.socket.sendall(ABORT_REQUEST)
            while scu.socket.recv(4096):
                pass
            raise ConnectionError("stuck")
        seen.answers[step] = scu.answer()
        return seen.answers[step]

    ask("film-session.create", "create", BasicFilmSession, SESSION, attributes(FilmSessionLabel="LABEL"))
    created = ask("film-box.create", "create", BasicFilmBox, FILM, film_of(SESSION))
    box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    item = image_item(np.arange(64, dtype=np.uint8).reshape(8, 8))
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
    ask("image-box.set", "set", BasicGrayscaleImageBox, box, image)
    printed = ask("film-box.action", "action", BasicFilmBox, FILM)
    if printed.status == 0:
        if events:
            # The rest waits until this one is acknowledged: so the order is always the same.
            scu.wait_for_event()
        job = printed.dataset[0x2100, 0x0500].value[0].ReferencedSOPInstanceUID
        ask("print-job.get", "get", PrintJob, str(job), context=PrintJob)
    ask("printer.get", "get", Printer, PrinterInstance)
    for number in range(events if printed.status == 0 else 0):
        if number == len(scu.events):
            scu.wait_for_event()
        scu.acknowledge(scu.events[number])
    ask("film-box.delete", "delete", BasicFilmBox, FILM)
    if stuck == "release":
        scu.socket.sendall(b"\x05\0\0\0\0\4\0\0\0\0" + ABORT_REQUEST)
        while scu.socket.recv(4096):
            pass
        raise ConnectionError("stuck")
    scu.release()


def well(seen: Seen) -> None:
    assert seen.error is None
    assert set(seen.statuses.values()) == {0}


def broken(kind: type[Exception]) -> Callable[[Seen], None]:
    """The connection ends so at the print."""

    def check(seen: Seen) -> None:
        assert type(seen.error) is kind
        assert list(seen.answers) == ["film-session.create", "film-box.create", "image-box.set"]

    return check


def ends_with(tail: bytes) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert bytes(seen.heard).endswith(tail)
        assert str(seen.error) == "stuck"

    return check


def refused(step: str, status: int, comment: str) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert seen.answers[step].status == status
        assert seen.answers[step].command["ErrorComment"] == comment

    return check


def printer_is(status: str, info: str) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        well(seen)
        printer = seen.answers["printer.get"].dataset
        assert (printer.PrinterStatus, printer.PrinterStatusInfo) == (status, info)
        assert seen.event_types == [PENDING, PRINTING, DONE]

    return check


def rejected(seen: Seen) -> None:
    assert isinstance(seen.error, ConnectionRefusedError)
    assert seen.error.args == ((2, 3, 1),)
    assert seen.heard == b"\x03\0\0\0\0\4\0\2\3\1"


def out_of_film(seen: Seen) -> None:
    well(seen)
    printer, job = seen.answers["printer.get"].dataset, seen.answers["print-job.get"].dataset
    assert (printer.PrinterStatus, printer.PrinterStatusInfo) == ("FAILURE", "SUPPLY EMPTY")
    assert (job.ExecutionStatus, job.ExecutionStatusInfo) == ("PENDING", "SUPPLY EMPTY")
    infos = [event.dataset.ExecutionStatusInfo for event in seen.events]
    assert (seen.event_types, infos) == ([PENDING, PENDING], ["QUEUED", "SUPPLY EMPTY"])


def job_fails(seen: Seen) -> None:
    well(seen)
    job = seen.answers["print-job.get"].dataset
    assert (job.ExecutionStatus, job.ExecutionStatusInfo) == ("FAILURE", "EXPOSURE FAILURE")
    assert seen.event_types == [PENDING, PRINTING, FAILURE]
    assert seen.events[-1].dataset.ExecutionStatusInfo == "EXPOSURE FAILURE"


def half(seen: Seen) -> None:
    assert str(seen.error) == "stuck"
    whole = bytes(print_with(None).heard)
    cut = bytes(seen.heard)
    assert whole.startswith(cut)
    rest = cut
    while len(rest) >= 6 and len(rest) >= (length := 6 + int.from_bytes(rest[2:6], "big")):
        rest = rest[length:]
    assert len(rest) == length // 2


def lacks(step: str, keyword: str) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        said = seen.answers[step]
        assert said.status == 0
        assert keyword not in said.command
        assert keyword not in said.dataset
        assert len(said.dataset) > 3, "the rest is there"

    return check


def wrong_values(seen: Seen) -> None:
    said = seen.answers["film-box.create"]
    assert (said.command["Status"], said.command["AffectedSOPInstanceUID"]) == (0x0116, "9.9")
    assert said.dataset.FilmSizeID == "8INX10IN"
    assert said.dataset.PatientComments == "added"


def unknown_boxes(seen: Seen) -> None:
    boxes = seen.answers["film-box.create"].dataset.ReferencedImageBoxSequence
    assert [box.ReferencedSOPInstanceUID for box in boxes] == [UNKNOWN_UID]
    assert boxes[0].ReferencedSOPClassUID == BasicGrayscaleImageBox
    assert seen.answers["image-box.set"].status == 0x0112


def commands(step: str, **expected: Any) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        well(seen)
        command = seen.answers[step].command
        assert {key: command[key] for key in expected} == expected

    return check


def other_context(seen: Seen) -> None:
    well(seen)
    assert seen.answers["image-box.set"].context_id not in (1, 3)
    assert seen.answers["film-box.create"].context_id == 1


def no_data(seen: Seen) -> None:
    assert seen.answers["printer.get"].data == b""
    assert seen.answers["film-box.create"].data


def half_data(seen: Seen) -> None:
    whole = print_with(None).answers["printer.get"].data
    assert seen.answers["printer.get"].data == whole[: len(whole) // 2]


def garbage_data(seen: Seen) -> None:
    assert seen.answers["printer.get"].data == GARBAGE


def twice(seen: Seen) -> None:
    # The second one is taken for the answer to the next request.
    first, second = seen.answers["film-session.create"], seen.answers["film-box.create"]
    assert first.command == second.command
    assert seen.answers.keys() == {"film-session.create", "film-box.create"}


def doubled(seen: Seen) -> None:
    well(seen)
    assert seen.event_types == [PENDING, PENDING, PRINTING, PRINTING, DONE, DONE]
    numbers = [event.command["MessageID"] for event in seen.events]
    assert len(set(numbers)) == 6


def reversed_events(seen: Seen) -> None:
    well(seen)
    assert seen.event_types == [PRINTING, PENDING]


def without_events(seen: Seen) -> None:
    well(seen)
    assert seen.events == []


AT_PRINT = {"at": "film-box.action"}
CASES: dict[Fault, Case] = {
    Fault.PRINTER_WARNING: Case({"info": "EMPTY A4 TRANS"}, printer_is("WARNING", "EMPTY A4 TRANS")),
    Fault.PRINTER_FAILURE: Case({"at": "film-box.create"}, printer_is("FAILURE", "FILM JAM")),
    Fault.OUT_OF_FILM: Case({"films": 0}, out_of_film, events=2),
    Fault.JOB_FAILURE: Case({"info": "EXPOSURE FAILURE"}, job_fails),
    Fault.QUEUE_FULL: Case({}, refused("film-box.action", 0xC602, "print queue full: try again later")),
    Fault.OUT_OF_MEMORY: Case({}, refused("image-box.set", 0xC605, "no memory now: try again later")),
    Fault.STATUS: Case(
        {"at": "film-session.create", "status": "0x0213", "comment": "not now"},
        refused("film-session.create", 0x0213, "not now"),
    ),
    Fault.REJECT: Case({"reason": "temporary-congestion"}, rejected),
    Fault.SLOW: Case({"at": "image-box.set", "seconds": 0.05}, well),
    Fault.ABORT: Case(AT_PRINT, broken(ConnectionAbortedError)),
    Fault.RESET: Case(AT_PRINT, broken(ConnectionResetError)),
    Fault.HANG_UP: Case(AT_PRINT, broken(ConnectionError)),
    Fault.HALF_PDU: Case(AT_PRINT, half, stuck="film-box.action"),
    Fault.GARBAGE: Case(AT_PRINT, ends_with(GARBAGE), stuck="film-box.action"),
    Fault.SILENCE: Case(AT_PRINT, broken(ConnectionError), stuck="film-box.action"),
    Fault.MISSING_ATTRIBUTES: Case(
        {"at": "film-box.create", "keywords": ["AffectedSOPInstanceUID", "ReferencedSOPClassUID"]},
        lacks("film-box.create", "AffectedSOPInstanceUID"),
    ),
    Fault.MISSING_REFERENCES: Case({}, lacks("film-box.create", "ReferencedImageBoxSequence")),
    Fault.WRONG_ATTRIBUTES: Case(
        {
            "at": "film-box.create",
            "values": {
                "Status": 0x0116,
                "AffectedSOPInstanceUID": "9.9",
                "FilmSizeID": "8INX10IN",
                "PatientComments": "added",
            },
        },
        wrong_values,
    ),
    Fault.WRONG_REFERENCES: Case({}, unknown_boxes),
    Fault.WRONG_INSTANCE: Case(
        {"at": "image-box.set"}, commands("image-box.set", AffectedSOPInstanceUID=UNKNOWN_UID)
    ),
    Fault.WRONG_MESSAGE_ID: Case(
        {"at": "image-box.set"}, commands("image-box.set", MessageIDBeingRespondedTo=65535)
    ),
    Fault.WRONG_CONTEXT: Case({"at": "image-box.set"}, other_context),
    Fault.NO_DATA_SET: Case({"at": "printer.get"}, no_data),
    Fault.HALF_DATA_SET: Case({"at": "printer.get"}, half_data),
    Fault.GARBAGE_DATA_SET: Case({"at": "printer.get"}, garbage_data),
    Fault.ANSWERED_TWICE: Case({"at": "film-session.create"}, twice),
    Fault.EVENT_DELAYED: Case({"seconds": 0.05}, printer_is("NORMAL", "NORMAL")),
    Fault.EVENT_DOUBLED: Case({}, doubled, events=6),
    Fault.EVENTS_REVERSED: Case({}, reversed_events, events=2),
    Fault.NO_EVENTS: Case({}, without_events, events=0),
}


def print_with(fault: Fault | None, front: list[FaultyFront] | None = None) -> Seen:
    """A film printed by a new printer that makes a fault, and another one without it after that."""
    script = FaultScript(seed=7)
    case = Case({}, well)
    if fault is not None:
        case = CASES[fault]
        script.add(fault, **case.keys)
    with FaultyFront(script, at_once=True) as printer:
        seen = print_one(printer.address, case.events, case.stuck)
        script.clear()
        with RawScu(printer.address, (META, PrintJob), calling="OTHER") as other:
            print_film(other, open_session(other))
            other.release()
    if front is not None:
        front.append(printer)
    return seen


def test_every_fault_is_provoked_here() -> None:
    assert set(CASES) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
def test_the_scu_sees_what_is_promised_and_the_printer_serves_on(fault: Fault) -> None:
    fronts: list[FaultyFront] = []
    seen = print_with(fault, fronts)
    CASES[fault].check(seen)
    [printer] = fronts
    # The film that was carried out is a job, whatever the SCU was told; and the one after it.
    carried_out = fault not in NOT_CARRIED_OUT
    assert [sheet.display_format for sheet in printer.spool.sheets] == ["STANDARD\\1,1"] * (1 + carried_out)
    assert fault is Fault.PRINTER_WARNING or {each.fault for each in printer.script.fired} == {fault}
    assert all(each.calling == "SCU" for each in printer.script.fired)
    if fault not in (Fault.PRINTER_WARNING, Fault.REJECT):  # it has no step, or no association
        assert str(fault) in printer.faults_noted()


NOT_CARRIED_OUT = {
    *(Fault.QUEUE_FULL, Fault.STATUS, Fault.REJECT, Fault.MISSING_REFERENCES, Fault.ANSWERED_TWICE),
}


@pytest.mark.parametrize("fault", Fault)
def test_the_same_script_gives_the_same_bytes_twice(fault: Fault) -> None:
    first, second = print_with(fault), print_with(fault)
    assert first.heard
    assert first.heard == second.heard


def test_no_fault_gives_other_bytes_than_a_fault_and_another_seed_others() -> None:
    heard = {bytes(print_with(fault).heard) for fault in (None, Fault.EVENT_DOUBLED, Fault.NO_DATA_SET)}
    assert len(heard) == 3
    assert FaultScript(seed=8).garbage(256) != GARBAGE
    assert len(GARBAGE) == 256
    assert GARBAGE[0] > 7, "a PDU type"
