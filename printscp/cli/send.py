"""`printscp send`: a print client."""

import gc
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import say_warning
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.client.images import PrintImage
    from printscp.client.scu import FilmRequest, PrintClient


def send(
    host: str,
    port: int,
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="DICOM images.")] = None,
    layout: Annotated[
        str | None, typer.Option(help="COLUMNSxROWS, as 2x3. [default: fits the images]")
    ] = None,
    display_format: Annotated[
        str | None, typer.Option(help=r"Image Display Format, as STANDARD\2,3.")
    ] = None,
    film_size: Annotated[str | None, typer.Option(help="Film Size ID, as 14INX17IN.")] = None,
    orientation: Annotated[str | None, typer.Option(help="PORTRAIT or LANDSCAPE.")] = None,
    copies: Annotated[int, typer.Option(min=1, help="Copies of each film.")] = 1,
    priority: Annotated[str, typer.Option(help="HIGH, MED or LOW.")] = "MED",
    patterns: Annotated[
        list[str] | None,
        typer.Option(
            "--pattern",
            metavar="NAME",
            help="Test pattern, of `qa pattern --list`; any number.",
        ),
    ] = None,
    matrix: Annotated[
        str, typer.Option(metavar="COLUMNSxROWS", help="Size of test patterns in pixels.")
    ] = "1024x1024",
    bits: Annotated[int, typer.Option(help="Of test patterns: 8 or 12.")] = 12,
    width_mm: Annotated[
        float | None,
        typer.Option(metavar="MM", min=1, help="Requested Image Size: width of each image."),
    ] = None,
    true_size: Annotated[
        bool, typer.Option("--true-size", help="Requested Image Size by the pixel spacing of each image.")
    ] = False,
    called: Annotated[str, typer.Option("--called", help="AE title of the printer.")] = "PRINTSCP",
    calling: Annotated[str, typer.Option("--calling", help="AE title of this client.")] = "PRINTSCP_SCU",
) -> None:
    """Print DICOM images and test patterns on a film printer, this one or any other.

    Images that do not fit on one film go on to the next. Exit code 1 says that a film was not accepted.
    """
    from printscp.client.images import read_images, sized
    from printscp.client.scu import FilmRequest, PrintClient

    gc.enable()
    if not files and not patterns:
        raise SetupError("nothing to print: give FILE..., or --pattern NAME")
    if width_mm is not None and true_size:
        raise SetupError("give --width-mm or --true-size, not both")
    images = [image for file in files or () for image in read_images(file)]
    images += _drawn(patterns or [], matrix, bits, width_mm)
    images = [sized(image, width_mm, true_size) for image in images]
    chosen, per_film = _display_format(layout, display_format, len(images))
    request = FilmRequest(
        display_format=chosen,
        film_size=film_size,
        orientation=orientation,
        copies=copies,
        priority=priority,
    )
    count = _send(
        PrintClient(host, port, called_ae_title=called, calling_ae_title=calling), images, per_film, request
    )
    typer.echo(f"{len(images)} images on {count} film{'s' if count > 1 else ''} accepted by {called}")


def _drawn(names: list[str], matrix: str, bits: int, width_mm: float | None) -> "list[PrintImage]":
    """Test patterns, ready to print."""
    if not names:
        return []
    from printscp.cli.qa.pattern import parse_matrix
    from printscp.client.images import PrintImage
    from printscp.qa.patterns import draw

    columns, rows = parse_matrix(matrix)
    patterns = [draw(name, columns, rows, bits, width_mm) for name in names]
    return [PrintImage(each.pixels, each.bits, (1, 1), each.name, each.width_mm) for each in patterns]


def _send(client: "PrintClient", images: "list[PrintImage]", per_film: int, request: "FilmRequest") -> int:
    """Print all films; returns how many, and tells of every warning the printer gave."""
    from rich.console import Console
    from rich.progress import Progress

    from printscp.client.scu import films

    count = 0
    console = Console(stderr=True)
    with client, Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("printing", total=len(images))
        for film in films(images, per_film):
            client.print_film(film, request, on_image=lambda: progress.advance(task))
            count += 1
    for warning in client.warnings:
        say_warning(warning)
    return count


def _display_format(layout: str | None, display_format: str | None, images: int) -> tuple[str, int]:
    """The Image Display Format and how many images a film of it takes."""
    if layout is not None and display_format is not None:
        raise SetupError("give --layout or --display-format, not both")
    if layout is not None:
        match = re.fullmatch(r"([1-9][0-9]*)[xX]([1-9][0-9]*)", layout)
        if match is None:
            raise SetupError(f"--layout {layout}: give COLUMNSxROWS, as 2x3")
        columns, rows = int(match[1]), int(match[2])
    elif display_format is not None:
        match = re.fullmatch(r"(STANDARD|ROW|COL)\\([1-9][0-9]*(?:,[1-9][0-9]*)*)", display_format)
        # Of other forms only the printer knows how many boxes they have: all images go on one film.
        if match is None:
            return display_format, images
        counts = [int(count) for count in match[2].split(",")]
        return display_format, math.prod(counts) if match[1] == "STANDARD" else sum(counts)
    else:
        from printscp.client.scu import grid

        columns, rows = grid(images)
    return f"STANDARD\\{columns},{rows}", columns * rows
