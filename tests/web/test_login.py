"""People log in and out, and administrators see who did."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from peers.lightbox import CHEAP, PASSWORD, log_in

from printscp.users import User, changed
from printscp.web.guard import Door

Asking = Callable[..., TestClient]
ORIGIN = {"Origin": "http://127.0.0.1:11180"}


@pytest.fixture
def browser(ask: Asking, people: Path) -> TestClient:
    """Somebody's, at a light box with users."""
    return ask(users=people)


def door(client: TestClient) -> Door:
    found = client.app.state.context.guard  # type: ignore[attr-defined]
    assert isinstance(found, Door)
    return found


def test_somebody_logs_in_and_out(browser: TestClient) -> None:
    assert browser.get("/audit").headers["location"] == "/login?next=/audit"
    page = browser.get("/login?next=/audit")
    assert page.status_code == 200
    assert 'name="next" value="/audit"' in page.text
    answer = browser.post(
        "/login", data={"name": "chief", "password": PASSWORD, "next": "/audit"}, headers=ORIGIN
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if "session" in each)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie
    page = browser.get("/audit")
    assert page.status_code == 200
    csrf = re.search(r'<meta name="csrf" content="([^"]+)"', page.text)
    assert csrf is not None
    kept = dict(browser.cookies)
    assert browser.post("/logout", headers=ORIGIN).status_code == 403
    assert browser.post("/logout", data={"csrf": csrf[1]}, headers=ORIGIN).status_code == 303
    browser.cookies.update(kept)
    assert browser.get("/api/v1/me").status_code == 401, "it has ended here, too"


def test_nobody_learns_what_was_wrong(browser: TestClient) -> None:
    pages = []
    for name, password in (("chief", "wrong"), ("nobody", PASSWORD), ("chief", ""), ("", "")):
        answer = browser.post("/login", data={"name": name, "password": password}, headers=ORIGIN)
        assert answer.status_code == 403
        assert "session" not in answer.headers.get("set-cookie", "")
        pages.append(answer.text.replace(f'value="{name}"', "").replace(" autofocus", ""))
    assert len(set(pages)) == 1


def test_unknown_users_take_as_long(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, kept, said: tried.append(kept) or verify(self, kept, said)
    )
    for name in ("chief", "nobody"):
        browser.post("/login", data={"name": name, "password": "wrong"}, headers=ORIGIN)
    assert len(tried) == 2
    assert tried[0].rpartition("$")[0].rpartition("$")[0] == tried[1].rpartition("$")[0].rpartition("$")[0]


def test_a_name_is_markup_to_nobody(browser: TestClient) -> None:
    name = '"><script>alert(1)</script>'
    answer = browser.post("/login", data={"name": name, "password": "wrong"}, headers=ORIGIN)
    assert "<script>alert" not in answer.text


def test_nobody_is_sent_elsewhere(browser: TestClient) -> None:
    elsewhere = (
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil",
        "x",
        "/\t/evil",
        "/\n",
    )
    for next_ in elsewhere:
        browser.cookies.clear()
        data = {"name": "viewer", "password": PASSWORD, "next": next_}
        assert browser.post("/login", data=data, headers=ORIGIN).headers["location"] == "/"
        assert browser.get("/login", params={"next": next_}).headers["location"] == "/"


def test_each_log_in_is_a_session_of_its_own(browser: TestClient) -> None:
    """Nobody has another use a session that they know (fixation)."""
    name = "printscp-session-11180"
    browser.cookies.set(name, "mine", domain="127.0.0.1", path="/")
    log_in(browser, "viewer")
    first = browser.cookies[name]
    assert first != "mine"
    log_in(browser, "operator")
    assert browser.get("/api/v1/me").json()["name"] == "operator"
    assert browser.cookies[name] != first
    assert door(browser).sessions.find(first, prolong=True) is None


def test_who_is_changed_or_removed_is_out_at_once(browser: TestClient, people: Path) -> None:
    for name, changes in (
        ("viewer", {"role": "admin"}),
        ("operator", {"password": CHEAP.hash("another one")}),
        ("chief", {"corridor": True}),
    ):
        log_in(browser, name)
        with changed(people) as change:
            user = change.users.user(name).model_copy(update=changes)
            change.users = change.users.with_user(name, user)
        assert browser.get("/api/v1/me").status_code == 401
    log_in(browser, "viewer")
    with changed(people) as change:
        change.users = change.users.without_user("viewer")
    assert browser.get("/api/v1/me").status_code == 401
    with changed(people) as change:
        change.users = change.users.with_user("viewer", User(role="view"))
    assert browser.get("/api/v1/me").status_code == 401, "it does not come back"


def test_what_pages_ask_by_themselves_keeps_no_session(ask: Asking, people: Path) -> None:
    browser = ask(users=people, session_minutes=10)
    now = [0.0]
    door(browser).sessions._clock = lambda: now[0]
    log_in(browser, "viewer")
    for _ in range(3):
        now[0] += 500
        assert browser.get("/api/v1/me").status_code == 200
    for path, headers in (("/api/v1/me", {"X-Background": "1"}), ("/api/v1/changes?since=0&wait=0", {})):
        now[0] += 250
        assert browser.get(path, headers=headers).status_code != 401
    now[0] += 250
    assert browser.get("/api/v1/me").status_code == 401


def test_guessing_is_slow_but_not_for_the_user(ask: Asking, people: Path) -> None:
    """Of whom a browser is known, and from elsewhere."""
    hers = ask(users=people)
    door(hers).tries._clock = lambda: 0.0
    log_in(hers, "viewer")
    stranger = TestClient(hers.app, base_url=hers.base_url, client=("127.0.0.1", 1), follow_redirects=False)
    codes = []
    for _ in range(7):
        answer = stranger.post("/login", data={"name": "viewer", "password": "guess"}, headers=ORIGIN)
        codes.append(answer.status_code)
    assert codes == [403] * 5 + [429] * 2
    assert int(answer.headers["retry-after"]) >= 1
    right = {"name": "viewer", "password": PASSWORD}
    assert stranger.post("/login", data=right, headers=ORIGIN).status_code == 429
    log_in(hers, "viewer")
    elsewhere = TestClient(hers.app, base_url=hers.base_url, client=("10.9.9.9", 1), follow_redirects=False)
    log_in(elsewhere, "viewer")
    stranger.cookies.set("printscp-known-11180", "made.up")
    assert stranger.post("/login", data=right, headers=ORIGIN).status_code == 429


def test_by_https_no_other_host_sets_our_cookies(ask: Asking, people: Path) -> None:
    browser = ask(
        users=people,
        proxies="127.0.0.1",
        names="films.example",
        base_url="http://films.example",
        headers={"X-Forwarded-Proto": "https"},
    )
    data = {"name": "viewer", "password": PASSWORD}
    answer = browser.post("/login", data=data, headers={"Origin": "https://films.example"})
    assert answer.status_code == 303
    for cookie in answer.headers.get_list("set-cookie"):
        assert re.match(r"__Host-printscp-(session|known)-\d+=.+; HttpOnly;.* Path=/; .*Secure", cookie)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_form_of_another_site_logs_nobody_in(browser: TestClient) -> None:
    data = {"name": "viewer", "password": PASSWORD}
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        answer = browser.post("/login", data=data, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_without_users_there_is_nothing_to_log_in_to(ask: Asking) -> None:
    assert ask().get("/login").headers["location"] == "/"
    assert "web.proxies" in ask().get("/login", headers={"Via": "1.1 somebody"}).text
    by_proxy = ask(proxies="127.0.0.1", proxy_header="X-Who", proxy_role="view").get("/login")
    assert by_proxy.status_code == 200
    assert "password" not in by_proxy.text
    data = {"name": "viewer", "password": PASSWORD}
    assert (
        ask(proxies="127.0.0.1", proxy_header="X-Who", proxy_role="view")
        .post("/login", data=data, headers=ORIGIN)
        .status_code
        == 403
    )


def test_log_ins_are_in_the_audit_log_and_passwords_nowhere(browser: TestClient) -> None:
    browser.post("/login", data={"name": "sesame-open", "password": ""}, headers=ORIGIN)  # the wrong field
    browser.post("/login", data={"name": "viewer", "password": "sesame-open"}, headers=ORIGIN)
    csrf = log_in(browser, "chief")
    page = browser.get("/audit")
    assert "sesame-open" not in page.text
    lines = browser.get("/api/v1/audit").json()
    assert [(each["who"], each["action"], each.get("result")) for each in lines[::-1]] == [
        ("", "log-in", "failed"),
        ("viewer", "log-in", "failed"),
        ("chief", "log-in", "done"),
        ("chief", "audit log seen", None),
    ]
    browser.post("/logout", data={"csrf": csrf}, headers=ORIGIN)
    log_in(browser, "viewer")
    assert browser.get("/audit").status_code == 403
    log_in(browser, "chief")
    refused = next(each for each in browser.get("/api/v1/audit").json() if each["action"] == "refused")
    assert (refused["who"], refused["operation"], refused["result"]) == ("viewer", "/audit", "role")
