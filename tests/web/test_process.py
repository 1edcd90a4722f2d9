"""The process of the light box, by its line and its socket alone."""

import logging
import pickle
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from printscp.config import Settings, load
from printscp.errors import Away
from printscp.web import __main__ as process
from printscp.web.__main__ import _set_up_logs

NAME = "DOE^JANE"


def ended(*told: Settings) -> tuple[int, str, str]:
    """How it ends after what it was told: its return code, and what it wrote."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.run(
            [sys.executable, "-m", "printscp.web", str(listening.fileno())],
            input=b"".join(map(pickle.dumps, told)),
            capture_output=True,
            pass_fds=(listening.fileno(),),
            timeout=60,
        )
    return process.returncode, process.stdout.decode(), process.stderr.decode()


@pytest.mark.slow
def test_where_it_cannot_start_it_says_why_in_a_line(tmp_path: Path) -> None:
    code, said, logged = ended(load(spool=tmp_path / "none"))
    assert (code, logged) == (1, "")
    assert str(tmp_path / "none") in said
    assert said.count("\n") == 1


def test_it_ends_where_nobody_tells_it_anything() -> None:
    assert ended() == (0, "", "")


def test_pictures_are_tidied_whatever_went_wrong_the_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    turns: list[BaseException | None] = [Away("films: Connection refused"), ZeroDivisionError(), None]

    class Films:
        def tidy(self) -> None:
            error = turns.pop(0)
            if error is not None:
                raise error
            ended.set()

    monkeypatch.setattr(process, "_TIDY", 0.0)
    process._tidy(SimpleNamespace(films=Films()), ended)  # type: ignore[arg-type]
    assert turns == []


def test_logs_of_strangers_show_no_values_and_do_not_repeat_themselves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = logging.getLogger("printscp")
    monkeypatch.setattr(house, "handlers", [])
    monkeypatch.setattr(house, "level", house.level)
    for name in ("uvicorn.error", "asyncio"):
        stranger = logging.getLogger(name)
        for attribute in ("handlers", "filters"):
            monkeypatch.setattr(stranger, attribute, [])
        monkeypatch.setattr(stranger, "propagate", False)
        monkeypatch.setattr(stranger, "level", logging.NOTSET)
    _set_up_logs(load())
    try:
        raise ValueError(NAME)
    except ValueError:
        for _ in range(3):
            logging.getLogger("asyncio").exception("Task exception was never retrieved\nfuture: %r", NAME)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    said = capsys.readouterr().err
    assert said.count("Task exception was never retrieved\n") == 1
    assert "ValueError" in said
    assert NAME not in said
