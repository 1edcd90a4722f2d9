"""A film beside the one that it should look like."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing.films import color_film, gray_film

from printscp.testing import BenchPrinter, Film, assert_film_matches
from printscp.testing.golden import reduced
from printscp.testing.run import RUN

pytestmark = pytest.mark.slow

RAMP = np.arange(256, dtype=np.uint8).repeat(4).reshape(32, 32)
FLAT = np.full((16, 16), 128, np.uint8)


@pytest.fixture(scope="module")
def printer() -> Iterator[BenchPrinter]:
    with BenchPrinter() as printer:
        yield printer


@pytest.fixture(scope="module")
def film(printer: BenchPrinter) -> Film:
    return gray_film(printer, [RAMP, FLAT])


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take half a second each."""
    monkeypatch.setattr("printscp.testing.difference.draw", lambda _: b"")


def spoilt(film: Film) -> np.ndarray:
    """The film with a patch of 0.3 OD more in image box 2, and one pixel 1 OD less."""
    pixels = film.drawn.copy()
    place = film.image(2).placement.pixels
    pixels[place.top + 10 : place.top + 40, place.left + 20 : place.left + 40] += 3000
    pixels[place.top + 100, place.left + 50] -= 10000
    return pixels


def failure(film: Film, golden: object, **options: object) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_film_matches(film, golden, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_film_is_as_itself_in_whatever_form(film: Film, tmp_path: Path) -> None:
    for golden in (film, film.drawn, film.density):
        assert_film_matches(film, golden, tolerance=0)
    for name in ("film.png", "film.tiff"):
        Image.fromarray(film.drawn).save(tmp_path / name)
        assert_film_matches(film, tmp_path / name, tolerance=0)


def test_a_difference_is_told_in_numbers_and_in_a_picture(film: Film, tmp_path: Path) -> None:
    said = failure(film, spoilt(film), folder=tmp_path / "pictures")
    place = film.image(2).placement.mm
    x, y = place.left + 50.5 / 320 * 25.4, place.top + 100.5 / 320 * 25.4
    assert "601 of 8,192,000 pixels (0.0073%) are off by more than 0.01 OD" in said
    assert f"largest difference +1.0000 OD, at {x:.1f} mm from the left and {y:.1f} mm" in said
    assert "image box 2: 601" in said
    (name,) = re.findall("picture: (.*)", said)
    picture = np.asarray(Image.open(name).convert("RGB")).astype(int)
    assert Path(name).parent == tmp_path / "pictures"
    rows, columns, _ = picture.shape
    third = picture[:, round(0.64 * columns) : round(0.92 * columns)]  # without the scale
    redder = third[..., 0] - third[..., 2]
    assert columns > 2 * rows
    assert np.abs(third - (5, 48, 97)).sum(axis=2).min() < 40, "the one pixel, darkest blue: denser"
    assert redder.max() > 20, "what is less dense is red"
    assert np.ptp(picture[:, : columns // 3], axis=2).max() < 10, "the film itself is gray"


def test_what_may_be_off_is_in_od_and_a_share(film: Film, no_pictures: None) -> None:
    golden = spoilt(film)
    assert_film_matches(film, golden, tolerance=1.0)
    assert_film_matches(film, golden, share=601 / golden.size)
    assert_film_matches(film, golden, tolerance=0.3, share=1 / golden.size)
    assert "1 of 8,192,000" in failure(film, golden, tolerance=0.3)
    assert "may be" in failure(film, golden, share=600 / golden.size)
    for wrong in ({"tolerance": -1}, {"tolerance": np.nan}, {"share": 1}, {"reduced_by": 0}):
        with pytest.raises(ValueError, match="tolerance is 0 or more"):
            assert_film_matches(film, golden, **wrong)  # type: ignore[arg-type]


def test_the_label_strip_counts_when_asked(printer: BenchPrinter, film: Film, no_pictures: None) -> None:
    labelled = gray_film(printer, [RAMP, FLAT], label="ANOTHER")
    assert_film_matches(labelled, film, tolerance=0)
    assert_film_matches(labelled, film, tolerance=0, reduced_by=8)
    assert "outside: " in failure(labelled, film, label_strip=True)


def test_a_golden_film_is_written_when_asked_and_may_be_smaller(
    film: Film, tmp_path: Path, no_pictures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RUN, "update", True)
    whole, small = tmp_path / "new" / "whole.png", tmp_path / "new" / "small.tif"
    assert_film_matches(film, whole)
    assert_film_matches(film, small, reduced_by=8)
    assert RUN.written == [whole, small]
    RUN.written.clear()
    monkeypatch.setattr(RUN, "update", False)
    assert_film_matches(film, whole, tolerance=0)
    assert_film_matches(film, small, tolerance=0, reduced_by=8)
    assert small.stat().st_size < 600_000
    assert "reduced_by" in failure(film, small)
    with Image.open(whole) as picture:
        assert picture.info["dpi"] == pytest.approx((320, 320), abs=0.1)


def test_what_cannot_be_compared_says_what_to_do(film: Film, tmp_path: Path) -> None:
    assert "pytest --film-update" in failure(film, tmp_path / "none.png")
    other = tmp_path / "other.png"
    Image.new("L", (8, 8)).save(other)
    assert "no picture of a gray film: 16 bits" in failure(film, other)
    other.write_bytes(b"no picture")
    assert "cannot be read" in failure(film, other)
    assert "has 2560 x 3199 pixels, the film 2560 x 3200" in failure(film, film.drawn[:-1])


def test_color_films_are_compared_by_the_grays_of_their_channels(
    printer: BenchPrinter, tmp_path: Path
) -> None:
    pixels = np.full((20, 20, 3), 100, np.uint8)
    film = color_film(printer, [pixels])
    assert_film_matches(film, film, tolerance=0)
    golden = film.drawn.copy()
    place = film.image(1).placement.pixels
    golden[place.top, place.left, 1] += 1
    said = failure(film, golden, tolerance=0.001, folder=tmp_path)
    scale = film.page.scale
    assert f"{float(scale.density(100 / 255) - scale.density(101 / 255)):+.4f} OD" in said
    assert "RGB 100 100 100, not RGB 100 101 100" in said
    assert_film_matches(film, golden, tolerance=0.05)
    assert "no picture of a color film: 8 bits" in failure(film, np.repeat(golden, 2, axis=2)[..., :4])


def test_reduced_is_the_mean_of_squares() -> None:
    pixels = np.arange(0, 4 * 5 * 6, 4, dtype=np.uint16).reshape(5, 6)
    assert reduced(pixels, 2).shape == (3, 3)
    assert reduced(pixels, 2)[0, 0] == (0 + 4 + 24 + 28) / 4
    assert reduced(pixels, 2)[2, 2] == (112 + 116) / 2
    assert reduced(pixels, 1) is pixels
