"""The commands as their users run them: in processes of their own."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from peers.server import PRINTSCP, Server
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from printscp.film.job import JobFilm
from printscp.film.sheet import Order
from printscp.spool.queue import JobQueue

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    with Server(folder / "spool", folder / "films", "--ae-title", "FILM") as server:
        yield server


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PRINTSCP, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=cwd
    )


def one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """A failure as an operator should see it."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("printscp: ")
    for word in words:
        assert word in done.stderr


def test_serve_announces_itself_and_ends_on_sigterm(tmp_path: Path) -> None:
    server = Server(tmp_path / "spool", tmp_path / "films")
    assert server.ae_title == "PRINTSCP"
    with socket.create_connection(server.address, timeout=5):
        pass
    stdout, stderr = server.terminate()
    assert (server.process.returncode, stdout, stderr) == (0, "", "")


def test_send_prints_what_fits_on_a_film_and_jobs_tells(server: Server, tmp_path: Path) -> None:
    done = run(
        "send", *server.address, CT, MR, CT, "--called", "FILM", "--layout", "2x1", "--copies", "2",
        "--priority", "HIGH", "--film-size", "8INX10IN", "--calling", "CT1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 images on 2 films accepted by FILM\n"
    spool = Path(server.process.args[server.process.args.index("--spool") + 1])  # type: ignore[union-attr,index,arg-type]
    jobs = json.loads(run("jobs", "--spool", spool, "--json").stdout)
    assert [[film["images"] for film in job["films"]] for job in jobs] == [[2], [1]]
    for job in jobs:
        order = job["order"]
        assert (order["copies"], order["priority"], order["originator"]) == (2, "HIGH", "CT1")
        assert {film["film_size"] for film in job["films"]} == {"8INX10IN"}
    table = run("jobs", "--spool", spool)
    assert table.returncode == 0
    assert table.stdout.count("CT1") == 2


def test_send_tells_of_values_the_printer_replaced(server: Server) -> None:
    done = run("send", *server.address, CT, "--called", "FILM", "--film-size", "99INX99IN")
    assert done.returncode == 0
    assert "0x0116" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--called", "OTHER", CT], ["rejected", "Called AE title"]),
        (["--called", "FILM", __file__], ["test_cli.py", "DICOM"]),
        (["--called", "FILM", CT, "--layout", "2by3"], ["--layout", "2x3"]),
        (["--called", "FILM", CT, "--layout", "2x3", "--display-format", "STANDARD\\1,1"], ["not both"]),
        (["--called", "FILM", CT, "--display-format", "ROW\\1,2"], ["0x0106", "STANDARD"]),
        (["--called", "FILM", "no-such-file.dcm"], ["no-such-file.dcm"]),
    ],
)
def test_send_says_why_a_film_was_not_printed(server: Server, arguments: list[str], words: list[str]) -> None:
    one_clear_line(run("send", *server.address, *arguments), *words)


def test_send_to_nobody(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        one_clear_line(run("send", *unused.getsockname(), CT), "cannot connect")


def test_send_to_a_peer_that_is_no_printer() -> None:
    entity = AE()
    entity.add_supported_context(CTImageStorage)
    archive = entity.start_server(("127.0.0.1", 0), block=False)
    assert archive is not None
    try:
        one_clear_line(run("send", *archive.server_address, CT), "Basic Grayscale Print Management")
    finally:
        archive.shutdown()


@pytest.mark.slow
def test_serve_says_why_it_cannot_start(server: Server, tmp_path: Path) -> None:
    folders = ("--spool", tmp_path / "spool", "--output", tmp_path / "films")
    one_clear_line(run("serve", "--port", server.address[1], *folders), "cannot listen", "in use")
    one_clear_line(run("serve", "--host", "192.0.2.1", "--port", 0, *folders), "192.0.2.1")
    file = tmp_path / "file"
    file.write_text("")
    # A folder below a file cannot be made by anyone, root included.
    one_clear_line(run("serve", "--port", 0, "--spool", file / "x", "--output", tmp_path), "spool", "file/x")
    one_clear_line(run("serve", "--port", 0, "--spool", tmp_path, "--output", file / "x"), "output", "file/x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "jobs.sqlite").write_text(
        "this is no database, though long enough to be read as one"
    )
    one_clear_line(run("serve", "--port", 0, "--spool", tmp_path / "broken", "--output", tmp_path), "broken")
    one_clear_line(run("serve", "--port", 99999, *folders), "port")
    one_clear_line(run("serve", "--profile", "nonesuch", *folders), "nonesuch", "imager17")
    one_clear_line(run("serve", "--ae-title", "A TITLE MUCH TOO LONG", *folders), "ae_title", "16")


@pytest.mark.slow
def test_serve_reads_a_configuration_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    config = tmp_path / "printer.toml"
    for text, words in (
        ("port = [", ["printer.toml"]),
        ("prot = 104", ["printer.toml", "prot"]),
        ('port = "many"', ["printer.toml", "port"]),
    ):
        config.write_text(text)
        one_clear_line(run("serve", "--config", config), *words)
    one_clear_line(run("serve", "--config", tmp_path / "missing.toml"), "missing.toml")
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
def test_several_printers_behind_one_port(tmp_path: Path) -> None:
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
                assert run("send", *address, CT, "--called", called, "--calling", "CT1").returncode == 0
            one_clear_line(run("send", *address, CT, "--called", "FILM3"), "Called AE title")
            one_clear_line(run("send", *address, CT, "--called", "FILM2", "--calling", "MR"), "rejected")
            jobs: list[dict[str, Any]] = []
            while [job["status"] for job in jobs] != ["DONE", "DONE"]:  # the test's time-out is the limit
                jobs = json.loads(run("jobs", "--config", "printers.toml", "--json", cwd=tmp_path).stdout)
        finally:
            server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0
    assert [job["order"]["printer_name"] for job in jobs] == ["FILM1", "FILM2"]
    for job, folder in zip(jobs, ("one", "two"), strict=True):
        assert [path.suffix for path in (tmp_path / folder).iterdir()] == [".pdf"]
        assert Path(job["output"]).parent.name == folder
    requests = [entry for entry in map(json.loads, log.splitlines()) if entry["message"] == "request"]
    assert {entry["fields"]["printer"] for entry in requests} == {"FILM1", "FILM2"}
    assert {entry["fields"]["status"] for entry in requests} == {"0x0000"}
    assert {"N-CREATE", "N-SET", "N-ACTION"} <= {entry["fields"]["service"] for entry in requests}
    # What was asked for, and nothing on standard error.
    assert "Image Display Format" in (tmp_path / "trace").read_text()
    assert "Display Format" not in log


def test_with_several_printers_no_flag_speaks_of_one(tmp_path: Path) -> None:
    (tmp_path / "printers.toml").write_text(MANY)
    done = run("serve", "--config", "printers.toml", "--ae-title", "X", "--mode", "strict", cwd=tmp_path)
    one_clear_line(done, "printers.toml", "ae_title, mode: ", "[[printers]]")


def test_serve_says_what_is_wrong_with_a_flag(tmp_path: Path) -> None:
    one_clear_line(run("serve", "--mode", "lenient", cwd=tmp_path), "mode", "'tolerant' or 'strict'")
    one_clear_line(run("serve", "--log-format", "xml", cwd=tmp_path), "log_format", "'text' or 'json'")
    one_clear_line(run("serve", "--tls-port", 0, cwd=tmp_path), "tls.certificate")
    one_clear_line(run("serve", "--trace", "no/trace", cwd=tmp_path), "trace no/trace")


def test_help_tells_defaults_and_warns_of_patient_data() -> None:
    told = " ".join(run("serve", "--help").stdout.split())
    assert "[default: 11112]" in told
    assert "It CONTAINS PATIENT DATA." in told


def test_jobs_are_listed_with_all_their_films(tmp_path: Path, order: Order) -> None:
    queue = JobQueue(tmp_path)
    film = JobFilm("a", "14INX17IN", "STANDARD\\2,3", 4)
    small = JobFilm("c", "8INX10IN", "STANDARD\\1,1", 1)
    queue.submit("1.2", replace(order, originator="[/red]", copies=3), [film, film, small], ["remark"])
    queue.submit("1.3", replace(order, printer_name="FILM2", label="LABEL"), [small], [])
    queue.close()
    head, first, second = run("jobs", "--spool", tmp_path).stdout.splitlines()
    titles = "job status created printer from films format images copies priority result"
    assert head.split() == titles.split()
    assert re.match(r"1 +PENDING +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +PRINTSCP +\[/red] ", first)
    assert "14INX17IN x 2, 8INX10IN" in first
    assert "STANDARD\\2,3, STANDARD\\1,1" in first
    assert re.search(r" 9 +3 +MED", first)
    assert re.search(r" FILM2 .* 8INX10IN +STANDARD\\1,1 +1 +1 +MED", second)
    one, other = json.loads(run("jobs", "--spool", tmp_path, "--json").stdout)
    assert one["films"][2] == {
        "sheet": "c",
        "film_size": "8INX10IN",
        "display_format": "STANDARD\\1,1",
        "images": 1,
    }
    assert (one["remarks"], other["order"]["label"]) == (["remark"], "LABEL")


def test_jobs_needs_a_spool(tmp_path: Path) -> None:
    one_clear_line(run("jobs", "--spool", tmp_path), "no spool", "--spool")
    assert list(tmp_path.iterdir()) == []


def test_version() -> None:
    assert re.fullmatch(r"printscp \d+\.\d+\.\d+\n", run("--version").stdout)
