"""The printer as a whole, in this process: jobs, worker, life cycle."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.scu import META, Scu, image_item
from pydicom.uid import ImplicitVRLittleEndian

from printscp import FilmPrinter
from printscp.config import load
from printscp.errors import SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.spool.folder import Spool
from printscp.supervisor import worker_command

PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def all_ended(jobs: list[Job]) -> bool:
    return all(job.ended for job in jobs)


def print_films(printer: FilmPrinter, count: int) -> None:
    with Scu(printer.address) as scu:
        for _ in range(count):
            assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0


def test_each_film_becomes_one_pdf(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> None:
    printer = start_printer(keep_jobs=2)
    print_films(printer, 3)
    jobs = printer.wait_for(all_ended, 30)
    assert [job.status for job in jobs] == ["DONE"] * 3
    films = sorted((tmp_path / "films").iterdir())
    assert [str(film) for film in films] == [place for job in jobs for place in job.outputs]
    printer.stop()
    assert len(list((tmp_path / "spool" / "sheets").iterdir())) == 2
    start_printer(keep_jobs=0)
    assert list((tmp_path / "spool" / "sheets").iterdir()) == []  # delivered: no pixels stay behind


@pytest.mark.slow
def test_two_workers_print_at_once(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(workers=2)
    first, second = printer.worker_pids
    assert printer.worker_pid == first != second
    os.kill(first, signal.SIGSTOP)  # it may hold a film, and the other prints the rest
    try:
        print_films(printer, 3)
        printer.wait_for(lambda jobs: sum(job.ended for job in jobs) >= 2, 30)
    finally:
        os.kill(first, signal.SIGCONT)
    jobs = printer.wait_for(all_ended, 30)
    assert [(job.status, job.attempts) for job in jobs] == [("DONE", 1)] * 3


@pytest.mark.slow
def test_workers_share_the_cores(
    start_printer: Callable[..., FilmPrinter], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    commands: list[list[str]] = []

    def command(*arguments: Any, **more: Any) -> list[str]:
        commands.append(worker_command(*arguments, **more))
        return commands[-1]

    monkeypatch.setattr("printscp.printer.worker_command", command)
    start_printer(workers=2, keep_jobs=0).stop()
    [[_, _, _, *options]] = commands
    told = "import cv2, printscp.worker as w; w.Worker.run = lambda *_: print(cv2.getNumThreads()); w.main()"
    arguments = [sys.executable, "-c", told, *options, "--holder", "a"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"


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


def test_high_priority_overtakes(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    os.kill(printer.worker_pid, signal.SIGSTOP)
    try:
        for priority in ("LOW", "MED", "HIGH"):
            with Scu(printer.address) as scu:
                scu.create_session(PrintPriority=priority)
                scu.create_film()
                scu.set_image(1, image_item(PIXELS))
                assert scu.print_film().Status == 0
    finally:
        os.kill(printer.worker_pid, signal.SIGCONT)
    jobs = printer.wait_for(all_ended, 60)
    finished = sorted(jobs, key=lambda job: job.finished or job.created)
    # The worker may have held the first of them already when it was stopped.
    assert [job.order.priority for job in finished if job.order.priority != "LOW"] == ["HIGH", "MED"]


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

    def command(*arguments: Any, **more: Any) -> list[str]:
        _, _, _, *options = worker_command(*arguments, **more)
        return [sys.executable, str(deadly), *options]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("printscp.printer.worker_command", command)
        printer = start_printer(attempts=2, keep_jobs=0)
    with Scu(printer.address) as scu:
        assert scu.print_image(PIXELS).Status == 0
        assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
    poison, good = printer.wait_for(all_ended, 60)
    assert (poison.status, poison.attempts, good.status) == ("FAILURE", 2, "DONE")
    assert "given up after 2 attempts" in poison.info
    assert "SIGKILL" in poison.info
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
    (job,) = printer.wait_for(all_ended, 30)
    assert (job.status, job.attempts) == ("DONE", 1)


def test_an_output_that_cannot_be_used_is_told_at_the_start(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for table, words in (
        ({"type": "fax"}, "output of FILM: type: 'fax'"),
        ({"type": "pdf", "folder": tmp_path / "file"}, "output of FILM: .*file"),
        ({"type": "pdf", "folder": tmp_path, "dpi": 3}, "output of FILM: pdf: dpi: "),
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
    with pytest.raises(SetupError, match=f"^configuration {file}: output 2 of PRINTSCP: tiff: bits: "):
        FilmPrinter(load(file)).start()


def test_jobs_outlive_the_printer(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer()
    os.kill(printer.worker_pid, signal.SIGKILL)
    print_films(printer, 3)
    printer.stop()
    again = start_printer()
    jobs = again.wait_for(lambda jobs: len(jobs) == 3 and all_ended(jobs), 30)
    assert [job.status for job in jobs] == ["DONE"] * 3


def test_a_film_never_acknowledged_is_swept(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, sheet: Sheet
) -> None:
    spool = Spool(tmp_path / "spool")
    draft, half = spool.draft(), spool.draft()
    draft.keep(sheet)
    spool.sheets.make_good({"1.2.3": draft.sheet})
    half.put(1, b"half a film")
    assert len(list((tmp_path / "spool" / "sheets").iterdir())) == 3
    spool.close()
    start_printer()
    assert list((tmp_path / "spool" / "sheets").iterdir()) == []


def test_a_spool_has_one_owner(
    start_printer: Callable[..., FilmPrinter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.spool.folder._LOCK_PATIENCE", 0.1)
    start_printer()
    with pytest.raises(SetupError, match="in use by another printer"):
        start_printer()


def test_a_printer_that_cannot_start_leaves_nothing_behind(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    first = start_printer()
    elsewhere = {"spool": tmp_path / "other", "output": tmp_path / "other films"}
    with pytest.raises(SetupError, match="cannot listen on"):
        start_printer(port=first.address[1], **elsewhere)
    start_printer(**elsewhere)  # its spool is free


def test_the_door_is_quick_to_import() -> None:
    """Naming the package must not pull in the network, nor a worker the server."""
    code = (
        "import sys, printscp, printscp.worker; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pynetdicom', 'typer', 'rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
