"""Pages: whole, safe and for those alone that they are meant for."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from peers.lightbox import bearer, write_people
from peers.printed import PATIENT, copied, print_to, settings_in

from printscp.config import WebSettings
from printscp.desk import Desk
from printscp.web.app import create_app

PAGES = (
    *("/", "/films", "/films/1/1", "/queue", "/printers", "/printers/PRINTSCP", "/faults", "/unprinted"),
    *("/faults?kind=out-of-film", "/unprinted/1", "/films?state=FAILURE", "/films?calling=NOBODY"),
    *(f"/films/1/1?part={part}" for part in ("attributes", "findings", "explanation", "verification")),
    *("/films/1/1?part=comparison", "/compare", "/compare?left=1/1", "/compare?left=1/1&right=latest/1"),
)
FRAGMENTS = (
    *("/_/wall", "/_/cards?job=1", "/_/queue", "/_/rows?job=1", "/_/outputs", "/_/printers", "/_/faults"),
    *("/_/faults/keys?kind=abort", "/_/films/1/1/side", "/_/films/1/1/attributes", "/_/films/1/1/findings"),
    *("/_/films/1/1/explanation", "/_/films/1/1/verification", "/_/films/1/1/comparison"),
    "/_/compare?left=1/1&right=1/1",
)
HTMX = {"HX-Request": "true"}

Asking = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a printer that was printed to, with people who may see it."""
    folder = tmp_path_factory.mktemp("printed")
    print_to(folder)
    write_people(folder / "users.toml")
    return folder


@pytest.fixture(scope="module")
def seen(folder: Path) -> Iterator[Asking]:
    """Asks as a user, of a light box that nothing is changed in."""
    with Desk(
        settings_in(folder).model_copy(update={"web": WebSettings(users=folder / "users.toml")})
    ) as desk:
        app = create_app(desk)
        yield lambda name: TestClient(
            app, base_url="http://127.0.0.1:11180", headers=bearer(name), follow_redirects=False
        )


@pytest.fixture
def steered(folder: Path, tmp_path: Path) -> Iterator[Asking]:
    """The same, of a copy to be changed."""
    settings = copied(folder, tmp_path)
    with Desk(settings.model_copy(update={"web": WebSettings(users=folder / "users.toml")})) as desk:
        app = create_app(desk)
        yield lambda name: TestClient(
            app, base_url="http://127.0.0.1:11180", headers=bearer(name), follow_redirects=False
        )


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script" and not dict(attrs).get("src")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def forms(self) -> set[str]:
        """Where forms that change something go."""
        return {str(each["action"]) for each in self.all("form") if each.get("method") == "post"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_needs_nothing_that_its_policy_forbids(seen: Asking, path: str) -> None:
    answer = seen("chief").get(path)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert sorted(ids, key=str) == sorted(set(ids), key=str)
    labelled = {each.get("for") for each in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for each in page.all(tag):
            named = each.get("id") in labelled or "aria-label" in each or each.get("type") == "hidden"
            assert named or each.get("type") in ("checkbox", "radio", "range"), each
    for tag, attributes in page.tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")], attributes
        for name in ("src", "href", "action", "hx-get", "hx-post"):
            assert re.match(r"[/#?]", attributes.get(name) or "/"), attributes
            assert not (attributes.get(name) or "").startswith("//")
    assert all(each.get("src") or each.get("type") == "application/json" for each in page.all("script"))
    for script in page.scripts:
        json.loads(script)


@pytest.mark.parametrize("path", FRAGMENTS)
def test_a_part_is_no_page(seen: Asking, path: str) -> None:
    answer = seen("chief").get(path, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip()
    assert "<html" not in answer.text


@pytest.mark.parametrize("path", [*PAGES, *FRAGMENTS])
def test_in_a_corridor_no_page_names_the_patient(seen: Asking, path: str) -> None:
    text = seen("corridor").get(path, headers=HTMX if path.startswith("/_/") else {}).text
    for name in (PATIENT, PATIENT.partition("^")[0]):
        assert name not in text
    assert "data-viewer" not in text
    assert "/documents/" not in text


def test_who_may_see_patient_data_sees_it(seen: Asking) -> None:
    assert PATIENT in seen("viewer").get("/films/1/1").text
    assert "data-viewer" in seen("viewer").get("/films/1/1").text


@pytest.mark.parametrize("path", ["/queue", "/films/1/1", "/faults"])
def test_who_may_only_see_finds_nothing_to_steer_by(seen: Asking, path: str) -> None:
    assert Page(seen("viewer").get(path).text).forms <= {"/preferences", "/logout", "/_/jobs"}
    assert "data-action" not in seen("viewer").get(path).text


def test_jobs_are_deleted_by_administrators_alone(steered: Asking) -> None:
    steered("chief").post("/_/jobs/1/cancel")
    assert "/_/jobs/1/purge" in Page(steered("chief").get("/queue").text).forms
    assert "/_/jobs/1/purge" not in Page(steered("operator").get("/queue").text).forms
    assert steered("operator").post("/_/jobs/1/purge").status_code == 403
    assert steered("chief").post("/_/jobs/1/purge").status_code == 303
    assert steered("chief").get("/_/rows?job=1").text.strip() == ""


@pytest.mark.parametrize("action", ["hold", "release", "cancel", "prioritize", "move", "reprint", "purge"])
def test_who_may_only_see_steers_nothing(steered: Asking, action: str) -> None:
    before = steered("viewer").get("/_/rows?job=1").text
    answer = steered("viewer").post(f"/_/jobs/1/{action}", data={"priority": "LOW", "output": "ward"})
    assert answer.status_code == 403
    assert steered("viewer").get("/_/rows?job=1").text == before


def test_a_form_without_scripts_comes_back_to_where_it_was(steered: Asking) -> None:
    answer = steered("operator").post("/_/jobs/1/hold", data={"next": "/queue?state=HELD"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue?state=HELD")
    assert "data-held" in steered("viewer").get("/_/rows?job=1").text


def test_a_script_is_told_what_was_done_and_what_to_look_at_again(steered: Asking) -> None:
    answer = steered("operator").post("/_/jobs/latest/hold", headers=HTMX)
    assert answer.status_code == 204
    told = json.loads(answer.headers["hx-trigger"])
    assert told["said"] == {"text": "Job 1 is held.", "bad": False}
    assert told["renew"]["jobs"] == [1]


def test_several_jobs_are_steered_and_what_fails_is_told(steered: Asking) -> None:
    operator = steered("operator")
    data: dict[str, Any] = {"action": "LOW", "jobs": ["1", "77"]}
    told = json.loads(operator.post("/_/jobs", data=data, headers=HTMX).headers["hx-trigger"])
    assert told["renew"]["jobs"] == [1]
    assert told["said"]["bad"]
    assert "77" in told["said"]["text"]
    assert "LOW" in operator.get("/_/rows?job=1").text
    nothing = operator.post("/_/jobs", data={"action": "hold"}, headers=HTMX)
    assert json.loads(nothing.headers["hx-trigger"])["renew"]["jobs"] == []


def test_a_job_is_moved_and_printed_again(steered: Asking) -> None:
    operator = steered("operator")
    assert operator.post("/_/jobs/1/move", data={"output": "ward"}).status_code == 303
    assert "ward" in re.findall(r'class="way">(\w+)', operator.get("/_/rows?job=1").text)
    told = operator.post("/_/jobs/1/reprint", data={"copies": "3", "output": ""}, headers=HTMX)
    assert json.loads(told.headers["hx-trigger"])["renew"]["jobs"] == [2]
    assert "3 copies" in operator.get("/_/rows?job=2").text
    both = operator.get("/_/rows?job=1&job=2&job=7").text
    assert re.findall(r'<tr[^>]* data-job="(\d+)"', both) == ["2", "1"]
    assert operator.get("/_/rows", params={"job": [1] * 101}).status_code == 422
    assert operator.post("/_/jobs/1/move", data={"output": "attic"}).status_code == 422


def test_what_cannot_be_done_is_said_in_words(steered: Asking) -> None:
    steered("operator").post("/_/jobs/1/cancel")
    answer = steered("operator").post("/_/jobs/1/release", headers=HTMX)
    assert answer.status_code == 409
    assert "job 1" in answer.json()["detail"]


def test_the_wall_has_what_is_asked_for(seen: Asking) -> None:
    viewer = seen("viewer")
    assert 'data-job="1"' in viewer.get("/films?state=open").text
    assert 'data-job="1"' not in viewer.get("/films?state=DONE").text
    assert 'data-job="1"' in viewer.get("/_/cards?job=1&state=open").text
    assert viewer.get("/_/cards?job=1&state=DONE").text.strip() == ""
    assert viewer.get("/_/cards?job=12345").text.strip() == ""
    assert viewer.get("/films?state=SOMEHOW").status_code == 422
    assert viewer.get("/films?day=yesterday").status_code == 422


def test_who_deletes_the_film_that_is_looked_at_goes_on_to_the_queue(steered: Asking) -> None:
    steered("chief").post("/_/jobs/1/cancel")
    headers = HTMX | {"HX-Current-URL": "http://127.0.0.1:11180/films/1/1"}
    answer = steered("chief").post("/_/jobs/1/purge", headers=headers, data={"next": "/queue"})
    assert answer.headers["hx-redirect"] == "/queue"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_film_that_cannot_be_verified_is_told_why(seen: Asking, headers: dict[str, str]) -> None:
    data = {"pattern": "nonsense", "position": "1", "operator": "<b>me</b>"}
    address = "/_/films/1/1/verification"
    answer = seen("operator").post(address, data=data, headers=headers)
    assert answer.status_code == 200
    assert "nonsense" in answer.text.partition('role="alert"')[2]
    assert 'value="&lt;b&gt;me&lt;/b&gt;"' in answer.text
    assert ("<html" in answer.text) == (not headers)
    assert seen("viewer").post(address, data=data, headers=headers).status_code == 403


def test_latest_is_a_job_by_its_number(seen: Asking) -> None:
    assert seen("viewer").get("/films/latest").headers["location"] == "/films/1/1"
    to_part = seen("viewer").get("/films/latest/1?part=findings")
    assert to_part.headers["location"] == "/films/1/1?part=findings"
    assert seen("viewer").get("/films/1/2").status_code == 404
    assert seen("viewer").get("/films/2/1").status_code == 404


def test_a_part_without_scripts_is_the_whole_page(seen: Asking) -> None:
    answer = seen("viewer").get("/_/films/1/1/findings")
    assert answer.headers["location"] == "/films/1/1?part=findings"


def test_a_finding_points_at_its_step(seen: Asking) -> None:
    page = Page(seen("viewer").get("/unprinted/1").text)
    steps = {each.get("id") for each in page.all("details")}
    pointed = {each["data-points"] for each in page.all("a") if "data-points" in each}
    assert pointed
    assert pointed <= steps


def test_a_fault_is_added_and_cleared(steered: Asking) -> None:
    chief = steered("chief")
    assert chief.post("/faults", data={"fault": "out-of-film", "films": "none"}).status_code == 422
    refused = chief.post("/faults", data={"fault": "out-of-film", "info": "SUPPLY EMPTY"})
    assert refused.status_code == 422
    assert 'value="SUPPLY EMPTY"' in refused.text  # what was said is not to be typed again
    added = chief.post("/faults", data={"fault": "out-of-film", "films": "5", "seconds": "1,5"})
    assert added.status_code == 303
    assert re.findall(r"<dd[^>]*>([\d.]+)</dd>", chief.get("/_/faults").text) == ["5", "1.5"]
    assert steered("operator").post("/faults/clear", data={"name": "out-of-film"}).status_code == 403
    assert chief.post("/faults/clear", data={"name": "out-of-film"}).status_code == 303
    assert "out-of-film" not in chief.get("/_/faults").text


def test_preferences_are_kept_in_cookies_and_go_back_here_alone(seen: Asking) -> None:
    client = seen("viewer")
    answer = client.post(
        "/preferences", data={"language": "de", "scheme": "light", "next": "//evil.example/"}
    )
    assert answer.headers["location"] == "/"
    page = client.get("/queue").text
    assert '<html lang="de">' in page
    assert "/static/light.css" in page
    assert "Warteschlange" in page
    assert client.post("/preferences", data={"scheme": "pink"}).status_code == 422


def test_before_anything_is_asked_the_page_is_dark(seen: Asking) -> None:
    assert "light.css" not in seen("viewer").get("/").text


def test_what_happens_after_a_page_was_made_is_told_to_it(steered: Asking) -> None:
    operator = steered("operator")
    since = re.search(r'<meta name="since" content="(\d+)">', operator.get("/queue").text)
    assert since is not None
    assert operator.post("/api/v1/jobs/1/reprint", json={}).status_code in (200, 201)
    told = operator.get(f"/api/v1/changes?since={since[1]}&wait=20").json()
    assert not told["resync"]
    assert any(each["kind"] == "job" for each in told["changes"])
