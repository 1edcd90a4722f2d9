"""What readings say of a printer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qa.filled import FILM, NOW, Densities, measured, right

from printscp.errors import SetupError
from printscp.qa.finding import Finding
from printscp.qa.limits import BJR, KONICA, NEMA, OURS, Limit, Limits
from printscp.qa.measure import asked_scale
from printscp.qa.measurement import Measurement
from printscp.qa.store import Measurements
from printscp.render.tone import ToneScale

DAILY = {"base+fog": 0.22, "low": 0.45, "mid": 1.20, "high": 2.20}


def found(measurement: Measurement, check: str) -> list[Finding]:
    return [each for each in measurement.findings if each.check == check]


def only(measurement: Measurement, check: str) -> Finding:
    [finding] = found(measurement, check)
    return finding


def off(*steps: int, by: float, count: int) -> Any:
    """Readings of a wedge of ``count`` whose ``steps``, counted from 1, the darkest, are too dense."""
    return lambda p_value: right(p_value) + by * (round(p_value * (count - 1)) + 1 in steps)


@pytest.mark.parametrize(
    "pattern", ["wedge-6", "wedge-8", "wedge-17", "wedge-32", "wedge-33", "smpte", "tg18-qc"]
)
def test_a_right_film_passes(pattern: str, tmp_path: Path) -> None:
    measurement = measured(tmp_path, pattern, right, DAILY, operator="A. Physicist", densitometer="X-Rite")
    assert measurement.passed
    assert {each.check for each in measurement.findings if each.outcome == "pass"} == {
        "density",
        "fit",
        "lum",
        *DAILY,
    }
    for each in measurement.findings:
        assert (each.limit is None) or each.source
    assert measurement.others == tuple(DAILY.items())
    values = [step.p_value for step in measurement.steps]
    assert values == sorted(values)
    for step in measurement.steps:
        assert step.aim == pytest.approx(float(FILM.density(step.p_value)))
        assert abs(step.error) <= 0.0051
    made = measurement.provenance
    assert (made.printer, made.profile, made.operator, made.made) == ("FILM", "imager17", "A. Physicist", NOW)
    assert (made.subject, dict(made.hashes).keys()) == ("readings.csv", {"readings"})
    assert made.software.startswith("printscp ")


def test_a_step_that_is_off_fails_and_is_named(tmp_path: Path) -> None:
    finding = only(measured(tmp_path, "wedge-32", off(7, by=0.12, count=32)), "density")
    assert (finding.outcome, finding.limit, finding.source) == (
        "fail",
        pytest.approx(0.05 * 1.879, 0.01),
        OURS,
    )
    assert finding.measured == pytest.approx(0.12, abs=0.006)
    assert finding.text.startswith(
        "1 of 32 steps are off their aims; step-07 is farthest off for its limit: 2.000 OD for 1.879"
    )
    assert "printscp qa calibrate" not in finding.text
    assert only(measured(tmp_path, "wedge-32", off(7, by=0.08, count=32)), "density").outcome == "pass"


def test_the_worst_step_is_the_one_farthest_from_its_own_limit(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        "wedge-6",
        lambda p_value: right(p_value) + (0.09 if p_value == 0 else 0.06 * (p_value == 1)),
    )
    finding = only(found, "density")
    assert (finding.measured, finding.outcome) == (pytest.approx(0.06), "fail")
    assert finding.text.startswith("1 of 6 steps")


def test_gamma_fails_fit(tmp_path: Path) -> None:
    finding = only(measured(tmp_path, "wedge-32", lambda p_value: right(p_value**1.1)), "fit")
    assert finding.outcome == "fail"
    assert finding.measured is not None
    assert finding.limit is not None
    assert finding.measured > finding.limit


def test_scatter_fails_lum(tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    measurement = measured(tmp_path, "wedge-32", lambda p_value: right(p_value) + noise.normal(0, 0.02))
    assert only(measurement, "lum").outcome == "fail"
    assert only(measurement, "fit").outcome == "pass"


@pytest.mark.parametrize(
    ("name", "tolerance"), [("base+fog", 0.03), ("low", 0.07), ("mid", 0.15), ("high", 0.15)]
)
@pytest.mark.parametrize("way", [-1, 1])
def test_daily_densities_may_be_as_far_off_as_published(
    name: str, tolerance: float, way: int, tmp_path: Path
) -> None:
    for beyond, outcome in ((0.0, "pass"), (0.01, "fail")):
        density = DAILY[name] + way * (tolerance + beyond)
        finding = only(measured(tmp_path, "wedge-6", right, {name: density}), name)
        assert (finding.outcome, finding.limit, finding.source) == (outcome, tolerance, NEMA)


def test_what_was_not_read_is_said(tmp_path: Path) -> None:
    measurement = measured(tmp_path, "wedge-6", right, {"mid": 1.2})
    assert only(measurement, "daily") == Finding("daily", "note", "not read: base+fog, low, high")
    assert found(measurement, "low") == []


def test_daily_densities_are_those_of_film(tmp_path: Path) -> None:
    paper = ToneScale(0.05, 2.0, 150, 0)
    measurement = measured(
        tmp_path, "wedge-6", lambda p_value: float(paper.density(p_value)), DAILY, _scale=paper
    )
    assert measurement.passed
    assert only(measurement, "daily").text == "aims of daily densities are for film, and were not checked"


def test_six_steps_are_compared_to_the_baseline(tmp_path: Path) -> None:
    baseline = measured(tmp_path, "wedge-6", right, _as_baseline=True)
    assert baseline.baseline
    assert found(baseline, "constancy") == []
    # Step 1 is the lightest: the last of the wedge.
    for step, limit in enumerate((0.03, 0.15, 0.15, 0.15, 0.15, 0.20), start=1):
        for by, outcome in ((limit, "pass"), (limit + 0.01, "fail"), (-limit - 0.01, "fail")):
            film = measured(tmp_path, "wedge-6", off(7 - step, by=by, count=6), _baseline=baseline)
            findings = found(film, "constancy")
            assert [each.outcome for each in findings] == [
                outcome if n == step else "pass" for n in range(1, 7)
            ]
            finding = findings[step - 1]
            assert (finding.measured, finding.limit, finding.source) == (pytest.approx(by), limit, KONICA)


def test_between_operating_and_outer_limit_there_is_a_word(tmp_path: Path) -> None:
    baseline = measured(tmp_path, "wedge-6", right, _as_baseline=True)
    film = measured(tmp_path, "wedge-6", off(3, by=0.12, count=6), _baseline=baseline)
    worded = [each.text for each in found(film, "constancy") if "operating limit of 0.10" in each.text]
    assert len(worded) == 1
    assert worded[0].startswith("step 4 is")


@pytest.mark.parametrize(
    ("dark", "light", "outcome"), [(0.08, -0.07, "pass"), (0.08, -0.08, "fail"), (0.1, 0.1, "pass")]
)
def test_contrast_is_step_5_less_step_2(dark: float, light: float, outcome: str, tmp_path: Path) -> None:
    baseline = measured(tmp_path, "wedge-6", right, _as_baseline=True)
    film = measured(
        tmp_path,
        "wedge-6",
        lambda p_value: right(p_value) + dark * (round(p_value * 5) == 1) + light * (round(p_value * 5) == 4),
        _baseline=baseline,
    )
    finding = only(film, "contrast")
    assert (finding.outcome, finding.measured, finding.limit) == (outcome, pytest.approx(dark - light), 0.15)


def test_constancy_needs_a_baseline_of_the_same_curve(tmp_path: Path) -> None:
    assert "--baseline" in only(measured(tmp_path, "wedge-6"), "constancy").text
    baseline = measured(tmp_path, "wedge-6", _as_baseline=True)
    first, *_ = found(measured(tmp_path, "wedge-6", curve_version=2, _baseline=baseline), "constancy")
    assert (first.outcome, first.text) == (
        "note",
        "the baseline is of curve version 0, this film of 2: make a new baseline",
    )


def test_a_baseline_that_asks_for_another_film_is_none(tmp_path: Path) -> None:
    baseline = measured(tmp_path, "wedge-6", _as_baseline=True, _scale=ToneScale(0.2, 2.8, 2000, 10))
    finding = only(measured(tmp_path, "wedge-6", _baseline=baseline), "constancy")
    assert (finding.outcome, finding.text) == (
        "note",
        "the baseline asks for other densities, or other light: make a new one",
    )


@pytest.mark.parametrize("densities", [lambda _: 1.0, lambda p_value: right(1 - p_value)])
def test_a_film_without_contrast_or_in_reverse_is_kept_too(densities: Densities, tmp_path: Path) -> None:
    film = measured(tmp_path, "wedge-32", densities)
    assert "from the other end" in only(film, "order").text
    for check, text in (("fit", "there is no contrast to be judged"), ("lum", "scatters by ")):
        finding = only(film, check)
        assert (finding.outcome, finding.measured) == ("fail", None)
        assert text in finding.text
    kept = Measurements(tmp_path / "qa", "FILM")
    kept.add(film)
    assert kept.all() == [film]


def test_a_typing_error_is_named(tmp_path: Path) -> None:
    typed = measured(tmp_path, "wedge-32", lambda p: 0.17 if round(p * 31) == 9 else right(p))
    assert only(typed, "order").text == (
        "densities do not fall as they should, look at step-10 (0.17 OD, aim 1.61): read again what is wrong"
    )
    assert (
        found(measured(tmp_path, "wedge-32", lambda p: right(p) + 0.01 * (-1) ** round(p * 31)), "order")
        == []
    )


def test_smpte_indices_are_told(tmp_path: Path) -> None:
    measurement = measured(tmp_path, "smpte")
    speed, contrast, darkest = (only(measurement, name) for name in ("speed", "contrast", "ODmax"))
    assert speed.measured == right(1638 / 4095)
    assert contrast.measured == pytest.approx(right(410 / 4095) - right(2866 / 4095))
    assert darkest.measured == right(0)
    assert {(each.outcome, each.source) for each in (speed, contrast, darkest)} == {("note", BJR)}


def test_readings_that_differ_are_worth_a_word(tmp_path: Path) -> None:
    twice = measured(
        tmp_path, "wedge-6", lambda p_value: [right(p_value), right(p_value) + 0.06 * (p_value == 1)]
    )
    assert only(twice, "readings").text == "readings of step-6 differ by 0.06 OD: read it again"
    assert twice.steps[-1].density == pytest.approx(0.23)
    close = measured(tmp_path, "wedge-6", lambda p_value: [right(p_value), right(p_value) + 0.04])
    assert found(close, "readings") == []


def test_limits_of_the_site_decide(tmp_path: Path) -> None:
    wide = Limits(step=Limit(0.5, "site"))
    finding = only(measured(tmp_path, "wedge-32", off(7, by=0.12, count=32), _limits=wide), "density")
    assert (finding.outcome, finding.limit, finding.source) == ("pass", 0.5, "site")
    strict = Limits(lum=Limit(0.01, "site"))
    finding = only(measured(tmp_path, "wedge-32", _limits=strict), "lum")
    assert (finding.outcome, finding.limit, finding.source) == ("fail", 0.01, "site")


def test_what_is_given_goes_over_what_the_readings_say(tmp_path: Path) -> None:
    date = NOW - timedelta(days=1)
    film = measured(tmp_path, "wedge-6", operator="A", date=date.isoformat(), curve_version=4, _operator="B")
    assert (film.provenance.operator, film.provenance.made, film.curve) == ("B", date, 4)


def test_readings_of_another_printer_or_of_the_future_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"readings\.csv: they are of printer FILM, not of OTHER"):
        measured(tmp_path, "wedge-6", _printer="OTHER")
    with pytest.raises(SetupError, match="date: 2026-11-22 10:16 is still to come"):
        measured(tmp_path, "wedge-6", date="2026-11-22 10:16+00:00")


def test_films_that_are_none_are_refused() -> None:
    assert asked_scale(0.2, 3.1, 2000, 10) == FILM
    for values in [
        (3.1, 0.2, 2000, 10),
        (-0.1, 3, 2000, 10),
        (0.2, 6, 2000, 10),
        (0.2, float("nan"), 2000, 10),
    ]:
        with pytest.raises(SetupError, match=r"densities .* OD: give two of 0 to 5"):
            asked_scale(*values)
    for values in [(0.2, 3, 0, 10), (0.2, 3, 2000, -1), (0.2, 3, 1e6, 10), (0.2, 3, float("nan"), 10)]:
        with pytest.raises(SetupError, match=r"light .* cd/m2: give up to 20000"):
            asked_scale(*values)
    for values in [(0.2, 3.1, 8000, 10), (0.05, 4, 100, 0)]:
        with pytest.raises(
            SetupError, match=r"such a film shows .* cd/m2, and PS3\.14 goes from 0\.05 to 3993"
        ):
            asked_scale(*values)


def test_the_same_readings_say_the_same(tmp_path: Path) -> None:
    assert measured(tmp_path) == measured(tmp_path)
