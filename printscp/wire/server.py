"""The listening side: life cycle, who may come in by which door, and what is offered there."""

import logging
import selectors
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
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
_TOO_MANY_OF_PRINTER = Rejection(2, 3, 2, "too many associations of this printer")
REJECTIONS = (_NOT_CALLED_SO, _ADDRESS, _CALLER, _TOO_MANY, _TOO_MANY_OF_PEER, _TOO_MANY_OF_PRINTER)

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
    given: all. ``max_associations`` are those of this printer at once; 0: as many as the `Limits` let in.
    ``admit`` is asked last of all.
    """

    ae_title: str | None
    announced_ae_title: str
    doors: tuple[Door, ...]
    contexts: tuple[UID, ...]
    converse: Callable[[PrintAssociation], Conversation]
    callers: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    implicit_vr_only: bool = False
    max_associations: int = 0
    admit: Callable[[PrintAssociation], Rejection | None] | None = None

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


@dataclass(frozen=True)
class Attendance:
    """How many associations were let in and turned away since the server was made."""

    associated: int = 0
    rejected: int = 0


class PrintServer:
    """Serves printers at the doors of their entrances."""

    def __init__(self, entrances: tuple[Entrance, ...], limits: Limits, tls: TLSFiles | None = None) -> None:
        self._wanted = entrances, limits, tls
        self._entity = entity = ApplicationEntity()
        entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        # pynetdicom counts connections that have not asked for an association yet, and would lock others out.
        entity.maximum_associations = 1 << 31
        self._guests = _Guests(limits)
        self._limit(limits)
        self._doorways: dict[Door, _Doorway] = {}
        self._listener: _Listener | None = None

    @property
    def addresses(self) -> dict[Door, tuple[str, int]]:
        """Host and port in use of each door, once started."""
        return {door: doorway.address for door, doorway in self._doorways.items()}

    @property
    def associations(self) -> tuple[PrintAssociation, ...]:
        """Those that stand."""
        return self._guests.all()

    @property
    def attendance(self) -> Attendance:
        """Of all doors together."""
        return self._guests.attendance

    def standing(self) -> dict[str, int]:
        """How many associations each printer has, by the AE title that it answers with."""
        return self._guests.by_title()

    def start(self) -> None:
        """Listen; returns when the first connection can be served.

        Raises:
            SetupError: an address or a TLS file cannot be used; no door is open then.
        """
        self._open(*self._wanted)

    def reload(self, entrances: tuple[Entrance, ...], limits: Limits, tls: TLSFiles | None = None) -> None:
        """Serve these from now on, while what has not changed goes on as it is.

        A door that is there still stays open, with its port; new ones are opened and the others closed. TLS
        files are read again. Associations that stand keep their printer, wherever they came in; time-outs
        count for them, too. A port that is to change its host, or between plain and TLS, cannot be opened
        while it is in use.

        Raises:
            SetupError: an address or a TLS file cannot be used; everything is as before.
        """
        assert self._listener is not None, "not started"
        self._open(entrances, limits, tls)
        self._wanted = entrances, limits, tls

    def stop(self, patience: float = 0.0) -> None:
        """Stop listening at once, and end the associations.

        For ``patience`` seconds an SCU may go on: until it has printed every film that it began and is silent
        for two seconds, or ends the association itself. After that, requests under way are answered, and the
        associations aborted, which takes 10 seconds at most. To call it once more meanwhile, from another
        thread, ends the patience.
        """
        deadline = time.monotonic() + patience
        self._close_doors()
        standing = self._guests.all() if patience > 0 else ()
        for association in standing:
            association.retire()
        # Also those that have not asked for an association yet.
        _abort(set(self._entity.active_associations).difference(standing))
        _await_end(standing, deadline)
        associations = self._entity.active_associations
        _abort(associations)
        _await_end(associations, time.monotonic() + _STOP_PATIENCE)

    def _open(self, entrances: tuple[Entrance, ...], limits: Limits, files: TLSFiles | None) -> None:
        """Open the doors of these entrances, and close all others.

        Raises:
            SetupError: nothing has changed.
        """
        tls = ServerTLS(files) if files else None
        doors = dict.fromkeys(door for entrance in entrances for door in entrance.doors)
        behind = {door: _Entrances(door, entrances, tls) for door in doors}
        opened: dict[Door, _Doorway] = {}
        with ExitStack() as undo:
            for door in doors:
                if door not in self._doorways:
                    opened[door] = _Doorway(door, behind[door], self._guests, self._entity)
                    undo.callback(opened[door].close)
            doorways = {door: opened.get(door) or self._doorways[door] for door in doors}
            # For a moment there are two: nobody comes in vain.
            listener = _Listener(list(doorways.values()))
            undo.pop_all()
        for door, doorway in doorways.items():
            doorway.entrances = behind[door]
        self._limit(limits)
        gone = [doorway for door, doorway in self._doorways.items() if door not in doorways]
        before, self._listener, self._doorways = self._listener, listener, doorways
        if before is not None:
            before.stop()
        for doorway in gone:
            doorway.close()

    def _limit(self, limits: Limits) -> None:
        self._guests.limits = limits
        self._entity.maximum_pdu_size = limits.max_pdu
        self._entity.acse_timeout = limits.acse_timeout
        self._entity.dimse_timeout = limits.dimse_timeout
        self._entity.network_timeout = limits.idle_timeout

    def _close_doors(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()
        doorways, self._doorways = self._doorways, {}
        for doorway in doorways.values():
            doorway.close()


def _abort(associations: Iterable[Association]) -> None:
    for association in associations:
        association.abort()


def _await_end(associations: Iterable[Association], deadline: float) -> None:
    for association in associations:
        association.join(max(0.0, deadline - time.monotonic()))


class _Listener:
    """The thread that lets in who comes to some doorways."""

    def __init__(self, doorways: list["_Doorway"]) -> None:
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        for doorway in doorways:
            self._selector.register(doorway.listening, selectors.EVENT_READ, doorway)
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let in nobody from now on."""
        self._bell.ring()
        self._thread.join()
        self._bell.close()

    def _listen(self) -> None:
        with self._selector as selector:
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    if not key.data.let_in():
                        # What cannot be accepted stays readable: better late than at full speed.
                        time.sleep(_RESPITE)


class _Entrances:
    """The entrances of a door, by called AE title.

    Raises:
        SetupError: from the constructor: there are two of one title, or no certificate for TLS.
    """

    def __init__(self, door: Door, entrances: tuple[Entrance, ...], tls: ServerTLS | None) -> None:
        if door.tls and tls is None:
            raise SetupError(f"port {door.port} is for TLS, and there is no certificate")
        here = [entrance for entrance in entrances if door in entrance.doors]
        self._by_title = {entrance.ae_title: entrance for entrance in here}
        if len(self._by_title) < len(here):
            raise SetupError(f"port {door.port}: two printers have the same AE title, or none")
        self._offers = {entrance.ae_title: _offer(entrance) for entrance in here}
        self.tls = tls if door.tls else None

    def of(self, called: str) -> Entrance | None:
        """The entrance for a called AE title."""
        return self._by_title.get(called) or self._by_title.get(None)

    def offer(self, entrance: Entrance) -> list[PresentationContext]:
        """What an SCU can negotiate there."""
        return self._offers[entrance.ae_title]


class _Doorway:
    """A door that is open, and what becomes of those who come (a `Reception`).

    Raises:
        SetupError: from the constructor: the address cannot be used.
    """

    def __init__(
        self, door: Door, entrances: _Entrances, guests: "_Guests", entity: ApplicationEntity
    ) -> None:
        self.entrances = entrances
        self._guests = guests
        self._entity = entity
        self.listening = _listening_socket(door)
        host, port = self.listening.getsockname()[:2]
        self.address: tuple[str, int] = host, port

    def close(self) -> None:
        """Nobody can come any more; who came is still served."""
        self.listening.close()

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
        tls = self.entrances.tls
        return tls.context() if tls else None

    def admit(self, association: PrintAssociation) -> Rejection | None:
        rejection = self._judge(association)
        self._guests.count(rejection)
        return rejection

    def _judge(self, association: PrintAssociation) -> Rejection | None:
        request = association.requestor.primitive
        assert isinstance(request, A_ASSOCIATE)
        entrances = self.entrances  # which may be others at any time
        entrance = entrances.of(request.called_ae_title.strip())
        if entrance is None:
            return _NOT_CALLED_SO
        if not entrance.allows_address(association.address):
            return _ADDRESS
        if not entrance.allows_caller(association.requestor.ae_title.strip()):
            return _CALLER
        association.acceptor.ae_title = entrance.announced_ae_title
        association.acceptor.supported_contexts = entrances.offer(entrance)
        refused = self._guests.enter(association, entrance)
        return entrance.admit(association) if refused is None and entrance.admit else refused

    def converse(self, association: PrintAssociation) -> Conversation:
        association.peer = f"{association.requestor.ae_title}@{association.peer}"
        if association.accepted_contexts:
            log.info("association accepted", extra={"peer": association.peer})
        else:
            proposed = ", ".join(str(context.abstract_syntax) for context in association.rejected_contexts)
            log.warning(
                "offers nothing this printer prints", extra={"peer": association.peer, "contexts": proposed}
            )
        return self._guests.host(association).converse(association)

    def leave(self, association: PrintAssociation) -> None:
        self._guests.leave(association)


class _Guests:
    """The associations that stand, of all doors, and how many there may be."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._inside: dict[PrintAssociation, Entrance] = {}
        self.attendance = Attendance()

    def enter(self, association: PrintAssociation, entrance: Entrance) -> Rejection | None:
        with self._lock:
            if len(self._inside) >= self.limits.max_associations:
                return _TOO_MANY
            of_peer = sum(other.address == association.address for other in self._inside)
            if of_peer >= self.limits.max_associations_per_peer:
                return _TOO_MANY_OF_PEER
            title = entrance.announced_ae_title
            here = sum(other.announced_ae_title == title for other in self._inside.values())
            if 0 < entrance.max_associations <= here:
                return _TOO_MANY_OF_PRINTER
            self._inside[association] = entrance
        return None

    def count(self, rejection: Rejection | None) -> None:
        """One more was let in, or turned away."""
        with self._lock:
            before = self.attendance
            self.attendance = Attendance(
                before.associated + (rejection is None), before.rejected + (rejection is not None)
            )

    def by_title(self) -> dict[str, int]:
        with self._lock:
            return dict(Counter(each.announced_ae_title for each in self._inside.values()))

    def host(self, association: PrintAssociation) -> Entrance:
        """The entrance by which it came in."""
        with self._lock:
            return self._inside[association]

    def leave(self, association: PrintAssociation) -> None:
        with self._lock:
            self._inside.pop(association, None)

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
