"""Printers, their outputs and their quality, and how the house does."""

from fastapi.responses import Response

from printscp.desk.records import Figures, SeenCurve, SeenMeasurement, SeenPrinter
from printscp.desk.results import Trend
from printscp.web.access import Viewer
from printscp.web.api.asking import PrinterName, example, media, operations, problems
from printscp.web.context import TheDesk

router = operations("printers")

_ALL = problems("away", "busy")
_ONE = problems("no-such-thing", "not-possible", "away", "busy")


@router.get("/printers", summary="List printers", responses=_ALL, openapi_extra=example())
def list_printers(desk: TheDesk, visitor: Viewer) -> tuple[SeenPrinter, ...]:
    """With the state that SCUs are told, and why."""
    return desk.printers.all()


@router.get("/printers/{printer}", summary="See a printer", responses=_ONE, openapi_extra=example())
def get_printer(desk: TheDesk, visitor: Viewer, printer: PrinterName) -> SeenPrinter:
    """Its state, entrances and outputs."""
    return desk.printers.one(printer)


@router.get("/outputs", summary="List outputs", responses=_ALL, openapi_extra=example())
def list_outputs(desk: TheDesk, visitor: Viewer) -> tuple[str, ...]:
    """Names of all that films can go to."""
    return desk.printers.outputs()


@router.get("/figures", summary="See how the printers do", responses=_ALL, openapi_extra=example())
def get_figures(desk: TheDesk, visitor: Viewer) -> Figures:
    """Disk, memory, associations and throughput."""
    return desk.printers.figures()


@router.get(
    "/printers/{printer}/measurements",
    summary="List measurements of a printer",
    responses=_ONE,
    openapi_extra=example(),
)
def list_measurements(desk: TheDesk, visitor: Viewer, printer: PrinterName) -> tuple[SeenMeasurement, ...]:
    """The newest first."""
    return desk.quality.measurements(printer)


@router.get(
    "/printers/{printer}/curves", summary="List curves of a printer", responses=_ONE, openapi_extra=example()
)
def list_curves(desk: TheDesk, visitor: Viewer, printer: PrinterName) -> tuple[SeenCurve, ...]:
    """Versions of what it prints through, the newest first."""
    return desk.quality.curves(printer)


@router.get(
    "/printers/{printer}/trend",
    summary="See the control charts of a printer",
    responses=_ONE,
    openapi_extra=example(),
)
def get_trend(desk: TheDesk, visitor: Viewer, printer: PrinterName) -> Trend | None:
    """What its measurements say, one after the other; null where nothing was measured."""
    return desk.quality.trend(printer)


@router.get(
    "/printers/{printer}/trend/report",
    summary="Download the control charts of a printer",
    response_class=Response,
    responses=_ONE | media("application/pdf"),
    openapi_extra=example(),
)
def get_trend_report(desk: TheDesk, visitor: Viewer, printer: PrinterName) -> Response:
    """A page of PDF."""
    headers = {"Content-Disposition": 'attachment; filename="trend.pdf"'}
    return Response(desk.quality.report(printer), media_type="application/pdf", headers=headers)
