"""Printer Configuration Retrieval (PS3.4 H.4.11): the printer's profile, in full."""

import csv
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from film.elements import tag
from film.scu import BARE, PROFILE, Scu, gray, refused

from printscp.catalog import load_profile
from printscp.film.exchange import Values
from printscp.film.profile import GridLimits, Mode, Resolution
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
)

Start = Callable[..., Scu]
KEYWORD = "PrinterConfigurationSequence"

with (Path(__file__).parents[1] / "data" / "attributes.csv").open(encoding="ascii") as file:
    ROWS = [row for row in csv.DictReader(file) if row["sop_class"] == "Printer Configuration Retrieval"]


def configuration(scu: Scu) -> list[Values]:
    answer = scu.ask("get", PRINTER_CONFIGURATION_RETRIEVAL, PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE)
    assert answer.status == 0
    assert answer.values is not None
    items: list[Values] = answer.values[KEYWORD]
    return items


@pytest.mark.parametrize("profile", [PROFILE, BARE, load_profile("imager17")], ids=lambda each: each.name)
def test_every_attribute_of_the_standard_is_there(start: Start, mode: Mode, profile: Any) -> None:
    for item in configuration(start(mode, profile=profile)):
        assert set(item) == {row["keyword"] for row in ROWS if row["depth"] == "1"}
        for parent in {row["parent"] for row in ROWS if row["depth"] == "2"}:
            wanted = {row["keyword"] for row in ROWS if row["parent"] == parent}
            assert all(set(inner) == wanted for inner in item[parent])
        assert item["MediaInstalledSequence"]
        assert item["SupportedImageDisplayFormatsSequence"]


def test_our_profile_in_full(start: Start, mode: Mode) -> None:
    grays, colors = configuration(start(mode, memory=3 << 20))
    formats = grays.pop("SupportedImageDisplayFormatsSequence")
    assert colors.pop("SupportedImageDisplayFormatsSequence") == formats
    classes = [
        BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
        PRINT_JOB,
        BASIC_ANNOTATION_BOX,
        PRESENTATION_LUT,
    ]
    media = [
        {
            "ItemNumber": number,
            "MediumType": medium,
            "FilmSizeID": size,
            "MinDensity": 5 if medium == "PAPER" else 20,
            "MaxDensity": 200 if medium == "PAPER" else 310,
        }
        for number, (medium, size) in enumerate(
            [
                ("BLUE FILM", "8INX10IN"),
                ("BLUE FILM", "A4"),
                ("CLEAR FILM", "8INX10IN"),
                ("CLEAR FILM", "A4"),
                ("PAPER", "8INX10IN"),
                ("PAPER", "A4"),
            ],
            start=1,
        )
    ]
    assert grays == {
        "SOPClassesSupported": classes,
        "MaximumMemoryAllocation": 3072,
        "MemoryBitDepth": 16,
        "PrintingBitDepth": 14,
        "MediaInstalledSequence": media,
        "OtherMediaAvailableSequence": [],
        "DefaultPrinterResolutionID": "STANDARD",
        "DefaultMagnificationType": "CUBIC",
        "OtherMagnificationTypesAvailable": ["REPLICATE", "NONE"],
        "DefaultSmoothingType": "MEDIUM",
        "OtherSmoothingTypesAvailable": ["SHARP"],
        "ConfigurationInformationDescription": "CS000: soft\r\nGAMMA=1\\EDGE=2: hard",
        "MaximumCollatedFilms": 4,
        "DecimateCropResult": "DEF DECIMATE",
        "Manufacturer": "maker",
        "ManufacturerModelName": "small",
        "PrinterName": "FILMS",
    }
    assert colors == grays | {
        "SOPClassesSupported": [BASIC_COLOR_PRINT_MANAGEMENT_META, PRINT_JOB, BASIC_ANNOTATION_BOX],
        "MemoryBitDepth": 8,
        "PrintingBitDepth": 8,
    }


def test_a_bare_printer_tells_that_it_is(start: Start, mode: Mode) -> None:
    [item] = configuration(start(mode, profile=replace(BARE, decimate_crop="CROP")))
    assert item["SOPClassesSupported"][0] == BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
    assert item["DefaultSmoothingType"] == ""
    assert item["OtherSmoothingTypesAvailable"] == []
    assert item["ConfigurationInformationDescription"] == ""
    assert item["MaximumCollatedFilms"] == 0
    assert item["DecimateCropResult"] == "DEF CROP"
    flags = {each["RequestedImageSizeFlag"] for each in item["SupportedImageDisplayFormatsSequence"]}
    assert flags == {"NO"}


def test_every_display_format_is_there_with_the_size_of_its_boxes(start: Start, mode: Mode) -> None:
    scu = start(mode, profile=replace(PROFILE, max_collated_films=0))
    formats = configuration(scu)[0]["SupportedImageDisplayFormatsSequence"]
    assert len(formats) == 2 * 2 * 2 * (
        4 * 3 + 2
    )  # resolutions, sizes, orientations, grids, SLIDE and CUSTOM
    scu.create_session()
    fail: dict[str, Any] = {"RequestedDecimateCropBehavior": "FAIL"}
    seen = set()
    for each in formats:
        spacing = {"STANDARD": ["1", "1"], "HIGH": ["0.5", "0.5"]}[each["PrinterResolutionID"]]
        assert (each["PrinterPixelSpacing"], each["RequestedImageSizeFlag"]) == (spacing, "YES")
        asked = {key: each[key] for key in ("FilmOrientation", "FilmSizeID")}
        asked["RequestedResolutionID"] = each["PrinterResolutionID"]
        seen.add((each["ImageDisplayFormat"], *asked.values()))
        # A film can be made of it, and an image of that size just fits.
        assert scu.create_film(each["ImageDisplayFormat"], **asked).status == 0
        rows, columns = each["Rows"], each["Columns"]
        if each["ImageDisplayFormat"] == "CUSTOM\\7":  # its boxes are of two sizes
            assert (rows, columns) == (None, None)
            scu.delete(BASIC_FILM_BOX, scu.film)
            continue
        assert scu.set_image(1, gray(rows, columns), **fail).status == 0
        for size in ((rows + 1, columns), (rows, columns + 1)):
            refused(
                0xC603,
                partial(scu.set_image, 1, gray(*size), **fail),
                "RequestedDecimateCropBehavior",
            )
        scu.delete(BASIC_FILM_BOX, scu.film)
    assert len(seen) == len(formats)


def test_the_default_printer_tells_its_pixels(start: Start) -> None:
    formats = configuration(start(profile=load_profile("imager17")))[0][
        "SupportedImageDisplayFormatsSequence"
    ]
    assert len(formats) == 13 * 2 * 2 * (12 * 12 + 5)
    assert len({tuple(str(value) for value in each.values()) for each in formats}) == len(formats)
    first, high = formats[0], formats[len(formats) // 2]
    assert (first["FilmSizeID"], first["ImageDisplayFormat"]) == ("17INX17IN", "STANDARD\\1,1")
    assert first["PrinterPixelSpacing"] == ["0.079375", "0.079375"]  # 25.4 mm / 320
    assert 5000 < first["Columns"] < 5440
    assert (high["PrinterResolutionID"], high["PrinterPixelSpacing"]) == ("HIGH", ["0.05", "0.05"])
    assert 8300 < high["Columns"] < 8636
    assert all(len(each["PrinterPixelSpacing"][0]) <= 16 for each in formats)  # VR DS


def test_formats_are_the_values_that_a_printer_has_and_no_more_than_an_scu_can_read(start: Start) -> None:
    few = configuration(start(profile=BARE))[0]["SupportedImageDisplayFormatsSequence"]
    assert {each["ImageDisplayFormat"] for each in few} == {"STANDARD\\1,1", "STANDARD\\2,1"}
    imager = load_profile("imager17")
    more = Resolution("DOUBLE", 640)
    many = replace(imager, grid_limits=GridLimits(99, 99), resolutions=(*imager.resolutions, more))
    formats = configuration(start(profile=many))[0]["SupportedImageDisplayFormatsSequence"]
    assert len(formats) == 8000
    assert {each["PrinterResolutionID"] for each in formats} == {"STANDARD", "HIGH", "DOUBLE"}
    assert "STANDARD\\12,12" in {each["ImageDisplayFormat"] for each in formats}
    assert "STANDARD\\1,13" not in {each["ImageDisplayFormat"] for each in formats}


def test_one_attribute_can_be_asked_for(start: Start, mode: Mode) -> None:
    scu = start(mode)

    def ask(*tags: int) -> Any:
        return scu.ask(
            "get",
            PRINTER_CONFIGURATION_RETRIEVAL,
            PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
            attributes=tags,
        )

    assert ask(tag(KEYWORD)).values == {KEYWORD: configuration(scu)}
    # What is inside its items is no attribute of the instance.
    answer = ask(tag("MaximumCollatedFilms"), tag(KEYWORD))
    assert (answer.status, answer.tags) == (0x0107, (tag("MaximumCollatedFilms"),))
    assert list(answer.values) == [KEYWORD]


def test_there_is_one_instance(scu: Scu) -> None:
    refused(0x0112, lambda: scu.ask("get", PRINTER_CONFIGURATION_RETRIEVAL, "1.2.3"))
    refused(0x0119, lambda: scu.ask("get", PRINTER_CONFIGURATION_RETRIEVAL, scu.session))
    refused(
        0x0211,
        lambda: scu.ask("create", PRINTER_CONFIGURATION_RETRIEVAL, PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE),
    )
