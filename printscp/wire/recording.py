"""Writes down what goes over an association (`printscp.transcript`), once it has gone."""

import time
from datetime import UTC, datetime
from typing import Any, Protocol

from isal import isal_zlib
from pydicom.uid import UID

from printscp.film.printer import Printer
from printscp.transcript import Context, Cut, Sender, Step, Transcript
from printscp.transcript.pixels import pixel_data
from printscp.wire.association import PrintAssociation
from printscp.wire.message import (
    C_ECHO,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_EVENT_REPORT,
    N_GET,
    N_SET,
    RESPONSE,
    Message,
)

SERVICES = {
    C_ECHO: "C-ECHO",
    N_EVENT_REPORT: "N-EVENT-REPORT",
    N_GET: "N-GET",
    N_SET: "N-SET",
    N_ACTION: "N-ACTION",
    N_CREATE: "N-CREATE",
    N_DELETE: "N-DELETE",
}
"""Names of the services by their Command Field."""

_MOST_STEPS = 4000
_MOST_BYTES = 4 << 20  # of data sets without their pixels
_MOST_JOBS = 32  # that are told once more at the end
_WORTH_A_CUT = 1024  # bytes


class Listener(Protocol):
    """Who wants to know what goes over an association; called by its thread, and never to raise."""

    def step(self, transcript: Transcript, step: Step) -> None:
        """A step was added."""

    def printed(self, uid: str, transcript: Transcript) -> None:
        """What led to a print job, and came of it: when it is made, and, of the last ones, at the end of the
        association."""

    def ended(self, transcript: Transcript) -> None:
        """The association is over, and all has been told of it."""


class Recorder:
    """The transcript of one association, which grows as it goes."""

    def __init__(self, association: PrintAssociation, printer: Printer, listener: Listener | None) -> None:
        self._association = association
        self._began = time.monotonic()
        self._listener = listener
        self._bytes = 0
        self._number = 0
        self._events: dict[int, int] = {}  # Message ID of an event report, and the number of its step
        self._syntaxes = {
            context.context_id: bool(context.transfer_syntax[0].is_implicit_VR)
            for context in association.accepted_contexts
        }
        self.transcript = _transcript(association, printer)
        self.note("A-ASSOCIATE", Sender.SCU)

    def now(self) -> float:
        """Seconds since the association began."""
        return time.monotonic() - self._began

    def exchange(
        self,
        request: Message,
        at: float,
        response: Message | None,
        *,
        job: str = "",
        fault: str = "",
        note: str = "",
    ) -> None:
        """A request that came at ``at``, and its response, which has just been sent, if there was one."""
        alone: dict[str, Any] = {} if response else {"job": job, "fault": fault, "note": note}
        step = self._add(at, Sender.SCU, request, **alone)
        if response is not None:
            self._add(
                self.now(), Sender.PRINTER, response, answers=step.number, job=job, fault=fault, note=note
            )
        if job and self._listener is not None:
            self._listener.printed(job, self.transcript.of_job(job))

    def event(self, report: Message, *, fault: str = "") -> None:
        """An event report that has just been sent."""
        step = self._add(self.now(), Sender.PRINTER, report, fault=fault)
        self._events[report.command.get("MessageID", 0)] = step.number

    def confirmation(self, response: Message) -> None:
        """The SCU's answer to an event report."""
        number = self._events.get(response.command.get("MessageIDBeingRespondedTo", 0), 0)
        self._add(self.now(), Sender.SCU, response, answers=number)

    def note(self, service: str, sender: Sender, *, fault: str = "", note: str = "") -> None:
        """Something that became of the association itself."""
        self._keep(Step(self._next(), self.now(), sender, service, fault=fault, note=note))

    def end(self) -> None:
        """The association has ended."""
        if self._association.is_released:
            self.note("A-RELEASE", Sender.SCU)
        elif self._association.is_aborted:
            self.note("A-ABORT", Sender.SCU)
        else:
            self.note("A-ABORT", Sender.PRINTER, note="the connection was lost, or the printer ended it")
        if self._listener is not None:
            # Before the release is answered: of very many films the first have what came until their print.
            for job in self.transcript.jobs[-_MOST_JOBS:]:
                self._listener.printed(job, self.transcript.of_job(job))
            self._listener.ended(self.transcript)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _add(self, at: float, sender: Sender, message: Message, **more: Any) -> Step:
        field = message.command_field & ~RESPONSE
        data, cut = self._without_pixels(message)
        if message.lost:
            more["note"] = "its data set was not taken: there was no room for it"
        step = Step(
            self._next(),
            at,
            sender,
            SERVICES.get(field, f"0x{field:04X}"),
            message.context_id,
            {keyword: _plain(value) for keyword, value in message.command.items() if value is not None},
            data,
            cut,
            **more,
        )
        self._keep(step)
        return step

    def _keep(self, step: Step) -> None:
        steps = self.transcript.steps
        steps.append(step)
        self._bytes += len(step.data)
        while len(steps) > _MOST_STEPS or self._bytes > _MOST_BYTES:
            self._bytes -= len(steps.pop(0).data)
            self.transcript.dropped += 1
        if self._listener is not None:
            self._listener.step(self.transcript, step)

    def _without_pixels(self, message: Message) -> tuple[bytes, Cut | None]:
        data = message.data
        if len(data) < _WORTH_A_CUT:
            return bytes(data), None
        view = memoryview(data)
        found = pixel_data(view, self._syntaxes.get(message.context_id, True))
        if found is None or found[1] < _WORTH_A_CUT:
            return bytes(data[:_MOST_BYTES]), None
        offset, length = found
        cut = Cut(offset, length, isal_zlib.crc32(view[offset : offset + length]))
        return b"".join((view[:offset], view[offset + length :])), cut


def _plain(value: Any) -> Any:
    """A command element as a transcript has it."""
    if isinstance(value, UID):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _transcript(association: PrintAssociation, printer: Printer) -> Transcript:
    requestor = association.requestor
    accepted = {each.context_id: str(each.transfer_syntax[0]) for each in association.accepted_contexts}
    return Transcript(
        calling=requestor.ae_title.strip(),
        called=requestor.primitive.called_ae_title.strip() if requestor.primitive else "",
        printer=printer.name,
        profile=printer.profile.name,
        mode=str(printer.mode),
        began=datetime.now(UTC),
        contexts=tuple(
            Context(
                int(each.context_id or 0),
                str(each.abstract_syntax),
                tuple(str(syntax) for syntax in each.transfer_syntax),
                accepted.get(each.context_id, ""),
            )
            for each in requestor.requested_contexts
        ),
        max_pdu=requestor.maximum_length or 0,
        implementation_class_uid=str(requestor.implementation_class_uid or ""),
        implementation_version_name=str(requestor.implementation_version_name or ""),
    )
