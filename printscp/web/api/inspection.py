"""What was sent, what was wrong with it, how it became gray, and whether a test pattern came out right."""

from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from printscp.desk.records import Attribute, SeenDialogue, SeenUnprinted
from printscp.desk.results import Comparison, FilmExplained, Report, SeenVerification, seen_verification
from printscp.errors import Away
from printscp.web.access import Noted, Operator, Viewer
from printscp.web.api.asking import (
    OF_FILMS,
    OF_JOB,
    FilmNumber,
    JobId,
    JobNumber,
    PatientViewer,
    UnprintedNumber,
    example,
    media,
    noted,
    operations,
    problems,
)
from printscp.web.context import TheDesk

router = operations("inspection")

_MOST_WAITING = 8  # verifications; each takes seconds
_PLAIN = r"^[^\x00-\x1F\x7F-\x9F]*$"  # VR LO has no control characters (PS3.5 6.2)
_NAME = r"^[A-Za-z0-9._-]+$"

PatternName = Annotated[str, Field(pattern=_NAME, max_length=64)]
Imagers = Annotated[
    list[Annotated[str, Field(pattern=_NAME, max_length=64)]],
    Query(max_length=20, description="Printer profiles whose answers are told, too."),
]


class Verified(BaseModel):
    """The pattern that is on a film, None: look for one; the image box it is in, and who asks."""

    model_config = ConfigDict(extra="forbid")

    pattern: PatternName | None = None
    position: int | None = Field(None, ge=1, le=1000)
    operator: str = Field("", max_length=64, pattern=_PLAIN)


@router.get(
    "/jobs/{job}/films/{film}/attributes",
    summary="See what was sent for a film, and what is in force",
    responses=OF_FILMS,
    openapi_extra=example(),
)
def get_attributes(
    desk: TheDesk, visitor: Viewer, note: Noted, job: JobNumber, film: FilmNumber
) -> dict[str, tuple[Attribute, ...]]:
    """Of `session`, `film box`, `image 1` and so on, attribute by attribute."""
    note("film seen", job=int(job), film=film)
    return desk.inspection.attributes(job, film, private=visitor.private)


@router.get(
    "/jobs/{job}/films/{film}/explanation",
    summary="See how the images of a film became gray",
    responses=OF_FILMS,
    openapi_extra=example(),
)
def get_explanation(
    desk: TheDesk, visitor: Viewer, note: Noted, job: JobNumber, film: FilmNumber
) -> FilmExplained:
    """In words: photometric interpretation, polarity, look-up table, densities and scaling."""
    note("film seen", job=int(job), film=film)
    return desk.inspection.explanation(job, film, private=visitor.private)


@router.get(
    "/jobs/{job}/dialogue", summary="See the dialogue of a job", responses=OF_FILMS, openapi_extra=example()
)
def get_dialogue(desk: TheDesk, visitor: Viewer, note: Noted, job: JobNumber) -> SeenDialogue:
    """What went over the association, message by message."""
    note("dialogue seen", job=int(job))
    return desk.inspection.dialogue(job, private=visitor.private)


@router.get(
    "/jobs/{job}/findings",
    summary="See what was wrong with a job",
    responses=OF_FILMS,
    openapi_extra=example("?imagers=fuji_drypix4000"),
)
def get_findings(
    desk: TheDesk,
    visitor: Viewer,
    note: Noted,
    job: JobNumber,
    imagers: Imagers = [],  # noqa: B006
) -> Report:
    """Request by request, with the clause of the standard and what to do: see docs/findings.md."""
    note("dialogue seen", job=int(job))
    return desk.inspection.findings(job, tuple(imagers))


@router.get(
    "/jobs/{job}/comparison/{other}",
    summary="Compare two jobs",
    responses=OF_FILMS,
    openapi_extra=example(),
)
def compare_jobs(
    desk: TheDesk, visitor: PatientViewer, note: Noted, job: JobNumber, other: JobId
) -> Comparison:
    """How they differ in what was sent, and in their films."""
    for each in (job, other):
        note("dialogue seen", job=each)
    return desk.inspection.comparison(job, other, private=visitor.private)


@router.get("/patterns", summary="List test patterns", openapi_extra=example())
def list_patterns(desk: TheDesk, visitor: Viewer) -> dict[str, str]:
    """Those that a film can be verified against: name and what it is."""
    return desk.inspection.patterns()


async def _one_at_a_time(request: Request) -> CapacityLimiter:
    """For what takes seconds of a processor: films are to be looked at meanwhile, and printed."""
    state = request.app.state
    if not hasattr(state, "verifications"):
        state.verifications = CapacityLimiter(1)
    limiter: CapacityLimiter = state.verifications
    if limiter.statistics().tasks_waiting >= _MOST_WAITING:
        raise Away("too many films are to be verified at once: try again in a while")
    return limiter


OneAtATime = Annotated[CapacityLimiter, Depends(_one_at_a_time)]


@router.post(
    "/jobs/{job}/films/{film}/verification",
    summary="Verify a film of a test pattern",
    responses=OF_FILMS | problems("cross-site"),
    openapi_extra=example(body={"pattern": "smpte", "operator": "physicist"}),
)
async def verify_film(
    desk: TheDesk,
    visitor: Operator,
    note: Noted,
    limiter: OneAtATime,
    job: JobNumber,
    film: FilmNumber,
    asked: Verified | None = None,
) -> SeenVerification:
    """Whether its densities and its geometry are right. It takes seconds; one is done at a time."""
    asked = asked or Verified()
    check = partial(
        desk.inspection.verify,
        job,
        film,
        asked.pattern,
        position=asked.position,
        operator=asked.operator or visitor.name,
    )
    with noted(note, "film verified", job=int(job), film=film) as more:
        found = await to_thread.run_sync(check, limiter=limiter)
        more |= {"pattern": found.pattern.name, "passed": found.passed}
    return seen_verification(found)


@router.get(
    "/jobs/{job}/films/{film}/verification/report",
    summary="Download the report of a verification",
    response_class=Response,
    responses=OF_FILMS | media("application/pdf"),
    openapi_extra=example("?pattern=smpte"),
)
async def get_verification_report(
    desk: TheDesk,
    visitor: PatientViewer,
    note: Noted,
    limiter: OneAtATime,
    job: JobNumber,
    film: FilmNumber,
    pattern: Annotated[str, Query(pattern=_NAME, max_length=64)],
    position: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """A page of PDF."""
    report = await to_thread.run_sync(
        partial(
            desk.inspection.verification_report, job, film, pattern, position=position, operator=visitor.name
        ),
        limiter=limiter,
    )
    note("film taken", job=int(job), film=film, kind="report")
    name = f'attachment; filename="job-{job}-film-{film}-{pattern}.pdf"'
    return Response(report, media_type="application/pdf", headers={"Content-Disposition": name})


@router.get(
    "/unprinted",
    summary="List associations that came to no film",
    responses=problems("away", "busy"),
    openapi_extra=example(),
)
def list_unprinted(desk: TheDesk, visitor: Viewer) -> tuple[SeenUnprinted, ...]:
    """Those that wanted to print and made no job, the newest first."""
    return desk.inspection.unprinted()


@router.get(
    "/unprinted/{number}/dialogue",
    summary="See the dialogue of an association that came to no film",
    responses=OF_FILMS,
    openapi_extra=example(),
)
def get_unprinted_dialogue(
    desk: TheDesk, visitor: Viewer, note: Noted, number: UnprintedNumber
) -> SeenDialogue:
    """What went over it, message by message."""
    note("dialogue seen", unprinted=number)
    return desk.inspection.dialogue(f"unprinted:{number}", private=visitor.private)


@router.get(
    "/unprinted/{number}/findings",
    summary="See what was wrong with an association that came to no film",
    responses=OF_JOB | problems("not-possible"),
    openapi_extra=example(),
)
def get_unprinted_findings(
    desk: TheDesk,
    visitor: Viewer,
    note: Noted,
    number: UnprintedNumber,
    imagers: Imagers = [],  # noqa: B006
) -> Report:
    """Request by request, with the clause of the standard and what to do."""
    note("dialogue seen", unprinted=number)
    return desk.inspection.findings(f"unprinted:{number}", tuple(imagers))
