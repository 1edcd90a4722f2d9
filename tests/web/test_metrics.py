"""Figures for Prometheus, and whether the light box and its printers are well."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from peers.lightbox import bearer
from prometheus_client.parser import text_string_to_metric_families

from printscp.desk import Desk
from printscp.errors import Away

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures_of(client: TestClient) -> Figures:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def count(figures: Figures, name: str, **labels: str) -> float | None:
    return figures.get((f"printscp_{name}", tuple(sorted(labels.items()))))


def test_figures_are_those_of_the_house(
    local: TestClient, printed: Callable[..., Any], film: Callable[..., Any]
) -> None:
    printed(film())
    printed(film())
    figures = figures_of(local)
    assert count(figures, "jobs", status="PENDING") == 2
    assert count(figures, "spool_reachable") == 1
    assert count(figures, "event_streams") == 0
    statuses = {
        dict(labels)["status"]: value
        for (name, labels), value in figures.items()
        if name == "printscp_printer_status"
    }
    assert sum(statuses.values()) == 1
    assert set(statuses) == {"NORMAL", "WARNING", "FAILURE"}
    assert count(figures, "associations") is None  # not known here
    free = count(figures, "disk_free_bytes")
    assert free is not None
    assert free > 1 << 20


def test_requests_are_counted_by_route(local: TestClient) -> None:
    for path in ("/api/v1/jobs/7", "/api/v1/jobs/8?x=%00", "/nothing/like/it", "/nothing/else"):
        local.get(path)
    local.head("/api/v1/jobs/7")
    local.request("BREW", "/api/v1/jobs/7")
    figures = figures_of(local)
    route = "/api/v1/jobs/{job}"
    assert count(figures, "http_requests_total", method="GET", route=route, status="404") == 1
    assert count(figures, "http_requests_total", method="GET", route=route, status="422") == 1
    assert count(figures, "http_requests_total", method="HEAD", route=route, status="404") == 1
    assert count(figures, "http_requests_total", method="other", route=route, status="405") == 1
    assert count(figures, "http_requests_total", method="GET", route="none", status="404") == 2
    assert count(figures, "http_request_duration_seconds_count", method="GET", route=route) == 2


def test_two_light_boxes_count_each_its_own(ask: Callable[..., TestClient]) -> None:
    one, other = ask(), ask()
    one.get("/healthz")
    figures = figures_of(other)
    assert count(figures, "http_requests_total", method="GET", route="/healthz", status="200") is None


def test_figures_need_somebody_known(
    program: Callable[[str], TestClient], ask: Callable[..., TestClient], people: Path
) -> None:
    assert program("viewer").get("/metrics").status_code == 200
    assert ask(users=people).get("/metrics").status_code == 401


def test_a_spool_that_is_away_is_told_in_figures(
    local: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Away("job table: /secret/place is locked")

    monkeypatch.setattr(desk.printers, "figures", away)
    monkeypatch.setattr(desk.printers, "ready", away)
    assert count(figures_of(local), "spool_reachable") == 0
    ready = local.get("/readyz")
    assert ready.status_code == 503
    assert "secret" not in ready.text


def test_readiness_says_what_is_missing_and_health_does_not_care(
    ask: Callable[..., TestClient], people: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = ask(users=people)
    monkeypatch.setattr(desk.printers, "ready", lambda: ("no room in /srv", "no workers"))
    said = nobody.get("/readyz", headers=bearer("viewer"))
    assert (said.status_code, said.json()["detail"]) == (503, "no room in /srv; no workers")
    said = nobody.get("/readyz")
    assert said.status_code == 503
    assert "/srv" not in said.text
    assert nobody.get("/healthz").json() == {"status": "ok"}
    monkeypatch.setattr(desk.printers, "ready", tuple)
    assert nobody.get("/readyz").json() == {"status": "ok"}
