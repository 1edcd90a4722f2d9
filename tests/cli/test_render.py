"""`printscp render`: films of the spool once more, and nothing changed there."""

from dataclasses import replace
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line
from PIL import Image

from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Retention, Spool


@pytest.fixture
def spool(tmp_path: Path, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """Jobs 1 to 3: delivered, failed and waiting; the film of the first is no longer kept."""
    monkeypatch.chdir(tmp_path)
    spool = Spool(tmp_path / "spool")
    for number in (1, 2, 3):
        draft = spool.draft()
        draft.keep(replace(sheet, film_size="A4"))
        spool.submit(f"1.{number}", order, [draft], lambda *_: ["pdf"])
        draft.discard()
    done, failed = (claim for _ in (1, 2) if (claim := spool.claims.take("a", {"pdf": 0})))
    done.done("x")
    failed.fail("INVALID PAGE DES", "cannot be rendered")
    spool.give_up(Retention(jobs=0))
    spool.close()
    return spool


def contents(folder: Path) -> dict[str, bytes]:
    """Of each file below a folder, but for what SQLite keeps beside its own."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.name: path.read_bytes() for path in files if path.suffix not in (".sqlite-wal", ".sqlite-shm")
    }


def test_render_makes_a_film_again_that_is_in_the_spool(spool: Spool, tmp_path: Path, ask: Command) -> None:
    before = contents(spool.folder)
    done = ask("render", "latest", "--spool", "spool")
    assert done.code == 0, done.err
    file = tmp_path / done.out.strip()
    assert file.name.endswith("-000003.pdf")
    assert file.parent == tmp_path
    assert b"(film 3   TEST_SCU > PRINTSCP)" in file.read_bytes()
    again = ask("render", "3", "--spool", "spool", "--to", "again")
    assert (tmp_path / again.out.strip()).read_bytes() == file.read_bytes()
    assert (tmp_path / again.out.strip()).parent.name == "again"
    script = ("--output", "postscript", "--encoding", "ascii85")
    drawn = ask("render", "3", "--spool", "spool", *script)
    assert b"ASCII85Decode" in (tmp_path / drawn.out.strip()).read_bytes()
    dense = ask("render", "3", "--spool", "spool", "--output", "tiff", "--density")
    with Image.open(tmp_path / dense.out.strip()) as film:
        assert film.getextrema() == (2000, 31000)
    assert contents(spool.folder) == before


def test_render_makes_all_films_of_a_spool_folder_again(spool: Spool, tmp_path: Path, ask: Command) -> None:
    [damaged] = (spool.folder / "sheets").glob("*-1.2-1.sheet")
    damaged.write_bytes(damaged.read_bytes()[:-9999])
    options = ("--output", "tiff", "--bits", 16, "--tone", "lightbox", "--to", "tiffs")
    done = ask("render", "spool", *options)
    assert done.code == 1
    assert [Path(line).name[-11:] for line in done.out.splitlines()] == ["-000003.tif"]
    assert done.err.count("\n") == 1
    assert done.err.startswith(f"printscp: job 2: cannot be rendered: sheet {damaged.stem} ")
    with Image.open(tmp_path / done.out.strip()) as film:
        assert film.mode == "I;16"


def test_render_says_why_not(spool: Spool, tmp_path: Path, ask: Command) -> None:
    def says(*arguments: object, words: str, code: int = 1) -> None:
        one_clear_line(ask("render", *arguments), words, code=code)

    says("1", "--spool", "spool", words="job 1: its films are no longer kept; see keep_jobs", code=4)
    says("9", "--spool", "spool", words="no job 9", code=3)
    says("latest", "--spool", "nowhere", words="no spool in nowhere")
    says("nowhere", words="no spool in nowhere")
    says("2", "--spool", "spool", "--output", "fax", words="'fax'")
    says("2", "--spool", "spool", "--bits", "12", words="pdf: bits: ")
    says("2", "--spool", "spool", "--tone", "curve", words="curve")
    says("2", "--spool", "spool", "--density", words="pdf: samples: ")
    says("2", "--spool", "spool", "--to", "spool/jobs.sqlite", words="spool/jobs.sqlite")
    Spool(tmp_path).close()
    says(".", words="no films in .")
    assert not (tmp_path / "nowhere").exists()
