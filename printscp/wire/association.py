"""pynetdicom's acceptor, made to wait for events where the original polls every millisecond.

What is changed, by subclassing only (written for pynetdicom 3.0.x):

- the upper layer thread sleeps in a selector on its socket and a wake-up pair, the association thread on an
  event that the upper layer sets; so an idle association costs nothing and an answer leaves at once;
- PDUs are read in large pieces; a peer that stops in the middle of one is timed out like any other silence;
- a message that announces a data set and sends none is completed after a grace (`ANNOUNCED_DATA_GRACE`):
  pynetdicom's own SCU does that for an empty data set, and would otherwise never get an answer;
- each message goes to the association's `Conversation`, which answers all of them.
"""

import contextlib
import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import N_ACTION_RQ, N_CREATE_RQ
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket

ANNOUNCED_DATA_GRACE = 1.0
"""Seconds after which the data set that an N-CREATE or N-ACTION announced is taken to be empty."""

_CLOSING_GRACE = 1.0  # seconds that a peer has to close the connection after our last PDU (Sta13)
_LAST_DATA_FRAGMENT = b"\x02"  # message control header, PS3.8 E.2

log = logging.getLogger(__name__)


class _Socket(AssociationSocket):
    """Reads a PDU in pieces of up to 128 KiB instead of 4."""

    def recv(self, nr_bytes: int) -> bytearray:
        assert self.socket is not None
        received = bytearray()
        while len(received) < nr_bytes:
            piece = self.socket.recv(min(nr_bytes - len(received), 1 << 17))
            if not piece:
                break
            received += piece
        return received


class _UpperLayer(DULServiceProvider):
    """The upper layer's thread and state machine; sleeps until there is something to do."""

    assoc: "PrintAssociation"

    def __init__(self, assoc: "PrintAssociation") -> None:
        super().__init__(assoc)
        self.daemon = True
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)

    def send_pdu(self, primitive: Any) -> None:
        super().send_pdu(primitive)
        self.wake()

    def kill_dul(self) -> None:
        super().kill_dul()
        self.wake()

    def stop_dul(self) -> bool:
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.join()
        return True

    def wake(self) -> None:
        # A full pair wakes as well as one more byte would; a closed one belongs to a thread that has ended.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def run_reactor(self) -> None:
        self._idle_timer.start()
        self.assoc._dul_ready.set()
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            assert self.socket is not None
            assert self.socket.socket is not None
            selector.register(self.socket.socket, selectors.EVENT_READ)
            try:
                while not self._kill_thread:
                    self._turn(selector)
            except Exception as error:
                # A state machine that met something impossible; the peer gets an end, the others go on.
                log.warning("association with %s ended: %s", self.assoc.peer, error)
                self.assoc.is_aborted = True
                self.socket._shutdown_socket()
            finally:
                self._waker.close()
                self._woken.close()
                self.assoc.news.set()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        """One event through the state machine, waited for if there is none yet."""
        if self.artim_timer.expired:
            self.event_queue.put("Evt18")
        if self.event_queue.empty() and not self._process_recv_primitive():
            self._await_event(selector)
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
        self.assoc.news.set()

    def _await_event(self, selector: selectors.BaseSelector) -> None:
        assert self.socket is not None
        closing = self.state_machine.current_state == "Sta13"
        connected = self.socket.socket is not None
        if connected and self._pending():
            readable = True
        else:
            ready = {key.fileobj for key, _ in selector.select(self._patience(closing))}
            if self._woken in ready:
                with contextlib.suppress(OSError):
                    self._woken.recv(4096)
            readable = bool(ready - {self._woken})
        if connected and readable:
            self._read_pdu_data()
            self._idle_timer.restart()
        elif closing and connected and not self.to_provider_queue.queue:
            self.socket.close()
        self.assoc.announced_data.check()

    def _pending(self) -> bool:
        """Bytes that a TLS socket holds though the selector sees none."""
        pending = getattr(self.socket and self.socket.socket, "pending", None)
        return bool(pending and pending())

    def _patience(self, closing: bool) -> float | None:
        """Seconds until a timer may be due; None waits for the peer or for us."""
        due = [self.assoc.announced_data.due()]
        if closing:
            due.append(_CLOSING_GRACE)
        # Timer has no public "is it running"; an expired one was turned into Evt18 before the wait.
        if self.artim_timer._start_time is not None and self.artim_timer._end_time is None:
            due.append(max(0.0, self.artim_timer.remaining))
        running = [seconds for seconds in due if seconds is not None]
        return min(running) + 0.001 if running else None

    def _decode_pdu(self, bytestream: bytearray) -> Any:
        try:
            return super()._decode_pdu(bytestream)
        except Exception:
            log.warning("association with %s: a PDU cannot be decoded", self.assoc.peer)
            raise


class _AnnouncedData:
    """Completes a message whose command announced a data set that never came."""

    def __init__(self, dimse: DIMSEServiceProvider) -> None:
        self._dimse = dimse
        self._since: float | None = None

    def note(self) -> None:
        """After each fragment: start the clock where a command waits for its first byte of data."""
        message = self._dimse.message
        waits = isinstance(message, (N_CREATE_RQ, N_ACTION_RQ)) and not (
            message.data_set and message.data_set.tell()
        )
        self._since = time.monotonic() if waits else None

    def due(self) -> float | None:
        """Seconds left, or None where nothing is awaited."""
        return (
            None if self._since is None else max(0.0, self._since + ANNOUNCED_DATA_GRACE - time.monotonic())
        )

    def check(self) -> None:
        """Complete the message when its time is up."""
        message = self._dimse.message
        if message is not None and self.due() == 0.0:
            empty = P_DATA()
            empty.presentation_data_value_list.append((message.context_id or 0, _LAST_DATA_FRAGMENT))
            self._dimse.receive_primitive(empty)


class _Messages(DIMSEServiceProvider):
    assoc: "PrintAssociation"

    def receive_primitive(self, primitive: P_DATA) -> None:
        super().receive_primitive(primitive)
        self.assoc.announced_data.note()
        self.assoc.news.set()


class Conversation(Protocol):
    """What answers the messages of one association that stands."""

    def respond(self, message: Any, context: PresentationContext) -> None:
        """Answer one message; must not raise."""

    def close(self) -> None:
        """The association has ended, in whatever way."""


class PrintAssociation(Association):
    """One SCU's association, on two threads that wait for events.

    ``converse`` is called once the association stands.
    """

    def __init__(
        self,
        ae: ApplicationEntity,
        connection: socket.socket,
        peer: str,
        converse: "Callable[[PrintAssociation], Conversation]",
    ) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self.news = threading.Event()
        self.peer = peer
        # pynetdicom finds its acceptors by this word in the name of their thread.
        self.name = f"AcceptorThread {peer}"
        self._converse = converse
        self.dul = _UpperLayer(self)
        self.dimse = _Messages(self)
        self.announced_data = _AnnouncedData(self.dimse)
        # The setters arm the timers of the upper layer, which has just been replaced.
        self.acse_timeout = ae.acse_timeout
        self.network_timeout = ae.network_timeout
        # Until the association stands, silence in the middle of a PDU is cut as short as before it.
        connection.settimeout(self.acse_timeout)
        self.set_socket(_Socket(self, client_socket=connection))

    def run_reactor(self) -> None:
        try:
            super().run_reactor()
        except Exception:
            log.exception("%s: association ended by an unforeseen error", self.peer)
            self.dul.kill_dul()
        if self.is_rejected:
            log.warning("%s: association rejected", self.peer)

    def _run_reactor(self) -> None:
        assert self.dul.socket is not None
        if self.dul.socket.socket is not None:
            self.dul.socket.socket.settimeout(self.network_timeout)
        conversation = self._converse(self)
        try:
            while not self._kill:
                self.news.wait(self._patience())
                self.news.clear()
                self._serve_messages(conversation)
                if self._has_ended():
                    self.kill()
        finally:
            conversation.close()

    def _patience(self) -> float | None:
        if self.network_timeout is None:
            return None
        return max(0.0, self.dul._idle_timer.remaining) + 0.001

    def _serve_messages(self, conversation: Conversation) -> None:
        while not self._kill:
            context_id, message = self.dimse.get_msg(block=False)
            if message is None:
                return
            context = self._accepted_cx.get(context_id or 0)
            if context is None:
                log.warning(
                    "%s: message on context %s, which was not accepted: aborting", self.peer, context_id
                )
                self.abort()
                return
            conversation.respond(message, context)

    def _has_ended(self) -> bool:
        """Release, abort, a dead connection or silence; answers what wants an answer."""
        if self.is_established and self.acse.is_release_requested():
            self.acse.send_release(is_response=True)
            self.is_released = True
            self.is_established = False
            return True
        if self.acse.is_aborted():
            self.dul.receive_pdu(wait=False)
            self.is_aborted = True
            self.is_established = False
            return True
        if not self.dul.is_alive():
            return True
        if self.dul.idle_timer_expired():
            log.warning("%s: silent for %g s: aborting", self.peer, self.network_timeout)
            self.abort()
            return True
        return False
