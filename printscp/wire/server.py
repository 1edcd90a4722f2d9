"""The listening side: life cycle, who may come in by which door, and what is offered there."""

import logging
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from printscp import __version__
from printscp.errors import SetupError
from printscp.wire.association import Conversation, PrintAssociation, Rejection
from printscp.wire.connection import Bell
from printscp.wire.tls import ServerTLS, TLSFiles

TRANSFER_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
IMPLEMENTATION_CLASS_UID = UID("2.25.103491667252570382562114892119733707735")
IMPLEMENTATION_VERSION_NAME = f"PRINTSCP_{__version__}"[:16]

_BACKLOG = 128
_STOP_PATIENCE = 10.0  # seconds that all associations together may take to end
_RESPITE = 1.0  # seconds to wait where the process has no file descriptor left for a connection

# PS3.8 9.3.4
_NOT_CALLED_SO = Rejection(1, 1, 7, "called AE title not recognized")
_ADDRESS = Rejection(1, 1, 1, "address not allowed")
_CALLER = Rejection(1, 1, 3, "calling AE title not recognized")
_TOO_MANY = Rejection(2, 3, 2, "too many associations")
_TOO_MANY_OF_PEER = Rejection(2, 3, 2, "too many associations of this address")
REJECTIONS = (_NOT_CALLED_SO, _ADDRESS, _CALLER, _TOO_MANY, _TOO_MANY_OF_PEER)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """Where to listen; port 0 takes any free one."""

    host: str
    port: int
    tls: bool = False


@dataclass(frozen=True)
class Entrance:
    """One printer, and who may come in to it by which doors.

    ``ae_title`` is the called AE title; None takes any that no other entrance of that door has. ``contexts``
    are the abstract syntaxes offered besides Verification, with ``implicit_vr_only`` in no other transfer
    syntax. ``callers`` are calling AE titles with ``*`` and ``?`` as wildcards, ``networks`` addresses; none
    given: all.
    """

    ae_title: str | None
    announced_ae_title: str
    doors: tuple[Door, ...]
    contexts: tuple[UID, ...]
    converse: Callable[[PrintAssociation], Conversation]
    callers: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    implicit_vr_only: bool = False

    def allows_address(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether an SCU at this address may come in."""
        return not self.networks or any(address in network for network in self.networks)

    def allows_caller(self, title: str) -> bool:
        """Whether an SCU of this AE title may come in; a bracket may be part of a title."""
        patterns = (pattern.replace("[", "[[]") for pattern in self.callers)
        return not self.callers or any(fnmatchcase(title, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Limits:
    """Of all entrances together. An address may have ``max_associations_per_peer``; ``max_pdu`` is in bytes.

    Timeouts are in seconds: for a TLS handshake and for an association request (``acse``), from one PDU of a
    message to the next (``dimse``), from one message to the next (``idle``).
    """

    max_associations: int
    max_associations_per_peer: int
    max_pdu: int
    acse_timeout: float
    dimse_timeout: float
    idle_timeout: float


class PrintServer:
    """Serves printers at the doors of their entrances."""

    def __init__(self, entrances: tuple[Entrance, ...], limits: Limits, tls: TLSFiles | None = None) -> None:
        self._entrances = entrances
        self._limits = limits
        self._tls_files = tls
        self._entity = entity = ApplicationEntity()
        entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        entity.maximum_pdu_size = limits.max_pdu
        entity.acse_timeout = limits.acse_timeout
        entity.dimse_timeout = limits.dimse_timeout
        entity.network_timeout = limits.idle_timeout
        # pynetdicom counts connections that have not asked for an association yet, and would lock others out.
        entity.maximum_associations = 1 << 31
        self._guests = _Guests(limits)
        self._doorways: list[_Doorway] = []
        self._listener: threading.Thread | None = None
        self._bell: Bell | None = None

    @property
    def addresses(self) -> dict[Door, tuple[str, int]]:
        """Host and port in use of each door, once started."""
        return {doorway.door: doorway.address for doorway in self._doorways}

    @property
    def associations(self) -> tuple[PrintAssociation, ...]:
        """Those that stand."""
        return self._guests.all()

    def start(self) -> None:
        """Listen; returns when the first connection can be served.

        Raises:
            SetupError: an address or a TLS file cannot be used; no door is open then.
        """
        tls = ServerTLS(self._tls_files) if self._tls_files else None
        try:
            for door in dict.fromkeys(door for entrance in self._entrances for door in entrance.doors):
                if door.tls and tls is None:
                    raise SetupError(f"port {door.port} is for TLS, and there is no certificate")
                entrances = [entrance for entrance in self._entrances if door in entrance.doors]
                doorway = _Doorway(door, entrances, self._guests, self._entity, tls if door.tls else None)
                self._doorways.append(doorway)
        except SetupError:
            self._close_doors()
            raise
        self._bell = Bell()
        selector = selectors.DefaultSelector()
        selector.register(self._bell, selectors.EVENT_READ)
        for doorway in self._doorways:
            selector.register(doorway.listening, selectors.EVENT_READ, doorway)
        self._listener = threading.Thread(target=_listen, args=(selector,), name="listener", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """Stop listening, let requests under way be answered, abort the associations."""
        if self._listener is None or self._bell is None:
            return
        self._bell.ring()
        self._listener.join()
        self._bell.close()
        self._listener = self._bell = None
        self._close_doors()
        # Also those that have not asked for an association yet.
        associations = self._entity.active_associations
        for association in associations:
            association.abort()
        deadline = time.monotonic() + _STOP_PATIENCE
        for association in associations:
            association.join(max(0.0, deadline - time.monotonic()))

    def _close_doors(self) -> None:
        doorways, self._doorways = self._doorways, []
        for doorway in doorways:
            doorway.listening.close()


def _listen(selector: selectors.BaseSelector) -> None:
    """Let in who comes, until the bell rings."""
    with selector:
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                if not key.data.let_in():
                    # What cannot be accepted stays readable: better late than at full speed.
                    time.sleep(_RESPITE)


class _Doorway:
    """A door that is open, and what becomes of those who come (a `Reception`).

    Raises:
        SetupError: from the constructor: the address cannot be used.
    """

    def __init__(
        self,
        door: Door,
        entrances: list[Entrance],
        guests: "_Guests",
        entity: ApplicationEntity,
        tls: ServerTLS | None,
    ) -> None:
        titles = [entrance.ae_title for entrance in entrances]
        if len(set(titles)) < len(titles):
            raise SetupError(f"port {door.port}: two printers have the same AE title, or none")
        self.door = door
        self._entrances = {entrance.ae_title: entrance for entrance in entrances}
        self._offers = {entrance.ae_title: _offer(entrance) for entrance in entrances}
        self._guests = guests
        self._entity = entity
        self._tls = tls
        self.listening = _listening_socket(door)
        host, port = self.listening.getsockname()[:2]
        self.address: tuple[str, int] = host, port

    def let_in(self) -> bool:
        """Accept a connection and start its thread; whether that was possible."""
        try:
            connection, address = self.listening.accept()
        except (BlockingIOError, ConnectionError):
            return True  # It has gone again.
        except OSError as error:
            log.error("no connection can be accepted", extra={"error": error.strerror})
            return False
        try:
            # Without it each answer waits for the SCU's delayed acknowledgement, some 40 ms.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            association = PrintAssociation(self._entity, connection, address, self)
            try:
                association.start()
            except RuntimeError:
                association.dul.detach()
                raise
        except Exception as error:  # Whatever it is, the door stays open.
            log.error("a connection cannot be served", extra={"peer": address[0], "error": str(error)})
            connection.close()
            return False
        return True

    def tls_context(self) -> ssl.SSLContext | None:
        return self._tls.context() if self._tls else None

    def admit(self, association: PrintAssociation) -> Rejection | None:
        entrance = self._entrance(association)
        if entrance is None:
            return _NOT_CALLED_SO
        if not entrance.allows_address(association.address):
            return _ADDRESS
        if not entrance.allows_caller(association.requestor.ae_title.strip()):
            return _CALLER
        association.acceptor.ae_title = entrance.announced_ae_title
        association.acceptor.supported_contexts = self._offers[entrance.ae_title]
        return self._guests.enter(association)

    def converse(self, association: PrintAssociation) -> Conversation:
        association.peer = f"{association.requestor.ae_title}@{association.peer}"
        entrance = self._entrance(association)
        assert entrance is not None
        if association.accepted_contexts:
            log.info("association accepted", extra={"peer": association.peer})
        else:
            proposed = ", ".join(str(context.abstract_syntax) for context in association.rejected_contexts)
            log.warning(
                "offers nothing this printer prints", extra={"peer": association.peer, "contexts": proposed}
            )
        return entrance.converse(association)

    def leave(self, association: PrintAssociation) -> None:
        self._guests.leave(association)

    def _entrance(self, association: PrintAssociation) -> Entrance | None:
        request = association.requestor.primitive
        assert isinstance(request, A_ASSOCIATE)
        return self._entrances.get(request.called_ae_title.strip()) or self._entrances.get(None)


class _Guests:
    """The associations that stand, of all doors, and how many there may be."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._inside: set[PrintAssociation] = set()

    def enter(self, association: PrintAssociation) -> Rejection | None:
        with self._lock:
            if len(self._inside) >= self._limits.max_associations:
                return _TOO_MANY
            of_peer = sum(other.address == association.address for other in self._inside)
            if of_peer >= self._limits.max_associations_per_peer:
                return _TOO_MANY_OF_PEER
            self._inside.add(association)
        return None

    def leave(self, association: PrintAssociation) -> None:
        with self._lock:
            self._inside.discard(association)

    def all(self) -> tuple[PrintAssociation, ...]:
        with self._lock:
            return tuple(self._inside)


def transfer_syntaxes(implicit_vr_only: bool) -> tuple[UID, ...]:
    """Those that an entrance offers, the preferred one first."""
    return (ImplicitVRLittleEndian,) if implicit_vr_only else TRANSFER_SYNTAXES


def _offer(entrance: Entrance) -> list[PresentationContext]:
    syntaxes = dict.fromkeys((Verification, *entrance.contexts))
    offered: list[str | UID] = list(transfer_syntaxes(entrance.implicit_vr_only))
    return [build_context(syntax, offered) for syntax in syntaxes]


def _listening_socket(door: Door) -> socket.socket:
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    # :: stands for all addresses of this machine, 0.0.0.0 for the older half of them.
    both = door.host == "::" and socket.has_dualstack_ipv6()
    try:
        listening = socket.create_server(
            (door.host, door.port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise SetupError(f"cannot listen on {door.host}:{door.port}: {reason}") from error
    listening.setblocking(False)
    return listening
