"""Delivers a job: its sheets become pages, one by one, and those a document of each output.

What is delivered is a function of job, sheets and settings of the outputs alone: done again, by another
worker or years later, it is the same document.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from printscp.film.job import Job
from printscp.outputs.output import Document, Output, Ticket
from printscp.render.compose import compose
from printscp.render.omissions import not_rendered
from printscp.spool.store import SheetStore


@dataclass(frozen=True)
class Delivered:
    """``places`` has where the films went, by output; ``remarks`` what the pages do not show, by film."""

    places: tuple[str, ...]
    remarks: tuple[tuple[str, ...], ...]


def deliver(job: Job, sheets: SheetStore, outputs: Sequence[Output]) -> Delivered:
    """Deliver all films of a job to all outputs. Where one fails, no document of the others is left, but for
    those that were finished before: to deliver again replaces them.

    Raises:
        OSError: an output cannot take them for now; its ``filename`` is the place of that output.
        DamagedSheet: a film cannot be read back.
    """
    remarks = []
    with ExitStack() as stack:
        documents: list[tuple[Output, Document]] = []
        for output in outputs:
            with _told_of(output):
                documents.append((output, stack.enter_context(output.begin(ticket(job)))))
        for number, film in enumerate(job.films, start=1):
            sheet = sheets.load(film.sheet)
            remarks.append(not_rendered(sheet, job.order))
            page = compose(sheet, film_title(job, number), job.order.label)
            del sheet
            for output, document in documents:
                with _told_of(output):
                    document.add(page)
            del page  # before the next is made: it is large
        places = []
        for output, document in documents:
            with _told_of(output):
                places.append(document.finish())
        return Delivered(tuple(places), tuple(remarks))


@contextmanager
def _told_of(output: Output) -> Iterator[None]:
    """What an output cannot take for now names its place: a job may have several."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), output.place) from error


def ticket(job: Job) -> Ticket:
    """What outputs have to know of a job; a function of the job alone, so that one done twice is one
    document."""
    return Ticket(
        name=f"{job.created:%Y%m%d-%H%M%S}-{job.id:06}",
        title=f"{_title(job)}   {job.order.originator} > {job.order.printer_name}",
        copies=job.order.copies,
        created=job.created,
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
