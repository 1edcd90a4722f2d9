"""A transcript as bytes: it comes back as it was, and what is damaged is told without quoting it."""

import json
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.transcript import Context, Cut, Sender, Step, Transcript
from printscp.transcript.file import DamagedTranscript, dump, load

CUTS = st.builds(Cut, st.just(0), st.integers(1024, 1 << 30), st.integers(0, 0xFFFFFFFF))
VALUES = st.one_of(st.integers(0, 0xFFFF), st.text(max_size=9), st.lists(st.integers(0, 0xFFFFFFFF)))
STEPS = st.builds(
    Step,
    number=st.integers(1, 4000),
    at=st.floats(0, 1e6),
    sender=st.sampled_from(Sender),
    service=st.sampled_from(["N-CREATE", "C-ECHO", "A-ABORT"]),
    context_id=st.integers(0, 255),
    command=st.dictionaries(st.text("xyz", max_size=9), VALUES, max_size=3),  # keywords have types
    data=st.binary(max_size=64),
    cut=st.none() | CUTS,
    answers=st.integers(0, 4000),
    job=st.text(max_size=9),
    fault=st.text(max_size=9),
    note=st.text(max_size=9),
)


def transcript(*steps: Step) -> Transcript:
    return Transcript(
        calling="CT1",
        called="FILM",
        printer="FILM",
        profile="imager17",
        mode="strict",
        began=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        contexts=(Context(1, "1.2.840.10008.5.1.1.9", ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"), ""),),
        max_pdu=16384,
        implementation_class_uid="1.2.3",
        implementation_version_name="TEST",
        dropped=3,
        steps=list(steps),
    )


@given(st.lists(STEPS, max_size=4))
def test_a_transcript_comes_back_as_it_was(steps: list[Step]) -> None:
    said = transcript(*steps)
    back = load(dump(said))
    assert back == said
    assert all(type(step.sender) is Sender for step in back.steps)


@given(st.binary(max_size=64))
def test_what_is_no_transcript_is_told(junk: bytes) -> None:
    with pytest.raises(DamagedTranscript):
        load(junk)


@given(cut=st.integers(1, 40))
def test_one_that_is_cut_short_is_told(cut: int) -> None:
    with pytest.raises(DamagedTranscript):
        load(dump(transcript(Step(1, 0.0, Sender.SCU, "C-ECHO")))[:-cut])


def test_one_that_unfolds_to_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("printscp.transcript.file._MOST", 100)
    with pytest.raises(DamagedTranscript, match="far too long"):
        load(dump(transcript()))


def test_what_is_wrong_is_not_quoted() -> None:
    fields = json.loads(zlib.decompress(dump(transcript())))
    fields["max_pdu"] = "Mustermann^Max"
    with pytest.raises(DamagedTranscript, match="max_pdu") as caught:
        load(zlib.compress(json.dumps(fields).encode()))
    assert "Mustermann" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": {"RequestedSOPClassUID": 7}},
        {"command": {"Status": "0"}},
        {"command": {"AttributeIdentifierList": ["x"]}},
        {"cut": {"offset": -1, "length": 9, "crc": 0}},
        {"cut": {"offset": 1, "length": 9, "crc": 0}},
        {"cut": {"offset": 0, "length": 10**12, "crc": 0}},
    ],
)
def test_a_step_that_no_message_can_have_been_is_told(wrong: dict[str, object]) -> None:
    fields = json.loads(zlib.decompress(dump(transcript(Step(1, 0.0, Sender.SCU, "N-SET")))))
    fields["steps"][0] |= wrong
    with pytest.raises(DamagedTranscript, match="step 1 is none that was written"):
        load(zlib.compress(json.dumps(fields).encode()))
