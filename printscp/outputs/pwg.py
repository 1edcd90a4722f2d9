"""One PWG raster a job (PWG 5102.4), for printers that take no PDF: a page for each film, 8 bits a sample,
its text drawn in.

A film of another resolution than the file's is scaled to it, averaged or interpolated, and stays as large as
it is. Runs are told by blocks, not by pixels: images have few, and borders are blocks.
"""

from collections.abc import Iterator
from dataclasses import replace
from struct import pack
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from printscp.outputs.folder import FileDocument, FolderSettings
from printscp.outputs.output import Ticket
from printscp.outputs.rows import Drawn
from printscp.render.page import ColorPage, Page

_SYNC = b"RaS2"
_SGRAY, _SRGB = 18, 19  # color spaces
_BLOCK = 128  # pixels: the longest run, literal or repeated
_HIGH = 5  # print quality
_BAND = 128  # rows that are packed at a time


class Settings(FolderSettings):
    """PWG raster files."""

    bits: Literal[8] = Field(8, description="Of a sample.")
    dots_per_inch: int | None = Field(
        None,
        ge=50,
        le=4800,
        description="Of the file; where none is given, that of each film, as a whole number.",
    )
    colors: Literal["as-is", "gray", "rgb"] = Field(
        "as-is", description="gray: all pages sgray_8; rgb: all srgb_8; as-is: color films only are srgb_8."
    )

    def begin(self, ticket: Ticket) -> "PWGRaster":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return PWGRaster(self, ticket)


class PWGRaster(FileDocument):
    """A file that grows page by page."""

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket, "pwg")
        self._settings = settings
        self._ticket = ticket
        self._file.write(_SYNC)

    def add(self, page: Page | ColorPage) -> None:
        """Write a page.

        Raises:
            OSError: the folder cannot take it for now.
        """
        samples = self._samples(page)
        dots_per_inch = self._settings.dots_per_inch or round(page.dots_per_inch)
        self._file.write(_header(samples, dots_per_inch, page.size_points, self._ticket.films))
        for band in range(0, len(samples), _BAND):
            self._file.write(_packed(samples[band : band + _BAND]))

    def _samples(self, page: Page | ColorPage) -> NDArray[np.uint8]:
        """Rows x columns x 1 or 3 at the file's resolution."""
        asked = self._settings.dots_per_inch or page.dots_per_inch
        scale = asked / page.dots_per_inch
        rows, columns = (max(1, round(side * scale)) for side in page.shape)
        pixels: Any = Drawn(page)[:]
        if (rows, columns) != page.shape:
            # What shrinks is averaged, since interpolation would alias.
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            pixels = cv2.resize(pixels, (columns, rows), interpolation=how)
        if isinstance(page, Page):
            pixels = cv2.LUT(pixels, self._settings.table(page.scale))
            wanted = cv2.COLOR_GRAY2RGB if self._settings.colors == "rgb" else None
        else:
            wanted = cv2.COLOR_RGB2GRAY if self._settings.colors == "gray" else None
        if wanted is not None:
            pixels = cv2.cvtColor(pixels, wanted)
        return pixels.reshape(rows, columns, -1)  # type: ignore[no-any-return]

    def _end(self) -> None:
        """Nothing stands behind the last page."""


def upright(page: Page | ColorPage) -> Page | ColorPage:
    """A page turned by a quarter to the left, its texts drawn in: for a medium that lies across."""
    turned = np.ascontiguousarray(np.rot90(Drawn(page)[:]))
    if isinstance(page, Page):
        return replace(page, density=turned, texts=())
    return replace(page, srgb=turned, texts=())


def _header(
    samples: NDArray[np.uint8], dots_per_inch: int, size_points: tuple[float, float], pages: int
) -> bytes:
    """The header of a page (PWG 5102.4 4.3): 1796 bytes, integers big endian, what is not said 0."""
    rows, columns, colors = samples.shape
    width, height = (round(side) for side in size_points)
    head = bytearray(1796)
    head[:9] = b"PwgRaster"
    for place, *values in (
        (276, dots_per_inch, dots_per_inch),  # HWResolution
        (340, 1),  # NumCopies
        (352, width, height),  # PageSize, in points
        (372, columns, rows),  # Width, Height
        (384, 8, 8 * colors, colors * columns),  # BitsPerColor, BitsPerPixel, BytesPerLine
        (396, 0, _SGRAY if colors == 1 else _SRGB),  # ColorOrder: chunky; ColorSpace
        (420, colors),  # NumColors
        (452, pages, 1, 1),  # TotalPageCount, CrossFeedTransform, FeedTransform
        (464, 0, 0, columns, rows),  # ImageBox: left, top, right, bottom
        (480, 0xFFFFFF, _HIGH),  # AlternatePrimary: white; PrintQuality
    ):
        head[place : place + 4 * len(values)] = pack(f">{len(values)}I", *values)
    return bytes(head)


def _packed(samples: NDArray[np.uint8]) -> bytes:
    """Compressed rows (PWG 5102.4 4.4): rows that are alike once, with their number; in a row, blocks of one
    color as a run, all others as they are."""
    rows, columns, _ = samples.shape
    flat = samples.reshape(rows, -1)
    first = np.flatnonzero(np.r_[True, (flat[1:] != flat[:-1]).any(axis=1)])
    counts = np.diff(np.r_[first, rows])
    parts: list[NDArray[np.uint8]] = [(counts - 1).astype(np.uint8)[:, None]]
    kept = [np.ones((len(first), 1), bool)]
    samples = samples[first]
    whole = columns - columns % _BLOCK
    for blocks in (
        samples[:, :whole].reshape(len(first), -1, _BLOCK, samples.shape[2]),
        samples[:, None, whole:],
    ):
        for part, keep in _blocks(blocks):
            parts.append(part)
            kept.append(keep)
    packed: NDArray[np.uint8] = np.hstack(parts)[np.hstack(kept)]
    return packed.tobytes()


def _blocks(
    blocks: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """Rows x blocks x pixels x colors as bytes of rows, and which of them to keep."""
    rows, count, pixels, colors = blocks.shape
    if not count or not pixels:
        return
    alike = (blocks == blocks[:, :, :1]).all(axis=(2, 3))
    head = np.where(alike | (pixels == 1), pixels - 1, 257 - pixels).astype(np.uint8)
    part = np.concatenate([head[..., None], blocks.reshape(rows, count, -1)], axis=2)
    keep = np.ones(part.shape, bool)
    keep[alike, 1 + colors :] = False
    yield part.reshape(rows, -1), keep.reshape(rows, -1)
