"""Who somebody is, and what they may see and do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from secrets import compare_digest
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

_SAFE = ("GET", "HEAD", "OPTIONS")  # change nothing (RFC 9110 9.2.1)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_OF_BROWSERS = ("origin", "sec-fetch-site", "cookie")


class Role(StrEnum):
    """What somebody may do; each role includes those before it."""

    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Visitor:
    """Somebody who may come in. ``private`` says that they see what may name a patient; ``csrf`` is what
    forms of theirs must send back; ``how`` they came in: local, session, token or proxy."""

    name: str
    role: Role
    private: bool
    csrf: str
    how: str


class Guard(Protocol):
    """Lets people in."""

    def visitor(self, request: Request) -> Visitor | None:
        """Who it is, or None for somebody unknown."""


class NotKnown(Exception):
    """Somebody has to log in first."""


class NotAllowed(Exception):
    """The role of somebody does not go so far; the message says which it takes."""


class CrossSite(Exception):
    """A request that a page of another site may have made."""


def _at_least(role: Role) -> Callable[[Request], Awaitable[Visitor]]:
    async def visitor(request: Request) -> Visitor:
        found: Visitor | None = request.app.state.context.guard.visitor(request)
        if found is None:
            raise NotKnown
        if request.method not in _SAFE and not await _meant(request, found):
            _refused(request, found, "cross-site")
            raise CrossSite
        if not found.role.includes(role):
            _refused(request, found, "role")
            raise NotAllowed(f"this takes the role {role}; {found.name} has {found.role}")
        return found

    visitor.least = role  # type: ignore[attr-defined]
    return visitor


async def _meant(request: Request, visitor: Visitor) -> bool:
    """Whether the visitor wants this, rather than a page of another site which their browser shows.

    Browsers send by themselves what lets somebody in, but for tokens; what pages of ours were told, no other
    page can read. Programs on this host that are no browsers, as it is seen by their headers, may do without
    where there are no users.
    """
    if visitor.how == "token":
        return True
    if visitor.how == "local" and not any(name in request.headers for name in _OF_BROWSERS):
        return True
    said = request.headers.get("x-csrf-token")
    if said is None and request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get("csrf")
        said = field if isinstance(field, str) else None
    return said is not None and compare_digest(said.encode(), visitor.csrf.encode())


def _refused(request: Request, visitor: Visitor, why: str) -> None:
    note = _noter_of(request, visitor)
    route = request.scope.get("route")
    note("refused", method=request.method, operation=getattr(route, "path", ""), result=why)


Viewer = Annotated[Visitor, Depends(_at_least(Role.VIEW))]
Operator = Annotated[Visitor, Depends(_at_least(Role.OPERATE))]
Administrator = Annotated[Visitor, Depends(_at_least(Role.ADMIN))]


class Noter(Protocol):
    """Writes down what somebody saw or did."""

    def __call__(self, action: str, **facts: Any) -> None: ...


def _noter_of(request: Request, visitor: Visitor) -> Noter:
    def note(action: str, **facts: Any) -> None:
        address = request.client.host if request.client else ""
        request.app.state.context.audit.note(visitor.name, address, action, how=visitor.how, **facts)

    return note


async def _noter(request: Request, visitor: Viewer) -> Noter:
    return _noter_of(request, visitor)


Noted = Annotated[Noter, Depends(_noter)]


async def _jobs_seen(note: Noted) -> None:
    note("jobs seen")


JOBS_SEEN = Depends(_jobs_seen)
"""Of operations that tell of jobs, whose labels may name patients."""
