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


class DeliveryState(StrEnum):
    """How far the films of a job have come on one of its ways out.

    SENT: a printer has them, and says when they are printed. HELD waits for an operator.
    """

    WAITING = "WAITING"
    HELD = "HELD"
    SENDING = "SENDING"
    SENT = "SENT"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self in (DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.CANCELLED)


@dataclass(frozen=True)
class JobFilm:
    """One film of a job; ``sheet`` is the name of its sheet in the spool."""

    sheet: str
    film_size: str
    display_format: str
    images: int
    color: bool = False


@dataclass(frozen=True)
class Delivery:
    """One way out of a job's films.

    ``output`` is the name of the output. ``status_info`` is a term of PS3.3 C.13.9.1 and ``info`` says in
    words why the delivery is where it is, where there is a reason. ``attempts`` counts how often it was
    begun. ``place`` says where the films went, ``remote`` is the job's id at a printer that has them.
    """

    id: int
    output: str
    state: DeliveryState
    status_info: str
    info: str
    attempts: int
    place: str
    remote: str
    finished: datetime | None


@dataclass(frozen=True)
class Job:
    """One job of the queue.

    ``status_info`` is the Execution Status Info, a term of PS3.3 C.13.9.1; ``info`` says in words why the job
    is where it is, where there is a reason. ``remarks`` are those of session, films and rendering. An SCU has
    ``confirmed`` the end of the job when it acknowledged its Done or Failure event.
    """

    id: int
    uid: str
    status: ExecutionStatus
    status_info: str
    info: str
    order: Order
    films: tuple[JobFilm, ...]
    remarks: tuple[str, ...]
    created: datetime
    finished: datetime | None
    confirmed: bool
    deliveries: tuple[Delivery, ...]

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self.status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Where its films went."""
        return tuple(each.place for each in self.deliveries if each.state is DeliveryState.DONE)

    @property
    def attempts(self) -> int:
        """How often a delivery was begun, of the one begun most often."""
        return max((each.attempts for each in self.deliveries), default=0)


@dataclass(frozen=True)
class JobNews:
    """A change of a job's Execution Status, as it happened."""

    uid: str
    status: ExecutionStatus
    status_info: str
    printer_name: str
    label: str
