"""`printscp qa measure`: from the template to a report."""

import json
from pathlib import Path

import pytest
from cli.command import Answer, Command, one_clear_line
from qa.filled import filled, right

from printscp.qa.readings import template
from printscp.qa.store import Measurements
from printscp.render.tone import ToneScale


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "qa"


@pytest.fixture
def measure(folder: Path, ask: Command) -> Command:
    """`printscp qa measure` of readings, which are written first where they are text."""

    def asked(readings: object, *options: object) -> Answer:
        if isinstance(readings, str):
            text, readings = readings, folder.parent / "readings.csv"
            readings.write_text(text)
        return ask("qa", "measure", readings, "--printer", "FILM", "--qa", folder, *options)

    return asked


def test_from_the_template_to_the_history(folder: Path, measure: Command, ask: Command) -> None:
    told = ask("qa", "measure", "--template", "--printer", "FILM", "--qa", folder)
    assert (told.code, told.out) == (0, template("wedge-32", "FILM"))
    assert not folder.exists()
    done = measure(
        filled("wedge-32", right, {"base+fog": 0.22}, operator="A. Physicist", date="2020-11-22 10:15+00:00")
    )
    assert done.code == 0, done.err
    file = folder / "FILM" / "measurements" / "20201122-101500.json"
    assert done.out.endswith(f"kept as {file}\n")
    for words in (
        "FILM: wedge-32 of 2020-11-22",
        "0.20 to 3.10 OD, L0 2000, La 10 cd/m2, curve version 0",
        "step-02               8.2  2.665  2.670  +0.005",
        "pass  fit       a horizontal line fits best",
        "[NEMA XR 23-2006, as cited in a vendor's QC manual]",
        "note  daily     not read: low, mid, high",
    ):
        assert words in done.out
    [kept] = Measurements(folder, "FILM").all()
    assert (kept.passed, kept.provenance.operator, kept.baseline) == (True, "A. Physicist", False)
    assert kept.provenance.profile == "imager17 (printscp imager17)"


def test_templates_of_other_patterns_and_curves(folder: Path, ask: Command) -> None:
    (folder / "FILM").mkdir(parents=True)
    (folder / "FILM" / "curve.toml").write_text("version = 2\n")
    told = ask("qa", "measure", "--template", "--pattern", "wedge-6", "--printer", "FILM", "--qa", folder)
    assert told.out == template("wedge-6", "FILM", 2)
    assert "# curve version: 2\n" in told.out


def test_a_film_that_is_not_right_is_kept_and_said(folder: Path, measure: Command) -> None:
    done = measure(filled("wedge-32", lambda p_value: right(p_value**1.1)))
    assert done.code == 6
    assert "fail  density" in done.out
    assert "fail  fit" in done.out
    [kept] = Measurements(folder, "FILM").all()
    assert str(Measurements(folder, "FILM").files()[0]) in done.out
    assert not kept.passed


@pytest.mark.slow
def test_reports_are_written(folder: Path, measure: Command) -> None:
    report, table = folder.parent / "report.pdf", folder.parent / "table.csv"
    done = measure(filled("wedge-8"), "--report", report, "--csv", table, "--json")
    assert done.code == 0, done.err
    assert report.read_bytes().startswith(b"%PDF-")
    assert "step-8" in table.read_text()
    told = json.loads(done.out)
    assert (told["pattern"], told["passed"]) == ("wedge-8", True)
    assert Path(told["file"]).is_file()


def test_a_printer_of_the_configuration_has_its_own_profile(
    folder: Path, measure: Command, tmp_path: Path
) -> None:
    config = tmp_path / "printers.toml"
    config.write_text(
        f'qa = "{tmp_path / "elsewhere"}"\n[[printers]]\nae_title = "FILM"\nprofile = "fuji_drypix4000"\n'
    )
    fuji = ToneScale(0.20, 3.61, 2000, 10)
    text = filled("wedge-8", lambda p_value: float(fuji.density(p_value)))
    assert measure(text, "--config", config).code == 0
    [kept] = Measurements(folder, "FILM").all()  # the flag goes over the file
    assert kept.provenance.profile.startswith("fuji_drypix4000 (")
    measure(text, "--config", config, "--profile", "imager17")
    assert Measurements(folder, "FILM").latest()[1].provenance.profile.startswith("imager17 (")


def test_what_films_are_to_be_can_be_said(folder: Path, measure: Command) -> None:
    film = ToneScale(0.25, 2.80, 3000, 5)
    text = filled("wedge-8", lambda p_value: float(film.density(p_value)))
    light = ("--illumination", 3000, "--ambient", 5)
    assert measure(text, "--min-density", 0.25, "--max-density", "2.80", *light).code == 0
    assert Measurements(folder, "FILM").latest()[1].scale == film
    paper = ToneScale(0.05, 2.00, 150, 0)
    text = filled("wedge-8", lambda p_value: float(paper.density(p_value)))
    assert measure(text, "--medium", "PAPER").code == 0
    latest = Measurements(folder, "FILM").latest()[1]
    assert (latest.scale, latest.provenance.profile) == (paper, "imager17 (printscp imager17), PAPER")


def test_a_baseline_is_what_later_films_are_compared_to(measure: Command) -> None:
    assert "there is no baseline yet" in measure(filled("wedge-6", date="2020-11-01")).out
    assert measure(filled("wedge-6", date="2020-11-02"), "--baseline").code == 0
    done = measure(
        filled("wedge-6", lambda p_value: right(p_value) + 0.04 * (p_value == 1), date="2020-11-03")
    )
    assert done.code == 6
    assert "step 1 is 0.24 OD, and was 0.20" in done.out
    assert "[Konica DRYPRO 793 QC manual]" in done.out


def test_limits_of_the_site(folder: Path, measure: Command, tmp_path: Path) -> None:
    text = filled("wedge-8", lambda p_value: right(p_value) + 0.08)
    assert measure(text).code == 6
    own = tmp_path / "own.toml"
    own.write_text("step = { od = 0.1 }\n")
    done = measure(text, "--limits", own)
    assert done.code == 0
    assert "[site]" in done.out
    (folder / "FILM" / "limits.toml").write_text("step = { od = 0.01 }\n")
    assert measure(filled("wedge-8", lambda p_value: right(p_value) + 0.02)).code == 6
    assert measure(text, "--limits", own).code == 0


def test_readings_without_a_pattern(folder: Path, measure: Command) -> None:
    text = filled("wedge-8").replace("# pattern: wedge-8\n", "")
    assert measure(text, "--pattern", "wedge-8").code == 0
    one_clear_line(measure(text), "readings.csv: line 12: step-02 of wedge-32", "was taken for wedge-32")


def test_with_a_curve_in_force_a_film_has_to_say_whether_it_went_through_it(
    folder: Path, measure: Command
) -> None:
    (folder / "FILM").mkdir(parents=True)
    (folder / "FILM" / "curve.toml").write_text("version = 2\n")
    text = filled("wedge-8", curve_version="")
    one_clear_line(measure(text), "readings.csv: say through which curve", "'# curve version: 2'")
    assert measure(filled("wedge-8", curve_version=0)).code == 0
    (folder / "FILM" / "curve.toml").unlink()
    assert measure(text).code == 0


def test_less_than_the_printer_s_range_is_kept_beside_it(folder: Path, measure: Command) -> None:
    measure(filled("wedge-8"), "--max-density", 2.8)
    kept = Measurements(folder, "FILM").latest()[1]
    assert (kept.scale, kept.printed_in) == (ToneScale(0.2, 2.8, 2000, 10), ToneScale(0.2, 3.1, 2000, 10))


def test_what_is_wrong_is_one_clear_line(
    folder: Path, measure: Command, ask: Command, tmp_path: Path
) -> None:
    one_clear_line(measure(tmp_path / "none.csv"), "readings", "none.csv: No such file")
    one_clear_line(measure(filled("wedge-6").replace("step-2", "step-7")), "line 13", "'step-7' is none of")
    one_clear_line(measure(filled("wedge-6"), "--template"), "READINGS.csv", "--template")
    one_clear_line(ask("qa", "measure", "--printer", "FILM"), "READINGS.csv", "--template")
    one_clear_line(measure(filled("wedge-6"), "--profile", "none"), "no printer profile 'none'", "imager17")
    one_clear_line(measure(filled("wedge-6"), "--medium", "GLASS"), "no medium 'GLASS'", "PAPER")
    one_clear_line(measure(filled("wedge-6"), "--max-density", 9), "densities 0.2 to 9 OD")
    one_clear_line(measure(filled("wedge-6"), "--limits", tmp_path / "none.toml"), "limits", "none.toml")
    one_clear_line(
        ask("qa", "measure", "--template", "--pattern", "geometry", "--printer", "F"), "no gray steps"
    )
    assert not folder.exists()
    assert ask("qa", "measure", tmp_path / "readings.csv").code == 2  # of no printer


def test_a_report_that_cannot_be_written_leaves_the_measurement(folder: Path, measure: Command) -> None:
    one_clear_line(
        measure(filled("wedge-6"), "--csv", folder.parent / "none" / "table.csv"), "table.csv: No such"
    )
    assert len(Measurements(folder, "FILM").files()) == 1
