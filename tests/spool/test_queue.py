"""The job table: who gets which job when, and that none is lost or done twice."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job, JobFilm
from printscp.film.sheet import Order
from printscp.spool import queue as module
from printscp.spool.queue import JobQueue, StatusInfo, film_remarks

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
ORDER = Order(
    copies=2,
    priority="MED",
    medium="BLUE FILM",
    destination="PROCESSOR",
    label="THORAX",
    owner="WARD 3",
    printer_name="FILMS",
    originator="VIEWER",
    remarks=("Größe ignored",),
)
FILMS = (JobFilm("1.2.3-1", "8INX10IN", "STANDARD\\2,1", 1), JobFilm("1.2.3-2", "A4", "STANDARD\\1,1", 0))


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


def submit(queue: JobQueue, uid: str, priority: str = "MED", printer_name: str = "FILMS") -> int:
    order = replace(ORDER, priority=priority, printer_name=printer_name)
    return queue.submit(uid, order, [replace(FILMS[0], sheet=f"{uid}-1")], [])


def taken(queue: JobQueue, holder: str = "a") -> Job:
    job = queue.take(holder)
    assert job is not None
    return job


def state(queue: JobQueue, number: int) -> tuple[ExecutionStatus, str, str, int]:
    [job] = [job for job in queue.jobs() if job.id == number]
    return job.status, job.status_info, job.info, job.attempts


def test_a_job_tells_what_became_of_its_films(queue: JobQueue, clock: list[datetime]) -> None:
    number = queue.submit("1.2.3", ORDER, FILMS, ["film 2: clipped"])
    [job] = queue.jobs()
    assert job == Job(
        id=number,
        uid="1.2.3",
        status=PENDING,
        status_info="QUEUED",
        info="",
        order=ORDER,
        films=FILMS,
        remarks=("Größe ignored", "film 2: clipped"),
        attempts=0,
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        finished=None,
        outputs=(),
        confirmed=False,
    )
    assert not job.ended
    job = taken(queue)
    assert (job.id, job.status, job.status_info, job.attempts) == (number, PRINTING, "NORMAL", 1)
    assert not job.ended
    assert queue.take("b") is None
    clock[0] += timedelta(seconds=7)
    done = queue.done(job, "a", ["/films/1.pdf", "/films/1.tiff"], ["film 1: not trimmed"])
    assert [done] == queue.jobs()
    assert done is not None
    assert (done.status, done.status_info, done.info, done.ended) == (DONE, "NORMAL", "", True)
    assert done.outputs == ("/films/1.pdf", "/films/1.tiff")
    assert done.remarks == ("Größe ignored", "film 2: clipped", "film 1: not trimmed")
    assert done.finished == datetime(2026, 1, 2, 3, 4, 12, tzinfo=UTC)
    assert queue.take("a") is None


def test_remarks_name_the_film_where_there_are_several() -> None:
    assert film_remarks([["a", "b"]]) == ["a", "b"]
    assert film_remarks([["a"], [], ["b", "c"]]) == ["film 1: a", "film 3: b", "film 3: c"]


def test_the_queue_outlives_the_process(queue: JobQueue, tmp_path: Path) -> None:
    submit(queue, "1.2.3")
    queue.close()
    again = JobQueue(tmp_path)
    assert taken(again).uid == "1.2.3"
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
        order.append((job.order.priority, job.id))
        queue.done(job, "a", ["x"])
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
    assert not queue.done(job, "b", ["x"])
    assert not queue.fail(job, "b", StatusInfo.ELEC_SW_ERROR, "x")
    waiting = submit(queue, "1.2.4")
    assert not queue.postpone(job, "b", "x", 1)
    assert queue.next_due() == 0  # nor may it hold up the printer
    assert queue.give_back("b", 1, "x") == []
    assert state(queue, number) == before == (PRINTING, "NORMAL", "", 1)

    # A worker that was taken for dead and wakes up: its job is another's by now.
    queue.give_back("a", 3, "its worker was killed")
    assert not queue.done(job, "a", ["x"])
    again = taken(queue, "b")
    assert again.id == number
    assert taken(queue, "c").id == waiting
    assert not queue.done(job, "a", ["x"])
    assert queue.done(again, "b", ["x"])
    # Ended is ended.
    assert not queue.done(again, "b", "y")
    assert not queue.fail(again, "b", StatusInfo.ELEC_SW_ERROR, "y")
    assert state(queue, number)[0] is DONE


@pytest.mark.parametrize("term", [StatusInfo.INVALID_PAGE_DES, StatusInfo.ELEC_SW_ERROR])
def test_a_failure_is_for_good_and_tells_why(queue: JobQueue, term: StatusInfo) -> None:
    number = submit(queue, "1.2.3")
    failed = queue.fail(taken(queue), "a", term, "damaged")
    assert state(queue, number) == (FAILURE, term, "damaged", 1)
    assert [failed] == queue.jobs()
    assert failed is not None
    assert failed.ended
    assert failed.finished is not None
    assert queue.take("a") is None
    queue.recover()
    assert state(queue, number)[0] is FAILURE


def test_a_job_that_keeps_breaking_its_worker_is_given_up(queue: JobQueue) -> None:
    number, other = submit(queue, "1.2.3"), submit(queue, "1.2.4")
    for attempt in (1, 2):
        assert taken(queue, f"worker {attempt}").id == number
        [waiting] = queue.give_back(f"worker {attempt}", 3, "its worker was killed by SIGSEGV")
        assert waiting == queue.jobs()[0]
        assert state(queue, number) == (PENDING, "QUEUED", "its worker was killed by SIGSEGV", attempt)
    assert taken(queue, "worker 3").id == number
    [given_up] = queue.give_back("worker 3", 3, "its worker was killed by SIGSEGV")
    assert given_up == queue.jobs()[0]
    status, status_info, info, attempts = state(queue, number)
    assert (status, status_info, attempts) == (FAILURE, "ELEC SW ERROR", 3)
    assert info == "given up after 3 attempts: its worker was killed by SIGSEGV"
    assert given_up.finished is not None
    # The next in line is not held up.
    assert taken(queue).id == other


def test_recover_is_no_attempt(queue: JobQueue) -> None:
    number, waiting = submit(queue, "1.2.3"), submit(queue, "1.2.4")
    for _ in range(5):
        job = taken(queue)
        assert (job.id, job.attempts) == (number, 1)
        queue.recover()
        assert state(queue, number) == (PENDING, "QUEUED", "", 0)
        assert not queue.done(job, "a", ["x"])
    assert state(queue, waiting) == (PENDING, "QUEUED", "", 0)


# --- for the SCU -----------------------------------------------------------------------------------------


def test_a_job_is_found_by_its_printer_until_its_end_is_confirmed(queue: JobQueue) -> None:
    number = submit(queue, "1.2.3")
    assert queue.find("1.2.3", "FILMS") == queue.jobs()[0]
    assert queue.find("1.2.3", "OTHER") is None
    assert queue.find("1.2.4", "FILMS") is None
    queue.confirm("1.2.3")  # what has not ended cannot be confirmed
    job = taken(queue)
    queue.confirm("1.2.3")
    assert queue.find("1.2.3", "FILMS") == job
    done = queue.done(job, "a", ["x"])
    assert queue.find("1.2.3", "FILMS") == done
    queue.confirm("1.2.3")
    queue.confirm("1.2.3")
    queue.confirm("1.2.4")  # no such job: nothing to do
    assert queue.find("1.2.3", "FILMS") is None
    [record] = queue.jobs()
    assert done is not None
    assert record == replace(done, confirmed=True)
    assert record.id == number


def test_a_failure_is_confirmed_like_a_success_and_keeps_its_sheets(queue: JobQueue) -> None:
    submit(queue, "1.2.3")
    queue.fail(taken(queue), "a", StatusInfo.ELEC_SW_ERROR, "damaged")
    queue.confirm("1.2.3")
    assert queue.find("1.2.3", "FILMS") is None
    assert queue.wanted_sheets(0) == {"1.2.3-1"}


def test_to_find_a_job_does_not_wait_for_those_who_write(queue: JobQueue) -> None:
    submit(queue, "1.2.3")
    with queue._transaction():
        found: list[Job | None] = []
        reader = threading.Thread(target=lambda: found.append(queue.find("1.2.3", "FILMS")), daemon=True)
        reader.start()
        reader.join(20)  # a writer would wait for 30 seconds
        assert [job and job.uid for job in found] == ["1.2.3"]


# --- later -----------------------------------------------------------------------------------------------


def test_a_postponed_job_is_due_later_and_that_was_no_attempt(queue: JobQueue, clock: list[datetime]) -> None:
    assert queue.next_due() is None
    number = submit(queue, "1.2.3")
    assert queue.next_due() == 0
    postponed = queue.postpone(taken(queue), "a", "disk full", 8)
    assert [postponed] == queue.jobs()
    assert state(queue, number) == (PENDING, "CHECK PRINTER", "disk full", 0)
    assert queue.next_due() == 8
    clock[0] += timedelta(seconds=7.5)
    assert queue.next_due() == 0.5
    assert queue.take("a") is None
    clock[0] += timedelta(seconds=0.5)
    assert queue.next_due() == 0
    job = taken(queue)
    # What is tried again is no longer where it was for that reason.
    assert state(queue, number) == (PRINTING, "NORMAL", "", 1)
    assert queue.done(job, "a", ["x"])
    assert state(queue, number) == (DONE, "NORMAL", "", 1)
    assert queue.next_due() is None


def test_a_postponed_job_holds_up_its_own_printer_and_no_other(
    queue: JobQueue, clock: list[datetime]
) -> None:
    first, second = submit(queue, "1.2.3", "HIGH"), submit(queue, "1.2.4", "LOW")
    others = [submit(queue, f"1.3.{i}", "LOW", printer_name="OTHER") for i in range(2)]
    assert queue.postpone(taken(queue), "a", "disk full", 8)
    assert [taken(queue).id for _ in others] == others
    # Nothing of that printer is tried for half the pause, and then another film before the one that failed.
    assert queue.take("a") is None
    assert queue.next_due() == 4
    assert state(queue, second) == (PENDING, "QUEUED", "", 0)
    clock[0] += timedelta(seconds=4)
    assert taken(queue).id == second
    assert queue.next_due() == 4
    clock[0] += timedelta(seconds=4)
    assert taken(queue).id == first


def test_a_later_due_time_is_not_brought_forward(queue: JobQueue, clock: list[datetime]) -> None:
    submit(queue, "1.2.3")
    assert queue.postpone(taken(queue), "a", "disk full", 60)
    submit(queue, "1.2.4")
    assert queue.postpone(taken(queue), "a", "disk full", 8)
    clock[0] += timedelta(seconds=8)
    assert taken(queue).uid == "1.2.4"
    assert queue.next_due() == 52


def test_a_pause_is_never_longer_than_a_minute(queue: JobQueue, clock: list[datetime]) -> None:
    submit(queue, "1.2.3")
    assert queue.postpone(taken(queue), "a", "disk full", 1e9)
    assert queue.next_due() == 60
    clock[0] -= timedelta(hours=1)  # set back: the wait is longer, but it ends
    assert queue.next_due() == 3660


# --- records ---------------------------------------------------------------------------------------------


def sheets_of(*numbers: int) -> set[str]:
    return {f"1.2.{number}-{k}" for number in numbers for k in (1, 2)}


def test_wanted_are_the_sheets_of_all_but_the_printed_and_of_the_last_of_those(
    queue: JobQueue, clock: list[datetime]
) -> None:
    for number in range(8):
        films = [replace(film, sheet=f"1.2.{number}-{k}") for k, film in enumerate(FILMS, start=1)]
        queue.submit(f"1.2.{number}", replace(ORDER, priority="HIGH" if number == 4 else "MED"), films, [])
    queue.fail(taken(queue), "a", StatusInfo.ELEC_SW_ERROR, "x")  # number 4
    held = [taken(queue) for _ in range(6)]
    for job in (held[2], held[0], held[1], held[3]):
        clock[0] += timedelta(seconds=1)
        queue.done(job, "a", ["x"])
    # Number 4 failed, 5 and 6 are being printed, 7 waits. Done were 2, 0, 1 and 3.
    assert queue.wanted_sheets(0) == sheets_of(4, 5, 6, 7)
    assert queue.wanted_sheets(3) == sheets_of(4, 5, 6, 7, 3, 1, 0)
    assert queue.wanted_sheets(99) == sheets_of(*range(8))
    assert queue.spent_sheets(0) == sheets_of(2, 0, 1, 3)
    assert queue.spent_sheets(3) == sheets_of(2)
    assert queue.spent_sheets(4) == set()


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


@pytest.mark.parametrize("version", [0, 2, 4])
def test_a_job_table_of_another_version_is_a_setup_error_and_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "jobs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, sop_instance_uid VARCHAR(64))")
    connection.execute(f"PRAGMA user_version={version}")
    connection.commit()
    schema = connection.execute("SELECT * FROM sqlite_master").fetchall()
    with pytest.raises(SetupError, match="another version of printscp") as caught:
        JobQueue(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == schema
    connection.close()


def test_every_commit_is_on_disk_when_it_returns(queue: JobQueue) -> None:
    with queue._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


# --- many at once ----------------------------------------------------------------------------------------


@pytest.mark.slow
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
                assert own.done(job, holder, [holder])
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
    assert all(ended[number].outputs == (holder,) for holder, mine in got.items() for number in mine)
    assert {job.status for job in ended.values()} == {DONE}
    assert {job.attempts for job in ended.values()} == {1}
    queue.close()
