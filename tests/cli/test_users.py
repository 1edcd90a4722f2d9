"""`printscp users`: people and programs let in, changed and put out."""

import io
import json
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cli.command import Command, one_clear_line

from printscp.users import digest, read_users


@pytest.fixture
def where(tmp_path: Path) -> tuple[str, Path]:
    return "--users", tmp_path / "users.toml"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What argon2 costs is its own affair."""
    monkeypatch.setattr("printscp.users.PasswordHasher", lambda: PasswordHasher(1, 8, 1))


def test_somebody_is_let_in_changed_and_put_out(
    ask: Command, where: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert ask("users", "add", "anna", "--role", "operate", "--stdin", *where).out == "anna may operate\n"
    first = read_users(where[1]).users["anna"]
    assert first.password is not None
    assert PasswordHasher().verify(first.password, "correct horse")
    one_clear_line(ask("users", "add", "anna", "--role", "view", "--no-password", *where), "already")

    monkeypatch.setattr("sys.stdin", io.StringIO("battery staple"))
    assert ask("users", "password", "anna", "--stdin", *where).code == 0
    second = read_users(where[1]).users["anna"]
    assert second.role == "operate"
    assert second.password is not None
    assert PasswordHasher().verify(second.password, "battery staple")

    assert ask("users", "remove", "anna", *where).code == 0
    assert read_users(where[1]).users == {}
    one_clear_line(ask("users", "remove", "anna", *where), "no user has the name anna")
    one_clear_line(ask("users", "password", "anna", *where), "--stdin")


def test_a_token_is_told_once_and_taken_back(ask: Command, where: tuple[str, Path]) -> None:
    said = ask("users", "token", "prometheus", "--role", "view", "--days", "30", *where).out.strip()
    kept = where[1].read_text()
    assert said not in kept
    assert digest(said) in kept
    one_clear_line(ask("users", "token", "prometheus", "--role", "view", *where), "revoke")
    assert ask("users", "revoke", "prometheus", *where).out == "prometheus revoked\n"
    one_clear_line(ask("users", "revoke", "prometheus", *where), "no token")


def test_the_list_has_no_secrets(ask: Command, where: tuple[str, Path]) -> None:
    assert ask("users", "add", "hall", "--role", "view", "--corridor", "--no-password", *where).code == 0
    ask("users", "token", "script", "--role", "admin", *where)
    told = json.loads(ask("users", "list", "--json", *where).out)
    assert [(each["name"], each["kind"], each["role"], each["corridor"]) for each in told] == [
        ("hall", "user-of-proxy", "view", True),
        ("script", "token", "admin", False),
    ]
    table = ask("users", "list", *where).out
    assert table.startswith("hall user-of-proxy view corridor\nscript token admin until ")
    assert read_users(where[1]).tokens["script"].sha256 not in table


def test_the_file_is_that_of_the_printer(ask: Command, tmp_path: Path) -> None:
    config = tmp_path / "printer.toml"
    config.write_text(f'[web]\nusers = "{tmp_path / "people.toml"}"\n')
    assert ask("users", "token", "script", "--role", "view", "--config", config).code == 0
    assert (tmp_path / "people.toml").exists()
    one_clear_line(ask("users", "list"), "--users FILE")
    one_clear_line(ask("users", "list", "--users", tmp_path / "none.toml"), "no such file")
    one_clear_line(ask("users", "remove", "anna", "--users", tmp_path / "none" / "none.toml"), "No such file")
    assert not (tmp_path / "none").exists()
