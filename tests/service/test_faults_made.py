"""A whole printer that makes faults on purpose: its jobs, its spool, its file, and a client of DCMTK's."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from peers.bench import open_session, print_film
from peers.dcmtk import PrintClient, Talk
from peers.raw import RawScu
from peers.scu import META
from peers.server import Server
from pydicom.data import get_testdata_file
from pydicom.uid import UID, generate_uid
from pynetdicom.sop_class import BasicFilmSession, PrinterInstance, PrintJob
from pynetdicom.sop_class import Printer as PrinterClass

from printscp.errors import SetupError
from printscp.faults import FaultScript
from printscp.faults.file import make_rule, write_file
from printscp.film.job import ExecutionStatus, Job
from printscp.printer import FilmPrinter

PENDING, PRINTING, DONE, FAILURE = ExecutionStatus
EMPTY = "SUPPLY EMPTY"
CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
Start = Callable[..., FilmPrinter]


def print_films(address: tuple[str, int], count: int = 1) -> list[str]:
    """UIDs of their jobs; each answer is success."""
    with RawScu(address, (META, PrintJob), confirm=False) as scu:
        session = open_session(scu)
        jobs = [print_film(scu, session) for _ in range(count)]
        scu.release()
    return jobs


def found(printer: FilmPrinter, *expected: tuple[ExecutionStatus, str]) -> list[Job]:
    """All jobs, once their statuses and infos are these."""
    return printer.wait_for(
        lambda jobs: [(job.status, job.status_info) for job in jobs] == list(expected), 30
    )


def test_jobs_wait_for_film_and_are_printed_when_it_is_refilled(start_printer: Start) -> None:
    script = FaultScript()
    script.add("out-of-film", films=1, name="magazine")
    printer = start_printer(faults=script)
    print_films(printer.address, 3)
    jobs = found(printer, (DONE, "NORMAL"), (PENDING, EMPTY), (PENDING, EMPTY))
    assert [job.info for job in jobs] == ["", "fault magazine", "fault magazine"]
    with RawScu(printer.address, (META, PrintJob)) as scu:
        state = scu.ask("get", PrinterClass, PrinterInstance, context=META).dataset
        assert (state.PrinterStatus, state.PrinterStatusInfo) == ("FAILURE", EMPTY)
        job = scu.ask("get", PrintJob, jobs[2].uid, context=PrintJob).dataset
        assert (job.ExecutionStatus, job.ExecutionStatusInfo) == ("PENDING", EMPTY)
        script.clear("magazine")
        state = scu.ask("get", PrinterClass, PrinterInstance, context=META).dataset
        assert state.PrinterStatus == "NORMAL"
        scu.release()
    found(printer, *[(DONE, "NORMAL")] * 3)


def test_a_job_that_failed_after_success_tells_its_scu_and_can_be_printed_again(start_printer: Start) -> None:
    script = FaultScript()
    script.add("job-failure", info="EXPOSURE FAILURE")
    printer = start_printer(faults=script)
    with RawScu(printer.address, (META, PrintJob)) as scu:
        job = print_film(scu, open_session(scu))
        while len(scu.events) < 3:
            scu.wait_for_event()
        told = [(said.command["EventTypeID"], said.dataset.ExecutionStatusInfo) for said in scu.events]
        assert told == [(1, "QUEUED"), (2, "NORMAL"), (4, "EXPOSURE FAILURE")]
        scu.release()
    [failed] = found(printer, (FAILURE, "EXPOSURE FAILURE"))
    assert (failed.uid, failed.info, failed.attempts) == (job, "fault job-failure", 0)
    script.clear()
    spool = printer._at_work.spool
    spool.reprint(failed, generate_uid(), [failed.deliveries[0].output], 1, "MED")
    found(printer, (FAILURE, "EXPOSURE FAILURE"), (DONE, "NORMAL"))


def test_a_file_that_changes_refills_a_printer_that_nobody_speaks_to(
    start_printer: Start, tmp_path: Path
) -> None:
    file = tmp_path / "faults.toml"
    write_file(file, [make_rule({"fault": "out-of-film", "films": 0})], None)
    printer = start_printer(faults=file)
    print_films(printer.address)
    found(printer, (PENDING, EMPTY))
    write_file(file, [], None)
    found(printer, (DONE, "NORMAL"))


def test_who_restarts_a_printer_refills_it(start_printer: Start) -> None:
    script = FaultScript()
    script.add("out-of-film", films=0)
    printer = start_printer(faults=script)
    print_films(printer.address)
    found(printer, (PENDING, EMPTY))
    printer.stop()
    found(start_printer(), (DONE, "NORMAL"))


def test_uids_of_a_seed_are_the_same_on_a_new_spool_and_others_on_one_that_was_used(
    start_printer: Start, tmp_path: Path
) -> None:
    def run(spool: str) -> list[str]:
        printer = start_printer(faults=FaultScript(seed=4), spool=tmp_path / spool, workers=0)
        jobs = print_films(printer.address, 2)
        printer.stop()
        return jobs

    first, again, other = run("a"), run("a"), run("b")
    assert first == other
    assert not {*first} & {*again}
    assert all(UID(uid).is_valid for uid in (*first, *again))


def test_faults_cannot_be_changed_by_a_reload(start_printer: Start, tmp_path: Path) -> None:
    from printscp.config import load

    printer = start_printer(workers=0)
    write_file(tmp_path / "faults.toml", [], None)
    with pytest.raises(SetupError, match="faults: cannot be changed by a reload"):
        printer.reload(load(None, port=0, spool=tmp_path / "spool", faults=tmp_path / "faults.toml"))


def test_a_printer_does_not_start_with_a_script_that_is_wrong(start_printer: Start, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"faults .*: no such file"):
        start_printer(faults=tmp_path / "none.toml")


def test_a_printer_without_faults_pays_nothing(start_printer: Start) -> None:
    printer = start_printer(workers=0)
    assert printer.faults is None
    with RawScu(printer.address, (META,)) as scu:
        session = open_session(scu)
        [association] = printer._front._server.associations  # type: ignore[union-attr]
        assert association.dul.socket.tamper is None
        assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0
        scu.release()


def dcmtk_meets(talk: Talk) -> str:
    """The statuses that `dcmprscu` was answered, and the first thing that it complained of."""
    statuses = ", ".join(f"0x{status:04X}" for status in talk.statuses) or "-"
    complaint = talk.errors[0].removeprefix("spooler: ") if talk.errors else "-"
    return f"| {statuses} | {complaint} |"


@pytest.mark.peer("dcmpsprt", "dcmprscu")
def test_dcmtk_s_client_meets_faults_and_the_printer_outlives_them(tmp_path: Path) -> None:
    """Each row of the table in docs/faults.md is what it does."""
    rows = re.findall(r"^\| `(fault = .*?)` (\| (?:-|0x).*\|)$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) >= 8
    file = tmp_path / "faults.toml"
    write_file(file, [], None)
    with Server(tmp_path / "spool", tmp_path / "films", "--faults", str(file)) as server:
        client = PrintClient(tmp_path / "dcmtk", server.address)
        film = client.store([CT], "--filmsize", "8INX10IN")
        for keys, expected in rows:
            rule = make_rule(tomllib.loads(keys.replace(", ", "\n")))
            write_file(file, [rule], None)
            assert dcmtk_meets(client.send(film)) == expected, keys
        write_file(file, [], None)
        fine = client.send(film)
        assert (fine.errors, set(fine.statuses)) == ([], {0})
        _, log = server.terminate()
    for keys, _ in rows:
        assert f"rule={tomllib.loads(keys.replace(', ', chr(10)))['fault']}" in log, log
