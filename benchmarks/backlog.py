"""What a long queue costs: printers beside each other, one with an empty queue and one where ten thousand
jobs wait.

They wait for an output that takes nothing, so that a worker who looks for its next job passes all of them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from acceptance import PATIENCE, PRINTSCP, UNDER_WAY, Printscp, RawClient
from films import FILMS, Film
from peers.postgresql import PostgreSQL, server_programs
from pydicom.dataset import Dataset

from printscp.film.job import JobFilm
from printscp.film.sheet import Order
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION, BASIC_GRAYSCALE_IMAGE_BOX
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue

FILM = FILMS[0]
BEFORE = 3  # films that keep the worker busy while another is accepted
LISTINGS = 10
ORDER = Order(
    copies=1,
    priority="MED",
    medium="BLUE FILM",
    destination="PROCESSOR",
    label="",
    owner="",
    printer_name="PRINTSCP",
    originator="BENCHMARK",
    remarks=(),
)


def fill(url: str, jobs: int) -> float:
    """Enter jobs that wait; returns the median of the milliseconds that each took."""
    database = Database(url)
    queue = JobQueue(database)
    times = []
    for number in range(jobs):
        film = JobFilm(f"sheet-{number}", FILM.film_size, "STANDARD\\4,5", 20)
        started = time.perf_counter()
        queue.submit(f"2.25.{number}", ORDER, [film], (), ["a printer that is away"])
        times.append((time.perf_counter() - started) * 1000)
    database.close()
    return statistics.median(times)


class Backlog:
    """A printer in whose queue so many jobs wait for ever."""

    def __init__(self, server: Printscp, url: str, jobs: int) -> None:
        self._server = server
        self._url = url
        self._jobs = jobs

    def under_way(self) -> int:
        """Films that are being printed, or are to be."""
        counts = self._server.queue.counts()
        return sum(counts.get(status, 0) for status in UNDER_WAY) - self._jobs

    def settle(self) -> None:
        """Return when the worker has nothing to do."""
        deadline = time.monotonic() + PATIENCE
        while self.under_way():
            assert time.monotonic() < deadline, "the worker does not come to an end"
            time.sleep(0.02)

    def print(self, film: Film, images: list[Dataset]) -> float:
        """Milliseconds from an N-ACTION to its reply."""
        client = RawClient(self._server.port)

        def send(verb: str, sop_class: Any, instance: Any, data: Any = None) -> Any:
            status, reply = client.send(verb, sop_class, instance, data)
            assert status == 0, f"N-{verb.upper()} was answered 0x{status:04X}"
            return reply

        send("create", BASIC_FILM_SESSION, film.session_uid, client.prepare(film.session()))
        reply = send("create", BASIC_FILM_BOX, film.film_box_uid, client.prepare(film.film_box()))
        for box, image in zip(reply.ReferencedImageBoxSequence, images, strict=True):
            send("set", BASIC_GRAYSCALE_IMAGE_BOX, box.ReferencedSOPInstanceUID, client.prepare(image))
        started = time.perf_counter()
        send("action", BASIC_FILM_BOX, film.film_box_uid)
        milliseconds = (time.perf_counter() - started) * 1000
        client.release()
        return milliseconds

    def reply_time(self, busy: bool) -> float:
        """Milliseconds from an N-ACTION to its reply, with the worker idle or busy."""
        images = FILM.images()
        for _ in range(BEFORE if busy else 0):
            self.print(FILM, images)
        milliseconds = self.print(FILM, images)
        assert not busy or self.under_way() > 1, "the worker was not busy"
        self.settle()
        return milliseconds

    def listing_time(self) -> float:
        """Seconds of `printscp jobs`, from the start of its process to its end."""
        command = [*PRINTSCP, "jobs", "--spool", str(self._server.folder / "spool")]
        started = time.perf_counter()
        environment = os.environ | {"PRINTSCP_DATABASE": self._url}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return time.perf_counter() - started


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[list[str]]:
    """URLs of two job tables."""
    with ExitStack() as stack:
        if kind == "PostgreSQL":
            cluster = stack.enter_context(PostgreSQL())
            yield [cluster.database() for _ in range(2)]
        else:
            yield [f"sqlite:///{folder / name}.sqlite" for name in ("empty", "full")]


def measure(kind: str, jobs: int, runs: int, folder: Path) -> None:
    """One table for a kind of database."""
    with databases(kind, folder) as urls, ExitStack() as stack:
        entered = fill(urls[1], jobs)
        print(f"\n{kind}: each of {jobs} jobs was entered in {entered:.2f} ms (median)")
        empty, full = (
            Backlog(stack.enter_context(Printscp(folder / name, database=url)), url, waiting)
            for name, url, waiting in zip(("empty", "full"), urls, (0, jobs), strict=True)
        )
        found: dict[tuple[str, bool], list[float]] = {}
        for run in range(runs):
            for busy in (False, True):
                for name, queue in (("empty", empty), ("full", full)):
                    milliseconds = queue.reply_time(busy)
                    if run:
                        found.setdefault((name, busy), []).append(milliseconds)
        print(f"{'ratio':>8}  {'range':11} {'N-ACTION to its reply':24} {'empty':>9} {'full':>9}  (ms)")
        for busy in (False, True):
            pair = found["empty", busy], found["full", busy]
            print(report(f"worker {'busy' if busy else 'idle'}", *pair))
        listings = [(empty.listing_time() * 1000, full.listing_time() * 1000) for _ in range(LISTINGS)]
        print(report("printscp jobs", *map(list, zip(*listings, strict=True))), flush=True)


def report(name: str, empty: list[float], full: list[float]) -> str:
    ratios = [theirs / ours for ours, theirs in zip(empty, full, strict=True)]
    return (
        f"{statistics.median(ratios):8.2f}  {min(ratios):5.2f}-{max(ratios):<5.2f} "
        f"{name:24} {statistics.median(empty):9.1f} {statistics.median(full):9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="that wait")
    parser.add_argument("--runs", type=int, default=11, help="the first one warms up")
    parser.add_argument("--folder", type=Path, help="where films are kept [default: the temporary folder]")
    arguments = parser.parse_args()
    if arguments.runs < 2:
        parser.error("--runs: at least 2, the first one warms up")
    print(f"{FILM.name}; median of {arguments.runs - 1} pairs, of {LISTINGS} of the listing")
    kinds = ["SQLite", "PostgreSQL"]
    if server_programs() is None:
        print("PostgreSQL is left out: install the Debian package postgresql", file=sys.stderr)
        kinds.remove("PostgreSQL")
    for kind in kinds:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
            measure(kind, arguments.jobs, arguments.runs, Path(name))


if __name__ == "__main__":
    main()
