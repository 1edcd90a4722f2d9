"""`printscp qa pattern`: what patterns there are, and files of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli.command import Command, one_clear_line

from printscp.qa.dicom import read
from printscp.qa.patterns import PATTERNS, draw


def test_all_patterns_are_written(ask: Command, tmp_path: Path) -> None:
    done = ask("qa", "pattern", "all", "--to", tmp_path / "new", "--matrix", "256x128")
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == [str(tmp_path / "new" / f"{name}.dcm") for name in PATTERNS]
    for name in PATTERNS:
        written = read(tmp_path / "new" / f"{name}.dcm")
        assert np.array_equal(written.pixels, draw(name, 256, 128, 12).pixels)


def test_a_width_at_true_size_and_8_bits(ask: Command, tmp_path: Path) -> None:
    arguments = ("--bits", 8, "--width-mm", 200, "--matrix", "300x150")
    assert ask("qa", "pattern", "geometry", "smpte", "--to", tmp_path, *arguments).code == 0
    written = read(tmp_path / "geometry.dcm")
    assert (written.bits, written.width_mm, written.pixels.shape) == (8, 200, (150, 300))
    assert read(tmp_path / "smpte.dcm").width_mm == 200


def test_what_programs_should_know(ask: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = json.loads(ask("qa", "pattern", "wedge-6", "--json").out)
    assert (said["name"], said["bits"], said["columns"], said["rows"]) == ("wedge-6", 12, 1024, 1024)
    assert [patch[:3] for patch in said["patches"]][-1] == ["step-6", 4095, "step"]
    assert [each["name"] for each in json.loads(ask("qa", "pattern", "smpte", "ramp", "--json").out)] == [
        "smpte",
        "ramp",
    ]
    assert not list(tmp_path.iterdir())


def test_the_list_names_and_cites_all(ask: Command) -> None:
    table = ask("qa", "pattern", "--list")
    assert table.code == 0
    assert all(f" {name} " in table.out for name in PATTERNS)
    assert "SMPTE RP 133" in table.out
    listed = json.loads(ask("qa", "pattern", "--list", "--json").out)
    assert {each["name"]: each["source"] for each in listed} == {
        name: recipe.source for name, recipe in PATTERNS.items()
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["give NAME, or all", "--list"]),
        (("wedge-7",), ["no pattern wedge-7", "wedge-8"]),
        (("smpte", "--matrix", "1024"), ["--matrix 1024", "COLUMNSxROWS"]),
        (("smpte", "--matrix", "64x64"), ["give 128x128"]),
        (("ramp", "--matrix", "200x200"), ["256x128"]),
        (("smpte", "--bits", "10"), ["8 or 12"]),
        (("smpte", "--to", __file__), ["cannot be written"]),
    ],
)
def test_what_is_wrong_is_said(ask: Command, arguments: tuple[str, ...], words: list[str]) -> None:
    one_clear_line(ask("qa", "pattern", *arguments), *words)
