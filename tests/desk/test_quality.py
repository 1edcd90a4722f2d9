"""Calibration and control charts as people see them."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from qa.filled import measured, right

from printscp.config import Settings
from printscp.desk.house import House
from printscp.desk.quality import Quality
from printscp.desk.records import SeenCurve
from printscp.errors import NotPossible, SetupError
from printscp.outputs.curve import CurveFile
from printscp.qa.calibration.curves import Curves
from printscp.qa.store import Measurements
from printscp.spool.folder import Spool


@pytest.fixture
def quality(settings: Settings, spool: Spool) -> Iterator[Quality]:
    house = House(settings)
    yield Quality(house)
    house.close()


@pytest.fixture
def measurements(settings: Settings, tmp_path: Path) -> Measurements:
    """Of a printer with two films, the second too dense where nothing was exposed."""
    kept = Measurements(settings.qa, "FILM 1")
    for day, clear in ((1, 0.22), (2, 0.26)):
        made = f"2026-11-0{day} 12:00"
        kept.add(measured(tmp_path, "wedge-6", right, {"base+fog": clear}, date=made, _as_baseline=day == 1))
    return kept


def test_measurements_are_told_the_newest_first(quality: Quality, measurements: Measurements) -> None:
    last, first = quality.measurements("FILM 1")
    assert [last.file, first.file] == [each.name for each in reversed(measurements.files())]
    assert (first.pattern, first.passed, first.baseline) == ("wedge-6", True, True)
    assert (last.passed, last.baseline) == (False, False)
    assert last.taken > first.taken
    assert last.operator == measurements.all()[0].provenance.operator


def test_control_charts_go_by_the_limits_of_the_site(
    quality: Quality, measurements: Measurements, settings: Settings
) -> None:
    def clear() -> list[bool]:
        trend = quality.trend(" FILM 1")
        assert trend is not None
        [chart] = [each for each in trend.charts if each.quantity == "base+fog"]
        return [point.inside for point in chart.points]

    assert clear() == [True, False]
    (settings.qa / "FILM 1" / "limits.toml").write_text("base_fog = { aim = 0.22, tolerance = 0.1 }\n")
    assert clear() == [True, True]
    (settings.qa / "FILM 1" / "limits.toml").write_text("tea = 1\n")
    with pytest.raises(SetupError, match="tea"):
        quality.trend("FILM 1")


@pytest.mark.slow
def test_control_charts_are_drawn(quality: Quality, measurements: Measurements) -> None:
    assert quality.report("FILM 1").startswith(b"%PDF-")


def test_of_what_was_not_measured_there_is_nothing(quality: Quality) -> None:
    for name in ("ROOM", "../..", "..", "a/b", "ä"):
        assert quality.measurements(name) == quality.curves(name) == ()
        assert quality.trend(name) is None
        with pytest.raises(NotPossible, match="no measurement"):
            quality.report(name)
    with pytest.raises(SetupError, match="1 to 200"):
        quality.curves(" ")


def test_curves_are_told_with_the_one_in_force(quality: Quality, settings: Settings) -> None:
    curves = Curves(settings.qa, "FILM")
    points = ((0.0, 3.0), (0.5, 1.2), (1.0, 0.2))
    for version in (1, 2):
        made = datetime(2026, 11, version, tzinfo=UTC)
        curve = CurveFile(
            printer="FILM",
            measured=date(2026, 10, version),
            version=version,
            before=version - 1,
            made=made,
            measurement="x.json" if version == 2 else "",
            operator="A. Physicist",
            points=points,
        )
        curves.add(curve)
    curves.undo("A. Physicist", datetime(2026, 11, 3, tzinfo=UTC))
    assert quality.curves("FILM") == (
        SeenCurve(2, date(2026, 10, 2), False, "3 points, from x.json, by A. Physicist"),
        SeenCurve(1, date(2026, 10, 1), True, "3 points, by A. Physicist"),
    )


@pytest.mark.slow
def test_what_is_slow_to_load_is_not_loaded_before_it_is_wanted() -> None:
    code = "import sys, printscp.desk.quality; print({'scipy', 'matplotlib', 'reportlab'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
