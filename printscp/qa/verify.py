"""Verifies a film: finds a test pattern on it, reads it, and compares it with what the standard asks for.

The pattern is looked for twice, in the image as the SCU sent it and on the page. Where the image came wrong
the page is wrong as well, but it is not the printer that has to be mended. What is asked for is made of the
pattern and of the film's attributes: its densities and light in force, its Presentation LUT or configuration,
and where its image box is. Polarity is none of them: a P-value of 0 is the darkest, however the SCU got it
there.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime

import cv2
import numpy as np

from printscp import __version__
from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.qa.checks import DENSITY_LIMIT, RESPONSE_STEPS, Facts, Look, findings, is_p_values
from printscp.qa.densitometer import Aims, Density, Floats, Reading, aims, gradient, lines, read, spots
from printscp.qa.finding import Finding
from printscp.qa.locate import Place, locate_landmarks
from printscp.qa.pattern import Pattern, Role
from printscp.qa.placing import around, filling, joined, levels, moved, onto, place_on
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response, response
from printscp.qa.sent import Sent, holding
from printscp.qa.verification import Film, PatchReading, Verification
from printscp.render.page import ColorPage, Page
from printscp.render.resample import placement
from printscp.render.tone import OD_UNIT, toned

_GROWN = 0.05  # of the pattern, round it, where its landmarks are looked for
_EDGE = 1e-3  # of a pixel: found, but not there
_HALF = 0.499
_RIM = 2.0  # printer pixels
_NEIGHBOURS = 0.5  # OD: the next level of a ramp is not so far away
_CUT = "the printer cut the image, see Requested Decimate/Crop Behavior and Magnification Type"
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
    sent = holding(sheet, images, pattern)
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


@dataclass(frozen=True, eq=False)
class _Verified:
    affine: Floats
    findings: tuple[Finding, ...]
    readings: tuple[PatchReading, ...] = ()
    response: Response | None = None


def _verified(sheet: Sheet, page: Page, pattern: Pattern, sent: Sent, many: bool) -> _Verified:
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


def _inside(part: Rectangle, place: Place) -> bool:
    """All of the pattern is in the part of the image that is printed, but for half a pixel."""
    first, last = place.corners.min(axis=0), place.corners.max(axis=0)
    low, high = first >= (part.left - 0.5, part.top - 0.5), last <= (part.right + 0.5, part.bottom + 0.5)
    return bool(low.all() and high.all())


# --- readings ----------------------------------------------------------------------------------------------


def _facts(
    sheet: Sheet, page: Page, pattern: Pattern, sent: Sent, place: Place, expected: Floats, whole: bool
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


def _reach(sent: Sent, place: Place) -> int:
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


def _response(readings: tuple[PatchReading, ...], pattern: Pattern, sent: Sent) -> Response | None:
    """Of the steps, each value once, where there are enough and nothing but the GSDF acts on them."""
    steps = {each.patch.value: each.mean for each in readings if each.patch.role is Role.STEP}
    if len(steps) < RESPONSE_STEPS or not is_p_values(sent.tone):
        return None
    return response([value / pattern.largest for value in steps], list(steps.values()), sent.scale)


# --- what is said besides ----------------------------------------------------------------------------------


def _pattern_finding(facts: Facts, sent: Sent, whole: bool) -> Finding:
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


def _film_notes(sheet: Sheet, sent: Sent) -> list[Finding]:
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
