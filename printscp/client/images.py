"""DICOM image files as grayscale images that a film printer takes (PS3.3 C.13.5).

A stored value goes through the modality LUT (C.11.1) and the VOI LUT or window (C.11.2); the result is sent
as a P-value. Overlays, annotations and presentation states are not printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from printscp.errors import SetupError

# Luma of ITU-R BT.601: the Y of YBR_FULL (PS3.3 C.7.6.3.1.2), so that a gray pixel keeps its value.
_LUMA = (0.299, 0.587, 0.114)
# Functional group macros that say how a frame is to be shown (PS3.3 C.7.6.16.2).
_MACROS = ("PixelValueTransformationSequence", "FrameVOILUTSequence", "PixelMeasuresSequence")
# In the order in which they are trusted: that of the patient, of a digitized film, of a detector.
_SPACINGS = ("PixelSpacing", "NominalScannedPixelSpacing", "ImagerPixelSpacing")
_ALL_OF_8_BITS = ("LINEAR", 128.0, 256.0)  # a window that shows each value as it is


@dataclass(frozen=True, eq=False)
class PrintImage:
    """One image, ready for an image box.

    ``pixels`` is rows x columns of P-values, 0 the darkest: uint8 0..255 with ``bits_stored`` 8, uint16
    0..4095 with 12. ``pixel_aspect`` is the (vertical, horizontal) size of a pixel, as small integers.
    ``source`` names file and frame and holds no patient data. ``width_mm`` is how wide the image is at true
    size, where its pixel spacing is known, and ``requested_width_mm`` how wide it is to be printed: Requested
    Image Size.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bits_stored: int
    pixel_aspect: tuple[int, int]
    source: str
    width_mm: float | None = None
    requested_width_mm: float | None = None

    def sequence_item(self) -> Dataset:
        """The item of the Basic Grayscale Image Sequence (PS3.3 C.13.5)."""
        wide = self.bits_stored > 8
        item = Dataset()
        item.SamplesPerPixel = 1
        item.PhotometricInterpretation = "MONOCHROME2"
        item.Rows, item.Columns = self.pixels.shape
        if self.pixel_aspect != (1, 1):
            item.PixelAspectRatio = list(self.pixel_aspect)
        item.BitsAllocated = 16 if wide else 8
        item.BitsStored = self.bits_stored
        item.HighBit = self.bits_stored - 1
        item.PixelRepresentation = 0
        data = self.pixels.astype("<u2" if wide else "u1").tobytes()
        item.add_new("PixelData", "OW" if wide else "OB", data + b"\0" * (len(data) % 2))
        return item


def read_images(path: Path) -> Iterator[PrintImage]:
    """The images of a DICOM file, one per frame. The file is held as it is, one frame at a time decoded.

    Without a window or VOI LUT the values of the frame, least to greatest and pixel padding aside, fill the
    whole range. Unsigned 8-bit images without any transformation, or with a window that is none, are sent as
    they are; all other gray images as 12 bits, with pixel padding black. Color becomes luma (ITU-R BT.601): 8
    bits from 8 bits, else 12.

    Raises:
        SetupError: the file cannot be read, is not DICOM, holds no image, or is compressed in a way for which
            no decoder is installed.
    """
    try:
        dataset = dcmread(path)
        _check(dataset)
        frames = int(dataset.get("NumberOfFrames") or 1)
        for index in range(frames):
            source = path.name if frames == 1 else f"{path.name} frame {index + 1}"
            yield _print_image(pixel_array(dataset, index=index), _frame_attributes(dataset, index), source)
    except SetupError as error:
        raise SetupError(f"{path.name}: {error}") from None
    except InvalidDicomError as error:
        raise SetupError(
            f"{path.name}: not a DICOM file; give files that begin with a DICOM preamble"
        ) from error
    except OSError as error:
        raise SetupError(f"{path.name}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # pydicom and the codecs meet a damaged file in many ways; the file is at fault in all of them.
        reason = " ".join(str(error).split())
        raise SetupError(f"{path.name}: damaged, or beyond the decoders installed: {reason}") from error


def _check(dataset: Dataset) -> None:
    """Refuse early what has no pixels to print, and say so in the operator's terms."""
    if "BitsStored" not in dataset:
        kind = UID(dataset.get("SOPClassUID", "")).name or "no SOP class"
        raise SetupError(f"holds no image to print ({kind})")
    if dataset.BitsStored > 16 and dataset.SamplesPerPixel == 1:
        raise SetupError(f"{dataset.BitsStored} bits stored; gray images of up to 16 bits can be printed")
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise SetupError(
            f"no decoder for {syntax.name}: convert the file to Explicit VR Little Endian, "
            "or install a decoder that pydicom knows for this transfer syntax"
        )


def _frame_attributes(dataset: Dataset, index: int) -> Dataset:
    """The attributes for one frame: of the data set, then of the shared and its own functional groups."""
    attributes = dataset.group_dataset(0x0028)
    for keyword in _SPACINGS:
        if keyword in dataset:
            attributes[keyword] = dataset[keyword]
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    own = (dataset.get("PerFrameFunctionalGroupsSequence") or [])[index : index + 1]
    for group in [*shared, *own]:
        for macro in _MACROS:
            for item in group.get(macro) or []:
                attributes.update(item)
    return attributes


def _print_image(frame: NDArray[Any], attributes: Dataset, source: str) -> PrintImage:
    bits = int(attributes.BitsStored)
    if attributes.PhotometricInterpretation == "PALETTE COLOR":
        frame = apply_color_lut(frame, attributes)
        bits = 8 * frame.dtype.itemsize
        if bits == 16 and not (frame & 0xFF).any():
            # Palettes of 16 bits often hold colors of 8 bits in the high byte: 0xFF00 is full, too.
            frame, bits = frame >> 8, 8
    if frame.ndim == 3:
        pixels = _luma(frame, bits)
    elif _is_untransformed(attributes):
        pixels = frame.astype(np.uint8)
        if attributes.PhotometricInterpretation == "MONOCHROME1":
            pixels = 255 - pixels
    else:
        pixels = _p_values(frame, attributes)
    return PrintImage(
        pixels,
        8 if pixels.dtype == np.uint8 else 12,
        _pixel_aspect(attributes),
        source,
        _width_mm(attributes, pixels.shape[1]),
    )


def _luma(rgb: NDArray[Any], bits: int) -> NDArray[Any]:
    """Luma of rows x columns x 3 colors of ``bits`` bits: 8 bits from 8 bits, else 12."""
    luma: NDArray[np.float64] = rgb[..., :3] @ np.array(_LUMA) / (2**bits - 1)
    return np.rint(luma * 255).astype(np.uint8) if bits == 8 else np.rint(luma * 4095).astype(np.uint16)


def _is_untransformed(attributes: Dataset) -> bool:
    return (
        attributes.BitsStored == 8
        and attributes.PixelRepresentation == 0
        and not attributes.get("ModalityLUTSequence")
        and not attributes.get("VOILUTSequence")
        and _rescale(attributes) == (1, 0)
        and _window(attributes) in (None, _ALL_OF_8_BITS)
    )


def _p_values(frame: NDArray[Any], attributes: Dataset) -> NDArray[np.uint16]:
    """P-values 0..4095 of a gray frame.

    They are computed once for each stored value from the least to the greatest, in floating point.
    """
    least, greatest = int(frame.min()), int(frame.max())
    stored = np.arange(least, greatest + 1)
    values = _modality(stored.astype(np.float64), attributes)
    window = _window(attributes)
    low, high = _padding(attributes, frame.dtype)
    if attributes.get("VOILUTSequence"):
        item = attributes.VOILUTSequence[0]
        gray = np.minimum(_look_up(values, item) / (2 ** item.LUTDescriptor[2] - 1), 1)
    elif window is not None:
        gray = _windowed(values, *window)
    else:
        used = frame[(frame < low) | (frame > high)]
        if used.size == 0:
            return np.zeros(frame.shape, np.uint16)
        in_use = values[int(used.min()) - least : int(used.max()) - least + 1]
        gray = _windowed(values, "LINEAR_EXACT", (in_use.min() + in_use.max()) / 2, float(np.ptp(in_use)))
    if attributes.PhotometricInterpretation == "MONOCHROME1":
        gray = 1 - gray
    table: NDArray[np.uint16] = np.rint(gray * 4095).astype(np.uint16)
    table[(stored >= low) & (stored <= high)] = 0
    return table[frame.astype(np.int32) - least]


def _modality(stored: NDArray[np.float64], attributes: Dataset) -> NDArray[np.float64]:
    """Stored values through the modality LUT or the rescale (PS3.3 C.11.1)."""
    if attributes.get("ModalityLUTSequence"):
        return _look_up(stored, attributes.ModalityLUTSequence[0])
    slope, intercept = _rescale(attributes)
    return stored * slope + intercept


def _rescale(attributes: Dataset) -> tuple[float, float]:
    slope, intercept = attributes.get("RescaleSlope"), attributes.get("RescaleIntercept")
    return (1.0 if slope is None else float(slope)), float(intercept or 0)


def _look_up(values: NDArray[np.float64], item: Dataset) -> NDArray[np.float64]:
    """``values`` through a LUT of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1).

    pydicom's own look-up is not used: it wraps indices above 255 when the LUT has 8 bits per entry.
    """
    entries, first, _ = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    if isinstance(data, bytes):
        # 65536 entries are written as 0. Entries of 8 bits may be packed two in a word.
        entries = entries & 0xFFFF or 0x10000
        order = "<" if item.original_encoding[1] else ">"
        data = np.frombuffer(data, "u1" if len(data) < 2 * entries else f"{order}u2")[:entries]
    if first > 0x7FFF and values.min() < 0:
        # The VR follows the stored pixels, which may be unsigned where the rescaled values are not.
        first -= 0x10000
    table: NDArray[np.float64] = np.atleast_1d(np.asarray(data, np.float64))
    indices: NDArray[np.int64] = np.clip(np.rint(values) - first, 0, len(table) - 1).astype(np.int64)
    return table[indices]


def _window(attributes: Dataset) -> tuple[str, float, float] | None:
    """Function, center and width of the first window; none where there is none or its width is illegal."""
    center, width = (_first(attributes.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    function = str(attributes.get("VOILUTFunction") or "LINEAR")
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise SetupError(f"VOI LUT Function {function} is unknown")
    if center is None or width is None or width <= 0 or (function == "LINEAR" and width < 1):
        return None
    return function, float(center), float(width)


def _first(value: Any) -> Any:
    if isinstance(value, MultiValue):
        return value[0] if value else None
    return value


def _windowed(values: NDArray[np.float64], function: str, center: float, width: float) -> NDArray[np.float64]:
    """``values`` through a window, as 0..1 (PS3.3 C.11.2.1.2.1 and C.11.2.1.3)."""
    if function == "SIGMOID":
        # The same as 1 / (1 + exp(-4 * (x - c) / w)), without its overflow.
        return (1 + np.tanh(2 * (values - center) / width)) / 2
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width == 0:
        return (values > center).astype(np.float64)
    return np.clip((values - center) / width + 0.5, 0, 1)


def _padding(attributes: Dataset, stored: np.dtype[Any]) -> tuple[int, int]:
    """The least and the greatest stored value of pixel padding (PS3.3 C.7.5.1.1.2); (1, 0) for none."""
    value = attributes.get("PixelPaddingValue")
    if value is None:
        return 1, 0
    limit = attributes.get("PixelPaddingRangeLimit")
    # Through the type of the pixels, as some writers give a negative value with an unsigned VR.
    ends = np.array([value, value if limit is None else limit], np.int64).astype(stored)
    return int(ends.min()), int(ends.max())


def _pixel_aspect(attributes: Dataset) -> tuple[int, int]:
    """The vertical and horizontal size of a pixel as small integers, to 0.1 % or better for usual ratios."""
    for keyword in ("PixelAspectRatio", *_SPACINGS):
        sizes = _sizes(attributes, keyword)
        if sizes is not None:
            ratio = Fraction(sizes[0] / sizes[1]).limit_denominator(100)
            return max(ratio.numerator, 1), ratio.denominator
    return 1, 1


def _width_mm(attributes: Dataset, columns: int) -> float | None:
    """How wide so many columns are at true size."""
    for keyword in _SPACINGS:
        sizes = _sizes(attributes, keyword)
        if sizes is not None:
            return sizes[1] * columns
    return None


def _sizes(attributes: Dataset, keyword: str) -> tuple[float, float] | None:
    """The vertical and horizontal size that an attribute gives, if it makes sense."""
    sizes = attributes.get(keyword)
    if isinstance(sizes, MultiValue) and len(sizes) == 2 and min(sizes) > 0:
        return float(sizes[0]), float(sizes[1])
    return None


def sized(image: PrintImage, width_mm: float | None, true_size: bool) -> PrintImage:
    """The image, to be printed ``width_mm`` wide, or at its true size; as it is where neither is asked for.

    Raises:
        SetupError: its true size is not known.
    """
    if true_size:
        width_mm = image.width_mm
        if width_mm is None:
            raise SetupError(f"{image.source}: no pixel spacing, so no true size; give --width-mm")
    return image if width_mm is None else replace(image, requested_width_mm=width_mm)
