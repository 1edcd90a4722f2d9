"""Decodes the data sets of requests (PS3.5 7).

Elements stay raw until their attribute table asks for them, and pixel data stay where they are. Data sets as
nearly all SCUs send them, of elements whose lengths are given, are cut up here; pydicom's reader, which takes
a good deal longer, has the others.
"""

import struct
from typing import Any

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_sequence
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

from printscp.errors import PrintError

_COPIED = 1 << 14  # bytes; longer values stay where they are
_TAG_AND_LENGTH = 8  # bytes that pydicom reads of an element first
_IMPLICIT = struct.Struct("<HHL")
_EXPLICIT = struct.Struct("<HH2sH")
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL"}
    | {b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
_ITEM = BaseTag(0xFFFEE000)
_CHARACTER_SET = BaseTag(0x00080005)

_Elements = dict[BaseTag, DataElement | RawDataElement]


def decode(encoded: bytes | bytearray, syntax: UID) -> Dataset:
    """The data set of a request; empty where it has none.

    Raises:
        PrintError: the bytes are no data set of the transfer syntax.
    """
    if not encoded:
        return Dataset()
    view = memoryview(encoded)
    try:
        implicit = syntax.is_implicit_VR
        elements = _cut(view, implicit)
        if elements is not None:
            dataset = _data_set(elements, implicit)
        else:
            reader = _Reader(view)
            dataset = read_dataset(reader, implicit, True)  # type: ignore[arg-type]
            if reader.fell_short:
                raise ValueError("cut short")
        for tag, element in list(dataset.items()):
            if isinstance(element, RawDataElement) and isinstance(element.value, memoryview):
                dataset[tag] = _long(element, implicit)
        return dataset
    except Exception as error:
        raise PrintError(f"data set cannot be decoded as {syntax.name}") from error


def _cut(view: memoryview, implicit: bool) -> _Elements | None:
    """The elements of a data set; None where one has no length of its own, or is not what it should be."""
    elements: _Elements = {}
    position, end, vr = 0, len(view), None
    while position + _TAG_AND_LENGTH <= end:
        if implicit:
            group, number, length = _IMPLICIT.unpack_from(view, position)
            position += 8
        else:
            group, number, letters, length = _EXPLICIT.unpack_from(view, position)
            position += 8
            if letters in _LONG and position + 4 <= end:
                length = int.from_bytes(view[position : position + 4], "little")
                position += 4
            elif letters not in _SHORT:
                return None
            vr = letters.decode()
        if position + length > end:  # also: undefined
            return None
        part = view[position : position + length]
        value: Any = bytes(part) if length <= _COPIED else part
        tag = BaseTag(group << 16 | number)
        elements[tag] = RawDataElement(tag, vr, length, value, position, implicit, True)
        position += length
    return elements if position == end else None


def _data_set(elements: _Elements, implicit: bool) -> Dataset:
    dataset = Dataset(elements)
    dataset.set_original_encoding(implicit, True, "iso8859")
    if _CHARACTER_SET in elements:
        dataset.set_original_encoding(implicit, True, convert_encodings(dataset.SpecificCharacterSet))
    return dataset


def _long(element: RawDataElement, implicit: bool) -> DataElement | RawDataElement:
    """An element with a long value: the image sequence, read without a copy, or one to be ignored."""
    value = element.value
    assert isinstance(value, memoryview)
    vr = dictionary_VR(element.tag) if implicit and dictionary_has_tag(element.tag) else element.VR
    if vr != "SQ":
        return element._replace(value=bytes(value))
    return DataElement(element.tag, "SQ", _one_item(value, implicit) or _items(value, implicit))


def _one_item(value: memoryview, implicit: bool) -> Sequence | None:
    """A sequence of one item whose length is given, as image sequences are; None for any other."""
    group, number, length = _IMPLICIT.unpack_from(value)
    if group << 16 | number != _ITEM or length != len(value) - 8:
        return None
    elements = _cut(value[8:], implicit)
    return None if elements is None else Sequence([_data_set(elements, implicit)])


def _items(value: memoryview, implicit: bool) -> Sequence:
    return read_sequence(_Reader(value), implicit, True, len(value), "iso8859")  # type: ignore[arg-type]


class _Reader:
    """A file for pydicom over the bytes of a message; long values are views of them, not copies."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._position = 0
        self.fell_short = False  # pydicom takes what is cut short for whole

    def read(self, size: int = -1) -> bytes | memoryview:
        end = len(self._view) if size < 0 else self._position + size
        part = self._view[self._position : end]
        # Before a tag the end may come, and nowhere else.
        self.fell_short |= len(part) < size and (len(part) > 0 or size != _TAG_AND_LENGTH)
        self._position += len(part)
        return part if len(part) > _COPIED else bytes(part)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, len(self._view))[whence]
        return self._position
