"""A queue of an LPD server, by the backend program of CUPS: one attempt at a time, none without a claim."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from outputs.pages import TICKET, densities, page, run
from peers.claims import Held
from peers.cups import Cups
from peers.ippeve import IppEve
from peers.lpd import LPD, Fault, inetd, lpd

from printscp.errors import ClaimLost, SetupError
from printscp.outputs.output import NotReady, Refused, Sent, Uncontested
from printscp.outputs.registry import open_output

_BACKEND = Path("/usr/lib/cups/backend/lpd")
LARGE = page(densities(1200, 1500))  # more than sockets buffer
peer = pytest.mark.peer("cupsd")


@pytest.fixture
def server() -> Iterator[LPD]:
    with lpd() as one:
        yield one


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A copy that any user may run."""
    path = tmp_path / "backend"
    shutil.copyfile(_BACKEND, path)
    path.chmod(0o755)
    return path


def send(server: LPD, backend: Path, *pages: Any, copies: int = 2, claim: Any = None, **keys: Any) -> Sent:
    uri = f"lpd://127.0.0.1:{server.port}/film"
    output = open_output({"type": "lpd", "uri": uri, "backend": backend} | keys)
    output.check()
    with output.begin(replace(TICKET, copies=copies, films=len(pages))) as document:
        for each in pages:
            document.add(each)
        return document.finish(claim or Uncontested())


def said(server: LPD, backend: Path, *pages: Any, **keys: Any) -> str:
    with pytest.raises(NotReady) as raised:
        send(server, backend, *pages, **keys)
    assert raised.value.condition.status == "WARNING"
    return f"{raised.value.condition.info}: {raised.value.condition.words}"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@peer
def test_a_film_arrives_once_and_asks_for_its_copies_itself(server: LPD, backend: Path) -> None:
    assert send(server, backend, LARGE, copies=3) == Sent(f"lpd://127.0.0.1:{server.port}/film")
    [(control, [film])] = server.jobs
    assert film.startswith(b"%!PS-Adobe-3.0\n")
    assert film.endswith(b"%%EOF\n")
    assert film.count(b"/NumCopies 3 ") == 1
    lines = control.splitlines()
    assert sum(line.startswith("ldf") for line in lines) == 1
    assert {"Pprintscp", "J20261018_093000_000012"} <= set(lines)
    assert "VIEWER" not in control


@peer
def test_a_document_that_cannot_ask_for_copies_is_sent_once_for_each(server: LPD, backend: Path) -> None:
    send(server, backend, page(), copies=3, document={"type": "pdf"})
    assert [film.count(b"%PDF") for _, [film] in server.jobs] == [1, 1, 1]


@peer
def test_options_of_the_backend_stand_in_the_uri(server: LPD, backend: Path) -> None:
    uri = f"lpd://127.0.0.1:{server.port}/film?format=o&sanitize_title=no"
    assert send(server, backend, page(), uri=uri).place == uri.partition("?")[0]
    [(control, _)] = server.jobs
    assert "odf" in control
    assert "J20261018-093000-000012" in control


@peer
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuses the queue", "CHECK PRINTER: refused by lpd://127.0.0.1"),
        ("refuses the data", "CHECK PRINTER: refused by lpd://127.0.0.1"),
        ("cuts the data off", "PRINTER BUSY: "),
        ("does not acknowledge", "PRINTER BUSY: The printer did not respond. The film is sent again."),
        ("never answers", "PRINTER BUSY: The printer did not respond."),
    ],
)
def test_what_goes_wrong_ends_the_attempt_and_is_sent_again(
    fault: Fault, words: str, server: LPD, backend: Path
) -> None:
    server.fault = fault
    assert said(server, backend, LARGE, timeout=1 if fault == "never answers" else 30).startswith(words)
    assert server.jobs == []
    server.fault = ""
    send(server, backend, LARGE)
    assert len(server.jobs) == 1


@peer
def test_off(server: LPD, backend: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    words = said(server, backend, page(), uri=f"lpd://127.0.0.1:{port}/film")
    assert words.startswith("PRINTER OFFLINE: no connection to 127.0.0.1 port")


@peer
def test_nothing_goes_out_without_a_claim(server: LPD, backend: Path) -> None:
    class Lost(Held):
        def hold(self) -> None:
            raise ClaimLost

    with pytest.raises(ClaimLost):
        send(server, backend, page(), claim=Lost())
    assert server.jobs == []


@pytest.mark.slow
@pytest.mark.peer("cupsd", "ippeveprinter", "gcc", "pdfinfo")
@pytest.mark.parametrize("kind", ["postscript", "pdf"])
def test_a_real_server_takes_it_and_knows_its_queues(kind: str, backend: Path, tmp_path: Path) -> None:
    with IppEve(tmp_path / "printer") as printer, Cups(printer.uri) as cups:
        where = {"CUPS_SERVER": urlsplit(cups.uri).netloc}
        with inetd("/usr/lib/cups/daemon/cups-lpd", **where) as port:
            server = LPD(port)
            send(server, backend, page(), copies=3, document={"type": kind})
            wait_for(lambda: len(printer.received) == (1 if kind == "postscript" else 3))
            uri = f"lpd://127.0.0.1:{port}/none"
            assert said(server, backend, page(), uri=uri).startswith(f"CHECK PRINTER: refused by {uri}")
        received = printer.received
    pages = 0
    for printed in received:
        (tmp_path / "film.pdf").write_bytes(printed.data)
        pages += int(re.findall(r"Pages: +(\d+)", run("pdfinfo", tmp_path / "film.pdf"))[0])
        assert printed.job["IPP_JOB_NAME"] == "20261018_093000_000012"
    assert pages == 3


def script(folder: Path, text: str) -> Path:
    path = folder / "backend"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_a_cancelled_job_is_refused(server: LPD, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not take the film"):
        send(server, script(tmp_path, "exit 5"), page())


@pytest.mark.slow
def test_one_that_is_silent_is_killed_with_its_children(server: LPD, tmp_path: Path) -> None:
    text = f"trap '' TERM\nsleep 60 &\necho $$ $! > {tmp_path}/pids\nwait"
    assert said(server, script(tmp_path, text), page(), timeout=1).startswith("PRINTER BUSY: Silent for 3 s.")
    for pid in (tmp_path / "pids").read_text().split():
        wait_for(lambda pid=pid: _gone(int(pid)))


def test_it_does_not_try_again_by_itself(server: LPD, tmp_path: Path) -> None:
    text = (
        f"echo 'INFO: Busy.' >&2\necho 'WARNING: The printer is in use.' >&2\nsleep 2\ntouch {tmp_path}/again"
    )
    assert said(server, script(tmp_path, text), page()).startswith("PRINTER BUSY: The printer is in use.")
    assert not (tmp_path / "again").exists()


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.slow
@peer
def test_it_dies_with_its_worker(server: LPD, backend: Path) -> None:
    server.fault = "never answers"
    program = (
        "import sys\n"
        "from outputs.pages import TICKET, page\n"
        "from printscp.outputs.output import Uncontested\n"
        "from printscp.outputs.registry import open_output\n"
        "output = open_output({'type': 'lpd', 'uri': sys.argv[1], 'backend': sys.argv[2]})\n"
        "with output.begin(TICKET) as made:\n"
        "    made.add(page())\n"
        "    made.finish(Uncontested())\n"
    )
    uri = f"lpd://127.0.0.1:{server.port}/film"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen([sys.executable, "-c", program, uri, str(backend)], env=environment)
    try:
        assert server.busy.wait(30)
        [child] = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        assert Path(f"/proc/{child}/exe").readlink() == backend
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    wait_for(lambda: _gone(int(child)))


def test_a_backend_that_is_not_there_or_not_for_us_is_said_at_start(tmp_path: Path) -> None:
    keys = {"type": "lpd", "uri": "lpd://film/raw"}
    with pytest.raises(SetupError, match="Debian package cups"):
        open_output(keys | {"backend": tmp_path / "none"}).check()
    (tmp_path / "backend").write_text("")
    (tmp_path / "backend").chmod(0o644)
    with pytest.raises(SetupError, match="install -m 755"):
        open_output(keys | {"backend": tmp_path / "backend"}).check()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "lpd: uri: Field required"),
        ({"uri": "lpd://film"}, "lpd: uri: must be lpd://HOST/QUEUE"),
        ({"uri": "lpd:///queue"}, "lpd: uri: must be lpd://HOST/QUEUE"),
        ({"uri": "ipp://film/queue"}, "lpd: uri: must be lpd://HOST/QUEUE"),
        ({"uri": "lpd://film/a queue"}, "lpd: uri: must be lpd://HOST/QUEUE"),
        ({"uri": "lpd://film:99999/queue"}, "lpd: uri: Port out of range"),
        ({"uri": "lpd://film/raw", "document": {"type": "png"}}, "lpd: document: type: png has a file"),
    ],
)
def test_an_error_names_the_key(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SetupError) as raised:
        open_output({"type": "lpd"} | keys)
    assert str(raised.value).startswith(message)
