"""One PDF a job: a page for each film, of its exact size, lossless 8-bit gray, the label as text.

A gray sample is a P-value of the printer's range: 0 its maximum density, 255 its minimum, steps even in JND
under the film's light (PS3.14). The document's Subject says so with the numbers. The pages stand there once,
in order; NumCopies tells a viewer or spooler how often to print the document, which collates: 1 2 3 1 2 3.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFIndirectObject, PDFName, PDFObject, PDFTrailer
from reportlab.pdfgen.canvas import Canvas

from printscp import __version__
from printscp.durable import write_durably
from printscp.render.page import Page, p_value_samples

_RUN = 256  # rows that a thread takes at a time
_STRIP = 64  # rows that stay in the cache from look-up to deflate
_PNG_UP = 2  # PNG filter type: each byte minus the one above it
_FONT = "Helvetica"
_VERSION = (1, 7)  # NumCopies
_HEAD = b"%%PDF-%d.%d\n%%\xe2\xe3\xcf\xd3\n" % _VERSION  # bytes above 127: the file is binary


class PDFFolder:
    """Leaves each job as a PDF in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, pages: Iterable[Page], name: str, copies: int) -> Path:
        """Write pages under a name made from their job: done again, it is the same file.

        Raises:
            OSError: the folder cannot take it for now.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.pdf"
        temporary = self._folder / f".{name}.part"
        write_durably(path, temporary, lambda file: write(pages, file, copies))
        return path


def write(pages: Iterable[Page], file: BinaryIO, copies: int) -> None:
    """Write the PDF of some pages, one or more.

    A page is asked for when the one before it is in the file and forgotten: they are large.
    """
    document = _Document(file)
    for page in pages:
        document.add(page)
        del page
    document.finish(copies)


class _Document:
    """A PDF that grows page by page: images go to the file as they come, the small rest at the end.

    reportlab keeps all of a document in memory until it is saved, so it is given pages without their images.
    Objects may stand in a file in any order: the cross-reference table finds them (PDF 32000-1 7.5.4).
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._canvas: Any = Canvas(file, pageCompression=0, pdfVersion=_VERSION)
        self._canvas.setAuthor("")
        self._canvas.setCreator(f"printscp {__version__}")
        self._tones: list[str] = []
        self._offsets: dict[int, int] = {}  # of each object that is in the file, by its number
        file.write(_HEAD)

    def add(self, page: Page) -> None:
        canvas = self._canvas
        if not self._tones:
            canvas.setTitle(page.title)
        self._tones.append(_tone(page))
        width, height = page.size_points
        points = 72 / page.dots_per_inch
        samples = p_value_samples(page.scale)
        name = self._add_image(page.density, samples)
        canvas.setPageSize((width, height))
        canvas._code.append(f"q {width:.6f} 0 0 {height:.6f} 0 0 cm /{name} Do Q")
        for label in page.labels:
            canvas.setFillGray(samples[label.density] / 255)
            canvas.setFont(_FONT, label.height * points)
            canvas.drawString(label.left * points, height - label.baseline * points, label.text)
        canvas.showPage()

    def finish(self, copies: int) -> None:
        """Write all but the images."""
        self._canvas.setSubject(_subject(self._tones))
        preferences = PDFDictionary({"PrintScaling": PDFName("None"), "NumCopies": copies})
        self._canvas._doc.Catalog.ViewerPreferences = preferences
        self._canvas._doc.format = self._rest  # what reportlab writes when it saves
        self._canvas.save()

    def _add_image(self, density: NDArray[np.uint16], samples: NDArray[np.uint8]) -> str:
        """Write the image of a page; returns its name in the resources of pages."""
        canvas, document = self._canvas, self._canvas._doc
        data = _zlib_stream(density, samples)
        image = _Image(density.shape, sum(map(len, data)))
        name = f"page{len(self._tones)}"
        document.addForm(name, image)
        canvas._formsinuse.append(name)
        number, _ = document.idToObjectNumberAndVersion[document.Reference(image).name]
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n%b\nstream\n" % (number, image.format(document)))
        self._file.writelines(data)
        self._file.write(b"\nendstream\nendobj\n")
        return str(document.getXObjectName(name))

    def _rest(self) -> bytes:
        """The other objects, the cross-reference table and the trailer (PDF 32000-1 7.5.4 and 7.5.5)."""
        document = self._canvas._doc
        parts: list[bytes] = []
        end, number = self._file.tell(), 1
        while number in document.numberToId:  # to format an object may bring others
            if number not in self._offsets:
                name = document.numberToId[number]
                parts.append(PDFIndirectObject(name, document.idToObject[name]).format(document))
                self._offsets[number] = end
                end += len(parts[-1])
            number += 1
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % number)
        parts.extend(b"%010d 00000 n \n" % self._offsets[each] for each in range(1, number))
        trailer = PDFTrailer(
            end,
            Size=number,
            Root=document.Reference(document.Catalog),
            Info=document.Reference(document.info),
            ID=document.ID(),
        )
        return b"".join([*parts, trailer.format(document)])


def _subject(tones: list[str]) -> str:
    if len(set(tones)) == 1:
        return tones[0]
    return " ".join(f"Page {number}: {tone}" for number, tone in enumerate(tones, start=1))


def _tone(page: Page) -> str:
    scale = page.scale
    return (
        f"Gray samples are P-values (DICOM PS3.14): 0 is {scale.max_density:.2f} OD, "
        f"1 is {scale.min_density:.2f} OD, even steps are even in JND "
        f"at L0 {scale.illumination:g} and La {scale.ambient:g} cd/m2."
    )


class _Image(PDFObject):
    """An image XObject, without its data."""

    __RefOnly__ = 1  # reportlab: a stream stands at the top level

    def __init__(self, shape: tuple[int, ...], length: int) -> None:
        self._shape = shape
        self._length = length

    def format(self, document: Any) -> bytes:
        """Its dictionary."""
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
                "Length": self._length,
            }
        )
        return bytes(dictionary.format(document))


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
