"""How long a film takes from the sheet in memory to a document on disk, and how much memory it needs.

Memcpy of the page is the measure of time, since no film is made without touching each of its pixels at least
once; the plain way and a tuned one with Pillow and zlib stand beside it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from acceptance import RawClient, acceptance
from films import Film
from peers.spool import MemorySpool
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from wire import memory

from printscp.catalog import load_profile
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Request, Values
from printscp.film.job import Job
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer
from printscp.film.profile import Mode
from printscp.film.service import perform
from printscp.film.sheet import Sheet
from printscp.film.uids import BASIC_FILM_BOX, BASIC_FILM_SESSION, BASIC_GRAYSCALE_IMAGE_BOX
from printscp.film.uids import BASIC_GRAYSCALE_PRINT_MANAGEMENT_META as META
from printscp.outputs.output import Ticket, Uncontested
from printscp.outputs.registry import open_output
from printscp.printer import FilmPrinter
from printscp.render.compose import compose

SMALL = Film(1, 1, (64, 64), 8, "8INX10IN")
FILM = Film(4, 5, (512, 512), 8, "17INX17IN")
TICKET = Ticket(
    job=1,
    name="film",
    title="film 1",
    copies=1,
    created=datetime(2026, 1, 1, tzinfo=UTC),
    priority="MED",
    medium="BLUE FILM",
    destination="PROCESSOR",
    printer="PRINTSCP",
    originator="BENCHMARK",
    film_size="17INX17IN",
    films=1,
)
PLAIN_RUNS = 3  # seconds each, and nobody doubts the outcome
DOCUMENTS: dict[str, dict[str, Any]] = {
    "8-bit PDF": {"type": "pdf", "bits": 8},
    "16-bit PDF": {"type": "pdf", "bits": 16},
    "8-bit PostScript": {"type": "postscript", "bits": 8},
    "12-bit PostScript": {"type": "postscript", "bits": 12},
    "16-bit TIFF": {"type": "tiff", "bits": 16},
    "16-bit PNG": {"type": "png", "bits": 16},
}
AIMS = {"composite": 6, "8-bit PDF": 20, "16-bit PDF": 40}  # x memcpy, at most
MEMORY_AIMS = {"8-bit PDF": 180, "16-bit PDF": 260}  # MB, at most


def accepted_sheet(film: Film) -> Sheet:
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

    ask("create", BASIC_FILM_SESSION, film.session_uid, film.session())
    boxes = ask("create", BASIC_FILM_BOX, film.film_box_uid, film.film_box())["ReferencedImageBoxSequence"]
    for box, image in zip(boxes, film.images(), strict=True):
        ask("set", BASIC_GRAYSCALE_IMAGE_BOX, box["ReferencedSOPInstanceUID"], image)
    ask("action", BASIC_FILM_BOX, film.film_box_uid)
    (sheet,) = spool.sheets
    return sheet


def deliver(sheet: Sheet, table: dict[str, Any], folder: Path) -> None:
    """What the worker does with a film."""
    with open_output(table | {"folder": folder}).begin(TICKET) as document:
        document.add(compose(sheet, TICKET.title))
        document.finish(Uncontested())


def plain(sheet: Sheet, path: Path) -> None:
    """What comes to mind first: Pillow pastes, reportlab draws the page as an image, which it encodes."""
    page = Image.new("L", (sheet.width, sheet.height))
    for image in sheet.images:
        page.paste(*_pillow(sheet, image, "L"))
    size = sheet.width / sheet.dots_per_inch * 72, sheet.height / sheet.dots_per_inch * 72
    with path.open("wb") as file:
        canvas = Canvas(file, pagesize=size)
        canvas.drawImage(ImageReader(page), 0, 0, *size)
        canvas.save()
        _flush(file)


def tuned(sheet: Sheet, path: Path, bits: int) -> None:
    """Pillow and zlib used well: one PNG filter, the fastest level, no second encoding, no container."""
    table = np.arange(256, dtype=np.uint8 if bits == 8 else np.dtype(">u2")) * (1 if bits == 8 else 257)
    page: NDArray[Any] = np.zeros((sheet.height, sheet.width), table.dtype)
    for image in sheet.images:
        picture, (left, top) = _pillow(sheet, image, "L" if bits == 8 else "F")
        samples: NDArray[Any] = np.asarray(picture)
        if bits == 16:
            samples = np.clip(samples * 257, 0, 65535)
        page[top : top + picture.height, left : left + picture.width] = samples
    rows = page.view(np.uint8).reshape(sheet.height, -1)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    with path.open("wb") as file:
        file.write(zlib.compress(filtered.data, 1))
        _flush(file)


def _pillow(sheet: Sheet, image: Any, mode: str) -> tuple[Image.Image, tuple[int, int]]:
    box = sheet.boxes[image.position - 1]
    side = min(box.width, box.height)
    picture = Image.frombytes("L", (image.columns, image.rows), bytes(image.pixels)).convert(mode)
    return picture.resize((side, side), Image.Resampling.BICUBIC), (box.left, box.top)


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def milliseconds(work: Callable[[], Any]) -> float:
    # What an earlier run left unwritten must not be paid for by this one.
    os.sync()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def times(sheet: Sheet, folder: Path, runs: int) -> dict[str, list[float]]:
    """Milliseconds of each run but the first, by what was done, all in turns."""
    source = np.full((sheet.height, sheet.width), 1, np.uint16)
    target = np.zeros_like(source)
    target[:] = 2  # memory that was never touched is not there yet
    work: dict[str, Callable[[], Any]] = {
        "memcpy": lambda: np.copyto(target, source),
        "composite": lambda: compose(sheet, TICKET.title),
    }
    for name, table in DOCUMENTS.items():
        work[name] = lambda table=table: deliver(sheet, table, folder)
    work["tuned, 8 bits"] = lambda: tuned(sheet, folder / "tuned", 8)
    work["tuned, 16 bits"] = lambda: tuned(sheet, folder / "tuned", 16)
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, function in work.items():
            found[name].append(milliseconds(function))
            for path in folder.iterdir():  # a new file each time: to replace one costs more
                path.unlink()
    found = {name: values[1:] for name, values in found.items()}
    found["plain, 8 bits"] = [milliseconds(lambda: plain(sheet, folder / "plain")) for _ in range(PLAIN_RUNS)]
    return found


def report(found: dict[str, list[float]]) -> None:
    """One table: multiples of a memcpy of the page, each run against the memcpy beside it."""
    copies = found["memcpy"]
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"\n{'x memcpy':>9}  {'range':13} {'ms':>8}  {'aim':>5}")
    for name, values in found.items():
        ratios = [value / copy for value, copy in zip(values, copies, strict=False)]
        spread = f"{min(ratios):.1f}-{max(ratios):.1f}"
        aim = f"{AIMS[name]}" if name in AIMS else ""
        print(f"{statistics.median(ratios):9.1f}  {spread:13} {medians[name]:8.1f}  {aim:>5}  {name}")
    for ours, theirs, aim in (
        ("8-bit PDF", "plain, 8 bits", 40),
        ("8-bit PDF", "tuned, 8 bits", 4),
        ("16-bit PDF", "tuned, 16 bits", 4),
    ):
        print(f"{medians[theirs] / medians[ours]:9.1f} x faster than {theirs} (aim {aim}): {ours}")


def scaling(runs: int, folder: Path) -> float:
    """How many times as many films two processes make as one does, each on one thread."""

    def films_a_second(processes: int) -> float:
        command = [sys.executable, __file__, "--films", str(runs), "--folder", str(folder)]
        children = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]

        def all_say() -> None:
            for child in children:
                assert child.stdout is not None
                child.stdout.readline()

        all_say()  # ready: imported, and one film made
        started = time.perf_counter()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        all_say()
        seconds = time.perf_counter() - started
        for child in children:
            child.communicate()
        return processes * runs / seconds

    ratios = []
    for _ in range(3):
        one, two = films_a_second(1), films_a_second(2)
        ratios.append(two / one)
    return statistics.median(ratios)


def films_on_one_thread(count: int, folder: Path) -> None:
    """The child of `scaling`."""
    cv2.setNumThreads(1)
    sheet = accepted_sheet(FILM)
    own = folder / str(os.getpid())
    table = {"type": "pdf"}
    deliver(sheet, table, own)
    print(flush=True)
    sys.stdin.readline()
    for _ in range(count):
        deliver(sheet, table, own)
    print(flush=True)


def worker_memory(film: Film, table: dict[str, Any], folder: Path) -> tuple[int, int]:
    """Bytes of memory of a real worker: at its peak with a film that came over the network, and before, when
    it had printed a small one."""
    outputs = (table | {"folder": folder / "films"},)
    with FilmPrinter(
        port=0, spool=folder / "spool", outputs=outputs, ae_title="FILMPRINTER", memory_mib=2048
    ) as printer:
        before = 0
        for number, each in enumerate((SMALL, film), start=1):
            before = memory(printer.worker_pid, "VmRSS")
            client = RawClient(printer.address[1])
            acceptance(client, each, each.images())
            client.release()
            jobs = printer.wait_for(lambda jobs, number=number: len(ended(jobs)) == number, 120)
            assert jobs[-1].status == "DONE", jobs[-1].info
        return memory(printer.worker_pid, "VmHWM"), before


def ended(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.ended]


def memories(folder: Path) -> None:
    """Peak memory of the worker, and what large films add to it as multiples of their page."""
    print()
    for name, aim in MEMORY_AIMS.items():
        peak, before = worker_memory(FILM, DOCUMENTS[name], folder / name)
        print(f"{peak / 1e6:9.0f} MB at most in the worker (aim {aim}; {before / 1e6:.0f} before): {name}")
    large = Film(1, 1, (8339, 6999), 12, "14INX17IN", resolution="HIGH")
    many = Film(8, 10, (512, 512), 12, "17INX17IN")
    for film, page in ((large, 7112 * 8636 * 2), (many, 5440 * 5440 * 2)):
        peak, before = worker_memory(film, DOCUMENTS["8-bit PDF"], folder / f"{film.columns}")
        grown = (peak - before) / page
        print(f"{grown:9.2f} x the page of {page / 1e6:.0f} MB (aim 2): {film.name}, {film.resolution}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="the first one warms up")
    parser.add_argument("--folder", type=Path, help="where films are written [default: the temporary folder]")
    parser.add_argument("--films", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.films is not None:
        films_on_one_thread(arguments.films, arguments.folder)
        return
    if arguments.runs < 2:
        parser.error("--runs: at least 2, the first one warms up")
    sheet = accepted_sheet(FILM)
    shape = f"{sheet.width}x{sheet.height}"
    print(f"{FILM.name} on {sheet.film_size}, {shape}; median of {arguments.runs - 1} runs")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        (folder / "times").mkdir()
        report(times(sheet, folder / "times", arguments.runs))
        print(f"{scaling(arguments.runs, folder):9.2f} x the films with two processes (aim 1.7)")
        memories(folder)


if __name__ == "__main__":
    main()
