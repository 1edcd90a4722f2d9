"""DIMSE messages: command sets, and how fragments become messages and messages PDUs (PS3.7 6.3, PS3.8 9.3.5).

pynetdicom's own path makes a data set of each command set and copies each byte of pixel data many times; this
one knows the few command elements that the print service uses, and copies pixels once, while the rest of them
is still on its way.
"""

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom.config import IGNORE
from pydicom.uid import UID

C_ECHO, C_CANCEL = 0x0030, 0x0FFF
N_EVENT_REPORT, N_GET, N_SET, N_ACTION, N_CREATE, N_DELETE = 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150
RESPONSE = 0x8000

ANNOUNCED_DATA_GRACE = 1.0
"""Seconds after which the data set that an N-CREATE or N-ACTION announced is taken to be empty.

pynetdicom's SCU announces an empty data set and sends no fragment of it; it would wait for ever.
"""

_NO_DATA_SET = 0x0101
_LONGEST = 1 << 30  # bytes of a data set; no film that a printer could hold comes in one that is longer
_COMMAND, _LAST = 1, 2  # bits of the message control header, PS3.8 E.2
_P_DATA_TF = 4
_PDV_HEADER = struct.Struct(">LBB")  # length, presentation context ID, message control header
_ELEMENT = struct.Struct("<HHL")

# Command elements of group 0000 by keyword, and how their values are written (PS3.7 E).
_US, _UI, _LO, _AT = "US", "UI", "LO", "AT"
_ELEMENTS = {
    "AffectedSOPClassUID": (0x0002, _UI),
    "RequestedSOPClassUID": (0x0003, _UI),
    "CommandField": (0x0100, _US),
    "MessageID": (0x0110, _US),
    "MessageIDBeingRespondedTo": (0x0120, _US),
    "CommandDataSetType": (0x0800, _US),
    "Status": (0x0900, _US),
    "OffendingElement": (0x0901, _AT),
    "ErrorComment": (0x0902, _LO),
    "AffectedSOPInstanceUID": (0x1000, _UI),
    "RequestedSOPInstanceUID": (0x1001, _UI),
    "EventTypeID": (0x1002, _US),
    "AttributeIdentifierList": (0x1005, _AT),
    "ActionTypeID": (0x1008, _US),
}
_KEYWORDS = {element: (keyword, vr) for keyword, (element, vr) in _ELEMENTS.items()}


class ProtocolError(Exception):
    """Bytes that are no DIMSE message: the association cannot go on."""


@dataclass
class Message:
    """``command`` holds elements by keyword: int, UID, str or tuple of tags; ``data`` is the data set, empty
    where it is ``lost``: there was no room for it."""

    context_id: int
    command: dict[str, Any]
    data: bytes | bytearray = field(default=b"", repr=False)
    lost: bool = False

    @property
    def command_field(self) -> int:
        return int(self.command["CommandField"])


HasRoom = Callable[[Message, int], bool]


class Assembler:
    """Puts the fragments of P-DATA-TF PDUs together, one message at a time.

    ``has_room`` is asked whether a message may have a data set of so many bytes, each time that more come.
    """

    def __init__(self, has_room: HasRoom = lambda message, size: True) -> None:
        self._has_room = has_room
        self._command = b""
        self._message: Message | None = None
        self._data = bytearray()
        self._size = 0
        self._announced: float | None = None

    def feed(self, pdu: memoryview) -> Iterator[Message]:
        """The messages that the variable field of a PDU completes.

        Raises:
            ProtocolError
        """
        position = 0
        while position < len(pdu):
            try:
                length, context_id, control = _PDV_HEADER.unpack_from(pdu, position)
            except struct.error as error:
                raise ProtocolError("a presentation data value is cut short") from error
            end = position + 4 + length
            if length < 2 or end > len(pdu):
                raise ProtocolError(f"a presentation data value of {length} bytes in a PDU of {len(pdu)}")
            yield from self._fragment(context_id, control, pdu[position + _PDV_HEADER.size : end])
            position = end

    @property
    def unfinished(self) -> bool:
        """A message has begun and is not complete."""
        return bool(self._command) or self._message is not None

    def due(self) -> float | None:
        """Seconds until an announced data set is given up, None where none is awaited."""
        if self._announced is None:
            return None
        return max(0.0, self._announced + ANNOUNCED_DATA_GRACE - time.monotonic())

    def give_up_waiting(self) -> Iterator[Message]:
        """The message whose announced data set did not come, when its time is up."""
        if self.due() == 0.0:
            yield self._complete()

    def _fragment(self, context_id: int, control: int, payload: memoryview) -> Iterator[Message]:
        self._announced = None
        if control & _COMMAND:
            if self._message is not None:
                raise ProtocolError("a command inside the data set of another")
            self._command += payload
            if control & _LAST:
                self._message = Message(context_id, decode_command(self._command))
                self._command = b""
                if self._message.command.get("CommandDataSetType") == _NO_DATA_SET:
                    yield self._complete()
                elif self._message.command_field in (N_CREATE, N_ACTION):
                    self._announced = time.monotonic()
            return
        if self._message is None:
            raise ProtocolError("a data set without a command")
        self._size += len(payload)
        if self._size > _LONGEST:
            raise ProtocolError(f"a data set of more than {_LONGEST} bytes")
        if self._message.lost or not self._has_room(self._message, self._size):
            # What is still to come is thrown away: the SCU reads no answer before it has sent all.
            self._message.lost = True
            self._data = bytearray()
        else:
            self._data += payload
        if control & _LAST:
            yield self._complete()

    def _complete(self) -> Message:
        message = self._message
        assert message is not None
        message.data = self._data
        self._message, self._data, self._size, self._announced = None, bytearray(), 0, None
        return message


def decode_command(encoded: bytes) -> dict[str, Any]:
    """Command elements by keyword; those the print service has no use for are left out.

    Raises:
        ProtocolError: it is no command set, or has no Command Field.
    """
    command: dict[str, Any] = {}
    position = 0
    try:
        while position < len(encoded):
            group, element, length = _ELEMENT.unpack_from(encoded, position)
            position += _ELEMENT.size + length
            if group != 0 or position > len(encoded):
                raise ProtocolError("the command set cannot be decoded")
            if element in _KEYWORDS:
                keyword, vr = _KEYWORDS[element]
                command[keyword] = _decoded(encoded[position - length : position], vr)
    except (struct.error, ValueError) as error:  # no text, or half a tag
        raise ProtocolError("the command set cannot be decoded") from error
    if not isinstance(command.get("CommandField"), int):
        raise ProtocolError("the command set has no Command Field")
    return command


def _decoded(value: bytes, vr: str) -> Any:
    if not value:
        return None
    if vr == _US:
        return struct.unpack_from("<H", value)[0]
    if vr == _AT:
        words = struct.unpack(f"<{len(value) // 2}H", value)
        return tuple(group << 16 | element for group, element in zip(words[::2], words[1::2], strict=True))
    text = value.decode("ascii").rstrip("\0 ")
    # Whether it keeps the rules for UIDs is for the dialogue to say, not for a warning.
    return UID(text, IGNORE) if vr == _UI else text


def encode_command(command: dict[str, Any]) -> bytes:
    """A command set in implicit VR little endian, Command Group Length first; None stands for absent."""
    elements = b"".join(
        _ELEMENT.pack(0, element, len(value)) + value
        for element, value in sorted(
            (_ELEMENTS[keyword][0], _encoded(value, _ELEMENTS[keyword][1]))
            for keyword, value in command.items()
            if value is not None
        )
    )
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<L", len(elements)) + elements


def _encoded(value: Any, vr: str) -> bytes:
    if vr == _US:
        return struct.pack("<H", value)
    if vr == _AT:
        return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value)
    text = str(value).encode("ascii", "replace")
    return text + (b"\0" if vr == _UI else b" ") * (len(text) % 2)


def pdus(message: Message, limit: int) -> bytes:
    """The P-DATA-TF PDUs of a message, none with a variable field longer than ``limit`` (0: no limit)."""
    command = message.command | {"CommandDataSetType": 1 if message.data else _NO_DATA_SET}
    parts = [(_COMMAND, encode_command(command)), (0, message.data)]
    return b"".join(
        struct.pack(">BBL", _P_DATA_TF, 0, len(fragment) + 6)
        + _PDV_HEADER.pack(len(fragment) + 2, message.context_id, control)
        + fragment
        for kind, encoded in parts
        for control, fragment in _fragments(kind, encoded, limit)
    )


def _fragments(kind: int, encoded: bytes | bytearray, limit: int) -> Iterable[tuple[int, bytes | bytearray]]:
    size = limit - 6 if limit else len(encoded)
    for start in range(0, len(encoded), max(size, 1)):
        fragment = encoded[start : start + size]
        yield kind | (_LAST if start + size >= len(encoded) else 0), fragment
