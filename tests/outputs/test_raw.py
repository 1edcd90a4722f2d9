"""A printer on a plain TCP port: what it did not read to the end and close upon waits to be sent again."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outputs.pages import TICKET, densities, ghostscript, page
from peers.claims import Held
from peers.jetdirect import Fault, JetDirect, jetdirect

from printscp.errors import ClaimLost, SetupError
from printscp.outputs.output import NotReady, Refused, Sent, Uncontested
from printscp.outputs.registry import open_output

pytestmark = pytest.mark.slow

LARGE = page(densities(1200, 1500))  # more than sockets buffer


@pytest.fixture
def printer() -> Iterator[JetDirect]:
    with jetdirect() as one:
        yield one


def send(printer: JetDirect, *pages: Any, copies: int = 2, claim: Any = None, **keys: Any) -> Sent:
    output = open_output({"type": "raw", "host": "127.0.0.1", "port": printer.port} | keys)
    with output.begin(replace(TICKET, copies=copies, films=len(pages))) as document:
        for each in pages:
            document.add(each)
        return document.finish(claim or Uncontested())


def said(printer: JetDirect, *pages: Any, **keys: Any) -> str:
    with pytest.raises(NotReady) as raised:
        send(printer, *pages, **keys)
    assert raised.value.condition.status == "WARNING"
    return f"{raised.value.condition.info}: {raised.value.condition.words}"


def test_a_film_arrives_whole_and_asks_for_its_copies_itself(printer: JetDirect) -> None:
    assert send(printer, LARGE, copies=3) == Sent(f"socket://127.0.0.1:{printer.port}")
    [film] = printer.films
    assert film.startswith(b"%!PS-Adobe-3.0\n")
    assert film.endswith(b"%%EOF\n")
    assert b"/NumCopies 3 " in film


@pytest.mark.peer("gs")
def test_ghostscript_prints_what_arrived(printer: JetDirect, tmp_path: Path) -> None:
    send(printer, page(), page(), copies=1)
    (tmp_path / "film.ps").write_bytes(printer.films[0])
    ghostscript("pnggray", tmp_path / "film.ps", tmp_path / "%d.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "2.png", "film.ps"]


def test_a_document_that_cannot_ask_for_copies_is_sent_once_for_each(printer: JetDirect) -> None:
    send(printer, page(), document={"type": "pdf", "bits": 16})
    first, second = printer.films
    assert first == second
    assert first.startswith(b"%PDF")
    assert printer.connections == 2


def test_what_it_says_is_listened_to_while_it_prints(printer: JetDirect) -> None:
    printer.says = b"@PJL USTATUS\r\n" * 200_000
    send(printer, LARGE)
    assert len(printer.films) == 1


def test_off_and_on_again(printer: JetDirect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    words = said(printer, page(), port=port)
    assert words.startswith(f"PRINTER OFFLINE: no connection to 127.0.0.1 port {port} (Connection refused)")
    send(printer, page())


def test_a_name_that_is_not_known(printer: JetDirect) -> None:
    words = said(printer, page(), host="film.invalid")
    assert words == "PRINTER OFFLINE: there is no address for the name film.invalid"


@pytest.mark.parametrize("made", [page(), LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("busy", "PRINTER BUSY: cut off after"),
        ("resets", "PRINTER BUSY: cut off after"),
        ("closes early", "PRINTER BUSY: cut off after"),
        ("reads nothing", "PRINTER BUSY: cut off after"),
        ("stuck", "CHECK PRINTER: took and said nothing for 0.2 s after"),
        ("resets at the end", "PRINTER BUSY: cut off after"),
        ("keeps the line", "CHECK PRINTER: took and said nothing for 0.2 s after"),
    ],
)
def test_what_goes_wrong_waits_and_is_sent_again(
    fault: Fault, words: str, made: Any, printer: JetDirect
) -> None:
    printer.fault = fault
    assert said(printer, made, timeout=0.2 if words.startswith("CHECK") else 60).startswith(words)
    printer.films.clear()
    printer.fault = ""
    send(printer, made)
    assert len(printer.films) == 1


@pytest.mark.parametrize("fault", ["resets at the end", "keeps the line", ""])
def test_any_end_will_do_where_that_is_set(fault: Fault, printer: JetDirect) -> None:
    printer.fault = fault
    send(printer, LARGE, closing="any", timeout=5 if fault.startswith("resets") else 0.5)
    [film] = printer.films
    assert film.endswith(b"%%EOF\n")


@pytest.mark.parametrize("fault", ["busy", "resets", "closes early", "stuck"])
def test_no_end_will_do_before_all_was_taken(fault: Fault, printer: JetDirect) -> None:
    printer.fault = fault
    said(printer, LARGE, closing="any", timeout=0.5)


@pytest.mark.parametrize(
    ("error", "info"),
    [
        (b"undefined; OffendingCommand: fi\x80lm", "INVALID PAGE DES"),
        (b"VMerror; OffendingCommand: image", "INSUFFIC MEMORY"),
    ],
)
def test_an_error_of_the_document_ends_it(error: bytes, info: str, printer: JetDirect) -> None:
    printer.says = b"hello\r\n%%[ Error: " + error + b" ]%%\r\n%%[ Flushing: rest of job ]%%\r\n"
    with pytest.raises(Refused, match=r"the printer says: %%\[ Error: \w+; Off[ -~]* \]%%$") as raised:
        send(printer, page())
    assert raised.value.status_info == info


def test_an_error_that_passes_is_none_of_the_document(printer: JetDirect) -> None:
    printer.says = b"%%[ Error: timeout; OffendingCommand: image ]%%"
    assert said(printer, page()).startswith("PRINTER BUSY: the printer says")


def test_nothing_goes_out_without_a_claim(printer: JetDirect) -> None:
    class Lost(Held):
        def hold(self) -> None:
            raise ClaimLost

    with pytest.raises(ClaimLost):
        send(printer, page(), claim=Lost())
    assert printer.films in ([], [b""])


@pytest.mark.slow
def test_a_printer_that_is_killed_has_nothing_that_is_not_sent_again(tmp_path: Path) -> None:
    """It has the small film in its buffer, and has read nothing, when it dies."""
    program = (
        "import socket, sys, os, signal\n"
        "listening = socket.create_server(('127.0.0.1', 0))\n"
        "print(listening.getsockname()[1], flush=True)\n"
        "line, _ = listening.accept()\n"
        "line.recv(1, socket.MSG_PEEK)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        dying = JetDirect(int(process.stdout.readline()))
        assert said(dying, page()).startswith("PRINTER BUSY: cut off after")
        assert process.wait(10) == -signal.SIGKILL


def test_nothing_is_left_in_the_temporary_folder(
    printer: JetDirect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    send(printer, page())
    printer.fault = "closes early"
    said(printer, LARGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"uri": "socket://film-1"}, "socket://film-1:9100"),
        ({"uri": "socket://10.1.2.3:9101/"}, "socket://10.1.2.3:9101"),
        ({"uri": "socket://[::1]:9101"}, "socket://[::1]:9101"),
        ({"host": "film-1"}, "socket://film-1:9100"),
        ({"host": "::1", "port": 1}, "socket://[::1]:1"),
    ],
)
def test_its_place_is_its_uri(keys: dict[str, Any], place: str) -> None:
    output = open_output({"type": "raw"} | keys)
    assert output.place == place
    assert output.at_once == 1
    output.check()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "raw: uri: is missing"),
        ({"uri": "socket://"}, "raw: uri: is missing, or has no host"),
        ({"uri": "ipp://film"}, "raw: uri: must be socket://"),
        ({"uri": "socket://film/queue"}, "raw: uri: must be socket://"),
        ({"uri": "socket://film:99999"}, "raw: uri: Port out of range"),
        ({"uri": "socket://film", "host": "film"}, "raw: uri: stands for host and port"),
        ({"host": "film", "port": 0}, "raw: port: "),
        ({"host": "film", "document": {"type": "gif"}}, "raw: document: type: 'gif' is none of"),
        ({"host": "film", "document": {"type": "png"}}, "raw: document: type: png has a file for each film"),
        ({"host": "film", "document": {"type": "raw"}}, "raw: document: raw: folder"),
        ({"host": "film", "document": {"type": "sheet"}}, "raw: document: type: 'sheet' is no file format"),
        ({"host": "film", "document": {"type": "pdf", "folder": "x"}}, "raw: document: folder: a document"),
        ({"host": "film", "document": {"type": "pdf", "bits": 9}}, "raw: document: pdf: bits"),
    ],
)
def test_an_error_names_the_key(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SetupError) as raised:
        open_output({"type": "raw"} | keys)
    assert str(raised.value).startswith(message)


def test_a_curve_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    curve = str(tmp_path / "none.toml")
    output = open_output(
        {"type": "raw", "host": "film", "document": {"type": "pdf", "tone": "curve", "curve": curve}}
    )
    with pytest.raises(SetupError, match=r"none\.toml"):
        output.check()
