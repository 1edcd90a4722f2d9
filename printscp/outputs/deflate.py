"""Deflate at memory speed: the rows of a page, PNG-filtered, in one zlib stream that all cores make together.

PDF, PNG and PostScript read the same stream.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from isal import isal_zlib

from printscp.outputs.rows import Rows

_RUN = 256  # rows that a thread takes at a time
_STRIP_BYTES = 1 << 18  # what stays in the cache from look-up to deflate
# So many bytes alone, the look-ahead of ISA-L and one, begin each stream, which makes it the same each time:
# where the first pass sees more of it, level 1 looks for matches by what happens to be in a register, which
# tells where in memory the stream lies (.write_first_byte of its igzip_icf_body_h1_gr_bt.asm).
_BEGINNING = 289
_PNG_UP = 2  # PNG filter type: each byte minus the one above it

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def in_threads(work: Callable[[_Item], _Made], items: Sequence[_Item]) -> Iterator[_Made]:
    """What becomes of each item, in their order, by as many threads as OpenCV may use: a worker that has not
    the whole machine for itself says so there."""
    with ThreadPoolExecutor(cv2.getNumThreads()) as threads:
        yield from threads.map(work, items)


def begun(deflate: "isal_zlib.Compress", data: memoryview) -> Iterator[bytes]:
    """What a stream gives for the first of its data, wherever in memory it is."""
    yield deflate.compress(data[:_BEGINNING])
    yield deflate.compress(data[_BEGINNING:])


@dataclass
class _Deflated:
    """A run of rows: raw deflate data, and Adler-32 and length of what was deflated."""

    data: list[bytes]
    adler: int
    length: int


def zlib_stream(rows: Rows) -> Iterator[bytes]:
    """A page as PNG-filtered rows in one zlib stream (RFC 1950), in parts; the last are its Adler-32.

    Threads take runs of rows as they get free; a sync flush makes the end of a run a place to go on from.
    """
    runs = [(top, min(top + _RUN, rows.count)) for top in range(0, rows.count, _RUN)]
    sum_so_far = 1, 0
    yield b"\x78\x01"
    for run in in_threads(lambda run: _deflate(rows, *run), runs):
        yield from run.data
        sum_so_far = _adler_of_both(sum_so_far, (run.adler, run.length))
    yield sum_so_far[0].to_bytes(4, "big")


def _deflate(rows: Rows, top: int, end: int) -> _Deflated:
    """Rows ``top`` to before ``end``, strip by strip."""
    high = max(1, _STRIP_BYTES // rows.width)
    deflate = isal_zlib.compressobj(level=1, wbits=-15)
    filtered = np.empty((high, rows.width + 1), np.uint8)
    filtered[:, 0] = _PNG_UP
    deflated = _Deflated([], 1, (end - top) * (rows.width + 1))
    above = np.zeros((1, rows.width), np.uint8) if top == 0 else rows.read(top - 1, top)
    for row in range(top, end, high):
        strip = rows.read(row, min(row + high, end))
        part = filtered[: len(strip)]
        np.subtract(strip[:1], above, out=part[:1, 1:])
        np.subtract(strip[1:], strip[:-1], out=part[1:, 1:])
        above = strip[-1:]
        data = part.data.cast("B")
        deflated.adler = isal_zlib.adler32(data, deflated.adler)
        deflated.data += begun(deflate, data) if row == top else (deflate.compress(data),)
    last = end == rows.count
    deflated.data.append(deflate.flush(isal_zlib.Z_FINISH if last else isal_zlib.Z_SYNC_FLUSH))
    return deflated


def _adler_of_both(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """Adler-32 and length of two runs in a row from those of each: its sums are linear (RFC 1950 8.2)."""
    (adler, length), (adler_after, length_after) = first, second
    base = 65521
    low = (adler & 0xFFFF) + (adler_after & 0xFFFF) - 1
    high = (adler >> 16) + (adler_after >> 16) + length_after * ((adler & 0xFFFF) - 1)
    return high % base << 16 | low % base, length + length_after
