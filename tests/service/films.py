"""Films that tests print: their jobs, their sheets, and the densities that PS3.14 wants of them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from PIL import Image
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox, PrintJob

from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.render.resample import placement

Floats = NDArray[np.float64]

Image.MAX_IMAGE_PIXELS = None  # films are larger than what Pillow takes for an attack


class Films:
    """What is printed on a printer from now on; ``sheets`` are its films as they were frozen."""

    def __init__(self, printer: FilmPrinter, sheets: list[Sheet]) -> None:
        self.printer = printer
        self.sheets = sheets
        self._before = len(printer.jobs())

    def jobs(self, count: int = 1, timeout: float = 30) -> list[Job]:
        """So many jobs and no more, all of them ended."""
        found = self.printer.wait_for(
            lambda jobs: len(jobs) >= self._before + count and all(job.ended for job in jobs), timeout
        )[self._before :]
        assert len(found) == count
        return found

    def job(self) -> Job:
        """The one job; it is done."""
        (job,) = self.jobs()
        assert (job.status, job.info) == ("DONE", "")
        return job

    @property
    def sheet(self) -> Sheet:
        """The one film; the printer took it as it was asked for."""
        (sheet,) = self.sheets
        assert sheet.remarks == ()
        return sheet


def print_film(
    scu: RawScu,
    session: Mapping[str, Any] | None = None,
    film: Mapping[str, Any] | None = None,
    pixels: NDArray[np.uint8] | None = None,
) -> str | None:
    """A film of one image, small unless told otherwise, each answer of which is success; the UID of its job
    for an SCU that has negotiated Print Job."""
    created = scu.ask("create", BasicFilmSession, None, attributes(**session or {}) or None, context=META)
    uid = created.command["AffectedSOPInstanceUID"]
    reference = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=uid)
    values = {"ImageDisplayFormat": "STANDARD\\1,1", "FilmSizeID": "8INX10IN"} | dict(film or {})
    dataset = attributes(ReferencedFilmSessionSequence=[reference], **values)
    filmed = scu.ask("create", BasicFilmBox, None, dataset, context=META)
    box = filmed.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    item = image_item(np.zeros((64, 64), np.uint8) if pixels is None else pixels)
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
    changed = scu.ask("set", BasicGrayscaleImageBox, box, image, context=META)
    printed = scu.ask("action", BasicFilmBox, filmed.command["AffectedSOPInstanceUID"], context=META)
    assert [said.status for said in (created, filmed, changed, printed)] == [0, 0, 0, 0]
    if PrintJob not in scu.contexts:
        return None
    (job,) = printed.dataset[0x2100, 0x0500].value
    assert job.ReferencedSOPClassUID == PrintJob
    return str(job.ReferencedSOPInstanceUID)


def at_pixels(page: NDArray[Any], sheet: Sheet, position: int = 1) -> NDArray[Any]:
    """What stands on a page at the center of each pixel of an image: rows x columns."""
    (image,) = [each for each in sheet.images if each.position == position]
    where = placement(image, sheet.boxes[position - 1], sheet.dots_per_inch).where
    row, column = np.mgrid[0 : image.rows, 0 : image.columns]
    down = where.top + np.floor((row + 0.5) * where.height / image.rows).astype(np.intp)
    across = where.left + np.floor((column + 0.5) * where.width / image.columns).astype(np.intp)
    return np.asarray(page[down, across])


def samples_of(pdf: Path, folder: Path) -> list[NDArray[np.uint8]]:
    """The gray samples of each page of a PDF, taken out by poppler."""
    subprocess.run(["pdfimages", "-png", str(pdf), str(folder / "page")], check=True, timeout=60)
    return [np.asarray(Image.open(page)) for page in sorted(folder.glob("page-*.png"))]


def film_density(
    p_value: Any, low: float = 0.20, high: float = 3.10, light: float = 2000, ambient: float = 10
) -> Floats:
    """PS3.14 from its formula alone: P-values 0..1 on film of that range, its inverse by bisection."""
    darkest, brightest = (_index(ambient + light * 10**-density) for density in (high, low))
    shown = _luminance(darkest + (brightest - darkest) * np.asarray(p_value))
    return np.asarray(-np.log10((shown - ambient) / light))


def _luminance(j: Any) -> Any:
    x = np.log(j)
    numerator = -1.3011877 + x * (8.0242636e-2 + x * (1.3646699e-1 + x * (-2.5468404e-2 + x * 1.3635334e-3)))
    denominator = 1 + x * (
        -2.5840191e-2 + x * (-1.0320229e-1 + x * (2.8745620e-2 + x * (-3.1978977e-3 + x * 1.2992634e-4)))
    )
    return 10 ** (numerator / denominator)


def _index(luminance: float) -> float:
    low, high = 1.0, 1023.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _luminance(middle) < luminance else (low, middle)
    return low
