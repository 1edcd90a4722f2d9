"""The queue as a table, live."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from printscp.desk.records import JobFilter
from printscp.web.access import JOBS_SEEN, Viewer, Visitor
from printscp.web.context import TheDesk
from printscp.web.pages.choosing import STATES, Asked, Before, These, address_of
from printscp.web.rendering import render

router = APIRouter()

_AT_ONCE = 50  # jobs


@router.get("/queue", dependencies=[JOBS_SEEN])
def queue(
    request: Request, visitor: Viewer, desk: TheDesk, asked: Asked, before: Before = None
) -> HTMLResponse:
    """Jobs, what can be done with them, and the outputs that they wait for."""
    return render(
        request,
        "queue.html",
        visitor,
        asked=asked,
        choices=desk.jobs.choices(),
        states=STATES,
        before=before,
        query=address_of(asked),
        printers=desk.printers.all(),
        figures=desk.printers.figures(),
        **_rows(desk, visitor, asked, before),
    )


@router.get("/_/queue", dependencies=[JOBS_SEEN])
def more(
    request: Request, visitor: Viewer, desk: TheDesk, asked: Asked, before: Before = None
) -> HTMLResponse:
    """The rows alone."""
    return render(request, "queue_rows.html", visitor, **_rows(desk, visitor, asked, before))


@router.get("/_/rows", dependencies=[JOBS_SEEN])
def rows(request: Request, visitor: Viewer, desk: TheDesk, these: These, asked: Asked) -> HTMLResponse:
    """Those of some jobs, as far as they are among those that are asked for."""
    jobs = desk.jobs.these(these, asked, private=visitor.private)
    outputs = desk.printers.outputs()
    return render(request, "queue_rows.html", visitor, jobs=jobs, outputs=outputs, older="")


@router.get("/_/outputs")
def outputs(request: Request, visitor: Viewer, desk: TheDesk) -> HTMLResponse:
    """The outputs, and what is the matter with them."""
    printers, figures = desk.printers.all(), desk.printers.figures()
    return render(request, "outputs.html", visitor, printers=printers, figures=figures)


def _rows(desk: TheDesk, visitor: Visitor, asked: JobFilter, before: int | None) -> dict[str, Any]:
    page = desk.jobs.some(asked, private=visitor.private, before=before, limit=_AT_ONCE)
    older = address_of(asked, before=page.before) if page.before is not None else ""
    return {"page": page, "jobs": page.jobs, "outputs": desk.printers.outputs(), "older": older}
