"""Data elements on the wire, little endian, just as they are given: also such as no standard allows."""

import struct
from io import BytesIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

# fmt: off
VRS = (
    "AE", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "OB", "OW", "PN", "SH", "SL", "SQ", "SS",
    "ST", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "ZZ",
)
# fmt: on
_LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT", "SV", "UV")
Element = tuple[int, str, bytes]


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None, keyword
    return found


def encoded(*elements: Element, implicit: bool = False) -> bytes:
    """Elements by tag, VR and value, in the order they are given."""
    out = b""
    for number, vr, value in elements:
        out += struct.pack("<HH", number >> 16, number & 0xFFFF)
        if implicit:
            out += struct.pack("<I", len(value))
        elif vr in _LONG:
            out += vr.encode() + b"\0\0" + struct.pack("<I", len(value))
        else:
            out += vr.encode() + struct.pack("<H", len(value))
        out += value
    return out


def item(*elements: Element, implicit: bool = False) -> bytes:
    """An item of a sequence, of defined length."""
    content = encoded(*elements, implicit=implicit)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def received(*elements: Element, implicit: bool = False) -> Dataset:
    """The data set that such elements are read as; raises what pydicom does where they are none at all."""
    return read_dataset(BytesIO(encoded(*elements, implicit=implicit)), implicit, True)
