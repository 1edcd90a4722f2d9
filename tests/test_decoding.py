"""Data sets of requests are read as pydicom reads them, by whichever of the two ways."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode

from printscp.decoding import decode
from printscp.errors import PrintError

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "ImageBoxPosition": st.integers(0, 0xFFFF),
    "Polarity": st.sampled_from(["NORMAL", "REVERSE"]),
    "ImageDisplayFormat": st.just("STANDARD\\2,3"),
    "PixelAspectRatio": st.just(["1", "2"]),
    "FilmSessionLabel": st.text("ABC ", max_size=64).map(str.strip),
    "SOPInstanceUID": st.just("1.2.3"),
}
VALUES = st.fixed_dictionaries({}, optional=PLAIN)
# On both sides of what is copied, and of what a length field of 16 bits can say.
PIXELS = st.sampled_from([2, 100, 16384, 16386, 65534, 70000]).map(bytes)


def data_set(values: dict[str, Any]) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@st.composite
def data_sets(draw: st.DrawFn) -> Dataset:
    dataset = data_set(draw(VALUES))
    items = [data_set(draw(VALUES)) for _ in range(draw(st.integers(0, 2)))]
    for item in items:
        item.add_new("PixelData", "OW", draw(PIXELS))
        item.is_undefined_length_sequence_item = draw(st.booleans())
    dataset.BasicGrayscaleImageSequence = items
    dataset["BasicGrayscaleImageSequence"].is_undefined_length = draw(st.booleans())
    if draw(st.booleans()):
        dataset.add_new(0x00091001, "UN", draw(PIXELS))
    return dataset


@given(data_sets(), st.sampled_from(SYNTAXES))
def test_what_pydicom_wrote_is_read(dataset: Dataset, syntax: UID) -> None:
    encoded = encode(dataset, syntax.is_implicit_VR, True) or b""
    read = decode(bytearray(encoded), syntax)
    assert set(read.keys()) == set(dataset.keys())
    assert [plain(element) for element in read] == [plain(element) for element in dataset]


def plain(element: Any) -> Any:
    if element.VR == "SQ":
        return [[plain(inner) for inner in item] for item in element.value]
    return bytes(element.value) if isinstance(element.value, (bytes, memoryview)) else element.value


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("item_length", [True, False])
def test_text_is_read_in_the_character_set_of_its_data_set(syntax: UID, item_length: bool) -> None:
    dataset = data_set({"SpecificCharacterSet": "ISO_IR 144", "FilmSessionLabel": "Колено"})
    dataset.BasicGrayscaleImageSequence = [Dataset()]
    dataset["BasicGrayscaleImageSequence"].is_undefined_length = not item_length
    assert decode(encode(dataset, syntax.is_implicit_VR, True) or b"", syntax).FilmSessionLabel == "Колено"


def test_long_values_of_an_image_are_not_copied() -> None:
    item = Dataset()
    item.add_new("PixelData", "OW", bytes(1 << 20))
    dataset = data_set({"BasicGrayscaleImageSequence": [item]})
    for syntax in SYNTAXES:
        encoded = bytearray(encode(dataset, syntax.is_implicit_VR, True) or b"")
        (read,) = decode(encoded, syntax).BasicGrayscaleImageSequence
        encoded[-1] = 7
        assert read.get_item("PixelData").value[-1] == 7


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(st.data())
def test_what_is_cut_short_is_refused(syntax: UID, data: st.DataObject) -> None:
    item = Dataset()
    item.add_new("PixelData", "OW", bytes(20_000))
    encoded = encode(
        data_set({"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": [item], "Polarity": "NORMAL"}),
        syntax.is_implicit_VR,
        True,
    )
    assert encoded is not None
    # Where an element ends, what is left is a data set all the same.
    whole = {0, 10, 24}
    length = data.draw(st.integers(0, len(encoded) - 1).filter(lambda length: length not in whole))
    with pytest.raises(PrintError, match="cannot be decoded"):
        decode(encoded[:length], syntax)


@given(st.binary(max_size=300), st.sampled_from(SYNTAXES))
def test_garbage_is_a_data_set_or_refused(garbage: bytes, syntax: UID) -> None:
    with contextlib.suppress(PrintError):
        decode(garbage, syntax)
