"""Lines of text: their characters, order and fonts, how wide they are, and how they look when drawn."""

import unicodedata
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.ttfonts import TTFont

from printscp.render.page import ColorPage, Page, Text
from printscp.render.text import FONTS, REPLACEMENT, drawn, fitted, line, width
from printscp.render.tone import ToneScale

SCALE = ToneScale(0.2, 3.1, 2000, 10)
MAIN, FALLBACK = FONTS
ALPHABETS = {
    "Latin": "Müller^Jürgen łóżko Åsa",
    "Greek": "Ασθενής Παπαδόπουλος",
    "Cyrillic": "Пациент Ёлкина",
    "Hebrew": "שלום",
    "Arabic": "مريض محمد علي",
    "Persian": "پژمان گچکار",
    "Chinese": "患者王小明臺灣",
    "Japanese": "山田やまだヤマダ",
    "Korean": "환자김철수",
}


@cache
def reportlab_font(name: str) -> TTFont:
    return TTFont(name, str(next(font for font in FONTS if font.stem == name)))


def seen(text: str) -> str:
    """All characters of a line from left to right."""
    return "".join(run.text for run in line(text))


def page(*texts: Text, shape: tuple[int, int] = (60, 200), density: int = 31000) -> Page:
    return Page(320.0, SCALE, texts, "film", np.full(shape, density, np.uint16))


def ink(text: str, size: float = 40.0) -> np.ndarray:
    """Where a line is drawn on a page of its own, with a quarter of its size round it."""
    shape = round(1.5 * size), round(width(text, size) + size / 2)
    drawing = drawn(page(Text(text, size / 4, size, size, 2000), shape=shape))
    return np.asarray(31000 - drawing.astype(int)) / 29000


# --- characters, order and fonts -------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_each_alphabet_is_set_in_a_font_that_has_it(alphabet: str) -> None:
    runs = line(ALPHABETS[alphabet])
    assert {run.font for run in runs} == {FALLBACK if alphabet in ("Chinese", "Japanese", "Korean") else MAIN}
    assert REPLACEMENT not in seen(ALPHABETS[alphabet])


def test_a_line_changes_its_font_where_it_must() -> None:
    runs = line("DOE^患者 Пациент 환자 12")
    expected = [("DOE^", MAIN), ("患者", FALLBACK), (" Пациент ", MAIN), ("환자", FALLBACK), (" 12", MAIN)]
    assert [(run.text, run.font) for run in runs] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Hebrew from right to left, numbers and Latin in it from left to right.
        ("שלום", "םולש"),
        ("שלום 123 abc", "abc 123 םולש"),
        ("Name: שלום, 12", "Name: 12 ,םולש"),
        # Brackets open where they opened.
        ("שלום (1)", "(1) םולש"),
        ("abc (אבג) 12", "abc (גבא) 12"),
        ("אב [ab (cd)] ג", "ג [ab (cd)] בא"),
        # A mark stays with its letter.
        ("בָר", "רבָ"),
        ("e\u0301", "\u00e9"),
        # Arabic joined: initial, medial, medial, final; lam and alef are one.
        ("محمد", "\ufeaa\ufee4\ufea4\ufee3"),
        ("لا", "\ufefb"),
        ("الله", "\ufeea\ufee0\ufedf\ufe8d"),
    ],
)
def test_a_line_is_in_the_order_it_is_read(text: str, expected: str) -> None:
    assert seen(text) == expected


def test_what_cannot_be_set_is_a_box_and_what_cannot_be_seen_is_nothing() -> None:
    assert seen("a\ue000b\U000e0041\ud800c\uffff") == f"a{REPLACEMENT}b{REPLACEMENT}c{REPLACEMENT}"
    assert seen("\U0001f600") == REPLACEMENT  # DejaVu Sans has it, but PDF readers would find U+1F60
    assert seen("\x00a\x1bb\x7f\u200fc\u00add\ufeff") == "abcd"
    assert seen("a\tb\nc\u00a0d\u3000e\u2028f") == "a b c d e f"
    assert line("") == line("\x00") == ()


_TEXTS = st.text(max_size=64) | st.text("aW1 ()[]<בָשلاм̈患한\u200f\u202e\ue000", max_size=64)


@settings(deadline=None)
@given(_TEXTS)
def test_any_text_has_a_line_of_characters_that_its_fonts_have(text: str) -> None:
    runs = line(text)
    for run in runs:
        glyphs = reportlab_font(run.font.stem).face.charToGlyph
        assert run.text
        assert all(ord(character) in glyphs for character in run.text)
    assert all(before.font != after.font for before, after in pairwise(runs))
    assert len(seen(text)) <= len(unicodedata.normalize("NFC", text))


# --- widths ----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(_TEXTS, st.floats(1, 100))
def test_a_line_is_as_wide_as_a_pdf_sets_it(text: str, size: float) -> None:
    expected = sum(reportlab_font(run.font.stem).stringWidth(run.text, size, "utf8") for run in line(text))
    assert width(text, size) == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_letters_are_not_kerned() -> None:
    assert width("AVATAR To", 2048) == sum(width(letter, 2048) for letter in "AVATAR To")


@settings(deadline=None)
@given(_TEXTS, st.floats(1, 50), st.floats(1, 2000))
def test_a_text_is_fitted_into_its_room(text: str, size: float, room: float) -> None:
    shown, smaller = fitted(text, size, room)
    assert width(shown, smaller) <= room * (1 + 1e-9)
    assert 0.6 * size <= smaller * (1 + 1e-9)
    assert smaller <= size
    if shown == text:
        # No smaller than it has to be.
        assert smaller == size or width(text, smaller) == pytest.approx(room)
    else:
        assert smaller == pytest.approx(0.6 * size)
        assert shown == "" or (shown[-1] == "…" and text.startswith(shown[:-1]))
        assert width(text, smaller) > room


def test_no_more_is_cut_than_has_to_be() -> None:
    text = "iiiiiWWWWW" * 6
    shown, size = fitted(text, 20, 300)
    assert width(text[: len(shown)] + "…", size) > 300


# --- drawn -----------------------------------------------------------------------------------------------


def test_letters_stand_upright_on_their_baseline() -> None:
    letter = ink("L", 40)
    rows, columns = (np.flatnonzero(letter.max(axis=axis) > 0.5) for axis in (1, 0))
    assert rows[-1] == 39  # the row above the baseline
    assert rows[0] == pytest.approx(40 - 0.729 * 40, abs=1)
    assert 10 < columns[0] < 16 < columns[-1] < 10 + width("L", 40)
    foot, stem = letter[36:40], letter[:, columns[0] : columns[0] + 4]
    assert foot.sum() + stem.sum() > 0.95 * letter.sum()


def test_letters_stand_where_the_widths_say() -> None:
    drawing = ink("||||||||||", 40)
    share = drawing[20:30].mean(axis=0)
    centers = [
        (share[start : start + 14] * np.arange(start, start + 14)).sum() / share[start : start + 14].sum()
        + 0.5
        for start in (10 + np.arange(10) * width("|", 40)).astype(int)
    ]
    expected = 10 + (np.arange(10) + 0.5) * width("|", 40)
    assert np.abs(np.array(centers) - expected).max() < 0.5


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_each_alphabet_leaves_ink_within_its_width(alphabet: str) -> None:
    text = ALPHABETS[alphabet]
    drawing = ink(text)
    assert 0.03 < drawing.mean() < 0.3
    columns = np.flatnonzero(drawing.max(axis=0) > 0.5)
    assert 8 <= columns[0] <= 16
    assert columns[-1] == pytest.approx(10 + width(text, 40), abs=7)
    assert drawing[0].max() == drawing[-1].max() == 0


def test_arabic_letters_hang_together_and_run_to_the_left() -> None:
    parts, _ = cv2.connectedComponents((ink("محمد") > 0.5).astype(np.uint8))
    assert parts == 2  # the ground, and one word of four letters with no points
    # No seam: along the line that joins them letters are solid.
    joined = ink("ســــد", 60)
    solid = (joined > 0.98).any(axis=0)
    columns = np.flatnonzero(joined.max(axis=0) > 0.5)
    assert solid[columns[2] : columns[-3]].all()
    # Alef, a stroke that joins nothing to its left, first: it is the rightmost.
    alef = ink("اح")
    assert np.flatnonzero(alef[20] > 0.5).min() > alef.shape[1] / 2


def test_ink_is_blended_in_density_and_nothing_else_changes() -> None:
    text = Text("Hg 患", 20.5, 40.25, 30, 2000)
    before = page(text, density=20000)
    before.density[:, 100:] = 30000
    after = drawn(before)
    assert after.dtype == np.uint16
    assert not np.shares_memory(after, before.density)
    assert set(before.density.ravel().tolist()) == {20000, 30000}
    assert (after <= before.density).all()
    assert after.min() == 2000
    touched = np.argwhere(after != before.density)
    assert touched[:, 1].min() >= 20
    assert touched[:, 1].max() <= 20.5 + width(text.text, 30) + 1
    assert len({int(value) for value in after.ravel()}) > 20  # smooth edges
    # The same coverage on either ground.
    other = drawn(page(text, density=10000))
    share = (20000 - after[:, :100]) / 18000
    assert np.abs((10000 - other[:, :100]) / 8000 - share).max() < 1e-3


def test_a_page_without_texts_is_drawn_as_it_is() -> None:
    plain = page()
    assert drawn(plain) is plain.density


def test_on_a_color_page_text_is_gray() -> None:
    srgb = np.full((60, 200, 3), (10, 120, 250), np.uint8)
    text = Text("Hg", 20, 40, 30, 10000)
    after = drawn(ColorPage(320.0, SCALE, (text,), "film", srgb))
    assert (srgb == (10, 120, 250)).all()
    gray = SCALE.gray(10000)
    share = (drawn(page(Text("Hg", 20, 40, 30, 2000))).astype(float) - 31000) / (2000 - 31000)
    assert share.max() == 1
    expected = srgb + share[:, :, None] * (gray - srgb.astype(float))
    assert np.abs(after - expected).max() < 0.51 + 1e-3 * 255


@settings(deadline=None, max_examples=50)
@given(_TEXTS, st.floats(-60, 260), st.floats(-60, 120), st.floats(0.5, 60))
def test_any_text_can_be_drawn_anywhere(text: str, left: float, baseline: float, size: float) -> None:
    after = drawn(page(Text(text, left, baseline, size, 2000)))
    assert 2000 <= after.min() <= after.max() <= 31000
    if not text or left > 200 + 2 * size or left + width(text, size) < -2 * size:
        assert (after == 31000).all()
