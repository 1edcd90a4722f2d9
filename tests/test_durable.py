"""Files that are whole when they can be seen."""

import os
from pathlib import Path

import pytest

from printscp.durable import DurableFile


def test_a_file_is_hidden_until_it_is_whole(tmp_path: Path) -> None:
    with DurableFile(tmp_path / "film") as file:
        file.write(b"0123")
        file.write(memoryview(b"456789"))
        assert file.tell() == 10
        file.overwrite(2, b"ab")
        file.write(b"!")
        assert [path.name for path in tmp_path.iterdir()] == [".film.part"]
        assert file.commit() == tmp_path / "film"
    assert [path.name for path in tmp_path.iterdir()] == ["film"]
    assert (tmp_path / "film").read_bytes() == b"01ab456789!"


def test_its_name_can_be_said_at_the_end(tmp_path: Path) -> None:
    with DurableFile(tmp_path / "film-1") as file:
        assert file.commit(tmp_path / "film") == tmp_path / "film"
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_more_than_is_advised_at_once_arrives(tmp_path: Path) -> None:
    pieces = [bytes([number]) * 700_001 for number in range(5)]
    with DurableFile(tmp_path / "film") as file:
        for each in pieces:
            file.write(each)
        file.commit()
    assert (tmp_path / "film").read_bytes() == b"".join(pieces)


def test_left_before_its_end_nothing_remains(tmp_path: Path) -> None:
    with DurableFile(tmp_path / "film") as file:
        file.write(b"half")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", [1, 2])
def test_what_cannot_be_flushed_is_not_there(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File first, then folder."""
    calls = []
    fsync = os.fsync

    def broken(handle: int) -> None:
        calls.append(handle)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", broken)
    with DurableFile(tmp_path / "film") as file:
        file.write(b"whole")
        with pytest.raises(OSError, match="No space left"):
            file.commit()
    assert list(tmp_path.iterdir()) == []
