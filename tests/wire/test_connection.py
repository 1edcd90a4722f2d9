"""A connection: PDUs whole however they come, and bytes sent however slowly they are taken."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from printscp.wire.connection import Bell, Connection
from printscp.wire.message import ProtocolError


@contextmanager
def pair(**association: Any) -> Iterator[tuple[Connection, socket.socket]]:
    """A connection and its peer's socket."""
    ours, theirs = socket.socketpair()
    events: Queue[str] = Queue()
    about = {"is_established": True, "dimse_timeout": 20.0, "_kill": False} | association
    connection = Connection(SimpleNamespace(dul=SimpleNamespace(event_queue=events), **about), ours)
    try:
        yield connection, theirs
    finally:
        connection.close()
        theirs.close()


def pdu(length: int, kind: int = 4) -> bytes:
    return struct.pack(">BxL", kind, length) + (bytes(range(251)) * (length // 251 + 1))[:length]


SIZES = st.one_of(st.integers(0, 20), st.integers(0, 3000), st.integers(60_000, 140_000))


@settings(deadline=None, max_examples=50)
@given(st.lists(SIZES, min_size=1, max_size=8), st.lists(st.integers(1, 50_000), max_size=40))
def test_pdus_come_out_as_they_went_in_however_they_are_cut(sizes: list[int], pieces: list[int]) -> None:
    sent = [pdu(size, 1 + number % 7) for number, size in enumerate(sizes)]
    stream = b"".join(sent)
    received = []
    with pair() as (connection, peer):
        for at in chain(pieces, repeat(50_000)):
            if not stream:
                break
            peer.sendall(stream[:at])
            stream = stream[at:]
            while connection.fill():
                while (view := connection.take()) is not None:
                    received.append(bytes(view))
        assert not connection.holds_part
        assert not connection.at_end
    assert received == sent


def test_the_end_of_the_stream_is_told_after_what_came_before_it() -> None:
    with pair() as (connection, peer):
        peer.sendall(pdu(10) + pdu(100)[:50])
        peer.shutdown(socket.SHUT_WR)
        assert connection.fill()
        assert bytes(connection.take() or b"") == pdu(10)
        assert not connection.fill()
        assert connection.at_end
        assert connection.holds_part
        assert connection.take() is None


@pytest.mark.parametrize(
    ("header", "association", "words"),
    [
        (struct.pack(">BxL", 0, 10), {}, "0x00"),
        (b"GET / HTTP/1.1", {}, "0x47"),
        (struct.pack(">BxL", 4, (1 << 26) + 1), {}, "67108865 bytes"),
        (struct.pack(">BxL", 1, (1 << 20) + 1), {"is_established": False}, "1048577 bytes"),
    ],
)
def test_what_is_no_pdu_is_refused_by_its_header(
    header: bytes, association: dict[str, Any], words: str
) -> None:
    with pair(**association) as (connection, peer):
        peer.sendall(header)
        with pytest.raises(ProtocolError, match=words):
            connection.fill()
        connection.deaf = True
        peer.sendall(pdu(10))
        assert not connection.fill()
        assert connection.take() is None
        peer.close()
        assert not connection.fill()
        assert connection.at_end


def test_memory_is_taken_for_what_came_and_not_for_what_was_announced() -> None:
    with pair() as (connection, peer):
        peer.sendall(struct.pack(">BxL", 4, 1 << 26))
        assert connection.fill()
        assert len(connection._buffer) < 1 << 18


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=2_000_000))
@example(bytes(4_000_000))
def test_all_is_sent_to_a_peer_that_takes_it_piece_by_piece(data: bytes) -> None:
    received = bytearray()
    with pair() as (connection, peer):

        def take() -> None:
            while len(received) < len(data):
                received.extend(peer.recv(10_000))

        reader = threading.Thread(target=take)
        reader.start()
        connection.transmit(data)
        reader.join(20)
    assert received == data


def test_a_peer_that_takes_nothing_is_given_up() -> None:
    with pair(dimse_timeout=0.0) as (connection, _), pytest.raises(TimeoutError):
        connection.transmit(bytes(10_000_000))


def test_sending_to_a_stuck_peer_ends_with_the_association() -> None:
    with pair(_kill=True) as (connection, _):
        connection.send(bytes(10_000_000))
        assert connection.event_queue.get_nowait() == "Evt5"
        assert connection.event_queue.get_nowait() == "Evt17"


def test_a_bell_wakes_however_often_it_is_rung_and_after_its_end() -> None:
    bell = Bell()
    poller = select.poll()
    poller.register(bell, select.POLLIN)
    assert not poller.poll(0)
    for _ in range(100_000):
        bell.ring()
    assert poller.poll(0)
    while poller.poll(0):
        bell.silence()
    bell.close()
    bell.ring()
