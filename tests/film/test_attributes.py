"""The attribute tables: what each usage letter makes of what an SCU gives (PS3.4 H.2.4)."""

import struct
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue

from printscp.errors import InvalidAttributeValue, MissingAttribute, MissingAttributeValue, PrintError
from printscp.film import attributes as tables
from printscp.film.attributes import Attribute, Reading, read
from printscp.film.profile import FilmSize, PrinterProfile, StandardFormat
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

PROFILE = PrinterProfile(
    name="small",
    manufacturer="maker",
    model="small",
    dots_per_inch=25.4,
    film_sizes=(FilmSize("14INX17IN", 355.6, 431.8), FilmSize("8INX10IN", 203.2, 254.0)),
    media=("BLUE FILM", "CLEAR FILM"),
    destinations=("PROCESSOR", "BIN_1"),
    magnifications=("CUBIC", "REPLICATE"),
    min_density=20,
    max_density=310,
    border_density="WHITE",
    empty_image_density="150",
    illumination=2000,
    reflected_ambient_light=10,
    margin_mm=4,
    gap_mm=2,
    label_mm=5,
    standard_format=StandardFormat(max_columns=4, max_rows=4),
)

TABLES = {
    "film session": tables.FILM_SESSION,
    "film box": tables.FILM_BOX_CREATE,
    "film box set": tables.FILM_BOX_SET,
    "image box": tables.GRAYSCALE_IMAGE_BOX,
    "image": tables.GRAYSCALE_IMAGE,
}
SUCCESS, OUT_OF_RANGE = 0x0000, 0x0116


def data_set(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def reference(**values: Any) -> Dataset:
    return data_set(
        **{"ReferencedSOPClassUID": BASIC_FILM_SESSION, "ReferencedSOPInstanceUID": "1.2.3"} | values
    )


def needed(table: str) -> dict[str, Any]:
    """The smallest data set that each table takes."""
    return {
        "film session": {},
        "film box": {
            "ImageDisplayFormat": "STANDARD\\2,1",
            "ReferencedFilmSessionSequence": [reference()],
        },
        "film box set": {},
        "image box": {"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": [Dataset()]},
        "image": {
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": 1,
            "Columns": 2,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "PixelData": b"ab",
        },
    }[table]


def create(table: str, **values: Any) -> Reading:
    return read(TABLES[table], data_set(**needed(table) | values), PROFILE, defaults=True)


def rows(*first_letters: str) -> list[Any]:
    return [
        pytest.param(name, row, id=f"{name}-{row.keyword}")
        for name, table in TABLES.items()
        for row in table
        if row.usage.split("/")[0] in first_letters
    ]


def encoded(*elements: tuple[int, str, bytes], implicit: bool = False) -> bytes:
    """Elements on the wire, little endian, just as they are given."""
    out = b""
    for tag, vr, value in elements:
        out += struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        if implicit:
            out += struct.pack("<I", len(value))
        elif vr in ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT", "SV", "UV"):
            out += vr.encode() + b"\0\0" + struct.pack("<I", len(value))
        else:
            out += vr.encode() + struct.pack("<H", len(value))
        out += value
    return out


def received(*elements: tuple[int, str, bytes], implicit: bool = False) -> Dataset:
    return read_dataset(BytesIO(encoded(*elements, implicit=implicit)), implicit, True)


def item(*elements: tuple[int, str, bytes], implicit: bool = False) -> bytes:
    content = encoded(*elements, implicit=implicit)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None, keyword
    return found


# --- M/M -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "row"), rows("M"))
def test_a_mandatory_attribute_that_is_absent_is_0120(table: str, row: Attribute) -> None:
    given_values = needed(table)
    del given_values[row.keyword]
    with pytest.raises(MissingAttribute) as caught:
        read(TABLES[table], data_set(**given_values), PROFILE, defaults=True)
    assert caught.value.status == 0x0120
    assert caught.value.offending == (row.keyword,)
    assert len(caught.value.comment) <= 64


@pytest.mark.parametrize(("table", "row"), rows("M"))
def test_a_mandatory_attribute_that_is_empty_is_0121(table: str, row: Attribute) -> None:
    if row.keyword == "BasicGrayscaleImageSequence":
        # Zero length erases the image: a value like any other (PS3.4 H.4.3.1.2.1).
        assert create(table, BasicGrayscaleImageSequence=[]).values[row.keyword] == []
        return
    empty: Any = [] if row.keyword.endswith("Sequence") else None
    with pytest.raises(MissingAttributeValue) as caught:
        create(table, **{row.keyword: empty})
    assert caught.value.status == 0x0121
    assert caught.value.offending == (row.keyword,)
    assert len(caught.value.comment) <= 64


@pytest.mark.parametrize(
    ("table", "keyword", "value"),
    [
        ("film box", "ImageDisplayFormat", "STANDARD\\5,1"),
        ("film box", "ImageDisplayFormat", "SLIDE"),
        ("film box", "ReferencedFilmSessionSequence", [reference(), reference()]),
        (
            "film box",
            "ReferencedFilmSessionSequence",
            [reference(ReferencedSOPClassUID=BASIC_FILM_BOX)],
        ),
        ("film box", "ReferencedFilmSessionSequence", [Dataset()]),
        ("image box", "ImageBoxPosition", 0),
        ("image box", "ImageBoxPosition", [1, 2]),
        ("image box", "BasicGrayscaleImageSequence", [Dataset(), Dataset()]),
        ("image", "SamplesPerPixel", 3),
        ("image", "PhotometricInterpretation", "RGB"),
        ("image", "PhotometricInterpretation", "monochrome2"),
        ("image", "PhotometricInterpretation", ["MONOCHROME1", "MONOCHROME2"]),
        ("image", "Rows", 0),
        ("image", "Columns", 0),
        ("image", "PixelRepresentation", 1),
        ("image", "PixelAspectRatio", [0, 1]),
        ("image", "PixelAspectRatio", [1, -1]),
        ("image", "PixelAspectRatio", [1]),
        ("image", "PixelAspectRatio", [1, 1, 1]),
    ],
)
def test_a_mandatory_attribute_of_a_bad_value_is_0106(table: str, keyword: str, value: Any) -> None:
    with pytest.raises(InvalidAttributeValue) as caught:
        create(table, **{keyword: value})
    assert caught.value.status == 0x0106
    assert caught.value.offending == (keyword,)


def test_mandatory_attributes_are_mandatory_in_every_data_set() -> None:
    with pytest.raises(MissingAttribute):
        read(tables.GRAYSCALE_IMAGE_BOX, Dataset(), PROFILE, defaults=False)


# --- U/M and U/U -----------------------------------------------------------------------------------------

DEFAULTS = {
    "NumberOfCopies": 1,
    "PrintPriority": "MED",
    "MediumType": "BLUE FILM",
    "FilmDestination": "PROCESSOR",
    "MagnificationType": "CUBIC",
    "MinDensity": 20,
    "MaxDensity": 310,
    "ConfigurationInformation": "",
    "BorderDensity": "WHITE",
    "EmptyImageDensity": "150",
    "Trim": "NO",
    "Illumination": 2000,
    "ReflectedAmbientLight": 10,
    "FilmOrientation": "PORTRAIT",
    "FilmSizeID": "14INX17IN",
    "RequestedResolutionID": "STANDARD",
    "Polarity": "NORMAL",
    "PixelAspectRatio": (1, 1),
}


@pytest.mark.parametrize("empty", [False, True], ids=["absent", "empty"])
@pytest.mark.parametrize("table", TABLES)
def test_what_is_not_given_takes_the_default(table: str, empty: bool) -> None:
    optional = [row for row in TABLES[table] if not row.usage.startswith("M/")]
    reading = create(table, **({row.keyword: None for row in optional} if empty else {}))
    in_force = {key: value for key, value in reading.values.items() if key not in needed(table)}
    expected = {row.keyword: DEFAULTS[row.keyword] for row in optional if row.default is not None}
    assert in_force == expected
    assert reading.remarks == []
    assert reading.status == SUCCESS


SETTABLE = {row.keyword for row in (*tables.FILM_SESSION, *tables.FILM_BOX_SET)}
BAD = [
    ("film session", "NumberOfCopies", 0),
    ("film session", "NumberOfCopies", 100),
    ("film session", "NumberOfCopies", [1, 2]),
    ("film session", "PrintPriority", "URGENT"),
    ("film session", "MediumType", "PAPYRUS"),
    ("film session", "FilmDestination", "BIN_9"),
    ("film box", "FilmOrientation", "SIDEWAYS"),
    ("film box", "FilmSizeID", "99INX99IN"),
    ("film box", "RequestedResolutionID", "HIGH"),
    ("film box", "MagnificationType", "NONE"),
    ("film box", "ConfigurationInformation", "CS001"),
    ("film box", "BorderDensity", "GREY"),
    ("film box", "EmptyImageDensity", "1.5"),
    ("film box", "Trim", "YES"),
    ("film box", "MinDensity", [20, 30]),
    ("film box", "Illumination", 0),
    ("film box", "ReflectedAmbientLight", 201),
    ("image box", "Polarity", "INVERSE"),
]


@pytest.mark.parametrize(("table", "keyword", "value"), BAD)
def test_an_optional_value_that_is_not_taken_becomes_the_default_with_a_warning_and_a_remark(
    table: str, keyword: str, value: Any
) -> None:
    reading = create(table, **{keyword: value})
    assert reading.values[keyword] == DEFAULTS[keyword]
    assert reading.status == OUT_OF_RANGE
    [remark] = reading.remarks
    assert remark.startswith(f"{keyword}: ")
    assert remark.endswith(f"; {DEFAULTS[keyword] or 'none'} used")


@pytest.mark.parametrize(("table", "keyword", "value"), [case for case in BAD if case[1] in SETTABLE])
def test_an_n_set_of_such_a_value_changes_nothing(table: str, keyword: str, value: Any) -> None:
    for_set = tables.FILM_SESSION if table == "film session" else tables.FILM_BOX_SET
    reading = read(for_set, data_set(**{keyword: value}), PROFILE, defaults=False)
    assert reading.values == {}
    assert reading.status == OUT_OF_RANGE
    assert reading.remarks[0].endswith("; ignored")


@pytest.mark.parametrize(
    ("table", "keyword", "value"),
    [
        ("film session", "FilmSessionLabel", "x" * 65),
        ("film session", "OwnerID", "x" * 17),
        ("image box", "MagnificationType", "NONE"),
    ],
)
def test_a_bad_value_without_a_default_is_left_out(table: str, keyword: str, value: Any) -> None:
    reading = create(table, **{keyword: value})
    assert keyword not in reading.values
    assert reading.status == OUT_OF_RANGE
    assert len(reading.remarks) == 1


def test_values_that_are_taken_are_in_force_without_a_remark() -> None:
    session = {
        "NumberOfCopies": 99,
        "PrintPriority": "HIGH",
        "MediumType": "CLEAR FILM",
        "FilmDestination": "BIN_1",
        "FilmSessionLabel": "x" * 64,
        "OwnerID": "x" * 16,
    }
    film = {
        "FilmOrientation": "LANDSCAPE",
        "FilmSizeID": "8INX10IN",
        "MagnificationType": "REPLICATE",
        "BorderDensity": "BLACK",
        "EmptyImageDensity": "20",
        "MinDensity": 21,
        "MaxDensity": 309,
        "Illumination": 1500,
        "ReflectedAmbientLight": 0,
    }
    for table, values in (("film session", session), ("film box", film)):
        reading = create(table, **values)
        assert {key: reading.values[key] for key in values} == values
        assert reading.remarks == []
        assert reading.status == SUCCESS


@given(
    st.sampled_from([("film box", "MinDensity"), ("film box", "MaxDensity"), ("image box", "MaxDensity")]),
    st.integers(0, 0xFFFF),
)
def test_densities_are_clipped_to_the_printer_with_a_remark_and_no_warning(
    where: tuple[str, str], value: int
) -> None:
    table, keyword = where
    reading = create(table, **{keyword: value})
    clipped = min(max(value, 20), 310)
    assert reading.values[keyword] == clipped
    assert reading.status == SUCCESS
    assert reading.remarks == (
        [] if clipped == value else [f"{keyword}: {value} outside 20..310: {clipped} used"]
    )


@given(st.sampled_from(["BorderDensity", "EmptyImageDensity"]), st.integers(0, 0xFFFF))
def test_background_densities_are_clipped_too(keyword: str, value: int) -> None:
    reading = create("film box", **{keyword: str(value)})
    assert reading.values[keyword] == str(min(max(value, 20), 310))
    assert reading.status == SUCCESS
    assert bool(reading.remarks) == (not 20 <= value <= 310)


@pytest.mark.parametrize(
    ("illumination", "taken"),
    [
        # What shines through density 3.10 must reach 0.05 cd/m2, what shines through 0.20 stay below 3993.
        (62, False),  # 0.0492
        (63, True),  # 0.0500
        (6000, True),  # 3785.7
        (6329, False),  # 3993.3
    ],
)
def test_illumination_is_held_to_what_the_gsdf_covers(illumination: int, taken: bool) -> None:
    reading = create("film box", Illumination=illumination, ReflectedAmbientLight=0)
    assert reading.values["Illumination"] == (illumination if taken else 2000)
    assert reading.status == (SUCCESS if taken else OUT_OF_RANGE)


# --- outside the table -----------------------------------------------------------------------------------


def test_what_is_not_in_the_table_is_ignored_with_a_remark_that_tells_no_value() -> None:
    dataset = data_set(PatientName="DOE^JANE", SmoothingType="5", SOPClassUID="1.2", SOPInstanceUID="1.2.3")
    dataset.add_new(0x00111001, "LO", "DOE^JANE")
    dataset.SpecificCharacterSet = "ISO_IR 100"
    reading = read(tables.FILM_SESSION, dataset, PROFILE, defaults=True)
    assert reading.status == SUCCESS
    assert reading.remarks == ["PatientName ignored", "(0011,1001) ignored", "SmoothingType ignored"]


def test_a_display_format_sent_with_another_vr_is_put_together_again() -> None:
    for vr in (b"CS", b"LO", b"SH"):
        value = b"STANDARD\\2,1"
        dataset = received(
            (tag("ImageDisplayFormat"), vr.decode(), value),
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
        reading = read(tables.FILM_BOX_CREATE, dataset, PROFILE, defaults=True)
        assert reading.values["ImageDisplayFormat"] == "STANDARD\\2,1"
        assert reading.values["ReferencedFilmSessionSequence"] == "1.2.3"


# --- bytes that no standard allows -----------------------------------------------------------------------


_VRS = (
    "AE",
    "AT",
    "CS",
    "DA",
    "DS",
    "DT",
    "FD",
    "FL",
    "IS",
    "LO",
    "OB",
    "OW",
    "PN",
    "SH",
    "SL",
    "SQ",
    "SS",
    "ST",
)
_VRS += ("TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "ZZ")
_TAGS = {name: [tag(row.keyword) for row in table] for name, table in TABLES.items()}
_INSIDE = [tag("ReferencedSOPClassUID"), tag("ReferencedSOPInstanceUID"), *_TAGS["image"]]
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
    b"9" * 20,
    b"ISO_IR 9",
    BASIC_FILM_SESSION.encode() + b"\0",
    b"\x01\0",
    b"\xff\xff",
    b"\x1b$B",
    b"\0",
    b" ",
)
_SEQUENCES = {tag("BasicGrayscaleImageSequence"), tag("ReferencedFilmSessionSequence")}


def outcome(table: str, dataset: Dataset, *, defaults: bool = True) -> Reading | PrintError:
    """Read a data set, and as a dialogue does the images in it."""
    try:
        reading = read(TABLES[table], dataset, PROFILE, defaults=defaults)
        for image in reading.values.get("BasicGrayscaleImageSequence", []):
            read(tables.GRAYSCALE_IMAGE, image, PROFILE, defaults=True)
    except PrintError as error:
        return error
    assert reading.status in (SUCCESS, OUT_OF_RANGE)
    assert reading.values.keys() <= {row.keyword for row in TABLES[table]}
    return reading


@pytest.mark.parametrize("vr", _VRS)
def test_no_attribute_of_any_vr_and_value_leads_to_another_error(vr: str) -> None:
    odd = {}
    for table, rows_of_it in TABLES.items():
        whole = data_set(**needed(table))
        for row in rows_of_it:
            values = [*_VALUES]
            if vr == "SQ":
                values += [item((inner, other, b"1")) for inner in _INSIDE[:2] for other in _VRS]
            for value in values:
                dataset = Dataset()
                dataset.update(whole)
                try:
                    dataset.update(received((tag(row.keyword), vr, value)))
                except Exception:
                    continue  # not a data set at all: refused before it comes here
                try:
                    result = outcome(table, dataset)
                except Exception as error:
                    odd[row.keyword, value] = repr(error)
                    continue
                if isinstance(result, PrintError):
                    assert result.status in (0x0106, 0x0120, 0x0121)
    assert odd == {}


def test_a_value_that_cannot_be_decoded_is_0106() -> None:
    dataset = received((tag("NumberOfCopies"), "ZZ", b"1 "))
    with pytest.raises(InvalidAttributeValue) as caught:
        read(tables.FILM_SESSION, dataset, PROFILE, defaults=True)
    assert caught.value.offending == ("NumberOfCopies",)


@st.composite
def _elements(draw: st.DrawFn, tags: list[int], implicit: bool, nested: bool = False) -> bytes:
    out = b""
    some = st.sampled_from(tags) | st.integers(0x00080000, 0x7FE10000)
    for number in sorted(draw(st.lists(some, max_size=4, unique=True))):
        vr = draw(st.sampled_from(_VRS))
        if not nested and (number in _SEQUENCES or vr == "SQ") and draw(st.booleans()):
            vr, value = "SQ", b""
            for content in draw(st.lists(_elements(_INSIDE, implicit, nested=True), max_size=2)):
                value += struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
        else:
            value = draw(st.sampled_from(_VALUES) | st.binary(max_size=12))
        out += encoded((number, vr, value), implicit=implicit)
    return out


@settings(max_examples=150, deadline=None)
@given(data=st.data(), implicit=st.booleans(), table=st.sampled_from(sorted(TABLES)), defaults=st.booleans())
def test_whatever_bytes_come_the_answer_is_a_reading_or_a_print_error(
    data: st.DataObject, implicit: bool, table: str, defaults: bool
) -> None:
    content = data.draw(_elements(_TAGS[table], implicit) | st.binary(max_size=60), label="on the wire")
    try:
        dataset = read_dataset(BytesIO(content), implicit, True)
    except Exception:
        return  # not a data set at all: refused before it comes here
    if data.draw(st.booleans(), label="in a data set that is right otherwise"):
        whole = data_set(**needed(table))
        whole.update(dataset)
        dataset = whole
    outcome(table, dataset, defaults=defaults)
