"""The process of the light box: started, told, replaced, ended; and never in the way of films."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from peers.scu import Scu
from peers.server import PRINTSCP

from printscp.config import Settings, WebSettings, load
from printscp.errors import SetupError
from printscp.lightbox import LightBox
from printscp.live import Entrance, Live, LivePrinter
from printscp.printer import FilmPrinter

LIVE = Live(pid=1, began=datetime(2026, 1, 1, tzinfo=UTC))
# Writes what it is told, a line each, to the file of its argument, and tells its number to whoever comes. To
# be there at once it loads nothing that would understand more.
CHILD = """
import os, pickle, sys, socket, threading
file, number = open(sys.argv[1], "a", buffering=1), int(sys.argv[-1])
listening = socket.socket(fileno=number)
def serve():
    while True:
        listening.accept()[0].sendall(str(os.getpid()).encode())
threading.Thread(target=serve, daemon=True).start()
class Anything:
    def __new__(cls, *_):
        return object.__new__(cls)
    def __setstate__(self, state):
        self.state = state
class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        return type(name, (Anything,), {})
while True:
    try:
        told = Unpickler(sys.stdin.buffer).load()
    except EOFError:
        break
    name = type(told).__name__
    keep = told.state["__dict__"]["keep_jobs"] if name == "Settings" else ""
    file.write(f"{os.getpid()} {name} {keep}\\n")
file.write(f"{os.getpid()} end\\n")
"""
TOO_EARLY = "print('a file is broken'); raise SystemExit(1)"


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.01)
    return found


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Told:
    """What children were told."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "told"
        self.file.touch()
        (folder / "child.py").write_text(CHILD)
        self.command = (sys.executable, "-S", str(folder / "child.py"), str(self.file))

    def __call__(self, pid: int | None = None) -> list[str]:
        lines = [line.split(" ", 1) for line in self.file.read_text().splitlines()]
        return [words.strip() for number, words in lines if pid in (None, int(number))]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.fixture
def start(told: Told, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LightBox]]:
    monkeypatch.setattr("printscp.lightbox._SELDOM", 0.05)
    monkeypatch.setattr("printscp.lightbox._OFTEN", 0.01)
    monkeypatch.setattr("printscp.lightbox._SHORT_LIFE", 0.0)
    started: list[LightBox] = []

    def start(command: tuple[str, ...] | None = None, **web: Any) -> LightBox:
        box = LightBox(load(web={"port": 0} | web), lambda: LIVE, command or told.command)
        box.start()
        started.append(box)
        return box

    yield start
    for box in started:
        box.stop()


def who_answers(url: str) -> int:
    host, port = url.removeprefix("http://").rstrip("/").rsplit(":", 1)
    with socket.create_connection((host.strip("[]"), int(port)), timeout=20) as connection:
        return int(connection.recv(100))


def test_it_is_told_the_settings_and_then_of_the_printers_until_it_ends(
    start: Callable[..., LightBox], told: Told
) -> None:
    box = start()
    pid, url = box.pid, box.url
    assert who_answers(url) == pid
    eventually(lambda: len(told(pid)) > 3)
    box.stop()
    first, *others, last = told(pid)
    assert first == "Settings 10"
    assert set(others) == {"Live"}
    assert last == "end"
    with pytest.raises(OSError, match="refused"):
        who_answers(url)


def test_what_happens_is_told_at_once(
    start: Callable[..., LightBox], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.lightbox._SELDOM", 1000.0)
    box = start()
    eventually(lambda: told(box.pid) == ["Settings 10"])
    for count in (1, 2):
        box.wake()
        eventually(lambda count=count: told(box.pid).count("Live") == count)


def test_one_that_dies_is_replaced_and_who_comes_meanwhile_waits(
    start: Callable[..., LightBox], caplog: pytest.LogCaptureFixture
) -> None:
    box = start()
    former = box.pid
    assert who_answers(box.url) == former
    os.kill(former, signal.SIGKILL)
    eventually(lambda: has_ended(former))  # until then it may take the next one along
    assert who_answers(box.url) == eventually(lambda: box.pid != former and box.pid)
    [record] = caplog.records
    assert record.reason == "was killed by SIGKILL"  # type: ignore[attr-defined]


def test_one_that_does_not_start_says_why_once(
    start: Callable[..., LightBox], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.lightbox._SHORT_LIFE", 1000.0)
    monkeypatch.setattr("printscp.lightbox._SOON", 0.0)
    box = start((sys.executable, "-S", "-c", TOO_EARLY))
    pids = {box.pid}
    eventually(lambda: pids.add(box.pid) or len(pids) > 3)
    assert [record.reason for record in caplog.records] == ["a file is broken"]  # type: ignore[attr-defined]


def test_other_settings_are_told_and_those_of_the_page_make_another_process(
    start: Callable[..., LightBox], told: Told
) -> None:
    box = start()
    port, pid = int(box.url.rstrip("/").rsplit(":", 1)[1]), box.pid
    box.reload(load(web={"port": 0}, keep_jobs=11))
    eventually(lambda: "Settings 11" in told(pid))
    assert box.pid == pid
    box.reload(load(web={"port": 0, "deidentified": True}, keep_jobs=12))
    other = eventually(lambda: box.pid != pid and box.pid)
    assert told(pid)[-1] == "end"
    assert who_answers(f"http://127.0.0.1:{port}/") == other
    eventually(lambda: told(other)[:1] == ["Settings 12"])
    for web in ({"port": port}, {"host": "::1", "port": 0}):
        with pytest.raises(SetupError, match="restart printscp"):
            box.reload(load(web=web))


def test_who_does_not_read_holds_nobody_up(
    start: Callable[..., LightBox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.lightbox._END_PATIENCE", 0.1)
    monkeypatch.setattr("printscp.lightbox._OFTEN", 0.0)
    box = start((sys.executable, "-S", "-c", "import time; time.sleep(1000)"))
    pid = box.pid
    asked = 0

    def large() -> Live:
        nonlocal asked
        asked += 1
        return Live(pid=asked, began=LIVE.began, worker_pids=tuple(range(300, 30_000)))

    monkeypatch.setattr(box, "_live", large)
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        box.wake()
    assert asked < 10
    box.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_inherits_nothing_else(start: Callable[..., LightBox], tmp_path: Path) -> None:
    command = "import os, sys; print(sorted(map(int, os.listdir('/proc/self/fd')))[3:], sys.argv[-1])"
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        os.set_inheritable(other.fileno(), True)
        output = tmp_path / "said"
        script = f"import sys; sys.stdout = open({str(output)!r}, 'w'); {command}; sys.stdout.flush()"
        start((sys.executable, "-S", "-c", script))
        said = eventually(lambda: output.exists() and output.read_text())
    handles, number = said.rsplit(maxsplit=1)
    # The folder that it looks into, and the file that it writes to, are its own.
    assert int(number) in json.loads(handles)
    assert len(json.loads(handles)) <= 3


def test_where_it_cannot_be_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("printscp.lightbox._BIND_PATIENCE", 0.0)

    def fault(**web: Any) -> str:
        with pytest.raises(SetupError) as caught:
            LightBox(load(web=web), lambda: LIVE).start()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use; --web-port" in fault(port=port)
    assert "no such file" in fault(port=0, users=tmp_path / "none")
    (tmp_path / "users").write_text("[users]\nx = 1\n")
    assert f"users {tmp_path}/users: " in fault(port=0, users=tmp_path / "users")
    authority, other = trustme.CA(), trustme.CA()
    made, alien = authority.issue_cert("localhost"), other.issue_cert("localhost")
    pem, key, strange = tmp_path / "c.pem", tmp_path / "k.pem", tmp_path / "s.pem"
    made.cert_chain_pems[0].write_to_path(pem)
    made.private_key_pem.write_to_path(key)
    alien.private_key_pem.write_to_path(strange)
    assert f"web.certificate {pem}: is none, or has another key" in fault(
        port=0, certificate=pem, key=strange
    )
    assert f"{tmp_path}/none: No such file" in fault(port=0, certificate=tmp_path / "none", key=key)
    assert f"{tmp_path}/none: No such file" in fault(port=0, certificate=pem, key=tmp_path / "none")


def test_passwords_in_the_clear_are_warned_of(
    start: Callable[..., LightBox], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "users").write_text("")
    start(host="0.0.0.0", users=tmp_path / "users")
    assert [record.message for record in caplog.records] == [
        "passwords can be read on the network: give web.certificate and web.key"
    ]


def test_what_a_printer_tells_is_what_is(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives: list[Callable[[], Live]] = []

    class Listening:
        """A light box that only takes what it is told by."""

        def __init__(self, _: Settings, live: Callable[[], Live]) -> None:
            lives.append(live)

        def start(self) -> None: ...
        def stop(self) -> None: ...
        def wake(self) -> None: ...

    monkeypatch.setattr("printscp.printer.LightBox", Listening)
    printers = [{"ae_title": "ONE", "output": tmp_path}, {"ae_title": "TWO", "output": tmp_path}]
    printer = start_printer(web={"enabled": True}, output=None, printers=printers, memory_mib=7)
    [live] = lives
    printer.set_state("WARNING", "SUPPLY LOW", "TWO")
    with Scu(printer.address, called="ONE"):
        told = live()
    host, port = printer.address
    assert told.pid == os.getpid()
    assert told.worker_pids == printer.worker_pids
    assert told.entrances == (Entrance(host, port, False, "ONE, TWO"),)
    assert told.printers == {
        "ONE": LivePrinter("NORMAL", "NORMAL", 1),
        "TWO": LivePrinter("WARNING", "SUPPLY LOW", 0),
    }
    assert (told.associated, told.rejected, told.held, told.limit) == (1, 0, 0, 7 << 20)
    printer.stop()
    assert live().entrances == ()


# --- the real one ------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> dict[str, Any]:
    return {"port": 0, "spool": tmp_path / "spool", "output": tmp_path / "films"}


def get(url: str, **how: Any) -> tuple[int, bytes]:
    with urllib.request.urlopen(url, timeout=20, **how) as answer:
        return answer.status, answer.read()


def test_a_printer_has_none_unless_it_is_said(
    served: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRINTSCP_WEB__ENABLED", raising=False)
    with FilmPrinter(**served) as printer:
        assert printer.lightbox_url is None


@pytest.mark.slow
def test_a_printer_with_a_light_box_answers_there_and_takes_it_along(served: dict[str, Any]) -> None:
    web = {"enabled": True, "port": 0}
    with FilmPrinter(**served, web=web) as printer:
        url = printer.lightbox_url
        assert url is not None
        assert get(f"{url}healthz")[0] == 200
        _, figures = get(f"{url}api/v1/figures")
        assert json.loads(figures)["associations"] == 0
        with pytest.raises(SetupError, match=r"web\.enabled: cannot be changed"):
            printer.reload(load(**served, web=web | {"enabled": False}))
        printer.reload(load(**served, web=web))
        watching = urllib.request.urlopen(f"{url}api/v1/events", timeout=20)
        began = time.monotonic()
    assert time.monotonic() - began < 20  # with a stream open
    watching.close()
    with pytest.raises(OSError, match="refused"):
        get(f"{url}healthz")


@pytest.mark.slow
def test_by_https_it_shows_its_certificate(served: dict[str, Any], tmp_path: Path) -> None:
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    made.private_key_and_cert_chain_pem.write_to_path(tmp_path / "c.pem")
    web = {"enabled": True, "port": 0, "certificate": tmp_path / "c.pem", "key": tmp_path / "c.pem"}
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with FilmPrinter(**served, web=web) as printer:
        assert printer.lightbox_url is not None
        assert printer.lightbox_url.startswith("https://127.0.0.1:")
        assert get(f"{printer.lightbox_url}healthz", context=context)[0] == 200


@pytest.mark.slow
def test_it_ends_with_a_printer_that_is_killed_and_the_port_is_free(tmp_path: Path) -> None:
    command = [
        PRINTSCP,
        "serve",
        "--port",
        "0",
        "--spool",
        str(tmp_path / "s"),
        "--output",
        str(tmp_path / "o"),
    ]
    command += ["--web", "--web-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("listening on ")
        told = re.fullmatch(r"light box on (http://127\.0\.0\.1:(\d+)/)\n", server.stdout.readline())
        assert told is not None
        assert get(f"{told[1]}healthz")[0] == 200
        server.kill()

    def is_free() -> bool:
        try:
            socket.create_server(("127.0.0.1", int(told[2]))).close()
        except OSError:
            return False
        return True

    eventually(is_free)


def test_a_taken_port_ends_nothing_where_nobody_asked_for_a_light_box(
    served: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("PRINTSCP_WEB__ENABLED", raising=False)
    monkeypatch.setattr("printscp.lightbox._BIND_PATIENCE", 0.0)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        asked = load(**served, web={"port": port})
        silent = asked.model_copy(update={"web": WebSettings.model_construct(set(), port=port)})
        with FilmPrinter(silent, lightbox=True) as printer:
            assert printer.lightbox_url is None
        assert [record.message for record in caplog.records] == ["no light box"]
        with pytest.raises(SetupError, match="already in use"):
            FilmPrinter(asked, lightbox=True).start()
