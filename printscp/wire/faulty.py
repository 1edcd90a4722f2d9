"""Faults made on purpose (`printscp.faults`), where they meet the network.

An association whose printer has a script gets an `Outlet`, through which all bytes leave it, and is answered
by a `FaultyResponder`. One without has neither.
"""

import logging
import time
from collections import deque
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import NamedTuple

from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import PresentationContext

from printscp.errors import PrintError
from printscp.faults.fault import COMMAND_KEYWORDS, Kind
from printscp.faults.rule import FaultRule
from printscp.faults.script import FaultScript
from printscp.film.exchange import Answer, Event, Request
from printscp.film.printer import Printer
from printscp.film.statuses import category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)
from printscp.transcript import Sender
from printscp.wire.association import PrintAssociation, Rejection
from printscp.wire.dimse import Responder
from printscp.wire.message import C_CANCEL, C_ECHO, RESPONSE, Message
from printscp.wire.recording import SERVICES, Listener

_A_ASSOCIATE_RJ, _A_RELEASE_RP, _A_ABORT = 3, 6, 7  # PDU types, PS3.8 9.3
_ABORT_PDU = bytes((_A_ABORT, 0, 0, 0, 0, 4, 0, 0, 0, 0))
_GARBAGE = 256  # bytes
_CLASSES: dict[str, str] = {
    BASIC_FILM_SESSION: "film-session",
    BASIC_FILM_BOX: "film-box",
    BASIC_GRAYSCALE_IMAGE_BOX: "image-box",
    BASIC_COLOR_IMAGE_BOX: "image-box",
    BASIC_ANNOTATION_BOX: "annotation-box",
    PRESENTATION_LUT: "presentation-lut",
    PRINT_JOB: "print-job",
    PRINTER: "printer",
    PRINTER_CONFIGURATION_RETRIEVAL: "printer-configuration",
}

log = logging.getLogger(__name__)


def admit(script: FaultScript, printer_name: str, association: PrintAssociation) -> Rejection | None:
    """Look at an association request as the script has it: give it an outlet, or reject it."""
    outlet = Outlet(script, printer_name, association)
    for rule in outlet.meet("associate"):
        if rule.kind is Kind.REJECTION:
            return Rejection(*rule.rejection, f"fault {rule.name}")
        outlet.due += (rule,)
    association.dul.socket.tamper = outlet
    return None


class Outlet:
    """What leaves the connection of an association; ``due`` happens to what is sent next."""

    def __init__(self, script: FaultScript, printer_name: str, association: PrintAssociation) -> None:
        self.script = script
        self.printer_name = printer_name
        self.calling = association.requestor.ae_title.strip()
        self.due: tuple[FaultRule, ...] = ()
        self._association = association
        self._mute = False

    def meet(self, step: str) -> tuple[FaultRule, ...]:
        """The rules whose fault happens at a step."""
        rules = self.script.meet(step, self.printer_name, self.calling)
        for rule in rules:
            extra = {"peer": self._association.peer, "rule": rule.name, "fault": str(rule.fault), "at": step}
            log.warning("fault", extra=extra)
        return rules

    def strike(self, rule: FaultRule) -> None:
        """Have a fault happen now, when there is nothing to send.

        Raises:
            OSError: the connection is dead.
        """
        self.due = (rule,)
        self._association.dul.socket.transmit(b"")

    def __call__(self, data: bytes) -> bytes:
        """What is sent in place of ``data``."""
        if self._mute:
            return b""
        if data[:1] in (bytes((_A_ASSOCIATE_RJ,)), bytes((_A_ABORT,))):
            return data
        due, self.due = self.due, ()
        for rule in due:
            data = self._struck(rule, data)
        return data

    def _struck(self, rule: FaultRule, data: bytes) -> bytes:
        if rule.kind is Kind.DELAY:
            self._association.pause(rule.seconds)
            return data
        if not rule.kind.breaks:
            return data
        ends = data[:1] == bytes((_A_RELEASE_RP,))
        if rule.when == "after" and data:
            self._association.dul.socket.transmit(data)
            data = b""
        self._mute = True
        if rule.kind in (Kind.RESET, Kind.HANG_UP):
            self._association.dul.break_off(reset=rule.kind is Kind.RESET)
            return b""
        if rule.kind is Kind.ABORT:
            self._association.abort()
            return _ABORT_PDU
        if ends:
            # The connection would be closed a second after the last PDU, and that would be an answer.
            self._association.closing_grace = float(self._association.network_timeout or 0)
        if rule.kind is Kind.SILENCE:
            return b""
        return _half_a_pdu(data) if rule.kind is Kind.HALF else self.script.garbage(_GARBAGE)


class _Due(NamedTuple):
    """An event that is to go out, what happens to it then, and the names of all that happened to it."""

    event: Event
    rules: tuple[FaultRule, ...]
    names: str


class FaultyResponder(Responder):
    """Answers and reports as a script has it."""

    def __init__(
        self,
        association: PrintAssociation,
        printer: Printer,
        event_timeout: float,
        listener: Listener | None = None,
    ) -> None:
        super().__init__(association, printer, event_timeout, listener)
        outlet = association.dul.socket.tamper
        assert isinstance(outlet, Outlet), "not admitted by a script"
        self._outlet = outlet
        self._here: tuple[FaultRule, ...] = ()  # what happens to what is said now
        self._ready: deque[_Due] = deque()
        self._not_before = 0.0  # when the first of these may go
        self._overtaken: list[_Due] = []
        if outlet.due:
            self._recorder.note("A-ASSOCIATE", Sender.PRINTER, fault=_names(outlet.due))
        outlet.script.listen(association.wake)

    def close(self) -> None:
        self._outlet.script.forget(self._association.wake)
        if self._association.is_released:
            self._outlet.due = self._outlet.meet("release")
            if self._outlet.due:
                self._recorder.note("A-RELEASE", Sender.PRINTER, fault=_names(self._outlet.due))
        super().close()

    def respond(self, message: Message, context: PresentationContext) -> None:
        step = _step_of(message)
        if step is None:
            super().respond(message, context)
            return
        self._here = self._outlet.meet(step)
        self._fault = _names(self._here)
        self._look()
        before, after = (self._breaking(when) for when in ("before", "after"))
        if before is not None:
            self._recorder.exchange(message, self._recorder.now(), None, fault=self._fault)
            if before.kind is not Kind.SILENCE:
                self._outlet.strike(before)
        else:
            super().respond(message, context)
        if after is not None:
            self._outlet.strike(after)
        self._here, self._fault = (), ""

    def pump(self) -> float | None:
        self._look()
        wait = super().pump()
        if self._under_way is not None or not self._ready:
            return wait
        return max(0.0, self._not_before - time.monotonic())

    def _look(self) -> None:
        """Have the printer say of itself what the script has it say."""
        self._dialogue.pretend(self._outlet.script.state(self._outlet.printer_name, self._outlet.calling))

    def _breaking(self, when: str) -> FaultRule | None:
        return next((rule for rule in self._here if rule.kind.breaks and rule.when == when), None)

    def _carry_out(self, verb: str, request: Request) -> Answer:
        rule = next((rule for rule in self._here if rule.kind is Kind.REFUSAL), None)
        if rule is None:
            answer = super()._carry_out(verb, request)
        else:
            status = rule.status_at(f"{_CLASSES.get(request.sop_class, '')}.{verb}")
            if category(status) == "Failure":
                refusal = PrintError(rule.comment)
                refusal.status = status
                raise refusal
            answer = replace(super()._carry_out(verb, request), status=status, comment=rule.comment)
        if answer.job:
            self._fault = ", ".join(filter(None, (self._fault, self._outlet.script.of_job(answer.job))))
        return answer

    def _say(self, message: Message, context: PresentationContext) -> Message | None:
        here = tuple(rule for rule in self._here if not rule.kind.breaks or rule.when != "after")
        for rule in here:
            message = self._changed(message, rule, context)
        if any(rule.kind is Kind.SILENCE for rule in here):
            return None  # the connection goes on, unlike with other faults that break it
        self._outlet.due = here
        said = super()._say(message, context)
        if any(rule.kind is Kind.REPEAT for rule in here):
            super()._say(message, context)
        return None if any(rule.kind.breaks for rule in here) else said

    def _changed(self, message: Message, rule: FaultRule, context: PresentationContext) -> Message:
        """A message as a fault leaves it."""
        command, data = message.command, message.data
        if rule.kind is Kind.MISSING:
            command = {key: value for key, value in command.items() if key not in rule.keywords}
            data = _edited(data, context, partial(_without, rule))
        elif rule.kind is Kind.WRONG:
            command = command | {key: rule.values[key] for key in rule.values if key in COMMAND_KEYWORDS}
            data = _edited(data, context, partial(_with, rule))
        elif rule.kind is Kind.DATA_SET and rule.data == "half":
            data = data[: len(data) // 2]
        elif rule.kind is Kind.DATA_SET:
            data = self._outlet.script.garbage(_GARBAGE) if rule.data == "garbage" else b""
        elif rule.kind is Kind.CONTEXT:
            accepted = {each.context_id for each in self._association.accepted_contexts}
            return replace(message, context_id=next(n for n in range(255, 0, -2) if n not in accepted))
        return replace(message, command=command, data=data)

    # --- events ----------------------------------------------------------------------------------------

    def _next_event(self) -> Event | None:
        if self._events is None:  # the SCU confirms none: it is told of no more, nor once more
            self._ready.clear()
        while not self._ready:
            event = super()._next_event()
            if event is None:
                return None
            self._queue(event)
        if time.monotonic() < self._not_before:
            return None
        due = self._ready.popleft()
        self._here, self._fault = due.rules, due.names
        return due.event

    def _queue(self, event: Event) -> None:
        """Put an event where the script wants it."""
        rules = self._outlet.meet(f"{_CLASSES[event.sop_class]}.event")
        kinds = {rule.kind for rule in rules}
        if Kind.SILENCE in kinds:
            self._recorder.note("N-EVENT-REPORT", Sender.PRINTER, fault=_names(rules), note="not sent")
            return
        delay = sum(rule.seconds for rule in rules if rule.kind is Kind.DELAY)
        self._not_before = time.monotonic() + delay
        once = tuple(rule for rule in rules if rule.kind not in (Kind.DELAY, Kind.REPEAT))
        due = _Due(event, once, _names(rules))
        if Kind.OVERTAKEN in kinds and not self._overtaken:
            self._overtaken.append(due)
            return
        self._ready.extend([due] * (2 if Kind.REPEAT in kinds else 1))
        self._ready.extend(self._overtaken)
        self._overtaken.clear()

    def _report(self, event: Event) -> None:
        super()._report(event)
        after = self._breaking("after")
        if after is not None:
            self._outlet.strike(after)
        self._here, self._fault = (), ""


def _step_of(message: Message) -> str | None:
    """The step that a message of the SCU is; None for what is no request."""
    field, command = message.command_field, message.command
    if field & RESPONSE or field == C_CANCEL:
        return None
    if field == C_ECHO:
        return "echo"
    sop_class = command.get("RequestedSOPClassUID") or command.get("AffectedSOPClassUID") or ""
    verb = SERVICES.get(field, "unknown").removeprefix("N-").lower()
    return f"{_CLASSES.get(sop_class, 'unknown')}.{verb}"


def _half_a_pdu(data: bytes) -> bytes:
    """Of several PDUs half the first: the length is in its header (PS3.8 9.3)."""
    return data[: (6 + int.from_bytes(data[2:6], "big")) // 2]


def _names(rules: tuple[FaultRule, ...]) -> str:
    return ", ".join(rule.name for rule in rules)


def _edited(data: bytes | bytearray, context: PresentationContext, edit: "partial[bool]") -> bytes:
    """An encoded data set, with what ``edit`` makes of it if it says that it changed something."""
    implicit = context.transfer_syntax[0].is_implicit_VR
    dataset = decode(BytesIO(bytes(data)), implicit, True) if data else Dataset()
    return (encode(dataset, implicit, True) or b"") if edit(dataset) else bytes(data)


def _without(rule: FaultRule, dataset: Dataset) -> bool:
    changed = False
    for level in _levels(dataset):
        for keyword in rule.keywords:
            if keyword in level:
                delattr(level, keyword)
                changed = True
    return changed


def _with(rule: FaultRule, dataset: Dataset) -> bool:
    values = {key: value for key, value in rule.values.items() if key not in COMMAND_KEYWORDS}
    for keyword, value in values.items():
        for level in [each for each in _levels(dataset) if keyword in each] or [dataset]:
            setattr(level, keyword, value)
    return bool(values)


def _levels(dataset: Dataset) -> list[Dataset]:
    """A data set, and all that are in its sequences."""
    inner = (item for element in dataset if element.VR == "SQ" for item in element.value)
    return [dataset, *(level for item in inner for level in _levels(item))]
