"""What two SCUs send differently: what differs by nature is left out, all else is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from peers.captured import CONTEXTS, taking
from peers.scu import COLOR, Scu, attributes, color_item, image_item
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import PresentationLUT

from printscp.capture import Capture
from printscp.comparison import Change, Comparison, compare
from printscp.comparison.picture import draw
from printscp.film.geometry import Rectangle

pytestmark = pytest.mark.slow

Take = Callable[..., Capture]
RAMP = (np.arange(64 * 64, dtype=np.uint16) % 4096).reshape(64, 64)
FILM_BOX = "N-CREATE Basic Film Box"


@pytest.fixture(scope="module")
def take() -> Iterator[Take]:
    with taking() as take:
        yield take


def film(
    *images: np.ndarray,
    session: dict[str, Any] | None = None,
    look_up: str = "LIN OD",
    wrong_reference: bool = False,
    **film: Any,
) -> Callable[[Scu], None]:
    """A film of two boxes and a Presentation LUT that it refers to."""

    def talk(scu: Scu) -> None:
        scu.create_session(**(session or {}))
        _, uid = scu.create_look_up(PresentationLUTShape=look_up)
        named = generate_uid() if wrong_reference else uid
        reference = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=named)
        scu.create_film("STANDARD\\2,1", FilmSizeID="8INX10IN", **film)
        for position, pixels in enumerate(images, start=1):
            scu.set_image(position, image_item(pixels), ReferencedPresentationLUTSequence=[reference])
        assert scu.print_film().Status == 0

    return talk


def changes(found: Comparison) -> dict[str, list[Change]]:
    return {each.request: list(each.changes) for each in found.requests}


def test_the_same_film_printed_twice_is_the_same(take: Take) -> None:
    first, second = take(film(RAMP, RAMP + 1)), take(film(RAMP, RAMP + 1), "job 2")
    assert first.uid != second.uid
    found = compare(first, second)
    assert found.equal
    assert (found.association, found.requests, found.notes) == ((), (), ())
    assert all(each.equal for each in found.films)
    picture = draw(first, second)
    # The third panel is white: nothing differs.
    assert picture.getpixel((picture.width - 40, picture.height // 2)) == (255, 255, 255)


def test_an_attribute_that_differs_is_named_with_both_values(take: Take) -> None:
    first = take(film(RAMP, MinDensity=30, Trim="YES", session={"NumberOfCopies": 1}))
    second = take(film(RAMP, MinDensity=60, session={"NumberOfCopies": 1, "FilmSessionLabel": "Ärzte"}))
    found = compare(first, second)
    assert not found.equal
    assert changes(found) == {
        "N-CREATE Basic Film Session": [Change("FilmSessionLabel", "-", "Ärzte")],
        FILM_BOX: [Change("MinDensity", "30", "60"), Change("Trim", "YES", "-")],
    }
    [only] = found.films
    assert only.images[0].equal
    assert not only.page.equal
    assert (only.page.unit, only.page.largest > 0.29) == ("OD", True)


def test_requests_that_only_one_makes_are_told(take: Take) -> None:
    found = compare(take(film(RAMP)), take(film(RAMP, RAMP)))
    [more] = found.requests
    assert (more.request, more.first) == ("N-SET Basic Grayscale Image Box, position 2", 0)
    assert more.second > 0
    back = compare(take(film(RAMP, RAMP)), take(film(RAMP)))
    assert [(each.request, each.second) for each in back.requests] == [(more.request, 0)]
    assert [each.words for each in found.films[0].images] == ["", "only the second has an image here"]


def test_instances_are_called_by_what_they_are(take: Take) -> None:
    found = compare(take(film(RAMP)), take(film(RAMP, wrong_reference=True)))
    name = "ReferencedPresentationLUTSequence.ReferencedSOPInstanceUID"
    [(_, told)] = changes(found).items()
    assert Change(name, "Presentation LUT 1", "an instance that there is not") in told
    assert [each.what for each in told] == ["answer", name]


def test_pixels_are_compared_one_by_one(take: Take) -> None:
    other = RAMP.copy()
    other[5, 7] += 40
    other[60, 3] += 2
    first, second = take(film(RAMP)), take(film(other))
    found = compare(first, second)
    [image] = found.films[0].images
    assert (image.pixels, image.differ, image.largest, image.row, image.column) == (4096, 2, 40, 6, 8)
    [told] = found.requests
    assert [each.what for each in told.changes] == ["BasicGrayscaleImageSequence.PixelData"]
    page = found.films[0].page
    assert 0 < page.differ < 20_000
    # Where the brightest of them is on the film, an image of 64 pixels over 96.8 mm.
    assert page.left_mm == pytest.approx(4.0 + 96.8 * 7.5 / 64, abs=2)


def test_images_of_another_size_or_depth_cannot_be_compared(take: Take) -> None:
    found = compare(take(film(RAMP, RAMP)), take(film(RAMP[:32], (RAMP % 256).astype(np.uint8))))
    assert [each.words for each in found.films[0].images] == [
        "one has 64 x 64 pixels of 12 bits, the other 64 x 32 pixels of 12 bits",
        "one has 64 x 64 pixels of 12 bits, the other 64 x 64 pixels of 8 bits",
    ]
    assert not found.equal


def test_what_is_proposed_of_the_association_is_compared(take: Take) -> None:
    plain = take(film(RAMP), calling="OLD")
    other = take(film(RAMP), calling="NEW", syntaxes=(ImplicitVRLittleEndian,))
    found = compare(plain, other)
    assert found.requests == ()  # the same data sets, in whatever transfer syntax
    assert found.association[0] == Change("calling AE title", "OLD", "NEW")
    assert len(found.association) == 1 + len(CONTEXTS)
    assert found.association[1] == Change(
        "context 1",
        "Basic Grayscale Print Management Meta: Explicit VR Little Endian, Implicit VR Little Endian",
        "Basic Grayscale Print Management Meta: Implicit VR Little Endian",
    )


def test_a_table_is_the_same_in_every_transfer_syntax(take: Take) -> None:
    entries = np.arange(0, 4096, 16, dtype="<u2")

    def with_table(vr: str, value: bytes | list[int]) -> Callable[[Scu], None]:
        def talk(scu: Scu) -> None:
            table = attributes(LUTDescriptor=[256, 0, 12])
            table.add_new("LUTData", vr, value)
            scu.create_session()
            scu.create_look_up(PresentationLUTSequence=[table])
            scu.create_film()
            scu.set_image(1, image_item(RAMP))
            assert scu.print_film().Status == 0

        return talk

    words = take(with_table("US", entries.tolist()), syntaxes=(ExplicitVRLittleEndian,))
    data = take(with_table("OW", entries.tobytes()), syntaxes=(ImplicitVRLittleEndian,))
    assert compare(words, data).requests == ()


def test_an_image_for_a_box_that_is_not_there(take: Take) -> None:
    def talk(box: str | None) -> Callable[[Scu], None]:
        def talk(scu: Scu) -> None:
            scu.create_session()
            scu.create_film("STANDARD\\2,1", FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(RAMP), box=box)
            scu.print_film()

        return talk

    found = compare(take(talk(None)), take(talk("1.2.3")))
    assert (
        Change("instance", "image box 1 of film box 1", "an instance that there is not")
        in changes(found)["N-SET Basic Grayscale Image Box, position 1"]
    )


def test_color_films(take: Take) -> None:
    def talk(level: int) -> Callable[[Scu], None]:
        def talk(scu: Scu) -> None:
            scu.create_session()
            scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
            pixels = np.full((8, 8, 3), 100, np.uint8)
            pixels[2, 3, 1] = level
            scu.set_image(1, color_item(pixels))
            assert scu.print_film().Status == 0

        return talk

    first, second = (take(talk(each), contexts=(COLOR,), meta=COLOR) for each in (100, 160))
    found = compare(first, second)
    [image] = found.films[0].images
    assert (image.differ, image.largest, image.row, image.column) == (1, 60, 3, 4)
    assert (found.films[0].page.unit, found.films[0].page.largest >= 60) == ("of 255", True)
    gray = compare(first, take(film(RAMP)))
    assert gray.films[0].page.words == "one is in color, the other is not"
    assert draw(first, second).width > draw(first, take(film(RAMP))).width / 2


def test_films_of_another_size_cannot_be_laid_over_each_other(take: Take) -> None:
    found = compare(take(film(RAMP)), take(film(RAMP, FilmOrientation="LANDSCAPE")))
    assert found.films[0].page.words == (
        "one has 2560 x 3200 printer pixels at 320 dpi, the other 3200 x 2560 printer pixels at 320 dpi"
    )
    assert found.films[0].images[0].equal


def test_without_a_dialogue_the_films_alone_are_compared(take: Take) -> None:
    first = take(film(RAMP))
    found = compare(first, replace(first, name="job 9", dialogue=None))
    assert found.notes == ("job 9: its dialogue is not kept: films alone are compared",)
    assert found.timing is None
    assert found.films[0].equal
    assert found.equal  # as far as that can be said


def test_timing_is_told_and_makes_no_difference(take: Take) -> None:
    first = take(film(RAMP))
    steps = [replace(each, at=each.at + 3.0 * (each.service == "N-ACTION")) for each in first.said.steps]
    slow = replace(first, dialogue=replace(first.said, steps=steps))
    found = compare(first, slow)
    assert found.equal
    assert found.timing is not None
    quick, late = found.timing
    assert late.before == "N-ACTION Basic Film Box"
    assert late.pause >= 3.0
    assert late.printed == pytest.approx((quick.printed or 0) + 3.0)


def test_a_picture_shows_where_films_differ_and_which_is_lighter(take: Take) -> None:
    first, second = take(film(RAMP * 0 + 2000)), take(film(RAMP * 0 + 1000))
    picture = draw(first, second)
    sheet = first.film(1)
    by = 5  # 3200 rows on 640
    left = picture.width - 16 - sheet.width // by
    middle = _middle(sheet.boxes[0])
    at = left + middle[0] // by, 40 + middle[1] // by
    assert picture.getpixel(at) == (0, 0, 255)  # the second is darker
    back = draw(second, first)
    assert back.getpixel(at) == (255, 0, 0)


def _middle(box: Rectangle) -> tuple[int, int]:
    return box.left + box.width // 2, box.top + box.height // 2
