"""Print SCUs, right and wrong, at a film printer in this process, and what is found in their dialogues."""

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from printscp.catalog import Catalog
from printscp.film.profile import PrinterProfile
from printscp.film.statuses import category
from printscp.lint import Report, grade
from printscp.testing import BenchPrinter
from printscp.transcript import Transcript

WRONG = Path(__file__).parents[2] / "samples" / "wrong"
Scenario = Callable[[tuple[str, int]], object]


def client(name: str) -> ModuleType:
    """A script of `samples/wrong`."""
    module = sys.modules.get(name)
    if module is None:
        specification = importlib.util.spec_from_file_location(name, WRONG / f"{name}.py")
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        specification.loader.exec_module(module)
    return module


client("right")  # the wrong ones import it by this name


def dialogue(scenario: Scenario, mode: str = "tolerant", profile: str = "imager17") -> Transcript:
    """What goes over the association of a scenario."""
    with BenchPrinter(profile, mode) as printer:
        scenario(printer.address)
        printer.wait_for_association_end()
        return printer.dialogues[0]


@cache
def profile(name: str) -> PrinterProfile:
    """A printer profile by its name."""
    return Catalog().profile(name)


def report(transcript: Transcript, *imagers: str) -> Report:
    """It graded for the printer it was sent to."""
    return grade(transcript, profile(transcript.profile), [profile(each) for each in imagers])


def codes(graded: Report, *severities: str) -> set[str]:
    """Codes of the findings of some severities, of all if none is named."""
    return {each.code for each in graded.findings if not severities or each.severity in severities}


def assert_refusals_are_explained(graded: Report) -> None:
    """Each request that was refused has a finding that is no note."""
    for request in graded.requests:
        if category(request.status or 0) == "Failure":
            assert any(each.severity != "note" for each in graded.of(request.step)), request
