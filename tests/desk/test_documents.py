"""Films as documents to be taken away."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from peers.captured import taking
from peers.scu import Scu, image_item

from printscp.capture import read_file
from printscp.config import Settings
from printscp.delivery import page_of
from printscp.desk import documents
from printscp.desk.documents import KINDS, document
from printscp.desk.house import House
from printscp.errors import NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.render.page import Page
from printscp.render.samples import sample_table
from printscp.render.text import drawn
from printscp.spool.folder import Spool
from printscp.transcript.file import dump

Printed = Callable[..., Job]
Film = Callable[..., Sheet]


@pytest.fixture
def house(settings: Settings, spool: Spool) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


def pixels(content: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def page(job: Job, sheet: Sheet, number: int = 1) -> Page:
    made = page_of(job, number, sheet)
    assert isinstance(made, Page)
    return made


def test_a_tiff_has_the_densities_and_a_png_the_light(house: House, printed: Printed, film: Film) -> None:
    sheet = film()
    job = printed(sheet, label="DOE^JOHN")
    tiff, png = (document(house, job, (1,), kind) for kind in ("tiff", "png"))
    density = drawn(page(job, sheet))
    assert (pixels(tiff.content) == density).all()
    table = sample_table(page(job, sheet).scale, "lightbox", 8)
    assert (pixels(png.content) == table[density]).all()
    assert (tiff.media_type, png.media_type) == ("image/tiff", "image/png")
    assert tiff.name.endswith("-000001.tif")


def test_a_film_of_several_is_the_one_that_was_asked_for(house: House, printed: Printed, film: Film) -> None:
    sheets = film(), film(layout="STANDARD\\2,1")
    job = printed(*sheets)
    found = document(house, job, (2,), "tiff")
    assert (pixels(found.content) == drawn(page(job, sheets[1], 2))).all()
    assert found.name.endswith("-000001-2.tif")
    with pytest.raises(NotPossible, match="2 films, and a PNG one"):
        document(house, job, (1, 2), "png")


def test_all_films_of_a_job_are_one_document(house: House, printed: Printed, film: Film) -> None:
    job = printed(film(), film(), film(), label="DOE^JOHN", copies=3)
    pdf, ps, tiff = (document(house, job, (1, 2, 3), kind) for kind in ("pdf", "postscript", "tiff"))
    assert (pdf.media_type, pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert b"/Count 3" in pdf.content
    assert b"/NumCopies 3" not in pdf.content  # whoever takes it away prints one
    assert (ps.media_type, ps.content[:4]) == ("application/postscript", b"%!PS")
    assert b"%%Pages: 3" in ps.content
    assert len(cv2.imdecodemulti(np.frombuffer(tiff.content, np.uint8), cv2.IMREAD_UNCHANGED)[1]) == 3
    assert [each.name.rpartition("-")[2] for each in (pdf, ps, tiff)] == [
        "000001.pdf",
        "000001.ps",
        "000001.tif",
    ]


def test_a_job_is_captured_with_its_dialogue_and_its_data_sets(
    house: House, spool: Spool, printed: Printed, tmp_path: Path
) -> None:
    def talk(scu: Scu) -> None:
        scu.create_session(FilmSessionLabel="DOE^JOHN")
        scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
        scu.set_image(1, image_item(np.zeros((8, 8), np.uint8)))
        scu.print_film()

    with taking() as take:
        capture = take(talk)
    job = printed(capture.film(1))
    with pytest.raises(NotPossible, match="dialogue is not kept"):
        document(house, job, (1,), "dicom")
    spool.dialogues.keep(job.uid, dump(capture.said))
    found = document(house, job, (1,), "capture")
    (tmp_path / found.name).write_bytes(found.content)
    back = read_file(tmp_path / found.name)
    assert back.film(1) == capture.film(1)
    assert back.said == capture.said
    assert tarfile.is_tarfile(BytesIO(found.content))
    data_sets = document(house, job, (1,), "dicom")
    assert "DOE" not in data_sets.name + "".join(zipfile.ZipFile(BytesIO(data_sets.content)).namelist())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_on_disk(
    house: House, printed: Printed, film: Film, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    job = printed(film())
    if kind == "dicom":
        with pytest.raises(NotPossible):
            document(house, job, (1,), kind)
    else:
        document(house, job, (1,), kind)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_document_too_large_to_be_sent_is_refused(
    house: House, printed: Printed, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_LARGEST", 1000)
    with pytest.raises(NotPossible, match="printscp render"):
        document(house, printed(film()), (1,), "tiff")


def test_an_unknown_kind_is_refused(house: House, printed: Printed, film: Film) -> None:
    with pytest.raises(SetupError, match="is none of pdf, postscript"):
        document(house, printed(film()), (1,), "exe")  # type: ignore[arg-type]
