"""Every operation of the API: its example works, and it is for those alone that it is meant for."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from peers.lightbox import bearer, write_people
from peers.printed import PATIENT, copied, print_to, settings_in
from qa.filled import measured

from printscp.config import Settings, WebSettings
from printscp.desk import Desk
from printscp.desk.records import Bytes
from printscp.qa.store import Measurements
from printscp.web.api import inspection
from printscp.web.api.asking import attachment
from printscp.web.app import create_app
from printscp.web.document import described, example_of

DOCUMENT = described().openapi()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
NAMES = sorted(OPERATIONS)
READ = [name for name in NAMES if OPERATIONS[name][0] == "GET" and name != "watch_changes"]
STEERED = [name for name in NAMES if OPERATIONS[name][0] != "GET"]
FOR_ADMINISTRATORS = {"purge_job", "add_fault", "clear_fault", "clear_faults", "list_audit"}
OPEN = {"get_health", "get_readiness"}
NOTHING_THERE = {
    "get_readiness": 503,  # no process of printers
}
SLOW = {"verify_film", "get_verification_report", "get_trend_report"}
BEFORE = {
    "release_job": ["hold_job"],
    "purge_job": ["cancel_job"],
    "clear_fault": ["add_fault"],
    "clear_faults": ["add_fault"],
}

Asked = Callable[..., Any]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a printer that was printed to."""
    folder = tmp_path_factory.mktemp("printed")
    print_to(folder)
    Measurements(folder / "qa", "PRINTSCP").add(measured(folder, "wedge-8"))
    write_people(folder / "users.toml")
    return folder


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[TestClient]:
    web = WebSettings(users=folder / "users.toml")
    with Desk(settings.model_copy(update={"web": web})) as desk:
        yield TestClient(
            create_app(desk),
            base_url="http://127.0.0.1:11180",
            client=("127.0.0.1", 50000),
            raise_server_exceptions=False,
        )


@pytest.fixture(scope="module")
def seen(printed: Path) -> Iterator[TestClient]:
    """To be looked at."""
    with serving(settings_in(printed), printed) as client:
        yield client


@pytest.fixture
def steered(printed: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A copy, to be steered."""
    with serving(copied(printed, tmp_path), tmp_path) as client:
        yield client


def try_example(client: TestClient, name: str, who: str | None = "chief", method: str = "") -> Any:
    """What the example of an operation is answered, asked by a program of somebody."""
    found, path, operation = OPERATIONS[name]
    where, body = example_of(path, operation)
    headers = bearer(who) if who else {}
    return client.request(method or found, where, json=body, headers=headers)


def success(name: str) -> int:
    if name in NOTHING_THERE:
        return NOTHING_THERE[name]
    return min(int(status) for status in OPERATIONS[name][2]["responses"] if int(status) < 300)


def media_types(name: str, status: int) -> set[str]:
    return set(OPERATIONS[name][2]["responses"][str(status)].get("content", {}))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in READ]
)
def test_the_example_of_each_question_is_answered_as_is_its_head(seen: TestClient, name: str) -> None:
    answer = try_example(seen, name)
    assert answer.status_code == success(name), answer.text
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in media_types(name, answer.status_code)
    assert answer.headers["cache-control"] == "no-store"
    if name not in SLOW:
        head = try_example(seen, name, method="HEAD")
        assert (head.status_code, head.content) == (answer.status_code, b"")
        assert head.headers["content-type"] == answer.headers["content-type"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in STEERED]
)
def test_the_example_of_each_action_is_done(steered: TestClient, name: str) -> None:
    for each in BEFORE.get(name, ()):
        assert try_example(steered, each).status_code < 300
    answer = try_example(steered, name)
    assert answer.status_code == success(name), answer.text
    audit = steered.get("/api/v1/audit?limit=1", headers=bearer("chief")).json()
    assert audit[0]["who"] == "chief-token"
    assert audit[0].get("result", "done") == "done"


TELL_OF_NO_PATIENT = {"list_choices", "list_patterns", "list_unprinted", "get_thumbnail"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name in READ
        if OPERATIONS[name][2]["tags"][0] in ("jobs", "films", "inspection")
        and name not in TELL_OF_NO_PATIENT
    ],
)
def test_each_look_is_in_the_audit_log(seen: TestClient, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[Any] = []
    audit = seen.app.state.context.audit  # type: ignore[attr-defined]
    monkeypatch.setattr(audit, "note", lambda *said, **facts: noted.append((said[0], said[2])))
    assert try_example(seen, name).status_code == success(name)
    assert noted
    assert {who for who, _ in noted} == {"chief-token"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - OPEN))
def test_nobody_unknown_is_answered(seen: TestClient, name: str) -> None:
    answer = try_example(seen, name, who=None)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/log-in"


@pytest.mark.parametrize("name", sorted({*STEERED, *FOR_ADMINISTRATORS}))
def test_roles_go_as_far_as_they_say(seen: TestClient, name: str) -> None:
    too_low = ["viewer", *(["operator"] if name in FOR_ADMINISTRATORS else [])]
    for who in too_low:
        answer = try_example(seen, name, who=who)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems/role"


@pytest.mark.parametrize("name", sorted({*READ} - FOR_ADMINISTRATORS - SLOW - OPEN))
def test_nothing_that_names_a_patient_is_shown_in_a_corridor(seen: TestClient, name: str) -> None:
    answer = try_example(seen, name, who="corridor")
    assert PATIENT.encode() not in answer.content
    if answer.status_code != success(name):
        assert answer.json()["type"] == "/problems/withheld"


def test_a_corridor_sees_neither_pixels_nor_files(seen: TestClient) -> None:
    refused = {
        name
        for name in set(READ) - SLOW
        if try_example(seen, name, who="corridor").status_code == 403 and name not in FOR_ADMINISTRATORS
    }
    assert refused == {
        "get_tile",
        "get_reading",
        "get_profile",
        "get_film_document",
        "get_job_document",
        "compare_jobs",
    }


@pytest.mark.parametrize("name", sorted({*NAMES} - {"watch_changes"}))
def test_each_says_what_it_is_for_and_how_it_can_fail(name: str) -> None:
    _, path, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"].endswith((".", "`"))
    assert operation["x-example"] is not None
    problems = [each for status, each in operation["responses"].items() if int(status) >= 400]
    assert problems
    for each in problems:
        assert each["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
    if "{" in path:
        assert {"404"} <= set(operation["responses"]) or "/faults/" in path


@pytest.mark.parametrize(
    "query", ["prnter=A", "limit=2&limit=3", "limit=0", "limit=1e3", "day=today", "state=done"]
)
def test_parameters_that_are_wrong_are_told(seen: TestClient, query: str) -> None:
    answer = seen.get(f"/api/v1/jobs?{query}", headers=bearer("viewer"))
    assert answer.status_code == 422
    [wrong] = answer.json()["errors"]
    assert wrong["where"] == "query"
    assert wrong["name"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "job", ["0", "2", "9999999999", "-1", "1e0", "٣", "..%2f1", "%00", "latest%00", "LATEST", "1%0A"]
)
def test_names_of_jobs_that_there_are_not(seen: TestClient, job: str) -> None:
    answer = seen.get(f"/api/v1/jobs/{job}", headers=bearer("viewer"))
    assert answer.status_code == (404 if (job.isascii() and job.isdecimal()) or "2f" in job else 422)


def test_latest_is_the_job_of_that_number(seen: TestClient) -> None:
    latest, first, padded = (
        seen.get(f"/api/v1/jobs/{job}", headers=bearer("viewer")).json() for job in ("latest", "1", "0001")
    )
    assert latest == first == padded
    assert first["order"]["label"] == PATIENT


def test_tiles_are_densities_with_their_size(seen: TestClient, printed: Path) -> None:
    film = seen.get("/api/v1/jobs/1/films/1", headers=bearer("viewer")).json()
    last = film["levels"] - 1
    tile = seen.get(f"/api/v1/jobs/1/films/1/tiles/{last}/1/2", headers=bearer("viewer"))
    rows, columns = int(tile.headers["x-rows"]), int(tile.headers["x-columns"])
    densities = np.frombuffer(tile.content, "<u2").reshape(rows, columns)
    x, y = film["tile"] + 7, 2 * film["tile"] + 5
    reading = seen.get(f"/api/v1/jobs/1/films/1/reading?x={x}&y={y}", headers=bearer("viewer")).json()
    assert reading["density"] == pytest.approx(densities[5, 7] / 10_000, abs=1e-9)
    whole = seen.get("/api/v1/jobs/1/films/1/tiles/0/0/0", headers=bearer("viewer"))
    rows, columns = int(whole.headers["x-rows"]), int(whole.headers["x-columns"])
    assert columns < rows  # a film of 8 x 10 inches
    assert len(whole.content) == 2 * rows * columns
    beyond = seen.get(f"/api/v1/jobs/1/films/1/tiles/{last}/500/0", headers=bearer("viewer"))
    assert beyond.status_code == 404


@pytest.mark.parametrize(
    ("peer", "accepted", "compressed"),
    [
        ("192.0.2.7", "gzip, deflate, br", True),
        ("192.0.2.7", "br;q=1.0,gzip;q=0.5", True),
        ("192.0.2.7", "identity, gzip;q=0", False),
        ("192.0.2.7", "gzip;q=0.000", False),
        ("192.0.2.7", "notgzip", False),
        ("127.0.0.1", "gzip", False),
    ],
)
def test_tiles_are_compressed_for_those_far_away_who_take_that(
    seen: TestClient, peer: str, accepted: str, compressed: bool
) -> None:
    where = "/api/v1/jobs/1/films/1/tiles/0/0/0"
    plain = seen.get(where, headers=bearer("viewer") | {"Accept-Encoding": "identity"})
    far = TestClient(seen.app, base_url="http://127.0.0.1:11180", client=(peer, 50000))
    tile = far.get(where, headers=bearer("viewer") | {"Accept-Encoding": accepted})
    assert (tile.headers.get("content-encoding") == "gzip") == compressed
    assert tile.headers["vary"] == "Accept-Encoding"
    assert (int(tile.headers["content-length"]) < len(plain.content)) == compressed
    assert tile.content == plain.content


def test_control_charts_are_there(seen: TestClient) -> None:
    charts = seen.get("/api/v1/printers/PRINTSCP/trend", headers=bearer("viewer")).json()
    assert charts["measurements"] == 1
    assert charts["charts"][0]["points"]


def test_files_have_names_that_say_nothing(seen: TestClient) -> None:
    answer = seen.get("/api/v1/jobs/latest/films/1/documents/pdf", headers=bearer("viewer"))
    kind, _, name = answer.headers["content-disposition"].partition("; filename=")
    assert kind == "attachment"
    assert name.endswith('.pdf"')
    assert "Muster" not in name


def test_no_name_of_a_file_ends_its_header() -> None:
    answer = attachment(Bytes(b"", "application/pdf", '../"; x\r\nSet-Cookie: ä.pdf'))
    assert answer.headers["content-disposition"] == 'attachment; filename="x--Set-Cookie---.pdf"'


def test_what_cannot_be_done_is_told_and_noted(steered: TestClient) -> None:
    answer = steered.post("/api/v1/jobs/latest/release", headers=bearer("operator"))
    assert answer.status_code == 409
    answer = steered.post("/api/v1/jobs/1/move", json={"output": "nowhere"}, headers=bearer("operator"))
    assert answer.status_code == 422
    assert "ward" in answer.json()["detail"]
    moved, released, *_ = steered.get("/api/v1/audit", headers=bearer("chief")).json()[1:]
    assert (moved["action"], moved["job"], moved["result"]) == ("job moved", 1, "SetupError")
    assert (released["action"], released["result"]) == ("job released", "NotPossible")


def test_a_moved_job_is_where_it_is_said(steered: TestClient) -> None:
    moved = steered.post("/api/v1/jobs/1/move", json={"output": "ward"}, headers=bearer("operator")).json()
    assert [each["output"] for each in moved["deliveries"]] == ["ward"]
    again = steered.post(
        "/api/v1/jobs/1/reprint", json={"outputs": ["films", "ward"]}, headers=bearer("operator")
    )
    assert {each["output"] for each in again.json()["deliveries"]} == {"films", "ward"}
    assert again.json()["id"] == 2
    assert steered.get("/api/v1/jobs/latest", headers=bearer("viewer")).json()["id"] == 2
    assert steered.get("/api/v1/jobs/latest/films/1", headers=bearer("viewer")).json()["job"] == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jobs/1/move", {"output": "ward", "off": "films"}),
        ("jobs/1/move", {}),
        ("jobs/1/reprint", {"copies": 0}),
        ("jobs/1/reprint", {"outputs": ["films"] * 51}),
        ("jobs/1/films/1/verification", {"operator": "a\nb"}),
        ("jobs/1/films/1/verification", {"pattern": "../smpte"}),
        ("faults", {"fault": "nothing-like-it"}),
        ("faults", {str(number): 1 for number in range(50)}),
        ("faults", []),
        ("faults", {"fault": "out-of-film", "films": 3, "name": "\ud800"}),
    ],
)
def test_bodies_that_are_wrong_are_told(seen: TestClient, path: str, body: Any) -> None:
    headers = bearer("chief") | {"Content-Type": "application/json"}
    answer = seen.post(f"/api/v1/{path}", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_more_films_to_be_verified_than_can_wait_are_refused(
    seen: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "_MOST_WAITING", 0)
    answer = try_example(seen, "verify_film")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
