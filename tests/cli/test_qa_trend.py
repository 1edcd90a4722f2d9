"""`printscp qa trend`: control charts."""

import json
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line
from qa.filled import measured, right

from printscp.qa.limits import KONICA, NEMA
from printscp.qa.store import Measurements


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a printer with three films: a baseline, a right one, and one whose clear film is too dense."""
    for day, clear in ((1, 0.22), (2, 0.23), (3, 0.26)):
        film = measured(
            tmp_path,
            "wedge-6",
            right,
            {"base+fog": clear},
            date=f"2026-11-0{day} 12:00",
            _as_baseline=day == 1,
        )
        Measurements(tmp_path / "qa", "FILM").add(film)
    return tmp_path / "qa"


def test_a_trend_is_told_with_what_is_out_of_limits(folder: Path, ask: Command) -> None:
    done = ask("qa", "trend", "--printer", "FILM", "--qa", folder)
    assert done.code == 6
    assert done.out.startswith("FILM: 3 measurements, 2026-11-01 to 2026-11-03\n")
    [clear] = [line.split() for line in done.out.splitlines() if line.startswith("base+fog")]
    assert clear == [
        "base+fog",
        "3",
        "0.260",
        "OD",
        "0.220",
        "0.190",
        "to",
        "0.250",
        "1",
        "out",
        "of",
        "limits",
        *NEMA.split(),
    ]
    [darkest] = [line.split() for line in done.out.splitlines() if line.startswith("step 6 (wedge-6)")]
    assert darkest == [
        "step",
        "6",
        "(wedge-6)",
        "3",
        "3.100",
        "OD",
        "3.100",
        "2.900",
        "to",
        "3.300",
        "ok",
        *KONICA.split(),
    ]


def test_limits_of_the_site_decide(folder: Path, ask: Command) -> None:
    (folder / "FILM" / "limits.toml").write_text("base_fog = { aim = 0.22, tolerance = 0.05 }\n")
    done = ask("qa", "trend", "--printer", "FILM", "--qa", folder)
    assert done.code == 0, done.out


@pytest.mark.slow
def test_reports_are_written(folder: Path, ask: Command, tmp_path: Path) -> None:
    report, table = tmp_path / "trend.pdf", tmp_path / "trend.csv"
    done = ask(
        "qa", "trend", "--printer", "FILM", "--qa", folder, "--report", report, "--csv", table, "--json"
    )
    assert done.code == 6, done.err
    assert report.read_bytes().startswith(b"%PDF-")
    assert "base+fog" in table.read_text()
    told = json.loads(done.out)
    assert (told["printer"], told["measurements"]) == ("FILM", 3)


def test_what_is_wrong_is_one_clear_line(folder: Path, ask: Command) -> None:
    one_clear_line(
        ask("qa", "trend", "--printer", "WARD", "--qa", folder), "printer WARD: no measurement in", "WARD"
    )
    one_clear_line(ask("qa", "trend", "--printer", " ", "--qa", folder), "give a name of 1 to 200")
    file = Measurements(folder, "FILM").files()[1]
    file.write_text("{")
    one_clear_line(ask("qa", "trend", "--printer", "FILM", "--qa", folder), f"measurement {file}")
