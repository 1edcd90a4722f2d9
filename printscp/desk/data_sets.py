"""What was sent for a film as DICOM files (PS3.10): the data set of each request as it came, byte by byte."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydicom.config import IGNORE
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID

from printscp.capture import Capture
from printscp.desk.asked import asked_film
from printscp.errors import NotPossible
from printscp.film.sheet import Sheet
from printscp.film.statuses import category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    PRESENTATION_LUT,
)
from printscp.transcript import Step, Transcript
from printscp.transcript.films import AskedFilm

_NAMES = {
    BASIC_FILM_SESSION: "film-session",
    PRESENTATION_LUT: "presentation-lut",
    BASIC_FILM_BOX: "film-box",
    BASIC_ANNOTATION_BOX: "annotation-box",
}
_PREAMBLE = bytes(128) + b"DICM"


def write_data_sets(capture: Capture, films: Sequence[int], path: Path) -> None:
    """Write those of some films to a zip, a folder for each film, named by their order and SOP class.

    Raises:
        NotPossible: what was sent is no longer kept, or not from its beginning.
        OSError
    """
    said = capture.said
    prints = [step for step in said.steps if step.job]
    with zipfile.ZipFile(path, "w") as archive:
        for number in films:
            film = asked_film(capture, number)
            if film is None:
                raise NotPossible(
                    f"{capture.name}: the beginning of its dialogue is not kept: it was too long"
                )
            # A job that was printed again has the dialogue of the first.
            answer = next((step for step in prints if step.job == capture.uid), prints[-1])
            files = _files(said, answer.answers, film, capture.film(number))
            for place, (name, content) in enumerate(files, start=1):
                _add(archive, f"film-{number}/{place:02}-{name}.dcm", content, capture.created)


def _files(said: Transcript, last: int, film: AskedFilm, sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    """Name and content of each request for a film, in their order."""
    images = {step.number: position for position, step in film.images.items()}
    pixels = {image.position: bytes(image.pixels) for image in sheet.images}
    syntaxes = {context.id: context.accepted for context in said.contexts}
    for request, answer in _requests(said, last, film):
        position = images.get(request.number)
        name = _NAMES.get(request.sop_class, "") if position is None else f"image-box-{position}"
        sent = None if position is None else pixels.get(position)
        fits = request.cut is not None and sent is not None and request.cut.length == len(sent)
        instance = str(request.instance or answer.instance)
        syntax = syntaxes[request.context_id]
        yield name, _part_10(request.sop_class, instance, syntax, request.encoded(sent if fits else None))


def _requests(said: Transcript, last: int, film: AskedFilm) -> Iterator[tuple[Step, Step]]:
    """The requests with a data set that made a film, and their answers, until ``last``, which printed it; of
    image boxes those in force."""
    images = {step.number for step in film.images.values()}
    current = ""
    for request, answer in said.exchanges():
        if request.number == last:
            return
        if answer is None or category(answer.status or 0) == "Failure":
            continue
        instance = str(request.instance or answer.instance)
        if request.service == "N-CREATE" and request.sop_class == BASIC_FILM_BOX:
            current = instance
        if not request.data or request.service not in ("N-CREATE", "N-SET"):
            continue
        wanted = {
            BASIC_FILM_SESSION: instance == film.session.instance,
            PRESENTATION_LUT: True,
            BASIC_FILM_BOX: instance == film.film_box.instance,
            BASIC_ANNOTATION_BOX: current == film.film_box.instance,
        }
        if request.number in images or wanted.get(request.sop_class, False):
            yield request, answer


def _part_10(sop_class: UID, instance: str, syntax: str, encoded: bytes) -> bytes:
    """A file with a data set that is encoded already."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = UID(instance, IGNORE)
    meta.TransferSyntaxUID = UID(syntax, IGNORE)
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    head = DicomBytesIO()
    write_file_meta_info(head, meta, enforce_standard=False)
    return _PREAMBLE + head.getvalue() + encoded


def _add(archive: zipfile.ZipFile, name: str, content: bytes, created: datetime) -> None:
    member = zipfile.ZipInfo(name, created.astimezone().timetuple()[:6])
    member.external_attr = 0o600 << 16
    archive.writestr(member, content, zipfile.ZIP_DEFLATED, 1)
