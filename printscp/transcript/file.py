"""A transcript as bytes: compressed JSON, a few kilobytes a film."""

import zlib

from pydantic import TypeAdapter, ValidationError

from printscp.transcript import Transcript

_MOST = 1 << 28  # bytes that a transcript may unfold to
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
        return _TRANSCRIPT.validate_json(text)
    except zlib.error as error:
        raise DamagedTranscript(f"the dialogue cannot be read: {error}") from error
    except ValidationError as error:
        # Its own words quote what is wrong, which may be a patient's name.
        first = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DamagedTranscript(f"the dialogue cannot be read: {key}: {first['msg']}") from None
