"""The virtual densitometer: right films of every kind are right, and what it reads is what is there."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from film.scu import Scu, make_printer
from golden.cases import gray
from qa.films import damaged, film_of, image_of, of_check, page_of, said, sheet_of
from qa.right_films import right_film
from reference.renderer import reference_page

from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, ToneCurve
from printscp.qa.pattern import Role
from printscp.qa.patterns import draw
from printscp.qa.sent import drawn
from printscp.qa.verify import verify
from printscp.render.compose import compose

pytestmark = pytest.mark.slow  # all together

QUICK, ALL = 10, 100


@pytest.mark.parametrize(
    "seed", [*range(QUICK), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(QUICK, ALL))]
)
def test_a_right_film_is_right(seed: int) -> None:
    sheet, pattern = right_film(seed)
    verification = verify(sheet, page_of(sheet), pattern)
    assert verification.passed, said(verification)
    assert verification.readings
    assert all(reading.passed for reading in verification.readings)
    if pattern.name == "ramp" and "levels" not in said(verification, "note"):
        assert of_check(verification, "levels", "pass")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"min_density": 25, "max_density": 290},
        {"look_up": 0, "look_ups": (LookUp("LIN OD"),)},
        {"curve": ToneCurve(1.4), "configuration": "CS"},
        {"illumination": 150, "reflected_ambient_light": 0, "printer_density": (5, 200), "max_density": 200},
    ],
    ids=["plain", "densities", "LIN OD", "curve", "PAPER"],
)
def test_aims_and_readings_are_those_of_a_second_renderer(fields: dict[str, object]) -> None:
    pattern = draw("wedge-17", 200, 150, bits=8)
    sheet = film_of(pattern, 450, 350, magnification="REPLICATE", **fields)
    verification = verify(sheet, page_of(sheet), pattern)
    assert verification.passed, said(verification)
    wanted = reference_page(sheet).page
    assert len(verification.readings) == 17
    for reading in verification.readings:
        there = wanted[int(reading.y_mm * 2), int(reading.x_mm * 2)]
        assert reading.aim == pytest.approx(there, abs=0.0005)
        assert reading.mean == pytest.approx(there, abs=0.0005)
        assert reading.spread < 0.0001


def test_an_image_that_came_by_dicom() -> None:
    """MONOCHROME1 with a reversed polarity is MONOCHROME2, and the film is verified as it was frozen."""
    pattern = draw("smpte", 256, 256, bits=12)
    for photometric, polarity, negative in (
        ("MONOCHROME2", "NORMAL", False),
        ("MONOCHROME1", "NORMAL", True),
        ("MONOCHROME1", "REVERSE", False),
    ):
        scu = Scu(make_printer(memory=1 << 24))
        scu.create_session()
        scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN", MinDensity=25, MaxDensity=250)
        pixels = 4095 - pattern.pixels if negative else pattern.pixels
        scu.set_image(1, gray(pixels, PhotometricInterpretation=photometric), Polarity=polarity)
        scu.print_film()
        (sheet,) = scu.spool.jobs[0].sheets
        scu.close()
        verification = verify(sheet, compose(sheet, "film 1"), pattern)
        assert verification.passed, said(verification)
        assert verification.film.scale.max_density == 2.5


def test_what_is_told_of_a_film() -> None:
    pattern = draw("wedge-32", 256, 256)
    sheet = film_of(pattern, 700, 700, remarks=("image 1: Polarity X ignored", "FilmSessionLabel DOE cut"))
    page = page_of(sheet)
    verification = verify(sheet, page, pattern, printer="FILM", operator="Müller", subject="film 1 of job 7")
    told = verification.provenance
    assert (told.printer, told.operator, told.subject) == ("FILM", "Müller", "film 1 of job 7")
    assert told.profile == "17INX17IN, 50.8 dpi, 0.20 to 3.10 OD"
    hashes = dict(told.hashes)
    assert hashes["page"] == hashlib.sha256(page.density.tobytes()).hexdigest()
    assert hashes["pixels"] == hashlib.sha256(sheet.images[0].pixels).hexdigest()
    assert hashes["pattern"] == hashlib.sha256(pattern.pixels.tobytes()).hexdigest()
    notes = said(verification, "note")
    assert "Polarity X ignored" in notes
    assert "DOE" not in repr(verification)
    assert verification.film.tone == "no Presentation LUT"
    first, last = verification.readings[0], verification.readings[-1]
    assert (first.aim, last.aim) == pytest.approx((3.1, 0.2), abs=0.001)
    assert 0 < first.x_mm < 350
    assert 0 < first.y_mm < 350
    assert verification.response is not None
    assert verification.response.lum < 0.01
    assert verification.image.shape == (700, 700)


def test_a_response_is_asked_for_of_p_values_only() -> None:
    pattern = draw("wedge-17", 256, 256)
    linear = film_of(pattern, look_up=0, look_ups=(LookUp("LIN OD"),))
    verification = verify(linear, page_of(linear), pattern)
    assert verification.passed, said(verification)
    assert verification.response is None
    assert "not judged" in said(verification, "note")
    identity = film_of(pattern, look_up=0, look_ups=(LookUp("IDENTITY"),))
    assert verify(identity, page_of(identity), pattern).response is not None
    few = film_of(draw("wedge-6", 256, 256))
    assert verify(few, page_of(few), draw("wedge-6", 256, 256)).response is None


def test_the_image_that_holds_the_pattern_is_found_or_named() -> None:
    pattern, other = draw("tg18-qc", 256, 256), draw("smpte", 256, 256)
    boxes = tuple(Rectangle(left, 0, 256, 300) for left in (0, 280, 560))
    images = [image_of(each.pixels, 12, position=p) for p, each in ((1, other), (2, pattern), (3, pattern))]
    sheet = sheet_of(*images, width=820, boxes=boxes)
    page = page_of(sheet)
    assert verify(sheet, page, pattern).film.position == 2
    third = verify(sheet, page, pattern, position=3)
    assert third.passed
    assert third.readings[0].x_mm > 280
    wrong = verify(sheet, page, pattern, position=1)
    assert [each.check for each in wrong.findings if each.outcome == "fail"] == ["pattern"]
    with pytest.raises(SetupError, match="no image at position 4"):
        verify(sheet, page, pattern, position=4)


def test_what_has_no_densities() -> None:
    pattern = draw("wedge-6", 128, 128)
    colors = np.repeat(pattern.pixels[..., None] >> 4, 3, 2).astype(np.uint8)
    image = image_of(pattern.pixels, 12, samples_per_pixel=3, bits_stored=8)
    sheet = sheet_of(replace(image, pixels=colors.tobytes()), color=True)
    with pytest.raises(SetupError, match="a color film has no densities"):
        verify(sheet, compose(sheet, ""), pattern)
    empty = replace(sheet, images=(), color=False)
    with pytest.raises(SetupError, match="no image"):
        verify(empty, compose(empty, ""), pattern)  # type: ignore[arg-type]


def test_half_a_step_of_the_bits_that_were_sent_is_allowed() -> None:
    pattern = draw("wedge-33", 256, 256, bits=12)
    eight = np.rint(pattern.fractions * 255).astype(np.uint8)
    sheet = sheet_of(image_of(eight, 8))
    verification = verify(sheet, page_of(sheet), pattern)
    assert verification.passed, said(verification)
    assert max(abs(each.error) for each in verification.readings) > 0.003
    allowed = [each.tolerance for each in verification.readings]
    assert 0.02 < allowed[0] < 0.06  # the densities of 0 and 1 of 8 bits are 0.08 OD apart
    assert allowed == sorted(allowed, reverse=True)
    exact = film_of(pattern)
    assert {each.tolerance for each in verify(exact, page_of(exact), pattern).readings} == {0.01}
    off = sheet_of(image_of(np.clip(eight.astype(int) - 2, 0, 255).astype(np.uint8), 8))
    assert of_check(verify(off, page_of(off), pattern), "density")


def test_the_pattern_of_a_name_is_drawn_as_it_was_compose() -> None:
    for name, columns, rows, bits in (("ramp", 300, 200, 12), ("smpte", 256, 256, 8)):
        printed_one = draw(name, columns, rows, bits)
        sheet = sheet_of(image_of(printed_one.pixels, bits))
        found = drawn(sheet, name)
        assert (found.pixels == printed_one.pixels).all()
        assert found.bits == bits
    ramp = sheet_of(image_of(draw("ramp", 256, 256, 8).pixels, 8))
    assert (drawn(ramp, "ramp").bits, drawn(ramp, "ramp", bits=8).bits) == (12, 8)
    eight = draw("wedge-32", 256, 256, 8)  # sent as 12 bits, as some SCUs do with all they have
    wide = sheet_of(image_of(np.rint(eight.fractions * 4095).astype(np.uint16), 12))
    assert (drawn(wide, "wedge-32").pixels == eight.pixels).all()
    assert drawn(film_of(draw("wedge-32", 256, 256)), "wedge-32").bits == 12
    turned = sheet_of(image_of(np.ascontiguousarray(np.rot90(draw("tg18-qc", 300, 200).pixels)), 12))
    assert drawn(turned, "tg18-qc").pixels.shape == (200, 300)
    placed = np.full((400, 500), 4095, np.uint16)
    placed[30:286, 200:456] = draw("smpte", 256, 256).pixels
    assert drawn(sheet_of(image_of(placed, 12)), "smpte").pixels.shape == (1024, 1024)
    assert drawn(sheet, "smpte", bits=8).bits == 8
    with pytest.raises(SetupError, match="wedge-9"):
        drawn(sheet, "wedge-9")


@pytest.mark.parametrize("size", [(520, 400), (256, 256), (420, 300)])
def test_a_ramp_of_which_each_level_is_a_pixel_of_the_image(size: tuple[int, int]) -> None:
    pattern = draw("ramp", 256, 180)
    sheet = film_of(pattern, *size, smoothing_weight=0.1)
    verification = verify(sheet, page_of(sheet), pattern)
    assert verification.passed, said(verification)
    assert of_check(verification, "levels", "pass")


def test_a_ramp_that_is_too_small_to_be_read_is_not_called_right() -> None:
    pattern = draw("ramp", 1024, 512)
    sheet = film_of(pattern, 420, 210)
    verification = verify(sheet, page_of(sheet), pattern)
    assert not verification.passed
    assert "print it larger" in said(verification)
    assert all(each.patch.role is Role.LEVEL for each in verification.readings)


def test_a_small_error_of_one_patch_is_found_and_named() -> None:
    pattern = draw("wedge-8", 256, 256)
    sheet = film_of(pattern)
    page = page_of(sheet)
    right = verify(sheet, page, pattern)
    fifth = right.readings[4]
    at = int(fifth.y_mm * 2), int(fifth.x_mm * 2)
    density = page.density.astype(int)
    density[density == density[at]] += 120
    wrong = verify(sheet, damaged(page, density), pattern)
    [fault] = of_check(wrong, "density")
    assert fault.text.startswith(f"worst of 8 patches: {fifth.patch.name} {fifth.aim + 0.012:.3f} OD")
    assert fault.measured == pytest.approx(0.012, abs=0.0005)
    assert [each.passed for each in wrong.readings].count(False) == 1
