"""DICOM files in, P-values out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from printscp.client.images import PrintImage, _p_values, read_images, sized
from printscp.errors import SetupError


def write(
    path: Path, pixels: np.ndarray, bits: int = 16, syntax: UID = ExplicitVRLittleEndian, **attributes: Any
) -> Path:
    """A minimal file; ``pixels`` are rows x columns, with frames before or colors behind."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = generate_uid()
    color = pixels.ndim == 3 and pixels.shape[-1] == 3
    dataset.SamplesPerPixel = 3 if color else 1
    dataset.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
    if color:
        dataset.PlanarConfiguration = 0
    if pixels.ndim == 3 and not color:
        dataset.NumberOfFrames = len(pixels)
    dataset.Rows, dataset.Columns = pixels.shape[:2] if color else pixels.shape[-2:]
    dataset.BitsAllocated = 8 * pixels.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    data += b"\0" * (len(data) % 2)
    dataset.add_new("PixelData", "OW", encapsulate([data]) if syntax.is_compressed else data)
    dataset["PixelData"].is_undefined_length = syntax.is_compressed
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.dcm"


def only(path: Path) -> PrintImage:
    (image,) = read_images(path)
    return image


def row(*values: int, dtype: str = "u2") -> np.ndarray:
    return np.array([values], dtype)


def printed(path: Path) -> list[int]:
    """The P-values of the first row of a 12-bit image."""
    image = only(path)
    assert (image.bits_stored, image.pixels.dtype) == (12, np.uint16)
    return image.pixels[0].tolist()


# Windows: PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT)


@pytest.mark.parametrize(
    ("function", "center", "width", "stored", "p_values"),
    [
        # The examples of the standard: 2048/4096 is 0..4095, 2048/1 is a step, 0/100 is -50..49.
        (None, 2048, 4096, (0, 1, 2047, 4094, 4095), [0, 1, 2047, 4094, 4095]),
        ("LINEAR", 2048, 1, (0, 2047, 2048, 4095), [0, 0, 4095, 4095]),
        ("LINEAR", 1000, 100, (949, 950, 951, 1048, 1049, 1050), [0, 0, 41, 4054, 4095, 4095]),
        ("LINEAR_EXACT", 1000, 100, (949, 950, 951, 1049, 1050, 1051), [0, 0, 41, 4054, 4095, 4095]),
        ("SIGMOID", 1000, 100, (0, 950, 1000, 1050, 65535), [0, 488, 2048, 3607, 4095]),
    ],
)
def test_window(
    path: Path, function: str, center: float, width: float, stored: tuple[int], p_values: list[int]
) -> None:
    write(path, row(*stored), VOILUTFunction=function, WindowCenter=center, WindowWidth=width)
    assert printed(path) == p_values


def test_first_window_counts_and_an_illegal_width_is_no_window(path: Path) -> None:
    write(path, row(0, 50, 100), WindowCenter=[50.5, 9], WindowWidth=[101, 3])
    assert printed(path) == [0, 2048, 4095]
    write(path, row(0, 50, 100), WindowCenter=7, WindowWidth=0)
    assert printed(path) == [0, 2048, 4095]


def test_window_works_on_rescaled_values(path: Path) -> None:
    stored = row(-100, -50, 0, 50, dtype="i2")
    window = {"VOILUTFunction": "LINEAR_EXACT", "WindowCenter": 0, "WindowWidth": 400}
    write(path, stored, RescaleSlope=2, RescaleIntercept=100, **window)
    assert printed(path) == [1024, 2048, 3071, 4095]
    write(path, stored, RescaleSlope=-2, RescaleIntercept=-100, **window)
    assert printed(path) == [3071, 2048, 1024, 0]


def test_monochrome1_is_the_negative(path: Path) -> None:
    stored = row(*range(0, 1001, 7))
    window = {"WindowCenter": 444, "WindowWidth": 333}
    plain = printed(write(path, stored, **window))
    negative = printed(write(path, stored, PhotometricInterpretation="MONOCHROME1", **window))
    assert all(abs(a + b - 4095) <= 1 for a, b in zip(plain, negative, strict=True))


@given(
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    center=st.floats(-5000, 70000),
    width=st.floats(1, 70000),
    slope=st.floats(-10, 10).filter(lambda slope: abs(slope) > 1e-3),
    stored=st.lists(st.integers(-32768, 32767), min_size=2, max_size=20),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
)
def test_p_values_never_turn_back(
    function: str, center: float, width: float, slope: float, stored: list[int], photometric: str
) -> None:
    attributes = Dataset()
    attributes.PhotometricInterpretation = photometric
    attributes.RescaleSlope, attributes.RescaleIntercept = f"{slope:.6f}", 17
    attributes.VOILUTFunction = function
    attributes.WindowCenter, attributes.WindowWidth = f"{center:.6f}", f"{width:.6f}"
    frame = np.array([sorted(stored)], "i2")
    steps = np.diff(_p_values(frame, attributes)[0].astype(int))
    rising = (slope > 0) == (photometric == "MONOCHROME2")
    assert (steps >= 0).all() if rising else (steps <= 0).all()


# Look-up tables


def lut(first: int, bits: int, data: bytes, entries: int, vr: str = "US") -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [entries, first, bits])
    item.add_new("LUTData", "OW", data)
    return item


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_voi_lut_in_every_byte_order(path: Path, syntax: UID) -> None:
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    data = np.array([0, 100, 1023], f"{order}u2").tobytes()
    write(path, row(0, 10, 11, 12, 500), syntax=syntax, VOILUTSequence=[lut(10, 10, data, 3)])
    assert printed(path) == [0, 0, 400, 4095, 4095]


def test_voi_lut_of_packed_bytes_has_more_than_256_entries(path: Path) -> None:
    data = (np.arange(512) // 2).astype("u1").tobytes()
    write(path, row(0, 256, 511), VOILUTSequence=[lut(0, 8, data, 512)])
    assert printed(path) == [0, round(128 / 255 * 4095), 4095]


def test_voi_lut_that_begins_below_zero_behind_unsigned_pixels(path: Path) -> None:
    data = np.arange(0, 1024, 1, "<u2").tobytes()
    item = lut(0x10000 - 1024, 10, data, 1024)
    write(path, row(0, 512, 1023), RescaleSlope=1, RescaleIntercept=-1024, VOILUTSequence=[item])
    assert printed(path) == [0, round(512 / 1023 * 4095), 4095]


def test_modality_lut_comes_before_the_full_range(path: Path) -> None:
    data = np.array([7, 7, 9, 17], "<u2").tobytes()
    write(path, row(0, 1, 2, 3), ModalityLUTSequence=[lut(0, 16, data, 4)])
    assert printed(path) == [0, 0, 819, 4095]


# Without a window


def test_eight_bits_without_transformation_stay_as_they_are(path: Path) -> None:
    stored = np.arange(255, dtype="u1").reshape(15, 17)
    image = only(write(path, stored, 8))
    assert (image.bits_stored, image.pixels.tolist()) == (8, stored.tolist())
    image = only(write(path, stored, 8, PhotometricInterpretation="MONOCHROME1"))
    assert (image.bits_stored, image.pixels.tolist()) == (8, (255 - stored).tolist())


def test_a_window_that_changes_nothing_leaves_8_bits_as_they_are(path: Path) -> None:
    stored = np.arange(256, dtype="u1").reshape(16, 16)
    image = only(write(path, stored, 8, WindowCenter=128, WindowWidth=256))
    assert (image.bits_stored, image.pixels.tolist()) == (8, stored.tolist())
    for window in ({"WindowCenter": 127, "WindowWidth": 256}, {"WindowCenter": 128, "WindowWidth": 255}):
        assert only(write(path, stored, 8, **window)).bits_stored == 12
    exact = {"VOILUTFunction": "LINEAR_EXACT", "WindowCenter": 128, "WindowWidth": 256}
    assert only(write(path, stored, 8, **exact)).bits_stored == 12


def test_more_bits_fill_the_range_and_padding_is_black(path: Path) -> None:
    assert printed(write(path, row(100, 200, 300))) == [0, 2048, 4095]
    padded = row(-2000, 100, 200, 300, dtype="i2")
    assert printed(write(path, padded, PixelPaddingValue=-2000)) == [0, 0, 2048, 4095]
    padded = row(100, 200, 300, 4000, 4095)
    limits = {"PixelPaddingValue": 4095, "PixelPaddingRangeLimit": 4000}
    assert printed(write(path, padded, **limits)) == [0, 2048, 4095, 0, 0]
    assert printed(write(path, row(5, 5), PixelPaddingValue=5)) == [0, 0]


# Color, frames, aspect


def test_color_becomes_luma(path: Path) -> None:
    colors = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (77, 77, 77)]], "u1")
    assert only(write(path, colors, 8)).pixels.tolist() == [[76, 150, 29, 255, 77]]
    assert printed(write(path, colors[:, :4].astype("u2") * 257)) == [1224, 2404, 467, 4095]


def test_palette_color(path: Path) -> None:
    (image,) = read_images(Path(str(get_testdata_file("examples_palette.dcm", download=False))))
    assert (image.bits_stored, image.pixels.shape, image.pixels.max()) == (8, (350, 800), 255)


def test_frames_have_their_own_window_and_rescale(path: Path) -> None:
    def groups(**sequences: Dataset) -> Dataset:
        item = Dataset()
        for keyword, macro in sequences.items():
            setattr(item, keyword, [macro])
        return item

    def macro(**attributes: Any) -> Dataset:
        item = Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        return item

    write(
        path,
        np.array([[[0, 50, 100, 100]], [[0, 50, 100, 100]]], "u2"),
        SharedFunctionalGroupsSequence=[
            groups(
                PixelValueTransformationSequence=macro(RescaleSlope=1, RescaleIntercept=1000),
                PixelMeasuresSequence=macro(PixelSpacing=[1, 0.5]),
            )
        ],
        PerFrameFunctionalGroupsSequence=[
            groups(FrameVOILUTSequence=macro(WindowCenter=1050.5, WindowWidth=101)),
            groups(FrameVOILUTSequence=macro(WindowCenter=1100.5, WindowWidth=201)),
        ],
    )
    first, second = read_images(path)
    assert (first.source, second.source) == ("image.dcm frame 1", "image.dcm frame 2")
    assert (first.pixels.tolist(), second.pixels.tolist()) == (
        [[0, 2048, 4095, 4095]],
        [[0, 1024, 2048, 2048]],
    )
    assert first.pixel_aspect == second.pixel_aspect == (2, 1)


@pytest.mark.parametrize(
    ("attributes", "aspect"),
    [
        ({}, (1, 1)),
        ({"PixelAspectRatio": [4, 3]}, (4, 3)),
        ({"PixelSpacing": [0.97656, 0.97660]}, (1, 1)),
        ({"PixelSpacing": ["0.750000", "1.125000"]}, (2, 3)),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (2, 1)),
        ({"PixelAspectRatio": [0, 0]}, (1, 1)),
    ],
)
def test_pixel_aspect(path: Path, attributes: dict[str, Any], aspect: tuple[int, int]) -> None:
    assert only(write(path, row(1, 2), **attributes)).pixel_aspect == aspect


@pytest.mark.parametrize(
    ("attributes", "width_mm"),
    [
        ({}, None),
        ({"PixelAspectRatio": [4, 3]}, None),
        ({"PixelSpacing": [0.5, 0.25]}, 0.5),
        ({"NominalScannedPixelSpacing": [0.5, 0.3], "ImagerPixelSpacing": [1, 1]}, 0.6),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [1, 1]}, 0.4),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [1, 1]}, 2),
    ],
)
def test_true_size(path: Path, attributes: dict[str, Any], width_mm: float | None) -> None:
    image = only(write(path, row(1, 2), **attributes))
    assert image.width_mm == width_mm
    assert sized(image, None, False) is image
    assert sized(image, 77.0, False).requested_width_mm == 77
    if width_mm is None:
        with pytest.raises(SetupError, match=r"image\.dcm: no pixel spacing"):
            sized(image, None, True)
    else:
        assert sized(image, None, True).requested_width_mm == width_mm


@pytest.mark.parametrize(
    ("pixels", "bits", "layout", "data"),
    [
        (np.array([[1, 2, 3]], "u1"), 8, (8, 8, 7), b"\1\2\3\0"),
        (np.array([[1, 4095]], "u2"), 12, (16, 12, 11), b"\1\0\xff\x0f"),
    ],
)
def test_sequence_item(pixels: Any, bits: int, layout: tuple[int, int, int], data: bytes) -> None:
    item = PrintImage(pixels, bits, (2, 1), "x").sequence_item()
    assert (item.BitsAllocated, item.BitsStored, item.HighBit) == layout
    assert (item.Rows, item.Columns, item.SamplesPerPixel, item.PixelRepresentation) == (*pixels.shape, 1, 0)
    assert (item.PhotometricInterpretation, item.PixelData) == ("MONOCHROME2", data)
    assert list(item.PixelAspectRatio) == [2, 1]
    assert "PixelAspectRatio" not in PrintImage(pixels, bits, (1, 1), "x").sequence_item()


# Real files, and files that cannot be printed


@pytest.mark.parametrize(
    "name",
    ["MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm"],
)
def test_transfer_syntax_makes_no_difference(name: str) -> None:
    plain, other = (
        only(Path(str(get_testdata_file(file, download=False)))) for file in ("MR_small.dcm", name)
    )
    assert np.array_equal(plain.pixels, other.pixels)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", "bytes of pixel data is less than expected"),
        ("reportsi.dcm", "holds no image to print (Basic Text SR Storage)"),
        ("rtdose.dcm", "32 bits stored"),
        ("README.txt", "not a DICOM file"),
    ],
)
def test_unprintable_files_say_why(name: str, reason: str) -> None:
    with pytest.raises(SetupError) as caught:
        list(read_images(Path(str(get_testdata_file(name, download=False)))))
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert reason in message
    assert "\n" not in message


def test_absent_file(path: Path) -> None:
    with pytest.raises(SetupError, match=r"^image\.dcm: cannot be read: No such file or directory$"):
        next(read_images(path))


def test_unknown_window_function(path: Path) -> None:
    write(path, row(1, 2), VOILUTFunction="CUBIC", WindowCenter=1, WindowWidth=2)
    with pytest.raises(SetupError, match=r"^image\.dcm: VOI LUT Function CUBIC is unknown$"):
        next(read_images(path))


@pytest.mark.parametrize(
    ("syntax", "reason"),
    [
        (MPEG2MPML, "no decoder for MPEG2 Main Profile / Main Level: convert the file to Explicit VR"),
        (JPEGBaseline8Bit, "damaged, or beyond the decoders installed: Unable to decode"),
    ],
)
def test_undecodable_pixels(path: Path, syntax: UID, reason: str) -> None:
    write(path, row(1, 2, dtype="u1"), 8, syntax)
    with pytest.raises(SetupError, match=f"^image.dcm: {reason}"):
        next(read_images(path))
