"""What values an attribute may have, beyond what the tables' own tests try."""

from dataclasses import replace
from typing import Any

import pytest
from film.elements import received, tag
from film.scu import BARE, PROFILE, reference
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from printscp.film.profile import PrinterProfile
from printscp.film.rules import (
    BACKGROUND,
    CHARACTER_SET,
    CONFIGURATION,
    DENSITY,
    DENSITY_OUTSIDE_RANGE,
    DISPLAY_FORMAT,
    ICC_PROFILE,
    ILLUMINATION,
    MOST_ICC_PROFILE,
    PIXEL_ASPECT,
    PIXELS,
    PRESENTATION_LUT_REFERENCE,
    REQUESTED_IMAGE_SIZE,
    WORDS,
    NotOffered,
    Rule,
    items,
    number,
    one_of,
    term,
    text,
)
from printscp.film.uids import PRESENTATION_LUT

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def taken(rule: Rule, value: Any, profile: PrinterProfile = PROFILE) -> Any:
    """The value in force, which must be the whole of what was asked for."""
    found = rule.take(value, profile)
    assert (found.remark, found.warning) == ("", 0)
    return found.value


def reason(rule: Rule, value: Any, profile: PrinterProfile = PROFILE) -> str:
    """Why a value is not taken."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the reason is what is wanted)
        rule.take(value, profile)
    return str(caught.value)


# --- densities -------------------------------------------------------------------------------------------


@given(st.integers(0, 0xFFFF))
def test_densities_are_clipped_to_the_printer_with_a_remark(value: int) -> None:
    found = DENSITY.take(value, PROFILE)
    assert found.value == min(max(value, 20), 310)
    if 20 <= value <= 310:
        assert (found.remark, found.warning) == ("", 0)
    else:
        assert found.remark == f"{value} outside 20..310: {found.value} used"
        assert found.warning == DENSITY_OUTSIDE_RANGE


@given(st.integers(-0xFFFF, 0xFFFF))
def test_background_densities_are_clipped_too(value: int) -> None:
    found, plain = BACKGROUND.take(str(value), PROFILE), DENSITY.take(value, PROFILE)
    assert (found.value, found.remark, found.warning) == (str(plain.value), plain.remark, plain.warning)


def test_a_background_may_be_black_or_white() -> None:
    assert taken(BACKGROUND, "BLACK") == "BLACK"
    assert taken(BACKGROUND, "WHITE ") == "WHITE"
    for value in ("black", "GREY", "1.5", "", "20 30"):
        reason(BACKGROUND, value)


# What shines through density 3.10 must reach 0.05 cd/m2 (PS3.14 B, j = 1), and what shines through density
# 0.20 together with the most ambient light, 200, stay below 3993 (j = 1023).
@pytest.mark.parametrize(
    ("illumination", "covered"),
    [(62, False), (63, True), (6011, True), (6012, False)],  # 0.0492, 0.0500, 3992.7, 3993.3
)
def test_illumination_is_held_to_what_the_gsdf_covers(illumination: int, covered: bool) -> None:
    if covered:
        assert taken(ILLUMINATION, illumination) == illumination
    else:
        assert "GSDF" in reason(ILLUMINATION, illumination)


def test_a_printer_of_other_densities_covers_other_light() -> None:
    dark = replace(PROFILE, max_density=400)
    reason(ILLUMINATION, 499, dark)
    assert taken(ILLUMINATION, 500, dark) == 500


# --- terms, numbers, text --------------------------------------------------------------------------------


def test_a_term_is_taken_as_it_is_and_no_other() -> None:
    rule = term("YES", "NO")
    assert taken(rule, "NO") == "NO"
    assert reason(rule, "no") == "no is none of YES, NO"
    assert reason(rule, MultiValue(str, ["YES", "NO"])) == "not one term"
    assert reason(rule, 1) == "not one term"
    assert "x" * 17 not in reason(rule, "x" * 500)


def test_a_printer_without_terms_does_not_have_the_attribute() -> None:
    rule = one_of(lambda profile: profile.smoothings)
    assert taken(rule, "SHARP") == "SHARP"
    with pytest.raises(NotOffered):
        rule.take("SHARP", BARE)
    with pytest.raises(NotOffered):
        rule.take(7, BARE)


def test_numbers_have_limits() -> None:
    rule = number(1, 99)
    assert taken(rule, "7") == taken(rule, 7) == 7
    assert reason(rule, 100) == "100 not in 1..99"
    assert reason(number(8, 8), 12) == "12, needs 8"
    assert (rule.words(PROFILE), number(8, 8).words(PROFILE)) == ("1 to 99", "8")
    for odd in ("", "x", "1e9", None, [1, 2]):
        with pytest.raises((ValueError, TypeError)):
            rule.take(odd, PROFILE)


@given(st.text(max_size=80))
def test_text_is_counted_in_characters(value: str) -> None:
    if len(value) > 64:
        assert "64" in reason(text(64), value)
    else:
        found = text(64).take(value, PROFILE)
        assert found.value == value
        assert bool(found.remark) == ("�" in value or "\x1b" in value)


def test_text_that_is_two_values_is_not_taken() -> None:
    reason(text(64), MultiValue(str, ["a", "b"]))


@pytest.mark.parametrize(
    "terms",
    [
        ["ISO_IR 6"],
        ["ISO_IR 100"],
        ["ISO_IR 192"],
        ["GB18030"],
        ["", "ISO 2022 IR 87"],
        ["ISO 2022 IR 6", "ISO 2022 IR 149"],
        ["ISO 2022 IR 13", "ISO 2022 IR 87", "ISO 2022 IR 159"],
    ],
)
def test_character_sets_are_the_defined_terms(terms: list[str]) -> None:
    value = terms[0] if len(terms) == 1 else MultiValue(str, terms)
    assert taken(CHARACTER_SET, value) == terms


def test_other_character_sets_are_not_taken() -> None:
    assert reason(CHARACTER_SET, "latin_1") == "latin_1 is no defined term"
    assert "ISO-IR 100" in reason(CHARACTER_SET, MultiValue(str, ["ISO_IR 6", "ISO-IR 100"]))


def test_a_configuration_is_one_text_whatever_vr_it_came_in() -> None:
    assert taken(CONFIGURATION, "CS000") == "CS000"
    assert taken(CONFIGURATION, "GAMMA=1\\EDGE=2") == "GAMMA=1\\EDGE=2"
    assert taken(CONFIGURATION, MultiValue(str, ["GAMMA=1", "EDGE=2"])) == "GAMMA=1\\EDGE=2"
    # Of what is not taken nothing is told: it is free text, and may be anything.
    assert "GAMMA" not in reason(CONFIGURATION, "GAMMA=3")
    assert "1024" in reason(CONFIGURATION, "x" * 1025)
    reason(CONFIGURATION, "CS000", BARE)


def test_a_display_format_loses_its_pad() -> None:
    assert taken(DISPLAY_FORMAT, "STANDARD\\2,3  ") == "STANDARD\\2,3"
    assert taken(DISPLAY_FORMAT, MultiValue(str, ["STANDARD", "2,3"])) == "STANDARD\\2,3"


# --- references, sequences, bytes ------------------------------------------------------------------------


def test_a_reference_names_its_class_and_its_instance() -> None:
    assert taken(PRESENTATION_LUT_REFERENCE, Sequence([reference(PRESENTATION_LUT, "1.2")])) == "1.2"
    no_instance = Dataset()
    no_instance.ReferencedSOPClassUID = PRESENTATION_LUT
    assert reason(PRESENTATION_LUT_REFERENCE, Sequence([no_instance])) == "names no instance"
    no_class = Dataset()
    no_class.ReferencedSOPInstanceUID = "1.2"
    assert reason(PRESENTATION_LUT_REFERENCE, Sequence([no_class])) == "no Presentation LUT"
    assert "at most 1" in reason(PRESENTATION_LUT_REFERENCE, Sequence([no_class, no_class]))
    assert reason(PRESENTATION_LUT_REFERENCE, "1.2") == "not a sequence"


def test_a_sequence_has_so_many_items_and_no_more() -> None:
    assert len(taken(items(1), Sequence([Dataset()]))) == 1
    assert reason(items(1), Sequence([Dataset(), Dataset()])) == "2 items, at most 1"
    assert reason(items(1), b"no sequence") == "not a sequence"


def test_pixels_are_bytes() -> None:
    assert taken(PIXELS, b"1234") == b"1234"
    assert taken(PIXELS, memoryview(b"1234")) == b"1234"
    reason(PIXELS, "1234")
    reason(PIXELS, MultiValue(int, [1, 2]))


def test_an_icc_profile_has_its_signature() -> None:
    given_profile = b"\0" * 36 + b"acsp" + b"\0" * 88
    assert taken(ICC_PROFILE, given_profile) == given_profile
    assert reason(ICC_PROFILE, b"acsp" + b"\0" * 124) == "no ICC profile"
    assert reason(ICC_PROFILE, b"") == "no ICC profile"
    assert reason(ICC_PROFILE, given_profile + bytes(MOST_ICC_PROFILE)) == "more than 16 MiB"
    with pytest.raises(NotOffered):
        ICC_PROFILE.take(given_profile, BARE)


@pytest.mark.parametrize("value", ["1", "1000", "0.5e3", 100])
def test_a_requested_image_size_is_a_width_in_mm(value: Any) -> None:
    assert taken(REQUESTED_IMAGE_SIZE, value) == float(value)
    with pytest.raises(NotOffered):
        REQUESTED_IMAGE_SIZE.take(value, BARE)


@pytest.mark.parametrize("value", ["0.99", "1001", "nan", "inf", "-5", "wide"])
def test_other_sizes_are_not_taken(value: str) -> None:
    reason(REQUESTED_IMAGE_SIZE, value)


def test_a_pixel_aspect_ratio_is_two_positive_numbers_of_vr_is() -> None:
    assert taken(PIXEL_ASPECT, MultiValue(int, [2, 1])) == (2, 1)
    assert taken(PIXEL_ASPECT, MultiValue(int, [0x7FFFFFFF, 1])) == (0x7FFFFFFF, 1)
    for parts in ([1], [1, 1, 1], [0, 1], [1, -1], [1 << 31, 1], [1, 10**400]):
        reason(PIXEL_ASPECT, MultiValue(int, parts))
    reason(PIXEL_ASPECT, 1)


@pytest.mark.parametrize(
    ("vr", "implicit"), [("US", False), ("OW", False), ("SS", False), ("UN", False), ("", True)]
)
def test_words_come_in_several_vrs_and_mean_the_same(vr: str, implicit: bool) -> None:
    # US or OW by the standard; an implicit VR says nothing; some SCUs write SS throughout.
    dataset = received(
        (tag("LUTDescriptor"), vr, b"\0\x10\0\0\x0c\0"),
        (tag("LUTData"), vr, b"\x01\0\xff\x7f\0\x10"),
        implicit=implicit,
    )
    assert taken(WORDS, dataset["LUTDescriptor"].value) == (4096, 0, 12)
    assert taken(WORDS, dataset["LUTData"].value) == (1, 0x7FFF, 0x1000)


def test_words_are_unsigned_and_have_16_bits() -> None:
    assert taken(WORDS, b"\xff\xff") == (0xFFFF,)
    assert taken(WORDS, 5) == (5,)
    assert taken(WORDS, b"\xff\xff\xff") == ()
    reason(WORDS, -1)
    reason(WORDS, MultiValue(int, [1, -1]))
    reason(WORDS, MultiValue(int, [1, 0x10000]))
