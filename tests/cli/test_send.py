"""`printscp send`: films for this printer or another, and what it says of them."""

import json
import socket
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line
from peers.imager import Imager
from peers.server import Server
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from printscp.cli.send import _display_format
from printscp.qa.dicom import write
from printscp.qa.patterns import PATTERNS, draw

pytestmark = pytest.mark.slow

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
        (["--called", "FILM"], ["nothing to print", "--pattern NAME"]),
        (["--called", "FILM", "--pattern", "wedge-7"], ["no pattern wedge-7", "wedge-8"]),
        (["--called", "FILM", "--pattern", "smpte", "--matrix", "9"], ["--matrix 9", "COLUMNSxROWS"]),
        (
            ["--called", "FILM", "--pattern", "smpte", "--true-size"],
            ["smpte", "no pixel spacing", "--width-mm"],
        ),
        (["--called", "FILM", MR, "--true-size", "--width-mm", "90"], ["not both"]),
    ],
)
def test_send_says_why_a_film_was_not_printed(
    server: Server, ask: Command, arguments: list[str], words: list[str]
) -> None:
    one_clear_line(ask("send", *server.address, *arguments), *words)


@pytest.mark.parametrize("bits", [8, 12])
def test_send_puts_the_p_values_of_patterns_in_image_boxes(ask: Command, tmp_path: Path, bits: int) -> None:
    names = list(PATTERNS)
    patterns = [argument for name in names for argument in ("--pattern", name)]
    drawn = [draw(name, 256, 128, bits) for name in names]
    file = tmp_path / "smpte.dcm"
    write(draw("smpte", 256, 128, bits), file)
    with Imager() as imager:
        printer = "127.0.0.1", imager.port, "--called", "IMAGER"
        done = ask(
            "send", *printer, file, *patterns, "--matrix", "256x128", "--bits", bits, "--layout", "3x2"
        )
        assert done.code == 0, done.err
        assert done.out == "15 images on 3 films accepted by IMAGER\n"
        images = [image for job in imager.spool.jobs for image in job.sheets[0].images]
    for image, pattern in zip(images, [draw("smpte", 256, 128, bits), *drawn], strict=True):
        assert (image.columns, image.rows, image.bits_stored) == (256, 128, bits)
        assert bytes(image.pixels) == pattern.pixels.tobytes(), pattern.name
        assert image.requested_width_mm is None


@pytest.mark.parametrize(
    ("arguments", "widths"),
    [
        ((CT, "--pattern", "smpte", "--width-mm", "120.5"), [120.5, 120.5]),
        ((CT, "--pattern", "geometry", "--true-size"), [128 * 0.661468, 250]),
        (("--pattern", "geometry", "--width-mm", "200"), [200]),
    ],
)
def test_send_asks_for_a_size(ask: Command, arguments: tuple[str, ...], widths: list[float]) -> None:
    with Imager() as imager:
        printer = "127.0.0.1", imager.port, "--called", "IMAGER"
        done = ask("send", *printer, *arguments, "--matrix", "200x200")
        assert done.code == 0, done.err
        (job,) = imager.spool.jobs
    assert [image.requested_width_mm for image in job.sheets[0].images] == pytest.approx(widths)
    if "200" in arguments:
        assert bytes(job.sheets[0].images[0].pixels) == draw("geometry", 200, 200, 12, 200).pixels.tobytes()


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
