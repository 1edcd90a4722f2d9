"""A film printer for tests: what it remembers, what it waits for, and what it says when nothing comes."""

import contextlib
import threading

import numpy as np
import pytest
from peers.bench import open_session, print_film
from peers.raw import RawScu
from peers.scu import META, Scu, image_item
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, PrintJob

from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus
from printscp.film.printer import PrinterState
from printscp.testing import BenchPrinter
from printscp.testing.bench import NothingCame
from printscp.transcript import Step

GRAY = np.full((8, 8), 128, np.uint8)


def test_a_film_is_there_once_its_print_is_answered() -> None:
    with BenchPrinter() as printer, Scu(printer.address) as scu:
        assert scu.print_image(GRAY, FilmSizeID="8INX10IN").Status == 0
        film = printer.wait_for_film(5)
        assert (film.number, film.count, film.status) == (1, 1, ExecutionStatus.DONE)
        assert [step.service for step in film.dialogue.steps[-2:]] == ["N-ACTION", "N-ACTION"]
        assert film.dialogue.steps[-1].job == film.uid
        assert printer.films == [film]
        assert [job.uid for job in printer.jobs] == [film.uid]
        # Each film is handed out once.
        with pytest.raises(NothingCame):
            printer.wait_for_film(0)
        scu.print_film()
        assert printer.wait_for_film(5).job.id == 2


def test_the_dialogue_goes_on_after_the_film() -> None:
    with BenchPrinter() as printer:
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
            film = printer.wait_for_film(5)
            with pytest.raises(NothingCame, match="not within"):
                printer.wait_for_association_end(0)
            scu.delete(BasicFilmBox, str(scu.film_uid))
        printer.wait_for_association_end(5)
        assert [step.service for step in film.dialogue.steps[-3:]] == ["N-DELETE", "N-DELETE", "A-RELEASE"]
        assert len(printer.dialogues) == 1


def test_what_came_instead_is_told() -> None:
    with BenchPrinter(mode="strict") as printer:
        with pytest.raises(NothingCame, match="no SCU has had an association"):
            printer.wait_for_film(0)
        with Scu(printer.address) as scu:
            scu.create_session(FilmSessionLabel="DOE^JANE")
            scu.create_film("STANDARD2,2")
        printer.wait_for_association_end(5)
        with pytest.raises(TimeoutError) as caught:
            printer.wait_for_film(0)
    said = str(caught.value)
    assert "N-CREATE Basic Film Box  ->  0x0106 invalid attribute value" in said
    assert "backslash-lost" in said
    assert "A-RELEASE" in said
    assert "DOE" not in said, "a patient's name"
    assert caught.value.printer is printer


def test_who_was_not_let_in_is_told() -> None:
    with BenchPrinter(ae_title="FILM") as printer:
        assert not Scu(printer.address, called="OTHER").association.is_established
        with pytest.raises(NothingCame, match="rejected: called AE title not recognized"):
            printer.wait_for_film(0)
        printer.clear()
        assert "rejected" not in printer.summary()
        assert (printer.ae_title, printer.ae_titles) == ("FILM", ("FILM",))
        printer.stop()
        assert "stopped" in printer.summary()


def test_waiting_ends_when_something_comes() -> None:
    with BenchPrinter() as printer:
        found: list[str] = []
        ready = threading.Event()

        def wait() -> None:
            ready.set()
            found.append(printer.wait_for_film(20).film_size)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert ready.wait(5)
        with Scu(printer.address) as scu:
            scu.print_image(GRAY, FilmSizeID="8INX10IN")
        waiting.join(20)
        assert found == ["8INX10IN"]
        assert printer.wait_for(lambda: len(printer.films)) == 1


def test_events_go_out_as_those_of_a_real_printer() -> None:
    with BenchPrinter() as printer, RawScu(printer.address, (META, PrintJob)) as scu:
        uid = print_film(scu, open_session(scu))
        while len(scu.events) < 3:
            scu.wait_for_event()
        told = [(each.command["EventTypeID"], each.dataset.ExecutionStatusInfo) for each in scu.events]
        assert told == [(1, "QUEUED"), (2, "NORMAL"), (3, "NORMAL")]
        printer.wait_for(lambda: printer.jobs[0].confirmed)
        gone = scu.ask("get", PrintJob, uid)
        assert gone.status == 0x0112, "gone once its end is confirmed (PS3.4 H.4.5.2)"


def test_a_film_whose_print_was_never_answered_comes_with_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    with BenchPrinter() as printer:
        printer.watch(lambda _, what: told.append(what))
        monkeypatch.setattr(printer, "printed", lambda *_: None)
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
            assert printer.films == []
        film = printer.wait_for_film(5)
        assert film.images[0].pixels.shape == (8, 8)
        printer.wait_for_association_end(5)
    assert told[-2] is film, "before the end"


def test_its_state_is_what_was_set() -> None:
    with BenchPrinter() as printer, Scu(printer.address) as scu:
        printer.set_state("WARNING", "SUPPLY LOW")
        _, reply = scu.printer()
        assert reply is not None
        assert (reply.PrinterStatus, reply.PrinterStatusInfo) == ("WARNING", "SUPPLY LOW")
        assert printer.state == PrinterState("WARNING", "SUPPLY LOW")
        printer.set_state("NORMAL")
        assert printer.state == PrinterState()


def test_a_printer_of_many_names() -> None:
    with BenchPrinter(personas=["ihefull"]) as printer:
        assert printer.ae_titles == ("PRINTSCP", "IHEFULL")
        with Scu(printer.address, called="IHEFULL") as scu:
            assert scu.create_session()[0].Status == 0
        with Scu(printer.address, called="ANY") as scu:
            assert scu.create_session()[0].Status == 0
        assert [each.profile for each in printer.dialogues] == ["ihefull", "imager17"]
        assert [each.mode for each in printer.dialogues] == ["strict", "tolerant"]


def test_the_same_seed_makes_the_same_uids() -> None:
    uids = []
    for seed in (1, 1, 2, None, None):
        with BenchPrinter(seed=seed) as printer, Scu(printer.address) as scu:
            scu.print_image(GRAY)
            uids.append((scu.boxes[0], printer.wait_for_film(5).uid))
    assert uids[0] == uids[1]
    assert len(set(uids)) == 4


def test_many_printers_at_once_share_nothing() -> None:
    with BenchPrinter(ae_title="ONE") as one, BenchPrinter() as other:
        assert one.port != other.port
        assert not Scu(one.address, called="OTHER").association.is_established
        with Scu(one.address, called="ONE") as scu:
            scu.print_image(GRAY)
        one.wait_for_association_end(5)
        assert (len(one.films), len(other.films), other.dialogues) == (1, 0, [])
        assert "rejected: called AE title" in one.summary()
        assert "rejected" not in other.summary()


def test_what_is_cleared_is_forgotten() -> None:
    with BenchPrinter() as printer:
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
            printer.wait_for(lambda: printer.films)
            printer.clear()
            assert printer.films == []
            assert len(printer.dialogues) == 1, "it goes on"
            scu.print_film()
            assert printer.wait_for_film(5).job.id == 2
        printer.wait_for_association_end(5)
        film = printer.films[0]
        printer.clear()
        assert (printer.films, printer.jobs, printer.dialogues) == ([], [], [])
        assert film.status is ExecutionStatus.DONE, "who has a film keeps it"


def test_a_film_that_is_cleared_as_it_comes_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    with BenchPrinter() as printer:
        begin = printer._queue.begin

        def cleared(uid: str) -> object:
            try:
                return begin(uid)
            finally:
                printer.clear()  # by another thread: the job has ended

        monkeypatch.setattr(printer._queue, "begin", cleared)
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
            assert printer.wait_for_film(5).status is ExecutionStatus.DONE


def test_a_queue_that_is_full() -> None:
    with BenchPrinter(queue_limit=1) as printer, Scu(printer.address) as scu:
        printer.faults.add("out-of-film", films=0)
        assert scu.print_image(GRAY).Status == 0
        assert scu.print_film().Status == 0xC602
        assert [job.status_info for job in printer.jobs] == ["SUPPLY EMPTY"]


def test_a_fault_is_made_and_told() -> None:
    with BenchPrinter() as printer:
        printer.faults.add("job-failure", info="FILM JAM")
        with Scu(printer.address) as scu:
            assert scu.print_image(GRAY).Status == 0
            film = printer.wait_for_film(5)
            assert (film.status, film.job.status_info) == (ExecutionStatus.FAILURE, "FILM JAM")
        assert "[fault job-failure]" in printer.summary()


@pytest.mark.parametrize("at", ["associate", "film-box.create", "release"])
def test_an_association_that_a_fault_ends_is_one_association(at: str) -> None:
    told: list[object] = []
    with BenchPrinter() as printer:
        printer.watch(lambda _, what: told.append(what))
        printer.faults.add("abort", at=at, times=1)
        with contextlib.suppress(AssertionError), Scu(printer.address) as scu:
            scu.create_session()
            scu.create_film()
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
        printer.wait_for_film(5)
        printer.wait_for(lambda: len(printer.dialogues) == 2 and not printer._living)
        assert "[fault abort]" in printer.summary()
        assert sum(step.is_end for step in told if isinstance(step, Step)) == 2


@pytest.mark.parametrize(("printing", "told"), [(True, [1, 2, 4]), (False, [1, 4])])
def test_a_job_fails_with_the_events_of_its_fault(printing: bool, told: list[int]) -> None:
    with BenchPrinter() as printer, RawScu(printer.address, (META, PrintJob)) as scu:
        printer.faults.add("job-failure", info="FILM JAM", printing=printing)
        print_film(scu, open_session(scu))
        while len(scu.events) < len(told):
            scu.wait_for_event()
        assert [each.command["EventTypeID"] for each in scu.events] == told
        assert scu.events[-1].dataset.ExecutionStatusInfo == "FILM JAM"


def test_a_job_is_known_to_its_printer_alone() -> None:
    with BenchPrinter(personas=["ihefull"]) as printer:
        printer.faults.add("out-of-film", films=0)
        with Scu(printer.address) as scu:
            scu.print_image(GRAY)
        uid = printer.wait_for_film(5).uid
        for called, status in (("PRINTSCP", 0), ("IHEFULL", 0x0112)):
            with Scu(printer.address, called=called, contexts=(META, PrintJob)) as scu:
                assert scu.job(uid)[0].Status == status


def test_jobs_that_a_fault_holds_go_on_when_it_is_cleared() -> None:
    with BenchPrinter() as printer, Scu(printer.address) as scu:
        printer.faults.add("out-of-film", films=1)
        scu.print_image(GRAY)
        scu.print_film()
        first, second = printer.wait_for_film(5), printer.wait_for_film(5)
        assert (first.status, second.status) == (ExecutionStatus.DONE, ExecutionStatus.PENDING)
        printer.faults.clear()
        printer.wait_for(lambda: second.status is ExecutionStatus.DONE)


def test_what_is_wrong_with_settings_is_said_in_one_line(tmp_path) -> None:
    with pytest.raises(SetupError, match="profile"):
        BenchPrinter(profile="no such")
    with pytest.raises(SetupError, match="no such key"):
        BenchPrinter(colour=True)
    with pytest.raises(SetupError, match="no such file"):
        BenchPrinter(faults=tmp_path / "faults.toml")
    with BenchPrinter() as printer:
        with pytest.raises(SetupError, match="'LOW' is none of NORMAL, WARNING, FAILURE"):
            printer.set_state("LOW", "SUPPLY LOW")
        with pytest.raises(SetupError, match="no printer 'FILM': there are PRINTSCP"):
            printer.set_state("WARNING", "SUPPLY LOW", "FILM")
        assert printer.state == PrinterState()


def test_session_and_box_of_two_associations_do_not_mix() -> None:
    with BenchPrinter() as printer:
        with Scu(printer.address, calling="ONE") as one, Scu(printer.address, calling="TWO") as two:
            for scu, level in ((one, 10), (two, 20)):
                scu.create_session(OwnerID=scu.association.requestor.ae_title)
                scu.create_film()
                scu.set_image(1, image_item(np.full((4, 4), level, np.uint8)))
            two.print_film()
            one.print_film()
            films = [printer.wait_for_film(5), printer.wait_for_film(5)]
        assert [film.calling for film in films] == ["TWO", "ONE"]
        assert [int(film.images[0].pixels[0, 0]) for film in films] == [20, 10]
        assert [film.session.OwnerID for film in films] == ["TWO", "ONE"]
        assert all(film.dialogue.calling == film.calling for film in films)


def test_a_deleted_session_is_no_part_of_the_next() -> None:
    with BenchPrinter() as printer, Scu(printer.address) as scu:
        scu.create_session(FilmSessionLabel="FIRST")
        scu.create_film(FilmSizeID="8INX10IN")
        scu.delete(BasicFilmSession, str(scu.session_uid))
        scu.create_session(FilmSessionLabel="SECOND")
        scu.create_film(FilmSizeID="10INX12IN")
        scu.set_image(1, image_item(GRAY))
        assert scu.print_session()[0].Status == 0
        film = printer.wait_for_film(5)
        assert (film.label, film.session.FilmSessionLabel) == ("SECOND", "SECOND")
        assert film.film_box.FilmSizeID == film.film_size == "10INX12IN"
