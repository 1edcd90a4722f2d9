"""Grayscale response: FIT and LUM of PS3.14 Annex C."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from printscp.qa.response import Response, response
from printscp.render.tone import ToneScale, luminance

EXAMPLE = ToneScale(0.20, 3.00, 2000, 10)  # PS3.14 D.2
BARS = np.round(255 * np.arange(32) / 31) / 255
SEEDS = 1000


def of_slopes(slopes: np.ndarray) -> Response:
    """The response of a film whose JNDs per P-value are these."""
    jnds = 240 + np.concatenate([[0], np.cumsum(slopes * 255 / len(slopes))])
    densities = -np.log10((luminance(jnds) - EXAMPLE.ambient) / EXAMPLE.illumination)
    return response(np.linspace(0, 1, len(jnds)), densities, EXAMPLE)


def test_the_example_of_the_standard_is_ideal() -> None:
    found = response(BARS, EXAMPLE.density(BARS), EXAMPLE)
    assert found.ideal == pytest.approx(2.4073, abs=0.0005)
    assert found.mean == pytest.approx(found.ideal, abs=1e-4)
    assert (found.order, found.fit_passed, found.lum_passed) == (0, True, True)
    assert found.lum < 1e-5
    assert found.densities == pytest.approx(found.aims)


def test_two_decimals_alone_make_a_scatter() -> None:
    found = response(BARS, np.round(EXAMPLE.density(BARS), 2), EXAMPLE)
    assert round(found.lum, 2) == 0.14
    assert (found.order, found.fit_passed, found.lum_passed) == (0, True, True)


def test_jnds_are_those_of_the_standard_s_table() -> None:
    shown = np.array([1.8508, 8.2179, 23.3990, 55.3643, 119.1326])  # Annex B, JND indices 100 to 500
    light = ToneScale(0.1, 3.0, 1000, 0)
    found = response([0, 0.2, 0.4, 0.6, 1], -np.log10(shown / 1000), light)
    assert found.luminances == pytest.approx(shown)
    assert found.jnds == pytest.approx([100, 200, 300, 400, 500], abs=0.005)
    assert found.per_p_value == pytest.approx([100 / 51, 100 / 51, 100 / 51, 100 / 102], abs=1e-3)
    assert found.mean == pytest.approx(350 / 204, abs=1e-3)
    assert found.lum == pytest.approx(np.std([100 / 51, 100 / 51, 100 / 51, 100 / 102]), abs=1e-3)
    assert len(found.fits) == 3  # a cubic through four intervals leaves nothing to judge it by
    assert found.fits[0] == pytest.approx([found.mean])


@pytest.mark.parametrize("gamma", [0.9, 1.1])
@pytest.mark.parametrize("decimals", [2, 4])
def test_a_gamma_error_fails(gamma: float, decimals: int) -> None:
    found = response(BARS, np.round(EXAMPLE.density(BARS**gamma), decimals), EXAMPLE)
    assert found.order >= 1
    assert not found.fit_passed
    assert found.fit_deviation > found.fit_limit


def test_a_range_that_falls_short_is_no_fault_of_the_response() -> None:
    found = response(BARS, ToneScale(0.20, 2.90, 2000, 10).density(BARS), EXAMPLE)
    assert (found.order, found.lum_passed) == (0, True)
    assert found.mean < found.ideal


def test_no_right_film_fails_for_a_densitometer_s_noise() -> None:
    failed = 0
    for seed in range(SEEDS):
        noise = np.random.default_rng(seed).normal(0, 0.005, len(BARS))
        found = response(BARS, np.round(EXAMPLE.density(BARS) + noise, 2), EXAMPLE)
        failed += not (found.fit_passed and found.lum_passed)
    assert failed <= SEEDS // 200


def test_chance_makes_a_slope_as_often_as_the_test_says() -> None:
    """Three polynomials are tried at 1 % each, and they are not independent."""
    sloped = 0
    for seed in range(SEEDS):
        sloped += of_slopes(np.random.default_rng(seed).normal(2.4, 0.1, 31)).order > 0
    assert 0.005 < sloped / SEEDS < 0.03


def test_a_fall_as_in_the_example_of_the_standard_passes_and_twice_of_it_does_not() -> None:
    noise = np.random.default_rng(7).normal(0, 0.02, 31)
    example = of_slopes(np.linspace(2.5, 2.3, 31) + noise)
    assert (example.order, example.fit_passed) == (1, True)
    assert example.fit_deviation == pytest.approx(0.1 / 2.4, abs=0.01)
    plain = of_slopes(np.linspace(2.5, 2.3, 31))
    assert plain.fits[1] == pytest.approx((2.5 + 0.2 / 30, -0.2 / 30), abs=1e-3)  # the first interval is 1
    worse = of_slopes(np.linspace(2.7, 2.1, 31) + noise)
    assert (worse.order, worse.fit_passed) == (1, False)
    bent = of_slopes(2.4 + 0.5 * (np.linspace(-1, 1, 31) ** 2 - 1 / 3) + noise)
    assert (bent.order, bent.fit_passed) == (2, False)
    x = np.linspace(-1, 1, 31)
    wound = of_slopes(2.4 + 0.5 * (5 * x**3 - 3 * x) / 2 + noise)
    assert (wound.order, wound.fit_passed) == (3, False)


@settings(deadline=None)
@given(st.integers(0, 9999), st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=3), st.integers(5, 33))
def test_the_best_order_is_that_of_the_f_test(seed: int, shape: list[float], intervals: int) -> None:
    x = np.arange(1.0, intervals + 1)
    unit = np.linspace(-1, 1, intervals)
    noise = np.random.default_rng(seed).normal(0, 0.05, intervals)
    found = of_slopes(2.4 + np.polynomial.legendre.legval(unit, [0, *shape]) + noise)
    slopes = np.array(found.per_p_value)
    left = [np.sum((slopes - np.polyval(np.polyfit(x, slopes, order), x)) ** 2) for order in range(4)]
    chances = [0.01]
    for order in (1, 2, 3):
        free = intervals - order - 1
        chances.append(stats.f.sf((left[0] - left[order]) / order / (left[order] / free), order, free))
    assert found.order == int(np.argmin(chances))
    assert found.fit_deviation == pytest.approx(
        np.abs(np.polyval(np.polyfit(x, slopes, found.order), x) / slopes.mean() - 1).max(), abs=1e-9
    )


def test_limits_are_shares_of_the_mean() -> None:
    densities = np.round(EXAMPLE.density(BARS), 2)
    share = (found := response(BARS, densities, EXAMPLE)).lum / found.mean
    assert response(BARS, densities, EXAMPLE, lum_limit=share * 1.01).lum_passed
    assert not response(BARS, densities, EXAMPLE, lum_limit=share * 0.99).lum_passed
    sloped = EXAMPLE.density(BARS**1.1)
    assert response(BARS, sloped, EXAMPLE, fit_limit=0.5).fit_passed


@given(st.permutations(range(32)))
def test_steps_may_come_in_any_order(order: list[int]) -> None:
    densities = np.round(EXAMPLE.density(BARS**1.05), 2)
    assert response(BARS[order], densities[order], EXAMPLE) == response(BARS, densities, EXAMPLE)


def test_a_film_without_any_contrast_fails() -> None:
    for densities in ([1.0] * 32, EXAMPLE.density(1 - BARS)):
        found = response(BARS, densities, EXAMPLE)
        assert (found.fit_passed, found.lum_passed) == (False, False)


def test_what_is_no_wedge_is_refused() -> None:
    with pytest.raises(ValueError, match="3 steps: a response needs four"):
        response([0, 0.5, 1], [3, 1, 0.2], EXAMPLE)
    with pytest.raises(ValueError, match=r"two steps have the P-value 0\.5 "):
        response([0, 0.5, 0.5, 1], [3, 1, 1, 0.2], EXAMPLE)
    with pytest.raises(ValueError, match="4 P-values and 3 densities"):
        response([0, 0.2, 0.5, 1], [3, 1, 0.2], EXAMPLE)


@pytest.mark.peer("dcmdspfn")
@pytest.mark.parametrize("film", [(0.2, 3.0, 2000, 10), (0.21, 3.1, 4000, 10), (0.05, 2.0, 150, 0)], ids=str)
def test_what_dcmtk_prints_is_right(film: tuple[float, float, float, float], tmp_path: Path) -> None:
    lightest, darkest, light, ambient = film
    file = tmp_path / "gsdf.txt"
    options = ["+Io", lightest, darkest, "+Ca", ambient, "+Ci", light, "+Cd", 256, "+Og", file]
    subprocess.run(["dcmdspfn", *map(str, options)], check=True, timeout=30)
    lines = [line.split() for line in file.read_text().splitlines()]
    shown = np.array([float(line[1]) for line in lines if len(line) == 2 and line[0].isdigit()])
    assert len(shown) == 256
    bars = np.round(BARS * 255).astype(int)
    found = response(BARS, -np.log10((shown[bars] - ambient) / light), ToneScale(*film))
    assert (found.fit_passed, found.lum_passed) == (True, True)
    assert found.lum < 0.02  # DCMTK's inverse is the published polynomial
    assert found.densities == pytest.approx(found.aims, abs=0.002)
