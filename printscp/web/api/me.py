"""Who asks, and what the audit log says of everybody."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, Field

from printscp.web.access import Administrator, Noted, Role, Viewer
from printscp.web.api.asking import example, operations
from printscp.web.context import context_of

router = operations("me")


class Me(BaseModel):
    """Who asks."""

    name: str
    role: Role
    private: bool = Field(description="Whether they see what may name a patient.")
    how: str = Field(description="They came in: local, session, token or proxy.")
    csrf: str = Field(description="For X-CSRF-Token, where no token of theirs is sent as Authorization.")


@router.get("/me", summary="See who you are", openapi_extra=example())
def get_me(visitor: Viewer) -> Me:
    """Name, role, and what to send with POST, PUT and DELETE."""
    return Me(
        name=visitor.name, role=visitor.role, private=visitor.private, how=visitor.how, csrf=visitor.csrf
    )


@router.get("/audit", summary="See who saw and did what", openapi_extra=example("?limit=10"))
def list_audit(
    request: Request,
    visitor: Administrator,
    note: Noted,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> list[dict[str, Any]]:
    """The newest first."""
    note("audit log seen")
    return list(context_of(request).audit.last(limit))


@router.get("/openapi.json", include_in_schema=False)
def get_openapi(request: Request, visitor: Viewer) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
