"""The association as a whole: its contexts, its events, its end, its pauses."""

from pydicom.uid import UID, ImplicitVRLittleEndian

from printscp.film.dialogue import META_CLASSES
from printscp.film.statuses import MEANINGS
from printscp.film.uids import PRINT_JOB, PRINTER
from printscp.lint.case import Flaw, Flaws, class_name
from printscp.transcript import Sender, Step, Transcript

_PAUSE = 30.0  # seconds; ours
_VERIFICATION = "1.2.840.10008.1.1"


def check(transcript: Transcript) -> Flaws:
    """The presentation contexts."""
    for context in transcript.contexts:
        name = class_name(UID(context.abstract_syntax))
        if UID(context.abstract_syntax).is_retired:
            yield Flaw("retired-sop-class", name)
        elif not context.accepted:
            yield Flaw("context-not-accepted", name)
    # One of the contexts of an abstract syntax is enough.
    implicit = {
        each.abstract_syntax for each in transcript.contexts if ImplicitVRLittleEndian in each.proposed
    }
    without = [each for each in transcript.contexts if each.abstract_syntax not in implicit]
    if without:
        names = ", ".join(dict.fromkeys(class_name(UID(each.abstract_syntax)) for each in without))
        yield Flaw("no-default-transfer-syntax", names)
    if is_whole(transcript):
        yield from _unused(transcript)


def is_whole(transcript: Transcript) -> bool:
    """Whether all of an association is there, its end too, and not only what led to one job of several."""
    steps = transcript.steps
    numbers = [step.number for step in steps]
    whole = numbers == list(range(1, len(steps) + 1))
    return whole and not transcript.dropped and any(step.is_end for step in steps)


def at_its_end(transcript: Transcript) -> list[tuple[int, Flaw]]:
    """Events and the end, each with its step."""
    flaws: list[tuple[int, Flaw]] = []
    ended = any(step.is_end for step in transcript.steps)
    answers = {step.answers: step for step in transcript.steps if step.sender is Sender.SCU and step.answers}
    for step in transcript.steps:
        if step.service == "A-ABORT" and step.sender is Sender.SCU and not step.fault:
            flaws.append((step.number, Flaw("aborted", "by the SCU")))
        if step.service != "N-EVENT-REPORT" or step.sender is not Sender.PRINTER or step.fault:
            continue
        answer = answers.get(step.number)
        name = class_name(step.sop_class)
        clause = "PS3.4 H.4.6.2.1" if step.sop_class == PRINTER else ""
        if answer is None and ended and _awaited(transcript, step):
            flaws.append((step.number, Flaw("event-not-answered", name, "", clause)))
        elif answer is not None and answer.status:
            meaning = MEANINGS.get(answer.status, "unknown status")
            words = f"{name}: 0x{answer.status:04X} {meaning}"
            flaws.append((step.number, Flaw("event-refused", words, "", clause)))
    return flaws


def _awaited(transcript: Transcript, event: Step) -> bool:
    """Whether the SCU has read past an event: it asked something after an answer that came later."""
    later = [step.number for step in transcript.steps if step.answers and step.number > event.number]
    return any(step.is_request and step.number > min(later, default=step.number) for step in transcript.steps)


def pause_before(step: Step, last: Step | None) -> Flaw | None:
    """A request that came long after the answer before it."""
    waited = step.at - last.at if last is not None else 0.0
    return Flaw("long-pause", f"{waited:.0f} s") if waited > _PAUSE else None


def _unused(transcript: Transcript) -> Flaws:
    used = {step.context_id for step in transcript.steps if step.context_id}
    # Both are there for their events, too; whether there was one is not up to the SCU.
    for_events = (PRINT_JOB, PRINTER)
    accepted = {context.abstract_syntax for context in transcript.contexts if context.accepted}
    for context in transcript.contexts:
        syntax = context.abstract_syntax
        excused = syntax == _VERIFICATION or (syntax in for_events and bool(accepted & META_CLASSES))
        if context.accepted and context.id not in used and not excused:
            yield Flaw("context-unused", class_name(UID(syntax)))
