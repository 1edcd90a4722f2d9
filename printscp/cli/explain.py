"""`printscp explain`: how each image of a job became gray on film, in words."""

import gc
from dataclasses import asdict
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import printable, say_json
from printscp.cli.captured import CapturedArgument, captured
from printscp.cli.opening import ConfigOption, SpoolOption
from printscp.errors import NotPossible, SetupError

if TYPE_CHECKING:
    from printscp.capture import Capture
    from printscp.explanation import FilmExplained, ImageExplained

_WIDTH = 100


def explain(
    job: CapturedArgument,
    film: Annotated[int | None, typer.Option(min=1, help="Which film of the job. [default: all]")] = None,
    image: Annotated[
        int | None, typer.Option(min=1, metavar="POSITION", help="Which image of it. [default: all]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Say in words how each image of a job became gray on film: photometric interpretation, polarity,
    Presentation LUT, densities and scaling, and who asked for each.

    The numbers are those of the page. Exit code 3 says that there is no such job, 4 that its films are no
    longer there."""
    gc.enable()
    with captured(job, spool, config) as capture:
        if film is not None and film > capture.films > 0:
            raise SetupError(f"{capture.name} has {capture.films} film{'s' * (capture.films > 1)}, no {film}")
        if not capture.films:
            raise NotPossible(f"{capture.name}: nothing was printed; printscp lint {capture.name} tells why")
        wanted = [film] if film else list(range(1, capture.films + 1))
        films = [_explained(capture, number, image) for number in wanted]
        if image is not None and not any(each.images for each in films):
            raise SetupError(f"{capture.name} has no image at position {image}")
    if as_json:
        say_json([asdict(each) for each in films])
    else:
        for each in films:
            _say(capture.name, each)


def _explained(capture: "Capture", number: int, position: int | None) -> "FilmExplained":
    from printscp.desk.asked import asked_film
    from printscp.explanation import Asked
    from printscp.explanation import explain as explained

    asked = Asked(capture.dialogue, asked_film(capture, number))
    return explained(capture.film(number), number, asked, position)


def _say(name: str, film: "FilmExplained") -> None:
    typer.secho(printable(f"Film {film.number} of {name}"), bold=True)
    _say_lines(film.lines, film.notes, "")
    for image in film.images:
        typer.secho(f"\nImage {image.position}", bold=True)
        _say_lines(image.lines, (), "  ")
        _say_values(image)
        _say_lines((), image.notes, "  ")
    typer.echo()


def _say_lines(lines: tuple[str, ...], notes: tuple[str, ...], indent: str) -> None:
    plain = TextWrapper(_WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
    noted = TextWrapper(_WIDTH, initial_indent=f"{indent}! ", subsequent_indent=f"{indent}  ")
    for line in lines:
        typer.echo(plain.fill(printable(line)))
    for note in notes:
        typer.secho(noted.fill(printable(note)), fg="yellow")


def _say_values(image: "ImageExplained") -> None:
    if image.values:
        typer.echo("  value  P-value      OD")
    for each in image.values:
        typer.echo(f"  {each.stored:5}  {each.p_value:7}  {each.density:.4f}")
