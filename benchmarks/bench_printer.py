"""What the bench for tests costs: a film from association to `Film`, and the plugin where it is unused.

Beside it the same film through a `FilmPrinter`, with its spool on disk and its worker, until there is a PDF.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from acceptance import CLIENTS, PATIENCE, acceptance
from films import Film

from printscp import FilmPrinter
from printscp.testing import BenchPrinter

FILM = Film(2, 2, (512, 512), 8)
IMAGES = FILM.images()


def printed(client: str, port: int) -> None:
    """An association with one film."""
    scu = CLIENTS[client](port)
    acceptance(scu, FILM, IMAGES)
    scu.release()


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def films(client: str, runs: int, folder: Path) -> None:
    """The medians for one client, in turns, and their ratio."""
    bench, page, fixture, printer, ratios = [], [], [], [], []
    with (
        BenchPrinter() as tested,
        FilmPrinter(port=0, spool=folder / "spool", output=folder / "films") as real,
    ):

        def to_film() -> None:
            printed(client, tested.port)
            tested.wait_for_film(PATIENCE)

        def to_paper() -> None:
            jobs = len(real.jobs())
            printed(client, real.address[1])
            real.wait_for(lambda each: len(each) > jobs and each[-1].ended, PATIENCE)

        for run in range(runs + 1):
            times = seconds(to_film), seconds(lambda: tested.films[-1].drawn), seconds(to_paper)
            tested.clear()
            started = seconds(lambda: BenchPrinter().__enter__().stop())
            if run:  # the first one warms up
                for found, value in zip((bench, page, printer, fixture), (*times, started), strict=True):
                    found.append(value)
                ratios.append(times[2] / times[0])
    print(f"{client}, {FILM.name} on {FILM.film_size}, medians of {runs}")
    print(f"  {_ms(bench)}  from the association to the Film")
    print(f"  {_ms(page)}  for its page of densities, texts drawn, when it is asked for")
    print(f"  {_ms(fixture)}  to start and stop a printer")
    print(f"  {_ms(printer)}  through FilmPrinter, until the PDF is there")
    print(
        f"  {statistics.median(ratios):8.1f} times as long ({min(ratios):.1f} to {max(ratios):.1f})",
        flush=True,
    )


def plugin(runs: int, folder: Path) -> None:
    """What the plugin adds to a run of pytest with one test that does not use it."""
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    def run(*options: str) -> float:
        return seconds(
            lambda: subprocess.run([*command, *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        )

    pairs = [(run(), run("-p", "no:printscp")) for _ in range(runs + 1)][1:]
    added = [with_it - without for with_it, without in pairs]
    print(f"pytest with one empty test, medians of {runs}")
    print(f"  {_ms([each for each, _ in pairs])}  with the plugin")
    print(f"  {_ms([each for _, each in pairs])}  without it")
    print(f"  {_ms(added)}  added ({min(added) * 1000:.0f} to {max(added) * 1000:.0f})")


def _ms(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:8.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for client in CLIENTS:
            folder = Path(name) / client
            folder.mkdir()
            films(client, arguments.runs, folder)
        plugin(arguments.runs, Path(name))


if __name__ == "__main__":
    main()
