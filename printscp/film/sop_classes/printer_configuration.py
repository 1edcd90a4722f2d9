"""Printer Configuration Retrieval (PS3.4 H.4.11): the printer's profile, in full."""

from functools import lru_cache
from typing import ClassVar

from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values
from printscp.film.freeze import layout
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
_PRINTING_BIT_DEPTH = 16

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
        profile = dialogue.profile
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
            "MinDensity": profile.min_density,
            "MaxDensity": profile.max_density,
        }
        for number, (medium, size) in enumerate(
            ((medium, size) for medium in profile.media for size in profile.film_sizes), 1
        )
    ]
    return {
        "SOPClassesSupported": classes,
        "MaximumMemoryAllocation": kilobytes,
        "MemoryBitDepth": _MEMORY_BIT_DEPTH if gray else 8,
        "PrintingBitDepth": _PRINTING_BIT_DEPTH if gray else 8,
        "MediaInstalledSequence": media,
        "OtherMediaAvailableSequence": [],
        "SupportedImageDisplayFormatsSequence": _formats(profile),
        "DefaultPrinterResolutionID": profile.resolutions[0],
        "DefaultMagnificationType": profile.magnifications[0],
        "OtherMagnificationTypesAvailable": list(profile.magnifications[1:]),
        "DefaultSmoothingType": profile.smoothings[0] if profile.smoothings else "",
        "OtherSmoothingTypesAvailable": list(profile.smoothings[1:]),
        "ConfigurationInformationDescription": "\r\n".join(
            f"{term}: {meaning}" for term, meaning in profile.configurations.items()
        ),
        "MaximumCollatedFilms": profile.max_collated_films,
        "DecimateCropResult": f"DEF {profile.decimate_crop}",
        "Manufacturer": profile.manufacturer,
        "ManufacturerModelName": profile.model,
        "PrinterName": name,
    }


@lru_cache(maxsize=16)
def _formats(profile: PrinterProfile) -> list[Values]:
    """Every grid on every film, with the pixels of one of its boxes."""
    most = profile.standard_format
    spacing = f"{MM_PER_INCH / profile.dots_per_inch:.6g}"
    formats: list[Values] = []
    for size in profile.film_sizes:
        for orientation in ("PORTRAIT", "LANDSCAPE"):
            for columns in range(1, most.max_columns + 1):
                for rows in range(1, most.max_rows + 1):
                    film = {
                        "ImageDisplayFormat": f"STANDARD\\{columns},{rows}",
                        "FilmOrientation": orientation,
                        "FilmSizeID": size.term,
                    }
                    _, boxes = layout(film, profile)
                    formats.append(
                        film
                        | {
                            "Rows": boxes[0].height,
                            "Columns": boxes[0].width,
                            "PrinterResolutionID": profile.resolutions[0],
                            "PrinterPixelSpacing": [spacing, spacing],
                            "RequestedImageSizeFlag": "YES" if profile.requested_image_size else "NO",
                        }
                    )
    return formats
