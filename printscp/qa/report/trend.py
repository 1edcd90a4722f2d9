"""Control charts of a printer on one page."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.lines import Line2D
from matplotlib.patches import Patch as Swatch

from printscp import __version__
from printscp.qa.report.blocks import Sources
from printscp.qa.report.paper import FAIL, GAP, LEADING, MARGIN, MM, ROOM, Column, Paper, cut, table_height
from printscp.qa.report.plots import AIM, BAND, READ, WRONG, Panel, picture, styled
from printscp.qa.report.words import number, plain, table_csv
from printscp.qa.trend import Chart, Trend

_ACROSS = 3
_MOST_CHARTS = 15
_ROW = 56 * MM  # height of a row of charts, where there is room

_LOCATOR: Any = AutoDateLocator  # matplotlib has no types for dates
_FORMATTER: Any = ConciseDateFormatter

_LATEST = (
    Column("quantity", 58 * MM),
    Column("points", 13 * MM, right=True),
    Column("latest", 18 * MM, right=True),
    Column("aim", 18 * MM, right=True),
    Column("limits", 30 * MM, right=True),
    Column("", 20 * MM),
    Column("", 12 * MM),
    Column("source", ROOM - 169 * MM),
)
_CSV = (
    *("quantity", "pattern", "unit", "taken", "value"),
    *("aim", "low", "high", "source", "inside", "usual", "baseline"),
)


def trend_report(trend: Trend, path: Path) -> None:
    """Write one A4 page, PDF.

    Raises:
        SetupError: the file cannot be written.
    """
    title = f"Film printer over time: {trend.printer}"
    paper = Paper(title, trend.last)
    paper.headline(title, _span(trend), trend.passed)
    shown = _shown(trend)
    sources = Sources(_LATEST[-1].width - 4)
    rows = [_row(each, sources) for each in shown]
    notes = sources.notes
    if len(shown) < len(trend.charts):
        notes.insert(0, f"{len(trend.charts) - len(shown)} more charts are in the CSV.")
    height = paper.left_over - table_height(rows) - 2 * GAP - len(notes) * LEADING
    height = min(height, _ROW * -(-len(shown) // _ACROSS) + LEADING)
    if shown:
        paper.y += GAP
        paper.picture(picture([_panel(each) for each in shown], ROOM, height, _ACROSS, _legend()), height)
        paper.y += GAP
        paper.table(_LATEST, rows, MARGIN)
    for note in notes:
        paper.note(note)
    paper.save(path)


def _span(trend: Trend) -> str:
    """How many measurements, and of when."""
    count = f"{trend.measurements} measurement{'s' if trend.measurements != 1 else ''}"
    return f"{count}, {trend.first:%Y-%m-%d} to {trend.last:%Y-%m-%d}; printscp {__version__}"


def _shown(trend: Trend) -> list[Chart]:
    """As many as have room: those out of limits first in line, in the order they have."""
    weight = [(chart.points[-1].inside, not chart.outside, -len(chart.points)) for chart in trend.charts]
    kept = sorted(range(len(weight)), key=weight.__getitem__)[:_MOST_CHARTS]
    return [trend.charts[number] for number in sorted(kept)]


def _row(chart: Chart, sources: Sources) -> list[list[str]]:
    latest = chart.points[-1]
    ends = _limits(chart)
    return [
        cut(chart.title, _LATEST[0].width),
        [str(len(chart.points))],
        [number(latest.value, chart.unit)],
        [number(chart.aim, chart.unit)],
        [ends],
        cut(chart.unit, _LATEST[5].width),
        ["ok" if latest.inside and ends else "" if latest.inside else FAIL],
        sources.cell(chart.source),
    ]


def _limits(chart: Chart) -> str:
    low, high = number(chart.low, chart.unit), number(chart.high, chart.unit)
    if low and high:
        return f"{low} to {high}"
    return f"up to {high}" if high else f"from {low}" if low else ""


def _panel(chart: Chart) -> Panel:
    """A control chart: values by date, aim, limits, and what is usual."""

    def draw(axes: Axes) -> None:
        taken = np.array([each.taken for each in chart.points])
        values = np.array([each.value for each in chart.points])
        if chart.usual is not None:
            axes.axhspan(*chart.usual, color=BAND, linewidth=0)
        for limit in (chart.low, chart.high):
            if limit is not None:
                axes.axhline(limit, color=WRONG, linewidth=0.9, linestyle="--")
        if chart.aim is not None:
            axes.axhline(chart.aim, color=AIM, linewidth=0.9)
        axes.plot(taken, values, "-", color=READ, linewidth=0.6)
        for marker, chosen, style in _marks(chart):
            if chosen.any():
                axes.plot(taken[chosen], values[chosen], marker, **style)
        styled(axes, chart.title, "", chart.unit or "value")
        _dates(axes, chart)

    return draw


def _marks(chart: Chart) -> list[tuple[str, Any, dict[str, Any]]]:
    """Which points have which mark."""
    inside = np.array([each.inside for each in chart.points])
    baseline = np.array([each.baseline for each in chart.points])
    return [
        ("o", inside & ~baseline, {"color": READ, "markersize": 2.5}),
        ("x", ~inside, {"color": WRONG, "markersize": 5, "markeredgewidth": 1.3}),
        ("s", baseline, {"color": AIM, "markersize": 4.5, "fillstyle": "none"}),
    ]


def _dates(axes: Axes, chart: Chart) -> None:
    first, last = chart.points[0].taken, chart.points[-1].taken
    apart = max((last - first) * 0.05, timedelta(hours=12))
    ends: Any = first - apart, last + apart
    axes.set_xlim(ends)
    locator: Any = _LOCATOR(minticks=2, maxticks=4)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_FORMATTER(locator))
    axes.xaxis.get_offset_text().set_fontsize(7)


def _legend() -> list[Any]:
    return [
        Line2D([], [], color=READ, marker="o", markersize=2.5, linewidth=0.6, label="read"),
        Line2D([], [], color=AIM, linewidth=0.9, label="aim"),
        Line2D([], [], color=WRONG, linewidth=0.9, linestyle="--", label="limit"),
        Line2D([], [], color=WRONG, marker="x", linestyle="none", markersize=5, label="out of limits"),
        Line2D([], [], color=AIM, marker="s", fillstyle="none", linestyle="none", label="baseline"),
        Swatch(color=BAND, label="usual (mean \u00b1 3 sigma, ours)"),
    ]


def trend_csv(trend: Trend) -> str:
    """A row for each value: when, and its limits."""
    head = [f"film printer over time: {trend.printer}", f"measurements: {trend.measurements}"]
    head += [f"result: {'pass' if trend.passed else 'not right'}", f"software: printscp {__version__}"]
    rows = [
        (
            *(chart.quantity, chart.pattern, chart.unit, point.taken.isoformat(), f"{point.value:.6g}"),
            *("" if each is None else f"{each:.6g}" for each in (chart.aim, chart.low, chart.high)),
            *(chart.source, _word(point.inside), _word(point not in chart.unusual), _word(point.baseline)),
        )
        for chart in trend.charts
        for point in chart.points
    ]
    return table_csv(head, _CSV, rows)


def _word(value: bool) -> str:
    return "yes" if value else "no"


def trend_json(trend: Trend) -> dict[str, Any]:
    """All of it, as plain values."""
    return {
        "passed": trend.passed,
        "printer": trend.printer,
        "measurements": trend.measurements,
        "first": trend.first.isoformat(),
        "last": trend.last.isoformat(),
        "software": f"printscp {__version__}",
        "charts": [
            plain(chart)
            | {
                "points": [
                    plain(point) | {"taken": point.taken.isoformat(), "usual": point not in chart.unusual}
                    for point in chart.points
                ]
            }
            for chart in trend.charts
        ],
    }
