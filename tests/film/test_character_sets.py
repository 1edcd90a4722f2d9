"""Texts in the character sets of the field, from the wire to job and sheet (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from collections.abc import Callable
from typing import Any

import pytest
from film.elements import Element, received, tag
from film.scu import Scu, make_printer
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding
from pydicom.uid import UID

from printscp.errors import PrintError
from printscp.film.exchange import Answer, Request
from printscp.film.profile import Mode
from printscp.film.service import perform
from printscp.film.uids import BASIC_ANNOTATION_BOX, BASIC_FILM_BOX, BASIC_FILM_SESSION

# pydicom warns of bytes that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Start = Callable[..., Scu]

_JIS, _ASCII, _GB2312 = b"\x1b$B", b"\x1b(B", b"\x1b$)A"


def jis(text: str) -> bytes:
    """Text in JIS X 0208, between escape sequences (ISO 2022 IR 87)."""
    return _JIS + text.encode("iso2022_jp").removeprefix(_JIS).removesuffix(_ASCII) + _ASCII


TEXTS = {
    "none": (b"", "DOE JANE", b"DOE JANE"),
    "Latin": (b"ISO_IR 100", "Größe Ångström", "Größe Ångström".encode("latin_1")),
    "Cyrillic": (b"ISO_IR 144", "Люкceмбypг", "Люкceмбypг".encode("iso8859_5")),
    "Arabic": (b"ISO_IR 127", "قباني", "قباني".encode("iso8859_6")),
    "Greek": (b"ISO_IR 126", "Διονυσιος", "Διονυσιος".encode("iso8859_7")),
    "Korean": (b"\\ISO 2022 IR 149", "김희중", b"\x1b$)C" + "김희중".encode("euc_kr")),
    "Chinese": (b"GB18030", "王小东", "王小东".encode("gb18030")),
    "Chinese, 58": (
        b"\\ISO 2022 IR 58",
        "Li=王^小东",
        b"Li=" + _GB2312 + "王".encode("gb2312") + b"^" + _GB2312 + "小东".encode("gb2312"),
    ),
    "Chinese, GBK": (b"GBK", "王小东", "王小东".encode("gbk")),
    # Characters with a byte 5C, which is no backslash there.
    "Chinese with 5C": (b"GB18030", "乗哱", "乗哱".encode("gb18030")),
    "Japanese with 5C": (b"\\ISO 2022 IR 87", "宮本", jis("宮本")),
    "Japanese": (b"\\ISO 2022 IR 87", "Yamada 山田太郎", b"Yamada " + jis("山田太郎")),
    "Katakana": (b"ISO_IR 13", "ﾔﾏﾀﾞ", "ﾔﾏﾀﾞ".encode("shift_jis")),
    "Unicode": (b"ISO_IR 192", "фильм フィルム", "фильм フィルム".encode()),
}


def test_a_byte_5c_is_in_the_texts_that_are_to_have_one() -> None:
    assert all((b"\\" in value) == ("5C" in language) for language, (_, _, value) in TEXTS.items())


def padded(value: bytes) -> bytes:
    return value + b" " * (len(value) % 2)


def text(keyword: str, vr: str, value: bytes) -> Element:
    return tag(keyword), vr, padded(value)


def say(scu: Scu, verb: str, sop_class: str, instance: str | None, *elements: Element) -> Answer:
    """A request of just these elements."""
    dataset = received(*sorted(elements), implicit=scu.implicit)
    uid: Any = instance
    context = BASIC_ANNOTATION_BOX if sop_class == BASIC_ANNOTATION_BOX else scu.meta
    return perform(scu.dialogue, verb, Request(context, UID(sop_class), uid, dataset))


def character_set(value: bytes) -> list[Element]:
    return [text("SpecificCharacterSet", "CS", value)] if value else []


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit VR", "explicit VR"])
@pytest.mark.parametrize("language", TEXTS)
def test_a_text_arrives_as_it_was_written(start: Start, mode: Mode, language: str, implicit: bool) -> None:
    terms, written, value = TEXTS[language]
    scu = start(mode, implicit=implicit)
    answer = say(
        scu,
        "create",
        BASIC_FILM_SESSION,
        "1.2.3",
        *character_set(terms),
        text("FilmSessionLabel", "LO", value),
    )
    assert answer.status == 0
    assert answer.values is not None
    assert answer.values["FilmSessionLabel"] == written
    assert answer.values.get("SpecificCharacterSet") == (terms.decode().split("\\") if terms else None)
    # The answer is encoded in that set, so the wire needs to find its terms.
    assert all(term in python_encoding for term in answer.values.get("SpecificCharacterSet", []))

    # Film box and annotation boxes follow their session (PS3.4 H.4.2, H.4.4).
    scu.session = answer.instance  # type: ignore[assignment]
    scu.create_film("STANDARD\\2,1", AnnotationDisplayFormatID="COMBINED")
    position = (tag("AnnotationPosition"), "US", b"\1\0")
    box = scu.annotations[1]
    say(scu, "set", BASIC_ANNOTATION_BOX, box, position, text("TextString", "LO", value))
    assert [each.text for each in scu.printed().annotations] == [written]
    # Unless they name another of their own.
    zero, first = (tag("AnnotationPosition"), "US", b"\0\0"), scu.annotations[0]
    greek = text("TextString", "LO", "Ω".encode("iso8859_7"))
    say(scu, "set", BASIC_ANNOTATION_BOX, first, *character_set(b"ISO_IR 126"), zero, greek)

    say(scu, "set", BASIC_FILM_SESSION, "1.2.3", text("OwnerID", "SH", value))
    job = scu.printed_session()
    assert (job.order.label, job.order.owner) == (written, written)
    assert [each.text for each in job.sheets[0].annotations] == ["Ω", written]
    assert job.order.remarks == ()


def test_a_session_may_change_its_character_set(scu: Scu) -> None:
    scu.implicit = False
    label = text("FilmSessionLabel", "LO", "Ä".encode("latin_1"))
    say(scu, "set", BASIC_FILM_SESSION, scu.session, *character_set(b"ISO_IR 100"), label)
    assert scu.printed_session().order.label == "Ä"
    say(scu, "set", BASIC_FILM_SESSION, scu.session, *character_set(b"ISO_IR 192"))
    assert scu.printed_session().order.label == "Ä"
    say(scu, "set", BASIC_FILM_SESSION, scu.session, text("FilmSessionLabel", "LO", "Ö".encode()))
    assert scu.printed_session().order.label == "Ö"


def test_an_unknown_character_set_is_told(start: Start) -> None:
    elements = *character_set(b"ISO_IR 9"), text("FilmSessionLabel", "LO", b"DOE^JANE")
    scu = start()
    answer = say(scu, "create", BASIC_FILM_SESSION, "1.2.3", *elements)
    assert (answer.status, answer.tags) == (0x0116, (0x00080005,))
    assert answer.values is not None
    assert answer.values["FilmSessionLabel"] == "DOE^JANE"
    assert "SpecificCharacterSet" not in answer.values
    with pytest.raises(PrintError) as caught:
        say(start(Mode.STRICT), "create", BASIC_FILM_SESSION, "1.2.3", *elements)
    assert caught.value.status == 0x0106


def test_an_unknown_character_set_is_told_by_every_class(start: Start) -> None:
    position = (tag("AnnotationPosition"), "US", b"\1\0")
    elements = *character_set(b"ISO_IR 9"), position, text("TextString", "LO", b"DOE^JANE")
    for mode in Mode:
        scu = start(mode)
        scu.create_session()
        scu.create_film(AnnotationDisplayFormatID="BOTTOM")
        if mode is Mode.STRICT:
            with pytest.raises(PrintError) as caught:
                say(scu, "set", BASIC_ANNOTATION_BOX, scu.annotations[0], *elements)
            assert caught.value.status == 0x0106
        else:
            answer = say(scu, "set", BASIC_ANNOTATION_BOX, scu.annotations[0], *elements)
            assert (answer.status, answer.tags) == (0x0116, (0x00080005,))
            remark = "annotation 1: SpecificCharacterSet: ISO_IR 9 is no defined term; ignored"
            assert remark in scu.printed().remarks


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        (b"ISO_IR 192", b"Gr\xf6\xdfe"),
        (b"ISO_IR 144", b""),
        (b"GB18030", b"\xff\xff"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xff\xff"),
        (b"\\ISO 2022 IR 87", _JIS + b"\x7f\x7f" + _ASCII),
        (b"\\ISO 2022 IR 87", _JIS),
        (b"ISO_IR 127", b"\xa1"),
        (b"ISO_IR 192\\ISO 2022 IR 87", b"Gr\xf6\xdfe"),
    ],
)
def test_bytes_that_are_no_text_are_printed_as_far_as_they_are(
    start: Start, mode: Mode, terms: bytes, value: bytes
) -> None:
    scu = start(mode)
    answer = say(
        scu,
        "create",
        BASIC_FILM_SESSION,
        "1.2.3",
        *character_set(terms),
        text("FilmSessionLabel", "LO", b"X" + value),
    )
    assert answer.status == 0
    assert answer.values is not None
    label = answer.values["FilmSessionLabel"]
    assert label.startswith("X")
    session = scu.dialogue.session
    assert session is not None
    assert session.remarks == (
        [] if label == "X" else ["FilmSessionLabel: some characters are not of the Specific Character Set"]
    )
    assert "�" in label or "\x1b" in label or value in (b"", _JIS)


@given(
    terms=st.lists(st.sampled_from([*python_encoding, "ISO_IR 9", "utf_8", "x"]), max_size=3),
    value=st.binary(max_size=40),
    mode=st.sampled_from(Mode),
    implicit=st.booleans(),
)
def test_no_bytes_in_any_character_set_lead_to_another_error(
    terms: list[str], value: bytes, mode: Mode, implicit: bool
) -> None:
    scu = Scu(make_printer(mode), implicit=implicit)
    label = text("FilmSessionLabel", "LO", value)
    status = 0
    try:
        say(scu, "create", BASIC_FILM_SESSION, "1.2.3", *character_set("\\".join(terms).encode()), label)
        say(scu, "set", BASIC_FILM_SESSION, "1.2.3", text("OwnerID", "SH", value))
        say(scu, "set", BASIC_FILM_BOX, "1.2.3", label)
    except PrintError as error:
        status = error.status
    assert status in (0, 0x0105, 0x0106, 0x0119)
    scu.close()
