"""Fixtures of film printers for pytest, which loads this in every run: nothing heavy until one is used.

A test that fails says in its report what its printers were sent, and what was wrong with it.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from printscp.testing.run import RUN, Run

if TYPE_CHECKING:
    from printscp.testing.bench import BenchPrinter

_PRINTERS: "pytest.StashKey[list[BenchPrinter]]" = pytest.StashKey()
_WRITTEN = "printscp golden film"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option for golden films."""
    group = parser.getgroup("printscp", "film printers of printscp")
    group.addoption(
        "--film-update",
        action="store_true",
        help="write the golden films of assert_film_matches instead of comparing with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker, and what is asked of golden films."""
    config.addinivalue_line(
        "markers",
        "film_printer(**settings): settings of the fixture film_printer, as BenchPrinter takes them",
    )
    RUN.update = config.getoption("--film-update")


def pytest_unconfigure() -> None:
    """Another run in this process asks for its own."""
    RUN.update = False


@pytest.fixture
def film_printer_factory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Callable[..., BenchPrinter]]":
    """Starts a `printscp.testing.BenchPrinter` with the settings given, any number of times; all are stopped
    after the test."""
    from printscp.testing.bench import BenchPrinter

    RUN.folder = lambda: tmp_path_factory.mktemp("films")
    printers: list[BenchPrinter] = request.node.stash.setdefault(_PRINTERS, [])
    with ExitStack() as started:

        def start(**settings: Any) -> BenchPrinter:
            printers.append(started.enter_context(BenchPrinter(**settings)))
            return printers[-1]

        yield start
    RUN.folder = Run().folder
    del request.node.stash[_PRINTERS]


@pytest.fixture
def film_printer(
    request: pytest.FixtureRequest, film_printer_factory: "Callable[..., BenchPrinter]"
) -> "BenchPrinter":
    """A film printer on a free port, of this test alone: a `printscp.testing.BenchPrinter`, with the settings
    of the test's marker ``film_printer``, if it has one."""
    mark = request.node.get_closest_marker("film_printer")
    if mark and mark.args:
        raise pytest.UsageError("film_printer: settings are keywords, as in film_printer(mode='strict')")
    printer: BenchPrinter = film_printer_factory(**(mark.kwargs if mark else {}))
    return printer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test that failed has to tell of its printers, and which golden films a test wrote."""
    item.user_properties += [(_WRITTEN, str(path)) for path in RUN.written]
    RUN.written.clear()
    report = yield
    if report.failed and report.when == "call":
        told = getattr(call.excinfo.value, "printer", None) if call.excinfo else None
        for printer in item.stash.get(_PRINTERS, []):
            if printer is not told:
                report.sections.append(("film printer", printer.summary()))
    return report


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Golden films that were written."""
    written = {
        value
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for key, value in report.user_properties
        if key == _WRITTEN
    }
    if written:
        terminalreporter.section("golden films written: look at them before you keep them")
        for path in sorted(written):
            terminalreporter.line(str(path))
