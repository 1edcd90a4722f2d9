"""How long people wait for the light box: the first tile of a fresh film, and those that follow; a wall of
many films in Debian's Chromium. And whether films are accepted slower while people watch.

Through HTTP, from the process that `printscp serve` starts for it.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import numpy as np
from acceptance import TITLE, RawClient, acceptance
from films import FILMS
from pages import FILM, accepted_sheet
from peers.browser import Tab, chromium
from pydicom.uid import generate_uid

from printscp.config import Settings, load
from printscp.desk.pages import TILE, level_count
from printscp.film.sheet import Order, Sheet
from printscp.lightbox import LightBox
from printscp.live import Live
from printscp.printer import FilmPrinter
from printscp.spool.folder import Spool

AIMS = {"first tile of a fresh film": 150, "next tiles": 30}  # ms, medians, at most
WALL_AIM = 1000  # ms, until all that is seen is there
WATCHERS_AIM = 1.05  # times as long, with ten watchers
IN_A_ROW = 10  # films, so that what came before is looked at while the next comes
PACES = {"one film every 0.25 s": 0.25, "one right after the other": 0.0}
MANY = 30  # jobs, above which a page fetches all of the wall
GATHERED = 0.15  # seconds for which a page gathers changes
SETTLED = 0.5  # seconds after which nobody is busy
TILES = 40  # of each film, after the first
ORDER = Order(1, "MED", "BLUE FILM", "PROCESSOR", "", "", "PRINTSCP", "BENCHMARK", ())


def settings_in(folder: Path) -> Settings:
    """Of a printer in a folder; its light box is on any free port."""
    return load(spool=folder / "spool", output=folder / "films", qa=folder / "qa", web={"port": 0})


def print_films(settings: Settings, sheet: Sheet, count: int) -> None:
    """Jobs of one film each, as they lie in a spool that no worker sees."""
    spool = Spool(settings.spool)
    draft = spool.draft()
    draft.keep(sheet)
    for _ in range(count):
        spool.submit(generate_uid(), ORDER, [draft], lambda *_: ("films",))
    draft.discard()
    spool.close()


@contextmanager
def served(settings: Settings) -> Iterator[http.client.HTTPConnection]:
    """A connection to a light box in a process of its own, which answers."""
    began = datetime.now(UTC)
    box = LightBox(settings, lambda: Live(0, began))
    box.start()
    try:
        connection = http.client.HTTPConnection(urlsplit(box.url).netloc)
        get(connection, "/healthz")
        yield connection
        connection.close()
    finally:
        box.stop()


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """What is there, as browsers ask for it."""
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, f"{path}: {answer.status} {content[:200]!r}"
    return content


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def tiles(settings: Settings, sheet: Sheet, films: int) -> dict[str, list[float]]:
    """Milliseconds of the first tile of each film and of those that follow; of the very first film of a
    process by itself."""
    levels = level_count(sheet.width, sheet.height)
    random = np.random.default_rng(1)
    found: dict[str, list[float]] = {"first tile of a fresh process": [], **{name: [] for name in AIMS}}
    with served(settings) as connection:
        for job in range(1, films + 1):
            path = f"/api/v1/jobs/{job}/films/1/tiles"
            name = "first tile of a fresh " + ("process" if job == 1 else "film")
            found[name].append(milliseconds(lambda path=path: get(connection, f"{path}/0/0/0")))
            for _ in range(TILES):
                level = int(random.integers(1, levels))
                side = -(-sheet.width // (1 << (levels - 1 - level)) // TILE)
                column, row = random.integers(0, side, 2)
                place = f"{path}/{level}/{column}/{row}"
                found["next tiles"].append(milliseconds(lambda place=place: get(connection, place)))
    return found


def wall(settings: Settings, runs: int) -> dict[str, list[float]]:
    """Milliseconds until a wall is loaded, and the thumbnails that are seen are there: for the first visitor
    ever, for whom they are made, and for others, whose browsers have nothing kept."""
    seen = (
        "[...document.querySelectorAll('.card img')].filter(e => e.getBoundingClientRect().top < innerHeight)"
    )
    there = f"() => {seen}.length > 0 && {seen}.every(each => each.complete && each.naturalWidth > 0)"
    found: dict[str, list[float]] = {"the first visitor of all": [], "the next ones": []}
    with served(settings) as connection, chromium() as browser:
        url = f"http://{connection.host}:{connection.port}"
        for run in range(runs + 1):
            tab = Tab(browser, url)

            def opened(tab: Tab = tab) -> None:
                tab.open("/")
                tab.page.wait_for_function(there)

            found["the next ones" if run else "the first visitor of all"].append(milliseconds(opened))
            assert not tab.wrong, tab.wrong
            tab.context.close()
    return found


def watched(folder: Path, watchers: int, pairs: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds in which a film is accepted, the mean of some in a row, while nobody watches and while so
    many do, in turns; by pace."""
    film = FILMS[0]
    images = film.images()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PACES}
    with FilmPrinter(
        port=0,
        spool=folder / "spool",
        output=folder / "films",
        ae_title=TITLE,
        keep_jobs=10_000,
        web={"enabled": True, "port": 0},
    ) as printer:

        def accepted(watchers: int, pause: float) -> float:
            with watching(str(printer.lightbox_url), watchers):
                time.sleep(SETTLED)
                os.sync()
                times = []
                for _ in range(IN_A_ROW):
                    client = RawClient(printer.address[1])
                    times.append(acceptance(client, film, images) * 1000)
                    client.release()
                    time.sleep(pause)
                printer.wait_for(lambda jobs: all(job.ended for job in jobs), 120)
                time.sleep(SETTLED)  # until all of them have seen it
            return statistics.mean(times)

        for pair in range(-1, pairs):  # the first is to warm up
            order = (0, watchers) if pair % 2 else (watchers, 0)
            for name, pause in PACES.items():
                times = {each: accepted(each, pause) for each in order}
                if pair >= 0:
                    found[name].append((times[0], times[watchers]))
    return found


@contextmanager
def watching(url: str, watchers: int) -> Iterator[None]:
    """People in front of a wall, as another host would have them: each has its stream, and fetches what has
    changed as the page does."""
    command = [sys.executable, __file__, "--watch", url, "--watchers", str(watchers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        try:
            yield
        finally:
            process.kill()


def watch(url: str, watchers: int) -> None:
    """Be those people, until killed."""
    os.nice(19)  # their computers are none of ours
    here = threading.Barrier(watchers + 1)

    def listen(told: Queue[int]) -> None:
        stream = http.client.HTTPConnection(urlsplit(url).netloc)
        stream.request("GET", "/api/v1/events", headers={"Accept": "text/event-stream"})
        lines = stream.getresponse()
        here.wait()
        kind = ""
        while line := lines.readline().decode().strip("\r\n") or "-":
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind == "job":
                told.put(json.loads(value)["job"])

    def look(told: Queue[int]) -> None:
        asking = http.client.HTTPConnection(urlsplit(url).netloc)
        seen: set[int] = set()
        while True:
            changed = {told.get()}
            time.sleep(GATHERED)
            while not told.empty():
                changed.add(told.get())
            jobs = "&".join(f"job={job}" for job in changed)
            get(asking, "/_/wall" if len(changed) > MANY else f"/_/cards?{jobs}")
            for job in changed - seen:
                get(asking, f"/api/v1/jobs/{job}/films/1/thumbnail")
            seen |= changed

    for _ in range(watchers):
        told: Queue[int] = Queue()
        threading.Thread(target=listen, args=(told,), daemon=True).start()
        threading.Thread(target=look, args=(told,), daemon=True).start()
    here.wait()
    print("watching", flush=True)
    threading.Event().wait()


def report(found: dict[str, list[float]], aims: dict[str, int]) -> None:
    print(f"{'ms':>8}  {'range':14} {'aim':>4}")
    for name, values in found.items():
        spread = f"{min(values):.1f}-{max(values):.1f}"
        print(f"{statistics.median(values):8.1f}  {spread:14} {aims.get(name, ''):>4}  {name}")


def report_watched(found: dict[str, list[tuple[float, float]]], watchers: int) -> None:
    print(f"\n{FILMS[0].name}, {IN_A_ROW} in a row, accepted while {watchers} watch beside nobody: medians")
    print(f"{'ratio':>8}  {'range':9}  {'aim':4}  {'ms':>5}  {watchers:>3} watch")
    for name, pairs in found.items():
        ratios = [with_them / alone for alone, with_them in pairs]
        alone, with_them = (statistics.median(times) for times in zip(*pairs, strict=True))
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        words = f"{statistics.median(ratios):8.2f}  {spread:9}  {WATCHERS_AIM:.2f}"
        print(f"{words}  {alone:5.1f}  {with_them:9.1f}  {name}, {len(pairs)} pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=9, help="of which tiles are asked for")
    parser.add_argument("--runs", type=int, default=3, help="each with a fresh process")
    parser.add_argument("--wall", type=int, default=1000, help="films on the wall")
    parser.add_argument("--watchers", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=15, help="rows of films accepted with them, and without")
    parser.add_argument("--folder", type=Path, help="where films are written [default: the temporary folder]")
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.watch:
        watch(arguments.watch, arguments.watchers)
        return
    sheet = accepted_sheet(FILM)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        pairs = watched(Path(name) / "watched", arguments.watchers, arguments.pairs)
        report_watched(pairs, arguments.watchers)
        settings = settings_in(Path(name) / "tiles")
        print_films(settings, sheet, arguments.films)
        found: dict[str, list[float]] = {}
        for _ in range(arguments.runs):
            for what, values in tiles(settings, sheet, arguments.films).items():
                found.setdefault(what, []).extend(values)
        print(f"{FILM.name} on {sheet.film_size}, {sheet.width}x{sheet.height}: tiles over HTTP, medians")
        report(found, AIMS)
        settings = settings_in(Path(name) / "wall")
        print_films(settings, sheet, arguments.wall)
        print(f"\nA wall of {arguments.wall} of them in Chromium: until all that is seen is there, medians")
        report(wall(settings, 5), {"the next ones": WALL_AIM})


if __name__ == "__main__":
    main()
