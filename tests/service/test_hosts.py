"""Several hosts at work on one queue, killed at random: no acknowledged film is lost, none comes twice."""

import contextlib
import os
import random
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from peers.hosts import Host, HotFolder, Modality, small_layouts, wait_until
from peers.postgresql import PostgreSQL
from sqlalchemy import select

from printscp.film.job import DeliveryState, ExecutionStatus
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue
from printscp.spool.tables import deliveries

LEASE = 3.0
DONE = ExecutionStatus.DONE

CONFIGURATION = """
database = "{database}"
sheets = "{sheets}"
layouts = "{layouts}"
profile = "small"
workers = {workers}
lease = {lease}
attempts = 50
keep_jobs = 0
reserve_mib = 0

[[outputs]]
type = "pdf"
folder = "{films}"
"""


class Site:
    """Two hosts, what they share, and the folder their films go to."""

    def __init__(self, folder: Path, database: str, one_folder: bool, workers: int) -> None:
        self.films = HotFolder(folder / "films")
        self._sheets = folder / "sheets"
        self._sheets.mkdir()
        self._layouts = small_layouts(folder / "layouts")
        self.database = Database(database)
        self.queue = JobQueue(self.database)
        self._url = database
        self.modalities: list[Modality] = []
        names = [f"host{'' if one_folder else number}" for number in (1, 2)]
        self.hosts = [self._host(folder, name, workers) for name in names]

    def _host(self, folder: Path, name: str, workers: int) -> Host:
        text = CONFIGURATION.format(
            database=self._url,
            sheets=self._sheets,
            layouts=self._layouts,
            films=self.films.folder,
            workers=workers,
            lease=LEASE,
        )
        return Host(folder / name, text)

    def holder(self) -> str | None:
        """Who is at work on a delivery just now."""
        with self.database.read() as connection:
            return connection.execute(
                select(deliveries.c.holder).where(deliveries.c.state == DeliveryState.SENDING)
            ).scalar()

    def is_open(self) -> bool:
        """Whether nobody is in the midst of changing the job table."""
        if not self.database.is_sqlite:
            return True
        file = self._url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(file, timeout=0)) as table:
            try:
                table.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    def stop(self) -> None:
        for modality in self.modalities:
            modality.over.set()
            modality.join(60)
        for host in self.hosts:
            host.stop()
        if self.films.is_alive():
            self.films.stop()
        self.database.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as cluster:
        yield cluster


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str, int], Site]]:
    sites: list[Site] = []

    def make(kind: str, workers: int) -> Site:
        if kind == "sqlite":
            (tmp_path / "table").mkdir()
            database = f"sqlite:///{tmp_path}/table/jobs.sqlite"
        else:
            cluster: PostgreSQL = request.getfixturevalue("cluster")
            database = cluster.database()
        sites.append(Site(tmp_path, database, one_folder=kind == "sqlite", workers=workers))
        return sites[-1]

    yield make
    for each in sites:
        each.stop()


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgres"))]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_forty_kills_lose_no_film_and_repeat_none(site: Callable[[str, int], Site], kind: str) -> None:
    films, kills = 300, 40
    chosen = random.Random(5)
    here = site(kind, 2)
    here.films.start()
    for host in here.hosts:
        host.start()
    numbers = iter(range(films))
    lock = threading.Lock()

    def next_numbers() -> Iterator[int]:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            yield number

    modalities = [Modality(host, next_numbers()) for host in here.hosts for _ in range(2)]
    for modality in modalities:
        modality.start()
    here.modalities += modalities
    for kill in range(kills):
        # Spread over all films, so that kills hit them all the way.
        wait_until(
            lambda: sum(len(each.acknowledged) for each in modalities) >= films * kill // kills  # noqa: B023
        )
        victim = chosen.choice(here.hosts)
        if chosen.random() < 0.35:
            victim.kill_acceptor()
            victim.start()
        else:
            wait_until(lambda: victim.kill_worker(chosen))  # noqa: B023
    for modality in modalities:
        modality.join(120)
        assert modality.fault is None
    acknowledged = sum(len(each.acknowledged) for each in modalities)
    assert acknowledged == films
    wait_until(lambda: all(job.ended for job in here.queue.jobs()), 120, pause=0.5)
    here.films.stop()
    jobs = here.queue.jobs()
    assert {job.status for job in jobs} == {DONE}
    assert {job.order.label for job in jobs} >= {f"film {number}" for number in range(films)}
    # Each job came out once, under the name that it says, and nothing else did.
    assert here.films.taken == {Path(place).name: 1 for job in jobs for place in job.outputs}
    for host in here.hosts:
        host.stop()
        assert "Traceback" not in host.log()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["dies", "stalls"])
def test_what_a_dead_or_stalled_host_had_is_taken_over(
    site: Callable[[str, int], Site], kind: str, end: str
) -> None:
    here = site(kind, 1)
    first, second = here.hosts
    first.start()
    second.start()
    wait_until(lambda: len(second.workers()) == 1)
    modality = Modality(first, count())
    modality.start()
    here.modalities.append(modality)
    stalled: list[int] = []

    def caught() -> bool:
        """A worker is stopped, or dead with its host, in the middle of a film."""
        holder = here.holder()
        pid = first.workers().get(holder or "")
        if pid is None:
            return False
        os.kill(pid, signal.SIGSTOP)
        if here.holder() != holder or not here.is_open():  # it had just finished, or all would wait for it
            os.kill(pid, signal.SIGCONT)
            return False
        stalled.append(pid)
        return True

    wait_until(caught, pause=0.001)
    modality.over.set()
    [job] = [
        job for job in here.queue.jobs() if any(e.state is DeliveryState.SENDING for e in job.deliveries)
    ][:1]
    if end == "dies":
        first.kill_all()
    wait_until(lambda: here.queue.job(job.id).attempts == 2, LEASE + 2)
    wait_until(lambda: here.queue.job(job.id).ended)
    here.films.take()
    if end == "stalls":
        os.kill(stalled[0], signal.SIGCONT)
        first.stop()
    wait_until(lambda: all(each.ended for each in here.queue.jobs()))
    here.films.take()
    done = here.queue.job(job.id)
    assert (done.status, done.attempts) == (DONE, 2)
    assert here.films.taken == {Path(p).name: 1 for each in here.queue.jobs() for p in each.outputs}
