"""Several ways out of one printer, and films that are rendered again."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from peers.hosts import HotFolder, small_layouts
from peers.ippeve import IppEve
from peers.scu import Scu, image_item
from peers.server import PRINTSCP, Server
from PIL import Image
from service.console import DONE, IN_ORDER, OFFLINE, Console, small, wait_for
from service.films import at_pixels, film_density

from printscp.film.job import DeliveryState, Job
from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def print_collated(address: tuple[str, int], count: int) -> None:
    with Scu(address) as scu:
        scu.create_session(NumberOfCopies=2)
        for _ in range(count):
            scu.create_film(FilmSizeID="8INX10IN", MagnificationType="REPLICATE")
            assert scu.set_image(1, image_item(RAMP))[0].Status == 0
        assert scu.print_session()[0].Status == 0


def ended(jobs: list[Job]) -> bool:
    return bool(jobs) and all(job.ended for job in jobs)


@pytest.mark.peer("pdfimages")
def test_a_collated_job_in_two_formats(
    start_printer: Callable[..., FilmPrinter], sheets: list[Sheet], tmp_path: Path
) -> None:
    outputs = [
        {"type": "pdf", "folder": tmp_path / "pdf", "bits": 16},
        {"type": "tiff", "folder": tmp_path / "tiff", "bits": 16},
    ]
    printer = start_printer(output=None, outputs=outputs)
    print_collated(printer.address, 3)
    (job,) = printer.wait_for(ended, 30)
    pdf, tiff = map(Path, job.outputs)
    assert (pdf.parent, tiff.parent, pdf.stem) == (tmp_path / "pdf", tmp_path / "tiff", tiff.stem)
    listed = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True, check=True).stdout
    depths = [line.split()[3:8] for line in listed.splitlines()[2:]]
    assert depths == [["2560", "3200", "gray", "1", "16"]] * 3
    with Image.open(tiff) as pages:
        assert pages.n_frames == 3  # type: ignore[attr-defined]
        for number, sheet in enumerate(sheets):
            pages.seek(number)
            samples = at_pixels(np.asarray(pages), sheet) / 65535
            # The samples are P-values: as densities, those that PS3.14 wants of the values sent.
            np.testing.assert_allclose(film_density(samples), film_density(RAMP / 4095), rtol=0, atol=0.0002)
            assert len(np.unique(samples)) == 4096


@pytest.mark.slow
def test_a_film_is_rendered_again_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "printer.toml").write_text(
        """outputs = [
            {type = "pdf", folder = "films"},
            {type = "pdf", folder = "deep", bits = 16, tone = "lightbox"},
            {type = "postscript", folder = "films", bits = 12},
            {type = "tiff", folder = "films"},
            {type = "png", folder = "films", bits = 16},
        ]"""
    )

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [PRINTSCP, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    with Server(tmp_path / "spool", None, "--config", "printer.toml", cwd=tmp_path) as server:
        print_collated(server.address, 2)
        told = run("jobs", "show", "latest", "--follow", "--json", "--spool", "spool")
        job = json.loads(told.splitlines()[-1])
        # The printer runs on, and knows nothing of it.
        rendered = [
            run("render", "latest", "--spool", "spool", "--to", "again", "--output", *options)
            for options in (
                ["pdf"],
                ["pdf", "--bits", "16", "--tone", "lightbox", "--to", "again/deep"],
                ["postscript", "--bits", "12"],
                ["tiff"],
                ["png", "--bits", "16"],
            )
        ]
    delivered, again = files(tmp_path / "films"), files(tmp_path / "again")
    assert {path.suffix for path in delivered} == {".pdf", ".ps", ".tif", ".png"}
    assert delivered == again
    assert files(tmp_path / "deep") == files(tmp_path / "again" / "deep")
    assert (job["status"], len(job["outputs"])) == ("DONE", len(rendered))


def files(folder: Path) -> dict[Path, bytes]:
    """The files in a folder, by their names."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("[!.]*") if path.is_file()}


# --- a folder and a printer ------------------------------------------------------------------------------


def start_folder_and_printer(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, uri: str
) -> tuple[Console, HotFolder]:
    """A printer whose films go to a folder, which a consumer empties, and to a printer."""
    folder = HotFolder(tmp_path / "hot")
    outputs = [
        {"name": "hot", "type": "pdf", "folder": folder.folder},
        {"name": "film", "type": "ipp", "uri": uri, "timeout": 20},
    ]
    printer = start_printer(**small(small_layouts(tmp_path / "layouts"), outputs=outputs))
    return Console(printer), folder


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_printer_that_is_off_holds_up_nobody_else(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    with IppEve(tmp_path / "eve") as eve:
        eve.kill()
        console, folder = start_folder_and_printer(start_printer, tmp_path, eve.uri)
        with console:
            uid = console.print()
            job = console.until(uid, ("PENDING", "PRINTER OFFLINE"), OFFLINE)
            wait_for(lambda: console.delivery(uid, "hot").state is DeliveryState.DONE, lambda: str(job))
            folder.take()
            assert list(folder.taken.values()) == [1]
            eve.restart()
            job = console.until(uid, DONE, IN_ORDER)
            assert len(eve.received) == 1
            assert [each.attempts for each in job.deliveries] == [1, 1]
            folder.take()
            assert folder.taken == {Path(console.delivery(uid, "hot").place).name: 1}
            console.release()


@pytest.mark.peer("ippeveprinter", "gcc")
def test_what_one_output_refuses_the_other_has(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    with IppEve(tmp_path / "eve", sizes=[(8, 10)], custom=False) as eve:
        console, folder = start_folder_and_printer(start_printer, tmp_path, eve.uri)
        with console:
            uid = console.print()
            job = console.until(uid, ("FAILURE", "REQ MED NOT AVAI"), IN_ORDER)
            assert [each.state for each in job.deliveries] == [DeliveryState.DONE, DeliveryState.FAILED]
            folder.take()
            assert folder.taken == {Path(place).name: 1 for place in job.outputs}
            assert len(folder.taken) == 1
            assert eve.received == []
            console.release()
