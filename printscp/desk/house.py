"""What all parts of the desk go by: settings, spool, and what the printers' process says of itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from printscp.catalog import Catalog
from printscp.config import Settings
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.live import Live
from printscp.spool.database import TableError, reason
from printscp.spool.folder import Limits, Spool
from printscp.spool.store import DamagedSheet

LATEST = "latest"
LARGEST = 2**31 - 1
"""The largest number of a job that a database takes."""


class House:
    """The spool of some settings, opened; ``live`` is None where the printers' process is not known.
    ``stirred`` is called by whoever of the desk has changed something."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.live: Live | None = None
        self.stirred: Callable[[], None] = lambda: None
        limits = Limits(settings.queue_limit, settings.reserve_mib << 20)
        self.spool = Spool(settings.spool, settings.database_url, settings.sheets, limits=limits, make=False)
        self.queue = self.spool.queue

    @property
    def settings(self) -> Settings:
        """Those in force, with a printer for each persona."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings.with_personas(Catalog(settings.layouts).profile_names)

    @property
    def catalog(self) -> Catalog:
        """Film sizes, formats and profiles."""
        return Catalog(self.settings.layouts)

    @contextmanager
    def reached(self) -> Iterator[None]:
        """The block reads or changes the spool.

        Raises:
            Away: it cannot be reached.
        """
        try:
            yield
        except TableError as error:
            raise Away(f"job table: {reason(error)}") from error
        except OSError as error:
            raise Away(f"films: {error.strerror or error}") from error

    def job(self, which: str) -> Job:
        """The job of a number, or the latest.

        Raises:
            NoSuchJob, Away
        """
        with self.reached():
            if which == LATEST:
                found = next(iter(self.queue.jobs(last=1)), None)
                if found is None:
                    raise NoSuchJob("no job yet")
                return found
            known = which.isascii() and which.isdecimal() and len(which) <= len(str(LARGEST))
            found = self.queue.job(int(which)) if known and int(which) <= LARGEST else None
        if found is None:
            raise NoSuchJob(f"no job {which[:20]}")
        return found

    def check_film(self, job: Job, film: int) -> None:
        """A job has a film of that number.

        Raises:
            NoSuchJob: it has not.
        """
        if not 1 <= film <= len(job.films):
            raise NoSuchJob(f"job {job.id} has {len(job.films)} film{'s' * (len(job.films) != 1)}, no {film}")

    def sheet(self, job: Job, film: int) -> Sheet:
        """A film of a job, the first of which has number 1.

        Raises:
            NoSuchJob: it has no such film.
            NotPossible: its films are no longer kept, or damaged.
            Away
        """
        self.check_film(job, film)
        with self.reached():
            if not self.spool.has_films(job):
                raise NotPossible(f"job {job.id}: its films are no longer kept; see keep_jobs")
            try:
                return self.spool.sheets.load(job.films[film - 1].sheet)
            except DamagedSheet as error:
                raise NotPossible(f"job {job.id}: film {film} cannot be read: {error}") from error

    def close(self) -> None:
        self.spool.close()


__all__ = ["LARGEST", "LATEST", "House", "SetupError"]
