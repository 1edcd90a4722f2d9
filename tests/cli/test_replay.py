"""`printscp replay`: what an SCU sent for a job, sent again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, one_clear_line
from peers.bench import film_of, open_session
from peers.dcmtk import PrintClient, PrintServer
from peers.ports import free_port
from peers.raw import RawScu
from peers.scu import META, Scu, attributes, image_item
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicGrayscaleImageBox,
    PresentationLUT,
    PrinterInstance,
    PrintJob,
    Verification,
)
from pynetdicom.sop_class import Printer as PrinterClass

from printscp.capture import read_file, write
from printscp.cli.captured import captured
from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.render.compose import compose
from printscp.render.page import Page
from printscp.replay import LONGEST_PAUSE, replay
from printscp.spool.folder import Spool

pytestmark = pytest.mark.slow

GRADIENT = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) % 4096
CONTEXTS = (META, PresentationLUT, PrintJob, Verification)


@pytest.fixture
def printer(start_printer: Callable[..., FilmPrinter]) -> FilmPrinter:
    """A printer that keeps its films, and prints none of them."""
    return start_printer(workers=0, ae_title="FILM")


@pytest.fixture
def other(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> FilmPrinter:
    return start_printer(workers=0, spool=tmp_path / "other")


def films(folder: Path) -> list[Sheet]:
    """Every film of a spool."""
    spool = Spool(folder)
    found = [spool.sheets.load(film.sheet) for job in spool.queue.jobs() for film in job.films]
    spool.close()
    return found


def density(sheet: Sheet) -> np.ndarray:
    page = compose(sheet, "")
    assert isinstance(page, Page)
    return page.density


def print_film(printer: FilmPrinter, syntax: str = ExplicitVRLittleEndian, replaced: bool = False) -> None:
    """A film with a Presentation LUT, whose instances the printer names; one request of it is refused."""
    with RawScu(printer.address, CONTEXTS, called="FILM", syntax=syntax) as scu:
        scu.ask("echo", context=Verification)
        session = open_session(scu)
        look_up = scu.ask("create", PresentationLUT, None, attributes(PresentationLUTShape="LIN OD"))
        uid = look_up.command["AffectedSOPInstanceUID"]
        film = film_of(session)
        film.FilmSizeID = "10INX12IN"
        created = scu.ask("create", BasicFilmBox, None, film, context=META)
        [box] = created.dataset.ReferencedImageBoxSequence
        reference = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=uid)
        for pixels in (GRADIENT + 1, GRADIENT) if replaced else (GRADIENT,):
            image = attributes(
                ImageBoxPosition=1,
                BasicGrayscaleImageSequence=[image_item(pixels)],
                ReferencedPresentationLUTSequence=[reference],
            )
            box_uid = box.ReferencedSOPInstanceUID
            assert scu.ask("set", BasicGrayscaleImageBox, box_uid, image, context=META).status == 0
        assert scu.ask("set", BasicGrayscaleImageBox, "1.2.3", image, context=META).status == 0x0112
        film_uid = created.command["AffectedSOPInstanceUID"]
        job = scu.ask("action", BasicFilmBox, film_uid, context=META)
        [reference] = job.dataset[0x2100, 0x0500].value
        assert scu.ask("get", PrintJob, reference.ReferencedSOPInstanceUID).status == 0
        assert scu.ask("get", PrinterClass, PrinterInstance, context=META).status == 0
        assert scu.ask("delete", BasicFilmBox, film_uid, context=META).status == 0
        scu.release()
    printer.stop()  # the association is over, and all of it kept


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_film_played_to_the_same_printer_is_the_same_film(
    printer: FilmPrinter, other: FilmPrinter, tmp_path: Path, ask: Command, syntax: str
) -> None:
    print_film(printer, syntax)
    done = ask("replay", "latest", *other.address, "--spool", tmp_path / "spool", "--called", "PRINTSCP")
    assert done.code == 0, done.out + done.err
    lines = done.out.splitlines()
    assert lines[-1] == "10 requests, 0 answered differently"
    assert lines[0].split() == ["2", "0x0000", "0x0000", "C-ECHO", "Verification"]
    assert "0x0112  0x0112           N-SET Basic Grayscale Image Box, position 1: " in lines[5]
    other.stop()
    [before], [after] = films(tmp_path / "spool"), films(tmp_path / "other")
    assert after == before
    assert after.look_ups[0].shape == "LIN OD"
    assert np.array_equal(density(after), density(before))


def test_data_sets_are_sent_in_the_transfer_syntax_agreed_on_now(
    printer: FilmPrinter, start_printer: Callable[..., FilmPrinter], tmp_path: Path, ask: Command
) -> None:
    with Scu(printer.address, called="FILM", contexts=(META, PresentationLUT)) as scu:
        scu.create_session(FilmSessionLabel="LABEL")
        _, look_up = scu.create_look_up(PresentationLUTShape="IDENTITY")
        reference = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=look_up)
        sequence = {"ReferencedPresentationLUTSequence": [reference]}
        scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN", **sequence)
        scu.set_image(1, image_item(GRADIENT), Polarity="REVERSE")
        assert scu.print_film().Status == 0
    printer.stop()
    implicit = start_printer(workers=0, spool=tmp_path / "other", profile="iherestricted", mode="tolerant")
    done = ask("replay", "1", *implicit.address, "--spool", tmp_path / "spool", "--called", "PRINTSCP")
    assert done.code == 0, done.out + done.err
    implicit.stop()
    with captured("1", tmp_path / "other", None) as after, captured("1", tmp_path / "spool", None) as before:
        assert {each.accepted for each in after.said.contexts} == {ImplicitVRLittleEndian}
        assert {each.accepted for each in before.said.contexts} == {ExplicitVRLittleEndian}
        assert [each.proposed for each in after.said.contexts] == [
            each.proposed for each in before.said.contexts
        ]
        assert after.order.label == "LABEL"
        assert after.film(1).images[0].pixels == before.film(1).images[0].pixels
        assert after.film(1).images[0].reverse


def test_a_printer_that_answers_differently_is_told_of(
    printer: FilmPrinter, start_printer: Callable[..., FilmPrinter], tmp_path: Path, ask: Command
) -> None:
    print_film(printer)
    # It has no film of 10 x 12 inch: no film box, and nothing that belongs to one.
    strict = start_printer(workers=0, spool=tmp_path / "other", profile="codonics_horizon", mode="strict")
    done = ask("replay", "1", *strict.address, "--spool", tmp_path / "spool", "--json")
    assert done.code == 6, done.out + done.err
    played = json.loads(done.out)
    assert [each["number"] for each in played] == sorted(each["number"] for each in played)
    assert {each["request"]: each["now"] for each in played if not each["same"]} == {
        "N-CREATE Basic Film Box": 0x0106,
        "N-SET Basic Grayscale Image Box, position 1": 0x0112,
        "N-ACTION Basic Film Box": 0x0112,
        "N-GET Print Job": 0x0112,
        "N-DELETE Basic Film Box": 0x0112,
    }
    [film] = [each for each in played if each["request"] == "N-CREATE Basic Film Box"]
    assert "FilmSizeID" in film["note"]
    text = ask("replay", "1", *strict.address, "--spool", tmp_path / "spool")
    assert text.code == 6
    assert text.out.splitlines()[-1] == "10 requests, 5 answered differently"


def test_an_image_that_was_replaced_is_sent_as_zeros_and_said_to_be(
    printer: FilmPrinter, other: FilmPrinter, tmp_path: Path, ask: Command
) -> None:
    print_film(printer, replaced=True)
    done = ask("replay", "1", *other.address, "--spool", tmp_path / "spool")
    assert done.code == 0, done.out
    zeros = [line for line in done.out.splitlines() if "zeros sent" in line]
    assert len(zeros) == 1
    assert "N-SET Basic Grayscale Image Box, position 1" in zeros[0]
    other.stop()
    assert films(tmp_path / "other") == films(tmp_path / "spool")


def test_a_file_of_a_job_is_as_good_as_the_job(
    printer: FilmPrinter, other: FilmPrinter, tmp_path: Path, ask: Command
) -> None:
    print_film(printer)
    file = tmp_path / "film.job"
    assert ask("jobs", "export", "latest", file, "--spool", tmp_path / "spool").code == 0
    again = ask("jobs", "export", "latest", file, "--spool", tmp_path / "spool")
    one_clear_line(again, str(file), "File exists")
    done = ask("replay", file, *other.address)
    assert done.code == 0, done.out
    other.stop()
    assert films(tmp_path / "other") == films(tmp_path / "spool")


def test_what_cannot_be_played_is_said_in_one_line(
    printer: FilmPrinter, tmp_path: Path, ask: Command
) -> None:
    print_film(printer)
    where = ("127.0.0.1", free_port(), "--spool", tmp_path / "spool")
    one_clear_line(ask("replay", "1", *where), "cannot connect to 127.0.0.1")
    one_clear_line(ask("replay", "7", *where), "no job 7", code=3)
    one_clear_line(ask("replay", tmp_path / "nothing", *where), "no such file")
    junk = tmp_path / "junk"
    junk.write_text("junk")
    one_clear_line(ask("replay", junk, *where), "is no job that printscp jobs export wrote")
    spool = Spool(tmp_path / "spool")
    spool.queue.cancel(1)
    spool.queue.drop_films([1])
    spool.close()
    one_clear_line(ask("replay", "1", *where), "its dialogue is not kept", code=4)


def test_a_printer_that_takes_no_association_is_said_to(
    printer: FilmPrinter, start_printer: Callable[..., FilmPrinter], tmp_path: Path, ask: Command
) -> None:
    print_film(printer)
    other = start_printer(workers=0, spool=tmp_path / "other", ae_title="OTHER")
    done = ask("replay", "1", *other.address, "--spool", tmp_path / "spool", "--called", "NOBODY")
    one_clear_line(done, "association rejected", "Called AE title")


def test_what_could_no_longer_be_sent_is_told(
    printer: FilmPrinter, other: FilmPrinter, tmp_path: Path
) -> None:
    print_film(printer)
    with captured("1", tmp_path / "spool", None) as capture:
        playing = replay(capture, *other.address)
        begun = [next(playing) for _ in range(4)]
        other.stop()
        rest = list(playing)
    assert all(each.same for each in begun)
    assert len(begun) + len(rest) == 10
    assert {each.now for each in rest} == {None}
    assert not any(each.same for each in rest)
    assert rest[-1].note == "not sent: the association has ended"


def test_pauses_are_kept_and_bounded(printer: FilmPrinter, other: FilmPrinter, tmp_path: Path) -> None:
    print_film(printer)
    with captured("1", tmp_path / "spool", None) as capture:
        write(capture, tmp_path / "film.job")
    capture = read_file(tmp_path / "film.job")
    assert capture.dialogue is not None
    for number, step in enumerate(capture.dialogue.steps):
        object.__setattr__(step, "at", number * (1000.0 if number > 8 else 0.25))
    pauses: list[float] = []
    host, port = other.address
    played = list(replay(capture, host, port, as_timed=True, wait=pauses.append))
    assert all(each.same for each in played)
    assert len(pauses) == len(played)
    assert pauses[1] == 0.25
    assert max(pauses) == LONGEST_PAUSE


@pytest.mark.peer("dcmprscu", "dcmpsprt", "dcmprscp")
def test_a_film_of_dcmprscu_is_played_to_us_and_to_dcmprscp(
    printer: FilmPrinter, other: FilmPrinter, tmp_path: Path, ask: Command
) -> None:
    client = PrintClient(tmp_path / "dcmtk", printer.address, Aetitle="FILM")
    stored = client.store([Path(str(get_testdata_file("MR_small.dcm")))], "--filmsize", "8INX10IN")
    assert client.send(stored).errors == []
    printer.stop()
    ours = ask("replay", "latest", *other.address, "--spool", tmp_path / "spool")
    assert ours.code == 0, ours.out + ours.err
    other.stop()
    [before], [after] = films(tmp_path / "spool"), films(tmp_path / "other")
    assert after == before
    with PrintServer(tmp_path / "server") as server:
        called = ("--called", server.ae_title)
        theirs = ask("replay", "latest", "127.0.0.1", server.port, *called, "--spool", tmp_path / "spool")
    assert theirs.code in (0, 6), theirs.err
    [kept] = server.films
    assert np.array_equal(kept.images[1].pixel_array, stored.images[0])
