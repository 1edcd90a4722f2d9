"""An association that proposes and sends what it is given, as it is: for a dialogue that is played again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dimse_primitives import C_ECHO, N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET
from pynetdicom.dsutils import encode

from printscp.client.association import ClientError, PrintAssociation, Unreachable, decoded

_PRIMITIVES: Mapping[str, tuple[Any, str, str]] = {
    "C-ECHO": (C_ECHO, "", ""),
    "N-CREATE": (N_CREATE, "AttributeList", "AttributeList"),
    "N-SET": (N_SET, "ModificationList", "AttributeList"),
    "N-GET": (N_GET, "", "AttributeList"),
    "N-ACTION": (N_ACTION, "ActionInformation", "ActionReply"),
    "N-DELETE": (N_DELETE, "", ""),
}
"""By service: how pynetdicom names it, and the data sets of request and response."""

_COMMAND = (
    *("AffectedSOPClassUID", "AffectedSOPInstanceUID", "RequestedSOPClassUID", "RequestedSOPInstanceUID"),
    *("ActionTypeID", "AttributeIdentifierList"),
)


@dataclass(frozen=True)
class Reply:
    """A response, whatever its ``status``; ``instance`` is the Affected SOP Instance UID, or empty."""

    status: int
    comment: str
    instance: str
    dataset: Dataset


class VerbatimAssociation(PrintAssociation):
    """An association that proposes ``contexts``, each an abstract syntax with its transfer syntaxes; they are
    counted from 0. Otherwise as `PrintAssociation`."""

    def __init__(
        self,
        host: str,
        port: int,
        called_ae_title: str,
        calling_ae_title: str,
        contexts: Sequence[tuple[str, Sequence[str]]],
        timeout: float,
    ) -> None:
        classes = [UID(abstract) for abstract, _ in contexts]
        super().__init__(host, port, called_ae_title, calling_ae_title, classes, timeout)
        self._proposed = contexts
        self._ids = count(1)

    def syntax(self, context: int) -> UID | None:
        """The transfer syntax that the printer accepted on a context; None where it did not take that."""
        accepted = {each.context_id: each.transfer_syntax[0] for each in self._association.accepted_contexts}
        return accepted.get(_id(context))

    def ask(self, step: str, service: str, command: Mapping[str, Any], data: bytes, context: int) -> Reply:
        """Send a request and wait for its response. ``service`` is C-ECHO or N-..., ``command`` holds
        elements of the command set by keyword, ``data`` the data set in the context's syntax, or nothing.

        Raises:
            Unreachable: no response, or no association any more.
            ClientError: it cannot be sent.
        """
        if not self.stands:
            raise Unreachable(f"{step}: connection lost")
        if service not in _PRIMITIVES or self.syntax(context) is None:
            raise ClientError(f"{step}: there is no context to send {service} on")
        primitive, given, returned = _PRIMITIVES[service]
        request = primitive()
        try:
            request.MessageID = next(self._ids) & 0xFFFF
            for keyword in _COMMAND:
                if command.get(keyword) is not None:
                    setattr(request, keyword, command[keyword])
            if data and given:
                setattr(request, given, BytesIO(data))
        except (ValueError, TypeError, AttributeError) as error:
            raise ClientError(f"{step}: cannot be sent: {error}") from error
        with self._sending:
            self._association.dimse.send_msg(request, _id(context))
        answer = self._answer(step)
        if answer.Status is None:
            raise Unreachable(f"{step}: an answer without a status")
        syntax = self.syntax(context)
        assert syntax is not None
        return Reply(
            answer.Status,
            str(getattr(answer, "ErrorComment", None) or ""),
            str(getattr(answer, "AffectedSOPInstanceUID", None) or ""),
            decoded(getattr(answer, returned, None) if returned else None, syntax),
        )

    def _propose(self, entity: ApplicationEntity) -> None:
        for abstract, syntaxes in self._proposed:
            entity.add_requested_context(abstract, list(syntaxes))


def encoded(dataset: Dataset, syntax: UID) -> bytes:
    """A data set in a transfer syntax.

    Raises:
        ClientError: it has values that cannot be written.
    """
    written = encode(dataset, syntax.is_implicit_VR, is_little_endian=True)
    if written is None:
        raise ClientError("not sent: its data set cannot be encoded anew")
    return written


def _id(context: int) -> int:
    """Presentation context IDs are odd (PS3.8 9.3.2.2); pynetdicom counts them up."""
    return 2 * context + 1
