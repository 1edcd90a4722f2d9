"""Which role each operation takes: none is forgotten."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from peers.lightbox import log_in

from printscp.web.access import Role

Asking = Callable[..., TestClient]

OPEN = {"/healthz", "/readyz", "/login", "/problems/{kind}"}  # they tell nothing, or are how one comes in
OF_EVERYBODY = {("POST", "/logout"), ("POST", "/preferences")}
NAMES = {"name", "printer", "kind", "part", "action"}  # what else stands in paths are numbers
ADMINISTRATORS = ("purge", "fault", "audit")


def operations(client: TestClient) -> Iterator[tuple[str, str, Role | None]]:
    """Method, path and least role of each operation there is."""
    for each in iter_route_contexts(client.app.routes):  # type: ignore[attr-defined]
        dependant = getattr(each, "dependant", None)
        if dependant is None:
            assert each.path == "/static", "a route that nobody is asked who they are at"
            continue
        asked = sorted(roles(dependant), key=list(Role).index)
        for method in each.methods:
            yield method, each.path, asked[-1] if asked else None


def roles(dependant: Any) -> set[Role]:
    own = getattr(dependant.call, "least", None)
    found = {own} if own is not None else set()
    return found.union(*(roles(each) for each in dependant.dependencies))


def test_every_operation_asks_who_it_is_and_what_they_may_do(local: TestClient) -> None:
    found = list(operations(local))
    assert len(found) > 60
    assert {path for _, path, role in found if role is None} == OPEN
    for method, path, role in found:
        if method == "GET" or path in OPEN or (method, path) in OF_EVERYBODY:
            continue
        of_admin = method == "DELETE" or any(word in path for word in ADMINISTRATORS)
        assert role is (Role.ADMIN if of_admin else Role.OPERATE), f"{method} {path}"
    assert all(role is Role.ADMIN for _, path, role in found if "audit" in path)


def test_nobody_unknown_gets_anything(ask: Asking, people: object) -> None:
    client = ask(users=people)
    for method, path, role in operations(client):
        url = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: "x" if found[1] in NAMES else "1", path)
        answer = client.request(method, url)
        if role is None:
            assert answer.status_code in (200, 403, 404, 503), url
        elif path.startswith(("/api/", "/metrics")):
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/log-in"), url
        else:
            assert answer.status_code == 303, url
            assert answer.headers["location"].startswith("/login"), url


@pytest.mark.parametrize(("name", "refused"), [("viewer", "operate"), ("operator", "admin"), ("chief", None)])
def test_a_role_goes_so_far(program: Callable[[str], TestClient], name: str, refused: str | None) -> None:
    client = program(name)
    codes = {
        "operate": client.post("/api/v1/jobs/1/hold").status_code,
        "admin": client.delete("/api/v1/jobs/1").status_code,
    }
    order = [None, "admin", "operate"].index(refused)
    assert codes == {
        "operate": 403 if order == 2 else 404,
        "admin": 403 if order >= 1 else 404,
    }


def test_what_is_refused_is_in_the_audit_log(ask: Asking, people: object) -> None:
    browser = ask(users=people)
    csrf = log_in(browser, "viewer")
    origin = {"Origin": "http://127.0.0.1:11180"}
    browser.delete("/api/v1/jobs/7", headers=origin | {"X-CSRF-Token": csrf})
    browser.delete("/api/v1/jobs/7", headers=origin)
    audit = browser.app.state.context.audit  # type: ignore[attr-defined]
    lines = [each for each in audit.last(9) if each["action"] == "refused"]
    assert [(each["who"], each["operation"], each["result"]) for each in lines] == [
        ("viewer", "/api/v1/jobs/{job}", "cross-site"),
        ("viewer", "/api/v1/jobs/{job}", "role"),
    ]


def test_what_a_page_asks_for_in_vain_is_in_the_audit_log(program: Callable[[str], TestClient]) -> None:
    client = program("chief")
    for action in ("hold", "purge", "move", "reprint", "prioritize"):
        form = {"output": "x", "priority": "HIGH"}
        assert client.post(f"/_/jobs/7/{action}", data=form).status_code == 404
    client.post("/_/jobs", data={"action": "hold", "jobs": ["8"]})
    audit = client.app.state.context.audit  # type: ignore[attr-defined]
    assert [(each["action"], str(each["job"]), each["result"]) for each in audit.last(9)[::-1]] == [
        ("job held", "7", "NoSuchJob"),
        ("job purged", "7", "NoSuchJob"),
        ("job moved", "7", "NoSuchJob"),
        ("job reprinted", "7", "NoSuchJob"),
        ("job prioritized", "7", "NoSuchJob"),
        ("job held", "8", "NoSuchJob"),
    ]
