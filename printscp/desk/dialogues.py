"""Dialogues in words: what was kept of an association, message by message."""

from collections.abc import Iterator
from pathlib import Path

from pydicom.uid import UID

from printscp.desk.elements import Row, of_command, of_dataset
from printscp.desk.records import SeenDialogue, SeenStep, SeenUnprinted
from printscp.errors import PrintError
from printscp.film.statuses import MEANINGS
from printscp.spool.unprinted import Unprinted
from printscp.transcript import Step, Transcript
from printscp.transcript.file import DamagedTranscript, load
from printscp.transcript.words import ended, refused, status_words, title


def seen(dialogue: Transcript, private: bool) -> SeenDialogue:
    """All of a dialogue."""
    return SeenDialogue(
        calling=dialogue.calling,
        printer=dialogue.printer,
        peer="",  # an address is not kept
        began=dialogue.began,
        implementation=" ".join(
            filter(None, (dialogue.implementation_version_name, dialogue.implementation_class_uid))
        ),
        steps=tuple(_step(dialogue, step, private) for step in dialogue.steps),
        dropped=dialogue.dropped,
    )


def unprinted(folder: Path) -> Iterator[SeenUnprinted]:
    """What made no job, of a spool folder, the newest first; a file that is damaged is left out, not its
    number.

    Raises:
        OSError
    """
    for number, path in enumerate(Unprinted(folder).newest(), start=1):
        try:
            dialogue = load(path.read_bytes())
        except (DamagedTranscript, FileNotFoundError):
            continue
        refusals = refused(dialogue)
        yield SeenUnprinted(
            number=number,
            calling=dialogue.calling,
            printer=dialogue.printer,
            began=dialogue.began,
            requests=sum(1 for _ in dialogue.exchanges()),
            errors=len(refusals),
            first=refusals[0] if refusals else ended(dialogue),
        )


def _step(dialogue: Transcript, step: Step, private: bool) -> SeenStep:
    elements, note = list(of_command(step.command, private)), step.note
    if step.service == "A-ASSOCIATE":
        elements += _agreed(dialogue)
    try:
        elements += _of_data(dialogue, step, private)
    except PrintError as error:
        note = "; ".join(filter(None, (note, str(error))))
    return SeenStep(
        number=step.number,
        at=step.at,
        sender=step.sender,
        service=step.service,
        title=title(dialogue, step),
        status="" if step.status is None else _status(step.status),
        answers=step.answers,
        fault=step.fault,
        note=note,
        elements=tuple(elements),
    )


def _of_data(dialogue: Transcript, step: Step, private: bool) -> list[Row]:
    """Of its data set.

    Raises:
        PrintError: it cannot be decoded.
    """
    return list(of_dataset(dialogue.dataset(step), private)) if step.size else []


def _agreed(dialogue: Transcript) -> Iterator[Row]:
    """What was proposed and accepted."""
    yield "", "Called AE Title", dialogue.called, 0
    yield "", "Maximum Length", str(dialogue.max_pdu), 0
    for context in dialogue.contexts:
        accepted = UID(context.accepted).name if context.accepted else "not accepted"
        yield "", f"Context {context.id}", f"{UID(context.abstract_syntax).name}: {accepted}", 0
        for proposed in context.proposed:
            yield "", "Proposed", UID(proposed).name, 1


def _status(status: int) -> str:
    return f"{status_words(status)} {MEANINGS.get(status, '')}".rstrip()
