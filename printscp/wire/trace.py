"""The DIMSE trace: every message in full, patient data included, for whoever asks for it."""

import logging
from io import BytesIO

from pydicom.filereader import read_dataset
from pynetdicom.presentation import PresentationContext

from printscp.logs import trace as log
from printscp.wire.message import Message


def trace(peer: str, direction: str, message: Message, context: PresentationContext) -> None:
    """Write a message to the trace, if there is one; pixel data by their length only."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    command = "\n".join(f"  {keyword}: {_plain(value)}" for keyword, value in message.command.items())
    log.debug(
        "%s %s on context %d\n%s\n%s", peer, direction, message.context_id, command, _data(message, context)
    )


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in value)
    return str(value)


def _data(message: Message, context: PresentationContext) -> str:
    if not message.data:
        return "  no data set"
    try:
        dataset = read_dataset(BytesIO(bytes(message.data)), context.transfer_syntax[0].is_implicit_VR, True)
        return "\n".join(f"  {line}" for line in str(dataset).splitlines())
    except Exception as error:
        return f"  {len(message.data)} bytes that cannot be decoded: {error}"
