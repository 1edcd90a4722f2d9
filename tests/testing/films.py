"""Small films for tests, printed over real associations."""

from collections.abc import Sequence

import numpy as np
from peers.scu import COLOR, META, Scu, color_item, image_item

from printscp.testing import BenchPrinter, Film

SMALL = {"FilmSizeID": "8INX10IN"}


def gray_film(printer: BenchPrinter, images: Sequence[np.ndarray], label: str = "") -> Film:
    """A film of 8 x 10 inch with images beside each other."""
    send(printer, images, label)
    return printer.wait_for_film(20)


def color_film(printer: BenchPrinter, images: Sequence[np.ndarray]) -> Film:
    """As `gray_film`, of rows x columns x 3."""
    send(printer, images, meta=COLOR)
    return printer.wait_for_film(20)


def send(printer: BenchPrinter, images: Sequence[np.ndarray], label: str = "", meta: str = META) -> None:
    """Print it, and go."""
    item = color_item if meta == COLOR else image_item
    with Scu(printer.address, contexts=(meta,), meta=meta) as scu:
        scu.create_session(**({"FilmSessionLabel": label} if label else {}))
        scu.create_film(f"STANDARD\\{len(images)},1", **SMALL)
        for position, pixels in enumerate(images, start=1):
            scu.set_image(position, item(pixels))
        scu.print_film()
