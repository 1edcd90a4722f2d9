"""One PDF a film: exact page size, lossless 8-bit gray, the label as text.

A gray sample is a P-value of the printer's range: 0 its maximum density, 255 its minimum, steps even in JND
under the film's light (PS3.14). The document's Subject says so with the numbers.
"""

import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFObject
from reportlab.pdfgen.canvas import Canvas

from printscp import __version__
from printscp.durable import write_durably
from printscp.render.page import Page, p_value_samples

_RUN = 256  # rows that a thread takes at a time
_STRIP = 64  # rows that stay in the cache from look-up to deflate
_PNG_UP = 2  # PNG filter type: each byte minus the one above it
_FONT = "Helvetica"
_MARK = b"%the image of the page%"
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
        write_durably(path, temporary, lambda file: write(page, file))
        return path


def write(page: Page, file: BinaryIO) -> None:
    """Write the PDF of a page."""
    width, height = page.size_points
    points = 72 / page.dots_per_inch
    samples = p_value_samples(page.scale)
    skeleton = io.BytesIO()
    canvas: Any = Canvas(skeleton, pagesize=(width, height), pageCompression=0, pdfVersion=_VERSION)
    canvas.setTitle(page.title)
    canvas.setAuthor("")
    canvas.setCreator(f"printscp {__version__}")
    canvas.setSubject(_tone(page))
    canvas._doc.Catalog.ViewerPreferences = PDFDictionary(
        {"PrintScaling": PDFName("None"), "NumCopies": page.copies}
    )
    data = _zlib_stream(page.density, samples)
    image = _Image(page.density.shape, sum(map(len, data)))
    canvas._doc.addForm("page", image)
    canvas._formsinuse.append("page")
    canvas._code.append(f"q {width:.6f} 0 0 {height:.6f} 0 0 cm /{canvas._doc.getXObjectName('page')} Do Q")
    for label in page.labels:
        canvas.setFillGray(samples[label.density] / 255)
        canvas.setFont(_FONT, label.height * points)
        canvas.drawString(label.left * points, height - label.baseline * points, label.text)
    canvas.save()
    head, tail = _around(skeleton.getvalue(), image.length)
    file.write(head)
    file.writelines(data)
    file.write(tail)


def _tone(page: Page) -> str:
    scale = page.scale
    return (
        f"Gray samples are P-values (DICOM PS3.14): 0 is {scale.max_density:.2f} OD, "
        f"1 is {scale.min_density:.2f} OD, even steps are even in JND "
        f"at L0 {scale.illumination:g} and La {scale.ambient:g} cd/m2."
    )


class _Image(PDFObject):
    """An image XObject with a mark in place of its data, which reportlab would copy five times over."""

    __RefOnly__ = 1  # reportlab: a stream stands at the top level

    def __init__(self, shape: tuple[int, ...], length: int) -> None:
        self._shape = shape
        self.length = length

    def format(self, document: Any) -> bytes:
        """What reportlab writes between obj and endobj."""
        rows, columns = self._shape
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
                "Length": self.length,
            }
        )
        return b"".join((dictionary.format(document), b"\nstream\n", _MARK, b"\nendstream\n"))


def _around(skeleton: bytes, length: int) -> tuple[bytes, bytes]:
    """What stands before and after the image's data: the file around the mark, its offsets moved."""
    before, after = skeleton.split(_MARK)
    body, table = after.rsplit(b"xref\n0 ", 1)  # the cross-reference table, PDF 32000-1 7.5.4
    shift = length - len(_MARK)

    def moved(entry: re.Match[bytes]) -> bytes:
        offset = int(entry[1])
        return b"%010d 00000 n" % (offset + shift if offset > len(before) else offset)

    table = re.sub(rb"(\d{10}) 00000 n", moved, table)
    table = re.sub(rb"startxref\s+(\d+)", lambda start: b"startxref\n%d" % (int(start[1]) + shift), table)
    return before, b"".join((body, b"xref\n0 ", table))


@dataclass
class _Deflated:
    """A run of rows: raw deflate data, and Adler-32 and length of what was deflated."""

    data: list[bytes]
    adler: int
    length: int


def _zlib_stream(density: NDArray[np.uint16], samples: NDArray[np.uint8]) -> list[bytes]:
    """The samples of a page as PNG-filtered rows in one zlib stream (RFC 1950), in parts.

    Threads take runs of rows as they get free; a sync flush makes the end of a run a place to go on from.
    """
    rows = density.shape[0]
    runs = [(top, min(top + _RUN, rows)) for top in range(0, rows, _RUN)]
    flushes = [isal_zlib.Z_SYNC_FLUSH] * (len(runs) - 1) + [isal_zlib.Z_FINISH]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        deflated = list(threads.map(lambda run, flush: _deflate(density, samples, run, flush), runs, flushes))
    adler = reduce(_adler_of_both, ((run.adler, run.length) for run in deflated))[0]
    return [b"\x78\x01", *(data for run in deflated for data in run.data), adler.to_bytes(4, "big")]


def _deflate(
    density: NDArray[np.uint16], samples: NDArray[np.uint8], run: tuple[int, int], flush: int
) -> _Deflated:
    """Rows from the first of ``run`` to before the second, strip by strip."""
    top, end = run
    columns = density.shape[1]
    deflate = isal_zlib.compressobj(level=1, wbits=-15)
    filtered = np.empty((_STRIP, columns + 1), np.uint8)
    filtered[:, 0] = _PNG_UP
    deflated = _Deflated([], 1, (end - top) * (columns + 1))
    above = np.zeros((1, columns), np.uint8) if top == 0 else cv2.LUT(density[top - 1 : top], samples)
    for row in range(top, end, _STRIP):
        strip = cv2.LUT(density[row : min(row + _STRIP, end)], samples)
        rows = filtered[: len(strip)]
        np.subtract(strip[:1], above, out=rows[:1, 1:])
        np.subtract(strip[1:], strip[:-1], out=rows[1:, 1:])
        above = strip[-1:]
        data = rows.data.cast("B")
        deflated.adler = isal_zlib.adler32(data, deflated.adler)
        deflated.data.append(deflate.compress(data))
    deflated.data.append(deflate.flush(flush))
    return deflated


def _adler_of_both(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """Adler-32 and length of two runs in a row from those of each: its sums are linear (RFC 1950 8.2)."""
    (adler, length), (adler_after, length_after) = first, second
    base = 65521
    low = (adler & 0xFFFF) + (adler_after & 0xFFFF) - 1
    high = (adler >> 16) + (adler_after >> 16) + length_after * ((adler & 0xFFFF) - 1)
    return high % base << 16 | low % base, length + length_after
