"""`printscp serve`, `worker` and `reload`, as a service manager runs them."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from cli.command import Command, one_clear_line, run
from peers.raw import RawScu
from peers.scu import META, attributes
from peers.server import PRINTSCP, Server
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession

from printscp.printer import FilmPrinter
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue

pytestmark = pytest.mark.slow

CT = get_testdata_file("CT_small.dcm", download=False)


def test_serve_announces_itself_and_ends_on_sigterm(tmp_path: Path) -> None:
    server = Server(tmp_path / "spool", tmp_path / "films")
    assert server.ae_title == "PRINTSCP"
    with socket.create_connection(server.address, timeout=5):
        pass
    stdout, stderr = server.terminate()
    assert (server.process.returncode, stdout, stderr) == (0, "", "")


@pytest.fixture
def ask_to_serve(ask: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Has a printer start in this process, which goes on as it was when that fails."""
    monkeypatch.setattr("printscp.logs.set_up", lambda *_: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield partial(ask, "serve", "--port", 0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.slow
def test_serve_says_where_it_cannot_listen(server: Server, tmp_path: Path) -> None:
    folders = ("--spool", tmp_path / "spool", "--output", tmp_path / "films")
    one_clear_line(run("serve", "--port", server.address[1], *folders), "cannot listen", "in use")
    one_clear_line(run("serve", "--host", "192.0.2.1", "--port", 0, *folders), "192.0.2.1")


def test_serve_says_why_it_cannot_start(tmp_path: Path, ask_to_serve: Command) -> None:
    file = tmp_path / "file"
    file.write_text("")
    # A folder below a file cannot be made by anyone, root included.
    one_clear_line(ask_to_serve("--spool", file / "x", "--output", tmp_path), "spool", "file/x")
    one_clear_line(ask_to_serve("--spool", tmp_path, "--output", file / "x"), "output", "file/x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "jobs.sqlite").write_text(
        "this is no database, though long enough to be read as one"
    )
    one_clear_line(ask_to_serve("--spool", tmp_path / "broken", "--output", tmp_path), "broken")
    folders = ("--spool", tmp_path / "spool", "--output", tmp_path / "films")
    one_clear_line(ask_to_serve("--profile", "nonesuch", *folders), "nonesuch", "imager17")
    one_clear_line(ask_to_serve("--layouts", tmp_path / "none", *folders), "layouts", "none: no such folder")


def test_serve_says_what_is_wrong_with_a_configuration(tmp_path: Path, ask: Command) -> None:
    config = tmp_path / "printer.toml"
    for text, words in (
        ("port = [", ["printer.toml"]),
        ("prot = 104", ["printer.toml", "prot"]),
        ('port = "many"', ["printer.toml", "port"]),
    ):
        config.write_text(text)
        one_clear_line(ask("serve", "--config", config), *words)
    one_clear_line(ask("serve", "--config", tmp_path / "missing.toml"), "missing.toml")


def test_serve_reads_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "printer.toml"
    config.write_text('ae_title = "FROM_FILE"\n')
    with Server(tmp_path / "spool", tmp_path / "films", "--config", str(config)) as server:
        assert server.ae_title == "FROM_FILE"


MANY = """
port = 0
spool = "spool"
log_format = "json"

[[printers]]
ae_title = "FILM1"
output = "one"

[[printers]]
ae_title = "FILM2"
output = "two"
mode = "strict"
allow_calling = ["CT*"]
"""


@pytest.mark.slow
def test_several_printers_behind_one_port(tmp_path: Path, ask: Command) -> None:
    (tmp_path / "printers.toml").write_text(MANY)
    command = [PRINTSCP, "serve", "--config", "printers.toml", "--verbose", "--trace", "trace"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as server:
        try:
            assert server.stdout is not None
            told = re.fullmatch(r"listening on (.+):(\d+) as FILM1, FILM2\n", server.stdout.readline())
            assert told is not None
            address = told.groups()
            for called in ("FILM1", "FILM2"):
                assert ask("send", *address, CT, "--called", called, "--calling", "CT1").code == 0
            one_clear_line(ask("send", *address, CT, "--called", "FILM3"), "Called AE title")
            one_clear_line(ask("send", *address, CT, "--called", "FILM2", "--calling", "MR"), "rejected")
            while states(tmp_path) != ["DONE", "DONE"]:  # the test's time-out is the limit
                time.sleep(0.05)
            jobs = json.loads(run("jobs", "--config", "printers.toml", "--json", cwd=tmp_path).stdout)
        finally:
            server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0
    assert [job["order"]["printer_name"] for job in jobs] == ["FILM1", "FILM2"]
    for job, folder in zip(jobs, ("one", "two"), strict=True):
        assert [path.suffix for path in (tmp_path / folder).glob("[!.]*")] == [".pdf"]
        assert [Path(place).parent.name for place in job["outputs"]] == [folder]
    requests = [entry for entry in map(json.loads, log.splitlines()) if entry["message"] == "request"]
    assert {entry["fields"]["printer"] for entry in requests} == {"FILM1", "FILM2"}
    assert {entry["fields"]["status"] for entry in requests} == {"0x0000"}
    assert {"N-CREATE", "N-SET", "N-ACTION"} <= {entry["fields"]["service"] for entry in requests}
    # What was asked for, and nothing on standard error.
    assert "Image Display Format" in (tmp_path / "trace").read_text()
    assert "Display Format" not in log


def test_with_several_printers_no_flag_speaks_of_one(tmp_path: Path, ask: Command) -> None:
    (tmp_path / "printers.toml").write_text(MANY)
    done = ask("serve", "--config", tmp_path / "printers.toml", "--ae-title", "X", "--mode", "strict")
    one_clear_line(done, "printers.toml", "ae_title, mode: ", "[[printers]]")


def test_serve_says_what_is_wrong_with_a_flag(ask: Command) -> None:
    one_clear_line(ask("serve", "--mode", "lenient"), "mode", "'tolerant' or 'strict'")
    one_clear_line(ask("serve", "--log-format", "xml"), "log_format", "'text' or 'json'")
    one_clear_line(ask("serve", "--tls-port", 0), "tls.certificate")
    one_clear_line(ask("serve", "--workers", 17), "workers", "16")
    one_clear_line(ask("serve", "--port", 99999), "port")
    one_clear_line(ask("serve", "--ae-title", "A TITLE MUCH TOO LONG"), "ae_title", "16")


def test_serve_says_that_it_cannot_trace(tmp_path: Path) -> None:
    one_clear_line(run("serve", "--trace", "no/trace", cwd=tmp_path), "trace no/trace")


# --- workers elsewhere, and settings anew ----------------------------------------------------------------


class Process:
    """A command that goes on: context manager; what it says first is read."""

    def __init__(self, *arguments: object, cwd: Path, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [PRINTSCP, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    @property
    def address(self) -> tuple[str, int]:
        told = re.match(r"listening on (.+):(\d+) as ", self.said)
        assert told is not None, self.process.communicate(timeout=10)
        return told[1], int(told[2])

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.05)

    def end(self) -> str:
        """What it logged."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()


def printers(folder: Path, *titles: str) -> Path:
    """A configuration of these printers."""
    file = folder / "printers.toml"
    tables = (f'\n[[printers]]\nae_title = "{title}"\noutput = "{title.lower()}"\n' for title in titles)
    file.write_text("\n".join(['port = 0\nspool = "spool"', *tables]))
    return file


def states(folder: Path) -> list[str]:
    """Of all jobs in the spool of a configuration there, without a process for each look."""
    with closing(Database(f"sqlite:///{folder / 'spool' / 'jobs.sqlite'}", make=False)) as database:
        return [job.status for job in JobQueue(database).jobs()]


@pytest.mark.slow
def test_one_process_accepts_and_another_prints(tmp_path: Path, ask: Command) -> None:
    file = printers(tmp_path, "FILM")
    with Process("serve", "--config", file, "--workers", 0, cwd=tmp_path) as acceptor:
        assert ask("send", *acceptor.address, CT, "--called", "FILM").code == 0
        assert states(tmp_path) == ["PENDING"]
        with Process("worker", "--config", file, "--workers", 2, cwd=tmp_path) as worker:
            assert worker.said == "2 workers at work for spool\n"
            worker.until(lambda: states(tmp_path) == ["DONE"])
            worker.end()
        assert ask("send", *acceptor.address, CT, "--called", "FILM").code == 0
        assert states(tmp_path) == ["DONE", "PENDING"]
        assert acceptor.end() == ""
    assert (worker.process.returncode, acceptor.process.returncode) == (0, 0)
    file.write_text(f"workers = 0\n{file.read_text()}")
    one_clear_line(run("worker", "--config", file, cwd=tmp_path), "workers: is 0")


@pytest.mark.slow
def test_a_reload_changes_printers_while_films_come_in(tmp_path: Path, ask: Command) -> None:
    file = printers(tmp_path, "FILM1")
    with Process("serve", "--config", file, cwd=tmp_path) as server:
        sent = ("send", *server.address, CT, "--called")
        assert ask(*sent, "FILM2").code == 1
        printers(tmp_path, "FILM1", "FILM2")
        told = run("reload", "--config", file, cwd=tmp_path)
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout == f"serve {server.process.pid} reads {file} again\n"
        server.until(lambda: ask(*sent, "FILM2").code == 0)
        printers(tmp_path, "FILM3", "FILM3")
        one_clear_line(run("reload", "--spool", "spool", cwd=tmp_path), str(file), "FILM3 is there twice")
        server.process.send_signal(signal.SIGHUP)  # without asking whether it is right
        assert ask(*sent, "FILM1").code == 0
        log = server.end()
    assert server.process.returncode == 0
    assert "settings read again" in log
    assert re.search("ERROR .* FILM3 is there twice", log)


@pytest.mark.slow
def test_nothing_runs_that_could_be_reloaded(tmp_path: Path) -> None:
    one_clear_line(run("reload", "--spool", tmp_path / "none"), "no printer and no worker runs", "none")
    with FilmPrinter(port=0, spool=tmp_path / "spool", output=tmp_path / "films"):
        # This process would die of it.
        one_clear_line(run("reload", "--spool", tmp_path / "spool"), "no printer and no worker runs")


# --- ends, and service managers --------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_signal_does_not_wait_for_a_film_that_does_not_come(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "spool", tmp_path / "films") as server,
        RawScu(server.address, (META,)) as scu,
    ):
        scu.ask("create", BasicFilmSession, "1.2.3", Dataset(), context=META)
        film = attributes(
            ImageDisplayFormat="STANDARD\\1,1",
            ReferencedFilmSessionSequence=[
                attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID="1.2.3")
            ],
        )
        scu.ask("create", BasicFilmBox, "1.2.3.4", film, context=META)
        deadline = time.monotonic() + 20
        while server.process.poll() is None and time.monotonic() < deadline:
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert server.process.wait(1) == -signal.SIGTERM


@pytest.mark.slow
def test_a_service_manager_is_told_how_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)

        def told(wanted: str) -> None:
            while not manager.recv(4096).decode().startswith(wanted):
                pass

        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        file = printers(tmp_path, "FILM")
        with Process("serve", "--config", file, cwd=tmp_path, environment=environment) as server:
            told("READY=1")
            told("WATCHDOG=1")
            told("WATCHDOG=1")
            run("reload", "--config", file, cwd=tmp_path)
            told("RELOADING=1\nMONOTONIC_USEC=")
            told("READY=1")
            told("WATCHDOG=1")
            server.end()
            told("STOPPING=1")
