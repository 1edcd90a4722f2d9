"""A TCP connection to a printer, or why there is none."""

import socket

from printscp.outputs.output import Condition, NotReady

_CONNECTING = 10.0  # seconds


def connected(host: str, port: int, timeout: float = _CONNECTING) -> socket.socket:
    """A connection.

    Raises:
        NotReady: the printer cannot be reached for now.
    """
    try:
        return socket.create_connection((host, port), min(_CONNECTING, timeout))
    except (socket.gaierror, UnicodeError) as error:
        raise not_ready("PRINTER OFFLINE", f"there is no address for the name {host}") from error
    except OSError as error:
        reason = error.strerror or "no answer"
        words = f"no connection to {host} port {port} ({reason}): is it switched on, and free?"
        raise not_ready("PRINTER OFFLINE", words) from error


def not_ready(info: str, words: str) -> NotReady:
    """A printer that somebody has to look after, or to wait for."""
    return NotReady(Condition("WARNING", info, words))
