"""Pages are what the formulas say: to 0.002 OD, resampled images to one code, true size to half a pixel.

The other side of every comparison is `renderer`, which shares nothing with the package's renderer.
"""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference.renderer import Reference, reference_page

from printscp.film.geometry import Rectangle
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page

pytestmark = pytest.mark.slow

OD = 0.0001
TOLERANCE = 0.002  # OD
EXACT = 0.51 * OD  # a page has steps of 0.0001 OD
# Optical densities in hundredths, L0, La: film, a bright light box, reflective media, the GSDF's whole range.
LIGHTS = {
    "film": (20, 310, 2000, 10),
    "film of the standard": (20, 300, 2000, 10),
    "bright": (21, 320, 4000, 10),
    "narrow": (80, 120, 2000, 10),
    "reflective": (5, 200, 150, 0),
    "dark room": (0, 400, 3000, 0),
}


def plain_image(samples: Any, bits: int = 8, **fields: Any) -> SheetImage:
    """An image of an array, one printer pixel a pixel."""
    array = np.asarray(samples)
    values: dict[str, Any] = {
        "position": 1,
        "samples_per_pixel": 3 if array.ndim == 3 else 1,
        "planar_configuration": 0,
        "rows": array.shape[0],
        "columns": array.shape[1],
        "bits_stored": bits,
        "reverse": False,
        "pixel_aspect": (1, 1),
        "magnification": "NONE",
        "smoothing": "",
        "smoothing_weight": 0.0,
        "configuration": "",
        "curve": ToneCurve(),
        "min_density": 20,
        "max_density": 310,
        "requested_width_mm": None,
        "decimate_crop": "DECIMATE",
        "look_up": None,
        "pixels": array.astype("u1" if bits == 8 else "<u2").tobytes(),
    }
    return SheetImage(**values | fields)


def plain_sheet(width: int, height: int, *images: SheetImage, **fields: Any) -> Sheet:
    """A page that is one image box, of 25.4 dpi: a printer pixel is a millimetre."""
    values: dict[str, Any] = {
        "film_size": "8INX10IN",
        "orientation": "PORTRAIT",
        "display_format": "STANDARD\\1,1",
        "resolution": "STANDARD",
        "width": width,
        "height": height,
        "dots_per_inch": 25.4,
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


def printed(sheet: Sheet) -> Any:
    """The page in OD, or in 8-bit sRGB values."""
    page = compose(sheet, "")
    assert isinstance(page, ColorPage if sheet.color else Page)
    assert page.shape == (sheet.height, sheet.width)
    return page.srgb.astype(float) if isinstance(page, ColorPage) else page.density * OD


def off_by(found: Any, wanted: Reference) -> float:
    """How far the worst pixel is outside of what it may be."""
    return float(max((wanted.low - found).max(), (found - wanted.high).max()))


# --- every P-value ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True], ids=["normal", "reverse"])
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("light", LIGHTS)
def test_every_p_value(light: str, bits: int, reverse: bool) -> None:
    sheet = every_value(light, bits, reverse=reverse)
    found = printed(sheet)
    assert np.abs(found - reference_page(sheet).page).max() <= EXACT
    if light == "film":
        assert len(np.unique(found)) == 1 << bits


@pytest.mark.parametrize(
    "look", ["IDENTITY", "LIN OD", "LIN OD by value", "table", "short table", "long table"]
)
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("reverse", [False, True], ids=["normal", "reverse"])
def test_every_value_by_a_presentation_lut(look: str, bits: int, reverse: bool) -> None:
    lengths = {"table": 1 << bits, "short table": 100, "long table": 5000}
    if look in lengths:
        entries = np.arange(lengths[look])
        table = (entries * 7919 if look == "table" else entries**2) % 65536 if bits == 8 else entries % 16384
        look_up = LookUp("", bits=16 if bits == 8 else 14, table=tuple(int(each) for each in table))
    else:
        look_up = LookUp(look.removesuffix(" by value"), by_value=look.endswith("by value"))
    # The curve is there to be ignored: a Presentation LUT wins.
    sheet = every_value("film", bits, reverse=reverse, look_up=0, curve=ToneCurve(1.6))
    sheet = replace(sheet, look_ups=(look_up,))
    assert np.abs(printed(sheet) - reference_page(sheet).page).max() <= EXACT


@pytest.mark.parametrize("linear", [False, True], ids=["jnd", "linear"])
@pytest.mark.parametrize("contrast", [0.6, 1.0, 1.6])
@pytest.mark.parametrize("bits", [8, 12])
def test_every_value_by_a_tone_curve(bits: int, contrast: float, linear: bool) -> None:
    sheet = every_value("film", bits, curve=ToneCurve(contrast, linear))
    assert np.abs(printed(sheet) - reference_page(sheet).page).max() <= EXACT


def every_value(light: str, bits: int, **fields: Any) -> Sheet:
    """Each value once, one printer pixel each."""
    lightest, darkest, illumination, ambient = LIGHTS[light]
    side = 1 << bits // 2
    values = np.arange(1 << bits).reshape(side, side)
    image = plain_image(values, bits, min_density=lightest, max_density=darkest, **fields)
    limits = {"printer_density": (lightest, darkest), "border_density": darkest}
    light_box = {"illumination": illumination, "reflected_ambient_light": ambient}
    return plain_sheet(side, side, image, **limits, **light_box)


@pytest.mark.peer("dcmdspfn")
@pytest.mark.parametrize("light", LIGHTS)
def test_dcmtk_has_the_same_curve_as_the_reference(light: str, tmp_path: Path) -> None:
    lightest, darkest, illumination, ambient = LIGHTS[light]
    file = tmp_path / "curve"
    limits = [lightest / 100, darkest / 100]
    options = ["+Io", *limits, "+Ca", ambient, "+Ci", illumination, "+Cd", 256, "+Og", file]
    subprocess.run(["dcmdspfn", *map(str, options)], check=True, timeout=30)
    lines = [line.split() for line in file.read_text().splitlines()]
    shown = np.array([float(line[1]) for line in lines if len(line) == 2 and line[0].isdigit()])
    densities = -np.log10((shown - ambient) / illumination)
    found = reference_page(every_value(light, 8)).page.ravel()
    # DCMTK's way from luminance to JND index is the published polynomial, off by up to 0.09 JND.
    assert np.abs(found - densities).max() < TOLERANCE


# --- whole sheets ----------------------------------------------------------------------------------------

BITS = st.sampled_from([8, 10, 12, 16])
SIDE = st.integers(1, 40)
ASPECT = st.sampled_from([(1, 1), (2, 1), (1, 2), (3, 2), (10, 11)])


@st.composite
def pixels(draw: Any, rows: int, columns: int, bits: int, color: bool) -> Any:
    """Noise, a step, or something smooth."""
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    shape = (rows, columns, 3) if color else (rows, columns)
    largest = (1 << bits) - 1
    kind = draw(st.sampled_from(["noise", "black and white", "smooth"]))
    if kind == "smooth":
        waves = np.sin(np.indices(shape).sum(axis=0) * random.uniform(0.05, 0.6) + random.uniform(0, 6))
        return np.rint((waves + 1) / 2 * largest).astype(int)
    return (
        random.integers(0, largest + 1, shape) if kind == "noise" else random.integers(0, 2, shape) * largest
    )


@st.composite
def tables(draw: Any) -> LookUp:
    """A Presentation LUT of any kind."""
    kind = draw(st.sampled_from(["IDENTITY", "LIN OD", "by value", "gamma", "rising and falling"]))
    if kind in ("IDENTITY", "LIN OD", "by value"):
        return LookUp("IDENTITY" if kind == "IDENTITY" else "LIN OD", by_value=kind == "by value")
    bits = draw(st.integers(10, 16))
    fractions = np.linspace(0, 1, draw(st.sampled_from([256, 4096])))
    bent = fractions**2.2 if kind == "gamma" else (np.sin(fractions * 9) + 1) / 2
    return LookUp("", bits=bits, table=tuple(int(each) for each in np.rint(bent * ((1 << bits) - 1))))


@st.composite
def images(
    draw: Any, position: int, look_ups: int, printer_density: tuple[int, int], color: bool
) -> SheetImage:
    """Anything that an image box may ask for."""
    bits = 8 if color else draw(BITS)
    samples = draw(pixels(draw(SIDE), draw(SIDE), bits, color))
    planes = draw(st.integers(0, 1)) if color else 0
    stored = np.moveaxis(samples, 2, 0) if planes else samples
    lightest = draw(st.integers(printer_density[0], printer_density[1] - 20))
    return plain_image(
        samples,
        bits,
        position=position,
        planar_configuration=planes,
        pixels=stored.astype("u1" if bits == 8 else "<u2").tobytes(),
        reverse=draw(st.booleans()),
        pixel_aspect=draw(ASPECT),
        magnification=draw(st.sampled_from(["REPLICATE", "BILINEAR", "CUBIC", "NONE"])),
        smoothing_weight=draw(st.sampled_from([0.0, 0.0, -0.08, 0.08, 0.16])),
        curve=draw(
            st.sampled_from([ToneCurve(), ToneCurve(0.6), ToneCurve(1.6), ToneCurve(1.0, linear=True)])
        ),
        min_density=lightest,
        max_density=draw(st.integers(lightest + 20, printer_density[1])),
        requested_width_mm=draw(st.none() | st.floats(0.3, 60, allow_nan=False)),
        decimate_crop=draw(st.sampled_from(["DECIMATE", "CROP"])),
        look_up=None if color else draw(st.sampled_from([None, *range(look_ups)])),
    )


@st.composite
def sheets(draw: Any, color: bool = False) -> Sheet:
    """Small pages of some boxes, with all that a film box may ask for."""
    lightest, darkest, illumination, ambient = draw(st.sampled_from([*LIGHTS.values()]))
    columns, rows, gap = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(0, 3))
    margin, width, height = draw(st.integers(0, 4)), draw(st.integers(3, 40)), draw(st.integers(3, 40))
    boxes = [
        Rectangle(margin + column * (width + gap), margin + row * (height + gap), width, height)
        for row in range(rows)
        for column in range(columns)
    ]
    look_ups = [] if color else draw(st.lists(tables(), max_size=2))
    used = draw(st.sets(st.integers(1, len(boxes)), max_size=len(boxes)))
    # Of a border in the very middle of the range no end is the opposite.
    density = st.integers(lightest, darkest).filter(lambda each: 2 * each != lightest + darkest)
    return plain_sheet(
        2 * margin + columns * (width + gap) - gap,
        2 * margin + rows * (height + gap) - gap + 2,
        *(draw(images(position, len(look_ups), (lightest, darkest), color)) for position in sorted(used)),
        boxes=tuple(boxes),
        label=Rectangle(margin, 2 * margin + rows * (height + gap) - gap, boxes[-1].right - margin, 2),
        dots_per_inch=draw(st.sampled_from([12.7, 25.4, 100.0, 320.0])),
        look_ups=tuple(look_ups),
        printer_density=(lightest, darkest),
        border_density=draw(density),
        empty_image_density=draw(density),
        trim=draw(st.booleans()),
        illumination=illumination,
        reflected_ambient_light=ambient,
        color=color,
    )


@settings(max_examples=100, deadline=None)
@given(sheets())
def test_a_sheet_is_printed_as_the_reference_has_it(sheet: Sheet) -> None:
    assert off_by(printed(sheet), reference_page(sheet)) <= TOLERANCE


@settings(max_examples=60, deadline=None)
@given(sheets(color=True))
def test_a_color_sheet_is_printed_as_the_reference_has_it(sheet: Sheet) -> None:
    # Codes are whole, and the reference is not; smoothing makes them whole twice more on their way.
    smoothed = any(image.magnification == "CUBIC" and image.smoothing_weight for image in sheet.images)
    assert off_by(printed(sheet), reference_page(sheet)) <= (1.0 if smoothed else 0.51)


@pytest.mark.parametrize("magnification", ["REPLICATE", "BILINEAR", "CUBIC"])
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("size", [(37, 53), (20, 10), (47, 7), (23, 83)], ids=str)
def test_one_code_in_resampling(magnification: str, bits: int, size: tuple[int, int]) -> None:
    sheet = of_noise((29, 41), size, bits, magnification)
    assert off_by(printed(sheet), reference_page(sheet)) <= EXACT


@pytest.mark.parametrize(
    ("shape", "magnification"),
    [
        ((67, 41), "REPLICATE"),
        ((67, 41), "BILINEAR"),
        ((67, 41), "CUBIC"),
        ((1411, 1213), "CUBIC"),
        ((3, 2), "REPLICATE"),
        ((1, 1), "CUBIC"),
    ],
    ids=str,
)
def test_one_code_in_resampling_to_a_size_as_on_film(shape: tuple[int, int], magnification: str) -> None:
    sheet = of_noise(shape, (1009, 773), 12, magnification)
    assert off_by(printed(sheet), reference_page(sheet)) <= EXACT


def of_noise(shape: tuple[int, int], size: tuple[int, int], bits: int, magnification: str) -> Sheet:
    """Noise of so many rows and columns on a page of that size, linear in density: a code is the same step
    everywhere."""
    noise = np.random.default_rng(4).integers(0, 1 << bits, shape)
    aspect = (round(1000 * size[0] / shape[0]), round(1000 * size[1] / shape[1]))
    image = plain_image(noise, bits, magnification=magnification, look_up=0, pixel_aspect=aspect)
    return plain_sheet(size[1], size[0], image, look_ups=(LookUp("LIN OD"),))


# --- true size -------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.floats(2, 150),
    st.sampled_from([25.4, 100.0, 254.0, 320.0]),
    st.integers(1, 60),
    st.integers(1, 60),
    ASPECT,
    st.sampled_from(["CROP", "DECIMATE"]),
)
@example(100.0, 25.4, 50, 50, (1, 1), "CROP")
def test_true_size_to_half_a_pixel(
    mm: float, dots_per_inch: float, rows: int, columns: int, aspect: tuple[int, int], decimate_crop: str
) -> None:
    wanted = mm / 25.4 * dots_per_inch
    tall = wanted * rows * aspect[0] / (columns * aspect[1])
    # A box that it fits; pages as long as a film is are for other tests.
    if tall > 3000:
        return
    image = plain_image(
        np.full((rows, columns), 255),
        magnification="REPLICATE",
        pixel_aspect=aspect,
        requested_width_mm=mm,
        decimate_crop=decimate_crop,
    )
    sheet = plain_sheet(int(wanted) + 9, int(tall) + 9, image, dots_per_inch=dots_per_inch)
    bright = printed(sheet) < 1
    width, height = bright.any(axis=0).sum(), bright.any(axis=1).sum()
    assert abs(width - wanted) <= 0.5 + 1e-6
    assert abs(height - max(tall, 0.5)) <= 0.5 + 1e-6
    # And in the middle of its box.
    for along, length in ((0, sheet.width), (1, sheet.height)):
        (free,) = np.nonzero(bright.any(axis=along))
        assert abs(free[0] - (length - 1 - free[-1])) <= 1
