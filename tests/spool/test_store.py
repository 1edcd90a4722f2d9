"""Sheets on disk: whole or not there, and never anything else than what was accepted."""

import errno
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Annotation, LookUp, Sheet, SheetImage, ToneCurve
from printscp.spool.store import DamagedSheet, SheetStore

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SheetStore]:
    store = SheetStore(tmp_path / "sheets")
    yield store
    store.close()


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
    writer = store.write()
    try:
        writer.finish(sheet)
        store.make_good({name: writer})
    finally:
        writer.discard()


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "sheets").iterdir())


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


# --- damage ----------------------------------------------------------------------------------------------


def test_a_sheet_that_is_not_there_is_damaged(store: SheetStore) -> None:
    with pytest.raises(DamagedSheet, match=r"1\.2\.3"):
        store.load("1.2.3")


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
    monkeypatch.setattr("printscp.spool.store._header", lambda _: json.dumps(fields).encode())
    save(store, "odd", film)
    with pytest.raises(DamagedSheet, match="film_size") as raised:
        store.load("odd")
    assert "DOE" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"x" * 2000, b"\0" * 10240])
def test_what_is_no_tar_is_damage(store: SheetStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sheets" / "odd.sheet").write_bytes(content)
    with pytest.raises(DamagedSheet):
        store.load("odd")


# --- writing ---------------------------------------------------------------------------------------------


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


def test_names_that_jobs_have_outlive_the_writer(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    writer = store.write()
    writer.finish(film)
    for name in ("1.2.3-1", "1.2.4-1"):
        store.make_good({name: writer})
    writer.discard()
    assert files(tmp_path) == ["1.2.3-1.sheet", "1.2.4-1.sheet"]
    store.remove("1.2.3-1")
    assert store.load("1.2.4-1") == film


def test_a_name_that_is_taken_is_left_as_it_is(store: SheetStore, film: Sheet, sheet: Sheet) -> None:
    save(store, "1.2.3-1", film)
    with pytest.raises(FileExistsError):
        save(store, "1.2.3-1", sheet)
    assert store.load("1.2.3-1") == film


def test_sweep_deletes_what_no_job_refers_to(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    for name in ("1.2.3-1", "1.2.3-2", "1.2.4-1"):
        save(store, name, film)
    draft = store.write()
    draft.finish(film)
    (tmp_path / "sheets" / "README").write_text("not ours")
    assert store.sweep({"1.2.3-1", "1.2.9-1"}) == 3
    assert files(tmp_path) == ["1.2.3-1.sheet", "README"]
    assert store.load("1.2.3-1") == film


def test_remove_may_be_done_twice(store: SheetStore, film: Sheet, tmp_path: Path) -> None:
    save(store, "one", film)
    store.remove("one")
    store.remove("one")
    assert files(tmp_path) == []
