"""The supervisor with processes: what it tells them, what it hears, and what becomes of those that die."""

import contextlib
import os
import queue
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy.exc import OperationalError

from printscp.film.sheet import Order, Sheet
from printscp.spool.claim import Claims
from printscp.spool.folder import Retention, Spool
from printscp.spool.processes import living
from printscp.supervisor import Crew, WorkerSetup

PATIENCE = 60.0  # seconds for any one thing; only something broken takes as long

# Tells its name and its pid as real ones do, and goes on as the test says; it starts quickly.
_WORKER = """
import os, sys
setup = sys.stdin.buffer.raw.readline()
def say(what):
    os.write(1, what)
def die():
    os.kill(os.getpid(), 9)
say(b'worker-%d\\n' % os.getpid())
"""
_UNTIL_THE_END = "\nwhile sys.stdin.buffer.raw.read(1): say(b'.')"


class Ledger:
    """Stands for the job table: notes what is given back, and fails so many times before."""

    def __init__(self) -> None:
        self.given_back: queue.Queue[tuple[str, str]] = queue.Queue()
        self.failures = 0

    def give_back(self, holder: str, why: str) -> None:
        if self.failures:
            self.failures -= 1
            raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))
        self.given_back.put((holder, why))


def setup(spool: Path, **fields: Any) -> WorkerSetup:
    values: dict[str, Any] = {
        "spool": spool,
        "database": None,
        "sheets": None,
        "lease": 30.0,
        "attempts": 99,
        "keep": Retention(jobs=5, size=1 << 20),
        "outputs": {},
        "threads": 1,
        "log_format": "text",
    }
    return WorkerSetup(**(values | fields))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def changes() -> threading.Semaphore:
    """As often to be had as a change was told."""
    return threading.Semaphore(0)


@pytest.fixture
def hire(
    tmp_path: Path, ledger: Ledger, changes: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Crew]]:
    """Starts workers that do what the code says, or those of a command."""
    monkeypatch.setattr("printscp.supervisor._SHORT_LIFE", 0.02)
    started: list[Crew] = []

    def hire(code: str, workers: int = 1, claims: Any = ledger, **fields: Any) -> Crew:
        command = (sys.executable, "-S", "-E", "-c", _WORKER + code)
        crew = Crew(workers, setup(tmp_path, **fields), claims, changes.release, command)
        crew.start()
        started.append(crew)
        return crew

    yield hire
    for crew in started:
        crew.stop(0)


def heard(changes: threading.Semaphore, count: int = 1) -> None:
    for _ in range(count):
        assert changes.acquire(timeout=PATIENCE)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_worker_is_told_what_it_goes_by_and_nobody_else_is(
    hire: Callable[..., Crew], tmp_path: Path, changes: threading.Semaphore
) -> None:
    """What stands in a command line can be read by all."""
    told = tmp_path / "told"
    fields = {
        "database": "postgresql://u:secret@h/d",
        "outputs": {'Ü"{': {"type": "pdf", "folder": "a\nb"}},
        "keep": Retention(3, None, 2.5, 9.0),
    }
    crew = hire(f"open({str(told)!r}, 'wb').write(setup); say(b'.'){_UNTIL_THE_END}", **fields)
    heard(changes)
    assert TypeAdapter(WorkerSetup).validate_json(told.read_bytes()) == setup(tmp_path, **fields)
    [pid] = crew.pids
    for place in ("cmdline", "environ"):
        assert b"secret" not in Path(f"/proc/{pid}/{place}").read_bytes()


def test_workers_are_woken_and_tell_of_changes(
    hire: Callable[..., Crew], changes: threading.Semaphore
) -> None:
    crew = hire(_UNTIL_THE_END, workers=3)
    assert len(set(crew.pids)) == 3
    for _ in range(2):
        crew.wake()
        heard(changes)  # by each, or by some at once


def test_a_worker_that_does_not_listen_holds_nobody_up(hire: Callable[..., Crew]) -> None:
    crew = hire("import time; time.sleep(1000)")
    for _ in range(100_000):  # more than a pipe holds
        crew.wake()


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("os.kill(os.getpid(), 9)", "its worker was killed by SIGKILL"),
        ("os.kill(os.getpid(), 11)", "its worker was killed by SIGSEGV"),
        ("sys.exit(3)", "its worker ended with code 3"),
    ],
)
def test_what_a_dead_worker_had_is_given_back_and_another_replaces_it(
    hire: Callable[..., Crew],
    ledger: Ledger,
    changes: threading.Semaphore,
    tmp_path: Path,
    end: str,
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = tmp_path / "first"
    crew = hire(
        f"if not os.path.exists({str(first)!r}): open({str(first)!r}, 'w').write(str(os.getpid())); {end}\n"
        f"say(b'.'){_UNTIL_THE_END}"
    )
    holder, reason = ledger.given_back.get(timeout=PATIENCE)
    assert (holder, reason) == (f"worker-{first.read_text()}", why)
    heard(changes, 2)  # that it is given back, and what the next one says
    [pid] = crew.pids
    assert pid != int(first.read_text())
    assert "worker replaced" in caplog.text
    crew.wake()
    heard(changes)


def test_a_worker_that_dies_before_it_has_a_name_is_replaced(
    ledger: Ledger, changes: threading.Semaphore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.supervisor._SHORT_LIFE", 0.02)
    command = (sys.executable, "-S", "-E", "-c", f"open({str(tmp_path / 'died')!r}, 'a').write('x')")
    crew = Crew(1, setup(tmp_path, outputs={"x": {"long": "x" * 200_000}}), ledger, changes.release, command)  # type: ignore[arg-type]
    crew.start()
    for _ in range(3):
        assert ledger.given_back.get(timeout=PATIENCE) == ("", "its worker ended with code 0")
    crew.wake()
    crew.stop(PATIENCE)
    assert len((tmp_path / "died").read_text()) >= 3


def test_one_that_dies_at_once_is_not_replaced_at_once_and_can_be_stopped_meanwhile(
    hire: Callable[..., Crew], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.supervisor._SHORT_LIFE", 1000.0)
    crew = hire("die()")
    ledger.given_back.get(timeout=PATIENCE)
    crew.stop(PATIENCE)
    assert ledger.given_back.empty()
    assert all(is_gone(pid) for pid in crew.pids)


def test_a_job_table_that_is_away_leaves_it_to_the_lease(
    hire: Callable[..., Crew], ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.failures = 2
    hire("die()")
    ledger.given_back.get(timeout=PATIENCE)  # of the third
    said = [record for record in caplog.records if "waits for its lease" in record.message]
    assert [record.__dict__["error"] for record in said] == ["database or disk is full"] * 2


def test_workers_that_are_dismissed_finish_what_they_have(
    hire: Callable[..., Crew], ledger: Ledger, tmp_path: Path, changes: threading.Semaphore
) -> None:
    crew = hire(
        f"say(b'.'){_UNTIL_THE_END}\nopen({str(tmp_path)!r} + '/finished-%d' % os.getpid(), 'w').close()",
        workers=3,
    )
    heard(changes, 3)
    pids = crew.pids
    crew.dismiss()
    crew.dismiss()
    crew.wake()  # and nobody listens
    crew.stop(PATIENCE)
    assert {path.name for path in tmp_path.glob("finished-*")} == {f"finished-{pid}" for pid in pids}
    assert crew.pids == pids  # nobody came after them
    assert all(map(is_gone, pids))


def test_a_worker_that_does_not_end_is_killed_and_its_job_is_given_back(
    hire: Callable[..., Crew],
    ledger: Ledger,
    changes: threading.Semaphore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    crew = hire("import signal, time; signal.signal(15, signal.SIG_IGN); say(b'.'); time.sleep(1000)")
    heard(changes)
    [pid] = crew.pids
    crew.stop(0.05)
    assert ledger.given_back.get_nowait() == (f"worker-{pid}", "its worker was killed by SIGKILL")
    assert is_gone(pid)
    assert "worker does not end: killed; its job waits" in caplog.text


def test_what_never_started_is_stopped(tmp_path: Path, ledger: Ledger) -> None:
    Crew(2, setup(tmp_path), ledger, lambda: None).stop(PATIENCE)  # type: ignore[arg-type]


# --- with real workers -----------------------------------------------------------------------------------


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", attempts=99)
    yield spool
    spool.close()


@pytest.fixture
def submit(spool: Spool, order: Order, sheet: Sheet) -> Callable[..., str]:
    """Makes a job for the output films, and returns its UID."""
    uids = (f"1.2.{number}" for number in range(1000))

    def submit(films: int = 1, **fields: Any) -> str:
        uid, draft = next(uids), spool.draft()
        draft.keep(sheet)
        spool.submit(uid, replace(order, **fields), [draft] * films, lambda *_: ("films",))
        draft.discard()
        return uid

    return submit


@contextlib.contextmanager
def at_work(
    spool: Spool, claims: Claims, workers: int, changed: Callable[[], None], **fields: Any
) -> Iterator[Crew]:
    crew = Crew(workers, setup(spool.folder, **fields), claims, changed)
    crew.start()
    try:
        yield crew
    finally:
        crew.stop(PATIENCE)


@pytest.mark.slow
def test_a_worker_is_seen_as_long_as_it_lives_and_ends_when_it_is_told_to(
    spool: Spool, submit: Callable[..., str], changes: threading.Semaphore, tmp_path: Path
) -> None:
    (tmp_path / "films").mkdir()
    outputs = {"films": {"type": "pdf", "folder": str(tmp_path / "films")}}
    submit()
    with at_work(spool, spool.claims, 1, changes.release, outputs=outputs) as crew:
        heard(changes, 2)  # its beginning and its end
        [pid] = crew.pids
        [process] = living(spool.folder)
        assert (process.pid, process.kind) == (pid, "worker")
        os.kill(pid, signal.SIGINT)  # of Ctrl-C, which all get
        os.kill(pid, signal.SIGHUP)  # and of a terminal that closes
        submit()
        crew.wake()
        heard(changes, 2)
        assert crew.pids == (pid,)
        os.kill(pid, signal.SIGTERM)
        heard(changes)  # it has ended, without a word of it
        submit()
        heard(changes, 2)  # of the one that came after it
        assert crew.pids != (pid,)
    assert [(job.status, job.attempts) for job in spool.queue.jobs()] == [("DONE", 1)] * 3
    assert list((spool.folder / "run").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_killed_at_random_moments_lose_no_film_and_print_none_twice(
    spool: Spool,
    submit: Callable[..., str],
    tmp_path: Path,
    workers: int,
    changes: threading.Semaphore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("printscp.supervisor._SHORT_LIFE", 0.02)
    jobs, moments, reader, kills = 12, random.Random(5), spool.news(), 0
    (tmp_path / "films").mkdir()
    outputs = {"films": {"type": "pdf", "folder": str(tmp_path / "films")}}
    uids = [submit(films=2) for _ in range(jobs)]
    states: dict[str, list[str]] = {uid: [] for uid in uids}
    pause = threading.Event()
    with at_work(spool, spool.claims, workers, changes.release, outputs=outputs) as crew:
        while any(story[-1:] != ["DONE"] for story in states.values()):
            heard(changes)
            for news in reader.read():
                states[news.uid].append(news.status)
                if news.status == "PRINTING" and kills < 8 and moments.random() < 0.3:
                    pause.wait(moments.uniform(0, 0.01))
                    for pid in crew.pids:
                        with contextlib.suppress(ProcessLookupError):  # killed a moment ago, not yet replaced
                            os.kill(pid, signal.SIGKILL)
                            kills += 1
    # Each job's story is one that can be: what is done is done, and told once.
    for story in states.values():
        assert re.fullmatch("(PRINTING PENDING )*PRINTING DONE ", " ".join(story) + " "), story
    assert kills >= 2
    done = spool.queue.jobs()
    films = [str(path) for path in (tmp_path / "films").glob("[!.]*")]
    assert sorted(films) == sorted(place for job in done for place in job.outputs)
    for path in (tmp_path / "films").glob("[!.]*"):
        assert len(re.findall(rb"/Subtype /Image", path.read_bytes())) == 2


@pytest.mark.slow
def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    """One that is killed takes its line with it."""
    code = (
        "import sys, time; from pathlib import Path; from printscp.spool.folder import *\n"
        "from printscp.supervisor import *\n"
        "folder = Path(sys.argv[1]); keep = Retention()\n"
        "setup = WorkerSetup(folder, None, None, 30.0, 5, keep, {}, 1, 'text')\n"
        "crew = Crew(2, setup, Spool(folder).claims, lambda: None); crew.start()\n"
        "print(*crew.pids, flush=True); time.sleep(1000)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.communicate()  # until the workers, which have the other end as well, are gone
    waiting = threading.Event()
    while not all(map(is_gone, pids)):  # the test's time-out is the limit
        waiting.wait(0.02)
    assert len(pids) == 2
