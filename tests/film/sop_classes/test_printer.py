"""Printer (PS3.4 H.4.6): N-GET, and the events of the printer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from film.elements import tag
from film.scu import COLOR, EVERYTHING, GRAY, PROFILE, Scu, refused

from printscp.film.exchange import Answer, Event
from printscp.film.printer import PrinterState
from printscp.film.profile import Mode
from printscp.film.uids import (
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_INSTANCE,
)

Start = Callable[..., Scu]
EVERYTHING_OF_IT = {
    "PrinterStatus": "NORMAL",
    "PrinterStatusInfo": "NORMAL",
    "PrinterName": "FILMS",
    "Manufacturer": "maker",
    "ManufacturerModelName": "small",
    "SoftwareVersions": "1.0",
}
# Of the class, but nothing this printer has.
NOT_SERVED = ("DeviceSerialNumber", "DateOfLastCalibration", "TimeOfLastCalibration")
SUPPLY_LOW = PrinterState("WARNING", "SUPPLY LOW")
FILM_JAM = PrinterState("FAILURE", "FILM JAM")


def ask(scu: Scu, *keywords: str, **more: Any) -> Answer:
    return scu.ask("get", PRINTER, PRINTER_INSTANCE, attributes=tuple(map(tag, keywords)), **more)


# --- N-GET -----------------------------------------------------------------------------------------------


def test_it_tells_all_of_itself_or_what_is_asked_for(start: Start, mode: Mode) -> None:
    scu = start(mode)
    assert ask(scu) == Answer(values=EVERYTHING_OF_IT)
    for keyword, value in EVERYTHING_OF_IT.items():
        assert ask(scu, keyword) == Answer(values={keyword: value})
    assert ask(scu, "PrinterName", "PrinterStatus") == Answer(
        values={"PrinterName": "FILMS", "PrinterStatus": "NORMAL"}
    )


def test_what_is_not_of_the_class_is_named_and_the_rest_given(start: Start, mode: Mode) -> None:
    scu = start(mode)
    answer = scu.ask(
        "get", PRINTER, PRINTER_INSTANCE, attributes=(tag("PatientName"), tag("PrinterStatus"), 0x00091001, 0)
    )
    assert (answer.status, answer.tags) == (0x0107, (tag("PatientName"), 0x00091001, 0))
    assert answer.values == {"PrinterStatus": "NORMAL"}
    assert answer.comment == "3 attributes unknown here"
    answer = scu.ask("get", PRINTER, PRINTER_INSTANCE, attributes=(tag("PatientName"),))
    assert (answer.status, answer.values) == (0x0107, {})


@pytest.mark.parametrize("keyword", NOT_SERVED)
def test_what_it_does_not_have_is_empty_or_named(start: Start, mode: Mode, keyword: str) -> None:
    # Several SCUs in the field ask for calibration and serial number, and take no warning.
    answer = ask(start(mode), keyword, "PrinterName")
    if mode is Mode.TOLERANT:
        assert answer == Answer(values={keyword: None, "PrinterName": "FILMS"})
    else:
        assert (answer.status, answer.tags) == (0x0107, (tag(keyword),))
        assert answer.values == {"PrinterName": "FILMS"}


def test_when_it_was_calibrated_is_told_where_it_is_known(start: Start, mode: Mode) -> None:
    scu = start(mode, calibrated=datetime(2026, 11, 22, 9, 5, 7))
    when = {"DateOfLastCalibration": "20261122", "TimeOfLastCalibration": "090507"}
    assert ask(scu) == Answer(values=EVERYTHING_OF_IT | when)
    assert ask(scu, *when) == Answer(values=when)
    day = ask(start(mode, calibrated=date(2026, 11, 22)))
    assert day.values == EVERYTHING_OF_IT | {"DateOfLastCalibration": "20261122"}


def test_its_state_is_what_it_is_now(start: Start, mode: Mode) -> None:
    scu = start(mode)
    for state in (SUPPLY_LOW, FILM_JAM, PrinterState()):
        scu.printer.change_state(state)
        assert ask(scu, "PrinterStatus", "PrinterStatusInfo").values == {
            "PrinterStatus": state.status,
            "PrinterStatusInfo": state.info,
        }


def test_a_heartbeat_changes_nothing(scu: Scu) -> None:
    before = scu.state()
    answers = [ask(scu, "PrinterStatus") for _ in range(100)]
    assert answers.count(answers[0]) == 100
    assert scu.state() == before


@pytest.mark.parametrize("services", [{GRAY}, {COLOR}, {PRINTER}, {PRINTER, PRINT_JOB}, EVERYTHING])
def test_it_is_there_on_its_own_context_and_on_those_of_films(
    start: Start, mode: Mode, services: set[str]
) -> None:
    scu = start(mode, services=frozenset(services))
    for context in services & {GRAY, COLOR, PRINTER}:
        assert ask(scu, context=context).status == 0


def test_another_instance_is_not_there(scu: Scu) -> None:
    refused(0x0112, lambda: scu.ask("get", PRINTER, "1.2"))
    refused(0x0112, lambda: scu.ask("get", PRINTER, PRINTER))
    refused(0x0119, lambda: scu.ask("get", PRINTER, scu.session))
    refused(0x0117, lambda: scu.ask("get", PRINTER, ""))


def test_some_scus_create_it(start: Start) -> None:
    # United Imaging; the standard has no such service.
    scu = start()
    for uid in (None, PRINTER_INSTANCE, "1.2.3"):
        answer = scu.ask("create", PRINTER, uid)
        assert answer == Answer(values=EVERYTHING_OF_IT, instance=PRINTER_INSTANCE)
    refused(0x0211, lambda: start(Mode.STRICT).ask("create", PRINTER))


def test_the_name_of_the_maker_is_the_profiles(start: Start) -> None:
    scu = start(profile=replace(PROFILE, manufacturer="Other", model="Big"))
    assert ask(scu, "Manufacturer", "ManufacturerModelName").values == {
        "Manufacturer": "Other",
        "ManufacturerModelName": "Big",
    }


# --- N-EVENT-REPORT --------------------------------------------------------------------------------------


def test_each_change_is_one_event(start: Start, mode: Mode) -> None:
    scu = start(mode, printer_events=True)
    scu.create_session(FilmDestination="BIN_1")
    for state in (PrinterState(), SUPPLY_LOW, SUPPLY_LOW, FILM_JAM, PrinterState(), PrinterState()):
        scu.printer.change_state(state)
    values = {"PrinterName": "FILMS", "FilmDestination": "BIN_1"}
    assert scu.events == [
        Event(PRINTER, PRINTER_INSTANCE, 2, {"PrinterStatusInfo": "SUPPLY LOW"} | values),
        Event(PRINTER, PRINTER_INSTANCE, 3, {"PrinterStatusInfo": "FILM JAM"} | values),
        Event(PRINTER, PRINTER_INSTANCE, 1),
    ]
    for event in scu.events:
        scu.dialogue.confirmed(event)
    assert scu.spool.confirmed == []  # a printer does not go when its event is confirmed


def test_another_reason_is_a_change_too(start: Start) -> None:
    scu = start(printer_events=True)
    scu.printer.change_state(SUPPLY_LOW)
    scu.printer.change_state(PrinterState("WARNING", "COVER OPEN"))
    assert [event.values for event in scu.events] == [
        {"PrinterStatusInfo": "SUPPLY LOW", "PrinterName": "FILMS"},
        {"PrinterStatusInfo": "COVER OPEN", "PrinterName": "FILMS"},
    ]


def test_events_go_only_where_they_are_configured(start: Start, mode: Mode) -> None:
    # Weasis aborts on any of them.
    scu = start(mode)
    scu.printer.change_state(FILM_JAM)
    assert scu.events == []


def test_events_go_to_all_who_use_the_printer(start: Start) -> None:
    first = start(printer_events=True, services=frozenset({GRAY}))
    others = [
        start(printer=first.printer, services=frozenset(services))
        for services in ({COLOR}, {PRINTER}, {PRINT_JOB}, {PRINTER_CONFIGURATION_RETRIEVAL})
    ]
    first.printer.change_state(FILM_JAM)
    assert [len(scu.events) for scu in (first, *others)] == [1, 1, 1, 0, 0]
    others[0].close()
    first.printer.change_state(PrinterState())
    assert [len(scu.events) for scu in (first, *others)] == [2, 1, 2, 0, 0]
