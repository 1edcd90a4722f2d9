"""One PDF a film: exact page size, lossless 8-bit gray, the label as text.

A gray sample is a P-value of the printer's range: 0 its maximum density, 255 its minimum, steps even in JND
under the film's light (PS3.14). The document's Subject says so with the numbers.
"""

import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFObject
from reportlab.pdfgen.canvas import Canvas

from printscp import __version__
from printscp.render.page import Page, p_value_samples

_PNG_UP = 2  # PNG filter type: each byte minus the one above it
_FONT = "Helvetica"
_VERSION = (1, 7)  # NumCopies


class PDFFolder:
    """Leaves each film as a PDF in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, page: Page, name: str) -> Path:
        """Write a page under a name made from its job: done again, it is the same file.

        Raises:
            OSError: the folder cannot take it for now.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.pdf"
        temporary = self._folder / f".{name}.part"
        with temporary.open("wb") as file:
            file.write(document(page))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return path


def document(page: Page) -> bytes:
    """The PDF file of a page."""
    width, height = page.size_points
    points = 72 / page.dots_per_inch
    samples = p_value_samples(page.scale)
    file = io.BytesIO()
    canvas: Any = Canvas(file, pagesize=(width, height), pageCompression=0, pdfVersion=_VERSION)
    canvas.setTitle(page.title)
    canvas.setAuthor("")
    canvas.setCreator(f"printscp {__version__}")
    canvas.setSubject(_tone(page))
    canvas._doc.Catalog.ViewerPreferences = PDFDictionary(
        {"PrintScaling": PDFName("None"), "NumCopies": page.copies}
    )
    image = _Image(cv2.LUT(page.density, samples))
    canvas._doc.addForm("page", image)
    canvas._formsinuse.append("page")
    canvas._code.append(f"q {width:.6f} 0 0 {height:.6f} 0 0 cm /{canvas._doc.getXObjectName('page')} Do Q")
    for label in page.labels:
        canvas.setFillGray(samples[label.density] / 255)
        canvas.setFont(_FONT, label.height * points)
        canvas.drawString(label.left * points, height - label.baseline * points, label.text)
    canvas.save()
    return file.getvalue()


def _tone(page: Page) -> str:
    scale = page.scale
    return (
        f"Gray samples are P-values (DICOM PS3.14): 0 is {scale.max_density:.2f} OD, "
        f"1 is {scale.min_density:.2f} OD, even steps are even in JND "
        f"at L0 {scale.illumination:g} and La {scale.ambient:g} cd/m2."
    )


class _Image(PDFObject):
    """An image XObject whose samples are compressed here: reportlab's own way takes fifty times as long."""

    __RefOnly__ = 1  # reportlab: a stream stands at the top level

    def __init__(self, samples: NDArray[Any]) -> None:
        self._samples = samples

    def format(self, document: Any) -> bytes:
        """What reportlab writes between obj and endobj."""
        rows, columns = self._samples.shape
        data = _compressed(self._samples)
        dictionary = PDFDictionary(
            {
                "Type": PDFName("XObject"),
                "Subtype": PDFName("Image"),
                "Width": columns,
                "Height": rows,
                "ColorSpace": PDFName("DeviceGray"),
                "BitsPerComponent": 8,
                "Filter": PDFName("FlateDecode"),
                "DecodeParms": PDFDictionary({"Predictor": 15, "Colors": 1, "Columns": columns}),
                "Length": len(data),
            }
        )
        return b"".join((dictionary.format(document), b"\nstream\n", data, b"\nendstream\n"))


def _compressed(samples: NDArray[Any]) -> bytes:
    """PNG-filtered rows, deflated."""
    rows, columns = samples.shape
    filtered = np.empty((rows, columns + 1), np.uint8)
    filtered[:, 0] = _PNG_UP
    filtered[0, 1:] = samples[0]
    np.subtract(samples[1:], samples[:-1], out=filtered[1:, 1:])
    return bytes(isal_zlib.compress(filtered.data.cast("B"), level=1))
