"""`printscp replay`: the dialogue of a job once more, to any printer."""

import gc
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.cli.captured import CapturedArgument, captured
from printscp.cli.opening import ConfigOption, SpoolOption

if TYPE_CHECKING:
    from printscp.replay import Played


def replay(
    job: CapturedArgument,
    host: str,
    port: int,
    called: Annotated[str, typer.Option(help="AE title of the printer. [default: as then]")] = "",
    calling: Annotated[str, typer.Option(help="AE title to come as. [default: as then]")] = "",
    as_timed: Annotated[
        bool, typer.Option("--as-timed", help="Make the pauses that the SCU made, up to 10 s each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Send what an SCU sent for a job again, request by request, to this printer or any other.

    The presentation contexts, the data sets and their order are the same, pixels come from the films of the
    job; of an image that was refused or replaced they are no longer there, and zeros are sent. Printed is
    how each request was answered then and now. Exit code 0 says that all were answered alike, 6 that some
    were not, 1 that the printer cannot be reached, 3 that there is no such job, 4 that its dialogue is no
    longer there."""
    from printscp.replay import differing
    from printscp.replay import replay as played

    gc.enable()
    answers: list[Played] = []
    with captured(job, spool, config) as capture:
        for each in played(capture, host, port, called=called, calling=calling, as_timed=as_timed):
            answers.append(each)
            if not as_json:
                _say(each)
    different = differing(answers)
    if as_json:
        say_json([asdict(each) | {"same": each.same} for each in answers])
    else:
        typer.secho(
            f"{len(answers)} requests, {different} answered differently", fg="red" if different else "green"
        )
    if different:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _say(each: "Played") -> None:
    """A request on a line."""
    from printscp.transcript.words import status_words

    statuses = f"{status_words(each.then):6}  {status_words(each.now):6}"
    mark = "" if each.same else "differs" if each.now is not None else "missing"
    line = f"{each.number:4}  {statuses}  {mark:7}  {each.request}{': ' if each.note else ''}{each.note}"
    typer.secho(printable(line), fg=None if each.same else "red")
