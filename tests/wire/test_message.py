"""Fragments into messages and back, whatever the peer cuts them into, and whatever it sends instead."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from printscp.wire import message as wire
from printscp.wire.message import Assembler, Message, ProtocolError, decode_command, encode_command, pdus

uids = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){1,5}", fullmatch=True).map(UID)
shorts = st.integers(0, 0xFFFF)
tags = st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=5).map(tuple)
commands = st.fixed_dictionaries(
    {"CommandField": st.sampled_from([wire.N_GET, wire.N_SET, wire.N_DELETE]), "MessageID": shorts},
    optional={
        "RequestedSOPClassUID": uids,
        "RequestedSOPInstanceUID": uids,
        "Status": shorts,
        "AttributeIdentifierList": tags,
        "ErrorComment": st.text("abc XYZ", min_size=1, max_size=64).map(str.strip).filter(bool),
        "ActionTypeID": shorts,
    },
)


def variable_fields(stream: bytes) -> list[bytes]:
    """What stands in the P-DATA-TF PDUs of a stream."""
    fields = []
    while stream:
        kind, _, length = struct.unpack(">BBL", stream[:6])
        assert kind == 4
        fields.append(stream[6 : 6 + length])
        stream = stream[6 + length :]
    return fields


@given(commands, st.binary(max_size=300), st.one_of(st.just(0), st.integers(7, 400)))
def test_what_is_sent_is_what_arrives(command: dict[str, Any], data: bytes, limit: int) -> None:
    sent = Message(5, command, data)
    fields = variable_fields(pdus(sent, limit))
    assert all(len(field) <= limit or not limit for field in fields)
    assembler = Assembler()
    arrived = [message for field in fields for message in assembler.feed(memoryview(field))]
    (message,) = arrived
    data_set_type = message.command.pop("CommandDataSetType")
    assert (message.context_id, message.command, bytes(message.data)) == (5, command, data)
    assert (data_set_type == 0x0101) == (not data)


@given(commands, st.binary(min_size=1, max_size=300))
def test_two_messages_may_share_a_pdu(command: dict[str, Any], data: bytes) -> None:
    field = b"".join(variable_fields(pdus(Message(1, command, data), 0)))
    assembler = Assembler()
    assert len(list(assembler.feed(memoryview(field * 2)))) == 2


@given(st.binary(max_size=200))
def test_garbage_is_a_protocol_error_and_nothing_else(garbage: bytes) -> None:
    try:
        list(Assembler().feed(memoryview(garbage)))
    except ProtocolError:
        return


@given(commands, st.data())
def test_a_damaged_command_is_a_protocol_error_or_another_command(
    command: dict[str, Any], data: st.DataObject
) -> None:
    encoded = bytearray(encode_command(command))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode_command(bytes(encoded))
    except ProtocolError:
        return


def fragment(control: int, payload: bytes) -> memoryview:
    return memoryview(struct.pack(">LBB", len(payload) + 2, 1, control) + payload)


def test_fragments_out_of_order_are_refused() -> None:
    command = encode_command({"CommandField": wire.N_SET, "CommandDataSetType": 1})
    with pytest.raises(ProtocolError, match="without a command"):
        list(Assembler().feed(fragment(2, b"data")))
    assembler = Assembler()
    assert list(assembler.feed(fragment(3, command))) == []
    with pytest.raises(ProtocolError, match="inside the data set"):
        list(assembler.feed(fragment(3, command)))


@given(commands, st.binary(min_size=1, max_size=300), st.integers(0, 400))
def test_a_data_set_without_room_is_lost_and_the_next_one_is_not(
    command: dict[str, Any], data: bytes, room: int
) -> None:
    asked: list[int] = []

    def has_room(message: Message, size: int) -> bool:
        asked.append(size)
        return size <= room

    assembler = Assembler(has_room)
    for sent in (data, data[:room], data):
        fields = variable_fields(pdus(Message(5, command, sent), 50))
        [message] = [message for field in fields for message in assembler.feed(memoryview(field))]
        assert message.lost == (len(sent) > room)
        assert bytes(message.data) == (b"" if message.lost else sent)
        assert not message.lost or asked[-1] > room, "asked on in vain"


@pytest.mark.parametrize(
    ("field", "waits"), [(wire.N_CREATE, True), (wire.N_ACTION, True), (wire.N_SET, False)]
)
def test_announced_data_that_does_not_come_is_given_up(
    monkeypatch: pytest.MonkeyPatch, field: int, waits: bool
) -> None:
    now = 100.0
    monkeypatch.setattr(wire.time, "monotonic", lambda: now)
    assembler = Assembler()
    command = encode_command({"CommandField": field, "CommandDataSetType": 1})
    assert list(assembler.feed(fragment(3, command))) == []
    assert assembler.due() == (wire.ANNOUNCED_DATA_GRACE if waits else None)
    assert list(assembler.give_up_waiting()) == []
    now += wire.ANNOUNCED_DATA_GRACE
    assert [message.data for message in assembler.give_up_waiting()] == ([b""] if waits else [])
    assert assembler.due() is None


def test_data_that_comes_late_but_comes_is_waited_for() -> None:
    assembler = Assembler()
    command = encode_command({"CommandField": wire.N_CREATE, "CommandDataSetType": 1})
    list(assembler.feed(fragment(3, command)))
    assert list(assembler.feed(fragment(0, b"da"))) == []
    assert assembler.due() is None  # it has begun
    assert [bytes(message.data) for message in assembler.feed(fragment(2, b"ta"))] == [b"data"]


def test_half_a_tag_is_no_command() -> None:
    tags = bytes.fromhex("00000510 06000000 0820 1000 0820")  # Attribute Identifier List of a tag and a half
    with pytest.raises(ProtocolError, match="cannot be decoded"):
        decode_command(tags)
