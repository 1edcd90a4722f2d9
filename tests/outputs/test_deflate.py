"""Streams of deflate: the same each time, wherever in memory they are made."""

import zlib
from collections.abc import Iterator

import numpy as np
from isal import isal_zlib

from printscp.outputs.deflate import begun

CASTAGNOLI = 0x82F63B78  # polynomial of the CRC-32C by which ISA-L hashes four bytes
BUCKETS = 8192  # of level 1
ALIAS = 32770  # a place that the third byte is taken for: distances are of 15 bits


def bucket(word: int) -> int:
    crc = 0
    for each in word.to_bytes(4, "little"):
        crc ^= each
        for _ in range(8):
            crc = crc >> 1 ^ CASTAGNOLI * (crc & 1)
    return crc % BUCKETS


def streams() -> Iterator[tuple[isal_zlib.Compress, isal_zlib.Compress, int]]:
    """Two in different places, and four bytes that ISA-L takes for those at `ALIAS` in the first alone."""
    words = {bucket(word): word for word in range(4 * BUCKETS)}
    made = [isal_zlib.compressobj(level=1, wbits=-15) for _ in range(40)]
    for first, second in zip(made[:20], made[20:], strict=True):
        register = id(first) >> 16 & 0xFFFFFFFF
        if register != id(second) >> 16 & 0xFFFFFFFF:
            yield first, second, words[bucket(register)]


def test_a_stream_is_the_same_wherever_in_memory_it_is_made() -> None:
    noise = np.random.default_rng(0)
    for *both, word in streams():
        data = bytearray(noise.bytes(40_000))
        for place in (ALIAS, *range(36_000, 40_000, 64)):
            data[place : place + 4] = word.to_bytes(4, "little")
        one, other = (b"".join((*begun(each, memoryview(data)), each.flush())) for each in both)
        assert one == other
        assert zlib.decompress(one, -15) == data
