"""Films that show each thing a film box can ask for: made by a real dialogue, each of it named and described.

The film is 8 x 10 inch on the default printer, so it is small; the images are the ones of `samples/`, with
their position in their middle, so that a person can judge the page.
"""

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parents[2] / "samples"))
from film.scu import COLOR, GRAY, Scu, data_set, make_printer
from film.scu import reference as reference_to
from make_samples import geometry, gray_steps, orientation, phantom, ramp, resolution

from printscp.catalog import load_profile
from printscp.film.profile import LinOD
from printscp.film.sheet import Order, Sheet
from printscp.film.uids import PRESENTATION_LUT

Pixels = NDArray[Any]

NAMES = (
    "MÜLLER, Jürgen",
    "ИВАНОВ, Пётр",
    "ΠΑΠΑΔΟΠΟΥΛΟΣ, Γιώργος",
    "山田太郎 やまだ たろう",
    "김철수",
    "محمد بن علي",
)


# --- images ----------------------------------------------------------------------------------------------


@cache
def numbered(position: int, size: int = 256) -> Pixels:
    """The orientation image with a number on it."""
    picture = Image.fromarray(orientation(size))
    font = ImageFont.load_default(0.2 * size)
    ImageDraw.Draw(picture).text((0.5 * size, 0.68 * size), str(position), font=font, fill=255, anchor="mm")
    return np.asarray(picture)


def joined(positions: tuple[int, ...], axis: int) -> Pixels:
    """Numbered images in one, below each other (axis 0) or beside each other (1)."""
    return np.concatenate([numbered(position, 128) for position in positions], axis)


@cache
def abdomen(size: int = 256, position: float = 0.0) -> Pixels:
    """The phantom, 12 bits, in the window of soft tissue, without the noise that no small picture holds."""
    smooth = np.asarray(Image.fromarray(phantom(2 * size, position).astype(np.float32)).reduce(2))
    return np.rint(np.clip((smooth + 160) / 400, 0, 1) * 4095).astype(np.uint16)


@cache
def colors(size: int = 256) -> Pixels:
    """Red, green and blue in one corner each, gray steps below, and a ring of all hues."""
    picture = np.full((size, size, 3), 40, np.uint8)
    picture[: size // 5, : size // 5] = (255, 0, 0)
    picture[: size // 5, -(size // 5) :] = (0, 255, 0)
    picture[-(size // 5) :, : size // 5] = (0, 0, 255)
    y, x = np.indices((size, size)) / size - 0.5
    distance, turn = np.hypot(x, y), (np.arctan2(y, x) / np.pi + 1) * 3
    ring = (distance > 0.16) & (distance < 0.3)
    hues = np.stack([np.clip(abs((turn + shift) % 6 - 3) - 1, 0, 1) for shift in (3, 1, 5)], axis=-1)
    picture[ring] = np.rint(hues[ring] * 255)
    steps = np.repeat(np.linspace(0, 255, 6).round(), size // 10).astype(np.uint8)
    picture[-(size // 10) :, -len(steps) :] = steps[None, :, None]
    return picture


def gray(pixels: Pixels, **values: Any) -> Dataset:
    """An item of the Basic Grayscale Image Sequence: uint8 of 8 bits, uint16 of 12."""
    bits = 12 if pixels.dtype == np.uint16 else 8
    needed = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16 if bits == 12 else 8,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": _even(pixels.astype("<u2" if bits == 12 else "u1").tobytes()),
    }
    return data_set(**needed | values)


def color(pixels: Pixels, **values: Any) -> Dataset:
    """An item of the Basic Color Image Sequence, plane by plane."""
    needed = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 1,
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": _even(np.moveaxis(pixels, 2, 0).tobytes()),
    }
    return data_set(**needed | values)


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def icc_profile() -> bytes:
    """An input profile (ICC.1) of a device whose red is green and whose green is red, of linear response."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))

    text = b"text\0\0\0\0made for a test\0"
    name = b"swapped\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(12 + 67)
    # The primaries of sRGB under D50.
    first, second, third = (
        xyz(0.43607, 0.22249, 0.01392),
        xyz(0.38515, 0.71687, 0.09708),
        xyz(0.14307, 0.06061, 0.7141),
    )
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.0 * 256))
    tags = [(b"desc", described), (b"cprt", text), (b"wtpt", xyz(0.9642, 1.0, 0.8249))]
    tags += [(b"rXYZ", second), (b"gXYZ", first), (b"bXYZ", third)]
    tags += [(tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags:
        table += tag + struct.pack(">II", start + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s",
        start + len(data),
        b"lcms",
        0x02400000,
        b"scnr",
        b"RGB ",
        b"XYZ ",
        bytes(12),
        b"acsp",
    )
    header = header + bytes(68 - len(header)) + struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + table + data


# --- films -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """An image and what its box asks for besides."""

    image: Dataset
    values: dict[str, Any] = field(default_factory=dict)
    look_up: str = ""


@dataclass(frozen=True)
class Case:
    """A film by its name: ``boxes`` by position, ``texts`` by annotation position. With ``exact`` nothing is
    interpolated. ``lin_od`` is the printer's reading of that shape."""

    name: str
    group: str
    caption: str
    layout: str
    boxes: dict[int, Box]
    film: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    exact: bool = False
    lin_od: LinOD = LinOD.POLARITY
    color: bool = False

    def accepted(self) -> tuple[Sheet, Order]:
        """What the printer makes of it, after a journey through the film model."""
        profile = replace(load_profile("imager17"), lin_od=self.lin_od)
        scu = Scu(make_printer(profile=profile, memory=1 << 28), meta=COLOR if self.color else GRAY)
        scu.create_session(**self.session)
        scu.create_film(self.layout, **{"FilmSizeID": "8INX10IN"} | self.film)
        for position, box in self.boxes.items():
            values = dict(box.values)
            if box.look_up:
                uid = scu.create_look_up(**_LOOK_UPS[box.look_up]())
                values["ReferencedPresentationLUTSequence"] = [reference_to(PRESENTATION_LUT, uid)]
            scu.set_image(position, box.image, **values)
        # Annotation boxes come in the order of the sheet's.
        places = scu.dialogue.session.film_box.layout.annotations  # type: ignore[union-attr]
        for index, place in enumerate(places):
            if place.position in self.texts:
                scu.set_annotation(
                    index,
                    SpecificCharacterSet="ISO_IR 192",
                    AnnotationPosition=place.position,
                    TextString=self.texts[place.position],
                )
        scu.print_film()
        (job,) = scu.spool.jobs
        scu.close()
        return job.sheets[0], job.order


def _table(bend: Callable[[Any], Any]) -> dict[str, Any]:
    entries = np.rint(4095 * bend(np.arange(256) / 255)).astype("<u2")
    item = data_set(LUTDescriptor=[256, 0, 12], LUTData=entries.tobytes())
    return {"PresentationLUTSequence": [item]}


_LOOK_UPS: dict[str, Callable[[], dict[str, Any]]] = {
    "IDENTITY": lambda: {"PresentationLUTShape": "IDENTITY"},
    "LIN OD": lambda: {"PresentationLUTShape": "LIN OD"},
    "darker": lambda: _table(lambda value: value**2.2),
    "negative": lambda: _table(lambda value: 1 - value),
}


def numbers(count: int, size: int = 256, **values: Any) -> dict[int, Box]:
    """So many numbered images."""
    return {position: Box(gray(numbered(position, size)), values) for position in range(1, count + 1)}


def _formats() -> list[Case]:
    def case(name: str, caption: str, layout: str, count: int, **film: Any) -> Case:
        return Case(name, "formats", caption, layout, numbers(count), film)

    lying = {"FilmOrientation": "LANDSCAPE"}
    return [
        case("standard-1-1", "STANDARD 1,1", "STANDARD\\1,1", 1),
        case("standard-2-3", "STANDARD 2,3: two columns, three rows", "STANDARD\\2,3", 6),
        case("standard-2-3-landscape", "STANDARD 2,3 in LANDSCAPE", "STANDARD\\2,3", 6, **lying),
        case("row-2-3", "ROW 2,3: rows of two and of three", "ROW\\2,3", 5),
        case("row-1-2-landscape", "ROW 1,2 in LANDSCAPE", "ROW\\1,2", 3, **lying),
        case("col-1-2", "COL 1,2: columns of one and of two", "COL\\1,2", 3),
        case("slide", "SLIDE: 36 x 24 mm", "SLIDE", 12),
        case("superslide", "SUPERSLIDE: 40 x 40 mm", "SUPERSLIDE", 12),
        case("custom-1", "CUSTOM 1", "CUSTOM\\1", 4),
        case("custom-2", "CUSTOM 2", "CUSTOM\\2", 5),
        case("custom-3-landscape", "CUSTOM 3 in LANDSCAPE", "CUSTOM\\3", 13, **lying),
        replace(
            case("empty-boxes", "Boxes 2 and 3 are empty: EmptyImageDensity WHITE", "STANDARD\\2,2", 1),
            boxes={1: numbers(1)[1], 4: numbers(4)[4]},
            film={"EmptyImageDensity": "WHITE"},
        ),
        case(
            "no-image",
            "No image at all: EmptyImageDensity 150, border black",
            "STANDARD\\2,3",
            0,
            EmptyImageDensity="150",
        ),
    ]


def _fit() -> list[Case]:
    def case(name: str, caption: str, layout: str, boxes: list[Box], **more: Any) -> Case:
        return Case(name, "fit", caption, layout, dict(enumerate(boxes, 1)), **more)

    small, large = gray(numbered(1, 40)), gray(resolution(1800))
    types = ("REPLICATE", "BILINEAR", "CUBIC", "NONE")
    cut = {"RequestedDecimateCropBehavior": "CROP"}
    one_to_one = {"MagnificationType": "NONE"}
    tall = Box(gray(geometry(128, 256), PixelAspectRatio=[1, 2]))
    wide = Box(gray(geometry(256, 128), PixelAspectRatio=[2, 1]))
    too_large = gray(numbered(1, 1500))
    widths = [Box(gray(geometry(300, 300)), {"RequestedImageSize": str(width)}) for width in (30, 50, 70, 90)]
    return [
        case(
            "magnification",
            "40 x 40 pixels by REPLICATE, BILINEAR, CUBIC and NONE",
            "STANDARD\\2,2",
            [Box(small, {"MagnificationType": each}) for each in types],
        ),
        case(
            "replicate",
            "REPLICATE: each pixel a square",
            "STANDARD\\2,1",
            [Box(gray(numbered(n, 40))) for n in (1, 2)],
            film={"MagnificationType": "REPLICATE"},
            exact=True,
        ),
        case(
            "none",
            "NONE: an image pixel is a printer pixel",
            "STANDARD\\2,2",
            [Box(gray(numbered(n, 300))) for n in (1, 2, 3)],
            film=one_to_one,
            exact=True,
        ),
        case(
            "smoothing",
            "CUBIC with Smoothing Type NONE, SHARP, MEDIUM and SMOOTH",
            "STANDARD\\2,2",
            [
                Box(gray(numbered(1, 64)), {"SmoothingType": each})
                for each in ("NONE", "SHARP", "MEDIUM", "SMOOTH")
            ],
        ),
        case(
            "shrunk",
            "1800 x 1800 line pairs averaged",
            "STANDARD\\2,2",
            [Box(large), Box(gray(resolution(900)))],
        ),
        case(
            "decimate",
            "1500 x 1500 pixels by DECIMATE and by CROP",
            "STANDARD\\2,1",
            [Box(too_large), Box(too_large, cut)],
        ),
        case(
            "crop",
            "NONE and CROP: the middle of 1500 x 1500 pixels",
            "STANDARD\\2,2",
            [Box(gray(numbered(n, 1500)), cut | one_to_one) for n in (1, 2)],
            exact=True,
        ),
        case(
            "pixel-aspect",
            "Pixels twice as tall as wide, and twice as wide as tall: circles stay round",
            "STANDARD\\2,2",
            [wide, tall, Box(gray(geometry(200, 200)))],
        ),
        case("requested-size", "RequestedImageSize 30, 50, 70 and 90 mm", "STANDARD\\2,2", widths),
        case(
            "requested-size-too-large",
            "RequestedImageSize 150 mm by CROP and by DECIMATE: the scale stays, or the image shrinks",
            "STANDARD\\2,1",
            [
                Box(
                    gray(numbered(n, 400)),
                    {"RequestedImageSize": "150", "RequestedDecimateCropBehavior": each},
                )
                for n, each in ((1, "CROP"), (2, "DECIMATE"))
            ],
        ),
        case(
            "long-images",
            "Three times as wide as high, and three times as high as wide",
            "STANDARD\\2,2",
            [Box(gray(joined((1, 2, 3), axis))) for axis in (1, 0)],
        ),
    ]


def _tone() -> list[Case]:
    def case(name: str, caption: str, layout: str, boxes: list[Box], **more: Any) -> Case:
        return Case(name, "tone", caption, layout, dict(enumerate(boxes, 1)), **more)

    steps, scan, levels = gray(gray_steps(256)), gray(abdomen()), gray(ramp(256))
    one = {"PhotometricInterpretation": "MONOCHROME1"}
    back = {"Polarity": "REVERSE"}
    densities = ((20, 310), (20, 150), (100, 310), (100, 150))
    ramp_8 = gray((ramp(256) >> 4).astype(np.uint8))
    return [
        case(
            "polarity",
            "MONOCHROME2 NORMAL, MONOCHROME1 NORMAL, MONOCHROME2 REVERSE, MONOCHROME1 REVERSE",
            "STANDARD\\2,2",
            [Box(scan), Box(gray(abdomen(), **one)), Box(scan, back), Box(gray(abdomen(), **one), back)],
        ),
        case(
            "densities",
            "MinDensity and MaxDensity 20-310, 20-150, 100-310, 100-150",
            "STANDARD\\2,2",
            [Box(scan, {"MinDensity": low, "MaxDensity": high}) for low, high in densities],
        ),
        case(
            "presentation-lut",
            "Presentation LUT: none, LIN OD, a table that darkens, a table that inverts",
            "STANDARD\\2,2",
            [
                Box(ramp_8),
                Box(ramp_8, look_up="LIN OD"),
                Box(ramp_8, look_up="darker"),
                Box(ramp_8, look_up="negative"),
            ],
        ),
        case(
            "lin-od-by-density",
            "IDENTITY and LIN OD on a printer that reads LIN OD as density: the smallest value is lightest",
            "STANDARD\\2,1",
            [Box(ramp_8, look_up="IDENTITY"), Box(ramp_8, look_up="LIN OD")],
            lin_od=LinOD.DENSITY,
        ),
        case(
            "curves",
            "Configuration CS000, CS500, CS999 and LINEAR",
            "STANDARD\\2,2",
            [Box(scan, {"ConfigurationInformation": each}) for each in ("CS000", "CS500", "CS999", "LINEAR")],
        ),
        case(
            "gray-steps",
            "Gray steps after SMPTE, and 4096 levels",
            "STANDARD\\1,2",
            [Box(steps), Box(levels)],
        ),
        case(
            "light",
            "Illumination 4000, ambient light 40 cd/m2",
            "STANDARD\\1,2",
            [Box(steps), Box(levels)],
            film={"Illumination": 4000, "ReflectedAmbientLight": 40},
        ),
    ]


def _edges() -> list[Case]:
    def case(name: str, caption: str, film: dict[str, Any], **values: Any) -> Case:
        slices = {position: gray(abdomen(256, 0.4 * position - 0.8)) for position in (1, 2, 3)}
        boxes = {position: Box(image, values) for position, image in slices.items()}
        return Case(name, "edges", caption, "STANDARD\\2,2", boxes, film)

    def around(border: str, empty: str) -> dict[str, Any]:
        return {"BorderDensity": border, "EmptyImageDensity": empty}

    trim = {"Trim": "YES"}
    return [
        case("border-white", "BorderDensity WHITE, empty box BLACK", around("WHITE", "BLACK")),
        case("border-number", "BorderDensity 80, empty box 200", around("80", "200")),
        case("trim", "Trim YES: a light frame round each image on a dark film", trim),
        case(
            "trim-white",
            "Trim YES on a light border: a dark frame (Polarity REVERSE)",
            trim | around("WHITE", "WHITE"),
            Polarity="REVERSE",
        ),
    ]


def _annotations() -> list[Case]:
    def case(term: str, count: int, texts: dict[int, str], **film: Any) -> Case:
        return Case(
            term.lower(),
            "annotations",
            f"Annotation format {term}",
            "STANDARD\\2,2",
            numbers(count),
            {"AnnotationDisplayFormatID": term, **film},
            texts=texts,
        )

    each = dict(enumerate(NAMES, 1))
    below = {position: f"{position}: {NAMES[position - 1]}" for position in range(1, 5)}
    return [
        case("LABEL", 4, {0: "Klinikum Süd, " + NAMES[0]}),
        case("BOTTOM", 4, below),
        case("COMBINED", 4, {0: "Κέντρο 病院 " + NAMES[5]} | below),
        case("ANNOTATION", 4, {2: "At the top: " + NAMES[3]}),
        case("CORNERS", 4, each),
        replace(
            case("OVERLAY", 6, each),
            layout="STANDARD\\2,3",
            caption="OVERLAY: text on the images, as the format says",
        ),
        replace(
            case("CORNERS", 4, each, BorderDensity="WHITE"),
            name="corners-white",
            caption="CORNERS on a white border: dark text",
        ),
        Case(
            "session-label",
            "annotations",
            "A film session with a label",
            "STANDARD\\2,2",
            numbers(4),
            session={"FilmSessionLabel": "Knee, left"},
        ),
    ]


def _media() -> list[Case]:
    def film(name: str, caption: str, boxes: list[Box], **more: Any) -> Case:
        return Case(name, "media", caption, "STANDARD\\2,2", dict(enumerate(boxes, 1)), **more)

    hues = color(colors())
    profile = {"ICCProfile": icc_profile()}
    paper = {"MediumType": "PAPER"}
    steps = gray(gray_steps(256))
    return [
        film(
            "color",
            "Color: RGB, then with Polarity REVERSE; one box is empty",
            [Box(hues), Box(hues, {"Polarity": "REVERSE"}), Box(color(colors(64)))],
            color=True,
        ),
        film(
            "color-icc",
            "The same through an ICC profile that swaps red and green and is linear",
            [Box(hues), Box(hues, {"Polarity": "REVERSE"})],
            film=profile,
            color=True,
        ),
        film(
            "color-trim",
            "Color with trim, BorderDensity 80 and an empty box WHITE",
            [Box(hues), Box(hues)],
            film={"Trim": "YES", "BorderDensity": "80", "EmptyImageDensity": "WHITE"},
            color=True,
        ),
        film(
            "paper",
            "PAPER: 0.05 to 2.00 OD by room light",
            [Box(steps), Box(gray(ramp(256))), Box(gray(abdomen()))],
            session=paper,
        ),
        film(
            "film",
            "The same on film: 0.20 to 3.10 OD on a light box",
            [Box(steps), Box(gray(ramp(256))), Box(gray(abdomen()))],
        ),
    ]


CASES = {case.name: case for case in [*_formats(), *_fit(), *_tone(), *_edges(), *_annotations(), *_media()]}
