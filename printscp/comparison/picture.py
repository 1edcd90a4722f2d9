"""Two films and what is different about them, side by side in a picture."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from printscp.capture import Capture
from printscp.comparison.films import compare_pages, page, shown
from printscp.errors import SetupError
from printscp.render.page import ColorPage, Page
from printscp.render.tone import OD_UNIT

_PANEL = 640  # pixels that each film is wide or high at most
_GAP, _HEAD = 16, 40
_FONT = Path(__file__).parent.parent / "fonts" / "DejaVuSans.ttf"
_PAPER, _INK = "#e4e7eb", "#1f2933"
_FAINTEST = 96  # of 255, in which the smallest difference is drawn: it is to be seen

Pixels = NDArray[Any]


def draw(first: Capture, second: Capture, number: int = 1) -> Image.Image:
    """A film of two jobs and their difference: red where the second is lighter, blue where it is darker.

    Raises:
        NotPossible: it is not kept.
    """
    pages = [page(each, each.film(number)) for each in (first, second)]
    change = compare_pages(*pages)
    panels = [_reduced(_gray(each)) for each in pages]
    heads = [f"{each.name}, film {number}" for each in (first, second)]
    if change.words:
        return _side_by_side(panels, heads)
    head = "no difference"
    if change.differ:
        head = f"{change.largest:g} {change.unit} at most; red: {second.name} is lighter, blue: darker"
    panels.append(_difference(*(_levels(each) for each in pages)))
    return _side_by_side(panels, [*heads, head])


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG.

    Raises:
        SetupError
    """
    try:
        picture.save(path, "PNG")
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror or error}") from error


def _gray(page: Page | ColorPage) -> Pixels:
    """What is seen: rows x columns x 3 of 8 bits."""
    pixels = shown(page)
    if isinstance(page, ColorPage):
        return pixels
    table = np.rint(page.scale.p_value(np.arange(65536) * OD_UNIT) * 255).astype(np.uint8)
    return np.repeat(table[pixels][..., None], 3, axis=2)


def _levels(page: Page | ColorPage) -> Pixels:
    """Lightness: of gray the density below zero, of color the mean of its channels."""
    pixels = shown(page).astype(np.int32)
    return pixels.sum(axis=2) // 3 if isinstance(page, ColorPage) else -pixels


def _by(shape: tuple[int, ...]) -> int:
    """How many printer pixels become one, in either direction."""
    return max(1, -(-max(shape[:2]) // _PANEL))


def _reduced(pixels: Pixels) -> Pixels:
    by = _by(pixels.shape)
    size = max(1, pixels.shape[1] // by), max(1, pixels.shape[0] // by)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _difference(first: Pixels, second: Pixels) -> Pixels:
    """Where they differ, most in each square: one printer pixel that differs is to be seen."""
    by = _by(first.shape)
    rows, columns = first.shape[0] // by, first.shape[1] // by
    off = (second - first)[: rows * by, : columns * by].reshape(rows, by, columns, by)
    lighter, darker = off.max(axis=(1, 3)).clip(0), (-off).max(axis=(1, 3)).clip(0)
    largest = max(1, int(lighter.max()), int(darker.max()))
    strength = np.maximum(lighter, darker)
    ink = np.where(strength, _FAINTEST + (255 - _FAINTEST) * strength // largest, 0)
    panel = np.full((rows, columns, 3), 255, np.uint8)
    red = lighter >= darker
    panel[..., 0] -= np.where(red, 0, ink).astype(np.uint8)
    panel[..., 1] -= ink.astype(np.uint8)
    panel[..., 2] -= np.where(red, ink, 0).astype(np.uint8)
    return panel


def _side_by_side(panels: list[Pixels], heads: list[str]) -> Image.Image:
    width = sum(each.shape[1] for each in panels) + _GAP * (len(panels) + 1)
    height = max(each.shape[0] for each in panels) + _HEAD + _GAP
    picture = Image.new("RGB", (width, height), _PAPER)
    pen, left = ImageDraw.Draw(picture), _GAP
    font = ImageFont.truetype(_FONT, 15)
    for panel, head in zip(panels, heads, strict=True):
        pen.text((left, _HEAD // 2), head, _INK, font, anchor="lm")
        picture.paste(Image.fromarray(panel), (left, _HEAD))
        left += panel.shape[1] + _GAP
    return picture
