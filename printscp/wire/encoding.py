"""Encodes the attributes of answers and events (PS3.5 7).

They are few and plain, and an answer must not wait for a data set to be built of them element by element: a
film of twenty images took 1.7 ms that way.
"""

import struct
from functools import cache
from typing import Any

from pydicom.charset import convert_encodings, encode_string
from pydicom.datadict import dictionary_VR, tag_for_keyword

from printscp.film.exchange import Values

_LONG = frozenset({"OB", "OW", "SQ", "UN", "UT"})  # 32-bit length in explicit VR, PS3.5 7.1.2
_TEXT = frozenset({"LO", "SH", "ST", "LT", "PN", "UC", "UT"})  # in the Specific Character Set
_WORDS = {"US": "H", "SS": "h", "OW": "H"}
_AMBIGUOUS = {"US or SS": "US", "US or OW": "OW", "OB or OW": "OW"}


def encode(values: Values, implicit: bool) -> bytes:
    """A data set in implicit or explicit VR little endian; None and empty lists make empty elements."""
    character_set = values.get("SpecificCharacterSet")
    encodings = convert_encodings(character_set) if character_set else ["iso8859"]
    if "iso_ir_58" in encodings:  # pydicom leaves out its escape sequences
        values, encodings = values | {"SpecificCharacterSet": ["ISO_IR 192"]}, ["utf8"]
    return _data_set(values, implicit, encodings)


def _data_set(values: Values, implicit: bool, encodings: list[str]) -> bytes:
    elements = sorted((*_known(keyword, implicit), value) for keyword, value in values.items())
    return b"".join(
        _element(head, length, _value(vr, value, implicit, encodings))
        for _, vr, head, length, value in elements
    )


@cache
def _known(keyword: str, implicit: bool) -> tuple[int, str, bytes, str]:
    """Tag and VR of an attribute, what stands before the length of its value, and how that is written."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    vr = dictionary_VR(tag)
    vr = _AMBIGUOUS.get(vr, vr)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return tag, vr, head, "<L"
    if vr in _LONG:
        return tag, vr, head + vr.encode() + bytes(2), "<L"
    return tag, vr, head + vr.encode(), "<H"


def _element(head: bytes, length: str, value: bytes) -> bytes:
    return head + struct.pack(length, len(value)) + value


def _value(vr: str, value: Any, implicit: bool, encodings: list[str]) -> bytes:
    if value is None:
        return b""
    if vr == "SQ":
        return b"".join(_item(_data_set(item, implicit, encodings)) for item in value)
    if isinstance(value, (bytes, memoryview)):
        data = bytes(value)
        return data + b"\0" * (len(data) % 2)
    several = value if isinstance(value, (list, tuple)) else (value,)
    if vr in _WORDS:
        return struct.pack(f"<{len(several)}{_WORDS[vr]}", *several)
    text = "\\".join(map(str, several))
    data = encode_string(text, encodings) if vr in _TEXT else text.encode("ascii", "replace")
    return data + (b"\0" if vr == "UI" else b" ") * (len(data) % 2)


def _item(data: bytes) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(data)) + data
