"""Patterns as DICOM images that any SCU can print, with a note in them for programs that says what is where.

The note is JSON in a private attribute; docs/patterns.md describes it.
"""

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from printscp import __version__
from printscp.errors import SetupError
from printscp.qa.pattern import Landmark, Patch, Pattern, Role

CREATOR = "PRINTSCP QA"
GROUP = 0x0071
ELEMENT = 0x01
"""Where the note is: (0071,xx01), VR UT, in the private block of `CREATOR`."""


class Note(BaseModel):
    """What is known of a pattern beside its pixels. Places are in pixels from the top left of the matrix, so
    that the middle of the first pixel is at 0.5, 0.5."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = 1
    software: str = f"printscp {__version__}"
    name: str
    title: str
    source: str
    bits: Literal[8, 12]
    columns: int
    rows: int
    width_mm: float | None
    patches: tuple[tuple[str, int, Role, float, float, float, float], ...]  # as the fields of Patch
    landmarks: tuple[tuple[str, float, float], ...]  # as the fields of Landmark


def note(pattern: Pattern) -> Note:
    """What programs should know of a pattern."""
    rows, columns = pattern.pixels.shape
    return Note(
        name=pattern.name,
        title=pattern.title,
        source=pattern.source,
        bits=8 if pattern.bits == 8 else 12,
        columns=columns,
        rows=rows,
        width_mm=pattern.width_mm,
        patches=tuple(
            (each.name, each.value, each.role, each.left, each.top, each.width, each.height)
            for each in pattern.patches
        ),
        landmarks=tuple((each.name, each.x, each.y) for each in pattern.landmarks),
    )


def write(pattern: Pattern, path: Path) -> None:
    """Write a pattern as a Secondary Capture image, the same file each time, into a folder that is made where
    it is not there.

    Raises:
        SetupError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset(pattern).save_as(path, enforce_file_format=True)
    except OSError as error:
        raise SetupError(f"{path}: cannot be written: {error.strerror or error}") from error


def read(path: Path) -> Pattern:
    """The pattern that a file of `write` holds.

    Raises:
        SetupError: the file cannot be read, is not DICOM, or has no note; the message says so.
    """
    try:
        stored = dcmread(path)
        text = str(stored.private_block(GROUP, CREATOR)[ELEMENT].value)
        said = Note.model_validate_json(text)
        pixels = stored.pixel_array
    except OSError as error:
        raise SetupError(f"{path}: cannot be read: {error.strerror or error}") from error
    except InvalidDicomError as error:
        raise SetupError(f"{path}: not a DICOM file; `printscp qa pattern` writes patterns") from error
    except (KeyError, ValidationError) as error:
        raise SetupError(
            f"{path}: no pattern, or its note is damaged; `printscp qa pattern` writes patterns with one"
        ) from error
    except Exception as error:
        # pydicom meets a damaged file in many ways; the file is at fault in all of them.
        raise SetupError(f"{path}: damaged: {' '.join(str(error).split())}") from error
    if pixels.shape != (said.rows, said.columns) or int(stored.BitsStored) != said.bits:
        raise SetupError(
            f"{path}: its pixels are not those of its note; `printscp qa pattern` writes it anew"
        )
    return _pattern(said, pixels)


def _pattern(said: Note, pixels: Any) -> Pattern:
    return Pattern(
        name=said.name,
        title=said.title,
        source=said.source,
        bits=said.bits,
        pixels=pixels.astype(np.uint8 if said.bits == 8 else np.uint16),
        patches=tuple(Patch(*each) for each in said.patches),
        landmarks=tuple(Landmark(*each) for each in said.landmarks),
        width_mm=said.width_mm,
    )


def dataset(pattern: Pattern) -> Dataset:
    """A Secondary Capture image whose window shows each P-value as it is."""
    text = note(pattern).model_dump_json()
    image = Dataset()
    _identify(image, pattern, hashlib.sha256(pattern.pixels.tobytes() + text.encode()).hexdigest())
    _set_pixels(image, pattern)
    image.private_block(GROUP, CREATOR, create=True).add_new(ELEMENT, "UT", text)
    return image


def _identify(image: Dataset, pattern: Pattern, content: str) -> None:
    image.SOPClassUID = SecondaryCaptureImageStorage
    image.SOPInstanceUID = generate_uid(entropy_srcs=["pattern", content])
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.PatientName, image.PatientID = "PHANTOM^QA", "QA"
    image.PatientBirthDate = image.PatientSex = None
    image.StudyInstanceUID = generate_uid(entropy_srcs=["patterns", __version__])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=["patterns", __version__, pattern.name])
    image.StudyID, image.SeriesNumber, image.InstanceNumber = "QA", 1, 1
    image.StudyDate = image.StudyTime = image.AccessionNumber = image.ReferringPhysicianName = None
    image.StudyDescription, image.SeriesDescription = "Film quality assurance", pattern.name
    image.ImageComments = f"{pattern.title}. Geometry: {pattern.source}"
    image.Modality, image.ConversionType, image.BurnedInAnnotation = "OT", "SYN", "NO"
    image.Laterality = image.PatientOrientation = None
    image.Manufacturer, image.SoftwareVersions = "printscp", __version__


def _set_pixels(image: Dataset, pattern: Pattern) -> None:
    wide = pattern.bits > 8
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = pattern.pixels.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = 16 if wide else 8, pattern.bits, pattern.bits - 1
    image.PixelRepresentation = 0
    # PS3.3 C.11.2.1.2.1: this window takes 0 to 0 and the largest to the largest.
    image.WindowCenter, image.WindowWidth = str(1 << (pattern.bits - 1)), str(1 << pattern.bits)
    image.PresentationLUTShape = "IDENTITY"
    if pattern.width_mm is not None:
        spacing = f"{pattern.width_mm / image.Columns:.10g}"
        image.PixelSpacing = image.NominalScannedPixelSpacing = [spacing, spacing]
    data = pattern.pixels.astype("<u2" if wide else "u1").tobytes()
    image.add_new("PixelData", "OW" if wide else "OB", data + b"\0" * (len(data) % 2))
