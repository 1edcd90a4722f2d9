"""`python -m printscp.testing`, as a test in another language has it: a process and lines of JSON."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.dcmtk import PrintClient
from peers.scu import Scu, image_item
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

pytestmark = pytest.mark.slow

MR = Path(str(get_testdata_file("MR_small.dcm", download=False)))
Line = dict[str, Any]
PATIENCE = 30


class Program:
    """The program, and its lines as they come."""

    def __init__(self, *options: str, stdin: int | None = subprocess.PIPE) -> None:
        closed = ["sh", "-c", 'exec "$@" <&-', "sh"] if stdin is None else []
        self.process = subprocess.Popen(
            [*closed, sys.executable, "-m", "printscp.testing", *options],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready = self.next()
        assert self.ready["line"] == "ready"
        self.address = self.ready["host"], self.ready["port"]

    def next(self) -> Line:
        assert self.process.stdout is not None
        line: Line = json.loads(self.process.stdout.readline(), parse_constant=pytest.fail)
        return line

    def until(self, kind: str) -> list[Line]:
        """The lines up to one of a kind."""
        lines = [self.next()]
        while lines[-1]["line"] != kind:
            lines.append(self.next())
        return lines

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        assert (self.process.stdout.read(), self.process.stderr.read()) == ("", "")
        return code


@pytest.fixture
def run() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def start(*options: str, **how: int | None) -> Program:
        programs.append(Program(*options, **how))
        return programs[-1]

    yield start
    for program in programs:
        program.process.kill()
        program.process.wait(PATIENCE)
        for stream in (program.process.stdin, program.process.stdout, program.process.stderr):
            if stream is not None:
                stream.close()


def test_a_film_is_told_line_by_line(run: Callable[..., Program], tmp_path: Path) -> None:
    program = run(
        "--findings", "--films", str(tmp_path / "films"), "--personas", "ihefull", "--ae-title", "FILM"
    )
    assert program.ready["ae_titles"] == ["FILM", "IHEFULL"]
    assert not Scu(program.address, called="OTHER").association.is_established
    assert program.next() == {"line": "rejected", "reason": "called AE title not recognized"}
    for number in (1, 2):
        with Scu(program.address, called="FILM") as scu:
            scu.create_session(FilmSessionLabel="LABEL", NumberOfCopies=3)
            scu.create_film("STANDARD\\1,2", FilmSizeID="8INX10IN")
            scu.set_image(2, image_item(np.zeros((30, 60), np.uint8)), RequestedImageSize=60)
            scu.print_film()
        lines = program.until("end")
        assert {line["association"] for line in lines} == {number}
        begin, *between, release, end = lines
        (film,) = (line for line in between if line["line"] == "film")
        assert (begin["service"], begin["calling"], begin["printer"]) == ("A-ASSOCIATE", "TEST_SCU", "FILM")
        assert (release["service"], end["how"], end["jobs"]) == ("A-RELEASE", "released", [film["job_uid"]])
        (image,) = film["images"]
        assert (film["job"], film["copies"], film["film_size"]) == (number, 3, "8INX10IN")
        assert (image["position"], image["rows"], image["columns"]) == (2, 30, 60)
        assert image["mm"]["width"] == pytest.approx(60, abs=0.08)
        assert Dataset.from_json(film["session"]).FilmSessionLabel == "LABEL"
        assert Dataset.from_json(film["film_box"]).ImageDisplayFormat == "STANDARD\\1,2"
        steps = {line["step"]: line for line in lines if line["line"] == "step"}
        request = next(step for step in steps.values() if step["service"] == "N-SET")
        answer = next(step for step in steps.values() if step.get("answers") == request["step"])
        assert (request["class"], answer["status"]) == ("Basic Grayscale Image Box SOP Class", "0x0000")
        assert request["pixel_bytes"] == 1800
        assert "20200110" in json.dumps(request["data"]), "Basic Grayscale Image Sequence"
        assert "7FE00010" not in json.dumps(request["data"]), "its pixel data"
        with Image.open(film["page"]) as page:
            assert page.size == (2560, 3200)
        assert isinstance(film["findings"], list)
        assert isinstance(end["findings"], list)
    program.process.send_signal(signal.SIGTERM)
    assert program.end() == 0


def test_it_ends_with_the_first_association_and_tells_whether_it_was_right(
    run: Callable[..., Program],
) -> None:
    program = run("--once", "--findings", "--mode", "strict")
    with Scu(program.address) as scu:
        scu.create_session()
        scu.create_film("STANDARD2,2")
    *_, end = program.until("end")
    assert [finding["code"] for finding in end["findings"] if finding["severity"] == "error"] == [
        "backslash-lost"
    ]
    assert program.end() == 6


def test_what_only_the_pixels_tell_is_told_at_the_end_too(run: Callable[..., Program]) -> None:
    program = run("--once", "--findings")
    with Scu(program.address) as scu:
        scu.create_session()
        scu.create_film(FilmSizeID="8INX10IN")
        scu.set_image(1, image_item(np.full((64, 64), 5000, np.uint16)))
        scu.print_film()
        film = program.until("film")[-1]
        scu.set_image(1, image_item(np.full((64, 64), 4000, np.uint16)))
        scu.print_film()
    end = program.until("end")[-1]
    for line in (film, end):
        assert [each["code"] for each in line["findings"] if each["severity"] == "error"] == ["bits-beyond"]
    assert program.end() == 6


def test_a_number_that_json_does_not_have_is_null(run: Callable[..., Program]) -> None:
    program = run("--once")
    with Scu(program.address) as scu:
        scu.create_session()
        scu.create_film(FilmSizeID="8INX10IN")
        image = image_item(np.zeros((8, 8), np.uint8))
        image.add_new(0x00091001, "FD", [float("nan"), 0.5, float("-inf")])
        scu.set_image(1, image)
    request = next(line for line in program.until("end") if line.get("service") == "N-SET")
    (item,) = request["data"]["20200110"]["Value"]
    assert item["00091001"]["Value"] == [None, 0.5, None]


def test_it_ends_with_the_program_that_started_it(run: Callable[..., Program]) -> None:
    program = run()
    assert program.process.stdin is not None
    program.process.stdin.close()
    assert program.end() == 0


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, None], ids=["nothing", "closed"])
def test_without_a_pipe_it_stays(run: Callable[..., Program], stdin: int | None) -> None:
    program = run("--seed", "1", stdin=stdin)
    with Scu(program.address) as scu:
        scu.print_image(np.zeros((8, 8), np.uint8), FilmSizeID="8INX10IN")
    assert program.until("film")[-1]["job_uid"].startswith("2.25.")
    program.until("end")
    program.process.send_signal(signal.SIGINT)
    assert program.end() == 0


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for options, words in (
        (["--faults", str(tmp_path / "none.toml")], "no such file"),
        (["--films", str(tmp_path / "file")], "films"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "printscp.testing", *options],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert words in done.stderr


@pytest.mark.peer("dcmprscu", "dcmpsprt")
def test_dcmtk_prints_to_it(run: Callable[..., Program], tmp_path: Path) -> None:
    program = run("--once")
    client = PrintClient(tmp_path / "dcmtk", program.address)
    client.send(client.store([MR], "--layout", "1", "1"))
    lines = program.until("end")
    (film,) = (line for line in lines if line["line"] == "film")
    assert (film["display_format"], film["calling"]) == ("STANDARD\\1,1", "DCMTK_SCU")
    assert lines[-1]["how"] == "released"
    assert program.end() == 0
