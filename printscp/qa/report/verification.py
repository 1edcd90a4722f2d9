"""Report of what the virtual densitometer found on a film."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from printscp.qa.pattern import Role
from printscp.qa.report.blocks import (
    APART,
    columns_height,
    findings_block,
    hashes_block,
    hashes_height,
    in_columns,
    provenance_facts,
)
from printscp.qa.report.paper import FAIL, GAP, HEADING, LEADING, MM, ROOM, Column, Paper, cut
from printscp.qa.report.plots import (
    Panel,
    contrast,
    densities,
    errors,
    errors_by_patch,
    film,
    picture,
    plot_height,
    points_of,
)
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
from printscp.qa.verification import PatchReading, Verification

_FEW = 24  # patches: they are told with spread and tolerance, in two columns in place of three
_MOST_PATCHES = 42
_LEAST_PLOT = 42 * MM  # height of a row of them
_A_SCALE = 4  # P-values, from which on a pattern has a gray scale

_PATCHES = (
    Column("P-value", 10 * MM, right=True),
    Column("aim", 9 * MM, right=True),
    Column("read", 9 * MM, right=True),
    Column("error", 10 * MM, right=True),
)
_SPREAD = (
    Column("spread", 11 * MM, right=True),
    Column("tolerance", 14 * MM, right=True),
)
_RESULT = Column("", 8.5 * MM)
_CSV = ("patch", "role", "p_value", "x_mm", "y_mm", "aim", "mean", "spread", "error", "tolerance", "result")


def verification_report(verification: Verification, path: Path) -> None:
    """Write one A4 page, PDF.

    Raises:
        SetupError: the file cannot be written.
    """
    paper = Paper(f"Film verification: {verification.pattern.name}", verification.provenance.made)
    paper.headline(
        f"Film verification: {verification.pattern.name}",
        f"{verification.provenance.subject}; {verification.pattern.title}",
        verification.passed,
    )
    paper.facts([*provenance_facts(verification.provenance), *_film_facts(verification)])
    panels = _panels(verification)
    rows = -(-len(panels) // 2)
    listed = [each for each in verification.readings if each.patch.role is not Role.LEVEL]
    below = _patches_height(verification, listed) + hashes_height(verification.provenance) + GAP
    findings_block(paper, verification.findings, paper.left_over - below - rows * _LEAST_PLOT - GAP)
    height = plot_height(rows, paper.left_over - below)
    paper.picture(picture(panels, ROOM, height), height)
    paper.y += GAP
    _patches_block(paper, verification, listed)
    hashes_block(paper, verification.provenance)
    paper.save(path)


def _film_facts(verification: Verification) -> list[tuple[str, str]]:
    film = verification.film
    return [
        ("Film", f"{film.film_size}, {film.display_format}, image {film.position}"),
        ("Density", in_words(film.scale)),
        ("Tone", film.tone),
        ("Samples", f"{film.bits_stored} bits; page of {film.dots_per_inch:g} dpi"),
    ]


def _panels(verification: Verification) -> list[Panel]:
    panels = [film(verification)]
    points = points_of(verification.readings, verification.pattern.largest)
    if len({each.p_value for each in points}) >= _A_SCALE:
        panels += [densities(points, verification.film.scale), errors(points)]
    elif points:
        panels.append(errors_by_patch(points))
    if verification.response is not None and verification.response.per_p_value:
        panels.append(contrast(verification.response))
    return panels


def _across(listed: Sequence[PatchReading]) -> int:
    """Columns of patches."""
    return 2 if len(listed) <= _FEW else 3


def _patches_height(verification: Verification, listed: Sequence[PatchReading]) -> float:
    if not verification.readings:
        return 0.0
    shown = min(len(listed), _MOST_PATCHES)
    high = columns_height(shown, _across(listed)) if shown else 0
    return HEADING + high + len(_notes(verification, listed)) * LEADING + GAP / 2


def _patches_block(paper: Paper, verification: Verification, listed: Sequence[PatchReading]) -> None:
    if not verification.readings:
        return
    paper.heading("Patches, in OD")
    shown = listed
    if len(listed) > _MOST_PATCHES:
        worst = sorted(listed, key=lambda each: (each.passed, -abs(each.error)))[:_MOST_PATCHES]
        shown = [each for each in listed if each in worst]
    if shown:
        across = _across(listed)
        known = [*_PATCHES, *(_SPREAD if across == 2 else ()), _RESULT]
        name = (ROOM + APART) / across - APART + 4 - sum(each.width for each in known)
        columns = [Column("patch", name), *known]
        in_columns(paper, columns, [_row(each, columns) for each in shown], across)
    for note in _notes(verification, listed):
        paper.note(note)
    paper.y += GAP / 2


def _row(reading: PatchReading, columns: Sequence[Column]) -> list[list[str]]:
    few = len(columns) > len(_PATCHES) + 2
    return [
        cut(reading.patch.name, columns[0].width),
        [str(reading.patch.value)],
        [f"{reading.aim:.3f}"],
        [f"{reading.mean:.3f}"],
        [signed(reading.error)],
        *([[f"{reading.spread:.4f}"], [f"\u00b1 {reading.tolerance:.3f}"]] if few else []),
        ["ok" if reading.passed else FAIL],
    ]


def _notes(verification: Verification, listed: Sequence[PatchReading]) -> list[str]:
    """What the table of patches leaves out."""
    notes = []
    if len(listed) > _MOST_PATCHES:
        notes.append(f"These are the {_MOST_PATCHES} worst of {len(listed)}; the CSV has them all.")
    levels = [each for each in verification.readings if each.patch.role is Role.LEVEL]
    if levels:
        notes.append(_level_note(levels))
    return notes


def _level_note(levels: Sequence[PatchReading]) -> str:
    worst = max(levels, key=lambda each: abs(each.error))
    scatter = float(np.sqrt(np.mean([each.error**2 for each in levels])))
    wrong = sum(not each.passed for each in levels)
    return (
        f"Ramp: {len(levels)} levels, {wrong} out of tolerance; worst {signed(worst.error)} OD at P-value "
        f"{worst.patch.value}, root mean square {scatter:.4f} OD; the CSV has them all."
    )


def verification_csv(verification: Verification) -> str:
    """A row for each patch, levels of a ramp too, densities in OD; above it who, when, what was found."""
    head = [
        f"film verification: {verification.pattern.name}",
        f"result: {'pass' if verification.passed else 'not right'}",
        *provenance_lines(verification.provenance),
        *(f"{name.lower()}: {value}" for name, value in _film_facts(verification)),
        *finding_lines(verification.findings),
    ]
    rows = [
        (
            *(each.patch.name, each.patch.role.value, each.patch.value),
            *(f"{each.x_mm:.2f}", f"{each.y_mm:.2f}"),
            *(f"{each.aim:.4f}", f"{each.mean:.4f}", f"{each.spread:.4f}"),
            *(f"{each.error:+.4f}", f"{each.tolerance:.4f}", "pass" if each.passed else "fail"),
        )
        for each in verification.readings
    ]
    return table_csv(head, _CSV, rows)


def verification_json(verification: Verification) -> dict[str, Any]:
    """All of it but the picture, as plain values: densities in OD, lengths in mm."""
    pattern = verification.pattern
    rows, columns = pattern.pixels.shape
    return {
        "passed": verification.passed,
        "pattern": {
            "name": pattern.name,
            "title": pattern.title,
            "source": pattern.source,
            "bits": pattern.bits,
            "columns": columns,
            "rows": rows,
            "width_mm": pattern.width_mm,
        },
        "film": plain(verification.film),
        "affine": np.asarray(verification.affine, np.float64).tolist(),
        "findings": [plain(each) for each in verification.findings],
        "patches": [
            {
                "name": each.patch.name,
                "role": each.patch.role.value,
                "p_value": each.patch.value,
                "x_mm": each.x_mm,
                "y_mm": each.y_mm,
                "aim": each.aim,
                "mean": each.mean,
                "spread": each.spread,
                "error": each.error,
                "tolerance": each.tolerance,
                "passed": each.passed,
            }
            for each in verification.readings
        ],
        "response": response_json(verification.response),
        "provenance": provenance_json(verification.provenance),
    }
