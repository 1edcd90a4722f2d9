"""How associations begin, end and go wrong, and that none of it touches the others."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from peers.scu import Scu, image_item

from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.spool.folder import SpoolDraft

PIXELS = np.zeros((64, 64), np.uint8)
A_ABORT, A_ASSOCIATE_RJ = 0x07, 0x03


@contextmanager
def connection(printer: FilmPrinter) -> Iterator[socket.socket]:
    with socket.create_connection(printer.address, timeout=20) as client:
        yield client


def all_received(client: socket.socket) -> bytes:
    """Everything until the printer closes; a reset counts as a close."""
    received = b""
    try:
        while piece := client.recv(4096):
            received += piece
    except ConnectionResetError:
        pass
    return received


def still_prints(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        assert scu.print_image(PIXELS).Status == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: printer\r\n\r\n",
        b"\x01\x00" + struct.pack(">L", 100) + b"\xff" * 100,  # an A-ASSOCIATE-RQ of nonsense
        b"\x04\x00" + struct.pack(">L", 10) + b"\x00" * 10,  # data before an association
        bytes(range(256)),
        b"",
    ],
    ids=["http", "bad request", "early data", "bytes", "nothing"],
)
def test_garbage_instead_of_a_pdu_is_ended(printer: FilmPrinter, garbage: bytes) -> None:
    with connection(printer) as client:
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        answer = all_received(client)
    assert answer[:1] in (b"", bytes([A_ABORT]), bytes([A_ASSOCIATE_RJ]))
    still_prints(printer)


@pytest.mark.parametrize("said", [b"", b"\x01", b"\x01\x00\x00\x00\x01\x00half a PDU"])
def test_a_client_that_says_nothing_more_is_cut_off(
    start_printer: Callable[..., FilmPrinter], said: bytes
) -> None:
    printer = start_printer(acse_timeout=0.3)
    with connection(printer) as client:
        client.sendall(said)
        still_prints(printer)
        assert all_received(client)[:1] in (b"", bytes([A_ABORT]))


def test_a_silent_association_is_aborted(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(idle_timeout=0.3)
    scu = Scu(printer.address)
    with scu:
        scu.wait_for_the_end()
    assert scu.association.is_aborted
    still_prints(printer)


def test_a_peer_that_stops_inside_a_message_is_aborted(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(idle_timeout=0.3)
    scu = Scu(printer.address)
    with scu:
        connection = scu.association.dul.socket.socket
        connection.sendall(b"\x04\x00" + struct.pack(">L", 1000) + b"half of it")
        scu.wait_for_the_end()
    assert not scu.association.is_established
    still_prints(printer)


@pytest.mark.parametrize("ending", ["release", "abort", "close", "reset"])
def test_however_it_ends_the_memory_comes_back_and_the_job_stays(
    start_printer: Callable[..., FilmPrinter], ending: str
) -> None:
    printer = start_printer(memory_mib=1)
    scu = Scu(printer.address)
    assert scu.print_image(np.zeros((1024, 1024), np.uint8)).Status == 0
    association = scu.association
    if ending == "release":
        association.release()
    elif ending == "abort":
        association.abort()
    else:
        raw = association.dul.socket.socket
        if ending == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        else:
            raw.shutdown(socket.SHUT_RDWR)
    # The whole budget was held; a new association gets it as soon as the printer has seen the end.
    for _ in range(1000):
        with Scu(printer.address) as other:
            other.create_session()
            other.create_film()
            status, _ = other.set_image(1, image_item(np.zeros((1024, 1024), np.uint8)))
        if status.Status == 0:
            break
    assert status.Status == 0
    (job,) = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
    assert job.status == "DONE"


def test_no_association_waits_for_another(printer: FilmPrinter, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on = threading.Event(), threading.Event()
    accept = SpoolDraft.accept

    def slow_disk(draft: SpoolDraft, sheet: Sheet) -> None:
        inside.set()
        assert go_on.wait(20)
        accept(draft, sheet)

    monkeypatch.setattr(SpoolDraft, "accept", slow_disk)
    with Scu(printer.address) as waiting, Scu(printer.address) as other:
        for scu in (waiting, other):
            scu.create_session()
            scu.create_film()
            scu.set_image(1, image_item(PIXELS))
        printing = threading.Thread(target=waiting.print_film)
        printing.start()
        assert inside.wait(20)
        assert other.echo() == 0
        assert other.printer()[0].Status == 0
        assert other.set_image(1, image_item(PIXELS))[0].Status == 0
        with Scu(printer.address) as third:
            assert third.echo() == 0
        go_on.set()
        printing.join(20)


def test_many_associations_print_at_once(printer: FilmPrinter) -> None:
    before = len(printer.jobs())
    failures: list[object] = []

    def modality(number: int) -> None:
        try:
            with Scu(printer.address, calling=f"MODALITY{number}") as scu:
                for _ in range(2):
                    status = scu.print_image(np.full((32, 32), number, np.uint8), FilmSizeID="8INX10IN")
                    assert status.Status == 0
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=modality, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    jobs = printer.wait_for(lambda jobs: len(jobs) == before + 16 and all(job.ended for job in jobs), 60)[
        before:
    ]
    assert {job.status for job in jobs} == {"DONE"}
    assert sorted(job.originator for job in jobs) == sorted(f"MODALITY{n}" for n in range(8) for _ in "12")


def test_answers_are_not_held_back(printer: FilmPrinter) -> None:
    """TCP_NODELAY is set on what is accepted."""
    server = printer._server
    assert server is not None
    with Scu(printer.address, calling="NODELAY") as scu:
        assert scu.echo() == 0
        (association,) = (
            association
            for association in server._entity.active_associations
            if association.requestor.ae_title == "NODELAY"
        )
        raw = association.dul.socket.socket
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_stop_aborts_what_is_open(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    address = printer.address
    scu = Scu(address)
    with scu:
        scu.create_session()
        printer.stop()
        scu.wait_for_the_end()
    assert scu.association.is_aborted
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
