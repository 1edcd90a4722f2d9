"""Films as a print SCU sends them: attributes and pixels of film boxes, of a sheet or of a rendered page.

A sheet has what was in force when it was accepted, whether its SCU said so or the printer did. All of it goes
to the next printer, so that the film is the same; what that one does not know may be left to it where the
film stays the same picture of the same size, and is remarked.
"""

import mmap
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import Any

import cv2
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.client.association import attributes
from printscp.film.sheet import BytesLike, LookUp, Sheet, SheetImage
from printscp.film.uids import (
    BASIC_COLOR_IMAGE_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)
from printscp.outputs.rows import Drawn
from printscp.render.page import ColorPage, Page
from printscp.render.samples import sample_table
from printscp.render.tone import ToneScale

EXPENDABLE = (
    "ConfigurationInformation",
    "Trim",
    "RequestedResolutionID",
    "EmptyImageDensity",
    "SmoothingType",
    "BorderDensity",
    "ICCProfile",
    "RequestedDecimateCropBehavior",
    "ReflectedAmbientLight",
    "Illumination",
    "MagnificationType",
    "MinDensity",
    "MaxDensity",
    "FilmDestination",
    "PrintPriority",
)
"""What a printer that does not take it may do as it likes, from what is missed least."""

_LIGHT = "Illumination", "ReflectedAmbientLight"
_LEVELS = "MagnificationType", "SmoothingType", "MinDensity", "MaxDensity", "ConfigurationInformation"

Values = dict[str, Any]


@dataclass(frozen=True)
class FilmImage:
    """An image: ``values`` of its image box, ``item`` those of its Basic Image Sequence but for the
    ``pixels``. ``look_up`` is an index into the film's ``look_ups``."""

    position: int
    values: Values
    item: Values
    look_up: int | None
    pixels: BytesLike = field(repr=False)

    def dataset(self, color: bool) -> Dataset:
        """What its image box N-SET sends, without its Presentation LUT."""
        item = attributes(**self.item)
        data = bytes(self.pixels)
        wide = self.item["BitsAllocated"] > 8
        item.add_new("PixelData", "OW" if wide else "OB", data + b"\0" * (len(data) % 2))
        sequence = "BasicColorImageSequence" if color else "BasicGrayscaleImageSequence"
        return attributes(ImageBoxPosition=self.position, **self.values, **{sequence: [item]})


@dataclass(frozen=True)
class Film:
    """A film box: its ``values`` but for references; those of ``light`` go with a Presentation LUT only.

    ``look_up``, an index into ``look_ups``, is that of all images. ``texts`` are those of annotation boxes by
    position. ``kind`` says in words what its images are.
    """

    kind: str
    color: bool
    values: Values
    light: Values
    look_ups: tuple[Dataset, ...]
    look_up: int | None
    images: tuple[FilmImage, ...]
    texts: tuple[tuple[int, str], ...] = field(default=(), repr=False)

    @property
    def meta(self) -> UID:
        """The Meta SOP Class on whose context it goes."""
        return BASIC_COLOR_PRINT_MANAGEMENT_META if self.color else BASIC_GRAYSCALE_PRINT_MANAGEMENT_META

    @property
    def box_class(self) -> UID:
        return BASIC_COLOR_IMAGE_BOX if self.color else BASIC_GRAYSCALE_IMAGE_BOX

    @property
    def needs_look_up(self) -> bool:
        """Whether its tone is another without its Presentation LUTs: more than one of IDENTITY."""
        return any(each.get("PresentationLUTShape") != "IDENTITY" for each in self.look_ups)

    def on_disk(self) -> "Film":
        """The film with its pixels in a file without a name, where many films wait for each other."""
        return replace(
            self, images=tuple(replace(each, pixels=_on_disk(each.pixels)) for each in self.images)
        )


def _on_disk(pixels: BytesLike) -> BytesLike:
    with TemporaryFile() as file:
        file.write(pixels)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


# --- as it was accepted ----------------------------------------------------------------------------------


def original(sheet: Sheet) -> Film:
    """The film of a sheet: its layout, and its pixels as they were accepted."""
    given = [_in_force(image, sheet.color) for image in sheet.images]
    common = {key: given[0].get(key) for key in _LEVELS if _agree(each.get(key) for each in given)}
    common = {key: value for key, value in common.items() if value is not None}
    look_ups = [image.look_up for image in sheet.images]
    shared = look_ups[0] if look_ups and _agree(look_ups) else None
    return Film(
        kind="as accepted",
        color=sheet.color,
        values=_film_values(sheet, common) | common,
        light={} if sheet.color else dict(zip(_LIGHT, _light(sheet), strict=True)),
        look_ups=tuple(map(_look_up, sheet.look_ups)),
        look_up=shared,
        images=tuple(
            FilmImage(
                position=image.position,
                values={key: value for key, value in values.items() if key not in common},
                item=_item(
                    image.samples_per_pixel, image.rows, image.columns, image.bits_stored, image.pixel_aspect
                ),
                look_up=None if image.look_up == shared else image.look_up,
                pixels=_by_plane(image) if sheet.color else image.pixels,
            )
            for image, values in zip(sheet.images, given, strict=True)
        ),
        texts=tuple((each.position, each.text) for each in sheet.annotations),
    )


def _light(sheet: Sheet) -> tuple[int, int]:
    return sheet.illumination, sheet.reflected_ambient_light


def _agree(values: Iterable[Any]) -> bool:
    different = list(values)
    return bool(different) and all(each == different[0] for each in different)


def _film_values(sheet: Sheet, common: Values) -> Values:
    """What a sheet says of its film box."""
    limits = {
        common[key]: term for key, term in (("MaxDensity", "BLACK"), ("MinDensity", "WHITE")) if key in common
    }
    values: Values = {
        "ImageDisplayFormat": sheet.display_format,
        "FilmOrientation": sheet.orientation,
        "FilmSizeID": sheet.film_size,
        "RequestedResolutionID": sheet.resolution,
        "BorderDensity": limits.get(sheet.border_density, str(sheet.border_density)),
        "Trim": "YES" if sheet.trim else "NO",
    }
    if len(sheet.images) < len(sheet.boxes):
        values["EmptyImageDensity"] = limits.get(sheet.empty_image_density, str(sheet.empty_image_density))
    if sheet.annotations:
        values["AnnotationDisplayFormatID"] = sheet.annotation_format
    if sheet.color and len(sheet.icc_profile):
        values["ICCProfile"] = bytes(sheet.icc_profile)
    return values


def _in_force(image: SheetImage, color: bool) -> Values:
    """What was in force for an image, as attributes of its image box."""
    values: Values = {"MagnificationType": image.magnification}
    if image.reverse:
        values["Polarity"] = "REVERSE"
    if image.smoothing and image.magnification == "CUBIC":
        values["SmoothingType"] = image.smoothing
    if not color:
        values |= {"MinDensity": image.min_density, "MaxDensity": image.max_density}
        if image.configuration:
            values["ConfigurationInformation"] = image.configuration
    if image.requested_width_mm is not None:
        values["RequestedImageSize"] = f"{image.requested_width_mm:.12g}"
    # One to one and DECIMATE contradict each other where the image is larger than its box (PS3.3 C.13.5).
    if not (image.magnification == "NONE" and image.decimate_crop == "DECIMATE"):
        values["RequestedDecimateCropBehavior"] = image.decimate_crop
    return values


def _item(samples: int, rows: int, columns: int, bits: int, pixel_aspect: tuple[int, int] = (1, 1)) -> Values:
    """Attributes of an item of the Basic Grayscale or Color Image Sequence, of 1 or 3 samples per pixel."""
    return {
        "SamplesPerPixel": samples,
        "PhotometricInterpretation": "MONOCHROME2" if samples == 1 else "RGB",
        "PlanarConfiguration": None if samples == 1 else 1,
        "Rows": rows,
        "Columns": columns,
        "PixelAspectRatio": None if pixel_aspect == (1, 1) else list(pixel_aspect),
        "BitsAllocated": 8 if bits == 8 else 16,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
    }


def _by_plane(image: SheetImage) -> BytesLike:
    """Color plane by plane, as the standard has it (PS3.3 C.13.5)."""
    if image.planar_configuration == 1:
        return image.pixels
    count = 3 * image.rows * image.columns
    return np.frombuffer(image.pixels, np.uint8, count).reshape(-1, 3).T.tobytes()


def _look_up(look_up: LookUp) -> Dataset:
    """The data set of a Presentation LUT N-CREATE."""
    if look_up.shape:
        return attributes(PresentationLUTShape=look_up.shape)
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(look_up.table) & 0xFFFF, 0, look_up.bits])
    item.add_new("LUTData", "OW", np.array(look_up.table, "<u2").tobytes())
    return attributes(PresentationLUTSequence=[item])


# --- as it was rendered ----------------------------------------------------------------------------------


def rendered(page: Page | ColorPage, film_size: str, bits: int, magnification: str) -> Film:
    """A page as the one image of a film; a gray one in P-values of ``bits`` bits, 8 or 12.

    It is not to be cropped. With ``magnification`` NONE one sample is one pixel of the printer, which refuses
    a page that is larger than its own; with another the page is enlarged or shrunk to fit.
    """
    rows, columns = page.shape
    values: Values = {
        "ImageDisplayFormat": "STANDARD\\1,1",
        "FilmOrientation": "LANDSCAPE" if columns > rows else "PORTRAIT",
        "FilmSizeID": film_size,
        "MagnificationType": magnification,
        "Trim": "NO",
    }
    whole = {"RequestedDecimateCropBehavior": "FAIL" if magnification == "NONE" else "DECIMATE"}
    if isinstance(page, ColorPage):
        by_plane = np.moveaxis(Drawn(page)[0:rows], 2, 0).tobytes()
        image = FilmImage(1, whole, _item(3, rows, columns, 8), None, by_plane)
        return Film("rendered", True, values, {}, (), None, (image,))
    light = round(page.scale.illumination), round(page.scale.ambient)
    identity = attributes(PresentationLUTShape="IDENTITY")
    image = FilmImage(1, whole, _item(1, rows, columns, bits), None, _p_values(page, bits))
    return Film(
        kind="rendered",
        color=False,
        values=values | _densities(page.scale),
        light=dict(zip(_LIGHT, light, strict=True)),
        look_ups=(identity,),
        look_up=0,
        images=(image,),
    )


def _densities(scale: ToneScale) -> Values:
    """In hundredths of OD, as attributes have them."""
    return {"MinDensity": round(scale.min_density * 100), "MaxDensity": round(scale.max_density * 100)}


def _p_values(page: Page, bits: int) -> bytes:
    """The samples of a page with its texts drawn in, in 8 bits or the low 12 of 16."""
    samples = cv2.LUT(Drawn(page)[0 : page.shape[0]], sample_table(page.scale, "p-value", bits))
    return np.asarray(samples).astype("<u2" if bits > 8 else "u1", copy=False).tobytes()
