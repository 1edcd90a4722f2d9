"""The attribute tables: what each usage letter makes of what an SCU gives (PS3.4 H.2.4)."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from film.elements import VRS, item, received, tag
from film.scu import BARE, PROFILE, data_set, reference
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from printscp.errors import (
    InvalidAttributeValue,
    MissingAttribute,
    MissingAttributeValue,
    NoSuchAttribute,
)
from printscp.film.attributes import Attribute, Reading, read
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.reply import Reply
from printscp.film.service import SOP_CLASSES
from printscp.film.sop_classes.annotation_box import BasicAnnotationBox
from printscp.film.sop_classes.film_box import BasicFilmBox
from printscp.film.sop_classes.film_session import BasicFilmSession
from printscp.film.sop_classes.image_box import BasicColorImageBox, BasicGrayscaleImageBox
from printscp.film.sop_classes.presentation_lut import PresentationLUT
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

SUCCESS, LIST_ERROR, OUT_OF_RANGE, DENSITY_OUTSIDE_RANGE = 0x0000, 0x0107, 0x0116, 0xB605

TABLES: dict[str, tuple[Attribute, ...]] = {
    "film session": BasicFilmSession.tables["create"],
    "film box": BasicFilmBox.tables["create"],
    "film box set": BasicFilmBox.tables["set"],
    "gray image box": BasicGrayscaleImageBox.tables["set"],
    "gray image": BasicGrayscaleImageBox.item,
    "color image box": BasicColorImageBox.tables["set"],
    "color image": BasicColorImageBox.item,
    "annotation box": BasicAnnotationBox.tables["set"],
    "LUT": PresentationLUT.tables["create"],
    "LUT item": PresentationLUT.item,
}
_GRAY = {
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "Rows": 1,
    "Columns": 2,
    "BitsAllocated": 8,
    "BitsStored": 8,
    "HighBit": 7,
    "PixelRepresentation": 0,
    "PixelData": b"ab",
}
_SESSION = reference(BASIC_FILM_SESSION, "1.2.3")
# The smallest data set that each table takes.
NEEDED: dict[str, dict[str, Any]] = {
    "film session": {},
    "film box": {"ImageDisplayFormat": "STANDARD\\2,1", "ReferencedFilmSessionSequence": [_SESSION]},
    "film box set": {},
    "gray image box": {"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": [Dataset()]},
    "gray image": _GRAY,
    "color image box": {"ImageBoxPosition": 1, "BasicColorImageSequence": [Dataset()]},
    "color image": _GRAY
    | {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 1},
    "annotation box": {"AnnotationPosition": 1},
    "LUT": {},
    "LUT item": {},
}


def create(
    table: str, mode: Mode = Mode.TOLERANT, profile: PrinterProfile = PROFILE, **values: Any
) -> Reading:
    """Read a data set of what is needed and these values."""
    return read(TABLES[table], data_set(**NEEDED[table] | values), profile, mode, defaults=True)


def rows(wanted: Callable[[Attribute], bool]) -> list[Any]:
    return [
        pytest.param(name, row, id=f"{name}-{row.keyword}")
        for name, table in TABLES.items()
        for row in table
        if wanted(row)
    ]


MANDATORY = rows(lambda row: row.mandatory)

# --- the standard's tables -------------------------------------------------------------------------------

# The one attribute beyond the standard's tables: a note in PS3.4 H.3.3.2 names the film session.
BEYOND = {
    "Basic Film Session": dict.fromkeys(
        ("ReferencedPresentationLUTSequence", "Illumination", "ReflectedAmbientLight"), "U/U"
    )
}
_VERBS = {"N-CREATE": "create", "N-SET": "set", "N-GET": "get"}
_IN_ITEMS = {"BasicGrayscaleImageSequence", "BasicColorImageSequence", "PresentationLUTSequence"}

with (Path(__file__).parent / "data" / "attributes.csv").open(encoding="ascii") as file:
    STANDARD = list(csv.DictReader(file))  # PS3.4 Annex H, every attribute of every service

_CLASSES = {uid.name.removesuffix(" SOP Class"): each for uid, each in SOP_CLASSES.items()}
SERVICES = sorted({(row["sop_class"], row["service"]) for row in STANDARD if row["service"] in _VERBS})


def standard(sop_class: str, service: str) -> list[dict[str, str]]:
    return [row for row in STANDARD if (row["sop_class"], row["service"]) == (sop_class, service)]


def test_every_class_of_the_standard_is_there_with_its_services_of_attributes() -> None:
    assert {row["sop_class"] for row in STANDARD} == set(_CLASSES)
    tables = {(name, verb) for name, each in _CLASSES.items() for verb in each.tables}
    assert tables == {(name, _VERBS[service]) for name, service in SERVICES}


@pytest.mark.parametrize(("sop_class", "service"), [case for case in SERVICES if case[1] != "N-GET"])
def test_an_attribute_that_an_scu_may_give_has_the_usage_of_the_standard(
    sop_class: str, service: str
) -> None:
    of_the_scu = [row for row in standard(sop_class, service) if not row["usage"].startswith("-")]
    table = _CLASSES[sop_class].tables[_VERBS[service]]
    wanted = {row["keyword"]: row["usage"] for row in of_the_scu if row["depth"] == "0"}
    assert {row.keyword: row.usage for row in table} == wanted | BEYOND.get(sop_class, {})
    assert len(table) == len({row.keyword for row in table})
    in_items = {row["keyword"]: row["usage"] for row in of_the_scu if row["parent"] in _IN_ITEMS}
    if in_items:
        assert {row.keyword: row.usage for row in _CLASSES[sop_class].item} == in_items


def test_what_is_left_of_the_standard_are_references_and_attributes_of_the_printer_alone() -> None:
    # References are read by a rule, and test_conversation sees all the others in answers and events.
    for row in STANDARD:
        if row["depth"] == "1" and not row["usage"].startswith("-") and row["parent"] not in _IN_ITEMS:
            assert row["parent"].startswith("Referenced")
            assert row["keyword"] in ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")


@pytest.mark.parametrize(("sop_class", "service"), [case for case in SERVICES if case[1] == "N-GET"])
def test_an_attribute_that_the_printer_gives_has_the_usage_of_the_standard(
    sop_class: str, service: str
) -> None:
    table: tuple[Reply, ...] = _CLASSES[sop_class].tables["get"]
    assert [(row.depth, row.keyword, row.usage) for row in table] == [
        (int(row["depth"]), row["keyword"], row["usage"]) for row in standard(sop_class, service)
    ]


@pytest.mark.parametrize("profile", [PROFILE, BARE], ids=["all of it", "bare"])
@pytest.mark.parametrize(("table", "row"), rows(lambda _: True))
def test_each_row_says_in_words_what_it_takes(table: str, row: Attribute, profile: PrinterProfile) -> None:
    words = row.rule.words(profile)
    assert words == words.strip() != ""
    assert row.tag == tag(row.keyword)


# --- M/M -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "row"), MANDATORY)
def test_a_mandatory_attribute_that_is_absent_is_0120(table: str, row: Attribute, mode: Mode) -> None:
    given = {keyword: value for keyword, value in NEEDED[table].items() if keyword != row.keyword}
    for defaults in (True, False):
        with pytest.raises(MissingAttribute) as caught:
            read(TABLES[table], data_set(**given), PROFILE, mode, defaults=defaults)
        assert caught.value.status == 0x0120
        assert caught.value.offending == (row.keyword,)
        assert len(caught.value.comment) <= 64


@pytest.mark.parametrize(("table", "row"), MANDATORY)
def test_a_mandatory_attribute_that_is_empty_is_0121(table: str, row: Attribute, mode: Mode) -> None:
    empty: dict[str, Any] = {row.keyword: [] if row.vr == "SQ" else None}
    if row.keyword in ("BasicGrayscaleImageSequence", "BasicColorImageSequence"):
        # Zero length erases the image: a value like any other (PS3.4 H.4.3.1.2.1).
        assert create(table, mode, **empty).values == create(table, mode).values | empty
        return
    with pytest.raises(MissingAttributeValue) as caught:
        create(table, mode, **empty)
    assert caught.value.status == 0x0121
    assert caught.value.offending == (row.keyword,)
    assert len(caught.value.comment) <= 64


def test_blanks_are_no_value() -> None:
    for blank in (b"  ", b"\0\0"):
        dataset = received(*_elements(_GRAY | {"PhotometricInterpretation": blank}))
        with pytest.raises(MissingAttributeValue):
            read(TABLES["gray image"], dataset, PROFILE, Mode.TOLERANT, defaults=True)
        dataset = received((tag("PrintPriority"), "CS", blank))
        assert read(TABLES["film session"], dataset, PROFILE, Mode.STRICT, defaults=True).values[
            "PrintPriority"
        ] == ("MED")


def _elements(values: dict[str, Any]) -> list[tuple[int, str, bytes]]:
    """Elements of the gray image, all in a VR of their own."""
    out = []
    for keyword, value in sorted(values.items(), key=lambda pair: tag(pair[0])):
        if isinstance(value, int):
            out.append((tag(keyword), "US", value.to_bytes(2, "little")))
        else:
            out.append((tag(keyword), "OB" if keyword == "PixelData" else "CS", value))
    return out


MANDATORY_BAD = [
    ("film box", "ImageDisplayFormat", "STANDARD\\5,1"),
    ("film box", "ImageDisplayFormat", "SUPERSLIDE"),
    ("film box", "ReferencedFilmSessionSequence", [_SESSION, _SESSION]),
    ("film box", "ReferencedFilmSessionSequence", [reference(BASIC_FILM_BOX, "1.2.3")]),
    ("film box", "ReferencedFilmSessionSequence", [Dataset()]),
    ("film box", "ReferencedFilmSessionSequence", [data_set(ReferencedSOPClassUID=BASIC_FILM_SESSION)]),
    ("gray image box", "ImageBoxPosition", 0),
    ("gray image box", "ImageBoxPosition", [1, 2]),
    ("gray image box", "BasicGrayscaleImageSequence", [Dataset(), Dataset()]),
    ("color image box", "BasicColorImageSequence", [Dataset(), Dataset()]),
    ("gray image", "SamplesPerPixel", 3),
    ("gray image", "PhotometricInterpretation", "RGB"),
    ("gray image", "PhotometricInterpretation", "monochrome2"),
    ("gray image", "PhotometricInterpretation", ["MONOCHROME1", "MONOCHROME2"]),
    ("gray image", "Rows", 0),
    ("gray image", "Columns", 0),
    ("gray image", "PixelRepresentation", 1),
    ("gray image", "PixelAspectRatio", [0, 1]),
    ("gray image", "PixelAspectRatio", [1, -1]),
    ("gray image", "PixelAspectRatio", [1]),
    ("gray image", "PixelAspectRatio", [1, 1, 1]),
    ("color image", "SamplesPerPixel", 1),
    ("color image", "PhotometricInterpretation", "YBR_FULL"),
    ("color image", "PlanarConfiguration", 2),
    ("color image", "BitsAllocated", 16),
    ("color image", "BitsStored", 12),
    ("color image", "HighBit", 6),
    ("color image", "PixelRepresentation", 1),
    ("color image", "Rows", 0),
    ("color image", "Columns", 0),
    ("annotation box", "AnnotationPosition", [1, 2]),
    ("LUT", "PresentationLUTShape", "INVERSE"),
    ("LUT", "PresentationLUTSequence", [Dataset(), Dataset()]),
]


@pytest.mark.parametrize(("table", "keyword", "value"), MANDATORY_BAD)
def test_a_mandatory_attribute_of_a_bad_value_is_0106(
    table: str, keyword: str, value: Any, mode: Mode
) -> None:
    with pytest.raises(InvalidAttributeValue) as caught:
        create(table, mode, **{keyword: value})
    assert caught.value.status == 0x0106
    assert caught.value.offending == (keyword,)


# --- U/M and U/U -----------------------------------------------------------------------------------------

DEFAULTS = {
    "NumberOfCopies": 1,
    "PrintPriority": "MED",
    "MediumType": "BLUE FILM",
    "FilmDestination": "PROCESSOR",
    "MagnificationType": "CUBIC",
    "SmoothingType": "MEDIUM",
    "MinDensity": 20,
    "MaxDensity": 310,
    "ConfigurationInformation": "CS000",
    "BorderDensity": "BLACK",
    "EmptyImageDensity": "WHITE",
    "Trim": "NO",
    "Illumination": 2000,
    "ReflectedAmbientLight": 10,
    "FilmOrientation": "PORTRAIT",
    "FilmSizeID": "8INX10IN",
    "RequestedResolutionID": "STANDARD",
    "Polarity": "NORMAL",
    "PixelAspectRatio": (1, 1),
}


@pytest.mark.parametrize("empty", [False, True], ids=["absent", "empty"])
@pytest.mark.parametrize("table", TABLES)
def test_what_is_not_given_takes_the_default(table: str, empty: bool, mode: Mode) -> None:
    optional = [row for row in TABLES[table] if not row.mandatory]
    given: dict[str, Any] = {row.keyword: None for row in optional} if empty else {}
    reading = create(table, mode, **given)
    in_force = {key: value for key, value in reading.values.items() if key not in NEEDED[table]}
    expected = {row.keyword: DEFAULTS[row.keyword] for row in optional if row.default(PROFILE) is not None}
    if table == "annotation box" and empty:
        expected = {"TextString": ""}  # erased (PS3.4 H.4.4.2.1)
    assert in_force == expected
    assert reading.remarks == []
    assert reading.status == SUCCESS


def test_a_printer_without_configurations_has_an_empty_one_for_default(mode: Mode) -> None:
    values = create("film box", mode, BARE).values
    assert values["ConfigurationInformation"] == ""
    assert not {"SmoothingType", "EmptyImageDensity", "Trim", "AnnotationDisplayFormatID"} & set(values)


SETTABLE = {row.keyword for row in (*TABLES["film session"], *TABLES["film box set"])}
BAD = [
    ("film session", "NumberOfCopies", 0),
    ("film session", "NumberOfCopies", 100),
    ("film session", "NumberOfCopies", [1, 2]),
    ("film session", "PrintPriority", "URGENT"),
    ("film session", "MediumType", "PAPYRUS"),
    ("film session", "FilmDestination", "BIN_9"),
    ("film box", "FilmOrientation", "SIDEWAYS"),
    ("film box", "FilmSizeID", "99INX99IN"),
    ("film box", "RequestedResolutionID", "LOW"),
    ("film box", "MagnificationType", "BILINEAR"),
    ("film box", "SmoothingType", "HARD"),
    ("film box", "ConfigurationInformation", "CS001"),
    ("film box", "BorderDensity", "GREY"),
    ("film box", "EmptyImageDensity", "1.5"),
    ("film box", "Trim", "MAYBE"),
    ("film box", "MinDensity", [20, 30]),
    ("film box", "Illumination", 0),
    ("film box", "ReflectedAmbientLight", 201),
    ("gray image box", "Polarity", "INVERSE"),
    ("color image box", "Polarity", "INVERSE"),
]
BAD_WITHOUT_DEFAULT = [
    ("film session", "SpecificCharacterSet", "ISO_IR 9"),
    ("film session", "MemoryAllocation", -1),
    ("film box", "AnnotationDisplayFormatID", "TOP"),
    ("film box", "ICCProfile", b"no profile"),
    ("gray image box", "MagnificationType", "LANCZOS"),
    ("gray image box", "SmoothingType", "HARD"),
    ("gray image box", "MaxDensity", [1, 2]),
    ("gray image box", "ConfigurationInformation", "CS001"),
    ("gray image box", "RequestedImageSize", 0.5),
    ("gray image box", "RequestedImageSize", 1000.5),
    ("gray image box", "RequestedDecimateCropBehavior", "SQUEEZE"),
    ("color image box", "RequestedImageSize", -1),
]
BAD_TEXTS = [
    ("film session", "FilmSessionLabel", "x" * 65, "x" * 64),
    ("film session", "FilmSessionLabel", ["a", "b"], "a\\b"),
    ("film session", "OwnerID", "x" * 17, "x" * 16),
    ("annotation box", "TextString", "x" * 65, "x" * 64),
    ("LUT item", "LUTExplanation", "x" * 65, "x" * 64),
]


@pytest.mark.parametrize(
    ("table", "keyword", "value"), [*BAD, *BAD_WITHOUT_DEFAULT, *(each[:3] for each in BAD_TEXTS)]
)
def test_an_optional_value_that_is_not_taken_is_0106_on_a_strict_printer(
    table: str, keyword: str, value: Any
) -> None:
    with pytest.raises(InvalidAttributeValue) as caught:
        create(table, Mode.STRICT, **{keyword: value})
    assert caught.value.status == 0x0106
    assert caught.value.offending == (keyword,)


@pytest.mark.parametrize(("table", "keyword", "value"), BAD)
def test_it_becomes_the_default_with_a_warning_and_a_remark_on_a_tolerant_one(
    table: str, keyword: str, value: Any
) -> None:
    reading = create(table, **{keyword: value})
    assert reading.values[keyword] == DEFAULTS[keyword]
    assert (reading.status, reading.offending) == (OUT_OF_RANGE, [keyword])
    [remark] = reading.remarks
    assert remark.startswith(f"{keyword}: ")
    assert remark.endswith(f"; {DEFAULTS[keyword]} used")


@pytest.mark.parametrize(("table", "keyword", "value"), BAD_WITHOUT_DEFAULT)
def test_without_a_default_it_is_left_out(table: str, keyword: str, value: Any) -> None:
    reading = create(table, **{keyword: value})
    assert keyword not in reading.values
    assert (reading.status, reading.offending) == (OUT_OF_RANGE, [keyword])
    [remark] = reading.remarks
    assert remark.endswith("; ignored")


@pytest.mark.parametrize(("table", "keyword", "value", "used"), BAD_TEXTS)
def test_of_a_text_what_fits_is_used_and_it_is_not_quoted(
    table: str, keyword: str, value: Any, used: str
) -> None:
    reading = create(table, **{keyword: value})
    assert reading.values[keyword] == used
    assert (reading.status, reading.offending) == (OUT_OF_RANGE, [keyword])
    limit = 16 if keyword == "OwnerID" else 64
    assert reading.remarks == [f"{keyword}: not one text of {limit} characters at most; what fits is used"]


@pytest.mark.parametrize(("table", "keyword", "value"), [case for case in BAD if case[1] in SETTABLE])
def test_an_n_set_of_such_a_value_changes_nothing(table: str, keyword: str, value: Any) -> None:
    for_set = TABLES["film box set"] if table == "film box" else TABLES["film session"]
    if keyword not in {row.keyword for row in for_set}:
        pytest.skip("for N-CREATE only")
    reading = read(for_set, data_set(**{keyword: value}), PROFILE, Mode.TOLERANT, defaults=False)
    assert reading.values == {}
    assert reading.status == OUT_OF_RANGE
    assert reading.remarks[0].endswith("; ignored")


@pytest.mark.parametrize(
    "reference_to",
    [
        [reference(BASIC_FILM_BOX, "1.2.3")],
        [Dataset()],
        [data_set(ReferencedSOPClassUID="1.2.840.10008.5.1.1.23")],
        [reference("1.2.840.10008.5.1.1.23", "")],
        [reference("1.2.840.10008.5.1.1.23", "1.2")] * 2,
    ],
    ids=["other class", "empty item", "no instance", "empty instance", "two"],
)
@pytest.mark.parametrize("table", ["film session", "film box", "film box set", "gray image box"])
def test_a_bad_reference_to_a_presentation_lut_is_refused_in_both_modes(
    table: str, reference_to: list[Dataset], mode: Mode
) -> None:
    # Without it the film would have other densities.
    with pytest.raises(InvalidAttributeValue) as caught:
        create(table, mode, ReferencedPresentationLUTSequence=reference_to)
    assert caught.value.offending == ("ReferencedPresentationLUTSequence",)


TAKEN: dict[str, dict[str, Any]] = {
    "film session": {
        "SpecificCharacterSet": ["ISO_IR 192"],
        "NumberOfCopies": 99,
        "PrintPriority": "HIGH",
        "MediumType": "CLEAR FILM",
        "FilmDestination": "BIN_1",
        "FilmSessionLabel": "x" * 64,
        "MemoryAllocation": 0,
        "OwnerID": "x" * 16,
    },
    "film box": {
        "FilmOrientation": "LANDSCAPE",
        "FilmSizeID": "A4",
        "MagnificationType": "REPLICATE",
        "SmoothingType": "SHARP",
        "ConfigurationInformation": "GAMMA=1\\EDGE=2",
        "AnnotationDisplayFormatID": "COMBINED",
        "RequestedResolutionID": "HIGH",
        "BorderDensity": "WHITE",
        "EmptyImageDensity": "20",
        "MinDensity": 21,
        "MaxDensity": 309,
        "Trim": "YES",
        "Illumination": 1500,
        "ReflectedAmbientLight": 0,
        "ICCProfile": b"\0" * 36 + b"acsp" + b"\0" * 88,
    },
    "gray image box": {
        "Polarity": "REVERSE",
        "MagnificationType": "NONE",
        "SmoothingType": "MEDIUM",
        "MinDensity": 30,
        "MaxDensity": 40,
        "ConfigurationInformation": "CS000",
        "RequestedImageSize": 1.0,
        "RequestedDecimateCropBehavior": "FAIL",
    },
    "color image box": {
        "Polarity": "REVERSE",
        "MagnificationType": "REPLICATE",
        "SmoothingType": "SHARP",
        "RequestedImageSize": 1000.0,
        "RequestedDecimateCropBehavior": "CROP",
    },
    "gray image": {"PixelAspectRatio": (2, 1), "PhotometricInterpretation": "MONOCHROME1"},
    "annotation box": {"TextString": "x" * 64},
}


@pytest.mark.parametrize("table", TAKEN)
def test_values_that_are_taken_are_in_force_without_a_remark(table: str, mode: Mode) -> None:
    values = TAKEN[table]
    given: dict[str, Any] = {
        key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
    }
    reading = create(table, mode, **given)
    assert {key: reading.values[key] for key in values} == values
    assert reading.remarks == []
    assert reading.status == SUCCESS


# --- what the printer, or the class, does not have -------------------------------------------------------

NOT_ON_THE_BARE = [
    ("film box", "SmoothingType", "MEDIUM"),
    ("film box", "AnnotationDisplayFormatID", "LABEL"),
    ("film box", "ICCProfile", TAKEN["film box"]["ICCProfile"]),
    ("gray image box", "SmoothingType", "MEDIUM"),
    ("gray image box", "RequestedImageSize", 100),
    ("color image box", "RequestedImageSize", 100),
]


@pytest.mark.parametrize(("table", "keyword", "value"), NOT_ON_THE_BARE)
def test_an_attribute_that_this_printer_lacks_is_ignored(
    table: str, keyword: str, value: Any, mode: Mode
) -> None:
    reading = create(table, mode, BARE, **{keyword: value})
    assert keyword not in reading.values
    assert reading.remarks == [f"{keyword} ignored: not on this printer"]
    if mode is Mode.STRICT:
        assert (reading.status, reading.offending) == (LIST_ERROR, [keyword])
    else:
        assert (reading.status, reading.offending) == (SUCCESS, [])


FOREIGN = [
    (tag("PatientName"), "PN", b"DOE^JANE", "PatientName"),
    (0x00111001, "LO", b"DOE^JANE", "(0011,1001)"),
    (tag("SmoothingType"), "CS", b"5 ", "SmoothingType"),
    (0x60003000, "OW", b"\0\0", "(6000,3000)"),  # OverlayData: a repeating group has no tag for its keyword
]


@pytest.mark.parametrize(("number", "vr", "value", "name"), FOREIGN, ids=[case[3] for case in FOREIGN])
def test_what_is_not_of_the_class_is_ignored_or_refused_and_no_value_told(
    number: int, vr: str, value: bytes, name: str, mode: Mode
) -> None:
    dataset = received((number, vr, value))
    if mode is Mode.TOLERANT:
        reading = read(TABLES["film session"], dataset, PROFILE, mode, defaults=True)
        assert (reading.status, reading.offending) == (SUCCESS, [])
        [remark] = reading.remarks
        assert remark.endswith(" ignored")
        assert "DOE" not in remark
        return
    with pytest.raises(NoSuchAttribute) as caught:
        read(TABLES["film session"], dataset, PROFILE, mode, defaults=True)
    assert caught.value.status == 0x0105
    assert "DOE" not in caught.value.comment
    [offending] = caught.value.offending
    # Each is named so that its tag can be found again: by its keyword, or by eight hexadecimal digits.
    assert offending == (name if name.isalpha() else f"{number:08X}")


def test_what_may_stand_in_any_data_set_is_let_in(mode: Mode) -> None:
    # Specific Character Set (PS3.3 C.12.1), group lengths and padding (PS3.5 7.2, PS3.10 7.2).
    dataset = received(
        (0x00080000, "UL", b"\x12\0\0\0"),
        (0x00080005, "CS", b"ISO_IR 100"),
        (0x20100000, "UL", b"\0\0\0\0"),
        (0xFFFCFFFC, "OB", b"\0\0"),
    )
    reading = read(TABLES["film box set"], dataset, PROFILE, mode, defaults=False)
    assert (reading.status, reading.remarks, reading.values) == (SUCCESS, [], {})


def test_what_scus_in_the_field_send_along_is_no_reason_for_a_remark() -> None:
    dataset = data_set(SOPClassUID="1.2", SOPInstanceUID="1.2.3", ReferencedImageBoxSequence=[])
    assert read(TABLES["film box set"], dataset, PROFILE, Mode.TOLERANT, defaults=False).remarks == []
    with pytest.raises(NoSuchAttribute):
        read(TABLES["film box set"], dataset, PROFILE, Mode.STRICT, defaults=False)


def test_of_several_warnings_the_gravest_is_told_and_what_it_is_about() -> None:
    reading = create(
        "film box", Mode.STRICT, BARE, SmoothingType="X", MinDensity=5, MaxDensity=400, ICCProfile=b"x"
    )
    assert (reading.status, reading.offending) == (DENSITY_OUTSIDE_RANGE, ["MaxDensity", "MinDensity"])
    assert len(reading.remarks) == 4
    reading = create("film session", PrintPriority="?", NumberOfCopies=0, PatientName="DOE^JANE")
    assert (reading.status, reading.offending) == (OUT_OF_RANGE, ["NumberOfCopies", "PrintPriority"])
    assert reading.remarks[-1] == "PatientName ignored"
    assert reading.comment.startswith("NumberOfCopies: ")


# --- bytes that no standard allows -----------------------------------------------------------------------


def test_a_display_format_sent_with_another_vr_is_put_together_again(mode: Mode) -> None:
    for vr in ("CS", "LO", "SH"):
        dataset = received(
            (tag("ImageDisplayFormat"), vr, b"STANDARD\\2,1"),
            (
                tag("ReferencedFilmSessionSequence"),
                "SQ",
                item(
                    (tag("ReferencedSOPClassUID"), "UI", BASIC_FILM_SESSION.encode()),
                    (tag("ReferencedSOPInstanceUID"), "UI", b"1.2.3\0"),
                ),
            ),
        )
        assert isinstance(dataset.ImageDisplayFormat, MultiValue)
        reading = read(TABLES["film box"], dataset, PROFILE, mode, defaults=True)
        assert reading.values["ImageDisplayFormat"] == "STANDARD\\2,1"
        assert reading.values["ReferencedFilmSessionSequence"] == "1.2.3"


def test_a_value_that_cannot_be_decoded_is_0106(mode: Mode) -> None:
    for keyword, vr, value in (("NumberOfCopies", "ZZ", b"1 "), ("PrintPriority", "CS", b"\xff\xfe")):
        with pytest.raises(InvalidAttributeValue) as caught:
            read(TABLES["film session"], received((tag(keyword), vr, value)), PROFILE, mode, defaults=True)
        assert caught.value.offending == (keyword,)


_VALUES = (
    b"",
    b"1",
    b"12",
    b"STANDARD\\1,1",
    b"CUBIC",
    b"BLACK",
    b"MONOCHROME2",
    b"1\\1",
    b"\\",
    b"1.5",
    b"1e9",
    b"9" * 400,
    b"ISO_IR 9",
    BASIC_FILM_SESSION.encode() + b"\0",
    b"\x01\0",
    b"\xff\xff",
    b"\x1b$B",
    b"\0",
    b" ",
)
_INSIDE = (tag("ReferencedSOPClassUID"), tag("ReferencedSOPInstanceUID"), tag("LUTData"))


@pytest.mark.slow
@pytest.mark.parametrize("vr", VRS)
def test_no_attribute_of_any_vr_and_value_leads_to_another_error(vr: str, mode: Mode) -> None:
    items = [item((inner, other, b"12")) for inner in _INSIDE for other in VRS] if vr == "SQ" else []
    odd = {}
    for table, rows_of_it in TABLES.items():
        whole = data_set(**NEEDED[table])
        for row in rows_of_it:
            for value in (*_VALUES, *items):
                dataset = Dataset()
                dataset.update(whole)
                try:
                    dataset.update(received((tag(row.keyword), vr, value)))
                except Exception:
                    continue  # not a data set at all: refused before it comes here
                try:
                    reading = read(rows_of_it, dataset, PROFILE, mode, defaults=True)
                except (InvalidAttributeValue, MissingAttributeValue):
                    pass
                except Exception as error:
                    odd[row.keyword, value] = repr(error)
                else:
                    assert reading.status in (SUCCESS, OUT_OF_RANGE, LIST_ERROR, DENSITY_OUTSIDE_RANGE)
                    assert reading.values.keys() <= {each.keyword for each in rows_of_it}
    assert odd == {}
