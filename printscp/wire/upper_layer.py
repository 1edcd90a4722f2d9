"""pynetdicom's upper layer (PS3.8), turned by the thread of its association and waiting for events."""

import contextlib
import logging
import math
import queue
import select
import socket
import ssl
import time
from collections import deque

from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError

from printscp.wire.connection import Bell, Connection
from printscp.wire.message import Assembler, HasRoom, Message, ProtocolError, pdus
from printscp.wire.tls import in_words

IDLE, AWAITING_REQUEST, ESTABLISHED, CLOSING = "Sta1", "Sta2", "Sta6", "Sta13"  # PS3.8 9.2
_P_DATA_TF = 4  # PDU type, PS3.8 9.3.5
_Socket = socket.socket  # its name is taken inside pynetdicom's classes

log = logging.getLogger(__name__)


class UpperLayer(DULServiceProvider):
    """The upper layer's state machine, turned by the thread of its association instead of one of its own.

    ``has_room`` is asked as large messages come in (see `Assembler`).
    """

    socket: Connection

    def __init__(self, assoc: Association, peer: str) -> None:
        super().__init__(assoc)
        self.peer = peer
        self.messages: deque[Message] = deque()
        self.bell = Bell()
        self.has_room: HasRoom = lambda message, size: True
        self._assembler = Assembler(lambda message, size: self.has_room(message, size))
        self._poller = select.poll()
        self._poller.register(self.bell, select.POLLIN)
        self._heard = self._progress = time.monotonic()

    @property
    def ended(self) -> bool:
        """Nothing more can come or go."""
        return self._kill_thread

    @property
    def state(self) -> str:
        """Sta1 to Sta13."""
        return self.state_machine.current_state

    @property
    def inside_message(self) -> bool:
        """The peer has begun a message that is not complete."""
        return self._assembler.unfinished or self.socket.holds_part

    @property
    def overdue(self) -> bool:
        """The peer has been silent too long, for where it is."""
        return self._silence_ends() <= time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since the peer was heard, or answered."""
        return time.monotonic() - self._heard

    def attach(self, connection: _Socket) -> None:
        """Take over an accepted connection."""
        self._poller.register(connection, select.POLLIN)
        self.socket = Connection(self.assoc, connection)

    def detach(self) -> None:
        """Let go of the connection, the bell and all that came."""
        self.socket._shutdown_socket()
        self.bell.close()
        self.messages.clear()
        self._assembler = Assembler()

    def secure(self, context: ssl.SSLContext) -> None:
        """Put TLS on the connection.

        Raises:
            OSError: the handshake failed, or took longer than the association request may.
        """
        deadline = time.monotonic() + (self.assoc.acse_timeout or 0.0)
        self.socket.wrap(context)
        while not self.socket.shake_hands():
            remaining = deadline - time.monotonic()
            if remaining <= 0 or self.assoc._kill:
                raise TimeoutError("no TLS handshake")
            self._wait(remaining)

    def turn(self, at_most: float | None = None) -> None:
        """One event through the state machine; if there is none yet, wait for one, ``at_most`` so long."""
        if self.state in (AWAITING_REQUEST, CLOSING) and self.artim_timer.expired:
            if self.state == AWAITING_REQUEST:
                log.warning("no association request in time", extra={"peer": self.peer})
            self.event_queue.put("Evt18")
        if self.event_queue.empty() and not self._process_recv_primitive():
            self._await_event(at_most)
        try:
            event = self.event_queue.get_nowait()
        except queue.Empty:
            return
        try:
            self.state_machine.do_action(event)
        except InvalidEventError:
            # Something to send after the association has ended: nobody is left to read it.
            with contextlib.suppress(queue.Empty):
                self.to_provider_queue.get_nowait()

    def send(self, message: Message) -> None:
        """Send a message on an association that stands, from its own thread.

        Raises:
            OSError: the connection is dead.
        """
        if self.state == ESTABLISHED:
            self.socket.transmit(pdus(message, self.assoc.requestor.maximum_length or 0))

    def break_off(self, *, reset: bool) -> None:
        """Close the connection without a word to the peer, with ``reset`` by a TCP reset."""
        if reset:
            self.socket.reset()
        else:
            self.socket._shutdown_socket()
        self.kill_dul()

    def peer_gone(self, seconds: float) -> bool:
        """Sleep until the bell rings, or so long; whether the peer has closed the connection meanwhile."""
        connection = self.socket.socket
        return self.bell.wait(seconds, connection) if connection is not None else True

    def restart_clock(self) -> None:
        """The peer's silence counts from now: until now it waited for us."""
        self._heard = self._progress = time.monotonic()

    def _await_event(self, at_most: float | None) -> None:
        connection = self.socket
        if connection.socket is None:
            self.kill_dul()
            return
        try:
            pdu = connection.take()
            if pdu is None and self._wait(self._patience(at_most)):
                self._read()
                pdu = connection.take()
            if pdu is not None:
                self._receive(pdu)
        except ProtocolError as error:
            if self.state != CLOSING:
                log.warning("protocol error", extra={"peer": self.peer, "error": str(error)})
            connection.deaf = True
            self.event_queue.put("Evt19")
        except OSError as error:
            # Before the association stands it may be anybody who looks whether the port is open.
            level = logging.WARNING if self.assoc.is_established else logging.DEBUG
            log.log(level, "connection lost", extra={"peer": self.peer, "error": in_words(error)})
            self.event_queue.put("Evt17")
        self.messages.extend(self._assembler.give_up_waiting())

    def _read(self) -> None:
        if not self.inside_message:
            self._progress = time.monotonic()
        if self.socket.fill():
            self._heard = time.monotonic()
        if self.socket.at_end:
            self.event_queue.put("Evt17")

    def _receive(self, pdu: memoryview) -> None:
        """P-DATA of an association that stands into messages, any other PDU into the state machine.

        Raises:
            ProtocolError: it cannot be decoded.
        """
        self._progress = time.monotonic()
        if pdu[0] == _P_DATA_TF and self.state == ESTABLISHED:
            self.messages.extend(self._assembler.feed(pdu[6:]))
            return
        try:
            decoded, event = self._decode_pdu(bytearray(pdu))
            # Without this the state machine would break off where it cannot be done.
            _check(decoded.to_primitive())
        except Exception as error:
            raise ProtocolError(f"a PDU of type {pdu[0]} that cannot be decoded") from error
        self._recv_pdu.put(decoded)
        self.event_queue.put(event)

    def _wait(self, seconds: float | None) -> bool:
        """Sleep until something comes, the bell rings or time is over; whether something has come."""
        if self.socket.holds_bytes:
            return True
        ready = {fd for fd, _ in self._poller.poll(None if seconds is None else math.ceil(seconds * 1000))}
        if self.bell.fileno() in ready:
            self.bell.silence()
            ready.remove(self.bell.fileno())
        return bool(ready)

    def _patience(self, at_most: float | None) -> float | None:
        """Seconds until a timer may be due; None waits for the peer, or for another thread."""
        due = [at_most, self._assembler.due()]
        # Timer has no public "is it running"; an expired one was turned into Evt18 before the wait.
        if self.artim_timer._start_time is not None and self.artim_timer._end_time is None:
            due.append(self.artim_timer.remaining)
        if self.assoc.is_established:
            due.append(self._silence_ends() - time.monotonic())
        running = [seconds for seconds in due if seconds is not None]
        return max(0.0, min(running)) if running else None

    def _silence_ends(self) -> float:
        """When, by the monotonic clock, the peer will have been silent too long.

        A message must go on within `dimse_timeout` of its last PDU, of its first byte where there is none
        yet; between messages `network_timeout` counts.
        """
        if self.inside_message:
            return self._progress + (self.assoc.dimse_timeout or 0.0)
        return self._heard + (self.assoc.network_timeout or 0.0)


def _check(primitive: object) -> None:
    """Raises ValueError for what pynetdicom would trip over: contexts without syntaxes (PS3.8 9.3.2.2)."""
    for context in getattr(primitive, "presentation_context_definition_list", ()):
        if not context.abstract_syntax or not context.transfer_syntax:
            raise ValueError("a presentation context without syntaxes")
