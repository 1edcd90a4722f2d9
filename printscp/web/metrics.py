"""Whether it is alive, whether films can be printed, and figures for Prometheus."""

import time
from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from printscp import __version__
from printscp.desk import Desk
from printscp.desk.records import PRINTER_STATUSES, Figures, SeenPrinter
from printscp.errors import Away, SetupError
from printscp.web.access import Viewer
from printscp.web.api.asking import example, media, problems
from printscp.web.context import TheDesk, context_of

router = APIRouter(
    tags=["health"],
    responses=problems("bad-request", "method", "wrong-host", "too-many"),
    generate_unique_id_function=lambda route: route.name,
)

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE"))
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Health(BaseModel):
    """It is well."""

    status: str = Field("ok", pattern="^ok$")


@router.get("/healthz", summary="Is the light box alive", openapi_extra=example())
async def get_health() -> Health:
    """It answers; anybody may ask."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Can films be taken and printed",
    responses=problems("away"),
    openapi_extra=example(),
)
def get_readiness(request: Request, desk: TheDesk) -> Health:
    """If not, the answer is 503; anybody may ask, and who may come in is told why."""
    try:
        reasons = desk.printers.ready()
    except SetupError:
        reasons = ("the spool cannot be reached",)
    if not reasons:
        return Health(status="ok")
    if context_of(request).guard.visitor(request) is None:  # they name hosts and folders
        raise Away("films cannot be taken, or not be printed: log in, or send a token, to be told why")
    raise Away("; ".join(reasons))


@router.get(
    "/metrics",
    summary="Get figures for Prometheus",
    response_class=Response,
    responses=problems("log-in", "role", "away") | media("text/plain"),
    openapi_extra=example(),
)
def get_metrics(request: Request, visitor: Viewer) -> Response:
    """In the text format of Prometheus."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self, app: FastAPI) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "printscp_http_requests",
            "Requests to the light box.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "printscp_http_request_duration_seconds",
            "Until the answer begins.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        ProcessCollector("printscp_light_box", registry=self.registry)
        self.registry.register(_House(app))


class _House(Collector):
    """What the desk says at the time it is asked."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def describe(self) -> Iterable[Metric]:
        return ()  # else it would be asked for figures when it is registered

    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "The version.", ("version",), [((__version__,), 1)])
        feed = getattr(self._app.state, "feed", None)
        yield _gauge("event_streams", "Who watches changes.", (), [((), feed.open if feed else 0)])
        desk: Desk = self._app.state.context.desk
        try:
            figures, printers = desk.printers.figures(), desk.printers.all()
        except SetupError:
            yield _gauge("spool_reachable", "Whether films and job table can be reached.", (), [((), 0)])
            return
        yield _gauge("spool_reachable", "Whether films and job table can be reached.", (), [((), 1)])
        yield from _of_house(figures)
        yield from _of_printers(printers)


def _of_house(figures: Figures) -> Iterator[Metric]:
    jobs = [((status,), count) for status, count in figures.jobs.items()]
    yield _gauge("jobs", "Jobs of the queue by Execution Status.", ("status",), jobs)
    films = [
        (("minute",), figures.films_minute),
        (("hour",), figures.films_hour),
        (("day",), figures.films_day),
    ]
    yield _gauge("films_delivered", "Films delivered within the last minute, hour, day.", ("within",), films)
    resident = [((kind,), size) for kind, size in figures.resident.items()]
    yield _gauge("resident_bytes", "Memory by kind of process.", ("process",), resident)
    for name, said, value in (
        ("oldest_job_age_seconds", "Age of the oldest job that has not ended.", figures.oldest_waiting),
        ("disk_free_bytes", "Free space for films.", figures.disk_free),
        ("disk_reserve_bytes", "Free space below which films are refused.", figures.disk_reserve),
        ("spool_bytes", "Size of the spool.", figures.spool_bytes),
        ("pixels_held_bytes", "Pixel data that associations hold.", figures.pixels_held),
        ("pixels_limit_bytes", "Pixel data that they may hold.", figures.pixels_limit),
        ("associations", "Associations there are.", figures.associations),
        ("associations_limit", "Associations there may be.", figures.max_associations),
        ("workers", "Processes that render.", figures.workers),
        ("uptime_seconds", "Since the printers were started.", figures.uptime),
    ):
        if value is not None:
            yield _gauge(name, said, (), [((), value)])
    for name, said, count in (
        ("associations_accepted", "Associations accepted since the start.", figures.associated),
        ("associations_rejected", "Associations rejected since the start.", figures.rejected),
    ):
        if count is not None:
            yield CounterMetricFamily(f"printscp_{name}", said, value=count)


def _of_printers(printers: Iterable[SeenPrinter]) -> Iterator[Metric]:
    printers = tuple(printers)
    statuses = [
        ((each.name, status), int(each.status == status)) for each in printers for status in PRINTER_STATUSES
    ]
    yield _gauge("printer_status", "1: the Printer Status it has.", ("printer", "status"), statuses)
    jobs = [((each.name, status), count) for each in printers for status, count in each.jobs.items()]
    yield _gauge("printer_jobs", "Jobs of a printer.", ("printer", "status"), jobs)
    outputs = {each.name: each for printer in printers for each in printer.outputs}
    waiting = [((name,), each.waiting) for name, each in outputs.items()]
    yield _gauge("output_waiting", "Deliveries that wait for an output.", ("output",), waiting)
    up = [
        ((name, status), int(each.status == status))
        for name, each in outputs.items()
        for status in PRINTER_STATUSES
    ]
    yield _gauge("output_status", "1: the state that it is in.", ("output", "status"), up)


def _gauge(
    name: str, said: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    gauge = GaugeMetricFamily(f"printscp_{name}", said, labels=labels)
    for of_labels, value in values:
        gauge.add_metric(of_labels, value)
    return gauge


def install(app: FastAPI) -> None:
    """Have an application count its requests."""
    metrics = app.state.metrics = Metrics(app)
    app.add_middleware(_Counted, metrics=metrics)


class _Counted:
    """Around an application: by route, not by path, of which anybody can make any number."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        method = scope["method"] if scope["method"] in _METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = _route(scope)
                self._metrics.requests.labels(method, route, str(message["status"])).inc()
                self._metrics.seconds.labels(method, route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)


def _route(scope: Scope) -> str:
    path: str = getattr(scope.get("route"), "path", "")
    return path or ("/static" if scope["path"].startswith("/static/") else "none")
