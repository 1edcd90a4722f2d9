"""Delivers a job: its sheets become pages, one by one, and those a document of an output.

What is delivered is a function of job, sheets and settings of the outputs alone: done again, by another
worker or years later, it is the same document.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.outputs.output import Claim, Document, Output, Sent, SheetOutput, Ticket
from printscp.render.compose import compose
from printscp.render.omissions import not_rendered
from printscp.render.page import ColorPage, Page
from printscp.spool.store import SheetStore


@dataclass(frozen=True)
class Delivered:
    """``sent`` says where the films went, ``remarks`` what the pages do not show, by film."""

    sent: Sent
    remarks: tuple[tuple[str, ...], ...]


def deliver(job: Job, sheets: SheetStore, output: Output | SheetOutput, claim: Claim) -> Delivered:
    """Deliver all films of a job to an output; where that fails, no document is left.

    Raises:
        OSError, NotReady: the output, or the store, cannot be used for now; ``filename`` is the place of
            the output.
        Refused: the output will never take them.
        DamagedSheet: a film cannot be read back.
        ClaimLost
    """
    if isinstance(output, SheetOutput):
        return _deliver_sheets(job, sheets, output, claim)
    remarks = []
    with _begun(output, ticket(job)) as document:
        for number, film in enumerate(job.films, start=1):
            sheet = sheets.load(film.sheet)
            remarks.append(not_rendered(sheet, job.order))
            page = page_of(job, number, sheet)
            del sheet
            with _told_of(output):
                document.add(page)
            del page  # before the next is made: it is large
        with _told_of(output):
            return Delivered(document.finish(claim), tuple(remarks))


def page_of(job: Job, number: int, sheet: Sheet, side: int | None = None) -> Page | ColorPage:
    """The page of a job's film, the first of which has number 1; ``side`` as `compose` has it."""
    return compose(sheet, film_title(job, number), job.order.label, side)


def _begun(output: Output, its: Ticket) -> Document:
    with _told_of(output):
        return output.begin(its)


def _deliver_sheets(job: Job, sheets: SheetStore, output: SheetOutput, claim: Claim) -> Delivered:
    with _told_of(output):
        started = output.begin_sheets(ticket(job))
    with started as document:
        for film in job.films:
            sheet = sheets.load(film.sheet)
            with _told_of(output):
                document.add(sheet)
            del sheet
        with _told_of(output):
            return Delivered(document.finish(claim), ())


@contextmanager
def _told_of(output: Output | SheetOutput) -> Iterator[None]:
    """What an output cannot take for now names its place."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), output.place) from error


def ticket(job: Job) -> Ticket:
    """What outputs have to know of a job."""
    order = job.order
    return Ticket(
        job=job.id,
        name=f"{job.created:%Y%m%d-%H%M%S}-{job.id:06}",
        title=f"{_title(job)}   {order.originator} > {order.printer_name}",
        copies=order.copies,
        created=job.created,
        priority=order.priority,
        medium=order.medium,
        destination=order.destination,
        printer=order.printer_name,
        originator=order.originator,
        film_size=job.films[0].film_size,
        films=len(job.films),
        label=order.label,
        owner=order.owner,
    )


def film_title(job: Job, number: int) -> str:
    """The line below the images of a job's film: which film this is, and no word of whose."""
    films = len(job.films)
    name = _title(job) if films == 1 else f"{_title(job)}   film {number} of {films}"
    size = job.films[number - 1].film_size
    created = job.created.astimezone()
    return (
        f"{name}   {created:%Y-%m-%d %H:%M:%S}   {size}   {job.order.originator} > {job.order.printer_name}"
    )


def _title(job: Job) -> str:
    return f"film {job.id}" if len(job.films) == 1 else f"job {job.id}"
