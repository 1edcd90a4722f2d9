"""Who may see the light box: a file of users, with hashes of their passwords, and of tokens for programs."""

import fcntl
import hashlib
import os
import re
import secrets
import stat
import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from argon2 import PasswordHasher
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from printscp.durable import DurableFile, publish
from printscp.errors import SetupError

RoleName = Literal["view", "operate", "admin"]

SHORTEST = 8  # characters of a password
LONGEST = 256
_NAME = re.compile(r"[\w.@+\\-]{1,64}")
_PREFIX = "printscp_"  # of tokens, so that they can be told wherever one turns up
_LINE = "# Who may see the light box. Written by printscp users; comments are lost.\n"


def _argon2(text: str) -> str:
    if not text.startswith("$argon2id$"):
        raise ValueError("is no hash of a password: see printscp users password")
    return text


class User(BaseModel):
    """A user. ``password`` is its argon2id hash, None for those whom only a proxy lets in; ``corridor`` says
    that they see nothing that may name a patient."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: RoleName
    password: Annotated[str, BeforeValidator(_argon2)] | None = None
    corridor: bool = False


class Token(BaseModel):
    """What lets a program in: the SHA-256 of the token, and until when."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: RoleName
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    expires: AwareDatetime
    corridor: bool = False

    @property
    def expired(self) -> bool:
        return datetime.now(UTC) >= self.expires


class Users(BaseModel):
    """All of a file, by name; no name is both that of a user and of a token."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    users: dict[str, User] = {}
    tokens: dict[str, Token] = {}

    def with_user(self, name: str, user: User) -> "Users":
        """These, and a user in place of the one of that name, if there is one.

        Raises:
            SetupError: a token has the name, or it is none.
        """
        _check_name(name)
        if name in self.tokens:
            raise SetupError(f"users: {name} is the name of a token: take another")
        return self.model_copy(update={"users": {**self.users, name: user}})

    def with_token(self, name: str, token: Token) -> "Users":
        """These, and a token.

        Raises:
            SetupError: the name is taken, or it is none.
        """
        _check_name(name)
        if name in self.users or name in self.tokens:
            raise SetupError(f"users: there is a {name}: take another name, or revoke it first")
        return self.model_copy(update={"tokens": {**self.tokens, name: token}})

    def without_user(self, name: str) -> "Users":
        """These but for a user.

        Raises:
            SetupError: there is none of that name.
        """
        self.user(name)
        return self.model_copy(update={"users": {k: v for k, v in self.users.items() if k != name}})

    def without_token(self, name: str) -> "Users":
        """These but for a token.

        Raises:
            SetupError: there is none of that name.
        """
        if name not in self.tokens:
            raise SetupError(f"users: no token has the name {name}; there are {_listed(self.tokens)}")
        return self.model_copy(update={"tokens": {k: v for k, v in self.tokens.items() if k != name}})

    def user(self, name: str) -> User:
        """The user of a name.

        Raises:
            SetupError: there is none.
        """
        if name not in self.users:
            raise SetupError(f"users: no user has the name {name}; there are {_listed(self.users)}")
        return self.users[name]


def password_hash(password: str) -> str:
    """Its argon2id hash.

    Raises:
        SetupError: it is too short, or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SetupError(f"users: a password has {SHORTEST} characters or more, and at most {LONGEST}")
    return PasswordHasher().hash(normal(password))


def normal(password: str) -> str:
    """A password as it is hashed: the same whatever keyboard wrote its letters (RFC 8265 4.2.2)."""
    return unicodedata.normalize("NFC", password)


def make_token(role: RoleName, days: float, *, corridor: bool = False) -> tuple[str, Token]:
    """A new token, and what is kept of it.

    Raises:
        SetupError: so many days are too many.
    """
    text = _PREFIX + secrets.token_urlsafe(32)
    try:
        expires = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    except OverflowError:
        raise SetupError("users: a token for so many days is too much: give fewer") from None
    return text, Token(role=role, sha256=digest(text), expires=expires, corridor=corridor)


def digest(token: str) -> str:
    """What is kept of a token; one of 256 random bits cannot be guessed from that."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def read_users(file: Path) -> Users:
    """What a file says.

    Raises:
        SetupError: it cannot be read, or something in it is wrong.
    """
    try:
        found = Users.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SetupError(f"users {file}: no such file; printscp users add makes it") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise SetupError(f"users {file}: {'.'.join(map(str, first['loc']))}: {reason}") from None
    except OSError as error:
        raise SetupError(f"users {file}: {error.strerror}") from error
    except ValueError as error:  # of TOML, or of text
        raise SetupError(f"users {file}: {error}") from None
    for name in (*found.users, *found.tokens):
        if not _NAME.fullmatch(name):
            raise SetupError(f"users {file}: {name!r} is no name: take letters, digits and . _ - + @ \\")
    if both := found.users.keys() & found.tokens.keys():
        raise SetupError(f"users {file}: {min(both)} is the name of a user and of a token")
    return found


@contextmanager
def changed(file: Path) -> Iterator["Change"]:
    """Change a file, and nobody else at the same time: the block puts other users into what it is given.

    Raises:
        SetupError: it cannot be read or written, or something in it is wrong.
    """
    file = file.resolve()
    try:
        folder = os.open(file.parent, os.O_RDONLY)
    except OSError as error:
        raise SetupError(f"users {file}: {error.strerror}: {file.parent}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        change = Change(read_users(file) if file.exists() else Users())
        yield change
        write_users(file, change.users)
    finally:
        os.close(folder)


class Change:
    """Users that are being changed."""

    def __init__(self, users: Users) -> None:
        self.users = users


def write_users(file: Path, users: Users) -> None:
    """Put a file in place of the one that is there, which only its owner can read unless the former's group
    could; whoever reads it sees the one or the other.

    Raises:
        SetupError: it cannot be written.
    """
    text = _LINE + "".join(_tables("users", users.users) + _tables("tokens", users.tokens))
    try:
        former = file.stat() if file.exists() else None
        made = DurableFile(file)
        try:
            made.hidden.chmod(0o600)  # before anything is in it
            made.write(text.encode())
            made.flush()
            if former is not None:
                _keep_owner(made.hidden, former)
            publish(made.hidden, file)
        finally:
            made.discard()
    except OSError as error:
        raise SetupError(f"users {file}: {error.strerror}") from error


def _keep_owner(file: Path, former: os.stat_result) -> None:
    """The printer's user must be able to read what root has written."""
    if (former.st_uid, former.st_gid) != (file.stat().st_uid, file.stat().st_gid):
        os.chown(file, former.st_uid, former.st_gid)
    file.chmod(0o600 | stat.S_IMODE(former.st_mode) & stat.S_IRGRP)


def _tables(kind: str, entries: dict[str, Any]) -> list[str]:
    found = []
    for name, entry in entries.items():
        lines = [f"\n[{kind}.{_text(name)}]"]
        for key, value in entry.model_dump(exclude_none=True).items():
            if value is not False:
                lines.append(f"{key} = {_value(value)}")
        found.append("\n".join(lines) + "\n")
    return found


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "true" if value is True else _text(value)


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SetupError(
            f"users: {name[:64]!r} is no name: take up to 64 letters, digits and . _ - + @ \\, without spaces"
        )


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
