"""Where a pattern belongs on a page, and where it is.

What is asked for is taken to be so unless the page shows otherwise: where a search says that a pattern is
elsewhere, turned or inverted, both places are compared with the page itself, in all their detail. A pattern
that is nearly even can be mistaken for its own mirror image, or its place be wrong by a pixel or two; a right
film is not.
"""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from printscp.film.geometry import Rectangle
from printscp.qa.densitometer import Density, Floats
from printscp.qa.locate import Levels, Place, locate
from printscp.qa.pattern import Pattern
from printscp.render.tone import OD_UNIT, ToneScale

_GROWN = 0.05  # of the place where it should be: so much farther a pattern is looked for, before everywhere
_WHOLE = 0.15  # of a pixel: less cannot be measured
_MEASURED = 0.25  # of a printer pixel: what is closer to its place is there without a doubt
_COMPARED = 1024  # pixels of the copies that are compared
_NEAR = 3.0  # pixels of these, within which something is a detail
_BETTER = 0.8  # of the misfit where it should be: with more left another place explains nothing
_RIM = 3  # pixels of these
_NOTHING = 1e-9  # of a weight
_FITS = 0.5  # of the detail there is: where less of it is left the pattern is where it should be


def levels(density: Density, scale: ToneScale) -> Levels:
    """How bright a map of density is, 0 to 1 between the densities in force."""
    table = np.asarray(scale.p_value(np.arange(65536) * OD_UNIT), np.float32)
    return np.asarray(table[density], np.float32)


def onto(part: Rectangle, where: Rectangle) -> Floats:
    """From pixels of an image, of which ``part`` is printed, to those of the page."""
    across, down = where.width / part.width, where.height / part.height
    return np.array(
        [[across, 0, where.left - part.left * across], [0, down, where.top - part.top * down]], np.float64
    )


def filling(where: Rectangle, pattern: Pattern) -> Floats:
    """The place of a pattern that fills a part of a page."""
    rows, columns = pattern.pixels.shape
    return onto(Rectangle(0, 0, columns, rows), where)


def joined(after: Floats, before: Floats) -> Floats:
    """First the one, then the other."""
    return np.hstack([after[:, :2] @ before[:, :2], (after[:, :2] @ before[:, 2] + after[:, 2])[:, None]])


def corners(pattern: Pattern, affine: Floats) -> Floats:
    """Top left, top right, bottom left and bottom right of a pattern: 4 x 2 (x, y)."""
    rows, columns = pattern.pixels.shape
    ends = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)], np.float64)
    return np.asarray(ends @ affine[:, :2].T + affine[:, 2])


def around(pattern: Pattern, affine: Floats, shape: tuple[int, ...], grown: float = 0.0) -> Rectangle:
    """The part of a page in which a pattern lies, and a share of that more to each side."""
    ends = corners(pattern, affine)
    first, last = ends.min(axis=0), ends.max(axis=0)
    room = grown * (last - first)
    left, top = np.maximum(np.floor(first - room), 0).astype(int)
    right, bottom = np.minimum(np.ceil(last + room), shape[::-1]).astype(int)
    left, top = min(int(left), shape[1] - 1), min(int(top), shape[0] - 1)
    return Rectangle(left, top, max(1, int(right) - left), max(1, int(bottom) - top))


def snapped(affine: Floats, pattern: Pattern) -> Floats:
    """A place on whole pixels, where it is one but for what cannot be measured."""
    whole = np.rint(affine)
    apart = np.abs(corners(pattern, affine) - corners(pattern, whole)).max()
    return np.asarray(whole if apart < _WHOLE else affine)


def moved(place: Place, across: float, down: float) -> Place:
    """A place in a larger array, of which the one it was found in is a part, or the other way round."""
    affine = place.affine.copy()
    affine[:, 2] += across, down
    return replace(place, affine=affine)


def place_on(
    density: Density, scale: ToneScale, pattern: Pattern, expected: Place, sent: Place
) -> Place | None:
    """Where a pattern is on a page, that should be as ``expected``; None where it is not to be seen.

    ``sent`` is where it was in the image that was printed: what that has lost no page can show.
    """
    sharp = min(1.0, sent.scale_x), min(1.0, sent.scale_y)
    near = around(pattern, expected.affine, density.shape)
    part = around(pattern, expected.affine, density.shape, _GROWN)
    seen = levels(density[part.top : part.bottom, part.left : part.right], scale)
    there = Rectangle(near.left - part.left, near.top - part.top, near.width, near.height)
    asked = moved(expected, -part.left, -part.top)
    found = locate(seen, pattern, there)
    if found is None:
        if _misfit(seen, pattern, asked, sharp) < _FITS * _detail(seen, pattern, asked, sharp):
            return expected
        return locate(levels(density, scale), pattern, near)
    if _differs(pattern, found, asked):
        left = _misfit(seen, pattern, found, sharp), _misfit(seen, pattern, asked, sharp)
        if left[0] > _BETTER * left[1]:
            return expected
    return moved(found, part.left, part.top)


def _differs(pattern: Pattern, found: Place, expected: Place) -> bool:
    apart = np.abs(corners(pattern, found.affine) - corners(pattern, expected.affine)).max()
    same = (found.orientation, found.inverted) == (expected.orientation, expected.inverted)
    return bool(not same or apart > _MEASURED)


def _misfit(seen: Levels, pattern: Pattern, place: Place, sharp: tuple[float, float]) -> float:
    """How much detail there is that the pattern at that place does not explain, or that it has and the page
    has not: mean square. An error of tone that goes slowly over the page is none."""
    page, wanted, inside = _pair(seen, pattern, place, sharp)
    return float(np.mean((page - wanted)[inside] ** 2))


def _detail(seen: Levels, pattern: Pattern, place: Place, sharp: tuple[float, float]) -> float:
    """How much detail the pattern has there: mean square."""
    _, wanted, inside = _pair(seen, pattern, place, sharp)
    return float(np.mean(wanted[inside] ** 2))


def _pair(seen: Levels, pattern: Pattern, place: Place, sharp: tuple[float, float]) -> tuple[Any, Any, Any]:
    """Details of the page, and of the pattern as it would lie there, on copies of one size; and where it
    would."""
    rows, columns = seen.shape
    share = min(1.0, _COMPARED / max(rows, columns))
    size = max(1, round(columns * share)), max(1, round(rows * share))
    page: Any = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    affine = joined(onto(Rectangle(0, 0, columns, rows), Rectangle(0, 0, *size)), place.affine)
    drawn: Any = pattern.fractions
    # What shrinks is averaged first: interpolation alone would leave out thin lines.
    high, wide = drawn.shape
    on_page = np.hypot(*affine[:, :2])
    small = (
        max(1, round(wide * min(sharp[0], float(on_page[0])))),
        max(1, round(high * min(sharp[1], float(on_page[1])))),
    )
    drawn = cv2.resize(drawn, small, interpolation=cv2.INTER_AREA)
    affine = joined(affine, onto(Rectangle(0, 0, *small), Rectangle(0, 0, wide, high)))
    # OpenCV has the middle of the first pixel at 0, 0.
    affine[:, 2] += affine[:, :2] @ (0.5, 0.5) - 0.5
    wanted = cv2.warpAffine(drawn, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # What lies beside the pattern may have been blended into its rim.
    whole = np.pad(np.ones_like(drawn)[_RIM:-_RIM, _RIM:-_RIM], _RIM)
    inside = cv2.warpAffine(whole, affine, size, flags=cv2.INTER_NEAREST)
    if place.inverted:
        wanted = 1 - wanted
    return _details(page, inside), _details(wanted, inside), inside > 0


def _details(brightness: Any, inside: Any) -> Any:
    """How much each pixel stands out from those round it, of which only those inside count."""
    count = cv2.GaussianBlur(inside, (0, 0), _NEAR)
    near = cv2.GaussianBlur(brightness * inside, (0, 0), _NEAR) / np.maximum(count, np.float32(_NOTHING))
    return brightness - near
