"""docs/testing-scus.md does what it says."""

import inspect
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from testing.dcmtk_report import SITUATIONS, Situation, row
from testing.films import send

from printscp.testing import BenchPrinter, Film, FilmImage
from printscp.testing.station import Station

pytest_plugins = ["pytester"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing-scus.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
CHAPTERS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def blocks(chapter: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", CHAPTERS[chapter], re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_from_nothing_to_a_test_that_passes(pytester: pytest.Pytester) -> None:
    client, test, shown, better = blocks("From nothing to a test that passes")
    assert len([line for line in test.splitlines() if line]) <= 10
    (pytester.path / "print_scu.py").write_text(client)
    (pytester.path / "test_print_scu.py").write_text(test)
    failed = pytester.runpytest_subprocess()
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines([line.replace("...", "*") for line in shown.splitlines()])
    name = better.split("=")[0]
    (wrong,) = (line for line in client.splitlines() if line.startswith(name))
    (pytester.path / "print_scu.py").write_text(client.replace(wrong, better.rstrip()))
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_what_a_film_and_a_printer_have_is_there() -> None:
    with BenchPrinter() as printer:
        for name in ("address", "host", "port", "ae_title", "films", "jobs", "dialogues", "findings"):
            getattr(printer, name)
    names = re.findall(r"`(\w+)", "".join(re.findall(r"^\| (`.*?) \|", CHAPTERS["A film"], re.MULTILINE)))
    known = set(dir(Film)) | set(inspect.signature(Film.__init__).parameters)
    known |= {"sheet", "order", "count", "placement", "mm", "pixels", "part"} | set(dir(FilmImage))
    assert len(names) > 20
    assert set(names) <= known
    of_printer = re.findall(r"^\| `(\w+)", CHAPTERS["The fixtures"], re.MULTILINE)
    settings = set(inspect.signature(BenchPrinter.__init__).parameters)
    assert set(of_printer) <= set(dir(BenchPrinter)) | settings | {"faults"}


def test_each_key_of_a_line_is_described(tmp_path: Path) -> None:
    described = set(re.findall(r"`(\w+)`", CHAPTERS["Other languages"]))
    station = Station(tmp_path, findings=True, once=True)
    with station.printer(seed=1) as printer:
        printer.faults.add("job-failure")
        scu = threading.Thread(target=send, args=(printer, [np.zeros((40, 40), np.uint8)], "LABEL"))
        scu.start()
        lines = list(station.lines(printer))
        scu.join(20)
    assert not station._numbers, "associations that have ended"
    kinds = {line["line"] for line in lines}
    assert kinds == {"ready", "step", "film", "end"}
    keys = {key for line in lines for key in line}
    (film,) = (line for line in lines if line["line"] == "film")
    keys |= {key for image in film["images"] for key in image} | {
        key for each in film["findings"] for key in each
    }
    assert len(keys) > 40
    assert keys <= described | {"line"}


@pytest.mark.peer("dcmprscu", "dcmpsprt")
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name.replace("`", ""))
def test_dcmprscu_does_as_the_report_says(situation: Situation, tmp_path: Path) -> None:
    told = [line for line in TEXT.splitlines() if line.startswith(f"| {situation.name} |")]
    assert told == [row(situation, tmp_path / "dcmtk")]


def test_each_situation_is_in_the_report() -> None:
    table = re.findall(r"^\| (.*?) \|", CHAPTERS["Reading a report: DCMTK's dcmprscu"], re.MULTILINE)
    assert table == ["Printer", *(situation.name for situation in SITUATIONS)]
