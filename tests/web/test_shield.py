"""What every request has to pass, and every answer carries."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from peers.lightbox import bearer

from printscp.config import WebSettings
from printscp.web.origin import Origins, host_of

Asking = Callable[..., TestClient]


PATHS = ("/", "/login", "/api/v1/me", "/api/v1/nothing", "/nothing", "/static/style.css", "/healthz")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_shielded(local: TestClient, path: str) -> None:
    for answer in (
        local.get(path),
        local.head(path),
        local.get(path, headers={"Host": "evil.example"}),
        local.post(path, headers={"Origin": "http://evil.example"}),
        local.request("BREW", path),
        local.post(path, content=b"x" * 70_000),
    ):
        headers = answer.headers
        policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in str(policy)
        assert headers["x-content-type-options"] == "nosniff"
        trusted = answer.request.headers["host"].startswith("127.")
        assert headers.get("cross-origin-opener-policy") == ("same-origin" if trusted else None)
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert "strict-transport-security" not in headers
        assert "server" not in headers
        assert len(headers.get_list("cache-control")) == 1
        if not path.startswith("/static/"):
            assert headers["cache-control"] == "no-store"


def test_files_of_the_page_are_kept_by_their_version(local: TestClient) -> None:
    assert local.get("/static/style.css?v=1").headers["cache-control"].endswith("immutable")
    assert local.get("/static/style.css").headers["cache-control"] == "no-cache"
    assert local.get("/static/none.css?v=1").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:99", "films.example.", "192.0.2.4"],
)
def test_names_of_ours_are_taken(ask: Asking, host: str) -> None:
    client = ask(names=["Films.example"])
    assert client.get("/api/v1/me", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "films.example.evil",
            "",
            ":80",
        ),
        *("localhost:80:80", "localhost:x", "[::1", "[::1]x", "a@localhost", "localhost/", "0x7f.1", "127.1"),
    ],
)
def test_names_of_others_are_not(ask: Asking, host: str) -> None:
    """Whoever owns a name can have it point to this host, and read from a browser here what it is told."""
    client = ask(names="films.example")
    for path in ("/api/v1/me", "/"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert 'name="csrf" content=""' in answer.text or "/problems/wrong-host" in answer.text


def test_this_host_and_what_it_listens_on_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Imager7")
    origins = Origins(WebSettings(host="films.local", users="u", proxies="127.0.0.1"))  # type: ignore[arg-type]
    assert origins.is_ours(["imager7:11180"])
    assert origins.is_ours(["films.local"])
    assert not origins.is_ours([])
    assert not origins.is_ours(["imager7", "imager7"])
    assert host_of("[::1]") == "::1"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 403),  # a browser: it has to have the token
        ({"Origin": "http://127.0.0.1:11180"}, 403),
        ({"Cookie": "any=thing"}, 403),
        ({"Origin": "http://127.0.0.1:11180", "X-CSRF-Token": "right"}, 404),
        ({"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "right"}, 404),
        ({"Sec-Fetch-Site": "none", "X-CSRF-Token": "right"}, 404),
        ({"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "wr\u00f6ng".encode()}, 403),
        ({"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": "right"}, 403),
        ({"Sec-Fetch-Site": "same-site", "X-CSRF-Token": "right"}, 403),  # another port of localhost
        ({"Origin": "http://127.0.0.1:8000", "X-CSRF-Token": "right"}, 403),
        ({"Origin": "https://127.0.0.1:11180", "X-CSRF-Token": "right"}, 403),
        ({"Origin": "null", "X-CSRF-Token": "right"}, 403),
        ({"Origin": "http://evil.example", "X-CSRF-Token": "right"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    local: TestClient, headers: dict[str, str | bytes], status: int
) -> None:
    if headers.get("X-CSRF-Token") == "right":
        headers = {**headers, "X-CSRF-Token": local.get("/api/v1/me").json()["csrf"]}
    assert local.post("/api/v1/jobs/1/hold", headers=headers).status_code == status  # type: ignore[arg-type]


def test_pages_of_other_sites_read_nothing_but_links_lead_here(local: TestClient) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    frame = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert [local.get("/api/v1/me", headers=each).status_code for each in (image, frame, link)] == [
        403,
        403,
        200,
    ]
    assert (
        "access-control-allow-origin" not in local.get("/api/v1/me", headers={"Origin": "http://a"}).headers
    )


def test_a_form_has_its_token_in_a_field(local: TestClient) -> None:
    csrf = local.get("/api/v1/me").json()["csrf"]
    browser = {"Origin": "http://127.0.0.1:11180"}
    assert (
        local.post("/preferences", data={"csrf": csrf, "scheme": "light"}, headers=browser).status_code == 303
    )
    for data in ({"csrf": csrf[:-1]}, {"csrf": ""}, {}):
        assert (
            local.post("/preferences", data={**data, "scheme": "light"}, headers=browser).status_code == 403
        )
    upload = {"csrf": ("name", csrf.encode())}
    assert local.post("/preferences", files=upload, headers=browser).status_code in (403, 422)


def test_a_token_of_a_program_needs_no_other(program: Callable[[str], TestClient]) -> None:
    browser = {"Sec-Fetch-Site": "same-origin", "Cookie": "any=thing"}
    assert program("operator").post("/api/v1/jobs/1/hold", headers=browser).status_code == 404


def test_requests_are_bounded(local: TestClient) -> None:
    assert local.post("/api/v1/jobs/1/hold", content=b"x" * (64 << 10)).status_code != 413
    for body in (b"x" * (64 << 10) + b"y", [b"x" * 40_000] * 2):
        answer = local.post(
            "/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code == 413
        assert "too-large" in answer.text or "large" in answer.text


@pytest.mark.parametrize("length", ["-1", "1" * 30, "x", "\u0661"])
def test_lengths_that_are_none(local: TestClient, length: str) -> None:
    answer = local.post("/login", headers={"Content-Length": length.encode()})
    assert answer.status_code == 413


def test_who_may_come_in_is_not_asked_of_health(ask: Asking, people: object) -> None:
    client = ask(users=people)
    assert client.get("/healthz", headers={"Host": "any.name"}).status_code == 200
    assert client.get("/metrics", headers={**bearer("viewer"), "Host": "any.name"}).status_code == 421
