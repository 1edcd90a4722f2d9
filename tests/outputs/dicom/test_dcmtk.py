"""Films forwarded to DCMTK's print server, which keeps them: read back and compared value by value."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from golden.cases import CASES
from outputs.dicom.test_film import Claim, forward, forward_pages, page_of
from peers.dcmtk import PrintServer

from printscp.film.sheet import LookUp, Order, Sheet, SheetImage
from printscp.outputs.output import Refused
from printscp.render.page import Page
from printscp.render.samples import sample_table
from printscp.render.text import drawn

pytestmark = pytest.mark.peer("dcmprscp")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrintServer]:
    with PrintServer(tmp_path / "dcmtk") as server:
        yield server


@pytest.fixture
def accepted() -> Sheet:
    """Six images of 8 and 12 bits on a film of 14 x 17 inch; the last two boxes are empty, and dark."""
    sheet, _ = CASES["standard-2-3"].accepted()
    wide = np.random.default_rng(4).integers(0, 4096, (200, 300)).astype("<u2")
    first = replace(
        sheet.images[0], rows=200, columns=300, bits_stored=12, pixels=wide.tobytes(), pixel_aspect=(2, 3)
    )
    images = (first, replace(sheet.images[1], reverse=True, requested_width_mm=55.5), *sheet.images[2:4])
    return replace(
        sheet,
        images=images,
        film_size="14INX17IN",
        orientation="LANDSCAPE",
        trim=True,
        empty_image_density=150,
    )


def samples(image: SheetImage) -> np.ndarray:
    dtype = "<u2" if image.bits_stored > 8 else "u1"
    return np.frombuffer(image.pixels, dtype, image.rows * image.columns).reshape(image.rows, image.columns)


def test_a_film_is_kept_as_it_was_accepted(server: PrintServer, accepted: Sheet, order: Order) -> None:
    order = replace(order, copies=3, priority="HIGH", medium="CLEAR FILM", destination="BIN_2")
    claim = Claim()
    sent = forward(server.port, accepted, order=order, called=server.ae_title, claim=claim)
    (kept,) = server.films
    # A server without print jobs has nothing to be asked for.
    assert (sent.remote, claim.steps) == ("", ["hold"])
    assert "ConfigurationInformation CS500 left to the printer" in " ".join(sent.remarks)
    (film,) = kept.film.FilmBoxContentSequence
    assert (film.ImageDisplayFormat, film.FilmOrientation) == ("STANDARD\\2,3", "LANDSCAPE")
    assert (film.FilmSizeID, film.MagnificationType) == ("14INX17IN", "CUBIC")
    assert (film.MinDensity, film.MaxDensity) == (20, 310)
    assert (film.BorderDensity, film.EmptyImageDensity, film.Trim) == ("BLACK", "150", "YES")
    for words in ("IS [3]", "CS [HIGH]", "CS [CLEAR FILM]", "CS [BIN_2]"):
        assert words in server.said
    assert sorted(kept.images) == [1, 2, 3, 4]
    for image in accepted.images:
        hardcopy = kept.images[image.position]
        assert (hardcopy.BitsStored, hardcopy.PhotometricInterpretation) == (image.bits_stored, "MONOCHROME2")
        np.testing.assert_array_equal(hardcopy.pixel_array, samples(image))
    assert [int(part) for part in kept.images[1].PixelAspectRatio] == [2, 3]
    boxes = {int(box.ImageBoxPosition): box for box in kept.film.ImageBoxContentSequence}
    assert boxes[2].Polarity == "REVERSE"
    assert float(boxes[2].RequestedImageSize) == 55.5


def test_a_presentation_lut_is_kept(server: PrintServer, accepted: Sheet) -> None:
    table = LookUp("", bits=12, table=tuple(range(4095, -1, -1)))
    images = tuple(replace(image, look_up=0) for image in accepted.images[:1])
    forward(server.port, replace(accepted, look_ups=(table,), images=images), called=server.ae_title)
    (kept,) = server.films
    (look_up,) = kept.film.PresentationLUTContentSequence
    (item,) = look_up.PresentationLUTSequence
    assert list(item.LUTDescriptor) == [4096, 0, 12]
    data = item.LUTData
    values = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
    np.testing.assert_array_equal(values, table.table)


def test_films_of_a_job_are_printed_as_one_session(server: PrintServer, accepted: Sheet) -> None:
    claim = Claim()
    forward(server.port, accepted, accepted, accepted, called=server.ae_title, claim=claim)
    assert len(server.films) == 3
    assert claim.steps == ["hold"]


@pytest.mark.parametrize("bits", [8, 12])
def test_a_page_is_kept_sample_by_sample(server: PrintServer, bits: int) -> None:
    page = page_of("label")
    assert isinstance(page, Page)
    forward_pages(server.port, page, called=server.ae_title, bits=bits)
    (kept,) = server.films
    (film,) = kept.film.FilmBoxContentSequence
    assert (film.ImageDisplayFormat, film.MagnificationType) == ("STANDARD\\1,1", "NONE")
    assert (film.MinDensity, film.MaxDensity) == (20, 310)
    hardcopy = kept.images[1]
    assert hardcopy.BitsStored == bits
    wanted = sample_table(page.scale, "p-value", bits)[drawn(page)]
    np.testing.assert_array_equal(hardcopy.pixel_array, wanted)


def test_a_film_size_that_it_does_not_have_is_refused(server: PrintServer, accepted: Sheet) -> None:
    with pytest.raises(Refused, match=r'0x0106.*film = "page"'):
        forward(server.port, replace(accepted, film_size="99INX99IN"), called=server.ae_title)
    assert server.films == []


def test_a_film_of_color_is_refused(server: PrintServer) -> None:
    with pytest.raises(Refused, match="prints no color"):
        forward(server.port, CASES["color"].accepted()[0], called=server.ae_title)
