"""How images became gray on film, in words: the numbers are those of the page, the words those of the SCU."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.captured import taking
from peers.scu import COLOR, Scu, attributes, color_item, image_item
from pydicom.dataset import Dataset
from pynetdicom.sop_class import PresentationLUT

from printscp.capture import Capture
from printscp.explanation import Asked, FilmExplained, ImageExplained, explain
from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, ToneCurve
from printscp.render.compose import compose
from printscp.render.page import Page
from printscp.transcript.films import films_of

Take = Callable[..., Capture]
PLAIN_FILM = """\
Film 8INX10IN (asked for by the film box), PORTRAIT (not asked for), STANDARD\\1,1: 1 image box, 1 with
an image. The page is 2560 x 3200 printer pixels at 320 dpi, 203.2 x 254.0 mm, resolution STANDARD (not
asked for). The border is 3.10 OD (not asked for); no image box is empty. No trim: nothing is drawn round
the images. Seen with 2000 cd/m2 of Illumination (not asked for) and 10 cd/m2 of Reflected Ambient Light
(not asked for): for that the GSDF (PS3.14) makes P-values densities.
"""
PLAIN_IMAGE = """\
64 x 64 pixels of 12 bits in 16: values 0 to 4095, of which 0 to 4095 occur. MONOCHROME2, so 0 is black;
no Polarity was sent, which is NORMAL and leaves it so (PS3.3 C.13.5). No Presentation LUT: Configuration
Information CS500 (not asked for), the printer's curve, leaves values as they are: they are taken for
P-values, and even steps of them look even. Brightest is 0.20 OD (not asked for), darkest 3.10 OD (not
asked for); the printer reaches 0.20 to 3.10 OD. In all: 0 prints 3.10 OD, the dark end; 4095 prints 0.20
OD, the light end. Printed 2460 x 2460 printer pixels large, 195.3 x 195.3 mm, in an image box of 2460 x
3037, 195.3 x 241.1 mm: no size was asked for, so it is as large as fits whole. Its left upper corner is
4.0 mm from the left and 26.8 mm from the top of the page. An image pixel is 38.44 printer pixels wide:
between image pixels Magnification Type CUBIC (not asked for) fills in.
"""
RAMP = (np.arange(64 * 64, dtype=np.uint16) % 4096).reshape(64, 64)


@pytest.fixture(scope="module")
def take() -> Iterator[Take]:
    with taking() as take:
        yield take


def explained(capture: Capture, number: int = 1) -> FilmExplained:
    dialogue = capture.said
    return explain(capture.film(number), number, Asked(dialogue, films_of(dialogue, capture.uid)[number - 1]))


def one_image(item: Dataset, film: dict[str, Any] | None = None, **values: Any) -> Callable[[Scu], None]:
    """A film of 8 x 10 inch with one image; ``look_up`` is that of its image box."""

    def talk(scu: Scu) -> None:
        scu.create_session()
        scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN", **(film or {}))
        assert scu.set_image(1, item, **values)[0].Status in (0, 0x0116, 0x0107, 0xB604, 0xB609)
        assert scu.print_film().Status == 0

    return talk


def the_image(capture: Capture) -> ImageExplained:
    [image] = explained(capture).images
    return image


def one_text(lines: Iterable[str]) -> str:
    """Lines however they are broken."""
    return " ".join(" ".join(lines).split())


# --- golden texts ----------------------------------------------------------------------------------------


def test_a_plain_film_in_words(take: Take) -> None:
    film = explained(take(one_image(image_item(RAMP))))
    assert one_text(film.lines) == one_text([PLAIN_FILM])
    assert film.notes == ()
    [image] = film.images
    assert one_text(image.lines) == one_text([PLAIN_IMAGE])
    assert image.notes == ()
    assert [(each.stored, each.p_value) for each in image.values] == [(0, 0), (2048, 2048), (4095, 4095)]
    assert [each.density for each in image.values] == [3.1, pytest.approx(1.1314, abs=0.002), 0.2]


@pytest.mark.parametrize(
    ("photometric", "polarity", "words", "first_is_black"),
    [
        ("MONOCHROME2", "NORMAL", "MONOCHROME2, so 0 is black; Polarity NORMAL leaves it so.", True),
        (
            "MONOCHROME2",
            "REVERSE",
            "MONOCHROME2, so 0 is black; Polarity REVERSE turns that round: 0 is white.",
            False,
        ),
        ("MONOCHROME1", "NORMAL", "MONOCHROME1, so 0 is white; Polarity NORMAL leaves it so.", False),
        (
            "MONOCHROME1",
            "REVERSE",
            "MONOCHROME1, so 0 is white; Polarity REVERSE turns that round: 0 is black.",
            True,
        ),
    ],
)
def test_photometric_interpretation_and_polarity_together(
    take: Take, photometric: str, polarity: str, words: str, first_is_black: bool
) -> None:
    item = image_item(RAMP, PhotometricInterpretation=photometric)
    image = the_image(take(one_image(item, Polarity=polarity)))
    assert image.lines[1] == words
    assert (image.values[0].density == 3.1) is first_is_black
    p_values = [each.p_value for each in image.values]
    assert p_values == ([0, 2048, 4095] if first_is_black else [4095, 2047, 0])
    twice = photometric == "MONOCHROME1" and polarity == "REVERSE"
    assert [each.startswith("Inverted twice") for each in image.notes] == [True] * twice


def test_a_value_of_zero_was_asked_for(take: Take) -> None:
    film = {"ReflectedAmbientLight": 0}
    whole = explained(take(one_image(image_item(RAMP), film, MinDensity=0)))
    assert "0 cd/m2 of Reflected Ambient Light (asked for by the film box)" in " ".join(whole.lines)
    assert "0.20 OD (0 asked for by the image box)" in " ".join(whole.images[0].lines)


def test_who_named_the_presentation_lut_and_what_it_does(take: Take) -> None:
    def talk(scu: Scu) -> None:
        scu.create_session()
        _, straight = scu.create_look_up(PresentationLUTShape="LIN OD")
        table = attributes(LUTDescriptor=[256, 0, 12])
        table.add_new("LUTData", "OW", np.arange(4080, -1, -16, dtype="<u2").tobytes())
        _, falling = scu.create_look_up(PresentationLUTSequence=[table])

        def names(uid: str) -> list[Dataset]:
            return [attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=uid)]

        scu.create_film("STANDARD\\2,1", ReferencedPresentationLUTSequence=names(straight))
        scu.set_image(1, image_item(RAMP), ConfigurationInformation="CS1")  # which there is not
        eight = image_item((RAMP % 256).astype(np.uint8))
        scu.set_image(2, eight, ReferencedPresentationLUTSequence=names(falling))
        assert scu.print_film().Status == 0

    first, second = explained(take(talk)).images
    assert first.lines[2] == (
        "Presentation LUT LIN OD, of the film box: even steps of the value are even steps of density."
    )
    middle = first.values[1]
    assert middle.density == pytest.approx(3.1 - 2.9 * 2048 / 4095, abs=0.0001)
    assert [each for each in first.notes if "without effect" in each] == [
        "Configuration Information CS1 is without effect: there is a Presentation LUT."
    ]
    assert second.lines[2] == (
        "Presentation LUT, of the image box: a table of 256 entries of 12 bits, P-value 4080 for the darkest "
        "value to 0 for the brightest, of 4095."
    )
    assert second.notes == ("The table of the Presentation LUT falls: it inverts, beside polarity.",)
    assert second.values[0].density < second.values[2].density == 3.1
    assert "0 prints 0.21 OD, the light end" in second.lines[4]


def test_values_that_were_held_to_what_the_printer_can(take: Take) -> None:
    film = {"MaxDensity": 400, "Trim": "YES", "BorderDensity": "WHITE"}
    whole = explained(take(one_image(image_item(RAMP % 256), film, MinDensity=60)))
    [image] = whole.images
    assert image.lines[3] == (
        "Brightest is 0.60 OD (asked for by the image box), darkest 3.10 OD (400 asked for by the film box); "
        "the printer reaches 0.20 to 3.10 OD."
    )
    assert "The border is 0.20 OD (asked for by the film box); no image box is empty." in whole.lines
    assert any(line.startswith("Trim: a frame of 0.5 mm") for line in whole.lines)
    assert any("MaxDensity: 400" in note for note in whole.notes)
    [note] = [each for each in image.notes if each.startswith("No value above 255 occurs")]
    assert "prints between 3.10 and 2." in note


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"MagnificationType": "NONE"}, "Magnification Type NONE (asked for by the image box) makes each"),
        ({"RequestedImageSize": "60"}, "Requested Image Size asks for 60 mm of width, and has it"),
        ({"RequestedImageSize": "600"}, "which the box does not have: it is made to fit"),
        (
            {"RequestedImageSize": "600", "RequestedDecimateCropBehavior": "CROP"},
            "which the box does not have: it is cut",
        ),
        ({}, "no size was asked for, so it is as large as fits whole"),
    ],
)
def test_why_an_image_is_as_large_as_it_is(take: Take, values: dict[str, str], words: str) -> None:
    image = the_image(take(one_image(image_item(RAMP), **values)))
    assert words in image.lines[5]
    cut = [line for line in image.lines if line.startswith("It is cut: columns ")]
    assert bool(cut) == (values.get("RequestedDecimateCropBehavior") == "CROP")
    if values.get("MagnificationType") == "NONE":
        assert image.lines[-1] == "An image pixel is 1 printer pixels wide: no pixel is changed."


def test_a_color_image_has_no_densities(take: Take) -> None:
    item = color_item(np.zeros((8, 8, 3), np.uint8))

    def talk(scu: Scu) -> None:
        scu.create_session()
        scu.create_film("STANDARD\\2,1")
        scu.set_image(1, item, Polarity="REVERSE")
        assert scu.print_film().Status == 0

    whole = explained(take(talk, contexts=(COLOR,), meta=COLOR))
    [image] = whole.images
    assert image.values == ()
    assert image.lines[:3] == (
        "8 x 8 pixels of RGB, 8 bits each, plane by plane (Planar Configuration 1).",
        "Polarity REVERSE: each of red, green and blue is inverted.",
        "No ICC Profile was sent: its colors are taken for sRGB.",
    )
    assert "image box 2, empty" in whole.lines[2]


def test_the_films_of_a_session_have_each_their_own_words(take: Take) -> None:
    def talk(scu: Scu) -> None:
        scu.create_session()
        for photometric in ("MONOCHROME2", "MONOCHROME1"):
            scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(RAMP, PhotometricInterpretation=photometric))
        assert scu.print_session()[0].Status == 0

    capture = take(talk)
    said = [explained(capture, number).images[0].lines[1][:11] for number in (1, 2)]
    assert said == ["MONOCHROME2", "MONOCHROME1"]


def test_without_a_dialogue_what_the_film_itself_says_is_said(sheet: Sheet) -> None:
    image = replace(sheet.images[0], reverse=True)
    [found] = explain(replace(sheet, images=(image,))).images
    assert found.lines[1] == (
        "MONOCHROME1, or Polarity REVERSE: 0 is white. Which of them was sent is not kept."
    )
    assert "asked for" not in " ".join(found.lines[:5])


# --- numbers ---------------------------------------------------------------------------------------------


@given(
    bits=st.sampled_from([8, 10, 12]),
    reverse=st.booleans(),
    densities=st.tuples(st.integers(0, 150), st.integers(151, 400)),
    tone=st.sampled_from(["none", "curve", "IDENTITY", "LIN OD", "LIN OD by value", "table"]),
    ambient=st.integers(0, 20),
)
def test_the_numbers_are_those_of_the_page(
    sheet_of_three: Sheet, bits: int, reverse: bool, densities: tuple[int, int], tone: str, ambient: int
) -> None:
    """Measured on the page of an image of just these three values, side by side."""
    values = np.array([[0, 1 << (bits - 1), (1 << bits) - 1]], np.uint8 if bits == 8 else np.uint16)
    look_ups = {
        "IDENTITY": LookUp("IDENTITY"),
        "LIN OD": LookUp("LIN OD"),
        "LIN OD by value": LookUp("LIN OD", by_value=True),
        "table": LookUp("", bits=12, table=tuple(int(4095 * (i / 255) ** 2) for i in range(256))),
    }
    image = replace(
        sheet_of_three.images[0],
        bits_stored=bits,
        reverse=reverse,
        min_density=densities[0],
        max_density=densities[1],
        curve=ToneCurve(1.7, True) if tone == "curve" else ToneCurve(),
        configuration="CS510" if tone == "curve" else "",
        look_up=0 if tone in look_ups else None,
        pixels=values.tobytes(),
    )
    sheet = replace(
        sheet_of_three,
        images=(image,),
        look_ups=(look_ups[tone],) if tone in look_ups else (),
        reflected_ambient_light=ambient,
    )
    page = compose(sheet, "")
    assert isinstance(page, Page)
    [found] = explain(sheet).images
    assert [round(each.density * 10000) for each in found.values] == page.density[0].tolist()
    assert [each.stored for each in found.values] == values[0].tolist()


@pytest.fixture(scope="module")
def sheet_of_three() -> Sheet:
    """A page of three printer pixels, one for each pixel of its image."""
    return _three()


def _three() -> Sheet:
    from printscp.film.sheet import SheetImage

    image = SheetImage(
        position=1,
        samples_per_pixel=1,
        planar_configuration=1,
        rows=1,
        columns=3,
        bits_stored=8,
        reverse=False,
        pixel_aspect=(1, 1),
        magnification="NONE",
        smoothing="",
        smoothing_weight=0.0,
        configuration="",
        curve=ToneCurve(),
        min_density=20,
        max_density=310,
        requested_width_mm=None,
        decimate_crop="DECIMATE",
        look_up=None,
        pixels=b"\x00\x80\xff",
    )
    return Sheet(
        film_size="8INX10IN",
        orientation="PORTRAIT",
        display_format="STANDARD\\1,1",
        resolution="STANDARD",
        width=3,
        height=1,
        dots_per_inch=1.0,
        boxes=(Rectangle(0, 0, 3, 1),),
        label=Rectangle(0, 1, 3, 0),
        images=(image,),
        look_ups=(),
        annotation_format="",
        annotations=(),
        printer_density=(20, 310),
        border_density=310,
        empty_image_density=310,
        trim=False,
        illumination=2000,
        reflected_ambient_light=10,
        color=False,
        icc_profile=b"",
        remarks=(),
    )
