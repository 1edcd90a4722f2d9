"""What a server tells the world in its log: every request, and nothing of a patient."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from peers.server import Server
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
    PrinterInstance,
    PrintJob,
)
from pynetdicom.sop_class import Printer as PrinterClass

# pydicom warns of what is wrong here on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

MARKER = "Zxqv-Jane"  # CS has no small letters: pydicom quotes such a value when it complains


def with_patient(**values: object) -> Dataset:
    """A data set with attributes of a patient, and a private one, that do not belong there."""
    dataset = attributes(PatientName=f"{MARKER}^A", PatientID=MARKER, **values)
    dataset.private_block(0x0011, MARKER, create=True).add_new(1, "LO", MARKER)
    return dataset


def print_a_patient(scu: RawScu) -> int:
    """A film that names a patient wherever there is room for it; returns how many requests that took."""
    statuses: list[int] = []

    def ask(verb: str, sop_class: str, instance: str, data: Dataset, *, own: bool = False) -> Dataset:
        context = sop_class if own else META
        said = scu.ask(verb, sop_class, instance, data, context=context)
        statuses.append(said.status)
        return said.dataset

    item = attributes(LUTExplanation=MARKER, LUTDescriptor=[256, 0, 12], PatientName=MARKER)
    item.add_new("LUTData", "OW", np.arange(256, dtype="<u2").tobytes())
    ask("create", PresentationLUT, "1.2.5", with_patient(PresentationLUTSequence=[item]), own=True)
    session = with_patient(FilmSessionLabel=MARKER, OwnerID=MARKER, PrintPriority=MARKER)
    session.add_new("NumberOfCopies", "LO", MARKER)  # no number at all
    ask("create", BasicFilmSession, "1.2.3", session)
    ask("set", BasicFilmSession, "1.2.3", with_patient(FilmSessionLabel=MARKER * 9))  # too long for LO
    ask("set", BasicFilmSession, "1.2.3", with_patient(SpecificCharacterSet=MARKER))
    reference = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID="1.2.3")
    film = with_patient(
        ImageDisplayFormat="STANDARD\\1,1",
        FilmSizeID=MARKER,
        ConfigurationInformation=MARKER,
        AnnotationDisplayFormatID="LABEL",
        ReferencedFilmSessionSequence=[reference],
    )
    boxes = ask("create", BasicFilmBox, "1.2.3.4", film)
    ask("set", BasicFilmBox, "1.2.3.4", with_patient(BorderDensity=MARKER))
    annotation = boxes.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
    ask(
        "set",
        BasicAnnotationBox,
        annotation,
        with_patient(AnnotationPosition=0, TextString=f"{MARKER} KNEE"),
        own=True,
    )
    image = image_item(np.zeros((8, 8), np.uint8), PatientName=MARKER, ImageComments=MARKER)
    box = boxes.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    for polarity in (MARKER, "NORMAL"):
        filled = with_patient(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image], Polarity=polarity)
        ask("set", BasicGrayscaleImageBox, box, filled)
    refused = with_patient(ImageBoxPosition=1)
    refused.add_new("BasicGrayscaleImageSequence", "LO", MARKER)
    ask("set", BasicGrayscaleImageBox, box, refused)
    ask("action", BasicFilmBox, "1.2.3.4", with_patient())
    statuses.append(
        scu.ask(
            "get", PrinterClass, PrinterInstance, context=META, AttributeIdentifierList=(0x00100010,)
        ).status
    )
    while scu.events[-1:] == [] or scu.events[-1].command["EventTypeID"] != 3:
        scu.wait_for_event()
    assert {0, 0x0106, 0x0107, 0x0116} <= set(statuses)
    return len(statuses)


def requests_of(log: str, log_format: str) -> int:
    """How many lines tell of a request."""
    if log_format == "json":
        entries = [json.loads(line) for line in log.splitlines()]
        return sum(entry["message"] == "request" for entry in entries)
    return len(re.findall(r"^\S+ INFO printscp\.wire\.dimse: request .*\bstatus=0x[0-9A-F]{4}\b", log, re.M))


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("traced", [False, True], ids=["log", "log and trace"])
def test_a_log_tells_of_each_request_and_of_no_patient(tmp_path: Path, log_format: str, traced: bool) -> None:
    trace = tmp_path / "trace"
    options = ["--verbose", "--log-format", log_format, *(["--trace", str(trace)] if traced else [])]
    contexts = (META, PrintJob, BasicAnnotationBox, PresentationLUT)
    with Server(tmp_path / "spool", tmp_path / "films", *options) as server:
        with RawScu(server.address, contexts, syntax=ExplicitVRLittleEndian) as scu:
            count = print_a_patient(scu)
            scu.release()
        out, err = server.terminate()
    assert MARKER not in out
    assert MARKER not in err
    assert requests_of(err, log_format) == count
    assert "Traceback" not in err
    (pdf,) = (tmp_path / "films").glob("[!.]*")
    assert MARKER not in pdf.name
    if traced:
        told = trace.read_text()
        for words in (f"{MARKER}^A", f"{MARKER} KNEE", MARKER * 9):
            assert words in told
