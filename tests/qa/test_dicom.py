"""Patterns as DICOM files: any SCU prints their P-values, and a note in them says what is where."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

from printscp.client.images import read_images
from printscp.errors import SetupError
from printscp.qa.dicom import CREATOR, ELEMENT, GROUP, read, write
from printscp.qa.pattern import Pattern
from printscp.qa.patterns import PATTERNS, draw

SAMPLES = Path(__file__).parents[2] / "samples" / "patterns"


def assert_alike(one: Pattern, other: Pattern) -> None:
    assert one.pixels.dtype == other.pixels.dtype
    assert np.array_equal(one.pixels, other.pixels)
    for field in ("name", "title", "source", "bits", "patches", "landmarks", "width_mm"):
        assert getattr(one, field) == getattr(other, field), field


@given(
    name=st.sampled_from(sorted(PATTERNS)),
    columns=st.integers(256, 320),
    rows=st.integers(128, 200),
    bits=st.sampled_from((8, 12)),
    width_mm=st.none() | st.floats(10, 1000),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(
    tmp_path: Path, name: str, columns: int, rows: int, bits: int, width_mm: float | None
) -> None:
    pattern = draw(name, columns, rows, bits, width_mm)
    write(pattern, tmp_path / "pattern.dcm")
    assert_alike(read(tmp_path / "pattern.dcm"), pattern)


def test_the_same_file_each_time_and_another_for_another_pattern(tmp_path: Path) -> None:
    for name, bits in (("a", 8), ("b", 8), ("c", 12)):
        write(draw("smpte", 256, 256, bits), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert dcmread(tmp_path / "a").SOPInstanceUID != dcmread(tmp_path / "c").SOPInstanceUID


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("name", PATTERNS)
def test_a_client_prints_its_p_values_at_their_depth(tmp_path: Path, name: str, bits: int) -> None:
    pattern = draw(name, 256, 200, bits)
    write(pattern, tmp_path / "pattern.dcm")
    (image,) = read_images(tmp_path / "pattern.dcm")
    assert (image.bits_stored, image.pixel_aspect, image.width_mm) == (bits, (1, 1), pattern.width_mm)
    assert np.array_equal(image.pixels, pattern.pixels)


@pytest.mark.peer("dcmdump")
def test_dcmtk_reads_it(tmp_path: Path) -> None:
    write(draw("geometry", 300, 200, 12), tmp_path / "pattern.dcm")
    done = subprocess.run(["dcmdump", "-q", "+L", tmp_path / "pattern.dcm"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for line in ("(0010,0010) PN [PHANTOM^QA]", "(0028,1050) DS [2048]", "(2050,0020) CS [IDENTITY]"):
        assert line in done.stdout
    assert "(0028,0030) DS [0.8333333333\\0.8333333333]" in done.stdout
    assert "(0071,0010) LO [PRINTSCP QA]" in done.stdout
    text = next(line for line in done.stdout.splitlines() if line.startswith("(0071,1001) UT"))
    assert json.loads(text[text.index("[") + 1 : text.rindex("]")])["width_mm"] == 250


# Files that are none


def damaged(tmp_path: Path, text: str | None = None, rows: int | None = None) -> Path:
    path = tmp_path / "pattern.dcm"
    write(draw("smpte", 128, 128, 8), path)
    stored = dcmread(path)
    if text is not None:
        stored.private_block(GROUP, CREATOR)[ELEMENT].value = text
    if rows is not None:
        stored.Rows, stored.PixelData = rows, stored.PixelData[: rows * 128]
    stored.save_as(path)
    return path


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 2}'])
def test_a_damaged_note(tmp_path: Path, text: str) -> None:
    with pytest.raises(SetupError, match=r"pattern\.dcm: no pattern, or its note is damaged"):
        read(damaged(tmp_path, text))


def test_pixels_that_are_not_those_of_the_note(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"pattern\.dcm: its pixels are not those of its note"):
        read(damaged(tmp_path, rows=64))


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no pattern"):
        read(Path(str(get_testdata_file("CT_small.dcm", download=False))))
    with pytest.raises(SetupError, match="not a DICOM file"):
        read(Path(__file__))
    with pytest.raises(SetupError, match="cannot be read: No such file"):
        read(tmp_path / "absent.dcm")
    with pytest.raises(SetupError, match="cannot be written"):
        write(draw("smpte", 128, 128, 8), tmp_path)


def test_the_samples_are_what_is_drawn_now() -> None:
    paths = sorted(SAMPLES.glob("*.dcm"))
    assert {path.stem for path in paths} >= {"wedge-32", "smpte", "tg18-qc", "tg18-unl-80", "geometry"}
    for path in paths:
        stored = read(path)
        rows, columns = stored.pixels.shape
        assert path.stat().st_size < 100_000
        assert_alike(stored, draw(path.stem, columns, rows, stored.bits, stored.width_mm))
