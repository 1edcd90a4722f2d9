"""What operations of the API have in common: names and numbers in what is asked, and how it is answered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from printscp.desk.records import Bytes
from printscp.errors import SetupError, Withheld
from printscp.web.access import Noter, Viewer, Visitor
from printscp.web.context import TheDesk
from printscp.web.problem import KINDS, MEDIA_TYPE

LARGEST = 2**31 - 1  # of any number

ALWAYS = ("bad-request", "log-in", "role", "method", "too-large", "wrong-host", "not-valid", "too-many")
_TITLES = r"^[\x20-\x7E]{0,16}$"  # VR AE (PS3.5 6.2)

JobId = Annotated[
    str,
    Path(
        pattern="^(latest|[0-9]{1,10})$",
        description="Number of a job, or `latest`.",
        openapi_examples={"latest": {"value": "latest"}},
    ),
]
FilmNumber = Annotated[int, Path(alias="film", ge=1, le=LARGEST, description="Film of the job, from 1.")]
UnprintedNumber = Annotated[int, Path(alias="number", ge=1, le=LARGEST, description="1 is the newest.")]
PrinterName = Annotated[
    str, Path(alias="printer", pattern=r"^[\x20-\x7E]{1,16}$", description="AE title of a printer.")
]
Title = Annotated[str, Query(pattern=_TITLES)]


async def _job_number(job: JobId, desk: TheDesk) -> str:
    """The job that is meant, from here on: the next may come at any moment."""
    if job != "latest":
        return str(int(job))
    return str((await run_in_threadpool(desk.jobs.one, job, private=False)).id)


JobNumber = Annotated[str, Depends(_job_number)]


async def _may_see_patients(visitor: Viewer) -> Visitor:
    if not visitor.private:
        raise Withheld("it may name a patient, and is not shown to you: log in as somebody who may see that")
    return visitor


PatientViewer = Annotated[Visitor, Depends(_may_see_patients)]


async def _nothing_else(request: Request, visitor: Viewer) -> None:
    """A misspelt parameter is not to be taken for one that was left out, nor of two the last alone."""
    known = _parameters(request.scope["route"].dependant)
    for name in request.query_params:
        if name not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "there are none here"
            raise _wrong(name, f"No such parameter: {there}")
        if known[name] and len(request.query_params.getlist(name)) > 1:
            raise _wrong(name, "Give it once")


def _wrong(name: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "query", "loc": ("query", name), "msg": message}])


def _parameters(dependant: Any) -> dict[str, bool]:
    """Query parameters of an operation, and whether they can be given once only."""
    found: dict[str, bool] = {}
    for each in dependant.query_params:
        found[each.alias] = not str(each.field_info.annotation).startswith(("list", "tuple"))
    for each in dependant.dependencies:
        found |= _parameters(each)
    return found


def operations(tag: str) -> APIRouter:
    """For the operations of a subject."""
    return APIRouter(
        prefix="/api/v1",
        tags=[tag],
        dependencies=[Depends(_nothing_else)],
        responses=problems(*ALWAYS),
        generate_unique_id_function=lambda route: route.name,
    )


def problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Answers of these kinds of problem, for the OpenAPI document; of one status there may be several."""
    found: dict[int | str, dict[str, Any]] = {}
    schema = {"$ref": "#/components/schemas/Problem"}
    for each in kinds:
        kind = KINDS[each]
        said = f"{kind.title} (`{each}`). {kind.to_do}"
        if kind.status in found:
            said = f"{found[kind.status]['description']} Or: {said}"
        found[kind.status] = {"description": said, "content": {MEDIA_TYPE: {"schema": schema}}}
    return found


OF_JOB = problems("no-such-thing", "away", "busy")
OF_FILMS = problems("no-such-thing", "not-possible", "withheld", "role", "away", "busy")


def example(query: str = "", body: Any = None, **arguments: str) -> dict[str, Any]:
    """What to send, for the OpenAPI document; tests do. Of the path there are only the ``arguments`` that are
    not always the same."""
    return {
        "x-example": arguments
        | ({"query": query} if query else {})
        | ({} if body is None else {"body": body})
    }


def media(*types: str) -> dict[int | str, dict[str, Any]]:
    """The answer is a file of one of these media types."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": "The file.", "content": {each: {"schema": schema} for each in types}}}


def attachment(found: Bytes) -> Response:
    """A file to be saved, under its name."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", found.name).lstrip(".-") or "film"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)


@contextmanager
def noted(note: Noter, action: str, **facts: Any) -> Iterator[dict[str, Any]]:
    """The block does what is to be in the audit log, done or not; what it finds out it puts into what it is
    given."""
    try:
        yield facts
    except SetupError as error:
        note(action, **facts, result=type(error).__name__)
        raise
    note(action, **facts, result="done")
