"""Steps of a dialogue in words."""

from printscp.errors import PrintError
from printscp.film.statuses import MEANINGS, category
from printscp.transcript import Step, Transcript

_POSITIONS = ("ImageBoxPosition", "AnnotationPosition")


def title(transcript: Transcript, step: Step) -> str:
    """What a request is, as "N-SET Basic Grayscale Image Box, position 2"."""
    name = step.sop_class.name.removesuffix(" SOP Class")
    place = position(transcript, step)
    return f"{step.service} {name}{'' if place is None else f', position {place}'}".strip()


def position(transcript: Transcript, step: Step) -> int | None:
    """The position that a request gives for an image box or an annotation box."""
    if step.service != "N-SET" or not step.data:
        return None
    try:
        dataset = transcript.dataset(step)
    except PrintError:
        return None
    found = next((dataset[each].value for each in _POSITIONS if each in dataset), None)
    return found if isinstance(found, int) else None


def status_words(status: int | None) -> str:
    """A status as it is written: 0x0106, or a dash where there is none."""
    return "-" if status is None else f"0x{status:04X}"


def refused(transcript: Transcript) -> list[str]:
    """The requests that failed, each with its status."""
    return [
        f"{title(transcript, request)}: {status_words(status)} {MEANINGS.get(status, '')}".rstrip()
        for request, answer in transcript.exchanges()
        if answer is not None and (status := answer.status or 0) and category(status) == "Failure"
    ]


def ended(transcript: Transcript) -> str:
    """How it ended, as far as it is there."""
    last = transcript.steps[-1]
    return f"{last.service} by the {last.sender.lower()}"
