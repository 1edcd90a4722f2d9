"""A film: its picture, and round it what was sent, what was wrong, and what can be done."""

from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from printscp.desk.records import JobFilter, SeenFilm, SeenJob
from printscp.errors import NoSuchJob, NotPossible, SetupError, Withheld
from printscp.web.access import JOBS_SEEN, Noted, Noter, Operator, Viewer, Visitor
from printscp.web.api.asking import noted
from printscp.web.api.inspection import OneAtATime
from printscp.web.context import TheDesk
from printscp.web.pages.choosing import FilmNumber, Imager, Which
from printscp.web.rendering import is_part, render

router = APIRouter()

Part = Literal["attributes", "findings", "explanation", "verification", "comparison"]
PARTS: tuple[Part, ...] = ("attributes", "findings", "explanation", "verification", "comparison")

_NEIGHBOURS = 20  # numbers of jobs that are tried for the next film, since jobs may have been purged
_OFFERED = 24  # films that are shown to be compared with, beside a choice of all
_OTHERS = 40  # jobs to choose from for a comparison


@router.get("/films/{job}")
def first_film(visitor: Viewer, desk: TheDesk, job: Which) -> RedirectResponse:
    """A job by its first film."""
    return RedirectResponse(f"/films/{desk.jobs.one(job, private=visitor.private).id}/1", 303)


@router.get("/films/{job}/{film}", response_model=None)
def show(
    request: Request,
    visitor: Viewer,
    desk: TheDesk,
    note: Noted,
    job: Which,
    film: FilmNumber,
    part: Part | None = None,
    imager: Imager = "",
) -> HTMLResponse | RedirectResponse:
    """The film, with one part open."""
    found = _with_film(desk, visitor, job, film)
    if job != str(found.id):
        return RedirectResponse(f"/films/{found.id}/{film}" + (f"?part={part}" if part else ""), 303)
    seen, gone = (None, "") if part else _seen(desk, visitor, found, film)
    _note_seen(note, found, film, part)
    return render(
        request,
        "film.html",
        visitor,
        job=found,
        number=film,
        film=seen,
        gone=gone,
        part=part,
        parts=PARTS,
        outputs=desk.printers.outputs() if found.can else (),
        **_neighbours(desk, visitor, found, film),
        **(_content(desk, visitor, found, film, part, imager) if part else {"content": "", "problem": ""}),
    )


@router.get("/_/films/{job}/{film}/side", dependencies=[JOBS_SEEN])
def side(request: Request, visitor: Viewer, desk: TheDesk, job: Which, film: FilmNumber) -> HTMLResponse:
    """What changes of a film while it is printed: states and what can be done."""
    found = _with_film(desk, visitor, job, film)
    outputs = desk.printers.outputs() if found.can else ()
    return render(request, "film_job.html", visitor, job=found, number=film, outputs=outputs)


@router.get("/_/films/{job}/{film}/{part}", response_model=None)
def open_part(
    request: Request,
    visitor: Viewer,
    desk: TheDesk,
    note: Noted,
    job: Which,
    film: FilmNumber,
    part: Part,
) -> HTMLResponse | RedirectResponse:
    """One part; the whole page for a browser without scripts."""
    if not is_part(request):
        return RedirectResponse(f"/films/{job}/{film}?part={part}", 303)
    found = _with_film(desk, visitor, job, film)
    _note_seen(note, found, film, part)
    return render(
        request,
        "film_part.html",
        visitor,
        job=found,
        number=film,
        part=part,
        parts=PARTS,
        oob=True,
        **_content(desk, visitor, found, film, part),
    )


@router.post("/_/films/{job}/{film}/verification")
async def verify(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    limiter: OneAtATime,
    job: Which,
    film: FilmNumber,
    pattern: Annotated[str, Form(max_length=64)] = "",
    position: Annotated[str, Form(pattern=r"^[0-9]{0,4}$")] = "",
    operator: Annotated[str, Form(max_length=64)] = "",
) -> HTMLResponse:
    """Check a film on which a test pattern was printed, and show what came out."""
    found = await to_thread.run_sync(_with_film, desk, visitor, job, film)
    content: dict[str, Any] = {"patterns": desk.inspection.patterns(), "result": None, "problem": ""}
    check = partial(
        desk.inspection.verify,
        str(found.id),
        film,
        pattern or None,
        position=int(position) if position else None,
        operator=operator or visitor.name,
    )
    try:
        with noted(note, "film verified", job=found.id, film=film) as more:
            content["result"] = result = await to_thread.run_sync(check, limiter=limiter)
            more |= {"pattern": result.pattern.name, "passed": result.passed}
    except SetupError as error:
        content["problem"] = str(error)
    values: dict[str, Any] = {
        "job": found,
        "number": film,
        "part": "verification",
        "parts": PARTS,
        "content": content,
    }
    values |= {"chosen": pattern, "position": position, "operator": operator, "problem": ""}
    if is_part(request):
        return render(request, "film_part.html", visitor, oob=True, **values)
    return render(request, "film_alone.html", visitor, **values)


def _note_seen(note: Noter, job: SeenJob, film: int, part: Part | None) -> None:
    note("film seen", job=job.id, film=film)
    if part == "findings":
        note("dialogue seen", job=job.id)


def _with_film(desk: TheDesk, visitor: Visitor, job: str, film: int) -> SeenJob:
    """A job that has such a film."""
    found = desk.jobs.one(job, private=visitor.private)
    if film > len(found.films):
        raise NoSuchJob(f"job {found.id} has no film {film}; it has {len(found.films)}")
    return found


def _seen(desk: TheDesk, visitor: Visitor, job: SeenJob, film: int) -> tuple[SeenFilm | None, str]:
    """The film, or None and why it cannot be seen."""
    if not job.films_kept:
        return None, ""
    try:
        return desk.films.film(str(job.id), film, private=visitor.private), ""
    except NotPossible as error:
        return None, str(error)


def _neighbours(desk: TheDesk, visitor: Visitor, job: SeenJob, film: int) -> dict[str, Any]:
    """Addresses of the films before and after, in the order in which they were printed."""
    before = after = ""
    if film > 1:
        before = f"/films/{job.id}/{film - 1}"
    elif older := desk.jobs.some(JobFilter(), private=visitor.private, before=job.id, limit=1).jobs:
        before = f"/films/{older[0].id}/{len(older[0].films)}"
    if film < len(job.films):
        after = f"/films/{job.id}/{film + 1}"
    elif newer := _newer(desk, visitor, job):
        after = f"/films/{newer.id}/1"
    return {"before": before, "after": after}


def _newer(desk: TheDesk, visitor: Visitor, job: SeenJob) -> SeenJob | None:
    some = desk.jobs.some(
        JobFilter(), private=visitor.private, before=job.id + _NEIGHBOURS, limit=_NEIGHBOURS
    ).jobs
    return min((each for each in some if each.id > job.id), key=lambda each: each.id, default=None)


def _content(
    desk: TheDesk, visitor: Visitor, job: SeenJob, film: int, part: Part, imager: str = ""
) -> dict[str, Any]:
    """What a part shows, or why it cannot."""
    which, private = str(job.id), visitor.private
    content: Any = None
    problem = ""
    try:
        if part == "attributes":
            content = desk.inspection.attributes(which, film, private=private)
        elif part == "findings":
            content = {
                "report": desk.inspection.findings(which, (imager,) if imager else ()),
                "dialogue": desk.inspection.dialogue(which, private=private),
                "imagers": desk.inspection.imagers(),
                "imager": imager,
            }
        elif part == "explanation":
            content = desk.inspection.explanation(which, film, private=private)
        elif part == "verification":
            content = {"patterns": desk.inspection.patterns(), "result": None, "problem": ""}
        else:
            content = [each for each in films_to_compare(desk, visitor) if each[0] != f"{job.id}/{film}"]
    except (NotPossible, Withheld) as error:
        problem = str(error)
    found = {"content": content, "problem": problem, "offered": _OFFERED}
    return found | {"chosen": "", "position": "", "operator": ""} if part == "verification" else found


def films_to_compare(desk: TheDesk, visitor: Visitor) -> list[tuple[str, SeenJob]]:
    """The latest films that are kept: their names, as JOB/FILM, and jobs."""
    some = desk.jobs.some(JobFilter(), private=visitor.private, limit=_OTHERS).jobs
    return [
        (f"{each.id}/{number}", each)
        for each in some
        if each.films_kept
        for number in range(1, len(each.films) + 1)
    ]
