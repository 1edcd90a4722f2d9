"""Associations, plain and under TLS: how they end, that none holds up another, and who may speak unasked."""

import gc
import logging
import os
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peers import bare, echo
from peers.bare import COMMAND, LAST, BareScu, fragment
from peers.certificates import Authority
from peers.echo import PLAIN, TLS, Echo, EchoServer
from pynetdicom.presentation import PresentationContext

from printscp.wire.association import PrintAssociation
from printscp.wire.message import C_ECHO, N_EVENT_REPORT, N_SET, RESPONSE, Message
from printscp.wire.server import Door

pytestmark = pytest.mark.slow

WAYS = pytest.mark.parametrize("door", [PLAIN, TLS], ids=["plain", "TLS"])
SHORT = 0.6  # seconds; whoever is served at all on a busy machine is sooner


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


class House(EchoServer):
    """A server with both doors, and SCUs that come in by one of them."""

    def __init__(self, authority: Authority, **options: Any) -> None:
        super().__init__(authority.printer, **options)
        self._client = authority.client()

    def connect(self, door: Door) -> BareScu:
        return BareScu(self.address(door), self._client if door.tls else None)

    def still_serves(self) -> None:
        for door in (PLAIN, TLS):
            with self.connect(door) as scu:
                assert scu.associate().echo() == 0
                scu.release()


def descriptors() -> int:
    gc.collect()  # what tests before this one have left
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator gets to see."""
    ours = (record for record in caplog.records if record.name.startswith("printscp"))
    return [record.message for record in ours if record.levelno >= logging.WARNING]


# --- endings ---------------------------------------------------------------------------------------------


class Clumsy(Echo):
    """Trips over a C-ECHO with Message ID 13."""

    def respond(self, message: Message, context: PresentationContext) -> None:
        if message.command["MessageID"] == 13:
            raise RuntimeError("tripped")
        super().respond(message, context)


def half_closed(scu: BareScu) -> None:
    """No more will come: under TLS said by close_notify and FIN, or by FIN alone."""
    socket.socket.shutdown(scu.socket, socket.SHUT_WR)


def closed(scu: BareScu) -> None:
    if isinstance(scu.socket, ssl.SSLSocket):
        scu.socket = scu.socket.unwrap()
    scu.close()


def stop(house: House) -> None:
    threading.Thread(target=house.server.stop).start()


def until_refused(address: tuple[str, int]) -> None:
    with suppress(ConnectionError):
        while True:
            socket.create_connection(address, 5).close()


# What the SCU does on an association that stands, and what is logged of it at warning, if anything is.
ENDINGS: dict[str, tuple[Callable[[House, BareScu], None], str | None]] = {
    "release": (lambda house, scu: scu.release(), None),
    "abort": (lambda house, scu: scu.send(bare.ABORT_REQUEST), None),
    "reset": (lambda house, scu: scu.reset(), "connection lost"),
    "close": (lambda house, scu: closed(scu), None),
    "half close": (lambda house, scu: half_closed(scu), None),
    "half close inside a PDU": (lambda house, scu: (scu.send(b"\4\0\0"), half_closed(scu))[1], None),
    "reset inside a PDU": (lambda house, scu: (scu.send(b"\4\0\0"), scu.reset())[1], "connection lost"),
    "release sent, and no answer awaited": (
        lambda house, scu: (scu.send(bare.RELEASE_REQUEST), scu.close())[1],
        None,
    ),
    "silence": (lambda house, scu: None, "silent too long"),
    "silence inside a PDU": (lambda house, scu: scu.send(b"\4\0\0\0\1\0half"), "silent too long"),
    "silence inside a command": (
        lambda house, scu: scu.send(fragment(bare.command(N_SET)[:20], COMMAND)),
        "silent too long",
    ),
    "silence inside a data set": (
        lambda house, scu: scu.send(
            fragment(bare.command(N_SET, data_set=bare.DATA_SET), COMMAND | LAST) + fragment(b"begun", 0)
        ),
        "silent too long",
    ),
    "no PDU": (lambda house, scu: scu.send(b"GET / HTTP/1.1\r\n\r\n"), "protocol error"),
    "no DIMSE": (lambda house, scu: scu.send(b"\4\0\0\0\0\4\0\0\0\1"), "protocol error"),
    "a strange context": (
        lambda house, scu: scu.send(fragment(bare.command(C_ECHO), COMMAND | LAST, context=99)),
        "protocol error",
    ),
    "a second request": (lambda house, scu: scu.send(bare.association_request()), None),
    "our error": (lambda house, scu: scu.send(bare.echo_request(13)), "unforeseen error"),
    "stop": (lambda house, scu: stop(house), None),
    "stop inside a PDU": (lambda house, scu: (scu.send(b"\4\0\0"), stop(house))[1], None),
}
# The printer ends these with an A-ABORT.
ABORTED = {name for name in ENDINGS if name.startswith(("silence", "no ", "a s", "our", "stop"))}


@WAYS
@pytest.mark.parametrize("name", ENDINGS)
def test_however_an_association_ends_nothing_of_it_is_left(
    authority: Authority, caplog: pytest.LogCaptureFixture, door: Door, name: str
) -> None:
    end, warning = ENDINGS[name]
    silent = "silence" in name
    limits = {"idle_timeout": SHORT, "dimse_timeout": SHORT} if silent else {}
    # Silence inside a message is cut by dimse_timeout alone, between messages by idle_timeout alone.
    limits.pop("dimse_timeout" if name == "silence" else "idle_timeout", None)
    with House(authority, talk=Clumsy, **limits) as house:
        before = descriptors()
        with house.connect(door) as scu:
            assert scu.associate().echo() == 0
            assert len(house.server.associations) == 1
            end(house, scu)
            if name in ABORTED:
                assert scu.pdu()[0] == bare.ABORT
        house.settle()
        assert house.server.associations == ()
        assert [conversation.closed for conversation in house.conversations] == [1]
        if not name.startswith("stop"):
            assert descriptors() == before
            house.still_serves()
    if door.tls and name.startswith("reset"):
        warning = None  # OpenSSL sees an end without close_notify, as with "half close".
    assert warned(caplog) == ([warning] if warning else [])


# What a stranger says before there is an association, and what is logged of it.
STRANGERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no association request in time"),
    "half a request": (bare.association_request()[:50], "no association request in time"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: printer\r\n\r\n", "protocol error"),
    "a request of nonsense": (b"\1\0" + struct.pack(">L", 100) + b"\xff" * 100, "protocol error"),
    "an early C-ECHO": (bare.echo_request(), "no acceptable association request"),
    "another protocol version": (
        bare.association_request()[:7] + b"\2" + bare.association_request()[8:],
        "no acceptable association request",
    ),
}


@WAYS
@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_cut_off_with_one_line_in_the_log(
    authority: Authority, caplog: pytest.LogCaptureFixture, door: Door, name: str
) -> None:
    said, warning = STRANGERS[name]
    with House(authority, acse_timeout=SHORT) as house:
        before = descriptors()
        with house.connect(door) as scu:
            scu.send(said)
            assert scu.rest()[:1] in (b"", bytes([bare.ABORT]), bytes([bare.REJECTED]))
        house.settle()
        assert descriptors() == before
        assert house.conversations == []
        house.still_serves()
    assert warned(caplog) == [warning]


@WAYS
@pytest.mark.parametrize("leave", [BareScu.close, BareScu.reset, half_closed])
def test_who_only_looks_whether_the_port_is_open_is_not_worth_a_line(
    authority: Authority, caplog: pytest.LogCaptureFixture, door: Door, leave: Callable[[BareScu], None]
) -> None:
    with House(authority) as house:
        before = descriptors()
        with house.connect(door) as scu:
            leave(scu)
        house.still_serves()  # Who came before has been accepted, then.
        house.settle()
        assert descriptors() == before
    assert warned(caplog) == []


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_association_request_is_no_unforeseen_error(
    authority: Authority, caplog: pytest.LogCaptureFixture, data: st.DataObject
) -> None:
    caplog.clear()
    request = bytearray(bare.association_request())
    for _ in range(data.draw(st.integers(1, 3))):
        request[data.draw(st.integers(6, len(request) - 1))] = data.draw(st.integers(0, 255))
    with EchoServer() as server:
        with BareScu(server.address()) as scu:
            scu.send(bytes(request))
            half_closed(scu)
            scu.rest()
        server.settle()
    assert "unforeseen error" not in caplog.text, caplog.text


@WAYS
def test_a_peer_that_drips_is_cut_off_for_all_its_bytes(authority: Authority, door: Door) -> None:
    with House(authority, dimse_timeout=SHORT) as house, house.connect(door) as scu:
        scu.associate()
        scu.send(b"\4\0\0\0\xff\xff")
        scu.socket.settimeout(SHORT / 10)
        for _ in range(1000):
            try:
                assert scu.socket.recv(1)[0] == bare.ABORT
                break
            except TimeoutError:
                scu.send(b".")
        else:
            pytest.fail("it drips for ever")


@WAYS
def test_a_message_may_take_long_as_long_as_it_goes_on(authority: Authority, door: Door) -> None:
    timeouts = {"dimse_timeout": 3 * SHORT, "idle_timeout": SHORT}
    with House(authority, **timeouts) as house, house.connect(door) as scu:
        scu.associate()
        scu.send(fragment(bare.command(N_SET, data_set=bare.DATA_SET), COMMAND | LAST))
        scu.socket.settimeout(1.4 * SHORT)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                scu.pdu()
            scu.send(fragment(b"more", 0))
        scu.send(fragment(b"", LAST))
        assert scu.reply()[0x0900] == b"\0\0"


class Slow(Echo):
    def respond(self, message: Message, context: PresentationContext) -> None:
        threading.Event().wait(2 * SHORT)
        super().respond(message, context)


def test_the_time_that_an_answer_takes_is_not_the_peer_s_silence(authority: Authority) -> None:
    timeouts = {"dimse_timeout": SHORT, "idle_timeout": SHORT}
    with House(authority, talk=Slow, **timeouts) as house, house.connect(PLAIN) as scu:
        scu.associate()
        # The second request is half here while the first is answered.
        second = bare.echo_request(2)
        scu.send(bare.echo_request(1) + second[:20])
        assert scu.reply()[0x0120] == b"\1\0"
        scu.send(second[20:])
        assert scu.reply()[0x0120] == b"\2\0"
        scu.release()


@WAYS
def test_the_place_of_a_released_association_is_free_at_once(authority: Authority, door: Door) -> None:
    with House(authority, max_associations=1) as house:
        for _ in range(30):
            with house.connect(door) as scu:
                assert scu.associate().rejection is None
                scu.release()


class Held(Echo):
    """Answers when it may."""

    def __init__(self, association: PrintAssociation) -> None:
        super().__init__(association)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def respond(self, message: Message, context: PresentationContext) -> None:
        self.begun.set()
        assert self.go_on.wait(20)
        super().respond(message, context)


@WAYS
def test_stop_lets_a_request_under_way_be_answered(authority: Authority, door: Door) -> None:
    with House(authority, talk=Held) as house, house.connect(door) as scu:
        scu.associate().send(bare.echo_request())
        [held] = house.conversations
        assert isinstance(held, Held)
        assert held.begun.wait(20)
        address = house.address()
        stop(house)
        until_refused(address)
        held.go_on.set()
        assert scu.reply()[0x0900] == b"\0\0"
        assert scu.pdu()[0] == bare.ABORT


def test_under_tls_the_end_is_said_with_close_notify(authority: Authority) -> None:
    with House(authority) as house, house.connect(TLS) as scu:
        scu.associate().release()
        assert isinstance(scu.socket, ssl.SSLSocket)
        scu.socket.suppress_ragged_eofs = False
        assert scu.socket.recv(1) == b""


@WAYS
def test_a_killed_server_is_seen_to_be_gone_and_its_port_can_be_had_again(
    authority: Authority, door: Door
) -> None:
    files = authority.printer
    command = [sys.executable, echo.__file__, str(files.certificate), str(files.key)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        ports = [int(word) for word in said.readline().split()]
    client = authority.client() if door.tls else None
    address = "127.0.0.1", ports[door.tls]
    with (
        BareScu(address, client) as idle,
        BareScu(address, client) as inside,
        BareScu(address, client) as early,
    ):
        idle.associate()
        inside.associate().send(b"\4\0\0")
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        assert [scu.rest() for scu in (idle, inside, early)] == [b"", b"", b""]
    with socket.create_server(address):
        pass


# --- many, idle and stalled ------------------------------------------------------------------------------


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """More than 1024 descriptors are open, so that new ones have numbers that `select` cannot take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("no right to open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for descriptor in opened:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@WAYS
@pytest.mark.usefixtures("many_descriptors")
def test_three_hundred_associations_are_served_at_once(authority: Authority, door: Door) -> None:
    with House(authority) as house, ExitStack() as stack:
        before = descriptors()
        scus = [stack.enter_context(house.connect(door)).associate() for _ in range(300)]
        assert len(house.server.associations) == 300
        for _ in range(2):
            for scu in scus:
                scu.send(bare.echo_request())
            assert {scu.reply()[0x0900] for scu in scus} == {b"\0\0"}
        for scu in scus:
            scu.release()
        stack.close()
        house.settle()
        assert descriptors() == before


def test_nobody_waits_for_one_who_is_idle_or_stalled(authority: Authority) -> None:
    with House(authority) as house, ExitStack() as stack:
        for door in (PLAIN, TLS):
            for said in (b"", bare.association_request()[:20]):
                stack.enter_context(house.connect(door)).send(said)
            for said in (b"", b"\4", b"\4\0\0\0\1\0half a PDU", fragment(b"", COMMAND)):
                stack.enter_context(house.connect(door)).associate().send(said)
        for said in (b"", b"\x16\x03", b"\x16\x03\x01\x02\x00\x01"):  # no TLS handshake, or half of one
            stack.enter_context(BareScu(house.address(TLS))).send(said)
        house.still_serves()
        assert len(house.server.associations) == 8


# --- TLS records, and slow readers -----------------------------------------------------------------------


class Records:
    """A TLS client that gets its hands on the records."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=address[0])
        self.socket = socket.create_connection(address, bare.PATIENCE)
        self._until_it_has_it_all(self._tls.do_handshake)

    def encrypted(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._outgoing.read()

    def received(self) -> bytes:
        return self._until_it_has_it_all(lambda: self._tls.read(1 << 16))

    def _until_it_has_it_all(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._outgoing.read())
                self._incoming.write(self.socket.recv(1 << 16))
            finally:
                self.socket.sendall(self._outgoing.read())


class Counting(Echo):
    """Counts how often it is asked to speak."""

    def __init__(self, association: PrintAssociation) -> None:
        super().__init__(association)
        self.asked = threading.Semaphore(0)

    def pump(self) -> float | None:
        self.asked.release()
        return None


def test_half_a_tls_record_does_not_hold_the_thread(authority: Authority) -> None:
    with House(authority, talk=Counting) as house:
        client = Records(house.address(TLS), authority.client())
        with client.socket:
            client.socket.sendall(client.encrypted(bare.association_request()))
            assert client.received()[0] == bare.ACCEPTED
            record = client.encrypted(bare.echo_request())
            for piece in (record[:3], record[3:10], record[10:-1]):
                client.socket.sendall(piece)
                [conversation] = house.conversations
                assert isinstance(conversation, Counting)
                while conversation.asked.acquire(blocking=False):
                    pass
                conversation.association.wake()
                assert conversation.asked.acquire(timeout=30), "the thread does not turn"
            client.socket.sendall(record[-1:])
            assert client.received()[0] == bare.P_DATA


def test_a_forged_tls_record_ends_the_association(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is dropped, and the association with it."""
    with House(authority) as house:
        client = Records(house.address(TLS), authority.client())
        with client.socket:
            client.socket.sendall(client.encrypted(bare.association_request()))
            assert client.received()[0] == bare.ACCEPTED
            record = bytearray(client.encrypted(bare.echo_request()))
            record[-1] ^= 1
            client.socket.sendall(record)
            house.settle()
        assert [conversation.closed for conversation in house.conversations] == [1]
    assert warned(caplog) == ["connection lost"]


def test_many_messages_in_one_tls_record_are_all_answered(authority: Authority) -> None:
    with House(authority) as house, house.connect(TLS) as scu:
        scu.associate()
        scu.send(b"".join(bare.echo_request(number) for number in range(1, 101)))
        answered = [int.from_bytes(scu.reply()[0x0120], "little") for _ in range(100)]
        assert answered == list(range(1, 101))


def test_what_follows_a_long_pdu_in_its_last_tls_record_is_answered_too(authority: Authority) -> None:
    with House(authority) as house, house.connect(TLS) as scu:
        scu.associate()
        announced = fragment(bare.command(N_SET, 1, data_set=bare.DATA_SET), COMMAND | LAST)
        # No more bytes come after this: what TLS holds decrypted cannot be seen by `poll`.
        scu.send(announced + fragment(bytes(200_000), LAST) + bare.echo_request(2))
        assert [scu.reply()[0x0120] for _ in range(2)] == [b"\1\0", b"\2\0"]


class Talkative(Echo):
    """Answers with a data set of 8 MB."""

    DATA = bytes(range(256)) * (1 << 15)

    def respond(self, message: Message, context: PresentationContext) -> None:
        command = {"CommandField": message.command_field | RESPONSE, "Status": 0}
        self.association.dul.send(Message(message.context_id, command, self.DATA))


@WAYS
def test_a_long_answer_comes_whole_to_a_slow_reader(authority: Authority, door: Door) -> None:
    with House(authority, talk=Talkative) as house, house.connect(door) as scu:
        scu.associate().send(bare.echo_request())
        data = b""
        last = 0
        while not last:
            kind, body = scu.pdu()
            assert kind == bare.P_DATA
            if not body[5] & COMMAND:
                data += body[6:]
                last = body[5] & LAST
        assert data == Talkative.DATA


@WAYS
def test_a_reader_that_stops_is_given_up(
    authority: Authority, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with House(authority, talk=Talkative, dimse_timeout=SHORT) as house:
        before = descriptors()
        with house.connect(door) as scu:
            scu.associate().send(bare.echo_request())
            house.settle()
            assert [conversation.closed for conversation in house.conversations] == [1]
        assert descriptors() == before
    assert warned(caplog) == ["connection lost"]


# --- speaking unasked ------------------------------------------------------------------------------------


class Reporting(Echo):
    """Sends as many N-EVENT-REPORTs as others ask it to."""

    def __init__(self, association: PrintAssociation) -> None:
        super().__init__(association)
        self.wanted = 0
        self.sent = 0
        self.confirmed: list[int] = []

    def ask(self) -> None:
        self.wanted += 1
        self.association.wake()

    def respond(self, message: Message, context: PresentationContext) -> None:
        if message.command_field == N_EVENT_REPORT | RESPONSE:
            self.confirmed.append(message.command["MessageIDBeingRespondedTo"])
        else:
            super().respond(message, context)

    def pump(self) -> float | None:
        while self.sent < self.wanted:
            self.sent += 1
            command = {"CommandField": N_EVENT_REPORT, "MessageID": self.sent, "EventTypeID": 2}
            self.association.dul.send(Message(1, command))
        return None


@WAYS
def test_events_and_answers_do_not_get_into_each_other_s_way(authority: Authority, door: Door) -> None:
    requests, events = 2000, 300
    with House(authority, talk=Reporting) as house, house.connect(door) as scu:
        scu.associate()
        [reporting] = house.conversations
        assert isinstance(reporting, Reporting)

        def ask() -> None:
            for _ in range(events):
                reporting.ask()

        asking = threading.Thread(target=ask)
        answered: list[int] = []
        reported: list[int] = []
        sent = 0
        while len(answered) < requests or len(reported) < events:
            # Twenty requests are always under way; the events come in between.
            while sent < requests and sent - len(answered) < 20:
                sent += 1
                scu.send(bare.echo_request(sent))
                if sent == 100:
                    asking.start()
            reply = scu.reply()
            if reply[0x0100] == struct.pack("<H", N_EVENT_REPORT):
                assert reply[0x1002] == b"\2\0"
                reported.append(int.from_bytes(reply[0x0110], "little"))
                response = bare.response(N_EVENT_REPORT | RESPONSE, reported[-1])
                scu.send(fragment(response, COMMAND | LAST))
            else:
                answered.append(int.from_bytes(reply[0x0120], "little"))
        scu.release()
        asking.join()
        assert answered == list(range(1, requests + 1))
        assert reported == list(range(1, events + 1))
        assert reporting.confirmed == reported


class Ticking(Counting):
    def pump(self) -> float | None:
        super().pump()
        return SHORT / 10


def test_a_conversation_is_asked_again_when_it_wanted_to_be(authority: Authority) -> None:
    with House(authority, talk=Ticking) as house, house.connect(PLAIN) as scu:
        scu.associate()
        [ticking] = house.conversations
        assert isinstance(ticking, Ticking)
        for _ in range(5):
            assert ticking.asked.acquire(timeout=30)


def test_an_event_before_the_first_message_comes_after_the_acceptance(authority: Authority) -> None:
    class Eager(Reporting):
        def __init__(self, association: PrintAssociation) -> None:
            super().__init__(association)
            self.ask()

    with House(authority, talk=Eager) as house, house.connect(PLAIN) as scu:
        assert scu.associate().rejection is None
        assert scu.reply()[0x0100] == struct.pack("<H", N_EVENT_REPORT)


def test_waking_and_aborting_after_the_end_is_harmless(authority: Authority) -> None:
    with House(authority) as house:
        with house.connect(PLAIN) as scu:
            scu.associate().release()
        house.settle()
        [conversation] = house.conversations
        conversation.association.wake()
        conversation.association.abort()
        house.still_serves()


def test_answers_are_not_held_back(authority: Authority) -> None:
    """TCP_NODELAY is set on what is accepted."""
    with House(authority) as house, house.connect(PLAIN) as scu:
        scu.associate()
        [association] = house.server.associations
        accepted = association.dul.socket.socket
        assert accepted is not None
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
