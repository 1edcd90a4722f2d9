"""Basic Film Session (PS3.4 H.4.1): its life, what it orders, and films printed together."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from film.scu import BARE, COLOR, GRAY, PROFILE, Scu, data_set, gray, reference, refused
from pydicom.uid import UID

from printscp.errors import ResourceLimitation
from printscp.film.exchange import Answer
from printscp.film.profile import Mode
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER_INSTANCE,
)

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Start = Callable[..., Scu]
MEMORY = 1 << 20  # bytes, as of `make_printer`; 1024 KB


# --- life ------------------------------------------------------------------------------------------------


def test_a_session_of_no_attributes_has_all_defaults(start: Start, mode: Mode) -> None:
    # Plain dcmprscu sends no data set at all; pynetdicom an empty one.
    answer = start(mode).create_session()
    assert answer.status == 0
    assert answer.values == {
        "NumberOfCopies": 1,
        "PrintPriority": "MED",
        "MediumType": "BLUE FILM",
        "FilmDestination": "PROCESSOR",
    }


def test_zero_length_attributes_stand_for_defaults(start: Start, mode: Mode) -> None:
    answer = start(mode).create_session(MemoryAllocation=None, MediumType=None, NumberOfCopies=None)
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["MediumType"] == "BLUE FILM"
    assert "MemoryAllocation" not in answer.values


def test_what_it_orders_is_on_every_job(start: Start, mode: Mode) -> None:
    scu = start(mode)
    values = {
        "NumberOfCopies": 2,
        "PrintPriority": "HIGH",
        "MediumType": "CLEAR FILM",
        "FilmDestination": "BIN_1",
        "FilmSessionLabel": "DOE^JANE",
        "OwnerID": "RADIOLOGY",
    }
    answer = scu.create_session("1.2.3", **values)
    assert (answer.status, answer.instance, answer.values) == (0, "1.2.3", values)
    scu.create_film()
    scu.set_image(1, gray())
    scu.print_film()
    scu.print_session()
    for job in scu.spool.jobs:
        order = job.order
        assert (order.copies, order.priority) == (2, "HIGH")
        assert (order.medium, order.destination) == ("CLEAR FILM", "BIN_1")
        assert (order.label, order.owner) == ("DOE^JANE", "RADIOLOGY")
        assert (order.printer_name, order.originator, order.remarks) == ("FILMS", "VIEWER", ())


def test_there_is_one_at_a_time(scu: Scu) -> None:
    before = scu.state()
    refused(0x0111, lambda: scu.create_session("1.2.3"))
    assert scu.state() == before
    first = scu.session
    scu.delete(BASIC_FILM_SESSION, first)
    assert scu.create_session(first).instance == first


def test_another_association_may_have_its_own(start: Start, scu: Scu) -> None:
    other = start(printer=scu.printer)
    other.create_session(scu.session)
    other.create_film()
    other.set_image(1, gray())
    scu.delete(BASIC_FILM_SESSION, scu.session)
    assert other.printed().images[0].position == 1


@pytest.mark.parametrize("uid", ["1.2.", ".1.2", "1..2", "1.2.a", "1 2", "x", "1." + "2" * 63, "\u0661.2"])
def test_a_uid_that_breaks_the_rules_is_0117(start: Start, mode: Mode, uid: str) -> None:
    refused(0x0117, lambda: start(mode).create_session(uid))


def test_a_leading_zero_in_a_uid_is_a_common_slip(start: Start) -> None:
    assert start(Mode.TOLERANT).create_session("1.02.3").instance == "1.02.3"
    refused(0x0117, lambda: start(Mode.STRICT).create_session("1.02.3"))
    assert start(Mode.STRICT).create_session("1.0.3").instance == "1.0.3"


def test_a_uid_in_use_is_0111(start: Start, mode: Mode) -> None:
    scu = start(mode)
    refused(0x0111, lambda: scu.create_session(PRINTER_INSTANCE))
    look_up = scu.create_look_up(PresentationLUTShape="IDENTITY")
    refused(0x0111, lambda: scu.create_session(look_up))


def test_uids_are_made_where_the_scu_leaves_them_out(start: Start) -> None:
    made: list[str] = []
    for _ in range(2):
        scu = start()
        scu.create_session()
        scu.create_film(AnnotationDisplayFormatID="COMBINED")
        made += [scu.session, scu.film, *scu.boxes, *scu.annotations]
        assert all(uid.is_valid for uid in (scu.session, scu.film, *scu.boxes, *scu.annotations))
    assert len(set(made)) == len(made) == 2 * (1 + 1 + 2 + 3)


def test_its_n_delete_takes_all_below_it_and_leaves_the_jobs(scu: Scu) -> None:
    look_up = scu.create_look_up(PresentationLUTShape="IDENTITY")
    scu.set_image(1, gray(5, 6))
    scu.create_film(AnnotationDisplayFormatID="LABEL")
    scu.set_image(1, gray(7, 8))
    scu.print_session()
    assert scu.budget.held == 56
    assert scu.delete(BASIC_FILM_SESSION, scu.session) == Answer()
    assert scu.budget.held == 0
    assert [draft.discarded for draft in scu.spool.drafts] == [True, True]
    assert len(scu.spool.sheets) == 2
    for verb, sop_class, instance in (
        ("delete", BASIC_FILM_SESSION, scu.session),
        ("delete", BASIC_FILM_BOX, scu.film),
        ("set", BASIC_GRAYSCALE_IMAGE_BOX, scu.boxes[0]),
        ("set", BASIC_ANNOTATION_BOX, scu.annotations[0]),
    ):
        refused(0x0112, partial(scu.ask, verb, sop_class, instance))
    # A Presentation LUT lives until its own N-DELETE, whatever the standard's drawing of the tree says.
    assert scu.delete(PRESENTATION_LUT, look_up) == Answer()


def test_the_end_of_the_association_leaves_the_jobs_too(start: Start) -> None:
    scu = start()
    scu.create_session(MemoryAllocation=500)
    scu.create_film()
    scu.set_image(1, gray())
    scu.print_film()
    scu.close()
    assert scu.budget.held == 0
    assert len(scu.spool.jobs) == 1


def test_its_n_set_changes_what_is_given_and_answers_with_all(scu: Scu) -> None:
    answer = scu.set_session(NumberOfCopies=9, OwnerID="ME")
    assert answer == Answer(
        values={
            "NumberOfCopies": 9,
            "PrintPriority": "MED",
            "MediumType": "BLUE FILM",
            "FilmDestination": "PROCESSOR",
            "OwnerID": "ME",
        }
    )
    scu.set_session(PrintPriority="LOW")
    order = scu.printed_session().order
    assert (order.copies, order.priority, order.owner) == (9, "LOW", "ME")


def test_a_bad_value_is_the_default_for_one_and_refused_by_the_other(tolerant: Scu, strict: Scu) -> None:
    answer = tolerant.set_session(MediumType="PAPYRUS", PatientName="DOE^JANE")
    assert answer.status == 0x0116
    assert answer.tags == (0x20000030,)
    assert answer.comment.startswith("MediumType: PAPYRUS is none of BLUE FILM, CLEAR FILM")
    assert tolerant.printed_session().order.remarks == (
        "MediumType: PAPYRUS is none of BLUE FILM, CLEAR FILM, PAPER; ignored",
        "PatientName ignored",
    )
    before = strict.state()
    refused(0x0106, lambda: strict.set_session(NumberOfCopies=5, MediumType="PAPYRUS"), "MediumType")
    refused(0x0105, lambda: strict.set_session(NumberOfCopies=5, PatientName="DOE^JANE"), "PatientName")
    assert strict.state() == before


def test_a_remark_is_made_once(tolerant: Scu) -> None:
    for _ in range(3):
        tolerant.set_session(PatientName="DOE^JANE")
        tolerant.set_film(PatientName="DOE^JANE")
    job = tolerant.printed_session()
    assert job.order.remarks == ("PatientName ignored",)
    assert job.sheets[0].remarks.count("PatientName ignored") == 1


# --- Memory Allocation -----------------------------------------------------------------------------------


def test_memory_is_reserved_and_given_back(start: Start, mode: Mode) -> None:
    scu = start(mode)
    answer = scu.create_session(MemoryAllocation=100)
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["MemoryAllocation"] == 100
    assert scu.budget.held == 100 << 10
    scu.create_film()
    scu.set_image(1, gray(100, 100))
    assert scu.budget.held == 100 << 10  # it is of what was reserved
    scu.set_image(2, gray(400, 400))
    assert scu.budget.held == 170_000  # and what is more comes on top
    scu.set_session(MemoryAllocation=500)
    assert scu.budget.held == 500 << 10
    scu.set_session(NumberOfCopies=2)
    assert scu.budget.held == 500 << 10
    scu.set_session(MemoryAllocation=0)
    assert scu.budget.held == 170_000
    scu.set_session(MemoryAllocation=100)
    scu.delete(BASIC_FILM_SESSION, scu.session)
    assert scu.budget.held == 0


def test_what_one_has_reserved_no_other_can_have(start: Start, mode: Mode) -> None:
    scu = start(mode, memory=100 << 10)
    scu.create_session(MemoryAllocation=99)
    other = start(printer=scu.printer)
    other.create_session()
    other.create_film()
    refused(0xC605, lambda: other.set_image(1, gray(40, 40)))
    scu.create_film("STANDARD\\1,1")
    assert scu.set_image(1, gray(200, 190)).status == 0


@pytest.mark.parametrize("verb", ["create", "set"])
def test_memory_that_is_not_there(start: Start, mode: Mode, verb: str) -> None:
    scu = start(mode)
    if verb == "set":
        scu.create_session(MemoryAllocation=10)
    request = scu.create_session if verb == "create" else scu.set_session
    other = start(printer=scu.printer)
    other.create_session(MemoryAllocation=1000)
    for wanted, status in ((1025, 0x0106), (0x7FFFFFFF, 0x0106), (1000, 0x0213)):
        before = scu.state()
        if mode is Mode.STRICT:
            error = refused(status, partial(request, MemoryAllocation=wanted), "MemoryAllocation")
            assert len(error.comment) <= 64
            assert scu.state() == before
            continue
        answer = request(MemoryAllocation=wanted, NumberOfCopies=2)
        assert (answer.status, answer.tags) == (0xB600, (0x20000060,))
        assert "MemoryAllocation" in answer.comment
        assert len(answer.comment) <= 64
        assert answer.values is not None
        assert answer.values["NumberOfCopies"] == 2
        # What was reserved before stays so.
        assert answer.values.get("MemoryAllocation") == (10 if verb == "set" else None)
        assert scu.budget.held == (1010 if verb == "set" else 1000) << 10
        if verb == "create":
            scu.delete(BASIC_FILM_SESSION, scu.session)


# --- session printing ------------------------------------------------------------------------------------


def films(scu: Scu, count: int) -> list[UID]:
    """So many film boxes, with an image of so many rows in each; their UIDs."""
    uids = []
    for number in range(1, count + 1):
        scu.create_film("STANDARD\\1,1")
        scu.set_image(1, gray(number, 4))
        uids.append(scu.film)
    return uids


def rows(job_sheets: Any) -> list[int]:
    return [sheet.images[0].rows for sheet in job_sheets]


def test_all_films_of_a_session_make_one_job(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session(NumberOfCopies=2)
    films(scu, 3)
    assert scu.budget.held == 12  # of the last one only: the others are in the spool
    answer = scu.print_session()
    [job] = scu.spool.jobs
    assert rows(job.sheets) == [1, 2, 3]
    assert job.order.copies == 2
    assert answer == Answer(
        values={
            "ReferencedPrintJobSequencePullStoredPrint": [
                {"ReferencedSOPClassUID": PRINT_JOB, "ReferencedSOPInstanceUID": job.uid}
            ]
        },
        job=job.uid,
    )


def test_a_session_printed_again_makes_another_job(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    films(scu, 2)
    scu.print_session()
    scu.set_image(1, gray(9, 4))
    scu.print_session()
    scu.create_film("STANDARD\\1,1")
    scu.set_image(1, gray(3, 4))
    scu.print_session()
    assert [rows(job.sheets) for job in scu.spool.jobs] == [[1, 2], [1, 9], [1, 9, 3]]
    assert len({job.uid for job in scu.spool.jobs}) == 3


def test_what_is_changed_after_the_n_action_does_not_alter_the_job(scu: Scu) -> None:
    scu.set_image(1, gray())
    job = scu.printed_session()
    kept = repr(job), [image.pixels for image in job.sheets[0].images]
    scu.set_session(NumberOfCopies=9, MediumType="CLEAR FILM")
    scu.set_film(BorderDensity="WHITE", MaxDensity=100)
    scu.set_image(1, gray(PixelData=b"xxxxxx"), Polarity="REVERSE")
    scu.set_image(2, gray(1, 1))
    scu.create_film()
    scu.delete(BASIC_FILM_SESSION, scu.session)
    scu.close()
    assert (repr(job), [image.pixels for image in job.sheets[0].images]) == kept
    with pytest.raises(AttributeError):
        job.sheets[0].trim = True  # type: ignore[misc]


def test_what_the_session_says_after_its_first_film_counts_for_all(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session(NumberOfCopies=1, FilmSessionLabel="first")
    films(scu, 2)
    scu.set_session(NumberOfCopies=3, FilmSessionLabel="second", FilmDestination="BIN_1")
    job = scu.printed_session()
    assert (job.order.copies, job.order.label, job.order.destination) == (3, "second", "BIN_1")
    assert rows(job.sheets) == [1, 2]


def test_earlier_films_are_printed_and_otherwise_dead(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    first, *_ = films(scu, 1)
    box = scu.boxes[0]
    films(scu, 1)
    refused(0x0112, lambda: scu.set_image(1, gray(), box=box))
    for verb, action_type in (("set", None), ("action", 1), ("delete", None)):
        refused(
            0x0112,
            partial(scu.ask, verb, BASIC_FILM_BOX, first, action_type=action_type),
        )
    # A film box that is deleted does not bring the one before it back to life; but that one is printed.
    scu.delete(BASIC_FILM_BOX, scu.film)
    refused(0x0112, lambda: scu.ask("action", BASIC_FILM_BOX, first, action_type=1))
    assert rows(scu.printed_session().sheets) == [1]


def test_films_of_both_meta_classes_may_be_in_one_session(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    scu.create_film(context=GRAY)
    scu.create_film(context=COLOR)
    assert [sheet.color for sheet in scu.printed_session().sheets] == [False, True]


def test_a_session_without_film_boxes_is_c600(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    refused(0xC600, scu.print_session)
    films(scu, 1)
    scu.delete(BASIC_FILM_BOX, scu.film)
    refused(0xC600, scu.print_session)
    assert scu.spool.jobs == []


def test_a_session_without_images_is_printed_and_b602_where_strict(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    scu.create_film()
    scu.create_film()
    answer = scu.print_session()
    assert answer.status == (0xB602 if mode is Mode.STRICT else 0)
    assert answer.values is not None
    [job] = scu.spool.jobs
    assert [sheet.remarks for sheet in job.sheets] == [("no image was set: an empty film",)] * 2
    scu.set_image(1, gray())
    assert scu.print_session().status == 0  # not all of them are empty


def test_as_many_films_wait_as_are_collated_and_no_more(start: Start, mode: Mode) -> None:
    most = PROFILE.max_collated_films
    scu = start(mode)
    scu.create_session()
    films(scu, most)
    before = scu.state()
    error = refused(0x0213, scu.create_film)
    assert "print" in error.comment
    assert scu.state() == before
    scu.print_session()
    assert rows(scu.spool.jobs[0].sheets) == [1, 2, 3, 4]
    # They were printed, so they need not be kept for a session print.
    scu.create_film("STANDARD\\1,1")
    refused(0x0213, scu.print_session)
    scu.print_film()
    scu.delete(BASIC_FILM_SESSION, scu.session)
    scu.create_session()
    films(scu, most)
    assert rows(scu.printed_session().sheets) == [1, 2, 3, 4]


def test_films_printed_one_by_one_may_be_as_many_as_there_are(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    for number in range(1, 3 * PROFILE.max_collated_films):
        scu.create_film("STANDARD\\1,1")
        scu.set_image(1, gray(number, 4))
        assert scu.print_film().status == 0
    assert rows(scu.spool.sheets) == list(range(1, 3 * PROFILE.max_collated_films))
    assert sum(not draft.discarded for draft in scu.spool.drafts) == PROFILE.max_collated_films
    before = scu.state()
    refused(0x0213, scu.print_session)  # not all of its films are there any more
    assert scu.state() == before


def test_one_that_was_not_printed_does_not_make_room(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session()
    for number in range(PROFILE.max_collated_films):
        scu.create_film()
        if number != 0:
            scu.print_film()
    refused(0x0213, scu.create_film)


@pytest.mark.parametrize("most", [0, 1])
def test_printers_that_do_not_collate(start: Start, mode: Mode, most: int) -> None:
    scu = start(mode, profile=replace(BARE, max_collated_films=most))
    scu.create_session()
    films(scu, 1)
    before = scu.state()
    refused(0xC616 if most == 0 else 0x0213, scu.create_film)
    assert scu.state() == before
    if most == 0:
        refused(0x0211, scu.print_session)
        scu.print_film()
    else:
        scu.print_session()
    films(scu, 1)
    assert [rows(job.sheets) for job in scu.spool.jobs] == [[1]]
    # The film box that made way is let go of, and its memory.
    assert [draft.discarded for draft in scu.spool.drafts] == [True, False]
    assert scu.budget.held == 4


@pytest.mark.parametrize("action_type", [None, 0, 2])
def test_the_one_action_is_to_print(scu: Scu, action_type: int | None) -> None:
    refused(0x0123, lambda: scu.print_session(action_type))
    refused(0x0123, lambda: scu.print_film(action_type))
    assert scu.spool.jobs == []


def test_action_information_is_ignored_or_refused(tolerant: Scu, strict: Scu) -> None:
    for action in (tolerant.print_session, tolerant.print_film):
        tolerant.set_image(1, gray())
        tolerant.print_film()  # the film is kept already
        assert action(dataset=data_set(NumberOfCopies=7)).status == 0
        assert tolerant.spool.jobs[-1].order.remarks == ("action information ignored",)
        assert tolerant.spool.jobs[-1].order.copies == 1
    tolerant.print_session()
    assert tolerant.spool.jobs[-1].order.remarks == ()
    refused(0x0114, lambda: strict.print_session(dataset=data_set(NumberOfCopies=7)))
    refused(0x0114, lambda: strict.print_film(dataset=data_set(NumberOfCopies=7)))


def test_the_job_is_named_only_to_an_scu_that_knows_print_jobs(start: Start, mode: Mode) -> None:
    # Agfa NX aborts on a Referenced Print Job Sequence that it did not ask for.
    scu = start(mode, services=frozenset({GRAY}))
    scu.create_session()
    scu.create_film()
    scu.set_image(1, gray())
    assert scu.print_session().values is None
    assert scu.print_film().values is None
    assert len(scu.spool.jobs) == 2


def test_a_session_that_cannot_be_spooled_is_not_printed(scu: Scu) -> None:
    scu.set_image(1, gray())
    action = data_set(NumberOfCopies=7) if not scu.dialogue.strict else None
    for trouble in ("full", "stuck"):
        setattr(scu.spool, trouble, ResourceLimitation("no room on disk"))
        before = scu.state()
        refused(0x0213, lambda: scu.print_session(dataset=action))
        refused(0x0213, lambda: scu.print_film(dataset=action))
        if trouble == "full":
            refused(0x0213, scu.create_film)  # the film before could not be kept
        assert scu.state() == before
        setattr(scu.spool, trouble, None)
    assert scu.print_session().status == 0


def test_a_dialogue_is_at_rest_when_every_film_was_printed_as_it_is(start: Start, mode: Mode) -> None:
    scu = start(mode)
    seen: list[bool] = []
    for step in (
        scu.create_session,
        scu.create_film,  # in the making
        lambda: scu.set_image(1, gray()),
        scu.print_film,
        lambda: scu.set_image(1, gray()),  # and once more
        scu.print_film,
        scu.create_film,
        scu.create_film,  # two that are not printed, one of them frozen
        lambda: scu.delete(BASIC_FILM_BOX, scu.film),
        scu.print_session,
        scu.create_film,
        lambda: scu.delete(BASIC_FILM_SESSION, scu.session),
    ):
        step()
        seen.append(scu.dialogue.at_rest)
    assert [number for number, at_rest in enumerate(seen) if at_rest] == [0, 3, 5, 9, 11]


# --- the Presentation LUT of a session -------------------------------------------------------------------


def test_a_reference_to_a_presentation_lut_is_answered_as_one(start: Start, mode: Mode) -> None:
    scu = start(mode)
    look_up = scu.create_look_up(PresentationLUTShape="LIN OD")
    refers = [reference(PRESENTATION_LUT, look_up)]
    answer = scu.create_session(ReferencedPresentationLUTSequence=refers)
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["ReferencedPresentationLUTSequence"] == [
        {"ReferencedSOPClassUID": PRESENTATION_LUT, "ReferencedSOPInstanceUID": look_up}
    ]
    unknown = [reference(PRESENTATION_LUT, "1.2.3")]
    before = scu.state()
    refused(
        0x0106,
        lambda: scu.set_session(ReferencedPresentationLUTSequence=unknown, NumberOfCopies=3),
        "ReferencedPresentationLUTSequence",
    )
    assert scu.state() == before
