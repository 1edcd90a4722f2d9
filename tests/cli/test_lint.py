"""`printscp lint`: what was wrong with what an SCU sent for a job."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.command import Command, one_clear_line
from peers.wrong import client

from printscp.catalog import Catalog
from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow


@pytest.fixture
def spool(tmp_path: Path, start_printer: Callable[..., FilmPrinter]) -> Path:
    """Jobs 1 and 2: of a wrong client, and of the right one."""
    printer = start_printer(workers=0)
    client("polarity_doubled").WrongScu(*printer.address).print_films()
    client("ignores_refusal").WrongScu(*printer.address).print_films()
    client("right").PrintScu(*printer.address).print_films()
    printer.stop()
    return tmp_path / "spool"


def test_lint_says_what_is_wrong_and_what_to_do(spool: Path, ask: Command) -> None:
    done = ask("lint", "2", "--spool", spool)
    assert done.code == 6, done
    assert "job 2: 10 requests of RIGHT to PRINTSCP (imager17, tolerant)" in done.out
    said = " ".join(done.out.split())
    assert "error pixel-length: step 12, N-SET Basic Grayscale Image Box, position 2" in said
    assert "BasicGrayscaleImageSequence.PixelData: " in said
    assert "261632 bytes, 512 x 512 needs 262144 (PS3.5 8.1.1)" in said
    assert "To do: Rows x Columns" in said
    assert "0x0106 refused: PixelData has 261632 bytes" in said
    assert "ihefull" in said
    assert "error printed-after-failure: step 14, N-ACTION Basic Film Box" in said
    assert done.out.splitlines()[-1].startswith("2 errors, 0 warnings, ")


def test_lint_of_a_good_client_has_nothing_to_say(spool: Path, ask: Command) -> None:
    done = ask("lint", "latest", "--spool", spool, "--persona", "none")
    assert done.code == 0, done
    assert done.out.splitlines()[1:] == ["", "0 errors, 0 warnings, 0 notes"]


def test_warnings_may_count_as_errors(spool: Path, ask: Command, tmp_path: Path) -> None:
    assert ask("lint", "1", "--spool", spool).code == 0
    junit = tmp_path / "findings.xml"
    done = ask("lint", "1", "--spool", spool, "--warnings-as-errors", "--junit", junit)
    assert done.code == 6
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("job 1", "11", "2")
    failed = [case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None]
    assert failed == [f"{n}: N-SET Basic Grayscale Image Box, position {p}" for n, p in ((10, 1), (12, 2))]
    assert ask("lint", "1", "--spool", spool, "--junit", junit).code == 0
    suite = ElementTree.parse(junit).getroot()
    assert suite.get("failures") == "0"
    assert "polarity-doubled" in "".join(suite.itertext())


def test_lint_for_programs(spool: Path, ask: Command) -> None:
    done = ask("lint", "1", "--spool", spool, "--json", "--persona", "iherestricted, fuji_drypix4000")
    report = json.loads(done.out)
    assert (report["ok"], report["errors"], report["warnings"]) == (True, 0, 2)
    assert [each["status"] for each in report["requests"]] == [0] * 10
    first = next(each for each in report["findings"] if each["code"] == "polarity-doubled")
    assert first["attribute"] == "Polarity"
    assert first["imagers"]["fuji_drypix4000"] == "taken"
    assert first["imagers"]["iherestricted"].startswith("not reached: refused at step ")
    everyone = json.loads(ask("lint", "1", "--spool", spool, "--json").out)["findings"]
    assert all(each["imagers"].keys() == set(Catalog().profile_names) for each in everyone if each["step"])


def test_lint_of_a_file(spool: Path, ask: Command, tmp_path: Path) -> None:
    file = tmp_path / "job.tar"
    assert ask("jobs", "export", "2", file, "--spool", spool).code == 0
    done = ask("lint", file, "--persona", "none")
    assert done.code == 6
    assert done.out.startswith("job.tar: 10 requests")


def test_lint_of_an_association_that_came_to_no_film(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, ask: Command
) -> None:
    printer = start_printer(workers=0)
    client("missing_session_reference").WrongScu(*printer.address).print_films()
    printer.stop()
    done = ask("lint", "unprinted", "--spool", tmp_path / "spool")
    assert done.code == 6, done
    assert "missing-attribute: step 8, N-CREATE Basic Film Box" in done.out


def test_lint_says_why_it_cannot(spool: Path, ask: Command, tmp_path: Path) -> None:
    one_clear_line(ask("lint", "9", "--spool", spool), "no job 9", code=3)
    one_clear_line(ask("lint", "1", "--spool", spool, "--persona", "nobody"), "nobody")
    one_clear_line(ask("lint", tmp_path / "no.tar"), "no.tar")
    one_clear_line(ask("lint", "1", "--spool", spool, "--junit", tmp_path / "no" / "way.xml"), "way.xml")
