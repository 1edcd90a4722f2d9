"""What a film for tests tells: what was sent, what is in force, where each image is, and the film itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from peers.scu import COLOR, META, Scu, attributes, color_item, image_item
from PIL import Image
from pynetdicom.sop_class import BasicAnnotationBox, BasicFilmBox, BasicFilmSession, PresentationLUT
from reference.renderer import printed_at

from printscp.errors import SetupError
from printscp.lint import Severity
from printscp.testing import BenchPrinter, Film
from printscp.transcript import Transcript

SMALL = {"FilmSizeID": "8INX10IN"}


@pytest.fixture
def printer() -> Iterator[BenchPrinter]:
    with BenchPrinter() as printer:
        yield printer


def level(value: int, rows: int = 40, columns: int = 50) -> np.ndarray:
    return np.full((rows, columns), value, np.uint8)


def test_each_image_is_as_it_was_sent(printer: BenchPrinter) -> None:
    sent = {
        1: np.arange(12, dtype=np.uint8).reshape(4, 3),
        3: (np.arange(40 * 30, dtype=np.uint16) * 3).reshape(30, 40),
        4: np.arange(15, dtype=np.uint8).reshape(5, 3),  # an odd length, which is padded
    }
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film("STANDARD\\2,2", **SMALL)
        scu.set_image(1, image_item(level(7)))  # and another one in its place
        for position, pixels in sent.items():
            scu.set_image(position, image_item(pixels), Polarity="REVERSE")
        scu.print_film()
    film = printer.wait_for_film(5)
    assert [image.position for image in film.images] == [1, 3, 4]
    for position, pixels in sent.items():
        image = film.image(position)
        assert image.pixels.dtype == pixels.dtype
        assert np.array_equal(image.pixels, pixels)
        assert (image.dataset.ImageBoxPosition, image.dataset.Polarity) == (position, "REVERSE")
        (item,) = image.dataset.BasicGrayscaleImageSequence
        assert item.PixelData.rstrip(b"\0") == pixels.tobytes().rstrip(b"\0")
    with pytest.raises(LookupError, match="no image in box 2: of 4 are filled 1, 3, 4"):
        film.image(2)


def test_color_images_are_rows_columns_and_channels(printer: BenchPrinter) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    by_pixel = image_item(
        pixels,
        Rows=20,
        Columns=30,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
    )
    by_pixel.PlanarConfiguration = 0
    with Scu(printer.address, contexts=(COLOR,), meta=COLOR) as scu:
        scu.create_session()
        scu.create_film("STANDARD\\2,1", **SMALL)
        scu.set_image(1, color_item(pixels))
        scu.set_image(2, by_pixel)
        scu.print_film()
    film = printer.wait_for_film(5)
    assert all(np.array_equal(film.image(position).pixels, pixels) for position in (1, 2))
    assert film.drawn.shape == (film.sheet.height, film.sheet.width, 3)
    with pytest.raises(ValueError, match="no densities"):
        _ = film.density
    with pytest.raises(ValueError, match="no densities"):
        film.density_at(1, 1)


def test_where_an_image_is_is_told_in_pixels_and_mm(printer: BenchPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film("STANDARD\\1,2", BorderDensity="WHITE", **SMALL)
        scu.set_image(1, image_item(level(255)), RequestedImageSize=100)
        scu.set_image(2, image_item(level(0, 30, 90)), MagnificationType="NONE")
        scu.print_film()
    film = printer.wait_for_film(5)
    assert film.size_mm == pytest.approx((8 * 25.4, 10 * 25.4), abs=0.1)
    first, second = (film.image(position).placement for position in (1, 2))
    assert (first.mm.width, first.mm.height) == pytest.approx((100, 80), abs=0.08)
    assert (second.pixels.width, second.pixels.height) == (90, 30)
    for image in film.images:
        placed, mm = image.placement, image.placement.mm
        assert placed.pixels == printed_at(film.sheet, image.sheet)
        assert (placed.part.width, placed.part.height) == (image.sheet.columns, image.sheet.rows)
        dark = film.drawn[placed.pixels.top : placed.pixels.bottom, placed.pixels.left : placed.pixels.right]
        assert np.unique(dark).tolist() == [2000 if image.position == 1 else 31000]
        middle = mm.left + mm.width / 2, mm.top + mm.height / 2
        assert film.density_at(*middle) == pytest.approx(0.2 if image.position == 1 else 3.1)
    edge = second.mm.left, second.mm.top
    assert film.density_at(edge[0] + 0.01, edge[1] + 0.01) == pytest.approx(3.1)
    assert film.density_at(edge[0] - 0.01, edge[1] + 0.01) == pytest.approx(0.2)
    assert film.density[0, 0] == pytest.approx(0.2)
    with pytest.raises(ValueError, match="not on a film of 203"):
        film.density_at(203.3, 5)


def test_attributes_as_sent_and_as_in_force(printer: BenchPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session(NumberOfCopies=2, FilmSessionLabel="ONE")
        scu.set(str(scu.session_uid), attributes(FilmSessionLabel="TWO"), BasicFilmSession)
        scu.create_film("STANDARD\\1,1", MaxDensity=999, **SMALL)
        scu.set(str(scu.film_uid), attributes(Trim="YES"), BasicFilmBox)
        nothing = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID="1.2.3")
        refused = attributes(Trim="NO", ReferencedPresentationLUTSequence=[nothing])
        assert scu.set(str(scu.film_uid), refused, BasicFilmBox)[0].Status == 0x0106
        scu.set_image(1, image_item(level(1)))
        scu.print_film()
        # What comes after the print is of no film that was printed.
        scu.set(str(scu.session_uid), attributes(FilmSessionLabel="THREE"), BasicFilmSession)
        film = printer.wait_for_film(5)
        scu.set(str(scu.film_uid), attributes(Trim="NO"), BasicFilmBox)
    assert (film.label, film.copies) == ("TWO", 2)
    assert dict(_values(film.session_sent)) == {"NumberOfCopies": 2, "FilmSessionLabel": "TWO"}
    assert film.session.FilmSessionLabel == "TWO"
    assert film.session.PrintPriority == "MED", "a default"
    assert (film.film_box_sent.MaxDensity, film.film_box.MaxDensity) == (999, 310)
    assert (film.film_box_sent.Trim, film.film_box.Trim) == ("YES", "YES")
    assert "ReferencedImageBoxSequence" not in film.film_box_sent
    assert len(film.film_box.ReferencedImageBoxSequence) == 1
    assert any("MaxDensity" in remark for remark in film.remarks)
    assert film.sheet.trim


def _values(dataset: object) -> list[tuple[str, object]]:
    return [(element.keyword, element.value) for element in dataset]  # type: ignore[attr-defined]


def test_a_film_session_is_a_film_for_each_film_box(printer: BenchPrinter) -> None:
    sizes = ("8INX10IN", "10INX12IN", "A4")
    with Scu(printer.address) as scu:
        scu.create_session()
        for number, size in enumerate(sizes):
            scu.create_film(FilmSizeID=size)
            scu.set_image(1, image_item(level(number)))
        scu.print_session()
        films = [printer.wait_for_film(5) for _ in sizes]
        scu.print_film()
        alone = printer.wait_for_film(5)
    assert [(film.number, film.count) for film in films] == [(1, 3), (2, 3), (3, 3)]
    assert [film.film_size for film in films] == [film.film_box.FilmSizeID for film in films] == list(sizes)
    assert [film.image(1).pixels[0, 0] for film in films] == [0, 1, 2]
    assert [int(film.image(1).dataset.BasicGrayscaleImageSequence[0].PixelData[0]) for film in films] == [
        0,
        1,
        2,
    ]
    assert len({film.uid for film in films}) == 1
    assert (alone.number, alone.count, alone.film_box.FilmSizeID) == (1, 1, "A4")


def test_the_page_is_the_same_of_two_runs(printer: BenchPrinter) -> None:
    def film() -> Film:
        with Scu(printer.address, contexts=(META, BasicAnnotationBox)) as scu:
            scu.create_session(FilmSessionLabel="LABEL")
            _, reply = scu.create_film(AnnotationDisplayFormatID="BOTTOM", **SMALL)
            assert reply is not None
            (box,) = reply.ReferencedBasicAnnotationBoxSequence
            scu.annotate(1, box.ReferencedSOPInstanceUID, "TEXT")
            scu.set_image(1, image_item(level(99)))
            scu.print_film()
        return printer.wait_for_film(5)

    one, other = film(), film()
    assert one.job.id != other.job.id
    assert np.array_equal(one.drawn, other.drawn)
    assert one.page.title == "8INX10IN   TEST_SCU > PRINTSCP"
    assert not np.array_equal(one.drawn, one.page.density), "texts are drawn"  # type: ignore[union-attr]
    assert one.annotations == {1: "TEXT"}


def test_a_picture_is_as_on_a_light_box(printer: BenchPrinter, tmp_path: Path) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film("STANDARD\\2,1", **SMALL)
        scu.set_image(1, image_item(level(255)))
        scu.set_image(2, image_item(level(0)))
        scu.print_film()
    film = printer.wait_for_film(5)
    with Image.open(film.save(tmp_path / "film.png")) as picture:
        seen = np.asarray(picture)
        assert picture.info["dpi"] == pytest.approx((320, 320), abs=0.1)
    bright, dark = (film.image(position).placement.pixels for position in (1, 2))
    assert seen[bright.top, bright.left] == 255
    assert seen[dark.top, dark.left] < 30
    assert repr(film).startswith("<Film 1 of 1 of job ")


def test_findings_are_those_of_the_film(printer: BenchPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film("STANDARD2,2")  # refused, and of no film
        scu.create_film(**SMALL)
        scu.set_image(1, image_item(level(1), PhotometricInterpretation="MONOCHROME1"), Polarity="REVERSE")
        scu.print_film()
        film = printer.wait_for_film(5)
    codes = {finding.code for finding in film.findings}
    assert any(finding.severity is not Severity.NOTE for finding in film.findings)
    assert codes <= {finding.code for finding in printer.findings}
    report = film.report(["ihefull"])
    assert [each.code for each in report.findings] == [each.code for each in film.findings]
    assert any("ihefull" in finding.imagers for finding in report.findings)
    with pytest.raises(SetupError, match="no such"):
        film.report(["no such"])


def test_findings_look_at_the_pixels(printer: BenchPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film(**SMALL)
        scu.set_image(1, image_item(np.full((60, 60), 0xF000, np.uint16)))
        scu.print_film()
    film = printer.wait_for_film(5)
    printer.wait_for_association_end(5)
    assert "bits-beyond" in {finding.code for finding in film.findings}
    assert "bits-beyond" in {finding.code for finding in printer.findings}


def test_a_dialogue_that_lost_its_beginning_leaves_the_film_whole(printer: BenchPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        scu.create_film(**SMALL)
        scu.set_image(1, image_item(level(5)))
        scu.print_film()
    printer.wait_for_association_end(5)
    film = printer.wait_for_film(5)
    steps = film.dialogue.steps
    cut = Film(film._accepted, 1, _without(film.dialogue, len(steps) - 3), film.profile)
    assert cut.image(1).pixels[0, 0] == 5
    assert (len(cut.image(1).dataset), len(cut.film_box)) == (0, 0)


def _without(dialogue: Transcript, first: int) -> Transcript:
    return replace(dialogue, steps=dialogue.steps[first:], dropped=first)


def test_a_film_of_another_context_than_its_images_is_told_all_the_same(printer: BenchPrinter) -> None:
    with Scu(printer.address, contexts=(META, COLOR)) as scu:
        scu.create_session()
        scu.create_film(**SMALL)
        scu.print_film()
    film = printer.wait_for_film(5)
    assert film.images == ()
    assert film.density_at(100, 100) == pytest.approx(3.1)
