"""Films as they were when a person last looked at them, pixel by pixel at an eighth of their size.

`update` makes the pictures again. What is not interpolated is compared at full size, too.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden.cases import CASES
from golden.pictures import TITLE, digest, film, picture, reduced
from numpy.typing import NDArray
from PIL import Image
from reference.renderer import part, printed_at, text_mask

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Sheet
from printscp.render.compose import compose
from printscp.render.page import Page
from printscp.render.text import drawn

FOLDER = Path(__file__).parent
GALLERY = FOLDER.parents[1] / "docs" / "gallery" / "README.md"
FARTHEST, MEAN = 2, 0.3  # of 255: what another version of a library may round otherwise


def difference(found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> str:
    """In what two pictures differ too much, empty when they do not."""
    if found.shape != wanted.shape:
        return f"{found.shape}, not {wanted.shape}"
    off = np.abs(found.astype(int) - wanted)
    if off.max() <= FARTHEST and off.mean() <= MEAN:
        return ""
    place = tuple(int(each) for each in np.unravel_index(off.argmax(), off.shape))
    return f"{off.max()} off at {place}, {off.mean():.2f} on average"


def golden(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(FOLDER / f"{name}.png"))


@pytest.mark.parametrize("name", CASES)
def test_a_film_is_as_it_was(name: str) -> None:
    page = film(CASES[name])
    assert difference(reduced(picture(page)), golden(name)) == ""
    if CASES[name].exact:
        assert digest(page) == json.loads((FOLDER / "digests.json").read_text())[name]


def test_each_picture_has_its_film() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(CASES)
    assert all(path.stat().st_size < 40_000 for path in FOLDER.glob("*.png"))
    digests = json.loads((FOLDER / "digests.json").read_text())
    assert set(digests) == {name for name, case in CASES.items() if case.exact}


def test_each_film_is_in_the_gallery() -> None:
    listed = re.findall(r"^\| `(\S+)` \| (.+) \|$", GALLERY.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(name, case.caption) for name, case in CASES.items()]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.group == "annotations"])
def test_text_covers_no_image_but_where_its_format_puts_it(name: str) -> None:
    sheet, order = CASES[name].accepted()
    page = compose(sheet, TITLE, order.label)
    assert isinstance(page, Page)
    inked = drawn(page) != page.density
    assert inked.any()
    may_be = text_mask(sheet)
    assert not (inked & ~may_be).any()
    for image in sheet.images:
        over = part(may_be, printed_at(sheet, image)).any()
        assert over == (sheet.annotation_format == "OVERLAY")


# --- that it would be seen -------------------------------------------------------------------------------


def mirrored(sheet: Sheet) -> Sheet:
    first = sheet.images[0]
    pixels = np.frombuffer(first.pixels, np.uint8, first.rows * first.columns)
    flipped = pixels.reshape(first.rows, first.columns)[:, ::-1].tobytes()
    return replace(sheet, images=(replace(first, pixels=flipped), *sheet.images[1:]))


def exchanged(sheet: Sheet) -> Sheet:
    return replace(sheet, boxes=(sheet.boxes[1], sheet.boxes[0], *sheet.boxes[2:]))


def inverted(sheet: Sheet) -> Sheet:
    return replace(sheet, images=tuple(replace(image, reverse=not image.reverse) for image in sheet.images))


def moved(sheet: Sheet) -> Sheet:
    """One box three printer pixels to the right."""
    box = sheet.boxes[0]
    return replace(sheet, boxes=(Rectangle(box.left + 3, box.top, box.width, box.height), *sheet.boxes[1:]))


def duller(sheet: Sheet) -> Sheet:
    """A tenth less dense than asked."""
    return replace(sheet, images=tuple(replace(image, max_density=280) for image in sheet.images))


BREAKS: list[tuple[str, Any]] = [
    ("standard-2-3", mirrored),
    ("standard-2-3", exchanged),
    ("standard-2-3", inverted),
    ("standard-2-3", moved),
    ("standard-2-3", duller),
    ("trim", lambda sheet: replace(sheet, trim=False)),
    ("border-number", lambda sheet: replace(sheet, border_density=82)),
    ("border-number", lambda sheet: replace(sheet, empty_image_density=206)),
    ("corners", lambda sheet: replace(sheet, annotations=sheet.annotations[1:])),
    (
        "smoothing",
        lambda sheet: replace(
            sheet, images=tuple(replace(each, smoothing_weight=0.0) for each in sheet.images)
        ),
    ),
    ("color-icc", lambda sheet: replace(sheet, icc_profile=b"")),
]


@pytest.mark.parametrize(("name", "broken"), BREAKS)
def test_a_film_that_is_wrong_is_seen(name: str, broken: Any) -> None:
    assert difference(reduced(picture(film(CASES[name], broken))), golden(name)) != ""
