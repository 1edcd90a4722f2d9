"""The queue: jobs seen and steered."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from printscp.desk.records import Choices, JobFilter, JobPage, SeenJob
from printscp.web.access import JOBS_SEEN, Administrator, Noted, Operator, Viewer
from printscp.web.api.asking import LARGEST, OF_JOB, JobNumber, Title, example, noted, operations, problems
from printscp.web.context import TheDesk

router = operations("jobs")

_STEERED = problems("no-such-thing", "not-possible", "role", "cross-site", "away", "busy")

State = Literal["", "PENDING", "PRINTING", "DONE", "FAILURE", "HELD", "open"]
Priority = Literal["HIGH", "MED", "LOW"]
OutputName = Annotated[str, Field(min_length=1, max_length=300)]


class Prioritized(BaseModel):
    """The priority that a job is to have."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority


class Moved(BaseModel):
    """Where a job is to go: ``output`` instead of all its outputs, or of that which ``of`` names."""

    model_config = ConfigDict(extra="forbid")

    output: OutputName
    of: OutputName | None = None


class Reprinted(BaseModel):
    """How a job is to be printed again; what is not said is as it was."""

    model_config = ConfigDict(extra="forbid")

    outputs: list[OutputName] = Field(default=[], max_length=50)
    copies: int | None = Field(None, ge=1, le=999)
    priority: Priority | None = None


@router.get(
    "/jobs",
    summary="List jobs",
    dependencies=[JOBS_SEEN],
    responses=problems("away", "busy"),
    openapi_extra=example("?state=open&limit=5"),
)
def list_jobs(
    desk: TheDesk,
    visitor: Viewer,
    printer: Annotated[Title, Query(description="AE title of the printer.")] = "",
    calling: Annotated[Title, Query(description="AE title of the SCU.")] = "",
    state: Annotated[State, Query(description="`open`: all that have not ended.")] = "",
    day: Annotated[date | None, Query(description="Day of local time that they came in.")] = None,
    before: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="Older ones than this: `before` of the last answer.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many.")] = 50,
) -> JobPage:
    """Jobs that fit all that is given, the newest first."""
    wanted = JobFilter(printer, calling, state, day)
    return desk.jobs.some(wanted, private=visitor.private, before=before, limit=limit)


@router.get(
    "/jobs/choices",
    summary="What jobs can be filtered by",
    responses=problems("away", "busy"),
    openapi_extra=example(),
)
def list_choices(desk: TheDesk, visitor: Viewer) -> Choices:
    """Printers, SCUs and days that there are jobs of."""
    return desk.jobs.choices()


@router.get(
    "/jobs/{job}",
    summary="See a job",
    dependencies=[JOBS_SEEN],
    responses=OF_JOB,
    openapi_extra=example(),
)
def get_job(desk: TheDesk, visitor: Viewer, job: JobNumber) -> SeenJob:
    """Its state, films and deliveries; `can` says what may be done with it now."""
    return desk.jobs.one(job, private=visitor.private)


@router.post("/jobs/{job}/hold", summary="Hold a job", responses=_STEERED, openapi_extra=example())
def hold_job(desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber) -> SeenJob:
    """It waits until it is released."""
    with noted(note, "job held", job=int(job)):
        return desk.jobs.hold(job)


@router.post("/jobs/{job}/release", summary="Release a job", responses=_STEERED, openapi_extra=example())
def release_job(desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber) -> SeenJob:
    """A job that is held goes on."""
    with noted(note, "job released", job=int(job)):
        return desk.jobs.release(job)


@router.post("/jobs/{job}/cancel", summary="Cancel a job", responses=_STEERED, openapi_extra=example())
def cancel_job(desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber) -> SeenJob:
    """No more of it is printed. A second time it is done with whether or not its printer answers."""
    with noted(note, "job cancelled", job=int(job)):
        return desk.jobs.cancel(job)


@router.put(
    "/jobs/{job}/priority",
    summary="Give a job another priority",
    responses=_STEERED,
    openapi_extra=example(body={"priority": "HIGH"}),
)
def prioritize_job(
    desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber, asked: Prioritized
) -> SeenJob:
    """Of jobs that wait those of higher priority go first."""
    with noted(note, "job prioritized", job=int(job), priority=asked.priority):
        return desk.jobs.prioritize(job, asked.priority)


@router.post(
    "/jobs/{job}/move",
    summary="Move a job to another output",
    responses=_STEERED,
    openapi_extra=example(body={"output": "ward"}),
)
def move_job(desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber, asked: Moved) -> SeenJob:
    """What waits, or is held, goes there instead; `GET /api/v1/outputs` names the outputs."""
    with noted(note, "job moved", job=int(job), output=asked.output):
        return desk.jobs.move(job, asked.output, of=asked.of)


@router.post(
    "/jobs/{job}/reprint",
    summary="Print a job again",
    responses=_STEERED,
    openapi_extra=example(body={"copies": 2}),
)
def reprint_job(
    desk: TheDesk, visitor: Operator, note: Noted, job: JobNumber, asked: Reprinted | None = None
) -> SeenJob:
    """As a job of its own, which is the answer. Its films must be kept."""
    asked = asked or Reprinted()
    with noted(note, "job reprinted", job=int(job), copies=asked.copies):
        return desk.jobs.reprint(
            job, outputs=tuple(asked.outputs), copies=asked.copies, priority=asked.priority
        )


@router.delete(
    "/jobs/{job}", summary="Purge a job", status_code=204, responses=_STEERED, openapi_extra=example()
)
def purge_job(desk: TheDesk, visitor: Administrator, note: Noted, job: JobNumber) -> None:
    """A job that has ended goes, with its films and all that is known of it."""
    with noted(note, "job purged", job=int(job)):
        desk.jobs.purge(job)
        desk.films.drop(int(job))
