"""Films to be looked at: geometry, tiles, thumbnails, and the densitometer."""

import math
import weakref
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from film.scu import COLOR, PROFILE, Scu, color, gray, make_printer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from printscp.config import Settings
from printscp.delivery import page_of
from printscp.desk import films as room
from printscp.desk.films import Films
from printscp.desk.house import House
from printscp.desk.pages import pyramid
from printscp.desk.records import Box
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.render.page import Page
from printscp.render.text import drawn
from printscp.render.tone import OD_UNIT, ToneScale, density_table
from printscp.spool.folder import Retention, Spool

Printed = Callable[..., Job]
Film = Callable[..., Sheet]


@pytest.fixture
def films(settings: Settings, spool: Spool) -> Iterator[Films]:
    house = House(settings)
    yield Films(house)
    house.close()


def density_of(job: Job, sheet: Sheet, number: int = 1) -> np.ndarray:
    """The page of a gray film with its texts, in OD."""
    page = page_of(job, number, sheet)
    assert isinstance(page, Page)
    return drawn(page) * OD_UNIT


def color_film() -> Sheet:
    scu = Scu(make_printer(), meta=COLOR)
    scu.create_session()
    scu.create_film("STANDARD\\1,1")
    pixels = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 99, 199])
    image = color(2, 2, PixelData=pixels, PlanarConfiguration=0)
    scu.set_image(1, image, MagnificationType="REPLICATE")
    return scu.printed()


# --- geometry ---------------------------------------------------------------------------------------------


def test_a_film_says_where_everything_is(films: Films, printed: Printed, film: Film) -> None:
    sheet = film(gray(40, 30), layout="STANDARD\\2,1")
    job = printed(sheet, sheet)
    seen = films.film("latest", 2, private=True)
    assert (seen.job, seen.film, seen.films, seen.color) == (job.id, 2, 2, False)
    assert (seen.width, seen.height) == (sheet.width, sheet.height)
    assert seen.width_mm == pytest.approx(sheet.width)  # a pixel is a millimetre
    assert (seen.levels, seen.tile) == (1, 512)
    assert (seen.min_density, seen.max_density) == (0.2, 3.1)
    first, second = seen.images
    assert first.matrix == (40, 30)
    assert first.where is not None
    assert first.scale == pytest.approx(first.where.width / 30)
    assert (first.where.height, first.bits_stored) == (pytest.approx(first.where.width * 4 / 3, abs=1), 8)
    assert second.box == Box(*(vars(sheet.boxes[1])[key] for key in ("left", "top", "width", "height")))
    assert (second.where, second.matrix, second.scale) == (None, None, None)


def test_a_film_of_which_nothing_can_be_told_is_named(films: Films, printed: Printed, film: Film) -> None:
    with pytest.raises(NoSuchJob):
        films.film("latest", 1, private=True)
    printed(film())
    for which, number in (("1", 0), ("1", 2), ("2", 1), ("01x", 1), ("9" * 30, 1), ("1", -1)):
        for ask in (
            lambda w, n: films.film(w, n, private=True),
            lambda w, n: films.thumbnail(w, n, private=True),
            lambda w, n: films.tile(w, n, 0, 0, 0),
            lambda w, n: films.reading(w, n, 0, 0),
            lambda w, n: films.document(w, n, "pdf"),
        ):
            with pytest.raises(NoSuchJob):
                ask(which, number)


def test_a_version_is_of_one_film(films: Films, printed: Printed, film: Film) -> None:
    sheet = film()
    printed(sheet, sheet)
    printed(sheet)
    seen = [
        films.film(which, number, private=True).version for which, number in (("1", 1), ("1", 2), ("2", 1))
    ]
    assert len(set(seen)) == 3
    assert films.film("1", 1, private=False).version == seen[0]


# --- tiles ------------------------------------------------------------------------------------------------


def test_the_tiles_of_the_last_level_are_the_page(films: Films, printed: Printed, film: Film) -> None:
    sheet = film(film_box={"RequestedResolutionID": "HIGH"})  # 406 x 508 pixels
    job = printed(sheet, label="DOE^JOHN")
    tile = films.tile("1", 1, films.film("1", 1, private=True).levels - 1, 0, 0)
    density = np.frombuffer(tile.content, "<u2").reshape(tile.rows, tile.columns)
    assert (density * OD_UNIT == density_of(job, sheet)).all()
    with pytest.raises(NoSuchJob, match="no tile 0/1/0"):
        films.tile("1", 1, 0, 1, 0)


def test_tiles_of_a_color_film_are_its_colors(films: Films, printed: Printed) -> None:
    job = printed(color_film())
    tile = films.tile("1", 1, 0, 0, 0)
    colors = np.frombuffer(tile.content, np.uint8).reshape(tile.rows, tile.columns, 3)
    assert tile.color
    assert (colors == pyramid(page_of(job, 1, color_film())).full).all()


def test_a_page_is_rendered_once(
    films: Films, printed: Printed, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[int] = []

    def counting(job: Job, number: int, sheet: Sheet) -> Any:
        rendered.append(number)
        return page_of(job, number, sheet)

    monkeypatch.setattr(room, "page_of", counting)
    printed(film())
    for x in range(3):
        films.tile("latest", 1, 0, 0, 0)
        films.reading("1", 1, x, 0)
    assert rendered == [1]


def test_a_held_job_is_seen(films: Films, spool: Spool, printed: Printed, film: Film) -> None:
    job = printed(film())
    spool.queue.hold(job.id)
    assert films.tile("1", 1, 0, 0, 0).rows == 254


def test_films_that_are_given_up_are_shown_no_more(
    films: Films, spool: Spool, printed: Printed, film: Film
) -> None:
    job = printed(film())
    folder = spool.folder / "thumbnails"
    films.tile("1", 1, 0, 0, 0)
    films.thumbnail("1", 1, private=True)
    assert len(list(folder.iterdir())) == 1
    spool.queue.cancel(job.id)
    spool.give_up(Retention(jobs=0, days=-1))
    for ask in (
        lambda: films.film("1", 1, private=True),
        lambda: films.tile("1", 1, 0, 0, 0),
        lambda: films.thumbnail("1", 1, private=True),
        lambda: films.reading("1", 1, 0, 0),
        lambda: films.document("1", None, "png"),
    ):
        with pytest.raises(NotPossible, match="no longer kept"):
            ask()
    films.drop(job.id)
    assert list(folder.iterdir()) == []
    other = printed(film())
    films.thumbnail("latest", 1, private=True)
    assert [each.name for each in folder.iterdir()] == [f"{other.films[0].sheet}.webp"]


def test_pictures_go_once_their_films_are_given_up(
    films: Films, spool: Spool, printed: Printed, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = printed(film())
    made: list[weakref.ref[Any]] = []

    def noted(page: Any) -> Any:
        made.append(weakref.ref(levels := pyramid(page)))
        return levels

    monkeypatch.setattr(room, "pyramid", noted)
    films.tile("1", 1, 0, 0, 0)
    films.thumbnail("1", 1, private=False)
    spool.queue.cancel(job.id)
    spool.give_up(Retention(jobs=0, days=-1))
    assert made[0]() is not None
    films.tidy()
    assert made[0]() is None
    assert list((spool.folder / "thumbnails").iterdir()) == []


def test_a_store_out_of_reach_is_said_so(films: Films, spool: Spool, printed: Printed, film: Film) -> None:
    printed(film())
    films.tile("1", 1, 0, 0, 0)
    (spool.folder / "sheets").rename(spool.folder / "gone")
    for ask in (
        lambda: films.tile("1", 1, 0, 0, 0),
        lambda: films.thumbnail("1", 1, private=True),
        lambda: films.document("1", 1, "pdf"),
    ):
        with pytest.raises(Away):
            ask()


# --- densitometer -----------------------------------------------------------------------------------------


def test_a_reading_is_what_the_page_has(films: Films, printed: Printed, film: Film) -> None:
    sheet = film(gray(40, 30), film_box={"RequestedResolutionID": "HIGH"})
    job = printed(sheet)
    page = density_of(job, sheet)
    scale = ToneScale(0.2, 3.1, 2000.0, 10.0)
    for x, y in np.random.default_rng(1).integers(0, (sheet.width, sheet.height), (40, 2)).tolist():
        reading = films.reading("1", 1, x, y)
        assert reading.density == reading.mean == pytest.approx(page[y, x], abs=1e-9)
        assert reading.p_value == pytest.approx(float(scale.p_value(page[y, x])))
        assert (reading.x_mm, reading.y_mm) == (pytest.approx((x + 0.5) / 2), pytest.approx((y + 0.5) / 2))
        assert reading.srgb is None


@pytest.mark.parametrize(("x", "y"), [(200, 200), (0, 0), (405, 507), (3, 200)])
def test_an_aperture_is_round_and_ends_with_the_film(
    films: Films, printed: Printed, film: Film, x: int, y: int
) -> None:
    sheet = film(gray(40, 30), film_box={"RequestedResolutionID": "HIGH"})
    job = printed(sheet)
    page = density_of(job, sheet)
    inside = [
        page[row, column]
        for row in range(page.shape[0])
        for column in range(page.shape[1])
        if math.hypot(row - y, column - x) <= 7  # half of 7 mm, two pixels each
    ]
    assert films.reading("1", 1, x, y, 7.0).mean == pytest.approx(np.mean(inside), abs=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "aperture"), [(203, 0, 0.0), (0, 254, 0.0), (-1, 0, 0.0), (0, 0, 11.0), (0, 0, math.nan)]
)
def test_a_place_off_the_film_is_refused(
    films: Films, printed: Printed, film: Film, x: int, y: int, aperture: float
) -> None:
    printed(film())
    with pytest.raises(SetupError):
        films.reading("1", 1, x, y, aperture)


@pytest.mark.parametrize(
    "more",
    [{}, {"RequestedDecimateCropBehavior": "CROP", "RequestedImageSize": "400"}],
    ids=["whole", "cropped"],
)
def test_the_pixel_of_the_image_is_the_one_that_was_printed_there(
    films: Films, printed: Printed, film: Film, more: dict[str, str]
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (25, 31), np.uint8)
    image = gray(25, 31, PixelData=pixels.tobytes() + b"\0")
    sheet = film(image, MagnificationType="REPLICATE", **more)
    printed(sheet)
    where = films.film("1", 1, private=True).images[0].where
    assert where is not None
    table = density_table(ToneScale(0.2, 3.1, 2000.0, 10.0), 8, False, sheet.images[0].curve)
    found = set()
    for x, y in np.random.default_rng(3).integers(0, (where.width, where.height), (60, 2)).tolist():
        reading = films.reading("1", 1, where.left + x, where.top + y)
        assert (reading.image, reading.image_x is None, reading.image_y is None) == (1, False, False)
        value = int(pixels[reading.image_y, reading.image_x])
        assert reading.density == pytest.approx(table[value << 8] * OD_UNIT, abs=1e-9)
        found.add((reading.image_x, reading.image_y))
    assert len(found) > 40
    beside = films.reading("1", 1, where.left, where.top - 1)
    assert (beside.image_x, beside.image_y) == (None, None)


def test_beside_all_boxes_there_is_no_image_and_in_an_empty_one_no_pixel(
    films: Films, printed: Printed, film: Film
) -> None:
    sheet = film(gray(40, 30), layout="STANDARD\\2,1")
    printed(sheet)
    assert films.reading("1", 1, 0, 0).image is None
    empty = films.reading("1", 1, sheet.boxes[1].left, sheet.boxes[1].top)
    assert (empty.image, empty.image_x) == (2, None)


def test_a_color_film_has_colors_and_no_densities(films: Films, printed: Printed) -> None:
    printed(color_film())
    where = films.film("1", 1, private=True).images[0].where
    assert where is not None
    reading = films.reading("1", 1, where.left + 1, where.top + 1)
    assert (reading.density, reading.mean, reading.p_value) == (None, None, None)
    assert reading.srgb == (255, 0, 0)
    with pytest.raises(NotPossible, match="color"):
        films.profile("1", 1, (0, 0), (5, 5))


def test_a_profile_is_the_pixels_along_a_line(films: Films, printed: Printed, film: Film) -> None:
    sheet = film()
    page = density_of(printed(sheet), sheet)
    along = films.profile("1", 1, (10, 100), (190, 100))
    assert along.densities == pytest.approx(page[100, 10:191].tolist(), abs=1e-9)
    assert (along.step_mm, along.length_mm) == (pytest.approx(1), pytest.approx(180))
    back = films.profile("1", 1, (50, 200), (50, 20))
    assert back.densities == pytest.approx(page[200:19:-1, 50].tolist(), abs=1e-9)
    point = films.profile("1", 1, (50, 20), (50, 20))
    assert (len(point.densities), point.step_mm, point.length_mm) == (1, 0, 0)


def test_a_long_profile_is_of_means(films: Films, printed: Printed, film: Film) -> None:
    sheet = film()
    page = density_of(printed(sheet), sheet)
    along = films.profile("1", 1, (1, 100), (180, 100), limit=60)  # 180 pixels, three each
    assert along.densities == pytest.approx(page[100, 1:181].reshape(60, 3).mean(axis=1).tolist(), abs=1e-9)
    assert along.step_mm == pytest.approx(3)


def test_a_profile_has_no_more_samples_than_asked(films: Films, printed: Printed, film: Film) -> None:
    printed(film())
    ends = st.tuples(st.integers(0, 202), st.integers(0, 253))

    @given(start=ends, end=ends, limit=st.integers(2, 400))
    def law(start: tuple[int, int], end: tuple[int, int], limit: int) -> None:
        found = films.profile("1", 1, start, end, limit)
        assert 1 <= len(found.densities) <= limit
        assert found.length_mm == pytest.approx(math.dist(start, end))
        assert found.step_mm * (len(found.densities) - 1) <= found.length_mm + 1e-9
        assert all(0.2 <= density <= 3.1 for density in found.densities)

    law()


@pytest.mark.parametrize(("end", "limit"), [((203, 0), 10), ((0, -1), 10), ((1, 1), 1), ((1, 1), 10**9)])
def test_a_profile_that_leaves_the_film_is_refused(
    films: Films, printed: Printed, film: Film, end: tuple[int, int], limit: int
) -> None:
    printed(film())
    with pytest.raises(SetupError):
        films.profile("1", 1, (0, 0), end, limit)


# --- what may name a patient ------------------------------------------------------------------------------


def test_without_private_no_text_is_told(films: Films, spool: Spool, printed: Printed) -> None:
    scu = Scu(make_printer(profile=PROFILE))
    scu.create_session()
    scu.create_film("STANDARD\\1,1", AnnotationDisplayFormatID="BOTTOM")
    scu.set_image(1, gray(40, 30))
    scu.set_annotation(0, AnnotationPosition=1, TextString="DOE^JOHN")
    printed(scu.printed(), label="DOE^JOHN")
    assert "DOE" in str(films.film("1", 1, private=True))
    assert "DOE" not in str(films.film("1", 1, private=False))


# --- thumbnails -------------------------------------------------------------------------------------------


def test_a_thumbnail_shows_the_film_as_on_a_light_box(
    films: Films, spool: Spool, printed: Printed, film: Film
) -> None:
    image = gray(2, 1, PixelData=b"\x00\xff")
    printed(film(image, MagnificationType="REPLICATE", film_box={"BorderDensity": "100"}))
    found = films.thumbnail("1", 1, private=True)
    assert (found.media_type, found.name) == ("image/webp", "film-1-1.webp")
    picture = np.asarray(Image.open(BytesIO(found.content)).convert("L"))
    assert picture.shape == (254, 203)  # no larger than the page
    light = (10 + 2000 * 10**-1.0) / (10 + 2000 * 10**-0.2)  # of 1 OD beside that of the brightest
    assert picture[2, 2] == pytest.approx(255 * (1.055 * light ** (1 / 2.4) - 0.055), abs=4)
    assert picture[20, 100] < 40
    assert picture[210, 100] > 245
    [file] = (spool.folder / "thumbnails").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_thumbnail_is_rendered_once(
    films: Films, printed: Printed, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed(film())
    first = {private: films.thumbnail("1", 1, private=private).content for private in (True, False)}
    assert max(Image.open(BytesIO(first[False])).size) == 160
    monkeypatch.setattr(room, "page_of", None)
    for private, content in first.items():
        assert films.thumbnail("1", 1, private=private).content == content


def test_a_thumbnail_is_shown_where_it_cannot_be_kept(
    films: Films, spool: Spool, printed: Printed, film: Film
) -> None:
    (spool.folder / "thumbnails").write_text("in the way")
    printed(film())
    assert films.thumbnail("1", 1, private=True).content.startswith(b"RIFF")
