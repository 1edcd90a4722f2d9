"""Rules: what each fault may be told, and what is said of those that are wrong."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.faults import Fault, FaultRule, FaultScript
from printscp.faults.fault import EVENTS, REASONS, REQUESTS, STEPS, Kind
from printscp.faults.file import make_rule, read_file, write_file
from printscp.faults.rule import covers, keys_of
from printscp.faults.terms import TERMS, USUAL_STATUS

NEEDED: dict[str, Any] = {
    "at": "film-box.create",
    "films": 1,
    "seconds": 1.5,
    "status": 0x0110,
    "keywords": ["FilmSizeID"],
    "values": {"FilmSizeID": "8INX10IN", "Status": 0},
}
ALL: dict[str, Any] = NEEDED | {
    "name": "mine",
    "printer": "FILM*",
    "calling": "CT?",
    "after": 2,
    "times": 3,
    "when": "before",
    "info": "FILM JAM",
    "comment": 'a "quoted" word',
    "reason": "local-limit",
    "result": "permanent",
    "printing": False,
    "printer_status": "WARNING",
}


def least(fault: Fault) -> dict[str, Any]:
    """No more keys than a rule of a fault must have."""
    needs = {*fault.kind.value.needed, *(["at"] if fault.kind.value.steps else [])} - fault.presets.keys()
    if fault.kind is Kind.STATE:
        needs.discard("at")
    return {"fault": str(fault)} | {key: NEEDED[key] for key in needs}


def full(fault: Fault) -> dict[str, Any]:
    """All keys that a rule of a fault may have."""
    keys = {key: ALL[key] for key in keys_of(fault) if key != "fault"} | {"fault": str(fault)}
    if "at" in keys:
        steps = fault.kind.value.steps
        keys["at"] = next(step for step in (*steps[1:], *steps) if step in steps)
    return keys


@pytest.mark.parametrize("fault", Fault)
def test_a_rule_needs_little_and_may_say_all_that_its_fault_has(fault: Fault) -> None:
    assert make_rule(least(fault)).name == fault
    rule = make_rule(full(fault))
    assert rule.is_for("FILM1", "CT1")
    assert not rule.is_for("FILM1", "CT")
    for key in least(fault).keys() - {"fault"}:
        without = {name: value for name, value in least(fault).items() if name != key}
        with pytest.raises(SetupError, match=f"{key}: is missing"):
            make_rule(without)


@pytest.mark.parametrize("fault", Fault)
def test_a_key_of_another_fault_is_refused_with_those_that_there_are(fault: Fault) -> None:
    for key in ALL.keys() - set(keys_of(fault)):
        with pytest.raises(SetupError, match=f"{key}: {fault} has no such key; it has name, fault"):
            make_rule(least(fault) | {key: ALL[key]})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "fault: is missing"),
        ({"fault": "jam"}, r"fault: Input should be 'printer-warning', 'printer-failure'"),
        ({"fault": "abort", "at": "film"}, "at: film is none of any, event, associate, film-session.create"),
        ({"fault": "reject", "at": "release"}, "at: release is none of any, event, associate"),
        ({"fault": "abort", "at": "any", "color": "red"}, "color: there is no such key"),
        ({"fault": "abort", "at": "any", "after": -1}, "after: Input should be greater than or equal to 0"),
        ({"fault": "printer-failure", "after": 2}, "after: at: is missing"),
        ({"fault": "silence", "at": "any", "when": "after"}, "when: silence after the answer is none"),
        ({"fault": "printer-failure", "info": "PAPER JAM"}, "info: PAPER JAM is no term of PS3.3 C.13.9.1"),
        ({"fault": "printer-failure", "info": "QUEUED"}, "info: QUEUED .*, which only jobs have"),
        (
            {"fault": "reject", "reason": "mood"},
            "reason: mood is none of no-reason-given, application-context",
        ),
        ({"fault": "status", "at": "any", "status": "0xZ"}, "status: invalid literal"),
        ({"fault": "status", "at": "any", "status": 0x10000}, "status: Input should be less than or equal"),
        ({"fault": "missing-attributes", "at": "any", "keywords": ["Film"]}, "Film: is no keyword"),
        ({"fault": "missing-attributes", "at": "any", "keywords": ["Priority"]}, "Priority: is no keyword"),
        ({"fault": "missing-attributes", "at": "any", "keywords": ["CommandField"]}, "no message"),
        ({"fault": "wrong-attributes", "at": "any", "values": {"Status": "0"}}, "Status: '0' is no value of"),
        ({"fault": "wrong-attributes", "at": "any", "values": {"BitsStored": "x"}}, "BitsStored: 'x' is no"),
        ({"fault": "wrong-attributes", "at": "any", "values": {"ICCProfile": "x"}}, "VR OB cannot be given"),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_what_is_possible(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(SetupError, match=rf"^fault: .*{said}"):
        make_rule(keys)


def test_every_term_of_the_standard_can_be_said_of_printers_and_of_jobs() -> None:
    assert len(TERMS) == 111
    assert all(len(term) <= 16 for term in TERMS)  # VR CS
    for term in USUAL_STATUS:
        assert make_rule({"fault": "printer-failure", "info": term}).info == term
    for term in TERMS:
        assert make_rule({"fault": "job-failure", "info": term}).info == term


def test_every_reason_of_a_rejection_is_one_of_the_standard() -> None:
    # PS3.8 9.3.4: source and diagnostic that are not reserved.
    defined = {(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)}
    assert {(reason.source, reason.diagnostic) for reason in REASONS.values()} == defined
    given_otherwise = make_rule({"fault": "reject", "reason": "local-limit", "result": "permanent"})
    assert given_otherwise.rejection == (1, 3, 2)


@given(st.sampled_from(STEPS))
def test_a_pattern_covers_requests_or_events_or_what_it_says(step: str) -> None:
    assert covers("any", step) == (step in REQUESTS)
    assert covers("event", step) == (step in EVENTS)
    assert covers("*", step)
    assert covers(step, step)
    assert covers("film-*", step) == step.startswith("film-")


def test_a_title_may_have_brackets() -> None:
    rule = make_rule({"fault": "reject", "calling": "CT[1]"})
    assert rule.is_for("FILM", "CT[1]")
    assert not rule.is_for("FILM", "CT1")


@pytest.mark.parametrize("fault", Fault)
def test_a_file_that_is_written_says_what_was_read(tmp_path: Path, fault: Fault) -> None:
    rules = make_rule(least(fault)), make_rule(full(fault))
    file = tmp_path / "faults.toml"
    write_file(file, rules, seed=5)
    read = read_file(file)
    assert (read.faults, read.seed) == (rules, 5)
    [table, _] = tomllib.loads(file.read_text())["faults"]
    assert table.keys() == {"name", *least(fault)}, "presets and defaults need not be said"
    assert [path.name for path in tmp_path.iterdir()] == ["faults.toml"]


def test_any_number_of_rules_of_a_fault_are_numbered(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text("[[faults]]\nfault = 'reject'\n" * 2000 + "[[faults]]\nfault = 'abort'\nat = 'any'\n")
    names = [rule.name for rule in read_file(file).faults]
    assert names == ["reject", *(f"reject-{number}" for number in range(2, 2001)), "abort"]


def test_a_file_says_what_must_be_said_even_if_it_is_nothing(tmp_path: Path) -> None:
    nothing = {"fault": "out-of-film", "films": 0}, {"fault": "status", "at": "any", "status": 0}
    rules = tuple(map(make_rule, nothing))
    write_file(tmp_path / "faults.toml", rules, None)
    assert read_file(tmp_path / "faults.toml").faults == rules


@given(st.text(st.characters(codec="utf-8"), max_size=64).filter(str.isprintable), st.text(max_size=16))
def test_any_text_survives_a_file(tmp_path_factory: pytest.TempPathFactory, comment: str, label: str) -> None:
    file = tmp_path_factory.getbasetemp() / "text.toml"
    try:
        wrong = {"fault": "wrong-attributes", "at": "any", "values": {"FilmSessionLabel": label}}
        rules = FaultRule(fault=Fault.STATUS, at="any", status=1, comment=comment), make_rule(wrong)
    except SetupError:
        return
    write_file(file, rules, seed=None)
    assert read_file(file).faults == rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faults = 1", "faults: Input should be a valid tuple"),
        ("[[fault]]\n", "fault: there is no such key"),
        ("seed = -1", "seed: Input should be greater than or equal to 0"),
        ("[[faults]]\nfault = 'abort'\n", "faults.0: at: is missing: the step"),
        ("[[faults]]\nfault = 'abort'\nat = 'nowhere'", "faults.0: at: nowhere is none of"),
        ("[[faults]]\nname = 'a'\nfault = 'reject'\n" * 2, "name: there is a rule a"),
        ("[[faults]\n", "Expected"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(SetupError) as refused:
        FaultScript.load(file)
    assert str(refused.value).startswith(f"faults {file}: ")
    assert said in str(refused.value)
    with pytest.raises(SetupError, match="no such file"):
        FaultScript.load(tmp_path / "none")
