"""An SCU that is one socket, plain or under TLS: it sends what a test says, whole PDUs or half ones."""

import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Self

from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification

PATIENCE = 20.0  # seconds for any one step; only something broken takes as long
A_ASSOCIATE_RQ_TYPE, ACCEPTED, REJECTED, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
RELEASE_REQUEST = bytes((RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0))
ABORT_REQUEST = bytes((ABORT, 0, 0, 0, 0, 4, 0, 0, 0, 0))
COMMAND, LAST = 1, 2  # message control header
NO_DATA_SET, DATA_SET = 0x0101, 0x0001

Elements = dict[int, bytes]


def association_request(
    called: str = "PRINTSCP",
    calling: str = "RAW",
    contexts: Sequence[str] = (Verification,),
    syntax: str = ImplicitVRLittleEndian,
    max_pdu: int = 1 << 17,
) -> bytes:
    """An A-ASSOCIATE-RQ; contexts have the IDs 1, 3, 5 and so on."""
    request = A_ASSOCIATE()
    request.application_context_name = UID("1.2.840.10008.3.1.1.1")
    request.called_ae_title, request.calling_ae_title = called, calling
    proposed = [build_context(context, syntax) for context in contexts]
    for number, context in enumerate(proposed):
        context.context_id = 2 * number + 1
    request.presentation_context_definition_list = proposed
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = max_pdu
    implementation.implementation_class_uid = UID("1.2.826.0.1.3680043.8.498.3")
    request.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    return pdu.encode()


def fragment(payload: bytes, control: int, context: int = 1) -> bytes:
    """A P-DATA-TF PDU with one presentation data value."""
    return struct.pack(">BxLLBB", P_DATA, len(payload) + 6, len(payload) + 2, context, control) + payload


def command(field: int, message_id: int = 1, data_set: int = NO_DATA_SET) -> bytes:
    """The command set of a request: Command Field, Message ID, Command Data Set Type."""
    return _command({0x0100: field, 0x0110: message_id, 0x0800: data_set})


def response(field: int, message_id: int) -> bytes:
    """The command set of a response with success: Message ID Being Responded To, and Status besides."""
    return _command({0x0100: field, 0x0120: message_id, 0x0800: NO_DATA_SET, 0x0900: 0})


def echo_request(message_id: int = 1, context: int = 1) -> bytes:
    return fragment(command(0x0030, message_id), COMMAND | LAST, context)


def _command(values: dict[int, int]) -> bytes:
    elements = b"".join(_element(number, struct.pack("<H", value)) for number, value in values.items())
    return _element(0x0000, struct.pack("<L", len(elements))) + elements


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value)) + value


class BareScu:
    """Context manager; closes its socket, however the association ended.

    ``tls`` is a client's context. ``answer`` is the acceptor's PDU, once `associate` was called.
    """

    def __init__(
        self, address: tuple[str, int], tls: ssl.SSLContext | None = None, source: str = "127.0.0.1"
    ) -> None:
        self.socket = socket.create_connection(address, PATIENCE, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            try:
                self.socket = tls.wrap_socket(self.socket, server_hostname=address[0])
            except BaseException:
                self.socket.close()
                raise

    def associate(self, *names: str, contexts: tuple[str, ...] = (Verification,)) -> Self:
        """``names`` are the called and the calling AE title."""
        self.send(association_request(*names, contexts=contexts))
        kind, body = self.pdu()
        self.answer = {ACCEPTED: A_ASSOCIATE_AC, REJECTED: A_ASSOCIATE_RJ}[kind]()
        self.answer.decode(struct.pack(">BxL", kind, len(body)) + body)
        return self

    @property
    def rejection(self) -> tuple[int, int, int] | None:
        """Result, source and reason; None when the association stands."""
        rejected = self.answer if isinstance(self.answer, A_ASSOCIATE_RJ) else None
        return rejected and (rejected.result, rejected.source, rejected.reason_diagnostic)

    def echo(self, context: int = 1) -> int:
        """C-ECHO; its status."""
        self.send(echo_request(context=context))
        return int.from_bytes(self.reply()[0x0900], "little")

    def reply(self) -> Elements:
        """The next command set that comes, which is in one PDU; elements of group 0000 by number."""
        kind, body = self.pdu()
        assert kind == P_DATA, f"a PDU of type {kind}"
        assert body[5] & COMMAND
        return dict(elements(body[6:]))

    def release(self) -> None:
        self.send(RELEASE_REQUEST)
        assert self.pdu()[0] == RELEASE_RP

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def pdu(self) -> tuple[int, bytes]:
        """Type and variable field of the next PDU."""
        kind, length = struct.unpack(">BxL", self._exactly(6))
        return kind, self._exactly(length)

    def rest(self) -> bytes:
        """All that comes until the printer closes; a reset counts as a close."""
        received = b""
        try:
            while piece := self.socket.recv(1 << 16):
                received += piece
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            pass
        return received

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            assert piece, "the printer closed the connection"
            data += piece
        return data


def elements(encoded: bytes) -> list[tuple[int, bytes]]:
    """Number and value of each element of a command set."""
    found, offset = [], 0
    while offset < len(encoded):
        _, number, length = struct.unpack_from("<HHL", encoded, offset)
        found.append((number, encoded[offset + 8 : offset + 8 + length]))
        offset += 8 + length
    return found
