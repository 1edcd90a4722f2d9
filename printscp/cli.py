"""The command line: serve, send, jobs, conformance.

Each command imports what it needs when it is called: half a second less for the others.
"""

import gc
import json
import logging
import os
import re
import resource
import signal
import sys
import warnings
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from printscp import __version__
from printscp.errors import SetupError
from printscp.film.job import ExecutionStatus, Job

if TYPE_CHECKING:
    from printscp.client.images import PrintImage
    from printscp.client.scu import FilmRequest, PrintClient

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
        match = re.fullmatch(r"STANDARD\\([1-9][0-9]*),([1-9][0-9]*)", display_format)
        # Of other forms only the printer knows how many boxes they have: all images go on one film.
        if match is None:
            return display_format, images
        columns, rows = int(match[1]), int(match[2])
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
    from printscp.spool.queue import JobQueue

    folder = load(config, spool=spool).spool
    if not (folder / "jobs.sqlite").is_file():
        raise SetupError(f"no spool in {folder}: give the folder of a printer with --spool")
    queue = JobQueue(folder)
    rows = queue.jobs()
    queue.close()
    if as_json:
        typer.echo(json.dumps([asdict(job) for job in rows], default=_plain, indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else _WIDE).print(_table(rows))


_COLORS = {ExecutionStatus.DONE: "green", ExecutionStatus.FAILURE: "red", ExecutionStatus.PRINTING: "cyan"}
_HEADINGS = ("job", "status", "created", "printer", "from", "films", "format", "images", "copies", "priority")


def _table(rows: list[Job]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, no_wrap=True)
    table.add_column("result", overflow="fold")
    for job in rows:
        row = (
            f"{job.created.astimezone():%Y-%m-%d %H:%M:%S}",
            job.order.printer_name,
            job.order.originator,
            ", ".join(
                size if count == 1 else f"{size} x {count}"
                for size, count in Counter(film.film_size for film in job.films).items()
            ),
            ", ".join(dict.fromkeys(film.display_format for film in job.films)),
            str(sum(film.images for film in job.films)),
            str(job.order.copies),
            job.order.priority,
            job.output or job.info,
        )
        # Text, since an SCU's AE title may look like markup.
        table.add_row(
            str(job.id), Text(job.status, _COLORS.get(job.status, "yellow")), *(Text(cell) for cell in row)
        )
    return table


def _plain(value: Any) -> str:
    return str(value.isoformat())


@app.command()
def conformance(
    config: Annotated[Path | None, typer.Option(help="TOML file of the printers.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write. [default: standard output]")] = None,
) -> None:
    """Write the DICOM conformance statement of the printers as they are configured."""
    from printscp.config import load
    from printscp.conformance import statement

    text = statement(load(config))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{output}: {error.strerror}") from error
