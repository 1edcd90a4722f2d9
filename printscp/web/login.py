"""Where people log in and out, and where an administrator sees who saw and did what."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from printscp.users import LONGEST, User
from printscp.web.access import Administrator, Noted, Viewer
from printscp.web.context import context_of
from printscp.web.guard import Door, cookie_name
from printscp.web.origin import came_by
from printscp.web.pages.steps import local
from printscp.web.problem import answer
from printscp.web.rendering import render

router = APIRouter()

_LONGEST_NAME = 64
_HALF_A_YEAR = 180 * 24 * 3600
_AT_ONCE = 1  # hashes being made, each with 64 MiB; the processors are there to print
_WAITING = 20  # who waits for that
_SHOWN = 200  # lines of the audit log

_hashing = anyio.CapacityLimiter(_AT_ONCE)

Next = Annotated[str, Query(alias="next", max_length=500)]


@router.get("/login")
def see_login(request: Request, next_: Next = "/") -> Response:
    """The page to log in, for whoever has to."""
    visitor = context_of(request).guard.visitor(request)
    return _page(request, local(next_)) if visitor is None else RedirectResponse(local(next_), 303)


@router.post("/login")
async def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=_LONGEST_NAME)] = "",
    password: Annotated[str, Form(max_length=LONGEST)] = "",
    next_: Annotated[str, Form(alias="next", max_length=500)] = "/",
) -> Response:
    """Let somebody in who knows the password."""
    door, audit = _door(request), context_of(request).audit
    if door.book is None:
        return _page(request, local(next_), status=403)
    address, browser = request.client.host if request.client else "", door.known_browser(request, name)
    wait = door.tries.wait(name, address, browser)
    if wait > 0:
        return _page(request, local(next_), name, wrong="wait", wait=wait, status=429)
    if _hashing.statistics().tasks_waiting >= _WAITING:
        return answer(request, "busy")
    user = await anyio.to_thread.run_sync(door.book.check, name, password, limiter=_hashing)
    if user is None:
        door.tries.failed(name, address, browser)
        # Who is no user may have typed their password there.
        audit.note(name if door.book.user(name) else "", address, "log-in", result="failed")
        return _page(request, local(next_), name, wrong="password", status=403)
    door.tries.succeeded(name, address, browser)
    audit.note(name, address, "log-in", result="done")
    return _let_in(request, door, name, user, local(next_))


def _let_in(request: Request, door: Door, name: str, user: User, next_: str) -> Response:
    """A new session, whatever was before, and a browser that is known."""
    former = request.cookies.get(cookie_name(request, "session"))
    if former is not None:
        door.sessions.end(former)
    answered = RedirectResponse(next_, 303)
    _set(request, answered, "session", door.sessions.begin(name, user))
    _set(request, answered, "known", door.browser_mark(name), max_age=_HALF_A_YEAR)
    return answered


@router.post("/logout")
def log_out(request: Request, visitor: Viewer, note: Noted) -> Response:
    """End the session."""
    key, door = request.cookies.get(cookie_name(request, "session")), _door(request)
    if key is not None:
        door.sessions.end(key)
        note("log-out")
    answered = RedirectResponse("/login", 303)
    _set(request, answered, "session", "", max_age=0)
    return answered


@router.get("/audit")
def see_audit(request: Request, visitor: Administrator, note: Noted) -> Response:
    """Who saw and did what, the newest first."""
    note("audit log seen")
    lines = [_line(each) for each in context_of(request).audit.last(_SHOWN)]
    return render(request, "audit.html", visitor, lines=lines, most=_SHOWN)


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of each action has a column of its own, the rest is put into words."""
    columns = {key: str(entry.get(key, "")) for key in ("time", "who", "how", "address", "action", "result")}
    rest = [f"{key} {value}" for key, value in entry.items() if key not in columns]
    try:
        at = datetime.fromisoformat(columns["time"])
    except ValueError:  # somebody else has written it
        at = None
    return columns | {"at": at, "facts": ", ".join(rest)}


def _page(request: Request, next_: str, name: str = "", **said: Any) -> Response:
    door, way = _door(request), came_by(request)
    wait = math.ceil(said.get("wait", 0))
    return render(
        request,
        "login.html",
        next=next_,
        user=name,
        wrong=said.get("wrong", ""),
        wait=wait,
        ended=cookie_name(request, "session") in request.cookies,
        by_password=door.book is not None,
        foreign_proxy=door.local and way.forwarded,
        status=said.get("status", 200),
        headers={"Retry-After": str(wait)} if wait else None,
    )


def _door(request: Request) -> Door:
    guard = context_of(request).guard
    assert isinstance(guard, Door)
    return guard


def _set(request: Request, answered: Response, what: str, value: str, max_age: int | None = None) -> None:
    # Lax, not Strict: a link from a mail or a worklist is to open the film, not the page to log in. Requests
    # that change something need more than a cookie anyway.
    answered.set_cookie(
        cookie_name(request, what),
        value,
        max_age=max_age,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
