"""The printer as a whole, in this process: jobs, worker, life cycle."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.hosts import small_layouts
from peers.scu import META, Scu, image_item
from pydicom.uid import ImplicitVRLittleEndian

from printscp import FilmPrinter
from printscp.config import Settings, load
from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job, JobNews
from printscp.film.printer import PrinterState
from printscp.printer import FilmWorkers
from printscp.spool.queue import OutputState
from printscp.supervisor import Crew

pytestmark = pytest.mark.slow
PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def all_ended(jobs: list[Job]) -> bool:
    return all(job.ended for job in jobs)


def print_films(printer: FilmPrinter, count: int) -> None:
    with Scu(printer.address) as scu:
        for _ in range(count):
            assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Any]:
    """Settings of a printer whose films are quickly made."""
    return {"layouts": small_layouts(tmp_path / "layouts"), "profile": "small"}


@pytest.fixture
def start_printer(
    start_printer: Callable[..., FilmPrinter], small: dict[str, Any]
) -> Callable[..., FilmPrinter]:
    """Starts such printers, unless told otherwise."""
    return lambda **settings: start_printer(**(small | settings))


_PATIENT = """
import os, sys, time
import printscp.delivery as delivery
import printscp.worker as worker

compose, first, go = delivery.compose, *sys.argv[1:]

def patient(sheet, *texts):
    try:
        os.close(os.open(first, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return compose(sheet, *texts)
    while not os.path.exists(go):
        time.sleep(0.01)
    return compose(sheet, *texts)

delivery.compose = patient
worker.main()
"""


class Held:
    """Has the very first film wait with the worker that has it, until it may go on."""

    def __init__(self, folder: Path) -> None:
        self.first, self.go = folder / "first", folder / "go"
        self.command = (sys.executable, "-c", _PATIENT, str(self.first), str(self.go))

    def wait(self) -> None:
        """Until a worker has it; the test's time-out is the limit."""
        while not self.first.exists():
            threading.Event().wait(0.01)


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Printers that start during the test have such workers."""
    held = Held(tmp_path)
    monkeypatch.setattr("printscp.workshop.Crew", lambda *arguments: Crew(*arguments, held.command))
    yield held
    held.go.touch()


def test_each_film_becomes_one_pdf(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> None:
    printer = start_printer(keep_jobs=2)
    print_films(printer, 3)
    jobs = printer.wait_for(all_ended, 30)
    assert [job.status for job in jobs] == ["DONE"] * 3
    films = sorted((tmp_path / "films").glob("[!.]*"))
    assert [str(film) for film in films] == [place for job in jobs for place in job.outputs]
    printer.stop()
    assert len(list((tmp_path / "spool" / "sheets").iterdir())) == 2
    assert list((tmp_path / "spool" / "run").iterdir()) == []
    again = start_printer(keep_jobs=0)
    print_films(again, 1)
    again.wait_for(lambda jobs: len(jobs) == 4 and all_ended(jobs), 30)
    again.stop()
    assert list((tmp_path / "spool" / "sheets").iterdir()) == []  # delivered: no pixels stay behind


@pytest.mark.slow
def test_two_workers_print_at_once(held: Held, start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(workers=2)
    first, second = printer.worker_pids
    assert printer.worker_pid == first != second
    print_films(printer, 3)
    jobs = printer.wait_for(lambda jobs: sum(job.ended for job in jobs) == 2, 30)
    assert sorted(job.status for job in jobs) == ["DONE", "DONE", "PRINTING"]
    held.go.touch()
    jobs = printer.wait_for(all_ended, 30)
    assert [(job.status, job.attempts) for job in jobs] == [("DONE", 1)] * 3


def test_a_printer_of_a_layouts_folder(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> None:
    """Its film has its size, and it speaks implicit VR little endian only."""
    own = tmp_path / "own" / "printers"
    own.mkdir(parents=True)
    text = (Path(__file__).parent.parent / "layouts" / "printers" / "imager17.toml").read_text()
    text = text.replace("implicit_vr_only = false", "implicit_vr_only = true")
    (own / "ward.toml").write_text(text.replace("film_sizes = [", 'film_sizes = ["8INX10IN", '))
    printer = start_printer(layouts=own.parent, profile="ward")
    with Scu(printer.address) as scu:
        [context] = [each for each in scu.association.accepted_contexts if each.abstract_syntax == META]
        assert context.transfer_syntax == [ImplicitVRLittleEndian]
        assert scu.print_image(PIXELS).Status == 0
    [job] = printer.wait_for(all_ended, 30)
    assert (job.status, job.films[0].film_size) == ("DONE", "8INX10IN")


def test_high_priority_overtakes(held: Held, start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    for priority in ("LOW", "LOW", "MED", "HIGH"):
        with Scu(printer.address) as scu:
            scu.create_session(PrintPriority=priority)
            scu.create_film(FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(PIXELS))
            assert scu.print_film().Status == 0
        held.wait()  # the first is not overtaken any more
    held.go.touch()
    jobs = printer.wait_for(all_ended, 60)
    finished = sorted(jobs, key=lambda job: job.finished or job.created)
    assert [job.order.priority for job in finished] == ["LOW", "HIGH", "MED", "LOW"]


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_job_is_done_again(
    start_printer: Callable[..., FilmPrinter],
) -> None:
    printer = start_printer()
    print_films(printer, 1)
    printer.wait_for(all_ended, 30)
    first = printer.worker_pid
    os.kill(first, signal.SIGKILL)
    print_films(printer, 2)
    jobs = printer.wait_for(all_ended, 30)
    assert [job.status for job in jobs] == ["DONE"] * 3
    assert printer.worker_pid != first


@pytest.mark.slow
def test_a_worker_told_to_end_finishes_its_film_first(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    first = printer.worker_pid
    print_films(printer, 3)
    os.kill(first, signal.SIGTERM)
    jobs = printer.wait_for(all_ended, 30)
    assert [(job.status, job.attempts) for job in jobs] == [("DONE", 1)] * 3
    print_films(printer, 1)
    printer.wait_for(lambda jobs: len(jobs) == 4 and all_ended(jobs), 30)
    assert printer.worker_pid != first


@pytest.mark.slow
def test_a_film_that_keeps_killing_its_worker_ends_in_failure(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    # A worker that dies of every film of 17 x 17 inch, as one that a bug or the kernel kills would.
    deadly = tmp_path / "deadly.py"
    deadly.write_text(
        "import os, sys\n"
        "import printscp.delivery as delivery\n"
        "import printscp.worker as worker\n"
        "compose = delivery.compose\n"
        "def die(sheet, *texts):\n"
        "    if sheet.film_size == '17INX17IN': os.kill(os.getpid(), 9)\n"
        "    return compose(sheet, *texts)\n"
        "delivery.compose = die\n"
        "worker.main()\n"
    )

    command = (sys.executable, str(deadly))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("printscp.workshop.Crew", lambda *arguments: Crew(*arguments, command))
        printer = start_printer(attempts=2, keep_jobs=0)
    with Scu(printer.address) as scu:
        assert scu.print_image(PIXELS, FilmSizeID="17INX17IN").Status == 0
        assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
    poison, good = printer.wait_for(all_ended, 60)
    assert (poison.status, poison.attempts, good.status) == ("FAILURE", 2, "DONE")
    assert "given up after 2 attempts" in poison.info
    assert "SIGKILL" in poison.info
    printer.stop()
    # What was accepted is still there for whoever mends the printer.
    assert len(list((tmp_path / "spool" / "sheets").iterdir())) == 1


@pytest.mark.slow
def test_output_that_fails_for_now_is_tried_again(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    printer = start_printer()
    films = tmp_path / "films"
    films.rmdir()
    films.write_text("in the way")  # not even root can write films into it
    print_films(printer, 1)
    (job,) = printer.wait_for(lambda jobs: bool(jobs) and "cannot deliver" in jobs[0].info, 30)
    assert job.status == "PENDING"
    films.unlink()
    films.mkdir()
    (job,) = printer.wait_for(all_ended, 30)
    assert (job.status, job.attempts) == ("DONE", 1)


def test_an_output_that_cannot_be_used_is_told_at_the_start(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for table, words in (
        ({"type": "fax", "name": "ward"}, "output ward: type: 'fax'"),
        ({"type": "pdf", "folder": tmp_path / "file"}, "output pdf .*file: .*file"),
        ({"type": "pdf", "folder": tmp_path, "dpi": 3, "name": "ward"}, "output ward: pdf: dpi: "),
    ):
        with pytest.raises(SetupError, match=words):
            start_printer(output=None, outputs=[table], ae_title="FILM")


def test_which_output_of_which_file_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "film.toml"
    outputs = [
        f'{{ type = "pdf", folder = "{tmp_path / "films"}" }}',
        '{ type = "tiff", folder = "f", bits = 3 }',
    ]
    file.write_text(f'spool = "{tmp_path / "spool"}"\noutputs = [{", ".join(outputs)}]\n')
    with pytest.raises(SetupError, match=f"^configuration {file}: output tiff f: tiff: bits: "):
        FilmPrinter(load(file)).start()


def test_jobs_outlive_the_printer(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    os.kill(printer.worker_pid, signal.SIGKILL)
    print_films(printer, 3)
    printer.stop()
    again = start_printer()
    jobs = again.wait_for(lambda jobs: len(jobs) == 3 and all_ended(jobs), 30)
    assert [job.status for job in jobs] == ["DONE"] * 3


# --- several on one spool --------------------------------------------------------------------------------


def test_printers_share_a_spool(start_printer: Callable[..., FilmPrinter]) -> None:
    printers = start_printer(), start_printer()
    for printer in printers:
        print_films(printer, 2)
    for printer in printers:  # each sees the jobs of both
        jobs = printer.wait_for(lambda jobs: len(jobs) == 4 and all_ended(jobs), 30)
        assert {(job.status, job.attempts) for job in jobs} == {("DONE", 1)}
        assert len({job.outputs for job in jobs}) == 4


@pytest.fixture
def settings(small: dict[str, Any], tmp_path: Path) -> Callable[..., Settings]:
    """Settings as those of `start_printer`."""

    def settings(**fields: Any) -> Settings:
        given = {"port": 0, "spool": tmp_path / "spool", "output": tmp_path / "films"}
        return load(**(small | given | fields))

    return settings


@pytest.mark.slow
def test_workers_alone_print_what_a_printer_without_accepts(
    start_printer: Callable[..., FilmPrinter], settings: Callable[..., Settings]
) -> None:
    printer = start_printer(workers=0)
    assert printer.worker_pids == ()
    print_films(printer, 1)
    workers = FilmWorkers(settings(workers=2))
    assert not workers.healthy()
    with workers:
        assert workers.healthy()
        print_films(printer, 1)
        printer.wait_for(lambda jobs: len(jobs) == 2 and all_ended(jobs), 30)
        workers.reload(settings(workers=1))
        with pytest.raises(SetupError, match="lease"):
            workers.reload(settings(lease=3.0))
        print_films(printer, 1)
        printer.wait_for(lambda jobs: len(jobs) == 3 and all_ended(jobs), 30)
    print_films(printer, 1)
    assert [job.status for job in printer.jobs()] == ["DONE"] * 3 + ["PENDING"]
    with pytest.raises(SetupError, match="workers: is 0"):
        FilmWorkers(settings(workers=0)).start()


# --- the end ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_that_hangs_does_not_keep_the_printer_from_stopping(
    held: Held, start_printer: Callable[..., FilmPrinter]
) -> None:
    printer = start_printer(drain_timeout=0.1)
    pid = printer.worker_pid
    print_films(printer, 2)
    held.wait()
    printer.stop()
    assert not Path(f"/proc/{pid}").exists()
    again = start_printer()
    jobs = again.wait_for(lambda jobs: len(jobs) == 2 and all_ended(jobs), 30)
    assert [(job.status, job.attempts) for job in jobs] == [("DONE", 2), ("DONE", 1)]


def test_a_printer_that_cannot_start_leaves_nothing_behind(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    first = start_printer()
    elsewhere = {"spool": tmp_path / "other", "output": tmp_path / "other films"}
    with pytest.raises(SetupError, match="cannot listen on"):
        start_printer(port=first.address[1], **elsewhere)
    assert list((tmp_path / "other" / "run").iterdir()) == []
    start_printer(**elsewhere)


# --- Printer Status --------------------------------------------------------------------------------------


@pytest.fixture
def heard_of(settings: Callable[..., Settings], tmp_path: Path) -> Iterator[FilmPrinter]:
    """Two printers without workers, one of which has two outputs; no look at the spool comes between."""
    tables = [
        {"ae_title": "ONE", "outputs": [{"type": "pdf", "folder": tmp_path / x, "name": x} for x in "ab"]},
        {"ae_title": "TWO", "outputs": [{"type": "pdf", "folder": tmp_path / "c", "name": "c"}]},
    ]
    with FilmPrinter(settings(output=None, profile=None, printers=tables, workers=0)) as printer:
        assert printer._workshop is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(printer._workshop, "_heard", lambda *_: None)
            yield printer


def printer_states(printer: FilmPrinter) -> tuple[PrinterState, ...]:
    return tuple(each.state for each in printer._front._printers.values())


NORMAL = PrinterState()
EMPTY = PrinterState("WARNING", "SUPPLY EMPTY")
OUT_OF_ORDER = PrinterState("FAILURE", "CHECK PRINTER")
FULL = PrinterState("WARNING", "PRINT BUFF FULL")


def test_a_printer_is_as_the_worst_of_what_it_prints_on(heard_of: FilmPrinter) -> None:
    for states, wanted in (
        ({"a": EMPTY}, (EMPTY, NORMAL)),
        ({"a": EMPTY, "b": OUT_OF_ORDER}, (OUT_OF_ORDER, NORMAL)),
        ({"": FULL}, (FULL, FULL)),
        ({"": FULL, "c": OUT_OF_ORDER, "d": OUT_OF_ORDER}, (FULL, OUT_OF_ORDER)),
        ({}, (NORMAL, NORMAL)),
    ):
        heard_of._heard([], {name: OutputState(state, "x") for name, state in states.items()})
        assert printer_states(heard_of) == wanted


def test_a_state_that_is_set_hides_what_is_the_matter(heard_of: FilmPrinter) -> None:
    low = PrinterState("WARNING", "SUPPLY LOW")
    states = {"a": OutputState(EMPTY, "x"), "c": OutputState(OUT_OF_ORDER, "x")}
    heard_of.set_state("WARNING", "SUPPLY LOW")
    assert printer_states(heard_of) == (low, NORMAL)
    heard_of._heard([], states)
    assert printer_states(heard_of) == (low, OUT_OF_ORDER)
    heard_of.set_state("WARNING", "SUPPLY LOW", "TWO")
    heard_of._heard([], states)
    assert printer_states(heard_of) == (low, low)
    for title in ("ONE", "TWO"):
        heard_of.set_state("NORMAL", "NORMAL", title)
    heard_of._heard([], states)
    assert printer_states(heard_of) == (EMPTY, OUT_OF_ORDER)


def test_a_full_queue_is_answered_and_shown_and_takes_films_again(
    start_printer: Callable[..., FilmPrinter],
) -> None:
    printer = start_printer(workers=0, queue_limit=1)
    with Scu(printer.address) as scu:
        assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
        for status, wanted in ((scu.print_film(), 0xC602), (scu.print_session()[0], 0xC601)):
            assert status.Status == wanted
            assert status.ErrorComment == "print queue full: try again later"
        [job] = printer.jobs()
        while (state := scu.printer()[1]) is not None and state.PrinterStatus == "NORMAL":
            pass  # until the next look at the spool; the test's time-out is the limit
        assert state is not None
        assert (state.PrinterStatus, state.PrinterStatusInfo) == ("WARNING", "PRINT BUFF FULL")
        assert printer._workshop is not None
        printer._workshop.spool.queue.cancel(job.id)
        assert scu.print_film().Status == 0


@pytest.mark.parametrize(("of", "status"), [("film", 0xC602), ("session", 0xC601)])
def test_without_room_on_disk_no_film_is_taken(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, of: str, status: int
) -> None:
    printer = start_printer(workers=0, reserve_mib=1 << 40)
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film(FilmSizeID="8INX10IN")
        assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
        printed = scu.print_session()[0] if of == "session" else scu.print_film()
        assert printed.Status == status
        assert list((tmp_path / "spool" / "sheets").iterdir()) == []
    assert printer.jobs() == []


def test_printers_from_before_a_reload_hear_the_same(heard_of: FilmPrinter) -> None:
    """Associations that stand have them."""
    [before, _] = heard_of._front._printers.values()
    told: list[object] = []
    before.listen(told.append)
    for _ in range(2):
        heard_of.reload(heard_of.settings)
    news = JobNews("1.2.3", ExecutionStatus.DONE, "NORMAL", "ONE", "")
    heard_of._heard([news], {"a": OutputState(EMPTY, "x")})
    heard_of.set_state("WARNING", "SUPPLY LOW")
    assert told == [news, EMPTY, PrinterState("WARNING", "SUPPLY LOW")]
    assert before.state == printer_states(heard_of)[0]
    heard_of.reload(heard_of.settings)
    assert printer_states(heard_of)[0] == before.state  # also before the next look
    before.forget(told.append)
    heard_of.reload(heard_of.settings)
    assert before not in heard_of._front._former


# --- reload ----------------------------------------------------------------------------------------------


def films_in(folder: Path) -> int:
    return len(list(folder.glob("*.pdf")))


@pytest.mark.slow
def test_a_reload_changes_printers_outputs_and_workers(
    start_printer: Callable[..., FilmPrinter], settings: Callable[..., Settings], tmp_path: Path
) -> None:
    def tables(**folders: str) -> dict[str, Any]:
        return {
            "output": None,
            "profile": None,
            "printers": [
                {"ae_title": title, "profile": "small", "output": tmp_path / folder}
                for title, folder in folders.items()
            ],
        }

    printer = start_printer(**tables(A="a", B="b"))
    door, before = printer.address, printer.worker_pids

    def print_on(*titles: str) -> None:
        for title in titles:
            with Scu(printer.address, called=title) as scu:
                assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
        assert {job.status for job in printer.wait_for(all_ended, 30)} == {"DONE"}

    print_on("A", "B")
    printer.reload(settings(workers=2, **tables(B="b2", C="c")))
    assert printer.address == door
    assert len(printer.worker_pids) == 2
    assert not set(printer.worker_pids) & set(before)
    print_on("B", "C", "B")
    assert {folder: films_in(tmp_path / folder) for folder in ("a", "b", "b2", "c")} == {
        "a": 1,
        "b": 1,
        "b2": 2,
        "c": 1,
    }
    assert not Scu(printer.address, called="A").association.is_established
    printer.stop()
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


def test_an_association_that_stands_prints_through_a_reload(
    start_printer: Callable[..., FilmPrinter], settings: Callable[..., Settings], tmp_path: Path
) -> None:
    printer = start_printer(ae_title="FILM")
    with Scu(printer.address, called="FILM") as scu:
        assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
        scu.create_film(FilmSizeID="8INX10IN")
        printer.reload(settings(ae_title="FILM", output=tmp_path / "new"))
        assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
        assert scu.print_film().Status == 0
        jobs = printer.wait_for(all_ended, 30)
        assert [job.status for job in jobs] == ["DONE", "DONE"]
        assert Path(jobs[1].outputs[0]).parent == tmp_path / "new"
        # It is told of its printer as others are, and that is what is said in the new one's name.
        printer.set_state("WARNING", "SUPPLY LOW")
        printer.reload(settings(ae_title="FILM", output=tmp_path / "new"))
        with Scu(printer.address, called="FILM") as other:
            for each in (scu, other):
                dataset = each.printer()[1]
                assert dataset is not None
                assert (dataset.PrinterStatus, dataset.PrinterStatusInfo) == ("WARNING", "SUPPLY LOW")
        # Its printer is gone, and with it all ways out: what would be lost is not taken.
        printer.reload(settings(ae_title="OTHER"))
        status = scu.print_film()
        assert (status.Status, status.ErrorComment) == (
            0x0213,
            "printer no longer set up: print to another one",
        )
    assert len(printer.jobs()) == 2


def test_settings_that_cannot_be_used_change_nothing(
    start_printer: Callable[..., FilmPrinter], settings: Callable[..., Settings], tmp_path: Path
) -> None:
    printer = start_printer()
    before, workers, addresses = printer.settings, printer.worker_pids, printer.addresses
    (tmp_path / "file").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for fields, words in (
            ({"output": tmp_path / "file"}, "output pdf .*file: "),
            ({"spool": tmp_path / "other"}, "spool: cannot be changed by a reload: restart printscp"),
            ({"profile": "nothing"}, "nothing"),
            ({"port": taken.getsockname()[1], "ae_title": "NEW"}, "cannot listen on"),
        ):
            with pytest.raises(SetupError, match=words):
                printer.reload(settings(**fields))
            assert (printer.settings, printer.worker_pids) == (before, workers)
            assert printer.addresses == addresses
    print_films(printer, 1)
    [job] = printer.wait_for(all_ended, 30)
    assert (job.status, Path(job.outputs[0]).parent) == ("DONE", tmp_path / "films")


@pytest.mark.slow
def test_a_film_in_the_works_is_finished_by_who_has_it(
    held: Held, start_printer: Callable[..., FilmPrinter], settings: Callable[..., Settings]
) -> None:
    printer = start_printer()
    print_films(printer, 1)
    held.wait()
    printer.reload(settings())
    print_films(printer, 1)
    printer.wait_for(lambda jobs: jobs[-1].ended, 30)
    assert printer.jobs()[0].status == "PRINTING"
    held.go.touch()
    jobs = printer.wait_for(all_ended, 30)
    assert [(job.status, job.attempts) for job in jobs] == [("DONE", 1)] * 2


def test_the_door_is_quick_to_import() -> None:
    """Naming the package must not pull in the network, nor a worker the server."""
    code = (
        "import sys, printscp, printscp.worker; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pynetdicom', 'typer', 'rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
