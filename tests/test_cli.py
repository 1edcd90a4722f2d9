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
from PIL import Image
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from printscp.cli import _display_format
from printscp.film.job import JobFilm
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Spool
from printscp.spool.queue import JobQueue, StatusInfo

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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("display_format", "images"),
    [("STANDARD\\2,3", 6), ("ROW\\1,2,3", 6), ("COL\\4", 4), ("SLIDE", 9), ("CUSTOM\\1", 9), ("COL\\0,1", 9)],
)
def test_how_many_images_a_film_takes(display_format: str, images: int) -> None:
    assert _display_format(None, display_format, 9) == (display_format, images)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--called", "OTHER", CT], ["rejected", "Called AE title"]),
        (["--called", "FILM", __file__], ["test_cli.py", "DICOM"]),
        (["--called", "FILM", CT, "--layout", "2by3"], ["--layout", "2x3"]),
        (["--called", "FILM", CT, "--layout", "2x3", "--display-format", "STANDARD\\1,1"], ["not both"]),
        (["--called", "FILM", CT, "--display-format", "ROW\\0"], ["0x0106", "STANDARD"]),
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
        assert [Path(place).parent.name for place in job["outputs"]] == [folder]
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


@pytest.mark.slow
def test_serve_says_what_is_wrong_with_a_flag(tmp_path: Path) -> None:
    one_clear_line(run("serve", "--mode", "lenient", cwd=tmp_path), "mode", "'tolerant' or 'strict'")
    one_clear_line(run("serve", "--log-format", "xml", cwd=tmp_path), "log_format", "'text' or 'json'")
    one_clear_line(run("serve", "--tls-port", 0, cwd=tmp_path), "tls.certificate")
    one_clear_line(run("serve", "--workers", 17, cwd=tmp_path), "workers", "16")
    one_clear_line(run("serve", "--layouts", "none", cwd=tmp_path), "layouts none: no such folder")
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


@pytest.mark.slow
def test_jobs_of_several_outputs(tmp_path: Path, order: Order) -> None:
    queue = JobQueue(tmp_path)
    queue.submit("1.2", order, [JobFilm("a", "A4", "STANDARD\\1,1", 1)], [])
    job = queue.take("a")
    assert job is not None
    queue.done(job, "a", ["films/1.pdf", "films/1.tiff"])
    queue.close()
    _, first, second = run("jobs", "--spool", tmp_path).stdout.splitlines()
    assert (first.split()[-1], second.split()) == ("films/1.pdf", ["films/1.tiff"])
    [told] = json.loads(run("jobs", "--spool", tmp_path, "--json").stdout)
    assert told["outputs"] == ["films/1.pdf", "films/1.tiff"]


def test_jobs_needs_a_spool(tmp_path: Path) -> None:
    one_clear_line(run("jobs", "--spool", tmp_path), "no spool", "--spool")
    assert list(tmp_path.iterdir()) == []


# --- render ----------------------------------------------------------------------------------------------


@pytest.fixture
def spool(tmp_path: Path, order: Order, sheet: Sheet) -> Spool:
    """Jobs 1 to 3: delivered, failed and waiting; the film of the first is no longer kept."""
    spool = Spool(tmp_path / "spool")
    for number in (1, 2, 3):
        draft = spool.draft()
        draft.keep(replace(sheet, film_size="A4"))
        spool.submit(f"1.{number}", order, [draft])
        draft.discard()
    done, failed = (job for _ in (1, 2) if (job := spool.queue.take("a")))
    spool.queue.done(done, "a", ["x"])
    spool.queue.fail(failed, "a", StatusInfo.INVALID_PAGE_DES, "cannot be rendered")
    spool.give_up(0)
    spool.close()
    return spool


def contents(folder: Path) -> dict[str, bytes]:
    """Of each file below a folder, but for what SQLite keeps beside its own."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.name: path.read_bytes() for path in files if path.suffix not in (".sqlite-wal", ".sqlite-shm")
    }


@pytest.mark.slow
def test_render_makes_a_film_again_that_is_in_the_spool(spool: Spool, tmp_path: Path) -> None:
    before = contents(spool.folder)
    done = run("render", "latest", "--spool", "spool", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / done.stdout.strip()
    assert file.name.endswith("-000003.pdf")
    assert file.parent == tmp_path
    assert b"(film 3   TEST_SCU > PRINTSCP)" in file.read_bytes()
    again = run("render", "3", "--spool", "spool", "--to", "again", cwd=tmp_path)
    assert (tmp_path / again.stdout.strip()).read_bytes() == file.read_bytes()
    assert (tmp_path / again.stdout.strip()).parent.name == "again"
    script = ("--output", "postscript", "--encoding", "ascii85")
    drawn = run("render", "3", "--spool", "spool", *script, cwd=tmp_path)
    assert b"ASCII85Decode" in (tmp_path / drawn.stdout.strip()).read_bytes()
    dense = run("render", "3", "--spool", "spool", "--output", "tiff", "--density", cwd=tmp_path)
    with Image.open(tmp_path / dense.stdout.strip()) as film:
        assert film.getextrema() == (2000, 31000)
    assert contents(spool.folder) == before


def test_render_makes_all_films_of_a_spool_folder_again(spool: Spool, tmp_path: Path) -> None:
    damaged = spool.folder / "sheets" / "1.2-1.sheet"
    damaged.write_bytes(damaged.read_bytes()[:-9999])
    options = ("--output", "tiff", "--bits", 16, "--tone", "lightbox", "--to", "tiffs")
    done = run("render", "spool", *options, cwd=tmp_path)
    assert done.returncode == 1
    assert [Path(line).name[-11:] for line in done.stdout.splitlines()] == ["-000003.tif"]
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("printscp: job 2: cannot be rendered: sheet 1.2-1 ")
    with Image.open(tmp_path / done.stdout.strip()) as film:
        assert film.mode == "I;16"


@pytest.mark.slow
def test_render_says_why_not(spool: Spool, tmp_path: Path) -> None:
    def says(*arguments: object, words: str) -> None:
        one_clear_line(run("render", *arguments, cwd=tmp_path), words)

    says("1", "--spool", "spool", words="job 1: its films are no longer kept; see keep_jobs")
    says("9", "--spool", "spool", words="no job 9 in spool")
    says("latest", "--spool", "nowhere", words="no spool in nowhere")
    says("nowhere", words="no spool in nowhere")
    says("2", "--spool", "spool", "--output", "fax", words="'fax'")
    says("2", "--spool", "spool", "--bits", "12", words="pdf: bits: ")
    says("2", "--spool", "spool", "--tone", "curve", words="curve")
    says("2", "--spool", "spool", "--density", words="pdf: samples: ")
    says("2", "--spool", "spool", "--to", "spool/jobs.sqlite", words="spool/jobs.sqlite")
    JobQueue(tmp_path).close()
    says(".", words="no films in .")
    assert not (tmp_path / "nowhere").exists()


# --- layouts ---------------------------------------------------------------------------------------------


def test_layouts_are_listed(tmp_path: Path) -> None:
    (tmp_path / "film_sizes.toml").write_text("[WARD]\nwidth_mm = 200\nheight_mm = 100\n")
    told = run("layouts", "--layouts", tmp_path).stdout
    for words in (
        r"14INX17IN +355.6 x 431.8 +14.00 x 17.00",
        "WARD +200 x 100",
        r"CUSTOM\\1 .*one large image",
    ):
        assert re.search(words, told), words
    for words in ("STANDARD\\C,R", "SUPERSLIDE", "COMBINED", "imager17", "0.20 to 3.10 OD"):
        assert words in told
    listed = json.loads(run("layouts", "--layouts", tmp_path, "--json").stdout)
    assert {"term": "WARD", "width_mm": 200, "height_mm": 100} in listed["film_sizes"]
    assert "imager17" in [printer["name"] for printer in listed["printers"]]


def test_a_printer_profile_is_shown_in_full() -> None:
    told = run("layouts", "imager17").stdout
    for words in ("320 dpi", "0.20 to 3.10 OD, 2000 and 10 cd/m2", "PROCESSOR, MAGAZINE", "14INX17IN"):
        assert words in told
    assert json.loads(run("layouts", "imager17", "--json").stdout)["min_density"] == 20


def test_a_layout_is_drawn(tmp_path: Path) -> None:
    film = ("--film-size", "14INX17IN", "--orientation", "LANDSCAPE", "--format", "ROW\\2,1")
    text = ("--annotation", "LABEL", "--resolution", "HIGH")
    done = run("layouts", "--draw", tmp_path / "film.png", *film, *text)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with Image.open(tmp_path / "film.png") as picture:
        assert picture.width > picture.height


@pytest.mark.slow
def test_layouts_say_what_is_wrong(tmp_path: Path) -> None:
    one_clear_line(run("layouts", "nonesuch"), "nonesuch", "imager17")
    one_clear_line(run("layouts", "--layouts", tmp_path / "none"), "layouts", "none")
    draw = ("layouts", "--draw", tmp_path / "film.png")
    one_clear_line(run(*draw, "--film-size", "99INX99IN"), "imager17", "99INX99IN", "14INX17IN")
    one_clear_line(run(*draw, "--format", "ROW\\0"), "imager17", "STANDARD")
    one_clear_line(run("layouts", "--draw", tmp_path / "film.nonesuch"), "film.nonesuch")
    one_clear_line(
        run("layouts", "--draw", tmp_path / "no" / "film.png"), "film.png: No such file or directory\n"
    )
    one_clear_line(run("layouts", "--format", "ROW\\2"), "ImageDisplayFormat", "--draw")


def test_version() -> None:
    assert re.fullmatch(r"printscp \d+\.\d+\.\d+\n", run("--version").stdout)
