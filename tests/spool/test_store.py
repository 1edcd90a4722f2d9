"""Sheets on disk: whole or not there, and never anything else than what was accepted."""

import errno
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.film.display_format import Rectangle
from printscp.film.sheet import Sheet, SheetImage
from printscp.spool.store import DamagedSheet, SheetStore

_NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
_SIZES = st.integers(0, 9999)
_RECTANGLES = st.builds(Rectangle, _SIZES, _SIZES, _SIZES, _SIZES)
_IMAGES = st.builds(
    SheetImage,
    position=st.integers(1, 2000),
    rows=_SIZES,
    columns=_SIZES,
    bits_stored=st.sampled_from([8, 12]),
    reverse=st.booleans(),
    pixel_aspect=st.tuples(_SIZES, _SIZES),
    magnification=_NAMES,
    min_density=_SIZES,
    max_density=_SIZES,
    pixels=st.binary(max_size=40),
)
_SHEETS = st.builds(
    Sheet,
    film_size=_NAMES,
    orientation=_NAMES,
    display_format=_NAMES,
    width=_SIZES,
    height=_SIZES,
    dots_per_inch=st.floats(1, 10000),
    boxes=st.lists(_RECTANGLES, max_size=3).map(tuple),
    label=_RECTANGLES,
    images=st.lists(_IMAGES, max_size=3).map(tuple),
    printer_density=st.tuples(_SIZES, _SIZES),
    border_density=_SIZES,
    empty_image_density=_SIZES,
    illumination=_SIZES,
    reflected_ambient_light=_SIZES,
    copies=_SIZES,
    priority=_NAMES,
    medium=_NAMES,
    destination=_NAMES,
    printer_name=_NAMES,
    originator=_NAMES,
    remarks=st.lists(_NAMES, max_size=3).map(tuple),
)

IMAGE = SheetImage(2, 3, 400, 8, True, (2, 1), "CUBIC", 20, 310, bytes(range(240)) * 5)
SHEET = Sheet(
    film_size="14INX17IN",
    orientation="LANDSCAPE",
    display_format="STANDARD\\2,1",
    width=5440,
    height=4480,
    dots_per_inch=320.0,
    boxes=(Rectangle(1, 2, 3, 4), Rectangle(5, 6, 7, 8)),
    label=Rectangle(9, 10, 11, 12),
    images=(IMAGE,),
    printer_density=(20, 310),
    border_density=310,
    empty_image_density=20,
    illumination=2000,
    reflected_ambient_light=10,
    copies=2,
    priority="HIGH",
    medium="BLUE FILM",
    destination="BIN_1",
    printer_name="FILMS",
    originator="VIEWER",
    remarks=("Größe: ignored",),
)


@pytest.fixture
def store(tmp_path: Path) -> SheetStore:
    return SheetStore(tmp_path / "sheets")


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "sheets").iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(sheet=_SHEETS)
def test_a_sheet_comes_back_as_it_was(tmp_path: Path, sheet: Sheet) -> None:
    store = SheetStore(tmp_path / "sheets")
    store.save("one", sheet)
    assert store.load("one") == sheet
    store.remove("one")


def test_any_tool_can_look_inside(store: SheetStore, tmp_path: Path) -> None:
    store.save("1.2.3", SHEET)
    with tarfile.open(tmp_path / "sheets" / "1.2.3.sheet") as archive:
        assert archive.getnames() == ["image-002.raw", "sheet.json"]
        raw = archive.extractfile("image-002.raw")
        assert raw is not None
        assert raw.read() == IMAGE.pixels


# --- damage ----------------------------------------------------------------------------------------------


def test_a_sheet_that_is_not_there_is_damaged(store: SheetStore) -> None:
    with pytest.raises(DamagedSheet, match=r"1\.2\.3"):
        store.load("1.2.3")


def test_a_sheet_cut_short_anywhere_is_damaged(store: SheetStore, tmp_path: Path) -> None:
    store.save("cut", SHEET)
    path = tmp_path / "sheets" / "cut.sheet"
    content = path.read_bytes()
    last_pixel = content.rindex(IMAGE.pixels) + len(IMAGE.pixels)
    for length in (*range(0, last_pixel, 97), last_pixel - 1):
        path.write_bytes(content[:length])
        with pytest.raises(DamagedSheet):
            store.load("cut")


def test_one_changed_byte_of_the_pixels_is_found(store: SheetStore, tmp_path: Path) -> None:
    store.save("flip", SHEET)
    path = tmp_path / "sheets" / "flip.sheet"
    content = path.read_bytes()
    start = content.rindex(IMAGE.pixels)
    for offset in range(start, start + len(IMAGE.pixels), 101):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
        with pytest.raises(DamagedSheet, match=r"image-002\.raw"):
            store.load("flip")


def test_one_changed_bit_of_the_header_is_found_or_does_not_matter(store: SheetStore, tmp_path: Path) -> None:
    store.save("flip", SHEET)
    path = tmp_path / "sheets" / "flip.sheet"
    content = path.read_bytes()
    unnoticed = []
    for offset in range(0, content.index(IMAGE.pixels), 3):
        changed = bytes([content[offset] ^ (1 << offset % 7)])
        path.write_bytes(content[:offset] + changed + content[offset + 1 :])
        try:
            if store.load("flip") != SHEET:
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


@pytest.mark.parametrize("content", [b"", b"x" * 2000, b"\0" * 10240])
def test_what_is_no_tar_is_damage(store: SheetStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sheets" / "odd.sheet").write_bytes(content)
    with pytest.raises(DamagedSheet):
        store.load("odd")


# --- writing ---------------------------------------------------------------------------------------------


def test_a_name_that_can_be_seen_stands_for_a_sheet_that_is_on_disk(
    store: SheetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    fsync, rename = os.fsync, os.replace

    def recorded_fsync(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        calls.append(("fsync", name, os.fstat(handle).st_size if name != "sheets" else None))
        fsync(handle)

    def recorded_replace(source: Any, target: Any) -> None:
        calls.append(("replace", Path(source).name, Path(target).name))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    # Of several lengths, so that of some the end waits in Python's buffer until it is flushed.
    for length in range(0, 10240, 1024):
        calls.clear()
        store.save("one", replace(SHEET, images=(replace(IMAGE, pixels=bytes(length)),)))
        size = (tmp_path / "sheets" / "one.sheet").stat().st_size
        # Written in full, then the file, then its name, then the folder that holds the name.
        assert calls == [
            ("fsync", "one.part", size),
            ("replace", "one.part", "one.sheet"),
            ("fsync", "sheets", None),
        ]


@pytest.mark.parametrize("failing", ["fsync of the file", "rename", "fsync of the folder"])
def test_a_save_that_fails_leaves_nothing(
    store: SheetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    fsync, calls = os.fsync, [0]

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def failing_fsync(handle: int) -> None:
        calls[0] += 1
        if calls[0] == (1 if failing == "fsync of the file" else 2):
            full()
        fsync(handle)

    if failing == "rename":
        monkeypatch.setattr(os, "replace", full)
    else:
        monkeypatch.setattr(os, "fsync", failing_fsync)
    with pytest.raises(OSError, match="No space left"):
        store.save("one", SHEET)
    assert files(tmp_path) == []


def test_sweep_deletes_what_no_job_refers_to(store: SheetStore, tmp_path: Path) -> None:
    for name in ("1.2.3", "1.2.4", "1.2.5"):
        store.save(name, SHEET)
    (tmp_path / "sheets" / "1.2.3.part").write_bytes(b"half")
    (tmp_path / "sheets" / "README").write_text("not ours")
    assert store.sweep({"1.2.3", "1.2.9"}) == 3
    assert files(tmp_path) == ["1.2.3.sheet", "README"]
    assert store.load("1.2.3") == SHEET


def test_remove_may_be_done_twice(store: SheetStore, tmp_path: Path) -> None:
    store.save("one", SHEET)
    store.remove("one")
    store.remove("one")
    assert files(tmp_path) == []
