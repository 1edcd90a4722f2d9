"""Puts the light box together."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from printscp import __version__
from printscp.desk import Desk
from printscp.web import api, login, metrics, pages, problem, stream
from printscp.web.audit import Audit
from printscp.web.context import Context
from printscp.web.description import describe
from printscp.web.guard import make_guard
from printscp.web.shield import shield

STATIC = Path(__file__).parent / "static"


def create_app(desk: Desk) -> FastAPI:
    """The light box of a desk, as its settings have it.

    Raises:
        SetupError: its file of users cannot be used.
    """
    settings = desk.settings.web
    app = FastAPI(
        title="printscp",
        version=__version__,
        summary="See every film, steer every printer.",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # it is served to those alone who may come in
    )
    audit = Audit(settings.audit or desk.folder / "audit.jsonl")
    app.state.context = Context(desk, settings, make_guard(settings), audit)
    problem.install(app)
    metrics.install(app)
    shield(app, settings)
    app.include_router(api.router)
    app.include_router(stream.router)
    app.include_router(metrics.router)
    describe(app)
    app.include_router(login.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
