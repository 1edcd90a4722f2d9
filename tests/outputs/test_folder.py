"""What every format of files keeps: one document a job, whole or not there, and the same each time."""

import os
import time
import weakref
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from outputs.pages import TICKET, color_page, deliver, densities, output, page, several
from peers.claims import Held

from printscp.errors import ClaimLost, SetupError
from printscp.outputs.folder import FolderSettings
from printscp.outputs.output import Progress, Stage, Uncontested
from printscp.outputs.registry import settings_of, types

FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("pdf", {"bits": 8}),
    ("pdf", {"bits": 16}),
    ("postscript", {"bits": 8}),
    ("postscript", {"bits": 12, "encoding": "ascii85"}),
    ("tiff", {"bits": 16}),
    ("tiff", {"samples": "density"}),
    ("png", {"bits": 8}),
    ("png", {"bits": 16, "tone": "lightbox"}),
]
SUFFIXES = {"pdf": "pdf", "postscript": "ps", "tiff": "tif", "png": "png"}
formats = pytest.mark.parametrize(("kind", "keys"), FORMATS)
kinds = pytest.mark.parametrize("kind", sorted(SUFFIXES))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_type_of_a_folder_is_tested() -> None:
    of_folders = {kind for kind in types() if issubclass(settings_of(kind), FolderSettings)}
    assert {kind for kind, _ in FORMATS} == of_folders - {"pwg"} == set(SUFFIXES)


@formats
def test_the_same_job_is_the_same_bytes_wherever_the_clock_stands(
    kind: str, keys: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [page(), *several(), color_page()]
    deliver(kind, tmp_path / "one", *pages, **keys)
    elsewhere = replace(
        TICKET, films=len(pages), created=TICKET.created.astimezone(timezone(timedelta(hours=9)))
    )
    with monkeypatch.context() as environment:
        environment.setenv("SOURCE_DATE_EPOCH", "1234567890")
        environment.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        (tmp_path / "two").mkdir()
        with output(kind, tmp_path / "two", **keys).begin(elsewhere) as document:
            for each in pages:
                document.add(each)
            document.finish(Uncontested())
    time.tzset()
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@kinds
def test_a_document_is_named_after_its_job(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "films"
    first = deliver(kind, folder, page())
    path = folder / f"000012.{SUFFIXES[kind]}"
    assert first == str(path)
    before = path.read_bytes()
    assert deliver(kind, folder, page(densities(seed=6))) == first
    assert [each.name for each in folder.iterdir()] == [path.name]
    assert path.read_bytes() != before


@kinds
def test_a_document_that_is_not_finished_leaves_nothing(kind: str, tmp_path: Path) -> None:
    def broken() -> None:
        with output(kind, tmp_path).begin(replace(TICKET, films=2)) as document:
            document.add(page())
            document.add(page())
            assert all(path.name.startswith(".") for path in tmp_path.iterdir())
            raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        broken()
    assert list(tmp_path.iterdir()) == []


@kinds
def test_what_a_crash_left_behind_is_replaced(kind: str, tmp_path: Path) -> None:
    left = tmp_path / f".000012.{SUFFIXES[kind]}.0123abcd.part"
    left.write_bytes(b"half a film, longer than the whole one" * 10000)
    path = Path(deliver(kind, tmp_path, page()))
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_size < 200_000


@kinds
@pytest.mark.parametrize("where", ["films", "films/deeper"])
def test_a_folder_that_cannot_be_is_an_os_error_and_said_at_start(
    kind: str, where: str, tmp_path: Path
) -> None:
    (tmp_path / "films").write_text("no folder")
    broken = output(kind, tmp_path / where)
    with pytest.raises(OSError, match="films"):
        broken.begin(TICKET)
    with pytest.raises(SetupError, match=r"folder .*films"):
        broken.check()


@kinds
def test_a_folder_that_is_away_is_not_made_again(kind: str, tmp_path: Path) -> None:
    """It may be a share, and what lies in its place would not be delivered."""
    way_out = output(kind, tmp_path / "share")
    way_out.check()
    (tmp_path / "share").rmdir()
    with pytest.raises(FileNotFoundError, match="share"):
        way_out.begin(TICKET)
    assert list(tmp_path.iterdir()) == []


@formats
def test_check_finds_no_fault_and_makes_the_folder(kind: str, keys: dict[str, Any], tmp_path: Path) -> None:
    output(kind, tmp_path / "deep" / "films", **keys).check()
    assert list((tmp_path / "deep" / "films").iterdir()) == []


@formats
def test_a_page_is_forgotten_when_it_is_in_the_file(kind: str, keys: dict[str, Any], tmp_path: Path) -> None:
    with output(kind, tmp_path, **keys).begin(TICKET) as document:
        made = page(texts=())
        pixels = weakref.ref(made.density)
        document.add(made)
        del made
        assert pixels() is None
        document.finish(Uncontested())


def test_formats_are_written_side_by_side(tmp_path: Path) -> None:
    ticket = replace(TICKET, films=len(several()))
    documents = [output(kind, tmp_path).begin(ticket) for kind in SUFFIXES]
    for each in several():
        for document in documents:
            document.add(each)
    for document in documents:
        with document:
            document.finish(Uncontested())
    alone = tmp_path / "alone"
    for kind in SUFFIXES:
        deliver(kind, alone, *several())
    together = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert together == contents(alone)


@kinds
def test_a_name_that_can_be_seen_stands_for_a_film_that_is_on_disk(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []
    fsync, renamed = os.fsync, os.replace

    def recorded_fsync(handle: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name, os.fstat(handle).st_size))
        fsync(handle)

    def recorded_replace(source: Any, target: Any) -> None:
        calls.append(("replace", Path(source).name, Path(target).name))
        renamed(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    path = Path(deliver(kind, tmp_path, page()))
    (_, part, size), (_, before, _), (_, source, target), (_, after, _) = calls
    assert part == source
    assert (size, target) == (path.stat().st_size, path.name)
    assert before == after == tmp_path.name  # the hidden name, and then the one that can be seen


class Lost(Held):
    """A claim that was taken over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: list[str] = []

    def remember(self, remote: str, place: str = "") -> None:
        self.seen = [path.name for path in self._folder.iterdir()]
        raise ClaimLost


class Dies(Held):
    """A process that dies when it has said what it is about to do, or may have done so."""

    def remember(self, remote: str, place: str = "") -> None:
        super().remember(remote, place)
        raise OSError("connection lost")


@kinds
@pytest.mark.parametrize("films", [1, 2])
def test_files_that_were_promised_get_their_names_once(kind: str, films: int, tmp_path: Path) -> None:
    """From whoever takes the job over; what a consumer has taken does not come again."""
    claim = Dies()
    way_out = output(kind, tmp_path)
    with way_out.begin(replace(TICKET, films=films)) as document:
        for _ in range(films):
            document.add(page())
        with pytest.raises(OSError, match="lost"):
            document.finish(claim)
    hidden = contents(tmp_path)
    mark = hidden.pop(".printscp")
    assert hidden
    assert all(name.startswith(".") for name in hidden)
    # What stands in the folder's place is not it: nothing is known of the files then.
    share = tmp_path.rename(tmp_path.with_name("share"))
    for stands in (None, b"", b"another" + bytes(9)):
        if stands is not None:
            tmp_path.mkdir(exist_ok=True)
            (tmp_path / ".printscp").write_bytes(stands)
        with pytest.raises(OSError, match=r"No such file|unavailable|another folder") as caught:
            way_out.follow(claim.remote)
        assert str(tmp_path) in str(caught.value)
    (tmp_path / ".printscp").unlink()
    tmp_path.rmdir()
    share.rename(tmp_path)
    assert way_out.follow(claim.remote) == Progress(Stage.DONE)
    named = contents(tmp_path)
    assert named.pop(".printscp") == mark
    assert sorted(named.values()) == sorted(hidden.values())
    assert str(tmp_path / min(named)) == claim.place.split(" to ")[0]
    for name in named:
        (tmp_path / name).unlink()
    assert way_out.follow(claim.remote) == Progress(Stage.DONE)
    assert list(contents(tmp_path)) == [".printscp"]


def test_a_file_that_was_taken_with_the_folder_of_its_template_is_delivered(tmp_path: Path) -> None:
    claim, way_out = Dies(), output("pdf", tmp_path, file_name="{printer}/{job}")
    with way_out.begin(TICKET) as document:
        document.add(page())
        with pytest.raises(OSError, match="lost"):
            document.finish(claim)
    way_out.follow(claim.remote)
    [file] = (tmp_path / "FILMS").iterdir()
    file.unlink()
    file.parent.rmdir()
    assert way_out.follow(claim.remote) == Progress(Stage.DONE)


def test_a_worker_whose_folder_is_swapped_does_not_call_it_delivered(tmp_path: Path) -> None:
    class Swaps(Held):
        def remember(self, remote: str, place: str = "") -> None:
            super().remember(remote, place)
            films.rename(tmp_path / "share")
            films.mkdir()

    films = tmp_path / "films"
    films.mkdir()
    claim, way_out = Swaps(), output("pdf", films)
    with way_out.begin(TICKET) as document:
        document.add(page())
        with pytest.raises(FileNotFoundError):
            document.finish(claim)
    films.rmdir()
    (tmp_path / "share").rename(films)
    assert way_out.follow(claim.remote) == Progress(Stage.DONE)
    assert len(list(films.glob("*.pdf"))) == 1


@kinds
def test_whoever_lost_its_claim_delivers_nothing(kind: str, tmp_path: Path) -> None:
    claim = Lost(tmp_path)

    def late() -> None:
        with output(kind, tmp_path).begin(replace(TICKET, films=2)) as document:
            document.add(page())
            document.add(page())
            document.finish(claim)

    with pytest.raises(ClaimLost):
        late()
    assert claim.seen
    assert all(name.startswith(".") for name in claim.seen)
    assert list(contents(tmp_path)) == [".printscp"]


@kinds
def test_a_stalled_worker_does_not_disturb_its_successor(kind: str, tmp_path: Path) -> None:
    with output(kind, tmp_path).begin(TICKET) as late:
        late.add(page(densities(seed=9)))
        delivered = Path(deliver(kind, tmp_path, page()))
        before = delivered.read_bytes()
        with pytest.raises(FileNotFoundError):
            late.finish(Uncontested())
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


@kinds
def test_a_name_is_made_of_what_the_ticket_has(kind: str, tmp_path: Path) -> None:
    name = "{printer}/{date}/{originator}_{medium}-{job}"
    path = Path(deliver(kind, tmp_path, page(), file_name=name))
    assert path == tmp_path / f"FILMS/20261018/VIEWER_BLUE_FILM-000012.{SUFFIXES[kind]}"
    assert path.is_file()


@kinds
def test_without_a_template_the_name_is_that_of_the_ticket(kind: str, tmp_path: Path) -> None:
    path = Path(deliver(kind, tmp_path, page(), file_name="{created}-{job}"))
    assert path.name == f"{TICKET.name}.{SUFFIXES[kind]}"
    assert settings_of(kind).model_fields["file_name"].default == "{created}-{job}"


@formats
def test_what_cannot_be_written_is_an_os_error_and_leaves_nothing(
    kind: str, keys: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        deliver(kind, tmp_path, page(), page(), **keys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bits", [8, 16])
def test_a_measured_curve_is_used_by_its_name(bits: int, tmp_path: Path) -> None:
    curve = tmp_path / "curve.toml"
    curve.write_text('printer = "Laser"\nmeasured = 2026-11-22\npoints = [[0, 1.5], [0.25, 0.5], [1, 0.1]]\n')
    density = np.array([[20000, 15000, 10000, 5000, 3000, 1000, 0]], np.uint16)
    path = deliver("png", tmp_path, page(density), bits=bits, tone="curve", curve=curve)
    samples = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    expected = np.array([0, 0, 0.125, 0.25, 0.625, 1, 1]) * ((1 << bits) - 1)
    assert np.abs(samples - expected).max() <= 0.5


def test_a_curve_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    broken = output("pdf", tmp_path, tone="curve", curve=tmp_path / "none.toml")
    with pytest.raises(SetupError, match=r"none\.toml"):
        broken.check()
