"""What systemd is told of a service, by sd_notify(3): no word where it did not ask for any."""

import os
import socket
import time
from contextlib import suppress


def ready() -> None:
    """Start, or a reload, is complete."""
    _tell("READY=1")


def reloading() -> None:
    """The configuration is read again; `ready` tells the end of it."""
    _tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """The end has begun."""
    _tell("STOPPING=1")


def watchdog() -> None:
    """The service is well; to be said again within `watchdog_interval`."""
    _tell("WATCHDOG=1")


def status(words: str) -> None:
    """One line for ``systemctl status``, without patient data."""
    _tell(f"STATUS={' '.join(words.split())}")


def watchdog_interval() -> float | None:
    """Seconds from one `watchdog` to the next, half of what systemd waits; None where it does not."""
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not microseconds.isdecimal() or int(microseconds) == 0 or process not in (None, str(os.getpid())):
        return None
    return int(microseconds) / 2e6


def _tell(words: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # in the abstract name space
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        # A socket that nobody empties must not hold up the service, nor one that is gone end it.
        notices.setblocking(False)
        with suppress(OSError):
            notices.sendto(words.encode(), address)
