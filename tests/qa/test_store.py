"""What is kept of a printer."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qa.filled import measured

from printscp.durable import DurableFile
from printscp.errors import SetupError
from printscp.qa.measurement import Measurement
from printscp.qa.store import Measurements, curve_version, printer_folder

TAKEN = datetime(2026, 11, 22, 11, 15, tzinfo=timezone(timedelta(hours=1)))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=16).filter(str.strip)


@pytest.fixture(scope="module")
def measurement(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    folder = tmp_path_factory.mktemp("readings")
    return measured(folder, "wedge-8", operator="Zoë", date=TAKEN.isoformat())


def at(measurement: Measurement, taken: datetime, **fields: object) -> Measurement:
    return replace(measurement, provenance=replace(measurement.provenance, made=taken), **fields)


def test_a_measurement_comes_back_as_it_was(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    file = kept.add(measurement)
    assert file == tmp_path / "FILM" / "measurements" / "20261122-101500.json"
    assert kept.read(file) == measurement
    assert kept.all() == [measurement]
    assert kept.latest() == (file, measurement)
    assert "Zoë" in file.read_text(encoding="utf-8")
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_none_is_ever_overwritten(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    others = [at(measurement, TAKEN, densitometer=f"number {number}") for number in range(12)]
    files = [kept.add(each) for each in others]
    assert [kept.read(file) for file in files] == others
    assert kept.files() == files  # -2 before -10
    assert files[-1].name == "20261122-101500-12.json"


def test_what_is_there_already_is_not_kept_twice(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    assert kept.add(measurement) == kept.add(measurement)
    assert len(kept.files()) == 1


def test_those_of_the_same_second_do_not_hinder_each_other(
    measurement: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, other = Measurements(tmp_path, "FILM"), at(measurement, TAKEN, densitometer="another")
    flush, begun = DurableFile.flush, []

    def interrupted(file: DurableFile) -> None:
        if not begun:
            begun.append(file)
            kept.add(other)
        flush(file)

    monkeypatch.setattr(DurableFile, "flush", interrupted)
    kept.add(measurement)
    assert kept.all() == [other, measurement]


def test_they_are_in_the_order_of_their_readings(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    times = [datetime(2026, 11, 22, 12, tzinfo=UTC), TAKEN, datetime(2025, 1, 1, tzinfo=UTC)]
    for taken in times:
        kept.add(at(measurement, taken))
    assert [each.provenance.made for each in kept.all()] == sorted(times)
    assert kept.latest()[1].provenance.made == times[0]


def test_the_baseline_is_the_latest_of_its_pattern(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    assert kept.baseline("wedge-8") is None
    first, second, other, later = (
        at(measurement, TAKEN + timedelta(days=day), baseline=baseline, pattern=pattern)
        for day, (baseline, pattern) in enumerate(
            [(True, "wedge-8"), (True, "wedge-8"), (True, "wedge-6"), (False, "wedge-8")]
        )
    )
    for each in (second, first, other, later):
        kept.add(each)
    assert kept.baseline("wedge-8") == second
    assert kept.baseline("wedge-6") == other


def test_printers_do_not_see_each_other_s(measurement: Measurement, tmp_path: Path) -> None:
    Measurements(tmp_path, "FILM").add(measurement)
    with pytest.raises(
        SetupError, match=r"printer WARD: no measurement in .*WARD/measurements: make one with"
    ):
        Measurements(tmp_path, "WARD").latest()
    assert Measurements(tmp_path, "WARD").all() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"aim"', '"goal"'),
        lambda text: re.sub('"density|"p_value": [0-9.]+', '"p_value": "dark"', text),
        lambda text: "\udcff" + text,
    ],
)
def test_a_damaged_file_is_named(spoil: object, measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    file = kept.add(measurement)
    assert callable(spoil)
    file.write_text(spoil(file.read_text()), errors="surrogateescape")
    for look in (kept.all, kept.latest, lambda: kept.baseline("wedge-8")):
        with pytest.raises(SetupError) as caught:
            look()
        assert str(caught.value).startswith(f"measurement {file}: ")
        assert str(caught.value).isprintable()


def test_other_files_in_the_folder_do_not_matter(measurement: Measurement, tmp_path: Path) -> None:
    kept = Measurements(tmp_path, "FILM")
    file = kept.add(measurement)
    for name in (".20261122-101500.json.0123abcd.part", "notes.json", "20261122-101500.json.bak"):
        (kept.folder / name).write_text("")
    assert kept.files() == [file]


def test_a_folder_that_is_a_file_is_named(measurement: Measurement, tmp_path: Path) -> None:
    (tmp_path / "FILM").write_text("")
    with pytest.raises(SetupError, match="FILM"):
        Measurements(tmp_path, "FILM").add(measurement)


# --- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("FILM", "FILM"),
        ("Drystar, ward 3", "Drystar, ward 3"),
        (" FILM ", "FILM"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        (".", "%2E"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("Röntgen", "R%C3%B6ntgen"),
    ],
)
def test_folders_of_printers(name: str, folder: str, tmp_path: Path) -> None:
    assert printer_folder(tmp_path, name) == tmp_path / folder


@given(NAMES, NAMES)
def test_distinct_names_have_distinct_folders_within(one: str, other: str) -> None:
    root = Path("/qa")
    folders = [printer_folder(root, name) for name in (one, other)]
    assert (folders[0] == folders[1]) == (one.strip() == other.strip())
    for folder in folders:
        assert folder.parent == root
        assert folder.name not in ("", ".", "..")
        assert folder.name.isprintable()


@pytest.mark.parametrize("name", ["", "  ", "x" * 300])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="give a name of 1 to 200"):
        printer_folder(tmp_path, name)


def test_bytes_of_a_command_line_that_are_no_text_are_no_name(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"printer '\\udcff': give a name in UTF-8"):
        printer_folder(tmp_path, "\udcff")


# --- the curve in force ----------------------------------------------------------------------------------


def test_the_version_of_the_curve_in_force(tmp_path: Path) -> None:
    assert curve_version(tmp_path, "FILM") == 0
    file = tmp_path / "FILM" / "curve.toml"
    file.parent.mkdir()
    file.write_text('printer = "FILM"\n')
    assert curve_version(tmp_path, "FILM") == 0
    file.write_text("version = 3\n")
    assert curve_version(tmp_path, "FILM") == 3
    file.write_text("version")
    with pytest.raises(SetupError, match=re.escape(f"curve {file}: ")):
        curve_version(tmp_path, "FILM")


def test_files_are_for_programs_too(measurement: Measurement, tmp_path: Path) -> None:
    value = json.loads(Measurements(tmp_path, "FILM").add(measurement).read_text())
    assert (value["format"], value["pattern"], value["steps"][0]["name"]) == (1, "wedge-8", "step-1")
    assert value["provenance"]["made"].startswith("2026-11-22T")
