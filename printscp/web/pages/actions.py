"""What can be done with jobs: forms, with scripts and without."""

import json
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints

from printscp.desk.records import SeenJob
from printscp.errors import NoSuchJob, NotPossible
from printscp.web.access import Administrator, Noted, Operator
from printscp.web.api.asking import JobNumber, noted
from printscp.web.context import TheDesk
from printscp.web.language import language_of, words
from printscp.web.pages.choosing import WHICH
from printscp.web.pages.steps import local
from printscp.web.rendering import is_part

router = APIRouter()

_Name = Annotated[str, Form(max_length=200)]
_Which = Annotated[str, StringConstraints(pattern=WHICH)]
_Next = Annotated[str, Form(alias="next", max_length=500)]
_Simple = Literal["hold", "release", "cancel"]
_Priority = Literal["HIGH", "MED", "LOW"]
_AT_ONCE = 500  # jobs that are steered by one form


@router.post("/_/jobs/{job}/purge")
def purge(
    request: Request,
    visitor: Administrator,
    desk: TheDesk,
    note: Noted,
    job: JobNumber,
    next_: _Next = "/queue",
) -> Response:
    """Delete a job that has ended, for good."""
    number = int(job)
    with noted(note, "job purged", job=number):
        desk.jobs.purge(job)
        desk.films.drop(number)
    _ = _tell(request)
    done = _done(request, _("Job {job} is deleted.").format(job=number), [number], next_)
    if is_part(request) and "/films/" in request.headers.get("hx-current-url", ""):
        done.headers["HX-Redirect"] = local(next_)  # its page has nothing to show any more
    return done


@router.post("/_/jobs/{job}/move")
def move(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    job: JobNumber,
    output: _Name,
    of: _Name = "",
    next_: _Next = "/queue",
) -> Response:
    """Have what waits go to another output."""
    with noted(note, "job moved", job=int(job), output=output):
        moved = desk.jobs.move(job, output, of=of or None)
    _ = _tell(request)
    text = _("Job {job} goes to {output}.").format(job=moved.id, output=output)
    return _done(request, text, [moved.id], next_)


@router.post("/_/jobs/{job}/reprint")
def reprint(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    job: JobNumber,
    output: _Name = "",
    copies: Annotated[str, Form(pattern=r"^([1-9][0-9]?)?$")] = "",
    priority: Annotated[_Priority | Literal[""], Form()] = "",
    next_: _Next = "/queue",
) -> Response:
    """Print a job again, as a job of its own."""
    with noted(note, "job reprinted", job=int(job), copies=copies) as more:
        made = desk.jobs.reprint(
            job,
            outputs=(output,) if output else (),
            copies=int(copies) if copies else None,
            priority=priority or None,
        )
        more["made"] = made.id
    _ = _tell(request)
    text = _("Job {job} is printed again as job {made}.").format(job=job, made=made.id)
    return _done(request, text, [made.id], next_)


@router.post("/_/jobs/{job}/prioritize")
def prioritize(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    job: JobNumber,
    priority: Annotated[_Priority, Form()],
    next_: _Next = "/queue",
) -> Response:
    """Move a job in the queue."""
    with noted(note, "job prioritized", job=int(job), priority=priority):
        changed = desk.jobs.prioritize(job, priority)
    _ = _tell(request)
    text = _("Job {job} has priority {priority}.").format(job=changed.id, priority=priority)
    return _done(request, text, [changed.id], next_)


@router.post("/_/jobs/{job}/{action}")
def steer(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    job: JobNumber,
    action: _Simple,
    next_: _Next = "/queue",
) -> Response:
    """Hold, release or cancel a job."""
    with noted(note, _NOTED[action], job=int(job)):
        changed = _simple(desk, action)(job)
    return _done(request, _outcome(request, action, 1, changed.id), [changed.id], next_)


@router.post("/_/jobs")
def steer_several(
    request: Request,
    visitor: Operator,
    desk: TheDesk,
    note: Noted,
    action: Annotated[_Simple | _Priority | Literal["move"], Form()],
    jobs: Annotated[list[_Which], Form(max_length=_AT_ONCE)] = [],  # noqa: B006
    output: _Name = "",
    next_: _Next = "/queue",
) -> Response:
    """Do the same to several jobs; each is tried, and what cannot be done is told."""
    _ = _tell(request)
    act, more = _many(desk, action, output), _facts(action, output)
    done: list[int] = []
    not_done: list[str] = []
    for job in jobs:
        try:
            done.append(act(job).id)
            note(_NOTED[action], job=done[-1], **more, result="done")
        except (NoSuchJob, NotPossible) as error:
            note(_NOTED[action], job=job, **more, result=type(error).__name__)
            not_done.append(str(error))
    text = _outcome(request, action, len(done), done[0] if done else 0)
    if not jobs:
        text = _("No job is selected.")
    if not_done:
        text = " ".join([text, *not_done[:3]] if done else not_done[:3])
    return _done(request, text, done, next_, bad=bool(not_done) or not jobs)


_NOTED = {
    "hold": "job held",
    "release": "job released",
    "cancel": "job cancelled",
    "move": "job moved",
    **dict.fromkeys(("HIGH", "MED", "LOW"), "job prioritized"),
}


def _facts(action: str, output: str) -> dict[str, str]:
    """What the audit log says beyond the action."""
    if action == "move":
        return {"output": output}
    return {"priority": action} if action in ("HIGH", "MED", "LOW") else {}


def _simple(desk: TheDesk, action: _Simple) -> Callable[[str], SeenJob]:
    return {"hold": desk.jobs.hold, "release": desk.jobs.release, "cancel": desk.jobs.cancel}[action]


def _many(desk: TheDesk, action: str, output: str) -> Callable[[str], SeenJob]:
    if action == "move":
        return lambda job: desk.jobs.move(job, output)
    if action in ("HIGH", "MED", "LOW"):
        return lambda job: desk.jobs.prioritize(job, action)
    return _simple(desk, action)  # type: ignore[arg-type]


def _tell(request: Request) -> Callable[[str], str]:
    return words(language_of(request)).gettext


def _outcome(request: Request, action: str, count: int, job: int) -> str:
    """What was done, in the visitor's words."""
    ngettext = words(language_of(request)).ngettext
    text = {
        "hold": ngettext("Job {job} is held.", "{count} jobs are held.", count),
        "release": ngettext("Job {job} is released.", "{count} jobs are released.", count),
        "cancel": ngettext("Job {job} is being cancelled.", "{count} jobs are being cancelled.", count),
        "move": ngettext("Job {job} goes elsewhere.", "{count} jobs go elsewhere.", count),
    }.get(action) or ngettext("Job {job} has another priority.", "{count} jobs have another priority.", count)
    return text.format(job=job, count=count)


def _done(request: Request, text: str, jobs: list[int], next_: str, *, bad: bool = False) -> Response:
    """Back to where somebody was; a script is told what happened, and which jobs it has to look at again."""
    if not is_part(request):
        return RedirectResponse(local(next_), 303)
    told = {"said": {"text": text, "bad": bad}, "renew": {"jobs": jobs, "kinds": ["figures"]}}
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(told)})
