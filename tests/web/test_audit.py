"""The audit log: what is in it, and that it can always be written and read."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.web.audit import Audit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_says_when_who_where_and_what(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("anna", "10.0.0.7", "job held", how="session", job=12, result="done")
    (line,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "who": "anna",
        "address": "10.0.0.7",
        "action": "job held",
        "how": "session",
        "job": 12,
        "result": "done",
    }
    assert stat.S_IMODE((tmp_path / "audit.jsonl").stat().st_mode) == 0o600


def test_the_same_film_is_seen_once_in_ten_minutes(tmp_path: Path) -> None:
    clock = Clock()
    audit = Audit(tmp_path / "audit.jsonl", clock)
    for _ in range(3):
        audit.note("anna", "a", "film seen", job=1, film=1)
        audit.note("anna", "a", "film taken", job=1, film=1)
    audit.note("anna", "a", "film seen", job=1, film=2)
    audit.note("berta", "a", "film seen", job=1, film=1)
    clock.now += 600
    audit.note("anna", "a", "film seen", job=1, film=1)
    seen = [(each["who"], each["film"]) for each in audit.last(99) if each["action"] == "film seen"]
    assert seen == [("anna", 1), ("berta", 1), ("anna", 2), ("anna", 1)]
    assert len(audit.last(99)) == 7


@settings(max_examples=20)
@given(st.lists(st.text(max_size=200)), st.integers(1, 9))
def test_the_last_lines_come_first_whatever_is_in_them(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], limit: int
) -> None:
    file = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    audit = Audit(file)
    for name in names:
        audit.note(name, "", "log-in")
    assert [each["who"] for each in audit.last(limit)] == names[::-1][:limit]
    assert file.read_bytes().isascii() if names else not file.exists()


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(file)
    audit.note("first", "", "log-in")
    with file.open("ab") as stream:
        stream.truncate(1 << 40)  # a hole: nobody could read all of it
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n")
    for number in range(300):
        audit.note("x" * 250, "", "job held", job=number)
    assert [each["job"] for each in audit.last(300)] == list(range(299, -1, -1))


def test_lines_of_others_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(file)
    audit.note("anna", "", "log-in")
    with file.open("ab") as stream:
        stream.write(b"{\n[1]\n{}\n" + b"y" * 200_000 + b"\n\xff\n")
    audit.note("berta", "", "log-in")
    assert [each["who"] for each in audit.last(9)] == ["berta", "anna"]


def test_a_log_that_is_moved_away_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(file)
    audit.note("anna", "", "log-in")
    file.rename(tmp_path / "audit.jsonl.1")
    audit.note("berta", "", "log-in")
    assert [each["who"] for each in audit.last(9)] == ["berta"]


def test_what_cannot_be_written_is_logged_now_and_then(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    audit = Audit(tmp_path / "none" / "audit.jsonl", clock)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            audit.note("anna", "", "log-in")
        assert len(caplog.records) == 1
        clock.now += 60
        audit.note("anna", "", "log-in")
    assert len(caplog.records) == 2
    assert audit.last(9) == ()


def test_a_line_that_was_cut_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, line: write(handle, line[:10]))
        audit.note("anna", "", "log-in")
    audit.note("berta", "", "log-in")
    assert [each["who"] for each in audit.last(9)] == ["berta"]
