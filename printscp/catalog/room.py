"""Whether a printer's formats have room on its films, and its films on a page."""

from collections import deque
from itertools import product
from pathlib import Path

from printscp.errors import PrintError, SetupError
from printscp.film.display_format import DisplayFormat
from printscp.film.layout import layout
from printscp.film.profile import GridLimits, PrinterProfile

_LEAST_MM = 1.0  # a smaller box is a mistake in a layout
_MOST_PIXELS = 20_000  # a side of a page; a larger one is a mistake, too

_found_roomy: deque[PrinterProfile] = deque(maxlen=32)


def check_pages(profile: PrinterProfile, file: Path) -> None:
    """Films are no larger than can be drawn, and no smaller than what is printable of them."""
    for resolution, size in product(profile.resolutions, profile.film_sizes):
        key = f"{file}: resolutions.{resolution.term}"
        width, height = resolution.pixels(size.width_mm), resolution.pixels(size.height_mm)
        if max(width, height) > _MOST_PIXELS:
            words = f"{size.term} has {width} x {height} pixels, more than {_MOST_PIXELS} a side"
            raise SetupError(f"{key}.dots_per_inch: {words}")
        across, down = resolution.printable.get(size.term, (0, 0))
        if across > width or down > height:
            raise SetupError(f"{key}.printable.{size.term}: {across} x {down} pixels of {width} x {height}")


def check_room(profile: PrinterProfile, file: Path) -> None:
    """Every format of a printer has room on each of its films, whatever stands beside the images.

    To find that out takes longer than all the rest of starting a printer in this process once more, which is
    what suites of tests do: what had room still has.
    """
    if profile not in _found_roomy:
        _check_room(profile, file)
        _found_roomy.append(profile)


def _check_room(profile: PrinterProfile, file: Path) -> None:
    examples = [each for value in profile.display_formats for each in _examples(value, profile.grid_limits)]
    for example in examples:
        try:
            DisplayFormat.parse(example, profile)
        except PrintError as error:
            raise SetupError(f"{file}: display_formats: {example}: {error.comment}") from error
    annotations = ("", *(each.term for each in profile.annotation_formats))
    for film, annotation, example in product(_tightest(profile, examples[0]), annotations, examples):
        given = film | {"AnnotationDisplayFormatID": annotation, "ImageDisplayFormat": example}
        if not _has_room(given, profile):
            terms = " ".join(term for term in (*film.values(), annotation) if term)
            keys = "margin_mm, printable, gap_mm, label_mm"
            raise SetupError(f"{file}: {keys}: no room for {example} on {terms}")


def _examples(value: str, limits: GridLimits) -> tuple[str, ...]:
    """Values of Image Display Format that have the narrowest and the lowest boxes there are of a form."""
    columns, rows = limits.max_columns, limits.max_rows
    forms = {
        "STANDARD": (f"STANDARD\\{columns},1", f"STANDARD\\1,{rows}"),
        "ROW": (",".join([f"ROW\\{columns}", *["1"] * (rows - 1)]),),
        "COL": (",".join([f"COL\\{rows}", *["1"] * (columns - 1)]),),
    }
    return forms.get(value, (value,))


def _tightest(profile: PrinterProfile, display_format: str) -> list[dict[str, str]]:
    """Films that have less room than others: what has room on them has it on all."""
    tightest = []
    for resolution in profile.resolutions:
        films: dict[tuple[int, int], dict[str, str]] = {}
        for size, orientation in product(profile.film_sizes, ("PORTRAIT", "LANDSCAPE")):
            film = {
                "FilmSizeID": size.term,
                "FilmOrientation": orientation,
                "RequestedResolutionID": resolution.term,
            }
            area = layout(film | {"ImageDisplayFormat": display_format}, profile).printable
            films[area.width, area.height] = film
        for (width, height), film in films.items():
            smaller = [each for each in films if each[0] <= width and each[1] <= height]
            if smaller == [(width, height)]:
                tightest.append(film)
    return tightest


def _has_room(film: dict[str, str], profile: PrinterProfile) -> bool:
    """No box is tiny, text over an image is no higher than its box, and slides are whole but for text beside
    them. So all lies on what can be printed: boxes without room become tiny before they leave it."""
    resolution = profile.resolution(film["RequestedResolutionID"])
    tiny = resolution.pixels(_LEAST_MM)
    width = height = tiny
    for slide in profile.slide_formats:
        if slide.term == film["ImageDisplayFormat"]:
            width, height = resolution.pixels(slide.width_mm), resolution.pixels(slide.height_mm)
    for annotation in profile.annotation_formats:
        if annotation.term == film["AnnotationDisplayFormatID"] and annotation.per_image:
            text = resolution.pixels(annotation.height_mm)
            height = max(height, text) if annotation.per_image == "OVER" else max(height - text, tiny)
    places = layout(film, profile)
    texts = [each.where for each in places.annotations]
    roomy = all(box.width >= width and box.height >= height for box in places.boxes)
    return roomy and all(text.width >= tiny and text.height >= tiny for text in texts)
