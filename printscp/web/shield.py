"""What every request has to pass and every answer carries: names of this host, origins, security headers."""

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from printscp.config import WebSettings
from printscp.web.access import CrossSite
from printscp.web.bounds import Bounds
from printscp.web.origin import Origins, Way, came_by, cross_site, host_of, mark
from printscp.web.problem import answer

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
_FEATURES = (
    *("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope"),
    *("hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)
_ALWAYS = {
    "content-security-policy": "; ".join(f"{key} {value}" for key, value in _POLICY.items()),
    "x-content-type-options": "nosniff",
    # Not no-referrer: then browsers name no origin with forms, also with our own.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": ", ".join(f"{each}=()" for each in _FEATURES),
    "x-frame-options": "DENY",
}
_STATIC = "/static/"
_FOR_EVER = "public, max-age=31536000, immutable"
_A_YEAR = "max-age=31536000"
_ANY_NAME = ("/healthz", "/readyz")  # who watches a container asks by whatever name it has; they tell nothing


def shield(app: FastAPI, settings: WebSettings) -> None:
    """Put it around an application."""
    app.add_exception_handler(CrossSite, lambda request, _: answer(request, "cross-site"))
    app.add_middleware(Bounds)
    app.add_middleware(Shield, settings=settings)


class Shield:
    """Around all else."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._origins = Origins(settings)
        self._inner = ProxyHeadersMiddleware(
            _Inside(app),  # type: ignore[arg-type]
            trusted_hosts=[str(each) for each in settings.proxies],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            mark(scope, self._origins.way(scope))
        await self._inner(scope, receive, send)  # type: ignore[arg-type]


class _Inside:
    """Knows where a request comes from, also by a proxy of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = _headers(scope, send)
        refused = _refusal(scope)
        if refused is None:
            await self._app(scope, receive, answered)
        else:
            await refused(scope, receive, answered)


def _refusal(scope: Scope) -> Response | None:
    """Why a request is not looked at."""
    request = Request(scope)
    if not came_by(request).ours and scope["path"] not in _ANY_NAME:
        said = request.headers.get("host", "")[:100]
        return answer(
            request,
            "wrong-host",
            f"this light box is not called {said!r}: use its address, or add the name to web.names",
        )
    if cross_site(scope):
        mark(scope, Way(ours=False))
        return answer(request, "cross-site", "a page of another site asks for this")
    return None


def _headers(scope: Scope, send: Send) -> Send:
    """Sends answers with what each of them carries, unless it has that already."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            for name, value in _of_answer(scope, message["status"]).items():
                if name.encode() not in there:
                    headers.append((name.encode(), value.encode()))
            message = {**message, "headers": headers}
        await send(message)

    return sent


def _of_answer(scope: Scope, status: int) -> dict[str, str]:
    found = dict(_ALWAYS)
    if scope["path"].startswith(_STATIC):
        named = scope["query_string"].startswith(b"v=") and status in (200, 206, 304)
        found["cache-control"] = _FOR_EVER if named else "no-cache"
    else:
        found["cache-control"] = "no-store"
    if _is_trusted(scope):  # elsewhere browsers complain of it
        found["cross-origin-opener-policy"] = "same-origin"
    # Of a host that others share by its other ports; localhost is everybody's own.
    if scope["scheme"] == "https" and host_of(Request(scope).headers.get("host", "")) != "localhost":
        found["strict-transport-security"] = _A_YEAR
    return found


def _is_trusted(scope: Scope) -> bool:
    """Whether browsers take what is sent for unchanged: it is encrypted, or stays on this host."""
    host = host_of(Request(scope).headers.get("host", "")) or ""
    return scope["scheme"] == "https" or host in ("localhost", "::1") or host.startswith("127.")
