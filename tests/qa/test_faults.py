"""Each fault that a film can have is found, named by the right check, and laid to whom it belongs."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from qa.films import damaged, film_of, image_of, of_check, page_of, said, sheet_of

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Sheet
from printscp.qa.pattern import Pattern
from printscp.qa.patterns import draw
from printscp.qa.verification import Verification
from printscp.qa.verify import verify
from printscp.render.page import Page

pytestmark = pytest.mark.slow  # all together

GRAY = ("wedge-32", "smpte", "tg18-qc")
ALL = (
    *("wedge-6", "wedge-32", "smpte", "tg18-qc", "tg18-unl-80", "uniformity", "geometry", "ramp"),
    "resolution",
)
BY_SCU, BY_PRINTER = "so did the SCU send it", "the printer did it"


def quick(names: Iterable[str], *few: str) -> list[Any]:
    """All of these, but only a few of them where there is no time."""
    return [name if name in few else pytest.param(name, marks=pytest.mark.slow) for name in names]


def drawn(name: str, side: int = 256) -> Pattern:
    return draw(name, side, side)


def found(verification: Verification, check: str, *words: str) -> None:
    faults = of_check(verification, check)
    assert faults, f"no fault of {check}: {said(verification)}"
    for word in words:
        assert any(word in fault.text for fault in faults), faults


def bent(pattern: Pattern, gamma: float) -> Any:
    return np.rint(pattern.fractions**gamma * pattern.largest).astype(np.uint16)


# --- tone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [1.1, 1 / 1.1])
@pytest.mark.parametrize(
    "name",
    quick([*GRAY, "wedge-6", "tg18-unl-80", "uniformity", "geometry", "ramp"], "wedge-32", "uniformity"),
)
def test_a_gamma_error(name: str, gamma: float) -> None:
    pattern = drawn(name)
    wrong = film_of(replace(pattern, pixels=bent(pattern, gamma)))
    by_printer = verify(film_of(pattern), page_of(wrong), pattern)
    found(by_printer, "density", BY_PRINTER)
    found(verify(wrong, page_of(wrong), pattern), "density", BY_SCU)
    assert {each.check for each in by_printer.findings if each.outcome == "fail"} <= {"density", "response"}
    if name in GRAY:
        found(by_printer, "response", "FIT")


@pytest.mark.parametrize("name", quick(ALL, "wedge-32", "uniformity"))
def test_swapped_polarity(name: str) -> None:
    pattern = drawn(name)
    sheet, wrong = film_of(pattern), film_of(pattern, reverse=True)
    found(verify(sheet, page_of(wrong), pattern), "polarity", BY_PRINTER)
    by_scu = verify(wrong, page_of(wrong), pattern)
    found(by_scu, "polarity", BY_SCU)
    assert not of_check(by_scu, "response")


@pytest.mark.parametrize(
    "name", quick(["wedge-32", "smpte", "wedge-6", "geometry", "resolution"], "wedge-32", "smpte")
)
def test_a_dmax_too_low(name: str) -> None:
    pattern = drawn(name)
    sheet, page = film_of(pattern), page_of(film_of(pattern))
    cut = damaged(page, np.minimum(page.density, 30000))
    found(verify(sheet, cut, pattern), "dmax", "3.000 OD", BY_PRINTER)
    flat = page_of(film_of(pattern, max_density=300))
    found(verify(sheet, flat, pattern), "dmax", "3.000 OD", BY_PRINTER)
    asked_for = verify(film_of(pattern, max_density=300), flat, pattern)
    assert asked_for.passed, said(asked_for)
    assert "Max Density in force is 3.00 OD; the printer can 3.10" in said(asked_for, "note")


def test_a_ramp_cut_to_eight_bits() -> None:
    pattern = draw("ramp", 512, 256)
    right = film_of(pattern)
    told = verify(right, page_of(right), pattern)
    assert told.passed, said(told)
    assert "4096 of 4096 levels" in said(told, "pass")
    for wrong in (pattern.pixels >> 4 << 4, np.rint(np.rint(pattern.pixels / 4095 * 255) / 255 * 4095)):
        page = page_of(film_of(replace(pattern, pixels=wrong.astype(np.uint16))))
        found(verify(right, page, pattern), "levels", "only 256: 8 bits", BY_PRINTER)
    eight = sheet_of(image_of((pattern.pixels >> 4).astype(np.uint8), 8))
    found(verify(eight, page_of(eight), pattern), "levels", "only 256: 8 bits", BY_SCU)


# --- geometry ----------------------------------------------------------------------------------------------


def scaled(sheet: Sheet, across: float, down: float) -> Page:
    """The page of a film on which the printer changes the scale of the image, and leaves its middle."""
    (box,), image = sheet.boxes, sheet.images[0]
    side = min(box.width, box.height)
    width, height = round(side * across), round(side * down)
    left, top = (box.width - width) // 2, (box.height - height) // 2
    wrong = replace(
        sheet,
        boxes=(Rectangle(left, top, width, height),),
        images=(replace(image, pixel_aspect=(height, width)),),
    )
    return page_of(wrong)


@pytest.mark.parametrize(
    ("across", "down", "name"),
    [(0.99, 1.0, "tg18-qc"), (1.0, 0.99, "geometry")]
    + [pytest.param(0.99, 0.99, name, marks=pytest.mark.slow) for name in ALL],
)
def test_a_wrong_scale(across: float, down: float, name: str) -> None:
    pattern = drawn(name, 512)
    sheet = film_of(pattern)
    verification = verify(sheet, scaled(sheet, across, down), pattern)
    found(verification, "scale", BY_PRINTER)
    asked = next(each for each in of_check(verification, "scale") if "asked for" in each.text)
    assert asked.measured == pytest.approx(-1, abs=0.1)
    assert f"{(across - 1) * 100:+.1f}" in asked.text.replace("-0.0", "+0.0") or across != 1


def test_an_scu_that_stretches_is_told_from_a_printer_that_does() -> None:
    pattern = drawn("geometry", 500)
    stretched = cv2.resize(pattern.fractions, (510, 500), interpolation=cv2.INTER_CUBIC)
    sheet = sheet_of(image_of(np.rint(np.clip(stretched, 0, 1) * 4095).astype(np.uint16), 12))
    verification = verify(sheet, page_of(sheet), pattern)
    found(verification, "scale", "wider than high", BY_SCU)
    aspect = film_of(pattern, pixel_aspect=(100, 101))
    found(verify(aspect, page_of(aspect), pattern), "scale", "wider than high", BY_SCU)


def test_true_size() -> None:
    pattern = draw("geometry", 256, 256, width_mm=125)
    right = film_of(pattern, requested_width_mm=125.0)
    verification = verify(right, page_of(right), pattern)
    assert verification.passed, said(verification)
    assert "mm wide, 125 mm at true size" in said(verification, "pass")
    wrong = film_of(pattern, requested_width_mm=122.0)
    found(verify(wrong, page_of(wrong), pattern), "scale", "Requested Image Size (2020,0030) of 125.0 mm")
    unasked = film_of(pattern)
    verification = verify(unasked, page_of(unasked), pattern)
    assert verification.passed
    assert "ask for a Requested Image Size (2020,0030) of 125.0 mm" in said(verification, "note")
    found(verify(right, page_of(wrong), pattern), "scale", "mm at true size", BY_PRINTER)


def test_a_shift_and_a_turn() -> None:
    pattern = drawn("geometry", 512)
    sheet, page = film_of(pattern), page_of(film_of(pattern))
    for shift in ((0, 2), (-2, 0)):
        moved = damaged(page, np.roll(page.density, shift, (1, 0)))
        found(verify(sheet, moved, pattern), "geometry", "its middle is", BY_PRINTER)
    turn = cv2.getRotationMatrix2D((260, 200), 0.4, 1.0)
    turned = cv2.warpAffine(page.density, turn, page.shape[::-1], borderValue=31000)
    verification = verify(sheet, damaged(page, turned), pattern)
    found(verification, "geometry", "turned by", BY_PRINTER)
    assert of_check(verification, "geometry")[0].measured == pytest.approx(-0.4, abs=0.02)


ORIENTATIONS: dict[str, Callable[[Any], Any]] = {
    "turned 90 degrees clockwise": lambda pixels: np.rot90(pixels, -1),
    "turned 180 degrees": lambda pixels: np.rot90(pixels, 2),
    "turned 90 degrees counterclockwise": np.rot90,
    "mirrored left to right": np.fliplr,
    "mirrored top to bottom": np.flipud,
    "mirrored about the falling diagonal": np.transpose,
    "mirrored about the rising diagonal": lambda pixels: np.rot90(pixels, 2).T,
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", quick(["wedge-32", "uniformity"], "wedge-32"))
def test_a_wrong_orientation(name: str, orientation: str) -> None:
    pattern = drawn(name)
    wrong = film_of(replace(pattern, pixels=np.ascontiguousarray(ORIENTATIONS[orientation](pattern.pixels))))
    found(verify(film_of(pattern), page_of(wrong), pattern), "orientation", orientation, BY_PRINTER)
    by_scu = verify(wrong, page_of(wrong), pattern)
    found(by_scu, "orientation", orientation, BY_SCU)
    assert {each.check for each in by_scu.findings if each.outcome == "fail"} == {"orientation"}, said(by_scu)


# --- uniformity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degrees", "name"),
    [(0, "uniformity"), (90, "wedge-32")] + [pytest.param(217, name, marks=pytest.mark.slow) for name in ALL],
)
def test_a_gradient_across_the_page(degrees: int, name: str) -> None:
    pattern = drawn(name)
    sheet, page = film_of(pattern, 400, 400), page_of(film_of(pattern, 400, 400))
    y, x = np.indices(page.shape) / 400 - 0.5
    along = x * np.sin(np.radians(degrees)) - y * np.cos(np.radians(degrees))
    slope = along * 500 / np.ptp(along)
    verification = verify(sheet, damaged(page, page.density + slope), pattern)
    found(verification, "uniformity", "gradient", BY_PRINTER)
    fault = next(each for each in of_check(verification, "uniformity") if "gradient" in each.text)
    assert fault.measured == pytest.approx(0.05, abs=0.005)
    assert f"toward {degrees} degrees" in fault.text or name in ("ramp", "resolution")
    assert not of_check(verification, "defect")


@pytest.mark.parametrize("name", quick(ALL, "wedge-32", "smpte"))
@pytest.mark.parametrize("kind", ["column", "row"])
def test_a_dead_line(name: str, kind: str) -> None:
    random = np.random.default_rng(sum(map(ord, name + kind)))
    pattern = drawn(name)
    sheet = film_of(pattern)
    page = page_of(sheet)
    density = page.density.copy()
    at = int(random.integers(70, 450) if kind == "column" else random.integers(10, 390))
    line = (slice(None), at) if kind == "column" else (at, slice(None))
    # White on white no one sees.
    density[line] = 2000 if np.median(density[line]) > 12000 else 31000
    verification = verify(sheet, damaged(page, density), pattern)
    [fault] = of_check(verification, "defect")
    assert f"dead {kind}" in fault.text
    assert f"(printer pixel {at + 1})" in fault.text
    assert BY_PRINTER in fault.text


def test_a_dead_line_of_the_scu() -> None:
    pattern = drawn("wedge-32")
    pixels = pattern.pixels.copy()
    pixels[100] = 4095
    sheet = film_of(replace(pattern, pixels=pixels))
    found(verify(sheet, page_of(sheet), pattern), "defect", "dead row 101 of the image", BY_SCU)


@pytest.mark.parametrize("name", quick(ALL, "uniformity", "geometry"))
def test_a_spot_and_bands(name: str) -> None:
    pattern = drawn(name)
    sheet, page = film_of(pattern, 400, 400), page_of(film_of(pattern, 400, 400))
    # Its largest even part has the spot.
    even = np.pad(cv2.Laplacian(page.density.astype(np.float32), -1)[8:-8, 8:-8] == 0, 8)
    flat = cv2.erode(even.astype(np.uint8), np.ones((5, 5)))
    y, x = np.unravel_index(cv2.distanceTransform(flat, cv2.DIST_L2, 3).argmax(), page.shape)
    density = page.density.astype(int)
    density[y - 3 : y + 4, x - 3 : x + 4] += 600
    verification = verify(sheet, damaged(page, density), pattern)
    found(verification, "defect", "a spot or band of", "+0.06 OD off", BY_PRINTER)
    if name in ("uniformity", "geometry", "wedge-32"):
        [fault] = of_check(verification, "defect")
        assert (
            f"its middle {(x + 0.5) / 2:.1f} mm from the left and {(y + 0.5) / 2:.1f} mm from" in fault.text
        )
        banded = damaged(page, page.density + 500 * np.sin(np.arange(400) / 4)[:, None])
        found(verify(sheet, banded, pattern), "defect", "spots or bands, the largest of", BY_PRINTER)


def test_a_spot_of_the_scu() -> None:
    pattern = drawn("uniformity")
    pixels = pattern.pixels.copy()
    pixels[110:114, 60:66] += 100
    sheet = film_of(replace(pattern, pixels=pixels))
    found(verify(sheet, page_of(sheet), pattern), "defect", "a spot or band of", BY_SCU)


def test_many_lines_are_not_told_one_by_one() -> None:
    pattern = drawn("wedge-8")
    sheet, page = film_of(pattern, 400, 400), page_of(film_of(pattern, 400, 400))
    density = page.density.astype(int)
    density[:, 20:380:9] += 800
    faults = of_check(verify(sheet, damaged(page, density), pattern), "defect")
    assert len(faults) == 6
    assert faults[-1].text == "35 more columns and rows stand out, as by banding or noise"


def test_no_number_is_less_than_nothing() -> None:
    for name in ("wedge-32", "geometry"):
        sheet = film_of(drawn(name), 411, 397)
        verification = verify(sheet, page_of(sheet), drawn(name))
        assert "-0.00" not in said(verification, "pass")


# --- not there ---------------------------------------------------------------------------------------------


def test_a_pattern_that_is_not_there() -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(1).random((300, 300), np.float32), (0, 0), 4)
    pixels = cv2.normalize(noise, None, 0, 4095, cv2.NORM_MINMAX).astype(np.uint16)
    sheet, pattern = sheet_of(image_of(pixels, 12)), drawn("wedge-32")
    verification = verify(sheet, page_of(sheet), pattern)
    found(verification, "pattern", "was not found", "Name the pattern and its matrix")
    assert not verification.readings
    empty = replace(page_of(sheet), density=np.full((400, 520), 31000, np.uint16))
    found(verify(film_of(pattern), empty, pattern), "pattern", "the page does not show it", BY_PRINTER)


def test_a_pattern_of_which_the_printer_cut_a_part() -> None:
    pattern = draw("wedge-32", 1024, 1024)
    sheet = film_of(pattern, decimate_crop="CROP")
    found(verify(sheet, page_of(sheet), pattern), "pattern", "the printer cut the image")
