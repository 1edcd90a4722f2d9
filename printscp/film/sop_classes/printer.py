"""Printer (PS3.4 H.4.6): the one instance that is always there."""

from datetime import date, datetime
from typing import ClassVar

from printscp.errors import UnrecognizedOperation
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values
from printscp.film.reply import Reply, pick
from printscp.film.uids import PRINTER, PRINTER_INSTANCE

_ATTRIBUTES = (
    Reply("PrinterStatus", "U/M"),
    Reply("PrinterStatusInfo", "U/M"),
    Reply("PrinterName", "U/U"),
    Reply("Manufacturer", "U/U"),
    Reply("ManufacturerModelName", "U/U"),
    Reply("DeviceSerialNumber", "U/U"),
    Reply("SoftwareVersions", "U/U"),
    Reply("DateOfLastCalibration", "U/U"),
    Reply("TimeOfLastCalibration", "U/U"),
)


class PrinterClass:
    """Status and identity of the printer."""

    uid = PRINTER
    tables: ClassVar = {"get": _ATTRIBUTES}

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        # Some SCUs in the field ask for it, though the standard has no such service.
        if dialogue.strict:
            raise UnrecognizedOperation("Printer has no N-CREATE: it is always there")
        return Answer(values=_values(dialogue), instance=PRINTER_INSTANCE)

    @staticmethod
    def get(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        return pick(_values(dialogue), _ATTRIBUTES, request, strict=dialogue.strict)


def _values(dialogue: Dialogue) -> Values:
    printer = dialogue.printer
    return {
        "PrinterStatus": dialogue.state.status,
        "PrinterStatusInfo": dialogue.state.info,
        "PrinterName": printer.name,
        "Manufacturer": printer.profile.manufacturer,
        "ManufacturerModelName": printer.profile.model,
        "SoftwareVersions": printer.software_version,
        **_calibration(printer.calibrated),
    }


def _calibration(calibrated: date | datetime | None) -> Values:
    if calibrated is None:
        return {}
    values: Values = {"DateOfLastCalibration": f"{calibrated:%Y%m%d}"}
    if isinstance(calibrated, datetime):
        values["TimeOfLastCalibration"] = f"{calibrated:%H%M%S}"
    return values
