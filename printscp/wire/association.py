"""pynetdicom's acceptor, made to wait for events where the original polls every millisecond.

What is changed, by subclassing only (written for pynetdicom 3.0.x):

- an association has one thread instead of two, which turns the upper layer's state machine itself and sleeps
  in a selector on its socket and a wake-up pair; so an idle association costs nothing, an answer leaves at
  once, and nobody can take another's message;
- once the association stands, P-DATA goes past the state machine, straight into messages and out of them;
- a peer that stops in the middle of a PDU is timed out like any other silence;
- each message goes to the association's `Conversation`, which answers all of them.
"""

import contextlib
import logging
import queue
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from pynetdicom import evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket

from printscp.wire.message import Assembler, Message, ProtocolError, pdus

_CLOSING_GRACE = 1.0  # seconds that a peer has to close the connection after our last PDU (Sta13)
_P_DATA_TF = 4  # PDU type, PS3.8 9.3.5
_ESTABLISHED = "Sta6"  # PS3.8 9.2
_LONGEST_PDU = 1 << 26  # a longer one is garbage; far less is announced

Connection = socket.socket

log = logging.getLogger(__name__)


class _UpperLayer(DULServiceProvider):
    """The upper layer's state machine, turned by the thread of its association instead of one of its own."""

    assoc: "PrintAssociation"
    socket: AssociationSocket

    def __init__(self, assoc: "PrintAssociation") -> None:
        super().__init__(assoc)
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._assembler = Assembler()
        self.messages: deque[Message] = deque()
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)

    @property
    def ended(self) -> bool:
        """Nothing more can come or go."""
        return self._kill_thread

    def attach(self, connection: AssociationSocket) -> None:
        """Take over an accepted connection."""
        self.socket = connection
        assert connection.socket is not None
        self._selector.register(connection.socket, selectors.EVENT_READ)
        self._idle_timer.start()

    def detach(self) -> None:
        """Let go of connection and wake-up pair."""
        self.socket._shutdown_socket()
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def send_pdu(self, primitive: Any) -> None:
        super().send_pdu(primitive)
        if threading.get_ident() != self.assoc.ident:
            self.wake()

    def wake(self) -> None:
        """End the wait of the association's thread, from another one."""
        # A full pair wakes as well as one more byte would; a closed one belongs to a thread that has ended.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def turn(self) -> None:
        """One event through the state machine, waited for if there is none yet."""
        if self.artim_timer.expired:
            self.event_queue.put("Evt18")
        if self.event_queue.empty() and not self._process_recv_primitive():
            self._await_event()
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

    def _await_event(self) -> None:
        closing = self.state_machine.current_state == "Sta13"
        if self.socket.socket is None:
            self.kill_dul()
            return
        readable = self._pending()
        if not readable:
            ready = {key.fileobj for key, _ in self._selector.select(self._patience(closing))}
            if self._woken in ready:
                with contextlib.suppress(OSError):
                    self._woken.recv(4096)
            readable = self.socket.socket in ready
        if readable:
            self._read()
            self._idle_timer.restart()
        elif closing and self.to_provider_queue.empty():
            self.socket.close()
        self.messages.extend(self._assembler.give_up_waiting())

    def _read(self) -> None:
        """One PDU: P-DATA of an association that stands into messages, any other into the state machine."""
        connection = self.socket.socket
        assert connection is not None
        first = connection.recv(1, socket.MSG_PEEK)
        if first != bytes([_P_DATA_TF]) or self.state_machine.current_state != _ESTABLISHED:
            self._read_pdu_data()
            return
        try:
            header = self._exactly(connection, 6)
            length = int.from_bytes(header[2:], "big")
            if length > _LONGEST_PDU:
                raise ProtocolError(f"a PDU of {length} bytes")
            self.messages.extend(self._assembler.feed(self._exactly(connection, length)))
        except ProtocolError as error:
            log.warning("%s: %s: aborting", self.assoc.peer, error)
            self.event_queue.put("Evt19")

    def _exactly(self, connection: Connection, size: int) -> memoryview:
        """So many bytes of the peer, in a buffer that serves the next time again.

        Raises:
            OSError: it closed the connection, or fell silent, before they were there.
        """
        if size > len(self._buffer):
            self._buffer = bytearray(size)
        received = memoryview(self._buffer)[:size]
        filled = 0
        while filled < size:
            count = connection.recv_into(received[filled:])
            if not count:
                raise ConnectionError("connection closed inside a PDU")
            filled += count
        return received

    def send(self, message: Message) -> None:
        """Send a message on an association that stands, from its own thread."""
        connection = self.socket.socket
        if connection is not None and self.state_machine.current_state == _ESTABLISHED:
            connection.sendall(pdus(message, self.assoc.requestor.maximum_length or 0))

    def _pending(self) -> bool:
        """Bytes that a TLS socket holds though the selector sees none."""
        pending = getattr(self.socket.socket, "pending", None)
        return bool(pending and pending())

    def _patience(self, closing: bool) -> float | None:
        """Seconds until a timer may be due; None waits for the peer, or for another thread."""
        due = [self._assembler.due()]
        if closing:
            due.append(_CLOSING_GRACE)
        # Timer has no public "is it running"; an expired one was turned into Evt18 before the wait.
        if self.artim_timer._start_time is not None and self.artim_timer._end_time is None:
            due.append(max(0.0, self.artim_timer.remaining))
        if self.assoc.is_established and self._idle_timer.timeout is not None:
            due.append(max(0.0, self._idle_timer.remaining))
        running = [seconds for seconds in due if seconds is not None]
        return min(running) + 0.001 if running else None


class Conversation(Protocol):
    """What answers the messages of one association that stands."""

    def respond(self, message: Message, context: PresentationContext) -> None:
        """Answer one message; raises OSError alone, when the connection is dead."""

    def close(self) -> None:
        """The association has ended, in whatever way."""


class PrintAssociation(Association):
    """One SCU's association, on one thread that waits for events.

    ``converse`` is called once the association stands.
    """

    dul: _UpperLayer

    def __init__(
        self,
        ae: ApplicationEntity,
        connection: socket.socket,
        peer: str,
        converse: "Callable[[PrintAssociation], Conversation]",
    ) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self.peer = peer
        # pynetdicom finds its acceptors by this word in the name of their thread.
        self.name = f"AcceptorThread {peer}"
        self._converse = converse
        self._connection = connection
        self.dul = _UpperLayer(self)
        # The setters arm the timers of the upper layer, which has just been replaced.
        self.acse_timeout = ae.acse_timeout
        self.network_timeout = ae.network_timeout
        # Until the association stands, silence in the middle of a PDU is cut as short as before it.
        connection.settimeout(self.acse_timeout)
        self.dul.attach(AssociationSocket(self, client_socket=connection))

    def _bind_defaults(self) -> None:
        """Only what answers: pynetdicom's other defaults format each PDU for a log, read or not."""
        for event in evt._INTERVENTION_EVENTS:
            self.bind(event, evt.get_default_handler(event))

    def abort(self, block: bool = True) -> None:
        """Have the association's thread send an A-ABORT and end."""
        if not self._sent_abort:
            self._sent_abort = True
            self.acse.send_abort(0x00)
        self._kill = True
        self.dul.wake()

    def run_reactor(self) -> None:
        """The thread: negotiate, converse, end."""
        try:
            if self._negotiate():
                self._connection.settimeout(self.network_timeout)
                self._serve()
            self._close()
        except OSError as error:
            log.warning("%s: connection lost: %s", self.peer, error)
        except Exception:
            log.exception("%s: association ended by an unforeseen error", self.peer)
        finally:
            self.dul.detach()

    def _negotiate(self) -> bool:
        """Wait for the association request and answer it; whether the association stands."""
        while self.dul.to_user_queue.empty():
            if self.dul.ended or self._kill:
                return False
            self.dul.turn()
        primitive = self.dul.receive_pdu()
        if not isinstance(primitive, A_ASSOCIATE):
            return False
        self.requestor.primitive = primitive
        self.acse.negotiate_association()
        if self.is_rejected:
            log.warning("%s: association of %s rejected", self.peer, self.requestor.ae_title)
        return self.is_established

    def _serve(self) -> None:
        conversation = self._converse(self)
        try:
            while not self._kill and not self._has_ended():
                self.dul.turn()
                while self.dul.messages and not self._kill:
                    self._serve_message(conversation, self.dul.messages.popleft())
        finally:
            self.is_established = False
            conversation.close()

    def _serve_message(self, conversation: Conversation, message: Message) -> None:
        context = self._accepted_cx.get(message.context_id)
        if context is None:
            log.warning("%s: context %d was not accepted: aborting", self.peer, message.context_id)
            self.abort()
            return
        conversation.respond(message, context)

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
        if self.dul.idle_timer_expired():
            log.warning("%s: silent for %g s: aborting", self.peer, self.network_timeout)
            self.abort()
        return False

    def _close(self) -> None:
        """Send what is left to send, and give the peer a moment to close the connection."""
        deadline = time.monotonic() + 2 * _CLOSING_GRACE
        while not self.dul.ended and time.monotonic() < deadline:
            if self.dul.state_machine.current_state == "Sta1" and self.dul.event_queue.empty():
                return
            self.dul.turn()
