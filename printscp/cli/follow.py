"""Follows jobs: tells how they change, as they do."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from printscp.errors import NoSuchJob
from printscp.film.job import ExecutionStatus, Job

if TYPE_CHECKING:
    from printscp.cli.opening import Shown

_PAUSE = 0.5  # seconds between looks
_REST = 10  # a look that took long is followed by a pause so many times as long
_ACTIVE = (ExecutionStatus.PENDING, ExecutionStatus.PRINTING)
_FEW = 20


class Follower:
    """Sees jobs that change from when it is made."""

    def __init__(self, queue: "Shown") -> None:
        self._queue = queue
        self._newest = max((job.id for job in queue.jobs(last=1)), default=0)
        self._seen = {job.id: job for job in queue.jobs(statuses=_ACTIVE)}

    def changes(self) -> Iterator[Job]:
        """Jobs that are new, or not as they were, for ever."""
        while True:
            started = time.monotonic()
            yield from self._look()
            time.sleep(max(_PAUSE, _REST * (time.monotonic() - started)))

    def _look(self) -> list[Job]:
        found = {job.id: job for job in (*self._newer(), *self._queue.jobs(statuses=_ACTIVE))}
        ended = (self._queue.job(number) for number in self._seen.keys() - found.keys())
        found |= {job.id: job for job in ended if job is not None}  # None was purged
        changed = [job for number, job in sorted(found.items()) if self._seen.get(number) != job]
        self._newest = max(self._newest, *found, 0)
        self._seen = {number: job for number, job in found.items() if not job.ended}
        return changed

    def _newer(self) -> list[Job]:
        """Jobs since the newest that was seen: some may have ended already."""
        last = _FEW
        while True:
            found = self._queue.jobs(last)
            if len(found) < last or found[0].id <= self._newest:
                return [job for job in found if job.id > self._newest]
            last *= _FEW


def until_ended(queue: "Shown", job: Job) -> Iterator[Job]:
    """How a job changes, until it has ended.

    Raises:
        NoSuchJob: it was purged.
    """
    while not job.ended:
        time.sleep(_PAUSE)
        now = queue.job(job.id)
        if now is None:
            raise NoSuchJob(f"job {job.id} was purged")
        if now != job:
            yield now
        job = now
