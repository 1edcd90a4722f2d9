"""pynetdicom's acceptor, made to wait for events where the original polls every millisecond.

What is changed, by subclassing only (written for pynetdicom 3.0.x):

- an association has one thread instead of two, which turns the upper layer's state machine itself and sleeps
  in `poll` on its connection and a bell; so an idle association costs nothing, an answer leaves at once, and
  nobody can take another's message;
- once the association stands, P-DATA goes past the state machine, straight into messages and out of them;
- the thread never blocks on a peer: not in a TLS handshake, nor in the middle of a PDU;
- each message goes to the association's `Conversation`, which answers all of them, and may speak unasked.
"""

import logging
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol

from pynetdicom import evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from printscp.wire.message import Message
from printscp.wire.tls import in_words
from printscp.wire.upper_layer import AWAITING_REQUEST, CLOSING, IDLE, UpperLayer

_CLOSING_GRACE = 1.0  # seconds that a peer has to close the connection after our last PDU (Sta13)
_AFTERTHOUGHT = 2.0  # seconds from an SCU's last word until it is taken to have no more to say

log = logging.getLogger(__name__)


class Conversation(Protocol):
    """What answers the messages of one association that stands; called by its thread alone."""

    @property
    def at_rest(self) -> bool:
        """Nothing is lost if the association ends between the last message and the next."""

    def respond(self, message: Message, context: PresentationContext) -> None:
        """Answer one message; raises OSError alone, when the connection is dead."""

    def pump(self) -> float | None:
        """Send what may be sent now unasked; seconds until it wants to be asked again, None: when woken.

        It is asked at each turn, after the messages at hand are answered; raises OSError as `respond` does.
        """

    def close(self) -> None:
        """The association has ended, in whatever way."""


@dataclass(frozen=True)
class Rejection:
    """The fields of an A-ASSOCIATE-RJ (PS3.8 9.3.4), and the reason in words."""

    result: int
    source: int
    diagnostic: int
    reason: str


class Reception(Protocol):
    """What a server says of an association; called by the association's thread."""

    address: tuple[str, int]
    """Host and port in use."""

    def tls_context(self) -> ssl.SSLContext | None:
        """None: the connection is plain."""

    def admit(self, association: "PrintAssociation") -> Rejection | None:
        """Look at an association request, and tell the acceptor what to offer, or reject it."""

    def converse(self, association: "PrintAssociation") -> Conversation:
        """The association stands."""

    def leave(self, association: "PrintAssociation") -> None:
        """It has ended, whether it was admitted or not."""


class PrintAssociation(Association):
    """One SCU's association, on one thread that waits for events."""

    dul: UpperLayer

    def __init__(
        self,
        ae: ApplicationEntity,
        connection: socket.socket,
        address: tuple[Any, ...],
        reception: Reception,
    ) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        host = ip_address(address[0])
        # An IPv4 peer looks like ::ffff:a.b.c.d to a socket that listens on ::.
        self.address: IPv4Address | IPv6Address = getattr(host, "ipv4_mapped", None) or host
        peer = f"{self.address}:{address[1]}" if self.address.version == 4 else f"[{host}]:{address[1]}"
        self.name = f"association {peer}"
        self._reception = reception
        self.requestor.address_info = AddressInformation.from_tuple(address)
        self.acceptor.maximum_length = ae.maximum_pdu_size
        self.acceptor.implementation_version_name = ae.implementation_version_name
        self.dul = UpperLayer(self, peer)
        self._retiring = False
        self.closing_grace = _CLOSING_GRACE
        # The setter arms a timer of the upper layer, which has just been replaced.
        self.acse_timeout = ae.acse_timeout
        self.dul.attach(connection)

    @property
    def peer(self) -> str:
        """Address and port of the SCU, its AE title before them once it is known; for logs."""
        return self.dul.peer

    @peer.setter
    def peer(self, name: str) -> None:
        self.dul.peer = name

    def _bind_defaults(self) -> None:
        """Only what answers: pynetdicom's other defaults format each PDU for a log, read or not."""
        for event in evt._INTERVENTION_EVENTS:
            self.bind(event, evt.get_default_handler(event))

    def wake(self) -> None:
        """Have the association's thread turn, and so ask its conversation; from any thread, at any time."""
        self.dul.bell.ring()

    def retire(self) -> None:
        """Have the association end once its conversation is at rest and its peer silent for two seconds; from
        any thread. Until then it is served on."""
        self._retiring = True
        self.wake()

    def pause(self, seconds: float) -> None:
        """Do nothing for so long, or until the association is to be aborted or its peer has gone; from its
        thread."""
        deadline = time.monotonic() + seconds
        while not self._kill and (left := deadline - time.monotonic()) > 0 and not self.dul.peer_gone(left):
            pass

    def _abort_blocking(self, block: bool = True) -> None:
        """What `abort` does: have the association's thread send an A-ABORT and end; from any thread.

        It never blocks. pynetdicom replaces `abort` itself by this while it negotiates.
        """
        self._kill = True
        self.wake()

    def run_reactor(self) -> None:
        """The thread: negotiate, converse, end."""
        self._survive(self._live)
        self._reception.leave(self)
        self._survive(self._close)
        self.dul.detach()

    def _survive(self, step: Callable[[], None]) -> None:
        try:
            step()
            return
        except OSError as error:
            log.warning("connection lost", extra={"peer": self.peer, "error": in_words(error)})
        except Exception:
            log.exception("unforeseen error", extra={"peer": self.peer})
        self._kill = True

    def _live(self) -> None:
        context = self._reception.tls_context()
        if (context is None or self._secure(context)) and self._negotiate():
            self._serve()

    def _secure(self, context: ssl.SSLContext) -> bool:
        try:
            self.dul.secure(context)
        except OSError as error:
            if not self._kill:
                log.warning("no TLS", extra={"peer": self.peer, "error": in_words(error)})
                self.dul.socket.linger(_CLOSING_GRACE)
            return False
        return True

    def _negotiate(self) -> bool:
        """Wait for the association request and answer it; whether the association stands."""
        while self.dul.to_user_queue.empty():
            if self.dul.ended or self._kill:
                return False
            if self.dul.state == CLOSING:
                if not self.dul.socket.deaf:  # That has been said.
                    log.warning("no acceptable association request", extra={"peer": self.peer})
                return False
            self.dul.turn()
        primitive = self.dul.receive_pdu()
        if not isinstance(primitive, A_ASSOCIATE):
            return False
        self.requestor.primitive = primitive
        self.requestor.ae_title = primitive.calling_ae_title
        rejection = self._reception.admit(self)
        if rejection is None:
            self.acse.negotiate_association()
        else:
            where = {"peer": self.peer, "port": self._reception.address[1]}
            log.warning("association rejected", extra={**where, "reason": rejection.reason})
            self.acse.send_reject(rejection.result, rejection.source, rejection.diagnostic)
        return self.is_established

    def _serve(self) -> None:
        conversation = self._reception.converse(self)
        try:
            wait: float | None = None
            while True:
                self.dul.turn(wait)
                self._answer(conversation)
                if self._kill or self._has_ended():
                    return
                wait = conversation.pump()
                if self._retiring and conversation.at_rest and not self.dul.inside_message:
                    left = _AFTERTHOUGHT - self.dul.silence
                    if left <= 0:
                        self._kill = True
                        return
                    wait = left if wait is None else min(wait, left)
        finally:
            self.is_established = False
            conversation.close()

    def _answer(self, conversation: Conversation) -> None:
        """Have the messages at hand answered."""
        while self.dul.messages and not self._kill:
            message = self.dul.messages.popleft()
            context = self._accepted_cx.get(message.context_id)
            if context is None:
                error = f"context {message.context_id} was not accepted"
                log.warning("protocol error", extra={"peer": self.peer, "error": error})
                self._kill = True
                return
            conversation.respond(message, context)
            self.dul.restart_clock()

    def _has_ended(self) -> bool:
        """Release, abort, a dead connection or silence; answers what wants an answer."""
        if self.acse.is_release_requested():
            self.acse.send_release(is_response=True)
            self.is_released = True
            return True
        if self.acse.is_aborted():
            self.is_aborted = True
            return True
        if self.dul.ended:
            return True
        if self.dul.overdue:
            where = "inside a message" if self.dul.inside_message else "between messages"
            log.warning("silent too long", extra={"peer": self.peer, "where": where})
            self._kill = True
        return self._kill

    def _close(self) -> None:
        """Send what is left to send, and give the peer a moment to close the connection."""
        if self._kill and self.dul.state not in (IDLE, AWAITING_REQUEST, CLOSING):
            self.acse.send_abort(0x00)
        began = time.monotonic()
        while not self.dul.ended:
            remaining = began + (_CLOSING_GRACE if self._kill else self.closing_grace) - time.monotonic()
            if remaining <= 0:
                return
            if self.dul.state in (IDLE, AWAITING_REQUEST) and self.dul.event_queue.empty():
                return
            self.dul.turn(remaining)
