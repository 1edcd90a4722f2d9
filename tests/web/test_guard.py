"""Who comes in: whoever is at the host, by a token, by a proxy, or by a session."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from peers.lightbox import bearer

from printscp.users import changed

Asking = Callable[..., TestClient]
Me = Callable[..., tuple[str, str, str] | int]


def me(client: TestClient, **headers: str) -> tuple[str, str, str] | int:
    """Name, role and how they came in; of somebody unknown the status."""
    answer = client.get("/api/v1/me", headers={key.replace("_", "-"): each for key, each in headers.items()})
    said = answer.json()
    return (said["name"], said["role"], said["how"]) if answer.status_code == 200 else answer.status_code


def test_without_users_whoever_is_here_may_do_all(local: TestClient) -> None:
    assert me(local) == ("local", "admin", "local")
    assert me(local, Authorization="Bearer anything") == ("local", "admin", "local")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host"])
def test_without_users_nobody_comes_by_a_proxy(local: TestClient, header: str) -> None:
    assert me(local, **{header: "10.0.0.1"}) == 401


def test_tokens_let_in_and_a_wrong_one_does_not(ask: Asking, people: Path) -> None:
    client = ask(users=people)
    assert me(client) == 401
    assert me(client, **bearer("operator")) == ("operator-token", "operate", "token")
    right = bearer("operator")["Authorization"]
    for wrong in (
        right[:-1],
        right + "x",
        "Bearer",
        "Bearer ",
        "Bearer " + "x" * 9000,
        right.replace(" ", ""),
    ):
        assert me(client, Authorization=wrong) == 401
    with changed(people) as change:
        change.users = change.users.without_token("operator-token")
    assert me(client, **bearer("operator")) == 401


def test_a_proxy_says_who_it_is(ask: Asking, people: Path) -> None:
    client = ask(users=people, proxies="10.1.0.0/16", proxy_header="X-Remote-User", peer="10.1.2.3")
    assert me(client, X_Remote_User="operator") == ("operator", "operate", "proxy")
    assert me(client, X_Remote_User="stranger") == 401
    assert me(client) == 401
    assert me(client, X_Remote_User="") == 401
    assert me(client, X_Remote_User="x" * 65) == 401
    twice = [("X-Remote-User", "operator"), ("x-remote-user", "chief")]
    assert client.get("/api/v1/me", headers=twice).status_code == 401


def test_a_stranger_is_not_believed_to_be_a_proxy(ask: Asking, people: Path) -> None:
    client = ask(users=people, proxies="10.1.0.0/16", proxy_header="X-Remote-User", peer="10.2.0.1")
    assert me(client, X_Remote_User="chief") == 401
    assert me(client, X_Remote_User="chief", X_Forwarded_For="10.1.0.1") == 401


def test_a_proxy_that_only_hands_on_names_nobody(ask: Asking, people: Path) -> None:
    """What a visitor puts into a header of that name it may hand on, too."""
    client = ask(users=people, proxies="10.1.0.0/16", peer="10.1.2.3")
    assert me(client, X_Remote_User="chief") == 401
    assert me(client, **bearer("viewer")) == ("viewer-token", "view", "token")


def test_what_a_proxy_says_of_an_address_is_not_the_proxy(ask: Asking, people: Path) -> None:
    """Who comes by a proxy of ours has sent these headers themselves."""
    client = ask(users=people, proxies="10.1.0.0/16", proxy_header="X-Remote-User", peer="10.2.0.1")
    assert me(client, X_Forwarded_For="10.1.0.9", X_Forwarded_Proto="https", X_Remote_User="chief") == 401


def test_a_role_for_all_whom_a_proxy_names(ask: Asking) -> None:
    client = ask(proxies=["127.0.0.1", "::1"], proxy_role="view", proxy_header="X-Who")
    for said, status in (("K\u00f6nig".encode(), 200), (b"a\x7f", 401)):
        answer = client.get("/api/v1/me", headers={b"X-Who": said})
        assert answer.status_code == status
    assert client.get("/api/v1/me", headers={b"X-Who": b"K\xc3\xb6nig"}).json()["name"] == "K\u00f6nig"
    assert me(client) == 401, "nobody is local where there are proxies"
    assert (
        me(
            ask(
                proxies="127.0.0.1", proxy_role="view", proxy_header="X-Remote-User", peer="::ffff:127.0.0.1"
            ),
            X_Remote_User="a",
        )[0]
        == "a"
    )  # type: ignore[index]


def test_an_address_is_that_before_our_proxies(ask: Asking, people: Path, desk: object) -> None:
    client = ask(
        users=people,
        proxies="10.1.0.0/16",
        proxy_header="X-Remote-User",
        peer="10.1.2.3",
        headers={"X-Remote-User": "chief"},
    )
    client.get("/api/v1/audit", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7, 10.1.9.9"})
    assert client.get("/api/v1/audit").json()[-1]["address"] == "192.0.2.7"


def test_screens_in_corridors_name_no_patient(
    ask: Asking, people: Path, program: Callable[[str], TestClient]
) -> None:
    private = {name: program(name).get("/api/v1/me").json()["private"] for name in ("viewer", "corridor")}
    assert private == {"viewer": True, "corridor": False}
    everywhere = ask(users=people, deidentified=True, headers=bearer("chief"))
    assert everywhere.get("/api/v1/me").json()["private"] is False
    assert ask(deidentified=True).get("/api/v1/me").json()["private"] is False
    proxied = ask(
        users=people, proxies="127.0.0.1", proxy_header="X-Remote-User", headers={"X-Remote-User": "corridor"}
    )
    assert proxied.get("/api/v1/me").json()["private"] is False


def test_who_is_named_by_another_has_another_csrf_token(ask: Asking, people: Path) -> None:
    client = ask(users=people, proxies="127.0.0.1", proxy_header="X-Remote-User")
    found = {
        client.get("/api/v1/me", headers={"X-Remote-User": name}).json()["csrf"]
        for name in ("viewer", "chief")
    }
    assert len(found) == 2
    assert all(len(each) == 64 for each in found)
