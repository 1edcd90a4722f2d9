"""What an imager is said to answer is what the persona answers over an association."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from peers.wrong import profile
from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox, PresentationLUT

from printscp.catalog import Catalog
from printscp.film.statuses import category
from printscp.lint.examination import Examination
from printscp.lint.imagers import NOT_REACHED, TAKEN
from printscp.testing import BenchPrinter
from printscp.transcript import Transcript

pytestmark = pytest.mark.slow

IMAGERS = Catalog().profile_names
SMALL = np.zeros((512, 512), np.uint16)
LARGE = np.zeros((16, 9000), np.uint8)
# What an SCU asks for: of the film session, the film box, the image box, in what pixels, through what table.
ASKED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "medium": {"session": {"MediumType": "CLEAR FILM"}},
    "destination": {"session": {"FilmDestination": "BIN_2"}},
    "memory": {"session": {"MemoryAllocation": "100"}},
    "second session": {"sessions": 2},
    "format": {"box": {"ImageDisplayFormat": "STANDARD\\8,10"}},
    "resolution": {"box": {"RequestedResolutionID": "HIGH"}},
    "densities": {"box": {"MinDensity": 1, "MaxDensity": 400}},
    "background": {"box": {"EmptyImageDensity": "BLACK", "BorderDensity": "WHITE", "Trim": "YES"}},
    "loaded film": {"box": {"FilmSizeID": "CURRENT"}},
    "density of an image": {"image": {"MaxDensity": 200}},
    "true size": {"image": {"RequestedImageSize": "100"}},
    "too large": {"pixels": LARGE},
    "too large, decimated": {"pixels": LARGE, "image": {"RequestedDecimateCropBehavior": "DECIMATE"}},
    "too large, one to one": {
        "pixels": LARGE,
        "image": {"RequestedDecimateCropBehavior": "DECIMATE", "MagnificationType": "NONE"},
    },
    "table": {"table": 4096},
    "table of 8 bits": {"table": 256},
    "not of the class": {"session": {"PatientID": "4711"}},
}


@pytest.fixture(scope="module")
def printer() -> Iterator[BenchPrinter]:
    with BenchPrinter(personas="all") as printer:
        yield printer


class _Refused(Exception):
    pass


def _ask(scu: RawScu, verb: str, sop_class: str, uid: str, data: Dataset | None, context: str = META) -> Said:
    said = scu.ask(verb, sop_class, uid, data, context=context)
    if category(said.status) == "Failure":
        raise _Refused
    return said


def _print(scu: RawScu, asked: dict[str, Any]) -> None:
    """A film of one image, until something is refused."""
    look_up, session, film = generate_uid(), generate_uid(), generate_uid()
    box = {"ImageDisplayFormat": "STANDARD\\1,1"} | asked.get("box", {})
    if entries := asked.get("table"):
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [entries, 0, 12])
        item.add_new("LUTData", "OW", np.arange(entries, dtype="<u2").tobytes())
        table = attributes(PresentationLUTSequence=[item])
        _ask(scu, "create", PresentationLUT, look_up, table, PresentationLUT)
    else:
        shape = attributes(PresentationLUTShape="IDENTITY")
        _ask(scu, "create", PresentationLUT, look_up, shape, PresentationLUT)
    box["ReferencedPresentationLUTSequence"] = [_reference(PresentationLUT, look_up)]
    for _ in range(asked.get("sessions", 1)):
        session = generate_uid()
        _ask(scu, "create", BasicFilmSession, session, attributes(**asked.get("session", {})) or None)
    box["ReferencedFilmSessionSequence"] = [_reference(BasicFilmSession, session)]
    made = _ask(scu, "create", BasicFilmBox, film, attributes(**box)).dataset.ReferencedImageBoxSequence
    image = {"BasicGrayscaleImageSequence": [image_item(asked.get("pixels", SMALL))]} | asked.get("image", {})
    uid = made[0].ReferencedSOPInstanceUID
    _ask(scu, "set", BasicGrayscaleImageBox, uid, attributes(ImageBoxPosition=1, **image))
    _ask(scu, "action", BasicFilmBox, film, None)


def _reference(sop_class: str, uid: str) -> Dataset:
    return attributes(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=UID(uid))


def _dialogue(printer: BenchPrinter, called: str, asked: dict[str, Any]) -> Transcript:
    printer.clear()
    with RawScu(
        printer.address, [META, PresentationLUT], called=called, syntax=ImplicitVRLittleEndian
    ) as scu:
        with suppress(_Refused):
            _print(scu, asked)
        scu.release()
    printer.wait_for_association_end()
    return printer.dialogues[-1]


@pytest.mark.parametrize("asked", ASKED)
def test_what_imagers_are_said_to_answer_is_what_they_answer(printer: BenchPrinter, asked: str) -> None:
    recorded = _dialogue(printer, "ANY", ASKED[asked])
    examination = Examination(recorded, profile("imager17"), [profile(each) for each in IMAGERS], {})
    examination.report()
    for imager in IMAGERS:
        answered = _dialogue(printer, imager.upper()[:16], ASKED[asked])
        assert answered.profile == imager
        statuses = [_status(said) for said in (each[imager] for each in examination.answers.values())]
        expected = [status for status in statuses if status is not None]
        real = [answer.status if answer else None for _, answer in answered.exchanges()]
        assert real[: len(expected)] == expected, imager


def _status(said: str) -> int | None:
    """The status of an answer in words; None where there is none."""
    if said.startswith(NOT_REACHED):
        return None
    return 0 if said == TAKEN else int(said.split()[0], 16)
