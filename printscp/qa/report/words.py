"""Numbers and findings in words: what the reports on paper and those for programs have alike."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from io import StringIO
from math import isfinite
from typing import Any

import numpy as np

from printscp.qa.finding import Finding
from printscp.qa.provenance import Provenance
from printscp.qa.response import Response
from printscp.render.tone import ToneScale


def number(value: float | None, unit: str) -> str:
    """A number as exact as anybody needs it; empty where there is none."""
    if value is None:
        return ""
    rounded = round(value, 3) + 0.0  # no -0.000
    return f"{rounded:.3f}" if unit == "OD" else f"{rounded:.4g}"


def signed(value: float) -> str:
    """A difference in OD."""
    return f"{round(value, 3) + 0.0:+.3f}"


def in_words(scale: ToneScale) -> str:
    """Densities in force, and their light."""
    light = f"L0 {scale.illumination:g}, La {scale.ambient:g} cd/m\u00b2"
    return f"{scale.min_density:.2f} to {scale.max_density:.2f} OD; {light}"


def failures_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order of their weight, else as they came."""
    weight = {"fail": 0, "note": 1, "pass": 2}
    return sorted(findings, key=lambda each: weight[each.outcome])


def plain(value: Any) -> Any:
    """Anything of a report as JSON has it: what is no number becomes null, a time ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not isfinite(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value


def provenance_json(provenance: Provenance) -> dict[str, Any]:
    """Who, what and when, as plain values."""
    return {**plain(provenance), "hashes": dict(provenance.hashes)}


def response_json(response: Response | None) -> dict[str, Any] | None:
    """A response, and whether it is within its limits."""
    return None if response is None else {**plain(response), "lum_passed": response.lum_passed}


def table_csv(head: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Comments, each on a line that begins with ``#``, and below them a table with commas."""
    stream = StringIO()
    for each in head:
        stream.write(f"# {' '.join(each.split())}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue()


def provenance_lines(provenance: Provenance) -> list[str]:
    """For the head of a CSV."""
    facts = provenance_json(provenance)
    hashes = facts.pop("hashes")
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    return [*lines, *(f"sha256 {name}: {value}" for name, value in hashes.items())]


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """For the head of a CSV."""
    return [_in_one_line(each) for each in findings]


def _in_one_line(finding: Finding) -> str:
    parts = [f"{finding.outcome} {finding.check}: {finding.text}"]
    if finding.measured is not None:
        parts.append(f"measured {number(finding.measured, finding.unit)} {finding.unit}".strip())
    if finding.limit is not None:
        parts.append(f"limit {number(finding.limit, finding.unit)} {finding.unit}".strip())
    if finding.source:
        parts.append(f"source: {finding.source}")
    return "; ".join(parts)
