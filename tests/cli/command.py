"""Commands as their users run them: in processes of their own, and, where much is asked, in this one."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.server import PRINTSCP

from printscp.cli import app


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PRINTSCP, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=cwd
    )


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs commands in this process."""

    def ask(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["printscp", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end, warnings.catch_warnings():
            app.run()
        said = capsys.readouterr()
        return Answer(end.value.code if isinstance(end.value.code, int) else 0, said.out, said.err)

    return ask


def one_clear_line(done: subprocess.CompletedProcess[str] | Answer, *words: str, code: int = 1) -> None:
    """A failure as an operator should see it."""
    answer = done if isinstance(done, Answer) else Answer(done.returncode, done.stdout, done.stderr)
    assert answer.code == code, answer
    assert answer.out == ""
    assert answer.err.count("\n") == 1, answer.err
    assert answer.err.startswith("printscp: ")
    for word in words:
        assert word in answer.err
