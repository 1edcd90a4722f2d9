"""The workshop without printers: what it tells of jobs and outputs, and its housekeeping."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from printscp import workshop as rooms
from printscp.config import Settings, load
from printscp.errors import NotPossible, SetupError
from printscp.film.job import JobFilm, JobNews
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Spool
from printscp.spool.queue import OutputState
from printscp.supervisor import Crew
from printscp.workshop import Workshop

pytestmark = pytest.mark.slow

PATIENCE = 30.0  # seconds for anything; only something broken takes as long
FILMS = [JobFilm("1.2.3-1", "8INX10IN", "STANDARD\\1,1", 1)]
FULL = PrinterState("WARNING", "PRINT BUFF FULL")


class Ear:
    """Hears what a workshop says."""

    def __init__(self) -> None:
        self.news: list[JobNews] = []
        self.states: Mapping[str, OutputState] = {}
        self.said = threading.Condition()

    def hear(self, news: list[JobNews], states: Mapping[str, OutputState]) -> None:
        with self.said:
            self.news += news
            self.states = states
            self.said.notify_all()

    def wait_for(self, condition: Callable[[], object]) -> None:
        with self.said:
            assert self.said.wait_for(condition, PATIENCE)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings without workers, unless told otherwise."""

    def settings(**fields: Any) -> Settings:
        given = {"spool": tmp_path / "spool", "output": tmp_path / "films", "workers": 0, "reserve_mib": 0}
        return load(**(given | fields))

    return settings


@pytest.fixture
def opened(settings: Callable[..., Settings], ear: Ear) -> Iterator[Callable[..., Workshop]]:
    """Starts workshops, and stops them after the test."""
    started: list[Workshop] = []

    def opened(**fields: Any) -> Workshop:
        workshop = Workshop(settings(**fields), "serve", ear.hear)
        workshop.start()
        started.append(workshop)
        workshop.begin()
        return workshop

    yield opened
    for workshop in started:
        workshop.stop(PATIENCE)


def submit(workshop: Workshop, order: Order, sheet: Sheet, uid: str = "1.2.3") -> int:
    draft = workshop.spool.draft()
    draft.keep(sheet)
    number = workshop.spool.submit(uid, order, [draft], workshop.route)
    draft.discard()
    return number


def running(spool: Path) -> list[Path]:
    return list((spool / "run").iterdir())


def test_what_happens_to_jobs_on_another_host_is_heard(
    opened: Callable[..., Workshop], ear: Ear, order: Order, sheet: Sheet, tmp_path: Path
) -> None:
    workshop = opened()
    number = submit(workshop, replace(order, label="THORAX"), sheet)
    host = Spool(tmp_path / "spool")  # nobody rings a bell for it
    name = f"pdf {tmp_path / 'films'}"
    claim = host.claims.take("there", {name: 0})
    assert claim is not None
    claim.postpone(PrinterState("WARNING", "SUPPLY EMPTY"), "out of film", 0.1)
    ear.wait_for(lambda: len(ear.news) == 2)
    assert ear.news == [
        JobNews("1.2.3", status, info, "PRINTSCP", "THORAX")
        for status, info in (("PRINTING", "NORMAL"), ("PENDING", "SUPPLY EMPTY"))
    ]
    ear.wait_for(lambda: ear.states)
    assert ear.states == {name: OutputState(PrinterState("WARNING", "SUPPLY EMPTY"), "out of film")}
    while (claim := host.claims.take("there", {name: 0})) is None:  # the test's time-out is the limit
        threading.Event().wait(0.01)
    claim.done("x")
    ear.wait_for(lambda: not ear.states)
    assert [each.status for each in ear.news] == ["PRINTING", "PENDING", "DONE"]
    assert host.queue.job(number) == workshop.spool.queue.job(number)
    host.close()


def test_a_spool_that_is_full_is_heard(
    opened: Callable[..., Workshop], ear: Ear, order: Order, sheet: Sheet, settings: Callable[..., Settings]
) -> None:
    workshop = opened(queue_limit=1)
    number = submit(workshop, order, sheet)
    ear.wait_for(lambda: ear.states)
    assert ear.states == {"": OutputState(FULL, "1 jobs wait")}
    workshop.spool.queue.cancel(number)
    ear.wait_for(lambda: not ear.states)
    workshop.reload(settings(queue_limit=0, reserve_mib=1 << 40))
    ear.wait_for(lambda: ear.states)
    assert ear.states[""].printer == FULL
    workshop.reload(settings())
    ear.wait_for(lambda: not ear.states)


def test_a_job_table_that_is_away_is_looked_at_again(
    opened: Callable[..., Workshop],
    ear: Ear,
    order: Order,
    sheet: Sheet,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    workshop = opened()
    failures = iter(
        [OperationalError("", {}, sqlite3.OperationalError("disk I/O error")), OSError(5, "I/O error")]
    )
    state = workshop.spool.state

    def away() -> Any:
        if (failure := next(failures, None)) is not None:
            raise failure
        return state()

    with monkeypatch.context() as patch:
        patch.setattr(workshop.spool, "state", away)
        submit(workshop, order, sheet)
        claim = workshop.spool.claims.take("a", dict.fromkeys(workshop.spool.queue.waiting_for(), 0))
        assert claim is not None
        ear.wait_for(lambda: ear.news)  # nothing is lost of it
    assert "job table does not work" in caplog.text
    assert "spool does not work" in caplog.text
    assert workshop.healthy()
    monkeypatch.setattr(rooms, "_HUNG", 0.0)
    assert not workshop.healthy()


_DYING = """
import os, sys
from pathlib import Path
from printscp.spool.folder import Spool
from printscp.spool.processes import Presence

presence = Presence(Path(sys.argv[1]), "worker")
claim = Spool(Path(sys.argv[1]), presence=presence).claims.take(presence.name, {sys.argv[2]: 0})
print(claim.job.id, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_died_on_this_host_is_taken_over_at_once(
    opened: Callable[..., Workshop],
    ear: Ear,
    order: Order,
    sheet: Sheet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    monkeypatch.setattr(rooms, "_BURY", 0.05)
    workshop = opened()
    number = submit(workshop, order, sheet)
    if when == "before":
        workshop.stop(PATIENCE)
    dying = [sys.executable, "-c", _DYING, str(tmp_path / "spool"), f"pdf {tmp_path / 'films'}"]
    assert subprocess.run(dying, capture_output=True, text=True, check=False).stdout == f"{number}\n"
    if when == "before":
        assert len(running(tmp_path / "spool")) == 1
        workshop = opened()
    else:
        ear.wait_for(lambda: [each.status for each in ear.news] == ["PRINTING", "PENDING"])
    job = workshop.spool.queue.job(number)
    assert job is not None
    assert (job.status, job.info, job.attempts) == ("PENDING", "its process ended", 1)
    assert [path.name for path in running(tmp_path / "spool")] == [workshop.spool._presence.name]  # type: ignore[union-attr]


def test_what_nobody_has_any_more_is_swept_now_and_then(
    opened: Callable[..., Workshop], sheet: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_TIDY", 0.0)
    monkeypatch.setattr(rooms, "_BURY", 0.05)  # it tidies up as often as it looks for the dead
    monkeypatch.setattr("printscp.spool.folder._SWEEP_PATIENCE", 0)
    workshop = opened()
    draft = workshop.spool.draft()
    draft.keep(sheet)
    ours, other = workshop.spool._database.identity + "-1.2.3-1", "another-1.2.3-1"
    workshop.spool.sheets.make_good({ours: draft.sheet, other: draft.sheet})
    while ours in workshop.spool.sheets:  # the test's time-out is the limit
        threading.Event().wait(0.01)
    # The film that is being made stays, and so do those of another job table.
    assert len(list((tmp_path / "spool" / "sheets").iterdir())) == 2
    draft.discard()


def test_jobs_of_an_earlier_version_are_routed_and_none_keeps_it_from_starting(
    opened: Callable[..., Workshop], order: Order, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workshop = opened()
    films = [replace(FILMS[0], sheet="x")]
    ours = workshop.spool.queue.submit("1.2.3", order, FILMS, [], ["x"])
    gone = workshop.spool.queue.submit("1.2.4", replace(order, printer_name="GONE"), films, [], ["x"])
    with workshop.spool._database.write() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM delivery")
    workshop.stop(PATIENCE)
    workshop = opened()
    queue = workshop.spool.queue
    jobs = [queue.job(number) for number in (ours, gone)]
    outputs = [[each.output for each in job.deliveries] for job in jobs if job is not None]
    assert outputs == [[f"pdf {tmp_path / 'films'}"], ["GONE"]]
    assert queue.cancel(gone).ended
    with pytest.raises(NotPossible):
        queue.cancel(gone)


def test_jobs_that_wait_for_what_is_not_set_up_are_told_of(
    opened: Callable[..., Workshop],
    order: Order,
    sheet: Sheet,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    workshop = opened()
    submit(workshop, order, sheet)
    workshop.stop(PATIENCE)
    opened(workers=1, output=tmp_path / "elsewhere")
    [record] = [each for each in caplog.records if "not set up here" in each.message]
    assert record.__dict__["outputs"] == [f"pdf {tmp_path / 'films'}"]


def test_what_cannot_start_leaves_nothing_behind(
    settings: Callable[..., Settings], ear: Ear, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    for fields, words in (
        ({"workers": 1, "output": tmp_path / "file"}, f"output pdf {tmp_path / 'file'}: "),
        ({"sheets": str(tmp_path / "not mounted")}, "sheets .*not mounted"),
        ({"database": f"sqlite:///{tmp_path}"}, "job table"),
        ({"spool": tmp_path / "file"}, "spool .*file"),
    ):
        workshop = Workshop(settings(**fields), "serve", ear.hear)
        with pytest.raises(SetupError, match=words) as caught:
            workshop.start()
        assert "\n" not in str(caught.value)
        workshop.stop(PATIENCE)
    assert running(tmp_path / "spool") == []
    # An output that others deliver to need not be usable here.
    workshop = Workshop(settings(output=tmp_path / "file"), "serve", ear.hear)
    workshop.start()
    workshop.stop(PATIENCE)


@pytest.mark.parametrize("key", ["spool", "database", "sheets", "lease"])
def test_what_a_reload_cannot_change_is_said(
    opened: Callable[..., Workshop], settings: Callable[..., Settings], tmp_path: Path, key: str
) -> None:
    workshop = opened()
    (tmp_path / "other").mkdir()
    values = {
        "spool": tmp_path / "other",
        "database": f"sqlite:///{tmp_path / 'other.sqlite'}",
        "sheets": str(tmp_path / "other"),
        "lease": 5.0,
    }
    with pytest.raises(SetupError, match=f"{key}: cannot be changed by a reload: restart printscp"):
        workshop.reload(settings(**{key: values[key]}))


@pytest.mark.slow
def test_workers_share_the_cores(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    told = "import cv2, printscp.worker as w; w._work = lambda *_: print(cv2.getNumThreads()); w.main()"
    crews: list[Crew] = []

    def hire(*arguments: Any) -> Crew:
        crews.append(Crew(*arguments))
        return crews[-1]

    monkeypatch.setattr(rooms, "Crew", hire)
    workshop = Workshop(settings(workers=2), "serve", Ear().hear)
    workshop.start()
    workshop.stop(PATIENCE)
    [crew] = crews
    setup = crew._supervisors[0]._setup
    done = subprocess.run([sys.executable, "-c", told], input=setup, capture_output=True, check=True)
    assert done.stdout.splitlines()[1:] == [b"3"]
