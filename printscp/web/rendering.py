"""Makes pages of templates: in the visitor's language, and with all that was sent escaped."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from printscp import __version__
from printscp.web.access import Role, Visitor
from printscp.web.language import LANGUAGES, language_of, meanings, words

SCHEMES = ("dark", "light", "system")
SCHEME_COOKIE = "scheme"

_HERE = Path(__file__).parent
_KIB = 1024


def render(
    request: Request,
    name: str,
    visitor: Visitor | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page, or part of one, that a template makes of ``values``.

    Beside them it has ``visitor``, None for somebody unknown, ``may`` (a role), ``path``, ``language`` and
    ``scheme``.
    """
    language = language_of(request)
    scheme = request.cookies.get(SCHEME_COOKIE, "")
    page = _environment(language).get_template(name)
    made = page.render(
        values,
        visitor=visitor,
        may=lambda role: visitor is not None and visitor.role.includes(Role(role)),
        path=request.url.path,
        language=language,
        scheme=scheme if scheme in SCHEMES else SCHEMES[0],
        csrf=visitor.csrf if visitor else "",
        since=getattr(request.state, "since", ""),
    )
    return HTMLResponse(made, status, headers)


def is_part(request: Request) -> bool:
    """Only part of a page is asked for, to be put into one that is there (htmx)."""
    return request.headers.get("hx-request") == "true"


@cache
def asset(name: str) -> str:
    """Where a file of the page is; the address changes when the file does, so that it may be kept."""
    digest = sha256((_HERE / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,  # also what ends in .svg or nothing
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "asset": asset,
        "languages": LANGUAGES,
        "meanings": meanings(language),
        "schemes": SCHEMES,
        "version": __version__,
    }
    made.filters |= {"clock": clock, "iso": iso, "lately": lately, "bytes": in_bytes, "age": age}
    return made


def clock(when: datetime | None, seconds: bool = False) -> str:
    """A point in time as this host's clock has it."""
    if when is None:
        return ""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def lately(when: datetime) -> str:
    """A point in time of today by its hour, any other by its day."""
    local = when.astimezone()
    return local.strftime("%H:%M" if local.date() == datetime.now().astimezone().date() else "%Y-%m-%d")


def iso(when: datetime) -> str:
    """The same for programs."""
    return when.astimezone().isoformat(timespec="seconds")


def in_bytes(count: float) -> str:
    """A number of bytes as people say it."""
    unit, *larger = ("B", "KiB", "MiB", "GiB", "TiB")
    while count >= _KIB and larger:
        count, (unit, *larger) = count / _KIB, larger
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"


def age(seconds: float) -> str:
    """A time span as people say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
