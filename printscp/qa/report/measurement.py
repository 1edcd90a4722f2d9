"""Report of what a densitometer found on a film."""

from pathlib import Path
from typing import Any

from printscp.qa.measurement import Measurement, Step
from printscp.qa.report.blocks import (
    APART,
    columns_height,
    findings_block,
    hashes_block,
    hashes_height,
    in_columns,
    provenance_facts,
)
from printscp.qa.report.paper import GAP, HEADING, LEADING, MM, ROOM, Column, Paper, cut
from printscp.qa.report.plots import Panel, Point, contrast, densities, errors, jnds, picture, plot_height
from printscp.qa.report.words import (
    finding_lines,
    in_words,
    plain,
    provenance_json,
    provenance_lines,
    response_json,
    signed,
    table_csv,
)

_ACROSS = 3
_MOST_STEPS = 42
_LEAST_PLOT = 42 * MM
_COLUMN = (ROOM + APART) / _ACROSS - APART + 4

_STEPS = (
    Column("patch", _COLUMN - 44 * MM - 4),
    Column("P-value", 11 * MM, right=True),
    Column("aim", 10 * MM, right=True),
    Column("read", 10 * MM, right=True),
    Column("error", 11 * MM, right=True),
    Column("n", 2 * MM + 4, right=True),
)


def measurement_report(measurement: Measurement, path: Path) -> None:
    """Write one A4 page, PDF.

    Raises:
        SetupError: the file cannot be written.
    """
    provenance = measurement.provenance
    title = f"Film measurement: {provenance.printer}"
    paper = Paper(title, provenance.made)
    paper.headline(title, f"{measurement.pattern} read from {provenance.subject}", measurement.passed)
    paper.facts([*provenance_facts(provenance), *_film_facts(measurement)])
    panels = _panels(measurement)
    rows = -(-len(panels) // 2)
    below = _steps_height(measurement) + hashes_height(provenance) + GAP
    findings_block(paper, measurement.findings, paper.left_over - below - rows * _LEAST_PLOT - GAP)
    height = plot_height(rows, paper.left_over - below)
    paper.picture(picture(panels, ROOM, height), height)
    paper.y += GAP
    _steps_block(paper, measurement)
    hashes_block(paper, provenance)
    paper.save(path)


def _film_facts(measurement: Measurement) -> list[tuple[str, str]]:
    curve = f"printed through curve {measurement.curve} of the printer"
    return [
        ("Densitometer", measurement.densitometer),
        ("Density", in_words(measurement.scale)),
        ("Curve", curve if measurement.curve else "none: printed as P-values"),
        ("Baseline", "later films are compared to this one" if measurement.baseline else ""),
    ]


def _panels(measurement: Measurement) -> list[Panel]:
    points = [
        Point(each.name, each.p_value, each.density, each.aim, each.tolerance) for each in measurement.steps
    ]
    panels = [densities(points, measurement.scale), errors(points)]
    if measurement.response.per_p_value:
        panels += [contrast(measurement.response), jnds(measurement.response, measurement.scale)]
    return panels


def _others(measurement: Measurement) -> str:
    """What was read beside the steps."""
    read = [f"{name} {density:.3f}" for name, density in measurement.others]
    return f"Also read: {', '.join(read)} OD." if read else ""


def _left_out(measurement: Measurement) -> str:
    more = len(measurement.steps) - _MOST_STEPS
    return f"{more} more are in the CSV." if more > 0 else ""


def _steps_height(measurement: Measurement) -> float:
    notes = sum(map(bool, (_others(measurement), _left_out(measurement))))
    shown = min(len(measurement.steps), _MOST_STEPS)
    return HEADING + columns_height(shown, _ACROSS) + notes * LEADING + GAP / 2


def _steps_block(paper: Paper, measurement: Measurement) -> None:
    paper.heading("Readings, in OD; n: how often a patch was read")
    rows = [_row(each) for each in measurement.steps[:_MOST_STEPS]]
    in_columns(paper, _STEPS, rows, _ACROSS)
    for note in filter(None, (_others(measurement), _left_out(measurement))):
        paper.note(note)
    paper.y += GAP / 2


def _row(step: Step) -> list[list[str]]:
    return [
        cut(step.name, _STEPS[0].width),
        [f"{step.p_value:.4f}"],
        [f"{step.aim:.3f}"],
        [f"{step.density:.3f}"],
        [signed(step.error)],
        [str(len(step.densities))],
    ]


def measurement_csv(measurement: Measurement) -> str:
    """A row for each patch and for what was read beside them, densities in OD, all readings of it; above it
    who, when, and what was found."""
    head = [
        f"film measurement: {measurement.pattern}",
        f"result: {'pass' if measurement.passed else 'not right'}",
        *provenance_lines(measurement.provenance),
        *(f"{name.lower()}: {value}" for name, value in _film_facts(measurement) if value),
        *finding_lines(measurement.findings),
    ]
    most = max((len(each.densities) for each in measurement.steps), default=1)
    columns = [
        "patch",
        "p_value",
        "aim",
        "density",
        "error",
        "tolerance",
        *(f"reading_{n + 1}" for n in range(most)),
    ]
    rows: list[list[Any]] = [
        [
            *(each.name, f"{each.p_value:.6f}", f"{each.aim:.4f}", f"{each.density:.4f}"),
            *(f"{each.error:+.4f}", "" if each.tolerance is None else f"{each.tolerance:.4f}"),
            *(*each.densities, *[""] * (most - len(each.densities))),
        ]
        for each in measurement.steps
    ]
    rows += [[name, "", "", f"{density:.4f}", "", "", *[""] * most] for name, density in measurement.others]
    return table_csv(head, columns, rows)


def measurement_json(measurement: Measurement) -> dict[str, Any]:
    """All of it, as plain values: P-values 0..1, densities in OD."""
    return {
        "passed": measurement.passed,
        "pattern": measurement.pattern,
        "scale": plain(measurement.scale),
        "curve": measurement.curve,
        "densitometer": measurement.densitometer,
        "baseline": measurement.baseline,
        "findings": [plain(each) for each in measurement.findings],
        "steps": [plain(each) | {"density": each.density, "error": each.error} for each in measurement.steps],
        "others": dict(measurement.others),
        "response": response_json(measurement.response),
        "provenance": provenance_json(measurement.provenance),
    }
