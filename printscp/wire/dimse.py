"""DIMSE-N on the wire: a message becomes a `Request`, an `Answer` or a `PrintError` becomes its response.

One function per verb says what its command keeps where; `Responder` holds the one `except`.
"""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_sequence
from pydicom.uid import UID
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext

from printscp.errors import MistypedArgument, PrintError, UnrecognizedOperation
from printscp.film.dialogue import Answer, Dialogue, Request
from printscp.wire.association import PrintAssociation
from printscp.wire.message import (
    C_CANCEL,
    C_ECHO,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_GET,
    N_SET,
    RESPONSE,
    Message,
)

_COPIED = 1 << 14  # bytes; longer values of a data set stay where they are
_COMMENT_LENGTH = 64  # Error Comment (0000,0902) is LO

log = logging.getLogger(__name__)

Command = dict[str, Any]


def n_create(command: Command, dataset: Dataset) -> Request:
    return Request(
        _needed(command, "AffectedSOPClassUID"), command.get("AffectedSOPInstanceUID") or None, dataset
    )


def n_set(command: Command, dataset: Dataset) -> Request:
    return Request(*_requested(command), dataset)


def n_get(command: Command, dataset: Dataset) -> Request:
    return Request(*_requested(command), dataset, attributes=command.get("AttributeIdentifierList") or ())


def n_action(command: Command, dataset: Dataset) -> Request:
    return Request(*_requested(command), dataset, action_type=_needed(command, "ActionTypeID"))


def n_delete(command: Command, dataset: Dataset) -> Request:
    return Request(*_requested(command), dataset)


# By Command Field: the name of the service, the verb of the dialogue, and how its request is read.
_VERBS: dict[int, tuple[str, str, Callable[[Command, Dataset], Request]]] = {
    N_CREATE: ("N-CREATE", "create", n_create),
    N_SET: ("N-SET", "set", n_set),
    N_GET: ("N-GET", "get", n_get),
    N_ACTION: ("N-ACTION", "action", n_action),
    N_DELETE: ("N-DELETE", "delete", n_delete),
}


class Responder:
    """Answers every request of one association."""

    def __init__(self, association: PrintAssociation, dialogue: Dialogue) -> None:
        self._association = association
        self._dialogue = dialogue

    def close(self) -> None:
        """The association has ended: its instances go."""
        self._dialogue.close()
        log.info("%s: association ended", self._association.peer)

    def respond(self, message: Message, context: PresentationContext) -> None:
        """Perform one message and send its response.

        Raises:
            OSError: the connection is dead.
        """
        if message.command_field & RESPONSE or message.command_field == C_CANCEL:
            log.debug("%s: nothing to answer in %s", self._association.peer, message.command)
            return
        started = time.monotonic()
        answer, data, comment, tags = self._perform(message, context)
        self._send(message, answer, data, comment, tags)
        self._dialogue.between_requests()
        if log.isEnabledFor(logging.INFO):
            log.info(
                "%s %s %s: 0x%04X%s (%.1f ms)",
                self._association.peer,
                _VERBS.get(message.command_field, (f"0x{message.command_field:04X}",))[0],
                UID(_class_uid(message.command) or "").name,
                answer.status,
                f" {comment}" if comment else "",
                (time.monotonic() - started) * 1000,
            )

    def _perform(
        self, message: Message, context: PresentationContext
    ) -> tuple[Answer, bytes, str, tuple[int, ...]]:
        """The answer, its encoded data set, its comment and the tags it names."""
        if message.command_field == C_ECHO:
            return Answer(), b"", "", ()
        try:
            if message.command_field not in _VERBS:
                raise UnrecognizedOperation("this service is not of the print service class")
            _, verb, read = _VERBS[message.command_field]
            answer = self._dialogue.perform(verb, read(message.command, _decode(message.data, context)))
            data = _encode(answer.dataset, context) if answer.dataset else b""
        except PrintError as error:
            tags = tuple(tag_for_keyword(keyword) or 0 for keyword in error.offending)
            return Answer(error.status), b"", error.comment, tags
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("%s: unforeseen error, reference %s", self._association.peer, reference)
            comment = f"internal error, see the printer's log for {reference}"
            return Answer(PrintError.status), b"", comment, ()
        comment = f"{len(answer.ignored)} attributes unknown here" if answer.ignored else ""
        return answer, data, comment, answer.ignored

    def _send(
        self,
        message: Message,
        answer: Answer,
        data: bytes,
        comment: str,
        tags: tuple[int, ...],
    ) -> None:
        request = message.command
        instance = request.get("RequestedSOPInstanceUID") or request.get("AffectedSOPInstanceUID")
        command = {
            "AffectedSOPClassUID": _class_uid(request),
            "CommandField": message.command_field | RESPONSE,
            "MessageIDBeingRespondedTo": request.get("MessageID"),
            "Status": answer.status,
            # LO has neither backslashes nor more than 64 characters.
            "ErrorComment": comment.replace("\\", "/")[:_COMMENT_LENGTH].strip() or None,
            "AffectedSOPInstanceUID": answer.instance or instance,
            "AttributeIdentifierList": tags or None,
            "ActionTypeID": request.get("ActionTypeID"),
        }
        self._association.dul.send(Message(message.context_id, command, data))


def _needed(command: Command, keyword: str) -> Any:
    value = command.get(keyword)
    if value is None:
        raise MistypedArgument(f"the command has no {keyword}")
    return value


def _requested(command: Command) -> tuple[UID, UID]:
    return _needed(command, "RequestedSOPClassUID"), _needed(command, "RequestedSOPInstanceUID")


def _class_uid(command: Command) -> UID | None:
    uid: UID | None = command.get("RequestedSOPClassUID") or command.get("AffectedSOPClassUID")
    return uid


def _decode(encoded: bytes | bytearray, context: PresentationContext) -> Dataset:
    """The data set of a request; empty where it has none.

    Raises:
        PrintError: the bytes are no data set of the transfer syntax agreed.
    """
    if not encoded:
        return Dataset()
    syntax = context.transfer_syntax[0]
    try:
        dataset = read_dataset(_Reader(memoryview(encoded)), syntax.is_implicit_VR, True)  # type: ignore[arg-type]
        for tag in list(dataset.keys()):
            element = dataset.get_item(tag)
            if isinstance(element, RawDataElement) and isinstance(element.value, memoryview):
                dataset[tag] = _long(element, syntax.is_implicit_VR)
        return dataset
    except Exception as error:
        raise PrintError(f"data set cannot be decoded as {syntax.name}") from error


def _long(element: RawDataElement, implicit: bool) -> DataElement | RawDataElement:
    """An element with a long value: the image sequence, read without a copy, or one to be ignored."""
    value = element.value
    assert isinstance(value, memoryview)
    vr = dictionary_VR(element.tag) if implicit and dictionary_has_tag(element.tag) else element.VR
    if vr != "SQ":
        return element._replace(value=bytes(value))
    items = read_sequence(_Reader(value), implicit, True, len(value), "iso8859")
    return DataElement(element.tag, "SQ", items)


class _Reader:
    """A file for pydicom over the bytes of a message; long values are views of them, not copies."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._position = 0

    def read(self, size: int = -1) -> bytes | memoryview:
        end = len(self._view) if size < 0 else self._position + size
        part = self._view[self._position : end]
        self._position += len(part)
        return part if len(part) > _COPIED else bytes(part)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, len(self._view))[whence]
        return self._position


def _encode(dataset: Dataset, context: PresentationContext) -> bytes:
    syntax = context.transfer_syntax[0]
    encoded = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    assert encoded is not None, "an answer of ours cannot be encoded"
    return encoded
