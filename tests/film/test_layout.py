"""Where everything lies on a film: inside what the printer can print on, and text never over images."""

from dataclasses import replace
from typing import Any

import pytest
from film.scu import PROFILE
from hypothesis import given
from hypothesis import strategies as st

from printscp.film.geometry import Rectangle
from printscp.film.layout import Layout, layout
from printscp.film.profile import PrinterProfile, Resolution
from printscp.film.sheet import Annotation

# Of A4 the printer knows what it can print on; of the other all but the margin is.
PRINTABLE = replace(
    PROFILE,
    resolutions=(
        Resolution("STANDARD", 25.4, {"A4": (190, 280)}),
        Resolution("HIGH", 50.8, {"A4": (381, 561)}),
    ),
)
FORMATS = ["STANDARD\\1,1", "STANDARD\\4,3", "ROW\\1,4,2", "COL\\3,1", "SLIDE", "CUSTOM\\7"]


def lay(
    display_format: str = "STANDARD\\1,1",
    size: str = "8INX10IN",
    orientation: str = "PORTRAIT",
    resolution: str = "STANDARD",
    annotation: str = "",
    profile: PrinterProfile = PROFILE,
) -> Layout:
    film: dict[str, Any] = {
        "ImageDisplayFormat": display_format,
        "FilmSizeID": size,
        "FilmOrientation": orientation,
        "RequestedResolutionID": resolution,
    }
    return layout(film | ({"AnnotationDisplayFormatID": annotation} if annotation else {}), profile)


def test_the_printable_area_is_the_film_less_its_margin_and_the_line() -> None:
    film = lay()  # 203.2 x 254 mm, one pixel each
    assert film.page == Rectangle(0, 0, 203, 254)
    assert film.boxes == (Rectangle(4, 4, 195, 241),)
    assert film.label == Rectangle(4, 245, 195, 5)
    assert film.annotations == ()


def test_or_what_the_printer_says_in_the_middle_of_the_film() -> None:
    film = lay(size="A4", profile=PRINTABLE)  # 210 x 297
    assert film.page == Rectangle(0, 0, 210, 297)
    assert film.boxes == (Rectangle(10, 8, 190, 275),)
    assert film.label == Rectangle(10, 283, 190, 5)
    high = lay(size="A4", resolution="HIGH", orientation="LANDSCAPE", profile=PRINTABLE)
    assert high.page == Rectangle(0, 0, 594, 420)
    assert high.boxes == (Rectangle(16, 19, 561, 371),)
    assert high.label == Rectangle(16, 390, 561, 10)


def test_a_printer_without_the_line_has_all_for_the_images() -> None:
    film = lay(profile=replace(PROFILE, label_mm=0))
    assert film.boxes == (Rectangle(4, 4, 195, 246),)
    assert (film.label.top, film.label.height) == (250, 0)


@pytest.mark.parametrize(
    ("annotation", "boxes", "texts"),
    [
        ("LABEL", [(4, 4, 195, 117), (4, 123, 195, 117)], [(0, (4, 241, 195, 4), "LEFT")]),
        (
            "BOTTOM",
            [(4, 4, 195, 115), (4, 125, 195, 115)],
            [(1, (4, 119, 195, 4), "CENTER"), (2, (4, 240, 195, 4), "CENTER")],
        ),
        (
            "TITLES",
            [(4, 7, 195, 116), (4, 128, 195, 116)],
            [(1, (4, 4, 195, 3), "CENTER"), (2, (4, 125, 195, 3), "CENTER")],
        ),
        (
            "OVERLAY",
            [(4, 4, 195, 119), (4, 125, 195, 119)],
            [(1, (4, 120, 195, 3), "CENTER"), (2, (4, 241, 195, 3), "CENTER")],
        ),
        (
            "CORNERS",
            [(4, 9, 195, 112), (4, 123, 195, 112)],
            [
                (1, (5, 4, 63, 5), "LEFT"),
                (2, (70, 4, 63, 5), "CENTER"),
                (3, (135, 4, 63, 5), "RIGHT"),
                (4, (4, 235, 96, 5), "LEFT"),
                (5, (102, 235, 96, 5), "RIGHT"),
                (6, (4, 240, 195, 5), "LEFT"),
            ],
        ),
    ],
)
def test_text_takes_its_room_from_the_images(annotation: str, boxes: Any, texts: Any) -> None:
    film = lay("STANDARD\\1,2", annotation=annotation)
    assert film.boxes == tuple(Rectangle(*box) for box in boxes)
    per_image = bool(PROFILE.annotation_format(annotation).per_image)
    assert film.annotations == tuple(
        Annotation(position, Rectangle(*where), align, per_image and position != 0, "")
        for position, where, align in texts
    )
    assert film.label == lay().label


@given(
    display_format=st.sampled_from(FORMATS),
    size=st.sampled_from(["8INX10IN", "A4"]),
    orientation=st.sampled_from(["PORTRAIT", "LANDSCAPE"]),
    resolution=st.sampled_from(["STANDARD", "HIGH"]),
    annotation=st.sampled_from(["", *(each.term for each in PROFILE.annotation_formats)]),
    margin=st.floats(0, 20),
    gap=st.floats(0, 8),
    label=st.floats(0, 8),
)
def test_all_lies_on_the_printable_area_and_nothing_on_anything_else(
    display_format: str,
    size: str,
    orientation: str,
    resolution: str,
    annotation: str,
    margin: float,
    gap: float,
    label: float,
) -> None:
    profile = replace(PRINTABLE, margin_mm=margin, gap_mm=gap, label_mm=label)
    film = lay(display_format, size, orientation, resolution, annotation, profile)
    found = profile.resolution(resolution)
    sides = found.printable.get(size, (film.page.width, film.page.height))
    if size in found.printable and orientation == "LANDSCAPE":
        sides = sides[::-1]
    edge = 0 if size in found.printable else found.pixels(margin)
    across, down = (film.page.width - sides[0]) // 2 + edge, (film.page.height - sides[1]) // 2 + edge
    area = Rectangle(across, down, sides[0] - 2 * edge, sides[1] - 2 * edge)

    texts = [each.where for each in film.annotations]
    everything = [*film.boxes, film.label, *texts]
    assert all(area.holds(each) and each.width > 0 for each in everything)
    assert all(box.height > 0 for box in film.boxes)
    apart = [*film.boxes, film.label] + ([] if annotation == "OVERLAY" else texts)
    for index, each in enumerate(apart):
        assert not any(each.overlaps(other) for other in apart[:index])
    if annotation == "OVERLAY":
        assert all(box.holds(text) for box, text in zip(film.boxes, texts, strict=True))
    wanted = profile.annotation_format(annotation).box_positions(len(film.boxes)) if annotation else ()
    assert tuple(each.position for each in film.annotations) == wanted
