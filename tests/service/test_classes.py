"""The optional SOP classes and film session printing, from the wire to the film (PS3.4 H.3 and H.4)."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.raw import RawScu
from peers.scu import COLOR, EVERYTHING, META, Scu, attributes, color_item, image_item
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    PresentationLUT,
    PrinterConfigurationRetrieval,
    PrinterConfigurationRetrievalInstance,
    PrinterInstance,
    PrintJob,
)
from pynetdicom.sop_class import Printer as PrinterClass
from service.films import Films, at_pixels, film_density, print_film, samples_of

from printscp.config import load
from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation
from printscp.printer import FilmPrinter, FilmWorkers
from printscp.render.compose import compose

SMALL = {"FilmSizeID": "8INX10IN", "MagnificationType": "REPLICATE"}
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
RAMP_12 = np.arange(4096, dtype=np.uint16).reshape(64, 64)
PENDING, PRINTING, DONE, FAILURE = 1, 2, 3, 4  # Event Type IDs of a print job
IN_ORDER, OUT_OF_ORDER = 1, 3  # and of the printer


def ok(reply: tuple[Dataset, Dataset | None]) -> Dataset:
    """The data set of an answer that is success."""
    status, dataset = reply
    assert status.Status == 0, status
    return dataset or Dataset()


@pytest.fixture
def scu(printer: FilmPrinter) -> Iterator[Scu]:
    """With all classes but Print Job: an event that crosses its release breaks pynetdicom."""
    contexts = tuple(context for context in EVERYTHING if context != PrintJob)
    with Scu(printer.address, contexts=contexts) as scu:
        yield scu


def test_a_gray_and_a_color_film_of_one_session(scu: Scu, films: Films) -> None:
    colors = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    ok(scu.create_session())
    ok(scu.create_film(**SMALL))
    ok(scu.set_image(1, image_item(RAMP)))
    assert scu.print_film().Status == 0
    scu.meta = COLOR
    ok(scu.create_film(**SMALL))
    ok(scu.set_image(1, color_item(colors)))
    assert scu.print_film().Status == 0
    assert [job.status for job in films.jobs(2)] == ["DONE", "DONE"]
    gray, color = films.sheets
    assert (gray.color, gray.images[0].samples_per_pixel) == (False, 1)
    assert (color.color, color.images[0].samples_per_pixel) == (True, 3)
    assert gray.images[0].pixels == RAMP.tobytes()
    assert color.images[0].pixels == np.moveaxis(colors, 2, 0).tobytes()


def test_annotation_boxes(scu: Scu, films: Films) -> None:
    ok(scu.create_session())
    film = ok(scu.create_film("STANDARD\\2,1", AnnotationDisplayFormatID="COMBINED", **SMALL))
    references = film.ReferencedBasicAnnotationBoxSequence
    assert {each.ReferencedSOPClassUID for each in references} == {BasicAnnotationBox}
    whole, left, right = (each.ReferencedSOPInstanceUID for each in references)
    for position, box, text in [(0, whole, "KNEE"), (1, left, "AP"), (2, right, "LATERAL"), (1, left, "")]:
        ok(scu.annotate(position, box, text))
    assert scu.annotate(1, right, "WRONG")[0].Status == 0x0106
    ok(scu.set_image(1, image_item(RAMP)))
    assert scu.print_film().Status == 0
    films.job()
    assert films.sheet.annotations == (
        Annotation(0, Rectangle(50, 3037, 2460, 50), "LEFT", False, "KNEE"),
        Annotation(2, Rectangle(1289, 2987, 1220, 50), "CENTER", True, "LATERAL"),
    )


def test_a_presentation_lut_of_each_level(scu: Scu, films: Films) -> None:
    """That of the image box is over that of the film box, and that over the one of the session."""
    turned = np.rint((1 - np.arange(256) / 255) * 65535).astype("<u2")
    steep = np.rint((np.arange(4096) / 4095) ** 2 * 1023).astype("<u2")

    def look_up(**values: Any) -> tuple[dict[str, Any], UID]:
        status, uid = scu.create_look_up(**values)
        assert status.Status == 0
        reference = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=uid)
        return {"ReferencedPresentationLUTSequence": [reference]}, uid

    def table(values: NDArray[np.uint16], bits: int) -> dict[str, Any]:
        item = attributes(LUTExplanation="table")
        item.add_new("LUTDescriptor", "US", [len(values), 0, bits])
        item.add_new("LUTData", "OW", values.tobytes())
        return {"PresentationLUTSequence": [item]}

    of_session, _ = look_up(**table(turned, 16))
    of_film, film_look_up = look_up(PresentationLUTShape="LIN OD")
    of_image, _ = look_up(**table(steep, 10))
    ok(scu.create_session(**of_session))
    for film in ({}, of_film):
        ok(scu.create_film("STANDARD\\1,2", **SMALL, **film))
        ok(scu.set_image(1, image_item(RAMP)))
        ok(scu.set_image(2, image_item(RAMP_12), **of_image))
        assert scu.print_film().Status == 0
    # What is referred to stays; the job has a copy.
    assert scu.delete(PresentationLUT, film_look_up).Status == 0x0110
    assert scu.delete(BasicFilmBox, scu.film_uid or "").Status == 0
    assert scu.association.send_n_delete(PresentationLUT, film_look_up).Status == 0
    assert [job.status for job in films.jobs(2)] == ["DONE", "DONE"]

    by_session = film_density(turned[RAMP] / 65535)
    by_film = 3.10 - RAMP / 255 * (3.10 - 0.20)
    by_image = film_density(steep[RAMP_12] / 1023)
    for sheet, first in zip(films.sheets, (by_session, by_film), strict=True):
        page = compose(sheet, "film").density / 10000
        np.testing.assert_allclose(at_pixels(page, sheet, 1), first, rtol=0, atol=0.0002)
        np.testing.assert_allclose(at_pixels(page, sheet, 2), by_image, rtol=0, atol=0.0002)


@pytest.mark.peer("qpdf", "pdfimages", "pdftotext")
def test_a_session_is_printed_as_one_job(scu: Scu, films: Films, tmp_path: Path) -> None:
    """Four films in two copies come out 1 2 3 4 1 2 3 4: one document, to be printed twice."""
    ok(scu.create_session(NumberOfCopies=2))
    orientations = ["PORTRAIT", "LANDSCAPE", "PORTRAIT", "LANDSCAPE"]
    for number, orientation in enumerate(orientations, start=1):
        ok(scu.create_film(FilmOrientation=orientation, **SMALL))
        ok(scu.set_image(1, image_item(np.full((16, 16), 50 * number, np.uint8))))
    ok(scu.print_session())
    job = films.job()
    assert (job.order.copies, len(job.films), len(films.sheets)) == (2, 4, 4)
    pdf = Path(job.outputs[0])
    assert run("qpdf", "--show-npages", str(pdf)) == "4\n"
    assert b"/NumCopies 2" in pdf.read_bytes()
    pages = samples_of(pdf, tmp_path)
    assert [page.shape for page in pages] == [(3200, 2560), (2560, 3200)] * 2
    for number, page in enumerate(pages, start=1):
        assert page[page.shape[0] // 2, page.shape[1] // 2] == 50 * number
    titles = run("pdftotext", "-layout", str(pdf), "-").split("\f")[:-1]
    assert [f"film {number} of 4" in title for number, title in enumerate(titles, start=1)] == [True] * 4


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


# --- jobs ------------------------------------------------------------------------------------------------


def hear(scu: RawScu, *wanted: tuple[str, int, str]) -> list[tuple[str, int, str]]:
    """Wait until all of these were reported; SOP class, Event Type ID and status info of each event."""

    def heard() -> list[tuple[str, int, str]]:
        return [
            (
                UID(event.command["AffectedSOPClassUID"]).name.removesuffix(" SOP Class"),
                event.command["EventTypeID"],
                event.dataset.get("ExecutionStatusInfo") or event.dataset.get("PrinterStatusInfo") or "",
            )
            for event in scu.events
        ]

    while not set(wanted) <= set(heard()):
        scu.wait_for_event()
    return heard()


@pytest.mark.parametrize("end", [RawScu.release, RawScu.abort, RawScu.reset])
def test_a_job_outlives_its_association(films: Films, end: Callable[[RawScu], None]) -> None:
    address = films.printer.address
    with RawScu(address, (META, PrintJob), calling="CT1", confirm=False) as scu:
        uid = print_film(scu, {"PrintPriority": "HIGH"})
        end(scu)
    job = films.job()
    with RawScu(address, (PrintJob,)) as scu:
        said = scu.ask("get", PrintJob, uid)
        reply = said.dataset
        assert said.status == 0
        assert (reply.ExecutionStatus, reply.ExecutionStatusInfo) == ("DONE", "NORMAL")
        assert (reply.PrintPriority, reply.Originator, reply.PrinterName) == ("HIGH", "CT1", "PRINTSCP")
        created = datetime.strptime(reply.CreationDate + reply.CreationTime, "%Y%m%d%H%M%S")
        assert created == job.created.astimezone().replace(microsecond=0, tzinfo=None)
        scu.release()


def test_a_job_is_gone_when_its_end_was_confirmed(films: Films) -> None:
    with RawScu(films.printer.address, (META, PrintJob)) as scu:
        uid = print_film(scu, {"FilmSessionLabel": "KNEE"})
        assert hear(scu, ("Print Job", DONE, "NORMAL")) == [
            ("Print Job", PENDING, "QUEUED"),
            ("Print Job", PRINTING, "NORMAL"),
            ("Print Job", DONE, "NORMAL"),
        ]
        assert {event.command["AffectedSOPInstanceUID"] for event in scu.events} == {uid}
        assert {event.dataset.FilmSessionLabel for event in scu.events} == {"KNEE"}
        assert scu.ask("get", PrintJob, uid).status == 0x0112
        with RawScu(films.printer.address, (PrintJob,)) as another:
            assert another.ask("get", PrintJob, uid).status == 0x0112
            another.release()
        scu.release()
    assert films.job().confirmed


def test_a_film_that_a_bad_disk_spoils_is_reported(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    printer = start_printer()
    with RawScu(printer.address, (META, PrintJob)) as scu:
        os.kill(printer.worker_pid, signal.SIGSTOP)
        try:
            uid = print_film(scu, pixels=np.zeros((512, 512), np.uint8))
            (sheet,) = (tmp_path / "spool" / "sheets").glob(f"*-{uid}-*")
            with sheet.open("r+b") as file:
                file.seek(1000)
                file.write(b"\xff" * 1000)
        finally:
            os.kill(printer.worker_pid, signal.SIGCONT)
        hear(scu, ("Print Job", FAILURE, "ELEC SW ERROR"))
        assert scu.ask("get", PrintJob, uid).status == 0x0112
        scu.release()
    assert [(job.status, job.confirmed) for job in printer.jobs()] == [("FAILURE", True)]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "on another host"])
def test_an_output_that_fails_for_now_is_reported(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, elsewhere: bool
) -> None:
    (tmp_path / "shared").mkdir()
    shared = {"database": f"sqlite:///{tmp_path}/shared/jobs.sqlite", "sheets": f"{tmp_path}/shared"}
    printer = start_printer(printer_events=True, workers=int(not elsewhere), **shared)
    folder = tmp_path / "films"
    with ExitStack() as stack:
        if elsewhere:
            workers = FilmWorkers(load(spool=tmp_path / "other", output=folder, **shared))
            stack.enter_context(workers)
        _tells_of_its_output(printer, folder)


def _tells_of_its_output(printer: FilmPrinter, folder: Path) -> None:
    folder.rmdir()
    folder.write_text("in the way")  # not even root can write films into it
    with RawScu(printer.address, (META, PrintJob)) as scu:
        uid = print_film(scu)
        hear(scu, ("Print Job", PENDING, "CHECK PRINTER"), ("Printer", OUT_OF_ORDER, "CHECK PRINTER"))
        assert scu.ask("get", PrintJob, uid).dataset.ExecutionStatusInfo == "CHECK PRINTER"
        state = scu.ask("get", PrinterClass, PrinterInstance, context=META).dataset
        assert (state.PrinterStatus, state.PrinterStatusInfo) == ("FAILURE", "CHECK PRINTER")
        folder.unlink()
        folder.mkdir()
        hear(scu, ("Printer", IN_ORDER, ""), ("Print Job", DONE, "NORMAL"))
        state = scu.ask("get", PrinterClass, PrinterInstance, context=META).dataset
        assert (state.PrinterStatus, state.PrinterStatusInfo) == ("NORMAL", "NORMAL")
        scu.release()


# --- the printer -----------------------------------------------------------------------------------------


def test_printer_configuration_retrieval_tells_of_films_as_they_are(scu: Scu, films: Films) -> None:
    reply = ok(
        scu.association.send_n_get([], PrinterConfigurationRetrieval, PrinterConfigurationRetrievalInstance)
    )
    gray, color = reply.PrinterConfigurationSequence
    assert list(gray.SOPClassesSupported) == [META, PrintJob, BasicAnnotationBox, PresentationLUT]
    assert list(color.SOPClassesSupported) == [COLOR, PrintJob, BasicAnnotationBox]
    assert {media.FilmSizeID for media in gray.MediaInstalledSequence} >= {"8INX10IN", "17INX17IN", "A3"}
    assert {
        (media.MediumType == "PAPER", media.MinDensity, media.MaxDensity)
        for media in gray.MediaInstalledSequence
    } == {(False, 20, 310), (True, 5, 200)}
    assert (gray.MaximumCollatedFilms, gray.DefaultMagnificationType) == (64, "CUBIC")

    film = {"FilmSizeID": "8INX10IN", "FilmOrientation": "LANDSCAPE", "ImageDisplayFormat": "STANDARD\\3,2"}
    asked = film | {"PrinterResolutionID": "HIGH"}
    (told_of,) = [
        each
        for each in gray.SupportedImageDisplayFormatsSequence
        if all(each[keyword].value == value for keyword, value in asked.items())
    ]
    assert [float(spacing) for spacing in told_of.PrinterPixelSpacing] == pytest.approx([25.4 / 508] * 2)
    ok(scu.create_session())
    ok(scu.create_film(film.pop("ImageDisplayFormat"), RequestedResolutionID="HIGH", **film))
    # An image of just that size is printed one to one.
    pixels = np.random.default_rng(2).integers(0, 256, (told_of.Rows, told_of.Columns), np.uint8)
    ok(scu.set_image(6, image_item(pixels), RequestedDecimateCropBehavior="FAIL"))
    assert scu.print_film().Status == 0
    films.job()
    box = films.sheet.boxes[5]
    assert (box.height, box.width) == pixels.shape
    page = compose(films.sheet, "film").density / 10000
    printed = page[box.top : box.top + box.height, box.left : box.left + box.width]
    np.testing.assert_allclose(printed, film_density(pixels / 255), rtol=0, atol=0.0002)


@pytest.mark.parametrize(
    ("sop_class", "instance", "status"),
    [
        (PrinterClass, PrinterInstance, 0),
        (PrintJob, "1.2.3", 0x0112),
        (PrinterConfigurationRetrieval, PrinterConfigurationRetrievalInstance, 0),
    ],
    ids=["Printer", "Print Job", "Printer Configuration Retrieval"],
)
def test_an_association_for_status_alone(
    printer: FilmPrinter, sop_class: str, instance: str, status: int
) -> None:
    with RawScu(printer.address, (sop_class,)) as scu:
        assert scu.ask("get", sop_class, instance).status == status
        assert scu.ask("create", BasicFilmSession, "1.2.3", context=sop_class).status == 0x0118
        scu.release()


# --- films -----------------------------------------------------------------------------------------------


def test_every_form_of_display_format(scu: Scu, films: Films) -> None:
    """Each box of each format is printed, in the order of the positions."""
    formats = {"ROW\\2,1": 3, "COL\\1,2": 3, "SLIDE": 12, "SUPERSLIDE": 12, "CUSTOM\\1": 4}
    ok(scu.create_session())
    for display_format, boxes in formats.items():
        ok(scu.create_film(display_format, **SMALL))
        assert len(scu.boxes) == boxes
        for position in range(1, boxes + 1):
            ok(scu.set_image(position, image_item(np.full((4, 4), 20 * position, np.uint8))))
    ok(scu.print_session())
    assert [film.display_format for film in films.job().films] == list(formats)
    for sheet in films.sheets:
        page = compose(sheet, "film").density / 10000
        for position in range(1, len(sheet.boxes) + 1):
            wanted = film_density(20 * position / 255)
            np.testing.assert_allclose(at_pixels(page, sheet, position), wanted, rtol=0, atol=0.0002)


def test_paper_has_its_own_densities(scu: Scu, films: Films) -> None:
    ok(scu.create_session(MediumType="PAPER"))
    ok(scu.create_film(**SMALL))
    ok(scu.set_image(1, image_item(RAMP)))
    assert scu.print_film().Status == 0
    assert films.job().order.medium == "PAPER"
    page = compose(films.sheet, "film").density / 10000
    wanted = film_density(RAMP / 255, 0.05, 2.00, light=150, ambient=0)
    np.testing.assert_allclose(at_pixels(page, films.sheet), wanted, rtol=0, atol=0.0002)
