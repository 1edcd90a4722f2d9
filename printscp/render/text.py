"""Text of a film: which characters stand where, in which font, and drawn where an output cannot set text.

Characters are set one beside the other by their advance widths alone, with no kerning, so that a line is as
wide in a PDF as it is when it is drawn. The fonts lie in `printscp/fonts`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from arabic_reshaper import ArabicReshaper
from bidi import get_display
from bidi.mirror import MIRRORED
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from printscp.render.page import Color, ColorPage, Density, Page, Text

_FONTS = Path(__file__).parent.parent / "fonts"
FONTS = (_FONTS / "DejaVuSans.ttf", _FONTS / "DroidSansFallback.ttf")
"""Each character is set in the first of them that has it."""

REPLACEMENT = "\ufffd"
"""Stands for a character that no font has (Unicode: replacement character)."""

_SMALLEST = 0.6  # of its size, for text that would be too long
_ELLIPSIS = "\u2026"
_EM = 2048  # units of the em of DejaVu Sans, and a multiple of those of the other
_FINE = 4  # text is drawn so much larger and averaged: joined letters show no seam, places need no rounding
# Neither font has the ligature of the name of God; its letters are joined as others are.
_ARABIC = ArabicReshaper(configuration={"ARABIC LIGATURE ALLAH": False})
_MARK = "\ufe0f"  # takes the direction of the character before it, and is never seen
_BRACKET = "[" + re.escape("".join(MIRRORED)) + "]"  # and what else has a right and a left
_BIDI_CONTROLS = frozenset(
    "\u061c\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


@dataclass(frozen=True)
class Run:
    """Characters of one font, to be set from left to right."""

    text: str
    font: Path


@lru_cache(maxsize=256)
def line(text: str) -> tuple[Run, ...]:
    """A line in logical order as runs in the order they are seen, the leftmost first.

    Arabic letters are joined. Characters in no font are `REPLACEMENT`, controls are left out.
    """
    joined = _ARABIC.reshape(unicodedata.normalize("NFC", "".join(map(_plain, text))))
    seen = _marks_behind_letters(_in_order(joined))
    characters = [_in_font(each) for each in seen if each not in _BIDI_CONTROLS]
    runs = groupby(characters, key=lambda placed: placed[1])
    return tuple(Run("".join(character for character, _ in run), font) for font, run in runs)


def width(text: str, size: float) -> float:
    """How far a line goes in a ``size`` of the em, and in its unit."""
    units = sum(_advance(character, run.font) for run in line(text) for character in run.text)
    return units * size / _EM


def fitted(text: str, size: float, room: float) -> tuple[str, float]:
    """A text and its size such that it is no longer than ``room``: set smaller, and what is too long at 60 %
    of its size is cut and ends with an ellipsis. Empty where not even one character and that have room."""
    length = width(text, size)
    if length <= room:
        return text, size
    if length * _SMALLEST <= room:
        return text, size * room / length
    size *= _SMALLEST
    kept = len(text)
    while text and width(text, size) > room:
        kept -= 1
        text = text[:kept].rstrip() + _ELLIPSIS if kept > 0 else ""
    return text, size


def drawn(page: Page | ColorPage) -> Density | Color:
    """The densities or colors of a page with its texts drawn into them, smooth at the edges.

    The page stays as it is: what is drawn is drawn into a copy. Without texts there is none.
    """
    pixels: Density | Color = page.density if isinstance(page, Page) else page.srgb
    return _with_texts(page, pixels.copy() if page.texts else pixels)


def draw(page: Page | ColorPage) -> Density | Color:
    """As `drawn`, into the page itself: for whoever has made it, since a copy is large."""
    return _with_texts(page, page.density if isinstance(page, Page) else page.srgb)


def _with_texts(page: Page | ColorPage, pixels: Density | Color) -> Density | Color:
    for text in page.texts:
        ink = text.density if isinstance(page, Page) else page.scale.gray(text.density)
        _draw(pixels, text, ink)
    return pixels


def _plain(character: str) -> str:
    """A character as it can be set: any space a space, no other control."""
    category = unicodedata.category(character)
    if category == "Zs" or character in "\t\n\v\f\r\u2028\u2029":
        return " "
    if category in ("Cc", "Cf") and character not in _BIDI_CONTROLS:
        return ""
    return REPLACEMENT if category == "Cs" else character


def _in_order(text: str) -> str:
    """A line in the order it is seen, with brackets turned where it runs to the left (UAX 9, L4).

    bidi does not turn them; but there a mark that was set behind a bracket comes to stand before it.
    """
    marked = re.sub(_BRACKET, lambda bracket: bracket[0] + _MARK, text.replace(_MARK, ""))
    return re.sub(
        f"{_MARK}({_BRACKET})|({_BRACKET}){_MARK}",
        lambda found: MIRRORED[found[1]] if found[1] else found[2],
        get_display(marked),
    )


def _marks_behind_letters(seen: str) -> str:
    """In a line as it is seen marks follow their letter, also where it runs to the left (UAX 9, L3)."""
    result: list[str] = []
    marks: list[str] = []
    for character in seen:
        if unicodedata.category(character) == "Mn" and unicodedata.bidirectional(character) == "NSM":
            marks.append(character)
        else:
            behind = unicodedata.bidirectional(character) in ("R", "AL")
            result += [character, *marks] if behind else [*marks, character]
            marks = []
    return "".join(result + marks)


@lru_cache(maxsize=4096)
def _in_font(character: str) -> tuple[str, Path]:
    """A character, or what stands for it, and the font that has it."""
    # Beyond the basic plane PDF readers would find another character: reportlab's tables end there.
    for font in FONTS if character <= "\uffff" else ():
        if _glyph(character, font) != _glyph("\uffff", font):  # a character that no font may have
            return character, font
    return REPLACEMENT, FONTS[0]


def _glyph(character: str, font: Path) -> tuple[int, bytes]:
    face = _face(font, 64.0)
    return _advance(character, font), bytes(face.getmask(character))


@lru_cache(maxsize=4096)
def _advance(character: str, font: Path) -> int:
    """How far one character goes, in units of the em."""
    return round(_face(font, _EM).getlength(character))


@lru_cache(maxsize=16)
def _face(font: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, size, layout_engine=ImageFont.Layout.BASIC)


def _draw(pixels: Density | Color, text: Text, ink: int) -> None:
    """Blend a line into the page, in the page's own unit."""
    left, top, coverage = _coverage(text)
    rows, columns = pixels.shape[:2]
    first_row, first_column = max(0, -top), max(0, -left)
    coverage = coverage[first_row : max(0, rows - top), first_column : max(0, columns - left)]
    if not coverage.size:
        return
    top, left = top + first_row, left + first_column
    behind = pixels[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    share = coverage[:, :, None] if pixels.ndim == 3 else coverage
    behind[:] = np.rint(behind + (ink - behind.astype(np.float32)) * share)


def _coverage(text: Text) -> tuple[int, int, NDArray[np.float32]]:
    """Left and top of a line on the page, and how much of each printer pixel from there it covers, 0 to 1."""
    size = text.size * _FINE
    left, top = int(text.left - text.size), int(text.baseline - 2 * text.size)
    columns, rows = int(width(text.text, text.size) + 3 * text.size) + 2, int(3 * text.size) + 2
    canvas = Image.new("L", (columns * _FINE, rows * _FINE))
    draw = ImageDraw.Draw(canvas)
    for character, font, at in _places(text.text, size):
        place = round((text.left - left) * _FINE + at), round((text.baseline - top) * _FINE)
        draw.text(place, character, fill=255, font=_face(font, size), anchor="ls")
    coverage = cv2.resize(np.asarray(canvas, np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return left, top, np.asarray(coverage / np.float32(255), np.float32)


def _places(text: str, size: float) -> Iterator[tuple[str, Path, float]]:
    """Each character of a line as it is seen, its font, and how far from the left it starts."""
    units = 0
    for run in line(text):
        for character in run.text:
            yield character, run.font, units * size / _EM
            units += _advance(character, run.font)
