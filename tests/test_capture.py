"""A job in a file: what goes in comes out, and what is damaged is said in one line."""

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from peers.captured import taking
from peers.scu import Scu, image_item

from printscp.capture import Capture, read_file, write
from printscp.errors import NotPossible, SetupError
from printscp.film.sheet import Order, Sheet

CREATED = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture(scope="module")
def capture() -> Iterator[Capture]:
    """A session of two films, printed as one job."""

    def talk(scu: Scu) -> None:
        scu.create_session(FilmSessionLabel="Ärzte")
        for value in (100, 200):
            scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(np.full((64, 64), value, np.uint16)))
        assert scu.print_session()[0].Status == 0

    with taking() as take:
        yield take(talk)


def test_a_job_comes_back_as_it_was(capture: Capture, tmp_path: Path) -> None:
    file = tmp_path / "film.job"
    write(capture, file)
    back = read_file(file)
    assert back.name == "film.job"
    assert (back.uid, back.created, back.order, back.films) == (
        *(capture.uid, capture.created, capture.order),
        2,
    )
    assert [back.film(each) for each in (1, 2)] == [capture.film(each) for each in (1, 2)]
    assert back.said == capture.said
    assert file.stat().st_size < 80_000
    assert file.stat().st_mode & 0o777 == 0o600  # it names a patient


def test_a_job_without_its_dialogue_is_a_job(capture: Capture, tmp_path: Path) -> None:
    write(replace(capture, dialogue=None), tmp_path / "film.job")
    back = read_file(tmp_path / "film.job")
    assert back.film(1) == capture.film(1)
    with pytest.raises(NotPossible, match=r"film\.job: its dialogue is not kept"):
        _ = back.said


def test_a_file_that_is_there_is_left_alone(capture: Capture, tmp_path: Path) -> None:
    file = tmp_path / "film.job"
    file.write_text("mine")
    with pytest.raises(SetupError, match="File exists"):
        write(capture, file)
    assert file.read_text() == "mine"


def test_nothing_is_left_of_a_job_whose_film_is_gone(tmp_path: Path, order: Order) -> None:
    def gone(number: int) -> Sheet:
        raise NotPossible(f"film {number} is gone")

    with pytest.raises(NotPossible, match="film 1 is gone"):
        write(Capture("job 1", "1.2.3", CREATED, order, 1, gone, None), tmp_path / "film.job")
    assert not (tmp_path / "film.job").exists()


def test_a_disk_that_is_full_leaves_nothing(
    capture: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tarfile.TarFile.addfile", full)
    with pytest.raises(SetupError, match="No space left on device"):
        write(capture, tmp_path / "film.job")
    assert not (tmp_path / "film.job").exists()


def test_damage_is_said_in_one_line(capture: Capture, tmp_path: Path) -> None:
    file = tmp_path / "film.job"
    write(capture, file)
    whole = bytearray(file.read_bytes())
    pixels = whole.index(np.full(64, 200, np.uint16).tobytes())
    whole[pixels] ^= 1
    file.write_bytes(whole)
    damaged = read_file(file)
    assert damaged.film(1) == capture.film(1)
    with pytest.raises(NotPossible, match="film 2 cannot be read: sheet 2 cannot be read") as caught:
        damaged.film(2)
    assert "\n" not in str(caught.value)
    file.write_bytes(whole[:400])
    with pytest.raises(SetupError, match="is no job that printscp jobs export wrote"):
        read_file(file)


def _link(name: str, to: str) -> tarfile.TarInfo:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, to
    return link


def _sparse(name: str) -> tarfile.TarInfo:
    """A file of no bytes that says to be of a tebibyte (PAX 1.0 of GNU tar)."""
    member = tarfile.TarInfo(name)
    member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 40), "GNU.sparse.name": name}
    return member


@pytest.mark.parametrize("harm", [_link("job.json", "job.json"), _sparse("job.json")], ids=["link", "sparse"])
def test_a_file_made_to_do_harm_is_said_to_be_no_job(tmp_path: Path, harm: tarfile.TarInfo) -> None:
    with tarfile.open(tmp_path / "film.job", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(harm)
    with pytest.raises(SetupError, match="is no job that printscp jobs export wrote"):
        read_file(tmp_path / "film.job")


def test_films_that_a_file_does_not_have_are_not_looked_for(capture: Capture, tmp_path: Path) -> None:
    file = tmp_path / "film.job"
    write(capture, file)
    file.write_bytes(file.read_bytes().replace(b'"films": 2', b'"films": 9'))
    with pytest.raises(SetupError, match="is no job that printscp jobs export wrote"):
        read_file(file)
