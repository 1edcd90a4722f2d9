"""Basic Annotation Box (PS3.4 H.4.4)."""

from collections.abc import Callable

import pytest
from film.scu import ABSENT, Scu, refused

from printscp.film.exchange import Answer
from printscp.film.geometry import Rectangle
from printscp.film.profile import Mode
from printscp.film.sheet import Annotation
from printscp.film.uids import BASIC_ANNOTATION_BOX

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Start = Callable[..., Scu]
FIRST = Annotation(1, Rectangle(4, 237, 96, 4), "CENTER", True, "first")


@pytest.fixture
def scu(start: Start, mode: Mode) -> Scu:
    """With a film of the boxes 0, 1 and 2."""
    return annotated(start(mode))


def annotated(scu: Scu) -> Scu:
    scu.create_session()
    scu.create_film("STANDARD\\2,1", AnnotationDisplayFormatID="COMBINED")
    return scu


def test_texts_are_printed_where_they_are_to_be(scu: Scu) -> None:
    assert scu.set_annotation(2, AnnotationPosition=2, TextString="DOE^JANE") == Answer(values={})
    scu.set_annotation(0, AnnotationPosition=0, TextString="x" * 64)
    assert scu.printed().annotations == (
        Annotation(0, Rectangle(4, 241, 195, 4), "LEFT", False, "x" * 64),
        Annotation(2, Rectangle(102, 237, 96, 4), "CENTER", True, "DOE^JANE"),
    )


def test_an_empty_text_erases_and_an_absent_one_keeps(scu: Scu) -> None:
    scu.set_annotation(1, AnnotationPosition=1, TextString="first")
    scu.set_annotation(1, AnnotationPosition=1, TextString=ABSENT)
    assert scu.printed().annotations == (FIRST,)
    scu.set_annotation(1, AnnotationPosition=1, TextString=None)
    assert scu.printed().annotations == ()
    assert scu.spool.sheets[0].annotations == (FIRST,)  # that job has its copy


def test_a_text_is_told_by_no_repr(scu: Scu) -> None:
    scu.set_annotation(1, AnnotationPosition=1, TextString="DOE^JANE")
    sheet = scu.printed()
    session = scu.dialogue.session
    assert "DOE" not in repr(sheet)
    assert session is not None
    assert session.film_box is not None
    assert "DOE" not in repr(session.film_box.annotation_boxes)


@pytest.mark.parametrize(
    ("status", "values", "offending"),
    [
        (0x0120, {"TextString": "x"}, ["AnnotationPosition"]),
        (0x0121, {"AnnotationPosition": None, "TextString": "x"}, ["AnnotationPosition"]),
        (0x0106, {"AnnotationPosition": 0, "TextString": "x"}, ["AnnotationPosition"]),
        (0x0106, {"AnnotationPosition": [1, 1], "TextString": "x"}, ["AnnotationPosition"]),
    ],
)
def test_what_is_refused_keeps_the_text_that_was_there(
    scu: Scu, status: int, values: dict[str, object], offending: list[str]
) -> None:
    scu.set_annotation(1, AnnotationPosition=1, TextString="first")
    before = scu.state()
    error = refused(status, lambda: scu.set_annotation(1, **values), *offending)
    assert len(error.comment) <= 64
    assert scu.state() == before


def test_of_a_text_that_is_too_long_what_fits_is_printed(start: Start) -> None:
    scu = annotated(start())
    scu.set_annotation(1, AnnotationPosition=1, TextString="first")
    answer = scu.set_annotation(1, AnnotationPosition=1, TextString="second" * 11)
    assert (answer.status, answer.tags) == (0x0116, (0x20300020,))
    assert "second" not in answer.comment  # a patient's, maybe
    [printed] = scu.printed().annotations
    assert printed.text == ("second" * 11)[:64]
    strict = annotated(start(Mode.STRICT))
    refused(
        0x0106,
        lambda: strict.set_annotation(1, AnnotationPosition=1, TextString="second" * 11),
        "TextString",
    )


def test_it_dies_with_its_film_box(scu: Scu) -> None:
    old = list(scu.annotations)
    scu.create_film("STANDARD\\2,1", AnnotationDisplayFormatID="COMBINED")
    assert not set(old) & set(scu.annotations)
    refused(0x0112, lambda: scu.ask("set", BASIC_ANNOTATION_BOX, old[0]))


def test_it_is_no_image_box(scu: Scu) -> None:
    refused(0x0119, lambda: scu.ask("set", BASIC_ANNOTATION_BOX, scu.boxes[0]))
    refused(0x0119, lambda: scu.set_image(1, box=scu.annotations[0]))
