"""Doors, entrances and limits: who may come in, where, to which printer, and what is offered there."""

import logging
import os
import resource
import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address, ip_network
from unittest.mock import ANY

import pytest
from peers.bare import ABORT, BareScu
from peers.echo import LIMITS, Echo, EchoServer
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_context
from pynetdicom.sop_class import (
    BasicGrayscalePrintManagementMeta,
    CTImageStorage,
    PrintJob,
    Verification,
)

from printscp.errors import SetupError
from printscp.wire.association import PrintAssociation
from printscp.wire.server import Attendance, Door, Entrance, Limits, PrintServer

META = BasicGrayscalePrintManagementMeta
# What this printer has nothing of; all but the first are retired.
NOT_OFFERED = (
    "1.2.840.10008.5.1.1.22",  # VOI LUT Box
    "1.2.840.10008.5.1.1.24",  # Image Overlay Box
    "1.2.840.10008.5.1.1.24.1",  # Basic Print Image Overlay Box
    "1.2.840.10008.5.1.1.26",  # Print Queue Management
    "1.2.840.10008.5.1.1.27",  # Stored Print Storage
    "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image Storage
    "1.2.840.10008.5.1.1.30",  # Hardcopy Color Image Storage
    "1.2.840.10008.5.1.1.31",  # Pull Print Request
    "1.2.840.10008.5.1.1.32",  # Pull Stored Print Management Meta
)
FIRST, SECOND = Door("127.0.0.1", 0), Door("localhost", 0)
CALLED, CALLER, ADDRESS, LIMIT = (1, 1, 7), (1, 1, 3), (1, 1, 1), (2, 3, 2)


def limits(**some: int) -> Limits:
    return Limits(**(LIMITS | some))


class Printers:
    """A server of several printers, and whom each SCU came to."""

    def __init__(self, *entrances: Entrance, **some: int) -> None:
        self.server = PrintServer(entrances, limits(**some))
        self.server.start()

    def __enter__(self) -> "Printers":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def scu(self, *names: str, door: Door = FIRST) -> BareScu:
        return BareScu(self.server.addresses[door]).associate(*names)


def printer(
    title: str | None,
    visits: list[tuple[str, str]],
    doors: tuple[Door, ...] = (FIRST,),
    contexts: tuple[str, ...] = (),
    **conditions: tuple[object, ...],
) -> Entrance:
    """An entrance that notes the printer's name and the calling AE title of each visit."""
    name = title or "ANY"

    def converse(association: PrintAssociation) -> Echo:
        assert association.acceptor.ae_title == name
        visits.append((name, association.requestor.ae_title))
        return Echo(association)

    syntaxes = tuple(map(UID, contexts))
    return Entrance(title, name, doors, syntaxes, converse, **conditions)  # type: ignore[arg-type]


def test_who_came_and_who_was_turned_away_is_counted() -> None:
    with Printers(printer("ONE", []), printer("TWO", [])) as printers:
        with printers.scu("ONE"), printers.scu("ONE"), printers.scu("TWO"):
            with printers.scu("THREE") as stranger:
                assert stranger.rejection == CALLED
            assert printers.server.standing() == {"ONE": 2, "TWO": 1}
            assert printers.server.attendance == Attendance(associated=3, rejected=1)
        printers.server.reload((printer("ONE", []),), limits())
        assert printers.server.attendance.associated == 3


# --- entrances -------------------------------------------------------------------------------------------


def test_the_called_ae_title_and_the_door_choose_the_printer() -> None:
    visits: list[tuple[str, str]] = []
    one = printer("ONE", visits, (FIRST, SECOND))
    two = printer("TWO", visits, (FIRST,))
    other = printer(None, visits, (SECOND,))
    with Printers(one, two, other) as printers:
        assert len(printers.server.addresses) == 2
        for called, door in (("ONE", FIRST), ("TWO", FIRST), ("ONE", SECOND), ("TWO", SECOND)):
            with printers.scu(called, "CT", door=door) as scu:
                assert scu.rejection is None
                assert scu.echo() == 0
        with printers.scu("THREE", door=FIRST) as scu:
            assert scu.rejection == CALLED
        with printers.scu(" ONE ", " CT", door=FIRST) as scu:
            assert scu.rejection is None
        with printers.scu("one", door=FIRST) as scu:
            assert scu.rejection == CALLED
    assert visits == [("ONE", "CT"), ("TWO", "CT"), ("ONE", "CT"), ("ANY", "CT"), ("ONE", "CT")]


@pytest.mark.parametrize(
    ("callers", "welcome", "strange"),
    [
        (("CT1",), ["CT1"], ["CT2", "ct1", "XCT1", "CT1X"]),
        (("CT?", "MR*"), ["CT1", "MR", "MR_ROOM_2"], ["CT", "CT12", "XMR"]),
        (("[CT]",), ["[CT]"], ["C", "T"]),
        ((), ["ANYBODY"], []),
    ],
)
def test_only_callers_that_are_allowed_come_in(
    callers: tuple[str, ...], welcome: list[str], strange: list[str]
) -> None:
    visits: list[tuple[str, str]] = []
    with Printers(printer("FILM", visits, callers=callers)) as printers:
        for calling in welcome:
            with printers.scu("FILM", calling) as scu:
                assert scu.rejection is None
        for calling in strange:
            with printers.scu("FILM", calling) as scu:
                assert scu.rejection == CALLER
    assert [calling for _, calling in visits] == welcome


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ((), "10.1.2.3", True),
        (("10.1.0.0/16",), "10.1.2.3", True),
        (("10.1.0.0/16",), "10.2.2.3", False),
        (("10.1.0.0/16", "::1/128"), "::1", True),
        (("10.1.0.0/16",), "::1", False),
        (("fe80::/10",), "fe80::1%eth0", True),
    ],
)
def test_only_addresses_that_are_allowed_come_in(
    networks: tuple[str, ...], address: str, allowed: bool
) -> None:
    entrance = printer("FILM", [], networks=tuple(map(ip_network, networks)))
    assert entrance.allows_address(ip_address(address)) is allowed


def test_an_ipv4_peer_of_an_ipv6_listener_has_its_ipv4_address() -> None:
    server = EchoServer().server
    ours, theirs = socket.socketpair()
    with theirs:
        association = PrintAssociation(server._entity, ours, ("::ffff:10.1.2.3", 5, 0, 0), None)  # type: ignore[arg-type]
        assert (association.address, association.peer) == (ip_address("10.1.2.3"), "10.1.2.3:5")
        association.dul.detach()


def test_the_checks_come_in_order_and_each_rejection_is_told_with_the_peer_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    elsewhere = (ip_network("10.0.0.0/8"),)
    visits: list[tuple[str, str]] = []
    entrances = (
        printer("AWAY", visits, networks=elsewhere, callers=("CT",)),
        printer("HERE", visits, callers=("CT",)),
    )
    with Printers(*entrances, max_associations=1) as printers, printers.scu("HERE", "CT") as first:
        assert first.rejection is None
        for called, calling, expected, reason in (
            ("NOBODY", "PAT^NAME", CALLED, "called AE title not recognized"),
            ("AWAY", "PAT^NAME", ADDRESS, "address not allowed"),
            ("HERE", "PAT^NAME", CALLER, "calling AE title not recognized"),
            ("HERE", "CT", LIMIT, "too many associations"),
        ):
            caplog.clear()
            with printers.scu(called, calling) as scu:
                assert scu.rejection == expected
                [record] = [each for each in caplog.records if each.levelno == logging.WARNING]
                host, port = scu.socket.getsockname()
            assert record.message == "association rejected"
            assert (vars(record)["peer"], vars(record)["reason"]) == (f"{host}:{port}", reason)
            assert "PAT" not in caplog.text
        assert first.echo() == 0
    assert visits == [("HERE", "CT")]


# --- limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["max_associations", "max_associations_per_peer"])
def test_one_association_too_many_is_rejected(limit: str) -> None:
    with EchoServer(**{limit: 3}) as echo, ExitStack() as stack:
        scus = [stack.enter_context(BareScu(echo.address())).associate() for _ in range(3)]
        with BareScu(echo.address()) as scu:
            assert scu.associate().rejection == LIMIT
        scus[0].release()
        with BareScu(echo.address()) as scu:
            assert scu.associate().echo() == 0
            with BareScu(echo.address()) as another:
                assert another.associate().rejection == LIMIT
        assert [each.echo() for each in scus[1:]] == [0, 0]


def test_the_limit_of_an_address_is_not_that_of_another() -> None:
    with EchoServer(max_associations_per_peer=1) as echo, BareScu(echo.address()) as scu:
        assert scu.associate().rejection is None
        try:
            other = BareScu(echo.address(), source="127.0.0.2")
        except OSError:
            pytest.skip("this system has one loopback address only")
        with other:
            assert other.associate().rejection is None
            assert other.echo() == 0


def test_connections_that_ask_for_no_association_take_no_place() -> None:
    with EchoServer(max_associations=1) as echo, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(BareScu(echo.address())).send(b"\1\0\0\0")
        with BareScu(echo.address()) as scu:
            assert scu.associate().echo() == 0


def test_of_many_that_ask_at_once_as_many_are_admitted_as_may_be() -> None:
    with EchoServer(max_associations=5) as echo, ExitStack() as stack:
        scus = [stack.enter_context(BareScu(echo.address())) for _ in range(40)]
        outcomes: list[object] = []
        together = threading.Barrier(len(scus))

        def ask(scu: BareScu) -> None:
            together.wait(20)
            outcomes.append(scu.associate().rejection)

        threads = [threading.Thread(target=ask, args=(scu,)) for scu in scus]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert outcomes.count(None) == 5
        assert outcomes.count(LIMIT) == 35
        assert len(echo.server.associations) == 5


def test_the_largest_pdu_is_announced() -> None:
    with EchoServer(max_pdu=65536) as echo, BareScu(echo.address()) as scu:
        user_information = scu.associate().answer.user_information
        assert user_information.maximum_length == 65536


# --- what is offered -------------------------------------------------------------------------------------


def test_classes_not_offered_are_rejected_beside_the_meta_class_and_the_association_works() -> None:
    proposed = (*NOT_OFFERED[:1], META, *NOT_OFFERED[1:], Verification)
    with (
        Printers(printer("FILM", [], contexts=(META, PrintJob))) as printers,
        BareScu(printers.server.addresses[FIRST]) as scu,
    ):
        scu.associate("FILM", contexts=proposed)
        results = {context.context_id: context.result for context in scu.answer.presentation_context}
        assert [results[2 * number + 1] for number in range(len(proposed))] == [
            0 if each in (META, Verification) else 3 for each in proposed
        ]
        last = 2 * len(proposed) - 1  # the context of Verification
        assert scu.echo(last) == 0


@pytest.mark.parametrize(
    ("implicit_vr_only", "chosen"), [(False, ExplicitVRLittleEndian), (True, ImplicitVRLittleEndian)]
)
def test_a_printer_may_offer_implicit_vr_alone(implicit_vr_only: bool, chosen: str) -> None:
    entrance = replace(printer("FILM", [], contexts=(META,)), implicit_vr_only=implicit_vr_only)
    entity = AE("SCU")
    both = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
    with Printers(entrance) as printers:
        for syntaxes, result in ((both, 0), (both[1:], 4 if implicit_vr_only else 0)):
            contexts = [build_context(each, syntaxes) for each in (META, Verification)]
            host, port = printers.server.addresses[FIRST][:2]
            association = entity.associate(host, port, contexts, ae_title="FILM")
            answered = association.accepted_contexts + association.rejected_contexts
            assert [(each.result, each.transfer_syntax[0]) for each in answered] == [
                (result, chosen if result == 0 else ANY)
            ] * 2
            association.release()


def test_verification_is_offered_once_also_where_it_is_asked_for() -> None:
    with (
        Printers(printer("FILM", [], contexts=(Verification,))) as printers,
        printers.scu("FILM") as scu,
    ):
        assert scu.echo() == 0


def test_an_association_without_a_usable_context_stands_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        scu.associate(contexts=(CTImageStorage,))
        assert scu.rejection is None
        assert [context.result for context in scu.answer.presentation_context] == [3]
        scu.release()
    assert "offers nothing this printer prints" in caplog.text


# --- life cycle ------------------------------------------------------------------------------------------


def taken_port() -> tuple[socket.socket, int]:
    taken = socket.create_server(("127.0.0.1", 0))
    return taken, taken.getsockname()[1]


def test_a_door_that_cannot_be_opened_closes_the_others() -> None:
    taken, port = taken_port()
    with taken:
        doors = (FIRST, Door("127.0.0.1", port))
        server = PrintServer((printer("FILM", [], doors),), limits())
        with pytest.raises(SetupError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
            server.start()
        assert server.addresses == {}
    # Nothing is left in the way: it starts once the port is free.
    server.start()
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_an_address_that_is_not_of_this_machine_is_refused() -> None:
    server = PrintServer((printer("FILM", [], (Door("192.0.2.1", 0),)),), limits())
    with pytest.raises(SetupError, match=r"^cannot listen on 192.0.2.1:0: Cannot assign requested address$"):
        server.start()


@pytest.mark.parametrize("title", ["FILM", None])
def test_two_printers_of_one_name_on_one_door_are_refused(title: str | None) -> None:
    server = PrintServer((printer(title, []), printer(title, [])), limits())
    with pytest.raises(SetupError, match="two printers"):
        server.start()


def test_a_door_for_tls_needs_a_certificate() -> None:
    server = PrintServer((printer("FILM", [], (Door("127.0.0.1", 0, tls=True),)),), limits())
    with pytest.raises(SetupError, match="no certificate"):
        server.start()


def test_ipv6_has_doors_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    server = PrintServer((printer("FILM", [], (FIRST, Door("::1", 0))),), limits())
    try:
        server.start()
    except SetupError:
        pytest.skip("no IPv6 loopback")
    assert server.addresses[Door("::1", 0)][0] == "::1"
    server.stop()


def test_what_is_stopped_does_not_listen_and_can_start_again() -> None:
    server = PrintServer((printer("FILM", []),), limits())
    server.stop()
    for _ in range(3):
        server.start()
        address = server.addresses[FIRST]
        with BareScu(address) as scu:
            assert scu.associate("FILM").echo() == 0
            scu.release()
        server.stop()
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)


def test_a_connection_that_cannot_have_a_thread_is_closed_and_the_next_is_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("printscp.wire.server._RESPITE", 0.0)

    def no_thread(association: PrintAssociation) -> None:
        raise RuntimeError("can't start new thread")

    with EchoServer() as echo:
        with monkeypatch.context() as patch:
            patch.setattr(PrintAssociation, "start", no_thread)
            with BareScu(echo.address()) as scu:
                assert scu.rest() == b""
        with BareScu(echo.address()) as scu:
            assert scu.associate().echo() == 0
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == [
        "a connection cannot be served"
    ]


def test_without_descriptors_the_listener_waits_and_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    waited = threading.Event()

    def error(message: str, **_: object) -> None:
        told.append(message)
        waited.set()

    monkeypatch.setattr("printscp.wire.server.log.error", error)
    monkeypatch.setattr("printscp.wire.server._RESPITE", 0.01)
    with EchoServer() as echo, socket.socket() as client:
        highest = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208
        fillers = [os.dup(0)]
        while fillers[-1] <= highest:
            fillers.append(os.dup(0))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (fillers[-1] + 1, hard))
        try:
            client.settimeout(20)
            client.connect(echo.address())
            assert waited.wait(20)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for filler in fillers:
                os.close(filler)
        client.sendall(b"no PDU")
        assert client.recv(1)[0] == ABORT
    assert set(told) == {"no connection can be accepted"}
