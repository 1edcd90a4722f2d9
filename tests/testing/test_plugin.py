"""The fixtures in runs of pytest of their own, as a team that has installed the package has them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parents[1]
FONTS = str(Path("~/.cache/matplotlib").expanduser())  # found once, not in each run

SCU = """\
import numpy as np
import pytest
from peers.scu import Scu, image_item
from printscp.testing import assert_film_matches


def send(printer, value=7, size="8INX10IN"):
    with Scu(printer.address) as scu:
        scu.print_image(np.full((8, 8), value, np.uint8), FilmSizeID=size)

"""
ALL = """\
def test_a_film(film_printer):
    send(film_printer)
    assert film_printer.wait_for_film().image(1).pixels[0, 0] == 7


@pytest.mark.film_printer(mode="strict", ae_title="STRICT")
def test_with_settings(film_printer):
    assert (film_printer.ae_title, film_printer.settings.printers[0].mode) == ("STRICT", "strict")


def test_several(film_printer, film_printer_factory):
    other = film_printer_factory(profile="ihefull")
    send(other)
    assert other.wait_for_film() and not film_printer.films
    other.stop()  # which may come early


def test_that_finds_nothing(film_printer):
    send(film_printer, size="9INX99IN")
    film_printer.wait_for_film(0)
    film_printer.wait_for_film(0)


def test_that_is_disappointed(film_printer_factory):
    printers = [film_printer_factory(ae_title=name) for name in ("ONE", "TWO")]
    assert not printers


def test_of_something_else():
    assert False
"""
GOLDEN = """\
def test_golden(film_printer, pytestconfig):
    send(film_printer, VALUE)
    golden = pytestconfig.rootpath / "golden" / "film.png"
    assert_film_matches(film_printer.wait_for_film(), golden, reduced_by=8)
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with tests; the SCU is that of these ones."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("MPLCONFIGDIR", FONTS)
    return pytester


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "xdist"])
def test_a_test_gets_a_printer_and_one_that_fails_tells_of_it(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    project.makepyfile(SCU + ALL)
    done = project.runpytest_subprocess("--strict-markers", "-rfP", *options)
    done.assert_outcomes(passed=3, failed=3)
    text = done.stdout.str()
    nothing, disappointed, other = (
        re.split(rf"_+ {name} _+\n", text)[1].split("\n____")[0]
        for name in ("test_that_finds_nothing", "test_that_is_disappointed", "test_of_something_else")
    )
    assert "E       printscp.testing.bench.NothingCame: no film within 0 s" in nothing
    assert "def wait_for_film" not in nothing, "the place in the test is what matters"
    assert "- film printer -" not in nothing, "it is told already"
    assert disappointed.count("- film printer -") == 2
    assert "printer ONE at 127.0.0.1:" in disappointed
    assert "printer TWO at 127.0.0.1:" in disappointed
    assert "film printer" not in other
    assert text.count("- film printer -") == 2, "of tests that pass nothing is told"


@pytest.mark.slow
def test_golden_films_are_written_and_then_compared_with(project: pytest.Pytester) -> None:
    project.makepyfile(SCU + GOLDEN.replace("VALUE", "7"))
    written = project.runpytest_subprocess("--film-update", "-n", "1")
    written.assert_outcomes(passed=1)
    written.stdout.fnmatch_lines(
        ["=* golden films written: look at them before you keep them =*", "*/film.png"]
    )
    project.makepyfile(SCU + GOLDEN.replace("VALUE", "9"))
    different = project.runpytest_subprocess()
    different.assert_outcomes(failed=1)
    (picture,) = re.findall(r"picture: (\S+)", different.stdout.str().split("short test summary")[0])
    assert "/films0/film-difference.png" in picture
    assert picture.startswith(str(project.path.parent)) or "pytest-of" in picture


def test_a_run_that_prints_nothing_loads_nothing() -> None:
    """Neither arrays nor the network: the plugin is there in every run, of pytest 8.0 too."""
    check = (
        "import sys, pytest; before = set(sys.modules); del pytest.TerminalReporter  # of 8.2\n"
        "import printscp.testing.plugin;"
        "print(sorted(each for each in set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == str(
        ["printscp", "printscp.testing", "printscp.testing.plugin", "printscp.testing.run"]
    )
