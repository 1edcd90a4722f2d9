"""What an SCU sends over the network is what the film shows: in its box, upright, in order, gray right."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.dcmtk import PrintClient
from peers.scu import Scu, image_item
from PIL import Image
from pydicom.data import get_testdata_file

from printscp.film.display_format import Rectangle
from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.render.compose import compose
from printscp.render.resample import placement
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


def centers(where: Rectangle) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the page at the centers of the 30 x 20 pixels of an image."""
    row, column = np.mgrid[0:30, 0:20]
    down = where.top + np.floor((row + 0.5) * where.height / 30).astype(np.intp)
    across = where.left + np.floor((column + 0.5) * where.width / 20).astype(np.intp)
    return down, across


@pytest.mark.peer("gs")
def test_pixels_that_name_their_position(
    start_printer: Callable[..., FilmPrinter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    printer = start_printer()
    sheets: list[Sheet] = []
    accept = SpoolDraft.accept

    def keep(draft: SpoolDraft, sheet: Sheet) -> None:
        sheets.append(sheet)
        accept(draft, sheet)

    monkeypatch.setattr(SpoolDraft, "accept", keep)
    print_position_coded(printer)
    (job,) = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
    (sheet,) = sheets

    # The density page: each pixel's density is that of its value, and values tell image, row and column.
    page = compose(sheet, "film").density
    assert page.shape == (5440, 4480)
    table = film_density(np.arange(4096) / 4095, 0.20, 3.10)
    for image in sheet.images:
        where = placement(image, sheet.boxes[image.position - 1])
        assert abs(where.width / where.height - 20 / 30) < 0.001
        np.testing.assert_allclose(
            page[centers(where)] / 10000, table[position_coded(image.position)], rtol=0, atol=0.0002
        )
    tops = {box.top for box in sheet.boxes}
    lefts = {box.left for box in sheet.boxes}
    order = [(sorted(tops).index(box.top), sorted(lefts).index(box.left)) for box in sheet.boxes]
    assert order == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    empty = sheet.boxes[3]
    assert (page[empty.top : empty.top + empty.height, empty.left : empty.left + empty.width] == 31000).all()
    assert (page[:10] == 31000).all()  # the border

    # The PDF, drawn by Ghostscript at its own resolution: samples are P-values of the printer's range.
    drawn = ghostscript(Path(job.output or ""), tmp_path)
    assert drawn.shape == (5440, 4480)
    for image in sheet.images:
        where = placement(image, sheet.boxes[image.position - 1])
        wanted = np.rint(position_coded(image.position) / 4095 * 255)
        np.testing.assert_allclose(drawn[centers(where)], wanted, rtol=0, atol=1)


def test_the_reference_of_this_file() -> None:
    p_values = np.array(list(PRINTED_IN_THE_STANDARD))
    printed = list(PRINTED_IN_THE_STANDARD.values())
    np.testing.assert_allclose(film_density(p_values / 255, 0.20, 3.00), printed, rtol=0, atol=0.0014)


@pytest.mark.peer("dcmpsprt", "dcmprscu", "gs")
@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 2)])
def test_dcmtk_prints(
    start_printer: Callable[..., FilmPrinter],
    tmp_path: Path,
    columns: int,
    rows: int,
) -> None:
    printer = start_printer()
    ct = Path(get_testdata_file("CT_small.dcm", download=False))
    mr = Path(get_testdata_file("MR_small.dcm", download=False))
    images = [ct, mr, ct, mr][: columns * rows]
    said = PrintClient(tmp_path / "dcmtk", printer.address).print(columns, rows, images, "--copies", "2")
    assert "E:" not in said
    (job,) = printer.wait_for(lambda jobs: bool(jobs) and all(job.ended for job in jobs), 30)
    assert (job.status, job.images, job.copies) == ("DONE", len(images), 2)
    assert (job.originator, job.display_format) == ("DCMTK_SCU", f"STANDARD\\{columns},{rows}")
    drawn = ghostscript(Path(job.output or ""), tmp_path)
    height, width = drawn.shape
    for number in range(columns * rows):
        row, column = divmod(number, columns)
        box = drawn[row * height // rows : (row + 1) * height // rows]
        box = box[:, column * width // columns : (column + 1) * width // columns]
        assert box.std() > 10  # a picture, and no empty box


def ghostscript(pdf: Path, folder: Path) -> NDArray[np.uint8]:
    """The page as Ghostscript draws it at 320 dpi."""
    drawn = folder / "drawn.png"
    device = ["-sDEVICE=pnggray", "-r320", f"-sOutputFile={drawn}"]
    subprocess.run(["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", *device, str(pdf)], check=True, timeout=60)
    Image.MAX_IMAGE_PIXELS = None
    return np.asarray(Image.open(drawn))


def film_density(p_value: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """PS3.14 from its formula alone: P-values 0..1 on film of that range, its inverse by bisection."""
    darkest, brightest = (_index(10 + 2000 * 10**-density) for density in (high, low))
    shown = _luminance(darkest + (brightest - darkest) * p_value)
    return np.asarray(-np.log10((shown - 10) / 2000))


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
