"""`printscp serve`, `worker` and `reload`: the printer, its workers alone, and new settings for both."""

import logging
import os
import re
import resource
import signal
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printscp.cli.opening import ConfigOption, SpoolOption
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.spool.processes import Process

DatabaseOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Job table. [default: jobs.sqlite in the spool folder]"),
]
SheetsOption = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE", help="Accepted films: a folder or s3://BUCKET/PREFIX. [default: in the spool folder]"
    ),
]
DrainOption = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="For films in hand to be finished at the end. [default: 60]"),
]
LogOption = Annotated[str | None, typer.Option(help="text or json. [default: text]")]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any free one. [default: 11112]")] = None,
    ae_title: Annotated[
        str | None, typer.Option(help="AE title; when given, associations must call it.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Printer profile. [default: imager17]")] = None,
    mode: Annotated[
        str | None, typer.Option(help="tolerant or strict. [default: as the profile says]")
    ] = None,
    personas: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Printer profiles to be called, too, each by its name in capitals; all, or names with "
            "commas between.",
        ),
    ] = None,
    spool: SpoolOption = None,
    output: Annotated[Path | None, typer.Option(help="Gets one PDF a job. [default: printscp-films]")] = None,
    layouts: Annotated[
        Path | None, typer.Option(help="Folder of film sizes, formats and printer profiles of your own.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Films rendered at once; 0: printscp worker does it elsewhere. [default: 1]"),
    ] = None,
    database: DatabaseOption = None,
    sheets: SheetsOption = None,
    drain_timeout: DrainOption = None,
    tls_port: Annotated[int | None, typer.Option(help="Port for TLS. [default: 2762]")] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the printer's certificate: listen for TLS, too.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(help="PEM file of what vouches for SCUs: each must show a certificate.")
    ] = None,
    web: Annotated[
        bool | None,
        typer.Option(help="Serve the light box, a page where people see films. [default: if it can be]"),
    ] = None,
    web_host: Annotated[
        str | None, typer.Option(help="Address of the light box; one that others reach asks for users.")
    ] = None,
    web_port: Annotated[
        int | None, typer.Option(help="Port of the light box; 0 takes any free one. [default: 11180]")
    ] = None,
    web_users: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who may see the light box: see printscp users --help."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with these settings and more, for one printer or many.")
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Make these faults on purpose, to test SCUs: see printscp fault --help."
        ),
    ] = None,
    log_format: LogOption = None,
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
    """Start the film printer.

    It runs until SIGTERM or Ctrl-C; then SCUs may finish the films that they began, and those in hand are
    printed. A second signal ends it at once.

    Several printers are described in a file: see --config. SIGHUP, or printscp reload, has it read the file
    again.
    """
    from printscp.cli.running import run
    from printscp.config import load
    from printscp.logs import set_up

    tls = {"port": tls_port, "certificate": tls_certificate, "key": tls_key, "ca": tls_ca}
    page = {"enabled": web, "host": web_host, "port": web_port, "users": web_users}
    read = partial(
        load,
        config,
        host=host,
        port=port,
        ae_title=ae_title,
        profile=profile,
        mode=mode,
        personas=personas,
        spool=spool,
        output=output,
        layouts=layouts,
        workers=workers,
        database=database,
        sheets=sheets,
        drain_timeout=drain_timeout,
        tls=_given(tls),
        web=_given(page),
        faults=faults,
        log_format=log_format,
    )
    settings = read()
    _open_many_files()
    set_up(logging.INFO if verbose else logging.WARNING, settings.log_format, trace)
    # Late: what is wrong with the settings is told half a second sooner.
    from printscp.printer import FilmPrinter

    printer = FilmPrinter(settings, lightbox=True)

    def started() -> None:
        for address, in_use, encrypted, titles in printer.addresses:
            typer.echo(f"listening on {address}:{in_use}{' for TLS' if encrypted else ''} as {titles}")
        if printer.lightbox_url is not None:
            typer.echo(f"light box on {printer.lightbox_url}")

    run(printer, read, started)


def _given(table: dict[str, Any]) -> dict[str, Any] | None:
    """The keys of a table that were given, if any were."""
    return {key: value for key, value in table.items() if value is not None} or None


def _open_many_files() -> None:
    """Associations and films in the making need some four file descriptors each; the usual limit is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def worker(
    config: Annotated[Path, typer.Option(help="TOML file of the printers, as their printscp serve has it.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Films rendered at once. [default: as the file says]")
    ] = None,
    spool: Annotated[
        Path | None, typer.Option(help="Spool folder of this host. [default: as the file says]")
    ] = None,
    database: DatabaseOption = None,
    sheets: SheetsOption = None,
    drain_timeout: DrainOption = None,
    log_format: LogOption = None,
    verbose: Annotated[bool, typer.Option(help="Log more, without patient data.")] = False,
) -> None:
    """Render and deliver films that others accept.

    It runs until SIGTERM or Ctrl-C, beside printscp serve on this host or others.

    Several hosts share a job table (database) and a place for films (sheets). SIGHUP, or printscp reload, has
    it read the file again.
    """
    from printscp.cli.running import run
    from printscp.config import load
    from printscp.logs import set_up

    read = partial(
        load,
        config,
        workers=workers,
        spool=spool,
        database=database,
        sheets=sheets,
        drain_timeout=drain_timeout,
        log_format=log_format,
    )
    settings = read()
    set_up(logging.INFO if verbose else logging.WARNING, settings.log_format)
    from printscp.printer import FilmWorkers

    at_work = f"{settings.workers} worker{'' if settings.workers == 1 else 's'}"
    run(FilmWorkers(settings), read, lambda: typer.echo(f"{at_work} at work for {settings.spool}"))


def reload(spool: SpoolOption = None, config: ConfigOption = None) -> None:
    """Have printers and workers read their settings again.

    All do that run with a spool folder: printers, outputs, routes, certificates and how many workers there
    are may change. What each reads is checked first; where something is wrong, all go on as they are.
    """
    from printscp.config import load
    from printscp.spool.processes import living

    folder = load(config, spool=spool).spool
    try:
        processes = [process for process in living(folder) if _listens(process)]
    except OSError as error:
        raise SetupError(f"spool {folder}: {error.strerror}") from error
    if not processes:
        raise SetupError(f"no printer and no worker runs with the spool {folder}")
    _check(processes)
    told = list(filter(_signal, processes))
    for process in told:
        read = process.configuration or "its settings"
        typer.echo(f"{process.kind} {process.pid} reads {read} again")
    if not told:
        raise SetupError(f"what ran with the spool {folder} has ended")


def _listens(process: "Process") -> bool:
    """Whether SIGHUP has a meaning for it: one that is part of another program, or works for another process,
    would die of it."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # no such folder on this system
        return process.configuration is not None
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGHUP - 1) & 1)


def _check(processes: "Iterable[Process]") -> None:
    """What they will read.

    Raises:
        SetupError: something is wrong with it.
    """
    from printscp.config import load

    for file in {process.configuration for process in processes}:
        if file is not None:
            load(file)


def _signal(process: "Process") -> bool:
    """Whether it is still there to be told."""
    try:
        os.kill(process.pid, signal.SIGHUP)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise SetupError(
            f"no right to tell {process.kind} {process.pid}: run printscp reload as its user, or as root"
        ) from error
    return True
