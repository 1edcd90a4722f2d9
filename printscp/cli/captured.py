"""A job that a command is to look into: one of the spool, or a file that `printscp jobs export` wrote; or an
association that made none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.opening import LATEST, find, opened_spool, settings_of

if TYPE_CHECKING:
    from printscp.capture import Capture

CapturedArgument = Annotated[
    str,
    typer.Argument(
        metavar="JOB|FILE",
        help="Number of a job, or latest; a file that printscp jobs export wrote; or unprinted, the last "
        "association that made no job, unprinted:2 the one before.",
    ),
]


@contextmanager
def captured(what: str, spool: Path | None, config: Path | None) -> Iterator["Capture"]:
    """A job by its number, or latest, or the name of a file; its films can be read inside the block.

    Raises:
        SetupError: there is none.
    """
    from printscp.capture import UNPRINTED, read_file

    number = what == LATEST or (what.isascii() and what.isdecimal())
    if not number and not UNPRINTED.fullmatch(what):
        yield read_file(Path(what))
        return
    from printscp.desk.captured import captured_job, captured_unprinted

    settings = settings_of(config, spool)
    if not number:
        yield captured_unprinted(settings.spool, what)
        return
    with opened_spool(settings) as films:
        yield captured_job(films, find(films.queue, what))
