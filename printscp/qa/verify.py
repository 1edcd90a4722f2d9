"""Verifies a film: finds a test pattern on it, reads it, and compares it with what the standard asks for.

The pattern is looked for twice, in the image as the SCU sent it and on the page. Where the image came wrong
the page is wrong as well, but it is not the printer that has to be mended. What is asked for is made of the
pattern and of the film's attributes: its densities and light in force, its Presentation LUT or configuration,
and where its image box is. Polarity is none of them: a P-value of 0 is the darkest, however the SCU got it
there.
"""

import hashlib
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp import __version__
from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.qa.checks import DENSITY_LIMIT, RESPONSE_STEPS, Facts, Look, findings, is_p_values
from printscp.qa.densitometer import Aims, Density, Floats, Reading, aims, gradient, lines, read, spots
from printscp.qa.finding import Finding
from printscp.qa.locate import Place, locate, locate_landmarks
from printscp.qa.pattern import Pattern, Role
from printscp.qa.patterns import draw
from printscp.qa.placing import around, filling, joined, levels, moved, onto, place_on, snapped
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response, response
from printscp.qa.verification import Film, PatchReading, Verification
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.render.resample import placement, samples
from printscp.render.tone import OD_UNIT, ToneScale, density_table, toned

_AS_PRINTED = 16  # bits of a pattern as it is looked for
_GROWN = 0.05  # of the pattern, round it, where its landmarks are looked for
_EDGE = 1e-3  # of a pixel: found, but not there
_HALF = 0.499
_RIM = 2.0  # printer pixels
_NEIGHBOURS = 0.5  # OD: the next level of a ramp is not so far away
_CUT = "the printer cut the image, see Requested Decimate/Crop Behavior and Magnification Type"
_BITS = 12  # of patterns, if nothing is said
_SMALLEST = 128  # rows and columns of a pattern
_ABOUT = 0.03
_PICTURE = 1000  # pixels, of the longer side of the picture
_MM_PER_INCH = 25.4
_TOLD = (
    *("MinDensity", "MaxDensity", "Illumination", "ReflectedAmbientLight", "Polarity", "MagnificationType"),
    *("SmoothingType", "RequestedImageSize", "RequestedDecimateCropBehavior", "ConfigurationInformation"),
    *("PixelAspectRatio", "PixelData", "BitsStored", "LUT", "ReferencedPresentationLUTSequence"),
)
"""What remarks are told of: no attribute that may name a patient."""


def verify(
    sheet: Sheet,
    page: Page | ColorPage,
    pattern: Pattern,
    *,
    position: int | None = None,
    printer: str = "",
    operator: str = "",
    subject: str = "",
    made: datetime | None = None,
) -> Verification:
    """Verify the page of a sheet.

    ``position`` is that of the image that holds the pattern; without it the image that shows it best is
    taken. ``printer``, ``operator``, ``subject`` and ``made``, now if not given, are told in the report. A
    pattern that is not there is a finding.

    Raises:
        SetupError: the film is in color, or has no image there.
    """
    if isinstance(page, ColorPage) or sheet.color:
        raise SetupError("a color film has no densities: print the pattern in grayscale")
    images = [image for image in sheet.images if position in (None, image.position)]
    if not images:
        which = "no image" if position is None else f"no image at position {position}"
        raise SetupError(f"the film has {which}: see printscp jobs show")
    sent = _holding(sheet, images, pattern)
    verified = _verified(sheet, page, pattern, sent, len(images) > 1)
    hashes = {"page": page.density, "pixels": sent.image.pixels, "pattern": pattern.pixels}
    low, high = (end / 100 for end in sheet.printer_density)
    provenance = Provenance(
        printer=printer,
        profile=f"{sheet.film_size}, {sheet.dots_per_inch:g} dpi, {low:.2f} to {high:.2f} OD",
        operator=operator,
        made=made or datetime.now().astimezone(),
        software=f"printscp {__version__}",
        subject=subject,
        hashes=tuple((name, _sha256(value)) for name, value in hashes.items()),
    )
    film = Film(
        film_size=sheet.film_size,
        display_format=sheet.display_format,
        position=sent.image.position,
        scale=sent.scale,
        tone=_tone_words(sent.image, sent.tone),
        bits_stored=sent.image.bits_stored,
        dots_per_inch=sheet.dots_per_inch,
    )
    return Verification(
        pattern=pattern,
        film=film,
        affine=verified.affine,
        readings=verified.readings,
        response=verified.response,
        findings=(*verified.findings, *_film_notes(sheet, sent)),
        provenance=provenance,
        image=_picture(page.density, pattern, verified.affine),
    )


def printed(sheet: Sheet, title: str, session_label: str = "") -> Page | ColorPage:
    """The page of a sheet, as the printer delivers it; see `printscp.render.compose`."""
    return compose(sheet, title, session_label)


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
    images = [image for image in sheet.images if position in (None, image.position)]
    images = [image for image in images if min(image.rows, image.columns) >= _SMALLEST and not sheet.color]
    for image in images:
        for depth in (bits,) if bits else (8, _BITS) if image.bits_stored == 8 else (_BITS, 8):
            pattern = _drawn(name, image.columns, image.rows, depth, width_mm)
            # A ramp of 12 bits that was cut to 8 is one of 8 bits, and then it is at fault.
            coarse = bits is None and depth == 8 and pattern is not None and pattern.of(Role.LEVEL)
            if pattern and _is_pattern(image, pattern) and not coarse:
                return pattern
    for image in images:
        sides = dict.fromkeys([(image.columns, image.rows), (image.rows, image.columns)])
        for columns, rows in sides:  # it may be turned
            pattern = _drawn(name, columns, rows, bits or _BITS, width_mm)
            if pattern is not None and _fills(_sent(sheet, image, pattern, exact=False)):
                return pattern
    return usual


def _drawn(name: str, columns: int, rows: int, bits: int, width_mm: float | None) -> Pattern | None:
    """A pattern, where it can be drawn on that matrix."""
    try:
        return draw(name, columns, rows, bits, width_mm)
    except SetupError:
        return None


def _fills(sent: "_Sent") -> bool:
    """The pattern is about as large as the image, either way up."""
    if sent.place is None:
        return False
    covered = np.ptp(sent.place.corners, axis=0)
    return bool((np.abs(covered / (sent.image.columns, sent.image.rows) - 1) < _ABOUT).all())


@dataclass(frozen=True, eq=False)
class _Verified:
    affine: Floats
    findings: tuple[Finding, ...]
    readings: tuple[PatchReading, ...] = ()
    response: Response | None = None


def _verified(sheet: Sheet, page: Page, pattern: Pattern, sent: "_Sent", many: bool) -> _Verified:
    """``many``: it was looked for in more than one image."""
    printed = placement(sent.image, sheet.boxes[sent.image.position - 1], sheet.dots_per_inch)
    box = printed.where
    if sent.place is None:
        there = (
            "none of the film's images shows it" if many else f"image {sent.image.position} does not show it"
        )
        text = f"{pattern.name} was not found: {there}. Name the pattern and its matrix, or its file"
        return _Verified(filling(box, pattern), (Finding("pattern", "fail", text),))
    expected = joined(onto(printed.part, box), sent.place.affine)
    asked = replace(sent.place, affine=expected)
    place = place_on(page.density, sent.scale, sent.target, asked, sent.place)
    whole = _inside(printed.part, sent.place)
    if place is None:
        text = f"image {sent.image.position} came as {pattern.name}, but the page does not show it"
        why = "the printer did it" if whole else _CUT
        return _Verified(expected, (Finding("pattern", "fail", f"{text}: {why}"),))
    facts = _facts(sheet, page, pattern, sent, place, expected, whole)
    told = (_pattern_finding(facts, sent, whole), *findings(facts))
    return _Verified(place.affine, told, facts.readings, facts.response)


# --- the image as it was sent ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Sent:
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


def _holding(sheet: Sheet, images: list[SheetImage], pattern: Pattern) -> _Sent:
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


def _sent(sheet: Sheet, image: SheetImage, pattern: Pattern, exact: bool) -> _Sent:
    scale = _scale(sheet, image)
    tone = image.curve if image.look_up is None else sheet.look_ups[image.look_up]
    values = _values(image)
    table = density_table(scale, image.bits_stored, image.reverse, tone)[:: 1 << (16 - image.bits_stored)]
    density = table[values]
    target = _as_printed(pattern, scale, tone)
    if exact:
        rows, columns = values.shape
        return _Sent(
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
    return _Sent(image, scale, tone, density, target, place, resampled)


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


def _inside(part: Rectangle, place: Place) -> bool:
    """All of the pattern is in the part of the image that is printed, but for half a pixel."""
    first, last = place.corners.min(axis=0), place.corners.max(axis=0)
    low, high = first >= (part.left - 0.5, part.top - 0.5), last <= (part.right + 0.5, part.bottom + 0.5)
    return bool(low.all() and high.all())


# --- readings ----------------------------------------------------------------------------------------------


def _facts(
    sheet: Sheet, page: Page, pattern: Pattern, sent: _Sent, place: Place, expected: Floats, whole: bool
) -> Facts:
    assert sent.place is not None
    exact = not sent.resampled and sent.image.bits_stored == pattern.bits
    slack = 0.0 if exact else sent.slack

    def tone(values: Floats) -> Floats:
        return np.asarray(toned(values, sent.scale, sent.tone))

    values = np.array([patch.value / pattern.largest for patch in pattern.patches])
    patch_aims = tone(values)
    off = [np.abs(tone(np.clip(values + end, 0, 1)) - patch_aims) for end in (-slack, slack)]
    tolerances = DENSITY_LIMIT + np.maximum(*off)

    reach = _reach(sent, place)
    # Where the edge of the pattern is, is known to a pixel or so.
    rim = reach if sent.resampled else math.ceil(_RIM / min(place.scale_x, place.scale_y))
    target = aims(pattern, tone, reach, slack, rim)
    tolerances = _with_neighbours(pattern, target, tolerances)
    before = _look(sent.density, pattern, target, sent.place, sent.place.affine, thin=1)
    after = replace(
        _look(page.density, pattern, target, place, expected),
        landmarks=_landmarks(page, sent.target, place),
    )
    readings = _patch_readings(pattern, after.readings, patch_aims, tolerances, sheet.dots_per_inch)
    return Facts(
        pattern=pattern,
        sent=before,
        page=after,
        aims=patch_aims,
        tolerances=tolerances,
        readings=readings,
        response=_response(readings, pattern, sent),
        scale=sent.scale,
        tone=sent.tone,
        dots_per_inch=sheet.dots_per_inch,
        resampled=sent.resampled,
        requested_width_mm=sent.image.requested_width_mm,
        columns=sent.image.columns,
    )


def _look(
    density: Density, pattern: Pattern, target: Aims, place: Place, expected: Floats, **thin: int
) -> Look:
    slanted = gradient(density, target, place.affine)
    slope = slanted.slope if slanted is not None else (0.0, 0.0)
    return Look(
        density=density,
        place=place,
        expected=expected,
        readings=_read(density, pattern, place.affine),
        gradient=slanted,
        lines=lines(density, target, place.affine),
        landmarks=np.empty((0, 2)),
        spots=spots(density, target, place.affine, slope, **thin),
    )


def _reach(sent: _Sent, place: Place) -> int:
    """Pixels of the pattern, to each side, that a printed pixel may depend on, and one more, since its place
    is known to a part of a pixel only.

    Cubic interpolation reaches for two pixels of the image as sent, smoothing for one more; an SCU that
    scaled the pattern did the like. What shrinks is averaged over the area of the smaller pixel."""
    assert sent.place is not None
    as_sent = min(sent.place.scale_x, sent.place.scale_y)
    on_page = min(place.scale_x, place.scale_y)
    reach = 1 + (2 + bool(sent.image.smoothing_weight)) / as_sent + (2 / on_page if on_page < 1 else 0)
    return math.ceil(reach + (2 / min(as_sent, 1.0) + 1 if sent.resampled else 0) - _EDGE)


def _read(density: Density, pattern: Pattern, affine: Floats) -> tuple[Reading, ...]:
    # Next to a level of a ramp are its neighbours, which are nearly the same: where each level is a pixel or
    # more, it is read at the pixels whose middle it has.
    enlarged = np.hypot(*affine[:, :2]).min() >= 1 - _EDGE
    of_level = {"outside": _HALF} if enlarged else {}
    return tuple(
        read(density, patch, affine, **(of_level if patch.role is Role.LEVEL else {}))
        for patch in pattern.patches
    )


def _with_neighbours(pattern: Pattern, target: Aims, tolerances: Floats) -> Floats:
    """The levels of a ramp may be next to each other, so each may have something of the next; infinite where
    that is the end of the ramp."""
    result = tolerances.copy()
    for number, patch in enumerate(pattern.patches):
        if patch.role is Role.LEVEL:
            x, y = patch.left + patch.width / 2, patch.top + patch.height / 2
            spread = float(target.spread[int(y), int(x)]) * OD_UNIT
            result[number] += spread if spread < _NEIGHBOURS else math.inf
    return result


def _landmarks(page: Page, target: Pattern, place: Place) -> Floats:
    if not target.landmarks:
        return np.empty((0, 2))
    part = around(target, place.affine, page.shape, _GROWN)
    seen = levels(page.density[part.top : part.bottom, part.left : part.right], page.scale)
    found = locate_landmarks(seen, target, moved(place, -part.left, -part.top))
    return np.asarray(found + np.array([part.left, part.top]))


def _patch_readings(
    pattern: Pattern,
    readings: tuple[Reading, ...],
    patch_aims: Floats,
    tolerances: Floats,
    dots_per_inch: float,
) -> tuple[PatchReading, ...]:
    """Of the patches that could be read."""
    mm = _MM_PER_INCH / dots_per_inch
    each = zip(pattern.patches, readings, patch_aims.tolist(), tolerances.tolist(), strict=True)
    return tuple(
        PatchReading(patch, found.x * mm, found.y * mm, found.mean, found.spread, aim, tolerance)
        for patch, found, aim, tolerance in each
        if found.pixels and tolerance < math.inf
    )


def _response(readings: tuple[PatchReading, ...], pattern: Pattern, sent: _Sent) -> Response | None:
    """Of the steps, each value once, where there are enough and nothing but the GSDF acts on them."""
    steps = {each.patch.value: each.mean for each in readings if each.patch.role is Role.STEP}
    if len(steps) < RESPONSE_STEPS or not is_p_values(sent.tone):
        return None
    return response([value / pattern.largest for value in steps], list(steps.values()), sent.scale)


# --- what is said besides ----------------------------------------------------------------------------------


def _pattern_finding(facts: Facts, sent: _Sent, whole: bool) -> Finding:
    image, place = sent.image, facts.sent.place
    rows, columns = facts.pattern.pixels.shape
    text = f"{facts.pattern.name}, {columns} x {rows} of {facts.pattern.bits} bits, in image {image.position}"
    if sent.resampled:
        text += f", scaled by the SCU to {place.scale_x:.1%} of its size" if not _unscaled(place) else ""
        text += f", placed by it on {image.columns} x {image.rows} of {image.bits_stored} bits"
    else:
        text += ", which it fills"
    if not whole:
        return Finding("pattern", "fail", f"{text}; the film does not show all of it: {_CUT}")
    return Finding("pattern", "pass", text)


def _unscaled(place: Place) -> bool:
    return abs(place.scale_x - 1) < 1e-3 and abs(place.scale_y - 1) < 1e-3


def _film_notes(sheet: Sheet, sent: _Sent) -> list[Finding]:
    """What of the film itself a reader of the report should know."""
    notes = []
    least, most = (end / 100 for end in sheet.printer_density)
    if sent.scale.max_density < most:
        text = f"Max Density in force is {sent.scale.max_density:.2f} OD; the printer can {most:.2f}"
        notes.append(Finding("film", "note", text))
    if sent.scale.min_density > least:
        text = f"Min Density in force is {sent.scale.min_density:.2f} OD; the printer can {least:.2f}"
        notes.append(Finding("film", "note", text))
    if not is_p_values(sent.tone):
        notes.append(Finding("film", "note", f"not of P-values: {_tone_words(sent.image, sent.tone)}"))
    ours = f"image {sent.image.position}: "
    for remark in sheet.remarks:
        about = remark.removeprefix(ours)
        if about.startswith(_TOLD):
            notes.append(Finding("film", "note", about))
    return notes


def _tone_words(image: SheetImage, tone: LookUp | ToneCurve) -> str:
    if isinstance(tone, LookUp):
        if not tone.shape:
            return f"Presentation LUT, {len(tone.table)} entries of {tone.bits} bits"
        by_value = ", the value is the density" if tone.by_value else ""
        return f"Presentation LUT {tone.shape}{by_value}"
    if tone == ToneCurve():
        return "no Presentation LUT"
    linear = ", linear in density" if tone.linear else ""
    return f"configuration {image.configuration}: contrast {tone.contrast:g}{linear}"


def _picture(density: Density, pattern: Pattern, affine: Floats) -> Density:
    """The part of the page that holds the pattern, smaller."""

    part = around(pattern, affine, density.shape, 0.0)
    seen = density[part.top : part.bottom, part.left : part.right]
    share = _PICTURE / max(part.width, part.height)
    if share < 1:
        size = max(1, round(part.width * share)), max(1, round(part.height * share))
        return np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.uint16)
    return seen.copy()


def _sha256(value: object) -> str:
    data = np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else memoryview(value)  # type: ignore[arg-type]
    return hashlib.sha256(data.cast("B")).hexdigest()
