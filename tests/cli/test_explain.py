"""`printscp explain`: how the images of a job became gray on film."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, one_clear_line
from peers.scu import Scu, image_item

from printscp.printer import FilmPrinter
from printscp.spool.folder import Spool

RAMP = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


@pytest.fixture
def spool(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> Path:
    """A film of two images, the second of which is inverted twice."""
    printer = start_printer(workers=0)
    with Scu(printer.address) as scu:
        scu.create_session(FilmSessionLabel="Mustermann^Max")
        scu.create_film("STANDARD\\2,2", FilmSizeID="8INX10IN")
        scu.set_image(1, image_item(RAMP))
        scu.set_image(3, image_item(RAMP, PhotometricInterpretation="MONOCHROME1"), Polarity="REVERSE")
        assert scu.print_film().Status == 0
    printer.stop()
    return tmp_path / "spool"


def test_a_job_is_explained_image_by_image(spool: Path, ask: Command) -> None:
    done = ask("explain", "latest", "--spool", spool)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "Film 1 of job 1"
    assert "image boxes 2, 4, empty, 3.10 OD" in " ".join(done.out.split())
    assert [line for line in lines if line.startswith("Image ")] == ["Image 1", "Image 3"]
    assert sum(line.startswith("  ! Inverted twice") for line in lines) == 1
    assert lines.count("   4095     4095  0.2000") == 2
    assert max(map(len, lines)) <= 100
    assert "Mustermann" not in done.out


def test_one_image_alone(spool: Path, ask: Command) -> None:
    done = ask("explain", "1", "--film", 1, "--image", 3, "--spool", spool)
    assert [line for line in done.out.splitlines() if line.startswith("Image ")] == ["Image 3"]


def test_programs_read_json(spool: Path, ask: Command) -> None:
    [film] = json.loads(ask("explain", "1", "--spool", spool, "--json").out)
    first, second = film["images"]
    assert first["values"][0] == {"stored": 0, "p_value": 0, "density": 3.1}
    assert first["values"] == second["values"]
    assert second["notes"][0].startswith("Inverted twice")


def test_a_reprint_and_a_file_are_explained_like_the_job(spool: Path, tmp_path: Path, ask: Command) -> None:
    before = ask("explain", "1", "--spool", spool).out.splitlines()[1:]
    assert ask("jobs", "reprint", "1", "--spool", spool).code == 0
    assert ask("explain", "2", "--spool", spool).out.splitlines()[1:] == before
    assert ask("jobs", "export", "1", tmp_path / "film.job", "--spool", spool).code == 0
    assert ask("explain", tmp_path / "film.job").out.splitlines()[1:] == before


def test_why_not(spool: Path, ask: Command) -> None:
    one_clear_line(ask("explain", "9", "--spool", spool), "no job 9", code=3)
    one_clear_line(ask("explain", "1", "--film", 2, "--spool", spool), "job 1 has 1 film, no 2")
    one_clear_line(ask("explain", "1", "--image", 2, "--spool", spool), "job 1 has no image at position 2")
    opened = Spool(spool)
    opened.queue.cancel(1)
    for film in opened.queue.jobs()[0].films:
        opened.sheets.remove(film.sheet)
    opened.close()
    one_clear_line(ask("explain", "1", "--spool", spool), "its films are no longer kept", code=4)
