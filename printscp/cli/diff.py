"""`printscp diff`: what two SCUs, or two versions of one, send differently."""

import gc
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.cli.captured import CapturedArgument, captured
from printscp.cli.opening import ConfigOption, SpoolOption
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.comparison import Change, Comparison, FilmChange, ImageChange, PageChange


def diff(
    first: CapturedArgument,
    second: CapturedArgument,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw both films and what is different about them."),
    ] = None,
    film: Annotated[int, typer.Option(min=1, help="Which film of the jobs --picture draws.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Compare two jobs: what was proposed and sent, the pixels of each image, and the films. THIS MAY NAME A
    PATIENT: it shows what was sent.

    UIDs of instances, and timing, differ by nature and make no difference. Exit code 0 says that there is
    none, 6 that there is, 3 that there is no such job, 4 that its films are no longer there."""
    from printscp.comparison import compare

    gc.enable()
    with captured(first, spool, config) as one, captured(second, spool, config) as other:
        if (picture is not None or film > 1) and film > min(one.films, other.films):
            raise SetupError(f"--film {film}: {one.name} has {one.films}, {other.name} {other.films}")
        found = compare(one, other)
        if picture is not None:
            from printscp.comparison.picture import draw, save

            save(draw(one, other, film), picture)
    if as_json:
        say_json(asdict(found) | {"equal": found.equal})
    else:
        _say(found)
    if not found.equal:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _say(found: "Comparison") -> None:
    typer.echo(printable(f"{found.first} | {found.second}"))
    for note in found.notes:
        typer.secho(printable(note), fg="yellow")
    if found.association:
        _say_heading("association")
        _say_changes(found.association, "  ")
    if found.requests:
        _say_heading("requests")
    for request in found.requests:
        if request.first and request.second:
            typer.echo(printable(f"  {request.request} (step {request.first} | {request.second})"))
            _say_changes(request.changes, "    ")
        else:
            only = found.first if request.first else found.second
            step = request.first or request.second
            typer.secho(printable(f"  {request.request} (step {step}): only {only}"), fg="red")
    one, other = found.counts
    if found.films or one != other:
        _say_heading("films")
    if one != other:
        typer.secho(f"  {one} | {other}", fg="red")
    for film in found.films:
        _say_film(film)
    _say_timing(found)
    none = "no difference in what could be compared" if found.notes else "no difference"
    verdict = none if found.equal else "there are differences"
    typer.secho(verdict, fg="green" if found.equal else "red")


def _say_heading(text: str) -> None:
    typer.secho(text, bold=True)


def _say_changes(changes: "tuple[Change, ...]", indent: str) -> None:
    width = max(len(each.what) for each in changes)
    for each in changes:
        typer.echo(printable(f"{indent}{each.what.ljust(width)}  {each.first} | {each.second}"))


def _say_film(film: "FilmChange") -> None:
    for image in film.images:
        typer.echo(f"  film {film.number}, image {image.position}: {_image(image)}")
    typer.echo(f"  film {film.number}, page: {_page(film.page)}")


def _image(image: "ImageChange") -> str:
    if image.equal:
        return "equal"
    return image.words or (
        f"{image.differ} of {image.pixels} pixels differ, by {image.largest} at most, "
        f"first in row {image.row}, column {image.column}"
    )


def _page(page: "PageChange") -> str:
    if page.equal:
        return "equal"
    where = f"{page.left_mm:g} mm from the left and {page.top_mm:g} mm from the top"
    return page.words or (
        f"{page.differ} of {page.pixels} printer pixels differ ({page.differ / page.pixels:.2%}), by "
        f"{page.largest:g} {page.unit} at most, {where}"
    )


def _say_timing(found: "Comparison") -> None:
    if found.timing is None:
        return
    _say_heading("timing")
    first, second = found.timing
    if first.printed is not None and second.printed is not None:
        typer.echo(f"  to the first N-ACTION  {first.printed:.3f} s | {second.printed:.3f} s")
    typer.echo(f"  to the last request    {first.last:.3f} s | {second.last:.3f} s")
    pauses = (f"{each.pause:.3f} s before {each.before}" for each in (first, second))
    typer.echo(f"  longest pause          {' | '.join(pauses)}")
