"""Films as they were accepted: what is read back is what went in."""

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outputs.pages import TICKET
from peers.claims import Held

from printscp.errors import ClaimLost, SetupError
from printscp.film.sheet import Sheet
from printscp.outputs.output import SheetOutput, Uncontested
from printscp.outputs.registry import open_output
from printscp.sheet_file import read


def opened(folder: Path, **keys: Any) -> Any:
    return open_output({"type": "sheet", "folder": folder, "file_name": "{job}"} | keys)


def deliver(folder: Path, *sheets: Sheet, **keys: Any) -> str:
    with opened(folder, **keys).begin_sheets(replace(TICKET, films=len(sheets))) as document:
        for each in sheets:
            document.add(each)
        place: str = document.finish(Uncontested()).place
    return place


def loaded(path: Path) -> Sheet:
    with path.open("rb") as file:
        return read(file, path.name)


def test_it_is_an_output_of_sheets(tmp_path: Path) -> None:
    output = opened(tmp_path / "deep" / "films")
    assert isinstance(output, SheetOutput)
    output.check()
    assert output.place == str(tmp_path / "deep" / "films")
    assert output.at_once == 0


def test_a_film_is_a_file(sheet: Sheet, tmp_path: Path) -> None:
    assert deliver(tmp_path, sheet) == str(tmp_path / "000012.sheet")
    assert loaded(tmp_path / "000012.sheet") == sheet
    with tarfile.open(tmp_path / "000012.sheet") as archive:
        assert archive.getnames() == ["image-001.raw", "sheet.json"]


def test_films_of_a_job_are_files_and_the_same_each_time(sheet: Sheet, tmp_path: Path) -> None:
    sheets = [replace(sheet, trim=trim, icc_profile=bytes(700)) for trim in (False, True)]
    assert deliver(tmp_path, *sheets) == f"{tmp_path}/000012-1.sheet to 000012-2.sheet"
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [loaded(tmp_path / name) for name in sorted(before)] == sheets
    deliver(tmp_path, *sheets)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_whoever_lost_its_claim_delivers_nothing(sheet: Sheet, tmp_path: Path) -> None:
    class Lost(Held):
        def remember(self, remote: str, place: str = "") -> None:
            raise ClaimLost

    def late() -> None:
        with opened(tmp_path).begin_sheets(TICKET) as document:
            document.add(sheet)
            document.finish(Lost())

    with pytest.raises(ClaimLost):
        late()
    assert [path.name for path in tmp_path.iterdir()] == [".printscp"]


def test_it_has_no_samples_to_choose(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="sheet: bits: "):
        opened(tmp_path, bits=8)
