"""Associations that wanted to print and made no job: what was sent, and what was wrong with it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from printscp.errors import NoSuchJob
from printscp.web.access import Noted, Viewer
from printscp.web.context import TheDesk
from printscp.web.pages.choosing import Imager
from printscp.web.rendering import render

router = APIRouter()


@router.get("/unprinted")
def unprinted(request: Request, visitor: Viewer, desk: TheDesk) -> HTMLResponse:
    """All that are kept, the newest first."""
    return render(request, "unprinted.html", visitor, some=desk.inspection.unprinted())


@router.get("/unprinted/{number}")
def one(
    request: Request,
    visitor: Viewer,
    desk: TheDesk,
    note: Noted,
    number: Annotated[int, Path(ge=1, le=99999)],
    imager: Imager = "",
) -> HTMLResponse:
    """One of them: findings beside its dialogue."""
    found = next((each for each in desk.inspection.unprinted() if each.number == number), None)
    if found is None:
        raise NoSuchJob(f"no association {number} that made no job is kept")
    which = f"unprinted:{number}"
    note("dialogue seen", unprinted=number)
    return render(
        request,
        "unprinted_one.html",
        visitor,
        found=found,
        content={
            "report": desk.inspection.findings(which, (imager,) if imager else ()),
            "dialogue": desk.inspection.dialogue(which, private=visitor.private),
            "imagers": desk.inspection.imagers(),
            "imager": imager,
        },
    )
