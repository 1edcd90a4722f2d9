"""What we encode, pydicom reads back: answers are data sets of PS3.5."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode

from printscp.film.exchange import Values, reference
from printscp.wire.encoding import encode

TERM = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ", max_size=16).map(str.strip)
TEXT = st.text(
    st.characters(min_codepoint=32, exclude_characters="\\", exclude_categories=["C", "Z"]), max_size=16
)
UID = st.integers(1, 10**30).map(lambda number: f"1.2.{number}")
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "NumberOfCopies": st.integers(0, 99),  # IS
    "PrintPriority": TERM,  # CS
    "FilmSessionLabel": TEXT,  # LO
    "OwnerID": TEXT,  # SH
    "ImageDisplayFormat": st.sampled_from(["STANDARD\\2,3", "SLIDE"]),  # ST, backslash and all
    "MaxDensity": st.integers(0, 0xFFFF),  # US
    "SOPClassesSupported": st.lists(UID, min_size=2, max_size=5),  # UI
    "PrinterPixelSpacing": st.just([0.079375, 0.079375]),  # DS
    "ICCProfile": st.binary(min_size=2, max_size=64).map(lambda data: data[: len(data) // 2 * 2]),  # OB
    "LUTDescriptor": st.just([256, 0, 12]),  # US or SS
}
VALUES: st.SearchStrategy[Values] = st.fixed_dictionaries({}, optional=PLAIN)


def plain(dataset: Dataset) -> dict[str, Any]:
    """A data set in Python's own types; empty stands for None."""

    def value(element: Any) -> Any:
        if element.VR == "SQ":
            return [plain(item) for item in element.value]
        if element.VM > 1 and not isinstance(element.value, str):
            return list(element.value)
        return element.value if element.VM or element.value else ""

    return {element.keyword: value(element) for element in dataset}


@pytest.mark.parametrize("implicit", [True, False])
@given(st.data())
def test_pydicom_reads_what_was_encoded(implicit: bool, data: st.DataObject) -> None:
    values = data.draw(VALUES)
    item = data.draw(VALUES.filter(lambda values: "LUTDescriptor" not in values))
    values |= {
        "SpecificCharacterSet": "ISO_IR 192",
        "PrinterConfigurationSequence": [item, {}],
        "ReferencedImageBoxSequence": [reference("1.2.3", "1.2.4")] * 3,
        "MediaInstalledSequence": [],
    }
    read = plain(decode(BytesIO(encode(values, implicit)), implicit, True))
    assert read == values


@pytest.mark.parametrize(
    ("character_set", "text"),
    [("ISO_IR 100", "Käse"), ("ISO_IR 144", "Иванов"), ("GB18030", "王小东"), ("ISO_IR 127", "قباني")],
)
def test_text_goes_out_in_the_character_set_in_force(character_set: str, text: str) -> None:
    values: Values = {"SpecificCharacterSet": [character_set], "FilmSessionLabel": text}
    assert decode(BytesIO(encode(values, True)), True, True).FilmSessionLabel == text


def test_text_in_iso_2022_ir_58_is_told_in_another_set() -> None:
    values: Values = {"SpecificCharacterSet": ["", "ISO 2022 IR 58"], "FilmSessionLabel": "Li=王^小东"}
    dataset = decode(BytesIO(encode(values, True)), True, True)
    assert (dataset.SpecificCharacterSet, dataset.FilmSessionLabel) == ("ISO_IR 192", "Li=王^小东")


def test_a_value_that_is_not_there_is_an_empty_element() -> None:
    read = decode(BytesIO(encode({"DateOfLastCalibration": None, "PrinterName": "FILM"}, False)), False, True)
    assert (read.PrinterName, read["DateOfLastCalibration"].VM) == ("FILM", 0)


def test_elements_stand_in_the_order_of_their_tags() -> None:
    encoded = encode({"PrinterName": "FILM", "Manufacturer": "US", "PrinterStatus": "NORMAL"}, True)
    assert encoded.index(b"US") < encoded.index(b"NORMAL") < encoded.index(b"FILM")
