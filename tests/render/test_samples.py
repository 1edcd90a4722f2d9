"""Samples mean what they say: tables against their definitions, profiles as littleCMS reads them."""

import io
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from printscp.render.samples import PrinterCurve, Tone, describe, gray_profile, sample_table
from printscp.render.tone import OD_UNIT, ToneScale

SCALE = ToneScale(0.2, 3.1, 2000, 10)
FALLING = PrinterCurve("Laser", date(2026, 11, 22), ((0, 1.5), (0.25, 0.5), (1, 0.1)))
RISING = PrinterCurve("Wet", date(2026, 11, 22), ((0, 0.1), (0.5, 2.0), (1, 3.5)))
TONES: list[tuple[Tone, PrinterCurve | None]] = [
    ("p-value", None),
    ("lightbox", None),
    ("curve", FALLING),
    ("curve", RISING),
]
tones = pytest.mark.parametrize(("tone", "curve"), TONES)
scales = st.builds(ToneScale, st.floats(0, 0.4), st.floats(1.5, 4), st.floats(500, 3000), st.floats(0, 30))


def shown(scale: ToneScale, density: Any) -> Any:
    """Luminance in cd/m2 (PS3.14)."""
    return scale.ambient + scale.illumination * 10.0 ** -np.asarray(density, np.float64)


@given(scales, st.sampled_from([8, 12, 16]), st.sampled_from(TONES))
def test_a_darker_film_is_never_a_brighter_sample(
    scale: ToneScale, bits: int, kind: tuple[Tone, PrinterCurve | None]
) -> None:
    table = sample_table(scale, kind[0], bits, kind[1])
    assert table.shape == (65536,)
    assert table.dtype == (np.uint8 if bits == 8 else np.uint16)
    steps = np.diff(table.astype(int))
    assert (steps >= 0).all() if kind[1] is RISING else (steps <= 0).all()
    assert table.max() == (1 << bits) - 1


@given(scales, st.sampled_from([8, 12, 16]))
def test_p_values_fill_the_range_of_the_printer(scale: ToneScale, bits: int) -> None:
    table = sample_table(scale, "p-value", bits)
    full = (1 << bits) - 1
    p_value = np.arange(full + 1) / full
    density = np.rint(scale.density(p_value) / OD_UNIT).astype(int)
    if bits < 16:  # and each stays itself
        assert (table[density] == np.arange(full + 1)).all()
    else:
        twelve = density[np.rint(np.linspace(0, full, 4096)).astype(int)]
        assert len(np.unique(table[twelve])) == 4096


@pytest.mark.parametrize("bits", [8, 16])
def test_lightbox_samples_are_luminance_coded_as_srgb(bits: int) -> None:
    density = np.arange(0, 65536, 97)
    light = np.minimum(shown(SCALE, density * OD_UNIT) / shown(SCALE, 0.2), 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    full = (1 << bits) - 1
    assert np.abs(sample_table(SCALE, "lightbox", bits)[density] - code * full).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("curve", [FALLING, RISING])
@given(fraction=st.floats(0, 1))
def test_a_printer_gets_the_sample_that_prints_the_density(curve: PrinterCurve, fraction: float) -> None:
    ends = sorted(density for _, density in curve.points)
    density = ends[0] + fraction * (ends[-1] - ends[0])
    sample = sample_table(SCALE, "curve", 16, curve)[round(density / OD_UNIT)] / 65535
    assert curve.density(np.array(sample)) == pytest.approx(density, abs=0.0002)


def test_what_a_printer_cannot_print_is_the_nearest_it_can() -> None:
    table = sample_table(SCALE, "curve", 8, FALLING)
    assert (table[0], table[1000], table[15000], table[65535]) == (255, 255, 0, 0)


def test_a_table_is_shared_and_cannot_be_written() -> None:
    table = sample_table(SCALE, "p-value", 8)
    assert sample_table(SCALE, "p-value", 8) is table
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


def test_the_tone_of_a_printer_needs_its_curve() -> None:
    for function in (sample_table, gray_profile, describe):
        with pytest.raises(ValueError, match="curve"):
            function(SCALE, "curve", 8)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ((), "from 0 to 1"),
        (((0, 1), (0.5, 0)), "from 0 to 1"),
        (((0.1, 1), (1, 0)), "from 0 to 1"),
        (((0, 2), (0.4, 1.5), (0.4, 1), (1, 0)), "point 3: its sample is not above"),
        (((0, 2), (0.4, 1), (0.5, 1), (1, 0)), "point 3: its density is not below"),
        (((0, 0), (0.4, 1), (0.5, 0.9), (1, 2)), "point 3: its density is not above"),
        (((0, float("nan")), (1, 0)), "point 2"),
    ],
)
def test_what_is_no_curve_is_refused(points: tuple[tuple[float, float], ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PrinterCurve("Laser", date(2026, 11, 22), points)


def test_words_say_the_numbers() -> None:
    assert describe(SCALE, "p-value", 16).startswith(
        "Gray samples are P-values (DICOM PS3.14): 0 is 3.10 OD, 65535 is 0.20 OD,"
    )
    assert "L0 2000 and La 10 cd/m2" in describe(SCALE, "lightbox", 8)
    words = describe(SCALE, "curve", 8, FALLING)
    for fact in ("Laser", "measured on 2026-11-22: ", "0 prints 1.50 OD", "255 prints 0.10 OD"):
        assert fact in words
    versioned = replace(FALLING, measured=datetime(2026, 11, 22, 10, 15), version=3)
    assert "measured on 2026-11-22, version 3 of its curve: " in describe(SCALE, "curve", 8, versioned)


# --- the profile -----------------------------------------------------------------------------------------


def luminance_by_profile(profile: bytes) -> Any:
    """Relative luminance of 256 samples from 0 to full scale, by littleCMS."""
    opened = ImageCms.getOpenProfile(io.BytesIO(profile))
    image = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    to_lab = ImageCms.buildTransform(opened, ImageCms.createProfile("LAB"), "L", "LAB")
    lightness = np.asarray(ImageCms.applyTransform(image, to_lab))[0, :, 0] / 255 * 100
    return np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)


@tones
@pytest.mark.parametrize("bits", [8, 16])
def test_little_cms_reads_the_luminance_of_a_sample(
    tone: Tone, curve: PrinterCurve | None, bits: int
) -> None:
    profile = gray_profile(SCALE, tone, bits, curve)
    table = sample_table(SCALE, tone, 16, curve) / 65535
    # Densities that have a sample of their own.
    density = np.arange(2000, 31001)
    if curve is not None:
        ends = sorted(printed for _, printed in curve.points)
        density = np.arange(round(ends[0] / OD_UNIT), min(30000, round(ends[-1] / OD_UNIT)))
    expected = shown(SCALE, density * OD_UNIT)
    brightest = shown(SCALE, 0.2 if curve is None else 0.1)
    read = np.interp(table[density], np.arange(256) / 255, luminance_by_profile(profile))
    # Lab of 8 bits has steps of 0.4 in lightness.
    assert np.abs(lightness(read) - lightness(expected / brightest)).max() < 0.5
    opened: Any = ImageCms.getOpenProfile(io.BytesIO(profile))
    assert opened.profile.luminance[0][1] == pytest.approx(brightest, abs=1e-3)


def lightness(light: Any) -> Any:
    return np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_tone_curve_itself_is_exact(bits: int) -> None:
    """The samples of the profile as they stand in it (ICC.1:2001-04 6.5.3)."""
    profile = gray_profile(SCALE, "p-value", bits)
    start = profile.index(b"curv")
    count = int.from_bytes(profile[start + 8 : start + 12], "big")
    values = np.frombuffer(profile, ">u2", count, start + 12) / 65535
    expected = shown(SCALE, SCALE.density(np.linspace(0, 1, count))) / shown(SCALE, 0.2)
    assert count == (256 if bits == 8 else 4096)
    assert np.abs(values - expected).max() <= 0.5 / 65535 + 1e-12


def test_a_profile_is_well_formed_and_the_same_each_time() -> None:
    profile = gray_profile(SCALE, "p-value", 8)
    gray_profile.cache_clear()
    assert gray_profile(SCALE, "p-value", 8) == profile
    assert int.from_bytes(profile[:4], "big") == len(profile)
    assert (profile[12:24], profile[36:40]) == (b"mntrGRAYXYZ ", b"acsp")
    count = int.from_bytes(profile[128:132], "big")
    table = [profile[132 + 12 * number : 144 + 12 * number] for number in range(count)]
    assert {entry[:4] for entry in table} == {b"desc", b"cprt", b"wtpt", b"kTRC", b"lumi"}
    for entry in table:
        place, length = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:], "big")
        assert place % 4 == 0
        assert place + length <= len(profile)
    opened: Any = ImageCms.getOpenProfile(io.BytesIO(profile))
    assert opened.profile.xcolor_space.strip() == "GRAY"
    assert opened.profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=1e-4)
