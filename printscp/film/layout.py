"""Where everything lies on a film: the printable area, image boxes, annotation boxes, the label strip.

Strips of text take their room from the area of the images, so no text covers an image unless its annotation
format is one that says so.
"""

from dataclasses import dataclass
from typing import Any

from printscp.film.display_format import DisplayFormat, split
from printscp.film.geometry import Rectangle
from printscp.film.profile import AnnotationFormat, PrinterProfile, Resolution
from printscp.film.sheet import Annotation

_NO_ANNOTATION = AnnotationFormat("", (), (), "", 0)


@dataclass(frozen=True)
class Layout:
    """Where all is on a film, in printer pixels: on the ``printable`` area of the ``page`` ``boxes``, the
    image boxes by position, ``annotations``, the annotation boxes with no text, and ``label``, the strip for
    the job's line."""

    page: Rectangle
    printable: Rectangle
    boxes: tuple[Rectangle, ...]
    annotations: tuple[Annotation, ...]
    label: Rectangle


def layout(attributes: dict[str, Any], profile: PrinterProfile) -> Layout:
    """The layout of a film box."""
    resolution = profile.resolution(attributes["RequestedResolutionID"])
    page, printable = _areas(attributes, profile, resolution)
    area, strip = _cut(printable, resolution.pixels(profile.label_mm), below=True)
    term = attributes.get("AnnotationDisplayFormatID")
    annotation = profile.annotation_format(term) if term else _NO_ANNOTATION
    height, gap = resolution.pixels(annotation.height_mm), resolution.pixels(profile.gap_mm)
    texts: list[Annotation] = []
    for row in annotation.top:
        area, edge = _cut(area, height, below=False)
        texts += _row(row, edge, gap)
    for row in reversed(annotation.bottom):
        area, edge = _cut(area, height, below=True)
        texts += _row(row, edge, gap)
    display_format = DisplayFormat.parse(attributes["ImageDisplayFormat"], profile)
    boxes = display_format.boxes(area, gap, resolution)
    if annotation.per_image:
        shared = [_share(box, annotation.per_image, height) for box in boxes]
        boxes = tuple(box for box, _ in shared)
        texts += [
            Annotation(position, where, "CENTER", True, "") for position, (_, where) in enumerate(shared, 1)
        ]
    order = {position: index for index, position in enumerate(annotation.box_positions(len(boxes)))}
    return Layout(page, printable, boxes, tuple(sorted(texts, key=lambda text: order[text.position])), strip)


def _areas(
    attributes: dict[str, Any], profile: PrinterProfile, resolution: Resolution
) -> tuple[Rectangle, Rectangle]:
    """The page, and the part of it that the printer can print on, in the middle."""
    size = profile.film_size(attributes["FilmSizeID"])
    sides = resolution.pixels(size.width_mm), resolution.pixels(size.height_mm)
    margin = resolution.pixels(profile.margin_mm)
    printable = resolution.printable.get(size.term) or (sides[0] - 2 * margin, sides[1] - 2 * margin)
    if attributes["FilmOrientation"] == "LANDSCAPE":
        sides, printable = sides[::-1], printable[::-1]
    (width, height), (across, down) = sides, printable
    area = Rectangle((width - across) // 2, (height - down) // 2, across, down)
    return Rectangle(0, 0, width, height), area


def _row(positions: tuple[int, ...], strip: Rectangle, gap: int) -> list[Annotation]:
    """The annotation boxes of a strip: the first has its text at the left, the last at the right."""
    places = split(strip.left, strip.width, len(positions), gap)
    aligned = ["LEFT", *["CENTER"] * (len(positions) - 2), "RIGHT"]
    return [
        Annotation(position, Rectangle(left, strip.top, width, strip.height), align, False, "")
        for position, (left, width), align in zip(positions, places, aligned, strict=False)
    ]


def _share(box: Rectangle, place: str, height: int) -> tuple[Rectangle, Rectangle]:
    """What remains of an image box for the image, and what of it is for text."""
    image, text = _cut(box, height, below=place != "ABOVE")
    return (box if place == "OVER" else image), text


def _cut(area: Rectangle, height: int, *, below: bool) -> tuple[Rectangle, Rectangle]:
    """What remains of an area, and the strip that is cut off above or below."""
    strip = Rectangle(area.left, area.bottom - height if below else area.top, area.width, height)
    rest = Rectangle(area.left, area.top if below else strip.bottom, area.width, area.height - height)
    return rest, strip
