"""What goes wrong is told to programs as problem details and to people as a page, and quotes nobody."""

import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from printscp import logs
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError, Withheld
from printscp.web import problem
from printscp.web.access import NotAllowed, NotKnown

SECRET = "Doe^Jane"

ERRORS = {
    "job": NoSuchJob("no job 7"),
    "state": NotPossible("job 7 has ended"),
    "patient": Withheld("not to you"),
    "table": Away("job table: locked"),
    "other": SetupError("there is no output ward"),
    "unknown": NotKnown(),
    "role": NotAllowed("this takes the role admin"),
    "bug": RuntimeError(SECRET),
}


def _raise(name: str) -> None:
    raise ERRORS[name]


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    guard = SimpleNamespace(visitor=lambda _: None)
    app.state.context = SimpleNamespace(guard=guard)
    problem.install(app)

    @app.get("/api/v1/errors/{name}")
    def fail(name: str) -> None:
        _raise(name)

    @app.get("/pages/{name}")
    def fail_on_a_page(name: str) -> None:
        _raise(name)

    @app.get("/api/v1/number")
    def number(
        limit: Annotated[int, Query(ge=1, le=500)], other: Annotated[int, Query(ge=0)] = 0
    ) -> list[int]:
        return [limit]

    @app.delete("/api/v1/number", status_code=204)
    def delete_number() -> None: ...

    @app.post("/api/v1/body")
    def body(asked: dict[str, int]) -> None: ...

    @app.get("/api/v1/endless")
    def endless() -> StreamingResponse:
        async def forever() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000

        return StreamingResponse(forever())

    @app.get("/api/v1/broken")
    def broken() -> StreamingResponse:
        async def breaks() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(breaks())

    return app


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(_app(), follow_redirects=False)


@pytest.mark.parametrize(
    ("name", "status", "kind", "detail"),
    [
        ("job", 404, "no-such-thing", "no job 7"),
        ("state", 409, "not-possible", "job 7 has ended"),
        ("patient", 403, "withheld", "not to you"),
        ("table", 503, "away", "job table: locked"),
        ("other", 422, "not-valid", "there is no output ward"),
        ("role", 403, "role", "this takes the role admin"),
        ("unknown", 401, "log-in", problem.KINDS["log-in"].to_do),
        ("bug", 500, "unforeseen", problem.KINDS["unforeseen"].to_do),
    ],
)
def test_each_way_to_fail_has_its_problem(
    client: TestClient, name: str, status: int, kind: str, detail: str
) -> None:
    said = client.get(f"/api/v1/errors/{name}?x=1")
    assert said.status_code == status
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json() == {
        "type": f"/problems/{kind}",
        "title": problem.KINDS[kind].title,
        "status": status,
        "detail": detail,
        "instance": f"/api/v1/errors/{name}",
        "errors": [],
    }
    assert ("retry-after" in said.headers) == (status == 503)
    assert ("www-authenticate" in said.headers) == (status == 401)


@pytest.mark.parametrize(("name", "status"), [("job", 404), ("role", 403), ("table", 503), ("bug", 500)])
def test_people_get_a_page_and_fragments_a_problem(client: TestClient, name: str, status: int) -> None:
    page = client.get(f"/pages/{name}")
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert f'data-status="{status}"' in page.text
    assert SECRET not in page.text
    fragment = client.get(f"/pages/{name}", headers={"HX-Request": "true"})
    assert fragment.headers["content-type"] == "application/problem+json"


def test_pages_escape_what_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ERRORS, "job", NoSuchJob("no job <script>"))
    page = client.get("/pages/job").text
    assert "no job &lt;script&gt;" in page


def test_somebody_unknown_is_sent_to_log_in_and_back(client: TestClient) -> None:
    page = client.get("/pages/unknown?day=2026-11-22&state=open")
    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=/pages/unknown%3Fday%3D2026-11-22%26state%3Dopen"
    current = {"HX-Request": "true", "HX-Current-URL": "http://evil.example/queue?a=1"}
    fragment = client.get("/pages/unknown", headers=current)
    assert fragment.status_code == 401
    assert fragment.headers["hx-redirect"] == "/login?next=/queue%3Fa%3D1"


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "https://evil.example", ""])
def test_nobody_is_sent_to_another_host(client: TestClient, path: str) -> None:
    current = {"HX-Request": "true", "HX-Current-URL": f"http://here{path}" if path else ""}
    said = client.get("/pages/unknown", headers=current).headers["hx-redirect"]
    assert said == "/login"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
@settings(max_examples=30)
def test_wrong_values_are_named_with_what_is_allowed_and_not_quoted(value: str) -> None:
    said = TestClient(_app()).get("/api/v1/number", params={"limit": SECRET + value, "other": -1})
    assert said.status_code == 422
    told = said.json()
    assert [(each["where"], each["name"]) for each in told["errors"]] == [
        ("query", "limit"),
        ("query", "other"),
    ]
    assert told["detail"] == f"query limit: {told['errors'][0]['reason']} (and 1 more)"
    assert "integer" in told["errors"][0]["reason"]
    assert "greater than or equal to 0" in told["errors"][1]["reason"]
    assert SECRET not in said.text


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 10_000, b'{"a": 1e999}', b'{"a": "' + b"9" * 5000])
def test_bodies_that_are_no_json_are_the_askers_fault(client: TestClient, body: bytes) -> None:
    said = client.post("/api/v1/body", content=body, headers={"Content-Type": "application/json"})
    assert said.status_code in (400, 422)
    assert said.headers["content-type"] == "application/problem+json"


def test_a_method_that_is_not_there_is_answered_with_those_that_are(client: TestClient) -> None:
    said = client.post("/api/v1/number")
    assert said.status_code == 405
    assert said.headers["allow"] == "DELETE, GET, HEAD"
    assert said.json()["type"] == "/problems/method"


def test_what_is_not_there_is_told(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json()["type"] == "/problems/no-page"
    page = client.get("/nothing")
    assert page.status_code == 404
    assert 'data-problem="no-page"' in page.text


@pytest.mark.parametrize("path", ["/api/v1/number?limit=3", "/api/v1/errors/job", "/nothing"])
def test_head_is_get_without_its_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code
    assert head.headers == get.headers
    assert head.content == b""


def test_head_of_a_stream_ends(client: TestClient) -> None:
    assert client.head("/api/v1/endless").content == b""


def test_what_is_unforeseen_is_logged_without_its_message(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        client.get(f"/api/v1/errors/bug?name={SECRET}")
    [record] = [each for each in caplog.records if each.name == "printscp.web.problem"]
    for formatter in (logs.TextFormatter(), logs.JSONFormatter()):
        said = formatter.format(record)
        assert "RuntimeError" in said
        assert "_raise" in said
        assert "/api/v1/errors/{name}" in said
        assert SECRET not in said


def test_an_answer_that_breaks_off_says_so_to_the_server_without_the_message() -> None:
    with pytest.raises(ConnectionError, match="cut short by RuntimeError") as caught:
        TestClient(_app()).get("/api/v1/broken")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("kind", problem.KINDS)
def test_the_type_of_a_problem_leads_to_a_page(client: TestClient, kind: str) -> None:
    page = client.get(f"/problems/{kind}")
    assert page.status_code == 200
    assert f'data-problem="{kind}" data-status="{problem.KINDS[kind].status}"' in page.text
    assert client.get("/problems/another").status_code == 404


def test_titles_are_told_apart() -> None:
    assert len({each.title for each in problem.KINDS.values()}) == len(problem.KINDS)
