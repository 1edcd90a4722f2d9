"""An association with a printer, as its print SCU (PS3.4 Annex H): one request at a time, and events between.

pynetdicom negotiates and keeps the state machine, but serves events in threads of their own: a confirmation
gets between the fragments of a request, or behind that for release, where it ends the thread that reads the
connection. So events are confirmed here, between messages, and none once release is asked for.
"""

import socket
import ssl
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple, Self

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_messages import N_EVENT_REPORT_RQ
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_DELETE, N_EVENT_REPORT, N_GET, N_SET
from pynetdicom.dsutils import decode, encode
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.status import PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS, code_to_category

from printscp.client.reactor import hold, let_go, notice_end, serve_nothing
from printscp.errors import SetupError
from printscp.film.uids import PRINTER, PRINTER_INSTANCE

PRINT = 1
"""Action Type ID."""

_TRANSIENT = 2  # result of an A-ASSOCIATE-RJ (PS3.8 9.3.4)


class ClientError(SetupError):
    """The printer cannot be reached, or refused: the message says at which step, and what it answered."""


class Unreachable(ClientError):
    """No connection, a connection that was lost, or no answer in time."""


class Rejected(ClientError):
    """The printer does not take the association; when ``transient``, another try may do."""

    def __init__(self, message: str, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


class NotOffered(ClientError):
    """The printer does not have a SOP class that is needed."""

    def __init__(self, message: str, sop_class: UID) -> None:
        super().__init__(message)
        self.sop_class = sop_class


class Failed(ClientError):
    """An answer with a failure status to the request ``step``; ``offending`` has keywords of attributes that
    the printer names."""

    def __init__(self, step: str, words: str, status: int, offending: Collection[str]) -> None:
        super().__init__(f"{step}: {words}")
        self.step = step
        self.status = status
        self.offending = frozenset(offending)


@dataclass(frozen=True)
class PrinterEvent:
    """An N-EVENT-REPORT of the printer: ``kind`` is its Event Type ID."""

    sop_class: str
    instance: str
    kind: int
    dataset: Dataset


class _Service(NamedTuple):
    """How pynetdicom names the parts of a DIMSE-N service."""

    primitive: Any
    role: str
    given: str
    returned: str


_SERVICES = {
    "create": _Service(N_CREATE, "Affected", "AttributeList", "AttributeList"),
    "set": _Service(N_SET, "Requested", "ModificationList", "AttributeList"),
    "get": _Service(N_GET, "Requested", "", "AttributeList"),
    "action": _Service(N_ACTION, "Requested", "ActionInformation", "ActionReply"),
    "delete": _Service(N_DELETE, "Requested", "", ""),
}


class PrintAssociation:
    """An association that proposes the SOP classes ``classes``, for as long as the ``with`` block lasts.

    ``timeout`` is in seconds, for each of: connecting, the answer to the association request, and the answer
    to each message. ``warnings`` collects what the printer answered with a warning status, step by step, and
    ``events`` what it reported.
    """

    def __init__(
        self,
        host: str,
        port: int,
        called_ae_title: str,
        calling_ae_title: str,
        classes: Sequence[UID],
        timeout: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self.events: list[PrinterEvent] = []
        self._address = host, port
        self._titles = called_ae_title, calling_ae_title
        self._classes = classes
        self._timeout = timeout
        self._tls = tls
        self._association: Association
        self._contexts: dict[str, tuple[int, UID]] = {}
        self._message_ids = count(1)
        self._sending = threading.Lock()  # one message at a time
        self._leaving = False

    def __enter__(self) -> Self:
        """Associate.

        Raises:
            Unreachable, Rejected
            NotOffered: the printer has none of the classes.
        """
        called, calling = self._titles
        try:
            entity = ApplicationEntity(calling)
            entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = self._timeout
            # Making the next image may take a while, and an idle association is none the worse for it.
            entity.network_timeout = None
            self._propose(entity)
            self._association = entity.associate(
                *self._address,
                ae_title=called,
                max_pdu=0,
                tls_args=None if self._tls is None else (self._tls, self._address[0]),
                evt_handlers=[
                    (evt.EVT_CONN_OPEN, _send_at_once),
                    (evt.EVT_ESTABLISHED, self._established),
                    (evt.EVT_DIMSE_RECV, self._received),
                ],
            )
        except OSError as error:
            raise Unreachable(f"cannot connect to {self._where()}: {error.strerror}") from error
        except ValueError as error:
            raise ClientError(str(error)) from error
        if not self._association.is_established:
            raise self._why_not()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release; abort where something other than the printer went wrong."""
        with self._sending:
            self._leaving = True
        try:
            notice_end(self._association)
            if kind is None or issubclass(kind, ClientError):
                self._association.release()
            else:
                self._association.abort()
        finally:
            let_go(self._association)

    def _propose(self, entity: ApplicationEntity) -> None:
        for each in self._classes:
            entity.add_requested_context(each, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])

    def offers(self, sop_class: UID) -> bool:
        """Whether the printer has accepted a class."""
        return sop_class in self._contexts

    @property
    def stands(self) -> bool:
        """Whether requests can be sent."""
        notice_end(self._association)
        return self._association.is_established

    def create(
        self, step: str, sop_class: UID, instance: str, values: Dataset, context: UID | None = None
    ) -> Dataset:
        """N-CREATE; an empty data set is left out. The answer's attributes.

        ``step`` names the request in messages; ``context`` is the class, a Meta SOP Class maybe, on whose
        presentation context it goes: its own, where not given.

        Raises:
            Failed, Unreachable, NotOffered
        """
        return self._ask("create", step, sop_class, instance, values, context)

    def set(
        self, step: str, sop_class: UID, instance: str, values: Dataset, context: UID | None = None
    ) -> Dataset:
        """N-SET, as `create`."""
        return self._ask("set", step, sop_class, instance, values, context)

    def get(
        self, step: str, sop_class: UID, instance: str, keywords: Sequence[str], context: UID | None = None
    ) -> Dataset:
        """N-GET of attributes, as `create`."""
        return self._ask("get", step, sop_class, instance, keywords, context)

    def print(self, step: str, sop_class: UID, instance: str, context: UID | None = None) -> Dataset:
        """N-ACTION, as `create`."""
        return self._ask("action", step, sop_class, instance, None, context)

    def delete(self, step: str, sop_class: UID, instance: str, context: UID | None = None) -> None:
        """N-DELETE, as `create`."""
        self._ask("delete", step, sop_class, instance, None, context)

    def printer(self, context: UID) -> tuple[str, str]:
        """Printer Status and its info, by N-GET.

        Raises:
            Failed, Unreachable, NotOffered
        """
        keywords = ("PrinterStatus", "PrinterStatusInfo")
        found = self.get("N-GET of the printer", PRINTER, PRINTER_INSTANCE, keywords, context)
        return str(found.get("PrinterStatus") or "NORMAL"), str(found.get("PrinterStatusInfo") or "")

    def _ask(
        self, verb: str, step: str, sop_class: UID, instance: str, given: Any, context: UID | None
    ) -> Dataset:
        if not self.stands:
            raise Unreachable(f"{step}: connection lost")
        wanted = context or sop_class
        if wanted not in self._contexts:
            raise NotOffered(f"{step}: printer does not offer {_name(wanted)}", wanted)
        service = _SERVICES[verb]
        context_id, syntax = self._contexts[wanted]
        request = service.primitive()
        request.MessageID = next(self._message_ids) & 0xFFFF
        setattr(request, f"{service.role}SOPClassUID", sop_class)
        setattr(request, f"{service.role}SOPInstanceUID", UID(instance))
        if verb == "action":
            request.ActionTypeID = PRINT
        if verb == "get":
            request.AttributeIdentifierList = list(given)
        elif given:
            encoded = encode(given, syntax.is_implicit_VR, is_little_endian=True)
            if encoded is None:
                raise ClientError(f"{step}: has attributes that cannot be encoded")
            setattr(request, service.given, BytesIO(encoded))
        with self._sending:
            self._association.dimse.send_msg(request, context_id)
        return self._read(step, self._answer(step), service.returned, syntax)

    def _answer(self, step: str) -> Any:
        """The next message.

        Raises:
            Unreachable
        """
        _, message = self._association.dimse.get_msg(block=True)
        if message is None:
            lost = not self.stands
            words = "connection lost" if lost else f"no answer in {self._timeout:g} s"
            raise Unreachable(f"{step}: {words}")
        return message

    def _read(self, step: str, answer: Any, returned: str, syntax: UID) -> Dataset:
        """The attributes of an answer.

        Raises:
            Failed, Unreachable
        """
        if answer.Status is None:
            raise Unreachable(f"{step}: an answer without a status")
        dataset = decoded(getattr(answer, returned, None), syntax)
        words = _in_words(answer.Status, getattr(answer, "ErrorComment", None))
        category = code_to_category(answer.Status)
        if category == "Warning":
            self.warnings.append(f"{step}: {words}")
        elif category != "Success":
            # PS3.7 Annex C: some failures name attributes in the command, others bring them along.
            tags = getattr(answer, "AttributeIdentifierList", None) or []
            tags = [tags] if isinstance(tags, int) else tags
            named = {keyword_for_tag(tag) for tag in tags} | {each.keyword for each in dataset}
            raise Failed(step, words, answer.Status, named)
        return dataset

    def _established(self, event: Event) -> None:
        hold(event)
        serve_nothing(event)
        self._contexts = {
            str(context.abstract_syntax): (context.context_id or 0, context.transfer_syntax[0])
            for context in event.assoc.accepted_contexts
        }

    def _received(self, event: Event) -> None:
        """In the thread that reads the connection: what comes first is noted first."""
        if isinstance(event.message, N_EVENT_REPORT_RQ):
            self._take(event.assoc, event.message.context_id or 0, event.message.message_to_primitive())

    def _take(self, association: Association, context_id: int, report: Any) -> None:
        """Note an event of the printer, and confirm it (PS3.4 H.4.5.2, H.4.6.2)."""
        syntaxes = dict(self._contexts.values())
        noted = PrinterEvent(
            str(report.AffectedSOPClassUID),
            str(report.AffectedSOPInstanceUID),
            int(report.EventTypeID or 0),
            decoded(report.EventInformation, syntaxes.get(context_id, ImplicitVRLittleEndian)),
        )
        answer = N_EVENT_REPORT()
        answer.MessageIDBeingRespondedTo = report.MessageID
        answer.AffectedSOPClassUID = report.AffectedSOPClassUID
        answer.AffectedSOPInstanceUID = report.AffectedSOPInstanceUID
        answer.EventTypeID = report.EventTypeID
        answer.Status = 0x0000
        with self._sending:
            if not self._leaving:
                self.events.append(noted)
                association.dimse.send_msg(answer, context_id)

    def _where(self) -> str:
        return "{}:{}".format(*self._address)

    def _why_not(self) -> ClientError:
        """Why the association was not established."""
        where = self._where()
        # A printer that rejects faster than pynetdicom looks whether it is connected seems not to be there;
        # what it said waits in the queue.
        answer = self._association.acceptor.primitive or self._association.dul.receive_pdu()
        if isinstance(answer, A_ASSOCIATE) and answer.result:
            words = f"{where}: association rejected: {answer.reason_str}"
            return Rejected(words, answer.result == _TRANSIENT)
        if isinstance(answer, A_ASSOCIATE):
            wanted = self._classes[0]
            return NotOffered(f"{where}: printer does not offer {_name(wanted)}", wanted)
        # The local port is known from the moment that a connection stands.
        local = self._association.requestor.address_info
        if local is not None and local.port:
            return Unreachable(f"{where}: no answer to the association request")
        return Unreachable(f"cannot connect to {where}")


def attributes(**values: Any) -> Dataset:
    """A data set of the attributes that are not None."""
    dataset = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def reference(sop_class: str, instance: str) -> list[Dataset]:
    """A sequence of one item that refers to an instance."""
    return [attributes(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)]


def _name(sop_class: UID) -> str:
    return UID(sop_class).name.removesuffix(" Meta SOP Class").removesuffix(" SOP Class")


def decoded(encoded: BytesIO | None, syntax: UID) -> Dataset:
    """A data set; empty where there is none, or none that can be read."""
    if encoded is None or not encoded.getvalue():
        return Dataset()
    try:
        dataset = decode(encoded, syntax.is_implicit_VR, is_little_endian=True)
        dataset.decode()  # now, not when it is looked at
    except Exception:
        # pydicom meets broken data in many ways; what a printer returns besides its status may be missed.
        return Dataset()
    return dataset


def _in_words(status: int, comment: str | None) -> str:
    """A status as code, meaning and Error Comment."""
    _, meaning = PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS.get(status, ("", ""))
    return ", ".join(text for text in (f"0x{status:04X}", meaning, comment) if text)


def _send_at_once(event: Event) -> None:
    # With Nagle's algorithm every message would wait for the acknowledgement of the one before: 40 ms each.
    transport: Any = event.assoc.dul.socket
    transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
