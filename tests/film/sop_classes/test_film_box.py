"""Basic Film Box (PS3.4 H.4.2): what it makes, what is in force on it, and what is printed of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from film.scu import (
    ABSENT,
    BARE,
    COLOR,
    EVERYTHING,
    GRAY,
    PROFILE,
    Scu,
    color,
    data_set,
    gray,
    reference,
    refused,
)

from printscp.errors import ResourceLimitation
from printscp.film.exchange import Answer, Request
from printscp.film.geometry import Rectangle
from printscp.film.profile import Mode
from printscp.film.service import perform
from printscp.film.sheet import ToneCurve
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
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
ICC = b"\0" * 36 + b"acsp" + b"\0" * 88


def session(start: Start, *args: Any, **settings: Any) -> Scu:
    scu = start(*args, **settings)
    scu.create_session()
    return scu


# --- N-CREATE --------------------------------------------------------------------------------------------


def test_the_answer_has_all_that_is_in_force_and_the_boxes(start: Start, mode: Mode) -> None:
    scu = session(start, mode)
    answer = scu.create_film("STANDARD\\2,3 ", "1.2.4", FilmOrientation="LANDSCAPE", MaxDensity=300)
    assert (answer.status, answer.instance, answer.tags, answer.comment) == (0, "1.2.4", (), "")
    values = answer.values
    assert values is not None
    boxes = values.pop("ReferencedImageBoxSequence")
    assert values == {
        "ImageDisplayFormat": "STANDARD\\2,3",
        "ReferencedFilmSessionSequence": [
            {"ReferencedSOPClassUID": BASIC_FILM_SESSION, "ReferencedSOPInstanceUID": scu.session}
        ],
        "ReferencedBasicAnnotationBoxSequence": [],  # negotiated, but no format was asked for
        "FilmOrientation": "LANDSCAPE",
        "FilmSizeID": "8INX10IN",
        "RequestedResolutionID": "STANDARD",
        "MagnificationType": "CUBIC",
        "SmoothingType": "MEDIUM",
        "MinDensity": 20,
        "MaxDensity": 300,
        "ConfigurationInformation": "CS000",
        "BorderDensity": "BLACK",
        "EmptyImageDensity": "WHITE",
        "Trim": "NO",
        "Illumination": 2000,
        "ReflectedAmbientLight": 10,
    }
    assert {box["ReferencedSOPClassUID"] for box in boxes} == {BASIC_GRAYSCALE_IMAGE_BOX}
    assert len({box["ReferencedSOPInstanceUID"] for box in boxes}) == 6


def test_image_boxes_are_listed_in_the_order_of_their_positions(start: Start, mode: Mode) -> None:
    scu = session(start, mode)
    scu.create_film("STANDARD\\4,3")
    for position, box in enumerate(scu.boxes, start=1):
        assert scu.set_image(position, gray(position, 2), box=box).status == 0
        if position > 1:
            refused(
                0x0106,
                partial(scu.set_image, position - 1, gray(), box=box),
                "ImageBoxPosition",
            )
    assert [(image.position, image.rows) for image in scu.printed().images] == [
        (position, position) for position in range(1, 13)
    ]


def test_the_class_of_the_image_boxes_follows_the_context(start: Start, mode: Mode) -> None:
    scu = session(start, mode)
    for context, sop_class in ((GRAY, BASIC_GRAYSCALE_IMAGE_BOX), (COLOR, BASIC_COLOR_IMAGE_BOX)):
        answer = scu.create_film(context=context)
        assert answer.values is not None
        boxes = answer.values["ReferencedImageBoxSequence"]
        assert {box["ReferencedSOPClassUID"] for box in boxes} == {sop_class}


def test_on_a_context_of_neither_the_image_boxes_are_of_a_class_that_was_negotiated(start: Start) -> None:
    for meta, sop_class in ((GRAY, BASIC_GRAYSCALE_IMAGE_BOX), (COLOR, BASIC_COLOR_IMAGE_BOX)):
        scu = session(start, meta=meta, services=frozenset({meta, PRINT_JOB}))
        answer = scu.create_film(context=PRINT_JOB)
        assert answer.values is not None
        boxes = answer.values["ReferencedImageBoxSequence"]
        assert {box["ReferencedSOPClassUID"] for box in boxes} == {sop_class}


@pytest.mark.parametrize(
    ("format_id", "positions"),
    [
        ("LABEL", [0]),
        ("BOTTOM", [1, 2, 3, 4]),
        ("COMBINED", [0, 1, 2, 3, 4]),
        ("ANNOTATION", [2]),
        ("CORNERS", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_annotation_boxes_are_those_of_the_format(
    start: Start, mode: Mode, format_id: str, positions: list[int]
) -> None:
    scu = session(start, mode)
    answer = scu.create_film("STANDARD\\2,2", AnnotationDisplayFormatID=format_id)
    assert answer.values is not None
    boxes = answer.values["ReferencedBasicAnnotationBoxSequence"]
    assert {box["ReferencedSOPClassUID"] for box in boxes} == {BASIC_ANNOTATION_BOX}
    for index, position in enumerate(positions):
        scu.set_annotation(index, AnnotationPosition=position, TextString=f"at {position}")
    sheet = scu.printed()
    assert sheet.annotation_format == format_id
    assert [(each.position, each.text) for each in sheet.annotations] == [
        (position, f"at {position}") for position in positions
    ]
    assert not any(each.where.overlaps(box) for each in sheet.annotations for box in sheet.boxes)


def test_annotation_boxes_are_for_those_who_negotiated_them(start: Start, mode: Mode) -> None:
    scu = session(start, mode, services=EVERYTHING - {BASIC_ANNOTATION_BOX})
    answer = scu.create_film(AnnotationDisplayFormatID="COMBINED")
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["AnnotationDisplayFormatID"] == "COMBINED"
    assert "ReferencedBasicAnnotationBoxSequence" not in answer.values
    sheet = scu.printed()
    assert sheet.annotations == ()
    assert "AnnotationDisplayFormatID ignored: annotation boxes not negotiated" in sheet.remarks
    scu.create_film()
    assert sheet.boxes == scu.printed().boxes  # what nobody can fill takes no room


@pytest.mark.parametrize(
    "refers_to",
    [
        [reference(BASIC_FILM_SESSION, "1.2.3")],
        [reference(BASIC_FILM_SESSION, "")],
        [reference(BASIC_FILM_BOX, "1.2.3")],
        [data_set(ReferencedSOPClassUID=BASIC_FILM_SESSION)],
    ],
    ids=["another", "empty", "another class", "none"],
)
def test_it_belongs_to_the_session_that_is_open(scu: Scu, refers_to: Any) -> None:
    before = scu.state()
    refused(
        0x0106,
        lambda: scu.create_film(ReferencedFilmSessionSequence=refers_to),
        "ReferencedFilmSessionSequence",
    )
    assert scu.state() == before


def test_without_a_session_there_is_no_film_box(start: Start, mode: Mode) -> None:
    scu = start(mode)
    refused(
        0x0106,
        lambda: scu.create_film(ReferencedFilmSessionSequence=[reference(BASIC_FILM_SESSION, "1.2.3")]),
        "ReferencedFilmSessionSequence",
    )
    other = session(start, printer=scu.printer)
    scu.session = other.session
    refused(0x0106, scu.create_film, "ReferencedFilmSessionSequence")


def test_a_uid_in_use_is_0111(scu: Scu) -> None:
    look_up = scu.create_look_up(PresentationLUTShape="IDENTITY")
    scu.create_film(AnnotationDisplayFormatID="LABEL")
    in_use = (scu.session, scu.film, scu.boxes[1], scu.annotations[0], look_up, PRINTER_INSTANCE)
    for uid in in_use:
        before = scu.state()
        refused(0x0111, partial(scu.create_film, uid=uid))
        assert scu.state() == before
    # Gone with its film box, the UID is free again.
    old = scu.film
    scu.delete(BASIC_FILM_BOX, scu.film)
    assert scu.create_film(uid=old).instance == old


@pytest.mark.parametrize("uid", ["", "1.2.", "1..2", "1.2.a"])
def test_a_uid_that_breaks_the_rules_is_0117(scu: Scu, uid: str) -> None:
    refused(0x0117, lambda: scu.create_film(uid=uid))


@pytest.mark.parametrize(
    ("status", "layout", "values", "offending"),
    [
        (0x0120, ABSENT, {}, ["ImageDisplayFormat"]),
        (0x0121, "", {}, ["ImageDisplayFormat"]),
        (0x0106, "STANDARD\\5,1", {}, ["ImageDisplayFormat"]),
        (0x0106, "STANDARD\\1,4", {}, ["ImageDisplayFormat"]),
        (0x0106, "ROW\\1,5", {}, ["ImageDisplayFormat"]),
        (
            0x0120,
            "STANDARD\\1,1",
            {"ReferencedFilmSessionSequence": ABSENT},
            ["ReferencedFilmSessionSequence"],
        ),
        (0x0106, "STANDARD\\1,1", {"MinDensity": 300, "MaxDensity": 100}, ["MinDensity", "MaxDensity"]),
        (0x0106, "STANDARD\\1,1", {"MinDensity": 310}, ["MinDensity", "MaxDensity"]),
    ],
)
def test_what_is_refused_leaves_the_film_box_before_alive(
    scu: Scu, status: int, layout: Any, values: dict[str, Any], offending: list[str]
) -> None:
    scu.set_image(1, gray())
    film, boxes, before = scu.film, scu.boxes, scu.state()
    error = refused(status, lambda: scu.create_film(layout, **values), *offending)
    assert len(error.comment) <= 64
    assert "\\" not in error.comment
    assert scu.state() == before
    assert (scu.film, scu.boxes) == (film, boxes)
    assert scu.print_film().status == 0


def test_weasis_gets_its_film(start: Start) -> None:
    # It aborts on any status but 0000, 0107, 0116, B600, B602, B604, B609 and B60A: not B605.
    asked: dict[str, Any] = {"MinDensity": 0, "MaxDensity": 255, "Trim": "YES", "SmoothingType": "MEDIUM"}
    scu = session(start, Mode.TOLERANT)
    answer = scu.create_film("STANDARD\\1,1", **asked)
    assert (answer.status, answer.comment) == (0, "")
    assert answer.values is not None
    assert (answer.values["MinDensity"], answer.values["MaxDensity"]) == (20, 255)
    scu.set_image(1, gray())
    sheet = scu.printed()
    assert (sheet.images[0].min_density, sheet.images[0].max_density) == (20, 255)
    assert sheet.remarks == ("MinDensity: 0 outside 20..310: 20 used",)


def test_a_strict_printer_warns_of_densities_that_it_clips(start: Start) -> None:
    scu = session(start, Mode.STRICT)
    answer = scu.create_film("STANDARD\\1,1", MinDensity=0, MaxDensity=400)
    assert answer.status == 0xB605
    assert answer.tags == (0x20100130, 0x20100120)
    assert answer.instance is not None
    assert answer.values is not None
    assert (answer.values["MinDensity"], answer.values["MaxDensity"]) == (20, 310)
    answer = scu.set_film(BorderDensity="5")
    assert (answer.status, answer.tags) == (0xB605, (0x20100100,))
    assert answer.comment == "BorderDensity: 5 outside 20..310: 20 used"
    assert answer.values is not None
    assert answer.values["BorderDensity"] == "20"


def test_fo_dicom_names_image_boxes_of_its_own(start: Start) -> None:
    scu = session(start)
    own = [reference(BASIC_GRAYSCALE_IMAGE_BOX, "1.2.3.4")]
    answer = scu.create_film(ReferencedImageBoxSequence=own, SOPClassUID=BASIC_FILM_BOX, SOPInstanceUID="1.9")
    assert answer.status == 0
    assert "1.2.3.4" not in scu.boxes
    assert len(scu.boxes) == 2
    assert scu.printed().remarks == ("no image was set: an empty film",)


def test_ge_sends_an_empty_film_size(scu: Scu) -> None:
    answer = scu.create_film(FilmSizeID=None)
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["FilmSizeID"] == "8INX10IN"


# --- the sheet -------------------------------------------------------------------------------------------


def test_a_sheet_holds_all_that_was_asked_for(start: Start, mode: Mode) -> None:
    scu = session(start, mode)
    scu.create_film(
        "STANDARD\\2,3",
        FilmOrientation="LANDSCAPE",
        FilmSizeID="8INX10IN",
        RequestedResolutionID="HIGH",
        MagnificationType="REPLICATE",
        SmoothingType="SHARP",
        ConfigurationInformation="GAMMA=1\\EDGE=2",
        BorderDensity="WHITE",
        EmptyImageDensity="150",
        MinDensity=30,
        MaxDensity=200,
        Trim="YES",
        Illumination=1500,
        ReflectedAmbientLight=5,
    )
    scu.set_image(2, gray(4, 5))
    sheet = scu.printed()
    assert (sheet.film_size, sheet.orientation) == ("8INX10IN", "LANDSCAPE")
    assert (sheet.display_format, sheet.resolution) == ("STANDARD\\2,3", "HIGH")
    # 508 x 406 less 8 on each side and 10 for the label, 4 between the boxes: 2 of 244 by 3 of 124.
    assert (sheet.width, sheet.height, sheet.dots_per_inch) == (508, 406, 50.8)
    assert len(sheet.boxes) == 6
    assert sheet.boxes[0] == Rectangle(8, 8, 244, 124)
    assert sheet.boxes[5] == Rectangle(256, 264, 244, 124)
    assert sheet.label == Rectangle(8, 388, 492, 10)
    assert (sheet.printer_density, sheet.border_density, sheet.empty_image_density) == ((20, 310), 30, 150)
    assert (sheet.trim, sheet.illumination, sheet.reflected_ambient_light) == (True, 1500, 5)
    assert (sheet.color, sheet.icc_profile, sheet.look_ups, sheet.annotations) == (False, b"", (), ())
    assert sheet.remarks == ("SmoothingType SHARP ignored: magnification REPLICATE",)
    [image] = sheet.images
    assert (image.position, image.rows, image.columns, image.bits_stored) == (2, 4, 5, 8)
    assert (image.magnification, image.smoothing, image.smoothing_weight) == ("REPLICATE", "SHARP", -0.1)
    assert (image.configuration, image.curve) == ("GAMMA=1\\EDGE=2", ToneCurve(2.0))
    assert (image.min_density, image.max_density, image.look_up) == (30, 200, None)


@pytest.mark.parametrize(
    ("value", "hundredths"), [("BLACK", 250), ("WHITE", 40), ("100", 100), ("20", 20), ("310", 310)]
)
def test_black_and_white_are_the_limits_in_force(start: Start, value: str, hundredths: int) -> None:
    scu = session(start)
    scu.create_film(BorderDensity=value, EmptyImageDensity=value, MinDensity=40)
    scu.set_film(MaxDensity=250)
    sheet = scu.printed()
    assert (sheet.border_density, sheet.empty_image_density) == (hundredths, hundredths)


def test_remarks_name_what_was_done_otherwise(start: Start) -> None:
    scu = session(start)
    scu.create_film(AnnotationDisplayFormatID="LABEL", Trim="MAYBE")
    scu.set_film(PatientName="DOE^JANE")
    scu.set_image(2, gray(), MinDensity=5)
    scu.set_annotation(0, AnnotationPosition=0, TextString="x" * 65)
    assert scu.printed().remarks == (
        "Trim: MAYBE is none of YES, NO; NO used",
        "PatientName ignored",
        "image 2: MinDensity: 5 outside 20..310: 20 used",
        "annotation 0: TextString: not one text of 64 characters at most; what fits is used",
    )


def test_what_has_no_effect_is_told_once(start: Start) -> None:
    scu = session(start)
    scu.create_film("STANDARD\\2,2", SmoothingType="SHARP")
    scu.set_image(1, gray(), MagnificationType="CUBIC")
    assert scu.printed().remarks == ()
    for position in (2, 3):
        scu.set_image(position, gray(), MagnificationType="REPLICATE")
    assert scu.printed().remarks == ("SmoothingType SHARP ignored: magnification REPLICATE",)


def test_what_is_for_gray_images_only_is_told_on_a_color_film(start: Start) -> None:
    scu = session(start, meta=COLOR)
    scu.create_film(MaxDensity=250)
    scu.set_image(1, color())
    assert scu.printed().remarks == ("MaxDensity ignored: color images",)


# --- what a printer may lack -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "value"), [("EmptyImageDensity", "WHITE"), ("Trim", "YES"), ("SmoothingType", "SHARP")]
)
def test_an_attribute_that_the_printer_does_not_have_is_ignored(
    start: Start, mode: Mode, keyword: str, value: str
) -> None:
    scu = session(start, mode, profile=BARE)
    for answer in (scu.create_film(**{keyword: value}), scu.set_film(**{keyword: value})):
        assert answer.status == (0x0107 if mode is Mode.STRICT else 0)
        assert answer.values is not None
        assert keyword not in answer.values
    scu.set_image(1, gray())
    sheet = scu.printed()
    assert f"{keyword} ignored: not on this printer" in sheet.remarks
    assert (sheet.trim, sheet.empty_image_density, sheet.images[0].smoothing_weight) == (False, 310, 0.0)


def test_one_film_size_a_session_where_the_printer_cannot_change_it(start: Start, mode: Mode) -> None:
    scu = session(start, mode, profile=replace(PROFILE, one_film_size=True))
    scu.create_film(FilmSizeID="A4")
    for print_it in (False, True):
        if print_it:
            scu.print_film()
        before = scu.state()
        error = refused(0x0110, scu.create_film, "FilmSizeID")
        assert error.comment == "this session has film A4: one size a session"
        assert scu.state() == before
    scu.create_film(FilmSizeID="A4")
    scu.delete(BASIC_FILM_BOX, scu.film)
    refused(0x0110, scu.create_film, "FilmSizeID")  # an earlier film still waits
    scu.delete(BASIC_FILM_SESSION, scu.session)
    scu.create_session()
    scu.create_film(FilmSizeID="A4")
    scu.delete(BASIC_FILM_BOX, scu.film)
    scu.create_film()


# --- ICC profile -----------------------------------------------------------------------------------------


def test_an_icc_profile_is_for_color_films(start: Start, mode: Mode) -> None:
    scu = session(start, mode, meta=COLOR)
    answer = scu.create_film(ICCProfile=ICC)
    assert answer.status == 0
    assert answer.values is not None
    assert "ICCProfile" not in answer.values  # the SCU has it
    scu.set_image(1, color())
    assert scu.printed().icc_profile == ICC
    assert scu.set_film(ICCProfile=ICC[:-1] + b"2").status == 0
    assert scu.printed().icc_profile == ICC[:-1] + b"2"


def test_on_a_gray_film_it_is_ignored(scu: Scu) -> None:
    for answer in (scu.create_film(ICCProfile=ICC), scu.set_film(ICCProfile=ICC)):
        assert answer.values is not None
        if scu.dialogue.strict:
            assert (answer.status, answer.tags) == (0x0107, (0x00282000,))
        else:
            assert (answer.status, answer.tags) == (0, ())
    sheet = scu.printed()
    assert sheet.icc_profile == b""
    assert "ICCProfile ignored: for color images only" in sheet.remarks


# --- N-SET -----------------------------------------------------------------------------------------------


def test_changes_are_printed_and_answered_with_all_that_can_be_set(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.print_film()
    answer = scu.set_film(BorderDensity="150", MinDensity=40)
    assert answer.status == 0
    assert answer.values == {
        "MagnificationType": "CUBIC",
        "SmoothingType": "MEDIUM",
        "MaxDensity": 310,
        "ConfigurationInformation": "CS000",
        "BorderDensity": "150",
        "EmptyImageDensity": "WHITE",
        "MinDensity": 40,
        "Trim": "NO",
        "Illumination": 2000,
        "ReflectedAmbientLight": 10,
    }
    sheet = scu.printed()
    assert (sheet.border_density, sheet.images[0].min_density) == (150, 40)


@pytest.mark.parametrize("keyword", ["ImageDisplayFormat", "FilmOrientation", "FilmSizeID"])
def test_what_is_for_n_create_only_is_ignored_or_refused(tolerant: Scu, strict: Scu, keyword: str) -> None:
    value = {"ImageDisplayFormat": "STANDARD\\1,1", "FilmOrientation": "LANDSCAPE", "FilmSizeID": "A4"}
    before = tolerant.printed()
    assert tolerant.set_film(**{keyword: value[keyword]}).status == 0
    assert tolerant.printed() == replace(before, remarks=(f"{keyword} ignored", *before.remarks))
    refused(0x0105, lambda: strict.set_film(**{keyword: value[keyword]}), keyword)


def test_no_film_comes_out_that_is_a_negative_of_itself(scu: Scu) -> None:
    scu.set_image(1, gray(), MaxDensity=100)
    before = scu.state()
    refused(0x0106, lambda: scu.set_film(MinDensity=150), "MinDensity", "MaxDensity")
    refused(0x0106, lambda: scu.set_film(MinDensity=200, MaxDensity=150), "MinDensity", "MaxDensity")
    assert scu.state() == before


def test_magnification_none_is_refused_where_an_image_has_to_be_shrunk(scu: Scu) -> None:
    # One to one an image of 97 columns would lose one in a box of 96; asked to decimate it must fail.
    scu.set_image(1, gray(10, 97))
    before = scu.state()
    refused(0x0106, lambda: scu.set_film(MagnificationType="NONE"), "MagnificationType")
    assert scu.state() == before
    scu.set_image(1, gray(10, 96))
    assert scu.set_film(MagnificationType="NONE").status == 0
    scu.set_image(1, gray(10, 97), MagnificationType="REPLICATE")
    assert scu.set_film(MagnificationType="NONE").status == 0
    scu.set_image(1, gray(10, 97), RequestedDecimateCropBehavior="CROP")
    assert scu.set_film(MagnificationType="NONE").status == 0


def test_magnification_none_does_not_cut_an_image_that_is_to_fail(scu: Scu) -> None:
    # 97 columns at 1 mm fit, one to one they do not.
    scu.set_image(1, gray(10, 97), RequestedImageSize=1, RequestedDecimateCropBehavior="FAIL")
    refused(0x0106, lambda: scu.set_film(MagnificationType="NONE"), "MagnificationType")


def test_magnification_none_and_an_image_of_requested_size(start: Start, mode: Mode) -> None:
    scu = session(start, mode)
    scu.create_film("STANDARD\\2,1")
    scu.set_image(1, gray(), RequestedImageSize=10)
    scu.set_image(2, gray(), RequestedImageSize=10, MagnificationType="CUBIC")
    if mode is Mode.STRICT:
        before = scu.state()
        refused(0x0106, lambda: scu.set_film(MagnificationType="NONE"), "MagnificationType")
        assert scu.state() == before
        return
    answer = scu.set_film(MagnificationType="NONE")
    assert (answer.status, answer.tags) == (0x0116, (0x20100060,))
    assert scu.set_film(Trim="YES").status == 0
    sheet = scu.printed()
    assert [image.requested_width_mm for image in sheet.images] == [None, 10]
    assert sheet.remarks == ("image 1: RequestedImageSize ignored: magnification NONE",)


# --- N-ACTION and N-DELETE -------------------------------------------------------------------------------


def test_each_print_is_a_job_of_its_own(scu: Scu) -> None:
    scu.set_image(1, gray())
    answers = [scu.print_film() for _ in range(2)]
    assert scu.spool.jobs[0].sheets == scu.spool.jobs[1].sheets
    for answer, job in zip(answers, scu.spool.jobs, strict=True):
        assert answer == Answer(
            values={
                "ReferencedPrintJobSequencePullStoredPrint": [
                    {"ReferencedSOPClassUID": PRINT_JOB, "ReferencedSOPInstanceUID": job.uid}
                ]
            },
            job=job.uid,
        )
    assert len({job.uid for job in scu.spool.jobs}) == 2


def test_a_film_without_an_image_is_printed_and_b603_where_strict(scu: Scu) -> None:
    answer = scu.print_film()
    assert answer.status == (0xB603 if scu.dialogue.strict else 0)
    assert answer.values is not None  # the job all the same
    [sheet] = scu.spool.sheets
    assert sheet.images == ()
    assert sheet.remarks == ("no image was set: an empty film",)
    scu.set_image(1, gray())
    assert scu.print_film().status == 0
    scu.set_image(1)
    assert scu.print_film().status == (0xB603 if scu.dialogue.strict else 0)


def test_images_go_on_their_way_as_they_come(scu: Scu) -> None:
    scu.set_image(2, gray(1, 4, PixelData=b"1234"))
    [draft] = scu.spool.drafts
    assert draft.early == [(2, b"1234")]
    assert draft.sheet is None
    scu.set_film(Trim="YES")
    scu.set_image(2, gray(1, 4, PixelData=b"5678"))
    scu.set_image(1)
    assert draft.early == [(2, b"1234"), (2, b"5678")]  # each once
    assert scu.printed().images[0].pixels == b"5678"


def test_what_the_print_takes_along_need_not_go_ahead(scu: Scu) -> None:
    # The N-ACTION may come before there was time for it; then the film is written with its pixels.
    values = {"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": [gray()]}
    request = Request(GRAY, BASIC_GRAYSCALE_IMAGE_BOX, scu.boxes[0], data_set(**values))
    perform(scu.dialogue, "set", request)
    assert scu.printed().images[0].pixels == gray().PixelData
    assert scu.spool.drafts[0].early == []


def test_a_film_that_cannot_be_kept_is_still_there(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.spool.full = ResourceLimitation("no room on disk")
    before = scu.state()
    refused(0x0213, scu.print_film)
    refused(0x0213, scu.create_film)
    assert scu.state() == before
    scu.spool.full = None
    assert scu.print_film().status == 0


def test_its_n_delete_gives_back_its_memory(scu: Scu) -> None:
    scu.set_image(1, gray(5, 6))
    scu.set_image(2, gray(5, 6, 12))
    assert scu.budget.held == 90
    scu.print_film()
    assert scu.delete(BASIC_FILM_BOX, scu.film) == Answer()
    assert scu.budget.held == 0
    for call in (
        scu.print_film,
        lambda: scu.set_image(1, gray()),
        lambda: scu.delete(BASIC_FILM_BOX, scu.film),
    ):
        refused(0x0112, call)
    assert len(scu.spool.sheets) == 1
    assert scu.create_film().status == 0


def test_an_scu_may_give_up_a_film_it_did_not_print(start: Start, mode: Mode) -> None:
    scu = session(start, mode, profile=BARE)
    scu.create_film()
    refused(0xC616, scu.create_film)
    scu.delete(BASIC_FILM_BOX, scu.film)
    assert scu.create_film().status == 0
    assert scu.spool.jobs == []


def test_the_default_printer_takes_a_film_of_each_size_and_format(start: Start) -> None:
    scu = session(start, profile=replace(PROFILE, max_collated_films=100))
    for size in PROFILE.film_sizes:
        for orientation in ("PORTRAIT", "LANDSCAPE"):
            scu.create_film("STANDARD\\4,3", FilmSizeID=size.term, FilmOrientation=orientation)
            sheet = scu.printed()
            tall = orientation == "PORTRAIT"
            assert (sheet.height > sheet.width) == tall
            short, long = sorted((sheet.width, sheet.height))
            assert (short, long) == (round(size.width_mm), round(size.height_mm))


def test_a_reference_to_a_presentation_lut_that_is_not_there_is_refused(scu: Scu) -> None:
    refers = [reference(PRESENTATION_LUT, "1.2.3")]
    before = scu.state()
    for call in (scu.create_film, scu.set_film):
        refused(
            0x0106,
            partial(call, ReferencedPresentationLUTSequence=refers),
            "ReferencedPresentationLUTSequence",
        )
    assert scu.state() == before
