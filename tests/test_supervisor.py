"""The supervisor with processes: what it passes on, in which order, and what becomes of those that die."""

import contextlib
import os
import queue
import random
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from printscp.film.job import JobNews
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Spool, lock
from printscp.supervisor import Crew, worker_command

pytestmark = pytest.mark.slow

PATIENCE = 60.0  # seconds for any one piece of news; only something broken takes as long

# Takes a job and goes on with it as the test says.
_WORKER = """
import os, sys
from pathlib import Path
from printscp.spool.folder import Spool
from printscp.spool.news import write_line

spool, holder = Spool(Path(sys.argv[1])), sys.argv[3]
queue = spool.queue

def die():
    os.kill(os.getpid(), 9)

while True:
    job = queue.take(holder)
    if job is None and not sys.stdin.buffer.raw.read(1):
        sys.exit()
    elif job is not None:
        print(write_line(job), flush=True)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.fixture
def news() -> "queue.Queue[JobNews]":
    return queue.Queue()


@pytest.fixture
def supervise(
    spool: Spool, news: "queue.Queue[JobNews]", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Crew]]:
    """Starts workers of a command, or such that do this with each job they have taken."""
    monkeypatch.setattr("printscp.supervisor._SHORT_LIFE", 0.02)
    handle = lock(spool.folder)
    started: list[Crew] = []

    def start(command: list[str] | str, attempts: int = 3, workers: int = 1) -> Crew:
        if isinstance(command, str):
            code = _WORKER + "".join(f"        {line}\n" for line in command.splitlines())
            command = [sys.executable, "-c", code, str(spool.folder)]
        crew = Crew(workers, spool.queue, command, handle, attempts, news.put)
        crew.start()
        started.append(crew)
        return crew

    yield start
    for crew in started:
        crew.stop()
    os.close(handle)


@pytest.fixture
def submit(spool: Spool, order: Order, sheet: Sheet) -> Callable[..., str]:
    """Makes a job, and returns its UID."""
    uids = (f"1.2.{number}" for number in range(1000))

    def submit(films: int = 1, **fields: Any) -> str:
        uid, draft = next(uids), spool.draft()
        draft.keep(sheet)
        spool.submit(uid, replace(order, **fields), [draft] * films)
        draft.discard()
        return uid

    return submit


def told(news: "queue.Queue[JobNews]", count: int) -> list[tuple[str, str, str]]:
    """The next so many pieces of news: UID, status and status info."""
    pieces = [news.get(timeout=PATIENCE) for _ in range(count)]
    return [(each.uid, each.status, each.status_info) for each in pieces]


def test_every_change_is_told_in_order(
    spool: Spool,
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    tmp_path: Path,
) -> None:
    folders = {"A=B C": tmp_path / "a=b c", 'Ü"{': tmp_path / "two", "BROKEN": tmp_path / "broken"}
    outputs = {name: [{"type": "pdf", "folder": folder}] for name, folder in folders.items()}
    (tmp_path / "broken").write_text("in the way")
    first = submit(printer_name="A=B C", label='DOE^JANE\n"Größe"')
    crew = supervise(worker_command(spool.folder, outputs))
    assert news.get(timeout=PATIENCE) == JobNews(first, "PRINTING", "NORMAL", "A=B C", 'DOE^JANE\n"Größe"')
    assert told(news, 1) == [(first, "DONE", "NORMAL")]
    second, third = submit(films=2, printer_name='Ü"{', priority="HIGH"), submit(printer_name="BROKEN")
    crew.wake()
    assert told(news, 4) == [
        (second, "PRINTING", "NORMAL"),
        (second, "DONE", "NORMAL"),
        (third, "PRINTING", "NORMAL"),
        (third, "PENDING", "CHECK PRINTER"),
    ]
    assert [len(list(folder.iterdir())) for folder in (tmp_path / "a=b c", tmp_path / "two")] == [1, 1]


def test_a_job_that_keeps_killing_its_worker_is_told_of_to_its_end(
    news: "queue.Queue[JobNews]", supervise: Callable[..., Crew], submit: Callable[..., str]
) -> None:
    uid = submit(label="THORAX")
    supervise("die()", attempts=3)
    assert told(news, 6) == [
        (uid, "PRINTING", "NORMAL"),
        (uid, "PENDING", "QUEUED"),
        (uid, "PRINTING", "NORMAL"),
        (uid, "PENDING", "QUEUED"),
        (uid, "PRINTING", "NORMAL"),
        (uid, "FAILURE", "ELEC SW ERROR"),
    ]


@pytest.mark.parametrize(
    ("recorded", "state"),
    [
        ("queue.done(job, holder, ['x'])", ("DONE", "NORMAL")),
        ("queue.postpone(job, holder, 'x', 60)", ("PENDING", "CHECK PRINTER")),
    ],
)
def test_what_a_worker_recorded_and_died_before_it_told_is_told(
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    recorded: str,
    state: tuple[str, str],
) -> None:
    first, second = submit(label="THORAX"), submit(printer_name="OTHER")
    supervise(f"{recorded}; die()")
    assert told(news, 4) == [
        (first, "PRINTING", "NORMAL"),
        (first, *state),
        (second, "PRINTING", "NORMAL"),
        (second, *state),
    ]


def test_what_is_told_is_told_once(
    news: "queue.Queue[JobNews]", supervise: Callable[..., Crew], submit: Callable[..., str]
) -> None:
    first, second = submit(), submit()
    # The end of the second is cut in the middle of its line.
    supervise(
        "line = write_line(queue.done(job, holder, ['x'])) + '\\n'\n"
        f"print(line if job.uid == {first!r} else line[:20], end='', flush=True)\n"
        "die()"
    ).wake()
    assert told(news, 4) == [
        (first, "PRINTING", "NORMAL"),
        (first, "DONE", "NORMAL"),
        (second, "PRINTING", "NORMAL"),
        (second, "DONE", "NORMAL"),
    ]


def test_a_line_that_is_no_news_does_no_harm(
    news: "queue.Queue[JobNews]", supervise: Callable[..., Crew], submit: Callable[..., str]
) -> None:
    uid = submit()
    supervise(
        "print('libsomething: warning'); print(); print('{}')\n"
        "print(write_line(queue.done(job, holder, ['x'])), flush=True)"
    )
    assert told(news, 2) == [(uid, "PRINTING", "NORMAL"), (uid, "DONE", "NORMAL")]


def test_a_job_table_that_is_stuck_for_now_is_asked_again(
    spool: Spool,
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give_back, failures = spool.queue.give_back, [2]

    def stuck(*arguments: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))
        return give_back(*arguments)

    monkeypatch.setattr(spool.queue, "give_back", stuck)
    uid = submit()
    supervise("die()", attempts=1)
    assert told(news, 2) == [(uid, "PRINTING", "NORMAL"), (uid, "FAILURE", "ELEC SW ERROR")]
    assert failures == [0]


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_killed_at_random_moments_lose_no_film_and_print_none_twice(
    spool: Spool,
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    tmp_path: Path,
    workers: int,
) -> None:
    jobs, moments = 12, random.Random(5)
    outputs = {"PRINTSCP": [{"type": "pdf", "folder": tmp_path / "films"}]}
    crew = supervise(worker_command(spool.folder, outputs), attempts=99, workers=workers)
    uids = [submit(films=2) for _ in range(jobs)]
    crew.wake()
    states: dict[str, list[str]] = {uid: [] for uid in uids}
    pause = threading.Event()
    while any(story[-1:] != ["DONE"] for story in states.values()):
        uid, status, _ = told(news, 1)[0]
        states[uid].append(status)
        if status == "PRINTING" and moments.random() < 0.3:
            pause.wait(moments.uniform(0, 0.01))
            with contextlib.suppress(ProcessLookupError):  # killed a moment ago, and not yet replaced
                os.kill(moments.choice(crew.pids), signal.SIGKILL)
    # Each job's story is one that can be: what is done is done, and told once.
    for story in states.values():
        assert re.fullmatch("((PRINTING )?PENDING )*(PRINTING )?DONE ", " ".join(story) + " "), story
    done = spool.queue.jobs()
    films = [str(path) for path in (tmp_path / "films").iterdir()]
    assert sorted(films) == sorted(place for job in done for place in job.outputs)
    for path in (tmp_path / "films").iterdir():
        assert len(re.findall(rb"/Subtype /Image", path.read_bytes())) == 2


def test_several_workers_share_the_jobs_and_end_when_theirs_are_done(
    spool: Spool,
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    tmp_path: Path,
) -> None:
    uids = {submit() for _ in range(3)}
    # Each waits for the others to have a job, and then for the end.
    crew = supervise(
        f"import select; folder = Path({str(tmp_path)!r}); (folder / holder).touch()\n"
        "while len(list(folder.glob('worker-*'))) < 3: select.select([], [], [], 0.01)\n"
        "while sys.stdin.buffer.raw.read(1): pass\n"
        "print(write_line(queue.done(job, holder, ['x'])), flush=True)\n"
        "sys.exit()",
        workers=3,
    )
    assert len(set(crew.pids)) == 3
    assert {uid for uid, status, _ in told(news, 3) if status == "PRINTING"} == uids
    crew.stop()
    assert sorted(told(news, 3)) == sorted((uid, "DONE", "NORMAL") for uid in uids)
    assert news.empty()


def test_a_job_given_back_is_told_of_before_another_worker_has_it(
    spool: Spool,
    news: "queue.Queue[JobNews]",
    supervise: Callable[..., Crew],
    submit: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give_back = spool.queue.give_back
    wake = threading.Event()

    def given_back_and_taken(*arguments: Any) -> Any:
        jobs = give_back(*arguments)
        crew.wake()  # another worker may have it before this is told
        wake.wait(0.3)
        return jobs

    uid = submit()
    monkeypatch.setattr(spool.queue, "give_back", given_back_and_taken)
    first = spool.folder / "first"
    crew = supervise(
        f"import pathlib; first = pathlib.Path({str(first)!r})\n"
        "if not first.exists(): first.touch(); die()\n"
        "print(write_line(queue.done(job, holder, ['x'])), flush=True)",
        workers=2,
    )
    assert told(news, 4) == [
        (uid, "PRINTING", "NORMAL"),
        (uid, "PENDING", "QUEUED"),
        (uid, "PRINTING", "NORMAL"),
        (uid, "DONE", "NORMAL"),
    ]
