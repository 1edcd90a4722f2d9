"""Faults that break what is to be sent, at each step: before it is carried out, and after the answer."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers.bare import ABORT_REQUEST, RELEASE_REQUEST, association_request
from peers.bench import film_of, open_session
from peers.certificates import Authority
from peers.front import FaultyFront
from peers.raw import RawScu
from peers.scu import META
from pydicom.uid import UID, generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, Printer, PrinterInstance, PrintJob

from printscp.errors import SetupError
from printscp.faults import Fault, FaultRule, FaultScript
from printscp.faults.fault import REASONS
from printscp.wire import association, dimse

pytestmark = pytest.mark.slow

GARBAGE = FaultScript(seed=1).garbage(256)
SPOKEN = {
    Fault.ABORT: b"\7\0\0\0\0\4\0\0\0\0",
    Fault.GARBAGE: GARBAGE,
    Fault.HANG_UP: b"",
    Fault.RESET: b"",
}
ENDED = (Fault.ABORT, Fault.HANG_UP, Fault.RESET)  # the printer ends the connection
BREAKING = (*ENDED, Fault.GARBAGE, Fault.SILENCE, Fault.HALF_PDU)


@pytest.fixture
def script() -> FaultScript:
    return FaultScript(seed=1)


@pytest.fixture
def printer(script: FaultScript) -> Iterator[FaultyFront]:
    with FaultyFront(script, at_once=True, printer_events=True) as started:
        yield started
        script.clear()
        with RawScu(started.address, (META,)) as scu:  # it serves on
            print_film_alone(scu)
            scu.release()


def print_film_alone(scu: RawScu) -> str:
    """The UID of its session."""
    session, film = open_session(scu), generate_uid()
    assert scu.ask("create", BasicFilmBox, film, film_of(session), context=META).status == 0
    assert scu.ask("action", BasicFilmBox, film, context=META).status == 0
    return session


def rest(scu: RawScu, ask_for_it: bool) -> bytes:
    """All that the printer still sends; an A-ABORT of ours has it end."""
    if ask_for_it:
        scu.socket.sendall(ABORT_REQUEST)
    said = b""
    try:
        # After its A-ABORT the printer waits for us to close.
        while not said.endswith(SPOKEN[Fault.ABORT]) and (piece := scu.socket.recv(4096)):
            said += piece
    except (ConnectionResetError, ssl.SSLEOFError):  # under TLS it is an end without a word
        said += b"reset"
    return said


class Deaf(RawScu):
    """An SCU that sends its association request, and looks at no answer."""

    def _associate(self, *_: object) -> dict[UID, int]:
        self.socket.sendall(association_request("PRINTSCP", "SCU", (META,)))
        return {}


@pytest.mark.parametrize("fault", BREAKING)
def test_an_association_that_is_not_accepted(printer: FaultyFront, script: FaultScript, fault: Fault) -> None:
    script.add(fault, at="associate", times=1)
    with Deaf(printer.address, (META,)) as scu:
        said = rest(scu, fault not in ENDED)
    if fault is Fault.HALF_PDU:
        assert said[0] == 2
        assert len(said) < 6 + int.from_bytes(said[2:6], "big")
    else:
        assert said == SPOKEN.get(fault, b"") + (b"reset" if fault is Fault.RESET else b"")


@pytest.mark.parametrize("fault", BREAKING)
def test_an_association_that_is_not_released(printer: FaultyFront, script: FaultScript, fault: Fault) -> None:
    script.add(fault, at="release", times=1)
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        print_film_alone(scu)
        scu.socket.sendall(RELEASE_REQUEST)
        said = rest(scu, fault not in ENDED)
    spoken = SPOKEN | {Fault.HALF_PDU: b"\6\0\0\0\0"}
    assert said == spoken.get(fault, b"") + (b"reset" if fault is Fault.RESET else b"")
    assert len(printer.spool.jobs) == 1
    assert [each.at for each in script.fired] == ["release"]


@pytest.mark.parametrize("fault", BREAKING[:-1])
def test_a_request_that_is_not_carried_out(printer: FaultyFront, script: FaultScript, fault: Fault) -> None:
    script.add(fault, at="film-box.action", when="before", times=1)
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        scu.post("action", BasicFilmBox, film, context=META)
        said = rest(scu, fault not in ENDED)
    assert said == SPOKEN.get(fault, b"") + (b"reset" if fault is Fault.RESET else b"")
    assert printer.spool.jobs == []


@pytest.mark.parametrize("fault", [*ENDED, Fault.GARBAGE])
def test_what_comes_after_the_answer(printer: FaultyFront, script: FaultScript, fault: Fault) -> None:
    script.add(fault, at="film-box.action", when="after", times=1)
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        print_film_alone(scu)
        said = rest(scu, fault not in ENDED)
    assert said == SPOKEN.get(fault, b"") + (b"reset" if fault is Fault.RESET else b"")
    assert len(printer.spool.jobs) == 1


@pytest.mark.parametrize("step", ["associate", "print-job.event", "release"])
@pytest.mark.parametrize("fault", [*ENDED, Fault.GARBAGE])
def test_what_comes_after_an_acceptance_an_event_and_a_release(
    printer: FaultyFront, script: FaultScript, fault: Fault, step: str
) -> None:
    script.add(fault, at=step, when="after", times=1)
    contexts = (META, PrintJob) if step == "print-job.event" else (META,)
    with RawScu(printer.address, contexts, calling="SCU", confirm=False) as scu:  # it is accepted
        if step != "associate":
            print_film_alone(scu)
        if step == "print-job.event":
            assert (scu.events or [scu.wait_for_event()])[0].command["EventTypeID"] == 1
        if step == "release":
            scu.socket.sendall(RELEASE_REQUEST)
            assert scu.socket.recv(10) == b"\6\0\0\0\0\4\0\0\0\0"
        said = rest(scu, fault not in ENDED)
    assert said == SPOKEN.get(fault, b"") + (b"reset" if fault is Fault.RESET else b"")
    assert [each.at for each in script.fired] == [step]


@pytest.mark.parametrize("fault", BREAKING)
def test_an_event_that_does_not_get_there(printer: FaultyFront, script: FaultScript, fault: Fault) -> None:
    script.add(fault, at="print-job.event", times=1)
    with RawScu(printer.address, (META, PrintJob), calling="SCU", confirm=False) as scu:
        print_film_alone(scu)
        if fault is Fault.SILENCE:  # of the first event alone
            assert scu.wait_for_event().command["EventTypeID"] == 2
            return
        said = rest(scu, fault not in ENDED)
    if fault is Fault.HALF_PDU:
        assert said[0] == 4
        assert len(said) == (6 + int.from_bytes(said[2:6], "big")) // 2
    else:
        assert said == SPOKEN[fault] + (b"reset" if fault is Fault.RESET else b"")


@pytest.mark.parametrize(("when", "status"), [("instead", 0), ("before", 0x0112)])
def test_after_a_silent_request_the_next_one_is_answered(
    printer: FaultyFront, script: FaultScript, when: str, status: int
) -> None:
    script.add("silence", at="film-session.create", times=1, when=when)
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        scu.post("create", BasicFilmSession, "1.2.3", context=META)
        scu.post("delete", BasicFilmSession, "1.2.3", context=META)
        answer = scu.answer()
        assert (answer.command["CommandField"], answer.status) == (0x8150, status)
        scu.release()


def test_a_print_that_is_not_answered_is_a_job_of_its_dialogue(script: FaultScript) -> None:
    script.add("silence", at="film-box.action", times=1)
    with FaultyFront(script) as printer, RawScu(printer.address, (META,), calling="SCU") as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        scu.post("action", BasicFilmBox, film, context=META)
        assert scu.ask("delete", BasicFilmBox, film, context=META).status == 0
        scu.release()
    [job], [transcript] = printer.spool.jobs, printer.transcripts
    assert transcript.jobs == [job.uid]
    [step] = [step for step in transcript.steps if step.job]
    assert (step.service, step.fault, step.is_request) == ("N-ACTION", "silence", True)


def test_a_silent_release_leaves_the_connection_open_until_the_printer_stops(
    script: FaultScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(association, "_CLOSING_GRACE", 0.05)
    script.add("silence", at="release")
    with FaultyFront(script) as printer, RawScu(printer.address, (META,), calling="SCU") as scu:
        open_session(scu)
        [served] = printer.front._server.associations  # type: ignore[union-attr]
        scu.socket.sendall(RELEASE_REQUEST)
        assert select.select([scu.socket], [], [], 0.3)[0] == [], "closed"
        printer.front.stop()
        assert not served.is_alive()


def test_events_that_are_delayed_hold_up_those_after_them_and_nothing_else(
    printer: FaultyFront, script: FaultScript
) -> None:
    script.add("event-delayed", seconds=3600, times=1)
    with RawScu(printer.address, (META, PrintJob), calling="SCU") as scu:
        for _ in range(2):
            session = print_film_alone(scu)
            assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0
        assert scu.events == []
        scu.release()


def test_an_event_that_is_not_confirmed_is_not_told_once_more(
    script: FaultScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()
    monkeypatch.setattr(dimse.log, "warning", lambda *_, **__: given_up.set())
    script.add("event-doubled")
    with (
        FaultyFront(script, at_once=True, dimse_timeout=0.2) as printer,
        RawScu(printer.address, (META, PrintJob), calling="SCU", confirm=False) as scu,
    ):
        print_film_alone(scu)
        assert given_up.wait(20)
        for _ in range(3):
            assert scu.ask("get", Printer, PrinterInstance, context=META).status == 0
        assert len(scu.events) == 1
        scu.release()


@pytest.mark.parametrize(
    ("reason", "result"),
    [*((reason, "") for reason in REASONS), ("local-limit", "permanent"), ("called-ae-title", "transient")],
)
def test_each_reason_of_a_rejection(
    printer: FaultyFront, script: FaultScript, reason: str, result: str
) -> None:
    script.add("reject", reason=reason, result=result)
    with pytest.raises(ConnectionRefusedError) as rejected, RawScu(printer.address, (META,)):
        pass
    expected = REASONS[reason]
    wanted = {"": expected.result, "permanent": 1, "transient": 2}[result]
    assert rejected.value.args == ((wanted, expected.source, expected.diagnostic),)


def test_a_rejection_that_is_real_comes_first(script: FaultScript) -> None:
    script.add("reject", reason="local-limit")
    with FaultyFront(script, allow_calling=["GOOD"]) as printer:
        with pytest.raises(ConnectionRefusedError) as rejected, RawScu(printer.address, (META,)):
            pass
        assert rejected.value.args == ((1, 1, 3),)
    with FaultyFront(script, max_associations=1) as printer:
        script.clear()
        with RawScu(printer.address, (META,)) as scu:
            script.add("reject", reason="temporary-congestion")
            with pytest.raises(ConnectionRefusedError) as rejected, RawScu(printer.address, (META,)):
                pass
            assert rejected.value.args == ((2, 3, 2),)
            scu.release()
    assert script.fired == ()


class Watched(FaultScript):
    """Tells when a fault happens."""

    def __init__(self) -> None:
        super().__init__()
        self.happened = threading.Event()

    def meet(self, step: str, printer: str, calling: str) -> tuple[FaultRule, ...]:
        rules = super().meet(step, printer, calling)
        if rules:
            self.happened.set()
        return rules


def test_an_scu_that_has_gone_is_not_waited_for_however_slow_the_printer_is() -> None:
    script = Watched()
    script.add("slow", seconds=3600)
    with FaultyFront(script, max_associations=1) as printer:
        with RawScu(printer.address, (META,), calling="SCU") as scu:
            [served] = printer.front._server.associations  # type: ignore[union-attr]
            scu.post("create", BasicFilmSession, "1.2.3", context=META)
            assert script.happened.wait(20)
        served.join(20)
        assert not served.is_alive()


def test_it_stops_at_once_however_slow_it_is_to_be() -> None:
    script = Watched()
    script.add("slow", seconds=3600)
    with FaultyFront(script) as printer:
        scu = RawScu(printer.address, (META,), calling="SCU")
        scu.post("create", BasicFilmSession, "1.2.3", context=META)
        assert script.happened.wait(20)
        stopping = threading.Thread(target=printer.front.stop)
        stopping.start()
        # The request was carried out, and is answered.
        assert scu.answer().status == 0
        assert rest(scu, ask_for_it=False) == SPOKEN[Fault.ABORT]
        scu.socket.close()
        stopping.join(20)
        assert not stopping.is_alive()


def test_several_faults_at_a_step(printer: FaultyFront, script: FaultScript) -> None:
    script.add("slow", at="printer.get", seconds=0.01)
    script.add("wrong-attributes", at="printer.get", values={"PrinterName": "OTHER"})
    script.add("missing-attributes", at="printer.*", keywords=["Manufacturer"])
    script.add("status", at="any", status=0x0107, comment="something is missing")
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        said = scu.ask("get", Printer, PrinterInstance, context=META)
        assert (said.status, said.command["ErrorComment"]) == (0x0107, "something is missing")
        assert said.dataset.PrinterName == "OTHER"
        assert "Manufacturer" not in said.dataset
        assert "PrinterStatus" in said.dataset
        scu.release()
    assert len(script.fired) == 4


@pytest.mark.parametrize("status", [0x0000, 0x0107, 0x0116, 0xB603, 0x0110, 0xA700, 0xC602])
def test_a_failure_is_not_carried_out_and_a_warning_is(
    printer: FaultyFront, script: FaultScript, status: int
) -> None:
    script.add("status", at="film-box.action", status=status, times=1)
    with RawScu(printer.address, (META, PrintJob), calling="SCU") as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        printed = scu.ask("action", BasicFilmBox, film, context=META)
        assert printed.status == status
        carried_out = status in (0x0000, 0x0107, 0x0116, 0xB603)
        assert bool(printed.data) == carried_out
        assert len(printer.spool.jobs) == carried_out
        scu.socket.close()


def test_a_request_that_is_wrong_anyway_is_refused_as_ever(printer: FaultyFront, script: FaultScript) -> None:
    script.add("status", at="film-box.create", status=0x0107)
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        assert scu.ask("create", BasicFilmBox, "1.2.4", film_of("1.2.3"), context=META).status != 0x0107
        scu.socket.close()


def test_a_film_session_has_its_own_status_when_the_queue_is_full(
    printer: FaultyFront, script: FaultScript
) -> None:
    script.add("queue-full")
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        session, film = open_session(scu), generate_uid()
        scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
        assert scu.ask("action", BasicFilmSession, session, context=META).status == 0xC601
        assert scu.ask("action", BasicFilmBox, film, context=META).status == 0xC602
        script.clear()
        assert scu.ask("action", BasicFilmBox, film, context=META).status == 0
        scu.release()


def test_out_of_memory_elsewhere_is_a_limited_resource(printer: FaultyFront, script: FaultScript) -> None:
    script.add("out-of-memory", at="film-session.create")
    with RawScu(printer.address, (META,), calling="SCU") as scu:
        assert scu.ask("create", BasicFilmSession, "1.2.3", context=META).status == 0x0213
        scu.socket.close()


def test_printers_and_scus_are_told_apart(script: FaultScript) -> None:
    script.add("reject", printer="IHEFULL", calling="CT*")
    with FaultyFront(script, personas=["ihefull", "iherestricted"]) as printer:
        met = {}
        for called in ("IHEFULL", "IHERESTRICTED"):
            for calling in ("CT1", "MR1"):
                try:
                    with RawScu(printer.address, (META,), called=called, calling=calling) as scu:
                        scu.release()
                    met[called, calling] = "accepted"
                except ConnectionRefusedError:
                    met[called, calling] = "rejected"
    assert [key for key, what in met.items() if what == "rejected"] == [("IHEFULL", "CT1")]


def test_a_rule_of_requests_alone_cannot_be_at_an_event(script: FaultScript) -> None:
    with pytest.raises(SetupError, match=r"at: event is none of any, event, film-session\.create"):
        script.add("status", at="event", status=1)


@pytest.mark.parametrize("fault", [*ENDED, Fault.GARBAGE])
def test_under_tls_it_is_no_different(script: FaultScript, tmp_path: Path, fault: Fault) -> None:
    authority = Authority(tmp_path)
    files = authority.printer
    tls = {"port": 0, "certificate": str(files.certificate), "key": str(files.key), "only": True}
    script.add(fault, at="film-session.create", times=1)

    def wrap(plain: socket.socket) -> socket.socket:
        context = authority.client()
        return context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False)

    with FaultyFront(script, tls=tls) as printer:
        with RawScu(printer.address, (META,), wrap=wrap) as scu:
            scu.post("create", BasicFilmSession, "1.2.3", context=META)
            said = rest(scu, fault not in ENDED)
        with RawScu(printer.address, (META,), wrap=wrap) as scu:
            print_film_alone(scu)
            scu.release()
    assert said == SPOKEN[fault] + (b"reset" if fault is Fault.RESET else b"")
