"""DIMSE-N on the wire: a message becomes a `Request`; an `Answer`, a `PrintError` or an `Event` a message.

One function per verb says what its command keeps where; `Responder` holds the one `except`.
"""

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext

from printscp.decoding import decode
from printscp.errors import MistypedArgument, OutOfMemory, PrintError, UnrecognizedOperation
from printscp.film.attributes import ATTRIBUTE_LIST_ERROR
from printscp.film.dialogue import META_CLASSES, Dialogue
from printscp.film.exchange import Answer, Event, Request
from printscp.film.printer import Printer
from printscp.film.service import perform
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX, BASIC_GRAYSCALE_IMAGE_BOX
from printscp.wire.association import PrintAssociation
from printscp.wire.encoding import encode
from printscp.wire.message import (
    C_CANCEL,
    C_ECHO,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_EVENT_REPORT,
    N_GET,
    N_SET,
    RESPONSE,
    Message,
    ProtocolError,
)
from printscp.wire.recording import SERVICES, Listener, Recorder
from printscp.wire.trace import trace

_COMMENT_LENGTH = 64  # Error Comment (0000,0902) is LO
_BESIDES = 1 << 20  # bytes of an image box's data set that are free: far more than all but its pixels
_LONGEST_BUT_IMAGES = 1 << 24  # bytes of a data set; the longest are those of film boxes with an ICC profile
_IMAGE_BOXES = (BASIC_GRAYSCALE_IMAGE_BOX, BASIC_COLOR_IMAGE_BOX)
# Statuses that name attributes by Attribute Identifier List (PS3.7 C.5); others do by Offending Element.
_NAMED_IN_A_LIST = (0x0105, ATTRIBUTE_LIST_ERROR, 0x0120)

log = logging.getLogger(__name__)

Command = dict[str, Any]


def n_create(command: Command, context: UID, dataset: Dataset) -> Request:
    sop_class = _needed(command, "AffectedSOPClassUID")
    return Request(context, sop_class, command.get("AffectedSOPInstanceUID") or None, dataset)


def n_set(command: Command, context: UID, dataset: Dataset) -> Request:
    return Request(context, *_requested(command), dataset)


def n_get(command: Command, context: UID, dataset: Dataset) -> Request:
    tags = command.get("AttributeIdentifierList") or ()
    return Request(context, *_requested(command), dataset, attributes=tags)


def n_action(command: Command, context: UID, dataset: Dataset) -> Request:
    return Request(context, *_requested(command), dataset, action_type=_needed(command, "ActionTypeID"))


def n_delete(command: Command, context: UID, dataset: Dataset) -> Request:
    return Request(context, *_requested(command), dataset)


# By Command Field: the verb of the dialogue, and how its request is read.
_VERBS: dict[int, tuple[str, Callable[[Command, UID, Dataset], Request]]] = {
    N_CREATE: ("create", n_create),
    N_SET: ("set", n_set),
    N_GET: ("get", n_get),
    N_ACTION: ("action", n_action),
    N_DELETE: ("delete", n_delete),
}


class Responder:
    """Answers every request of one association, and reports events to its SCU (a `Conversation`).

    One event is under way at a time, as is the rule without an asynchronous operations window (PS3.7
    D.3.3.3): the next one waits for its confirmation. An SCU that gives none within ``event_timeout``
    seconds is told of no more events, and served on. ``listener`` is told what went over the association.
    """

    def __init__(
        self,
        association: PrintAssociation,
        printer: Printer,
        event_timeout: float,
        listener: Listener | None = None,
    ) -> None:
        self._association = association
        self._contexts = {
            UID(str(context.abstract_syntax)): context for context in association.accepted_contexts
        }
        calling = association.requestor.ae_title
        self._dialogue = Dialogue(printer, calling, frozenset(self._contexts), self._post)
        self._recorder = Recorder(association, printer, listener)
        association.dul.has_room = self._has_room
        self._event_timeout = event_timeout
        self._events: deque[Event] | None = deque()  # None: the SCU does not answer them
        self._under_way: tuple[int, Event, float] | None = None  # Message ID, and when to give up
        self._message_id = 0
        self._fault = ""  # names of faults made on purpose in what is said now (`printscp.wire.faulty`)

    @property
    def at_rest(self) -> bool:
        """No film is in the making."""
        return self._dialogue.at_rest

    def close(self) -> None:
        """The association has ended: its instances go."""
        self._dialogue.close()
        self._recorder.end()
        log.info("association ended", extra={"peer": self._association.peer})

    def respond(self, message: Message, context: PresentationContext) -> None:
        """Perform one message and send its response.

        Raises:
            OSError: the connection is dead.
        """
        peer = self._association.peer
        trace(peer, "received", message, context)
        if message.command_field == N_EVENT_REPORT | RESPONSE:
            self._recorder.confirmation(message)
            self._confirmed(message)
            return
        if message.command_field & RESPONSE or message.command_field == C_CANCEL:
            log.debug("nothing to answer", extra={"peer": peer, "command": f"0x{message.command_field:04X}"})
            return
        started, at = time.monotonic(), self._recorder.now()
        answer, data, offending = self._perform(message, context)
        response = self._say(self._response(message, answer, data), context)
        self._recorder.exchange(message, at, response, job=answer.job, fault=self._fault)
        self._dialogue.between_requests()
        if log.isEnabledFor(logging.INFO):
            service = SERVICES.get(message.command_field, f"0x{message.command_field:04X}")
            log.info(
                "request",
                extra={
                    "peer": peer,
                    "printer": self._dialogue.printer.name,
                    "service": service,
                    "sop_class": UID(_class_uid(message.command) or "").name,
                    "status": f"0x{answer.status:04X}",
                    # Names of attributes, never their values: those may be a patient's.
                    "attributes": ",".join(offending) or None,
                    "bytes": len(message.data),
                    "ms": round((time.monotonic() - started) * 1000, 1),
                },
            )

    def pump(self) -> float | None:
        """Send the next event if none is under way; seconds until the one that is will be given up.

        Raises:
            OSError: the connection is dead.
        """
        if self._under_way is None:
            event = self._next_event()
            if event is not None:
                self._report(event)
        if self._under_way is None:
            return None
        left = self._under_way[2] - time.monotonic()
        if left > 0:
            return left
        log.warning("events are not confirmed: no more of them", extra={"peer": self._association.peer})
        self._events = self._under_way = None
        return None

    def _post(self, event: Event) -> None:
        events = self._events
        if events is not None:
            events.append(event)
            self._association.wake()

    def _next_event(self) -> Event | None:
        """What is to be told now."""
        return self._events.popleft() if self._events else None

    def _report(self, event: Event) -> None:
        context = self._contexts.get(event.sop_class) or next(
            (self._contexts[meta] for meta in META_CLASSES if meta in self._contexts), None
        )
        if context is None:
            return
        self._message_id = self._message_id % 0xFFFF + 1
        command = {
            "AffectedSOPClassUID": event.sop_class,
            "CommandField": N_EVENT_REPORT,
            "MessageID": self._message_id,
            "AffectedSOPInstanceUID": event.instance,
            "EventTypeID": event.event_type,
        }
        assert context.context_id is not None
        data = encode(event.values, context.transfer_syntax[0].is_implicit_VR) if event.values else b""
        self._under_way = self._message_id, event, time.monotonic() + self._event_timeout
        report = self._say(Message(context.context_id, command, data), context)
        if report is not None:
            self._recorder.event(report, fault=self._fault)

    def _confirmed(self, message: Message) -> None:
        if self._under_way is None or message.command.get("MessageIDBeingRespondedTo") != self._under_way[0]:
            log.debug("a response to nothing", extra={"peer": self._association.peer})
            return
        _, event, _ = self._under_way
        self._under_way = None
        status = message.command.get("Status")
        if status:
            log.info("event refused", extra={"peer": self._association.peer, "status": f"0x{status:04X}"})
        else:
            self._dialogue.confirmed(event)

    def _has_room(self, message: Message, size: int) -> bool:
        """Whether the memory budget lets in so much of an image.

        Raises:
            ProtocolError: it is none, and longer than anything else could be.
        """
        if size <= _BESIDES:
            return True
        if message.command.get("RequestedSOPClassUID") not in _IMAGE_BOXES:
            if size > _LONGEST_BUT_IMAGES:
                raise ProtocolError(f"a data set of more than {_LONGEST_BUT_IMAGES} bytes that is no image")
            return True
        try:
            self._dialogue.expect(message.command.get("RequestedSOPInstanceUID"), size - _BESIDES)
        except OutOfMemory:
            return False
        return True

    def _perform(
        self, message: Message, context: PresentationContext
    ) -> tuple[Answer, bytes, tuple[str, ...]]:
        """The answer, its encoded data set, and keywords of the attributes it is about."""
        if message.command_field == C_ECHO:
            return Answer(), b"", ()
        try:
            if message.command_field not in _VERBS:
                raise UnrecognizedOperation("this service is not of the print service class")
            self._dialogue.expect_no_more()
            if message.lost:
                raise OutOfMemory("no room for the image now: print what is set, or wait")
            verb, read = _VERBS[message.command_field]
            dataset = decode(message.data, context.transfer_syntax[0])
            syntax = UID(str(context.abstract_syntax))
            answer = self._carry_out(verb, read(message.command, syntax, dataset))
            implicit = context.transfer_syntax[0].is_implicit_VR
            data = encode(answer.values, implicit) if answer.values else b""
        except PrintError as error:
            tags = tuple(tag_for_keyword(keyword) or int(keyword, 16) for keyword in error.offending)
            return Answer(error.status, tags=tags, comment=error.comment), b"", error.offending
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unforeseen error", extra={"peer": self._association.peer, "reference": reference})
            comment = f"internal error, see the printer's log for {reference}"
            return Answer(PrintError.status, comment=comment), b"", ()
        return answer, data, tuple(keyword_for_tag(tag) or f"{tag:08X}" for tag in answer.tags)

    def _carry_out(self, verb: str, request: Request) -> Answer:
        """Raises PrintError where the request is refused."""
        return perform(self._dialogue, verb, request)

    def _hides_class(self, message: Message) -> bool:
        """Whether the answer goes without the SOP class, as some printers have it (PS3.7 10.1.5: it may)."""
        return message.command_field == N_CREATE and not self._dialogue.profile.class_in_create_answer

    def _response(self, message: Message, answer: Answer, data: bytes) -> Message:
        """The response to a message."""
        request = message.command
        instance = request.get("RequestedSOPInstanceUID") or request.get("AffectedSOPInstanceUID")
        list_name = "AttributeIdentifierList" if answer.status in _NAMED_IN_A_LIST else "OffendingElement"
        command = {
            "AffectedSOPClassUID": None if self._hides_class(message) else _class_uid(request),
            "CommandField": message.command_field | RESPONSE,
            "MessageIDBeingRespondedTo": request.get("MessageID"),
            "Status": answer.status,
            # LO has neither backslashes nor more than 64 characters.
            "ErrorComment": answer.comment.replace("\\", "/")[:_COMMENT_LENGTH].strip() or None,
            "AffectedSOPInstanceUID": answer.instance or instance,
            list_name: answer.tags or None,
            "ActionTypeID": request.get("ActionTypeID"),
        }
        return Message(message.context_id, command, data)

    def _say(self, message: Message, context: PresentationContext) -> Message | None:
        """Send a response or an event report; returns what went out, if anything did."""
        trace(self._association.peer, "sent", message, context)
        self._association.dul.send(message)
        return message


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
