"""`printscp diff`: two jobs of a spool, or files of them, in words and as a picture."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, one_clear_line
from peers.scu import Scu, image_item
from PIL import Image

from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow

RAMP = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)


@pytest.fixture
def spool(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> Path:
    """Jobs 1 and 2 are the same film, job 3 has another Film Session Label and one other pixel."""
    printer = start_printer(workers=0)
    other = RAMP.copy()
    other[3, 4] = 4000
    for label, pixels in (("KNEE", RAMP), ("KNEE", RAMP), ("Hip^Left", other)):
        with Scu(printer.address) as scu:
            scu.create_session(FilmSessionLabel=label)
            scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(pixels))
            assert scu.print_film().Status == 0
    printer.stop()
    return tmp_path / "spool"


def test_the_same_film_has_no_difference(spool: Path, ask: Command) -> None:
    done = ask("diff", 1, 2, "--spool", spool)
    assert done.code == 0, done.out + done.err
    lines = done.out.splitlines()
    assert lines[:4] == [
        "job 1 | job 2",
        "films",
        "  film 1, image 1: equal",
        "  film 1, page: equal",
    ]
    assert lines[-1] == "no difference"


def test_differences_are_told_and_drawn(spool: Path, tmp_path: Path, ask: Command) -> None:
    picture = tmp_path / "difference.png"
    done = ask("diff", 1, "latest", "--spool", spool, "--picture", picture)
    assert done.code == 6, done.err
    assert "    FilmSessionLabel  KNEE | Hip^Left" in done.out.splitlines()
    assert "image 1: 1 of 1024 pixels differ, by 3900 at most, first in row 4, column 5" in done.out
    assert done.out.splitlines()[-1] == "there are differences"
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width > 2 * drawn.height


def test_programs_read_json(spool: Path, ask: Command) -> None:
    done = ask("diff", 2, 3, "--spool", spool, "--json")
    assert done.code == 6
    found = json.loads(done.out)
    assert (found["first"], found["second"], found["equal"]) == ("job 2", "job 3", False)
    assert found["requests"][0]["changes"] == [
        {"what": "FilmSessionLabel", "first": "KNEE", "second": "Hip^Left"}
    ]
    assert found["films"][0]["images"][0]["differ"] == 1


def test_a_file_is_compared_with_a_job(spool: Path, tmp_path: Path, ask: Command) -> None:
    assert ask("jobs", "export", 1, tmp_path / "old.job", "--spool", spool).code == 0
    done = ask("diff", tmp_path / "old.job", 2, "--spool", spool)
    assert (done.code, done.out.splitlines()[0]) == (0, "old.job | job 2")


def test_what_cannot_be_compared_is_said_in_one_line(spool: Path, tmp_path: Path, ask: Command) -> None:
    one_clear_line(ask("diff", 1, 9, "--spool", spool), "no job 9", code=3)
    one_clear_line(ask("diff", 1, tmp_path / "none", "--spool", spool), "no such file")
    one_clear_line(ask("diff", 1, 2, "--spool", spool, "--film", 2), "--film 2: job 1 has 1")
    nowhere = tmp_path / "nowhere" / "x.png"
    one_clear_line(ask("diff", 1, 2, "--spool", spool, "--picture", nowhere), "No such file or directory")
