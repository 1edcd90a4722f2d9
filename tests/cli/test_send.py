"""`printscp send`: films for this printer or another, and what it says of them."""

import json
import socket
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line
from peers.server import Server
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from printscp.cli.send import _display_format

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)


@pytest.mark.slow
def test_send_prints_what_fits_on_a_film_and_jobs_tells(server: Server, ask: Command) -> None:
    done = ask(
        "send", *server.address, CT, MR, CT, "--called", "FILM", "--layout", "2x1", "--copies", "2",
        "--priority", "HIGH", "--film-size", "8INX10IN", "--calling", "CT1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.out == "3 images on 2 films accepted by FILM\n"
    spool = Path(server.process.args[server.process.args.index("--spool") + 1])  # type: ignore[union-attr,index,arg-type]
    jobs = json.loads(ask("jobs", "--spool", spool, "--json").out)
    assert [[film["images"] for film in job["films"]] for job in jobs] == [[2], [1]]
    for job in jobs:
        order = job["order"]
        assert (order["copies"], order["priority"], order["originator"]) == (2, "HIGH", "CT1")
        assert {film["film_size"] for film in job["films"]} == {"8INX10IN"}
    table = ask("jobs", "--spool", spool)
    assert table.code == 0
    assert table.out.count("CT1") == 2


def test_send_tells_of_values_the_printer_replaced(server: Server, ask: Command) -> None:
    done = ask("send", *server.address, CT, "--called", "FILM", "--film-size", "99INX99IN")
    assert done.code == 0
    assert "0x0116" in done.err


@pytest.mark.parametrize(
    ("display_format", "images"),
    [("STANDARD\\2,3", 6), ("ROW\\1,2,3", 6), ("COL\\4", 4), ("SLIDE", 9), ("CUSTOM\\1", 9), ("COL\\0,1", 9)],
)
def test_how_many_images_a_film_takes(display_format: str, images: int) -> None:
    assert _display_format(None, display_format, 9) == (display_format, images)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--called", "OTHER", CT], ["rejected", "Called AE title"]),
        (["--called", "FILM", __file__], ["test_send.py", "DICOM"]),
        (["--called", "FILM", CT, "--layout", "2by3"], ["--layout", "2x3"]),
        (["--called", "FILM", CT, "--layout", "2x3", "--display-format", "STANDARD\\1,1"], ["not both"]),
        (["--called", "FILM", CT, "--display-format", "ROW\\0"], ["0x0106", "STANDARD"]),
        (["--called", "FILM", "no-such-file.dcm"], ["no-such-file.dcm"]),
    ],
)
def test_send_says_why_a_film_was_not_printed(
    server: Server, ask: Command, arguments: list[str], words: list[str]
) -> None:
    one_clear_line(ask("send", *server.address, *arguments), *words)


def test_send_to_nobody(ask: Command) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        one_clear_line(ask("send", *unused.getsockname(), CT), "cannot connect")


def test_send_to_a_peer_that_is_no_printer(ask: Command) -> None:
    entity = AE()
    entity.add_supported_context(CTImageStorage)
    archive = entity.start_server(("127.0.0.1", 0), block=False)
    assert archive is not None
    try:
        one_clear_line(ask("send", *archive.server_address, CT), "Basic Grayscale Print Management")
    finally:
        archive.shutdown()
