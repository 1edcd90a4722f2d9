"""The commands put together."""

import sys
import warnings
from functools import cache
from typing import Annotated

import typer
from typer.main import get_command

from printscp.cli import (
    conformance,
    diff,
    explain,
    fault,
    jobs,
    layouts,
    lint,
    qa,
    render,
    replay,
    send,
    serve,
    users,
)
from printscp.cli.answers import exit_code, say_fault
from printscp.errors import SetupError

# No markup: it would take the [default: ...] of a help text for a style.
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(serve.reload)
app.command()(send.send)
app.add_typer(jobs.app, name="jobs")
app.command()(render.render)
app.command()(replay.replay)
app.command()(diff.diff)
app.command()(explain.explain)
app.command()(lint.lint)
app.add_typer(fault.app, name="fault")
app.add_typer(qa.app, name="qa")
app.add_typer(users.app, name="users")
app.command()(layouts.layouts)
app.command()(conformance.conformance)


_commands = cache(get_command)  # who calls this more than once does not read all signatures anew


def run() -> None:
    """Do what the command line says, and exit."""
    # pydicom quotes values that break a rule, and those may be a patient's.
    warnings.filterwarnings("ignore", module="pydicom")
    try:
        _commands(app)()
    except SetupError as error:
        say_fault(error)
        sys.exit(exit_code(error))


def _version(wanted: bool) -> None:
    if wanted:
        from printscp import __version__

        typer.echo(f"printscp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """A DICOM film printer: print to it as to a laser imager."""
