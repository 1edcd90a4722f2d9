"""Two dialogues, request by request and attribute by attribute."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from printscp.comparison import Change, RequestChange, Timing
from printscp.comparison.names import Names
from printscp.errors import PrintError
from printscp.transcript import Step, Transcript
from printscp.transcript.words import position, status_words, title

_NOTHING = "-"
_LONGEST = 80  # characters of a value that are shown
_WORDS = {"LUTDescriptor", "LUTData"}  # US or OW: bytes or numbers, by the transfer syntax


def association(first: Transcript, second: Transcript) -> tuple[Change, ...]:
    """What the SCUs propose of the association, and how they end it."""
    return tuple(_changes(_proposed(first), _proposed(second)))


def requests(first: Transcript, second: Transcript) -> tuple[RequestChange, ...]:
    """The requests that are not the same, in the order in which they were sent."""
    a, b = _Side(first), _Side(second)
    found: list[RequestChange] = []
    matcher = SequenceMatcher(None, a.keys, b.keys, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            for i, j in zip(range(a1, a2), range(b1, b2), strict=True):
                changes = tuple(_changes(a.values(i), b.values(j)))
                if changes:
                    found.append(RequestChange(a.title(i), a.number(i), b.number(j), changes))
        else:
            found += [RequestChange(a.title(i), a.number(i), 0, ()) for i in range(a1, a2)]
            found += [RequestChange(b.title(j), 0, b.number(j), ()) for j in range(b1, b2)]
    return tuple(found)


def timing(said: Transcript) -> Timing:
    """When an SCU did what it did."""
    answered, pause, before, last = 0.0, 0.0, "", 0.0
    printed = None
    for request, answer in said.exchanges():
        if request.at - answered > pause:
            pause, before = request.at - answered, title(said, request)
        if request.service == "N-ACTION" and printed is None:
            printed = request.at
        answered = answer.at if answer else request.at
        last = request.at
    return Timing(printed, last, pause, before)


class _Side:
    """The requests of one dialogue; counted from 0."""

    def __init__(self, said: Transcript) -> None:
        self._said = said
        self._names = Names(said)
        self._exchanges = list(said.exchanges())
        self.keys = [
            (request.service, str(request.sop_class), position(said, request))
            for request, _ in self._exchanges
        ]

    def title(self, index: int) -> str:
        return title(self._said, self._exchanges[index][0])

    def number(self, index: int) -> int:
        return self._exchanges[index][0].number

    def values(self, index: int) -> dict[str, str]:
        """What was sent with a request, and how it was answered."""
        request, answer = self._exchanges[index]
        command = request.command
        context = self._said.context(request)
        values = {
            "presentation context": UID(context.abstract_syntax).name if context else "",
            "instance": self._instance(request, answer),
            "Action Type ID": str(command.get("ActionTypeID") or ""),
            "attributes asked for": ", ".join(map(_name, command.get("AttributeIdentifierList") or ())),
            "answer": status_words(answer.status if answer else None),
        }
        return {key: value for key, value in values.items() if value} | self._sent(request)

    def _instance(self, request: Step, answer: Step | None) -> str:
        if request.service == "N-CREATE" and not request.instance:
            return "named by the printer"
        named = "named by the SCU" if request.service == "N-CREATE" else self._names.of(str(request.instance))
        return named if request.instance else ""

    def _sent(self, request: Step) -> dict[str, str]:
        try:
            dataset = self._said.dataset(request)
        except PrintError:
            return {"data set": f"{request.size} bytes that cannot be decoded"}
        values = dict(_flat(dataset, self._names))
        if request.cut is not None:
            path = next((each for each in values if each.endswith("PixelData")), "PixelData")
            values[path] = f"{request.cut.length} bytes, CRC-32 {request.cut.crc:08x}"
        return values


def _changes(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Change]:
    for what in dict.fromkeys([*first, *second]):
        if first.get(what) != second.get(what):
            yield Change(what, first.get(what, _NOTHING), second.get(what, _NOTHING))


def _proposed(said: Transcript) -> dict[str, str]:
    contexts = {
        f"context {number}": f"{_syntax(each.abstract_syntax)}: {', '.join(map(_syntax, each.proposed))}"
        for number, each in enumerate(said.contexts, start=1)
    }
    end = next((step.service for step in said.steps[-1:] if step.is_end), "not kept")
    return {
        "calling AE title": said.calling,
        "called AE title": said.called,
        "implementation class UID": said.implementation_class_uid,
        "implementation version name": said.implementation_version_name,
        "longest PDU": f"{said.max_pdu} bytes" if said.max_pdu else "no limit",
        **contexts,
        "end": end,
    }


def _syntax(uid: str) -> str:
    return UID(uid).name.removesuffix(" SOP Class")


def _flat(dataset: Dataset, names: Names, path: str = "") -> Iterator[tuple[str, str]]:
    """Each element of a data set by its keywords, sequences walked into, with its value."""
    for element in dataset:
        here = f"{path}{element.keyword or element.tag}"
        if element.VR == "SQ":
            if not element.value:
                yield here, "empty"
            for number, item in enumerate(element.value, start=1):
                index = f"[{number}]" if len(element.value) > 1 else ""
                yield from _flat(item, names, f"{here}{index}.")
        else:
            yield here, _value(element, names)


def _value(element: DataElement, names: Names) -> str:
    value: Any = element.value
    if element.keyword == "ReferencedSOPInstanceUID":
        return names.of(str(value))
    if element.VR == "UI" and value:
        return UID(str(value)).name if isinstance(value, str) else "\\".join(value)
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value)
        if element.keyword not in _WORDS:
            return f"{len(value)} bytes, CRC-32 {zlib.crc32(value):08x}"
        value = struct.unpack(f"<{len(value) // 2}H", value[: len(value) // 2 * 2])
    if value is None or value == "":
        return "empty"
    many = not isinstance(value, str) and hasattr(value, "__iter__")
    text = "\\".join(map(str, value)) if many else str(value)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({len(text)} characters, CRC-32 {zlib.crc32(text.encode()):08x})"


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or str(Tag(tag))
