"""What many tests need: a film printer on a free port, and programs that others wrote."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Order, Sheet, SheetImage, ToneCurve

if TYPE_CHECKING:
    from printscp.printer import FilmPrinter

_PACKAGES = {
    "dcmprscu": "dcmtk",
    "dcmprscp": "dcmtk",
    "dcmpsprt": "dcmtk",
    "dcmdspfn": "dcmtk",
    "echoscu": "dcmtk",
    "chromium": "chromium",
    "gs": "ghostscript",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "pdfimages": "poppler-utils",
    "qpdf": "qpdf",
    "pdfinfo": "poppler-utils",
    "mutool": "mupdf-tools",
    "openssl": "openssl",
    "postgres": "postgresql",
    "ippeveprinter": "cups-ipp-utils",
    "cupsd": "cups",
    "lpadmin": "cups-client",
    "gcc": "gcc",
    "systemd-analyze": "systemd",
}
# Those that take longest, in that order; with two at a time or more, none is left alone at the end.
_LONGEST = (
    "service/test_faults.py",
    "service/test_hosts.py",
    "service/test_ipp.py",
    "qa/test_faults.py",
    "qa/test_locate.py",
    "qa/test_verify.py",
    "web/test_browser.py",
    "web/test_accessibility.py",
    "web/test_viewer.py",
    "test_printer.py",
    "wire/test_association.py",
    "service/test_qa.py",
    "spool/test_claim.py",
    "service/test_dicom_printer.py",
    "cli/test_serve.py",
    "test_supervisor.py",
    "qa/test_report.py",
    "test_crash.py",
    "test_packaging.py",
    "service/test_outputs.py",
    "service/test_faults_made.py",
    "web/test_api_operations.py",
    "test_lightbox.py",
    "web/test_schema.py",
    "web/test_hostile.py",
    "testing/test_plugin.py",
    "testing/test_program.py",
    "lint/test_wrong_clients.py",
)
_TESTS = Path(__file__).parent
_SERVERS = ["/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]


# Hundreds of printers are started; only tests of the light box want one.
os.environ.setdefault("PRINTSCP_WEB__ENABLED", "false")
# There are as many test processes as cores: threads in each cost small pictures more than they bring.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

# How long anything takes says something about the machine, and how busy it is.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_sessionstart() -> None:
    """A shell that runs this in the background has it ignore Ctrl-C, and so would all that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules come first."""
    places = {_TESTS / name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """What thousands of tests are made of stays: whoever collects garbage need not look through it."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test of `@pytest.mark.peer("program", ...)` is skipped where one is missing, and fails in CI."""
    for mark in item.iter_markers("peer"):
        for program in mark.args:
            if _where(program) is None:
                message = f"{program} is missing: install the Debian package {_PACKAGES[program]}"
                if os.environ.get("CI"):
                    pytest.fail(message)
                pytest.skip(message)


def _where(program: str) -> str | None:
    """Debian keeps programs of servers out of the path."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *_SERVERS]))


@pytest.fixture
def start_printer(tmp_path: Path) -> Iterator["Callable[..., FilmPrinter]"]:
    """Starts film printers with the settings given, and stops them after the test."""
    from printscp.printer import FilmPrinter

    started: list[FilmPrinter] = []

    def start(**settings: Any) -> FilmPrinter:
        fields = {"port": 0, "spool": tmp_path / "spool", "output": tmp_path / "films"} | settings
        printer = FilmPrinter(**fields)
        printer.start()
        started.append(printer)
        return printer

    yield start
    for printer in started:
        printer.stop()


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[FilmPrinter]":
    """A film printer as it comes, with its worker, on a free port; shared by the tests of a module."""
    from printscp.printer import FilmPrinter

    folder = tmp_path_factory.mktemp("printer")
    with FilmPrinter(port=0, spool=folder / "spool", output=folder / "films") as printer:
        yield printer


@pytest.fixture
def order() -> Order:
    """What a film session orders that says nothing."""
    return Order(
        copies=1,
        priority="MED",
        medium="BLUE FILM",
        destination="PROCESSOR",
        label="",
        owner="",
        printer_name="PRINTSCP",
        originator="TEST_SCU",
        remarks=(),
    )


@pytest.fixture
def sheet() -> Sheet:
    """A small film with one image."""
    image = SheetImage(
        position=1,
        samples_per_pixel=1,
        planar_configuration=1,
        rows=2,
        columns=2,
        bits_stored=8,
        reverse=False,
        pixel_aspect=(1, 1),
        magnification="CUBIC",
        smoothing="",
        smoothing_weight=0.0,
        configuration="",
        curve=ToneCurve(),
        min_density=20,
        max_density=310,
        requested_width_mm=None,
        decimate_crop="DECIMATE",
        look_up=None,
        pixels=b"\x00\x40\x80\xff",
    )
    return Sheet(
        film_size="8INX10IN",
        orientation="PORTRAIT",
        display_format="STANDARD\\1,1",
        resolution="STANDARD",
        width=8,
        height=10,
        dots_per_inch=1.0,
        boxes=(Rectangle(0, 0, 8, 8),),
        label=Rectangle(0, 8, 8, 2),
        images=(image,),
        look_ups=(),
        annotation_format="",
        annotations=(),
        printer_density=(20, 310),
        border_density=310,
        empty_image_density=310,
        trim=False,
        illumination=2000,
        reflected_ambient_light=10,
        color=False,
        icc_profile=b"",
        remarks=(),
    )
