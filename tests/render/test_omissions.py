"""What a film asks for and does not get is named, and nothing else is."""

import re
from dataclasses import replace
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword

from printscp.film.sheet import Annotation, LookUp, Order, Sheet
from printscp.render.omissions import not_rendered

# Who asks, for what, and the attribute.
ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("image", {"smoothing": "MEDIUM"}, "SmoothingType"),
    ("image", {"configuration": "CS003\\SECRET"}, "ConfigurationInformation"),
    ("image", {"samples_per_pixel": 3, "pixels": bytes(12)}, "BasicColorImageSequence"),
    ("film", {"annotations": (Annotation(1, "SECRET^NAME"),)}, "TextString"),
    ("film", {"icc_profile": memoryview(b"SECRET")}, "ICCProfile"),
    ("film", {"resolution": "HIGH"}, "RequestedResolutionID"),
    ("session", {"label": "SECRET"}, "FilmSessionLabel"),
]


def remarks(sheet: Sheet, order: Order, *asked: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    """The remarks on a film of two images, of which the second asks for something."""
    plain = image = sheet.images[0]
    for who, fields in asked:
        if who == "image":
            image = replace(image, **fields)
        elif who == "film":
            sheet = replace(sheet, **fields)
        else:
            order = replace(order, **fields)
    return not_rendered(replace(sheet, images=(plain, image)), order)


def test_a_film_that_gets_all_it_asks_for_has_no_remark(sheet: Sheet, order: Order) -> None:
    assert remarks(sheet, order) == ()
    image = {
        "magnification": "NONE",
        "look_up": 0,
        "reverse": True,
        "requested_width_mm": 100.0,
        "decimate_crop": "CROP",
        "pixel_aspect": (2, 1),
        "min_density": 50,
    }
    film = {"look_ups": (LookUp("LIN OD"),), "trim": True, "border_density": 20, "illumination": 1500}
    session = {"copies": 9, "owner": "SOMEONE", "medium": "PAPER"}
    assert remarks(sheet, order, ("image", image), ("film", film), ("session", session)) == ()


@pytest.mark.parametrize(("who", "fields", "keyword"), ASKED)
def test_what_is_not_rendered_is_named_once(
    sheet: Sheet, order: Order, who: str, fields: dict[str, Any], keyword: str
) -> None:
    (remark,) = remarks(sheet, order, (who, fields))
    assert remark.startswith(keyword)
    assert tag_for_keyword(keyword)


def test_all_at_once_in_a_line_each_and_not_one_word_of_the_texts(sheet: Sheet, order: Order) -> None:
    lines = remarks(sheet, order, *((who, fields) for who, fields, _ in ASKED))
    assert sorted(re.split(r"\W", line)[0] for line in lines) == sorted(keyword for *_, keyword in ASKED)
    assert not any("SECRET" in line or "\n" in line or len(line) > 80 for line in lines)
