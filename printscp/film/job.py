"""A print job (PS3.3 C.13.8): what became of a film after its N-ACTION."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ExecutionStatus(StrEnum):
    """Execution Status (2100,0020), enumerated values."""

    PENDING = "PENDING"
    PRINTING = "PRINTING"
    DONE = "DONE"
    FAILURE = "FAILURE"


@dataclass(frozen=True)
class Job:
    """One row of the queue. ``info`` says in words why the job is where it is, where there is a reason."""

    id: int
    sop_instance_uid: str
    status: ExecutionStatus
    info: str
    priority: str
    copies: int
    film_size: str
    display_format: str
    images: int
    printer_name: str
    originator: str
    remarks: tuple[str, ...]
    attempts: int
    created: datetime
    finished: datetime | None
    output: str | None

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self.status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)
