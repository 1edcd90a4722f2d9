"""Compares a film with one that a person has looked at: in optical density, pixel by pixel.

A golden film is a PNG or TIFF: 16 bits of density in steps of 0.0001 OD, or of a color film 8 bits of red,
green and blue. With ``reduced_by`` n it is kept at the mean of n x n printer pixels, which makes a small file
of a large film.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from printscp.film.geometry import Rectangle
from printscp.render.tone import OD_UNIT
from printscp.testing.film import Film
from printscp.testing.run import RUN

Pixels = Any  # an array: uint16 in 0.0001 OD, or uint8, rows x columns x 3
Golden = str | Path | Film | Pixels

_UPDATE = "pytest --film-update"


@dataclass(frozen=True, eq=False)
class Difference:
    """Two films beside each other.

    ``expected`` and ``actual`` are pixels, rows x columns; ``off`` has the difference in OD, actual less
    expected, 0 where it does not count. ``mm`` is the side of a pixel. ``boxes`` are the image boxes in
    pixels.
    """

    expected: Pixels = field(repr=False)
    actual: Pixels = field(repr=False)
    off: NDArray[np.float32] = field(repr=False)
    mm: float
    boxes: tuple[tuple[float, float, float, float], ...]
    tolerance: float

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Which pixels differ by more than the tolerance."""
        # A step of 0.0001 OD has no exact float.
        return np.abs(self.off) > self.tolerance + OD_UNIT / 10

    @cached_property
    def worst(self) -> tuple[int, int]:
        """Row and column of the largest difference."""
        row, column = np.unravel_index(np.abs(self.off).argmax(), self.off.shape)
        return int(row), int(column)

    def box_at(self, row: int, column: int) -> int:
        """Position of the image box that a pixel is in; 0 for none."""
        for position, (left, top, width, height) in enumerate(self.boxes, start=1):
            if left <= column < left + width and top <= row < top + height:
                return position
        return 0


def assert_film_matches(
    film: Film,
    golden: Golden,
    tolerance: float = 0.01,
    *,
    share: float = 0.0,
    reduced_by: int = 1,
    label_strip: bool = False,
    folder: str | Path | None = None,
) -> None:
    """Fail unless a film looks as a golden one does.

    ``golden`` is a file, another film, or pixels: uint16 in 0.0001 OD, floats in OD, or of a color film
    uint8. ``tolerance`` is in OD, of a color film in those of the gray of each channel; a ``share`` of the
    pixels, 0 to 1, may be off by more. The strip for the job's line counts with ``label_strip`` only. A
    picture of the difference is left in ``folder``, if not given in pytest's for this test.

    Raises:
        AssertionError: it looks different, or there is no such file; says what to do.
        ValueError: ``tolerance``, ``share`` or ``reduced_by`` cannot be meant.
    """
    __tracebackhide__ = True
    if not tolerance >= 0 or not 0 <= share < 1 or reduced_by < 1:
        raise ValueError("tolerance is 0 or more, share from 0 to below 1, reduced_by 1 or more")
    actual = reduced(film.drawn, reduced_by)
    name = Path(golden) if isinstance(golden, str | Path) else None
    if name is not None and RUN.update:
        _write(name, actual, film.sheet.dots_per_inch / reduced_by)
        return
    expected = _expected(golden, actual, reduced_by)
    difference = _difference(film, expected, actual, tolerance, reduced_by, label_strip)
    wrong = np.count_nonzero(difference.wrong)
    if wrong > share * difference.off.size:
        into = Path(folder) if folder is not None else RUN.folder()
        into.mkdir(parents=True, exist_ok=True)
        picture = into / f"{name.stem if name else 'film'}-difference.png"
        from printscp.testing.difference import draw  # late: matplotlib is slow to load, and few need it

        picture.write_bytes(draw(difference))
        raise AssertionError("\n".join(_words(difference, name, share, picture)))


def reduced(pixels: Pixels, by: int) -> Pixels:
    """The mean of each square of pixels; what is left at the right and the bottom counts for itself."""
    if by == 1:
        return pixels
    rows, columns = -(-pixels.shape[0] // by), -(-pixels.shape[1] // by)
    bottom, right = rows * by - pixels.shape[0], columns * by - pixels.shape[1]
    whole = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))


def _write(name: Path, pixels: Pixels, dots_per_inch: float) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(name, dpi=(dots_per_inch, dots_per_inch))
    RUN.written.append(name)


def _expected(golden: Golden, actual: Pixels, reduced_by: int) -> Pixels:
    """The pixels of a golden film, of the kind and the size of the film.

    Raises:
        AssertionError
    """
    source: str
    pixels: Pixels
    __tracebackhide__ = True
    if isinstance(golden, Film):
        source, pixels = "the other film", reduced(golden.drawn, reduced_by)
    elif isinstance(golden, str | Path):
        source, pixels = str(golden), _read(Path(golden))
    else:
        source, pixels = "the golden film", _in_units(np.asarray(golden))
    if pixels.dtype != actual.dtype or pixels.shape[2:] != actual.shape[2:]:
        kinds = {2: "gray film: 16 bits of density", 3: "color film: 8 bits of red, green and blue"}
        raise AssertionError(f"{source} is no picture of a {kinds[actual.ndim]}; take it anew: {_UPDATE}")
    if pixels.shape != actual.shape:
        sizes = (" x ".join(map(str, each.shape[1::-1])) for each in (pixels, actual))
        raise AssertionError(
            "{} has {} pixels, the film {}: another film size, resolution, orientation, or reduced_by; "
            "if that is right: {}".format(source, *sizes, _UPDATE)
        )
    return pixels


def _in_units(pixels: Pixels) -> Pixels:
    if pixels.dtype.kind != "f":
        return pixels
    return np.asarray(np.rint(pixels / OD_UNIT), np.uint16)


def _read(name: Path) -> Pixels:
    __tracebackhide__ = True
    try:
        with Image.open(name) as picture:
            pixels = np.asarray(picture)
    except FileNotFoundError:
        raise AssertionError(
            f"there is no golden film {name}: look at this one (`film.save`), have it written by {_UPDATE}"
        ) from None
    except (OSError, UnidentifiedImageError) as error:
        raise AssertionError(f"golden film {name} cannot be read: {error}") from None
    return pixels.astype(np.uint16) if picture.mode.startswith("I") else pixels


def _difference(
    film: Film, expected: Pixels, actual: Pixels, tolerance: float, reduced_by: int, label_strip: bool
) -> Difference:
    off: Pixels
    if film.sheet.color:
        off = np.zeros(actual.shape[:2], np.float32)
        differs = (actual != expected).any(axis=2)
        # What each level is as a gray: one tolerance for all films.
        density = np.asarray(film.page.scale.density(np.arange(256) / 255), np.float32)
        channels = density[actual[differs]] - density[expected[differs]]
        farthest = np.abs(channels).argmax(axis=1)[:, None] if channels.size else np.zeros((0, 1), int)
        off[differs] = np.take_along_axis(channels, farthest, axis=1)[:, 0]
    else:
        off = cv2.subtract(actual, expected, dtype=cv2.CV_32F)
        off *= np.float32(OD_UNIT)
    if not label_strip:
        _part(off, film.sheet.label, reduced_by)[:] = 0
    boxes = tuple(
        (each.left / reduced_by, each.top / reduced_by, each.width / reduced_by, each.height / reduced_by)
        for each in film.sheet.boxes
    )
    mm = 25.4 / film.sheet.dots_per_inch * reduced_by
    return Difference(expected, actual, off, mm, boxes, tolerance)


def _part(pixels: NDArray[Any], where: Rectangle, reduced_by: int) -> NDArray[Any]:
    """What of the pixels has any of a part of the page in it."""
    top, left = where.top // reduced_by, where.left // reduced_by
    return pixels[top : -(-where.bottom // reduced_by), left : -(-where.right // reduced_by)]


def _words(difference: Difference, name: Path | None, share: float, picture: Path) -> list[str]:
    wrong = difference.wrong
    row, column = difference.worst
    count, all_of_them = np.count_nonzero(wrong), wrong.size
    where = difference.box_at(row, column)
    position = f"image box {where}" if where else "outside the image boxes"
    x_mm, y_mm = (at * difference.mm for at in (column + 0.5, row + 0.5))
    may_be = f", {share:.4%} may be" if share else ""
    as_one = (
        f"the film is not as {name or 'the golden one'}: {count:,} of {all_of_them:,} pixels "
        f"({count / all_of_them:.4%}) are off by more than {difference.tolerance:g} OD{may_be}"
    )
    most = (
        f"  largest difference {difference.off[row, column]:+.4f} OD, at {x_mm:.1f} mm from the left and "
        f"{y_mm:.1f} mm from the top, {position}: {_value(difference.actual[row, column])}, "
        f"not {_value(difference.expected[row, column])}"
    )
    lines = [as_one, most, f"  {_by_box(difference)}", f"  picture: {picture}"]
    if name is not None:
        lines.append(f"  if the film is right, look at it and make it the golden one: {_UPDATE}")
    return lines


def _value(pixel: Any) -> str:
    if pixel.ndim:
        return "RGB " + " ".join(str(int(each)) for each in pixel)
    return f"{float(pixel) * OD_UNIT:.4f} OD"


def _by_box(difference: Difference) -> str:
    """How many pixels are wrong in which image box."""
    wrong, counts = difference.wrong, {}
    for position, (left, top, width, height) in enumerate(difference.boxes, start=1):
        rows, columns = slice(round(top), round(top + height)), slice(round(left), round(left + width))
        inside = np.count_nonzero(wrong[rows, columns])
        if inside:
            counts[f"image box {position}"] = inside
    outside = np.count_nonzero(wrong) - sum(counts.values())
    if outside > 0:
        counts["outside"] = outside
    return ", ".join(f"{where}: {count:,}" for where, count in counts.items())
