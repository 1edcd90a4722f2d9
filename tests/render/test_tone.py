"""Presentation LUTs and the Grayscale Standard Display Function on film, against the formulas (PS3.14)."""

import math
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printscp.film.sheet import LookUp, ToneCurve
from printscp.render.tone import OD_UNIT, ToneScale, density_table, jnd_index, luminance

# minimum and maximum density, illumination L0, reflected ambient light La
RANGES = [
    (0.20, 3.00, 2000.0, 10.0),
    (0.20, 3.10, 2000.0, 10.0),
    (0.20, 3.20, 2000.0, 10.0),
    (0.21, 3.10, 4000.0, 10.0),
    (0.05, 2.00, 150.0, 0.0),
    (0.00, 4.00, 3900.0, 0.0),
    (1.50, 1.60, 64.0, 200.0),
]


IDENTITY = ToneCurve()


def reference_luminance(j: float) -> float:
    """PS3.14 7.1, written out with the letters of the standard."""
    a, b, c, d, e = -1.3011877, -2.5840191e-2, 8.0242636e-2, -1.0320229e-1, 1.3646699e-1
    f, g, h, k, m = 2.8745620e-2, -2.5468404e-2, -3.1978977e-3, 1.2992634e-4, 1.3635334e-3
    x = math.log(j)
    numerator = a + c * x + e * x**2 + g * x**3 + m * x**4
    return 10 ** (numerator / (1 + b * x + d * x**2 + f * x**3 + h * x**4 + k * x**5))


def reference_jnd(cd_per_m2: float) -> float:
    low, high = 0.9, 1030.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if reference_luminance(middle) < cd_per_m2 else (low, middle)
    return (low + high) / 2


def reference_densities(
    p_values: list[float], d_min_d_max_l0_la: tuple[float, float, float, float]
) -> np.ndarray:
    """Density of each P-value, 0..1."""
    d_min, d_max, l0, la = d_min_d_max_l0_la
    darkest, brightest = reference_jnd(la + l0 * 10**-d_max), reference_jnd(la + l0 * 10**-d_min)
    shown = [reference_luminance(darkest + (brightest - darkest) * p) for p in p_values]
    return np.array([-math.log10((each - la) / l0) for each in shown])


def table_of_values(
    scale: ToneScale, bits: int, reverse: bool = False, tone: LookUp | ToneCurve = IDENTITY
) -> np.ndarray:
    """The density of each value of an image, without those between two values."""
    return density_table(scale, bits, reverse, tone)[np.arange(1 << bits) << (16 - bits)]


@pytest.mark.parametrize(
    ("j", "cd_per_m2"),
    # As printed in Annex B, which at its upper end lies 2 parts in 100 000 above its own formula.
    [(1, 0.05), (2, 0.0547), (10, 0.0991), (100, 1.8508), (500, 119.1326), (800, 933.1997), (1023, 3993.404)],
)
def test_luminance_is_that_of_annex_b(j: int, cd_per_m2: float) -> None:
    assert luminance(j) == pytest.approx(cd_per_m2, rel=3e-5, abs=6e-5)


def test_jnd_index_is_the_inverse() -> None:
    j = np.linspace(1, 1023, 2000)
    assert np.abs(jnd_index([reference_luminance(one) for one in j]) - j).max() < 1e-4


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("d_min_d_max_l0_la", RANGES, ids=str)
def test_every_p_value_prints_at_the_density_of_the_formula(
    d_min_d_max_l0_la: tuple[float, float, float, float], bits: int
) -> None:
    d_min, d_max, *_ = d_min_d_max_l0_la
    largest = (1 << bits) - 1
    expected = reference_densities([p / largest for p in range(largest + 1)], d_min_d_max_l0_la)
    for tone in (IDENTITY, LookUp("IDENTITY")):
        printed = table_of_values(ToneScale(*d_min_d_max_l0_la), bits, tone=tone) * OD_UNIT
        assert np.abs(printed - expected).max() < 0.0001
        assert (printed[0], printed[-1]) == pytest.approx((d_max, d_min), abs=0.0001)


def test_the_worked_table() -> None:
    # 8 bits, 0.20 to 3.00 OD, 2000 and 10 cd/m2, with an exact inverse; PS3.14 D.2.3 has three decimals,
    # cut off and made with another inverse, and lies up to 0.0013 beside it.
    expected = {
        0: 3.0,
        32: 2.1040,
        64: 1.6992,
        96: 1.3904,
        128: 1.1224,
        160: 0.8758,
        192: 0.6418,
        224: 0.4152,
    }
    in_part_14 = {0: 3.0, 32: 2.103, 64: 1.698, 96: 1.390, 128: 1.122, 160: 0.875, 192: 0.641, 224: 0.415}
    scale = ToneScale(0.2, 3.0, 2000, 10)
    for p_value, density in expected.items():
        printed = scale.density(p_value / 255)
        assert printed == pytest.approx(density, abs=0.0001)
        assert printed == pytest.approx(in_part_14[p_value], abs=0.0013)
    assert scale.density(1) == pytest.approx(0.2, abs=1e-6)


_SCALES = st.builds(
    lambda low, width, l0, la: ToneScale(low / 100, (low + width) / 100, float(l0), float(la)),
    low=st.integers(0, 300),
    width=st.integers(1, 150),
    l0=st.integers(63, 3900),
    la=st.integers(0, 90),
).filter(lambda scale: scale.ambient + scale.illumination * 10**-scale.max_density >= 0.05)


@given(_SCALES, st.floats(0, 1), st.floats(0, 1))
def test_more_p_value_is_less_density_within_the_range(scale: ToneScale, p: float, q: float) -> None:
    darker, brighter = scale.density(min(p, q)), scale.density(max(p, q))
    assert scale.max_density + 5e-5 >= darker >= brighter >= scale.min_density - 5e-5
    limits = (scale.min_density, scale.max_density, scale.illumination, scale.ambient)
    assert darker == pytest.approx(reference_densities([min(p, q)], limits)[0], abs=0.0001)


@given(_SCALES, st.sampled_from([8, 12]), st.booleans())
def test_a_table_never_turns_back_and_stays_in_the_range(scale: ToneScale, bits: int, reverse: bool) -> None:
    table = density_table(scale, bits, reverse).astype(int)
    steps = np.diff(table)
    assert (steps >= 0).all() if reverse else (steps <= 0).all()
    assert abs(table.min() - scale.min_density / OD_UNIT) <= 1
    assert abs(table.max() - scale.max_density / OD_UNIT) <= 1


@given(_SCALES, st.floats(0, 1))
def test_p_value_is_the_inverse_of_density(scale: ToneScale, p: float) -> None:
    darkest, brightest = (
        reference_jnd(scale.ambient + scale.illumination * 10**-density)
        for density in (scale.max_density, scale.min_density)
    )
    assume(brightest - darkest > 1)  # less than one just noticeable difference is no range
    assert scale.p_value(scale.density(p)) == pytest.approx(p, abs=1e-4)


def test_p_values_outside_the_range_are_held_to_its_ends() -> None:
    scale = ToneScale(0.2, 3.1, 2000, 10)
    assert scale.p_value([0.0, 0.1999, 6.5]).tolist() == [1, 1, 0]


@pytest.mark.parametrize("reverse", [False, True])
def test_all_4096_p_values_stay_apart_on_the_page(reverse: bool) -> None:
    assert len(set(table_of_values(ToneScale(0.2, 3.1, 2000, 10), 12, reverse).tolist())) == 4096


@pytest.mark.parametrize("bits", [8, 12])
def test_reverse_prints_the_smallest_value_brightest(bits: int) -> None:
    scale = ToneScale(0.2, 3.1, 2000, 10)
    assert (table_of_values(scale, bits, True) == table_of_values(scale, bits)[::-1]).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bits", [8, 12])
def test_overshoot_prints_like_the_largest_value(bits: int, reverse: bool) -> None:
    table = density_table(ToneScale(0.2, 3.1, 2000, 10), bits, reverse)
    assert table.shape == (65536,)
    assert table.dtype == np.uint16
    largest = ((1 << bits) - 1) << (16 - bits)
    assert (table[largest:] == (31000 if reverse else 2000)).all()


# --- Presentation LUT ------------------------------------------------------------------------------------

# What entry i of n is, in a table of so many bits.
TABLES = {
    "rising": lambda i, n, most: i * most // max(1, n - 1),
    "falling": lambda i, n, most: most - i * most // max(1, n - 1),
    "gamma": lambda i, n, most: round((i / n) ** 2.2 * most),
    "window": lambda i, n, most: min(max(4 * i - n, 0) * most // (2 * n), most),
    "waves": lambda i, n, most: round((math.sin(i / 7) + 1) / 2 * most),
    "noise": lambda i, n, most: (i * 7919 + 13) * 104729 % (most + 1),
    "ends": lambda i, n, most: most * (i % 2),
}


def look_up_of(kind: str, entries: int, bits: int) -> LookUp:
    most = (1 << bits) - 1
    return LookUp("", bits=bits, table=tuple(TABLES[kind](i, entries, most) for i in range(entries)))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("depth", [10, 12, 16])
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("bits", [8, 12])
def test_each_value_picks_its_entry_of_the_table(bits: int, kind: str, depth: int, reverse: bool) -> None:
    look_up = look_up_of(kind, 1 << bits, depth)
    limits = RANGES[bits % len(RANGES)]
    entries = look_up.table[::-1] if reverse else look_up.table
    expected = reference_densities([entry / ((1 << depth) - 1) for entry in entries], limits)
    printed = table_of_values(ToneScale(*limits), bits, reverse, look_up) * OD_UNIT
    assert np.abs(printed - expected).max() < 0.0001


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("bits", "entries"), [(8, 4096), (12, 256), (12, 4095), (10, 1024), (14, 256), (8, 2)]
)
@pytest.mark.parametrize("kind", ["gamma", "waves", "noise"])
def test_a_table_of_another_length_covers_the_whole_range(
    kind: str, bits: int, entries: int, reverse: bool
) -> None:
    look_up = look_up_of(kind, entries, 14)
    largest = (1 << bits) - 1
    p_values = []
    for value in range(largest, -1, -1) if reverse else range(largest + 1):
        place = Fraction(value * (entries - 1), largest)
        first, rest = int(place), place - int(place)
        second = min(first + 1, entries - 1)
        p_values.append(float(look_up.table[first] * (1 - rest) + look_up.table[second] * rest) / 16383)
    expected = reference_densities(p_values, RANGES[1])
    printed = table_of_values(ToneScale(*RANGES[1]), bits, reverse, look_up) * OD_UNIT
    assert np.abs(printed - expected).max() < 0.0001
    # The first and the last entry are those of the ends of the range.
    ends = reference_densities([look_up.table[0] / 16383, look_up.table[-1] / 16383], RANGES[1])
    assert (printed[[-1, 0]] if reverse else printed[[0, -1]]) == pytest.approx(ends, abs=0.0001)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("d_min_d_max_l0_la", RANGES, ids=str)
def test_lin_od_is_even_in_density_and_keeps_the_polarity(
    d_min_d_max_l0_la: tuple[float, float, float, float], bits: int
) -> None:
    d_min, d_max, *_ = d_min_d_max_l0_la
    largest = (1 << bits) - 1
    expected = np.array([d_max - (d_max - d_min) * value / largest for value in range(largest + 1)])
    scale = ToneScale(*d_min_d_max_l0_la)
    printed = table_of_values(scale, bits, tone=LookUp("LIN OD")) * OD_UNIT
    assert np.abs(printed - expected).max() <= 0.5 * OD_UNIT + 1e-9
    negative = table_of_values(scale, bits, True, LookUp("LIN OD"))
    assert (negative == table_of_values(scale, bits, tone=LookUp("LIN OD"))[::-1]).all()


_LOOK_UPS = st.integers(10, 16).flatmap(
    lambda bits: st.builds(
        lambda table: LookUp("", bits=bits, table=tuple(table)),
        st.lists(st.integers(0, (1 << bits) - 1), min_size=1, max_size=40),
    )
)


@given(_SCALES, st.sampled_from([8, 12]), st.booleans(), _LOOK_UPS)
def test_a_monotonic_table_never_turns_back_and_any_stays_in_the_range(
    scale: ToneScale, bits: int, reverse: bool, look_up: LookUp
) -> None:
    density = density_table(scale, bits, reverse, look_up).astype(int)
    assert density.min() >= round(scale.min_density / OD_UNIT)
    assert density.max() <= round(scale.max_density / OD_UNIT)
    rising = replace(look_up, table=tuple(sorted(look_up.table)))
    steps = np.diff(density_table(scale, bits, reverse, rising).astype(int))
    assert (steps >= 0).all() if reverse else (steps <= 0).all()
    falling = replace(look_up, table=rising.table[::-1])
    steps = np.diff(density_table(scale, bits, reverse, falling).astype(int))
    assert (steps <= 0).all() if reverse else (steps >= 0).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bits", [8, 12, 15])
@pytest.mark.parametrize("kind", ["IDENTITY", "LIN OD", "waves", "noise"])
def test_samples_between_two_values_print_between_their_densities(
    kind: str, bits: int, reverse: bool
) -> None:
    look_up = look_up_of(kind, 1 << bits, 12) if kind in TABLES else LookUp(kind)
    table = density_table(ToneScale(*RANGES[1]), bits, reverse, look_up).astype(int)
    step = 1 << (16 - bits)
    between = table[: ((1 << bits) - 1) * step].reshape(-1, step)
    ends = np.stack([table[:-step:step], table[step::step]])
    assert (between >= ends.min(axis=0)[:, None]).all()
    assert (between <= ends.max(axis=0)[:, None]).all()
    assert (table[-step:] == table[-step]).all()  # overshoot


@pytest.mark.parametrize("reverse", [False, True])
def test_lin_od_by_value_takes_the_value_for_a_density(reverse: bool) -> None:
    scale = ToneScale(*RANGES[1])
    by_value = table_of_values(scale, 8, reverse, LookUp("LIN OD", by_value=True))
    expected = np.linspace(0.2, 3.1, 256)[:: -1 if reverse else 1]
    assert np.abs(by_value * OD_UNIT - expected).max() <= 0.5 * OD_UNIT + 1e-9


# --- the printer's own curve -----------------------------------------------------------------------------

_CURVES = st.builds(ToneCurve, st.floats(0.3, 3), st.booleans())


@pytest.mark.parametrize("contrast", [0.6, 0.8, 1.25, 1.6])
@pytest.mark.parametrize("bits", [8, 12])
def test_a_curve_is_its_formula_into_jnd_or_into_density(contrast: float, bits: int) -> None:
    largest = (1 << bits) - 1
    values = [v / largest for v in range(largest + 1)]
    p_values = [v**contrast / (v**contrast + (1 - v) ** contrast) for v in values]
    scale = ToneScale(*RANGES[1])
    in_jnd = table_of_values(scale, bits, tone=ToneCurve(contrast)) * OD_UNIT
    assert np.abs(in_jnd - reference_densities(p_values, RANGES[1])).max() < 0.0001
    in_density = table_of_values(scale, bits, tone=ToneCurve(contrast, linear=True)) * OD_UNIT
    assert np.abs(in_density - (3.1 - 2.9 * np.array(p_values))).max() <= 0.5 * OD_UNIT + 1e-9


@given(_SCALES, st.sampled_from([8, 12]), st.booleans(), _CURVES)
def test_a_curve_never_turns_back_and_goes_from_end_to_end(
    scale: ToneScale, bits: int, reverse: bool, curve: ToneCurve
) -> None:
    table = density_table(scale, bits, reverse, curve).astype(int)
    steps = np.diff(table)
    assert (steps >= 0).all() if reverse else (steps <= 0).all()
    assert abs(table.min() - scale.min_density / OD_UNIT) <= 1
    assert abs(table.max() - scale.max_density / OD_UNIT) <= 1


@given(_SCALES, st.floats(0.3, 3))
def test_more_contrast_is_darker_below_the_middle_and_brighter_above(
    scale: ToneScale, contrast: float
) -> None:
    plain = table_of_values(scale, 8).astype(int)
    curved = table_of_values(scale, 8, tone=ToneCurve(contrast)).astype(int)
    difference = (curved - plain) * (1 if contrast > 1 else -1)
    assert (difference[:128] >= 0).all()
    assert (difference[128:] <= 0).all()


def test_whatever_differs_makes_a_table_of_its_own() -> None:
    table = (0, 512, 1023)
    asked: list[tuple[ToneScale, int, bool, LookUp | ToneCurve]] = [
        (ToneScale(*RANGES[0]), 8, False, IDENTITY),
        *((ToneScale(*limits), 8, False, IDENTITY) for limits in RANGES[1:]),
        (ToneScale(*RANGES[0]), 12, False, IDENTITY),
        (ToneScale(*RANGES[0]), 8, True, IDENTITY),
        (ToneScale(*RANGES[0]), 8, False, ToneCurve(0.8)),
        (ToneScale(*RANGES[0]), 8, False, ToneCurve(0.8, linear=True)),
        (ToneScale(*RANGES[0]), 8, False, LookUp("LIN OD")),
        (ToneScale(*RANGES[0]), 8, False, LookUp("LIN OD", by_value=True)),
        (ToneScale(*RANGES[0]), 8, False, LookUp("", bits=10, table=table)),
        (ToneScale(*RANGES[0]), 8, False, LookUp("", bits=11, table=table)),
    ]
    assert len({density_table(*each).tobytes() for each in asked}) == len(asked)


def test_gray_is_the_8_bit_p_value_of_a_density() -> None:
    scale = ToneScale(0.2, 3.1, 2000, 10)
    assert [scale.gray(density) for density in (2000, 31000, 0, 65535)] == [255, 0, 255, 0]
    assert [scale.gray(density) for density in table_of_values(scale, 8).tolist()] == list(range(256))


@pytest.mark.peer("dcmdspfn")
@pytest.mark.parametrize("d_min_d_max_l0_la", RANGES[:5], ids=str)
def test_dcmtk_prints_the_same(d_min_d_max_l0_la: tuple[float, float, float, float], tmp_path: Path) -> None:
    d_min, d_max, l0, la = d_min_d_max_l0_la
    file = tmp_path / "gsdf.txt"
    options = ["+Io", d_min, d_max, "+Ca", la, "+Ci", l0, "+Cd", 256, "+Og", file]
    subprocess.run(["dcmdspfn", *map(str, options)], check=True, timeout=30)
    lines = [line.split() for line in file.read_text().splitlines()]
    shown = np.array([float(line[1]) for line in lines if len(line) == 2 and line[0].isdigit()])
    assert len(shown) == 256
    printed = ToneScale(d_min, d_max, l0, la).density(np.arange(256) / 255)
    # DCMTK goes from luminance to JND index by the published polynomial, which is 0.09 JND off in places.
    assert np.abs(printed + np.log10((shown - la) / l0)).max() < 0.002
