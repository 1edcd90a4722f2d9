"""Takes the pictures of the light box in docs: ``python samples/make_screenshots.py [FOLDER]``.

A printer is started, modalities print to it, and Debian's Chromium looks at it. Times and numbers differ from
run to run: look before you keep them.
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from make_samples import phantom, real_images
from PIL import Image
from pydicom.dataset import Dataset

from printscp.config import Settings, load
from printscp.printer import FilmPrinter

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from peers.browser import DESKTOP, PHONE, Tab, chromium  # noqa: E402
from peers.scu import Scu, image_item  # noqa: E402

PRINTSCP = str(Path(sys.executable).with_name("printscp"))
LARGEST = 300_000  # bytes of a picture
_THERE = """() => [...document.images].every(
    (each) => each.complete && (each.naturalWidth || !each.checkVisibility()))"""
WINDOWS = {"abdomen": (40, 400), "lung": (-500, 1500), "bone": (150, 900), "narrow": (60, 180)}


def make_screenshots(folder: Path) -> list[Path]:
    """Write a picture of each view into ``folder``; returns their paths."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, printing(Path(place)) as url, chromium() as browser:
        made = []
        for view in VIEWS:
            tab = Tab(browser, url, viewport=view.viewport, device_scale_factor=view.scale)
            tab.context.add_cookies([{"name": "scheme", "value": view.scheme, "url": url}])
            tab.open(view.path)
            view.act(tab)
            tab.page.wait_for_function(_THERE)
            tab.page.wait_for_timeout(1000)  # what moved is at rest
            made.append(folder / f"light-box-{view.name}.png")
            made[-1].write_bytes(_small(tab.page.screenshot(animations="disabled")))
            assert not tab.wrong, tab.wrong
            tab.context.close()
    return made


# --- what is printed -------------------------------------------------------------------------------------


@contextmanager
def printing(folder: Path) -> Iterator[str]:
    """The address of a light box with films on it, and jobs that wait."""
    (folder / "faults.toml").touch()
    with contextlib.chdir(folder), FilmPrinter(_settings(folder)) as printer:
        _print_films(printer)
        printer.wait_for(lambda jobs: all(job.ended for job in jobs), 120)
        for _ in range(2):
            _print(printer, "FILM_WARD", "US3", [_slice(0.2, "narrow")])
        printer.wait_for(lambda jobs: any(not job.ended and job.info for job in jobs), 60)
        assert printer.lightbox_url is not None
        yield printer.lightbox_url


def _settings(folder: Path) -> Settings:
    return load(
        port=0,
        keep_jobs=100,
        spool=folder / "spool",
        qa=folder / "qa",
        faults=folder / "faults.toml",
        outputs=[
            {"name": "archive", "type": "pdf", "folder": "films"},  # which the pictures show
            {"name": "ward", "type": "raw", "uri": "socket://127.0.0.1:9"},  # which is switched off
        ],
        printers=[
            {"ae_title": "FILM", "outputs": ["archive"]},
            {"ae_title": "FILM_WARD", "outputs": ["ward"]},
        ],
        web={"enabled": True, "port": 0},
    )


def _print_films(printer: FilmPrinter) -> None:
    host, port = printer.address
    _send(host, port, "QA", "--pattern", "wedge-17")
    _print(printer, "FILM", "CT1", [_slice(0.0, window) for window in WINDOWS], "STANDARD\\2,2")
    _send(host, port, "MR2", *map(str, real_images()))
    _send(host, port, "QA", "--pattern", "smpte", "--film-size", "14INX17IN")
    places = np.linspace(-0.9, 0.9, 12)
    _print(
        printer,
        "FILM",
        "CT2",
        [_slice(place, "abdomen") for place in places],
        "STANDARD\\3,4",
        Trim="MAYBE",
        MagnificationType="BICUBIC",
    )
    _send(host, port, "QA", "--pattern", "tg18-qc")
    _print(printer, "FILM", "CR1", [_slice(0.4, "bone")], FilmSizeID="10INX12IN")
    series = np.linspace(-0.9, 0.9, 20)
    _print(printer, "FILM", "CT2", [_slice(place, "abdomen") for place in series], "STANDARD\\4,5")
    pair = [_slice(place, "lung") for place in (-0.8, 0.1)]
    _print(printer, "FILM", "CT1", pair, "STANDARD\\1,2", FilmSizeID="14INX14IN")
    _print(printer, "FILM", "CR1", [_slice(-0.5, "narrow")], FilmSizeID="11INX14IN")
    _print(printer, "FILM", "CT1", [_slice(place, "lung") for place in places[:6]], "STANDARD\\2,3")


def _send(host: str, port: int, calling: str, *what: str) -> None:
    command = [PRINTSCP, "send", host, str(port), "--called", "FILM", "--calling", calling, *what]
    subprocess.run(command, check=True, capture_output=True)


def _print(
    printer: FilmPrinter,
    called: str,
    calling: str,
    pictures: list[Dataset],
    display_format: str = "STANDARD\\1,1",
    **film: str,
) -> None:
    with Scu(printer.address, called=called, calling=calling) as scu:
        scu.create_session(NumberOfCopies="1", FilmSessionLabel="PHANTOM")
        scu.create_film(display_format, **{"FilmSizeID": "14INX17IN"} | film)
        for position, picture in enumerate(pictures, start=1):
            scu.set_image(position, picture)
        assert scu.print_film().Status in (0, 0x0107)


def _slice(position: float, window: str) -> Dataset:
    center, width = WINDOWS[window]
    shown = (phantom(512, position) - center) / width + 0.5
    return image_item(np.rint(np.clip(shown, 0, 1) * 4095).astype(np.uint16))


# --- what is looked at -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """A picture: of ``path``, after ``act``."""

    name: str
    path: str
    act: Callable[[Tab], object] = lambda _: None
    viewport: dict[str, int] | None = None
    scheme: str = "dark"
    scale: float = 1.0


def _measure(tab: Tab) -> None:
    """A film with rulers, and the densitometer on it."""
    tab.page.wait_for_selector("[data-viewer][data-ready]")
    tab.page.get_by_text("Show", exact=True).click()
    tab.page.get_by_label("Rulers").check()
    tab.page.get_by_text("Show", exact=True).click()
    tab.page.locator("[data-stage]").click(position={"x": 330, "y": 150})  # the liver
    tab.page.wait_for_timeout(600)


VIEWS = (
    View("wall", "/", viewport=DESKTOP),
    View("film", "/films/2/1", _measure, DESKTOP),
    View("findings", "/films/5/1?part=findings", viewport=DESKTOP),
    View("verified", "/films/6/1?part=verification", lambda tab: _verify(tab), DESKTOP),
    View("queue", "/queue", viewport=DESKTOP),
    View("printers", "/printers", viewport=DESKTOP, scheme="light"),
    View("phone", "/", viewport=PHONE, scale=2.0),
)


def _verify(tab: Tab) -> None:
    tab.page.locator("[data-action='verify']").click()
    tab.page.wait_for_selector("[data-passed]")


def _small(png: bytes) -> bytes:
    """The same picture with as many colors as fit."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    whole = io.BytesIO()
    picture.save(whole, "PNG", optimize=True)
    if whole.tell() <= LARGEST:
        return whole.getvalue()
    for colors in (256, 128, 64, 32):
        kept = io.BytesIO()
        reduced = picture.quantize(colors, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        reduced.save(kept, "PNG", optimize=True)
        if kept.tell() <= LARGEST:
            break
    return kept.getvalue()


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "docs")
    for path in make_screenshots(parser.parse_args().folder):
        print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
