"""Files of readings: spelled in many ways, read in one."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qa.filled import filled, right

from printscp.errors import SetupError
from printscp.qa.pattern import Role
from printscp.qa.patterns import draw
from printscp.qa.readings import Readings, read, template

OTHERS = {"base+fog": 0.22, "low": 0.44, "mid": 1.21, "high": 2.19}
SAID = {
    "operator": "Ada Lovelace",
    "densitometer": "X-Rite 331",
    "date": "2026-11-22 10:15+00:00",
    "curve_version": 3,
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readings") / "readings.csv"


def read_of(file: Path, text: str | bytes, pattern: str | None = None) -> Readings:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(file, pattern)


def fault(file: Path, text: str | bytes, pattern: str | None = None) -> str:
    """What is said of wrong readings, without the name of the file."""
    with pytest.raises(SetupError) as caught:
        read_of(file, text, pattern)
    said = str(caught.value)
    assert said.startswith(f"readings {file}: ")
    assert said.isprintable()
    return said.removeprefix(f"readings {file}: ")


@pytest.mark.parametrize(
    "pattern", ["wedge-6", "wedge-8", "wedge-17", "wedge-32", "wedge-33", "smpte", "tg18-qc"]
)
def test_a_template_that_was_filled_in_is_read(pattern: str, file: Path) -> None:
    text = filled(pattern, lambda p_value: [right(p_value), right(p_value) + 0.01], OTHERS, **SAID)
    found = read_of(file, text)
    steps = [
        (patch.name, patch.value / 4095) for patch in draw(pattern, 256, 256).patches if patch.role == "step"
    ]
    assert [(name, p_value) for name, p_value, _ in found.steps] == sorted(steps, key=lambda step: step[1])
    assert [densities for *_, densities in found.steps] == [
        pytest.approx((right(p_value), right(p_value) + 0.01)) for _, p_value, _ in found.steps
    ]
    assert found.others == tuple((name, (density,)) for name, density in OTHERS.items())
    assert (found.printer, found.pattern, found.curve) == ("FILM", pattern, 3)
    assert (found.operator, found.densitometer) == ("Ada Lovelace", "X-Rite 331")
    assert found.taken == datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
    assert found.sha256 == sha256(text.encode()).hexdigest()


def test_an_empty_template_says_nothing_but_that(file: Path) -> None:
    assert "step-01, step-02, step-03, step-04, step-05 and 27 more of wedge-32: no density" in fault(
        file, template("wedge-32", "FILM")
    )
    found = read_of(file, filled("wedge-8"))
    assert (found.operator, found.densitometer, found.curve, found.taken, found.others) == (
        "",
        "",
        0,
        None,
        (),
    )


# --- spellings -------------------------------------------------------------------------------------------

STEPS = draw("wedge-32", 256, 256, 12).of(Role.STEP)
EIGHT_BITS = [patch.value for patch in draw("wedge-32", 256, 256, 8).of(Role.STEP)]
DENSITIES = {patch.name: (right(patch.value / 4095), right(patch.value / 4095) + 0.01) for patch in STEPS}
READ = DENSITIES | {name: (density, density + 0.01) for name, density in OTHERS.items()}


def firsts(form: str) -> dict[str, list[str]]:
    """The first cells of each row: what is read, and maybe its P-value."""
    found: dict[str, list[str]] = {}
    for number, (patch, value) in enumerate(zip(STEPS, EIGHT_BITS, strict=True), start=1):
        found[patch.name] = {
            "as printed": [patch.name, str(patch.value)],
            "P-values of 8 bits": [f"STEP {number}", str(value)],
            "names": [f"step_{number:03}"],
            "numbers": [str(number)],
            "numbers and P-values": [str(number), str(patch.value)],
            "8 bits": [str(value)],
            "12 bits": [str(patch.value)],
        }[form]
    value = [""] if len(found["step-01"]) == 2 else []
    return found | {
        "base+fog": ["Base + Fog", *value],
        "low": ["LOW", *value],
        "mid": ["mid", *value],
        "high": ["high", *value],
    }


FORMS = ("as printed", "P-values of 8 bits", "names", "numbers", "numbers and P-values", "8 bits", "12 bits")


def lined_up(cells: list[str], separator: str) -> str:
    """A line of the table; where blanks set apart, nothing stands for an empty cell."""
    return separator.join(cell for cell in cells if cell or separator.strip())


@st.composite
def spelled(draw: Any) -> bytes:
    """The readings of READ, somehow."""
    cells = firsts(draw(st.sampled_from(FORMS)))
    separator, comma = draw(
        st.sampled_from(
            [(",", 0), (", ", 0), *((s, c) for s in (";", "; ", "\t", " ", "  ") for c in (0, 1))]
        )
    )
    density = draw(st.sampled_from(["{}", "D={}", "d = {}", "{} OD", "{}OD", "{} D", "{}0"]))
    told = {
        name: [density.format(f"{each:.2f}".replace(".", "," if comma else ".")) for each in both]
        for name, both in READ.items()
    }
    rows = draw(st.permutations(list(READ)))
    if draw(st.booleans()):
        table = [[*cells[name], *told[name]] for name in rows]
    else:
        table = [[*cells[name], told[name][reading]] for reading in (0, 1) for name in rows]
    heading = draw(st.sampled_from([[], ["Patch", "P-Wert", "Dichte 1", "Dichte 2"], ["what", "density"]]))
    lines = [
        "# printer: FILM",
        "pattern : wedge-32;;",
        '"# Operator: Zoë, night shift",,',
        "# seen by daylight",
        "",
    ]
    lines += [lined_up(heading, separator.strip() or "\t"), *(lined_up(row, separator) for row in table)]
    for _ in range(draw(st.integers(0, 3))):
        lines.insert(
            draw(st.integers(6, len(lines))), draw(st.sampled_from(["", ";;;", "# smudged", "  ", ",,"]))
        )
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])))


@given(spelled())
@settings(max_examples=150, deadline=None)
def test_any_spelling_reads_the_same(file: Path, data: bytes) -> None:
    found = read_of(file, data)
    densities = {name: each for name, _, each in found.steps} | dict(found.others)
    assert densities == {name: pytest.approx(each) for name, each in READ.items()}
    assert (found.printer, found.pattern, found.operator) == ("FILM", "wedge-32", "Zoë, night shift")


def test_p_values_are_those_of_the_depth_that_the_file_gives(file: Path) -> None:
    for form, largest in (
        ("as printed", 4095),
        ("P-values of 8 bits", 255),
        ("8 bits", 255),
        ("12 bits", 4095),
    ):
        rows = [",".join([*firsts(form)[patch.name], "1.00"]) for patch in STEPS]
        values = EIGHT_BITS if largest == 255 else [patch.value for patch in STEPS]
        assert [p_value for _, p_value, _ in read_of(file, "\n".join(rows)).steps] == [
            value / largest for value in values
        ]


def test_a_spreadsheet_that_takes_a_line_for_a_cell_is_understood(file: Path) -> None:
    """As those do where commas are for decimals: what is put in stands beside it."""
    lines = filled("wedge-8").splitlines()
    plain = read_of(file, "\n".join(lines)).steps
    beside, whole = [], []
    for line in lines:
        head, comma, density = line.rpartition(",")
        step = line.startswith("step")
        beside.append(f"{head}{comma};{density.replace('.', ',')};" if step else line)
        whole.append(f'"{line}"' if step else line)
    quoted = "\r\n".join(
        f'"{line.replace(";", chr(34) + chr(9), 1)}' for line in beside if line[:4] == "step"
    )
    said = "# pattern: wedge-8\r\n"
    for text in ("\n".join(beside), "\n".join(whole), (said + quoted).encode("utf-16")):
        assert read_of(file, text).steps == plain


def test_a_file_that_does_not_say_its_curve_leaves_it_open(file: Path) -> None:
    assert read_of(file, filled("wedge-8")).curve == 0
    assert read_of(file, filled("wedge-8", curve_version="")).curve is None
    assert read_of(file, filled("wedge-8").replace("# curve version: 0\n", "")).curve is None


@pytest.mark.parametrize("name", ["base+fog", "Base + Fog", "B+F", "base fog", "BASE AND FOG"])
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_clear_film_has_many_names(name: str, separator: str, file: Path) -> None:
    found = read_of(file, filled("wedge-6") + f"{name}{separator}0.23\n")
    assert found.others == (("base+fog", (0.23,)),)


def test_what_was_not_read_may_be_a_dash(file: Path) -> None:
    found = read_of(file, filled("wedge-6").replace("low,,", "low,-,0.44,-").replace("mid,,", "mid,,–"))
    assert found.others == (("low", (0.44,)),)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("2026-11-22T10:15:30+01:00", datetime(2026, 11, 22, 9, 15, 30, tzinfo=UTC)),
        ("2026-11-22 10:15", datetime(2026, 11, 22, 10, 15).astimezone()),  # the local clock
        ("2026-11-22", datetime(2026, 11, 22).astimezone()),
        ("22.11.2026 10:15", datetime(2026, 11, 22, 10, 15).astimezone()),
        ("", None),
    ],
)
def test_dates(text: str, taken: datetime | None, file: Path) -> None:
    assert read_of(file, filled("wedge-6", date=text)).taken == taken


def test_a_file_that_does_not_say_its_pattern_has_the_one_asked_for(file: Path) -> None:
    rows = [row for row in filled("wedge-8").splitlines() if "pattern" not in row]
    assert read_of(file, "\n".join(rows), "wedge-8").pattern == "wedge-8"
    assert fault(file, "\n".join(rows)).endswith("; the file names no pattern, and was taken for wedge-32")
    assert fault(file, "").endswith("; the file names no pattern, and was taken for wedge-32")
    assert read_of(file, filled("wedge-8"), "wedge-6").pattern == "wedge-8"


# --- what is wrong ---------------------------------------------------------------------------------------

SIX = filled("wedge-6")


def with_line(text: str) -> str:
    """Readings whose second step reads ``text``, on line 13."""
    return re.sub("^step-2,.*$", text, SIX, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("step-2,819,5.01", "5.01 is not within 0 to 5 OD"),
        ("step-2,819,-0.1", "-0.1 is not within 0 to 5 OD"),
        ("step-2,819,nan", "'nan' is no density: write it as 1.23"),
        ("step-2,819,1.7.4", "'1.7.4' is no density"),
        ("step-2,819,1,74", "'1,74' may be one density or 2"),
        ("step-2,1,74", "'1,74' may be one density or 2"),
        ("step-7,819,1.74", "'step-7' is none of step-1 to step-6 of wedge-6, nor base+fog, low, mid, high"),
        (",2,1.74", "'' is none of step-1 to step-6"),
        ("step-2,820,1.74", "step-2 of wedge-6 has the P-value 819 of 12 bits or 51 of 8 bits, not 820"),
        ("step-2,819,1.74,1.47", "step-2 was read as 1.47 and 1.74 OD: which is right?"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str, file: Path) -> None:
    assert fault(file, with_line(line)).startswith(f"line 13: {said}")


@pytest.mark.parametrize(("wrong", "more"), [(4, ""), (5, "; and 1 more"), (6, "; and 2 more")])
def test_all_wrong_lines_are_counted(wrong: int, more: str, file: Path) -> None:
    said = fault(file, SIX.replace("version: 0", "version: two") + "foo,1\n" * wrong)
    assert said.startswith("line 7: 'two' is no curve version: write a number")
    assert re.findall(r"line (\d+)", said) == ["7", "22", "23", "24", "25"]
    assert said.endswith(f"mid, high{more}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_line(""), "step-2 of wedge-6: no density"),
        (with_line("step-2,819,"), "step-2 of wedge-6: no density"),
        ("", "step-01, step-02, step-03, step-04, step-05 and 27 more of wedge-32: no density"),
        (filled("wedge-6", date="last week"), "line 10: 'last week' is no date: write it as 2026-11-22"),
        (filled("wedge-6", date="11/22/2026"), "line 10: '11/22/2026' is no date"),
        (SIX.replace(": wedge-6", ": wedge-7"), "line 6: "),
        (
            SIX.replace(": wedge-6", ": geometry"),
            "line 6: geometry has no gray steps to be read: take wedge-32",
        ),
        (b"%PDF-1.7\n\0\0\0", "this is no table of text: see printscp qa measure --template"),
        (b"#" * ((1 << 20) + 1), "this is no table of text"),
    ],
)
def test_a_wrong_file_is_told_what_it_should_be(text: str | bytes, said: str, file: Path) -> None:
    assert fault(file, text).startswith(said)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"none\.csv: No such file or directory"):
        read(tmp_path / "none.csv")


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(file: Path, data: bytes) -> None:
    assert fault(file, data)


@given(
    st.lists(
        st.sampled_from(["step-2", "1", "264", ",", ";", "\t", " ", '"', "D=", "OD", "#", ":", "-", "1.5"])
    )
)
@settings(max_examples=300, deadline=None)
def test_any_line_is_read_or_refused(file: Path, parts: list[str]) -> None:
    said = ""
    try:
        read_of(file, SIX + "".join(parts))
    except SetupError as error:
        said = str(error)
    assert said == "" or "line 22: " in said
