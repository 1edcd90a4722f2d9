"""Pixel data are found in a data set however it is encoded, and put back byte for byte."""

import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from peers.scu import attributes, color_item, image_item
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from printscp.transcript import Cut, Sender, Step
from printscp.transcript.pixels import pixel_data


def encoded(dataset: Dataset, implicit: bool, undefined: bool) -> bytes:
    """A data set with the lengths of its sequences and items given, or not."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def n_set(rows: int, columns: int, wide: bool, color: bool, private: bool) -> tuple[Dataset, bytes]:
    """The data set of an image box N-SET, and its pixels as they are sent."""
    random = np.random.default_rng(rows * 100 + columns)
    if color:
        item = color_item(random.integers(0, 256, (rows, columns, 3), np.uint8))
    else:
        item = image_item(random.integers(0, 256, (rows, columns)).astype(np.uint16 if wide else np.uint8))
    if private:  # a value that looks like the tag of pixel data, and a sequence before them
        item.add_new(0x00091001, "UN", b"\x10\x00\xe0\x7f" * 4)
        item.DerivationCodeSequence = [attributes(CodeValue="1", CodeMeaning="two")]
    sequence = "BasicColorImageSequence" if color else "BasicGrayscaleImageSequence"
    dataset = attributes(
        ImageBoxPosition=1, Polarity="NORMAL", PatientName="Mustermann", **{sequence: [item]}
    )
    return dataset, bytes(item.PixelData)


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    wide=st.booleans(),
    color=st.booleans(),
    private=st.booleans(),
    implicit=st.booleans(),
    undefined=st.booleans(),
)
@example(3, 3, False, False, True, False, True)
def test_pixels_are_cut_out_and_put_back(
    rows: int, columns: int, wide: bool, color: bool, private: bool, implicit: bool, undefined: bool
) -> None:
    dataset, pixels = n_set(rows, columns, wide and not color, color, private)
    whole = encoded(dataset, implicit, undefined)
    found = pixel_data(memoryview(whole), implicit)
    assert found is not None
    offset, length = found
    assert whole[offset : offset + length] == pixels
    without = whole[:offset] + whole[offset + length :]
    cut = Cut(offset, length, zlib.crc32(pixels))
    step = Step(1, 0.0, Sender.SCU, "N-SET", data=without, cut=cut)
    assert step.encoded(pixels) == whole
    assert step.size == len(whole)
    assert step.encoded() == whole[:offset] + bytes(length) + whole[offset + length :]
    with pytest.raises(ValueError, match="bytes of pixel data"):
        step.encoded(pixels + b"\0")


@given(junk=st.binary(max_size=64), implicit=st.booleans())
def test_bytes_that_are_no_data_set_have_no_pixels_or_some_that_are_inside(
    junk: bytes, implicit: bool
) -> None:
    found = pixel_data(memoryview(junk), implicit)
    assert found is None or 0 <= found[0] <= found[0] + found[1] <= len(junk)


@pytest.mark.parametrize("implicit", [True, False])
def test_pixels_that_are_cut_short_or_encapsulated_are_left_alone(implicit: bool) -> None:
    dataset, pixels = n_set(4, 4, False, False, False)
    whole = encoded(dataset, implicit, True)
    end = whole.index(pixels) + len(pixels)
    assert pixel_data(memoryview(whole[: end - 1]), implicit) is None
    endless = whole.replace(len(pixels).to_bytes(4, "little") + pixels, b"\xff" * 4 + pixels)
    assert endless != whole
    assert pixel_data(memoryview(endless), implicit) is None
    assert pixel_data(memoryview(b""), implicit) is None
