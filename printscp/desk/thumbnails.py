"""Small pictures of films as they hang on a light box, kept on disk as long as the films.

Those for people who are to see no patient data have no texts, and are drawn from a grid of 32 cells along the
longer side of the film: of an image of 512 x 512 pixels that fills it a cell is 16 pixels, and a letter takes
five cells to be read.
"""

import os
import secrets
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import cv2
from PIL import Image

from printscp.render.page import ColorPage, Page
from printscp.render.samples import sample_table
from printscp.render.text import draw

_SIDE, _UNNAMED_SIDE = 320, 160  # pixels
DRAWN = 2 * _SIDE
"""Pixels of the longer side of a page that is enough to make one of."""
_CELLS = 32
_QUALITY = 85
_EFFORT = 1  # of 0 to 6; more takes twice as long for some percent
_MOST = 10_000  # files, of some 10 KB each
_AT_ONCE = 2  # rendered at a time: each takes a core
_STALE = 86_400.0  # seconds after which a file in the making is of a process that died
_HIDDEN = "."
_SUFFIX = ".webp"
_UNNAMED = ".unnamed" + _SUFFIX

Make = Callable[[], Page | ColorPage]


class Thumbnails:
    """Those in a folder, which is made when the first is: patient data, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._turns = BoundedSemaphore(_AT_ONCE)
        self._making: dict[Path, Future[bytes]] = {}

    def of(self, sheet: str, private: bool, make: Make) -> bytes:
        """The picture of a sheet; ``make`` renders its page, of `DRAWN` pixels or more, where there is none
        yet, once for all who ask meanwhile. Where it cannot be kept, it is made again the next time."""
        path = self._folder / f"{sheet}{_SUFFIX if private else _UNNAMED}"
        with suppress(OSError):
            return path.read_bytes()
        with self._lock:
            found = self._making.get(path)
            if found is None:
                promised = self._making[path] = Future()
        return found.result() if found is not None else self._made(path, private, make, promised)

    def _made(self, path: Path, private: bool, make: Make, promised: "Future[bytes]") -> bytes:
        try:
            with self._turns:
                promised.set_result(self._read_or_drawn(path, private, make))
        except BaseException as error:
            promised.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[path]
        return promised.result()

    def _read_or_drawn(self, path: Path, private: bool, make: Make) -> bytes:
        with suppress(OSError):  # another may have made it meanwhile
            return path.read_bytes()
        content = picture(make(), private)
        with suppress(OSError):
            self._write(path, content)
        return content

    def keep(self, sheets: Collection[str]) -> None:
        """Delete all but those of some sheets, and the oldest of too many.

        Raises:
            OSError
        """
        if not self._folder.is_dir():
            return
        found = sorted(self._folder.iterdir(), key=_modified)
        kept = [path for path in found if _sheet_of(path) in sheets][-_MOST:]
        for path in {*found} - {*kept}:
            if _sheet_of(path) or _modified(path) < time.time() - _STALE:
                path.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_name(f"{_HIDDEN}{secrets.token_hex(8)}.part")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def picture(page: Page | ColorPage, private: bool) -> bytes:
    """A small picture of a page, whose texts are drawn into it; WebP, of all formats the smallest."""
    rows, columns = page.shape
    pixels: Any = page.density if isinstance(page, Page) else page.srgb
    if private:
        small = _shrunk(draw(page), _SIDE)
    else:
        grid = _shrunk(pixels, _CELLS)
        scale = _UNNAMED_SIDE / max(rows, columns)
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        small = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
    if isinstance(page, Page):
        small = cv2.LUT(small, sample_table(page.scale, "lightbox", 8))
    content = BytesIO()
    Image.fromarray(small).save(content, "WEBP", quality=_QUALITY, method=_EFFORT)
    return content.getvalue()


def _shrunk(pixels: Any, side: int) -> Any:
    rows, columns = pixels.shape[:2]
    scale = min(1.0, side / max(rows, columns))
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _sheet_of(path: Path) -> str:
    """The sheet that a picture is of; empty for a file in the making."""
    name = path.name
    if name.startswith(_HIDDEN):
        return ""
    return name.removesuffix(_UNNAMED if name.endswith(_UNNAMED) else _SUFFIX)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
