"""`python -m printscp.testing`: a bench printer as a program, for tests in other languages."""

import json
import os
import signal
import stat
import sys
import threading
import warnings
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from printscp.cli.answers import ExitCode, exit_code, say_fault
from printscp.errors import SetupError


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.")] = 0,
    ae_title: Annotated[
        str | None, typer.Option(help="AE title; when given, associations must call it.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Printer profile. [default: imager17]")] = None,
    mode: Annotated[
        str | None, typer.Option(help="tolerant or strict. [default: as the profile says]")
    ] = None,
    personas: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Profiles to be called by their names in capitals, or all."),
    ] = None,
    faults: Annotated[Path | None, typer.Option(metavar="FILE", help="Script of faults.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same UIDs in each run.")] = None,
    films: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Gets a PNG of each film as it looks on a light box.")
    ] = None,
    findings: Annotated[bool, typer.Option("--findings", help="Say what is wrong with what came.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End with the first association.")] = False,
) -> None:
    """Be a film printer for tests, in memory, and write a line of JSON for all that comes.

    The first line has host and port. It ends at SIGTERM, at Ctrl-C, or when the pipe of its standard input is
    closed. Exit codes: 0; 1 it cannot be done; 6 with --findings there was an error, or with --once no film.
    """
    from printscp.testing.station import Station

    warnings.filterwarnings("ignore", module="pydicom")  # values that break a rule, which the lines have

    station = Station(films, findings, once)
    settings = {"host": host, "port": port, "ae_title": ae_title, "profile": profile, "mode": mode}
    with station.printer(**settings, personas=personas or (), faults=faults, seed=seed) as printer:
        _end_with(station.stop)
        for line in station.lines(printer):
            print(json.dumps(line), flush=True)  # noqa: T201
    if not station.right:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _end_with(stop: Any) -> None:
    """Stop at signals, and at the end of standard input where that is a pipe: nobody is there any more."""

    def signalled(number: int, frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signalled)

    def read() -> None:
        while os.read(0, 4096):
            pass
        stop()

    if sys.stdin is None:  # closed from the start: 0 is then a door of the printer
        return
    kind = os.fstat(0).st_mode
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        threading.Thread(target=read, name="standard input", daemon=True).start()


if __name__ == "__main__":
    try:
        typer.run(main)
    except SetupError as error:
        say_fault(error)
        sys.exit(exit_code(error))
