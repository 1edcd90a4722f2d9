"""`printscp layouts`: the films and printers there are."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printscp.cli.answers import say_json
from printscp.errors import PrintError, SetupError

if TYPE_CHECKING:
    from rich.table import Table

    from printscp.catalog import Catalog
    from printscp.film.profile import PrinterProfile

_WIDE = 160  # columns of a table that goes into a pipe


def layouts(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Printer profile to show in full.")
    ] = None,
    own: Annotated[
        Path | None, typer.Option("--layouts", help="Folder of layouts beside those that come along.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of the printers.")] = None,
    draw: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw a film of that printer, or of imager17.")
    ] = None,
    film_size: Annotated[str | None, typer.Option(help="Film Size ID, to draw.")] = None,
    orientation: Annotated[str | None, typer.Option(help="PORTRAIT or LANDSCAPE, to draw.")] = None,
    display_format: Annotated[
        str | None, typer.Option("--format", help=r"Image Display Format, as STANDARD\2,3, to draw.")
    ] = None,
    annotation: Annotated[str | None, typer.Option(help="Annotation Display Format ID, to draw.")] = None,
    resolution: Annotated[str | None, typer.Option(help="Requested Resolution ID, to draw.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """List film sizes, display and annotation formats and printer profiles, or show one printer.

    With --draw the picture of a film's layout is written instead.
    """
    from printscp.catalog import Catalog
    from printscp.config import load
    from printscp.listings import layout_tables, profile_table

    catalog = Catalog(load(config, layouts=own).layouts)
    given = {
        "FilmSizeID": film_size,
        "FilmOrientation": orientation,
        "ImageDisplayFormat": display_format,
        "AnnotationDisplayFormatID": annotation,
        "RequestedResolutionID": resolution,
    }
    film = {key: value for key, value in given.items() if value is not None}
    if draw is not None:
        _draw(catalog.profile(name or "imager17"), film, draw)
    elif film:
        raise SetupError(f"{', '.join(film)}: to draw a film, give --draw FILE.png, too")
    elif as_json:
        say_json(_all(catalog) if name is None else asdict(catalog.profile(name)))
    else:
        _say_tables(layout_tables(catalog) if name is None else [profile_table(catalog.profile(name))])


def _say_tables(tables: "Sequence[Table]") -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for number, table in enumerate(tables):
        console.print(*([""] if number else []), table, sep="\n")


def _all(catalog: "Catalog") -> dict[str, Any]:
    """All layouts, for programs."""
    return {
        "film_sizes": [asdict(each) for each in catalog.film_sizes.values()],
        "grid_limits": asdict(catalog.grid_limits),
        "slide_formats": [asdict(each) for each in catalog.slide_formats],
        "custom_formats": [asdict(each) for each in catalog.custom_formats],
        "annotation_formats": [asdict(each) for each in catalog.annotation_formats.values()],
        "printers": [asdict(catalog.profile(name)) for name in catalog.profile_names],
    }


def _draw(profile: "PrinterProfile", film: dict[str, str], file: Path) -> None:
    """Draw the layout of a film; what is not said is the printer's default."""
    from printscp.layout_picture import draw

    try:
        draw(profile, film).save(file)
    except PrintError as error:
        raise SetupError(f"{profile.name}: {error.comment}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SetupError(f"{file}: {reason}") from error
