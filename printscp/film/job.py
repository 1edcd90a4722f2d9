"""A print job (PS3.3 C.13.8): what became of films after their N-ACTION."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from printscp.film.sheet import Order


class ExecutionStatus(StrEnum):
    """Execution Status (2100,0020), enumerated values."""

    PENDING = "PENDING"
    PRINTING = "PRINTING"
    DONE = "DONE"
    FAILURE = "FAILURE"


@dataclass(frozen=True)
class JobFilm:
    """One film of a job; ``sheet`` is the name of its sheet in the spool."""

    sheet: str
    film_size: str
    display_format: str
    images: int


@dataclass(frozen=True)
class Job:
    """One row of the queue.

    ``status_info`` is the Execution Status Info, a term of PS3.3 C.13.9.1; ``info`` says in words why the job
    is where it is, where there is a reason. ``remarks`` are those of session, films and rendering;
    ``outputs`` says, once the job is done, where its films went, by each way out. An SCU has ``confirmed``
    the end of the job when it acknowledged its Done or Failure event.
    """

    id: int
    uid: str
    status: ExecutionStatus
    status_info: str
    info: str
    order: Order
    films: tuple[JobFilm, ...]
    remarks: tuple[str, ...]
    attempts: int
    created: datetime
    finished: datetime | None
    outputs: tuple[str, ...]
    confirmed: bool

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self.status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)


@dataclass(frozen=True)
class JobNews:
    """A change of a job's Execution Status, as it happened."""

    uid: str
    status: ExecutionStatus
    status_info: str
    printer_name: str
    label: str
