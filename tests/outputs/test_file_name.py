"""Names of files by a template: one for each job, below the folder, and safe."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from outputs.pages import TICKET

from printscp.outputs.file_name import DEFAULT, checked_template, made_name
from printscp.outputs.output import Ticket

FIELDS = ["created", "date", "time", "printer", "originator", "film_size", "medium", "destination"]
PIECES = st.one_of(
    st.sampled_from([f"{{{field}}}" for field in FIELDS]),
    st.sampled_from(["-", "_", "/", "film", "0", "7.", "{{", "}}", " ", "é", "..", "~"]),
    st.text(max_size=3),
)
TEXTS = st.text(max_size=20) | st.sampled_from(["..", ".", "/", "a/b", "-1", "A-000001", "000002-B", ""])
TICKETS = st.builds(
    replace,
    st.just(TICKET),
    job=st.integers(1, 20) | st.integers(1, 10**9),
    copies=st.integers(1, 100),
    films=st.integers(1, 100),
    priority=TEXTS,
    medium=TEXTS,
    destination=TEXTS,
    printer=TEXTS,
    originator=TEXTS,
    film_size=TEXTS,
)


@st.composite
def templates(draw: st.DrawFn) -> str:
    before, after = ("".join(draw(st.lists(PIECES, max_size=4))) for _ in range(2))
    template = f"{before}{{job}}{after}"
    try:
        return checked_template(template)
    except ValueError:
        assume(False)
        raise


# Most templates of such pieces are refused, now and then nearly all of them.
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(templates(), TICKETS, TICKETS)
@example("{printer}-{job}", replace(TICKET, printer="A-000002", job=1), replace(TICKET, printer="A", job=2))
@example("{job}-{originator}", replace(TICKET, originator="1"), replace(TICKET, originator="2", job=13))
def test_a_name_is_below_the_folder_safe_and_of_one_job(template: str, one: Ticket, other: Ticket) -> None:
    name = made_name(template, one)
    assert not name.is_absolute()
    assert len(name.parts) == template.count("/") + 1
    for part in name.parts:
        assert part.strip(" ")
        assert not part.startswith(".")
        assert not part.endswith(".")
        assert part.isprintable()
        assert not set('\\:*?"<>|') & set(part)
        assert len(part.encode()) < 230
    if one.job != other.job:
        assert name.name != made_name(template, other).name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT, "20261018-093000-000012"),
        ("{job}", "000012"),
        ("{printer}/{date}-{time}_{job}", "FILMS/20261018-093000_000012"),
        ("{job} {originator} to {destination}", "000012 VIEWER to PROCESSOR"),
        ("{film_size}-{medium}-{priority}-{copies}x{films}-{job}", "8INX10IN-BLUE_FILM-MED-2x1-000012"),
        ("{{film}}-{job}", "{film}-000012"),
    ],
)
def test_a_template_is_filled_in(template: str, name: str) -> None:
    assert made_name(checked_template(template), TICKET) == PurePosixPath(name)


def test_a_value_cannot_make_folders_or_hide_a_file() -> None:
    odd = replace(TICKET, printer="../etc", originator=".", medium="", destination="a\nb/é*")
    assert (
        str(made_name("{printer}/{originator}/{medium}/{destination}-{job}", odd))
        == "_._etc/_/_/a_b___-000012"
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{created}", "must begin or end"),
        ("{job}/film", "must begin or end"),
        ("{date}-{job}-{copies}", "must begin or end"),
        ("{printer}{job}", "must begin or end"),
        ("7{job}", "must begin or end"),
        ("{job}{copies}", "must begin or end"),
        ("{{job}}", "must begin or end"),
        ("{patient}-{job}", "no field {patient}; there are job, created"),
        ("{}-{job}", "no field {}"),
        ("{job:>4}", "no field {job}.*as they are"),
        ("{job!r}", "no field {job}.*as they are"),
        ("{printer.__class__}-{job}", "no field"),
        ("{job", "expected '}'.*doubled"),
        ("}{job}", "Single '}'.*doubled"),
        ("/{job}", "must be a name"),
        ("a//{job}", "must be a name"),
        ("../{job}", "must be a name"),
        (".{job}", "must be a name"),
        ("a./{job}", "must be a name"),
        ("a:{job}", "none of"),
        ("a\n{job}", "no control characters"),
        ("x" * 190 + "{printer}-{job}", "longer than 200 bytes"),
        ("", "must be a name"),
    ],
)
def test_a_template_that_will_not_do_says_why(template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_template(template)
