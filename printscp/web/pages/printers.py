"""Printers with their states, and how the house does."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from printscp.web.access import Viewer
from printscp.web.context import TheDesk
from printscp.web.pages.charts import SHAPE, drawn
from printscp.web.rendering import render

router = APIRouter()


@router.get("/printers")
def printers(request: Request, visitor: Viewer, desk: TheDesk) -> HTMLResponse:
    """All of them, and figures."""
    return render(request, "printers.html", visitor, **_state(desk))


@router.get("/_/printers")
def cards(request: Request, visitor: Viewer, desk: TheDesk) -> HTMLResponse:
    """What changes of that page."""
    return render(request, "printers_now.html", visitor, **_state(desk))


@router.get("/_/printers/{name:path}")
def state(request: Request, visitor: Viewer, desk: TheDesk, name: str) -> HTMLResponse:
    """What changes of one of them."""
    return render(request, "printer_state.html", visitor, printer=desk.printers.one(name))


@router.get("/printers/{name:path}")
def printer(request: Request, visitor: Viewer, desk: TheDesk, name: str) -> HTMLResponse:
    """One printer: its calibration, measurements and control charts."""
    found = desk.printers.one(name)
    trend = desk.quality.trend(name)
    return render(
        request,
        "printer.html",
        visitor,
        printer=found,
        measurements=desk.quality.measurements(name),
        curves=desk.quality.curves(name),
        trend=trend,
        shape=SHAPE,
        charts=[drawn(chart) for chart in trend.charts] if trend else [],
    )


def _state(desk: TheDesk) -> dict[str, Any]:
    return {
        "printers": desk.printers.all(),
        "figures": desk.printers.figures(),
        "ready": desk.printers.ready(),
    }
