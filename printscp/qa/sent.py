"""The image that holds a pattern, as the SCU sent it: which of a film's it is, where the pattern is on it,
and what of the film it asks for."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.qa.densitometer import Density
from printscp.qa.locate import Place, locate
from printscp.qa.pattern import Pattern, Role
from printscp.qa.patterns import draw
from printscp.qa.placing import levels, snapped
from printscp.render.resample import samples
from printscp.render.tone import ToneScale, density_table, toned

_AS_PRINTED = 16  # bits of a pattern as it is looked for
_BITS = 12  # of patterns, if nothing is said
_SMALLEST = 128  # rows and columns of a pattern
_ABOUT = 0.03


@dataclass(frozen=True, eq=False)
class Sent:
    """An image of the film. ``density`` is what each of its pixels is to print, ``target`` the pattern as its
    tone has it, and ``place`` where that is in the image. ``resampled``: the SCU did not send just the
    pattern."""

    image: SheetImage
    scale: ToneScale
    tone: LookUp | ToneCurve
    density: Density = field(repr=False)
    target: Pattern = field(repr=False)
    place: Place | None
    resampled: bool

    @property
    def slack(self) -> float:
        """How far off a value may be for its bits, as a P-value 0..1."""
        return 0.5 / ((1 << self.image.bits_stored) - 1)


def holding(sheet: Sheet, images: list[SheetImage], pattern: Pattern) -> Sent:
    """The image that is the pattern, or where none is, that shows it best."""
    best = None
    for image in images:
        if _is_pattern(image, pattern):
            return _sent(sheet, image, pattern, exact=True)
    for image in images:
        sent = _sent(sheet, image, pattern, exact=False)
        if best is None or (sent.place and (not best.place or sent.place.score > best.place.score)):
            best = sent
    assert best is not None
    return best


def drawn(
    sheet: Sheet,
    name: str,
    *,
    position: int | None = None,
    bits: int | None = None,
    width_mm: float | None = None,
) -> Pattern:
    """The pattern of a name as it was most likely printed: of the matrix of an image that it fills, else of
    the usual one.

    Raises:
        SetupError: there is no such pattern, or it cannot be drawn so.
    """
    usual = draw(name, bits=bits or _BITS, width_mm=width_mm)
    exact = filling(sheet, name, position=position, bits=bits, width_mm=width_mm)
    if exact is not None:
        return exact
    for image in _large_enough(sheet, position):
        sides = dict.fromkeys([(image.columns, image.rows), (image.rows, image.columns)])
        for columns, rows in sides:  # it may be turned
            pattern = _drawn(name, columns, rows, bits or _BITS, width_mm)
            if pattern is not None and _fills(_sent(sheet, image, pattern, exact=False)):
                return pattern
    return usual


def filling(
    sheet: Sheet,
    name: str,
    *,
    position: int | None = None,
    bits: int | None = None,
    width_mm: float | None = None,
) -> Pattern | None:
    """The pattern of a name that an image is, pixel by pixel; None where none is."""
    for image in _large_enough(sheet, position):
        for depth in (bits,) if bits else (8, _BITS) if image.bits_stored == 8 else (_BITS, 8):
            pattern = _drawn(name, image.columns, image.rows, depth, width_mm)
            # A ramp of 12 bits that was cut to 8 is one of 8 bits, and then it is at fault.
            coarse = bits is None and depth == 8 and pattern is not None and pattern.of(Role.LEVEL)
            if pattern and _is_pattern(image, pattern) and not coarse:
                return pattern
    return None


def _large_enough(sheet: Sheet, position: int | None) -> list[SheetImage]:
    """Images that may be a pattern."""
    images = [image for image in sheet.images if position in (None, image.position)]
    return [image for image in images if min(image.rows, image.columns) >= _SMALLEST and not sheet.color]


def _drawn(name: str, columns: int, rows: int, bits: int, width_mm: float | None) -> Pattern | None:
    """A pattern, where it can be drawn on that matrix."""
    try:
        return draw(name, columns, rows, bits, width_mm)
    except SetupError:
        return None


def _fills(sent: Sent) -> bool:
    """The pattern is about as large as the image, either way up."""
    if sent.place is None:
        return False
    covered = np.ptp(sent.place.corners, axis=0)
    return bool((np.abs(covered / (sent.image.columns, sent.image.rows) - 1) < _ABOUT).all())


def _sent(sheet: Sheet, image: SheetImage, pattern: Pattern, exact: bool) -> Sent:
    scale = _scale(sheet, image)
    tone = image.curve if image.look_up is None else sheet.look_ups[image.look_up]
    values = _values(image)
    table = density_table(scale, image.bits_stored, image.reverse, tone)[:: 1 << (16 - image.bits_stored)]
    density = table[values]
    target = _as_printed(pattern, scale, tone)
    if exact:
        rows, columns = values.shape
        return Sent(
            image,
            scale,
            tone,
            density,
            target,
            Place(np.eye(2, 3), False, "upright", 1.0, columns, rows),
            False,
        )
    place = locate(levels(density, scale), target, _drawn_on(values))
    if place is not None:
        place = replace(place, affine=snapped(place.affine, pattern))
    resampled = place is None or not _fills_exactly(place, image)
    return Sent(image, scale, tone, density, target, place, resampled)


def _drawn_on(values: NDArray[Any]) -> Rectangle:
    """What of an image is not background, where it has one: all round, of one value or the next."""
    ground = int(values[0, 0])
    drawn_on = np.abs(values.astype(np.int32) - ground) > 1
    rows, columns = (np.flatnonzero(drawn_on.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Rectangle(0, 0, values.shape[1], values.shape[0])
    left, top = int(columns[0]), int(rows[0])
    return Rectangle(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def _fills_exactly(place: Place, image: SheetImage) -> bool:
    first, last = place.corners.min(axis=0), place.corners.max(axis=0)
    whole = bool((place.affine == np.rint(place.affine)).all())
    return whole and not first.any() and bool((last == (image.columns, image.rows)).all())


def _values(image: SheetImage) -> NDArray[Any]:
    """Its values; bits above those stored are not printed."""
    return np.asarray(samples(image) & ((1 << image.bits_stored) - 1))


def _is_pattern(image: SheetImage, pattern: Pattern) -> bool:
    """The image is the pattern, pixel by pixel, but for its bits."""
    if (image.rows, image.columns) != pattern.pixels.shape:
        return False
    largest = (1 << image.bits_stored) - 1
    values = _values(image)
    bright = (largest - values if image.reverse else values) / largest
    step = max(1 / pattern.largest, 1 / largest)
    return bool(np.abs(bright - pattern.fractions).max() <= step * 1.01)


def _scale(sheet: Sheet, image: SheetImage) -> ToneScale:
    """The densities and the light in force for an image: no less and no more than the printer can."""
    least, most = sheet.printer_density
    low, high = (max(least, min(end, most)) / 100 for end in (image.min_density, image.max_density))
    return ToneScale(low, high, float(sheet.illumination), float(sheet.reflected_ambient_light))


def _as_printed(pattern: Pattern, scale: ToneScale, tone: LookUp | ToneCurve) -> Pattern:
    """A pattern that is as bright as the film is to be."""
    largest = (1 << _AS_PRINTED) - 1
    density = toned(np.arange(pattern.largest + 1) / pattern.largest, scale, tone)
    values = np.rint(np.asarray(scale.p_value(density)) * largest).astype(np.uint16)
    return Pattern(
        name=pattern.name,
        title=pattern.title,
        source=pattern.source,
        bits=_AS_PRINTED,
        pixels=values[pattern.pixels],
        patches=(),
        landmarks=pattern.landmarks,
    )
