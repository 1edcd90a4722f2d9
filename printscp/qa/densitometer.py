"""A virtual densitometer: reads the patches of a pattern on a map of optical density, and looks for defects.

What a pixel must be is known as closely as it can be without knowing how it was interpolated: where the
pattern is even all round, to the quantization step; beside an edge, between what lies on either side. So
nothing here depends on the way in which the page was made.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.qa.pattern import Patch, Pattern
from printscp.render.tone import OD_UNIT

Density = NDArray[np.uint16]
Floats = NDArray[np.float64]
Tone = Callable[[Floats], Floats]
"""Optical density of P-values 0 to 1."""

_ANY = 65535  # a spread that no density exceeds: the pixel may be anything
_STRIP = 256  # rows of a page that are looked at together
_OVERSHOOT = 0.35  # of a step: what cubic interpolation, in both directions and sharpened, adds beyond it
_EDGE = 0.05  # of a pixel, by which it may lie outside: places are not known better


# --- what the pattern asks for -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Aims:
    """A pattern as it should be on film, rows x columns of 0.0001 OD.

    ``density`` is the aim of each pixel; ``spread`` how far apart the densities may be that interpolation
    makes of it and of the pixels round it."""

    density: Density = field(repr=False)
    spread: Density = field(repr=False)


def aims(pattern: Pattern, tone: Tone, reach: int, slack: float, rim: int) -> Aims:
    """What a film should show of a pattern.

    ``reach`` is how many pixels of the pattern a printed pixel may depend on, to each side; ``slack`` how far
    off, as a P-value 0..1, a value may be that was rounded to fewer bits. The ``rim`` of the pattern, so many
    pixels wide, may be anything: what lies outside may have been blended into it.
    """
    values = np.arange(pattern.largest + 1) / pattern.largest
    density = _units(tone(values))[pattern.pixels]
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    low = cv2.erode(pattern.pixels, kernel).astype(np.float32) / np.float32(pattern.largest)
    high = cv2.dilate(pattern.pixels, kernel).astype(np.float32) / np.float32(pattern.largest)
    beyond = (high - low) * np.float32(_OVERSHOOT) + np.float32(slack)
    fine = tone(np.arange(65536) / 65535)
    ends = [
        np.take(fine, np.rint(np.clip(end, 0, 1) * np.float32(65535)).astype(np.uint16))
        for end in (low - beyond, high + beyond)
    ]
    spread = _units(np.abs(ends[1] - ends[0]))
    if not _is_monotone(fine):
        spread[high > low] = _ANY
    framed = np.full_like(spread, _ANY)
    inner = slice(rim, spread.shape[0] - rim), slice(rim, spread.shape[1] - rim)
    framed[inner] = spread[inner]
    return Aims(density, framed)


def _units(density: Any) -> Density:
    """Densities in OD as a page has them."""
    return np.asarray(np.clip(np.rint(density / OD_UNIT), 0, _ANY), np.uint16)


def _is_monotone(values: Floats) -> bool:
    steps = np.diff(values)
    return bool((steps <= 0).all() or (steps >= 0).all())


# --- patches -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """The middle of a patch, in pixels of the page, and the mean and standard deviation of its density, in
    OD, over so many ``pixels``: NaN where there are none."""

    x: float
    y: float
    mean: float
    spread: float
    pixels: int


def read(page: Density, patch: Patch, affine: Floats, outside: float = _EDGE) -> Reading:
    """Read a patch of a pattern that ``affine`` (2 x 3) takes to the page.

    Only pixels count that lie in it as a whole, but for a share that may be ``outside``.
    """
    left, top = patch.left, patch.top
    right, bottom = patch.left + patch.width, patch.top + patch.height
    x, y = _at(affine, (patch.left + patch.width / 2, patch.top + patch.height / 2))
    corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
    # Of a patch that is turned a little: what lies within all four sides.
    _, first, last, _ = np.sort(corners @ affine[:, :2].T + affine[:, 2], axis=0)
    columns, rows = (_whole(*ends, outside) for ends in zip(first, last, strict=True))
    on_page = (
        columns.start >= 0
        and rows.start >= 0
        and columns.stop <= page.shape[1]
        and rows.stop <= page.shape[0]
    )
    pixels = page[rows, columns]
    if not (on_page and pixels.size):
        return Reading(x, y, math.nan, math.nan, 0)
    return Reading(x, y, float(pixels.mean()) * OD_UNIT, float(pixels.std()) * OD_UNIT, pixels.size)


def _whole(first: float, last: float, outside: float) -> slice:
    """The pixels that lie between two points, as a whole but for a share."""
    start = math.ceil(first - outside)
    return slice(start, max(start, math.floor(last + outside)))


def _at(affine: Floats, point: tuple[float, float]) -> tuple[float, float]:
    x, y = affine[:, :2] @ point + affine[:, 2]
    return float(x), float(y)


# --- gradient ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gradient:
    """A slope of density over the pattern: ``across``, from its lightest corner to its densest, in OD, and
    where it rises to, in degrees clockwise from the top of the page. ``uncertain`` is how far ``across`` may
    be off (three standard errors). ``slope`` is the plane itself, in OD for a pixel right and one down."""

    across: float
    toward: int
    uncertain: float
    slope: tuple[float, float] = (0.0, 0.0)


_GRADIENT_POINTS = 60_000
_EVEN = 200  # 0.02 OD: where densities are no farther apart than that, a pixel tells of the gradient
_SAME_AIM = 20  # 0.002 OD
_OUTLIERS = (0.2, 0.05, 0.01)  # OD: what is farther from the plane is left out the next time
_FEWEST = 100


def gradient(page: Density, target: Aims, affine: Floats) -> Gradient | None:
    """The slope of a plane through all that is too dense or not dense enough; None where too little is even.

    Points of the same aim are compared with each other only, so an error of tone is no gradient.
    """
    rows, columns = target.density.shape
    corners = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)]) @ affine[:, :2].T + affine[:, 2]
    x, y, aim = _even_points(page, target, affine, corners)
    if len(x) < _FEWEST:
        return None
    off = page[y, x] * OD_UNIT - aim * OD_UNIT
    _, group = np.unique(aim // _SAME_AIM, return_inverse=True)
    kept = np.ones(len(x), bool)
    slope: Floats = np.zeros(2)
    errors: Floats = np.zeros((2, 2))
    for limit in _OUTLIERS:
        place = _within(np.stack([x, y], axis=1)[kept].astype(np.float64), group[kept])
        rest = _within(off[kept][:, None], group[kept])[:, 0]
        moments = place.T @ place
        if np.linalg.eigvalsh(moments)[0] < len(place) * 0.25:  # within half a pixel of a line
            return None
        slope = np.asarray(np.linalg.solve(moments, place.T @ rest), np.float64)
        left = rest - place @ slope
        errors = np.linalg.inv(moments) * float(left @ left) / len(left)
        middle = _group_means((off - np.stack([x, y], axis=1) @ slope)[kept], group[kept], group.max() + 1)
        near = np.abs(off - np.stack([x, y], axis=1) @ slope - middle[group]) <= limit
        if near.sum() < _FEWEST:
            return None
        kept = near
    along = corners @ slope
    farthest = corners[along.argmax()] - corners[along.argmin()]
    return Gradient(
        float(np.ptp(along)),
        round(math.degrees(math.atan2(slope[0], -slope[1]))) % 360,
        3 * float(np.sqrt(farthest @ errors @ farthest)),
        (float(slope[0]), float(slope[1])),
    )


def _even_points(
    page: Density, target: Aims, affine: Floats, corners: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pixels of the page, evenly spread, where the pattern is even all round, and their aims."""
    first = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    last = np.minimum(np.ceil(corners.max(axis=0)), page.shape[::-1]).astype(int)
    step = max(1, math.ceil(math.sqrt(max(1, int(np.prod(last - first))) / _GRADIENT_POINTS)))
    y, x = (each.ravel() for each in np.mgrid[first[1] : last[1] : step, first[0] : last[0] : step])
    back = cv2.invertAffineTransform(affine)
    found = np.floor(np.stack([x + 0.5, y + 0.5], axis=1) @ back[:, :2].T + back[:, 2]).astype(int)
    rows, columns = target.density.shape
    inside = ((found >= 0) & (found < (columns, rows))).all(axis=1)
    x, y, found = x[inside], y[inside], found[inside]
    even = target.spread[found[:, 1], found[:, 0]] <= _EVEN
    x, y, found = x[even], y[even], found[even]
    return x, y, target.density[found[:, 1], found[:, 0]].astype(np.int64)


def _within(values: Floats, group: NDArray[np.int64]) -> Floats:
    """Columns of values, each less the mean of its group."""
    many = int(group.max()) + 1
    means = np.stack([_group_means(column, group, many) for column in values.T], axis=1)
    return np.asarray(values - means[group])


def _group_means(values: Floats, group: NDArray[np.int64], many: int) -> Floats:
    counts = np.bincount(group, minlength=many)
    return np.asarray(np.bincount(group, values, many) / np.maximum(counts, 1))


# --- lines -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A column or row of the page that is not like its neighbours: ``at`` is its number from 0, ``off`` how
    much denser it is than both, in OD, where it differs, and ``share`` in how much of what can be judged it
    does."""

    kind: Literal["column", "row"]
    at: int
    off: float
    share: float


_STANDS_OUT = 300  # 0.03 OD beyond what the pattern itself does near by
_KINK = 0.75  # of a step: so much a pixel may differ from its neighbours where a pixel of the pattern is two
_LINE = 0.05  # of what can be judged of a column or row: more of it stands out, then it is a defect
_FEWEST_OUT = 8  # pixels of a column or row that stand out, fewer tell nothing


def lines(page: Density, target: Aims, affine: Floats) -> tuple[Line, ...]:
    """Dead columns and rows within the pattern: those of which much differs from both neighbours by more than
    the pattern can explain."""
    rows, columns = page.shape
    enlarged = np.hypot(*affine[:, :2]).min() >= 2
    share = _KINK if enlarged else 1.0
    spread = _on_page(target.spread, affine, page.shape)
    counts = {"column": np.zeros((3, columns)), "row": np.zeros((3, rows))}
    for top in range(0, rows, _STRIP):
        # One row more on both sides: each is compared with its neighbours.
        first, last = max(0, top - 1), min(rows, top + _STRIP + 1)
        density, slack = page[first:last].astype(np.int32), spread[first:last]
        if (slack == _ANY).all():
            continue
        inner = slice(top - first, top - first + min(_STRIP, rows - top))
        counts["column"][:, 1:-1] += _standing(density[inner], slack[inner], share, axis=1).sum(axis=1)
        counts["row"][:, first + 1 : last - 1] += _standing(density, slack, share, axis=0).sum(axis=2)
    found = [*_peaks("column", counts["column"]), *_peaks("row", counts["row"])]
    return tuple(sorted(found, key=lambda line: -abs(line.off) * line.share))


def _standing(density: NDArray[np.int32], slack: Density, share: float, axis: int) -> Floats:
    """Of each pixel but those at the ends: whether it can be judged, whether it stands out, and by how
    much."""
    middle, before, after = (_cut(density, axis, *ends) for ends in ((1, -1), (None, -2), (2, None)))
    # A neighbour outside of the pattern may be anything.
    room = np.maximum.reduce([_cut(slack, axis, *ends) for ends in ((1, -1), (None, -2), (2, None))])
    off = middle - (before + after) / 2
    judged = room < _ANY
    out = judged & (np.abs(off) > _STANDS_OUT + room * share)
    return np.stack([judged, out, np.where(out, off, 0.0)]).astype(np.float64)


def _cut(values: NDArray[Any], axis: int, first: int | None, last: int | None) -> NDArray[Any]:
    return values[first:last] if axis == 0 else values[:, first:last]


def _on_page(values: Density, affine: Floats, shape: tuple[int, ...]) -> Density:
    """A map of the pattern on the page; what lies outside of the pattern may be anything."""
    # OpenCV has the middle of the first pixel at 0, 0.
    moved = affine.copy()
    moved[:, 2] += affine[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_NEAREST
    mode = cv2.BORDER_CONSTANT
    warped = cv2.warpAffine(values, moved, shape[::-1], flags=flags, borderMode=mode, borderValue=_ANY)
    return np.asarray(warped, np.uint16)


def _peaks(kind: Literal["column", "row"], counts: Floats) -> list[Line]:
    """Each run of lines that stand out, as one: its neighbours stand out from it as much as it from them."""
    judged, out, off = counts
    share, mean = out / np.maximum(judged, 1), off / np.maximum(out, 1) * OD_UNIT
    dead = (share > _LINE) & (out >= _FEWEST_OUT)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dead, [0]])))
    found = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        worst = int(start + np.abs(off[start:stop]).argmax())  # its neighbours differ from it by half as much
        found.append(Line(kind, worst, float(mean[worst]), float(share[worst])))
    return found


# --- spots -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """A part of the page, in its pixels, that is not as dense as all else of the same aim, the plane of the
    gradient apart: ``off`` is how much denser it is on average, in OD."""

    left: int
    top: int
    width: int
    height: int
    pixels: int
    off: float


_UNLIKE = 200  # 0.02 OD beyond what is rounded or interpolated
_THIN = 3  # pixels: what is thinner is a line, or a grain


def spots(
    page: Density, target: Aims, affine: Floats, slope: tuple[float, float], thin: int = _THIN
) -> tuple[Spot, ...]:
    """Specks, bands and clouds where the pattern is even, the largest first; none thinner than ``thin``.

    An error of tone is none: what is compared has one aim.
    """
    rows, columns = target.density.shape
    corners = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)]) @ affine[:, :2].T + affine[:, 2]
    usual = _usual(page, target, affine, slope, corners)
    if usual is None:
        return ()
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, page.shape[::-1])
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, page.shape[::-1])
    off = np.zeros((bottom - top, right - left), np.float32)
    for first in range(top, bottom, _STRIP):
        last = min(first + _STRIP, bottom)
        here = affine - np.array([[0, 0, left], [0, 0, first]])
        aim, spread = (
            _on_page(each, here, (last - first, right - left)) for each in (target.density, target.spread)
        )
        plane = slope[0] * np.arange(left, right) + slope[1] * np.arange(first, last)[:, None]
        rest = page[first:last, left:right] - usual[aim] - (plane / OD_UNIT).astype(np.float32)
        unlike = (spread <= _EVEN) & (np.abs(rest) > _UNLIKE + spread.astype(np.float32))
        off[first - top : last - top] = np.where(unlike, rest, 0)
    return _patches_of(off, thin, int(left), int(top))


def _usual(
    page: Density, target: Aims, affine: Floats, slope: tuple[float, float], corners: Floats
) -> NDArray[np.float32] | None:
    """By aim, the density that is usual for it on this page, without the plane; NaN where none is even."""
    x, y, aim = _even_points(page, target, affine, corners)
    if len(x) < _FEWEST:
        return None
    flat = page[y, x] - (slope[0] * x + slope[1] * y) / OD_UNIT
    error = np.full(_ANY // _SAME_AIM + 1, np.nan, np.float32)
    order = np.argsort(aim, kind="stable")
    groups, starts = np.unique(aim[order] // _SAME_AIM, return_index=True)
    for group, members in zip(groups, np.split((flat - aim)[order], starts[1:]), strict=True):
        error[group] = np.median(members)
    aims = np.arange(_ANY + 1)
    return (aims + error[aims // _SAME_AIM]).astype(np.float32)


def _patches_of(off: NDArray[np.float32], thin: int, left: int, top: int) -> tuple[Spot, ...]:
    """The connected parts of a map that are not zero, too dense and not dense enough apart."""
    found = []
    for sign in (1, -1):
        where: Any = (off * sign > 0).astype(np.uint8)
        if thin > 1:
            where = cv2.morphologyEx(where, cv2.MORPH_OPEN, np.ones((thin, thin), np.uint8))
        if not where.any():
            continue
        many, label, stats, _ = cv2.connectedComponentsWithStats(where, connectivity=8)
        sums = np.bincount(label.ravel(), off.ravel(), many)
        for each, (x, y, width, height, pixels) in zip(sums[1:], stats[1:].tolist(), strict=True):
            found.append(Spot(left + x, top + y, width, height, pixels, float(each) / pixels * OD_UNIT))
    return tuple(sorted(found, key=lambda spot: -spot.pixels))
