"""The file of a measured printer curve."""

from datetime import date
from pathlib import Path

import pytest

from printscp.errors import SetupError
from printscp.outputs.curve import read_curve
from printscp.render.samples import PrinterCurve

HEAD = 'printer = "Laser 4"\nmeasured = 2026-11-22\n'


def test_a_curve_is_read(tmp_path: Path) -> None:
    file = tmp_path / "curve.toml"
    file.write_text(HEAD + "points = [[0.0, 1.62], [0.5, 0.48], [1.0, 0.06]]\n")
    points = ((0.0, 1.62), (0.5, 0.48), (1.0, 0.06))
    assert read_curve(file) == PrinterCurve("Laser 4", date(2026, 11, 22), points)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("printer = \n", "line 1"),
        (HEAD, "points: Field required"),
        ("points = [[0, 1], [1, 0]]\nmeasured = 2026-11-22", "printer: Field required"),
        (HEAD + "points = [[0, 1], [1, 0]]\nname = 3", "name: Extra inputs"),
        (HEAD + "points = [[0, 1], [1.5, 0]]", "points.1.0: "),
        (HEAD + "points = [[0, 1], [1, nan]]", "points.1.1: "),
        (HEAD + "points = [[0, 1], [0.2]]", "points.1.1: "),
        (HEAD + "points = [[0, 1], [0.9, 0]]", "points: the samples go from 0 to 1"),
        (HEAD + "points = [[0, 1], [0.5, 0.5], [0.5, 0.4], [1, 0]]", "points: point 3: its sample"),
        (HEAD + "points = [[0, 1], [0.5, 0.5], [0.7, 0.5], [1, 0]]", "points: point 3: its density"),
        (HEAD + "points = [[0, 0], [0.5, 0.5], [0.7, 0.4], [1, 1]]", "points: point 3: its density"),
    ],
)
def test_an_error_names_file_and_key(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "curve.toml"
    file.write_text(text)
    with pytest.raises(SetupError, match=r"curve\.toml: ") as raised:
        read_curve(file)
    assert message in str(raised.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_said(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "curve.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetupError, match=r"curve\.toml"):
        read_curve(file)
