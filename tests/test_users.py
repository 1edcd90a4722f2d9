"""The file of users."""

import stat
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.users import (
    Token,
    User,
    Users,
    changed,
    digest,
    make_token,
    password_hash,
    read_users,
    write_users,
)

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"

BOTH = f"""
[users.x]
role = "view"
[tokens.x]
role = "view"
sha256 = "{digest("x")}"
expires = 2030-01-01T00:00:00Z
"""

names = st.from_regex(r"[\w.@+\\-]{1,64}", fullmatch=True)
roles = st.sampled_from(["view", "operate", "admin"])
users = st.builds(User, role=roles, password=st.sampled_from([None, HASH]), corridor=st.booleans())
tokens = st.builds(
    Token,
    role=roles,
    sha256=st.just(digest("x")),
    expires=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),
    corridor=st.booleans(),
)


@settings(max_examples=25)
@given(st.dictionaries(names, users, max_size=4), st.dictionaries(names, tokens, max_size=4))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, people: dict[str, User], programs: dict[str, Token]
) -> None:
    file = tmp_path_factory.getbasetemp() / "written.toml"
    both = Users(users=people, tokens={name: each for name, each in programs.items() if name not in people})
    write_users(file, both)
    assert read_users(file) == both


def test_only_the_owner_can_read_it_and_what_the_group_could_it_still_can(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    write_users(file, Users())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o664)
    write_users(file, Users())
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("users.anna.role = 'chief'", "users.anna.role"),
        ("[users.anna]\nrole = 'view'\npassword = 'secret word'", "no hash of a password"),
        ("[users.anna]\nrole = 'view'\npasswort = 'secret word'", "users.anna.passwort"),
        ("[users.'an na']\nrole = 'view'", "no name"),
        (
            "[tokens.x]\nrole = 'view'\nsha256 = 'secret word'\nexpires = 2030-01-01T00:00:00Z",
            "tokens.x.sha256",
        ),
        (f"[tokens.x]\nrole = 'view'\nsha256 = '{digest('x')}'\nexpires = 2030-01-01T00:00:00", "timezone"),
        (BOTH, "a user and of a token"),
        ("users = ", "users.toml"),
        ("\x00", "users.toml"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "users.toml"
    file.write_text(text)
    with pytest.raises(SetupError) as error:
        read_users(file)
    assert words in str(error.value)
    assert "secret word" not in str(error.value)
    assert "\n" not in str(error.value)


def test_names_are_of_one_alone() -> None:
    _, token = make_token("view", 1)
    with_anna = Users().with_user("anna", User(role="view"))
    with pytest.raises(SetupError, match="take another name"):
        with_anna.with_token("anna", token)
    with pytest.raises(SetupError, match="take another"):
        Users().with_token("anna", token).with_user("anna", User(role="view"))
    for name in ("", "an na", "anna\n", "<b>", "x" * 65, "a/b"):
        with pytest.raises(SetupError, match="no name"):
            Users().with_user(name, User(role="view"))


def test_a_token_ends() -> None:
    text, token = make_token("view", 1)
    assert not token.expired
    assert digest(text) == token.sha256
    assert token.model_copy(update={"expires": datetime.now(UTC) - timedelta(seconds=1)}).expired
    assert make_token("view", 1)[0] != text


def test_passwords_that_are_too_short_or_too_long_are_none() -> None:
    for password in ("short", "x" * 257):
        with pytest.raises(SetupError, match="8 characters"):
            password_hash(password)


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    with pytest.raises(SetupError, match="no user has the name anna"), changed(file) as change:
        change.users = change.users.without_user("anna")
    assert not file.exists()
    file.write_text("broken = ")
    with pytest.raises(SetupError), changed(file) as change:
        change.users = Users()
    assert file.read_text() == "broken = "
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(file.read_text())


def test_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    link.symlink_to(real)
    with changed(link) as change:
        change.users = change.users.with_user("anna", User(role="view"))
    assert link.is_symlink()
    assert "anna" in read_users(real).users
