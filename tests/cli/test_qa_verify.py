"""`printscp qa verify`: films of a spool, checked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, one_clear_line
from qa.films import film_of, image_of, sheet_of

from printscp.film.sheet import Order, Sheet
from printscp.qa.dicom import write
from printscp.qa.patterns import draw
from printscp.spool.folder import Spool

pytestmark = pytest.mark.slow

PATIENT = "DOE^JANE"


@pytest.fixture
def spool(tmp_path: Path, order: Order, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """Jobs 1 to 3: a right film and a wrong one together; a color film; a film without a pattern."""
    monkeypatch.chdir(tmp_path)
    pattern = draw("wedge-8", 256, 256)
    bent = np.rint(pattern.fractions**1.1 * 4095).astype(np.uint16)
    colors = np.repeat(pattern.pixels[..., None] >> 4, 3, 2).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (200, 200)).astype(np.uint8)
    right = film_of(pattern, remarks=(f"FilmSessionLabel {PATIENT} cut",))
    spool = Spool(tmp_path / "spool")
    for uid, sheets in (
        ("1.1", [right, sheet_of(image_of(bent, 12))]),
        ("1.2", [_color(colors)]),
        ("1.3", [sheet_of(image_of(noise, 8))]),
    ):
        drafts = [spool.draft() for _ in sheets]
        for draft, sheet in zip(drafts, sheets, strict=True):
            draft.keep(sheet)
        spool.submit(uid, order, drafts, lambda *_: ["pdf"])
        for draft in drafts:
            draft.discard()
    spool.close()
    return spool


def _color(colors: np.ndarray) -> Sheet:
    image = image_of(colors[..., 0], 8, samples_per_pixel=3)
    return sheet_of(replace(image, pixels=colors.tobytes()), color=True)


def test_a_right_film(spool: Spool, ask: Command) -> None:
    done = ask("qa", "verify", "1", "--pattern", "wedge-8", "--spool", "spool")
    assert done.code == 0, done
    assert "film 1 of job 1" in done.out
    assert "wedge-8 in image 1" in done.out
    assert "the film is right" in done.out
    assert done.out.count("step-") >= 8
    assert "3.100" in done.out
    assert "fail" not in done.out
    assert PATIENT not in done.out + done.err


def test_a_wrong_film(spool: Spool, ask: Command) -> None:
    done = ask(
        "qa", "verify", "1", "--pattern", "wedge-8", "--film", 2, "--spool", "spool", "--operator", "Li"
    )
    assert done.code == 6
    assert "the film is not right" in done.out
    told = json.loads(
        ask("qa", "verify", "1", "--pattern", "wedge-8", "--film", 2, "--spool", "spool", "--json").out
    )
    assert any("so did the SCU send it" in each["text"] for each in told["findings"])
    assert "off" in done.out
    lost = ask("qa", "verify", "latest", "--pattern", "wedge-8", "--spool", "spool")
    assert lost.code == 6
    assert "wedge-8 was not found" in lost.out


def test_programs_and_reports(spool: Spool, tmp_path: Path, ask: Command) -> None:
    files = ("--report", "film.pdf", "--csv", "film.csv")
    options = ("--pattern", "wedge-8", "--spool", "spool", "--json", "--operator", "Müller")
    done = ask("qa", "verify", "1", *options, *files)
    assert done.code == 0, done
    found = json.loads(done.out)
    assert found["provenance"]["operator"] == "Müller"
    assert PATIENT not in done.out
    assert len(found["patches"]) == 8
    assert (tmp_path / "film.pdf").read_bytes().startswith(b"%PDF")
    assert "step-1" in (tmp_path / "film.csv").read_text()


def test_the_file_of_a_pattern_or_how_it_was_drawn(spool: Spool, tmp_path: Path, ask: Command) -> None:
    write(draw("wedge-8", 256, 256), tmp_path / "own.dcm")
    assert ask("qa", "verify", "1", "--pattern", "own.dcm", "--spool", "spool").code == 0
    given = ("--pattern", "wedge-8", "--spool", "spool", "--matrix")
    assert ask("qa", "verify", "1", *given, "256x256", "--bits", 12, "--image", 1).code == 0
    one_clear_line(ask("qa", "verify", "1", *given, "256"), "COLUMNSxROWS")
    again = ask("qa", "verify", "1", "--pattern", "own.dcm", "--spool", "spool", "--bits", 8)
    one_clear_line(again, "leave out --matrix, --bits and --width-mm")


def test_it_says_why_not(spool: Spool, ask: Command) -> None:
    def says(*arguments: object, words: str, code: int = 1) -> None:
        one_clear_line(ask("qa", "verify", *arguments, "--spool", "spool"), words, code=code)

    says("9", "--pattern", "smpte", words="no job 9", code=3)
    says("1", "--pattern", "wedge-9", words="wedge-9")
    says("1", "--pattern", "nothing.dcm", words="nothing.dcm")
    says("1", "--pattern", "wedge-8", "--film", 3, words="job 1 has 2 films, no film 3")
    says("1", "--pattern", "wedge-8", "--image", 5, words="no image at position 5")
    says("2", "--pattern", "wedge-8", words="a color film has no densities")
    says("1", "--pattern", "wedge-8", "--csv", "nowhere/film.csv", words="nowhere/film.csv")
    [sheet] = (spool.folder / "sheets").glob("*-1.3-1.sheet")
    sheet.write_bytes(sheet.read_bytes()[:-9999])
    says("3", "--pattern", "wedge-8", words="job 3: film 1 cannot be read")
    sheet.unlink()
    says("3", "--pattern", "wedge-8", words="job 3: its films are no longer kept", code=4)
    assert ask("qa", "verify", "x", "--pattern", "smpte", "--spool", "spool").code == 2
