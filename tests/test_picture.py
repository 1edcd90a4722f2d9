"""What an SCU sends over the network is what the film shows: in its box, upright, in order, gray right."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.scu import Scu, image_item
from PIL import Image
from service.films import at_pixels, film_density

from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.render.compose import compose
from printscp.spool.folder import SpoolDraft

COLUMNS, ROWS = 2, 3
# Densities that PS3.14 D.2.3 prints, by 8-bit P-value, for film of 0.20 to 3.00 OD, 2000 and 10 cd/m2.
PRINTED_IN_THE_STANDARD = {0: 3.000, 8: 2.628, 32: 2.103, 64: 1.698, 128: 1.122, 192: 0.641, 255: 0.200}


def position_coded(position: int) -> NDArray[np.uint16]:
    """30 rows of 20 columns; each pixel's value names its image, row and column."""
    row, column = np.mgrid[0:30, 0:20]
    return ((position - 1) * 600 + row * 20 + column).astype(np.uint16)


def print_position_coded(printer: FilmPrinter) -> None:
    with Scu(printer.address) as scu:
        scu.create_session()
        status, _ = scu.create_film(
            f"STANDARD\\{COLUMNS},{ROWS}", FilmSizeID="14INX17IN", MagnificationType="REPLICATE"
        )
        assert status.Status == 0
        for position in (3, 1, 2, 6, 5):  # out of order, and one box left empty
            assert scu.set_image(position, image_item(position_coded(position)))[0].Status == 0
        assert scu.print_film().Status == 0


@pytest.mark.peer("gs")
def test_pixels_that_name_their_position(
    start_printer: Callable[..., FilmPrinter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    printer = start_printer()
    sheets: list[Sheet] = []
    keep = SpoolDraft.keep

    def look_and_keep(draft: SpoolDraft, sheet: Sheet) -> None:
        sheets.append(sheet)
        keep(draft, sheet)

    monkeypatch.setattr(SpoolDraft, "keep", look_and_keep)
    print_position_coded(printer)
    (job,) = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
    (sheet,) = sheets

    # The density page: each pixel's density is that of its value, and values tell image, row and column.
    page = compose(sheet, "film").density
    assert page.shape == (5440, 4480)
    for image in sheet.images:
        np.testing.assert_allclose(
            at_pixels(page, sheet, image.position) / 10000,
            film_density(position_coded(image.position) / 4095),
            rtol=0,
            atol=0.0002,
        )
    tops = {box.top for box in sheet.boxes}
    lefts = {box.left for box in sheet.boxes}
    order = [(sorted(tops).index(box.top), sorted(lefts).index(box.left)) for box in sheet.boxes]
    assert order == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    empty = sheet.boxes[3]
    assert (page[empty.top : empty.top + empty.height, empty.left : empty.left + empty.width] == 31000).all()
    assert (page[:10] == 31000).all()  # the border

    # The PDF, drawn by Ghostscript at its own resolution: samples are P-values of the printer's range.
    drawn = ghostscript(Path(job.outputs[0]), tmp_path)
    assert drawn.shape == (5440, 4480)
    for image in sheet.images:
        wanted = np.rint(position_coded(image.position) / 4095 * 255)
        np.testing.assert_allclose(at_pixels(drawn, sheet, image.position), wanted, rtol=0, atol=1)


def test_the_reference_of_this_file() -> None:
    p_values = np.array(list(PRINTED_IN_THE_STANDARD))
    printed = list(PRINTED_IN_THE_STANDARD.values())
    np.testing.assert_allclose(film_density(p_values / 255, 0.20, 3.00), printed, rtol=0, atol=0.0014)


def ghostscript(pdf: Path, folder: Path) -> NDArray[np.uint8]:
    """The page as Ghostscript draws it at 320 dpi."""
    drawn = folder / "drawn.png"
    device = ["-sDEVICE=pnggray", "-r320", f"-sOutputFile={drawn}"]
    subprocess.run(["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", *device, str(pdf)], check=True, timeout=60)
    return np.asarray(Image.open(drawn))
