"""What commands say, to people and to programs, and the codes they exit with."""

import json
from datetime import datetime
from enum import IntEnum
from typing import Any

import typer

from printscp.errors import NoSuchJob, NotPossible, SetupError


class ExitCode(IntEnum):
    """0 is done."""

    CANNOT = 1
    USAGE = 2  # typer's own
    NO_SUCH_JOB = 3
    NOT_POSSIBLE = 4
    JOB_FAILED = 5
    NOT_RIGHT = 6  # it was checked, and it is not as it should be


def exit_code(error: SetupError) -> ExitCode:
    """The code for what went wrong."""
    if isinstance(error, NoSuchJob):
        return ExitCode.NO_SUCH_JOB
    return ExitCode.NOT_POSSIBLE if isinstance(error, NotPossible) else ExitCode.CANNOT


def say_fault(error: SetupError) -> None:
    """Why something was not done, on one line."""
    typer.secho(f"printscp: {printable(str(error))}", err=True, fg="red")


def say_warning(text: str) -> None:
    """Something was done, but not quite as asked."""
    typer.secho(f"warning: {printable(text)}", err=True, fg="yellow")


def say_json(value: Any, *, line: bool = False) -> None:
    """For programs; with ``line`` one object of many, on a line of its own."""
    typer.echo(json.dumps(value, default=_plain, indent=None if line else 1))


def printable(text: str) -> str:
    """``text`` that can neither end a line nor move the cursor of a terminal: SCUs and printers wrote it."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
