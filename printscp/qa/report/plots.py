"""Pictures of reports: what a film does, in plots with units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from printscp.qa.pattern import Role
from printscp.qa.report.paper import MM
from printscp.qa.response import Response
from printscp.qa.verification import PatchReading, Verification
from printscp.render.tone import OD_UNIT, ToneScale, jnd_index

Panel = Callable[[Axes], None]
"""Draws one plot."""

_DOTS_PER_INCH = 300
_TEXT, _TITLE = 7.0, 7.5  # points, as printed

# Of the palette of Okabe and Ito, for those who see fewer colors; in gray they differ in lightness.
AIM, READ, WRONG, BAND = "#4d4d4d", "#0072b2", "#d55e00", "#dddddd"

_DENSE = 60  # beyond so many points they are drawn as a line


@dataclass(frozen=True)
class Point:
    """A patch in a plot: P-value 0..1, the density read and its aim, and how far off it may be, in OD;
    ``tolerance`` is None where nothing says."""

    name: str
    p_value: float
    density: float
    aim: float
    tolerance: float | None

    @property
    def error(self) -> float:
        """How much too dense."""
        return self.density - self.aim

    @property
    def wrong(self) -> bool:
        """It is off by more than it may be."""
        return self.tolerance is not None and abs(self.error) > self.tolerance


def picture(
    panels: Sequence[Panel], width: float, height: float, across: int = 2, legend: Sequence[Artist] = ()
) -> bytes:
    """A PNG of plots in rows, ``across`` in each, ``width`` x ``height`` points. Without a ``legend`` above
    all of them the last one takes what its row has left."""
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.05)
    figure = Figure(figsize=(width / 72, height / 72), dpi=_DOTS_PER_INCH, layout=layout)
    canvas: Any = FigureCanvasAgg(figure)
    rows = -(-len(panels) // across)
    grid = figure.add_gridspec(rows, across)
    for number, panel in enumerate(panels):
        row, column = divmod(number, across)
        end = across if number == len(panels) - 1 and not legend else column + 1
        panel(figure.add_subplot(grid[row, column:end]))
    if legend:
        place: dict[str, Any] = {"loc": "outside upper left", "ncols": len(legend), "frameon": False}
        figure.legend(handles=legend, fontsize=_TEXT, handlelength=1.6, columnspacing=1.5, **place)
    stream = BytesIO()
    canvas.print_png(stream, metadata={"Software": None})
    return stream.getvalue()


def styled(axes: Axes, title: str, x: str, y: str) -> None:
    """What all plots have alike."""
    axes.set_title(title, loc="left", fontsize=_TITLE)
    axes.set_xlabel(x, fontsize=_TEXT, labelpad=2)
    axes.set_ylabel(y, fontsize=_TEXT, labelpad=2)
    axes.tick_params(labelsize=_TEXT, length=2.5, width=0.5, pad=2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_linewidth(0.5)
    axes.grid(color="#e6e6e6", linewidth=0.5)
    axes.set_axisbelow(True)


def _legend(axes: Axes, **place: Any) -> None:
    box = axes.legend(fontsize=_TEXT, framealpha=0.85, borderpad=0.3, handlelength=1.6, **place)
    box.get_frame().set_linewidth(0)


def _headroom(axes: Axes, values: Sequence[float], share: float) -> None:
    """Have all values seen, and above them room for a legend, a ``share`` of their range."""
    low, high = min(values), max(values)
    axes.set_ylim(low - 0.08 * (high - low), high + share * (high - low))


def _read(
    axes: Axes, points: Sequence[Point], values: Sequence[float], places: Sequence[float] | None = None
) -> None:
    """What was read, where it stands at ``values``, by P-value unless ``places`` are given: a dot where it is
    right, a cross where it is not."""
    at = np.array([each.p_value for each in points] if places is None else places)
    read, wrong = np.array(values), np.array([each.wrong for each in points], bool)
    if len(points) > _DENSE:
        axes.plot(at, read, color=READ, linewidth=0.7, label="read")
    else:
        axes.plot(at[~wrong], read[~wrong], "o", color=READ, markersize=3, label="read")
    if wrong.any():
        style: dict[str, Any] = {"color": WRONG, "markersize": 2 if len(points) > _DENSE else 5}
        sign = "." if len(points) > _DENSE else "x"
        axes.plot(at[wrong], read[wrong], sign, label="out of tolerance", **style)


def densities(points: Sequence[Point], scale: ToneScale) -> Panel:
    """Density by P-value: as read, as aimed at, and the GSDF between the densities in force."""

    def draw(axes: Axes) -> None:
        p_values = np.linspace(0, 1, 256)
        axes.plot(p_values, scale.density(p_values), "--", color="#9a9a9a", linewidth=0.9, label="GSDF")
        ordered = sorted(points, key=lambda each: each.p_value)
        axes.plot(
            [each.p_value for each in ordered],
            [each.aim for each in ordered],
            color=AIM,
            linewidth=0.9,
            label="aim",
        )
        _read(axes, ordered, [each.density for each in ordered])
        styled(axes, "Density", "P-value, share of the largest", "optical density (OD)")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(0, None)
        _legend(axes, loc="upper right")

    return draw


def errors(points: Sequence[Point]) -> Panel:
    """How much too dense each patch is, and what is allowed."""

    def draw(axes: Axes) -> None:
        ordered = sorted(points, key=lambda each: each.p_value)
        banded = [each for each in ordered if each.tolerance is not None]
        # Patches of one P-value may stand at several places: the widest tolerance is the band there.
        band = [
            (p_value, max(each.tolerance or 0.0 for each in alike))
            for p_value, alike in groupby(banded, key=lambda each: each.p_value)
        ]
        if band:
            at, widest = (np.array(each) for each in zip(*band, strict=True))
            if len(at) == 1:
                at, widest = np.array([0.0, 1.0]), np.repeat(widest, 2)
            axes.fill_between(at, -widest, widest, color=BAND, linewidth=0, label="tolerance")
        axes.axhline(0, color=AIM, linewidth=0.8)
        _read(axes, ordered, [each.error for each in ordered])
        styled(axes, "Error: read less aim", "P-value, share of the largest", "error (OD)")
        axes.set_xlim(-0.02, 1.02)
        most = max([0.005, *(each.tolerance or 0.0 for each in points)])
        _headroom(axes, [-most, most, *(each.error for each in points)], 0.4)
        _legend(axes, loc="upper center", ncols=3)

    return draw


def errors_by_patch(points: Sequence[Point]) -> Panel:
    """The same of a page that is even: each patch at its own place."""

    def draw(axes: Axes) -> None:
        most = max(each.tolerance or 0.0 for each in points)
        axes.axhspan(-most, most, color=BAND, linewidth=0, label="tolerance")
        axes.axhline(0, color=AIM, linewidth=0.8)
        _read(axes, points, [each.error for each in points], range(len(points)))
        styled(axes, "Error: read less aim", "", "error (OD)")
        names = [each.name for each in points]
        axes.set_xticks(range(len(points)), names, rotation=30, ha="right", rotation_mode="anchor")
        _headroom(axes, [-most, most, *(each.error for each in points)], 0.4)
        _legend(axes, loc="upper center", ncols=3)

    return draw


def contrast(response: Response) -> Panel:
    """JNDs for one P-value by interval, with the mean and the polynomial that fits best (PS3.14 Annex C)."""

    def draw(axes: Axes) -> None:
        intervals = np.arange(1, len(response.per_p_value) + 1)
        low, high = sorted((1 + sign * response.fit_limit) * response.mean for sign in (-1, 1))
        band = f"mean \u00b1 {100 * response.fit_limit:g} %"
        axes.axhspan(low, high, color=BAND, linewidth=0, label=band)
        axes.axhline(response.mean, color=AIM, linewidth=0.9, label="mean")
        axes.axhline(response.ideal, color=AIM, linewidth=0.9, linestyle=":", label="even steps")
        if response.order:
            best = np.polynomial.polynomial.polyval(intervals, response.fits[response.order])
            axes.plot(intervals, best, "--", color=WRONG, linewidth=1.1, label=f"fit, order {response.order}")
        axes.plot(intervals, response.per_p_value, "o", color=READ, markersize=3, label="read")
        lum = f"LUM {response.lum:.3f}, limit {abs(response.lum_limit * response.mean):.3f}"
        title = f"Contrast response: FIT order {response.order}; {lum}"
        styled(axes, title, "interval, from dark to bright", "JND for one P-value of 8 bits")
        _headroom(axes, [*response.per_p_value, response.ideal, low, high], 0.6)
        _legend(axes, loc="upper center", ncols=3)

    return draw


def jnds(response: Response, scale: ToneScale) -> Panel:
    """JND index by P-value, and the straight line that the GSDF asks for."""

    def draw(axes: Axes) -> None:
        ends = np.array([scale.max_density, scale.min_density])
        aims = jnd_index(scale.ambient + scale.illumination * 10.0**-ends)
        axes.plot([0, 1], aims, color=AIM, linewidth=0.9, label="GSDF")
        axes.plot(response.p_values, response.jnds, "o", color=READ, markersize=3, label="read")
        title = f"GSDF response: {response.mean:.3f} JND a P-value, even {response.ideal:.3f}"
        styled(axes, title, "P-value, share of the largest", "JND index")
        axes.set_xlim(-0.02, 1.02)
        _legend(axes, loc="upper left")

    return draw


def film(verification: Verification) -> Panel:
    """The part of the film that holds the pattern, as it looks on its light box, and where it was read."""

    def draw(axes: Axes) -> None:
        left, top, right, bottom = held(verification)
        seen = verification.film.scale.p_value(verification.image * OD_UNIT)
        axes.imshow(
            seen,
            cmap="gray",
            vmin=0,
            vmax=1,
            extent=(left, right, bottom, top),
            interpolation="antialiased",
        )
        listed = [each for each in verification.readings if each.patch.role is not Role.LEVEL]
        for passed, color, sign in ((True, "#56b4e9", "o"), (False, WRONG, "x")):
            marked = [each for each in listed if each.passed is passed]
            style: dict[str, Any] = {
                "color": color,
                "markersize": 3.5,
                "fillstyle": "none",
                "markeredgewidth": 0.9,
            }
            axes.plot([e.x_mm for e in marked], [e.y_mm for e in marked], sign, **style)
        title = "Where it was read" if listed else "What is there"
        styled(axes, title, "mm from the left of the film", "mm from its top")
        axes.grid(False)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        axes.set_aspect("equal")

    return draw


def held(verification: Verification) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in mm of the film of the part that holds the pattern."""
    rows, columns = verification.pattern.pixels.shape
    corners: NDArray[np.float64] = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]])
    places = corners @ np.asarray(verification.affine, np.float64).T * 25.4 / verification.film.dots_per_inch
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def points_of(readings: Sequence[PatchReading], largest: int) -> list[Point]:
    """Patches of a film that was verified, for plots."""
    return [Point(r.patch.name, r.patch.value / largest, r.mean, r.aim, r.tolerance) for r in readings]


def plot_height(rows: int, left_over: float) -> float:
    """Height of ``rows`` rows of plots: what is left, within what looks well."""
    return min((rows + 0.5) * 60 * MM, left_over)
