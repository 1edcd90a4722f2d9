"""One thing that was checked, and what came out."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "note"]


@dataclass(frozen=True)
class Finding:
    """``check`` is a word of a fixed list, as ``polarity``; ``text`` says in one line what was found, and of
    a fault what to do. ``measured`` and ``limit`` are in ``unit``, where there is a number. ``source`` says
    who sets the limit: a publication, the site, or ``ours``, which is not sourced. A ``note`` is neither
    right nor wrong."""

    check: str
    outcome: Outcome
    text: str
    measured: float | None = None
    limit: float | None = None
    unit: str = ""
    source: str = ""


def passed(findings: tuple[Finding, ...]) -> bool:
    """Nothing failed."""
    return all(each.outcome != "fail" for each in findings)
