"""Films that go on to DICOM printers: to DCMTK's print server, and from one of our own to the next."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.dcmtk import PrintServer
from peers.hosts import small_layouts
from peers.ippeve import IppEve
from peers.raw import RawScu
from peers.scu import META
from pynetdicom.sop_class import PrintJob
from service.console import DONE, GRAYS, IN_ORDER, OFFLINE, SUPPLY_EMPTY, Console, small
from service.films import print_film

from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow

EVENTS = ("PENDING", "PRINTING", "DONE", "FAILURE")  # by Event Type ID, from 1 on


@pytest.fixture
def start(start_printer: Callable[..., FilmPrinter], tmp_path: Path) -> Callable[..., FilmPrinter]:
    """Starts a printer of small films that leads to an output."""

    def start(name: str, output: dict[str, Any], **settings: Any) -> FilmPrinter:
        layouts = small_layouts(tmp_path / name / "layouts")
        outputs = [{"name": "film"} | output]
        return start_printer(**small(layouts, outputs=outputs, spool=tmp_path / name / "spool") | settings)

    return start


def dicom(address: tuple[str, int], called: str, **keys: Any) -> dict[str, Any]:
    host, port = address
    return {"type": "dicom", "host": host, "port": port, "called": called, "timeout": 20} | keys


# --- DCMTK ------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> PrintServer:
    return PrintServer(tmp_path / "dcmtk")


@pytest.mark.peer("dcmprscp")
@pytest.mark.parametrize("film", ["original", "page"])
def test_a_film_is_forwarded(film: str, server: PrintServer, start: Callable[..., FilmPrinter]) -> None:
    with server:
        output = dicom(("127.0.0.1", server.port), server.ae_title, film=film, magnification="CUBIC")
        with Console(start("near", output)) as console:
            uid = console.print({"NumberOfCopies": 2, "PrintPriority": "HIGH"}, "14INX17IN")
            job = console.until(uid, DONE, IN_ORDER)
            assert job.outputs == (f"DCMTK at 127.0.0.1:{server.port}",)
            assert console.reported == []
            console.release()
        (kept,) = server.films
        (box,) = kept.film.FilmBoxContentSequence
        assert (box.ImageDisplayFormat, box.FilmSizeID) == ("STANDARD\\1,1", "14INX17IN")
        (image,) = kept.images.values()
        if film == "original":
            np.testing.assert_array_equal(image.pixel_array, np.kron(GRAYS, np.ones((16, 16), np.uint8)))
        else:
            assert image.pixel_array.shape == (17 * 30, 14 * 30)
            quarters = image.pixel_array[[155, 355]][:, [110, 310]] / 4095
            np.testing.assert_allclose(quarters, GRAYS / 255, atol=0.01)
        for words in ("IS [2]", "CS [HIGH]"):
            assert words in server.said


@pytest.mark.peer("dcmprscp")
def test_a_server_that_is_off_and_on_again(server: PrintServer, start: Callable[..., FilmPrinter]) -> None:
    output = dicom(("127.0.0.1", server.port), server.ae_title)
    with Console(start("near", output)) as console:
        uid = console.print(film_size="14INX17IN")
        console.until(uid, ("PENDING", "PRINTER OFFLINE"), OFFLINE)
        with server:
            job = console.until(uid, DONE, IN_ORDER)
            assert [each.attempts for each in job.deliveries] == [1]
            assert len(server.films) == 1
        console.hear("PRINTER OFFLINE", "NORMAL")
        console.release()


@pytest.mark.peer("dcmprscp")
def test_a_film_that_the_server_refuses_is_a_failure(
    server: PrintServer, start: Callable[..., FilmPrinter]
) -> None:
    with server, Console(start("near", dicom(("127.0.0.1", server.port), server.ae_title))) as console:
        uid = console.print(film_size="24CMX30CM")  # which its configuration does not have
        job = console.until(uid, ("FAILURE", "INVALID PAGE DES"), IN_ORDER)
        assert "film box" in job.info
        assert server.films == []
        console.release()


# --- one of our own after the other -----------------------------------------------------------------------


@pytest.fixture
def eve(tmp_path: Path) -> Iterator[IppEve]:
    with IppEve(tmp_path / "eve") as printer:
        yield printer


@pytest.fixture
def near(eve: IppEve, start: Callable[..., FilmPrinter]) -> FilmPrinter:
    """A printer whose films go to another one, and from there to paper."""
    far = start("far", {"type": "ipp", "uri": eve.uri, "timeout": 20}, job_events=True)
    return start("near", dicom(far.address, "PRINTSCP"), job_events=True)


@pytest.fixture
def viewer(near: FilmPrinter) -> Iterator[RawScu]:
    """An SCU that is told of its jobs."""
    with RawScu(near.address, (META, PrintJob)) as scu:
        yield scu
        scu.release()


def hear(scu: RawScu, status: str) -> list[str]:
    """What the events say of the job up to a status, each with its info."""
    said: list[str] = []
    while status not in said:
        said = [
            f"{EVENTS[event.command['EventTypeID'] - 1]} {event.dataset.ExecutionStatusInfo}"
            for event in scu.events
            if event.command["AffectedSOPClassUID"] == PrintJob
        ]
        if status not in said:
            scu.wait_for_event()
    return said


@pytest.mark.peer("ippeveprinter", "gcc")
def test_what_the_far_printer_says_is_heard_at_the_near_one(
    eve: IppEve, near: FilmPrinter, viewer: RawScu
) -> None:
    eve.set_state("+media-empty-error")
    uid = print_film(viewer, film={"FilmSizeID": "17INX17IN"})
    assert uid is not None
    assert "DONE NORMAL" not in hear(viewer, "PENDING SUPPLY EMPTY")
    with Console(near) as console:
        console.until(uid, ("PENDING", "SUPPLY EMPTY"), SUPPLY_EMPTY)
        eve.hold()
        eve.set_state("-media-empty-error")
        console.until(uid, ("PRINTING", "NORMAL"), IN_ORDER)
        assert "DONE NORMAL" not in hear(viewer, "PRINTING NORMAL")
        eve.resume()
        assert hear(viewer, "DONE NORMAL")[-1] == "DONE NORMAL"
        assert console.printer == IN_ORDER
        console.release()
    assert len(eve.received) == 1


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_failure_at_the_far_printer_is_one_at_the_near_one(
    eve: IppEve, near: FilmPrinter, viewer: RawScu
) -> None:
    eve.abort_next()
    print_film(viewer, film={"FilmSizeID": "17INX17IN"})
    assert hear(viewer, "FAILURE UNKNOWN")[-1] == "FAILURE UNKNOWN"
    [job] = near.jobs()
    assert job.status == "FAILURE"
    assert eve.received == []
