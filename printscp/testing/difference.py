"""The picture of a difference: the golden film, the film, and by how much each place is off."""

from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from printscp.testing.golden import Difference, Pixels, reduced

_MOST = 700  # pixels of a side of a panel
_DARKEST = 31000  # 0.0001 OD, black in the picture
_INCHES, _DOTS_PER_INCH = 5.0, 150


def draw(difference: Difference) -> bytes:
    """A PNG: expected, actual, and the difference in OD with its scale; of what is drawn smaller, the largest
    difference of all pixels that share one is seen."""
    rows, columns = difference.off.shape
    high = _INCHES * rows / columns
    figure = Figure(figsize=(3 * _INCHES + 1.2, high + 0.9), dpi=_DOTS_PER_INCH, layout="constrained")
    expected, actual, off = figure.subplots(1, 3, sharex=True, sharey=True)
    extent = (0.0, columns * difference.mm, rows * difference.mm, 0.0)
    by = max(1, -(-max(rows, columns) // _MOST))
    for axes, name, pixels in (
        (expected, "expected", difference.expected),
        (actual, "actual", difference.actual),
    ):
        axes.imshow(_seen(reduced(pixels, by)), extent=extent, interpolation="nearest")
        axes.set_title(name)
    largest = max(float(np.abs(difference.off).max()), difference.tolerance, 1e-4)
    drawn = off.imshow(
        _largest(difference.off, by),
        extent=extent,
        cmap="RdBu",  # too dense: blue; not dense enough: red
        norm=TwoSlopeNorm(0, -largest, largest),
        interpolation="nearest",
    )
    off.set_title(f"actual less expected, tolerance {difference.tolerance:g} OD")
    _mark(off, difference)
    figure.colorbar(drawn, ax=off, label="OD")
    expected.set_ylabel("mm")
    for axes in (expected, actual, off):
        axes.set_xlabel("mm")
    canvas: Any = FigureCanvasAgg(figure)
    png = BytesIO()
    canvas.print_png(png)
    return png.getvalue()


def _seen(pixels: Pixels) -> Pixels:
    """As on a light box, nearly: even steps of density are even steps of gray."""
    if pixels.ndim == 2:
        gray = 255 - np.clip(pixels.astype(np.float32) / _DARKEST, 0, 1) * 255
        pixels = np.repeat(np.rint(gray).astype(np.uint8)[..., None], 3, axis=2)
    return pixels


def _largest(off: NDArray[np.float32], by: int) -> NDArray[Any]:
    """Of each square of differences the one farthest from 0."""
    rows, columns = off.shape
    whole = np.pad(off, ((0, -rows % by), (0, -columns % by)))
    squares = whole.reshape(whole.shape[0] // by, by, whole.shape[1] // by, by)
    most, least = squares.max(axis=(1, 3)), squares.min(axis=(1, 3))
    return np.asarray(np.where(most >= -least, most, least))


def _mark(axes: Axes, difference: Difference) -> None:
    """The image boxes, and where the largest difference is."""
    mm = difference.mm
    for position, (left, top, width, height) in enumerate(difference.boxes, start=1):
        frame = Rectangle((left * mm, top * mm), width * mm, height * mm, fill=False, edgecolor="#999999")
        axes.add_patch(frame)
        axes.annotate(str(position), (left * mm + 3, top * mm + 3), va="top", color="#666666")
    row, column = difference.worst
    axes.plot([(column + 0.5) * mm], [(row + 0.5) * mm], "o", mfc="none", mec="#009e73", ms=14, mew=2)
