"""What went wrong, as problem details (RFC 9457) for programs and as a page for people."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from printscp.errors import Away, NoSuchJob, NotPossible, SetupError, Withheld
from printscp.web.access import NotAllowed, NotKnown

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics")
_LONGEST = 200  # of what is quoted of a request
_RETRY_AFTER = 5  # seconds


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its status, what it is and what to do about it."""

    status: int
    title: str
    to_do: str


KINDS: dict[str, Kind] = {
    "bad-request": Kind(400, "It cannot be understood", "Send well-formed HTTP, and JSON in bodies."),
    "log-in": Kind(401, "Nobody knows who asks", "Log in, or send a token as Authorization: Bearer."),
    "role": Kind(403, "The role does not go so far", "Ask somebody who has the role that detail names."),
    "withheld": Kind(403, "It may name a patient", "Log in as somebody who may see patient data."),
    "cross-site": Kind(403, "It may come from another site", "Send the token of /api/v1/me as X-CSRF-Token."),
    "no-page": Kind(404, "There is no such page", "See the list of operations."),
    "no-such-thing": Kind(404, "There is no such thing", "It may be gone: ask for the list that it was in."),
    "method": Kind(405, "It cannot be asked for in this way", "Use a method that Allow names."),
    "not-acceptable": Kind(406, "Not in that media type", "Leave out Accept, or take what there is."),
    "not-possible": Kind(
        409, "It is not in a state for that", "Ask for it again: `can` says what can be done."
    ),
    "too-large": Kind(413, "The request is too large", "Send less."),
    "media-type": Kind(415, "It is of another media type", "Send application/json."),
    "wrong-host": Kind(421, "This host has another name", "Use a name that web.names lists, or its address."),
    "not-valid": Kind(422, "A value is wrong", "Put right what detail and errors name."),
    "too-many": Kind(429, "Too many tries", "Wait as long as Retry-After says."),
    "unforeseen": Kind(500, "Something unforeseen happened", "See the log of the light box; tell us."),
    "away": Kind(503, "It cannot be reached for now", "Try again after as many seconds as Retry-After says."),
    "busy": Kind(503, "Too much is asked at once", "Try again after as many seconds as Retry-After says."),
}

_OF_STATUS = {kind.status: name for name, kind in reversed(KINDS.items())} | {403: "role", 503: "busy"}
_OF_ERROR: Sequence[tuple[type[Exception], str]] = (
    (NoSuchJob, "no-such-thing"),
    (NotPossible, "not-possible"),
    (Withheld, "withheld"),
    (Away, "away"),
    (SetupError, "not-valid"),
)


class Wrong(BaseModel):
    """One value that is wrong."""

    where: str = Field(description="Part of the request: path, query, header, cookie or body.", max_length=20)
    name: str = Field(description="Of the value; of nested ones with points between.", max_length=_LONGEST)
    reason: str = Field(description="What is allowed.")


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="The kind of problem: /problems/ and its name.")
    title: str = Field(description="The kind in words, always the same.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What it is this time, and what to do.")
    instance: str = Field(description="The path that was asked for.")
    errors: list[Wrong] = Field(default=[], description="Values that are wrong, each of them.")


def answer(
    request: Request,
    kind: str,
    detail: str = "",
    *,
    errors: Sequence[Wrong] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says what went wrong: a problem where a program asks, else a page.

    ``kind`` is a key of `KINDS`, ``detail`` what is to be said beyond it. Nothing in it may name a patient.
    """
    problem = _problem(request, kind, detail, errors)
    more = dict(headers or {})
    if problem.status in (429, 503):
        more.setdefault("Retry-After", str(_RETRY_AFTER))
    if request.url.path.startswith(_FOR_PROGRAMS) or "hx-request" in request.headers:
        return JSONResponse(problem.model_dump(), problem.status, more, MEDIA_TYPE)
    return _page(request, problem, kind, more, told=bool(detail))


def _problem(request: Request, kind: str, detail: str, errors: Sequence[Wrong]) -> Problem:
    found = KINDS[kind]
    return Problem(
        type=f"/problems/{kind}",
        title=found.title,
        status=found.status,
        detail=detail or found.to_do,
        instance=request.url.path[:_LONGEST],
        errors=list(errors),
    )


def log_in(request: Request) -> Response:
    """Where somebody unknown goes: programs are told, people see the page to log in, and then what they
    asked for."""
    if request.url.path.startswith(_FOR_PROGRAMS):
        return answer(request, "log-in", headers={"WWW-Authenticate": 'Bearer realm="printscp"'})
    if "hx-request" in request.headers:  # a fragment: the page that it is for has to go there
        place = urlsplit(request.headers.get("hx-current-url", ""))
        return PlainTextResponse("", 401, {"HX-Redirect": _log_in_page(place.path, place.query)})
    asked = request.url if request.method in ("GET", "HEAD") else None
    return RedirectResponse(_log_in_page(asked.path, asked.query) if asked else "/login", 303)


def _log_in_page(path: str, query: str) -> str:
    # //host/path would be a page of another host
    local = path.startswith("/") and not path.startswith(("//", "/\\"))
    here = path + (f"?{query}" if query else "")
    return f"/login?next={quote(here, safe='/')}" if local and here != "/" else "/login"


def _page(
    request: Request,
    problem: Problem,
    kind: str,
    headers: Mapping[str, str],
    *,
    told: bool,
    status: int | None = None,
) -> Response:
    from printscp.web.rendering import render  # which knows this room's routers

    try:
        visitor = request.app.state.context.guard.visitor(request)
        values = {"problem": problem, "kind": kind, "told": told}
        answered = problem.status if status is None else status
        return render(request, "error.html", visitor, status=answered, headers=headers, **values)
    except Exception:  # what is wrong may be what pages are made of
        log.exception("page of a problem cannot be made")
        return PlainTextResponse(f"{problem.title}: {problem.detail}", problem.status, headers)


def install(app: FastAPI) -> None:
    """Have an application answer so."""
    app.add_exception_handler(SetupError, _said)
    app.add_exception_handler(NotKnown, lambda request, _: log_in(request))
    app.add_exception_handler(NotAllowed, lambda request, error: answer(request, "role", str(error)))
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _unforeseen)
    app.add_middleware(_Inner)
    app.add_api_route("/problems/{kind}", _about, methods=["GET"], include_in_schema=False)


def _about(request: Request, kind: str) -> Response:
    """A kind of problem in words: what the type of a problem refers to."""
    if kind not in KINDS:
        return answer(request, "no-page")
    found = KINDS[kind]
    problem = Problem(
        type=f"/problems/{kind}", title=found.title, status=found.status, detail="", instance=""
    )
    return _page(request, problem, kind, {}, told=False, status=200)


def _said(request: Request, error: Exception) -> Response:
    kind = next(name for each, name in _OF_ERROR if isinstance(error, each))
    return answer(request, kind, str(error))


def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [_wrong(each) for each in error.errors()]
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return answer(request, "bad-request", f"body: {wrong[0].reason}", errors=wrong)
    first = f"{wrong[0].where} {wrong[0].name}".strip() + f": {wrong[0].reason}"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return answer(request, "not-valid", first + more, errors=wrong)


def _wrong(error: Mapping[str, Any]) -> Wrong:
    """Without the value, which may be anything."""
    where, *name = (str(part) for part in error["loc"])
    return Wrong(where=where[:20], name=".".join(name)[:_LONGEST], reason=str(error["msg"]))


def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _OF_STATUS.get(error.status_code)
    if kind is None:
        return Response(status_code=error.status_code, headers=error.headers)
    headers = dict(error.headers or {})
    if kind == "method":
        headers["Allow"] = ", ".join(_methods(request))
    same = error.detail == _PHRASES.get(error.status_code)
    kind = "no-page" if kind == "no-such-thing" else kind
    return answer(request, kind, "" if same else error.detail, headers=headers)


_PHRASES = {404: "Not Found", 405: "Method Not Allowed", 400: "Bad Request", 413: "Content Too Large"}


def _methods(request: Request) -> list[str]:
    """All that can be done with a path; the framework names those of the first operation there alone."""
    found: set[str] = set()
    for each in iter_route_contexts(request.app.routes):
        regex = getattr(each, "path_regex", None)
        if regex is not None and regex.match(request.url.path):
            found |= getattr(each, "methods", None) or set()
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _unforeseen(request: Request, error: Exception) -> Response:
    return answer(request, "unforeseen")


class _Inner:
    """Around all path operations: HEAD works where GET does, and what is unforeseen is logged without its
    message, which may quote what an SCU sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as error:
            if exchange.left:
                return
            path = getattr(exchange.scope.get("route"), "path", "")
            log.exception("unforeseen error", extra={"method": scope["method"], "path": path})
            if exchange.began:
                # `from None`: the server logs it once more, and is not to have the message
                raise ConnectionError(f"answer cut short by {type(error).__qualname__}") from None
            await answer(Request(scope), "unforeseen")(scope, receive, exchange.send)


class _Exchange:
    """A request and its answer, as path operations see them."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = self._outer = scope
        self._receive, self._send = receive, send
        self._head = scope["method"] == "HEAD" and not scope["path"].startswith("/static/")
        if self._head:
            self.scope = {**scope, "method": "GET"}  # a copy: the server goes by its own
        self.began = False
        self.left = False

    async def receive(self) -> Message:
        if self._head and self.began:
            return {"type": "http.disconnect"}
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            self._outer["route"] = self.scope.get("route")  # for those who count
            await self._send(message)
            if self._head:
                await self._send({"type": "http.response.body", "body": b""})
        elif not self._head:
            await self._send(message)
        elif message.get("more_body"):
            self.left = True
            raise OSError("nobody is to get it")  # which ends a stream


__all__ = ["KINDS", "MEDIA_TYPE", "Kind", "Problem", "Wrong", "answer", "install", "log_in"]
