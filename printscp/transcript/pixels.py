"""Finds the pixel data inside an encoded data set (PS3.5 7), without decoding it."""

import struct

from pydicom.datadict import dictionary_has_tag, dictionary_VR

_PIXEL_DATA = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})


def pixel_data(encoded: memoryview, implicit: bool) -> tuple[int, int] | None:
    """Offset and length of the first Pixel Data (7FE0,0010), at whatever depth; None where there is none.

    Sequences and items are walked into, so lengths that are undefined need no care.
    """
    position, end = 0, len(encoded)
    while position + 8 <= end:
        group, number, length = struct.unpack_from("<HHL", encoded, position)
        tag, inside = group << 16 | number, False
        position += 8
        if tag in (_ITEM, _ITEM_END, _SEQUENCE_END):
            continue
        if implicit:
            inside = dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"
        else:
            vr = bytes(encoded[position - 4 : position - 2])
            if vr in _LONG:
                if position + 4 > end:
                    return None
                length = struct.unpack_from("<L", encoded, position)[0]
                position += 4
            else:
                length >>= 16
            inside = vr == b"SQ"
        if tag == _PIXEL_DATA:
            fits = length != _UNDEFINED and position + length <= end
            return (position, length) if fits else None
        if not inside and length != _UNDEFINED:
            position += length
    return None
