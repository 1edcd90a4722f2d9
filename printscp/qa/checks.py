"""What a pattern on a film proves: each check of a virtual densitometer, with its limit.

Where something is wrong the same is asked of the image as the SCU sent it, so the text of a finding says who
has to mend it. No limit here is of a publication: a page in memory has no noise, so they are as tight as
quantization and interpolation allow, which is tighter than any film printer is in practice.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from printscp.film.sheet import LookUp, ToneCurve
from printscp.qa.densitometer import Density, Floats, Gradient, Line, Reading, Spot
from printscp.qa.finding import Finding, Outcome
from printscp.qa.locate import Place
from printscp.qa.pattern import Pattern, Role
from printscp.qa.response import Response
from printscp.qa.verification import PatchReading
from printscp.render.tone import OD_UNIT, ToneScale

OURS = "ours"
DENSITY_LIMIT = 0.01
"""OD: of the mean of a patch from its aim, beside half a quantization step of an image of other bits."""
SCALE_LIMIT = 0.3
"""Percent, beside half a pixel at both ends: of the scale asked for, and of the one direction to the
other."""
ROTATION_LIMIT = 0.1
"""Degrees, beside what half a pixel at both ends makes."""
OFFSET_LIMIT = 0.2
"""Millimetres, or half a printer pixel: of the middle of the pattern."""
LANDMARK_LIMIT = 0.3
"""Millimetres, or a printer pixel: of a landmark from where it should be."""
TRUE_SIZE_LIMIT = 0.5
"""Millimetres, or a printer pixel: of the width of a pattern at true size."""
GRADIENT_LIMIT = 0.01
"""OD from corner to corner of the pattern."""
UNIFORMITY_LIMIT = 0.02
"""OD between the densest and the least dense of the patches for uniformity."""
SPOT_LIMIT = 0.02
"""OD, from what is usual for its aim on the page: of any part where the pattern is even, three printer pixels
high and wide or more."""
LEVELS_LIMIT = 0.9
"""Share of the levels of a ramp that have to be told apart: one bit fewer leaves half of them."""
RESPONSE_STEPS = 8
"""Steps that a pattern needs for its response to be judged."""

_BY_SCU = "so did the SCU send it"
_BY_PRINTER = "the image came right: the printer did it"
_MOST_LINES = 5  # that are told one by one
_MOST = 0.5  # of a column or row: what is dead in less may be the edge of a spot
_SAME = 0.25  # of an error: what the image as sent explains but for that is the SCU's


@dataclass(frozen=True, eq=False)
class Look:
    """A pattern as it was found: on the page, or in the image as the SCU sent it, which is turned into
    density for that as the film asks. ``expected`` (2 x 3) is where it should be. ``readings`` has one of
    each patch of the pattern, in order; ``landmarks`` those found, n x 2, NaN where not."""

    density: Density = field(repr=False)
    place: Place
    expected: Floats = field(repr=False)
    readings: tuple[Reading, ...] = field(repr=False)
    gradient: Gradient | None
    lines: tuple[Line, ...]
    landmarks: Floats = field(repr=False)
    spots: tuple[Spot, ...] = field(default=(), repr=False)


@dataclass(frozen=True, eq=False)
class Facts:
    """All that checks ask for. ``aims`` and ``tolerances`` are those of each patch, in OD, ``scale`` and
    ``tone`` those in force for the image, ``readings`` what was read on the page. ``resampled``: the SCU
    itself scaled the pattern or placed it on a larger image, in which a pixel of it is so many wide.
    ``requested_width_mm`` is the Requested Image Size, of an image that is ``columns`` wide."""

    pattern: Pattern
    sent: Look
    page: Look
    aims: Floats = field(repr=False)
    tolerances: Floats = field(repr=False)
    readings: tuple[PatchReading, ...] = field(repr=False)
    response: Response | None
    scale: ToneScale
    tone: LookUp | ToneCurve
    dots_per_inch: float
    resampled: bool
    requested_width_mm: float | None
    columns: int

    @property
    def pixel_mm(self) -> float:
        """The side of a printer pixel."""
        return 25.4 / self.dots_per_inch


def findings(facts: Facts) -> Iterator[Finding]:
    """Everything that can be checked with this pattern, in order."""
    yield from _ways_up(facts)
    if facts.page.place.orientation == facts.sent.place.orientation:
        yield from _geometry(facts)
    yield from _true_size(facts)
    yield from _landmarks(facts)
    yield from _densities(facts)
    yield from _extremes(facts)
    yield from _response(facts)
    yield from _levels(facts)
    yield from _uniformity(facts)
    yield from _lines(facts)
    yield from _spots(facts)


def _outcome(right: bool) -> Outcome:
    return "pass" if right else "fail"


def _finding(
    check: str, right: bool, text: str, fault: str, measured: float, limit: float, unit: str
) -> Finding:
    """Of a number, with its limit; ``fault`` is said besides where it is not right."""
    said = text if right or not fault else f"{text}: {fault}"
    return Finding(check, _outcome(right), said, measured, limit, unit, OURS)


# --- where it lies -----------------------------------------------------------------------------------------


def _ways_up(facts: Facts) -> Iterator[Finding]:
    sent, page = facts.sent.place, facts.page.place
    if not page.inverted:
        yield Finding("polarity", "pass", "dark is dark and bright is bright")
    elif sent.inverted:
        remedy = "see its Photometric Interpretation, Polarity and Presentation LUT"
        yield Finding("polarity", "fail", f"swapped: dark is bright: {_BY_SCU}, {remedy}")
    else:
        yield Finding("polarity", "fail", f"swapped: dark is bright: {_BY_PRINTER}")
    if page.orientation == "upright":
        yield Finding("orientation", "pass", "upright")
    else:
        who = _BY_SCU if sent.orientation == page.orientation else _BY_PRINTER
        yield Finding("orientation", "fail", f"{page.orientation}: {who}")


def _geometry(facts: Facts) -> Iterator[Finding]:
    """The page beside the place where the image belongs, and one direction beside the other."""
    expected, found = _whole(facts.page.expected), _whole(facts.page.place.affine)
    rows, columns = facts.pattern.pixels.shape
    size = np.abs(expected[:2, :2]) @ (columns, rows)  # on the page, in printer pixels
    change = (found @ np.linalg.inv(expected))[:2, :2]
    scales = np.hypot(*change)
    off = (scales - 1) * 100
    limits = SCALE_LIMIT + 100 / size
    worst = int((np.abs(off) / limits).argmax())
    yield _finding(
        "scale",
        bool((np.abs(off) <= limits).all()),
        f"{_signed(off[0])} % across, {_signed(off[1])} % down, of the size asked for",
        _BY_PRINTER,
        float(off[worst]),
        float(limits[worst]),
        "%",
    )
    yield from _square(facts, size)
    turned = math.degrees(
        (math.atan2(change[1, 0], change[0, 0]) - math.atan2(change[0, 1], change[1, 1])) / 2
    )
    slack = math.degrees(1 / size.min())
    text = f"turned by {_signed(turned)} degrees"
    limit = ROTATION_LIMIT + slack
    yield _finding("geometry", abs(turned) <= limit, text, _BY_PRINTER, turned, limit, "degrees")
    middle = np.array([columns / 2, rows / 2, 1])
    moved = ((found - expected) @ middle)[:2] * facts.pixel_mm
    limit = max(OFFSET_LIMIT, facts.pixel_mm / 2)
    text = f"its middle is {_signed(moved[0])} mm right and {_signed(moved[1])} mm below of where it belongs"
    distance = float(np.hypot(*moved))
    yield _finding("geometry", distance <= limit, text, _BY_PRINTER, distance, limit, "mm")


def _square(facts: Facts, size: Floats) -> Iterator[Finding]:
    """The pixels of a pattern are square, so both directions must have one scale."""

    def stretch(affine: Floats) -> float:
        return float((np.hypot(*affine[:, 0]) / np.hypot(*affine[:, 1]) - 1) * 100)

    found, asked = stretch(facts.page.place.affine), stretch(facts.page.expected)
    limit = SCALE_LIMIT + 100 / float(size.min())
    if facts.resampled:  # whole pixels of the larger image
        rows, columns = facts.pattern.pixels.shape
        limit += 100 / (min(rows, columns) * min(facts.sent.place.scale_x, facts.sent.place.scale_y))
    by_scu = abs(asked) > limit and abs(found - asked) <= _SAME * abs(asked)
    remedy = f"{_BY_SCU}, see its Pixel Aspect Ratio" if by_scu else _BY_PRINTER
    text = f"{_signed(found)} % wider than high, measured against the pattern"
    yield _finding("scale", abs(found) <= limit, text, remedy, found, limit, "%")


def _true_size(facts: Facts) -> Iterator[Finding]:
    pattern = facts.pattern
    if pattern.width_mm is None:
        return
    wide = pattern.pixels.shape[1] * facts.page.place.scale_x * facts.pixel_mm
    text = f"{wide:.2f} mm wide, {pattern.width_mm:g} mm at true size"
    off = wide - pattern.width_mm
    limit = max(TRUE_SIZE_LIMIT, facts.pixel_mm)
    ask = pattern.width_mm * facts.columns / (pattern.pixels.shape[1] * facts.sent.place.scale_x)
    remedy = f"ask for a Requested Image Size (2020,0030) of {ask:.1f} mm"
    if facts.requested_width_mm is None:
        right = abs(off) <= limit
        words = text if right else f"{text}, which was not asked for: {remedy}"
        yield Finding("scale", "pass" if right else "note", words, off, limit, "mm", OURS)
        return
    if abs(facts.requested_width_mm - ask) <= limit:
        remedy = "the image box is too small for it, or the printer did it"
    yield _finding("scale", abs(off) <= limit, text, remedy, off, limit, "mm")


def _landmarks(facts: Facts) -> Iterator[Finding]:
    marks = facts.pattern.landmarks
    if not marks:
        return
    place = facts.page.place
    expected = np.array([(mark.x, mark.y) for mark in marks])
    # Where it is turned the landmarks can still be judged beside each other.
    affine = facts.page.expected if place.orientation == facts.sent.place.orientation else place.affine
    off = np.hypot(*(facts.page.landmarks - expected @ affine[:, :2].T - affine[:, 2]).T) * facts.pixel_mm
    missing = int(np.isnan(off).sum())
    if missing == len(marks):
        yield Finding("geometry", "note", f"none of {len(marks)} crosses can be found: print it larger")
        return
    worst = int(np.nanargmax(off))
    limit = max(LANDMARK_LIMIT, facts.pixel_mm)
    text = f"{len(marks) - missing} of {len(marks)} crosses, off by {np.nanmean(off):.2f} mm on average, "
    text += f"at most {off[worst]:.2f} mm ({marks[worst].name})"
    yield _finding("geometry", bool(off[worst] <= limit), text, "", float(off[worst]), limit, "mm")


# --- density -----------------------------------------------------------------------------------------------


def _who(facts: Facts, patch: int) -> str:
    """Whether the error of a patch was there when the image came."""
    error = facts.page.readings[patch].mean - facts.aims[patch]
    before = facts.sent.readings[patch].mean - facts.aims[patch]
    if math.isnan(before):
        return ""
    return _BY_SCU if abs(error - before) <= max(_SAME * abs(error), DENSITY_LIMIT) else _BY_PRINTER


def _densities(facts: Facts) -> Iterator[Finding]:
    means = np.array([reading.mean for reading in facts.page.readings])
    excess = np.abs(means - facts.aims) / facts.tolerances
    unread = int(np.isnan(means).sum())
    if unread == len(means):
        text = "no patch is large enough on this film to be read: print it larger"
        yield Finding("density", "fail", text)
        return
    worst = int(np.nanargmax(excess))
    wrong = int((excess > 1).sum())
    patch = facts.pattern.patches[worst]
    text = f"worst of {len(means) - unread} patches: {patch.name} {means[worst]:.3f} OD, "
    text += f"should be {facts.aims[worst]:.3f}"
    fault = f"{wrong} patch{'es' * (wrong > 1)} off; {_who(facts, worst)}" if wrong else ""
    error, limit = float(means[worst] - facts.aims[worst]), float(facts.tolerances[worst])
    yield _finding("density", not wrong, text, fault.removesuffix("; "), error, limit, "OD")
    if unread:
        text = f"{unread} of {len(means)} patches are too small on this film to be read: print it larger"
        yield Finding("density", "note", text)


def _extremes(facts: Facts) -> Iterator[Finding]:
    """Whether the film gets as dark and as bright as it should."""
    for check, best, end in (("dmax", np.argmax, "maximum"), ("dmin", np.argmin, "minimum")):
        read = [
            number
            for number, patch in enumerate(facts.pattern.patches)
            if patch.value in (0, facts.pattern.largest) and facts.page.readings[number].pixels
        ]
        if not read:
            continue
        number = read[int(best(facts.aims[read]))]
        asked = facts.scale.max_density if check == "dmax" else facts.scale.min_density
        aim = float(facts.aims[number])
        if abs(aim - asked) > DENSITY_LIMIT:  # the Presentation LUT does not go there, or the pattern
            continue
        mean, limit = facts.page.readings[number].mean, float(facts.tolerances[number])
        text = f"{mean:.3f} OD, the film's {end} is {asked:.2f}"
        yield _finding(check, abs(mean - aim) <= limit, text, _who(facts, number), mean - aim, limit, "OD")


def _response(facts: Facts) -> Iterator[Finding]:
    found = facts.response
    if found is not None and facts.page.place.inverted:
        yield Finding("response", "note", "not judged: the polarity is swapped")
        return
    if found is None:
        if len(facts.pattern.of(Role.STEP)) >= RESPONSE_STEPS and not is_p_values(facts.tone):
            text = (
                "not judged: by its Presentation LUT or configuration the film is not to have that of PS3.14"
            )
            yield Finding("response", "note", text)
        return
    text = f"FIT: {found.mean:.2f} JND for a P-value of 8 bits, ideal {found.ideal:.2f}, "
    text += (
        "a horizontal line fits best"
        if found.order == 0
        else f"order {found.order} fits best, within {found.fit_deviation:.0%} of its mean"
    )
    source = "PS3.14 Annex C; 10 % of the mean: AAPM TG18, for displays"
    limit, measured = found.fit_limit * 100, found.fit_deviation * 100
    yield Finding("response", _outcome(found.fit_passed), text, measured, limit, "%", source)
    share = found.lum / found.mean * 100 if found.mean > 0 else math.inf
    text = f"LUM: {found.lum:.3f} JND from the horizontal line, root mean square"
    yield Finding("response", _outcome(found.lum_passed), text, share, found.lum_limit * 100, "%", OURS)


def is_p_values(tone: LookUp | ToneCurve) -> bool:
    """The values of an image are P-values: nothing but the GSDF acts on them."""
    return tone == ToneCurve() or (isinstance(tone, LookUp) and tone.shape == "IDENTITY")


def _levels(facts: Facts) -> Iterator[Finding]:
    """How many levels of a ramp differ from the one before."""
    levels = [
        number
        for number, patch in enumerate(facts.pattern.patches)
        if patch.role is Role.LEVEL and facts.page.readings[number].pixels
    ]
    all_levels = len(facts.pattern.of(Role.LEVEL))
    if not all_levels:
        return
    if len(levels) < LEVELS_LIMIT * all_levels:
        missing = all_levels - len(levels)
        text = f"{missing} of {all_levels} levels are narrower than a printer pixel: print it larger"
        yield Finding("levels", "note", text)
        return
    aims = np.rint(facts.aims[levels] / OD_UNIT)
    there = int(np.count_nonzero(np.diff(aims))) + 1
    told, sent = (_told(look, levels, aims) for look in (facts.page, facts.sent))
    text = f"{told} of {there} levels of density are told apart"
    bits = math.log2(max(told, 2))
    named = f"{round(bits)} bits" if abs(bits - round(bits)) < 0.1 else "some were lost"
    who = _BY_SCU if sent <= told * 1.1 else _BY_PRINTER
    limit = LEVELS_LIMIT * there
    yield _finding(
        "levels", told >= limit, text, f"only {told}: {named}; {who}", told, round(limit), "levels"
    )


def _told(look: Look, levels: list[int], aims: Floats) -> int:
    """How many levels differ from the one before; where most do not, the steps between the runs of equal
    ones, which interpolation may have spread over two."""
    means = np.array([look.readings[number].mean for number in levels]) / OD_UNIT
    steps = np.abs(np.diff(aims))
    apart = (np.abs(np.diff(means)) >= np.maximum(steps / 2, 0.5)) & (steps > 0)
    if apart.sum() < np.count_nonzero(steps) / 2:
        apart &= ~np.concatenate([[False], apart[:-1]])
    return int(np.count_nonzero(apart)) + 1


def _uniformity(facts: Facts) -> Iterator[Finding]:
    found = facts.page.gradient
    if found is not None:
        text = f"gradient of {found.across:.3f} OD from corner to corner of the pattern"
        if found.across > GRADIENT_LIMIT:
            text += f", denser toward {found.toward} degrees clockwise from the top"
        before = facts.sent.gradient
        fault = ""
        if before is not None:
            fault = _BY_SCU if abs(found.across - before.across) <= _SAME * found.across else _BY_PRINTER
        right = found.across <= max(GRADIENT_LIMIT, found.uncertain)
        yield _finding("uniformity", right, text, fault, found.across, GRADIENT_LIMIT, "OD")
    even = [
        (facts.page.readings[number].mean, patch.name)
        for number, patch in enumerate(facts.pattern.patches)
        if patch.role is Role.UNIFORMITY and facts.page.readings[number].pixels
    ]
    if len(even) > 1:
        (least, thin), (most, dense) = min(even), max(even)
        text = f"{len(even)} equal patches: {least:.3f} OD ({thin}) to {most:.3f} OD ({dense})"
        apart = most - least
        yield _finding("uniformity", apart <= UNIFORMITY_LIMIT, text, "", apart, UNIFORMITY_LIMIT, "OD")


def _lines(facts: Facts) -> Iterator[Finding]:
    if facts.page.place.inverted:
        text = "dead columns and rows, spots and bands were not looked for: the polarity is swapped"
        yield Finding("defect", "note", text)
        return
    found = facts.sent.lines or [line for line in facts.page.lines if not _is_edge(line, facts.page.spots)]
    said = _sent_line if facts.sent.lines else _page_line
    for line in found[:_MOST_LINES]:
        yield Finding("defect", "fail", said(facts, line), line.off, unit="OD", source=OURS)
    if len(found) > _MOST_LINES:
        text = f"{len(found) - _MOST_LINES} more columns and rows stand out, as by banding or noise"
        yield Finding("defect", "fail", text, source=OURS)
    if not found:
        yield Finding("defect", "pass", "no dead column or row in the pattern")


def _is_edge(line: Line, spots: tuple[Spot, ...]) -> bool:
    """It is where a spot begins or ends, so it is told of that."""
    ends = (
        (spot.left, spot.left + spot.width) if line.kind == "column" else (spot.top, spot.top + spot.height)
        for spot in spots
    )
    return line.share < _MOST and any(min(abs(line.at - end) for end in (a, b - 1)) <= 1 for a, b in ends)


def _sent_line(facts: Facts, line: Line) -> str:
    return f"dead {line.kind} {line.at + 1} of the image, by {line.off:+.2f} OD: {_BY_SCU}"


def _page_line(facts: Facts, line: Line) -> str:
    where = (line.at + 0.5) * facts.pixel_mm
    side = "left" if line.kind == "column" else "top"
    text = f"dead {line.kind} {where:.1f} mm from the {side} of the film (printer pixel {line.at + 1}), "
    return text + f"by {line.off:+.2f} OD over {line.share:.0%} of it: {_BY_PRINTER}"


def _spots(facts: Facts) -> Iterator[Finding]:
    """Specks, bands and clouds."""
    if facts.page.place.inverted or facts.sent.lines:
        return
    found = facts.page.spots
    if not found:
        text = f"no spot or band of more than {SPOT_LIMIT:.2f} OD where the pattern is even"
        yield Finding("defect", "pass", text, source=OURS)
        return
    spot = found[0]
    across, down, left, top = (
        pixels * facts.pixel_mm
        for pixels in (spot.width, spot.height, spot.left + spot.width / 2, spot.top + spot.height / 2)
    )
    text = "a spot or band of " if len(found) == 1 else f"{len(found)} spots or bands, the largest of "
    text += f"{across:.1f} x {down:.1f} mm, its middle {left:.1f} mm from the left and {top:.1f} mm from the "
    text += f"top of the film, {spot.off:+.2f} OD off"
    who = _BY_SCU if facts.sent.spots else _BY_PRINTER
    yield _finding("defect", False, text, who, spot.off, SPOT_LIMIT, "OD")


def _signed(value: float, digits: int = 2) -> str:
    """With its sign, but no -0.00."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _whole(affine: Floats) -> Floats:
    return np.vstack([affine, (0, 0, 1)])
