"""The conformance statement says what printers do, all of it, and nothing that is only of this machine."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from film.scu import COLOR, GRAY, Scu, color, gray, make_printer
from pydicom.datadict import dictionary_description

from printscp.catalog import Catalog, load_profile
from printscp.config import PrinterSettings, RouteSettings, Settings, TLSSettings, WebSettings, load
from printscp.conformance import annex, choices, statement
from printscp.conformance.document import Section, document, rows, table
from printscp.errors import PrintError, SetupError
from printscp.film.dialogue import class_name
from printscp.film.geometry import Rectangle
from printscp.film.profile import Configuration, LinOD, Mode, ReflectiveMedia, Resolution
from printscp.film.service import OPTIONAL_CLASSES, SOP_CLASSES, contexts
from printscp.film.sheet import Annotation, Order, Sheet, ToneCurve
from printscp.film.statuses import GENERAL, STATUSES
from printscp.film.uids import (
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
    PRINTER_INSTANCE,
)
from printscp.render.omissions import not_rendered
from printscp.spool.queue import StatusInfo

COMMITTED = Path(__file__).parent.parent / "docs" / "conformance.md"


@pytest.fixture(scope="module", autouse=True)
def _no_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as without:
        for name in os.environ:
            if name.upper().startswith("PRINTSCP_"):
                without.delenv(name)
        yield


@pytest.fixture(scope="module")
def text(_no_environment: None) -> str:
    """The statement of the default settings."""
    return statement(Settings())


@pytest.fixture(scope="module")
def parts(text: str) -> dict[str, str]:
    """The text of each section by its title, without the sections in it."""
    found = re.split(r"^#+ [0-9.]+ (.+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_the_committed_statement_is_that_of_the_default_settings(text: str) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text, "run: printscp conformance > docs/conformance.md"


# --- nothing is left out ---------------------------------------------------------------------------------


def tables_of(sop_class: Any) -> Iterator[Any]:
    for table_rows in sop_class.tables.values():
        yield from table_rows
    yield from getattr(sop_class, "item", ())


@pytest.mark.parametrize("uid", SOP_CLASSES, ids=class_name)
def test_every_attribute_of_every_table_has_its_line(parts: dict[str, str], uid: Any) -> None:
    lines = parts[class_name(uid)].splitlines()
    profile = load_profile("imager17")
    for row in tables_of(SOP_CLASSES[uid]):
        name = f"{dictionary_description(row.tag)} ({row.tag >> 16:04X},{row.tag & 0xFFFF:04X}) | "
        [line, *_] = [line for line in lines if line.lstrip("| >").startswith(name)]
        assert row.usage in line
        if hasattr(row, "rule"):
            assert row.rule.words(profile) in line
            value = row.default(profile)
            assert value is None or str(value).strip("()").split(",")[0] in line


@pytest.mark.parametrize(("uid", "service"), STATUSES, ids=str)
def test_every_status_of_every_service_has_its_line(parts: dict[str, str], uid: Any, service: str) -> None:
    lines = [line for line in parts[class_name(uid)].splitlines() if line.startswith(f"| {service} |")]
    general = parts["Statuses of every service"]
    for code, use in STATUSES[uid, service].items():
        [line] = [line for line in lines if f"0x{code:04X}" in line.split(" | ")[1]]
        where = general if GENERAL.get(code) == use else line
        assert f"0x{code:04X}" in where
        for words in (use.tolerant, use.strict, use.never):
            assert words in where


def test_every_service_is_told_of(parts: dict[str, str]) -> None:
    told = {(uid, row[0]) for uid, services in choices.SERVICES.items() for row in rows(services)}
    assert told == set(STATUSES)
    assert set(choices.SERVICES) == set(choices.CHOICES) == set(SOP_CLASSES)
    offered = parts["Conformance statement overview"] + parts["Association acceptance"]
    assert all(offered.count(f"| {uid} |") == 2 for uid in (*contexts(True), *OPTIONAL_CLASSES))


def test_every_film_size_has_the_pixels_that_the_printer_tells_of(parts: dict[str, str]) -> None:
    scu = Scu(make_printer(profile=load_profile("imager17")))
    uid, instance = PRINTER_CONFIGURATION_RETRIEVAL, PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE
    values = scu.ask("get", uid, instance).values
    assert values is not None
    formats = values["PrinterConfigurationSequence"][0]["SupportedImageDisplayFormatsSequence"]
    boxes: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for each in formats:
        if each["ImageDisplayFormat"].startswith("STANDARD"):
            film = each["FilmSizeID"], each["PrinterResolutionID"]
            boxes.setdefault(film, []).append((each["Columns"], each["Rows"]))
    lines = [line.strip("|").split(" | ") for line in parts["Printer profile imager17"].splitlines()]
    pixels = {(cells[0].strip(), cells[2]): cells[4:] for cells in lines if len(cells) == 8}
    for film, sizes in boxes.items():
        told = [cell.strip() for cell in pixels[film]]
        assert all(f"{columns} x {rows_}" in told for columns, rows_ in (max(sizes), min(sizes)))
    slides = [each for each in formats if each["ImageDisplayFormat"] == "SLIDE"]
    assert len(slides) == 2 * len(boxes)


def test_slides_are_counted(parts: dict[str, str]) -> None:
    scu = Scu(make_printer(profile=load_profile("imager17"), memory=1 << 24))
    lines = [line.strip("|").split(" | ") for line in parts["Printer profile imager17"].splitlines()]
    counts = {cells[0].strip(): cells[1:] for cells in lines if len(cells) == 5}
    scu.create_session()
    for size in scu.printer.profile.film_sizes:
        for index, orientation in enumerate(("PORTRAIT", "LANDSCAPE")):
            scu.create_film("SLIDE", FilmSizeID=size.term, FilmOrientation=orientation)
            assert int(counts[size.term][index]) == len(scu.boxes)


def test_what_a_profile_has_is_in_its_section(parts: dict[str, str]) -> None:
    profile, section = load_profile("imager17"), parts["Printer profile imager17"]
    terms = (
        *profile.media,
        *profile.destinations,
        *profile.magnifications,
        *profile.smoothings,
        *(f"{each.term}: {each.dots_per_inch:g} dots per inch" for each in profile.resolutions),
        *(f"| {each.term} |" for each in profile.annotation_formats),
        *(f"| {value} | {each.description} |" for value, each in profile.configurations.items()),
        *(f"| CUSTOM\\{each.number} | {each.description} |" for each in profile.custom_formats),
        f"| {profile.smoothings['SHARP']:g} |",
        profile.source,
        "| LIN OD | by polarity |",
        "| Bits Stored | 8, 12 |",
        "PAPER: densities 5 to 200, Illumination 150 cd/m2",
        *profile.priorities,
        profile.decimate_crop,
        f"{profile.min_density} to {profile.max_density}",
        f"{profile.max_collated_films}",
        f"up to {profile.grid_limits.max_columns} columns and {profile.grid_limits.max_rows} rows",
    )
    for term in terms:
        assert term in section


def test_every_setting_is_a_parameter(parts: dict[str, str]) -> None:
    section = parts["Parameters"]
    for prefix, model in (
        ("", Settings),
        ("printers.", PrinterSettings),
        ("routes.", RouteSettings),
        ("tls.", TLSSettings),
        ("web.", WebSettings),
    ):
        for key, field in model.model_fields.items():
            if key not in ("printers", "routes", "tls", "web"):
                assert f"`{prefix}{key}`" in section or f"`printers.{key}`" in section
                assert (field.description or "") in section


# --- it is true ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode), ids=str)
@pytest.mark.parametrize("meta", [GRAY, COLOR], ids=["gray", "color"])
def test_an_image_larger_than_its_box_is_answered_as_the_table_says(
    parts: dict[str, str], meta: Any, mode: Mode
) -> None:
    found = 0
    for line in parts["From image to image box"].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith(("DECIMATE", "CROP", "FAIL")):
            continue
        found += 1
        behavior, _, more = cells[0].partition(", ")
        [code] = re.findall("0x....", cells[2 if mode is Mode.TOLERANT else 3])
        for asked in (True, False):
            if more and asked != (more == "asked for"):
                continue
            profile = replace(make_printer().profile, decimate_crop=behavior)
            scu = Scu(make_printer(mode, profile), meta=meta)
            scu.create_session()
            scu.create_film(context=meta, MagnificationType="NONE" if cells[1] == "NONE" else "CUBIC")
            values: dict[str, Any] = {"RequestedDecimateCropBehavior": behavior} if asked else {}
            if "Requested Image Size" in more:
                values["RequestedImageSize"] = 300.0
            image = gray(300, 300) if meta == GRAY else color(300, 300)
            assert f"0x{status(lambda: scu.set_image(1, image, **values)):04X}" == code, line  # noqa: B023
    assert found == 7


def status(call: Any) -> int:
    try:
        return int(call().status)
    except PrintError as error:
        return error.status


def test_n_get_gives_what_the_statement_says() -> None:
    scu = Scu(make_printer(calibrated=datetime(2026, 11, 22)))
    scu.create_session()
    scu.create_film()
    scu.print_film()
    job = scu.spool.jobs[0].uid
    for uid, instance in ((PRINTER, PRINTER_INSTANCE), (PRINT_JOB, job)):
        values = scu.ask("get", uid, instance).values
        assert values is not None
        assert set(values) == set(choices.GIVEN[uid])


def test_jobs_come_to_the_terms_that_the_events_tell_of(parts: dict[str, str]) -> None:
    section = parts[class_name(PRINT_JOB)]
    told = re.findall(r"^\| [1-4] \w+ \| [^|]+ \| ([A-Z ]+) \|$", section, re.MULTILINE)
    assert set(told) == set(StatusInfo)


def test_what_is_not_rendered_is_said(sheet: Sheet, order: Order) -> None:
    text = Annotation(1, Rectangle(0, 0, 10, 10), "LEFT", False, "\u0e44")
    films = [
        replace(sheet, icc_profile=b"x", annotations=(text,), label=Rectangle(0, 0, 10, height))
        for height in (0, 10)
    ]
    said = {remark for film in films for remark in not_rendered(film, replace(order, label="\u0e44"))}
    assert said == set(annex.NOT_RENDERED)


def test_retired_classes_are_not_offered(parts: dict[str, str]) -> None:
    assert not set(annex.RETIRED) & {*contexts(True), *SOP_CLASSES}
    assert len(re.findall(r"^\| .+ SOP Class \| 1\.2", parts["Retired SOP classes"], re.MULTILINE)) == 12


def test_nothing_in_it_is_of_this_machine_or_this_day(text: str) -> None:
    for place in (Path.cwd(), Path.home(), COMMITTED.parent.parent):
        assert len(place.parts) < 2 or str(place) not in text
    assert not re.search(r"(^|[\s`(])/\w", text), "a path"
    assert not re.search(r"\b(19|20)\d\d-\d\d-\d\d\b", text), "a date"


# --- other printers --------------------------------------------------------------------------------------


def test_printers_that_differ_are_all_described(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = load_profile("imager17")
    other = replace(
        profile,
        name="other",
        film_sizes=profile.film_sizes[-1:],
        source="a document",
        measured=True,
        display_formats=("STANDARD\\1,1", "CUSTOM\\1"),
        resolutions=(Resolution("STANDARD", 254, {"A3": (2900, 4100)}),),
        smoothings={},
        configurations={"CS000": Configuration("soft", ToneCurve(0.5))},
        annotation_formats=(),
        reflective=ReflectiveMedia((), 5, 200, 150),
        empty_image_density="",
        trim=False,
        lin_od=LinOD.DENSITY,
        one_film_size=True,
        look_up_must_match=True,
        implicit_vr_only=True,
        color=False,
        max_density=280,
        max_collated_films=0,
    )
    profiles = {"imager17": profile, "other": other}
    monkeypatch.setattr(Catalog, "profile", lambda _, name: profiles[name])
    settings = Settings(
        printers=(
            PrinterSettings(ae_title="ONE", ports=(104,)),
            PrinterSettings(
                ae_title="TWO",
                ports=(105, 106),
                profile="other",
                mode=Mode.STRICT,
                allow_calling=("CT*",),
                allow_addresses=("10.0.0.0/8",),  # type: ignore[arg-type]
                printer_events=True,
            ),
        ),
        tls=TLSSettings(certificate=Path("a"), key=Path("b"), ca=Path("c")),
        max_associations=7,
    )
    text = statement(settings)
    first, second = re.findall(r"^#### [0-9.]+ Printer (?:ONE|TWO)\n\n((?:\|.+\n)+)", text, re.MULTILINE)
    assert "| Mode | tolerant |" in first
    for line in (
        "| Mode | strict |",
        "| Ports | 105, 106, 2762 for TLS |",
        "| Calling AE titles | CT* |",
        "| Addresses | 10.0.0.0/8 |",
        "| Events of the printer | sent |",
        "Printer profile other](#",
    ):
        assert line in second
    assert "| Associations at once, all printers together | 7 |" in text
    assert "port 2762; SCUs must show a certificate" in text
    # Where the profiles differ both are told of in one line, where not once.
    assert "| imager17: 20 to 310; beyond, clipped<br>other: 20 to 280; beyond, clipped |" in text
    assert "| imager17: 0x0116 / 0x0106<br>other: ignored / ignored, 0x0107 |" in text
    assert "| PORTRAIT, LANDSCAPE | PORTRAIT | 0x0116 / 0x0106 |" in text
    assert "| imager17: YES, NO<br>other: not on this printer | imager17: NO<br>other: none |" in text
    assert "imager17: Explicit VR Little Endian<br>Implicit VR Little Endian<br>other: Implicit VR" in text
    section = text[text.rindex("Printer profile other\n") :]
    for words in (
        "Source of the figures: a document. Pixel matrices and densities are stated there.",
        "largest (`STANDARD\\1,1`) and smallest (`CUSTOM\\1`)",
        "| A3 | 297 x 420 | STANDARD | 2900 x 4100 |",
        "| Image Display Format | STANDARD\\1,1, CUSTOM\\1 |",
        "| Reflective media | none |",
        "| Empty Image Density | not on this printer |",
        "| Trim | no |",
        "| LIN OD | by density |",
        "| Film sizes in one session | one |",
        "| Presentation LUT tables | must have an entry for each value of the image, in either mode |",
        "| Transfer syntaxes | Implicit VR Little Endian |",
        "| CS000 | soft | 0.5 | JND |",
        "none: no N-ACTION of a session",
    ):
        assert words in section
    assert section.count("None.") == 2  # annotation formats and smoothing types
    assert "**Slides**" not in section


def test_where_films_are_forwarded_the_printer_is_a_user_too() -> None:
    imager = {"type": "dicom", "host": "imager.example", "called": "IMAGER"}
    used = "".join(re.findall(r"^\| .+ \| yes \| yes \|$", statement(load(outputs=[imager])), re.MULTILINE))
    assert "Basic Grayscale Print Management Meta" in used
    assert "Verification" not in used
    assert "| yes | yes |" not in statement(load())


def test_without_color_there_is_no_word_of_color_images(monkeypatch: pytest.MonkeyPatch) -> None:
    gray_only = replace(load_profile("imager17"), color=False)
    monkeypatch.setattr(Catalog, "profile", lambda *_: gray_only)
    text = statement(Settings())
    assert "Basic Color Image Box" not in text
    assert "Basic Color Print Management" not in text
    assert "No printer here takes color images." in text


def test_a_profile_that_is_not_there_is_one_clear_line() -> None:
    with pytest.raises(SetupError, match="no printer profile 'nosuch'"):
        statement(Settings(profile="nosuch"))


# --- the document ----------------------------------------------------------------------------------------


def test_references_lead_to_headings(text: str) -> None:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(links) > 60
    assert set(links) <= anchors
    assert "§" not in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head(text: str) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:200]
        assert "| --- |" in block


def test_a_document_is_numbered_and_linked() -> None:
    text = document("T", "see §[B b]", (Section("A", "§contents"), Section("C", "", (Section("B b", "x"),))))
    assert "## 2 C\n\n### 2.1 B b\n\nx\n" in text
    assert "see [2.1 B b](#21-b-b)" in text
    assert "- [1 A](#1-a)\n- [2 C](#2-c)\n  - [2.1 B b](#21-b-b)" in text
    with pytest.raises(KeyError):
        document("T", "§[nowhere]", ())


def test_tables_take_what_would_break_them() -> None:
    assert table(("a", "b"), [("x|y", "1\n2"), (None, 3)]).splitlines()[2:] == [
        "| x\\|y | 1<br>2 |",
        "|  | 3 |",
    ]
    assert rows("""
        a | b
          goes on
        c | d
        """) == [["a", "b goes on"], ["c", "d"]]
