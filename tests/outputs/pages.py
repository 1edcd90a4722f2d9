"""Pages to deliver, and programs of others to read them back with."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from printscp.outputs.output import Output, Ticket, Uncontested
from printscp.outputs.registry import open_output
from printscp.render.page import ColorPage, Page, Text
from printscp.render.tone import OD_UNIT, ToneScale

SCALE = ToneScale(0.2, 3.1, 2000, 10)
TITLE = "film 12   2026-10-18 09:30:00   8INX10IN   VIEWER > FILMS (1)"
TICKET = Ticket(
    job=12,
    name="20261018-093000-000012",
    title=TITLE,
    copies=2,
    created=datetime(2026, 10, 18, 9, 30, tzinfo=UTC),
    priority="MED",
    medium="BLUE FILM",
    destination="PROCESSOR",
    printer="FILMS",
    originator="VIEWER",
    film_size="8INX10IN",
    films=1,
)
TEXT = Text(TITLE, left=10, baseline=112, size=6, density=2000)
TEXT_ROWS = slice(104, 116)
BLACK, WHITE = 31000, 2000  # densities


def densities(rows: int = 120, columns: int = 180, seed: int = 5) -> np.ndarray:
    """Noise, which compresses badly, over a ramp; black where the text is."""
    noise = np.random.default_rng(seed).integers(0, 32000, (rows, columns))
    noise[: rows // 3] = np.linspace(0, 31500, columns)
    if rows >= TEXT_ROWS.stop:
        noise[TEXT_ROWS] = BLACK
    return noise.astype(np.uint16)


def page(density: np.ndarray | None = None, **fields: Any) -> Page:
    values: dict[str, Any] = {
        "density": densities() if density is None else density,
        "dots_per_inch": 40.0,
        "scale": SCALE,
        "texts": (TEXT,) if density is None else (),
        "title": TITLE,
    }
    return Page(**values | fields)


def color_page(rows: int = 30, columns: int = 41, **fields: Any) -> ColorPage:
    srgb = np.random.default_rng(3).integers(0, 256, (rows, columns, 3), np.uint8)
    values: dict[str, Any] = {"dots_per_inch": 40.0, "scale": SCALE, "texts": (), "title": TITLE}
    return ColorPage(srgb=srgb, **values | fields)


def several() -> list[Page]:
    """Pages that differ in size, resolution, light and text."""
    shapes = ((120, 180), (300, 140), (120, 180), (40, 60))
    return [
        page(
            densities(*shape, seed=number),
            dots_per_inch=40.0 / number,
            scale=ToneScale(0.2, 3.1, 2000, 10 if number < 4 else 20),
            texts=(Text(f"film {number} of 4", left=10, baseline=30, size=6, density=WHITE),),
            title=f"title {number}",
        )
        for number, shape in enumerate(shapes, start=1)
    ]


def every_p_value() -> Page:
    """4096 P-values, each in a pixel of its own, as the renderer rounds their densities."""
    density = np.rint(SCALE.density(np.arange(4096) / 4095) / OD_UNIT)
    return page(density.astype(np.uint16).reshape(64, 64))


def table_of(largest: int, scale: ToneScale = SCALE) -> np.ndarray:
    """The sample of each density, plainly from the definition."""
    return np.rint(scale.p_value(np.arange(65536) * OD_UNIT) * largest).astype(int)


def output(kind: str, folder: Path, **keys: Any) -> Output:
    """An output that names its files after the number of a job: that of `TICKET` is 000012."""
    return open_output({"type": kind, "folder": folder, "file_name": "{job}"} | keys)


def deliver(kind: str, folder: Path, *pages: Page | ColorPage, copies: int = 2, **keys: Any) -> str:
    """Deliver pages as one document; returns where to."""
    ticket = replace(TICKET, copies=copies, films=len(pages))
    way_out = output(kind, folder, **keys)
    way_out.check()  # makes the folder
    with way_out.begin(ticket) as document:
        for each in pages:
            document.add(each)
        return document.finish(Uncontested()).place


def run(*command: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ghostscript(device: str, source: Any, target: Path, *options: str) -> None:
    """Have Ghostscript draw a file at 40 dpi."""
    safe = ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", f"-sDEVICE={device}", "-r40")
    run(*safe, *options, "-o", target, source)
