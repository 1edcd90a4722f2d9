"""Films that go to printers on a plain port, and to LPD servers, through the queue."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outputs.pages import ghostscript
from peers.hosts import small_layouts
from peers.jetdirect import jetdirect
from peers.lpd import lpd
from peers.ports import free_port
from PIL import Image
from service.console import DONE, GRAYS, IN_ORDER, OFFLINE, Console, small

from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Kind:
    """A printer of some kind: how it is switched on, what leads to it, and the documents that it has."""

    run: Callable[[int], AbstractContextManager[Any]]
    output: Callable[[int, Path], dict[str, Any]]
    documents: Callable[[Any], list[bytes]]


def lpd_output(port: int, folder: Path) -> dict[str, Any]:
    backend = folder / "backend"  # a copy that any user may run
    shutil.copyfile("/usr/lib/cups/backend/lpd", backend)
    backend.chmod(0o755)
    return {"type": "lpd", "uri": f"lpd://127.0.0.1:{port}/film", "backend": backend, "timeout": 20}


RAW = Kind(
    jetdirect,
    lambda port, _: {"type": "raw", "uri": f"socket://127.0.0.1:{port}", "timeout": 20},
    lambda printer: printer.films,
)
LPD = Kind(lpd, lpd_output, lambda server: [document for _, (document,) in server.jobs])


@pytest.fixture(params=[RAW, pytest.param(LPD, marks=pytest.mark.peer("cupsd"))], ids=["raw", "lpd"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def console(
    start_printer: Callable[..., FilmPrinter], kind: Kind, port: int, tmp_path: Path
) -> Iterator[Console]:
    output = kind.output(port, tmp_path) | {"name": "film"}
    with Console(start_printer(**small(small_layouts(tmp_path / "layouts"), outputs=[output]))) as console:
        yield console
        console.release()


@pytest.mark.peer("gs")
def test_a_film_arrives_whole(kind: Kind, port: int, console: Console, tmp_path: Path) -> None:
    with kind.run(port) as printer:
        uid = console.print({"NumberOfCopies": 2})
        job = console.until(uid, DONE, IN_ORDER)
        [film] = kind.documents(printer)
        assert film.startswith(b"%!PS-Adobe-3.0\n")
        assert film.endswith(b"%%EOF\n")
        assert b"/NumCopies 2 " in film
        (tmp_path / "film.ps").write_bytes(film)
        ghostscript("pnggray", tmp_path / "film.ps", tmp_path / "film.png", "-dDEVICEWIDTHPOINTS=1224")
        page = np.asarray(Image.open(BytesIO((tmp_path / "film.png").read_bytes()))).astype(int)
        assert page.shape == (680, 680)
        quarters = page[170:511:340, 170:511:340]
        assert abs(quarters - GRAYS).max() <= 3
        assert [each.attempts for each in job.deliveries] == [1]
        assert console.reported == []


def test_films_wait_for_a_printer_that_is_off_and_on_again(kind: Kind, port: int, console: Console) -> None:
    uids = [console.print(), console.print()]
    console.until(uids[0], ("PENDING", "PRINTER OFFLINE"), OFFLINE)
    with kind.run(port) as printer:
        for uid in uids:
            job = console.until(uid, DONE)
            assert [each.attempts for each in job.deliveries] == [1]
        assert console.printer == IN_ORDER
        assert len(kind.documents(printer)) == 2
    again = console.print()
    console.until(again, ("PENDING", "PRINTER OFFLINE"), OFFLINE)
    with kind.run(port) as printer:
        console.until(again, DONE, IN_ORDER)
        assert len(kind.documents(printer)) == 1
    console.hear("PRINTER OFFLINE", "NORMAL", "PRINTER OFFLINE", "NORMAL")


@pytest.mark.parametrize("kind", [RAW], ids=["raw"])
def test_a_film_that_was_cut_off_is_sent_again_whole(kind: Kind, port: int, console: Console) -> None:
    with kind.run(port) as printer:
        printer.fault = "resets"
        uid = console.print()
        console.until(uid, ("PENDING", "PRINTER BUSY"), ("WARNING", "PRINTER BUSY"))
        assert printer.films == []
        printer.fault = ""
        console.until(uid, DONE, IN_ORDER)
        [film] = printer.films
        assert film.endswith(b"%%EOF\n")
