"""The file of a measured printer curve."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from printscp.errors import SetupError
from printscp.outputs.curve import CurveFile, last_measured, pinned, read_curve, read_curve_file
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


def test_one_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        SetupError, match=r'is not there: print a wedge with tone = "p-value".* printscp qa calibrate'
    ):
        read_curve(tmp_path / "curve.toml")


# --- files that say where they come from -----------------------------------------------------------------

MADE = CurveFile(
    printer='a "printer" \\ \x7f\t ward 3, Größe',
    measured=datetime(2026, 11, 22, 10, 15, tzinfo=timezone(timedelta(hours=1))),
    version=3,
    before=1,
    made=datetime(2026, 11, 22, 10, 20, tzinfo=UTC),
    measurement="20261122-091500.json",
    sha256="ab" * 32,
    operator="A. Physicist",
    software="printscp 1",
    points=((0.0, 3.1), (1 / 3, 1.5), (1.0, 0.2)),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "curve.toml"
    file.write_text(MADE.text, encoding="utf-8")
    read = read_curve_file(file)
    assert read.model_copy(update={"points": ()}) == MADE.model_copy(update={"points": ()})
    assert [sample for sample, _ in read.points] == pytest.approx([0, 1 / 3, 1], abs=1e-6)
    assert read_curve(file) == PrinterCurve(MADE.printer, MADE.measured, read.points, 3)


def test_a_day_stays_a_day_and_a_time_a_time(tmp_path: Path) -> None:
    points = ((0.0, 3.1), (1.0, 0.2))
    for measured in (date(2026, 11, 22), datetime(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)):
        file = tmp_path / "curve.toml"
        file.write_text(CurveFile(printer="x", measured=measured, points=points).text)
        found = read_curve(file).measured
        assert (type(found), found) == (type(measured), measured)


def curve(file: Path, measured: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'printer = "x"\nmeasured = {measured}\npoints = [[0, 3], [1, 0.2]]\n')
    return file


def test_the_link_in_force_is_pinned_and_nothing_else(tmp_path: Path) -> None:
    second = curve(tmp_path / "curves" / "2.toml", "2026-11-22")
    link, other = tmp_path / "curve.toml", tmp_path / "other.toml"
    link.symlink_to(Path("curves") / "2.toml")
    other.symlink_to(second)  # a link of the site's own, which may be laid anew at any time
    table = {
        "type": "ipp",
        "uri": "ipp://x",
        "document": {"type": "pdf", "tone": "curve", "curve": str(link)},
    }
    assert pinned(table) == table | {"document": table["document"] | {"curve": str(second)}}  # type: ignore[operator]
    assert pinned({"type": "pdf", "curve": link, "folder": "f"})["curve"] == str(second)
    for same in (
        {"type": "pdf", "curve": str(other)},
        {"type": "pdf", "curve": str(second)},
        {"type": "pdf"},
    ):
        assert pinned(same) == same


def test_the_latest_of_the_curves_counts_that_can_be_read(tmp_path: Path) -> None:
    def of(*files: Path) -> date | datetime | None:
        return last_measured({"type": "pdf", "curve": str(file)} for file in files)

    day = curve(tmp_path / "a.toml", "2026-11-21")
    time = curve(tmp_path / "b.toml", "2026-11-21T23:30:00-10:00")
    local = curve(tmp_path / "c.toml", "2026-11-19T08:00:00")
    gone = tmp_path / "gone.toml"
    assert of() is of(gone) is None
    assert of(day) == of(day, gone) == of(local, day) == date(2026, 11, 21)
    latest = of(day, time, local)
    assert isinstance(latest, datetime)
    assert latest == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert latest.utcoffset() == latest.astimezone().utcoffset()
    document = {"type": "raw", "document": {"type": "postscript", "curve": str(day)}}
    assert last_measured([document, {"type": "pdf"}]) == date(2026, 11, 21)
