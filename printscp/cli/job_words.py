"""A job in words for people, and as an object for programs."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import typer

from printscp.cli.answers import printable
from printscp.film.job import Delivery, DeliveryState, ExecutionStatus, Job

_COLORS = {
    ExecutionStatus.PENDING: "yellow",
    ExecutionStatus.PRINTING: "cyan",
    ExecutionStatus.DONE: "green",
    ExecutionStatus.FAILURE: "red",
}
_HEADINGS = ("job", "status", "created", "printer", "from", "films", "format", "copies", "priority", "where")
_STATUS = _HEADINGS.index("status")
_State = DeliveryState
_PRIVATE = ("label", "owner")


def table(jobs: Iterable[Job]) -> Iterator[str]:
    """Jobs, each on a line, with a further line for each further way out."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for job in jobs:
        first, *more = [where(each) for each in job.deliveries] or [printable(job.info)]
        rows.append((*_cells(job), first))
        rows += [("",) * (len(_HEADINGS) - 1) + (place,) for place in more]
    # The last column has no end: it may be cut by a terminal, but by nobody else.
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        padded[_STATUS] = _colored(padded[_STATUS])
        yield "  ".join([*padded, row[-1]]).rstrip()


def _cells(job: Job) -> tuple[str, ...]:
    sizes = Counter(film.film_size for film in job.films).items()
    return (
        str(job.id),
        job.status,
        _time(job.created),
        printable(job.order.printer_name),
        printable(job.order.originator),
        printable(", ".join(size if count == 1 else f"{size} x {count}" for size, count in sizes)),
        printable(", ".join(dict.fromkeys(film.display_format for film in job.films))),
        str(job.order.copies),
        job.order.priority,
    )


def where(delivery: Delivery) -> str:
    """Where films are that go one way out, and what keeps them there."""
    why = f": {delivery.info}" if delivery.info else ""
    words = {
        _State.WAITING: f"waits for {delivery.output}{why}",
        _State.HELD: f"held, for {delivery.output}",
        _State.SENDING: f"on its way to {delivery.output}",
        _State.SENT: f"at {_at_printer(delivery)}",
        _State.DONE: delivery.place or delivery.output,
        _State.FAILED: f"failed at {delivery.output}{why}",
        _State.CANCELLED: f"cancelled, for {delivery.output}",
    }
    return printable(words[delivery.state])


def _at_printer(delivery: Delivery) -> str:
    """The printer that has films, and what it says, which may begin with its place."""
    place, info = delivery.place or delivery.output, delivery.info
    return info if info.startswith(f"{place}: ") else ": ".join(filter(None, (place, info)))


def head(counts: Mapping[ExecutionStatus, int]) -> str:
    """How many jobs there are, by status."""
    by_status = ", ".join(f"{counts[status]} {status}" for status in ExecutionStatus if counts.get(status))
    total = sum(counts.values())
    return f"{total} job{'' if total == 1 else 's'}{': ' if by_status else ''}{by_status}"


def all_of(job: Job) -> Iterator[str]:
    """Everything about a job, patient data and all, a line each."""
    order = job.order
    said = [
        ("job", str(job.id)),
        ("uid", job.uid),
        ("status", _because(job.status, job.status_info, job.info)),
        ("created", _time(job.created)),
        ("finished", _time(job.finished) if job.finished else ""),
        ("printer", order.printer_name),
        ("from", order.originator),
        ("copies", str(order.copies)),
        ("priority", order.priority),
        ("medium", order.medium),
        ("destination", order.destination),
        ("label", order.label),
        ("owner", order.owner),
        *(
            (f"film {number}", f"{film.film_size}  {film.display_format}  images: {film.images}")
            for number, film in enumerate(job.films, start=1)
        ),
        *((f"output {each.output}", _delivery(each)) for each in job.deliveries),
        *(("remark", remark) for remark in job.remarks),
    ]
    width = max(len(name) for name, value in said if value)
    for name, value in said:
        if value:
            yield f"{printable(name).ljust(width)}  {printable(value)}"


def _delivery(delivery: Delivery) -> str:
    more = [
        _because(delivery.state, delivery.status_info, delivery.info),
        delivery.place and f"to {delivery.place}",
        delivery.remote and f"as {delivery.remote} there",
        f"attempts: {delivery.attempts}" if delivery.attempts else "",
        f"finished {_time(delivery.finished)}" if delivery.finished else "",
    ]
    return ", ".join(filter(None, more))


def change(job: Job) -> str:
    """How a job is now, on a line."""
    ways = "; ".join(where(each) for each in job.deliveries)
    said = _because(job.status, job.status_info, "" if ways else job.info)
    return f"{_time(datetime.now().astimezone())}  job {job.id}  {_colored(said)}  {ways}".rstrip()


def as_object(job: Job, *, private: bool) -> dict[str, Any]:
    """A job for programs; what may name a patient only where it is ``private``."""
    fields = asdict(job) | {"outputs": job.outputs}
    if not private:
        del fields["remarks"]  # they quote what the SCU sent
        fields["order"] = {
            key: value for key, value in fields["order"].items() if key not in (*_PRIVATE, "remarks")
        }
    return fields


def _because(status: str, info: str, words: str) -> str:
    """A status, its info where that says more, and the same in words."""
    more = f" ({info})" if info not in ("NORMAL", "QUEUED", "") else ""
    return f"{status}{more}{': ' if words else ''}{words}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _colored(status: str) -> str:
    """Seen on a terminal only."""
    name = status.split()[0].rstrip(":") if status.strip() else ""
    if name not in _COLORS or "NO_COLOR" in os.environ:
        return status
    return typer.style(status, fg=_COLORS[ExecutionStatus(name)])
