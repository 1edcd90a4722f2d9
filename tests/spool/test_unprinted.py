"""Dialogues of associations that made no job are kept as files, the newest of them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from printscp.spool.unprinted import Unprinted

BEGAN = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)


def test_the_newest_come_first_and_the_oldest_go(tmp_path: Path) -> None:
    kept = Unprinted(tmp_path)
    assert kept.newest() == []
    for number in (3, 1, 2, *range(4, 61)):
        kept.keep(BEGAN + timedelta(seconds=number), b"%d" % number)
    assert [int(path.read_bytes()) for path in kept.newest()] == list(range(60, 10, -1))
    assert {path.stat().st_mode & 0o777 for path in kept.newest()} == {0o600}
    assert len(list((tmp_path / "unprinted").iterdir())) == 50


def test_two_that_began_together_are_two(tmp_path: Path) -> None:
    kept = Unprinted(tmp_path)
    for content in (b"a", b"b"):
        kept.keep(BEGAN, content)
    assert sorted(path.read_bytes() for path in kept.newest()) == [b"a", b"b"]


def test_old_ones_are_tidied_away(tmp_path: Path) -> None:
    kept = Unprinted(tmp_path)
    for number in range(3):
        kept.keep(BEGAN + timedelta(seconds=number), b"%d" % number)
    now = BEGAN.timestamp()
    for path, days in zip(kept.newest(), (1, 2, 30), strict=True):
        os.utime(path, (now - days * 86400 + 1,) * 2)
    of_the_dead = tmp_path / "unprinted" / ".20260101-000000-000000-abcd.dialogue"
    of_the_dead.write_bytes(b"half of it")
    os.utime(of_the_dead, (now - 30 * 86400,) * 2)
    kept.tidy(now, 2)
    assert not of_the_dead.exists()
    assert [path.read_bytes() for path in kept.newest()] == [b"2", b"1"]


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        Unprinted(tmp_path).keep(BEGAN, b"a patient's")
    assert list((tmp_path / "unprinted").iterdir()) == []
