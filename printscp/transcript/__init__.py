"""What went over an association, message by message, as data that outlives it.

Pixel data are left out (`Cut`): those that were printed are in the sheets of their job.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.decoding import decode
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION

_ASKING = ("N-GET", "C-ECHO", "N-EVENT-REPORT")  # nothing of a film is changed by them


class Sender(StrEnum):
    """Who said it."""

    SCU = "SCU"
    PRINTER = "PRINTER"


@dataclass(frozen=True)
class Cut:
    """``length`` bytes of pixel data that belong at ``offset`` of an encoded data set, and their CRC-32."""

    offset: int
    length: int
    crc: int


@dataclass(frozen=True)
class Step:
    """One message, or what became of the association itself.

    ``number`` counts from 1 within the association, ``at`` is in seconds since it began. ``service`` is
    ``N-CREATE`` to ``N-EVENT-REPORT``, ``C-ECHO``, ``A-ASSOCIATE``, ``A-RELEASE`` or ``A-ABORT``. ``command``
    holds the elements of the command set by keyword: numbers, UIDs as text, lists of tags. ``data`` is the
    encoded data set without what was ``cut``. A response ``answers`` the step of that number. ``job`` is the
    UID of the print job that was made by it, ``fault`` the name of a fault that was made on purpose, ``note``
    what else there is to say.
    """

    # For `printscp.transcript.file`: text of JSON could not hold these bytes.
    __pydantic_config__ = {"ser_json_bytes": "base64", "val_json_bytes": "base64"}  # noqa: RUF012

    number: int
    at: float
    sender: Sender
    service: str
    context_id: int = 0
    command: dict[str, Any] = field(default_factory=dict)
    data: bytes = field(default=b"", repr=False)
    cut: Cut | None = None
    answers: int = 0
    job: str = ""
    fault: str = ""
    note: str = ""

    @property
    def is_request(self) -> bool:
        """A request of the SCU that the printer has to answer."""
        return self.sender is Sender.SCU and self.service.startswith(("N-", "C-")) and not self.answers

    @property
    def is_end(self) -> bool:
        """The association is over; what a fault does to it comes before."""
        return self.service in ("A-RELEASE", "A-ABORT") and not self.fault

    @property
    def sop_class(self) -> UID:
        """The SOP class it is about; empty where it names none."""
        return UID(_class(self.command), IGNORE)

    @property
    def instance(self) -> UID:
        """The SOP instance it is about; empty where it names none."""
        return UID(_instance(self.command), IGNORE)

    @property
    def status(self) -> int | None:
        """Of a response."""
        return self.command.get("Status")

    @property
    def size(self) -> int:
        """Bytes of its data set."""
        return len(self.data) + (self.cut.length if self.cut else 0)

    def encoded(self, pixels: bytes | None = None) -> bytes:
        """The data set as it went over the wire; ``pixels`` are what was cut, zeros if not given.

        Raises:
            ValueError: they are not of the length of what was cut.
        """
        if self.cut is None:
            return self.data
        filling = bytes(self.cut.length) if pixels is None else pixels
        if len(filling) != self.cut.length:
            raise ValueError(f"{len(filling)} bytes of pixel data, {self.cut.length} were cut")
        return b"".join((self.data[: self.cut.offset], filling, self.data[self.cut.offset :]))


@dataclass(frozen=True)
class Context:
    """A presentation context: its transfer syntaxes as ``proposed``, and the ``accepted`` one, or empty."""

    id: int
    abstract_syntax: str
    proposed: tuple[str, ...]
    accepted: str


@dataclass
class Transcript:
    """An association as one printer saw it.

    ``printer`` is the AE title that it answered with, ``profile`` and ``mode`` are those of the printer.
    ``began`` is in UTC, ``max_pdu`` the SCU's in bytes, 0 for no limit. Of a very long association the oldest
    steps were ``dropped``.
    """

    calling: str
    called: str
    printer: str
    profile: str
    mode: str
    began: datetime
    contexts: tuple[Context, ...]
    max_pdu: int = 0
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    dropped: int = 0
    steps: list[Step] = field(default_factory=list)

    def context(self, step: Step) -> Context | None:
        """The presentation context that a step came on."""
        return next((each for each in self.contexts if each.id == step.context_id), None)

    def dataset(self, step: Step, pixels: bytes | None = None) -> Dataset:
        """The data set of a step, decoded; pixel data that were cut are ``pixels``, or zeros.

        Raises:
            PrintError: it cannot be decoded.
            ValueError: ``pixels`` are not as long as what was cut.
        """
        context = self.context(step)
        return decode(step.encoded(pixels), UID(context.accepted if context else ""))

    def exchanges(self) -> Iterator[tuple[Step, Step | None]]:
        """Each request of the SCU, and the answer to it, if there was one."""
        answers = {step.answers: step for step in self.steps if step.answers}
        return ((step, answers.get(step.number)) for step in self.steps if step.is_request)

    @property
    def jobs(self) -> list[str]:
        """UIDs of the print jobs made."""
        return [step.job for step in self.steps if step.job]

    @property
    def in_vain(self) -> bool:
        """The SCU wanted to print, and no print job was made."""
        wanted = ("N-CREATE", "N-SET", "N-ACTION")
        return not self.jobs and any(step.is_request and step.service in wanted for step in self.steps)

    def of_job(self, uid: str) -> "Transcript":
        """What led to a print job and came of it: without film boxes, prints and jobs that are others', and
        what was asked of the printer around those; what was asked before the first print is of all."""
        prints = [step for step in self.steps if step.job]
        answer = next((step for step in prints if step.job == uid), None)
        if answer is None:
            return self
        action = answer.answers or answer.number
        first, before, after = _neighbours([step.number for step in prints], answer.number)
        gone = {step.answers for step in prints if step.job != uid}
        strangers = {step.job for step in prints if step.job != uid}
        ours: set[str] = set()
        lives: list[tuple[int, float]] = []
        asked = next((step for step in self.steps if step.number == action), answer)
        of_session, film = asked.sop_class == BASIC_FILM_SESSION, str(asked.instance)
        for box in self._film_boxes():
            if box.is_there(action) and (of_session or box.uid == film):
                ours |= box.instances
                lives.append((box.created, box.deleted or math.inf))
            else:
                strangers |= box.instances
                gone.add(box.created)
        shared = strangers & ours  # some SCUs give one UID to each of their film boxes in turn
        strangers -= ours
        kept = []
        for step in self.steps:
            if step.number in gone or step.answers in gone:
                continue
            instance = _instance(step.command)
            asks = step.service in _ASKING and instance != uid and not step.answers
            during = step.answers or any(begin <= step.number <= end for begin, end in lives)
            strange = instance in strangers or (instance in shared and not during)
            if strange or (asks and not (step.number < first or before < step.number < after)):
                gone.add(step.number)
            else:
                kept.append(step)
        return replace(self, steps=kept)

    @cached_property
    def _known_children(self) -> dict[int, frozenset[str]]:
        """Instances of the boxes that came with a film box, by the number of the step that said so."""
        return {}

    def _film_boxes(self) -> list["_FilmBox"]:
        # With each film of an association it is asked again: nothing is made here that can be looked up.
        known = self._known_children
        met: dict[int, frozenset[str]] = {}
        answers = {step.answers: step for step in self.steps if step.answers}
        syntaxes = {context.id: context.accepted for context in self.contexts}
        boxes: dict[str, list[_FilmBox]] = {}
        for request in self.steps:
            answer = answers.get(request.number)
            if request.service not in ("N-CREATE", "N-DELETE") or answer is None:
                continue
            of_class, uid = _class(request.command), _instance(answer.command)
            if request.service == "N-CREATE":
                if of_class == BASIC_FILM_BOX and uid and answer.data:
                    children = known.get(answer.number)
                    if children is None:
                        children = _children(answer.data, syntaxes.get(answer.context_id, ""))
                    met[answer.number] = children
                    boxes.setdefault(uid, []).append(_FilmBox(uid, children, request.number))
            elif answer.status == 0:
                # That of a session deletes all film boxes below it (PS3.4 H.4.1.2.3).
                all_of_it = of_class == BASIC_FILM_SESSION
                gone = boxes.values() if all_of_it else [boxes.get(_instance(request.command), [])]
                for box in (box for each in gone for box in each if not box.deleted):
                    box.deleted = request.number
        self._known_children = met  # without those of steps that were dropped
        return [box for each in boxes.values() for box in each]


@dataclass
class _FilmBox:
    """``created`` and ``deleted`` are numbers of steps."""

    uid: str
    children: frozenset[str]
    created: int
    deleted: int = 0

    @property
    def instances(self) -> set[str]:
        return {self.uid, *self.children}

    def is_there(self, number: int) -> bool:
        """At the step of that number."""
        return self.created < number and not 0 < self.deleted < number


def _neighbours(prints: list[int], number: int) -> tuple[int, int, float]:
    """Of the steps of prints: the first, the one before that of ``number``, and the one after it."""
    before = max((each for each in prints if each < number), default=0)
    return prints[0], before, min((each for each in prints if each > number), default=math.inf)


def _children(encoded: bytes, syntax: str) -> frozenset[str]:
    """Instances of the boxes that an N-CREATE of a film box made, by the data set of its answer."""
    dataset = decode(encoded, UID(syntax))
    return frozenset(
        str(item.get("ReferencedSOPInstanceUID", ""))
        for keyword in ("ReferencedImageBoxSequence", "ReferencedBasicAnnotationBoxSequence")
        for item in dataset.get(keyword) or ()
    )


def _class(command: dict[str, Any]) -> str:
    return command.get("RequestedSOPClassUID") or command.get("AffectedSOPClassUID") or ""


def _instance(command: dict[str, Any]) -> str:
    return command.get("RequestedSOPInstanceUID") or command.get("AffectedSOPInstanceUID") or ""
