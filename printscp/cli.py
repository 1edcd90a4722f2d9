"""The command line: serve, send, jobs, render, layouts, conformance.

Each command imports what it needs when it is called: half a second less for the others.
"""

import gc
import json
import logging
import math
import os
import re
import resource
import signal
import sys
import warnings
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from printscp import __version__
from printscp.errors import PrintError, SetupError

if TYPE_CHECKING:
    from printscp.catalog import Catalog
    from printscp.client.images import PrintImage
    from printscp.client.scu import FilmRequest, PrintClient
    from printscp.film.job import Job
    from printscp.film.profile import PrinterProfile
    from printscp.outputs.output import Output
    from printscp.spool.folder import Spool

# No markup: it would take the [default: ...] of a help text for a style.
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
_messages = Console(stderr=True)
_WIDE = 160  # columns of a table that goes into a pipe


def main() -> None:
    """Entry point: what an operator did wrong is one line and exit code 1, never a traceback."""
    # pydicom quotes values that break a rule, and those may be a patient's.
    warnings.filterwarnings("ignore", module="pydicom")
    try:
        app()
    except SetupError as error:
        _messages.print(f"printscp: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"printscp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """A DICOM film printer: print to it as to a laser imager."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any free one. [default: 11112]")] = None,
    ae_title: Annotated[
        str | None, typer.Option(help="AE title; when given, associations must call it.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Printer profile. [default: imager17]")] = None,
    mode: Annotated[str | None, typer.Option(help="tolerant or strict. [default: tolerant]")] = None,
    spool: Annotated[Path | None, typer.Option(help="Spool folder. [default: printscp-spool]")] = None,
    output: Annotated[Path | None, typer.Option(help="Gets one PDF a job. [default: printscp-films]")] = None,
    layouts: Annotated[
        Path | None, typer.Option(help="Folder of film sizes, formats and printer profiles of your own.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Films rendered at once. [default: 1]")] = None,
    tls_port: Annotated[int | None, typer.Option(help="Port for TLS. [default: 2762]")] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the printer's certificate: listen for TLS, too.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(help="PEM file of what vouches for SCUs: each must show a certificate.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with these settings and more, for one printer or many.")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json. [default: text]")] = None,
    verbose: Annotated[bool, typer.Option(help="Log each request, without patient data.")] = False,
    trace: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Append every command and data set to a file, or with - to standard error. "
            "It CONTAINS PATIENT DATA.",
        ),
    ] = None,
) -> None:
    """Start the film printer; it runs until SIGTERM or Ctrl-C.

    Several printers are described in a file: see --config.
    """
    from printscp.config import load
    from printscp.logs import set_up

    tls = {"port": tls_port, "certificate": tls_certificate, "key": tls_key, "ca": tls_ca}
    settings = load(
        config,
        host=host,
        port=port,
        ae_title=ae_title,
        profile=profile,
        mode=mode,
        spool=spool,
        output=output,
        layouts=layouts,
        workers=workers,
        tls={key: value for key, value in tls.items() if value is not None} or None,
        log_format=log_format,
    )
    _open_many_files()
    set_up(logging.INFO if verbose else logging.WARNING, settings.log_format, trace)
    # Late: what is wrong with the settings is told half a second sooner.
    from printscp.printer import FilmPrinter

    # A byte comes from the signal itself: a handler in Python would wait for a wait that has just begun.
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with FilmPrinter(settings) as printer:
        # What start-up made lives for ever; the collector need not look at it again while films come in.
        gc.freeze()
        for address, in_use, encrypted, titles in printer.addresses:
            typer.echo(f"listening on {address}:{in_use}{' for TLS' if encrypted else ''} as {titles}")
        sys.stdout.flush()
        os.read(told, 1)


def _open_many_files() -> None:
    """Associations and films in the making need some four file descriptors each; the usual limit is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@app.command()
def send(
    host: str,
    port: int,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="DICOM images.")],
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
    called: Annotated[str, typer.Option("--called", help="AE title of the printer.")] = "PRINTSCP",
    calling: Annotated[str, typer.Option("--calling", help="AE title of this client.")] = "PRINTSCP_SCU",
) -> None:
    """Print DICOM images on a film printer, this one or any other.

    Images that do not fit on one film go on to the next. Exit code 1 says that a film was not accepted.
    """
    from printscp.client.images import read_images
    from printscp.client.scu import FilmRequest, PrintClient

    images = [image for file in files for image in read_images(file)]
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


def _send(client: "PrintClient", images: "list[PrintImage]", per_film: int, request: "FilmRequest") -> int:
    """Print all films; returns how many, and tells of every warning the printer gave."""
    from printscp.client.scu import films

    count = 0
    with client, Progress(console=_messages, transient=True, disable=not _messages.is_terminal) as progress:
        task = progress.add_task("printing", total=len(images))
        for film in films(images, per_film):
            client.print_film(film, request, on_image=lambda: progress.advance(task))
            count += 1
    for warning in client.warnings:
        _messages.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
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


@app.command()
def jobs(
    spool: Annotated[Path | None, typer.Option(help="Spool folder. [default: printscp-spool]")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of the printer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """List the print jobs of a spool, oldest first."""
    from printscp.config import load

    with _spool(load(config, spool=spool).spool) as films:
        rows = films.queue.jobs()
    if as_json:
        _print_json([asdict(job) for job in rows])
    else:
        from printscp.listings import job_table

        _print_tables(job_table(rows))


def _spool(folder: Path) -> "closing[Spool]":
    """The spool in a folder, whether its printer runs or not: nothing is changed there."""
    from printscp.spool.folder import Spool

    if not (folder / "jobs.sqlite").is_file():
        raise SetupError(f"no spool in {folder}: give the folder of a printer with --spool")
    return closing(Spool(folder))


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=_plain, indent=1))


def _print_tables(*tables: Any) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for number, table in enumerate(tables):
        console.print(*([""] if number else []), table, sep="\n")


def _plain(value: Any) -> str:
    return str(value.isoformat())


@app.command()
def render(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|FOLDER", help="Number of a job, or latest; or a spool folder: all its films."
        ),
    ],
    spool: Annotated[
        Path | None, typer.Option(help="Spool folder of the job. [default: printscp-spool]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of the printer.")] = None,
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
    a film could not be rendered.
    """
    from printscp.config import load
    from printscp.outputs.registry import open_output

    samples = "density" if density else None
    keys = {"bits": bits, "tone": tone, "curve": curve, "samples": samples, "encoding": encoding}
    table = {key: value for key, value in keys.items() if value is not None}
    way_out = open_output({"type": output, "folder": to} | table)
    way_out.check()
    number = what == "latest" or what.isdecimal()
    with _spool(load(config, spool=spool).spool if number else Path(what)) as films:
        jobs = films.queue.jobs()
        wanted = [_job(jobs, what, films)] if number else [job for job in jobs if films.has_films(job)]
        if not wanted:
            raise SetupError(f"no films in {what}")
        places, faults = _render(wanted, films, way_out)
    for place in places:
        typer.echo(place)
    if faults:
        raise SetupError("; ".join(faults))


def _job(jobs: "list[Job]", what: str, films: "Spool") -> "Job":
    """The job of that number, or the latest, whose films must be there."""
    found = jobs[-1:] if what == "latest" else [job for job in jobs if job.id == int(what)]
    if not found:
        raise SetupError(f"no job {what} in {films.folder}: see printscp jobs")
    if not films.has_films(found[0]):
        raise SetupError(f"job {found[0].id}: its films are no longer kept; see keep_jobs")
    return found[0]


def _render(jobs: "list[Job]", films: "Spool", output: "Output") -> tuple[list[str], list[str]]:
    """Render jobs; returns where they are, and of those that failed why."""
    from printscp.delivery import deliver

    places: list[str] = []
    faults: list[str] = []
    with Progress(console=_messages, transient=True, disable=not _messages.is_terminal) as progress:
        for job in progress.track(jobs, description="rendering"):
            try:
                places += deliver(job, films.sheets, [output]).places
            except OSError as error:
                faults.append(f"job {job.id}: cannot be written: {error.strerror or error}")
            except Exception as error:
                faults.append(f"job {job.id}: cannot be rendered: {error}")
    return places, faults


@app.command()
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
        _print_json(_all(catalog) if name is None else asdict(catalog.profile(name)))
    else:
        _print_tables(*(layout_tables(catalog) if name is None else [profile_table(catalog.profile(name))]))


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


@app.command()
def conformance(
    config: Annotated[Path | None, typer.Option(help="TOML file of the printers.")] = None,
    layouts: Annotated[
        Path | None, typer.Option(help="Folder of layouts beside those that come along.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File to write. [default: standard output]")] = None,
) -> None:
    """Write the DICOM conformance statement of the printers as they are configured."""
    from printscp.config import load
    from printscp.conformance import statement

    text = statement(load(config, layouts=layouts))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{output}: {error.strerror}") from error
