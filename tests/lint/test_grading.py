"""What holds of every report."""

import json
import zlib
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.raw import RawScu
from peers.scu import COLOR, META, Scu, attributes, color_item, image_item
from peers.wrong import WRONG, client, codes, dialogue, report
from pydicom.config import IGNORE
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
)

from printscp.catalog import Catalog
from printscp.lint import Severity, grade
from printscp.lint.document import findings_document
from printscp.lint.kinds import KINDS
from printscp.lint.text import Patients
from printscp.lint.writing import report_json, report_junit
from printscp.transcript import Transcript

PROFILES = [Catalog().profile(name) for name in ("imager17", "iherestricted", "fuji_drypix4000")]


@pytest.fixture(scope="module")
def good() -> Transcript:
    return dialogue(lambda address: client("right").PrintScu(*address).print_films())


@pytest.fixture(scope="module")
def patient() -> Transcript:
    module = client("patient_in_label")
    return dialogue(lambda address: module.WrongScu(*address).print_films())


@pytest.fixture(scope="module")
def through_a_table() -> Transcript:
    """A film of 8 bits through a Presentation LUT of 256 entries."""

    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META, PresentationLUT)) as scu:
            item = attributes()
            item.add_new("LUTDescriptor", "US", [256, 0, 12])
            item.add_new("LUTData", "US", list(range(256)))
            _, uid = scu.create_look_up(PresentationLUTSequence=[item])
            reference = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=uid)
            scu.create_session()
            scu.create_film(ReferencedPresentationLUTSequence=[reference])
            image = image_item(np.zeros((1024, 1024), np.uint8))
            scu.set_image(1, image, RequestedImageSize="200", MaxDensity=300)
            scu.print_film()

    return dialogue(scenario)


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("FD", nan),
        ("FD", inf),
        ("FD", 1e300),
        ("SL", -1),
        ("UL", 2**32 - 1),
        ("LO", "nan"),
        ("CS", ["A", "B"]),
    ],
)
def test_an_absurd_value_is_a_finding(through_a_table: Transcript, vr: str, value: object) -> None:
    """In explicit VR an SCU may send anything as anything."""
    for step in [each for each in through_a_table.steps if each.is_request and each.data]:
        for path, tag in _places(through_a_table.dataset(step)):
            changed = through_a_table.dataset(step)
            holder = changed[path].value[0] if path else changed
            holder[tag] = DataElement(tag, vr, value, validation_mode=IGNORE)
            encoded = encode(changed, False, True)
            assert encoded is not None
            steps = [
                replace(step, data=encoded, cut=None) if each is step else each
                for each in through_a_table.steps
            ]
            found = report(replace(through_a_table, steps=steps))
            told = [each for each in found.of(step.number) if each.code != "refused"]
            assert told, (step.service, keyword_for_tag(tag))


def _places(dataset: Dataset) -> list[tuple[int, int]]:
    """Where a data set has values: the sequence, or 0, and the tag."""
    places = [(0, int(element.tag)) for element in dataset if element.VR != "SQ"]
    sequences = [element for element in dataset if element.VR == "SQ"]
    return places + [(int(each.tag), int(element.tag)) for each in sequences for element in each.value[0]]


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_was_sent_can_be_graded(good: Transcript, data: st.DataObject) -> None:
    steps = list(good.steps)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(steps) - 1))
        step = steps[index]
        content = bytearray(step.data)
        if content and data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
            steps[index] = replace(step, data=bytes(content))
        else:
            del steps[index]
        if not steps:
            return
    found = grade(replace(good, steps=steps), PROFILES[0], PROFILES)
    assert {each.code for each in found.findings} <= KINDS.keys()
    assert found.ok == (not found.count(Severity.ERROR))
    json.dumps(report_json(found))
    report_junit(found, "any")


def test_a_report_is_the_same_twice(good: Transcript) -> None:
    assert grade(good, PROFILES[0], PROFILES) == grade(good, PROFILES[0], PROFILES)
    assert grade(good, PROFILES[0]).requests == grade(good, PROFILES[0], PROFILES).requests


def test_a_transcript_is_not_changed_by_being_graded(good: Transcript) -> None:
    before = [step.data for step in good.steps]
    grade(good, PROFILES[0], PROFILES)
    assert [step.data for step in good.steps] == before


def test_no_report_names_a_patient(patient: Transcript) -> None:
    found = grade(patient, PROFILES[0], [Catalog().profile(name) for name in Catalog().profile_names])
    assert "patient-data-in-label" in codes(found)
    for text in (json.dumps(report_json(found)), report_junit(found, "any").decode()):
        assert "DOE" not in text
        assert "1961" not in text


def test_a_part_of_a_dialogue_is_not_blamed_for_what_it_leaves_out(patient: Transcript) -> None:
    """Of a job's dialogue, what led to others is left out; nothing can be said of what never came."""
    begun = client("second_film_box")
    whole = dialogue(lambda address: begun.WrongScu(*address).print_films())
    part = whole.of_job(whole.jobs[0])
    assert "film-box-before-print" in codes(report(whole))
    assert codes(report(part), "error", "warning") == set()


def test_a_dialogue_that_has_lost_its_beginning_is_not_blamed_for_that(good: Transcript) -> None:
    first = next(index for index, step in enumerate(good.steps) if step.service == "N-SET")
    rest = replace(good, steps=good.steps[first:], dropped=first)
    assert codes(report(rest), "error", "warning") == set()
    created = next(index for index, step in enumerate(good.steps) if "1.1.2" in step.sop_class[-5:])
    rest = replace(good, steps=good.steps[created:], dropped=created)
    assert "lut-unknown" not in codes(report(rest))


def test_contexts_of_a_part_are_not_called_unused(good: Transcript) -> None:
    numbers = {step.number for step in good.steps if step.context_id == 3}
    assert numbers
    part = [step for step in good.steps if step.number not in numbers]
    assert "context-unused" not in codes(report(replace(good, steps=part)))


def test_a_fault_made_on_purpose_is_none_of_the_client(good: Transcript) -> None:
    action = next(step for step in good.steps if step.service == "N-ACTION" and step.answers)
    full = replace(action, command=action.command | {"Status": 0xC602, "ErrorComment": "queue full"})
    for fault, expected in (("", {"refused"}), ("queue-full", set())):
        answer = replace(full, fault=fault)
        steps = [answer if step is action else step for step in good.steps]
        assert codes(report(replace(good, steps=steps)), "error", "warning") == expected


def test_imagers_are_asked_for_their_own_instances() -> None:
    """UIDs that the printer made are others on another printer."""

    def scenario(address: tuple[str, int]) -> None:
        with RawScu(address, [META], syntax=ImplicitVRLittleEndian) as scu:
            session = scu.ask("create", BasicFilmSession, None, context=META)
            reference = attributes(
                ReferencedSOPClassUID=BasicFilmSession,
                ReferencedSOPInstanceUID=session.command["AffectedSOPInstanceUID"],
            )
            film = attributes(ImageDisplayFormat="STANDARD\\1,1", ReferencedFilmSessionSequence=[reference])
            made = scu.ask("create", BasicFilmBox, None, film, context=META)
            box = made.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
            item = image_item(np.zeros((1024, 1024), np.uint8))
            image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
            scu.ask("set", BasicGrayscaleImageBox, box, image, context=META)
            scu.ask("action", BasicFilmBox, made.command["AffectedSOPInstanceUID"], context=META)
            scu.release()

    assert report(dialogue(scenario), "fuji_drypix4000", "carestream_dryview5700").findings == ()


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("DOE^JANE", True),
        ("chest 1961-03-04", True),
        ("04.03.1961", True),
        ("19610304", True),
        ("4711-0815 b", True),
        ("chest 2024-02-28", False),
        ("20240228", False),
        ("chest, 2 of 3", False),
        ("119610304", False),
    ],
)
def test_what_tells_of_a_patient(text: str, telling: bool) -> None:
    patients = Patients()
    patients.remember(attributes(PatientID="4711-0815", PatientSex="F"))
    assert patients.in_text(text, 2024) is telling


def test_a_dialogue_that_goes_on_is_not_blamed_for_its_end(good: Transcript) -> None:
    until_print = [step for step in good.steps if step.service not in ("N-DELETE", "N-ACTION", "A-RELEASE")]
    assert codes(report(replace(good, steps=until_print)), "error", "warning") == set()


def test_pixels_that_are_not_in_the_transcript_can_be_given() -> None:
    pixels = np.full((64, 64), 4096, np.uint16)

    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META,)) as scu:
            scu.print_image(pixels)

    transcript = dialogue(scenario)
    cut = {(len(pixels.tobytes()), zlib.crc32(pixels.tobytes())): pixels.tobytes()}
    assert "bits-beyond" not in codes(grade(transcript, PROFILES[0]))
    assert "bits-beyond" in codes(grade(transcript, PROFILES[0], images=cut))


def test_the_clause_is_that_of_the_service() -> None:
    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META, COLOR)) as scu:
            scu.create_session()
            scu.create_film()
            scu.set_image(1, image_item(np.zeros((512, 512), np.uint8)), MaxDensity=400)
            scu.set_image(1, None)
            scu.print_session()
            scu.meta = COLOR
            scu.create_film()
            scu.set_image(2, color_item(np.zeros((512, 512, 3), np.uint8)), box=scu.boxes[0])

    found = {each.code: each.clause for each in report(dialogue(scenario)).findings}
    assert found["density-outside-range"] == "PS3.4 H.4.3.1.2.1"
    assert found["empty-film"] == "PS3.4 H.4.1.2.4"
    assert found["wrong-position"] == "PS3.4 H.4.3.2.2.1"


def test_one_context_with_the_default_transfer_syntax_is_enough(good: Transcript) -> None:
    """Some SCUs propose a presentation context for each transfer syntax (PS3.5 10.1)."""
    first = good.contexts[0]
    assert set(first.proposed) == {ExplicitVRLittleEndian, ImplicitVRLittleEndian}
    explicit = replace(first, proposed=(ExplicitVRLittleEndian,))
    implicit = replace(first, id=99, proposed=(ImplicitVRLittleEndian,), accepted=ImplicitVRLittleEndian)
    for contexts, expected in (((explicit,), True), ((explicit, implicit), False)):
        found = report(replace(good, contexts=(*contexts, *good.contexts[1:])))
        assert ("no-default-transfer-syntax" in codes(found)) == expected


def test_imagers_without_such_an_annotation_format_are_not_said_to_refuse_its_text() -> None:
    """An SCU that fills the boxes it is told of would have none to fill."""

    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META, BasicAnnotationBox)) as scu:
            scu.create_session()
            _, made = scu.create_film(AnnotationDisplayFormatID="LABEL")
            assert made is not None
            scu.set_image(1, image_item(np.zeros((1024, 1024), np.uint8)))
            box = made.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
            scu.annotate(0, box, "DOE^JANE")
            scu.print_film()

    found = report(dialogue(scenario), "kodak_8700", "fuji_drypix4000")
    (text,) = [each for each in found.findings if each.code == "patient-data-in-annotation"]
    assert text.imagers == {
        "kodak_8700": "taken",
        "fuji_drypix4000": "not reached: it makes no such Basic Annotation Box",
    }
    assert not any(
        each.request.startswith(("N-ACTION", "N-SET Basic A")) for each in found.findings if each != text
    )


def test_the_document_is_that_of_the_kinds() -> None:
    committed = WRONG.parents[1] / "docs" / "findings.md"
    assert committed.read_text(encoding="utf-8") == findings_document(), (
        "run: python -m printscp.lint > docs/findings.md"
    )
