"""Keeps pynetdicom's requestor from losing answers.

Between requests the thread of an association takes whatever is in its message queue for a request of the
peer.
`send_n_*` pauses it first, but on a busy machine it can be caught just before it looks, wakes with the answer
already there, drops it ("Received unexpected N-SET service message"), and the SCU waits until its time-out.
A print SCU has nothing to serve on that thread, so it is paused from the start, until the association ends.
"""

import threading

from pynetdicom.association import Association
from pynetdicom.events import Event


class _Gate(threading.Event):
    def set(self) -> None:
        """What `send_n_*` does when it is through: not here."""

    def open(self) -> None:
        super().set()


def hold(event: Event) -> None:
    """For EVT_ESTABLISHED, which comes before the thread starts."""
    event.assoc._reactor_checkpoint = _Gate()


def serve_nothing(event: Event) -> None:
    """For EVT_ESTABLISHED, where events of the printer are taken as EVT_DIMSE_RECV: pynetdicom serves each in
    a thread of its own, that would answer it once more."""
    event.assoc._serve_request = lambda *_: None  # type: ignore[method-assign]


def notice_end(association: Association) -> None:
    """What the thread would do if it ran: see that the peer has aborted, or the connection is gone."""
    if association.acse.is_aborted():
        association.is_aborted = True
        association.is_established = False


def let_go(association: Association) -> None:
    """Let the thread see the end of the association, and end with it."""
    gate = association._reactor_checkpoint
    if isinstance(gate, _Gate):
        gate.open()
