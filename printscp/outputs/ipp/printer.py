"""What an IPP printer says of itself: whether it prints, why not, and which films, formats and attributes it
has (RFC 8011 5.4, PWG 5100.7)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from printscp.outputs.ipp.message import Group, Message, Range, Resolution, Tag, Value
from printscp.outputs.output import Condition

WANTED = (
    "copies-supported",
    "document-format-supported",
    "job-creation-attributes-supported",
    "job-priority-supported",
    "media-col-supported",
    "media-size-supported",
    "media-supported",
    "multiple-document-handling-supported",
    "operations-supported",
    "print-quality-supported",
    "print-scaling-supported",
    "printer-is-accepting-jobs",
    "printer-state",
    "printer-state-message",
    "printer-state-reasons",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-type-supported",
    "sides-supported",
)
STATE = ("printer-state", "printer-state-message", "printer-state-reasons")

_PROCESSING, _STOPPED = 4, 5
_TOLERANCE = 50  # hundredths of mm by which a film may differ from the medium
_INCH = 2540  # hundredths of mm

# Of printer-state-reasons (RFC 8011 5.4.12, PWG 5100.9): the worst first; Printer Status Info of PS3.3
# C.13.9.1, and what to do.
_STOPS = {
    "media-jam": ("FILM JAM", "film is jammed: clear it"),
    "cover-open": ("COVER OPEN", "a cover is open: close it"),
    "door-open": ("COVER OPEN", "a door is open: close it"),
    "interlock-open": ("COVER OPEN", "a cover is open: close it"),
    "input-tray-missing": ("NO SUPPLY MGZ", "a film tray is missing: put it in"),
    "media-empty": ("SUPPLY EMPTY", "out of film: load some"),
    "media-needed": ("REQ MED NOT INST", "the film that a job needs is not loaded: load it"),
    "output-area-full": ("RECEIVER FULL", "the output tray is full: take films out"),
    "output-tray-missing": ("NO RECEIVE MGZ", "the output tray is missing: put it in"),
    "marker-supply-empty": ("CHECK PRINTER", "out of ink, toner or ribbon: replace it"),
    "toner-empty": ("CHECK PRINTER", "out of toner: replace it"),
    "marker-waste-full": ("CHECK PRINTER", "its waste container is full: replace it"),
    "developer-empty": ("CHEMICALS EMPTY", "out of developer: replace it"),
    "fuser-over-temp": ("CHECK PRINTER", "its fuser is too hot"),
    "fuser-under-temp": ("PRINTER INIT", "it warms up"),
    "spool-area-full": ("PRINT BUFF FULL", "its memory is full"),
    "shutdown": ("PRINTER OFFLINE", "it is shut down: switch it on"),
    "offline": ("PRINTER OFFLINE", "it is offline: switch it on"),
    "timed-out": ("PRINTER OFFLINE", "its device does not answer: switch it on"),
    "connecting-to-device": ("PRINTER OFFLINE", "its device does not answer yet"),
    "paused": ("PRINTER OFFLINE", "it is paused: resume it"),
    "moving-to-paused": ("PRINTER OFFLINE", "it is paused: resume it"),
}
_WARNS = {
    "media-low": ("SUPPLY LOW", "film is low"),
    "output-area-almost-full": ("RECEIVER FULL", "the output tray is almost full"),
    "marker-supply-low": ("CHECK PRINTER", "ink, toner or ribbon is low"),
    "toner-low": ("CHECK PRINTER", "toner is low"),
    "marker-waste-almost-full": ("CHECK PRINTER", "its waste container is almost full"),
    "developer-low": ("CHEMICALS LOW", "developer is low"),
}
_REASONS = _STOPS | _WARNS
_RANKS = {reason: rank for rank, reason in enumerate(_REASONS)}
# A queue of CUPS that cannot reach its printer has no reason, but these words.
_UNREACHABLE = re.compile(
    "not responding|may not exist|unreachable|unable to (locate|contact)", re.IGNORECASE
)


@dataclass(frozen=True)
class Medium:
    """A size of film that a printer has, in hundredths of mm; of ``name``, where sizes are known by names
    only."""

    width: Range
    height: Range
    name: str = ""

    @property
    def exact(self) -> bool:
        """One size, not all between two."""
        return self.width.low == self.width.high and self.height.low == self.height.high

    def __str__(self) -> str:
        low = size_words(self.width.low, self.height.low)
        return low if self.exact else f"{low} to {size_words(self.width.high, self.height.high)}"


@dataclass(frozen=True)
class Fit:
    """The medium for a film: its size in hundredths of mm; ``turned`` where the film lies across it."""

    width: int
    height: int
    name: str
    turned: bool

    @property
    def media_col(self) -> dict[str, tuple[Value, ...]]:
        """It as a job's ``media-col`` (PWG 5100.7)."""
        sides = ("x-dimension", self.width), ("y-dimension", self.height)
        size = {name: (Value(Tag.INTEGER, length),) for name, length in sides}
        return {"media-size": (Value(Tag.COLLECTION, size),)}

    def replaced(self, media_cols: list[Any]) -> bool:
        """Whether the ``media-col`` of a job, where it tells one, is another."""
        for each in media_cols:
            size = each.get("media-size") if isinstance(each, dict) else None
            medium = _medium(size[0]) if size else None
            if medium and not (_near(medium.width, self.width) and _near(medium.height, self.height)):
                return True
        return False


@dataclass(frozen=True)
class PrinterAnswer:
    """The answer to Get-Printer-Attributes; where a test is of what was not asked for, it says no."""

    message: Message

    def values(self, name: str) -> list[Any]:
        """The contents of an attribute."""
        return self.message.values(Group.PRINTER, name)

    @property
    def stopped(self) -> bool:
        """It prints nothing until somebody acts."""
        return self.values("printer-state") == [_STOPPED]

    @property
    def accepting(self) -> bool:
        """It takes jobs."""
        return self.values("printer-is-accepting-jobs") != [False]

    @property
    def state_message(self) -> str:
        """What it says in words."""
        return " ".join(str(words) for words in self.values("printer-state-message"))

    @property
    def unreachable(self) -> bool:
        """A queue that cannot reach its printer, and tries again and again."""
        return self.values("printer-state") == [_PROCESSING] and bool(_UNREACHABLE.search(self.state_message))

    @property
    def condition(self) -> Condition:
        """What is wrong with it, the worst first; WARNING, as long as somebody at the printer can mend it."""
        found = sorted(_known(self.values("printer-state-reasons")), key=_RANKS.__getitem__)
        if found:
            info, words = _REASONS[found[0]]
            return Condition("WARNING", info, words)
        if self.unreachable:
            words = f"its printer cannot be reached: switch it on ({self.state_message})"
            return Condition("WARNING", "PRINTER OFFLINE", words)
        if self.stopped:
            words = f"it is stopped: start it again ({self.state_message or 'it does not say why'})"
            return Condition("WARNING", "PRINTER OFFLINE", words)
        return Condition()

    @property
    def waits(self) -> bool:
        """A job that it prints cannot go on. What is only reported stops nothing."""
        reasons = [reason for reason in self.values("printer-state-reasons") if not _reported(reason)]
        stops = any(reason in _STOPS for reason in _known(reasons))
        return self.stopped or self.unreachable or stops

    def takes(self, attribute: str) -> bool:
        """Jobs may have an attribute."""
        names = self.values("job-creation-attributes-supported")
        return attribute in names if names else bool(self.values(f"{attribute}-supported"))

    def has(self, attribute: str, value: Any) -> bool:
        """Jobs may have this value of an attribute."""
        return self.takes(attribute) and any(
            value == each
            or (isinstance(each, Range) and isinstance(value, int) and each.low <= value <= each.high)
            for each in self.values(f"{attribute}-supported")
        )

    def fit(self, width: int, height: int) -> Fit | None:
        """The medium for a film of ``width`` and ``height`` in hundredths of mm; upright before turned, a
        size that it names before one of its own."""
        for exact in (True, False):
            for turned, size in ((False, (width, height)), (True, (height, width))):
                for medium in self.media:
                    if (
                        medium.exact == exact
                        and _near(medium.width, size[0])
                        and _near(medium.height, size[1])
                    ):
                        across, along = _inside(medium.width, size[0]), _inside(medium.height, size[1])
                        return Fit(across, along, medium.name, turned)
        return None

    @property
    def media(self) -> list[Medium]:
        """The sizes that it has: by ``media-size-supported``, else by their names."""
        sizes = [_medium(each) for each in self.values("media-size-supported")]
        return [size for size in sizes if size] or _named(self.values("media-supported"))

    @property
    def dots_per_inch(self) -> list[int]:
        """Resolutions of PWG raster, in rising order."""
        each = self.values("pwg-raster-document-resolution-supported")
        square = [one for one in each if isinstance(one, Resolution) and one.across == one.along]
        found = sorted(round(one.across * (1 if one.unit == 3 else 2.54)) for one in square)
        return [each for each in found if 50 <= each <= 4800]


def size_words(width: int, height: int) -> str:
    """A size in hundredths of mm in words."""
    if all(abs(side - round(side / _INCH) * _INCH) <= _TOLERANCE for side in (width, height)):
        return f"{round(width / _INCH)} x {round(height / _INCH)} inch"
    return f"{width / 1000:g} x {height / 1000:g} cm"


def _known(reasons: Iterable[Any]) -> list[str]:
    found = (re.sub("-(error|warning|report)$", "", str(reason)) for reason in reasons)
    return [reason for reason in found if reason in _REASONS]


def _reported(reason: Any) -> bool:
    return str(reason).endswith("-report")


def _near(side: Range, length: int) -> bool:
    return side.low - _TOLERANCE <= length <= side.high + _TOLERANCE


def _inside(side: Range, length: int) -> int:
    return min(max(length, side.low), side.high)


def _medium(size: Any) -> Medium | None:
    """A ``media-size-supported``; None where it is none."""
    sides: list[Range] = []
    for name in ("x-dimension", "y-dimension"):
        match size.get(name) if isinstance(size, dict) else None:
            case [Range() as side]:
                sides.append(side)
            case [int(side)]:
                sides.append(Range(side, side))
            case _:
                return None
    return Medium(sides[0], sides[1])


_SELF_DESCRIBING = re.compile(r"[a-z0-9.-]+_[a-z0-9.-]+_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(in|mm)", re.ASCII)


def _named(names: list[Any]) -> list[Medium]:
    """Media by self-describing names (PWG 5101.1); the limits of custom sizes have no names of their own."""
    media = []
    for name in names:
        found = _SELF_DESCRIBING.fullmatch(str(name))
        if found and not re.match("custom_(min|max)_", found[0]):
            unit = _INCH if found[3] == "in" else 100
            width, height = round(float(found[1]) * unit), round(float(found[2]) * unit)
            media.append(Medium(Range(width, width), Range(height, height), found[0]))
    return media
