"""A transcript as bytes: compressed JSON, a few kilobytes a film."""

import zlib

from pydantic import TypeAdapter, ValidationError

from printscp.transcript import Step, Transcript

_MOST = 1 << 28  # bytes that a transcript may unfold to
_MOST_PIXELS = 1 << 30  # bytes that are put back where they were cut
_KINDS = {
    **dict.fromkeys(("AffectedSOPClassUID", "AffectedSOPInstanceUID", "RequestedSOPClassUID"), str),
    **dict.fromkeys(("RequestedSOPInstanceUID", "ErrorComment"), str),
    **dict.fromkeys(("Status", "ActionTypeID", "EventTypeID", "MessageID"), int),
    "AttributeIdentifierList": list,
}
"""Of the elements of command sets that are looked at."""
_TRANSCRIPT = TypeAdapter(Transcript)


class DamagedTranscript(Exception):
    """A transcript cannot be read back."""


def dump(transcript: Transcript) -> bytes:
    """The bytes to keep."""
    return zlib.compress(_TRANSCRIPT.dump_json(transcript), 3)


def load(kept: bytes) -> Transcript:
    """A transcript of what `dump` made.

    Raises:
        DamagedTranscript
    """
    try:
        folded = zlib.decompressobj()
        text = folded.decompress(kept, _MOST)
        if not folded.eof:
            raise DamagedTranscript("the dialogue cannot be read: it is cut short, or far too long")
        said = _TRANSCRIPT.validate_json(text)
    except zlib.error as error:
        raise DamagedTranscript(f"the dialogue cannot be read: {error}") from error
    except ValidationError as error:
        # Its own words quote what is wrong, which may be a patient's name.
        first = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DamagedTranscript(f"the dialogue cannot be read: {key}: {first['msg']}") from None
    wrong = next((step.number for step in said.steps if not _sound(step)), None)
    if wrong is not None:
        raise DamagedTranscript(f"the dialogue cannot be read: step {wrong} is none that was written")
    return said


def _sound(step: Step) -> bool:
    """What a type cannot say of a step that went over the wire."""
    for keyword, kind in _KINDS.items():
        value = step.command.get(keyword)
        if value is not None and not isinstance(value, kind):
            return False
    if not all(isinstance(tag, int) for tag in step.command.get("AttributeIdentifierList") or ()):
        return False
    cut = step.cut
    return cut is None or (0 <= cut.offset <= len(step.data) and 0 <= cut.length <= _MOST_PIXELS)
