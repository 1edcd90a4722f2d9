"""The job table: who gets which job when, and that none is lost or done twice."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.film.display_format import Rectangle
from printscp.film.job import ExecutionStatus, Job
from printscp.film.sheet import Sheet, SheetImage
from printscp.spool import queue as module
from printscp.spool.queue import JobQueue

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


def sheet(priority: str = "MED") -> Sheet:
    return Sheet(
        film_size="8INX10IN",
        orientation="PORTRAIT",
        display_format="STANDARD\\2,1",
        width=10,
        height=12,
        dots_per_inch=1.0,
        boxes=(Rectangle(0, 0, 5, 12), Rectangle(5, 0, 5, 12)),
        label=Rectangle(0, 12, 10, 0),
        images=(SheetImage(1, 1, 1, 8, False, (1, 1), "CUBIC", 20, 310, b"x"),),
        printer_density=(20, 310),
        border_density=310,
        empty_image_density=20,
        illumination=2000,
        reflected_ambient_light=10,
        copies=2,
        priority=priority,
        medium="BLUE FILM",
        destination="PROCESSOR",
        printer_name="FILMS",
        originator="VIEWER",
        remarks=("Größe ignored",),
    )


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = JobQueue(tmp_path)
    yield queue
    queue.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time in its only item, to be set by the test."""
    now = [datetime(2026, 1, 2, 3, 4, 5)]
    monkeypatch.setattr(module, "_now", lambda: now[0])
    return now


def submit(queue: JobQueue, uid: str, priority: str = "MED") -> int:
    return queue.submit(uid, sheet(priority))


def taken(queue: JobQueue, holder: str = "a") -> Job:
    job = queue.take(holder)
    assert job is not None
    return job


def state(queue: JobQueue, number: int) -> tuple[ExecutionStatus, str, int]:
    [job] = [job for job in queue.jobs() if job.id == number]
    return job.status, job.info, job.attempts


def test_a_job_tells_what_became_of_its_film(queue: JobQueue, clock: list[datetime]) -> None:
    number = submit(queue, "1.2.3")
    [job] = queue.jobs()
    assert job == Job(
        id=number,
        sop_instance_uid="1.2.3",
        status=PENDING,
        info="",
        priority="MED",
        copies=2,
        film_size="8INX10IN",
        display_format="STANDARD\\2,1",
        images=1,
        printer_name="FILMS",
        originator="VIEWER",
        remarks=("Größe ignored",),
        attempts=0,
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        finished=None,
        output=None,
    )
    assert not job.ended
    job = taken(queue)
    assert (job.id, job.status, job.attempts, job.ended) == (number, PRINTING, 1, False)
    assert queue.take("b") is None
    clock[0] += timedelta(seconds=7)
    assert queue.done(job, "a", "/films/1.pdf")
    [job] = queue.jobs()
    assert (job.status, job.info, job.output, job.ended) == (DONE, "", "/films/1.pdf", True)
    assert job.finished == datetime(2026, 1, 2, 3, 4, 12, tzinfo=UTC)
    assert queue.take("a") is None


def test_the_queue_outlives_the_process(queue: JobQueue, tmp_path: Path) -> None:
    submit(queue, "1.2.3")
    queue.close()
    again = JobQueue(tmp_path)
    assert taken(again).sop_instance_uid == "1.2.3"
    again.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(priorities=st.lists(st.sampled_from(["HIGH", "MED", "LOW"]), min_size=1, max_size=7))
def test_priority_comes_first_and_then_age(tmp_path: Path, priorities: list[str]) -> None:
    queue = JobQueue(tmp_path)
    first = len(queue.jobs())
    numbers = [submit(queue, f"1.{first + i}", priority) for i, priority in enumerate(priorities)]
    assert numbers == sorted(numbers)
    order = []
    while job := queue.take("a"):
        order.append((job.priority, job.id))
        queue.done(job, "a", "x")
    queue.close()
    expected = sorted(
        zip(priorities, numbers, strict=True), key=lambda each: ("HML".index(each[0][0]), each[1])
    )
    assert order == expected


# --- who holds a job -------------------------------------------------------------------------------------


def test_only_the_holder_may_end_a_job(queue: JobQueue) -> None:
    number = submit(queue, "1.2.3")
    job = taken(queue, "a")
    before = state(queue, number)
    assert not queue.done(job, "b", "x")
    assert not queue.fail(job, "b", "x")
    assert not queue.postpone(job, "b", "x", 1)
    queue.give_back("b", 1, "x")
    assert state(queue, number) == before == (PRINTING, "", 1)

    # A worker that was taken for dead and wakes up: its job is another's by now.
    queue.give_back("a", 3, "its worker was killed")
    assert not queue.done(job, "a", "x")
    again = taken(queue, "b")
    assert again.id == number
    assert not queue.done(job, "a", "x")
    assert queue.done(again, "b", "x")
    # Ended is ended.
    assert not queue.done(again, "b", "y")
    assert not queue.fail(again, "b", "y")
    assert state(queue, number)[0] is DONE


def test_a_failure_is_for_good_and_tells_why(queue: JobQueue) -> None:
    number = submit(queue, "1.2.3")
    assert queue.fail(taken(queue), "a", "damaged")
    assert state(queue, number) == (FAILURE, "damaged", 1)
    [job] = queue.jobs()
    assert job.ended
    assert job.finished is not None
    assert queue.take("a") is None
    queue.recover()
    assert state(queue, number)[0] is FAILURE


def test_a_job_that_keeps_breaking_its_worker_is_given_up(queue: JobQueue) -> None:
    number, other = submit(queue, "1.2.3"), submit(queue, "1.2.4")
    for attempt in (1, 2):
        assert taken(queue, f"worker {attempt}").id == number
        queue.give_back(f"worker {attempt}", 3, "its worker was killed by SIGSEGV")
        assert state(queue, number) == (PENDING, "its worker was killed by SIGSEGV", attempt)
    assert taken(queue, "worker 3").id == number
    queue.give_back("worker 3", 3, "its worker was killed by SIGSEGV")
    status, info, attempts = state(queue, number)
    assert (status, attempts) == (FAILURE, 3)
    assert info == "given up after 3 attempts: its worker was killed by SIGSEGV"
    # The next in line is not held up, and a success wipes an old reason.
    assert taken(queue).id == other


def test_recover_is_no_attempt(queue: JobQueue) -> None:
    number, waiting = submit(queue, "1.2.3"), submit(queue, "1.2.4")
    for _ in range(5):
        job = taken(queue)
        assert (job.id, job.attempts) == (number, 1)
        queue.recover()
        assert state(queue, number)[0] is PENDING
        assert state(queue, number)[2] == 0
        assert not queue.done(job, "a", "x")
    assert state(queue, waiting) == (PENDING, "", 0)


# --- later -----------------------------------------------------------------------------------------------


def test_a_postponed_job_is_due_later_and_that_was_no_attempt(queue: JobQueue, clock: list[datetime]) -> None:
    assert queue.next_due() is None
    first, second = submit(queue, "1.2.3", "HIGH"), submit(queue, "1.2.4", "LOW")
    assert queue.next_due() == 0
    assert queue.postpone(taken(queue), "a", "disk full", 8)
    assert state(queue, first) == (PENDING, "disk full", 0)
    # It does not hold up the others, though it goes before them.
    assert taken(queue).id == second
    assert queue.next_due() == 8
    assert queue.take("a") is None
    clock[0] += timedelta(seconds=7.5)
    assert queue.next_due() == 0.5
    assert queue.take("a") is None
    clock[0] += timedelta(seconds=0.5)
    assert queue.next_due() == 0
    job = taken(queue)
    assert (job.id, job.attempts) == (first, 1)
    assert queue.done(job, "a", "x")
    assert state(queue, first) == (DONE, "", 1)
    assert queue.next_due() is None


def test_a_pause_is_never_longer_than_a_minute(queue: JobQueue, clock: list[datetime]) -> None:
    submit(queue, "1.2.3")
    assert queue.postpone(taken(queue), "a", "disk full", 1e9)
    assert queue.next_due() == 60
    clock[0] -= timedelta(hours=1)  # set back: the wait is longer, but it ends
    assert queue.next_due() == 3660


# --- records ---------------------------------------------------------------------------------------------


def test_unfinished_sheets_are_all_but_the_printed(queue: JobQueue) -> None:
    for number in range(4):
        submit(queue, f"1.2.{number}")
    queue.done(taken(queue), "a", "x")
    queue.fail(taken(queue), "a", "x")
    taken(queue)
    assert queue.unfinished_sheets() == {"1.2.1", "1.2.2", "1.2.3"}


def test_a_number_is_never_used_twice(queue: JobQueue, tmp_path: Path) -> None:
    numbers = [submit(queue, f"1.2.{i}") for i in range(3)]
    assert numbers == sorted(set(numbers))
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        connection.execute("DELETE FROM job")
    connection.close()
    assert submit(queue, "1.2.9") > numbers[-1]


def test_an_error_inside_a_transaction_changes_nothing(queue: JobQueue) -> None:
    submit(queue, "1.2.3")
    with pytest.raises(Exception, match="UNIQUE"):
        submit(queue, "1.2.3")
    assert len(queue.jobs()) == 1
    assert submit(queue, "1.2.4") > 1


def test_a_job_table_that_is_none_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"a letter to the editor" * 100)
    with pytest.raises(SetupError, match="not a database"):
        JobQueue(tmp_path)


def test_every_commit_is_on_disk_when_it_returns(queue: JobQueue) -> None:
    with queue._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


# --- many at once ----------------------------------------------------------------------------------------


def test_two_never_get_the_same_job(tmp_path: Path) -> None:
    jobs, takers = 200, 4
    queue = JobQueue(tmp_path)
    got: dict[str, list[int]] = {f"worker {i}": [] for i in range(takers)}
    faults: list[BaseException] = []
    full = threading.Barrier(takers + 1, timeout=30)

    def work(holder: str) -> None:
        own = JobQueue(tmp_path)  # as a process of its own would have it
        try:
            full.wait()
            while len(got[holder]) < jobs:
                last = submitted.is_set()
                job = own.take(holder)
                if job is None and last:
                    return
                if job is None:
                    continue
                got[holder].append(job.id)
                assert own.done(job, holder, holder)
        except BaseException as error:
            faults.append(error)
        finally:
            own.close()

    submitted = threading.Event()
    workers = [threading.Thread(target=work, args=(holder,)) for holder in got]
    for worker in workers:
        worker.start()
    for i in range(jobs // 2):
        submit(queue, f"1.{i}")
    full.wait()
    for i in range(jobs // 2, jobs):
        submit(queue, f"1.{i}")
    submitted.set()
    for worker in workers:
        worker.join(timeout=60)
    assert faults == []
    numbers = [number for mine in got.values() for number in mine]
    assert len(numbers) == len(set(numbers)) == jobs
    ended = {job.id: job for job in queue.jobs()}
    assert all(ended[number].output == holder for holder, mine in got.items() for number in mine)
    assert {job.status for job in ended.values()} == {DONE}
    assert {job.attempts for job in ended.values()} == {1}
    queue.close()
