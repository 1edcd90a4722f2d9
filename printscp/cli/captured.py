"""A job that a command is to look into: one of the spool, or a file that `printscp jobs export` wrote; or an
association that made none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.opening import LATEST, find, opened_spool, settings_of
from printscp.errors import NoSuchJob, NotPossible, SetupError

if TYPE_CHECKING:
    from printscp.capture import Capture
    from printscp.film.job import Job
    from printscp.film.sheet import Sheet
    from printscp.spool.folder import Spool
    from printscp.transcript import Transcript

UNPRINTED = re.compile("unprinted(:[1-9][0-9]{0,3})?")

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
    if UNPRINTED.fullmatch(what):
        settings = settings_of(config, spool)
        yield _unprinted(settings.spool, what)
        return
    if what != LATEST and not (what.isascii() and what.isdecimal()):
        from printscp.capture import read_file

        yield read_file(Path(what))
        return
    with opened_spool(settings_of(config, spool)) as films:
        yield _of_spool(films, find(films.queue, what))


def _of_spool(films: "Spool", job: "Job") -> "Capture":
    from printscp.capture import Capture

    def film(number: int) -> "Sheet":
        if not films.has_films(job):
            raise NotPossible(f"job {job.id}: its films are no longer kept; see keep_jobs")
        try:
            return films.sheets.load(job.films[number - 1].sheet)
        except Exception as error:
            raise NotPossible(f"job {job.id}: film {number} cannot be read: {error}") from error

    return Capture(
        f"job {job.id}",
        job.uid,
        job.created,
        job.order,
        len(job.films),
        film,
        _dialogue(films, job),
    )


def _unprinted(spool: Path, which: str) -> "Capture":
    from printscp.capture import unprinted
    from printscp.spool.unprinted import Unprinted
    from printscp.transcript.file import DamagedTranscript, load

    number = int(which.partition(":")[2] or 1)
    try:
        kept = Unprinted(spool).newest()
        if len(kept) < number:
            raise NoSuchJob(
                f"{len(kept)} associations without a job are kept here: see printscp jobs unprinted"
            )
        return unprinted(which, load(kept[number - 1].read_bytes()))
    except OSError as error:
        raise SetupError(f"spool {spool}: {error.strerror}") from error
    except DamagedTranscript as error:
        raise SetupError(f"{which}: {error}") from error


def _dialogue(films: "Spool", job: "Job") -> "Transcript | None":
    from printscp.transcript.file import DamagedTranscript, load

    content = films.dialogues.of(job.id)
    try:
        return None if content is None else load(content)
    except DamagedTranscript as error:
        raise SetupError(f"job {job.id}: {error}") from error
