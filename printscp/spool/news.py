"""What a worker tells its server of a job that it changed: one line of JSON each."""

from pydantic import TypeAdapter
from pydantic_core import to_json

from printscp.film.job import Job, JobNews

_NEWS = TypeAdapter(JobNews)


def news(job: Job) -> JobNews:
    """That a job has come to be what it is."""
    order = job.order
    return JobNews(job.uid, job.status, job.status_info, order.printer_name, order.label)


def write_line(job: Job) -> str:
    """The line for a job that has changed."""
    return to_json({"job": job.id, **vars(news(job))}).decode()


def read_line(line: bytes) -> JobNews:
    """The news in a line.

    Raises:
        ValueError: it is no such line, or not all of it.
    """
    return _NEWS.validate_json(line)
