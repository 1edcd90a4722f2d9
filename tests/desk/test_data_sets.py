"""What was sent for a film, as DICOM files."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.captured import taking
from peers.scu import Scu, attributes, image_item
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession

from printscp.capture import Capture
from printscp.desk.data_sets import write_data_sets
from printscp.errors import NotPossible

GRADIENT = np.arange(64 * 65, dtype=np.uint16).reshape(64, 65) % 4096
SMALL = np.arange(15, dtype=np.uint8).reshape(5, 3)  # 15 bytes and one that fills up


@pytest.fixture(scope="module")
def capture() -> Iterator[Capture]:
    """A session of two films, printed as one job, with an image that was replaced and requests refused."""

    def talk(scu: Scu) -> None:
        scu.create_session(FilmSessionLabel="DOE^JOHN")
        scu.set(str(scu.session_uid), attributes(NumberOfCopies=2), BasicFilmSession)
        scu.create_look_up(PresentationLUTShape="LIN OD")
        scu.create_film("STANDARD\\2,1", FilmSizeID="8INX10IN")
        scu.create_film("STANDARD\\0,0")  # refused
        scu.set_image(1, image_item(GRADIENT + 1))
        scu.set_image(1, image_item(GRADIENT))
        scu.set_image(2, image_item(SMALL))
        _, film = scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN", AnnotationDisplayFormatID="CORNERS")
        scu.set_image(1, image_item(GRADIENT[::-1]))
        assert film is not None
        [box, *_] = film.ReferencedBasicAnnotationBoxSequence
        scu.annotate(1, box.ReferencedSOPInstanceUID, "DOE^JOHN")
        assert scu.print_session()[0].Status == 0

    with taking() as take:
        yield take(talk)


def written(capture: Capture, films: tuple[int, ...], folder: Path) -> dict[str, Dataset]:
    """The files, by name."""
    write_data_sets(capture, films, folder / "films.zip")
    with zipfile.ZipFile(folder / "films.zip") as archive:
        return {each: dcmread(BytesIO(archive.read(each))) for each in archive.namelist()}


def test_each_request_for_a_film_is_a_file(capture: Capture, tmp_path: Path) -> None:
    files = written(capture, (1, 2), tmp_path)
    assert list(files) == [
        "film-1/01-film-session.dcm",
        "film-1/02-film-session.dcm",
        "film-1/03-presentation-lut.dcm",
        "film-1/04-film-box.dcm",
        "film-1/05-image-box-1.dcm",
        "film-1/06-image-box-2.dcm",
        "film-2/01-film-session.dcm",
        "film-2/02-film-session.dcm",
        "film-2/03-presentation-lut.dcm",
        "film-2/04-film-box.dcm",
        "film-2/05-image-box-1.dcm",
        "film-2/06-annotation-box.dcm",
    ]
    assert files["film-1/01-film-session.dcm"].FilmSessionLabel == "DOE^JOHN"
    assert files["film-1/02-film-session.dcm"].NumberOfCopies == 2
    assert files["film-1/03-presentation-lut.dcm"].PresentationLUTShape == "LIN OD"
    assert files["film-2/04-film-box.dcm"].ImageDisplayFormat == "STANDARD\\1,1"
    assert files["film-2/06-annotation-box.dcm"].TextString == "DOE^JOHN"


def test_pixels_are_put_back(capture: Capture, tmp_path: Path) -> None:
    files = written(capture, (1, 2), tmp_path)

    def pixels(name: str, dtype: Any) -> np.ndarray:
        [item] = files[name].BasicGrayscaleImageSequence
        values = np.frombuffer(item.PixelData, dtype)[: item.Rows * item.Columns]
        return values.reshape(item.Rows, item.Columns)

    assert (pixels("film-1/05-image-box-1.dcm", "<u2") == GRADIENT).all()
    assert (pixels("film-1/06-image-box-2.dcm", "u1") == SMALL).all()
    assert (pixels("film-2/05-image-box-1.dcm", "<u2") == GRADIENT[::-1]).all()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_files_have_the_syntax_and_the_bytes_of_the_request(syntax: str, tmp_path: Path) -> None:
    def talk(scu: Scu) -> None:
        scu.create_session()
        scu.create_film("STANDARD\\1,1")
        scu.set_image(1, image_item(GRADIENT))
        scu.print_film()

    with taking() as take:
        capture = take(talk, syntaxes=(syntax,))
    write_data_sets(capture, (1,), tmp_path / "film.zip")
    with zipfile.ZipFile(tmp_path / "film.zip") as archive:
        content = archive.read("film-1/02-image-box-1.dcm")
    found = dcmread(BytesIO(content))
    step = next(each for each in capture.said.steps if each.cut)
    assert found.file_meta.TransferSyntaxUID == syntax
    assert found.file_meta.MediaStorageSOPInstanceUID == step.instance
    assert found.file_meta.MediaStorageSOPClassUID == step.sop_class
    assert content.endswith(step.encoded(GRADIENT.tobytes()))


def test_what_came_after_the_print_is_not_of_the_film(tmp_path: Path) -> None:
    def talk(scu: Scu) -> None:
        scu.create_session()
        scu.create_film("STANDARD\\1,1")
        scu.set_image(1, image_item(GRADIENT))
        scu.print_film()
        assert scu.set(str(scu.film_uid), attributes(BorderDensity="WHITE"), BasicFilmBox)[0].Status == 0

    with taking() as take:
        files = written(take(talk), (1,), tmp_path)
    assert list(files) == ["film-1/01-film-box.dcm", "film-1/02-image-box-1.dcm"]


def test_a_reprint_has_what_was_sent_for_the_first(capture: Capture, tmp_path: Path) -> None:
    again = replace(capture, uid="1.2.3")
    assert written(again, (2,), tmp_path).keys() == written(capture, (2,), tmp_path).keys()


@pytest.mark.parametrize(
    "lack",
    [
        lambda capture: replace(capture, dialogue=None),
        lambda capture: replace(capture, dialogue=replace(capture.said, dropped=3)),
        lambda capture: replace(capture, films=3),
    ],
    ids=["none", "dropped", "another film"],
)
def test_what_is_not_kept_cannot_be_had(
    capture: Capture, lack: Callable[[Capture], Capture], tmp_path: Path
) -> None:
    with pytest.raises(NotPossible, match="kept"):
        write_data_sets(lack(capture), (1,), tmp_path / "film.zip")
