"""Kill -9 of everything at random moments: no acknowledged film is lost, none comes out twice."""

import random
import threading
from pathlib import Path

import numpy as np
import pytest
from peers.scu import Scu, image_item
from peers.server import Server

from printscp.film.job import Job
from printscp.printer import FilmPrinter
from printscp.spool.folder import Spool

FILMS = 20


class Modality(threading.Thread):
    """Prints films one after the other until the printer dies; notes what was acknowledged."""

    def __init__(self, address: tuple[str, int], numbers: list[int]) -> None:
        super().__init__(daemon=True)
        self.first_action = threading.Event()
        self.acknowledged: list[int] = []
        self._address = address
        self._numbers = numbers

    def run(self) -> None:
        try:
            with Scu(self._address) as scu:
                scu.create_session()
                for number in self._numbers:
                    pixels = np.random.default_rng(number).integers(0, 4096, (600, 500), np.uint16)
                    # The number of the film travels with its job as the display format.
                    film, _ = scu.create_film(
                        f"STANDARD\\{number % 5 + 1},{number // 5 + 1}", FilmSizeID="8INX10IN"
                    )
                    if "Status" not in film or "Status" not in scu.set_image(1, image_item(pixels))[0]:
                        return
                    self.first_action.set()
                    status = scu.print_film()
                    if "Status" not in status:
                        return
                    assert status.Status == 0
                    self.acknowledged.append(number)
        except (AssertionError, RuntimeError, ValueError, OSError):
            return
        finally:
            self.first_action.set()


def film_number(job: Job) -> int:
    columns, rows = job.films[0].display_format.removeprefix("STANDARD\\").split(",")
    return int(columns) - 1 + 5 * (int(rows) - 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_every_acknowledged_film_comes_out_once(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRINTSCP_ATTEMPTS", "99")  # no film is to blame here
    moments = random.Random(seed)
    spool, output = tmp_path / "spool", tmp_path / "films"
    acknowledged: list[int] = []
    kills = 0
    while len(acknowledged) < FILMS:
        server = Server(spool, output)
        left = [number for number in range(FILMS) if number not in acknowledged]
        modality = Modality(server.address, left)
        modality.start()
        assert modality.first_action.wait(30)
        # A random moment from the first N-ACTION on, films later or not; the thread's end bounds it.
        films, moment = moments.randrange(7), moments.uniform(0, 0.05)
        while modality.is_alive() and len(modality.acknowledged) < films:
            modality.join(0.005)
        modality.join(moment)
        server.kill()
        kills += 1
        modality.join(60)
        acknowledged += modality.acknowledged
        assert kills < 60
    with FilmPrinter(port=0, spool=spool, output=output) as printer:
        jobs = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 60)
    assert {job.status for job in jobs} == {"DONE"}
    assert {film_number(job) for job in jobs} >= set(acknowledged)
    # One PDF for each job and none besides, under the name that its job says.
    assert sorted(str(path) for path in output.glob("[!.]*")) == sorted(
        place for job in jobs for place in job.outputs
    )
    assert kills >= 2


@pytest.mark.slow
def test_a_printer_that_goes_on_takes_over_what_a_dead_one_had(tmp_path: Path) -> None:
    spool, output = tmp_path / "spool", tmp_path / "films"
    with Server(spool, output) as other, Server(spool, output) as one:
        modality = Modality(one.address, list(range(6)))
        modality.start()
        assert modality.first_action.wait(30)
        modality.join(0.15)  # in the midst of it
        one.kill()
        modality.join(60)
        last = Modality(other.address, [FILMS])
        last.start()
        last.join(60)
        table = Spool(spool)
        pause = threading.Event()
        while not all(job.ended for job in table.queue.jobs()):  # the test's time-out is the limit
            pause.wait(0.1)
        jobs = table.queue.jobs()
        table.close()
    assert {job.status for job in jobs} == {"DONE"}
    assert {film_number(job) for job in jobs} >= {*modality.acknowledged, *last.acknowledged} >= {FILMS}
    assert sorted(map(str, output.glob("[!.]*"))) == sorted(place for job in jobs for place in job.outputs)
