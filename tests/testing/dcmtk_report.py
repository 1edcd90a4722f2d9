"""DCMTK's `dcmprscu` before printers that are picky or fail on command: what it was told, and what it did."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers.dcmtk import PrintClient
from pydicom.data import get_testdata_file

from printscp.lint import Severity
from printscp.testing import BenchPrinter
from printscp.transcript import Transcript

MR = Path(str(get_testdata_file("MR_small.dcm", download=False)))


@dataclass(frozen=True)
class Situation:
    """``name`` is how the document calls it; ``options`` are for dcmpsprt, ``settings`` of its printer."""

    name: str
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    options: str = ""


SITUATIONS = (
    Situation("the default printer"),
    Situation("`IHERESTRICTED`", settings={"Aetitle": "IHERESTRICTED"}),
    Situation(
        "`IHERESTRICTED`, with a Presentation LUT",
        settings={"Aetitle": "IHERESTRICTED", "SupportsPresentationLUT": "true"},
    ),
    Situation(
        "`IHEFULL`, Min Density 5, 4 boxes",
        settings={"Aetitle": "IHEFULL"},
        options="--min-density 5 --layout 2 2",
    ),
    Situation(
        "`FUJI_DRYPIX4000`, Max Density 400, Empty Image Density",
        settings={"Aetitle": "FUJI_DRYPIX4000"},
        options="--max-density 400 --empty-image WHITE",
    ),
    Situation("fault `reject`", faults={"reject": {"reason": "local-limit"}}),
    Situation("fault `printer-failure`", faults={"printer-failure": {"info": "FILM JAM"}}),
    Situation("fault `missing-references`", faults={"missing-references": {}}),
    Situation("fault `wrong-references`", faults={"wrong-references": {}}),
    Situation("fault `out-of-memory`", faults={"out-of-memory": {}}),
    Situation("fault `queue-full`", faults={"queue-full": {}}),
    Situation("fault `abort` at `film-box.action`", faults={"abort": {"at": "film-box.action"}}),
    Situation("fault `job-failure`", faults={"job-failure": {}}),
)


def row(situation: Situation, folder: Path) -> str:
    """The row of the document's table: run it, and see."""
    with BenchPrinter(personas="all") as printer:
        for fault, keys in situation.faults.items():
            printer.faults.add(fault, **keys)
        client = PrintClient(folder, printer.address, **situation.settings)
        film = client.store([MR], "--filmsize", "8INX10IN", *situation.options.split())
        talk = client.send(film)
        if printer.dialogues:
            printer.wait_for_association_end(20)
        found = [each.code for each in printer.findings if each.severity is not Severity.NOTE]
        cells = (
            situation.name,
            ", ".join(_not_success(each) for each in printer.dialogues) or "no association",
            ", ".join(f"`{each}`" for each in dict.fromkeys(found)) or "none",
            ", ".join(str(each.status) for each in printer.films) or "none",
            _said(talk.errors),
        )
    return f"| {' | '.join(cells)} |"


def _not_success(dialogue: Transcript) -> str:
    """Answers that are not success, and what was not answered."""
    said = []
    for request, answer in dialogue.exchanges():
        if answer is None or answer.status:
            status = "no answer" if answer is None else f"0x{answer.status:04X}"
            said.append(f"{request.service} {request.sop_class.name.removesuffix(' SOP Class')}: {status}")
    return ", ".join(said) or "all success"


def _said(errors: list[str]) -> str:
    return errors[0].removeprefix("spooler: ") if errors else "nothing"
