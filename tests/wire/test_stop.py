"""The end of a server: what an SCU has begun it may finish, for as long as there is patience."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from peers.bare import ABORT, BareScu, echo_request
from peers.bench import Bench, film_of, open_session, print_film
from peers.echo import EchoServer
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox, PrintJob

from printscp.wire import association
from printscp.wire.server import PrintServer

pytestmark = pytest.mark.slow

FOREVER = 600.0  # seconds of patience that no test lives to see the end of


@pytest.fixture(autouse=True)
def _short_afterthought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association, "_AFTERTHOUGHT", 0.1)


@contextmanager
def stopping(server: PrintServer, address: tuple[str, int], patience: float = FOREVER) -> Iterator[None]:
    """While the server stops, once it does not listen any more; at the end it must have stopped."""
    thread = threading.Thread(target=server.stop, args=(patience,))
    thread.start()
    try:
        with suppress(ConnectionError):
            while True:
                socket.create_connection(address, 5).close()
        yield
        thread.join(20)
        assert not thread.is_alive()
        assert server.associations == ()
    finally:
        server.stop()  # ends all patience
        thread.join(20)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_scu_that_has_nothing_in_the_making_is_let_go() -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        assert scu.associate().echo() == 0
        with stopping(echo.server, echo.address()):
            assert scu.pdu()[0] == ABORT


def test_an_scu_with_something_in_the_making_is_served_on_and_then_let_go() -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        scu.associate()
        [conversation] = echo.conversations
        conversation.at_rest = False
        with stopping(echo.server, echo.address()):
            for _ in range(5):
                assert scu.echo() == 0
            conversation.at_rest = True
            assert scu.echo() == 0
            assert scu.pdu()[0] == ABORT


def test_a_message_that_has_begun_is_taken_in_and_answered() -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        scu.associate()
        request = echo_request()
        scu.send(request[:20])
        [standing] = echo.server.associations
        with stopping(echo.server, echo.address()):
            until(lambda: standing.dul.inside_message and standing.dul.silence > 0.3)
            assert standing.is_alive()
            scu.send(request[20:])
            assert scu.reply()[0x0900] == b"\0\0"
            assert scu.pdu()[0] == ABORT


def test_an_scu_that_ends_the_association_itself_is_not_aborted() -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        scu.associate()
        [conversation] = echo.conversations
        conversation.at_rest = False
        with stopping(echo.server, echo.address()):
            scu.release()
            assert scu.rest() == b""


@pytest.mark.parametrize("hurry", [False, True], ids=["patience is over", "stopped once more"])
def test_patience_ends(hurry: bool) -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu:
        scu.associate()
        [conversation] = echo.conversations
        conversation.at_rest = False
        with stopping(echo.server, echo.address(), FOREVER if hurry else 0.3):
            if hurry:
                echo.server.stop()
            assert scu.pdu()[0] == ABORT


def test_nobody_is_awaited_who_has_not_asked_for_an_association() -> None:
    with EchoServer() as echo, BareScu(echo.address()) as scu, BareScu(echo.address()) as late:
        scu.associate()
        [conversation] = echo.conversations
        conversation.at_rest = False
        with stopping(echo.server, echo.address()):
            assert late.rest() == b""
            assert scu.echo() == 0
            scu.release()


def test_a_film_in_the_making_is_printed_and_the_session_after_it() -> None:
    bench = Bench()
    with RawScu(bench.address, (META,)) as scu:
        session, film = open_session(scu), generate_uid()
        created = scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
        item = image_item(np.zeros((8, 8), np.uint8))
        image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
        [standing] = bench.server.associations
        with stopping(bench.server, bench.address):
            until(lambda: standing.dul.silence > 0.3)
            assert scu.ask("set", BasicGrayscaleImageBox, box, image, context=META).status == 0
            assert scu.ask("action", BasicFilmBox, film, context=META).status == 0
            assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0
    assert len(bench.spool.sheets) == 1
    bench.close()


def test_who_goes_on_printing_meanwhile_prints_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(association, "_AFTERTHOUGHT", 20.0)
    bench = Bench()
    films, scus = 20, [RawScu(bench.address, (META, PrintJob)) for _ in range(6)]
    together = threading.Barrier(len(scus) + 1)

    def print_films(scu: RawScu) -> None:
        with scu:
            session = open_session(scu)
            together.wait(20)
            for _ in range(films):
                print_film(scu, session)
            scu.release()

    threads = [threading.Thread(target=print_films, args=(scu,)) for scu in scus]
    for thread in threads:
        thread.start()
    together.wait(20)
    with stopping(bench.server, bench.address):
        for thread in threads:
            thread.join(60)
    assert len(bench.spool.jobs) == films * len(scus)
    bench.close()
