"""What rows of the job table mean, wherever they were read: columns are attributes, of Python's own types."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from printscp.film.job import Delivery, DeliveryState, ExecutionStatus, Job, JobFilm
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order

NEWEST = "0003"
"""The version of the tables: the last of `migrations/versions`; a test compares."""
NOT_NEWEST = "no jobs of this version of printscp: start the printer first"


@dataclass(frozen=True)
class OutputState:
    """What is the matter with an output: as its printer's state, and in words."""

    printer: PrinterState
    info: str


def delivery_of(row: Any) -> Delivery:
    """The delivery of a row of its table."""
    return Delivery(
        id=row.id,
        output=row.output,
        state=DeliveryState(row.state),
        status_info=row.status_info,
        info=row.info,
        attempts=row.attempts,
        place=row.place,
        remote=row.remote,
        finished=row.finished and utc(row.finished),
    )


def job_of(row: Any, its: Sequence[Delivery]) -> Job:
    """The job of a row of its table, and of its deliveries."""
    return Job(
        id=row.id,
        uid=row.uid,
        status=ExecutionStatus(row.status),
        status_info=row.status_info,
        info=row.info,
        order=Order(
            copies=row.copies,
            priority=row.priority,
            medium=row.medium,
            destination=row.destination,
            label=row.label,
            owner=row.owner,
            printer_name=row.printer_name,
            originator=row.originator,
            remarks=tuple(row.order_remarks),
        ),
        films=tuple(JobFilm(**film) for film in row.films),
        remarks=tuple(row.remarks),
        created=utc(row.created),
        finished=row.finished and utc(row.finished),
        confirmed=row.confirmed,
        deliveries=tuple(its),
    )


def utc(moment: datetime) -> datetime:
    """A moment of the database: those are in UTC, and do not say so."""
    return moment.replace(tzinfo=UTC)
