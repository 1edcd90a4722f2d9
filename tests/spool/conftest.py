"""The job table on both databases, and its time in the hands of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peers.board import Board
from peers.postgresql import PostgreSQL

from printscp.spool.database import Database


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgres"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    cluster: PostgreSQL = request.getfixturevalue("cluster")
    return cluster.database()


@pytest.fixture
def board(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    board = Board(url)
    monkeypatch.setattr(Database, "_now", lambda *_: board.now)
    yield board
    board.database.close()
