"""`printscp qa calibrate`: what it says, keeps and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command import Answer, Command, one_clear_line
from peers.laser import Laser, filled_in

from printscp.outputs.curve import read_curve
from printscp.outputs.registry import open_output


class Site:
    """A folder of quality assurance, and a laser whose films are read."""

    def __init__(self, folder: Path, ask: Command) -> None:
        self.folder, self._ask, self.laser = folder, ask, Laser(1)
        self.qa = folder / "qa"
        self.link = self.qa / "Ward 3" / "curve.toml"

    def ask(self, *words: object, printer: str = "Ward 3") -> Answer:
        return self._ask("qa", *words, "--printer", printer, "--qa", self.qa)

    def readings(self, pattern: str = "wedge-17") -> Path:
        """Of a film printed through what is in force."""
        template = self.ask("measure", "--template", "--pattern", pattern).out
        p_values = [int(line.split(",")[1]) / 4095 for line in template.splitlines() if line[:4] == "step"]
        if self.link.exists():
            curve, aims = read_curve(self.link), [step["aim"] for step in self.steps]
            densities = self.laser.print(curve.sample(aims))  # type: ignore[arg-type]
        else:
            densities = self.laser.print(p_values)
        file = self.folder / "readings.csv"
        file.write_text(filled_in(template, self.laser.read(densities)))
        if not self.link.exists():
            kept = self.ask("measure", file, "--json").out
            self.steps = json.loads(kept)["steps"]
        return file

    def kept(self) -> int:
        return len(list(self.qa.glob("*/measurements/*.json")))


@pytest.fixture
def site(tmp_path: Path, ask: Command) -> Site:
    return Site(tmp_path, ask)


def test_readings_become_a_curve_and_the_keys_of_an_output(site: Site) -> None:
    answer = site.ask("calibrate", site.readings(), "--operator", "A. Physicist")
    assert (answer.code, answer.err) == (0, "")
    for words in ("curve version 1 of Ward 3, from the film of ", "was off most, by +1.", "it reaches 0.1"):
        assert words in answer.out
    assert "printscp reload" in answer.out
    tone, curve = (line.partition(" = ")[2].strip('"') for line in answer.out.splitlines()[-2:])
    assert (tone, curve) == ("curve", str(site.link))
    output = {"type": "pdf", "folder": site.folder / "films", "tone": tone, "curve": curve}
    open_output(output).check()
    assert (read_curve(site.link).printer, read_curve(site.link).version) == ("Ward 3", 1)
    assert "it differs from version 1 by 0.0" in site.ask("calibrate", site.readings()).out


def test_json_says_the_same(site: Site) -> None:
    made = json.loads(site.ask("calibrate", site.readings(), "--json").out)
    assert (made["printer"], made["version"], made["before"], made["in_force"]) == ("Ward 3", 1, 0, True)
    assert made["worst"]["error"] > 1
    assert made["residual"]["error"] < 0.02
    assert (made["films"], made["moved"], made["remarks"]) == (1, None, [])
    assert tuple(made["points"][0]) == read_curve(site.link).points[0]
    assert len(made["sha256"]) == 64


def test_a_dry_run_changes_no_curve(site: Site) -> None:
    site.readings()
    answer = site.ask("calibrate", "--dry-run")
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "nothing was put in force"
    assert not site.link.exists()
    assert json.loads(site.ask("calibrate", "--dry-run", "--json").out)["in_force"] is False
    assert site.ask("calibrate").code == 0  # the latest measurement is still to be used
    one_clear_line(site.ask("calibrate"), "version 1 is made of", "print a wedge through it")


def test_undo(site: Site) -> None:
    for _ in range(2):
        assert site.ask("calibrate", site.readings()).code == 0
    answer = site.ask("calibrate", "--undo")
    assert answer.out.startswith("curve version 1, of ")
    assert answer.out.endswith(f'curve = "{site.link}"\n')
    assert read_curve(site.link).version == 1
    one_clear_line(site.ask("calibrate", "--undo"), "version 1 is the first")
    assert json.loads(site.ask("calibrate", site.readings(), "--json").out)["version"] == 3
    undone = json.loads(site.ask("calibrate", "--undo", "--json").out)
    assert undone == {"printer": "Ward 3", "version": 1, "undone": 3}


def test_what_cannot_be_reached_is_a_warning(site: Site) -> None:
    site.laser.LIGHTEST = 0.26
    answer = site.ask("calibrate", site.readings())
    assert answer.code == 0
    assert answer.err.startswith("warning: the printer cannot reach 0.20 OD: it prints 0.2")


def test_what_is_refused_is_one_clear_line(site: Site, tmp_path: Path) -> None:
    one_clear_line(site.ask("calibrate", printer="Other"), "no measurement", "printscp qa measure")
    one_clear_line(site.ask("calibrate", "--undo"), "no curve in force")
    one_clear_line(site.ask("calibrate", "--undo", "--dry-run"), "--undo")
    one_clear_line(site.ask("calibrate", site.folder / "none.csv"), "none.csv")
    one_clear_line(site.ask("calibrate", site.readings("wedge-6")), "6 steps that differ are too few")
    lines = site.readings().read_text().splitlines()
    steps = [number for number, line in enumerate(lines) if line.startswith("step")]
    first, second = steps[3], steps[8]
    values = {number: lines[number].split(",") for number in (first, second)}
    lines[first] = ",".join([*values[first][:2], *values[second][2:]])
    lines[second] = ",".join([*values[second][:2], *values[first][2:]])
    swapped = tmp_path / "swapped.csv"
    swapped.write_text("\n".join(lines))
    before = site.kept()
    one_clear_line(site.ask("calibrate", swapped), "step-04", "step-09", "were lines swapped")
    assert site.kept() == before + 1  # what was read stays known
    assert not site.link.exists()


def test_its_module_loads_nothing_heavy() -> None:
    heavy = "numpy, scipy, matplotlib, pydicom, cv2"
    code = (
        "import sys, printscp.cli.qa.calibrate; print([m for m in '"
        + heavy
        + "'.split(', ') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
