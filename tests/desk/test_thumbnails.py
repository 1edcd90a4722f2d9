"""Thumbnails: what can be read in them, and which are kept."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import cv2
import numpy as np
import pytest
from golden.cases import CASES
from PIL import Image, ImageDraw, ImageFont

from printscp.desk import thumbnails
from printscp.desk.thumbnails import DRAWN, Thumbnails, picture
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page, Text
from printscp.render.text import FONTS
from printscp.render.tone import ToneScale

SCALE = ToneScale(0.2, 3.1, 2000.0, 10.0)


def shown(page: Page | ColorPage, private: bool) -> Any:
    return np.asarray(Image.open(BytesIO(picture(page, private))).convert("L"), np.int16)


def page(*texts: Text, burned_in: str = "", color: bool = False) -> Page | ColorPage:
    """A film filled by an image of 512 x 512 with letters of 32 pixels, the size of large overlays."""
    canvas = Image.new("L", (512, 512), 40)
    ImageDraw.Draw(canvas).text((20, 30), burned_in, fill=255, font=ImageFont.truetype(FONTS[0], 32))
    image = np.asarray(canvas.resize((1024, 1024)))
    if color:
        return ColorPage(64.0, SCALE, texts, "", np.ascontiguousarray(np.stack([image] * 3, axis=2)))
    return Page(64.0, SCALE, texts, "", (31000 - image.astype(np.uint16) * 100).astype(np.uint16))


@pytest.mark.parametrize("color", [False, True])
def test_what_is_burned_into_an_image_cannot_be_read(color: bool) -> None:
    names = "DOE JOHN", "ROE JANE"
    named = [shown(page(burned_in=name, color=color), private=True) for name in names]
    unnamed = [shown(page(burned_in=name, color=color), private=False) for name in names]
    assert named[0].shape == (320, 320)
    assert unnamed[0].shape == (160, 160)
    assert np.abs(named[0] - named[1]).max() > 100
    # That something is there may be seen, and how long it is; not which of two names.
    assert np.abs(unnamed[0] - unnamed[1]).max() < 40


def test_texts_are_drawn_for_whom_they_may_be_seen_by_alone() -> None:
    text = Text("DOE JOHN", 100.0, 600.0, 200.0, 2000)
    assert (shown(page(text), private=True) != shown(page(), private=True)).any()
    assert picture(page(text), private=False) == picture(page(), private=False)


def test_a_long_film_keeps_its_shape() -> None:
    narrow = Page(64.0, SCALE, (), "", np.full((2000, 3), 2000, np.uint16))
    assert Image.open(BytesIO(picture(narrow, private=True))).size == (1, 320)
    assert Image.open(BytesIO(picture(narrow, private=False))).size == (1, 160)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_page_drawn_small_is_enough_for_one(name: str) -> None:
    sheet, order = CASES[name].accepted()
    whole, small = (
        shown(compose(sheet, "film 1", order.label, side), private=True) for side in (None, DRAWN)
    )
    assert small.shape == whole.shape
    off = (small - whole).astype(np.float32)  # sharp edges may be a pixel beside
    assert np.abs(off).mean() < 6
    assert np.abs(cv2.blur(off, (9, 9))).max() < 40


# --- what is kept -----------------------------------------------------------------------------------------


def files(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_pictures_go_with_their_sheets(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "thumbnails")
    for sheet in ("a-1", "a-2"):
        for private in (True, False):
            kept.of(sheet, private, page)
    being_made = tmp_path / "thumbnails" / ".0123.part"
    being_made.touch()
    kept.keep({"a-2"})
    assert files(being_made.parent) == {"a-2.webp", "a-2.unnamed.webp", ".0123.part"}


def test_the_oldest_of_too_many_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_MOST", 2)
    monkeypatch.setattr(thumbnails, "_modified", lambda path: -ord(path.name[0]))
    kept = Thumbnails(tmp_path / "thumbnails")
    for sheet in "abc":
        kept.of(sheet, True, page)
    kept.keep(set("abc"))
    assert files(tmp_path / "thumbnails") == {"a.webp", "b.webp"}


def test_a_picture_is_drawn_once_for_all_who_ask_meanwhile(tmp_path: Path) -> None:
    asking = Barrier(9)
    drawn: list[int] = []

    def make() -> Page | ColorPage:
        drawn.append(1)
        asking.wait(20)
        return page()

    kept = Thumbnails(tmp_path / "pictures")

    def ask(number: int) -> bytes:
        if number:
            asking.wait(20)
        return kept.of("sheet", True, make)

    with ThreadPoolExecutor(9) as threads:
        found = list(threads.map(ask, range(9)))
    assert len({*found}) == 1
    assert drawn == [1]


def test_a_picture_that_could_not_be_drawn_is_tried_again(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "pictures")
    with pytest.raises(ZeroDivisionError):
        kept.of("sheet", True, lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    assert kept.of("sheet", True, page).startswith(b"RIFF")
