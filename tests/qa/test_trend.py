"""Control charts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from qa.filled import FILM, NOW, measured, right

from printscp.qa.limits import BJR, KONICA, NEMA, Limit, Limits
from printscp.qa.measurement import Measurement
from printscp.qa.trend import Chart, Trend, trend
from printscp.render.tone import ToneScale

LIMITS = Limits()


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Measurement]:
    """A film of a day, too dense by ``by``."""

    def made(day: int, pattern: str = "wedge-6", by: float = 0.0, **options: object) -> Measurement:
        date = (NOW + timedelta(days=day - 99)).isoformat()
        others = {"base+fog": 0.22 + by}
        return measured(tmp_path, pattern, lambda p_value: right(p_value) + by, others, date=date, **options)

    return made


def chart(found: Trend, title: str) -> Chart:
    [chart] = [each for each in found.charts if each.title == title]
    return chart


def test_each_quantity_has_a_chart(film: Callable[..., Measurement]) -> None:
    found = trend("FILM", [film(1, _as_baseline=True), film(2, "smpte"), film(3, by=0.02)], LIMITS)
    any_pattern = ["base+fog", "Dmin", "Dmax"]
    of_all = ["worst error", "mean JND", "LUM"]
    six = [*of_all, *(f"step {step}" for step in range(1, 7)), "contrast"]
    assert [each.title for each in found.charts] == [
        *any_pattern,
        *(f"{name} (smpte)" for name in (*of_all, "speed", "contrast", "ODmax")),
        *(f"{name} (wedge-6)" for name in six),
    ]
    assert [len(chart(found, title).points) for title in ("base+fog", "LUM (smpte)", "LUM (wedge-6)")] == [
        3,
        1,
        2,
    ]
    assert (found.printer, found.measurements) == ("FILM", 3)
    assert (found.first, found.last) == (NOW - timedelta(days=98), NOW - timedelta(days=96))
    assert found.passed


def test_points_are_as_measured_with_aim_and_limits(film: Callable[..., Measurement]) -> None:
    found = trend("FILM", [film(1), film(2, by=0.04), film(3, by=0.01)], LIMITS)
    clear = chart(found, "base+fog")
    assert [point.value for point in clear.points] == pytest.approx([0.22, 0.26, 0.23])
    assert [point.taken for point in clear.points] == [NOW + timedelta(days=day - 99) for day in (1, 2, 3)]
    assert (clear.aim, clear.low, clear.high) == pytest.approx((0.22, 0.19, 0.25))
    assert (clear.unit, clear.source) == ("OD", NEMA)
    assert clear.outside == (clear.points[1],)
    assert found.passed  # it was out of limits, and is not now
    assert chart(found, "Dmax").aim == 3.1
    assert [point.value for point in chart(found, "Dmax").points] == pytest.approx([3.1, 3.14, 3.11])
    assert [point.value for point in chart(found, "Dmin").points] == pytest.approx([0.2, 0.24, 0.21])
    assert [point.value for point in chart(found, "worst error (wedge-6)").points] == pytest.approx(
        [0, 0.8, 0.2], abs=0.1
    )
    lum = chart(found, "LUM (wedge-6)")
    response = film(3, by=0.01).response
    assert lum.points[-1].value == pytest.approx(response.lum / response.mean, abs=1e-6)
    assert (lum.low, lum.high) == (None, 0.20)


def test_a_printer_that_is_out_of_limits_now_fails(film: Callable[..., Measurement]) -> None:
    found = trend("FILM", [film(1), film(2, by=0.04)], LIMITS)
    assert not found.passed
    assert [each.title for each in found.charts if not each.points[-1].inside] == ["base+fog"]


def test_constancy_is_drawn_about_the_latest_baseline(film: Callable[..., Measurement]) -> None:
    films = [film(1, _as_baseline=True), film(2), film(3, by=0.05, _as_baseline=True), film(4, by=0.06)]
    found = trend("FILM", films, LIMITS)
    lightest = chart(found, "step 1 (wedge-6)")
    assert lightest.source == KONICA
    assert lightest.aim == pytest.approx(0.25)
    assert [point.inside for point in lightest.points] == [False, False, True, True]
    assert [point.baseline for point in lightest.points] == [True, False, True, False]
    darkest = chart(found, "step 6 (wedge-6)")
    assert (darkest.aim, darkest.high) == pytest.approx((3.15, 3.35))
    contrasts = [point.value for point in chart(found, "contrast (wedge-6)").points]
    assert contrasts == pytest.approx([right(1 / 5) - right(4 / 5)] * 4)


def test_indices_have_no_limits(film: Callable[..., Measurement]) -> None:
    speed = chart(trend("FILM", [film(1, "smpte")], LIMITS), "speed (smpte)")
    assert (speed.aim, speed.low, speed.high, speed.source) == (None, None, None, BJR)
    assert speed.outside == ()


def test_steps_that_do_not_reach_the_ends_tell_nothing_of_them(film: Callable[..., Measurement]) -> None:
    titles = [each.title for each in trend("FILM", [film(1, "tg18-qc")], LIMITS).charts]
    assert "Dmin" not in titles
    assert "Dmax" not in titles


def test_a_film_without_contrast_has_no_lum(tmp_path: Path, film: Callable[..., Measurement]) -> None:
    flat = measured(tmp_path, "wedge-6", lambda _: 1.0)
    found = trend("FILM", [film(1), flat], LIMITS)
    assert len(chart(found, "LUM (wedge-6)").points) == 1
    assert not found.passed
    assert "LUM (wedge-6)" not in [each.title for each in trend("FILM", [flat], LIMITS).charts]


def test_readings_that_were_measured_twice_count_once(film: Callable[..., Measurement]) -> None:
    first, second = film(1), film(2)
    later = replace(first.provenance, made=first.provenance.made + timedelta(hours=1))
    again = replace(first, provenance=later, baseline=True)
    last = replace(first, provenance=replace(later, made=later.made + timedelta(hours=1)))
    found = trend("FILM", [first, again, last, second], LIMITS)
    assert found.measurements == 2
    points = chart(found, "base+fog").points
    assert [(point.taken, point.baseline) for point in points] == [
        (later.made, True),
        (second.provenance.made, False),
    ]


def test_films_of_other_densities_are_not_drawn_with_those_of_now(film: Callable[..., Measurement]) -> None:
    paper = ToneScale(0.05, 2.0, 150, 0)
    found = trend("FILM", [film(1, _scale=paper, _as_baseline=True), film(2), film(3)], LIMITS)
    titles = [each.title for each in found.charts]
    assert "step 1 (wedge-6)" not in titles
    for title in ("base+fog", "Dmin", "mean JND (wedge-6)"):
        assert len(chart(found, title).points) == 2, title
    assert found.measurements == 3


def test_what_never_changes_is_not_unusual(tmp_path: Path, film: Callable[..., Measurement]) -> None:
    found = trend("FILM", [film(day) for day in range(1, 31)], LIMITS)
    assert [each.title for each in found.charts if each.unusual] == []
    jnds = chart(
        trend("FILM", [measured(tmp_path, "wedge-6", lambda p: float(FILM.density(p)))], LIMITS),
        "mean JND (wedge-6)",
    )
    assert jnds.points[0].value == jnds.aim  # else an axis shows arithmetic


def test_the_worst_step_has_its_own_limit_s_source(film: Callable[..., Measurement]) -> None:
    limits = Limits(step=Limit(0.2, "site"))
    assert chart(trend("FILM", [film(1)], limits), "worst error (wedge-6)").source == "site"
    limits = Limits(step_share=Limit(0.5, "site"))
    assert chart(trend("FILM", [film(1)], limits), "worst error (wedge-6)").source == "site"


def test_what_is_usual_is_told_of_eight_points(film: Callable[..., Measurement]) -> None:
    noise = np.random.default_rng(3).normal(0, 0.004, 20)
    films = [film(day, by=float(by)) for day, by in enumerate([*noise, 0.025], start=1)]
    assert chart(trend("FILM", films[:7], LIMITS), "base+fog").usual is None
    usual = chart(trend("FILM", films[:20], LIMITS), "base+fog")
    assert usual.usual is not None
    low, high = usual.usual
    assert (low + high) / 2 == pytest.approx(np.mean([point.value for point in usual.points]))
    assert (high - low) / 6 == pytest.approx(0.004, rel=0.4)
    assert usual.unusual == ()
    leap = chart(trend("FILM", films, LIMITS), "base+fog")
    assert leap.unusual == (leap.points[-1],)
    assert leap.points[-1].inside


def test_usual_is_three_sigma_of_the_moving_range(film: Callable[..., Measurement]) -> None:
    films = [film(day, by=0.01 * (day % 2)) for day in range(1, 9)]
    sigma = 0.01 / 1.128  # d2 of ranges of two
    assert chart(trend("FILM", films, LIMITS), "base+fog").usual == pytest.approx(
        (0.225 - 3 * sigma, 0.225 + 3 * sigma)
    )
