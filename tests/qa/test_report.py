"""Reports: what stands in them, that they are whole, and that they fit on their page."""

import csv
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from printscp.errors import SetupError
from printscp.qa import checks
from printscp.qa.finding import Finding
from printscp.qa.limits import Limits
from printscp.qa.measurement import Measurement, Step
from printscp.qa.pattern import Patch, Pattern, Role
from printscp.qa.provenance import Provenance
from printscp.qa.report import (
    measurement_csv,
    measurement_json,
    measurement_report,
    plots,
    trend_csv,
    trend_json,
    trend_report,
    verification_csv,
    verification_json,
    verification_report,
)
from printscp.qa.response import FIT_LIMIT, LUM_LIMIT, response
from printscp.qa.trend import Chart, Point, Trend
from printscp.qa.verification import Film, PatchReading, Verification
from printscp.render.tone import ToneScale

pytestmark = pytest.mark.slow  # all together

SCALE = ToneScale(0.20, 3.10, 2000.0, 10.0)
MADE = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
HASHES = (("page", "0123456789abcdef" * 4), ("pixels", "fedcba9876543210" * 4))
RIGHT = Finding("density", "pass", "33 patches within tolerance", 0.004, 0.010, "OD", "ours")
WRONG = Finding(
    "dmax",
    "fail",
    "the darkest patch is 0.100 OD too light; see whether Max Density (2010,0130) of the film box is what "
    "you meant, and whether the printer's supply is fresh",
    0.100,
    0.010,
    "OD",
    "NEMA XR 23-2006, as cited in a vendor's QC manual",
)
NOTE = Finding("film", "note", "Max Density of the film is 2.80 OD, below the 3.10 OD of the printer")


def provenance(**fields: Any) -> Provenance:
    known = Provenance(
        printer="FILM",
        profile="imager17 (printscp, Imager 17)",
        operator="E. Müller",
        made=MADE,
        software="printscp 0.1.0",
        subject="job 7, film 1, image 1",
        hashes=HASHES,
    )
    return replace(known, **fields)


def wedge(steps: int = 33, levels: int = 0, bits: int = 12) -> Pattern:
    """Bars from the left to the right, and pixels of a ramp below them."""
    largest = (1 << bits) - 1
    values = np.rint(np.linspace(0, largest, steps)).astype(int)
    pixels = np.repeat(np.repeat(values, 16)[None], 256, axis=0).astype(np.uint16)
    patches = [
        Patch(f"step {number}", int(value), Role.STEP, 16 * number + 4, 40, 8, 100)
        for number, value in enumerate(values)
    ]
    ramp = np.rint(np.linspace(0, largest, levels)).astype(int)
    patches += [
        Patch(f"level {value}", int(value), Role.LEVEL, number * 16 * steps / levels, 200, 1, 40)
        for number, value in enumerate(ramp)
    ]
    return Pattern(f"wedge-{steps}", f"Wedge of {steps} bars", "PS3.14 D.2", bits, pixels, tuple(patches))


def verification(
    pattern: Pattern | None = None, offset: float = 0.0, gamma: float = 1.0, **fields: Any
) -> Verification:
    """Of a film that is right but for an offset in OD and a gamma."""
    pattern = pattern or wedge()
    affine = np.array([[2.0, 0, 60], [0, 2.0, 80]])
    noise = np.random.default_rng(7)

    def read(patch: Patch) -> PatchReading:
        aim = float(SCALE.density(patch.value / pattern.largest))
        mean = (
            float(SCALE.density((patch.value / pattern.largest) ** gamma)) + offset + noise.normal(0, 0.002)
        )
        place = affine @ [patch.left + patch.width / 2, patch.top + patch.height / 2, 1] * 25.4 / 100
        return PatchReading(patch, *map(float, place), mean, 0.001, aim, 0.010)

    readings = tuple(map(read, pattern.patches))
    steps = [each for each in readings if each.patch.role is Role.STEP]
    known = Verification(
        pattern=pattern,
        film=Film("14INX17IN", "STANDARD\\1,1", 1, SCALE, "P-values (IDENTITY)", 12, 100.0),
        affine=affine,
        readings=readings,
        response=response(
            [each.patch.value / pattern.largest for each in steps], [each.mean for each in steps], SCALE
        )
        if len(steps) > 3
        else None,
        findings=(RIGHT, NOTE),
        provenance=provenance(),
        image=np.rint(SCALE.density(pattern.fractions) / 0.0001).astype(np.uint16),
    )
    return replace(known, **fields)


def measurement(steps: int = 33, readings: int = 3, gamma: float = 1.0, **fields: Any) -> Measurement:
    """Of a film with noise of a densitometer, and a gamma."""
    noise = np.random.default_rng(3)
    p_values = np.linspace(0, 1, steps)

    def step(number: int, p_value: float) -> Step:
        density = float(SCALE.density(p_value**gamma))
        read = tuple(round(density + noise.normal(0, 0.005), 2) for _ in range(readings))
        return Step(f"step {number}", p_value, read, float(SCALE.density(p_value)))

    read = tuple(step(number, float(p_value)) for number, p_value in enumerate(p_values, 1))
    known = Measurement(
        pattern=f"wedge-{steps}",
        scale=SCALE,
        steps=read,
        others=(("base+fog", 0.21), ("low", 0.44), ("mid", 1.19), ("high", 2.31)),
        response=response(p_values, [each.density for each in read], SCALE),
        findings=(RIGHT, NOTE),
        provenance=provenance(subject="readings.csv", hashes=(("readings", "ab" * 32),)),
        curve=2,
        densitometer="X-Rite 331",
    )
    return replace(known, **fields)


def trend(charts: int = 3, points: int = 12) -> Trend:
    """Of a printer that slowly gets too dense."""
    names = ["base+fog", "low", "mid", "high", "Dmin", "Dmax", "LUM", "mean JND", "worst error", "speed"]
    names += ["contrast", "ODmax", *(f"step {number}" for number in range(1, 7))]
    noise = np.random.default_rng(1)

    def chart(name: str) -> Chart:
        values = 1.2 + noise.normal(0, 0.03, points) + np.linspace(0, 0.15, points)
        taken = [MADE + timedelta(days=9 * number) for number in range(points)]
        read = [
            Point(when, float(value), bool(value < 1.35), number == 0)
            for number, (when, value) in enumerate(zip(taken, values, strict=True))
        ]
        limits = (1.2, 1.05, 1.35, "NEMA XR 23-2006, as cited in a vendor's QC manual")
        return Chart(name, "wedge-32", "OD", tuple(read), *limits, usual=(1.1, 1.4))

    last = MADE + timedelta(days=9 * (points - 1))
    return Trend("FILM", points, MADE, last, tuple(map(chart, names[:charts])))


REPORTS: dict[str, Any] = {
    "right": lambda path: verification_report(verification(), path),
    "faults": lambda path: verification_report(
        verification(
            wedge(33, levels=400),
            0.03,
            1.1,
            findings=(WRONG,) * 8 + (RIGHT,) * 5 + (NOTE,) * 2,
            provenance=provenance(
                printer="A name that is longer than the column that it should stand in" * 2
            ),
        ),
        path,
    ),
    "not found": lambda path: verification_report(
        verification(readings=(), response=None, findings=(WRONG,)), path
    ),
    "even page": lambda path: verification_report(
        verification(even(), findings=(RIGHT,) * 3, response=None), path
    ),
    "many patches": lambda path: verification_report(verification(wedge(64)), path),
    "measurement": lambda path: measurement_report(measurement(), path),
    "bad measurement": lambda path: measurement_report(
        measurement(64, gamma=1.2, findings=(WRONG,) * 20 + (NOTE,) * 10), path
    ),
    "trend": lambda path: trend_report(trend(), path),
    "long trend": lambda path: trend_report(trend(18, 40), path),
    "first measurement": lambda path: trend_report(trend(12, 1), path),
}


def even() -> Pattern:
    """Patches of one value, with long names."""
    names = [
        f"{line}-{column}" for line in ("top", "middle", "bottom") for column in ("left", "middle", "right")
    ]
    patches = [
        Patch(name, 1024, Role.UNIFORMITY, 100 * (number % 3) + 20, 100 * (number // 3) + 20, 50, 50)
        for number, name in enumerate(names)
    ]
    pixels: NDArray[np.uint16] = np.full((300, 300), 1024, np.uint16)
    return Pattern("uniformity", "Even page", "IAEA", 12, pixels, tuple(patches))


def run(*arguments: str | Path) -> str:
    return subprocess.run(list(map(str, arguments)), check=True, capture_output=True, text=True).stdout


def text_of(path: Path) -> str:
    """Of a PDF, with all white space alike."""
    return " ".join(run("pdftotext", "-layout", path, "-").split())


def words_of(path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """Each word of a PDF, and its left, top, right and bottom in points."""
    found = []
    for line in run("pdftotext", "-bbox", path, "-").splitlines():
        if "<word " in line:
            place = [float(part.split('"')[1]) for part in line.split("<word ")[1].split(" ")[:4]]
            found.append((line.split(">")[1].split("<")[0], np.array(place)))
    return found


@pytest.mark.peer("qpdf", "pdfinfo", "pdftotext")
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_one_a4_page_on_which_nothing_overlaps(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    REPORTS[name](path)
    run("qpdf", "--check", path)
    facts = run("pdfinfo", path)
    assert "Pages:           1" in facts
    assert "(A4)" in facts
    words = words_of(path)
    assert len(words) > 30
    places = np.array([place for _, place in words])
    assert places.min() >= 12 / 25.4 * 72 - 3
    assert (places[:, [0, 2]] <= (210 - 12) / 25.4 * 72 + 3).all()
    assert (places[:, [1, 3]] <= (297 - 12) / 25.4 * 72 + 3).all()
    # The box of a word is as high as its font, which is more than its letters; lines may touch by that.
    left, top, right, bottom = places.T
    across = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    down = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    over = (across > 0.5) & (down > 2.5) & ~np.eye(len(words), dtype=bool)
    assert not over.any(), [(words[a][0], words[b][0]) for a, b in np.argwhere(over)]


@pytest.mark.peer("pdftotext")
def test_a_report_tells_what_failed_who_sets_the_limit_and_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    told = provenance(operator="王小明, Ελένη Ольга")
    verification_report(verification(findings=(RIGHT, WRONG), provenance=told), path)
    text = text_of(path)
    for said in ("NOT RIGHT", "FAIL dmax", "ours", "[1] NEMA XR 23-2006, as cited in a vendor's QC manual"):
        assert said in text
    for said in (
        "王小明, Ελένη Ольга",
        "imager17",
        "job 7, film 1",
        "printscp 0.1.0",
        "2026-11-22 10:15:00 UTC",
    ):
        assert said in text
    assert all(value in text for _, value in HASHES)
    assert text.index("FAIL dmax") < text.index("pass density")
    assert "33 patches" in text
    assert "step 32 4095 0.200" in text


@pytest.mark.peer("pdftotext")
def test_what_has_no_room_is_said_to_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    verification_report(verification(wedge(64), 0.05, findings=(RIGHT,) * 30 + (WRONG,) * 60), path)
    text = text_of(path)
    shown = text.count("FAIL dmax")
    assert 5 < shown < 60
    assert f"... and {90 - shown} more, {60 - shown} of which failed: the CSV has them all." in text
    assert "These are the 42 worst of 64; the CSV has them all." in text


@pytest.mark.peer("pdftotext")
def test_a_ramp_is_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    found = verification(wedge(6, levels=64))
    off = [each.patch.name == "level 2600" for each in found.readings]
    readings = tuple(
        replace(each, mean=each.aim + 0.08) if wrong else each
        for each, wrong in zip(found.readings, off, strict=True)
    )
    assert sum(off) == 1
    verification_report(replace(found, readings=readings), path)
    assert "Ramp: 64 levels, 1 out of tolerance; worst +0.080 OD at P-value 2600" in text_of(path)


@pytest.mark.parametrize("name", ["right", "trend"])
def test_the_same_makes_the_same_file(name: str, tmp_path: Path) -> None:
    REPORTS[name](tmp_path / "a.pdf")
    REPORTS[name](tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]


def test_a_report_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "report.pdf"
    with pytest.raises(SetupError, match=f"report {path}: ") as caught:
        trend_report(trend(1, 2), path)
    assert "\n" not in str(caught.value)
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(SetupError, match=r"folder\.pdf"):
        trend_report(trend(1, 2), tmp_path / "folder.pdf")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder.pdf"]


# --- for programs ------------------------------------------------------------------------------------------


def table(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The comments of a CSV, and its rows."""
    lines = text.splitlines()
    head = [each for each in lines if each.startswith("# ")]
    return head, list(csv.DictReader(lines[len(head) :]))


def test_the_csv_of_a_verification_has_every_patch_and_all_that_was_found() -> None:
    found = verification(wedge(8, levels=50), findings=(RIGHT, WRONG))
    head, rows = table(verification_csv(found))
    assert len(rows) == len(found.readings) == 58
    assert {"result: not right", "printer: FILM", f"sha256 page: {HASHES[0][1]}"} <= {
        each[2:] for each in head
    }
    [wrong] = [each for each in head if "dmax" in each]
    assert wrong.startswith("# fail dmax: ")
    assert wrong.endswith("measured 0.100 OD; limit 0.010 OD; source: " + WRONG.source)
    for row, reading in zip(rows, found.readings, strict=True):
        assert row["patch"] == reading.patch.name
        assert int(row["p_value"]) == reading.patch.value
        assert float(row["mean"]) == pytest.approx(reading.mean, abs=6e-5)
        assert float(row["error"]) == pytest.approx(reading.mean - reading.aim, abs=6e-5)
        assert row["result"] == ("pass" if reading.passed else "fail")


def test_the_csv_of_a_measurement_has_each_reading() -> None:
    found = measurement(8)
    uneven = replace(found.steps[0], densities=(3.1, 3.12), tolerance=0.155)
    head, rows = table(measurement_csv(replace(found, steps=(uneven, *found.steps[1:]))))
    assert "# densitometer: X-Rite 331" in head
    assert [row["patch"] for row in rows] == [
        *(f"step {n}" for n in range(1, 9)),
        "base+fog",
        "low",
        "mid",
        "high",
    ]
    assert [rows[0][f"reading_{n}"] for n in (1, 2, 3)] == ["3.1", "3.12", ""]
    assert (rows[0]["density"], rows[0]["error"], rows[0]["tolerance"]) == ("3.1100", "+0.0100", "0.1550")
    assert rows[-1]["density"] == "2.3100"


def test_the_csv_of_a_trend_has_each_value() -> None:
    found = trend(2, 12)
    head, rows = table(trend_csv(found))
    assert "# result: not right" in head
    assert len(rows) == 24
    assert {row["quantity"] for row in rows} == {"base+fog", "low"}
    assert rows[0]["baseline"] == "yes"
    assert [row["inside"] == "yes" for row in rows] == [p.inside for c in found.charts for p in c.points]
    assert [row["usual"] == "no" for row in rows] == [p in c.unusual for c in found.charts for p in c.points]


def test_a_line_break_or_a_comma_ends_nothing_in_a_csv() -> None:
    told = provenance(operator="A\nB, C")
    pattern = wedge(4)
    odd = replace(pattern, patches=(replace(pattern.patches[0], name='a,"b"'), *pattern.patches[1:]))
    head, rows = table(verification_csv(verification(odd, provenance=told)))
    assert "# operator: A B, C" in head
    assert rows[0]["patch"] == 'a,"b"'
    assert len(rows) == 4


def test_json_has_numbers_and_null_for_what_is_none() -> None:
    unknown = replace(RIGHT, measured=float("nan"), limit=np.float32(0.5))
    found = verification(wedge(8), findings=(unknown,))
    said = json.loads(json.dumps(verification_json(found), allow_nan=False))
    assert said["passed"] is True
    assert said["findings"][0]["measured"] is None
    assert said["findings"][0]["limit"] == 0.5
    assert said["pattern"] | {"name": "wedge-8", "bits": 12, "columns": 128, "rows": 256} == said["pattern"]
    assert said["film"]["scale"]["max_density"] == 3.10
    assert said["affine"] == [[2.0, 0.0, 60.0], [0.0, 2.0, 80.0]]
    assert [each["p_value"] for each in said["patches"]] == [each.patch.value for each in found.readings]
    assert [each["mean"] for each in said["patches"]] == [each.mean for each in found.readings]
    assert said["response"]["lum_passed"] is True
    assert said["provenance"]["hashes"] == dict(HASHES)
    assert said["provenance"]["made"] == "2026-11-22T10:15:00+00:00"


def test_json_of_a_measurement_and_of_a_trend() -> None:
    found = measurement(8, findings=(WRONG,))
    said = json.loads(json.dumps(measurement_json(found), allow_nan=False))
    assert said["passed"] is False
    assert said["steps"][2]["density"] == found.steps[2].density
    assert said["steps"][2]["error"] == found.steps[2].error
    assert said["others"]["base+fog"] == 0.21
    assert said["response"]["per_p_value"] == list(found.response.per_p_value)
    over = trend(1, 12)
    said = json.loads(json.dumps(trend_json(over), allow_nan=False))
    assert [each["inside"] for each in said["charts"][0]["points"]] == [
        p.inside for p in over.charts[0].points
    ]
    assert said["charts"][0]["points"][0]["taken"] == MADE.isoformat()


# --- plots -------------------------------------------------------------------------------------------------


def drawn(panel: Any) -> Any:
    """Axes with a plot, drawn as small as reports have it."""
    figure = Figure(figsize=(3.6, 1.65), layout="constrained")
    axes = figure.add_subplot()
    panel(axes)
    FigureCanvasAgg(figure).draw()
    return axes


def lines(axes: Any) -> dict[str, NDArray[np.float64]]:
    """Points of each line by its label: n x 2."""
    return {each.get_label(): np.column_stack(each.get_data()) for each in axes.lines}


def test_errors_are_drawn_where_they_are_and_those_out_of_tolerance_stand_out() -> None:
    found = verification(wedge(8))
    readings = list(found.readings)
    readings[3] = replace(readings[3], mean=readings[3].aim + 0.05)
    axes = drawn(plots.errors(plots.points_of(readings, 4095)))
    wrong = lines(axes)["out of tolerance"]
    assert wrong == pytest.approx(np.array([[readings[3].patch.value / 4095, 0.05]]))
    assert len(lines(axes)["read"]) == 7
    low, high = axes.get_ylim()
    assert low < -0.010
    assert high > 0.05
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((-0.010, 0.010))


def test_densities_are_drawn_beside_their_aims() -> None:
    found = verification(wedge(8), gamma=1.2)
    axes = drawn(plots.densities(plots.points_of(found.readings, 4095), SCALE))
    said = lines(axes)
    assert said["aim"][:, 1] == pytest.approx([each.aim for each in found.readings])
    assert said["GSDF"][[0, -1], 1] == pytest.approx([3.10, 0.20], abs=1e-3)
    everything = np.vstack([said["read"], said.get("out of tolerance", np.empty((0, 2)))])
    assert sorted(everything[:, 1]) == pytest.approx(sorted(each.mean for each in found.readings))


def test_contrast_is_drawn_by_interval_with_its_mean_and_what_fits() -> None:
    found = measurement(33, gamma=1.3).response
    assert found.order > 0
    axes = drawn(plots.contrast(found))
    said = lines(axes)
    assert said["read"][:, 1] == pytest.approx(found.per_p_value)
    assert said["read"][:, 0].tolist() == list(range(1, 33))
    assert said["mean"][:, 1] == pytest.approx(found.mean)
    fit = said[f"fit, order {found.order}"]
    assert (
        np.abs(fit[:, 1] - found.per_p_value).max() < np.abs(np.array(found.per_p_value) - found.mean).max()
    )
    assert f"LUM {found.lum:.3f}" in axes.get_title(loc="left")


def test_jnds_are_drawn_beside_the_line_of_the_gsdf() -> None:
    said = lines(drawn(plots.jnds(response([0, 0.5, 0.8, 1], SCALE.density([0, 0.5, 0.8, 1]), SCALE), SCALE)))
    along = np.interp(said["read"][:, 0], *said["GSDF"].T)
    assert said["read"][:, 1] == pytest.approx(along, abs=0.01)


def test_the_picture_shows_the_film_as_it_lies_and_where_it_was_read() -> None:
    found = verification(wedge(8), 0.05)
    axes = drawn(plots.film(found))
    left, right, bottom, top = axes.images[0].get_extent()
    assert (left, top) == pytest.approx((60 * 0.254, 80 * 0.254))
    assert (right - left, bottom - top) == pytest.approx((2 * 128 * 0.254, 2 * 256 * 0.254))
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    seen = np.asarray(axes.images[0].get_array())
    assert seen[0, 0] < 0.01 < 0.99 < seen[0, -1]
    marked = np.vstack([np.column_stack(each.get_data()) for each in axes.lines])
    assert sorted(marked.tolist()) == sorted([each.x_mm, each.y_mm] for each in found.readings)


@pytest.mark.parametrize("name", ["densities", "errors", "contrast", "jnds", "errors_by_patch", "film"])
def test_plots_are_legible_and_have_units(name: str) -> None:
    found = verification(wedge(8), gamma=1.3)
    points = plots.points_of(found.readings, 4095)
    assert found.response is not None
    panels = {
        "densities": plots.densities(points, SCALE),
        "errors": plots.errors(points),
        "errors_by_patch": plots.errors_by_patch(points),
        "contrast": plots.contrast(found.response),
        "jnds": plots.jnds(found.response, SCALE),
        "film": plots.film(found),
    }
    axes = drawn(panels[name])
    assert min(each.get_fontsize() for each in axes.findobj(Text) if each.get_text()) >= 7
    assert axes.get_ylabel()
    assert any(unit in axes.get_ylabel() for unit in ("OD", "JND", "mm"))
    frame, legend = axes.get_window_extent(), axes.get_legend()
    if legend is not None:
        box = legend.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        places = np.vstack([np.column_stack(each.get_data(orig=False)) for each in axes.lines])
        pixels = axes.transData.transform(places)
        assert not any(box.contains(*each) for each in pixels)
        if name in ("contrast", "errors"):
            assert box.y0 >= pixels[:, 1].max()


# --- the page of documentation -----------------------------------------------------------------------------


def test_the_documentation_tells_the_limits_in_force() -> None:
    page = (Path(__file__).parents[2] / "docs" / "quality-assurance.md").read_text(encoding="utf-8")
    rows, name = dict[str, str](), ""
    for row in page.splitlines():
        if row.startswith("|"):
            name = row.split("|")[1].strip() or name
            rows[name] = rows.get(name, "") + row
    known = Limits()
    for name, aim in known.daily.items():
        assert f"{aim.aim:.2f} OD | +/- {aim.tolerance:.2f} OD" in rows[f"`{name}`"]
    for said, check in (
        (f"{checks.SCALE_LIMIT:g} %", "scale"),
        (f"{checks.TRUE_SIZE_LIMIT:g} mm", "scale"),
        (f"{checks.ROTATION_LIMIT:g} degrees", "geometry"),
        (f"{checks.OFFSET_LIMIT:g} mm", "geometry"),
        (f"{checks.LANDMARK_LIMIT:g} mm", "geometry"),
        (f"{checks.DENSITY_LIMIT:g} OD, and", "density"),
        (f"{known.step.value:g} OD, or {known.step_share.value:.0%}".replace("%", " %"), "density"),
        (f"of {checks.RESPONSE_STEPS} steps", "response"),
        (f"{100 * FIT_LIMIT:g} % of the mean", "response"),
        (f"{100 * LUM_LIMIT:g} % of the mean", "response"),
        (f"{100 * known.fit.value:g} % of the mean", "fit"),
        (f"{100 * known.lum.value:g} % of the mean", "lum"),
        (f"{100 * checks.LEVELS_LIMIT:g} %", "levels"),
        (f"{checks.GRADIENT_LIMIT:g} OD", "uniformity"),
        (f"{checks.UNIFORMITY_LIMIT:g} OD", "uniformity"),
        (f"step 1 +/- {known.step_1.value:.2f}", "constancy"),
        (f"steps 2 to 5 +/- {known.steps_2_to_5.value:.2f}", "constancy"),
        (f"beyond {known.operating.value:.2f}", "constancy"),
        (f"step 6 +/- {known.step_6.value:.2f}", "constancy"),
        (f"+/- {known.contrast.value:.2f}", "contrast"),
    ):
        assert said in rows[f"`{check}`"], f"{check}: {said}"
