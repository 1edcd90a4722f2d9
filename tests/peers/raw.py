"""A print SCU on a bare socket, as fast and as rude as a test or a benchmark wants it."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any, Self

from peers.bare import association_request, fragment
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom.dsutils import decode, encode
from pynetdicom.pdu import A_ASSOCIATE_AC

from printscp.wire.message import decode_command, encode_command

FIELDS = {
    "create": 0x0140,
    "set": 0x0120,
    "get": 0x0110,
    "action": 0x0130,
    "delete": 0x0150,
    "echo": 0x0030,
}  # PS3.7 E.1
N_EVENT_REPORT, RESPONSE = 0x0100, 0x8000
_NO_DATA_SET = 0x0101
PATIENCE = 60.0  # seconds for any one step; only something broken takes as long


@dataclass
class Said:
    """A message of the printer: elements of its command by keyword, and its data set."""

    command: dict[str, Any]
    data: bytes
    implicit: bool
    context_id: int = 0

    @property
    def status(self) -> int:
        return int(self.command["Status"])

    @cached_property
    def dataset(self) -> Dataset:
        return decode(BytesIO(self.data), self.implicit, True) if self.data else Dataset()


class RawScu:
    """An association on one blocking socket; context manager.

    Events that the printer reports meanwhile are collected in ``events``, and confirmed if ``confirm``.
    ``wrap`` makes another socket of the connected one, for TLS.
    """

    def __init__(
        self,
        address: tuple[str, int],
        contexts: Sequence[str],
        *,
        called: str = "PRINTSCP",
        calling: str = "RAW_SCU",
        syntax: str = ExplicitVRLittleEndian,
        confirm: bool = True,
        max_pdu: int = 131072,
        wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain,
    ) -> None:
        plain = socket.create_connection(address, PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = wrap(plain)
        self.events: list[Said] = []
        self.confirm = confirm
        self._implicit = UID(syntax).is_implicit_VR
        self._max_pdu = max_pdu
        self._message_id = 0
        try:
            self.contexts = self._associate(contexts, called, calling, syntax)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def prepare(self, dataset: Dataset, context: str) -> bytes:
        """The P-DATA-TF PDUs of a data set, ready to go."""
        encoded = encode(dataset, self._implicit, True)
        assert encoded is not None
        return b"".join(self._fragments(self.contexts[UID(context)], encoded, 0))

    def ask(
        self,
        verb: str,
        sop_class: str = "1.2.840.10008.1.1",
        instance: str | None = None,
        data: Dataset | bytes | None = None,
        *,
        context: str | None = None,
        **command: Any,
    ) -> Said:
        """Send a request and wait for its answer."""
        self.post(verb, sop_class, instance, data, context=context, **command)
        return self.answer()

    def post(
        self,
        verb: str,
        sop_class: str,
        instance: str | None = None,
        data: Dataset | bytes | None = None,
        *,
        context: str | None = None,
        **command: Any,
    ) -> None:
        """Send a request; ``data`` may be what `prepare` gave."""
        self._message_id = self._message_id % 0xFFFF + 1
        context = context or sop_class
        affected = verb in ("create", "echo")
        given = {
            "CommandField": FIELDS[verb],
            "MessageID": self._message_id,
            "CommandDataSetType": _NO_DATA_SET if data is None else 1,
            "AffectedSOPClassUID" if affected else "RequestedSOPClassUID": UID(sop_class),
            "AffectedSOPInstanceUID" if affected else "RequestedSOPInstanceUID": instance,
            "ActionTypeID": 1 if verb == "action" else None,
            **command,
        }
        prepared = self.prepare(data, context) if isinstance(data, Dataset) else data or b""
        self.socket.sendall(self._command(given, self.contexts[UID(context)]) + prepared)

    def answer(self) -> Said:
        """The next message of the printer that is a response."""
        while True:
            said = self._message()
            if said.command["CommandField"] != N_EVENT_REPORT:
                return said
            self._event(said)

    def wait_for_event(self) -> Said:
        """The next event, where no answer is under way."""
        said = self._message()
        assert said.command["CommandField"] == N_EVENT_REPORT, said.command
        self._event(said)
        return said

    def acknowledge(self, event: Said) -> None:
        """Confirm an event."""
        kept = ("AffectedSOPClassUID", "AffectedSOPInstanceUID", "EventTypeID")
        response = {keyword: event.command[keyword] for keyword in kept if keyword in event.command} | {
            "CommandField": N_EVENT_REPORT | RESPONSE,
            "MessageIDBeingRespondedTo": event.command["MessageID"],
            "CommandDataSetType": _NO_DATA_SET,
            "Status": 0,
        }
        with contextlib.suppress(OSError):
            self.socket.sendall(self._command(response, event.context_id))

    def release(self) -> None:
        """A-RELEASE; messages that cross it are read."""
        self.socket.sendall(b"\x05\0\0\0\0\4\0\0\0\0")
        while True:
            kind, _ = self._pdu()
            if kind == 6:
                break
            assert kind == 4, f"PDU type {kind} in place of A-RELEASE-RP"
        self.socket.close()

    def abort(self) -> None:
        """A-ABORT."""
        self.socket.sendall(b"\x07\0\0\0\0\4\0\0\0\0")
        self.socket.close()

    def reset(self) -> None:
        """A TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _event(self, said: Said) -> None:
        self.events.append(said)
        if self.confirm:
            self.acknowledge(said)

    def _associate(self, contexts: Sequence[str], called: str, calling: str, syntax: str) -> dict[UID, int]:
        """Context IDs by abstract syntax, of those that were accepted."""
        self.socket.sendall(association_request(called, calling, contexts, syntax, self._max_pdu))
        kind, answer = self._pdu()
        if kind == 3:
            raise ConnectionRefusedError(tuple(answer[1:4]))  # result, source, reason
        assert kind == 2, f"PDU type {kind} in place of A-ASSOCIATE-AC"
        accepted = A_ASSOCIATE_AC()
        accepted.decode(struct.pack(">BxL", kind, len(answer)) + answer)
        assert accepted.user_information is not None
        self._limit = accepted.user_information.maximum_length or self._max_pdu
        taken = {context.context_id for context in accepted.presentation_context if context.result == 0}
        return {UID(name): 2 * n + 1 for n, name in enumerate(contexts) if 2 * n + 1 in taken}

    def _command(self, command: dict[str, Any], context_id: int) -> bytes:
        return b"".join(self._fragments(context_id, encode_command(command), 1))

    def _fragments(self, context_id: int, data: bytes, kind: int) -> Iterator[bytes]:
        most = self._limit - 6
        for start in range(0, len(data), most):
            part = data[start : start + most]
            control = kind | (2 if start + most >= len(data) else 0)
            yield fragment(part, control, context_id)

    def _message(self) -> Said:
        parts = bytearray(), bytearray()  # data set, command
        last = [False, False]
        command: dict[str, Any] = {}
        context_id = 0
        while not last[1] or (command["CommandDataSetType"] != _NO_DATA_SET and not last[0]):
            kind, body = self._pdu()
            if kind == 7:
                raise ConnectionAbortedError(tuple(body[2:4]))  # source, reason
            assert kind == 4, f"PDU type {kind} in place of a message"
            offset = 0
            while offset < len(body):
                length, context_id, control = struct.unpack_from(">LBB", body, offset)
                parts[control & 1].extend(body[offset + 6 : offset + 4 + length])
                last[control & 1] = bool(control & 2)
                offset += 4 + length
            if last[1] and not command:
                command = decode_command(bytes(parts[1]))
        return Said(command, bytes(parts[0]), self._implicit, context_id)

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxL", self._read(6))
        return kind, self._read(length)

    def _read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise ConnectionError("the printer closed the connection")
            data += piece
        return bytes(data)
