"""Writes synthetic test images as DICOM files: ``python samples/make_samples.py FOLDER [--size 512]``.

Every file is the same at every run, UIDs included. The patient is PHANTOM^SYNTHETIC, and no name is drawn.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.data import get_testdata_file
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

# Real images that are part of the pydicom package, anonymized there: CT head, CT spine, MR abdomen, MR joint.
_REAL = ("J2K_pixelrep_mismatch.dcm", "CT_small.dcm", "examples_overlay.dcm", "MR_small.dcm")
# Drawings are made this many times larger, then reduced, so that edges are smooth.
_OVERSAMPLING = 4

Pixels = NDArray[Any]


def make_samples(folder: Path, size: int = 512) -> list[Path]:
    """Write the test images, ``size`` pixels wide (64 or more), into ``folder``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (name, dataset) in enumerate(_samples(size), 1):
        dataset.InstanceNumber = number
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[name, str(size)])
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        paths.append(folder / f"{number:02}-{name}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def real_images() -> list[Path]:
    """Real CT and MR images, from the installed pydicom package; nothing is downloaded."""
    found = [get_testdata_file(name, download=False) for name in _REAL]
    return [Path(str(path)) for path in found if path is not None]


def _samples(size: int) -> Iterator[tuple[str, Dataset]]:
    yield "orientation", _secondary_capture(orientation(size))
    yield "ramp-12bit", _secondary_capture(ramp(size), **_FULL_RANGE)
    yield "gray-steps", _secondary_capture(gray_steps(size), **_FULL_RANGE)
    yield "resolution", _secondary_capture(resolution(size))
    yield "geometry", _secondary_capture(geometry(size, size))
    yield "geometry-aspect-2-1", _secondary_capture(geometry(size, size // 2), PixelAspectRatio=[2, 1])
    stored = np.clip(phantom(size) + 1024, 0, 4095).astype(np.uint16)
    yield "ct-phantom", _ct(stored)
    # Mirrored at 4095; the window is mirrored too, and its center moves on by 1 (PS3.3 C.11.2.1.2.1).
    yield (
        "phantom-monochrome1",
        _secondary_capture(
            4095 - stored,
            PhotometricInterpretation="MONOCHROME1",
            WindowCenter=4095 - (40 + 1024) + 1,
            WindowWidth=400,
        ),
    )
    slices = [phantom(size // 2, position) + 1024 for position in (-0.9, -0.3, 0.3, 0.9)]
    yield "multi-frame", _multi_frame(np.clip(slices, 0, 4095).astype(np.uint16))


_FULL_RANGE = {"WindowCenter": 2048, "WindowWidth": 4096}


def orientation(size: int) -> Pixels:
    """Top, bottom, left and right in letters, an arrow up and an F, that no turn or mirror leaves alike."""

    def draw(pen: ImageDraw.ImageDraw, unit: float) -> None:
        _frame(pen, unit)
        for letter, x, y in (("T", 50, 11), ("B", 50, 89), ("L", 11, 50), ("R", 89, 50)):
            pen.text((x * unit, y * unit), letter, font=_font(11 * unit), fill=235, anchor="mm")
        for left, top, right, bottom in ((30, 24, 39, 77), (39, 24, 60, 33), (39, 46, 54, 55)):
            pen.rectangle((left * unit, top * unit, right * unit, bottom * unit), fill=255)
        pen.polygon([(x * unit, y * unit) for x, y in ((70, 24), (63, 40), (77, 40))], fill=190)
        pen.rectangle((68 * unit, 40 * unit, 72 * unit, 77 * unit), fill=190)
        for shade, (x, y) in zip((60, 110, 160, 210), ((4, 4), (86, 4), (4, 86), (86, 86)), strict=True):
            pen.rectangle((x * unit, y * unit, (x + 10) * unit, (y + 10) * unit), fill=shade)

    return _drawn(draw, size, size, background=24)


def ramp(size: int) -> Pixels:
    """12 bits from 0 at the left to 4095 at the right; the lowest quarter has the same in 32 steps."""
    levels = np.linspace(0, 4095, size)
    steps = np.floor(np.linspace(0, 32, size, endpoint=False)) / 31 * 4095
    rows = np.arange(size)[:, None]
    return np.rint(np.where(rows < size * 3 // 4, levels, steps)).astype(np.uint16)


def gray_steps(size: int) -> Pixels:
    """After SMPTE RP 133: 11 gray steps from 0 to 100 %, and patches of 5 % in 0 % and of 95 % in 100 %."""
    # Clockwise from the lower left: 0 to 50 % along the bottom, 60 to 100 % back along the top.
    corners = [(7.5 + 14.5 * step, 68) for step in range(6)]
    corners += [(72.75 - 14.5 * step, 10) for step in range(5)]

    def draw(pen: ImageDraw.ImageDraw, unit: float) -> None:
        _frame(pen, unit)
        font, ink = _font(3 * unit), _percent(95)

        def patch(x: float, y: float, width: float, height: float, percent: float) -> None:
            box = (x * unit, y * unit, (x + width) * unit, (y + height) * unit)
            pen.rectangle(box, fill=_percent(percent), outline=_percent(35), width=round(0.15 * unit))

        for step, (x, y) in enumerate(corners):
            patch(x, y, 13, 16, 10 * step)
            pen.text(((x + 6.5) * unit, (y + 19) * unit), f"{10 * step} %", font=font, fill=ink, anchor="mm")
        for x, outer, inner in ((20, 0, 5), (54, 100, 95)):
            patch(x, 38, 26, 17, outer)
            patch(x + 8, 42, 10, 9, inner)
            label = f"{inner} % in {outer} %"
            pen.text(((x + 13) * unit, 58 * unit), label, font=font, fill=ink, anchor="mm")

    fractions = np.minimum(_drawn(draw, size, size, background=_percent(50)) / _percent(100), 1)
    return np.rint(fractions * 4095).astype(np.uint16)


def resolution(size: int) -> Pixels:
    """Line pairs across and along, and a checkerboard, with elements of 1, 2, 4 and 8 pixels.

    Below them lines of 4 pixels gain contrast from left to right.
    """
    pixels = np.full((size, size), 128, np.uint8)
    side, gap = size // 5, size // 25
    y, x = np.indices((side, side))
    for column, width in enumerate((1, 2, 4, 8)):
        patterns = x // width, y // width, x // width + y // width
        left = gap + column * (side + gap)
        for row, pattern in enumerate(patterns):
            top = gap + row * (side + gap)
            pixels[top : top + side, left : left + side] = pattern % 2 * 255
    strip = pixels[gap + 3 * (side + gap) : size - gap, gap : size - gap]
    strip[:] = 128 + (np.arange(strip.shape[1]) // 4 % 2) * np.linspace(0, 64, strip.shape[1]).astype(int)
    return pixels


def geometry(width: int, height: int) -> Pixels:
    """A grid, a square, circles and diagonals that fill ``width`` x ``height`` as if these were equal."""

    def draw(pen: ImageDraw.ImageDraw, unit: float) -> None:
        thin, thick = max(1, round(0.3 * unit)), max(1, round(0.7 * unit))
        for line in range(0, 101, 10):
            pen.line((line * unit, 0, line * unit, 100 * unit), fill=90, width=thin)
            pen.line((0, line * unit, 100 * unit, line * unit), fill=90, width=thin)
        pen.line((0, 0, 100 * unit, 100 * unit), fill=120, width=thin)
        pen.line((0, 100 * unit, 100 * unit, 0), fill=120, width=thin)
        _frame(pen, unit)
        pen.rectangle((20 * unit, 20 * unit, 80 * unit, 80 * unit), outline=200, width=thick)
        pen.ellipse((10 * unit, 10 * unit, 90 * unit, 90 * unit), outline=255, width=thick)
        for x, y in ((10, 10), (90, 10), (10, 90), (90, 90), (50, 50)):
            box = ((x - 7) * unit, (y - 7) * unit, (x + 7) * unit, (y + 7) * unit)
            pen.ellipse(box, outline=255, width=thick)

    return _drawn(draw, width, height, background=20)


def phantom(size: int, position: float = 0.0) -> Pixels:
    """An abdomen of ellipses in Hounsfield units, with noise; ``position`` -1..1 moves along the body."""
    columns = (np.arange(2 * size) + 0.5) / size - 1
    rows = columns[:, None]
    units = np.full((2 * size, 2 * size), -1000.0)

    def ellipse(
        x: float, y: float, a: float, b: float, value: float, angle: float = 0, above: float = 1
    ) -> None:
        reach, turn = max(a, b), np.deg2rad(angle)
        across, down = (slice(*columns.searchsorted((at - reach, at + reach))) for at in (x, y))
        right, below = columns[across] - x, rows[down] - y
        u = right * np.cos(turn) + below * np.sin(turn)
        v = below * np.cos(turn) - right * np.sin(turn)
        inside = ((u / a) ** 2 + (v / b) ** 2 <= 1) & (rows[down] < above)
        units[down, across][inside] = value

    bulge = 1 - 0.06 * position**2
    ellipse(0, 0.02, 0.92 * bulge, 0.68 * bulge, -100)
    ellipse(0, 0.02, 0.86 * bulge, 0.60 * bulge, 55)
    ellipse(0, -0.02, 0.80 * bulge, 0.52 * bulge, -90)
    ellipse(-0.38, -0.10, 0.40 - 0.03 * position, 0.36, 65, -12)
    for x, y, radius, value in ((-0.52, -0.16, 0.10, 25), (-0.36, 0.04, 0.07, 40), (-0.24, -0.22, 0.05, 95)):
        ellipse(x, y, radius * bulge, radius * bulge, value)
    for value, above in ((12, 1), (-950, -0.26)):  # of the stomach, with air in it
        ellipse(0.34, -0.20, 0.28, 0.20 + 0.05 * position, value, 15, above)
    ellipse(0.60, 0.10, 0.14, 0.24, 85, -18)
    for side in (-1, 1):
        ellipse(side * 0.42, 0.32, 0.12, 0.17 + 0.05 * position, 120, side * 20)
        ellipse(side * 0.38, 0.32, 0.05, 0.08, 15, side * 20)
        ellipse(side * 0.26, 0.50, 0.16, 0.09, 60, side * -15)
    ellipse(0, 0.34, 0.19, 0.16, 700)
    ellipse(0, 0.34, 0.165, 0.135, 230)
    ellipse(0, 0.54, 0.06, 0.10, 600)
    ellipse(0, 0.50, 0.07, 0.05, 25)
    ellipse(0.03, 0.11, 0.075, 0.075, 220)
    ellipse(-0.13, 0.13, 0.085, 0.06, 130)
    for angle in range(25, 156, 26):
        for side in (-1, 1):
            turn = np.deg2rad(angle)
            ellipse(side * 0.83 * bulge * np.sin(turn), 0.02 - 0.56 * bulge * np.cos(turn), 0.045, 0.025, 500)
    units[(np.abs(rows - 0.80 - 0.12 * (1 - columns**2)) < 0.012) & (np.abs(columns) < 0.75)] = 150
    soft = units.reshape(size, 2, size, 2).mean(axis=(1, 3))
    return soft + np.random.default_rng(round(1000 + 100 * position)).normal(0, 9, soft.shape)


def _drawn(
    draw: Callable[[ImageDraw.ImageDraw, float], None], width: int, height: int, *, background: int
) -> Pixels:
    """Pixels of a drawing on a square of 100 x 100 units, at last fitted to ``width`` x ``height``."""
    side = _OVERSAMPLING * width
    canvas = Image.new("L", (side, side), background)
    draw(ImageDraw.Draw(canvas), side / 100)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def _frame(pen: ImageDraw.ImageDraw, unit: float) -> None:
    pen.rectangle((0, 0, 100 * unit - 1, 100 * unit - 1), outline=255, width=max(1, round(0.8 * unit)))


def _percent(value: float) -> int:
    # Two levels to the percent, so that the steps come out exact and not rounded to 8 bits.
    return round(2 * value)


def _font(size: float) -> Any:
    return ImageFont.load_default(size)


def _secondary_capture(pixels: Pixels, **attributes: Any) -> Dataset:
    dataset = _image(SecondaryCaptureImageStorage, "OT", pixels)
    dataset.ConversionType = "SYN"
    dataset.update(attributes)
    return dataset


def _multi_frame(pixels: Pixels) -> Dataset:
    dataset = _image(MultiFrameGrayscaleWordSecondaryCaptureImageStorage, "OT", pixels)
    dataset.ConversionType = "SYN"
    dataset.NumberOfFrames = len(pixels)
    dataset.FrameIncrementPointer = tag_for_keyword("PageNumberVector")
    dataset.PageNumberVector = list(range(1, len(pixels) + 1))
    dataset.WindowCenter, dataset.WindowWidth = 40 + 1024, 400
    return dataset


def _ct(stored: Pixels) -> Dataset:
    dataset = _image(CTImageStorage, "CT", stored)
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.PixelSpacing = [round(380 / len(stored), 4)] * 2
    dataset.SliceThickness = 5
    dataset.ImagePositionPatient = [-190, -190, 0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame of reference"])
    dataset.PositionReferenceIndicator = dataset.KVP = dataset.AcquisitionNumber = None
    return dataset


def _image(sop_class: str, modality: str, pixels: Pixels) -> Dataset:
    """An image of uint8, or of uint16 with 12 bits stored, MONOCHROME2; frames come first in the shape."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = sop_class
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = "PHANTOM^SYNTHETIC", "SYNTHETIC"
    dataset.PatientBirthDate = dataset.PatientSex = dataset.Laterality = None
    dataset.StudyDate, dataset.StudyTime = "20240101", "120000"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", modality, str(pixels.ndim)])
    dataset.StudyID, dataset.SeriesNumber = "1", 1
    dataset.AccessionNumber = dataset.ReferringPhysicianName = dataset.PatientOrientation = None
    dataset.Manufacturer = "printscp"
    dataset.BurnedInAnnotation = "NO"
    wide = pixels.dtype == np.uint16
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = (16, 12, 11) if wide else (8, 8, 7)
    dataset.PixelRepresentation = 0
    data = pixels.astype("<u2" if wide else "u1").tobytes()
    dataset.add_new("PixelData", "OW" if wide else "OB", data + b"\0" * (len(data) % 2))
    return dataset


def main() -> None:
    parser = argparse.ArgumentParser(description="Write synthetic test images as DICOM files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=512, help="width in pixels, 64 or more (default 512)")
    arguments = parser.parse_args()
    if arguments.size < 64:
        parser.error("--size must be 64 or more")
    for path in make_samples(arguments.folder, arguments.size):
        print(path)


if __name__ == "__main__":
    main()
