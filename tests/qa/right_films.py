"""Right films of every kind: whatever an SCU may ask for, and a printer that does it."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from qa.films import image_of, sheet_of

from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.qa.pattern import Pattern
from printscp.qa.patterns import PATTERNS, draw

Pixels = NDArray[Any]

FILMS = {
    "8INX10IN": (203.2, 254.0),
    "14INX17IN": (355.6, 431.8),
    "17INX17IN": (431.8, 431.8),
    "A4": (210.0, 297.0),
}
LIGHTS = [((20, 310), 2000, 10), ((21, 360), 4000, 10), ((5, 200), 150, 0), ((17, 320), 3000, 5)]
"""Range of a printer in hundredths of OD, light box, ambient light: the third is PAPER."""


def right_film(seed: int) -> tuple[Sheet, Pattern]:
    """A film, and the pattern on it."""
    random = np.random.default_rng(seed)
    (least, most), illumination, ambient = LIGHTS[random.integers(len(LIGHTS))]
    width, height, dpi = _size(random)
    boxes = _boxes(random, width, height)
    position = int(random.integers(1, len(boxes) + 1))
    pattern = _pattern(random, boxes[0])
    pixels, bits = _as_sent(random, pattern)
    fields: dict[str, Any] = {
        "magnification": str(random.choice(["REPLICATE", "BILINEAR", "CUBIC", "CUBIC"])),
        "min_density": int(least + random.choice([0, 0, 10])),
        "max_density": int(most - random.choice([0, 0, 20, 60])),
        "position": position,
        "reverse": bool(random.integers(2)),
    }
    if fields["magnification"] == "CUBIC":
        fields["smoothing_weight"] = float(random.choice([0, 0, 0.1, -0.1]))
    box = boxes[position - 1]
    if pixels.shape[0] <= box.height and pixels.shape[1] <= box.width and random.random() < 0.2:
        fields["magnification"] = "NONE"
    elif pattern.name != "ramp" and random.random() < 0.2:
        room = min(box.width, box.height * pixels.shape[1] / pixels.shape[0]) / dpi * 25.4
        fields["requested_width_mm"] = float(room * random.uniform(0.8, 1.0))
        if pattern.width_mm and pixels.shape == pattern.pixels.shape:
            pattern = replace(pattern, width_mm=fields["requested_width_mm"])
        else:
            pattern = replace(pattern, width_mm=None)
    look_ups: tuple[LookUp, ...] = ()
    tone = random.choice(["none", "none", "none", "IDENTITY", "table", "LIN OD", "curve"])
    if tone in ("IDENTITY", "LIN OD"):
        look_ups, fields["look_up"] = (LookUp(str(tone)),), 0
    elif tone == "table":
        look_ups, fields["look_up"] = (_table(random, bits),), 0
    elif tone == "curve":
        fields |= {
            "configuration": "CS",
            "curve": ToneCurve(float(random.uniform(0.7, 1.5)), bool(random.integers(2))),
        }
    if fields["reverse"]:
        pixels = ((1 << bits) - 1) - pixels
    images = [image_of(pixels, bits, **fields)]
    for other in range(1, len(boxes) + 1):
        if other != position and random.random() < 0.8:
            images.append(_other(random, other, least, most))
    sheet = sheet_of(
        *sorted(images, key=lambda image: image.position),
        width=width,
        height=height,
        dots_per_inch=dpi,
        boxes=boxes,
        look_ups=look_ups,
        printer_density=(least, most),
        border_density=int(random.choice([least, most])),
        empty_image_density=int(random.choice([least, most])),
        trim=bool(random.integers(2)),
        illumination=illumination,
        reflected_ambient_light=ambient,
    )
    return sheet, pattern


def _pattern(random: np.random.Generator, box: Rectangle) -> Pattern:
    """Any that can be read in that box: the film is small, so images are shrunk more than on a real one."""
    name = str(random.choice(list(PATTERNS)))
    columns, rows = (
        min(int(side), 3 * min(box.width, box.height) // 2) for side in random.integers(128, 1501, 2)
    )
    bits = int(random.choice([8, 12]))
    if random.random() < 0.5 or max(columns, rows) > 3 * min(columns, rows):
        rows = columns
    if name == "ramp":  # each level a printer pixel or more
        bits = 8 if box.width < 280 else bits
        columns, rows = min(max(columns, 256), box.width), min(max(rows, 128), box.height)
    return draw(name, columns, rows, bits)


def _size(random: np.random.Generator) -> tuple[int, int, float]:
    sides = FILMS[str(random.choice(list(FILMS)))]
    if random.integers(2):
        sides = sides[::-1]
    dpi = float(random.uniform(45, 65))
    return round(sides[0] / 25.4 * dpi), round(sides[1] / 25.4 * dpi), dpi


def _boxes(random: np.random.Generator, width: int, height: int) -> tuple[Rectangle, ...]:
    """One to four boxes, with a margin and gaps."""
    columns, rows = (int(side) for side in random.integers(1, 3, 2))
    margin, gap = 7, 3
    wide = (width - 2 * margin - (columns - 1) * gap) // columns
    high = (height - 2 * margin - (rows - 1) * gap) // rows
    return tuple(
        Rectangle(margin + column * (wide + gap), margin + row * (high + gap), wide, high)
        for row in range(rows)
        for column in range(columns)
    )


def _as_sent(random: np.random.Generator, pattern: Pattern) -> tuple[Pixels, int]:
    """The pattern as it is, in other bits, or scaled and placed on a page of 8 bits by the SCU itself."""
    how = random.choice(["plain", "plain", "bits", "page"])
    if how == "plain" or (pattern.name == "ramp" and pattern.bits == 12):
        return pattern.pixels, pattern.bits
    if how == "bits":
        bits = 20 - pattern.bits
        values = np.rint(pattern.fractions * ((1 << bits) - 1))
        return values.astype(np.uint8 if bits == 8 else np.uint16), bits
    return on_page(random, pattern), 8


def on_page(random: np.random.Generator, pattern: Pattern) -> Pixels:
    """Scaled to whole pixels, and placed on a page that is larger, as viewers send their films."""
    rows, columns = pattern.pixels.shape
    least = 1.0 if pattern.name == "ramp" else 0.7
    scale = float(random.choice([1.0, random.uniform(least, 2.0)]))
    size = round(columns * scale), round(rows * scale)
    ways = [cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA] if scale > 1 else [cv2.INTER_AREA]
    small = cv2.resize(pattern.fractions, size, interpolation=int(random.choice(ways)))
    width, height = (round(side * random.uniform(1.02, 1.5)) for side in size)
    page = np.full((height, width), float(random.choice([0.0, 1.0])), np.float32)
    left, top = int(random.integers(0, width - size[0] + 1)), int(random.integers(0, height - size[1] + 1))
    page[top : top + size[1], left : left + size[0]] = small
    return np.rint(np.clip(page, 0, 1) * 255).astype(np.uint8)


def _table(random: np.random.Generator, bits: int) -> LookUp:
    gamma, out = float(random.uniform(0.7, 1.6)), int(random.choice([10, 12, 16]))
    entries = np.linspace(0, 1, 1 << bits) ** gamma * ((1 << out) - 1)
    return LookUp("", bits=out, table=tuple(int(entry) for entry in np.rint(entries)))


def _other(random: np.random.Generator, position: int, least: int, most: int) -> SheetImage:
    """An image that is no pattern: noise that is smooth, as anatomy is."""
    noise = cv2.GaussianBlur(random.normal(size=(200, 160)).astype(np.float32), (0, 0), 3)
    pixels = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return image_of(pixels, 8, position=position, min_density=least, max_density=most)
