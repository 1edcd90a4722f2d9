"""A picture of a layout shows everything where the layout has it."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from printscp.catalog import load_profile
from printscp.errors import InvalidAttributeValue
from printscp.film.layout import layout
from printscp.layout_picture import draw

KEYWORDS = (
    "FilmSizeID",
    "FilmOrientation",
    "ImageDisplayFormat",
    "AnnotationDisplayFormatID",
    "RequestedResolutionID",
)


FILMS = [
    ("imager17", ("14INX17IN", "LANDSCAPE", "CUSTOM\\1", "CORNERS", "STANDARD")),
    ("imager17", ("8INX10IN", "PORTRAIT", "ROW\\1,3,2", "BOTTOM", "HIGH")),
    ("imager17", ("A4", "PORTRAIT", "SLIDE", "OVERLAY", "STANDARD")),
    ("fuji_drypix4000", ("10INX14IN", "LANDSCAPE", "STANDARD\\3,4", "", "STANDARD")),
]


@pytest.mark.parametrize(("name", "film"), FILMS)
def test_each_area_is_drawn_where_the_layout_has_it(name: str, film: tuple[str, ...]) -> None:
    profile, attributes = load_profile(name), dict(zip(KEYWORDS, film, strict=True))
    picture = colors(draw(profile, attributes, 900))
    left, top, width = sheet(picture)
    places = layout(attributes, profile)
    scale = width / places.page.width
    label = [places.label] if places.label.height else []
    texts = [each.where for each in places.annotations]
    kinds = [[places.page], [places.printable], label, places.boxes, texts]
    # 2 * kind within an area, one more on its outline.
    expected = np.full(picture.shape, -1)
    for kind, areas in enumerate(kinds):
        for area in areas:
            x0, x1 = (left + round(each * scale) for each in (area.left, area.right))
            y0, y1 = (top + round(each * scale) for each in (area.top, area.bottom))
            expected[y0:y1, x0:x1] = 2 * kind + 1
            expected[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = 2 * kind
    shown = [kind for kind, areas in enumerate(kinds) if areas]
    outlines = [set(picture[expected == 2 * kind + 1]) for kind in shown]
    insides = [Counter(picture[expected == 2 * kind]).most_common(1)[0][0] for kind in shown]
    assert [len(outline) for outline in outlines] == [1] * len(shown)
    assert len(set.union(*outlines, insides)) == 2 * len(shown)


@pytest.mark.parametrize(("name", "film"), FILMS)
def test_each_box_shows_its_position(
    name: str, film: tuple[str, ...], written: list[tuple[str, float, float]]
) -> None:
    profile, attributes = load_profile(name), dict(zip(KEYWORDS, film, strict=True))
    left, top, width = sheet(colors(draw(profile, attributes, 900)))
    places = layout(attributes, profile)
    scale = width / places.page.width
    numbered = [*enumerate(places.boxes, 1), *((each.position, each.where) for each in places.annotations)]
    found = [(text, (x - left) / scale, (y - top) / scale) for text, x, y in written if text.isdecimal()]
    for (position, area), (text, x, y) in zip(numbered, found, strict=True):
        assert text == str(position)
        assert area.left < x < area.right
        assert area.top < y < area.bottom


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, float]]:
    """Every text that is drawn from now on, and where."""
    texts: list[tuple[str, float, float]] = []
    write = ImageDraw.ImageDraw.text

    def write_and_tell(canvas: Any, place: tuple[float, float], text: str, *how: Any, **more: Any) -> None:
        texts.append((text, *place))
        write(canvas, place, text, *how, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", write_and_tell)
    return texts


def colors(picture: Image.Image) -> NDArray[np.int64]:
    """One number a pixel."""
    return np.asarray(picture).astype(np.int64) @ (1 << 16, 1 << 8, 1)


def sheet(picture: NDArray[np.int64]) -> tuple[int, int, int]:
    """Left, top and width of the sheet in a picture: it is what comes first from the right."""
    middle = picture[len(picture) // 2]
    right = int(np.flatnonzero(middle != 0xFFFFFF)[-1])
    top = int(np.flatnonzero(picture[:, right] == middle[right])[0])
    left = int(np.flatnonzero(picture[top] == middle[right])[0])
    return left, top, right + 1 - left


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [
        ("FilmSizeID", "99INX99IN", "14INX17IN"),
        ("FilmOrientation", "SIDEWAYS", "LANDSCAPE"),
        ("RequestedResolutionID", "LOW", "HIGH"),
        ("AnnotationDisplayFormatID", "MARGIN", "CORNERS"),
        ("ImageDisplayFormat", "CUSTOM\\9", "STANDARD"),
        ("ImageDisplayFormat", "STANDARD\\99,1", "12 columns"),
        ("Trim", "YES", "Trim"),
    ],
)
def test_what_the_printer_has_not_is_refused(keyword: str, value: str, said: str) -> None:
    with pytest.raises(InvalidAttributeValue, match=said) as refused:
        draw(load_profile("imager17"), {keyword: value})
    assert refused.value.offending == (keyword,)
