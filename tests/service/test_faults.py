"""What a printer meets in the field: full disks, broken databases, clocks that jump, signals. No acknowledged
film is lost, none comes twice, and all goes on by itself."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from peers.clock import Clock
from peers.disk import failing_disk, small_disk
from peers.hosts import Host, HotFolder, Modality, small_layouts, wait_until
from peers.postgresql import PostgreSQL
from peers.scu import META, Scu, image_item
from peers.server import PRINTSCP
from pydicom.dataset import Dataset
from pynetdicom.sop_class import PrintJob
from sqlalchemy import select

from printscp.film.job import DeliveryState, ExecutionStatus, Job
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue
from printscp.spool.tables import deliveries

pytestmark = pytest.mark.slow

MIB = 1 << 20
PIXELS = np.random.default_rng(1).integers(0, 4096, (60, 50), np.uint16)
FULL_FILM_BOX, FULL_SESSION, LIMITED = 0xC602, 0xC601, 0x0213
DONE = ExecutionStatus.DONE


def _keys(table: Mapping[str, object]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


class Printer(Host):
    """`printscp serve`."""

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._server is not None
        return self._server


class Collector(HotFolder):
    """Takes what comes, and waits where the folder is not there."""

    def take(self) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            super().take()


class Ward:
    """A printer, the folder that its films go to, and the job table as a test looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.films = Collector(folder / "films")
        self.films.start()
        self._settings: dict[str, object] = {
            "layouts": str(small_layouts(folder / "layouts")),
            "profile": "small",
            "reserve_mib": 0,
            "drain_timeout": 20,
        }
        self._output = {"name": "films", "type": "pdf", "folder": str(self.films.folder)}
        self._url = ""
        self.host: Printer

    def printer(self, spool: Path | None = None, films: Path | None = None, **settings: object) -> "Printer":
        """Start it."""
        if films is not None:
            self._output["folder"] = str(films)
        self.host = Printer(self.folder / "host", self._configuration("", settings))
        if spool is not None:
            self.host.spool = spool
        self._url = str(settings.get("database", f"sqlite:///{self.host.spool}/jobs.sqlite"))
        self.host.start()
        return self.host

    def configure(self, tables: str = "", file_name: str = "{created}-{job}", **settings: object) -> None:
        """Change what it starts with, or reads again."""
        self._output["file_name"] = file_name
        self.configuration.write_text(self._configuration(tables, settings))

    def reload(self) -> None:
        """Have it go by the settings as they are by now; returns when it does."""
        before = self.host.log().count("settings read again")
        command = [PRINTSCP, "reload", "--spool", str(self.host.spool)]
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        wait_until(lambda: self.host.log().count("settings read again") > before)

    @property
    def configuration(self) -> Path:
        """The file that says so."""
        return self.folder / "host" / "printscp.toml"

    def _configuration(self, tables: str, settings: Mapping[str, object]) -> str:
        told = self._settings | settings
        if tables:
            del told["profile"]
        return f"{_keys(told)}\n[[outputs]]\n{_keys(self._output)}{tables}"

    def jobs(self) -> list[Job]:
        with contextlib.closing(Database(self._url, make=False)) as database:
            return JobQueue(database).jobs()

    def holder(self) -> str | None:
        """Who has a delivery in hand just now."""
        with contextlib.closing(Database(self._url, make=False)) as database, database.read() as connection:
            at_work = deliveries.c.state == DeliveryState.SENDING
            return connection.execute(select(deliveries.c.holder).where(at_work)).scalar()

    def wait_until_done(self, count: int, seconds: float = 40) -> list[Job]:
        """Until that many jobs have ended; all were printed."""
        wait_until(lambda: sum(job.ended for job in self.jobs()) >= count, seconds, 0.1)
        jobs = self.jobs()
        assert [(job.status, job.info) for job in jobs] == [(DONE, "")] * count
        return jobs

    def settle(self, jobs: list[Job]) -> None:
        """The end: each job came out once, and nothing else did."""
        self.host.stop()
        self.films.stop()
        assert self.films.taken == Counter(Path(place).name for job in jobs for place in job.outputs)
        assert sum(self.films.taken.values()) == len(jobs)
        assert not list(self.films.folder.glob("[!.]*"))
        assert "Traceback" not in self.host.log()

    def stop(self) -> None:
        if hasattr(self, "host"):
            self.host.kill_all()
        if self.films.is_alive():
            self.films.stop()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    ward = Ward(tmp_path)
    yield ward
    ward.stop()


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as cluster:
        yield cluster


@pytest.fixture
def mounts() -> Iterator[contextlib.ExitStack]:
    """Disks, which go when all processes have ended: to be asked for before `ward`."""
    with contextlib.ExitStack() as stack:
        yield stack


def printed(scu: Scu) -> Dataset:
    """The status of a film's N-ACTION, whose images the printer took whatever is the matter."""
    film, _ = scu.create_film()
    assert film.Status == 0
    image, _ = scu.set_image(1, image_item(PIXELS))
    assert image.Status == 0
    return scu.print_film()


def says(scu: Scu) -> tuple[str, str]:
    """Printer Status and its info."""
    status, printer = scu.printer()
    assert status.Status == 0
    assert printer is not None
    return printer.PrinterStatus, printer.PrinterStatusInfo


def reachable(host: Host) -> bool:
    """Whether the printer still listens."""
    try:
        socket.create_connection(host.address).close()
    except ConnectionRefusedError:
        return False
    return True


@contextlib.contextmanager
def closed(films: HotFolder) -> Iterator[None]:
    """The folder is not there, and a file is in its place."""
    aside = films.folder.with_name("aside")
    films.folder.rename(aside)
    films.folder.touch()
    yield
    films.folder.unlink()
    films.folder.mkdir()
    aside.rename(films.folder)


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@contextlib.contextmanager
def paused_worker(host: Host) -> Iterator[None]:
    """The one worker stands still, and not in the midst of a transaction, where all would wait for it."""
    wait_until(lambda: bool(host.workers()))
    [pid] = host.workers().values()

    def stands() -> bool:
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: is_stopped(pid))
        with contextlib.closing(sqlite3.connect(host.spool / "jobs.sqlite", timeout=0)) as table:
            try:
                table.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                return False
            return True

    wait_until(stands)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def paused(printer: subprocess.Popen[str]) -> Iterator[None]:
    """The printer and all its workers stand still."""
    os.killpg(printer.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(printer.pid))
        yield
    finally:
        os.killpg(printer.pid, signal.SIGCONT)


def start_fails(*options: str) -> str:
    """What a printer says that does not start."""
    command = [PRINTSCP, "serve", "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


class TestFullDisk:
    def test_below_the_reserve_films_are_refused_and_those_accepted_printed(
        self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path
    ) -> None:
        disk = mounts.enter_context(small_disk(tmp_path / "disk", 40))
        host = ward.printer(spool=disk.folder / "spool", reserve_mib=20)
        with Scu(host.address) as scu:
            scu.create_session()
            with paused_worker(host):
                assert [printed(scu).Status for _ in range(3)] == [0, 0, 0]
                disk.fill(leave=10 * MIB)
                refused = printed(scu)
                assert (refused.Status, refused.ErrorComment) == (
                    FULL_FILM_BOX,
                    "print queue full: try again later",
                )
                refused, _ = scu.print_session()
                assert (refused.Status, refused.ErrorComment) == (
                    FULL_SESSION,
                    "print queue full: try again later",
                )
                wait_until(lambda: says(scu) == ("WARNING", "PRINT BUFF FULL"))
            ward.wait_until_done(3)
            assert says(scu) == ("WARNING", "PRINT BUFF FULL")
            disk.clear()
            assert printed(scu).Status == 0
            wait_until(lambda: says(scu) == ("NORMAL", "NORMAL"))
        ward.settle(ward.wait_until_done(4))

    def test_a_disk_without_a_byte_left(
        self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path
    ) -> None:
        disk = mounts.enter_context(small_disk(tmp_path / "disk", 16))
        host = ward.printer(spool=disk.folder / "spool")
        with Scu(host.address) as scu:
            scu.create_session()
            with paused_worker(host):
                assert [printed(scu).Status for _ in range(3)] == [0, 0, 0]
                disk.fill()
                for refused in (printed(scu), scu.print_film(), scu.print_session()[0]):
                    assert refused.Status == LIMITED
                    assert (
                        refused.ErrorComment == "film not spooled: No space left on device; try again later"
                    )
            wait_until(lambda: "job table does not work" in host.log())

            def cannot_begin() -> bool:
                """What a dead worker left is deleted, and may be room enough for the next."""
                disk.fill()
                for pid in host.workers().values():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                return "worker cannot begin" in host.log()

            # One that begins in the midst of it fails as well, and is replaced until it works.
            wait_until(cannot_begin)
            wait_until(lambda: host.log().count("worker replaced") >= 2)
            with paused(host.process):  # workers that begin and fail would make room, now and then
                disk.fill()
                told = start_fails("--spool", str(host.spool))
            assert told == f"printscp: spool {host.spool}: No space left on device\n"
            disk.clear()
            assert scu.print_film().Status == 0
        ward.settle(ward.wait_until_done(4))

    def test_full_output(self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path) -> None:
        disk = mounts.enter_context(small_disk(tmp_path / "disk", 4))
        films = disk.folder / "films"
        host = ward.printer(films=films)
        disk.fill()
        with Scu(host.address) as scu:
            scu.create_session()
            assert [printed(scu).Status for _ in range(3)] == [0, 0, 0]
            wait_until(lambda: says(scu) == ("FAILURE", "CHECK PRINTER"))
            assert {job.status for job in ward.jobs()} == {"PENDING"}
            assert any("No space left on device" in job.info for job in ward.jobs())
            disk.clear()
            jobs = ward.wait_until_done(3)
            assert says(scu) == ("NORMAL", "NORMAL")
        host.stop()
        assert sorted(map(str, films.glob("[!.]*"))) == [place for job in jobs for place in job.outputs]
        assert "Traceback" not in host.log()

    def test_full_disk_of_the_job_table(
        self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path
    ) -> None:
        disk = mounts.enter_context(small_disk(tmp_path / "disk", 4))
        host = ward.printer(database=f"sqlite:///{disk.folder}/jobs.sqlite")
        with Scu(host.address) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
            ward.wait_until_done(1)
            disk.fill()
            refused = printed(scu)
            assert refused.Status == LIMITED
            assert refused.ErrorComment == "film not spooled: database or disk is full; try again later"
            assert len(list((host.spool / "sheets").glob("*.sheet"))) == 1, "that of the job is left alone"
            assert scu.print_film().Status == LIMITED
            disk.clear()
            assert scu.print_film().Status == 0
        ward.settle(ward.wait_until_done(2))


class TestReadOnly:
    def test_sheets_read_only_for_a_while(
        self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path
    ) -> None:
        disk = mounts.enter_context(small_disk(tmp_path / "disk", 16))
        sheets = disk.folder / "sheets"
        sheets.mkdir()
        host = ward.printer(sheets=str(sheets), keep_jobs=0)
        with Scu(host.address) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
            ward.wait_until_done(1)
            with paused_worker(host):
                assert printed(scu).Status == 0
                scu.create_film()  # lets go of the file of the film before
                disk.protect(True)
                scu.set_image(1, image_item(PIXELS))
                refused = scu.print_film()
                assert refused.Status == LIMITED
                assert refused.ErrorComment == "film not spooled: Read-only file system; try again later"
            ward.wait_until_done(2)
            wait_until(lambda: "films not deleted" in host.log())
            disk.protect(False)
            assert scu.print_film().Status == 0
        ward.settle(ward.wait_until_done(3))

    def test_spool_that_becomes_read_only_and_is_repaired(
        self, mounts: contextlib.ExitStack, ward: Ward, tmp_path: Path
    ) -> None:
        disk = mounts.enter_context(failing_disk(tmp_path / "disk", 64))
        spool = disk.folder / "spool"
        host = ward.printer(spool=spool)
        with Scu(host.address) as scu:
            scu.create_session()
            with paused_worker(host):
                assert [printed(scu).Status for _ in range(3)] == [0, 0, 0]
                disk.fail()
                refused = printed(scu)
                assert refused.Status == LIMITED
                assert refused.ErrorComment == "film not spooled: Read-only file system; try again later"
                assert says(scu) == ("NORMAL", "NORMAL")
        host.stop()
        assert start_fails("--spool", str(spool)) == f"printscp: spool {spool}: Read-only file system\n"
        disk.repair()
        host.start()
        ward.settle(ward.wait_until_done(3))


@pytest.mark.peer("postgres")
class TestDatabaseGone:
    def test_while_films_are_printed(self, ward: Ward, cluster: PostgreSQL) -> None:
        host = ward.printer(database=cluster.database(), lease=3, workers=2, attempts=50, job_events=False)
        modality = Modality(host, iter(range(30)))
        with Scu(host.address, contexts=(META, PrintJob)) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
            uid = ward.wait_until_done(1)[0].uid
            modality.start()
            for outage in (1, 2):
                wait_until(lambda: len(modality.acknowledged) >= 8 * outage)  # noqa: B023
                cluster.stop()
                try:
                    refused = printed(scu)
                    assert refused.Status == LIMITED
                    assert refused.ErrorComment.startswith("film not spooled: ")
                    refused, _ = scu.job(uid)
                    assert refused.Status == LIMITED
                    assert refused.ErrorComment.startswith("job table: ")
                    wait_until(lambda: says(scu) == ("FAILURE", "ELEC SW ERROR"))
                    # A worker that begins now fails, and is replaced until it works.
                    begun = host.log().count("worker cannot begin")
                    os.kill(host.workers().popitem()[1], signal.SIGKILL)
                    wait_until(lambda: host.log().count("worker cannot begin") > begun)  # noqa: B023
                finally:
                    cluster.start()
                wait_until(lambda: scu.job(uid)[0].Status == 0)
                assert scu.print_film().Status == 0
                wait_until(lambda: says(scu) == ("NORMAL", "NORMAL"))
            modality.join(60)
        assert modality.fault is None
        assert len(modality.acknowledged) == 30
        wait_until(lambda: all(job.ended for job in ward.jobs()), 60, 0.2)
        jobs = ward.wait_until_done(len(ward.jobs()))
        # Where the connection broke at the end of a transaction, the SCU printed a film again that was taken.
        labels = Counter(job.order.label for job in jobs)
        assert labels[""] >= 3
        assert labels.keys() == {"", *(f"film {number}" for number in range(30))}
        ward.settle(jobs)

    def test_end_and_beginning(self, ward: Ward, cluster: PostgreSQL) -> None:
        host = ward.printer(database=cluster.database())
        with Scu(host.address) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
            ward.wait_until_done(1)
        cluster.stop()
        try:
            wait_until(lambda: "job table does not work" in host.log())
            host.stop()
            words = start_fails("--config", str(ward.configuration), "--spool", str(host.spool))
        finally:
            cluster.start()
        assert words.count("\n") == 1
        assert words.startswith("printscp: job table postgresql")
        assert "refused" in words
        host.start()
        with Scu(host.address) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
        ward.settle(ward.wait_until_done(2))

    def test_with_a_film_in_hand(self, ward: Ward, cluster: PostgreSQL) -> None:
        host = ward.printer(database=cluster.database())
        wait_until(lambda: bool(host.workers()))
        [(name, pid)] = host.workers().items()

        def caught() -> bool:
            """The worker is stopped in the midst of a film."""
            if ward.holder() != name:
                return False
            os.kill(pid, signal.SIGSTOP)
            if ward.holder() != name:  # it had just finished
                os.kill(pid, signal.SIGCONT)
                return False
            return True

        modality = Modality(host, count())
        modality.start()
        wait_until(caught, pause=0.001)
        try:
            cluster.stop()
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda: "job table does not work: trying again" in host.log())
        finally:
            cluster.start()
        before = len(modality.acknowledged)
        wait_until(lambda: len(modality.acknowledged) >= before + 10)
        modality.over.set()
        modality.join(60)
        assert modality.fault is None
        # Sooner than its lease lapses, and by the same worker, which is well.
        ward.settle(ward.wait_until_done(len(ward.jobs()), 60))
        assert "worker replaced" not in host.log()


class TestClock:
    @pytest.fixture
    def clock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock(tmp_path)
        for name, value in clock.environment.items():
            monkeypatch.setenv(name, value)
        return clock

    def test_jumps_while_films_are_printed(self, clock: Clock, ward: Ward) -> None:
        host = ward.printer(lease=3, workers=2)
        modality = Modality(host, iter(range(30)))
        with Scu(host.address) as scu:
            scu.create_session()
            modality.start()
            for number, days in enumerate((1, -1, 0, -1, 1), start=1):
                wait_until(lambda: len(modality.acknowledged) >= 5 * number)  # noqa: B023
                film, _ = scu.create_film()
                assert film.Status == 0
                clock.shift(days)
                assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
                assert scu.print_film().Status == 0
                assert says(scu) == ("NORMAL", "NORMAL")
            modality.join(60)
        assert modality.fault is None
        jobs = ward.wait_until_done(35)
        now = datetime.now(UTC)
        assert {round((job.created - now) / timedelta(days=1)) for job in jobs} == {-1, 0, 1}
        ward.settle(jobs)

    @pytest.mark.parametrize("days", [1, -1])
    def test_jumps_while_a_film_waits(self, clock: Clock, ward: Ward, days: int) -> None:
        host = ward.printer()
        with Scu(host.address) as scu:
            scu.create_session()
            with closed(ward.films):
                assert printed(scu).Status == 0
                wait_until(lambda: says(scu) == ("FAILURE", "CHECK PRINTER"))
                clock.shift(days)
                assert printed(scu).Status == 0
                waits = host.log().count("film waits")
                wait_until(lambda: host.log().count("film waits") > waits)
            jobs = ward.wait_until_done(2)
            wait_until(lambda: says(scu) == ("NORMAL", "NORMAL"))
        ward.settle(jobs)


class TestEnd:
    def test_films_begun_are_finished(self, ward: Ward) -> None:
        host = ward.printer()
        with Scu(host.address) as first, Scu(host.address) as second:
            for scu in (first, second):
                scu.create_session()
                assert scu.create_film()[0].Status == 0
            host.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not reachable(host))
            for scu in (first, second):
                assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
                assert scu.print_film().Status == 0
        assert host.process.wait(30) == 0
        host.start()
        ward.settle(ward.wait_until_done(2))

    def test_what_hangs_is_ended_at_the_deadline(self, ward: Ward) -> None:
        host = ward.printer(drain_timeout=2)
        with contextlib.suppress(ProcessLookupError), paused_worker(host), Scu(host.address) as scu:
            scu.create_session()
            assert printed(scu).Status == 0
            assert scu.create_film()[0].Status == 0  # and nothing comes any more
            host.process.send_signal(signal.SIGTERM)
            assert host.process.wait(30) == 0
            scu.wait_for_the_end()
        assert "worker does not end: killed; its job waits" in host.log()
        assert ward.jobs()[0].status == "PENDING"
        host.start()
        ward.settle(ward.wait_until_done(1))

    def test_twenty_films_in_the_spool_survive_two_kills(self, ward: Ward) -> None:
        host = ward.printer(workers=0)
        with Scu(host.address) as scu:
            scu.create_session()
            assert [printed(scu).Status for _ in range(20)] == [0] * 20
        host.kill_all()
        ward.configure(workers=2)
        host.start()
        wait_until(lambda: any(job.ended for job in ward.jobs()))
        host.kill_all()
        host.start()
        ward.settle(ward.wait_until_done(20))


def test_reloads_while_films_are_printed(ward: Ward) -> None:
    def printers(*titles: str) -> str:
        return "".join(f'\n[[printers]]\nae_title = "{title}"\nprofile = "small"\n' for title in titles)

    host = ward.printer()
    modalities = [Modality(host, iter(range(first, 30, 2))) for first in (0, 1)]
    for modality in modalities:
        modality.start()

    def reload_after(films: int, *titles: str, **changes: str) -> None:
        wait_until(lambda: sum(len(each.acknowledged) for each in modalities) >= films)
        ward.configure(printers(*titles), **changes)
        ward.reload()

    reload_after(7, "PRINTSCP", "EXTRA")
    with Scu(host.address, called="EXTRA") as scu:
        scu.create_session()
        assert printed(scu).Status == 0
        reload_after(14, "PRINTSCP", file_name="{printer}-{job}")
        refused = printed(scu)
        assert (refused.Status, refused.ErrorComment) == (
            LIMITED,
            "printer no longer set up: print to another one",
        )
    reload_after(21, "PRINTSCP", "OTHER", file_name="{job}")
    with Scu(host.address, called="OTHER") as scu:
        scu.create_session()
        assert printed(scu).Status == 0
    for modality in modalities:
        modality.join(60)
        assert modality.fault is None
    jobs = ward.wait_until_done(32)
    labels = Counter(job.order.label for job in jobs)
    assert labels == {"": 2} | {f"film {number}": 1 for number in range(30)}
    ward.settle(jobs)
