"""Test patterns that other SCUs print, and SCUs that do it wrong: `printscp qa verify` tells which."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli.command import Answer, Command, command
from numpy.typing import NDArray
from peers.dcmtk import PrintClient
from peers.scu import Scu, image_item

from printscp.printer import FilmPrinter
from printscp.qa.patterns import draw

BY_SCU = "so did the SCU send it"
SMALL = "8INX10IN"
PATIENT = "DOE^JANE"
Pixels = NDArray[np.uint16]


@dataclass
class House:
    """A printer that prints nothing, and the commands of its physicist."""

    folder: Path
    printer: FilmPrinter
    ask: Command

    def drawn(self, *words: object) -> list[Path]:
        """Patterns as files."""
        answer = self.ask("qa", "pattern", *words, "--to", self.folder / "patterns")
        assert answer.code == 0, answer
        return [Path(line) for line in answer.out.splitlines()]

    def verified(self, pattern: object, *words: object) -> Answer:
        """What is said of the latest film."""
        return self.ask(
            *("qa", "verify", "latest", "--pattern", pattern, "--spool", self.folder / "spool", *words)
        )

    def is_right(self, pattern: object, *words: object) -> str:
        answer = self.verified(pattern, *words)
        assert answer.code == 0, answer.out
        assert "fail" not in answer.out
        return answer.out

    def is_wrong(self, pattern: object, check: str, *said: str) -> str:
        """It is not right, and one finding of a check has all these words."""
        answer = self.verified(pattern)
        assert answer.code == 6, answer.out
        faults = [line for line in answer.out.splitlines() if line.split()[:2] == ["fail", check]]
        assert any(all(words in line for words in said) for line in faults), answer.out
        return answer.out


@pytest.fixture
def house(
    tmp_path: Path,
    start_printer: Callable[..., FilmPrinter],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> House:
    # Wide enough that no finding is broken, whatever terminal the tests run in.
    monkeypatch.setattr("printscp.cli.qa.measure._WIDE", 300)
    return House(tmp_path, start_printer(workers=0), command(monkeypatch, capsys))


@pytest.mark.peer("dcmpsprt", "dcmprscu")
def test_patterns_that_dcmtk_prints(house: House) -> None:
    dcmtk = PrintClient(house.folder / "dcmtk", house.printer.address, SupportsPresentationLUT="true")
    files = house.drawn("wedge-32", "smpte", "--matrix", "512x640", "--bits", 8)
    files += house.drawn("ramp", "geometry")
    film = dcmtk.store(files, "--layout", "2", "2", "--filmsize", SMALL, "--landscape")
    assert dcmtk.send(film).errors == []
    assert "in image 1" in house.is_right("wedge-32")
    assert "512 x 640" in house.is_right(files[1], "--image", 2)
    assert "in image 4" in house.is_right("geometry")
    elsewhere = house.verified("geometry", "--image", 2)
    assert elsewhere.code == 6
    assert "image 2 does not show it" in elsewhere.out

    dcmtk.set_table(12, np.rint((np.arange(4096) / 4095) ** 1.3 * 4095).astype(int).tolist())
    sized = dcmtk.store(files[3:], "--filmsize", SMALL, "--img-request-size", "150", "--plut", "table.lut")
    assert dcmtk.send(sized).errors == []
    assert "150.0" in house.is_wrong("geometry", "scale", "250 mm at true size")


@pytest.mark.peer("dcmpsprt", "dcmprscu")
def test_what_dcmtk_prints_wrong(house: House) -> None:
    [ramp, wedge] = house.drawn("ramp", "wedge-17")
    dcmtk = PrintClient(house.folder / "dcmtk", house.printer.address, Supports12Bit="false")
    assert dcmtk.send(dcmtk.store([ramp], "--filmsize", SMALL)).errors == []
    house.is_wrong("ramp", "levels", "only 256: 8 bits", BY_SCU)
    assert dcmtk.send(dcmtk.store([wedge], "--filmsize", SMALL, "--img-polarity", "REVERSE")).errors == []
    house.is_wrong(wedge, "polarity", "dark is bright", BY_SCU)


def test_a_page_that_a_viewer_composed(house: House) -> None:
    """As viewers send theirs: the pattern enlarged on a white page of 8 bits."""
    small = cv2.resize(draw("smpte", 700, 700).fractions, (1000, 1000), interpolation=cv2.INTER_CUBIC)
    page = np.full((1500, 1200), 255, np.uint8)
    page[180:1180, 90:1090] = np.rint(np.clip(small, 0, 1) * 255)
    with Scu(house.printer.address) as scu:
        scu.create_session(FilmSessionLabel=PATIENT)
        scu.create_film(FilmSizeID=SMALL)
        scu.set_image(1, image_item(page))
        assert scu.print_film().Status == 0
    report = house.folder / "film.pdf"
    told = house.is_right(
        "smpte", "--matrix", "700x700", "--report", report, "--csv", house.folder / "film.csv"
    )
    assert "placed by it on 1200 x 1500 of 8 bits" in told
    assert PATIENT not in told + (house.folder / "film.csv").read_text()
    assert PATIENT.encode() not in report.read_bytes()


def bent(pixels: Pixels) -> Pixels:
    return np.asarray(np.rint((pixels / 4095) ** 1.1 * 4095), np.uint16)


def stretched(pixels: Pixels) -> Pixels:
    size = round(pixels.shape[1] * 1.01), pixels.shape[0]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint16)


def slanted(pixels: Pixels) -> Pixels:
    """By about 0.05 OD, where it is gray."""
    slope = np.linspace(-40, 40, pixels.shape[0])[:, None]
    return np.asarray(np.rint(np.clip(pixels + slope, 0, 4095)), np.uint16)


def with_dead_column(pixels: Pixels) -> Pixels:
    pixels = pixels.copy()
    pixels[:, 150] = 4095
    return pixels


@pytest.mark.parametrize(
    ("name", "fault", "check", "words"),
    [
        ("wedge-32", bent, "density", "patches off"),
        ("tg18-qc", np.fliplr, "orientation", "mirrored left to right"),
        ("geometry", stretched, "scale", "% wider than high"),
        ("wedge-32", with_dead_column, "defect", "dead column 151 of the image"),
        ("uniformity", slanted, "uniformity", "gradient of 0.0"),
    ],
    ids=["gamma", "mirrored", "stretched", "dead column", "gradient"],
)
def test_an_scu_that_sends_it_wrong(
    house: House, name: str, fault: Callable[[Pixels], Pixels], check: str, words: str
) -> None:
    wrong = np.ascontiguousarray(fault(np.asarray(draw(name, 500, 500).pixels, np.uint16)))
    with Scu(house.printer.address) as scu:
        assert scu.print_image(wrong, FilmSizeID=SMALL).Status == 0
    house.is_wrong(name, check, words, BY_SCU)


def test_an_scu_that_does_not_invert_or_asks_for_less(house: House) -> None:
    pixels = draw("wedge-17", 500, 500).pixels
    with Scu(house.printer.address) as scu:
        scu.create_session()
        scu.create_film(FilmSizeID=SMALL, MaxDensity=300)
        scu.set_image(1, image_item(pixels))
        assert scu.print_film().Status == 0
        assert "Max Density in force is 3.00 OD; the printer can 3.10" in house.is_right("wedge-17")
        scu.create_film(FilmSizeID=SMALL)
        scu.set_image(1, image_item(pixels, PhotometricInterpretation="MONOCHROME1"))
        assert scu.print_film().Status == 0
    house.is_wrong("wedge-17", "polarity", "Photometric Interpretation", BY_SCU)
