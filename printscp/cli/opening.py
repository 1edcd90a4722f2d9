"""Opens a spool for commands that look at its jobs or steer them, whether its printer runs or not."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote

import typer

from printscp.errors import NoSuchJob, SetupError

if TYPE_CHECKING:
    from printscp.config import Settings
    from printscp.film.job import Job
    from printscp.spool.folder import Spool
    from printscp.spool.glance import Glance
    from printscp.spool.queue import JobQueue

    Shown = JobQueue | Glance

SpoolOption = Annotated[Path | None, typer.Option(help="Spool folder. [default: printscp-spool]")]
ConfigOption = Annotated[
    Path | None, typer.Option(help="TOML file of the printer, which says where its spool and job table are.")
]
LATEST = "latest"
_LARGEST = 2**31 - 1  # that a database takes for the number of a job
_SQLITE = "sqlite:///"


def settings_of(config: Path | None, spool: Path | None) -> "Settings":
    """The settings that say where the jobs are.

    Raises:
        SetupError: there are none.
    """
    from printscp.config import load

    settings = load(config, spool=spool)
    file = _file_of(settings.database_url)
    if file is not None and not _is_there(file):
        raise SetupError(f"no spool in {file.parent}: give the folder of a printer with --spool")
    return settings


def _file_of(url: str) -> Path | None:
    """The file of a job table on SQLite."""
    if not url.startswith(_SQLITE):
        return None
    return Path(unquote(url.removeprefix(_SQLITE).partition("?")[0]))


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except PermissionError as error:
        raise SetupError(f"no right to look into {file.parent}: do this as the printer's user") from error


@contextmanager
def opened_to_see(settings: "Settings") -> Iterator["Shown"]:
    """The jobs, only to be shown.

    Raises:
        SetupError: they cannot be reached, or no more.
    """
    file = _file_of(settings.database_url)
    if file is None:
        with opened_queue(settings) as queue:
            yield queue
    else:
        from printscp.spool.glance import glance

        with glance(file) as seen:
            yield seen


@contextmanager
def opened_queue(settings: "Settings") -> Iterator["JobQueue"]:
    """The jobs without their films.

    Raises:
        SetupError: they cannot be reached, or no more.
    """
    from printscp.spool.database import Database, TableError, reason
    from printscp.spool.queue import JobQueue

    with closing(Database(settings.database_url, make=False)) as database:
        try:
            yield JobQueue(database)
        except TableError as error:
            raise SetupError(f"{database.place}: {reason(error)}") from error


@contextmanager
def opened_spool(settings: "Settings") -> Iterator["Spool"]:
    """The jobs and their films; as `opened_queue`."""
    from printscp.spool.database import TableError, reason
    from printscp.spool.folder import Spool

    with closing(Spool(settings.spool, settings.database_url, settings.sheets, make=False)) as spool:
        try:
            yield spool
        except TableError as error:
            raise SetupError(f"job table: {reason(error)}") from error
        except OSError as error:
            raise SetupError(f"films: {error.strerror or error}") from error


def number_of(queue: "Shown", which: str) -> int:
    """The number that is meant.

    Raises:
        NoSuchJob
    """
    if which == LATEST:
        return find(queue, which).id
    if len(which) > len(str(_LARGEST)) or int(which) > _LARGEST:
        raise NoSuchJob(f"no job {which}: see printscp jobs")
    return int(which)


def find(queue: "Shown", which: str) -> "Job":
    """The job of that number, or the latest.

    Raises:
        NoSuchJob
    """
    if which == LATEST:
        latest = queue.jobs(last=1)
        if not latest:
            raise NoSuchJob("no job yet")
        return latest[0]
    found = queue.job(number_of(queue, which))
    if found is None:
        raise NoSuchJob(f"no job {which}: see printscp jobs")
    return found
