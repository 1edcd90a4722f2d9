"""Blocks that several reports have: findings with their limits, and where it all comes from."""

from collections.abc import Sequence

from printscp.qa.finding import Finding
from printscp.qa.provenance import Provenance
from printscp.qa.report.paper import (
    FAIL,
    GAP,
    HEADING,
    LEADING,
    MARGIN,
    MM,
    ROOM,
    SMALL,
    Column,
    Paper,
    cut,
    row_height,
    table_height,
    wrapped,
)
from printscp.qa.report.words import failures_first, number
from printscp.render.text import width

_LINES = ((4, 4), (4, 2), (4, 1), (3, 1), (2, 1), (1, 1))
"""How many lines a finding that failed may have, and any other: the first of these with which all fit."""

_FINDINGS = (
    Column("", 10 * MM),
    Column("check", 19 * MM),
    Column("what was found", ROOM - 89 * MM),
    Column("measured", 15 * MM, right=True),
    Column("limit", 13 * MM, right=True),
    Column("", 19 * MM),
    Column("source", 13 * MM),
)


class Sources:
    """Who sets limits: what fits into a narrow column stands there, else a number, and it at the end."""

    def __init__(self, room: float) -> None:
        self._room = room
        self._numbered: list[str] = []

    def cell(self, source: str) -> list[str]:
        """What stands in the column."""
        if width(source, SMALL) <= self._room:
            return [source]
        if source not in self._numbered:
            self._numbered.append(source)
        return [f"[{self._numbered.index(source) + 1}]"]

    @property
    def notes(self) -> list[str]:
        """What stands below the table, as lines."""
        notes = [f"[{number}] {source}" for number, source in enumerate(self._numbered, 1)]
        return [line for note in notes for line in wrapped(note, ROOM, 2)]


def findings_block(paper: Paper, findings: Sequence[Finding], height: float) -> None:
    """The findings, those that failed first, in a block no higher than ``height`` if that can be: long texts
    are cut, and in the end what passed is left out, which is said."""
    paper.heading("Findings")
    ordered = failures_first(findings)
    sources = Sources(_FINDINGS[-1].width - 4)
    cells = [sources.cell(each.source) for each in ordered]
    room = height - HEADING - GAP - len(sources.notes) * LEADING
    for failed, other in _LINES:
        lines = [failed if each.outcome == "fail" else other for each in ordered]
        rows = [_row(*each) for each in zip(ordered, cells, lines, strict=True)]
        if table_height(rows) <= room:
            break
    else:
        rows = _fitting(rows, room - LEADING)
    paper.table(_FINDINGS, rows, MARGIN)
    if len(rows) < len(ordered):
        paper.note(_omitted(ordered[len(rows) :]))
    for note in sources.notes:
        paper.note(note)
    paper.y += GAP


def _row(finding: Finding, source: list[str], most: int) -> list[list[str]]:
    _, check, text, _, _, unit, _ = (column.width - 4 for column in _FINDINGS)
    return [
        [FAIL if finding.outcome == "fail" else finding.outcome],
        wrapped(finding.check, check, 1),
        wrapped(finding.text, text, most),
        [number(finding.measured, finding.unit)],
        [number(finding.limit, finding.unit)],
        wrapped(finding.unit, unit, 1),
        source,
    ]


def _fitting(rows: list[list[list[str]]], room: float) -> list[list[list[str]]]:
    """The first of them, as many as have room."""
    kept: list[list[list[str]]] = []
    for row in rows:
        if table_height([*kept, row]) > room:
            break
        kept.append(row)
    return kept


def _omitted(findings: Sequence[Finding]) -> str:
    failed = sum(each.outcome == "fail" for each in findings)
    return f"... and {len(findings)} more, {failed} of which failed: the CSV has them all."


def hashes_height(provenance: Provenance) -> float:
    """Of `hashes_block`."""
    return LEADING * len(provenance.hashes) + (HEADING if provenance.hashes else 0)


def hashes_block(paper: Paper, provenance: Provenance) -> None:
    """By which an auditor knows that it is the same film: SHA-256, in full."""
    if provenance.hashes:
        paper.heading("SHA-256")
        paper.facts(provenance.hashes, columns=1)


def provenance_facts(provenance: Provenance) -> list[tuple[str, str]]:
    """Who and when."""
    return [
        ("Printer", provenance.printer),
        ("Profile", provenance.profile),
        ("Operator", provenance.operator),
        ("Made", f"{provenance.made:%Y-%m-%d %H:%M:%S %Z}".strip()),
        ("Software", provenance.software),
    ]


APART = 14.0
"""Between tables side by side."""


def in_columns(paper: Paper, columns: Sequence[Column], rows: Sequence[list[list[str]]], count: int) -> None:
    """A long table of rows of one line, ``count`` of its parts side by side."""
    high = -(-len(rows) // count)
    top = bottom = paper.y
    for place in range(count):
        paper.y = top
        part = rows[place * high : (place + 1) * high]
        if part:
            left = MARGIN + place * (ROOM + APART) / count
            paper.table(columns, part, left)
        bottom = max(bottom, paper.y)
    paper.y = bottom


def columns_height(rows: int, count: int) -> float:
    """Of `in_columns`."""
    return LEADING + 2 + -(-rows // count) * row_height([cut("", ROOM)])
