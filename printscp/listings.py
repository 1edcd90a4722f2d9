"""What `printscp layouts` lists, as tables for people."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from printscp.catalog import Catalog
from printscp.film.profile import MM_PER_INCH, AnnotationFormat, PrinterProfile


def layout_tables(catalog: Catalog) -> list[Table]:
    """All layouts there are."""
    sizes = _table("film sizes", ("Film Size ID", "mm", "inch"))
    for size in catalog.film_sizes.values():
        inches = (f"{mm / MM_PER_INCH:.2f}" for mm in (size.width_mm, size.height_mm))
        sizes.add_row(*_cells(size.term, f"{size.width_mm:g} x {size.height_mm:g}", " x ".join(inches)))

    formats = _table("display formats", ("Image Display Format", "image boxes"))
    limits = catalog.grid_limits
    most = f"up to {limits.max_columns} columns and {limits.max_rows} rows"
    for form in ("STANDARD\\C,R", "ROW\\R1,R2,...", "COL\\C1,C2,..."):
        formats.add_row(*_cells(form, most))
    for slide in catalog.slide_formats:
        opening = f"{slide.width_mm:g} x {slide.height_mm:g} mm every {slide.pitch_mm:g} mm, as many as fit"
        formats.add_row(*_cells(slide.term, opening))
    for custom in catalog.custom_formats:
        formats.add_row(*_cells(f"CUSTOM\\{custom.number}", f"{len(custom.boxes)}: {custom.description}"))

    annotations = _table("annotation formats", ("Annotation Display Format ID", "boxes", "height"))
    for annotation in catalog.annotation_formats.values():
        annotations.add_row(*_cells(annotation.term, _boxes(annotation), f"{annotation.height_mm:g} mm"))
    return [sizes, formats, annotations, _printers(catalog)]


def _printers(catalog: Catalog) -> Table:
    headings = ("printer", "model", "dpi", "film sizes", "density", "figures")
    table = _table("printer profiles", headings, ("model", "film sizes"))
    for name in catalog.profile_names:
        profile = catalog.profile(name)
        resolutions = "\n".join(f"{each.term} {each.dots_per_inch:g}" for each in profile.resolutions)
        table.add_row(
            *_cells(
                name,
                f"{profile.manufacturer} {profile.model}",
                resolutions,
                ", ".join(size.term for size in profile.film_sizes),
                _densities(profile.min_density, profile.max_density),
                f"{'measured' if profile.measured else 'assumed'}: {profile.source}",
            )
        )
    return table


def profile_table(profile: PrinterProfile) -> Table:
    """All that a printer profile says."""
    table = _table(profile.name, ("", ""))
    table.show_header = False
    for name, value in _said_of(profile):
        table.add_row(*_cells(name, value))
    return table


def _said_of(profile: PrinterProfile) -> list[tuple[str, str]]:
    reflective = profile.reflective
    return [
        ("model", f"{profile.manufacturer} {profile.model}"),
        ("source", profile.source),
        ("measured", _yes(profile.measured)),
        *(
            (
                f"resolution {each.term}",
                "\n".join([f"{each.dots_per_inch:g} dpi", *_printable(each.printable)]),
            )
            for each in profile.resolutions
        ),
        ("bits", f"{profile.printing_bit_depth}, images of {_list(map(str, profile.bits_stored))}"),
        ("film sizes", _list(size.term for size in profile.film_sizes)),
        ("margin, gap, label", f"{profile.margin_mm:g}, {profile.gap_mm:g}, {profile.label_mm:g} mm"),
        ("display formats", _list(profile.display_formats)),
        ("annotation formats", _list(each.term for each in profile.annotation_formats)),
        ("media", _list(profile.media)),
        ("destinations", _list(profile.destinations)),
        ("magnification", _list(profile.magnifications)),
        ("smoothing", _list(f"{term} ({weight:g})" for term, weight in profile.smoothings.items())),
        (
            "configurations",
            _list(f"{text} ({each.description})" for text, each in profile.configurations.items()),
        ),
        ("density", f"{_densities(profile.min_density, profile.max_density)}, {_light(profile)}"),
        (
            "on " + _list(reflective.media) if reflective.media else "reflective media",
            f"{_densities(reflective.min_density, reflective.max_density)}, {reflective.illumination} cd/m2"
            if reflective.media
            else "none",
        ),
        ("border, empty image", f"{profile.border_density}, {profile.empty_image_density or 'not settable'}"),
        ("LIN OD", profile.lin_od),
        ("color", _yes(profile.color)),
        ("trim", _yes(profile.trim)),
        ("requested image size", _yes(profile.requested_image_size)),
        ("decimate or crop", profile.decimate_crop),
        ("collated films", str(profile.max_collated_films or "none")),
        ("one film size a session", _yes(profile.one_film_size)),
        ("look-up tables must match", _yes(profile.look_up_must_match)),
        ("implicit VR only", _yes(profile.implicit_vr_only)),
        ("mode", profile.mode),
        ("what sets it apart", "\n".join(profile.quirks) or "nothing"),
    ]


def _boxes(annotation: AnnotationFormat) -> str:
    """Where an annotation format has its boxes, by their positions."""
    places = [
        *(f"{_list(map(str, row))} along the top" for row in annotation.top),
        *(f"{_list(map(str, row))} along the bottom" for row in annotation.bottom),
        *([f"one {annotation.per_image.lower()} each image"] if annotation.per_image else []),
    ]
    return "; ".join(places)


def _densities(low: int, high: int) -> str:
    """A range given in hundredths of OD."""
    return f"{low / 100:.2f} to {high / 100:.2f} OD"


def _light(profile: PrinterProfile) -> str:
    return f"{profile.illumination} and {profile.reflected_ambient_light} cd/m2"


def _printable(printable: dict[str, tuple[int, int]]) -> list[str]:
    return [f"{term} {width} x {height} pixels" for term, (width, height) in printable.items()]


def _list(terms: Iterable[str]) -> str:
    return ", ".join(terms) or "none"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _table(title: str, headings: Sequence[str], folded: Sequence[str] = ()) -> Table:
    """An empty table; columns that may be folded are those named, and the last."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        fold = heading in folded or heading is headings[-1]
        table.add_column(heading, no_wrap=not fold, overflow="fold")
    return table


def _cells(*values: str) -> list[Text]:
    """Text, since an SCU's AE title may look like markup."""
    return [Text(value) for value in values]
