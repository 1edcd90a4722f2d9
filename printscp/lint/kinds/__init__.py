"""Every kind of finding there is, with its clause and what to do; docs/findings.md is made of it."""

from printscp.lint.kinds.attributes import ATTRIBUTES, TEXT
from printscp.lint.kinds.dialogue import ASSOCIATION, LIFE_CYCLE
from printscp.lint.kinds.film import FILM, IMAGE, LOOK_UP
from printscp.lint.kinds.kind import OURS, Kind

__all__ = ["GROUPS", "KINDS", "OURS", "Kind"]

GROUPS: dict[str, tuple[Kind, ...]] = {
    "Attributes": ATTRIBUTES,
    "Texts": TEXT,
    "Film": FILM,
    "Images": IMAGE,
    "Presentation LUTs": LOOK_UP,
    "Order of requests": LIFE_CYCLE,
    "Association": ASSOCIATION,
}
KINDS: dict[str, Kind] = {kind.code: kind for group in GROUPS.values() for kind in group}
"""By code, in the order of docs/findings.md."""
