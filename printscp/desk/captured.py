"""A job of the spool, or an association that made none, as whatever looks into jobs takes it."""

from pathlib import Path

from printscp.capture import UNPRINTED, Capture, unprinted
from printscp.errors import NoSuchJob, NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.spool.folder import Spool
from printscp.spool.unprinted import Unprinted
from printscp.transcript import Transcript
from printscp.transcript.file import DamagedTranscript, load

__all__ = ["UNPRINTED", "captured_job", "captured_unprinted"]


def captured_job(spool: Spool, job: Job) -> Capture:
    """A job; its films can be read while the spool is open.

    Raises:
        SetupError: its dialogue is damaged.
        TableError
    """

    def film(number: int) -> Sheet:
        if not spool.has_films(job):
            raise NotPossible(f"job {job.id}: its films are no longer kept; see keep_jobs")
        try:
            return spool.sheets.load(job.films[number - 1].sheet)
        except Exception as error:
            raise NotPossible(f"job {job.id}: film {number} cannot be read: {error}") from error

    return Capture(
        f"job {job.id}",
        job.uid,
        job.created,
        job.order,
        len(job.films),
        film,
        _dialogue(spool, job),
    )


def captured_unprinted(folder: Path, which: str) -> Capture:
    """An association of a spool folder that made no job, by its name (`printscp.capture.UNPRINTED`).

    Raises:
        NoSuchJob: so many are not kept.
        SetupError: it cannot be read.
    """
    number = int(which.partition(":")[2] or 1)
    try:
        kept = Unprinted(folder).newest()
        if len(kept) < number:
            raise NoSuchJob(
                f"{len(kept)} associations without a job are kept here: see printscp jobs unprinted"
            )
        return unprinted(which, load(kept[number - 1].read_bytes()))
    except OSError as error:
        raise SetupError(f"spool {folder}: {error.strerror}") from error
    except DamagedTranscript as error:
        raise SetupError(f"{which}: {error}") from error


def _dialogue(spool: Spool, job: Job) -> Transcript | None:
    content = spool.dialogues.of(job.id)
    try:
        return None if content is None else load(content)
    except DamagedTranscript as error:
        raise SetupError(f"job {job.id}: {error}") from error
