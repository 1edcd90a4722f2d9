"""Films with a test pattern on them, right ones and wrong ones."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printscp.film.geometry import Rectangle
from printscp.film.sheet import Sheet, SheetImage, ToneCurve
from printscp.qa.finding import Finding
from printscp.qa.pattern import Pattern
from printscp.qa.verification import Verification
from printscp.render.compose import compose
from printscp.render.page import Page


def image_of(pixels: NDArray[Any], bits: int, **fields: Any) -> SheetImage:
    """An image of values of so many bits."""
    rows, columns = pixels.shape
    values: dict[str, Any] = {
        "position": 1,
        "samples_per_pixel": 1,
        "planar_configuration": 0,
        "rows": rows,
        "columns": columns,
        "bits_stored": bits,
        "reverse": False,
        "pixel_aspect": (1, 1),
        "magnification": "CUBIC",
        "smoothing": "",
        "smoothing_weight": 0.0,
        "configuration": "",
        "curve": ToneCurve(),
        "min_density": 20,
        "max_density": 310,
        "requested_width_mm": None,
        "decimate_crop": "DECIMATE",
        "look_up": None,
        "pixels": pixels.astype("<u2" if bits > 8 else "u1").tobytes(),
    }
    return SheetImage(**values | fields)


def sheet_of(*images: SheetImage, width: int = 520, height: int = 400, **fields: Any) -> Sheet:
    """A film of one image box that is all of the page; 50.8 dpi, so a printer pixel is half a millimetre."""
    values: dict[str, Any] = {
        "film_size": "17INX17IN",
        "orientation": "PORTRAIT",
        "display_format": "STANDARD\\1,1",
        "resolution": "STANDARD",
        "width": width,
        "height": height,
        "dots_per_inch": 50.8,
        "boxes": (Rectangle(0, 0, width, height),),
        "label": Rectangle(0, height, width, 0),
        "images": images,
        "look_ups": (),
        "annotation_format": "",
        "annotations": (),
        "printer_density": (20, 310),
        "border_density": 310,
        "empty_image_density": 310,
        "trim": False,
        "illumination": 2000,
        "reflected_ambient_light": 10,
        "color": False,
        "icc_profile": b"",
        "remarks": (),
    }
    return Sheet(**values | fields)


def film_of(pattern: Pattern, width: int = 520, height: int = 400, **fields: Any) -> Sheet:
    """A film that a pattern fills as far as its shape allows; fields of the image, or of the sheet."""
    of_image = {key: value for key, value in fields.items() if key in SheetImage.__dataclass_fields__}
    of_sheet = {key: value for key, value in fields.items() if key not in of_image}
    image = image_of(pattern.pixels, pattern.bits, **of_image)
    return sheet_of(image, width=width, height=height, **of_sheet)


def page_of(sheet: Sheet) -> Page:
    """The page that the printer makes of a sheet."""
    page = compose(sheet, "film 1")
    assert isinstance(page, Page)
    return page


def damaged(page: Page, density: NDArray[Any]) -> Page:
    """A page with other densities, in 0.0001 OD."""
    return replace(page, density=np.rint(np.clip(density, 0, 65535)).astype(np.uint16))


def of_check(verification: Verification, check: str, outcome: str = "fail") -> list[Finding]:
    """What was found of a check, with an outcome."""
    return [each for each in verification.findings if (each.check, each.outcome) == (check, outcome)]


def said(verification: Verification, outcome: str = "fail") -> str:
    """All findings of an outcome, for people who read a test's failure."""
    return "\n".join(f"{e.check}: {e.text}" for e in verification.findings if e.outcome == outcome)
