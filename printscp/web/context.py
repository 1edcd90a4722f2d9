"""What all answers of one light box are made from, and how a path operation asks for it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from printscp.config import WebSettings
from printscp.desk import Desk
from printscp.web.access import Guard
from printscp.web.audit import Audit


@dataclass(frozen=True)
class Context:
    """One light box."""

    desk: Desk
    settings: WebSettings
    guard: Guard
    audit: Audit


def context_of(request: Request) -> Context:
    """That of the application which got the request."""
    found: Context = request.app.state.context
    return found


async def _desk(request: Request) -> Desk:  # which spares a thread
    return context_of(request).desk


TheDesk = Annotated[Desk, Depends(_desk)]
