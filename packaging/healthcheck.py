"""C-ECHO to the printer that a configuration describes: exit code 0 says that it answers, 1 that it does not.

It calls by an AE title that may print, so that nothing is logged. A printer that can be called only over TLS,
or from certain addresses, is well when its door can be reached; to have it asked, let 127.0.0.1 in.
"""

import socket
import sys
from ipaddress import ip_address
from pathlib import Path

from pynetdicom import AE

from printscp.config import Door, PrinterSettings, load

_SECONDS = 5
_VERIFICATION = "1.2.840.10008.1.1"
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def answers(file: Path) -> bool:
    """Whether the printer of a configuration is there."""
    settings = load(file)
    door = settings.doors[0]
    host = _ANY.get(settings.host, settings.host)
    printer = None if door.tls else _open_to(host, door)
    return _can_be_reached(host, door.port) if printer is None else _echoes(host, door.port, printer)


def _open_to(host: str, door: Door) -> PrinterSettings | None:
    """A printer behind a door that may be called from this host."""
    for printer in door.printers:
        try:
            if not printer.allow_addresses or any(
                ip_address(host) in each for each in printer.allow_addresses
            ):
                return printer
        except ValueError:
            continue  # a host by name
    return None


def _echoes(host: str, port: int, printer: PrinterSettings) -> bool:
    pattern = next(iter(printer.allow_calling), "HEALTHCHECK")
    entity = AE(pattern.replace("*", "").replace("?", "X") or "HEALTHCHECK")
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _SECONDS
    entity.add_requested_context(_VERIFICATION)
    association = entity.associate(host, port, ae_title=printer.announced_ae_title)
    if not association.is_established:
        return False
    status = association.send_c_echo()
    association.release()
    return bool(status) and status.Status == 0x0000


def _can_be_reached(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _SECONDS).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if answers(Path(sys.argv[1])) else 1)
