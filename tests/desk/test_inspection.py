"""What was sent for a film and what is in force, the dialogue, and what of both names no patient."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.captured import taking
from peers.scu import Scu, attributes, image_item
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from printscp.capture import Capture
from printscp.desk import Desk
from printscp.desk.elements import is_harmless, is_harmless_remark, of_command, of_dataset
from printscp.desk.records import Attribute, SeenDialogue
from printscp.errors import NoSuchJob, NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.qa.patterns import draw
from printscp.spool.folder import Spool
from printscp.spool.unprinted import Unprinted
from printscp.transcript import Transcript
from printscp.transcript.file import dump

NAME = "DOE^JANE"
PIXELS = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)


def talk(scu: Scu) -> None:
    """A film that asks for this and that, and names a patient wherever that may be."""
    scu.create_session(FilmSessionLabel=NAME, OwnerID=NAME, NumberOfCopies=2, PatientName=NAME)
    scu.create_film("STANDARD\\1,2", BorderDensity="WHITE", MaxDensity=250, PatientID=NAME)
    item = image_item(PIXELS, PhotometricInterpretation="MONOCHROME1", PatientName=NAME)
    scu.set_image(1, item, Polarity="REVERSE", RequestedImageSize="100", InstitutionName=NAME)
    scu.set_image(2, image_item(PIXELS))
    scu.print_film()


@pytest.fixture(scope="module")
def captures() -> Iterator[list[Capture]]:
    """Two jobs: that film, and a plain one."""
    with taking() as take:
        yield [take(talk), take(lambda scu: scu.print_image(PIXELS))]


@pytest.fixture
def keep(spool: Spool, printed: Callable[..., Job]) -> Callable[[Capture], Job]:
    """Puts a captured job into the spool, with its dialogue."""

    def keep(capture: Capture) -> Job:
        assert capture.order is not None
        sheets = [capture.film(number) for number in range(1, capture.films + 1)]
        job = printed(*sheets, label=capture.order.label, owner=capture.order.owner)
        said = capture.said
        steps = [replace(step, job=job.uid) if step.job == capture.uid else step for step in said.steps]
        spool.dialogues.keep(job.uid, dump(replace(said, steps=steps)))
        return job

    return keep


def rows(found: tuple[Attribute, ...]) -> dict[str, tuple[str | None, str]]:
    return {each.keyword: (each.sent, each.used) for each in found}


# --- attributes --------------------------------------------------------------------------------------------


def test_what_was_sent_stands_beside_what_is_in_force(
    desk: Desk, captures: list[Capture], keep: Callable[[Capture], Job]
) -> None:
    job = keep(captures[0])
    found = desk.inspection.attributes(str(job.id), 1, private=True)
    assert list(found) == ["session", "film box", "image 1", "image 2"]
    session, box, first, second = map(rows, found.values())
    assert session["FilmSessionLabel"] == (NAME, NAME)
    assert session["MediumType"] == (None, "BLUE FILM")
    assert session["PatientName"] == (NAME, "")
    assert box["ImageDisplayFormat"] == ("STANDARD\\1,2", "STANDARD\\1,2")
    white = captures[0].film(1).printer_density[0]
    assert box["BorderDensity"] == ("WHITE", str(white))
    assert box["MaxDensity"] == ("250", "250")
    assert box["FilmSizeID"] == (None, captures[0].film(1).film_size)
    assert first["Polarity"] == ("REVERSE", "REVERSE")
    assert first["PhotometricInterpretation"] == ("MONOCHROME1", "")
    assert first["RequestedImageSize"] == ("100", "100")
    assert first["Rows"] == ("48", "48")
    assert first["PixelData"] == (f"{PIXELS.nbytes} bytes", "")
    assert second["Polarity"] == (None, "NORMAL")
    assert second["MaxDensity"] == (None, "250")
    tags = [each.tag for each in found["film box"]]
    assert tags == sorted(tags)
    assert tags[0] == "(0010,0020)"


def test_attributes_without_a_dialogue_are_those_in_force(
    desk: Desk, printed: Callable[..., Job], film: Callable[..., Sheet]
) -> None:
    printed(film(), film(), label=NAME)
    found = desk.inspection.attributes("latest", 2, private=True)
    assert {each.sent for group in found.values() for each in group} == {None}
    assert rows(found["session"])["FilmSessionLabel"] == (None, NAME)
    assert rows(found["film box"])["Trim"] == (None, "NO")
    assert "Polarity" not in rows(found["image 1"])
    for number in (0, 3):
        with pytest.raises(NoSuchJob, match=f"has 2 films, no {number}"):
            desk.inspection.attributes("latest", number, private=True)


# --- the dialogue ------------------------------------------------------------------------------------------


def test_a_dialogue_has_every_step_with_its_elements(
    desk: Desk, captures: list[Capture], keep: Callable[[Capture], Job]
) -> None:
    keep(captures[0])
    found = desk.inspection.dialogue("latest", private=True)
    said = captures[0].said
    assert (found.calling, found.printer, found.dropped) == ("TEST_SCU", said.printer, 0)
    assert [each.number for each in found.steps] == [each.number for each in said.steps]
    opened, created, answered, *_ = found.steps
    assert any("Implicit VR Little Endian" in value for _, _, value, _ in opened.elements)
    assert ("(0000,0100)", "CommandField", "0x0140", 0) in created.elements
    assert ("(2000,0050)", "FilmSessionLabel", NAME, 0) in created.elements
    assert (answered.answers, answered.status[:6]) == (created.number, "0x0000")
    image = next(each for each in found.steps if each.title.endswith("position 1"))
    depths = {keyword: depth for _, keyword, _, depth in image.elements}
    assert (depths["BasicGrayscaleImageSequence"], depths["PixelData"]) == (0, 1)


def test_nobody_is_named_to_whom_no_names_are_to_be_told(
    desk: Desk, captures: list[Capture], keep: Callable[[Capture], Job]
) -> None:
    keep(captures[0])
    keep(captures[1])
    look = desk.inspection
    open_to_all = [
        look.attributes("1", 1, private=False),
        look.dialogue("1", private=False),
        look.explanation("1", 1, private=False),
        look.comparison("1", "2"),
        look.findings("1"),
    ]
    assert NAME not in repr(open_to_all)
    assert "'STANDARD" in repr(open_to_all[0])

    def shape(dialogue: SeenDialogue) -> list[Any]:
        return [[(tag, name, depth) for tag, name, _, depth in step.elements] for step in dialogue.steps]

    with_names = look.dialogue("1", private=True)
    assert shape(look.dialogue("1", private=False)) == shape(with_names)
    assert NAME in repr(with_names)
    assert NAME in repr(look.comparison("1", "2", private=True))


_TEXTS = [tag for tag, entry in DicomDictionary.items() if entry[0] in ("LO", "LT", "PN", "SH", "ST", "UT")]
_FREE = sorted(
    tag
    for tag in _TEXTS
    if keyword_for_tag(tag) not in ("ImageDisplayFormat", "ConfigurationInformation", "PrinterName")
)


@given(tags=st.lists(st.sampled_from(_FREE), min_size=1, max_size=8), private_tag=st.integers(1, 0x7FFF))
def test_no_free_text_is_told_at_any_depth(tags: list[int], private_tag: int) -> None:
    item = Dataset()
    for tag in tags:
        item.add_new(tag, DicomDictionary[tag][0], NAME)
    item.add_new((2 * private_tag + 1) << 16 | 0x1001, "LO", NAME)
    outer = Dataset()
    outer.BasicGrayscaleImageSequence = Sequence([item, item])
    hidden, told = list(of_dataset(outer, private=False)), list(of_dataset(outer, private=True))
    assert NAME not in repr(hidden)
    assert {value for _, name, value, depth in told if depth == 1 and name != "Item"} == {NAME}
    assert [(tag, name, depth) for tag, name, _, depth in hidden] == [
        (tag, name, depth) for tag, name, _, depth in told
    ]


def test_an_error_comment_and_a_birth_date_may_name_somebody() -> None:
    [comment, status] = of_command({"ErrorComment": f"no {NAME}", "Status": 0x0106}, private=False)
    assert (comment[2], status[2]) == ("", "0x0106")
    assert not is_harmless(0x00100030, "DA")
    assert not is_harmless(0x00100020, "LO")
    assert not is_harmless(0x00081155, "UI")  # it may be an image of a study
    assert is_harmless(0x20100050, "CS")
    assert is_harmless_remark("image 3: MaxDensity: 400 is too much")
    assert not is_harmless_remark(f"FilmSessionLabel: {NAME}")
    assert not is_harmless_remark("image 3: PatientName ignored")
    assert not is_harmless_remark(NAME)


def test_an_explanation_leaves_out_remarks_on_what_may_name_somebody(
    desk: Desk, printed: Callable[..., Job], film: Callable[..., Sheet]
) -> None:
    printed(replace(film(), remarks=(f"OwnerID: {NAME} is too long", "Trim: MAYBE; NO used")))
    assert desk.inspection.explanation("latest", 1, private=False).notes == ("Trim: MAYBE; NO used",)
    assert NAME in repr(desk.inspection.explanation("latest", 1, private=True))


def test_long_values_are_cut_and_endless_data_sets_end() -> None:
    dataset = Dataset()
    dataset.ImageComments = "x" * 5000
    dataset.LUTData = list(range(4096))
    values = {keyword: value for _, keyword, value, _ in of_dataset(dataset, private=True)}
    assert len(values["ImageComments"]) == 200
    assert values["LUTData"].startswith("4096 values: 0\\1\\2\\")
    endless = Dataset()
    endless.ReferencedImageBoxSequence = Sequence([attributes(ReferencedSOPInstanceUID="1.2")] * 5000)
    told = list(of_dataset(endless, private=True))
    assert len(told) == 1001
    assert told[-1][2] == "and more"


def test_what_cannot_be_decoded_is_said(
    desk: Desk, captures: list[Capture], keep: Callable[[Capture], Job]
) -> None:
    said = captures[1].said
    broken = [replace(step, data=b"\x08\x00\x05\x00SQ") if step.number == 2 else step for step in said.steps]
    keep(replace(captures[1], dialogue=replace(said, steps=broken)))
    step = desk.inspection.dialogue("latest", private=True).steps[1]
    assert step.note.startswith("data set cannot be decoded")
    assert step.elements[0][1] == "AffectedSOPClassUID"
    assert desk.inspection.attributes("latest", 1, private=True)


# --- findings, and what made no job ------------------------------------------------------------------------


def test_findings_are_told_with_answers_of_other_imagers(
    desk: Desk, captures: list[Capture], keep: Callable[[Capture], Job], printed: Callable[..., Job]
) -> None:
    keep(captures[0])
    plain = desk.inspection.findings("latest")
    assert {each.code for each in plain.findings}
    assert all(not each.imagers for each in plain.findings)
    assert any("imager17" in each.imagers for each in desk.inspection.findings("1", ("imager17",)).findings)
    with pytest.raises(SetupError, match="nonesuch"):
        desk.inspection.findings("1", ("nonesuch",))
    printed(captures[1].film(1))
    for ask in (desk.inspection.findings, lambda which: desk.inspection.dialogue(which, private=True)):
        with pytest.raises(NotPossible, match="its dialogue is not kept"):
            ask("latest")


def test_what_made_no_job_is_numbered_from_the_newest(desk: Desk, captures: list[Capture]) -> None:
    said = captures[1].said
    kept, began = Unprinted(desk.folder), datetime(2026, 1, 1, tzinfo=UTC)

    def vain(**changes: Any) -> Transcript:
        steps = [
            replace(step, job="", **({"command": step.command | changes} if step.answers else {}))
            for step in said.steps
        ]
        return replace(said, steps=steps)

    for days, content in enumerate((dump(vain()), b"damaged", dump(vain(Status=0x0106)))):
        kept.keep(began + timedelta(days), content)
    newest, oldest = desk.inspection.unprinted()
    assert (newest.number, oldest.number) == (1, 3)
    requests = sum(1 for _ in said.exchanges())
    assert (newest.requests, newest.errors) == (requests, requests)
    assert newest.first.startswith("N-CREATE Basic Film Session: 0x0106")
    assert (oldest.errors, oldest.first) == (0, "A-RELEASE by the scu")
    assert desk.inspection.dialogue("unprinted:3", private=False).calling == "TEST_SCU"
    assert desk.inspection.findings("unprinted").calling == "TEST_SCU"
    with pytest.raises(SetupError):
        desk.inspection.dialogue("unprinted:2", private=True)
    with pytest.raises(NoSuchJob):
        desk.inspection.dialogue("unprinted:4", private=True)


# --- verification ------------------------------------------------------------------------------------------


def image(pixels: Any) -> Dataset:
    return image_item(np.asarray(pixels, np.uint16))


@pytest.mark.slow
def test_a_pattern_is_found_and_verified(
    desk: Desk, printed: Callable[..., Job], film: Callable[..., Sheet]
) -> None:
    printed(film(image(draw("wedge-8", 160, 160).pixels)))
    found = desk.inspection.verify("latest", 1, operator="me")
    assert (found.pattern.name, found.passed, found.provenance.operator) == ("wedge-8", True, "me")
    assert found.provenance.subject.startswith("film 1 of job 1, of ")
    assert desk.inspection.verification_report("latest", 1, "wedge-8").startswith(b"%PDF")
    assert desk.inspection.patterns()["smpte"] == "SMPTE RP 133"
    with pytest.raises(NoSuchJob, match="no pattern nonesuch; there are wedge-6"):
        desk.inspection.verify("latest", 1, "nonesuch")


def test_a_film_of_no_pattern_is_to_be_named(
    desk: Desk, printed: Callable[..., Job], film: Callable[..., Sheet]
) -> None:
    sheet = film(image(np.zeros((160, 160))))
    printed(sheet, replace(sheet, color=True))
    with pytest.raises(NotPossible, match="say which pattern"):
        desk.inspection.verify("latest", 1)
    with pytest.raises(NotPossible, match="a color film has no densities"):
        desk.inspection.verify("latest", 2, "smpte")


def test_names_of_jobs_lead_nowhere_else(desk: Desk) -> None:
    for which in ("0", "unprinted:0", "unprinted:99999", "../1", "1e3", "٣", "", "latest "):
        for ask in (desk.inspection.findings, lambda each: desk.inspection.dialogue(each, private=False)):
            with pytest.raises(NoSuchJob):
                ask(which)
