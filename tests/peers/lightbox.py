"""People and programs who come to a light box."""

from pathlib import Path

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from printscp.users import RoleName, Token, User, Users, make_token, write_users

ROLES: dict[str, tuple[RoleName, bool]] = {
    "viewer": ("view", False),
    "operator": ("operate", False),
    "chief": ("admin", False),
    "corridor": ("view", True),
}
"""Users by name: their role, and whether they sit in a corridor."""
PASSWORD = "correct horse"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What argon2 costs is its own affair."""
_HASH = CHEAP.hash(PASSWORD)
_TOKENS = {name: make_token(role, 1, corridor=corridor) for name, (role, corridor) in ROLES.items()}


def write_people(file: Path) -> Path:
    """A file of users of each role, all with `PASSWORD`, and a token ``NAME-token`` of each."""
    users = {
        name: User(role=role, corridor=corridor, password=_HASH) for name, (role, corridor) in ROLES.items()
    }
    tokens: dict[str, Token] = {f"{name}-token": token for name, (_, token) in _TOKENS.items()}
    write_users(file, Users(users=users, tokens=tokens))
    return file


def bearer(name: str) -> dict[str, str]:
    """What the program of a user sends."""
    return {"Authorization": f"Bearer {_TOKENS[name][0]}"}


def log_in(client: TestClient, name: str, password: str = PASSWORD) -> str:
    """As a browser does it; the CSRF token of the session."""
    origin = str(client.base_url).rstrip("/")
    answer = client.post("/login", data={"name": name, "password": password}, headers={"Origin": origin})
    assert answer.status_code == 303, answer.text
    csrf: str = client.get("/api/v1/me").json()["csrf"]
    return csrf
