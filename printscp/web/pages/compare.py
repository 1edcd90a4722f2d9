"""Two films beside each other, and what was sent for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from printscp.desk.records import SeenFilm
from printscp.desk.results import Comparison
from printscp.errors import NotPossible, Withheld
from printscp.web.access import Noted, Viewer, Visitor
from printscp.web.context import TheDesk
from printscp.web.pages.film import films_to_compare
from printscp.web.rendering import render

router = APIRouter()

Name = Annotated[str, Query(pattern=r"^((latest|[0-9]{1,10})/[0-9]{1,4})?$", max_length=15)]


@router.get("/compare")
def show(
    request: Request, visitor: Viewer, desk: TheDesk, note: Noted, left: Name = "", right: Name = ""
) -> HTMLResponse:
    """Two films, each named JOB/FILM; a choice of them while one is missing."""
    films = [_film(desk, visitor, name) for name in (left, right) if name]
    for film in films:
        note("film seen", job=film.job, film=film.film)
    names = iter([f"{film.job}/{film.film}" for film in films])
    return render(
        request,
        "compare.html",
        visitor,
        films=films,
        left=next(names) if left else "",
        right=next(names) if right else "",
        choices=films_to_compare(desk, visitor),
    )


@router.get("/_/compare")
def sent(
    request: Request, visitor: Viewer, desk: TheDesk, note: Noted, left: Name, right: Name
) -> HTMLResponse:
    """How their jobs differ."""
    found: Comparison | None = None
    problem = ""
    jobs = left.partition("/")[0], right.partition("/")[0]
    for job in jobs:
        note("dialogue seen", job=job)
    try:
        found = desk.inspection.comparison(*jobs, private=visitor.private)
    except (NotPossible, Withheld) as error:
        problem = str(error)
    return render(request, "compare_sent.html", visitor, found=found, problem=problem)


def _film(desk: TheDesk, visitor: Visitor, name: str) -> SeenFilm:
    job, _, film = name.partition("/")
    return desk.films.film(job, int(film), private=visitor.private)
