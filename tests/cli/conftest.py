"""What tests of commands share: commands in this process, and a printer to send to."""

from collections.abc import Iterator

import pytest
from cli.command import Command, command
from peers.server import Server


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command(monkeypatch, capsys)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    with Server(folder / "spool", folder / "films", "--ae-title", "FILM") as server:
        yield server
