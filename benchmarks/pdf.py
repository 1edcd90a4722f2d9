"""How long a film takes from the sheet in memory to a PDF on disk: beside memcpy, and beside the plain way.

Memcpy of the page is the measure, since no film is made without touching each of its pixels at least once.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from films import Film
from isal import isal_zlib
from peers.spool import MemorySpool
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from printscp.catalog import load_profile
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Request, Values
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer
from printscp.film.profile import Mode
from printscp.film.service import perform
from printscp.film.sheet import Sheet
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
)
from printscp.film.uids import (
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META as META,
)
from printscp.outputs.pdf import PDFFolder
from printscp.render.compose import compose
from printscp.render.page import p_value_samples

FILM = Film(4, 5, (512, 512), 8, "17INX17IN")
PLAIN_RUNS = 3  # seconds each, and nobody doubts the outcome


def accepted_sheet() -> Sheet:
    """The sheet that the server makes of the film."""
    spool = MemorySpool()
    printer = Printer(
        name="PRINTSCP",
        profile=load_profile("imager17"),
        mode=Mode.TOLERANT,
        software_version="0",
        budget=MemoryBudget(1 << 30),
        spool=spool,
    )
    dialogue = Dialogue(printer, "BENCHMARK", frozenset({META}), lambda _: None)

    def ask(verb: str, sop_class: UID, instance: UID, dataset: Dataset | None = None) -> Values:
        request = Request(META, sop_class, instance, dataset or Dataset(), action_type=1)
        return perform(dialogue, verb, request).values or {}

    ask("create", BASIC_FILM_SESSION, FILM.session_uid, FILM.session())
    boxes = ask("create", BASIC_FILM_BOX, FILM.film_box_uid, FILM.film_box())["ReferencedImageBoxSequence"]
    for box, image in zip(boxes, FILM.images(), strict=True):
        ask("set", BASIC_GRAYSCALE_IMAGE_BOX, box["ReferencedSOPInstanceUID"], image)
    ask("action", BASIC_FILM_BOX, FILM.film_box_uid)
    (sheet,) = spool.sheets
    return sheet


class Stages:
    """The stages of a film one by one, each done plainly: what there is to gain, and where."""

    def __init__(self, sheet: Sheet, folder: Path) -> None:
        self._sheet = sheet
        self._folder = folder
        self._page = compose(sheet, "")
        self._table = p_value_samples(self._page.scale)
        self._samples: Any = cv2.LUT(self._page.density, self._table)
        self._filtered = self._filter()
        self._deflated = self._deflate()

    def all(self) -> dict[str, Callable[[], Any]]:
        return {
            "compose": lambda: compose(self._sheet, ""),
            "sample table": lambda: cv2.LUT(self._page.density, self._table),
            "filter": self._filter,
            "deflate": self._deflate,
            "write + fsync": self._write,
        }

    def _filter(self) -> Any:
        rows, columns = self._samples.shape
        filtered = np.empty((rows, columns + 1), np.uint8)
        filtered[:, 0] = 2
        filtered[0, 1:] = self._samples[0]
        np.subtract(self._samples[1:], self._samples[:-1], out=filtered[1:, 1:])
        return filtered

    def _deflate(self) -> Any:
        return isal_zlib.compress(self._filtered.data.cast("B"), level=1)

    def _write(self) -> None:
        path = self._folder / "stage"
        with path.open("wb") as file:
            file.write(self._deflated)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def plain(sheet: Sheet, path: Path) -> None:
    """What comes to mind first: Pillow pastes, reportlab draws the page as an image."""
    page = Image.new("L", (sheet.width, sheet.height))
    for image in sheet.images:
        box = sheet.boxes[image.position - 1]
        side = min(box.width, box.height)
        picture = Image.frombytes("L", (image.columns, image.rows), image.pixels)
        page.paste(picture.resize((side, side), Image.Resampling.BICUBIC), (box.left, box.top))
    size = sheet.width / sheet.dots_per_inch * 72, sheet.height / sheet.dots_per_inch * 72
    with path.open("wb") as file:
        canvas = Canvas(file, pagesize=size)
        canvas.drawImage(ImageReader(page), 0, 0, *size)
        canvas.save()
        file.flush()
        os.fsync(file.fileno())


def milliseconds(work: Callable[[], Any]) -> float:
    # What an earlier run left unwritten must not be paid for by this one.
    os.sync()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="the first one warms up")
    parser.add_argument("--folder", type=Path, help="where PDFs are written [default: the temporary folder]")
    arguments = parser.parse_args()
    if arguments.runs < 2:
        parser.error("--runs: at least 2, the first one warms up")
    sheet = accepted_sheet()
    source = np.full((sheet.height, sheet.width), 1, np.uint16)
    target = np.zeros_like(source)
    target[:] = 2  # memory that was never touched is not there yet
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        output = PDFFolder(folder)
        work: dict[str, Callable[[], Any]] = {
            "memcpy": lambda: np.copyto(target, source),
            "sheet to PDF": lambda: output.deliver([compose(sheet, "film 1")], "film", 1),
            **Stages(sheet, folder).all(),
        }
        times: dict[str, list[float]] = {key: [] for key in work}
        for _ in range(arguments.runs):
            for key, function in work.items():
                times[key].append(milliseconds(function))
            size = (folder / "film.pdf").stat().st_size
            # A new file each time: to replace one costs more.
            (folder / "film.pdf").unlink()
        times = {key: values[1:] for key, values in times.items()}
        times["plain"] = [milliseconds(lambda: plain(sheet, folder / "plain.pdf")) for _ in range(PLAIN_RUNS)]

    medians = {key: statistics.median(values) for key, values in times.items()}
    ratios = [ours / copy for ours, copy in zip(times["sheet to PDF"], times["memcpy"], strict=True)]
    shape = f"{sheet.width}x{sheet.height}"
    print(
        f"{FILM.name} on {sheet.film_size}, {shape}, PDF of {size / 1e6:.1f} MB; "
        f"median of {arguments.runs - 1} runs"
    )
    print(f"\n{statistics.median(ratios):7.1f} x memcpy  ({min(ratios):.1f}-{max(ratios):.1f})  sheet to PDF")
    faster = medians["plain"] / medians["sheet to PDF"]
    print(f"{faster:7.1f} x faster than Pillow's paste and reportlab's drawImage")
    print(f"\n{'x memcpy':>9} {'ms':>9}")
    for key in ("memcpy", "sheet to PDF", "plain"):
        print(f"{medians[key] / medians['memcpy']:9.1f} {medians[key]:9.1f}  {key}")
    print("\nStages one by one, each done plainly; the whole may overlap them")
    for key in Stages(sheet, Path()).all():
        print(f"{medians[key] / medians['memcpy']:9.1f} {medians[key]:9.1f}  {key}")


if __name__ == "__main__":
    main()
