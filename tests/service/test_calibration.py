"""A real film printer is calibrated by the real commands: its films go through a badly uneven laser."""

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, command
from peers.laser import Laser, filled_in
from peers.scu import Scu
from PIL import Image
from service.films import at_pixels

from printscp.config import load
from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.outputs.curve import read_curve
from printscp.printer import FilmPrinter
from printscp.qa.pattern import Role
from printscp.qa.patterns import draw

WEDGE = draw("wedge-32", 256, 256, 12)
DATE, TIME = 0x0018_1200, 0x0018_1201
CONFIGURATION = """
port = 0
spool = "{folder}/spool"
qa = "{folder}/qa"

[[printers]]
ae_title = "FILM"

[[printers.outputs]]
name = "laser"
type = "tiff"
folder = "{folder}/films"
{keys}
"""


@dataclass
class House:
    """A printer of a configuration, and the laser behind its output."""

    folder: Path
    printer: FilmPrinter
    sheets: list[Sheet]
    laser: Laser
    ask: Command

    @property
    def file(self) -> Path:
        return self.folder / "printscp.toml"

    def configure(self, *keys: str) -> None:
        self.file.write_text(CONFIGURATION.format(folder=self.folder, keys="\n".join(keys)))

    def command(self, *words: object, code: int = 0) -> str:
        answer = self.ask("qa", *words, "--printer", "FILM", "--config", self.file)
        assert answer.code == code, answer
        return answer.out

    def print(self) -> tuple[np.ndarray, str]:
        """Print the wedge; the sample that the laser got for each step, and what the document says."""
        before = len(self.printer.jobs())
        with Scu(self.printer.address, called="FILM") as scu:
            assert scu.print_image(WEDGE.pixels, FilmSizeID="8INX10IN").Status == 0
        jobs = self.printer.wait_for(lambda jobs: len(jobs) > before and all(job.ended for job in jobs), 30)
        with Image.open(jobs[-1].outputs[0]) as film:
            page, words = np.asarray(film), str(film.tag_v2[270])  # type: ignore[attr-defined]
        samples = at_pixels(page, self.sheets[-1]) / 65535
        steps = WEDGE.of(Role.STEP)
        middles = [(int(each.top + each.height / 2), int(each.left + each.width / 2)) for each in steps]
        return np.array([samples[middle] for middle in middles]), words

    def read(self, samples: np.ndarray) -> Path:
        """Read the film that the laser makes of samples."""
        readings = self.folder / "readings.csv"
        template = self.command("measure", "--template")
        readings.write_text(filled_in(template, self.laser.read(self.laser.print(samples))))
        return readings

    def calibrated(self) -> tuple[str, str]:
        """Date and time of last calibration, as an SCU is told."""
        with Scu(self.printer.address, called="FILM") as scu:
            status, reply = scu.printer(DATE, TIME)
        assert status.Status == 0
        assert reply is not None
        return reply.DateOfLastCalibration, reply.TimeOfLastCalibration


@pytest.fixture
def house(
    sheets: list[Sheet], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> House:
    (tmp_path / "printscp.toml").write_text(CONFIGURATION.format(folder=tmp_path, keys='tone = "p-value"'))
    printer = FilmPrinter(load(tmp_path / "printscp.toml"))
    return House(tmp_path, printer, sheets, Laser(7), command(monkeypatch, capsys))


def worst(measurement: str) -> float:
    return max(abs(step["error"]) for step in json.loads(measurement)["steps"])


def test_from_p_values_to_the_second_curve(house: House) -> None:
    link = house.folder / "qa" / "FILM" / "curve.toml"
    with house.printer as printer:
        readings = house.read(house.print()[0])
        assert worst(house.command("measure", readings, "--json", code=6)) > 0.2
        said = house.command("calibrate")
        assert house.calibrated() == ("", "")
        keys = said.splitlines()[-2:]
        assert keys == ['tone = "curve"', f'curve = "{link}"']
        house.configure(*keys)
        printer.reload(load(house.file))
        first = read_curve(link)
        when = first.measured.astimezone()  # type: ignore[union-attr]
        assert house.calibrated() == (f"{when:%Y%m%d}", f"{when:%H%M%S}")

        house.laser.drift()
        samples, words = house.print()
        assert "version 1 of its curve" in words
        readings = house.read(samples)
        assert worst(house.command("measure", readings, "--json")) < 0.03
        house.laser.drift()
        # The second curve is in force for films once the printer is told, whatever becomes of its workers.
        made = json.loads(house.command("calibrate", "--json"))
        assert (made["version"], made["before"], made["in_force"]) == (2, 1, True)
        os.kill(printer.worker_pid, signal.SIGKILL)
        assert "version 1 of its curve" in house.print()[1]
        assert house.calibrated() == (f"{when:%Y%m%d}", f"{when:%H%M%S}")
        printer.reload(load(house.file))
        samples, words = house.print()
        assert "version 2 of its curve" in words
        when = read_curve(link).measured.astimezone()  # type: ignore[union-attr]
        assert house.calibrated() == (f"{when:%Y%m%d}", f"{when:%H%M%S}")
        readings = house.read(samples)
        assert worst(house.command("measure", readings, "--json")) < 0.02

        house.command("calibrate", "--undo")
        printer.reload(load(house.file))
        assert "version 1 of its curve" in house.print()[1]


def test_a_curve_that_is_not_there_yet_says_how_to_make_it(house: House) -> None:
    with house.printer as printer:
        house.configure('tone = "curve"', f'curve = "{house.folder}/qa/FILM/curve.toml"')
        with pytest.raises(SetupError, match=r"output laser: .*is not there: print a wedge .*qa calibrate"):
            printer.reload(load(house.file))
        assert house.calibrated() == ("", "")
