"""DIMSE-N on the wire: a message becomes a `Request`, an `Answer` or a `PrintError` becomes its response.

One function per verb says what its message keeps where; `Responder` holds the one `except`.
"""

import logging
import secrets
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse import _RSP_TO_MESSAGE
from pynetdicom.dimse_primitives import C_ECHO, N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import PresentationContext

from printscp.errors import PrintError, UnrecognizedOperation
from printscp.film.dialogue import Answer, Dialogue, Request
from printscp.wire.association import PrintAssociation

_MISTYPED_ARGUMENT = 0x0212
_COMMENT_LENGTH = 64  # Error Comment (0000,0902) is LO

log = logging.getLogger(__name__)


def n_create(message: N_CREATE, dataset: Dataset) -> Request:
    return Request(_uid(message.AffectedSOPClassUID), _uid(message.AffectedSOPInstanceUID) or None, dataset)


def n_set(message: N_SET, dataset: Dataset) -> Request:
    return Request(_uid(message.RequestedSOPClassUID), _uid(message.RequestedSOPInstanceUID), dataset)


def n_get(message: N_GET, dataset: Dataset) -> Request:
    wanted = message.AttributeIdentifierList or []
    tags = tuple(int(tag) for tag in (wanted if isinstance(wanted, list) else [wanted]))
    uids = _uid(message.RequestedSOPClassUID), _uid(message.RequestedSOPInstanceUID)
    return Request(*uids, dataset, attributes=tags)


def n_action(message: N_ACTION, dataset: Dataset) -> Request:
    uids = _uid(message.RequestedSOPClassUID), _uid(message.RequestedSOPInstanceUID)
    return Request(*uids, dataset, action_type=message.ActionTypeID)


def n_delete(message: N_DELETE, dataset: Dataset) -> Request:
    return Request(_uid(message.RequestedSOPClassUID), _uid(message.RequestedSOPInstanceUID), dataset)


# The verb, how its request is read, and where its data sets are.
_VERBS: dict[type, tuple[str, Callable[[Any, Dataset], Request], str, str]] = {
    N_CREATE: ("create", n_create, "AttributeList", "AttributeList"),
    N_SET: ("set", n_set, "ModificationList", "AttributeList"),
    N_GET: ("get", n_get, "", "AttributeList"),
    N_ACTION: ("action", n_action, "ActionInformation", "ActionReply"),
    N_DELETE: ("delete", n_delete, "", ""),
}


class Responder:
    """Answers every request of one association."""

    def __init__(self, association: PrintAssociation, dialogue: Dialogue) -> None:
        self._association = association
        self._dialogue = dialogue

    def close(self) -> None:
        self._dialogue.close()
        log.info("%s: association ended", self._association.peer)

    def respond(self, message: Any, context: PresentationContext) -> None:
        """Perform one message and send its response; never raises."""
        if message.MessageIDBeingRespondedTo is not None:
            log.debug("%s: unexpected %s response", self._association.peer, message.msg_type)
            return
        started = time.monotonic()
        answer, comment, offending = self._perform(message, context)
        self._send(message, context, answer, comment, offending)
        log.info(
            "%s %s %s: 0x%04X%s (%.1f ms)",
            self._association.peer,
            message.msg_type.replace("_", "-"),
            _class_uid(message).name,
            answer.status,
            f" {comment}" if comment else "",
            (time.monotonic() - started) * 1000,
        )

    def _perform(self, message: Any, context: PresentationContext) -> tuple[Answer, str, tuple[int, ...]]:
        if isinstance(message, C_ECHO):
            return Answer(), "", ()
        if type(message) in _VERBS and not message.is_valid_request:
            return Answer(_MISTYPED_ARGUMENT), "command lacks a mandatory element", ()
        try:
            if type(message) not in _VERBS:
                raise UnrecognizedOperation(f"{message.msg_type} is not of the print service")
            verb, read, keyword, _ = _VERBS[type(message)]
            dataset = _decode(getattr(message, keyword, None) if keyword else None, context)
            answer = self._dialogue.perform(verb, read(message, dataset))
        except PrintError as error:
            tags = tuple(tag_for_keyword(keyword) or 0 for keyword in error.offending)
            return Answer(error.status), error.comment, tags
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("%s: unforeseen error, reference %s", self._association.peer, reference)
            return Answer(PrintError.status), f"internal error, see the printer's log for {reference}", ()
        comment = f"{len(answer.ignored)} attributes unknown here" if answer.ignored else ""
        return answer, comment, answer.ignored

    def _send(
        self, message: Any, context: PresentationContext, answer: Answer, comment: str, tags: tuple[int, ...]
    ) -> None:
        response = type(message)()
        response.MessageIDBeingRespondedTo = message.MessageID
        response.AffectedSOPClassUID = _class_uid(message)
        if hasattr(response, "AffectedSOPInstanceUID"):
            requested = getattr(message, "RequestedSOPInstanceUID", None) or message.AffectedSOPInstanceUID
            response.AffectedSOPInstanceUID = answer.instance or requested
        if isinstance(message, N_ACTION):
            response.ActionTypeID = message.ActionTypeID
        response.Status = answer.status
        if answer.dataset:
            setattr(response, _VERBS[type(message)][3], BytesIO(_encode(answer.dataset, context)))
        out = _RSP_TO_MESSAGE[type(response)]()
        out.primitive_to_message(response)
        if comment:
            # LO allows neither backslash nor more than 64 characters.
            printable = comment.replace("\\", "/").encode("ascii", "replace").decode()
            out.command_set.ErrorComment = printable[:_COMMENT_LENGTH].strip()
        if tags:
            out.command_set.AttributeIdentifierList = list(tags)
        out._set_command_group_length()
        limit = self._association.requestor.maximum_length or 0
        for fragment in out.encode_msg(context.context_id or 0, limit):
            self._association.dul.send_pdu(fragment)


def _uid(value: UID | str | None) -> UID:
    return UID(value or "")


def _class_uid(message: Any) -> UID:
    requested = getattr(message, "RequestedSOPClassUID", None)
    return _uid(requested or getattr(message, "AffectedSOPClassUID", None))


def _decode(encoded: BytesIO | None, context: PresentationContext) -> Dataset:
    """The data set of a request; empty where it has none.

    Raises:
        PrintError: the bytes are no data set of the transfer syntax agreed.
    """
    if encoded is None or not encoded.getbuffer().nbytes:
        return Dataset()
    syntax = context.transfer_syntax[0]
    try:
        return decode(encoded, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    except Exception as error:
        raise PrintError(f"data set cannot be decoded as {syntax.name}") from error


def _encode(dataset: Dataset, context: PresentationContext) -> bytes:
    syntax = context.transfer_syntax[0]
    encoded = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    assert encoded is not None, "an answer of ours cannot be encoded"
    return encoded
