"""What somebody chose for all pages: language and colors, in cookies."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from printscp.web.access import Viewer
from printscp.web.language import COOKIE
from printscp.web.pages.steps import local
from printscp.web.rendering import SCHEME_COOKIE

router = APIRouter()
_YEAR = 365 * 24 * 3600


@router.post("/preferences")
def keep(
    request: Request,
    visitor: Viewer,
    language: Annotated[Literal["en", "de"] | None, Form()] = None,
    scheme: Annotated[Literal["dark", "light", "system"] | None, Form()] = None,
    next_: Annotated[str, Form(alias="next", max_length=500)] = "/",
) -> RedirectResponse:
    """Keep them for a year, and go back."""
    answer = RedirectResponse(local(next_), 303)
    for name, value in ((COOKIE, language), (SCHEME_COOKIE, scheme)):
        if value is not None:
            secure = request.url.scheme == "https"
            answer.set_cookie(name, value, max_age=_YEAR, secure=secure, httponly=True, samesite="lax")
    return answer
