"""The annex of a printer profile: its films, resolutions, formats, and what an SCU can ask of it."""

from collections.abc import Iterator

from printscp.conformance.document import Section, paragraphs, table
from printscp.conformance.network import syntaxes_of
from printscp.conformance.printers import Printers
from printscp.film.display_format import GRIDS
from printscp.film.layout import Layout, layout
from printscp.film.profile import (
    MM_PER_INCH,
    AnnotationFormat,
    FilmSize,
    PrinterProfile,
    Resolution,
)
from printscp.film.rules import DENSITY, DISPLAY_FORMAT

PLACEMENT = "From image to image box"
"""Title of the section on what becomes of images in their boxes."""


def profile_title(profile: PrinterProfile) -> str:
    """The title of a profile's section."""
    return f"Printer profile {profile.name}"


def profile_section(profile: PrinterProfile, printers: Printers) -> Section:
    names = [each.announced_ae_title for each in printers.of_profile(profile)]
    largest, smallest = _extremes(profile)
    return Section(
        profile_title(profile),
        paragraphs(
            f"""
            {profile.manufacturer} {profile.model}, the profile of {", ".join(names)}. In each list the first
            entry is the default.

            Source of the figures: {profile.source}. {_MEASURED[profile.measured]}
            """,
            table(("What", "Values"), _facts(profile)),
            "**Film sizes and pixel matrices**",
            f"""
            Columns x rows of printer pixels: of the area that can be printed on, in PORTRAIT, and of an image
            box, largest (`{largest}`) and smallest (`{smallest}`). Images may be of any size, 1 x 1 to
            65535 x 65535, and are scaled to their box: §[{PLACEMENT}].
            """,
            table(
                (
                    *("Film Size ID", "mm", "Resolution", "Printable"),
                    *("PORTRAIT largest", "smallest", "LANDSCAPE largest", "smallest"),
                ),
                (
                    _matrices(profile, size, resolution, (largest, smallest))
                    for resolution in profile.resolutions
                    for size in profile.film_sizes
                ),
            ),
            *_custom_formats(profile),
            *_slides(profile),
            "**Annotation formats**",
            _annotations(profile),
            "**Smoothing types**, of magnification CUBIC",
            _smoothings(profile),
            "**Configuration tables** (Configuration Information), for images without a Presentation LUT",
            _configurations(profile),
        ),
    )


_MEASURED = {
    True: "Pixel matrices and densities are stated there.",
    False: "Not all of them are stated there.",
}


def _extremes(profile: PrinterProfile) -> tuple[str, str]:
    """Display formats of the largest and the smallest image box."""
    if "STANDARD" in profile.display_formats:
        limits = profile.grid_limits
        return "STANDARD\\1,1", f"STANDARD\\{limits.max_columns},{limits.max_rows}"
    values = [f"{each}\\1" if each in GRIDS else each for each in profile.display_formats]
    by_size = sorted(values, key=lambda value: _film(profile, value).boxes[0].width)
    return by_size[-1], by_size[0]


def _film(
    profile: PrinterProfile,
    display_format: str,
    size: FilmSize | None = None,
    resolution: Resolution | None = None,
    orientation: str = "PORTRAIT",
) -> Layout:
    film = {
        "FilmSizeID": (size or profile.film_sizes[0]).term,
        "FilmOrientation": orientation,
        "ImageDisplayFormat": display_format,
        "RequestedResolutionID": (resolution or profile.resolutions[0]).term,
    }
    return layout(film, profile)


def _facts(profile: PrinterProfile) -> Iterator[tuple[str, object]]:
    yield "Requested Resolution ID", "\n".join(map(_resolution, profile.resolutions))
    yield "Image Display Format", DISPLAY_FORMAT.words(profile)
    yield "Medium Type", ", ".join(profile.media)
    yield "Film Destination", ", ".join(profile.destinations)
    yield "Print Priority", ", ".join(profile.priorities)
    yield "Magnification Type", ", ".join(profile.magnifications)
    yield "Bits Stored", ", ".join(map(str, profile.bits_stored))
    yield "Printing Bit Depth", profile.printing_bit_depth
    yield "Densities, hundredths of OD", DENSITY.words(profile)
    yield "Border Density", profile.border_density
    yield "Empty Image Density", profile.empty_image_density or "not on this printer"
    yield "Illumination", f"{profile.illumination} cd/m2"
    yield "Reflected Ambient Light", f"{profile.reflected_ambient_light} cd/m2"
    yield "Reflective media", _reflective(profile)
    yield "LIN OD", f"by {profile.lin_od}"
    yield "Trim", "yes" if profile.trim else "no"
    yield "Requested Image Size", "yes" if profile.requested_image_size else "no"
    yield "Decimate/Crop Behavior, if not asked for", profile.decimate_crop
    yield "Color", "yes, see §[Color]" if profile.color else "no"
    yield "Largest number of collated films", profile.max_collated_films or "none: no N-ACTION of a session"
    yield "Film sizes in one session", "one" if profile.one_film_size else "any"
    exact = "must have an entry for each value of the image, in either mode"
    yield "Presentation LUT tables", exact if profile.look_up_must_match else "see §[Presentation LUT]"
    yield "Transfer syntaxes", ", ".join(syntax.name for syntax in syntaxes_of(profile))
    yield "Associations at once", profile.max_associations or "as many as the server lets in"
    yield "Mode, if the configuration names none", profile.mode
    yield "What sets it apart", "\n".join(profile.quirks) or "nothing"
    yield "Margin, gap, label line", f"{profile.margin_mm:g}, {profile.gap_mm:g}, {profile.label_mm:g} mm"


def _resolution(resolution: Resolution) -> str:
    dots = resolution.dots_per_inch
    return f"{resolution.term}: {dots:g} dots per inch, {MM_PER_INCH / dots:.4g} mm"


def _reflective(profile: PrinterProfile) -> str:
    reflective = profile.reflective
    if not reflective.media:
        return "none"
    return (
        f"{', '.join(reflective.media)}: densities {reflective.min_density} to {reflective.max_density}, "
        f"Illumination {reflective.illumination} cd/m2, no Reflected Ambient Light (PS3.14 7.2)"
    )


def _matrices(
    profile: PrinterProfile, size: FilmSize, resolution: Resolution, formats: tuple[str, str]
) -> list[str]:
    places = [
        _film(profile, display_format, size, resolution, orientation)
        for orientation in ("PORTRAIT", "LANDSCAPE")
        for display_format in formats
    ]
    across, down = places[0].printable.width, places[0].printable.height
    return [
        size.term,
        f"{size.width_mm:g} x {size.height_mm:g}",
        resolution.term,
        f"{across} x {down}",
        *(f"{place.boxes[0].width} x {place.boxes[0].height}" for place in places),
    ]


def _custom_formats(profile: PrinterProfile) -> tuple[str, ...]:
    custom = {f"CUSTOM\\{each.number}": each for each in profile.custom_formats}
    lines = [
        (
            value,
            custom[value].description,
            f"{custom[value].columns} x {custom[value].rows}",
            "\n".join(
                f"{position}: {box.left}, {box.top}, {box.width}, {box.height}"
                for position, box in enumerate(custom[value].boxes, 1)
            ),
        )
        for value in profile.display_formats
        if value in custom
    ]
    headings = ("Value", "What it is", "Cells", "Box: left, top, width, height in cells")
    return ("**Custom formats**", table(headings, lines)) if lines else ()


def _slides(profile: PrinterProfile) -> tuple[str, ...]:
    slides = [each for each in profile.slide_formats if each.term in profile.display_formats]
    lines = (
        (
            size.term,
            *(
                len(_film(profile, each.term, size, None, orientation).boxes)
                for each in slides
                for orientation in ("PORTRAIT", "LANDSCAPE")
            ),
        )
        for size in profile.film_sizes
    )
    sizes = ", ".join(
        f"{each.term} {each.width_mm:g} x {each.height_mm:g} mm every {each.pitch_mm:g} mm" for each in slides
    )
    headings = [
        "Film Size ID",
        *(f"{each.term} {side}" for each in slides for side in ("PORTRAIT", "LANDSCAPE")),
    ]
    return (f"**Slides**: as many boxes as fit; {sizes}", table(headings, lines)) if slides else ()


def _annotations(profile: PrinterProfile) -> str:
    if not profile.annotation_formats:
        return "None."
    return table(
        ("Annotation Display Format ID", "Annotation Positions, and where they are", "Height"),
        ((each.term, _places(each), f"{each.height_mm:g} mm") for each in profile.annotation_formats),
    )


_PER_IMAGE = {
    "ABOVE": "above each image",
    "BELOW": "below each image",
    "OVER": "over the lower edge of each image, which it covers",
}


def _places(annotation: AnnotationFormat) -> str:
    edges = [("along the upper edge", annotation.top), ("along the lower edge", annotation.bottom)]
    places = [
        f"{', '.join(map(str, row))}: {edge} of the film{', from left to right' if len(row) > 1 else ''}"
        for edge, strips in edges
        for row in strips
    ]
    each = [f"1 and up: {_PER_IMAGE[annotation.per_image]}"] if annotation.per_image else []
    return "\n".join(places + each)


def _smoothings(profile: PrinterProfile) -> str:
    if not profile.smoothings:
        return "None."
    return table(
        ("Smoothing Type", "Weight of each neighbour"),
        ((term, f"{weight:g}") for term, weight in profile.smoothings.items()),
    )


def _configurations(profile: PrinterProfile) -> str:
    if not profile.configurations:
        return "None."
    return table(
        ("Value", "What it does", "Contrast", "Even steps in"),
        (
            (value, each.description, f"{each.curve.contrast:g}", "density" if each.curve.linear else "JND")
            for value, each in profile.configurations.items()
        ),
    )
