"""`printscp render`: films that are still in the spool, once more."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.opening import ConfigOption, SpoolOption, find, opened_spool, settings_of
from printscp.errors import NotPossible, SetupError

if TYPE_CHECKING:
    from printscp.film.job import Job
    from printscp.outputs.output import Output
    from printscp.spool.folder import Spool


def render(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|FOLDER", help="Number of a job, or latest; or a spool folder: all its films."
        ),
    ],
    spool: SpoolOption = None,
    config: ConfigOption = None,
    output: Annotated[str, typer.Option(help="pdf, postscript, tiff or png.")] = "pdf",
    to: Annotated[Path, typer.Option(help="Folder that gets the files.")] = Path(),
    bits: Annotated[int | None, typer.Option(help="Of a gray sample. [default: 8; tiff, png: 16]")] = None,
    tone: Annotated[str | None, typer.Option(help="p-value, lightbox or curve. [default: p-value]")] = None,
    curve: Annotated[
        Path | None, typer.Option(help="File of a measured printer curve, for its tone.")
    ] = None,
    density: Annotated[bool, typer.Option(help="TIFF: the optical densities themselves.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="PostScript: binary or ascii85. [default: binary]")
    ] = None,
) -> None:
    """Render films again that are still in the spool, as the printer did or for another output.

    The last delivered jobs are there, see the setting keep_jobs, and those that failed. Exit code 1 says that
    a film could not be rendered, 3 that there is no such job, 4 that its films are no longer there.
    """
    from printscp.outputs.registry import open_output

    samples = "density" if density else None
    keys = {"bits": bits, "tone": tone, "curve": curve, "samples": samples, "encoding": encoding}
    table = {key: value for key, value in keys.items() if value is not None}
    way_out = open_output({"type": output, "folder": to} | table)
    way_out.check()
    number = what == "latest" or what.isdecimal()
    gc.enable()
    with opened_spool(settings_of(config, spool if number else Path(what))) as films:
        if number:
            wanted = [find(films.queue, what)]
            if not films.has_films(wanted[0]):
                raise NotPossible(f"job {wanted[0].id}: its films are no longer kept; see keep_jobs")
        else:
            wanted = [job for job in films.queue.jobs() if films.has_films(job)]
        if not wanted:
            raise SetupError(f"no films in {what}")
        places, faults = _render(wanted, films, way_out)
    for place in places:
        typer.echo(place)
    if faults:
        raise SetupError("; ".join(faults))


def _render(jobs: "list[Job]", films: "Spool", output: "Output") -> tuple[list[str], list[str]]:
    """Render jobs; returns where they are, and of those that failed why."""
    from rich.console import Console
    from rich.progress import Progress

    from printscp.delivery import deliver
    from printscp.outputs.output import Uncontested

    places: list[str] = []
    faults: list[str] = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for job in progress.track(jobs, description="rendering"):
            try:
                places.append(deliver(job, films.sheets, output, Uncontested()).sent.place)
            except OSError as error:
                faults.append(f"job {job.id}: cannot be written: {error.strerror or error}")
            except Exception as error:
                faults.append(f"job {job.id}: cannot be rendered: {error}")
    return places, faults
