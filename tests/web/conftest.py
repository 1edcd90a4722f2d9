"""A light box over a small spool, asked in this process; and people who may see it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from desk.conftest import desk, film, printed, settings, spool
from fastapi.testclient import TestClient
from peers.browser import browser, visit
from peers.lightbox import CHEAP, bearer, write_people

from printscp.config import Settings, WebSettings
from printscp.desk import Desk
from printscp.web.app import create_app

__all__ = ["browser", "desk", "film", "printed", "settings", "spool", "visit"]

Asking = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("printscp.web.users.PasswordHasher", lambda: CHEAP)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of users: see `peers.lightbox.ROLES`."""
    return write_people(tmp_path / "users.toml")


@pytest.fixture
def ask(desk: Desk, settings: Settings) -> Iterator[Asking]:
    """Makes light boxes, and who asks them by HTTP without following redirects. What is given are settings of
    the table web, and ``peer``, the address of who asks, ``base_url`` and ``headers`` of all requests."""
    with ExitStack() as clients:

        def ask(
            peer: str = "127.0.0.1",
            base_url: str = "http://127.0.0.1:11180",
            headers: dict[str, str] | None = None,
            **web: Any,
        ) -> TestClient:
            desk.reload(settings.model_copy(update={"web": WebSettings(**web)}))
            client = TestClient(
                create_app(desk),
                base_url=base_url,
                client=(peer, 50000),
                headers=headers,
                follow_redirects=False,
                raise_server_exceptions=False,
            )
            return clients.enter_context(client)

        yield ask


@pytest.fixture
def local(ask: Asking) -> TestClient:
    """A program at the host of a light box without users, where everybody may do all."""
    return ask()


@pytest.fixture
def program(ask: Asking, people: Path) -> Callable[[str], TestClient]:
    """The program of a user, with a token of theirs."""

    def program(name: str) -> TestClient:
        return ask(users=people, headers=bearer(name))

    return program
