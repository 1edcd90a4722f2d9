"""Steps of a dialogue in words."""

from printscp.errors import PrintError
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
