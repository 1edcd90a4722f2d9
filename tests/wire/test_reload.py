"""Entrances, limits and certificates that change while the server runs, all of them or none."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from peers.bare import BareScu, association_request
from peers.certificates import Authority
from peers.echo import LIMITS, Echo
from peers.ports import free_port

from printscp.errors import SetupError
from printscp.wire.association import PrintAssociation
from printscp.wire.server import Door, Entrance, Limits, PrintServer
from printscp.wire.tls import TLSFiles

FIRST, SECOND, SECURE = Door("127.0.0.1", 0), Door("localhost", 0), Door("127.0.0.1", 0, tls=True)
CALLED, TOO_MANY = (1, 1, 7), (2, 3, 2)
WIDE = Limits(**LIMITS)
Visits = list[tuple[str, str]]


def printer(title: str | None, visits: Visits, *doors: Door, name: str = "") -> Entrance:
    """An entrance that notes its name and the calling AE title of each visit."""

    def converse(association: PrintAssociation) -> Echo:
        visits.append((name or str(title), association.requestor.ae_title))
        return Echo(association)

    return Entrance(title, title or "ANY", doors or (FIRST,), (), converse)


@pytest.fixture
def visits() -> Visits:
    return []


@pytest.fixture
def server(visits: Visits) -> Iterator[PrintServer]:
    """Printer ONE at the first door, and TWO at both."""
    server = PrintServer((printer("ONE", visits, FIRST), printer("TWO", visits, FIRST, SECOND)), WIDE)
    server.start()
    yield server
    server.stop()


def call(server: PrintServer, called: str, door: Door = FIRST, calling: str = "SCU") -> BareScu:
    return BareScu(server.addresses[door]).associate(called, calling)


def visit(server: PrintServer, called: str, door: Door = FIRST, calling: str = "SCU") -> object:
    """Come and go; why it was rejected, if it was."""
    with call(server, called, door, calling) as scu:
        if scu.rejection is None:
            assert scu.echo() == 0
            scu.release()
        return scu.rejection


def test_doors_are_opened_and_closed_and_one_that_stays_keeps_its_port(
    server: PrintServer, visits: Visits
) -> None:
    before = server.addresses
    new = Door("127.0.0.1", free_port())
    with call(server, "TWO", SECOND) as standing:
        server.reload((printer("ONE", visits, FIRST, new),), WIDE)
        assert server.addresses == {FIRST: before[FIRST], new: ("127.0.0.1", new.port)}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(before[SECOND], 5)
        assert visit(server, "ONE") is visit(server, "ONE", new) is None
        assert visit(server, "TWO") == CALLED
        # It came in by a door that is closed now, to a printer that is no more.
        assert standing.echo() == 0
        standing.release()


def test_who_asks_after_a_reload_comes_to_the_new_printer_and_who_stands_keeps_the_old(
    server: PrintServer, visits: Visits
) -> None:
    with call(server, "ONE", calling="BEFORE") as standing, BareScu(server.addresses[FIRST]) as waiting:
        # It is let in once one that came later is.
        assert visit(server, "TWO") is None
        server.reload((printer("ONE", visits, name="NEW ONE"),), WIDE)
        waiting.associate("ONE", "WAITING")
        assert waiting.rejection is None
        assert visit(server, "ONE", calling="AFTER") is None
        assert standing.echo() == waiting.echo() == 0
        with BareScu(server.addresses[FIRST]) as scu:
            assert scu.associate("TWO").rejection == CALLED
    assert visits == [("ONE", "BEFORE"), ("TWO", "SCU"), ("NEW ONE", "WAITING"), ("NEW ONE", "AFTER")]


def test_limits_change_for_who_comes(server: PrintServer, visits: Visits) -> None:
    entrances = (printer(None, visits),)
    with ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(call(server, "ONE")).rejection is None
        server.reload(entrances, replace(WIDE, max_associations=3, max_pdu=65536))
        assert visit(server, "ANY") == TOO_MANY
        server.reload(entrances, replace(WIDE, max_associations=4, max_pdu=65536))
        with call(server, "ANY") as scu:
            assert scu.answer.user_information.maximum_length == 65536


def test_a_stopped_server_starts_as_it_was_reloaded(server: PrintServer, visits: Visits) -> None:
    server.reload((printer("THREE", visits, SECOND),), WIDE)
    server.stop()
    server.start()
    assert list(server.addresses) == [SECOND]
    assert visit(server, "THREE", SECOND) is None


# --- all or nothing --------------------------------------------------------------------------------------


def unchanged(server: PrintServer, addresses: dict[Door, tuple[str, int]]) -> None:
    assert server.addresses == addresses
    assert visit(server, "ONE") is visit(server, "TWO") is visit(server, "TWO", SECOND) is None
    assert visit(server, "NEW") == CALLED


def test_a_door_that_cannot_be_opened_changes_nothing(server: PrintServer, visits: Visits) -> None:
    before, new = server.addresses, Door("127.0.0.1", free_port())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        entrance = printer("NEW", visits, FIRST, new, Door("127.0.0.1", port))
        with pytest.raises(SetupError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
            server.reload((entrance,), replace(WIDE, max_associations=0))
    unchanged(server, before)
    with socket.create_server((new.host, new.port)):  # which had been opened first
        pass
    server.reload((entrance,), WIDE)
    assert visit(server, "NEW", new) is None


def test_two_printers_of_one_name_change_nothing(server: PrintServer, visits: Visits) -> None:
    before = server.addresses
    with pytest.raises(SetupError, match="two printers"):
        server.reload((printer("NEW", visits), printer("NEW", visits)), WIDE)
    unchanged(server, before)


@pytest.mark.parametrize("there", [False, True], ids=["no certificate", "a wrong one"])
def test_a_certificate_that_cannot_be_used_changes_nothing(
    server: PrintServer, visits: Visits, tmp_path: Path, there: bool
) -> None:
    before, wrong = server.addresses, tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    files = TLSFiles(wrong, wrong) if there else None
    with pytest.raises(SetupError, match="certificate"):
        server.reload((printer("NEW", visits, FIRST, SECURE),), WIDE, files)
    unchanged(server, before)


# --- TLS -------------------------------------------------------------------------------------------------


def issuer(address: tuple[str, int], trusted: Authority) -> str:
    """The common name that the server shows to an SCU that trusts an authority."""
    with BareScu(address, trusted.client()) as scu:
        assert scu.associate("ONE").echo() == 0
        assert isinstance(scu.socket, ssl.SSLSocket)
        certificate = scu.socket.getpeercert()
        assert certificate is not None
        scu.release()
    subject = dict(pair for (pair,) in certificate["subject"])  # type: ignore[misc]
    return str(subject["commonName"])


def test_tls_comes_changes_its_files_and_goes(server: PrintServer, visits: Visits, tmp_path: Path) -> None:
    first, second = Authority(tmp_path / "first"), Authority(tmp_path / "second")
    entrances = (printer("ONE", visits, FIRST, SECURE),)
    server.reload(entrances, WIDE, first.printer)
    address = server.addresses[SECURE]
    assert issuer(address, first) == "printer"
    with BareScu(address, first.client()) as standing:
        standing.associate("ONE")
        server.reload(entrances, WIDE, second.issue("another"))
        assert server.addresses[SECURE] == address
        assert issuer(address, second) == "another"
        with pytest.raises(ssl.SSLCertVerificationError):
            BareScu(address, first.client())
        assert standing.echo() == 0
    server.reload((printer("ONE", visits),), WIDE)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 5)


# --- under load ------------------------------------------------------------------------------------------


def test_nobody_comes_in_vain_to_a_door_that_stays(server: PrintServer, visits: Visits) -> None:
    address, over = server.addresses[FIRST], threading.Event()
    outcomes: list[object] = []

    def keep_coming() -> None:
        while not over.is_set():
            try:
                with BareScu(address) as scu:
                    scu.send(association_request("ONE"))
                    outcomes.append(scu.pdu()[0])
            except (OSError, AssertionError) as error:
                outcomes.append(error)

    threads = [threading.Thread(target=keep_coming) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100):
        extra = (SECOND,) if number % 2 else ()
        server.reload((printer("ONE", visits, FIRST, *extra),), WIDE)
    over.set()
    for thread in threads:
        thread.join(20)
    assert set(outcomes) == {2}
