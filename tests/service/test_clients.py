"""Print clients of the field as they are: each gets its film, and no answer that it trips over."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from peers.raw import RawScu, Said
from peers.scu import COLOR, META, Scu, attributes, color_item, image_item
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import (
    BasicColorImageBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PrinterInstance,
)
from pynetdicom.sop_class import Printer as PrinterClass
from service.films import Films, film_density

from printscp.printer import FilmPrinter
from printscp.render.compose import compose
from printscp.render.page import ColorPage

GRAY_PAGE = np.full((1500, 1200), 128, np.uint8)
PAGE_TOO_LARGE = np.full((3250, 2600), 128, np.uint8)
COLOR_PAGE = np.full((1500, 1200, 3), 128, np.uint8)


def reference(sop_class: str, instance: str) -> Dataset:
    return attributes(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


@dataclass
class Habits:
    """How a client prints a film; what is None it leaves out. ``touch`` may change each data set it sends."""

    session: dict[str, Any] | None = field(default_factory=dict)
    film: dict[str, Any] = field(default_factory=lambda: {"FilmSizeID": "8INX10IN"})
    image: dict[str, Any] = field(default_factory=dict)
    item: Dataset = field(default_factory=lambda: image_item(np.zeros((8, 8), np.uint8)))
    own_uids: bool = True
    meta: str = META
    syntax: str = ExplicitVRLittleEndian
    touch: Callable[[Dataset, str, str | None], None] = lambda *_: None


def prints(scu: RawScu, habits: Habits) -> Iterator[Said]:
    """The answers of one film, from its session to the deletion of it all."""

    def uid() -> str | None:
        return generate_uid() if habits.own_uids else None

    def touched(sop_class: str, instance: str | None, values: dict[str, Any]) -> Dataset:
        dataset = attributes(**values)
        habits.touch(dataset, sop_class, instance)
        return dataset

    color = habits.meta == COLOR
    box_class = BasicColorImageBox if color else BasicGrayscaleImageBox
    sequence = "BasicColorImageSequence" if color else "BasicGrayscaleImageSequence"

    session = uid()
    given = None if habits.session is None else touched(BasicFilmSession, session, habits.session)
    created = scu.ask("create", BasicFilmSession, session, given or None, context=habits.meta)
    yield created
    session = created.command["AffectedSOPInstanceUID"]
    assert session

    film = uid()
    values = habits.film | {"ReferencedFilmSessionSequence": [reference(BasicFilmSession, session)]}
    dataset = touched(BasicFilmBox, film, {"ImageDisplayFormat": "STANDARD\\1,1"} | values)
    created = scu.ask("create", BasicFilmBox, film, dataset, context=habits.meta)
    yield created
    film = created.command["AffectedSOPInstanceUID"]
    assert film
    (box,) = created.dataset.ReferencedImageBoxSequence
    assert box.ReferencedSOPClassUID == box_class

    values = {"ImageBoxPosition": 1, sequence: [habits.item]} | habits.image
    dataset = touched(box_class, box.ReferencedSOPInstanceUID, values)
    yield scu.ask("set", box_class, box.ReferencedSOPInstanceUID, dataset, context=habits.meta)
    yield scu.ask("action", BasicFilmBox, film, context=habits.meta)
    yield scu.ask("delete", BasicFilmBox, film, context=habits.meta)
    yield scu.ask("delete", BasicFilmSession, session, context=habits.meta)


def replay(films: Films, habits: Habits) -> list[int]:
    """Statuses of a client that prints a film on an association of its own, which comes out."""
    with RawScu(films.printer.address, [habits.meta], syntax=habits.syntax) as scu:
        session, film, image, action, *deletes = prints(scu, habits)
        # Some refuse a creation that is answered without a data set, Agfa NX a job that it cannot ask for.
        assert session.data
        assert film.data
        assert action.data == b""
        films.job()
        # Weasis and fo-dicom end the association at any event.
        scu.ask("get", PrinterClass, PrinterInstance, context=habits.meta)
        assert scu.events == []
        scu.release()
    return [said.status for said in (session, film, image, action, *deletes)]


# --- Weasis ----------------------------------------------------------------------------------------------

# It breaks off at any other.
WEASIS_TAKES = {0x0000, 0x0107, 0x0116, 0xB600, 0xB602, 0xB604, 0xB609, 0xB60A}
WEASIS_SESSION = {
    "NumberOfCopies": 2,
    "PrintPriority": "HIGH",
    "MediumType": "CLEAR FILM",
    "FilmDestination": "MAGAZINE",
}
WEASIS_FILM = {
    "FilmSizeID": "8INX10IN",
    "FilmOrientation": "PORTRAIT",
    "MagnificationType": "CUBIC",
    "SmoothingType": "MEDIUM",
    "Trim": "NO",
    "BorderDensity": "WHITE",
    "MinDensity": 0,
    "MaxDensity": 255,
}


@pytest.mark.parametrize(
    ("meta", "item"),
    [
        (META, image_item(GRAY_PAGE, PixelAspectRatio=[1, 1])),
        (META, image_item(PAGE_TOO_LARGE, PixelAspectRatio=[1, 1])),
        (COLOR, color_item(COLOR_PAGE, PlanarConfiguration=0, PixelAspectRatio=[1, 1])),
    ],
    ids=["gray", "larger than the film", "color"],
)
@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
def test_weasis(films: Films, meta: str, item: Dataset, orientation: str) -> None:
    film = WEASIS_FILM | {"FilmOrientation": orientation}
    statuses = replay(
        films, Habits(WEASIS_SESSION, film, item=item, meta=meta, syntax=ImplicitVRLittleEndian)
    )
    assert set(statuses) <= WEASIS_TAKES
    job = films.job()
    order = job.order
    assert (order.copies, order.priority, order.medium) == (2, "HIGH", "CLEAR FILM")
    assert order.destination == "MAGAZINE"
    assert "MinDensity: 0 outside 20..310: 20 used" in job.remarks
    (sheet,) = films.sheets
    (image,) = sheet.images
    assert (image.min_density, image.max_density, sheet.border_density) == (20, 255, 20)
    assert (sheet.orientation, image.smoothing, sheet.trim) == (orientation, "MEDIUM", False)
    page = compose(sheet, "film")
    middle = sheet.height // 2, sheet.width // 2
    if isinstance(page, ColorPage):
        assert page.srgb[middle].tolist() == [128, 128, 128]
    else:
        wanted = film_density(128 / 255, 0.20, 2.55)
        assert page.density[middle] / 10000 == pytest.approx(wanted, abs=0.0002)


# --- others ----------------------------------------------------------------------------------------------


def with_uids_inside(dataset: Dataset, sop_class: str, instance: str | None) -> None:
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, instance
    if sop_class == BasicFilmBox:
        dataset.ReferencedImageBoxSequence = [reference(BasicGrayscaleImageBox, generate_uid())]


def with_sequences_of_undefined_length(dataset: Dataset, *_: Any) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True


def with_a_patient(dataset: Dataset, sop_class: str, _: str | None) -> None:
    if sop_class == BasicGrayscaleImageBox:
        dataset.PatientID = "4711"
        dataset.BasicGrayscaleImageSequence[0].PatientID = "4711"


PLAIN = Habits(
    session={
        "NumberOfCopies": 1,
        "PrintPriority": "MED",
        "MediumType": "BLUE FILM",
        "FilmDestination": "PROCESSOR",
        "FilmSessionLabel": "LABEL",
        "OwnerID": "OWNER",
    },
    film={
        "FilmOrientation": "PORTRAIT",
        "FilmSizeID": "8INX10IN",
        "MagnificationType": "CUBIC",
        "BorderDensity": "BLACK",
        "EmptyImageDensity": "BLACK",
        "MinDensity": 20,
        "MaxDensity": 300,
        "Trim": "NO",
        "RequestedResolutionID": "STANDARD",
        "ConfigurationInformation": "",
    },
    image={"Polarity": "NORMAL", "MagnificationType": "CUBIC", "SmoothingType": "SHARP"},
)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    "habits",
    [
        pytest.param(PLAIN, id="dcm4che, DicomSCP, Carino: a plain film, nothing but success"),
        pytest.param(Habits(session=None), id="dcmprscu: session without a data set"),
        pytest.param(
            Habits(session={"MemoryAllocation": None}, film={"FilmSizeID": None}), id="GE: empty attributes"
        ),
        pytest.param(Habits(touch=with_uids_inside), id="fo-dicom: SOP UIDs inside data sets"),
        pytest.param(
            Habits(touch=with_sequences_of_undefined_length), id="dcmjs: sequences of undefined length"
        ),
        pytest.param(Habits(own_uids=False), id="instance UIDs left to the printer"),
        pytest.param(Habits(touch=with_a_patient), id="Agfa: PatientID in the image box"),
    ],
)
def test_a_habit(films: Films, habits: Habits, syntax: str) -> None:
    assert set(replay(films, replace(habits, syntax=syntax))) == {0}
    patient = "image 1: PatientID ignored"  # in the data set and in its item
    assert films.sheets[0].remarks == ((patient, patient) if habits.touch is with_a_patient else ())


def test_sequences_of_undefined_length_are_what_they_are_called(printer: FilmPrinter) -> None:
    dataset = attributes(ReferencedFilmSessionSequence=[reference(BasicFilmSession, "1.2.3")])
    with_sequences_of_undefined_length(dataset)
    with RawScu(printer.address, [META]) as scu:
        assert scu.prepare(dataset, META).count(b"\xff\xff\xff\xff") == 2
        scu.release()


def test_a_data_set_that_is_there_and_empty(films: Films) -> None:
    """The command tells of one, and it comes as a fragment of no bytes, or as pynetdicom sends it."""
    with RawScu(films.printer.address, [META]) as raw:
        nothing = struct.pack(">BxLLBB", 4, 6, 2, raw.contexts[UID(META)], 2)  # P-DATA-TF, PS3.8 9.3.5
        said = raw.ask("create", BasicFilmSession, None, nothing, context=META)
        assert (said.status, said.dataset.NumberOfCopies) == (0, 1)
        raw.release()
    with Scu(films.printer.address) as scu:
        uid = generate_uid()
        status, reply = scu.association.send_n_create(Dataset(), BasicFilmSession, uid, meta_uid=META)
        assert (status.Status, reply.NumberOfCopies) == (0, 1)
        scu.session_uid = uid
        assert scu.print_image(GRAY_PAGE, FilmSizeID="8INX10IN").Status == 0
    films.job()


def test_an_instance_uid_of_the_printer_comes_back_with_a_warning_too(films: Films) -> None:
    habits = Habits(session={"NumberOfCopies": 1000}, film={"FilmSizeID": "17INX99IN"}, own_uids=False)
    assert replay(films, habits) == [0x0116, 0x0116, 0, 0, 0, 0]
    assert "NumberOfCopies: 1000 not in 1..99; 1 used" in films.job().remarks


def test_united_imaging_creates_the_printer(printer: FilmPrinter) -> None:
    with RawScu(printer.address, [META]) as scu:
        for instance in (PrinterInstance, None):
            said = scu.ask("create", PrinterClass, instance, context=META)
            assert said.status == 0
            assert said.command["AffectedSOPInstanceUID"] == PrinterInstance
            assert said.dataset.PrinterStatus == "NORMAL"
        scu.release()


def test_some_ask_when_the_printer_was_calibrated(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        tags = 0x0018_1200, 0x0018_1201, 0x0008_1090, 0x2110_0010  # date, time, model, status
        status, reply = scu.printer(*tags)
        assert status.Status == 0
        assert reply is not None
        assert {element.tag for element in reply} == set(tags)
        assert (reply.DateOfLastCalibration, reply.TimeOfLastCalibration) == ("", "")
        assert (reply.ManufacturerModelName, reply.PrinterStatus) == ("imager17", "NORMAL")
