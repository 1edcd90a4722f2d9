"""Find a test pattern on a film: where it lies, how it is turned, and in which polarity.

What is compared is edges, each as strong as its neighbours: both the pattern and the film are freed of what
changes slowly, then divided by how much they change near by. So the tone of the film, a gradient over it, and
its contrast do not matter, and thin lines count as much as the outline of a patch.

A coarse copy yields a hypothesis for each way in which the pattern may lie. All of them are refined together,
on finer and finer copies (enhanced correlation coefficient), and the one that agrees best is taken.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printscp.film.geometry import Rectangle
from printscp.qa.pattern import Pattern

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]

ORIENTATIONS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "upright": ((1, 0), (0, 1)),
    "turned 90 degrees clockwise": ((0, -1), (1, 0)),
    "turned 180 degrees": ((-1, 0), (0, -1)),
    "turned 90 degrees counterclockwise": ((0, 1), (-1, 0)),
    "mirrored left to right": ((-1, 0), (0, 1)),
    "mirrored top to bottom": ((1, 0), (0, -1)),
    "mirrored about the falling diagonal": ((0, 1), (1, 0)),
    "mirrored about the rising diagonal": ((0, -1), (-1, 0)),
}
"""What each does to a vector from the middle, x to the right and y down. The falling diagonal goes from the
top left to the bottom right."""


_ROUNDS = 20  # of a refinement
# Pixels of the pattern; who is farther behind goes no further; rounds, for the wrong ones take all there are.
_STAGES = ((96, 0.2, 8), (160, 0.08, 6), (256, 0.05, 10), (512, 0.0, _ROUNDS))
_SEARCHED = ((48, 0.4, _ROUNDS), (96, 0.3, _ROUNDS), (256, 0.0, _ROUNDS))  # of what is not known as well
_FINEST = 1024
_PLAUSIBLE = 0.5  # how well a guess agrees that may be right
_ENOUGH = 0.85  # how well a place agrees that is right; other patterns come to 0.76

_SMALLEST = 0.1  # of the array, where the pattern is looked for
_GLANCE = 64  # pixels of the pattern there
_SHARES = 48  # sizes that are tried
_PLACES = 8  # that go on
_BOXES = 4  # that are looked into
_APART = 1024  # pixels of the copy on which images lie apart
_APART_BY = 0.005  # of full scale
_UNEQUAL = 0.1  # in the ratio of width to height

_NEAR = 1.5  # pixels, of what counts as an edge
_ROUND = 4.0  # pixels, with whose edges it is compared
_FAINT = 0.005  # of full scale: below it an edge is nothing but the steps of 8 bits
_RIM = 3  # pixels at the sides of a pattern, on whose edges what lies outside acts
_FLAT = 0.1  # of full scale, by which what lies round a pattern may vary, to be taken for one level
_OTHER = 0.2  # of full scale, by which a pattern of the same lines is another
_LEAST = 16  # pixels, of the smallest copies

_REACH = 0.02  # of the pattern's size, round a landmark
_POINTS = 3  # in either direction, of which an expected pixel is the mean

_SMOOTHED = 3  # pixels
_STRAYS = 0.1  # of what a guess can be wrong in size
_ROOM = 0.06  # of the pattern's size, round it
_VISIBLE = 0.8  # of the pattern, at least


@dataclass(frozen=True, eq=False)
class Place:
    """Where a pattern of ``columns`` x ``rows`` lies in an array.

    ``affine`` (2 x 3) takes pixels of the pattern to pixels of the array, both from the top left, so that the
    middle of the first pixel is at 0.5, 0.5. ``inverted``: what is dark in the pattern is bright in the
    array. ``orientation`` is a key of `ORIENTATIONS`. ``score``, 0 to 1, is how well the edges agree.
    """

    affine: Floats = field(repr=False)
    inverted: bool
    orientation: str
    score: float
    columns: int
    rows: int

    @property
    def scale_x(self) -> float:
        """Pixels of the array for one pixel of the pattern, along the rows of the pattern."""
        return float(np.hypot(*self.affine[:, 0]))

    @property
    def scale_y(self) -> float:
        """Pixels of the array for one pixel of the pattern, along the columns of the pattern."""
        return float(np.hypot(*self.affine[:, 1]))

    @property
    def rotation_degrees(self) -> float:
        """What is left of rotation, clockwise, beside the orientation: the mean of both axes."""
        return sum(self._axes()) / 2

    @property
    def shear(self) -> float:
        """Degrees by which the axes, which stand at a right angle in the pattern, are farther apart."""
        across, down = self._axes()
        return down - across

    @property
    def corners(self) -> Floats:
        """Top left, top right, bottom right and bottom left of the pattern, in the array: 4 x 2 (x, y)."""
        return self.at(np.array([(0, 0), (self.columns, 0), (self.columns, self.rows), (0, self.rows)]))

    def at(self, points: Floats) -> Floats:
        """Points of the pattern, n x 2 (x, y), in the array."""
        return np.asarray(points @ self.affine[:, :2].T + self.affine[:, 2])

    def _axes(self) -> tuple[float, float]:
        """Degrees, clockwise, by which what should be horizontal, and what should be vertical, is turned."""
        left = self.affine[:, :2] @ np.linalg.inv(ORIENTATIONS[self.orientation])
        across, down = math.atan2(left[1, 0], left[0, 0]), math.atan2(-left[0, 1], left[1, 1])
        return math.degrees(across), math.degrees(down)


def locate(levels: Levels, pattern: Pattern, near: Rectangle | None = None) -> Place | None:
    """Where a pattern is; None where it is not.

    ``levels`` is rows x columns of brightness, 0 to 1: P-values of a page, or an image's values as a share of
    the largest. ``near`` is where an image is printed that may be the pattern: it is looked for there first,
    as large as that, then in all of the array, at a tenth of its size or more. Of the pattern 80 % must be
    inside. Levels may be off by 0.2: where a look-up table does more, undo it first.
    """
    sought = _Sought(_copies(np.ascontiguousarray(levels, np.float32)), pattern.fractions)
    best = _best(sought, _filling(sought, near)) if near is not None else None
    for box in _apart(sought) if best is None else ():
        best = best or _best(sought, _filling(sought, box))
    if best is None:
        found = _best(sought, _search(sought), _SEARCHED)
        # A wedge is nearly its own mirror image, inverted: at the right place all ways are looked at alike.
        best = _best(sought, _filling(sought, _box(sought, found))) if found else None
    if best is None:
        return None
    finest = _refined(sought, best, _FINEST) or best
    rows, columns = pattern.pixels.shape
    score = _agreement(sought, finest)
    place = Place(finest.affine[:2], best.inverted, best.orientation, score, columns, rows)
    return place if score >= _ENOUGH else None


def locate_landmarks(levels: Levels, pattern: Pattern, place: Place) -> Floats:
    """Where each landmark of a pattern is in the array, n x 2 (x, y); NaN where there is none.

    Each is looked for by itself, close to where ``place`` puts it.
    """
    sought = _Sought((np.ascontiguousarray(levels, np.float32),), pattern.fractions)
    points = np.array([(mark.x, mark.y) for mark in pattern.landmarks], np.float64).reshape(-1, 2)
    if not len(points):
        return points
    between = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + np.diag([np.inf] * len(points))
    reach = min(_REACH * max(pattern.pixels.shape), float(between.min()) / 4)
    return np.array([_landmark(sought, place, point, reach) for point in points])


@dataclass(frozen=True, eq=False)
class _Sought:
    """``copies`` are the array, and smaller and smaller copies of it; ``pixels`` is the pattern, 0 to 1."""

    copies: tuple[Levels, ...]
    pixels: Levels

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the array."""
        rows, columns = self.copies[0].shape
        return columns, rows

    def small(self, length: float) -> Levels:
        """All of the array, so many pixels in its longer direction, or all that it has."""
        size = _within(*self.size, length)
        return _resized(self._copy(size[0] / self.size[0]), size)

    def part(self, box: Rectangle, size: tuple[int, int]) -> tuple[Levels, Floats]:
        """A part of the array in so many columns and rows, or a few more; and the affine that leads there."""
        copy = self._copy(max(size[0] / box.width, size[1] / box.height))
        across, down = copy.shape[1] / self.size[0], copy.shape[0] / self.size[1]
        left, top = math.floor(box.left * across), math.floor(box.top * down)
        right, bottom = math.ceil(box.right * across), math.ceil(box.bottom * down)
        # The whole pixels of the copy reach a little beyond the box.
        columns = max(_LEAST, round(size[0] * (right - left) / (box.width * across)))
        rows = max(_LEAST, round(size[1] * (bottom - top) / (box.height * down)))
        scaling = columns / (right - left), rows / (bottom - top)
        to_copy = _affine(np.diag([across, down]), (-left, -top))
        to_part = _affine(np.diag(scaling), (0, 0)) @ to_copy
        return _resized(copy[top:bottom, left:right], (columns, rows)), to_part

    def _copy(self, scale: float) -> Levels:
        """The smallest that is still as large as this share of the array."""
        return next(
            (copy for copy in self.copies[::-1] if copy.shape[1] >= self.size[0] * scale), self.copies[0]
        )


def _copies(film: Levels) -> tuple[Levels, ...]:
    copies = [film]
    while max(copies[-1].shape) > 2 * _FINEST or (len(copies) < 4 and min(copies[-1].shape) > 4 * _GLANCE):
        rows, columns = copies[-1].shape
        copies.append(_resized(copies[-1], (columns // 2, rows // 2)))
    return tuple(copies)


# --- guesses --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Guess:
    """``affine`` is 3 x 3, from pixels of the pattern to pixels of the array."""

    orientation: str
    inverted: bool
    affine: Floats
    score: float = 0.0


def _by_score(guess: _Guess) -> float:
    return guess.score


def _filling(sought: _Sought, box: Rectangle) -> list[_Guess]:
    """All ways in which the pattern may fill a box."""
    return [
        _Guess(orientation, inverted, _fitted(sought, orientation, box.left, box.top, box.width, box.height))
        for orientation in ORIENTATIONS
        for inverted in (False, True)
    ]


def _apart(sought: _Sought) -> list[Rectangle]:
    """Boxes of what stands apart on a film that is of one level beside it, which its sides have, the largest
    first: those that have the pattern's shape, in either direction."""
    small = sought.small(_APART)
    sides = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    levels, counts = np.unique(sides.round(3), return_counts=True)
    differs = np.abs(small - levels[counts.argmax()]) > _APART_BY
    _, _, parts, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8))
    across, down = sought.size[0] / small.shape[1], sought.size[1] / small.shape[0]
    ratio = math.log(sought.pixels.shape[1] / sought.pixels.shape[0])
    boxes = []
    for left, top, width, height, _ in sorted(parts[1:], key=lambda part: -part[2] * part[3]):
        unequal = abs(abs(math.log(width * across / (height * down))) - abs(ratio))
        if unequal < _UNEQUAL and max(width, height) >= _SMALLEST * max(small.shape):
            box = left * across, top * down, width * across, height * down
            boxes.append(Rectangle(*(round(side) for side in box)))
    return boxes[:_BOXES]


def _search(sought: _Sought) -> list[_Guess]:
    """Where the pattern may be, on coarse copies: by its levels, which tell wedges, and by its edges, which
    tell patterns that are nearly all of one level."""
    by_levels = [
        _refined(sought, guess, _GLANCE, _levels)
        for guess in _look_over(sought, _GLANCE // 2, _SHARES // 2, _levels)
    ]
    by_edges = _look_over(sought, _GLANCE, _SHARES, _edges)
    return [*(guess for guess in by_levels if guess is not None), *by_edges]


def _look_over(sought: _Sought, length: int, shares: int, of: Callable[[Levels], Levels]) -> list[_Guess]:
    """The best guesses of each way to lie, on copies on which the pattern is ``length`` pixels large."""
    found: dict[tuple[str, bool], list[_Guess]] = {}
    for share in np.geomspace(1.0, _SMALLEST, shares):
        small = of(sought.small(length / share))
        across, down = sought.size[0] / small.shape[1], sought.size[1] / small.shape[0]
        reduced = _resized(
            sought.pixels, _within(sought.pixels.shape[1], sought.pixels.shape[0], share * max(small.shape))
        )
        template = of(reduced)[_RIM:-_RIM, _RIM:-_RIM]
        for orientation in ORIENTATIONS:
            turned = _oriented(template, orientation)
            height, width = (side + 2 * _RIM for side in turned.shape)
            if height > small.shape[0] or width > small.shape[1]:
                continue
            for inverted, (x, y, score) in _slide(small, turned).items():
                box = (x - _RIM) * across, (y - _RIM) * down, width * across, height * down
                guess = _Guess(orientation, inverted, _fitted(sought, orientation, *box), score)
                found.setdefault((orientation, inverted), []).append(guess)
    best = [max(each, key=_by_score) for each in found.values()]
    return sorted(best, key=_by_score)[-_PLACES:]


def _slide(film: Levels, template: Levels) -> dict[bool, tuple[int, int, float]]:
    """Where a template agrees best (x, y, how well), as it is and inverted."""
    agreement = np.nan_to_num(cv2.matchTemplate(film, template, cv2.TM_CCOEFF_NORMED), posinf=0, neginf=0)
    agreement[np.abs(agreement) > 1.001] = 0  # what rounding makes of a part of one level
    least, most, least_at, most_at = cv2.minMaxLoc(agreement)
    return {False: (most_at[0], most_at[1], most), True: (least_at[0], least_at[1], -least)}


# --- refinement -----------------------------------------------------------------------------------------


def _best(
    sought: _Sought, guesses: list[_Guess], stages: tuple[tuple[int, float, int], ...] = _STAGES
) -> _Guess | None:
    """The best of some guesses, refined; None where none of them is right. Those that cannot become the best
    are left behind, so that the finer copies are made of few."""
    for size, margin, rounds in stages:
        refined = [_refined(sought, guess, size, rounds=rounds) for guess in guesses]
        guesses = [guess for guess in refined if guess is not None]
        best = max(guesses, key=_by_score, default=None)
        if best is None or best.score < _PLAUSIBLE / 2:
            return None
        guesses = [guess for guess in guesses if guess.score >= best.score - margin]
    return best if best is not None and best.score >= _PLAUSIBLE else None


def _refined(
    sought: _Sought,
    guess: _Guess,
    size: int,
    of: Callable[[Levels], Levels] | None = None,
    rounds: int = _ROUNDS,
) -> _Guess | None:
    """A guess made better on copies on which the pattern is about ``size`` pixels large; None where nothing
    like it is there."""
    of = of or _edges
    pair = _pair(sought, guess, size)
    if pair is None:
        return None
    template, to_template, image, to_image = pair
    mask = _inner(template)
    level = _beside(image, to_image @ guess.affine @ np.linalg.inv(to_template), template)
    if level is not None:
        beside = level - float(np.median(image)) + float(np.median(template))  # as on a film of right tone
        template, image, mask = _framed(template, beside), _framed(image, level), _framed(mask | 255, 255)
        to_image, to_template = _shift(_RIM, _RIM) @ to_image, _shift(_RIM, _RIM) @ to_template
    warp = to_image @ guess.affine @ np.linalg.inv(to_template)
    found = _aligned(of(template), of(image), mask, warp, rounds=rounds)
    if found is None or np.abs(np.linalg.inv(warp) @ found[1] - np.eye(3))[:2, :2].max() > _STRAYS:
        return None
    affine = np.linalg.inv(to_image) @ found[1] @ to_template
    return _Guess(guess.orientation, guess.inverted, affine, found[0])


def _pair(sought: _Sought, guess: _Guess, size: int) -> tuple[Levels, Floats, Levels, Floats] | None:
    """The pattern as it is said to lie, ``size`` pixels large or as large as in the array; the part of the
    array where it is said to be, in the same scale and polarity; each with the affine that leads there."""
    window = _window(sought, guess)
    if window is None:
        return None
    width, height = np.ptp(_apply(guess.affine, _corners(sought)), axis=0)
    reduction = min(1.0, size / max(width, height))
    columns, rows = (max(_LEAST, round(side * reduction)) for side in (width, height))
    image, to_image = sought.part(
        window, (round(window.width * columns / width), round(window.height * rows / height))
    )
    template = _resized(_oriented(sought.pixels, guess.orientation), (columns, rows))
    to_template = _fitted(sought, guess.orientation, 0, 0, columns, rows)
    return template, to_template, 1 - image if guess.inverted else image, to_image


def _agreement(sought: _Sought, guess: _Guess) -> float:
    """How well edges agree, 0 to 1, inside of the pattern, where it is not finer than it was drawn; 0 where
    the levels are others altogether."""
    pair = _pair(sought, guess, min(_STAGES[-1][0], *sought.pixels.shape))
    if pair is None:
        return 0.0
    template, to_template, image, to_image = pair
    warp = _shift(-0.5, -0.5) @ to_image @ guess.affine @ np.linalg.inv(to_template) @ _shift(0.5, 0.5)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = np.asarray(cv2.warpAffine(image, warp[:2], template.shape[::-1], flags=flags), np.float32)
    inner = np.s_[_RIM:-_RIM, _RIM:-_RIM]
    if np.median(np.abs(seen - template)[inner]) > _OTHER:
        return 0.0
    drawn, there = (
        cv2.GaussianBlur(_edges(each), (_SMOOTHED, _SMOOTHED), 0)[inner] for each in (template, seen)
    )
    # A dead column, or row, is one long edge, beside which thin lines are few.
    apart = (drawn - there) ** 2
    sound = np.ix_(_but_the_worst(apart.mean(axis=1)), _but_the_worst(apart.mean(axis=0)))
    drawn, there = drawn[sound].ravel(), there[sound].ravel()
    return float(np.corrcoef(drawn, there)[0, 1]) if np.ptp(drawn) > 0 and np.ptp(there) > 0 else 0.0


def _but_the_worst(disagreement: Levels) -> NDArray[np.bool_]:
    """All rows, or columns, but the worst and those that its edges reach."""
    return np.asarray(np.abs(np.arange(len(disagreement)) - disagreement.argmax()) > 2 * _ROUND)


def _aligned(
    template: Levels,
    image: Levels,
    mask: NDArray[np.uint8],
    warp: Floats,
    motion: int = cv2.MOTION_AFFINE,
    rounds: int = _ROUNDS,
) -> tuple[float, Floats] | None:
    """How well a template agrees with an image, and the affine that takes one to the other."""
    try:
        score, found = cv2.findTransformECCWithMask(
            template,
            image,
            mask,
            np.full(image.shape, 255, np.uint8),
            # OpenCV has the middle of the first pixel at 0, 0.
            (_shift(-0.5, -0.5) @ warp @ _shift(0.5, 0.5))[:2].astype(np.float32),
            motion,
            (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, rounds, 1e-5),
            _SMOOTHED,
        )
    except cv2.error:  # it strays, or there is nothing but one level
        return None
    return float(score), _shift(0.5, 0.5) @ np.vstack([found, (0, 0, 1)]) @ _shift(-0.5, -0.5)


def _window(sought: _Sought, guess: _Guess) -> Rectangle | None:
    """The part of the array in which the pattern lies, with some room; None where most of it is outside."""
    corners = _apply(guess.affine, _corners(sought))
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    room = _ROOM * max(right - left, bottom - top)
    columns, rows = sought.size
    first = max(0, math.floor(left - room)), max(0, math.floor(top - room))
    end = min(columns, math.ceil(right + room)), min(rows, math.ceil(bottom + room))
    inside = max(0.0, min(right, columns) - max(left, 0)) * max(0.0, min(bottom, rows) - max(top, 0))
    if inside < _VISIBLE * (right - left) * (bottom - top):
        return None
    return Rectangle(*first, end[0] - first[0], end[1] - first[1])


def _beside(image: Levels, warp: Floats, template: Levels) -> float | None:
    """The level of what lies round the pattern, if it is one level. Where the array has nothing but the
    pattern any level will do: its sides are those of the array."""
    rows, columns = template.shape
    corners = _apply(warp, np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)]))
    left, top = np.maximum(np.floor(corners.min(axis=0) + 0.1).astype(int) - 1, 0)
    right, bottom = np.ceil(corners.max(axis=0) - 0.1).astype(int) + 1
    sides = image[:top], image[bottom:], image[:, :left], image[:, right:]
    ring = np.concatenate([side.ravel() for side in sides])
    if not ring.size:
        return 0.0
    low, middle, high = np.percentile(ring, (10, 50, 90))
    return float(middle) if high - low < _FLAT else None


def _framed(pixels: Any, level: float) -> Any:
    """With a rim of one level round it."""
    sides = (_RIM,) * 4
    return cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=level)


def _inner(template: Levels) -> NDArray[np.uint8]:
    """A mask of all but the rim."""
    mask = np.zeros(template.shape, np.uint8)
    mask[_RIM:-_RIM, _RIM:-_RIM] = 255
    return mask


# --- landmarks ------------------------------------------------------------------------------------------


def _landmark(sought: _Sought, place: Place, point: Floats, reach: float) -> Floats:
    """Where a point of the pattern is in the array, by what the pattern has within ``reach`` of it."""
    film, pixels = sought.copies[0], sought.pixels
    guess = np.vstack([place.affine, (0, 0, 1)])
    # What the pattern has there, in the scale and the orientation of the array.
    middle = np.floor(_apply(guess, point))
    side = math.floor(reach * min(place.scale_x, place.scale_y))
    left, top = (int(each) - side for each in middle)
    right, bottom = left + 2 * side + 1, top + 2 * side + 1
    if side < 2 * _RIM or min(left, top) < 0 or right > film.shape[1] or bottom > film.shape[0]:
        return np.full(2, np.nan)
    to_window = _shift(-left, -top) @ guess
    expected = _printed(pixels, to_window, 2 * side + 1)
    window = film[top:bottom, left:right]
    found = _aligned(
        _edges(expected),
        _edges(1 - window if place.inverted else window),
        _inner(expected),
        np.eye(3),
        cv2.MOTION_TRANSLATION,
    )
    if found is None or found[0] < _ENOUGH:
        return np.full(2, np.nan)
    return _apply(_shift(left, top) @ found[1] @ to_window, point)


def _printed(pixels: Levels, affine: Floats, side: int) -> Levels:
    """Pixels of a pattern in a square of the array, each the mean of a few points in it."""
    finer = np.diag([_POINTS, _POINTS, 1.0]) @ affine
    warp = (_shift(-0.5, -0.5) @ finer @ _shift(0.5, 0.5))[:2]
    size = (side * _POINTS, side * _POINTS)
    drawn = cv2.warpAffine(pixels, warp, size, borderMode=cv2.BORDER_REPLICATE)
    return _resized(np.asarray(drawn, np.float32), (side, side))


# --- pixels ---------------------------------------------------------------------------------------------


def _edges(levels: Levels) -> Levels:
    """Of each pixel how much it stands out from those round it, beside how much they do."""
    detail = levels - cv2.GaussianBlur(levels, (0, 0), _NEAR)
    strength = cv2.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _ROUND))
    return np.asarray(detail / (strength + _FAINT), np.float32)


def _levels(levels: Levels) -> Levels:
    """The levels themselves."""
    return levels - np.float32(0.5)


def _resized(levels: Levels, size: tuple[int, int]) -> Levels:
    """Columns and rows as asked: what shrinks is averaged."""
    shrinks = size[0] <= levels.shape[1] and size[1] <= levels.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(levels, size, interpolation=how), np.float32)


def _within(columns: int, rows: int, length: float) -> tuple[int, int]:
    """Columns and rows, reduced where the longer is above a length."""
    reduction = min(1.0, length / max(columns, rows))
    return max(_LEAST, round(columns * reduction)), max(_LEAST, round(rows * reduction))


def _oriented(pixels: Levels, orientation: str) -> Levels:
    """Pixels as they lie in an orientation."""
    (a, b), (c, d) = ORIENTATIONS[orientation]
    if a == 0:  # rows become columns
        pixels, a, d = pixels.T, b, c
    return np.ascontiguousarray(pixels[::d, ::a])


# --- affines --------------------------------------------------------------------------------------------


def _fitted(
    sought: _Sought, orientation: str, left: float, top: float, width: float, height: float
) -> Floats:
    """The affine that makes the pattern fill a box."""
    rows, columns = sought.pixels.shape
    turn = np.array(ORIENTATIONS[orientation], np.float64)
    # From the pattern to -0.5 .. 0.5, turned, to the box.
    to_unit = _affine(np.diag([1 / columns, 1 / rows]), (-0.5, -0.5))
    to_box = _affine(np.diag([width, height]), (left + width / 2, top + height / 2))
    return to_box @ _affine(turn, (0, 0)) @ to_unit


def _box(sought: _Sought, guess: _Guess) -> Rectangle:
    """The whole pixels of the array that a pattern fills."""
    corners = _apply(guess.affine, _corners(sought))
    left, top = np.rint(corners.min(axis=0)).astype(int)
    right, bottom = np.rint(corners.max(axis=0)).astype(int)
    return Rectangle(int(left), int(top), int(right - left), int(bottom - top))


def _corners(sought: _Sought) -> Floats:
    rows, columns = sought.pixels.shape
    return np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float64)


def _apply(affine: Floats, points: Floats) -> Floats:
    return np.asarray(points @ affine[:2, :2].T + affine[:2, 2])


def _affine(linear: Floats, shift: tuple[float, float]) -> Floats:
    whole = np.eye(3)
    whole[:2, :2], whole[:2, 2] = linear, shift
    return whole


def _shift(across: float, down: float) -> Floats:
    return _affine(np.eye(2), (across, down))
