"""A print server without a printer: it answers every request with success, and notes what became of whom.

As a program (``python echo.py [CERTIFICATE KEY]``) it prints the ports of its doors and serves until killed.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from peers.bare import ABORT_REQUEST, BareScu
from pynetdicom.presentation import PresentationContext

from printscp.wire.association import PrintAssociation
from printscp.wire.message import RESPONSE, Message
from printscp.wire.server import Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles

PLAIN, TLS = Door("127.0.0.1", 0), Door("127.0.0.1", 0, tls=True)
LIMITS: dict[str, Any] = {
    "max_associations": 1000,
    "max_associations_per_peer": 1000,
    "max_pdu": 1 << 19,
    "acse_timeout": 20.0,
    "dimse_timeout": 20.0,
    "idle_timeout": 20.0,
}


class Echo:
    """A `Conversation`."""

    def __init__(self, association: PrintAssociation) -> None:
        self.association = association
        self.closed = 0
        self.at_rest = True

    def respond(self, message: Message, context: PresentationContext) -> None:
        command = {
            "CommandField": message.command_field | RESPONSE,
            "MessageIDBeingRespondedTo": message.command.get("MessageID"),
            "Status": 0x0000,
        }
        self.association.dul.send(Message(message.context_id, command))

    def pump(self) -> float | None:
        return None

    def close(self) -> None:
        self.closed += 1


class EchoServer:
    """Context manager: one entrance with a plain door, and with ``tls`` a door for that."""

    def __init__(
        self,
        tls: TLSFiles | None = None,
        talk: Callable[[PrintAssociation], Echo] = Echo,
        contexts: tuple[Any, ...] = (),
        **limits: Any,
    ) -> None:
        self.conversations: list[Echo] = []
        self._talk = talk
        doors = (PLAIN, TLS) if tls else (PLAIN,)
        entrance = Entrance(None, "ECHO", doors, contexts, self._converse)
        self.server = PrintServer((entrance,), Limits(**(LIMITS | limits)), tls)

    def _converse(self, association: PrintAssociation) -> Echo:
        conversation = self._talk(association)
        self.conversations.append(conversation)
        return conversation

    def address(self, door: Door = PLAIN) -> tuple[str, int]:
        return self.server.addresses[door]

    def settle(self) -> None:
        """Until all who came in have left."""
        if self.server.addresses:
            # Who came before has been let in once this one is shown out.
            with BareScu(self.address()) as scu:
                scu.send(ABORT_REQUEST)
                assert scu.rest() == b""
        for thread in threading.enumerate():
            if isinstance(thread, PrintAssociation):
                thread.join(30)
                assert not thread.is_alive()

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def main() -> None:
    files = TLSFiles(*map(Path, sys.argv[1:])) if len(sys.argv) > 1 else None
    with EchoServer(files) as echo:
        print(*(port for _, port in echo.server.addresses.values()), flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
