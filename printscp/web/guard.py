"""Lets people in: nobody unknown where others can reach the page."""

import hashlib
import hmac
import secrets

from fastapi import Request

from printscp.config import WebSettings
from printscp.users import User
from printscp.web.access import Guard, Role, Visitor
from printscp.web.origin import came_by
from printscp.web.sessions import Session, Sessions
from printscp.web.tries import Tries
from printscp.web.users import Book

BACKGROUND = "x-background"
"""Header of requests that a page makes by itself: they keep no session alive."""

_OF_THEMSELVES = ("/api/v1/events", "/api/v1/changes")
_LONGEST_NAME = 64
_LONGEST_TOKEN = 200


class Door:
    """Who comes in, and how.

    Without users and proxies it is whoever is at this host, and they may do everything. Else it is who sends
    a token, whom a proxy names, or who has logged in; in that order, and who fails at one is not tried by the
    next.
    """

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._secret = secrets.token_bytes(32)
        self.book = None if settings.users is None else Book(settings.users)
        self.local = self.book is None and not settings.proxies
        self.sessions = Sessions(settings.session_minutes * 60)
        self.tries = Tries()

    def visitor(self, request: Request) -> Visitor | None:
        way = came_by(request)
        if not way.ours:
            return None
        if self.local:
            return None if way.forwarded else self._made("local", "admin", "local")
        token = _bearer(request)
        if token is not None:
            return self._of_token(token)
        header = self._settings.proxy_header
        if way.proxy and header is not None and header in request.headers:
            return self._of_proxy(request.headers.getlist(header))
        found = self.session(request)
        if found is None:
            return None
        corridor = found.user.corridor
        return self._made(found.name, found.user.role, "session", corridor=corridor, csrf=found.csrf)

    def session(self, request: Request) -> Session | None:
        """That of the browser; of users who were changed or removed it ends."""
        key = request.cookies.get(cookie_name(request, "session"))
        if key is None or self.book is None:
            return None
        background = request.url.path in _OF_THEMSELVES or BACKGROUND in request.headers
        found = self.sessions.find(key, prolong=not background)
        if found is not None and self.book.user(found.name) != found.user:
            self.sessions.end(key)
            return None
        return found

    def known_browser(self, request: Request, name: str) -> str | None:
        """What a browser is known by that a user has logged in with, if it is one."""
        said, _, mark = request.cookies.get(cookie_name(request, "known"), "").partition(".")
        return said if said and hmac.compare_digest(mark.encode(), self._mark(name, said)) else None

    def browser_mark(self, name: str) -> str:
        """What a browser is known by from now on."""
        said = secrets.token_urlsafe(16)
        return f"{said}.{self._mark(name, said).decode()}"

    def _mark(self, name: str, said: str) -> bytes:
        return self._digest("known", said, name).encode()

    def _of_token(self, said: str) -> Visitor | None:
        found = self.book.token(said) if self.book is not None else None
        if found is None:
            return None
        name, token = found
        return self._made(name, token.role, "token", corridor=token.corridor)

    def _of_proxy(self, said: list[str]) -> Visitor | None:
        name = _name(said)
        if name is None:
            return None
        user: User | None = self.book.user(name) if self.book is not None else None
        role = user.role if user is not None else self._settings.proxy_role
        return role and self._made(name, role, "proxy", corridor=user is not None and user.corridor)

    def _made(self, name: str, role: str, how: str, *, corridor: bool = False, csrf: str = "") -> Visitor:
        # Of whom no session is known the token is bound to how they came in and their name: nobody else has
        # the secret, or can read their pages.
        private = not (corridor or self._settings.deidentified)
        return Visitor(name, Role(role), private, csrf or self._digest("csrf", how, name), how)

    def _digest(self, *parts: str) -> str:
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def cookie_name(request: Request, what: str) -> str:
    """The name of a cookie of this light box: those of other ports of a host are sent here, too. By HTTPS no
    other host can set it (the prefix __Host-, RFC 6265bis 4.1.3.2)."""
    port = (request.scope.get("server") or ("", 0))[1]
    prefix = "__Host-" if request.url.scheme == "https" else ""
    return f"{prefix}printscp-{what}-{port}"


def _bearer(request: Request) -> str | None:
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    return said.strip()[:_LONGEST_TOKEN] if scheme.lower() == "bearer" else None


def _name(said: list[str]) -> str | None:
    """The name that a proxy gives, which is UTF-8; two of them are one too many: a visitor may have sent the
    other."""
    if len(said) != 1:
        return None
    try:
        name = said[0].encode("latin-1").decode()
    except UnicodeError:
        return None
    return name if name.isprintable() and 0 < len(name) <= _LONGEST_NAME else None


def make_guard(settings: WebSettings) -> Guard:
    """The guard that settings ask for.

    Raises:
        SetupError: the file of users cannot be used.
    """
    return Door(settings)
