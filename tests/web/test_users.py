"""The file of users as the light box goes by it."""

import logging
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from peers.lightbox import CHEAP, PASSWORD, bearer

from printscp.errors import SetupError
from printscp.users import User, Users, changed, make_token, read_users, write_users
from printscp.web.users import Book


def test_changes_count_at_once(people: Path) -> None:
    book = Book(people)
    said = bearer("viewer")["Authorization"].removeprefix("Bearer ")
    assert book.token(said) is not None
    with changed(people) as change:
        change.users = change.users.without_user("viewer").without_token("viewer-token")
    assert book.user("viewer") is None
    assert book.token(said) is None
    assert book.user("chief") is not None


def test_a_broken_file_keeps_the_former_and_says_so_once(
    people: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = Book(people)
    people.write_text("users.viewer.role = 'everything'")
    with caplog.at_level(logging.ERROR):
        assert book.now() == book.now()
    assert book.user("viewer") is not None
    assert len(caplog.records) == 1
    assert "those of before stay" in caplog.text
    people.unlink()
    assert book.user("viewer") is not None
    write_users(people, Users(users={"new": User(role="view")}))
    assert book.user("viewer") is None
    assert book.user("new") is not None


def test_without_a_file_there_is_no_book(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="printscp users add"):
        Book(tmp_path / "none.toml")


def test_a_token_that_has_ended_is_none(tmp_path: Path) -> None:
    said, kept = make_token("admin", -1)
    file = tmp_path / "users.toml"
    write_users(file, Users(tokens={"old": kept}))
    assert Book(file).token(said) is None


def test_passwords_are_checked_and_hashed_as_it_is_done_today(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    old = PasswordHasher(2, 16, 1).hash(PASSWORD)
    write_users(file, Users(users={"anna": User(role="view", password=old), "proxied": User(role="view")}))
    book = Book(file)
    assert book.check("anna", PASSWORD + "x") is None
    assert book.check("proxied", "") is None
    assert book.check("nobody", PASSWORD) is None
    assert read_users(file).users["anna"].password == old
    found = book.check("anna", PASSWORD)
    assert found == read_users(file).users["anna"]
    assert found is not None
    assert found.password is not None
    assert not CHEAP.check_needs_rehash(found.password)
    assert book.check("anna", PASSWORD) == found


def test_letters_that_look_the_same_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    hashed = CHEAP.hash("gr\u00fcn gr\u00fcn")
    write_users(file, Users(users={"anna": User(role="view", password=hashed)}))
    assert Book(file).check("anna", "gru\u0308n gru\u0308n") is not None


def test_a_file_that_everybody_can_read_is_told(people: Path, caplog: pytest.LogCaptureFixture) -> None:
    Book(people)
    assert not caplog.records
    people.chmod(0o644)
    Book(people)
    assert "everybody on this host" in caplog.text
