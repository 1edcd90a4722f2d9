"""Films over a real socket: what is printed, how clearly the rest is refused, and what is left in the end."""

import socket
import struct
import threading
from collections.abc import Callable

import numpy as np
import pytest
from peers.scu import META, Scu, attributes, image_item
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, CTImageStorage, Printer, PrinterInstance

from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.spool.folder import SpoolDraft

pytestmark = pytest.mark.slow

PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
WIDE = np.arange(64, dtype=np.uint16).reshape(8, 8)


def refused(status: Dataset, code: int, *words: str) -> None:
    """The answer has that status, and a comment that an SCU's engineer can act on."""
    assert "Status" in status, "no answer"
    assert f"0x{status.Status:04X}" == f"0x{code:04X}", status.get("ErrorComment")
    comment = status.get("ErrorComment", "")
    for word in words:
        assert word in comment, comment
    assert 0 < len(comment) <= 64


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_film_is_printed(printer: FilmPrinter, syntax: str) -> None:
    with Scu(printer.address, syntaxes=(syntax,)) as scu:
        assert scu.echo() == 0
        status, session = scu.create_session(NumberOfCopies="2", PrintPriority="HIGH")
        assert status.Status == 0
        assert session == attributes(
            NumberOfCopies="2", PrintPriority="HIGH", MediumType="BLUE FILM", FilmDestination="PROCESSOR"
        )
        status, film = scu.create_film("STANDARD\\2,1", FilmSizeID="14INX17IN")
        assert status.Status == 0
        assert status.get("ErrorComment") is None
        in_force = {element.keyword: element.value for element in film if element.VR != "SQ"}
        assert in_force == {
            "ImageDisplayFormat": "STANDARD\\2,1",
            "FilmOrientation": "PORTRAIT",
            "FilmSizeID": "14INX17IN",
            "RequestedResolutionID": "STANDARD",
            "MagnificationType": "CUBIC",
            "MinDensity": 20,
            "MaxDensity": 310,
            "ConfigurationInformation": "CS500",
            "BorderDensity": "BLACK",
            "EmptyImageDensity": "BLACK",
            "Trim": "NO",
            "Illumination": 2000,
            "ReflectedAmbientLight": 10,
            "SmoothingType": "NONE",
        }
        assert film.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == scu.session_uid
        assert len(scu.boxes) == 2
        assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
        assert scu.set_image(2, image_item(WIDE, PhotometricInterpretation="MONOCHROME1"))[0].Status == 0
        assert scu.print_film().Status == 0
        assert scu.delete(BasicFilmBox, scu.film_uid).Status == 0
        assert scu.delete(BasicFilmSession, scu.session_uid).Status == 0
    job = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)[-1]
    assert (job.status, job.order.copies, job.order.priority, job.films[0].images) == ("DONE", 2, "HIGH", 2)
    assert (job.order.originator, job.order.printer_name, job.remarks) == ("TEST_SCU", "PRINTSCP", ())


def test_the_printer_tells_its_state(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        status, everything = scu.printer()
        assert status.Status == 0
        assert (everything.PrinterStatus, everything.PrinterStatusInfo) == ("NORMAL", "NORMAL")
        status, some = scu.printer(0x21100010, 0x21100020)
        assert status.Status == 0
        assert set(some.keys()) == {0x21100010, 0x21100020}
        status, known = scu.printer(0x21100010, 0x00100010)
        assert status.Status == 0x0107
        assert status.AttributeIdentifierList == 0x00100010
        assert set(known.keys()) == {0x21100010}


def test_instance_uids_left_out_are_made_and_told(printer: FilmPrinter) -> None:
    made = []

    def learn(event: object) -> None:
        made.append(event.message.command_set.get("AffectedSOPInstanceUID"))  # type: ignore[attr-defined]

    from pynetdicom import evt

    with Scu(printer.address) as scu:
        scu.association.bind(evt.EVT_DIMSE_RECV, learn)
        assert scu.create_session(uid=None)[0].Status == 0
        scu.session_uid = made[-1]
        # A warning tells the UID as well, which pynetdicom on its own would not.
        status, _ = scu.create_film(uid=None, FilmSizeID="99INX99IN")
        assert status.Status == 0x0116
        scu.film_uid = made[-1]
        assert len(set(made)) == 2
        assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
        assert scu.print_film().Status == 0


def test_an_empty_data_set_gets_an_answer(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        # pynetdicom announces an empty data set and then sends no fragment of it.
        status, reply = scu.association.send_n_create(
            Dataset(), BasicFilmSession, generate_uid(), meta_uid=META
        )
        assert status.Status == 0
        assert reply.NumberOfCopies == 1
        assert scu.echo() == 0


def test_values_it_does_not_have_are_replaced_and_told(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        status, film = scu.create_film(
            FilmSizeID="99INX99IN", MinDensity=0, MaxDensity=400, SmoothingType="5"
        )
        assert status.Status == 0x0116
        assert (film.FilmSizeID, film.MinDensity, film.MaxDensity) == ("17INX17IN", 20, 310)
        scu.set_image(1, image_item(PIXELS))
        assert scu.print_film().Status == 0
    job = printer.jobs()[-1]
    told = {remark.partition(":")[0] for remark in job.remarks}
    assert told == {"FilmSizeID", "MinDensity", "MaxDensity", "SmoothingType"}


def test_unknown_instances_are_refused(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        stranger = generate_uid()
        wanted = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(PIXELS)])
        refused(scu.set(stranger, wanted)[0], 0x0112, "no such")
        refused(scu.print_film(uid=stranger), 0x0112)
        refused(scu.delete(BasicFilmBox, stranger), 0x0112)
        status, _ = scu.association.send_n_get([], Printer, stranger, meta_uid=META)
        refused(status, 0x0112, "no such Printer")
        scu.create_session()
        refused(scu.delete(BasicFilmBox, scu.session_uid), 0x0119)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PixelData": bytes(62)}, ("PixelData", "62", "64")),
        ({"PixelData": bytes(66)}, ("PixelData", "66", "64")),
        ({"BitsAllocated": 16, "BitsStored": 7, "HighBit": 6}, ("16/7/6", "16/12/11")),
        ({"HighBit": 8}, ("8/8/8", "8/8/7")),
        ({"PixelRepresentation": 1}, ("PixelRepresentation",)),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, ("SamplesPerPixel",)),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, ("PhotometricInterpretation",)),
        ({"PixelAspectRatio": ["0", "1"]}, ("PixelAspectRatio",)),
    ],
)
def test_images_that_cannot_be_printed_are_refused(
    printer: FilmPrinter, changes: dict[str, object], words: tuple[str, ...]
) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film()
        refused(scu.set_image(1, image_item(PIXELS, **changes))[0], 0x0106, *words)
        # The SCU can mend it.
        assert scu.set_image(1, image_item(PIXELS))[0].Status == 0


def test_missing_and_misplaced_attributes_are_refused(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        refused(scu.create_film(None)[0], 0x0120, "ImageDisplayFormat")
        scu.create_film("STANDARD\\2,2")
        refused(scu.set_image(1, image_item(PIXELS, Rows=None))[0], 0x0120, "Rows")
        refused(scu.set_image(5, image_item(PIXELS), box=scu.boxes[0])[0], 0x0106, "5", "1..4")
        refused(scu.set_image(2, image_item(PIXELS), box=scu.boxes[0])[0], 0x0106, "2", "position 1")
        color = attributes(ImageBoxPosition=1, BasicColorImageSequence=[image_item(PIXELS)])
        refused(scu.set(scu.boxes[0], color)[0], 0x0105, "gray")


@pytest.mark.parametrize(
    "text", ["STANDARD\\2", "STANDARD\\0,1", "STANDARD\\99,1", "SUDOKU\\3,3", "SLIDE\\2"]
)
def test_unknown_display_formats_are_refused(printer: FilmPrinter, text: str) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        refused(scu.create_film(text)[0], 0x0106, "STANDARD")


def test_prints_that_make_no_sense_are_refused(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        refused(scu.create_session()[0], 0x0111, "N-DELETE")
        refused(scu.print_session()[0], 0xC600, "N-CREATE")
        scu.create_film()
        scu.set_image(1, image_item(PIXELS))
        refused(scu.print_film(action=2), 0x0123, "1 prints")
        status, _ = scu.association.send_n_get([], BasicFilmBox, scu.film_uid, meta_uid=META)
        refused(status, 0x0211, "N-GET")
        assert scu.print_film().Status == 0


def test_a_service_of_no_use_here_is_refused_and_the_association_lives(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        refused(scu.set(PrinterInstance, attributes(PrinterName="me"), Printer)[0], 0x0211, "Printer")
        assert scu.echo() == 0


def test_memory_is_bounded_over_all_associations(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(memory_mib=1, workers=0)
    big, small = np.zeros((800, 1000), np.uint8), np.zeros((200, 1000), np.uint8)
    with Scu(printer.address) as first, Scu(printer.address, calling="OTHER") as second:
        for scu in (first, second):
            scu.create_session()
            scu.create_film()
        assert first.set_image(1, image_item(big))[0].Status == 0
        refused(second.set_image(1, image_item(big))[0], 0xC605, "MiB")
        assert second.set_image(1, image_item(small))[0].Status == 0
        assert first.print_film().Status == 0
        first.delete(BasicFilmBox, first.film_uid)
        assert second.set_image(1, image_item(big))[0].Status == 0
    # An association's end gives its memory back.
    with Scu(printer.address) as third:
        third.create_session()
        third.create_film()
        assert third.set_image(1, image_item(np.zeros((1024, 1024), np.uint8)))[0].Status == 0


def test_a_film_that_cannot_be_spooled_is_refused_and_not_lost(
    printer: FilmPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, image_item(PIXELS))
        before = len(printer.jobs())
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            refused(scu.print_film(), 0x0213, "No space left")
        assert len(printer.jobs()) == before
        assert scu.print_film().Status == 0


def test_an_unforeseen_error_is_answered_with_a_reference(
    printer: FilmPrinter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("PATIENT^NAME must not be told to the SCU")

    with Scu(printer.address) as scu:
        monkeypatch.setattr("printscp.film.sop_classes.film_session.BasicFilmSession.create", broken)
        status, _ = scu.create_session()
        refused(status, 0x0110, "log")
        assert "PATIENT" not in status.ErrorComment
        assert status.ErrorComment.split()[-1] in [getattr(each, "reference", "") for each in caplog.records]
        monkeypatch.undo()
        assert scu.create_session()[0].Status == 0


def test_an_association_without_a_usable_context_prints_nothing(
    printer: FilmPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    association = Scu(printer.address, contexts=(CTImageStorage,)).association
    assert not association.is_established
    assert [context.result for context in association.rejected_contexts] == [3]  # abstract syntax
    with Scu(printer.address) as scu:
        assert scu.echo() == 0
    assert "offers nothing this printer prints" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["release", "abort", "close", "reset"])
def test_however_it_ends_the_memory_comes_back_and_the_job_stays(
    start_printer: Callable[..., FilmPrinter], ending: str
) -> None:
    printer = start_printer(memory_mib=1)
    scu = Scu(printer.address)
    assert scu.print_image(np.zeros((1024, 1024), np.uint8), FilmSizeID="8INX10IN").Status == 0
    association = scu.association
    if ending == "release":
        association.release()
    elif ending == "abort":
        association.abort()
    else:
        raw = association.dul.socket.socket
        if ending == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        else:
            raw.shutdown(socket.SHUT_RDWR)
    # The whole budget was held; a new association gets it as soon as the printer has seen the end.
    for _ in range(1000):
        with Scu(printer.address) as other:
            other.create_session()
            other.create_film()
            status, _ = other.set_image(1, image_item(np.zeros((1024, 1024), np.uint8)))
        if status.Status == 0:
            break
    assert status.Status == 0
    (job,) = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
    assert job.status == "DONE"


def test_no_association_waits_for_another(printer: FilmPrinter, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on = threading.Event(), threading.Event()
    keep = SpoolDraft.keep

    def slow_disk(draft: SpoolDraft, sheet: Sheet) -> None:
        inside.set()
        assert go_on.wait(20)
        keep(draft, sheet)

    monkeypatch.setattr(SpoolDraft, "keep", slow_disk)
    with Scu(printer.address) as waiting, Scu(printer.address) as other:
        for scu in (waiting, other):
            scu.create_session()
            scu.create_film()
            scu.set_image(1, image_item(PIXELS))
        printing = threading.Thread(target=waiting.print_film)
        printing.start()
        assert inside.wait(20)
        assert other.echo() == 0
        assert other.printer()[0].Status == 0
        assert other.set_image(1, image_item(PIXELS))[0].Status == 0
        with Scu(printer.address) as third:
            assert third.echo() == 0
        go_on.set()
        printing.join(20)


def test_many_associations_print_at_once(printer: FilmPrinter) -> None:
    before = len(printer.jobs())
    failures: list[object] = []

    def modality(number: int) -> None:
        try:
            with Scu(printer.address, calling=f"MODALITY{number}") as scu:
                for _ in range(2):
                    status = scu.print_image(np.full((32, 32), number, np.uint8), FilmSizeID="8INX10IN")
                    assert status.Status == 0
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=modality, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    jobs = printer.wait_for(lambda jobs: len(jobs) == before + 16 and all(job.ended for job in jobs), 60)[
        before:
    ]
    assert {job.status for job in jobs} == {"DONE"}
    assert sorted(job.order.originator for job in jobs) == sorted(
        f"MODALITY{n}" for n in range(8) for _ in "12"
    )


def test_stop_aborts_what_is_open(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(workers=0)
    address = printer.address
    scu = Scu(address)
    with scu:
        scu.create_session()
        printer.stop()
        scu.wait_for_the_end()
    assert scu.association.is_aborted
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
