"""Printer Configuration Retrieval (PS3.4 H.4.11): the printer's profile, in full."""

from functools import lru_cache
from itertools import islice
from typing import ClassVar

from printscp.film.dialogue import Dialogue
from printscp.film.display_format import GRIDS
from printscp.film.exchange import Answer, Request, Values
from printscp.film.layout import layout
from printscp.film.profile import MM_PER_INCH, PrinterProfile
from printscp.film.reply import Reply, pick
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER_CONFIGURATION_RETRIEVAL,
)

_MEDIA = ("ItemNumber", "MediumType", "FilmSizeID", "MinDensity", "MaxDensity")
_FORMAT = (
    "Rows",
    "Columns",
    "ImageDisplayFormat",
    "FilmOrientation",
    "FilmSizeID",
    "PrinterResolutionID",
    "PrinterPixelSpacing",
    "RequestedImageSizeFlag",
)
_MEMORY_BIT_DEPTH = 16
_MOST_FORMATS = 8000
_MOST_LINES = 12

_ATTRIBUTES = (
    Reply("PrinterConfigurationSequence", "U/M"),
    Reply("SOPClassesSupported", "-/M", 1),
    Reply("MaximumMemoryAllocation", "-/M", 1),
    Reply("MemoryBitDepth", "-/M", 1),
    Reply("PrintingBitDepth", "-/M", 1),
    Reply("MediaInstalledSequence", "-/M", 1),
    *(Reply(keyword, "-/MC" if keyword == "MinDensity" else "-/M", 2) for keyword in _MEDIA),
    Reply("OtherMediaAvailableSequence", "-/M", 1),
    *(Reply(keyword, "-/MC" if keyword == "MinDensity" else "-/M", 2) for keyword in _MEDIA[1:]),
    Reply("SupportedImageDisplayFormatsSequence", "-/M", 1),
    *(Reply(keyword, "-/MC" if keyword in ("Rows", "Columns") else "-/M", 2) for keyword in _FORMAT),
    Reply("DefaultPrinterResolutionID", "-/M", 1),
    Reply("DefaultMagnificationType", "-/M", 1),
    Reply("OtherMagnificationTypesAvailable", "-/M", 1),
    Reply("DefaultSmoothingType", "-/M", 1),
    Reply("OtherSmoothingTypesAvailable", "-/M", 1),
    Reply("ConfigurationInformationDescription", "-/M", 1),
    Reply("MaximumCollatedFilms", "-/M", 1),
    Reply("DecimateCropResult", "-/M", 1),
    Reply("Manufacturer", "-/M", 1),
    Reply("ManufacturerModelName", "-/M", 1),
    Reply("PrinterName", "-/M", 1),
)


class PrinterConfigurationRetrieval:
    """One item for each Meta SOP Class, as the standard has it for one AE title."""

    uid = PRINTER_CONFIGURATION_RETRIEVAL
    tables: ClassVar = {"get": _ATTRIBUTES}

    @staticmethod
    def get(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        profile = dialogue.printer.profile
        kilobytes = dialogue.printer.budget.limit >> 10
        metas = [BASIC_GRAYSCALE_PRINT_MANAGEMENT_META]
        if profile.color:
            metas.append(BASIC_COLOR_PRINT_MANAGEMENT_META)
        items = [_item(profile, dialogue.printer.name, meta, kilobytes) for meta in metas]
        values: Values = {"PrinterConfigurationSequence": items}
        return pick(values, _ATTRIBUTES, request, strict=dialogue.strict)


def _item(profile: PrinterProfile, name: str, meta: str, kilobytes: int) -> Values:
    gray = meta == BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
    classes = [meta, PRINT_JOB, BASIC_ANNOTATION_BOX] + ([PRESENTATION_LUT] if gray else [])
    media = [
        {
            "ItemNumber": number,
            "MediumType": medium,
            "FilmSizeID": size.term,
            "MinDensity": profile.on(medium).min_density,
            "MaxDensity": profile.on(medium).max_density,
        }
        for number, (medium, size) in enumerate(
            ((medium, size) for medium in profile.media for size in profile.film_sizes), 1
        )
    ]
    return {
        "SOPClassesSupported": classes,
        "MaximumMemoryAllocation": kilobytes if profile.memory_allocation else 0,
        "MemoryBitDepth": _MEMORY_BIT_DEPTH if gray else 8,
        "PrintingBitDepth": profile.printing_bit_depth if gray else 8,
        "MediaInstalledSequence": media,
        "OtherMediaAvailableSequence": [],
        "SupportedImageDisplayFormatsSequence": _formats(profile),
        "DefaultPrinterResolutionID": profile.resolutions[0].term,
        "DefaultMagnificationType": profile.magnifications[0],
        "OtherMagnificationTypesAvailable": list(profile.magnifications[1:]),
        "DefaultSmoothingType": next(iter(profile.smoothings), ""),
        "OtherSmoothingTypesAvailable": list(profile.smoothings)[1:],
        "ConfigurationInformationDescription": "\r\n".join(
            f"{term}: {each.description}" for term, each in profile.configurations.items()
        ),
        "MaximumCollatedFilms": profile.max_collated_films,
        "DecimateCropResult": f"DEF {profile.decimate_crop}",
        "Manufacturer": profile.manufacturer,
        "ManufacturerModelName": profile.model,
        "PrinterName": name,
    }


@lru_cache(maxsize=16)
def _formats(profile: PrinterProfile) -> list[Values]:
    """Every display format that an SCU can choose from a list, on every film, with the pixels of its boxes
    where they are equal: those of STANDARD up to 12 columns and rows, none of ROW and COL, and 8000 in all,
    the default resolution first. For the rest N-CREATE says whether the printer has it."""
    films = (
        {
            "ImageDisplayFormat": display_format,
            "FilmOrientation": orientation,
            "FilmSizeID": size.term,
            "RequestedResolutionID": resolution.term,
        }
        for resolution in profile.resolutions
        for size in profile.film_sizes
        for orientation in ("PORTRAIT", "LANDSCAPE")
        for display_format in _values(profile)
    )
    return [_format(film, profile) for film in islice(films, _MOST_FORMATS)]


def _values(profile: PrinterProfile) -> list[str]:
    """Values of Image Display Format, without those of ROW and COL."""
    limits = profile.grid_limits
    grids = [
        f"STANDARD\\{columns},{rows}"
        for columns in range(1, min(limits.max_columns, _MOST_LINES) + 1)
        for rows in range(1, min(limits.max_rows, _MOST_LINES) + 1)
    ]
    offered = profile.display_formats
    return (grids if "STANDARD" in offered else []) + [each for each in offered if each not in GRIDS]


def _format(film: Values, profile: PrinterProfile) -> Values:
    resolution = profile.resolution(film["RequestedResolutionID"])
    spacing = f"{MM_PER_INCH / resolution.dots_per_inch:.6g}"
    sizes = {(box.height, box.width) for box in layout(film, profile).boxes}
    rows, columns = sizes.pop() if len(sizes) == 1 else (None, None)
    return {
        "Rows": rows,
        "Columns": columns,
        "ImageDisplayFormat": film["ImageDisplayFormat"],
        "FilmOrientation": film["FilmOrientation"],
        "FilmSizeID": film["FilmSizeID"],
        "PrinterResolutionID": resolution.term,
        "PrinterPixelSpacing": [spacing, spacing],
        "RequestedImageSizeFlag": "YES" if profile.requested_image_size else "NO",
    }
