"""What docs/security.md tells people to type and to write does what it says."""

import io
import re
import shlex
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cli.command import Command, command

from printscp.config import load
from printscp.users import read_users

TEXT = (Path(__file__).parent.parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
PLACE = "/etc/printscp/"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command(monkeypatch, capsys)


def test_its_commands_work_one_after_the_other(
    ask: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.users.PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    commands = re.findall(r"^ {4}(printscp users .*)$", TEXT, re.MULTILINE)
    assert len(commands) >= 4
    for line in commands:
        words = shlex.split(line.replace(PLACE, f"{tmp_path}/"))[1:]
        if "add" in words:
            words.append("--stdin")
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
        assert ask(*words).code == 0, line
    users = read_users(tmp_path / "users.toml")
    assert users.users["hall"].corridor
    assert set(users.tokens) == {"prometheus"}


def test_each_command_it_names_is_there(ask: Command) -> None:
    named = set(re.findall(r"printscp users ([a-z]+)", TEXT))
    assert named >= {"add", "list", "password", "remove", "token", "revoke"}
    for each in named:
        assert ask("users", each, "--help").code == 0


def test_its_tables_are_configurations(tmp_path: Path) -> None:
    tables = re.findall(r"^ {4}\[web\]\n(?: {4}\S.*\n)+", TEXT, re.MULTILINE)
    assert len(tables) == 3
    for each in tables:
        file = tmp_path / "printer.toml"
        file.write_text(re.sub("^ {4}", "", each, flags=re.MULTILINE))
        assert load(file).web.model_fields_set
