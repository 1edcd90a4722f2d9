"""Files that are whole when they can be seen."""

import os
import re
from pathlib import Path

import pytest

from printscp.durable import DurableFile, make_folder, mark, publish, read_mark


def test_a_file_is_hidden_until_it_is_whole(tmp_path: Path) -> None:
    file = DurableFile(tmp_path / "film")
    file.write(b"0123")
    file.write(memoryview(b"456789"))
    assert file.tell() == 10
    file.overwrite(2, b"ab")
    file.write(b"!")
    assert list(tmp_path.iterdir()) == [file.hidden]
    assert re.fullmatch(r"\.film\.[0-9a-f]{8}\.part", file.hidden.name)
    file.flush()
    assert list(tmp_path.iterdir()) == [file.hidden]
    publish(file.hidden, file.path)
    assert [path.name for path in tmp_path.iterdir()] == ["film"]
    assert (tmp_path / "film").read_bytes() == b"01ab456789!"


def test_a_writer_has_a_file_of_its_own_and_one_that_is_late_fails(tmp_path: Path) -> None:
    late = DurableFile(tmp_path / "film")
    late.write(b"late, and longer")
    file = DurableFile(tmp_path / "film")
    file.write(b"in time")
    late.write(b"!")
    assert len(list(tmp_path.iterdir())) == 1
    file.flush()
    publish(file.hidden, file.path)
    with pytest.raises(FileNotFoundError):
        late.flush()
    assert [path.name for path in tmp_path.iterdir()] == ["film"]
    assert (tmp_path / "film").read_bytes() == b"in time"


def test_what_has_its_name_gets_it_no_second_time(tmp_path: Path) -> None:
    file = DurableFile(tmp_path / "film")
    file.write(b"whole")
    file.flush()
    publish(file.hidden, file.path)
    with pytest.raises(FileNotFoundError):
        publish(file.hidden, file.path)
    assert (tmp_path / "film").read_bytes() == b"whole"


def test_a_folder_keeps_its_mark_and_no_other_has_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(FileNotFoundError):
        read_mark(tmp_path)
    first = mark(tmp_path)
    assert mark(tmp_path) == read_mark(tmp_path) == first != mark(tmp_path / "other")
    (tmp_path / ".printscp").write_text("")  # another process is just making it
    with pytest.raises(OSError, match="unavailable"):
        mark(tmp_path)


def test_parts_of_other_files_stay(tmp_path: Path) -> None:
    others = {
        ".film-1.0123abcd.part",
        ".film.pdf.0123abcd.part",
        ".xfilm.0123abcd.part",
        ".film.note.part",
        "film.part",
    }
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".film.0123abcd.part").touch()
    file = DurableFile(tmp_path / "film")
    assert {path.name for path in tmp_path.iterdir()} == {file.hidden.name, *others}


def test_folders_are_made_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    fsync = os.fsync

    def recorded(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded)
    make_folder(tmp_path / "deep" / "films")
    assert flushed == [tmp_path, tmp_path / "deep"]
    make_folder(tmp_path / "deep" / "films")
    assert len(flushed) == 2


def test_more_than_is_advised_at_once_arrives(tmp_path: Path) -> None:
    pieces = [bytes([number]) * 700_001 for number in range(5)]
    file = DurableFile(tmp_path / "film")
    for each in pieces:
        file.write(each)
    file.flush()
    assert file.hidden.read_bytes() == b"".join(pieces)


def test_discarded_before_its_end_nothing_remains(tmp_path: Path) -> None:
    file = DurableFile(tmp_path / "film")
    file.write(b"half")
    file.discard()
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
    file = DurableFile(tmp_path / "film")
    file.write(b"whole")
    with pytest.raises(OSError, match="No space left"):
        file.flush()
    assert list(tmp_path.iterdir()) == []
