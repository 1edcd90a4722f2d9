"""Sheets in a store: whole or not there, and never anything else than what was accepted."""

import errno
import io
import json
import os
import random
import re
import secrets
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peers.s3 import S3, go_by

from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation, LookUp, Sheet, SheetImage, ToneCurve
from printscp.sheet_file import DamagedSheet
from printscp.spool.store import SheetStore, SheetWriter, open_store

pytestmark = pytest.mark.slow

_NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
_SIZES = st.integers(0, 9999)
_RECTANGLES = st.builds(Rectangle, _SIZES, _SIZES, _SIZES, _SIZES)
_IMAGES = st.builds(
    SheetImage,
    position=st.integers(1, 2000),
    samples_per_pixel=st.sampled_from([1, 3]),
    planar_configuration=st.sampled_from([0, 1]),
    rows=_SIZES,
    columns=_SIZES,
    bits_stored=st.sampled_from([8, 12]),
    reverse=st.booleans(),
    pixel_aspect=st.tuples(_SIZES, _SIZES),
    magnification=_NAMES,
    smoothing=_NAMES,
    smoothing_weight=st.floats(-1, 1),
    configuration=_NAMES,
    curve=st.builds(ToneCurve, contrast=st.floats(0.1, 10), linear=st.booleans()),
    min_density=_SIZES,
    max_density=_SIZES,
    requested_width_mm=st.none() | st.floats(0, 1000),
    decimate_crop=_NAMES,
    look_up=st.none() | _SIZES,
    pixels=st.binary(max_size=40),
)
_LOOK_UPS = st.builds(
    LookUp,
    shape=_NAMES,
    by_value=st.booleans(),
    bits=_SIZES,
    table=st.lists(st.integers(0, 65535), max_size=40).map(tuple),
)
_ANNOTATIONS = st.builds(Annotation, position=_SIZES, where=_RECTANGLES, align=_NAMES, text=_NAMES)
_SHEETS = st.builds(
    Sheet,
    film_size=_NAMES,
    orientation=_NAMES,
    display_format=_NAMES,
    resolution=_NAMES,
    width=_SIZES,
    height=_SIZES,
    dots_per_inch=st.floats(1, 10000),
    boxes=st.lists(_RECTANGLES, max_size=3).map(tuple),
    label=_RECTANGLES,
    images=st.lists(_IMAGES, max_size=3, unique_by=lambda image: image.position).map(tuple),
    look_ups=st.lists(_LOOK_UPS, max_size=2).map(tuple),
    annotation_format=_NAMES,
    annotations=st.lists(_ANNOTATIONS, max_size=3).map(tuple),
    printer_density=st.tuples(_SIZES, _SIZES),
    border_density=_SIZES,
    empty_image_density=_SIZES,
    trim=st.booleans(),
    illumination=_SIZES,
    reflected_ambient_light=_SIZES,
    color=st.booleans(),
    icc_profile=st.binary(max_size=40),
    remarks=st.lists(_NAMES, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with S3() as s3:
        yield s3


@pytest.fixture(params=["folder", "bucket"])
def where(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kind of store, empty."""
    if request.param == "folder":
        return str(tmp_path / "sheets")
    s3: S3 = request.getfixturevalue("s3")
    go_by(s3.endpoint, monkeypatch)
    return f"s3://{s3.bucket()}/spool/films"


@pytest.fixture
def any_store(where: str, tmp_path: Path) -> SheetStore:
    return open_store(where, tmp_path / "staging", "serve-1")


@pytest.fixture
def store(tmp_path: Path) -> SheetStore:
    """A folder's."""
    return open_store(str(tmp_path / "sheets"), tmp_path / "staging", "serve-1")


@pytest.fixture
def film(sheet: Sheet) -> Sheet:
    """A film with some of everything, so that a changed byte has something to change."""
    image = replace(
        sheet.images[0],
        position=2,
        rows=3,
        columns=400,
        reverse=True,
        pixel_aspect=(2, 1),
        requested_width_mm=12.5,
        look_up=0,
        pixels=bytes(range(240)) * 5,
    )
    return replace(
        sheet,
        boxes=(Rectangle(1, 2, 3, 4), Rectangle(5, 6, 7, 8)),
        images=(image,),
        look_ups=(LookUp("", bits=12, table=tuple(range(0, 4096, 16))),),
        annotations=(Annotation(1, Rectangle(1, 8, 3, 2), "LEFT", False, "DOE^JANE"),),
        icc_profile=b"acsp" * 50,
        remarks=("Größe: ignored",),
    )


def save(store: SheetStore, name: str, sheet: Sheet) -> None:
    writer = whole(store, sheet)
    try:
        store.make_good({name: writer})
    finally:
        writer.discard()


def whole(store: SheetStore, sheet: Sheet) -> SheetWriter:
    writer = store.write()
    writer.finish(sheet)
    return writer


def files(tmp_path: Path, folder: str = "sheets") -> list[str]:
    return sorted(path.name for path in (tmp_path / folder).iterdir())


def drafts(tmp_path: Path) -> list[str]:
    """Those of a store of any kind."""
    return sorted(path.name for path in tmp_path.rglob("*.part"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(sheet=_SHEETS)
def test_a_sheet_comes_back_as_it_was(store: SheetStore, sheet: Sheet) -> None:
    save(store, "one", sheet)
    assert store.load("one") == sheet
    store.remove("one")


def test_any_tool_can_look_inside(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    save(store, "1.2.3", film)
    with tarfile.open(tmp_path / "sheets" / "1.2.3.sheet") as archive:
        assert archive.getnames() == ["image-002.raw", "profile.icc", "sheet.json"]
        raw, profile = archive.extractfile("image-002.raw"), archive.extractfile("profile.icc")
        assert raw is not None
        assert profile is not None
        assert (raw.read(), profile.read()) == (film.images[0].pixels, film.icc_profile)


# --- a store of any kind ---------------------------------------------------------------------------------


def test_a_sheet_that_is_not_there_is_damaged(any_store: SheetStore) -> None:
    assert "1.2.3" not in any_store
    assert any_store.size("1.2.3") == 0
    for ask in (lambda: any_store.load("1.2.3"), lambda: any_store.copy("1.2.3", "1.2.4")):
        with pytest.raises(DamagedSheet, match=r"1\.2\.3"):
            ask()


def test_names_that_jobs_have_outlive_the_writer(any_store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    writer = whole(any_store, film)
    for name in ("1.2.3-1", "1.2.4-1"):
        any_store.make_good({name: writer})
    writer.discard()
    assert any_store.names() == {"1.2.3-1", "1.2.4-1"}
    assert drafts(tmp_path) == []
    any_store.remove("1.2.3-1")
    assert "1.2.3-1" not in any_store
    assert any_store.load("1.2.4-1") == film


def test_a_copy_outlives_the_name_it_was_made_of(any_store: SheetStore, film: Sheet) -> None:
    save(any_store, "1.2.3-1", film)
    any_store.copy("1.2.3-1", "1.2.4-1")
    assert any_store.size("1.2.4-1") == any_store.size("1.2.3-1") > len(film.images[0].pixels)
    any_store.remove("1.2.3-1")
    assert any_store.load("1.2.4-1") == film


def test_a_name_that_is_taken_is_left_as_it_is(any_store: SheetStore, film: Sheet, sheet: Sheet) -> None:
    save(any_store, "1.2.3-2", film)
    writer = whole(any_store, sheet)
    with pytest.raises(FileExistsError):
        any_store.make_good({"1.2.3-1": writer, "1.2.3-2": writer})
    any_store.make_good({"1.2.4-1": writer})
    with pytest.raises(FileExistsError):
        any_store.copy("1.2.4-1", "1.2.3-2")
    assert any_store.names() == {"1.2.3-2", "1.2.4-1"}
    assert any_store.load("1.2.3-2") == film
    writer.discard()


def test_remove_may_be_done_twice(any_store: SheetStore, film: Sheet) -> None:
    save(any_store, "one", film)
    any_store.remove("one")
    any_store.remove("one")
    assert any_store.names() == set()


def test_another_process_finds_what_was_made_good(any_store: SheetStore, film: Sheet, where: str) -> None:
    save(any_store, "one", film)
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        found = processes.submit(load, where, "one").result(60)
    assert found == film


def load(where: str, name: str) -> Sheet:
    with TemporaryDirectory() as folder:
        return open_store(where, Path(folder) / "staging").load(name)


def test_what_is_free_is_a_number_of_bytes(any_store: SheetStore) -> None:
    assert any_store.free() > 1 << 20


def test_a_large_film_comes_back(any_store: SheetStore, sheet: Sheet) -> None:
    pixels = random.Random(1).randbytes(11 << 20)  # so that a bucket gets it in several parts
    large = replace(sheet, images=(replace(sheet.images[0], pixels=pixels),))
    save(any_store, "large", large)
    assert any_store.load("large") == large


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(count=st.integers(1, 4), failing=st.integers(0, 9), after=st.booleans())
def test_make_good_is_all_or_nothing(
    any_store: SheetStore, sheet: Sheet, count: int, failing: int, after: bool
) -> None:
    """Whichever step fails, before it was done or after, as when an answer is lost."""
    before = any_store.names()
    names = [f"{secrets.token_hex(4)}-{number}" for number in range(count)]
    writers = [whole(any_store, sheet) for _ in names]
    steps = iter(range(10))
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((os, "link"), (os, "fsync"), (obstore, "put")):
            patch.setattr(module, name, breaking(getattr(module, name), steps, failing, after))
        try:
            any_store.make_good(dict(zip(names, writers, strict=True)))
        except OSError:
            assert any_store.names() == before
        else:
            assert any_store.names() == before | set(names)
            assert all(any_store.load(name) == sheet for name in names)
    for writer in writers:
        writer.discard()


def breaking(real: Callable[..., Any], steps: Iterator[int], failing: int, after: bool) -> Callable[..., Any]:
    def step(*arguments: Any, **options: Any) -> Any:
        fails = next(steps) == failing
        if fails and not after:
            raise OSError(errno.EIO, "before")
        result = real(*arguments, **options)
        if fails:
            raise OSError(errno.EIO, "after")
        return result

    return step


# --- sweeping --------------------------------------------------------------------------------------------


def test_an_orphan_goes_at_the_second_sweep(any_store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    for name in ("1.2.3-1", "1.2.3-2", "1.2.4-1"):
        save(any_store, name, film)
    wanted = {"1.2.3-1", "1.2.9-1"}
    assert any_store.sweep(lambda: wanted, 0) == 0
    assert any_store.sweep(lambda: wanted, 0) == 2
    assert any_store.names() == {"1.2.3-1"}
    assert any_store.load("1.2.3-1") == film


def test_an_orphan_is_one_for_as_long_as_is_asked(any_store: SheetStore, film: Sheet) -> None:
    save(any_store, "1.2.3-1", film)
    assert [any_store.sweep(set, 3600) for _ in range(3)] == [0, 0, 0]
    assert any_store.sweep(set, 0) == 1


def test_an_orphan_that_was_wanted_in_between_begins_anew(any_store: SheetStore, film: Sheet) -> None:
    save(any_store, "1.2.3-1", film)
    assert any_store.sweep(set, 0) == 0
    assert any_store.sweep(lambda: {"1.2.3-1"}, 0) == 0
    assert any_store.sweep(set, 0) == 0
    assert any_store.sweep(set, 0) == 1


def test_what_is_committed_during_a_sweep_is_wanted(any_store: SheetStore, film: Sheet) -> None:
    committed: list[str] = []
    save(any_store, "1.2.3-1", film)
    any_store.sweep(lambda: committed, 0)

    def asked() -> list[str]:
        """Another host has committed that job, and named the next one's sheet."""
        save(any_store, "1.2.4-1", film)
        return ["1.2.3-1"]

    assert any_store.sweep(asked, 0) == 0
    assert any_store.names() == {"1.2.3-1", "1.2.4-1"}


def test_nothing_goes_where_it_cannot_be_asked_what_is_wanted(any_store: SheetStore, film: Sheet) -> None:
    save(any_store, "1.2.3-1", film)
    any_store.sweep(set, 0)

    def unknown() -> set[str]:
        raise RuntimeError("database gone")

    with pytest.raises(RuntimeError, match="database gone"):
        any_store.sweep(unknown, 0)
    assert any_store.names() == {"1.2.3-1"}


def test_drafts_of_the_dead_are_dropped_and_no_others(
    any_store: SheetStore, where: str, film: Sheet, tmp_path: Path
) -> None:
    other = open_store(where, tmp_path / "staging", "serve-12")
    mine, others = whole(any_store, film), whole(other, film)
    any_store.drop_drafts("serve-12")
    assert drafts(tmp_path) == [mine.path.name]
    assert not others.path.exists()
    any_store.drop_drafts("serve")
    any_store.make_good({"one": mine})
    mine.discard()


def test_drafts_of_which_nothing_is_known_go_when_they_have_not_changed_for_a_day(
    where: str, film: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stores = {
        name: open_store(where, tmp_path / "staging", name) for name in ("a-1", "b-1", "c-1", "c-2", "")
    }
    of = {name: whole(store, film) for name, store in stores.items()}
    me = stores["a-1"]

    def sweep(hours: float) -> int:
        now[0] += hours * 3600
        return me.sweep(set, 1e9, living=["b-1"])

    assert [sweep(0), sweep(23)] == [0, 0]
    with of["c-2"].path.open("ab") as file:
        file.write(b"more")
    assert sweep(2) == 2
    assert drafts(tmp_path) == sorted(of[name].path.name for name in ("a-1", "b-1", "c-2"))
    assert [sweep(23), sweep(2)] == [0, 1]
    assert drafts(tmp_path) == sorted(of[name].path.name for name in ("a-1", "b-1"))
    for writer in of.values():
        writer.discard()


# --- damage ----------------------------------------------------------------------------------------------


def test_a_sheet_cut_short_anywhere_is_damaged(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    save(store, "cut", film)
    path = tmp_path / "sheets" / "cut.sheet"
    content = path.read_bytes()
    end = content.rindex(b"}") + 1  # of sheet.json; what follows is zeros
    for length in (*range(0, end, 97), end - 1):
        path.write_bytes(content[:length])
        with pytest.raises(DamagedSheet):
            store.load("cut")


@pytest.mark.parametrize("member", ["image-002.raw", "profile.icc", "sheet.json"])
def test_one_changed_byte_of_a_member_is_found(
    store: SheetStore, film: Sheet, tmp_path: Path, member: str
) -> None:
    save(store, "flip", film)
    path = tmp_path / "sheets" / "flip.sheet"
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        found = archive.getmember(member)
    for offset in range(found.offset_data, found.offset_data + found.size, 53):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
        with pytest.raises(DamagedSheet, match=member):
            store.load("flip")


def test_one_changed_bit_of_a_tar_header_is_found_or_does_not_matter(
    store: SheetStore, film: Sheet, tmp_path: Path
) -> None:
    save(store, "flip", film)
    path = tmp_path / "sheets" / "flip.sheet"
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        headers = [member.offset for member in archive]
    unnoticed = []
    for offset in (start + byte for start in headers for byte in range(0, 512, 3)):
        changed = bytes([content[offset] ^ (1 << offset % 7)])
        path.write_bytes(content[:offset] + changed + content[offset + 1 :])
        try:
            if store.load("flip") != film:
                unnoticed.append(content[offset - 20 : offset + 20])
        except DamagedSheet:
            pass
    assert unnoticed == []


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"7",
        b"[]",
        b"null",
        b"{}",
        b'{"images": 3}',
        b'{"images": [3]}',
        b'{"images": [{}]}',
        b"\xff",
        b"{",
    ],
)
def test_a_header_of_another_kind_is_damage(store: SheetStore, tmp_path: Path, header: bytes) -> None:
    with tarfile.open(tmp_path / "sheets" / "odd.sheet", "w") as archive:
        for name, data in (("sheet.json", header), ("image-001.raw", b"x")):
            (tmp_path / name).write_bytes(data)
            archive.add(tmp_path / name, name)
    with pytest.raises(DamagedSheet):
        store.load("odd")


def test_a_sheet_of_other_fields_does_not_name_its_patient(
    store: SheetStore, film: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"label": "DOE^JANE", "annotations": [{"text": "DOE^JANE"}], "images": []}
    monkeypatch.setattr("printscp.sheet_file._header", lambda _: json.dumps(fields).encode())
    save(store, "odd", film)
    with pytest.raises(DamagedSheet, match="film_size") as raised:
        store.load("odd")
    assert "DOE" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"x" * 2000, b"\0" * 10240])
def test_what_is_no_tar_is_damage(store: SheetStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sheets" / "odd.sheet").write_bytes(content)
    with pytest.raises(DamagedSheet):
        store.load("odd")


# --- a folder --------------------------------------------------------------------------------------------


def test_make_good_returns_when_every_sheet_and_every_name_is_on_disk(
    store: SheetStore, film: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    fsync, link = os.fsync, os.link

    def recorded_fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        calls.append(("fsync", path, None if path.is_dir() else path.stat().st_size))
        fsync(handle)

    def recorded_link(source: Any, target: Any) -> None:
        calls.append(("link", source, target))
        link(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "link", recorded_link)
    folder = tmp_path / "sheets"
    # Of several lengths, so that of some the end waits in Python's buffer until it is flushed.
    for length in range(0, 10240, 1024):
        calls.clear()
        one, two = store.write(), store.write()
        for writer in (one, two):
            writer.finish(replace(film, images=(replace(film.images[0], pixels=bytes(length)),)))
        store.make_good({f"{length}-1": one, f"{length}-2": two})
        whole = one.path.stat().st_size
        assert whole % 512 == 0
        assert calls == [
            ("link", one.path, folder / f"{length}-1.sheet"),
            ("link", two.path, folder / f"{length}-2.sheet"),
            ("fsync", one.path, whole),
            ("fsync", two.path, whole),
            ("fsync", folder, None),
        ]


@pytest.mark.parametrize("failing", ["link", "fsync of a file", "fsync of the folder"])
def test_what_cannot_be_made_good_leaves_no_name(
    store: SheetStore, film: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    save(store, "other", film)
    one, two = store.write(), store.write()
    for writer in (one, two):
        writer.finish(film)
    real, calls = getattr(os, failing.split()[0]), [0]

    def full(*arguments: Any) -> None:
        calls[0] += 1
        if calls[0] == (3 if "folder" in failing else 2):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*arguments)

    monkeypatch.setattr(os, failing.split()[0], full)
    with pytest.raises(OSError, match="No space left"):
        store.make_good({"1.2.3-1": one, "1.2.3-2": two})
    left = [one.path.name, two.path.name]
    if failing == "fsync of a file":
        # What the disk did not take is no film any more: a second fsync would say that all is well.
        assert not two.whole
        left.remove(two.path.name)
    assert files(tmp_path) == sorted([*left, "other.sheet"])


def test_what_is_no_sheet_is_left_alone(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    (tmp_path / "sheets" / "README").write_text("not ours")
    save(store, "1.2.3-1", film)
    assert [store.sweep(set, 0) for _ in range(2)] == [0, 1]
    assert files(tmp_path) == ["README"]


def test_sheets_are_for_their_owner_alone(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    save(store, "1.2.3-1", film)
    folder = tmp_path / "sheets"
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600]


# --- a folder without hard links -------------------------------------------------------------------------


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_a_file_system_without_hard_links_gets_copies(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    writer = whole(store, film)
    for name in ("1.2.3-1", "1.2.4-1"):
        store.make_good({name: writer})
    writer.discard()
    store.copy("1.2.3-1", "1.2.5-1")
    assert files(tmp_path) == ["1.2.3-1.sheet", "1.2.4-1.sheet", "1.2.5-1.sheet"]
    assert all(store.load(name) == film for name in store.names())
    with pytest.raises(FileExistsError):
        store.copy("1.2.3-1", "1.2.4-1")
    with pytest.raises(DamagedSheet):
        store.copy("1.2.6-1", "1.2.7-1")


@pytest.mark.usefixtures("no_links")
def test_copies_are_flushed_before_they_have_their_name(
    store: SheetStore, film: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    fsync, rename = os.fsync, Path.rename

    def recorded_fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        calls.append(("fsync", path.suffix, None if path.is_dir() else path.stat().st_size))
        fsync(handle)

    def recorded_rename(source: Path, target: Path) -> Path:
        calls.append(("rename", source.suffix, target.name))
        return rename(source, target)

    writer = whole(store, film)
    size = writer.path.stat().st_size
    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    store.make_good({"one": writer})
    assert calls == [
        ("fsync", ".part", size),
        ("rename", ".part", "one.sheet"),
        ("fsync", ".part", size),
        ("fsync", "", None),
    ]


@pytest.mark.usefixtures("no_links")
def test_a_copy_that_fails_leaves_nothing(
    store: SheetStore, film: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = whole(store, film)
    before = files(tmp_path)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        store.make_good({"one": writer})
    assert files(tmp_path) == before


# --- a folder out of reach -------------------------------------------------------------------------------


def test_a_folder_that_is_gone_for_now_damages_no_sheet(
    store: SheetStore, film: Sheet, tmp_path: Path
) -> None:
    """As when its file system is unmounted, and mounted again."""
    save(store, "1.2.3-1", film)
    writer = whole(store, film)
    away = (tmp_path / "sheets").rename(tmp_path / "away")
    asked = (
        lambda: store.load("1.2.3-1"),
        lambda: store.copy("1.2.3-1", "1.2.4-1"),
        lambda: "1.2.3-1" in store,
        lambda: store.size("1.2.3-1"),
        store.names,
        store.write,
        lambda: store.make_good({"1.2.4-1": writer}),
        lambda: store.sweep(set, 0),
        store.free,
    )
    for ask in asked:
        with pytest.raises(FileNotFoundError):
            ask()
    assert not (tmp_path / "sheets").exists()
    away.rename(tmp_path / "sheets")
    assert store.load("1.2.3-1") == film
    store.make_good({"1.2.4-1": writer})
    assert store.load("1.2.4-1") == film
    writer.discard()


@pytest.mark.parametrize("fault", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EACCES])
def test_a_file_server_that_fails_for_now_damages_no_sheet(
    store: SheetStore, film: Sheet, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    save(store, "1.2.3-1", film)

    class Failing(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            raise OSError(fault, os.strerror(fault))

    def opens(path: Path, _: str) -> Any:
        return io.BufferedReader(Failing(path))

    def does_not_open(path: Path, _: str) -> Any:
        raise OSError(fault, os.strerror(fault), str(path))

    for broken in (opens, does_not_open):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", broken)
            with pytest.raises(OSError, match=re.escape(os.strerror(fault))):
                store.load("1.2.3-1")
    assert store.load("1.2.3-1") == film


# --- opening ---------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_may_be_one_that_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no such folder: make it, or mount what it is in"):
        open_store(str(tmp_path / "shared" / "sheets"), tmp_path / "staging")
    assert files(tmp_path, "") == []


def test_a_mount_point_is_no_folder_for_sheets(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is a mount point"):
        open_store("/proc", tmp_path / "staging")


def test_a_folder_without_the_right_to_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared" / "sheets").mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(SetupError, match="no right"):
        open_store(str(tmp_path / "shared" / "sheets"), tmp_path / "staging")


@pytest.mark.parametrize("where", ["gs://films", "https://films.example"])
def test_no_other_kinds_of_store_are_known(tmp_path: Path, where: str) -> None:
    with pytest.raises(SetupError, match="s3://BUCKET/PREFIX"):
        open_store(where, tmp_path / "staging")


def test_a_bucket_without_its_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "printscp.spool.bucket", raising=False)
    with pytest.raises(SetupError, match=re.escape("pip install 'printscp[s3]'")):
        open_store("s3://films", tmp_path / "staging")
