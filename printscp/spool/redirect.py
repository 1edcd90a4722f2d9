"""Films that are to go elsewhere, or once more: what an operator asks for by the names of outputs."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from printscp.errors import SetupError
from printscp.film.job import Job

if TYPE_CHECKING:
    from printscp.spool.folder import Spool
    from printscp.spool.queue import JobQueue


def move(queue: "JobQueue", job: Job, output: str, of: str | None, there_are: Collection[str]) -> Job:
    """Have what of a job waits, or is held, go to another of the outputs that ``there_are``; see
    `JobQueue.move`.

    Raises:
        NoSuchJob, NotPossible
        SetupError: there is no such output.
    """
    _check([output], job, there_are)
    return queue.move(job.id, output, of)


def reprint(
    spool: "Spool",
    job: Job,
    outputs: Sequence[str],
    copies: int | None,
    priority: str | None,
    there_are: Collection[str],
) -> int:
    """Print a job again, as a job of its own, on its own outputs or on some that ``there_are``; what is not
    said is as before. Returns its number.

    Raises:
        NotPossible: its films are no longer kept.
        SetupError: there is no such output.
        OSError, TableError
    """
    to = list(dict.fromkeys(outputs or _before(job)))
    _check(to, job, there_are)
    return spool.reprint(
        job,
        f"2.25.{uuid4().int}",  # PS3.5 B.2
        to,
        copies or job.order.copies,
        priority or job.order.priority,
    )


def _before(job: Job) -> list[str]:
    return list(dict.fromkeys(each.output for each in job.deliveries))


def _check(names: Sequence[str], job: Job, there_are: Collection[str]) -> None:
    known = {*_before(job), *there_are}
    for name in names:
        if name not in known:
            remedy = "" if there_are else "; give the printer's --config"
            raise SetupError(f"no output {name!r}: there are {', '.join(sorted(known))}{remedy}")
