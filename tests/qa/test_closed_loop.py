"""Print, read, calibrate, print again: a printer that is far off comes to its aims, and stays there."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from peers.laser import Laser, filled_in

from printscp.errors import SetupError
from printscp.qa.calibration import Curves, calibrate
from printscp.qa.measure import measure
from printscp.qa.measurement import Measurement
from printscp.qa.readings import read, template
from printscp.qa.store import Measurements
from printscp.render.samples import sample_table
from printscp.render.tone import OD_UNIT, ToneScale

pytestmark = pytest.mark.slow

SCALE = ToneScale(0.2, 3.1, 2000, 10)
START = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass
class Loop:
    """A printer, and what is known of it; films go through the tables of outputs with 12 bits."""

    folder: Path
    laser: Laser
    pattern: str = "wedge-32"
    printed: list[np.ndarray] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)

    def film(self, **densitometer: float) -> Measurement:
        """Print a wedge through what is in force, and read it."""
        if self.printed:
            self.laser.drift()
        now = START + timedelta(days=len(self.printed))
        in_force = Curves(self.folder, "FILM").in_force()
        version = 0 if in_force is None else in_force.version
        file = self.folder / "readings.csv"
        empty = template(self.pattern, "FILM", version)
        p_values = [int(line.split(",")[1]) / 4095 for line in empty.splitlines() if line.startswith("step")]
        table = (
            sample_table(SCALE, "p-value", 12)
            if in_force is None
            else sample_table(SCALE, "curve", 12, in_force.curve)
        )
        page = np.rint(SCALE.density(np.array(p_values)) / OD_UNIT).astype(int)
        self.printed.append(self.laser.print(table[page] / 4095))
        file.parent.mkdir(exist_ok=True)
        file.write_text(filled_in(empty, self.laser.read(self.printed[-1], **densitometer)))
        measurement = measure(read(file), "FILM", "imager17", SCALE, now)
        self.measured.append(measurement)
        self.source = Measurements(self.folder, "FILM").add(measurement)
        return measurement

    def calibrate(self) -> None:
        made = calibrate(self.folder, "FILM", self.source, datetime.now(UTC))
        Curves(self.folder, "FILM").add(made.file)


def worst_read(measurement: Measurement) -> float:
    return max(abs(step.error) for step in measurement.steps)


def worst_printed(loop: Loop, film: int) -> float:
    aims = np.array([step.aim for step in loop.measured[film].steps])
    return float(np.abs(loop.printed[film] - aims).max())


def outcomes(measurement: Measurement) -> dict[str, str]:
    return {each.check: each.outcome for each in measurement.findings}


@pytest.mark.parametrize("seed", range(20))
def test_a_badly_uneven_printer_comes_to_its_aims(seed: int, tmp_path: Path) -> None:
    """Speed drifts by 0.5 %, densities by 0.005 OD; patches scatter by 0.002 OD; readings, three of each, by
    0.005."""
    loop = Loop(tmp_path / "qa", Laser(seed))
    before = loop.film()
    assert min(worst_read(before), worst_printed(loop, 0)) > 0.2
    assert (outcomes(before)["fit"], outcomes(before)["lum"]) == ("fail", "fail")
    loop.calibrate()
    assert worst_read(loop.film()) < 0.03
    loop.calibrate()
    twice = loop.film()
    assert max(worst_read(twice), worst_printed(loop, 2)) < 0.02
    assert outcomes(twice).items() >= {"density": "pass", "fit": "pass", "lum": "pass"}.items()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("speed", "spread"), [(0.01, 0.005), (0.01, 0.01), (0.0, 0.02)])
def test_the_film_itself_is_nearer_than_its_readings(
    seed: int, speed: float, spread: float, tmp_path: Path
) -> None:
    """Twice the drift, or readings that scatter four times as much."""
    loop = Loop(tmp_path / "qa", Laser(seed, speed, 0.0))
    for _ in range(3):
        loop.film(spread=spread)
        loop.calibrate()
    loop.film(spread=spread)
    errors = [worst_printed(loop, film) for film in range(4)]
    assert errors[0] > 0.2
    assert max(errors[1:]) < (0.05 if spread == 0.02 else 0.03)


def test_it_stays_there(tmp_path: Path) -> None:
    """Five rounds: nothing builds up."""
    loop = Loop(tmp_path / "qa", Laser(5))
    loop.film()
    for _ in range(5):
        loop.calibrate()
        loop.film()
    assert max(worst_printed(loop, film) for film in range(2, 6)) < 0.02
    assert len(Curves(loop.folder, "FILM").versions()) == 5


@pytest.mark.parametrize("pattern", ["wedge-17", "wedge-33"])
def test_wedges_of_other_steps_do_it_too(pattern: str, tmp_path: Path) -> None:
    loop = Loop(tmp_path / "qa", Laser(3), pattern)
    loop.film()
    for _ in range(3):
        loop.calibrate()
        loop.film()
    errors = [worst_printed(loop, film) for film in range(4)]
    assert errors[0] > 0.2
    assert max(errors[1:]) < 0.03


def test_eight_steps_say_too_little_of_such_a_printer(tmp_path: Path) -> None:
    loop = Loop(tmp_path / "qa", Laser(3), "wedge-8")
    loop.film()
    with pytest.raises(SetupError, match=r"nothing was read between 0\.\d\d and 1\.\d\d OD.*wedge-33"):
        loop.calibrate()
