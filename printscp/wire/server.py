"""The listening side: life cycle, negotiation, and one dialogue per association."""

import logging
import socket
import threading
import time
from copy import deepcopy
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from printscp.errors import SetupError
from printscp.film.dialogue import Dialogue, Printer
from printscp.film.uids import BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
from printscp.wire.association import PrintAssociation
from printscp.wire.dimse import Responder

# Fewer PDUs are fewer turns for both sides; an SCU that prefers smaller ones sends them.
_MAXIMUM_PDU = 524288
_STOP_PATIENCE = 10.0  # seconds that all associations together may take to end

log = logging.getLogger(__name__)


class PrintServer:
    """Serves one printer on one port.

    With ``check_called_ae_title`` an association must call ``ae_title``, else any. Timeouts are in seconds.
    """

    def __init__(
        self,
        printer: Printer,
        address: tuple[str, int],
        *,
        ae_title: str,
        check_called_ae_title: bool,
        max_associations: int,
        acse_timeout: float,
        idle_timeout: float,
    ) -> None:
        self.printer = printer
        self._wanted = address
        self._entity = entity = ApplicationEntity(ae_title)
        entity.require_called_aet = check_called_ae_title
        entity.maximum_associations = max_associations
        entity.maximum_pdu_size = _MAXIMUM_PDU
        entity.acse_timeout = acse_timeout
        entity.network_timeout = idle_timeout
        for syntax in (Verification, BASIC_GRAYSCALE_PRINT_MANAGEMENT_META):
            entity.add_supported_context(syntax, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        self._server: _Server | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in use, once started."""
        assert self._server is not None, "not started"
        return self._server.server_address[0], self._server.server_address[1]

    def start(self) -> None:
        """Listen; returns when the first connection can be served.

        Raises:
            SetupError: the address cannot be used.
        """
        host, port = self._wanted
        try:
            self._server = _Server(self.printer, self._entity, self._wanted)
        except OSError as error:
            raise SetupError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self._entity._servers.append(self._server)
        threading.Thread(target=self._server.serve_forever, name="listener", daemon=True).start()

    def stop(self) -> None:
        """Stop listening, let requests under way be answered, abort the associations; jobs are kept."""
        if self._server is not None:
            self._server.shutdown()
            associations = self._entity.active_associations
            for association in associations:
                association.abort()
            deadline = time.monotonic() + _STOP_PATIENCE
            for association in associations:
                # One whose thread is just being started cannot be joined; it finds the abort and ends.
                if association.is_alive():
                    association.join(max(0.0, deadline - time.monotonic()))
            self._server = None


class _Server(ThreadedAssociationServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, printer: Printer, entity: ApplicationEntity, address: tuple[str, int]) -> None:
        self.printer = printer
        super().__init__(
            entity, address, entity.ae_title, entity.supported_contexts, request_handler=_Connection
        )

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        # Without it each answer waits for the SCU's delayed acknowledgement, some 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("connection from %s could not be served", client_address)


class _Connection(RequestHandler):
    """Makes an association of a connection, as pynetdicom's does, but of our class."""

    server: _Server

    def _create_association(self) -> PrintAssociation:
        peer = f"{self.client_address[0]}:{self.client_address[1]}"
        association = PrintAssociation(self.ae, self.request, peer, self._converse)
        association._server = self.server
        acceptor = association.acceptor
        acceptor.maximum_length = self.ae.maximum_pdu_size
        acceptor.ae_title = self.server.ae_title
        acceptor.address_info = self.local
        acceptor.implementation_class_uid = self.ae.implementation_class_uid
        acceptor.implementation_version_name = self.ae.implementation_version_name
        acceptor.supported_contexts = deepcopy(self.server.contexts)
        association.requestor.address_info = self.remote
        return association

    def _converse(self, association: PrintAssociation) -> Responder:
        calling = association.requestor.ae_title
        association.peer = f"{calling}@{association.peer}"
        if association.accepted_contexts:
            log.info("%s: association accepted", association.peer)
        else:
            proposed = ", ".join(str(context.abstract_syntax) for context in association.rejected_contexts)
            log.warning("%s: offers nothing this printer prints: %s", association.peer, proposed)
        return Responder(association, Dialogue(self.server.printer, calling))
