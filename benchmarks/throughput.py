"""Films a minute from the network to PDFs on disk: several SCUs that print one film after another.

Each film is accepted, spooled, rendered and flushed to disk before it counts; SCUs and printer share the
processors of one machine.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

from acceptance import PATIENCE, Printscp, RawClient, acceptance
from films import Film


def print_films(port: int, film: Film, count: int, faults: list[str]) -> None:
    """What one SCU does: an association for each film."""
    images = film.images()
    try:
        for _ in range(count):
            client = RawClient(port)
            acceptance(client, film, images)
            client.release()
    except Exception as error:
        faults.append(repr(error))


def sustained(folder: Path, film: Film, scus: int, films: int, workers: int) -> float:
    """Films a minute from the first N-CREATE to the last PDF."""
    faults: list[str] = []
    with Printscp(folder, "--workers", str(workers)) as server:
        print_films(server.port, film, 1, faults)
        server.settle()  # warm
        threads = [
            threading.Thread(target=print_films, args=(server.port, film, films // scus, faults))
            for _ in range(scus)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE * 5)
        server.settle()
        seconds = time.perf_counter() - started
        assert not faults, faults
        server.check(films // scus * scus + 1)
    return films // scus * scus / seconds * 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scus", type=int, default=8)
    parser.add_argument("--films", type=int, default=120)
    parser.add_argument("--folder", type=Path, help="where films are kept [default: the temporary folder]")
    arguments = parser.parse_args()
    film = Film(4, 5, (512, 512), 8, "17INX17IN")
    print(f"{arguments.scus} SCUs, {arguments.films} films of {film.name} on {film.film_size}")
    for workers in (1, 2):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
            rate = sustained(Path(name), film, arguments.scus, arguments.films, workers)
            print(f"{rate:7.0f} films a minute with --workers {workers}", flush=True)


if __name__ == "__main__":
    main()
