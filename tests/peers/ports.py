"""Ports for servers that are started later, or that go and come back."""

import secrets
import socket

_OURS = range(20_000, 32_000)  # below those that Linux gives to whoever asks for any


def free_port() -> int:
    """A port of this host that nothing listens on; nobody who asks for any is given it meanwhile."""
    while True:
        port = secrets.choice(_OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
