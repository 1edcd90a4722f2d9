"""The wall: films as they hang on a light box, the newest first."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from printscp.desk.records import JobFilter
from printscp.web.access import JOBS_SEEN, Viewer
from printscp.web.context import TheDesk
from printscp.web.pages.choosing import STATES, Asked, Before, These, address_of
from printscp.web.rendering import render

router = APIRouter()

_AT_ONCE = 60  # jobs
_ALL_ADDRESSES = ("0.0.0.0", "::", "[::]")
_OF_A_JOB = 12  # films that are hung of one job
_SIZE = re.compile(r"^(\d+(?:_\d+)?)(IN|CM)X(\d+(?:_\d+)?)(?:IN|CM)$")
_OTHERS = {"A4": (210, 297), "A3": (297, 420)}  # mm; PS3.3 C.13.3 names them so


def size_of(film_size: str) -> tuple[int, int]:
    """Width and height of a film in some unit, for the room that its picture takes before it is there."""
    if found := _SIZE.match(film_size):
        width, height = (float(found[group].replace("_", ".")) for group in (1, 3))
        return round(10 * width), round(10 * height)
    return _OTHERS.get(film_size, (1, 1))


@router.get("/", dependencies=[JOBS_SEEN])
@router.get("/films", dependencies=[JOBS_SEEN])
def wall(
    request: Request, visitor: Viewer, desk: TheDesk, asked: Asked, before: Before = None
) -> HTMLResponse:
    """The films that are asked for; the older ones are loaded when they are come to."""
    page = desk.jobs.some(asked, private=visitor.private, before=before, limit=_AT_ONCE)
    return render(
        request,
        "wall.html",
        visitor,
        page=page,
        jobs=page.jobs,
        asked=asked,
        choices=desk.jobs.choices(),
        states=STATES,
        before=before,
        query=address_of(asked),
        entrances=() if page.total else _entrances(desk, request.url.hostname or ""),
        **_hanging(asked, page.before),
    )


@router.get("/_/wall", dependencies=[JOBS_SEEN])
def more(
    request: Request, visitor: Viewer, desk: TheDesk, asked: Asked, before: Before = None
) -> HTMLResponse:
    """The next of them, or without ``before`` the first."""
    page = desk.jobs.some(asked, private=visitor.private, before=before, limit=_AT_ONCE)
    return render(request, "wall_cards.html", visitor, jobs=page.jobs, **_hanging(asked, page.before))


@router.get("/_/cards", dependencies=[JOBS_SEEN])
def cards(request: Request, visitor: Viewer, desk: TheDesk, these: These, asked: Asked) -> HTMLResponse:
    """The films of some jobs, as far as they are among those that are asked for."""
    jobs = desk.jobs.these(these, asked, private=visitor.private)
    return render(request, "wall_cards.html", visitor, jobs=jobs, **_hanging(asked, None))


def _hanging(asked: JobFilter, older: int | None) -> dict[str, Any]:
    return {
        "size_of": size_of,
        "hung": _OF_A_JOB,
        "older": address_of(asked, before=older) if older is not None else "",
    }


def _entrances(desk: TheDesk, host: str) -> list[tuple[str, str, str]]:
    """Where the first film can be sent to: AE titles, and hosts and ports. A printer on all addresses is said
    to be on ``host``, by which the browser called this page."""
    places = []
    for each in desk.printers.all():
        for entrance in each.entrances:
            address, _, more = entrance.partition(" ")
            if not more:  # no TLS
                name, _, port = address.rpartition(":")
                places.append((each.name, host if name in _ALL_ADDRESSES else name, port))
    return places
