"""Elements of data sets in words, and which of them may name a patient."""

import re
from collections.abc import Iterator, Mapping, MutableSequence
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

Row = tuple[str, str, str, int]
"""Tag, keyword, value and depth of sequences, as `printscp.desk.records.SeenStep` has them."""

_LONGEST = 200  # characters of a value that are told
_MOST = 1000  # elements of a data set that are told
_DEEPEST = 16
_CODES = ("CommandField", "CommandDataSetType", "Status")
_BINARY = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
_TEXT = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UN", "UR", "UT"))
# The command set, image pixels, and what belongs to film session, boxes, look-up tables and printer.
_GROUPS = frozenset((0x0000, 0x0028, 0x2000, 0x2010, 0x2020, 0x2030, 0x2040, 0x2050, 0x2100, 0x2110))
_ALSO = frozenset(
    tag_for_keyword(keyword)
    for keyword in (
        # Not the instances: they may be images of a study.
        *("SpecificCharacterSet", "SOPClassUID", "ReferencedSOPClassUID"),
        *("ImageDisplayFormat", "ConfigurationInformation", "PrinterName", "PixelData"),
    )
)


def is_harmless(tag: int, vr: str) -> bool:
    """Its value names no patient: it is of printing, and no text that an SCU is free to write."""
    return tag in _ALSO or (tag >> 16 in _GROUPS and vr not in _TEXT)


def is_harmless_remark(remark: str) -> bool:
    """The same of what is said of an attribute, as the remarks on films and jobs do."""
    about = re.match(r"(?:image \d+: )?([A-Za-z]+)", remark)
    tag = tag_for_keyword(about[1]) if about else None
    return tag is not None and is_harmless(tag, dictionary_VR(tag))


def of_command(command: Mapping[str, Any], private: bool) -> Iterator[Row]:
    """The elements of a command set, by keyword."""
    for keyword, value in command.items():
        tag = tag_for_keyword(keyword) or 0
        hidden = not private and not is_harmless(tag, dictionary_VR(tag) if tag else "UN")
        told = f"0x{value:04X}" if keyword in _CODES and isinstance(value, int) else _cut(_plain(value))
        yield tag_words(tag), keyword, "" if hidden else told, 0


def of_dataset(dataset: Dataset, private: bool) -> Iterator[Row]:
    """The elements of a data set, and those of its items below their sequence."""
    for number, row in enumerate(_walked(dataset, private, 0)):
        if number == _MOST:
            yield "", "", "and more", 0
            return
        yield row


def _walked(dataset: Dataset, private: bool, depth: int) -> Iterator[Row]:
    for tag in sorted(dataset.keys()):
        keyword = keyword_for_tag(tag)
        try:
            element = dataset[tag]
        except Exception:  # whatever pydicom meets, the SCU's bytes are at fault
            yield tag_words(tag), keyword, "cannot be decoded", depth
            continue
        yield tag_words(tag), keyword, value_words(element, private), depth
        if element.VR == "SQ" and depth < _DEEPEST:
            items = list(element.value)
            for number, item in enumerate(items, start=1):
                if len(items) > 1:
                    yield "(FFFE,E000)", "Item", str(number), depth + 1
                yield from _walked(item, private, depth + 1)


def value_words(element: DataElement, private: bool) -> str:
    """A value, cut where it is long; empty where it may name somebody and that is not to be told."""
    if element.VR == "SQ":
        count = len(element.value)
        return f"{count} item{'s' * (count != 1)}"
    if element.VR in _BINARY:
        return _binary(element.value)
    return _cut(_plain(element.value)) if private or is_harmless(element.tag, element.VR) else ""


def tag_words(tag: int) -> str:
    """As the standard writes it: (2010,0040)."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _binary(value: Any) -> str:
    return f"{len(value or b'')} bytes"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, UID):
        return str(value) if value.name == value else f"{value} {value.name}"
    if isinstance(value, BaseTag):
        return tag_words(value)
    if isinstance(value, str):
        known = UID(value) if value[:2] == "1." and value.replace(".", "").isdecimal() else None
        return value if known is None or known.name == value else f"{value} {known.name}"
    if isinstance(value, bytes | bytearray | memoryview):
        return _binary(value)
    if isinstance(value, MutableSequence | tuple):  # a person's name can be walked, too, but has no values
        few = "\\".join(_plain(each) for each in value[:_LONGEST])
        return f"{len(value)} values: {few}" if len(few) > _LONGEST else few
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
