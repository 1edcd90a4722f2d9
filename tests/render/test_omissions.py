"""What a film asks for and does not get is named, and nothing else is."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import ImageCms
from pydicom.datadict import tag_for_keyword

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation, LookUp, Order, Sheet, ToneCurve
from printscp.render.omissions import not_rendered

NO_STRIP = Rectangle(0, 8, 8, 0)


def test_a_film_that_gets_all_it_asks_for_has_no_remark(sheet: Sheet, order: Order) -> None:
    assert not_rendered(sheet, order) == ()
    image: dict[str, Any] = {
        "magnification": "NONE",
        "smoothing": "MEDIUM",
        "configuration": "CS000",
        "curve": ToneCurve(0.6),
        "look_up": 0,
        "requested_width_mm": 100.0,
        "decimate_crop": "CROP",
    }
    everything = replace(
        sheet,
        images=(replace(sheet.images[0], **image),),
        look_ups=(LookUp("LIN OD"),),
        annotations=(Annotation(1, Rectangle(0, 0, 8, 2), "LEFT", False, "DOE^JANE"),),
        resolution="HIGH",
        color=True,
        icc_profile=memoryview(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
    )
    assert not_rendered(everything, replace(order, label="DOE^JANE", medium="PAPER")) == ()
    assert not_rendered(replace(sheet, label=NO_STRIP), order) == ()


@pytest.mark.parametrize(
    ("film", "session", "keyword"),
    [
        ({"label": NO_STRIP}, {"label": "DOE^JANE"}, "FilmSessionLabel"),
        ({}, {"label": "DOE^JANE \ue000"}, "FilmSessionLabel"),
        ({"label": NO_STRIP}, {"label": "DOE^JANE \ue000"}, "FilmSessionLabel"),
        ({"annotations": (Annotation(1, NO_STRIP, "LEFT", False, "DOE^\ue000"),)}, {}, "TextString"),
        ({"icc_profile": b"DOE^JANE", "color": True}, {}, "ICCProfile"),
    ],
)
def test_what_is_not_rendered_is_named_once_with_no_word_of_the_texts(
    sheet: Sheet, order: Order, film: dict[str, Any], session: dict[str, Any], keyword: str
) -> None:
    (remark,) = not_rendered(replace(sheet, **film), replace(order, **session))
    assert remark.startswith(keyword)
    assert tag_for_keyword(keyword)
    assert "DOE" not in remark
