"""`layouts/` as it comes, a folder of one's own beside it, and what is said when a file is wrong."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from printscp.catalog import Catalog, load_profile
from printscp.catalog.schema import PrinterTable
from printscp.errors import SetupError
from printscp.film.geometry import Rectangle
from printscp.film.profile import (
    AnnotationFormat,
    Configuration,
    CustomFormat,
    FilmSize,
    LinOD,
    ReflectiveMedia,
    Resolution,
    SlideFormat,
)
from printscp.film.sheet import ToneCurve

# Those that are true or false, or a word.
QUIRKS = (
    *("second_session", "memory_allocation", "current_film_size", "look_up_in_session", "look_up_required"),
    *("image_boxes_override", "decimates_one_to_one", "unsupported_refused", "class_in_create_answer"),
)
SHIPPED = Path(__file__).parent.parent / "layouts"
PRINTER, SIZES = "printers/ward.toml", "film_sizes.toml"
FORMATS, ANNOTATIONS = "display_formats.toml", "annotation_formats.toml"

# A folder of one's own: a printer, and what it needs beside what comes with the package.
OWN = {
    SIZES: """
[SMALL]
width_mm = 120.0
height_mm = 160.0
""",
    FORMATS: """
[GRID]
max_columns = 4
max_rows = 5

[SLIDE]
width_mm = 20.0
height_mm = 30.0
pitch_mm = 32.0

[CUSTOM.7]
description = "two and one"
columns = 2
rows = 2
boxes = [[0, 0, 1, 1], [1, 0, 1, 1], [0, 1, 2, 1]]
""",
    ANNOTATIONS: """
[FOOT]
bottom = [[0]]
per_image = "BELOW"
height_mm = 3.0

[HEAD]
top = [[3, 1]]
height_mm = 4.0
""",
    PRINTER: """
manufacturer = "ACME"
model = "Ward 1"
source = "a test"
measured = true
film_sizes = ["SMALL", "8INX10IN"]
display_formats = ["STANDARD", "SLIDE", 'CUSTOM\\7', 'COL\\1,2']
annotation_formats = ["FOOT", "HEAD"]
media = ["BLUE FILM", "PAPER"]
destinations = ["PROCESSOR"]
magnifications = ["CUBIC", "NONE"]
printing_bit_depth = 12
bits_stored = [8, 10]
color = false
trim = false
requested_image_size = true
decimate_crop = "FAIL"
max_collated_films = 3
one_film_size = true
look_up_must_match = true
implicit_vr_only = true
lin_od = "density"
mode = "strict"
max_associations = 4
second_session = "failure"
memory_allocation = false
current_film_size = true
look_up_in_session = false
look_up_required = true
image_boxes_override = false
decimates_one_to_one = true
ignored_configurations = ['C=[0-9]']
lacks = ["MinDensity"]
unsupported_refused = true
class_in_create_answer = false
min_density = 20
max_density = 300
border_density = "150"
empty_image_density = ""
illumination = 2000
reflected_ambient_light = 10
margin_mm = 2.0
gap_mm = 1.0
label_mm = 0.0

[resolutions.STANDARD]
dots_per_inch = 254
printable.SMALL = [1100, 1500]

[resolutions.HIGH]
dots_per_inch = 508

[reflective]
media = ["PAPER"]
max_density = 180

[smoothings]
7 = 0.0
140 = 0.2

[configurations]
'A=1\\B=2' = { description = "hard", contrast = 2 }
"\\n\\t" = { description = "odd", linear = true }
""",
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "printers").mkdir(parents=True)
    for name, text in OWN.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def fault(own: Path | None, name: str = "ward") -> str:
    with pytest.raises(SetupError) as caught:
        load_profile(name, own)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- what comes with the package -------------------------------------------------------------------------


def test_every_file_belongs_to_something() -> None:
    files = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*") if path.is_file()}
    names = Catalog().profile_names
    assert files == {SIZES, FORMATS, ANNOTATIONS} | {f"printers/{name}.toml" for name in names}
    assert names == sorted(names)
    assert "imager17" in names


def test_film_sizes_are_those_of_the_standard() -> None:
    inches = {
        "8INX10IN": (8, 10),
        "8_5INX11IN": (8.5, 11),
        "10INX12IN": (10, 12),
        "11INX14IN": (11, 14),
        "11INX17IN": (11, 17),
        "14INX14IN": (14, 14),
        "14INX17IN": (14, 17),
        "17INX17IN": (17, 17),
    }
    sizes = {term: (width * 25.4, height * 25.4) for term, (width, height) in inches.items()}
    sizes |= {"24CMX24CM": (240, 240), "24CMX30CM": (240, 300), "A4": (210, 297), "A3": (297, 420)}
    sizes["10INX14IN"] = (257, 364)  # by a note of the standard, not 254.0 x 355.6
    shipped = Catalog().film_sizes
    assert shipped.keys() == sizes.keys()
    for term, size in sizes.items():
        assert (shipped[term].width_mm, shipped[term].height_mm) == pytest.approx(size, abs=0.01), term
        assert shipped[term].term == term


def test_slides_are_those_of_the_standard() -> None:
    slides = {each.term: each for each in Catalog().slide_formats}
    assert slides.keys() == {"SLIDE", "SUPERSLIDE"}
    assert (slides["SLIDE"].width_mm, slides["SLIDE"].height_mm) == (36, 24)  # 35 mm film
    assert slides["SUPERSLIDE"].width_mm == slides["SUPERSLIDE"].height_mm == 40


def test_the_default_printer() -> None:
    profile = load_profile("imager17")
    assert profile.film_sizes[0].term == "17INX17IN"
    assert profile.magnifications == ("CUBIC", "BILINEAR", "REPLICATE", "NONE")
    assert next(iter(profile.smoothings.items())) == ("NONE", 0)
    assert next(iter(profile.configurations.values())).curve == ToneCurve()
    assert [(each.term, each.dots_per_inch) for each in profile.resolutions] == [
        ("STANDARD", 320),
        ("HIGH", 508),
    ]
    assert (profile.color, profile.requested_image_size, profile.lin_od) == (True, True, LinOD.POLARITY)
    assert (profile.decimate_crop, profile.max_collated_films) == ("DECIMATE", 64)
    assert (profile.min_density, profile.max_density) == (20, 310)
    assert {each.term: each.box_positions(3) for each in profile.annotation_formats} == {
        "LABEL": (0,),
        "BOTTOM": (1, 2, 3),
        "COMBINED": (0, 1, 2, 3),
        "ANNOTATION": (2,),
        "CORNERS": (1, 2, 3, 4, 5, 6),
        "OVERLAY": (1, 2, 3),
    }


# --- a folder of one's own -------------------------------------------------------------------------------


def test_a_printer_is_what_its_file_says(own: Path) -> None:
    profile = load_profile("ward", own)
    written = tomllib.loads(OWN[PRINTER])
    for key in (
        *("manufacturer", "model", "source", "measured", "printing_bit_depth", "color", "trim"),
        *("requested_image_size", "decimate_crop", "max_collated_films", "one_film_size", "lin_od"),
        *("look_up_must_match", "implicit_vr_only", "min_density", "max_density", "border_density"),
        *(
            "empty_image_density",
            "illumination",
            "reflected_ambient_light",
            "margin_mm",
            "gap_mm",
            "label_mm",
        ),
        *("mode", "max_associations", *QUIRKS),
    ):
        assert getattr(profile, key) == written[key], key
    several = "bits_stored", "display_formats", "media", "destinations", "magnifications"
    for key in (*several, "ignored_configurations", "lacks"):
        assert getattr(profile, key) == tuple(written[key]), key
    assert profile.name == "ward"
    assert profile.resolutions == (
        Resolution("STANDARD", 254, {"SMALL": (1100, 1500)}),
        Resolution("HIGH", 508),
    )
    assert profile.film_sizes == (FilmSize("SMALL", 120, 160), FilmSize("8INX10IN", 203.2, 254))
    assert (profile.grid_limits.max_columns, profile.grid_limits.max_rows) == (4, 5)
    assert profile.annotation_formats == (
        AnnotationFormat("FOOT", (), ((0,),), "BELOW", 3),
        AnnotationFormat("HEAD", ((3, 1),), (), "", 4),
    )
    assert list(profile.smoothings.items()) == [("7", 0), ("140", 0.2)]
    assert profile.configurations == {
        "A=1\\B=2": Configuration("hard", ToneCurve(2)),
        "\n\t": Configuration("odd", ToneCurve(linear=True)),
    }
    assert profile.reflective == ReflectiveMedia(("PAPER",), 5, 180, 150)
    # Of what there is, a printer has what it offers.
    assert profile.slide_formats == (SlideFormat("SLIDE", 20, 30, 32),)
    boxes = (Rectangle(0, 0, 1, 1), Rectangle(1, 0, 1, 1), Rectangle(0, 1, 2, 1))
    assert profile.custom_formats == (CustomFormat(7, "two and one", 2, 2, boxes),)


def test_the_file_to_copy_has_every_key_and_each_quirk_as_it_is_without() -> None:
    written = tomllib.loads((SHIPPED / "printers" / "imager17.toml").read_text(encoding="utf-8"))
    assert written.keys() == PrinterTable.model_fields.keys()
    for key in ("mode", "max_associations", "ignored_configurations", "lacks", *QUIRKS):
        default = PrinterTable.model_fields[key].default
        assert written[key] == (list(default) if isinstance(default, tuple) else default), key


def test_every_quirk_is_told(own: Path) -> None:
    plain, ward = load_profile("imager17"), load_profile("ward", own)
    assert plain.quirks == ()
    keys = "max_associations", "ignored_configurations", "lacks", "one_film_size", "implicit_vr_only"
    for key in (*keys, "look_up_must_match", "lin_od", "trim", "empty_image_density", *QUIRKS):
        assert len(replace(plain, **{key: getattr(ward, key)}).quirks) == 1, key
    assert len(replace(plain, max_collated_films=0).quirks) == 1
    assert "4 associations at once" in ward.quirks
    assert "without MinDensity, EmptyImageDensity, Trim" in ward.quirks


def test_an_own_folder_adds_to_what_comes_with_the_package_and_overrides_it(own: Path) -> None:
    change(own / SIZES, "[SMALL]", "[A4]\nwidth_mm = 209.0\nheight_mm = 296.0\n[SMALL]")
    change(own / ANNOTATIONS, "[HEAD]", "[LABEL]\ntop = [[9]]\nheight_mm = 6\n[HEAD]")
    two = '[CUSTOM.2]\ndescription = "one"\ncolumns = 1\nrows = 1\nboxes = [[0, 0, 1, 1]]\n'
    change(own / FORMATS, "[CUSTOM.7]", f"{two}\n[CUSTOM.7]")
    shipped, both = Catalog(), Catalog(own)
    assert both.film_sizes == shipped.film_sizes | {
        "A4": FilmSize("A4", 209, 296),
        "SMALL": FilmSize("SMALL", 120, 160),
    }
    ours = {term: both.annotation_formats[term] for term in ("LABEL", "FOOT", "HEAD")}
    assert ours["LABEL"] == AnnotationFormat("LABEL", ((9,),), (), "", 6)
    assert both.annotation_formats == shipped.annotation_formats | ours
    assert both.slide_formats == (SlideFormat("SLIDE", 20, 30, 32), shipped.slide_formats[1])
    customs = {each.number: each for each in both.custom_formats}
    assert list(customs) == sorted(customs)
    assert customs.keys() == {each.number for each in shipped.custom_formats} | {7}
    assert customs[2].description == "one"
    assert customs[1] == shipped.custom_formats[0]
    assert both.profile_names == sorted([*shipped.profile_names, "ward"])
    # Printers that come with the package have it, too.
    assert both.profile("imager17").film_size("A4").width_mm == 209
    assert both.profile("imager17").grid_limits.max_rows == 5


def test_a_printer_of_the_same_name_replaces_the_one_that_comes_with_the_package(own: Path) -> None:
    (own / PRINTER).rename(own / "printers" / "imager17.toml")
    assert Catalog(own).profile_names == Catalog().profile_names
    assert (load_profile("imager17", own).name, load_profile("imager17", own).model) == ("imager17", "Ward 1")
    assert load_profile("imager17").model == "imager17"


def test_an_own_folder_has_what_it_needs_and_no_more(tmp_path: Path) -> None:
    assert Catalog(tmp_path).profile("imager17") == load_profile("imager17")
    (tmp_path / SIZES).write_text(OWN[SIZES])
    assert "SMALL" in Catalog(tmp_path).film_sizes
    with pytest.raises(SetupError, match=r"layouts .*none: no such folder"):
        Catalog(tmp_path / "none")


def test_what_is_wrong_where_nobody_looks_does_no_harm(own: Path) -> None:
    (own / "printers" / "broken.toml").write_text("[")
    for name, table in ((SIZES, "[BAD]"), (ANNOTATIONS, "[BAD]"), (FORMATS, "[CUSTOM.9]")):
        with (own / name).open("a") as file:
            file.write(f"{table}\nbad = 1\n")
    catalog = Catalog(own)
    assert catalog.profile("ward").model == "Ward 1"
    for key, name in (
        ("film_sizes", f"{SIZES}: BAD."),
        ("annotation_formats", f"{ANNOTATIONS}: BAD."),
        ("custom_formats", f"{FORMATS}: CUSTOM.9."),
    ):
        with pytest.raises(SetupError) as caught:
            getattr(catalog, key)
        assert str(caught.value).startswith(f"{own / name}")
    assert fault(own, "broken").startswith(f"{own / 'printers' / 'broken.toml'}: ")


def test_an_unknown_profile_is_answered_with_those_there_are(own: Path) -> None:
    for name in ("imager18", "", "../film_sizes", "imager17.toml", "a\nb"):
        message = fault(own, name)
        assert repr(name) in message
        assert "imager17" in message
        assert "ward" in message


# --- mistakes --------------------------------------------------------------------------------------------

WRONG_PRINTER = [
    ("dots_per_inch = 508", "dots_per_inch = 0", "resolutions.HIGH.dots_per_inch: "),
    ("dots_per_inch = 508", 'dots_per_inch = "many"', "resolutions.HIGH.dots_per_inch: "),
    ("dots_per_inch = 508", "dots_per_inch = 508\ndpi = 3", "resolutions.HIGH.dpi: "),
    ("dots_per_inch = 508", "", "resolutions.HIGH.dots_per_inch: "),
    ("[resolutions.HIGH]", "[resolutions.LOW]", "resolutions.LOW"),
    ("printable.SMALL", "printable.A4", "resolutions.STANDARD.printable: A4 not in film_sizes"),
    ("printable.SMALL = [1100", "printable.SMALL = [1201", "resolutions.STANDARD.printable.SMALL: "),
    ("1500]", "1601]", "resolutions.STANDARD.printable.SMALL: 1100 x 1601 pixels of 1200 x 1600"),
    ("1500]", "0]", "resolutions.STANDARD.printable.SMALL.1: "),
    ('"SMALL", "8INX10IN"', '"SMALL", "99INX99IN"', "film_sizes: 99INX99IN not in film_sizes.toml"),
    ('"SMALL", "8INX10IN"', "", "film_sizes: "),
    ('["BLUE FILM"', '[3, "BLUE FILM"', "media.0: "),
    ('["BLUE FILM"', '["Blue Film"', "media.0: "),
    ('["BLUE FILM"', '["BLUE FILM "', "media.0: "),
    ('["BLUE FILM"', '["BLUE FILM\\n"', "media.0: "),
    ('["BLUE FILM", "PAPER"]', '["BLUE FILM"]', "reflective.media: PAPER not in media"),
    ('destinations = ["PROCESSOR"]', "destinations = []", "destinations: "),
    ('"CUBIC", "NONE"', "", "magnifications: "),
    ('"CUBIC", "NONE"', '"SINC"', "magnifications.0: "),
    ("140 = 0.2", "'MUCH TOO LONG TERM' = 0.2", "smoothings.MUCH TOO LONG TERM"),
    ("140 = 0.2", '"A\\nB" = 0.2', "smoothings.A B"),
    ("140 = 0.2", "140 = 0.21", "smoothings.140: "),
    ("bits_stored = [8, 10]", "bits_stored = [8, 17]", "bits_stored.1: "),
    ("bits_stored = [8, 10]", "bits_stored = []", "bits_stored: "),
    ("printing_bit_depth = 12", "printing_bit_depth = 7", "printing_bit_depth: "),
    ('"ACME"', '""', "manufacturer: "),
    ('"Ward 1"', f'"{"W" * 65}"', "model: "),
    ('"a test"', '""', "source: "),
    ("color = false", 'color = "maybe"', "color: "),
    ("requested_image_size = true", "", "requested_image_size: "),
    ('"FAIL"', '"DEF FAIL"', "decimate_crop: "),
    ("max_collated_films = 3", "max_collated_films = -1", "max_collated_films: "),
    ('"density"', '"other"', "lin_od: "),
    ('"strict"', '"lenient"', "mode: "),
    ("max_associations = 4", "max_associations = -1", "max_associations: "),
    ('"failure"', '"shrug"', "second_session: "),
    ("['C=[0-9]']", "['C=[0-9']", "ignored_configurations.0: 'C=[0-9' is no regular expression"),
    ('lacks = ["MinDensity"]', 'lacks = ["Polarity"]', "lacks.0: "),
    ("min_density = 20", "min_density = -1", "min_density: "),
    ("min_density = 20", "min_density = 300", "min_density is not below max_density"),
    ("max_density = 300", "max_density = 501", "max_density: "),
    ("max_density = 180", "max_density = 5", "reflective.min_density is not below max_density"),
    ("max_density = 180", "illumination = 6000", "reflective.illumination: "),
    ("illumination = 2000", "illumination = 9000", "illumination: "),
    ("illumination = 2000", f"illumination = {10**400}", "illumination: "),
    ("reflected_ambient_light = 10", "reflected_ambient_light = 201", "reflected_ambient_light: "),
    *(
        ('border_density = "150"', f"border_density = {value}", "border_density: ")
        for value in ('"GREY"', "310", '"1.5"', '"²"', '"٣"', '""', '"19"', '"301"', f'"{"1" * 5000}"')
    ),
    ('empty_image_density = ""', 'empty_image_density = "301"', "empty_image_density: "),
    ('empty_image_density = ""', 'empty_image_density = "GREY"', "empty_image_density."),
    ("margin_mm = 2.0", "margin_mm = -4.0", "margin_mm: "),
    ("margin_mm = 2.0", "margin_mm = inf", "margin_mm: "),
    ("label_mm = 0.0", "label_mm = nan", "label_mm: "),
    ('["FOOT", "HEAD"]', '["LEG", "HEAD"]', "annotation_formats: LEG not in annotation_formats.toml"),
    ("[configurations]", "[configurations]\nCS000 = 3", "configurations.CS000: "),
    ("[configurations]", "[configurations]\nCS000 = {}", "configurations.CS000.description: "),
    ("[configurations]", "[configurations]\n'' = { description = 'x' }", "configurations: ''"),
    ("[configurations]", "[configurations]\n'A ' = { description = 'x' }", "configurations: 'A '"),
    ("contrast = 2", "contrast = 0", "configurations.A=1\\B=2.contrast: "),
    ('"hard"', f'"{"h" * 10240}"', "configurations: "),
    ("trim = false", "trim = ", ""),
    ("trim = false", "trim = " + "9" * 5000, ""),
    ("trim = false", "", "trim: "),
]
WRONG_FORMATS_OF_PRINTER = [
    ('"GRID"', "display_formats.0: "),
    ('"STANDARD\\\\2"', "display_formats.0: "),
    ('"ROW\\\\1,0"', "display_formats.0: "),
    ('"CUSTOM"', "display_formats.0: "),
    ("'CUSTOM\\8'", "display_formats: CUSTOM\\8 not in display_formats.toml"),
    ("'STANDARD\\5,1'", "display_formats: STANDARD\\5,1: STANDARD goes up to 4 columns and 5 rows"),
    ("'COL\\6'", "display_formats: COL\\6: "),
    ("", "display_formats: "),
]
WRONG_TABLES = [
    (SIZES, "width_mm = 120.0", "width_mm = -1", "SMALL.width_mm: "),
    (SIZES, "width_mm = 120.0", "width_mm = 1e300", "SMALL.width_mm: "),
    (SIZES, "width_mm = 120.0", "", "SMALL.width_mm: "),
    (SIZES, "width_mm = 120.0", "width_mm = 120.0\ndepth_mm = 1", "SMALL.depth_mm: "),
    (SIZES, "[SMALL]", "SMALL = 3\n[OTHER]", "SMALL: "),
    (SIZES, "[SMALL]", "[SMALL", ""),
    (ANNOTATIONS, "top = [[3, 1]]", "top = [[3, -1]]", "HEAD.top.0.1: "),
    (ANNOTATIONS, "top = [[3, 1]]", "top = [[3, 65536]]", "HEAD.top.0.1: "),
    (ANNOTATIONS, "top = [[3, 1]]", "top = [[3], []]", "HEAD.top.1: "),
    (ANNOTATIONS, "top = [[3, 1]]", "top = [[3], [3]]", "HEAD: top, bottom: "),
    (ANNOTATIONS, "top = [[3, 1]]", "", "HEAD: has no box"),
    (ANNOTATIONS, "bottom = [[0]]", "bottom = [[2]]", "FOOT: top, bottom: "),
    (ANNOTATIONS, '"BELOW"', '"UNDER"', "FOOT.per_image: "),
    (ANNOTATIONS, "height_mm = 4.0", "height_mm = 0", "HEAD.height_mm: "),
    (ANNOTATIONS, "height_mm = 4.0", "height_mm = 4\nfont = 'x'", "HEAD.font: "),
    (FORMATS, "max_columns = 4", "max_columns = 0", "GRID.max_columns: "),
    (FORMATS, "max_rows = 5", "max_rows = 100", "GRID.max_rows: "),
    (FORMATS, "max_rows = 5", "", "GRID.max_rows: "),
    (FORMATS, "[GRID]", "[ROW]", "'ROW': "),
    (FORMATS, "[CUSTOM.7]", "[CUSTOM.07]", "'CUSTOM.07': "),
    (FORMATS, "[CUSTOM.7]", "[CUSTOM.'7\\8']", "'CUSTOM.7"),
    (FORMATS, "[GRID]", "CUSTOM = 3\n[GRID]", ""),
    (FORMATS, "[CUSTOM.7]", "[CUSTOM]", "'CUSTOM."),
    (FORMATS, "pitch_mm = 32.0", "pitch_mm = 29", "SLIDE: pitch_mm: "),
    (FORMATS, "width_mm = 20.0", "width_mm = 1", "SLIDE.width_mm: "),
    (FORMATS, "[1, 0, 1, 1]", "[1, 0, 2, 1]", "CUSTOM.7: boxes: box 2 is not inside 2 x 2 cells"),
    (FORMATS, "[1, 0, 1, 1]", "[-1, 0, 1, 1]", "CUSTOM.7: boxes: box 2 is not inside"),
    (FORMATS, "[1, 0, 1, 1]", "[1, 0, 0, 1]", "CUSTOM.7: boxes: box 2 is not inside"),
    (FORMATS, "[0, 1, 2, 1]", "[0, 0, 2, 2]", "CUSTOM.7: boxes: box 3 overlaps box 1"),
    (FORMATS, "[0, 1, 2, 1]", "[0, 1, 2]", "CUSTOM.7.boxes.2.3: "),
    (FORMATS, "[GRID]", "\0", ""),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        *((PRINTER, *each) for each in WRONG_PRINTER),
        *(
            (PRINTER, "\"STANDARD\", \"SLIDE\", 'CUSTOM\\7', 'COL\\1,2'", *each)
            for each in WRONG_FORMATS_OF_PRINTER
        ),
        *WRONG_TABLES,
    ],
    ids=lambda each: ascii(each[:40]),
)
def test_a_mistake_is_answered_with_file_and_key(own: Path, name: str, old: str, new: str, key: str) -> None:
    change(own / name, old, new)
    message = fault(own)
    assert message.startswith(f"{own / name}: {key}")


def test_a_file_that_cannot_be_read_is_named(own: Path) -> None:
    for name in (PRINTER, SIZES, FORMATS, ANNOTATIONS):
        (own / name).write_bytes(b'model = "\xff"')
        assert fault(own).startswith(f"{own / name}: ")
        (own / name).unlink()
        (own / name).mkdir()
        assert str(own / name) in fault(own)
        (own / name).rmdir()
        (own / name).write_text(OWN[name])
    assert load_profile("ward", own)


def test_a_configuration_is_at_most_as_long_as_an_scu_can_send(own: Path) -> None:
    long = "A" * 1024
    change(own / PRINTER, "'A=1\\B=2'", long)
    assert long in load_profile("ward", own).configurations
    change(own / PRINTER, long, f"{long}A")
    assert "configurations: 'AAAA" in fault(own)


# --- room ------------------------------------------------------------------------------------------------

OFFERED = "\"STANDARD\", \"SLIDE\", 'CUSTOM\\7', 'COL\\1,2'"


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        # Printable of SMALL are 110 x 150 mm, in HIGH all but the margin: 116 x 156 mm.
        (PRINTER, "margin_mm = 2.0", "margin_mm = 60", "STANDARD\\4,1 on SMALL PORTRAIT HIGH"),
        (PRINTER, "label_mm = 0.0", "label_mm = 105", "STANDARD\\1,5 on SMALL LANDSCAPE STANDARD"),
        (PRINTER, "gap_mm = 1.0", "gap_mm = 36", "STANDARD\\4,1 on SMALL PORTRAIT STANDARD"),
        (PRINTER, "gap_mm = 1.0", "gap_mm = 27", "STANDARD\\1,5 on SMALL LANDSCAPE STANDARD"),
        (
            PRINTER,
            "dots_per_inch = 508",
            "dots_per_inch = 508\nprintable.SMALL = [60, 900]",
            "STANDARD\\4,1 on SMALL PORTRAIT HIGH",
        ),
        (FORMATS, "max_columns = 4", "max_columns = 60", "STANDARD\\60,1 on SMALL PORTRAIT STANDARD"),
        (FORMATS, "max_rows = 5", "max_rows = 60", "STANDARD\\1,60 on SMALL LANDSCAPE STANDARD"),
        (FORMATS, "columns = 2\nrows", "columns = 60\nrows", "CUSTOM\\7 on SMALL PORTRAIT STANDARD"),
        # Slides are as large as they are, or not there.
        (PRINTER, "label_mm = 0.0", "label_mm = 80.5", "SLIDE on SMALL LANDSCAPE STANDARD"),
        (
            FORMATS,
            "20.0\nheight_mm = 30.0\npitch_mm = 32",
            "111\nheight_mm = 30\npitch_mm = 120",
            "SLIDE on SMALL PORTRAIT STANDARD",
        ),
        # Text is within its image box or takes of it, and is no less than a millimetre.
        (
            ANNOTATIONS,
            "top = [[3, 1]]",
            f"top = [{[*range(110)]}]",
            "STANDARD\\4,1 on SMALL PORTRAIT STANDARD HEAD",
        ),
        (ANNOTATIONS, "height_mm = 4.0", "height_mm = 0.9", "STANDARD\\4,1 on SMALL PORTRAIT STANDARD HEAD"),
        (ANNOTATIONS, "height_mm = 3.0", "height_mm = 18", "STANDARD\\1,5 on SMALL LANDSCAPE STANDARD FOOT"),
        (
            ANNOTATIONS,
            'bottom = [[0]]\nper_image = "BELOW"\nheight_mm = 3.0',
            'top = [[0]]\nper_image = "OVER"\nheight_mm = 18',
            "STANDARD\\1,5 on SMALL LANDSCAPE STANDARD FOOT",
        ),
    ],
)
def test_every_format_must_have_room_on_every_film(
    own: Path, name: str, old: str, new: str, named: str
) -> None:
    if "FOOT" not in named:
        change(own / PRINTER, '["FOOT", ', "[")
    if not named.startswith(("SLIDE", "CUSTOM")):
        change(own / PRINTER, OFFERED, '"STANDARD"')
    assert load_profile("ward", own)
    change(own / name, old, new)
    assert fault(own) == f"{own / PRINTER}: margin_mm, printable, gap_mm, label_mm: no room for {named}"


@pytest.mark.parametrize(
    ("offered", "limit", "refused"),
    [
        ('"ROW"', "max_columns = 4", "ROW\\60,1,1,1,1"),
        ('"ROW"', "max_rows = 5", f"ROW\\4{',1' * 59}"),
        ('"COL"', "max_columns = 4", f"COL\\5{',1' * 59}"),
        ('"COL"', "max_rows = 5", "COL\\60,1,1,1"),
        ("'STANDARD\\2,2'", "max_columns = 4", ""),
        ("'ROW\\1,2', 'STANDARD\\4,5', \"SLIDE\"", "max_rows = 5", ""),
    ],
)
def test_only_what_a_printer_offers_needs_room(own: Path, offered: str, limit: str, refused: str) -> None:
    change(own / PRINTER, OFFERED, offered)
    assert load_profile("ward", own).display_formats
    change(own / FORMATS, limit, f"{limit.split()[0]} = 60")
    if refused:
        assert f"no room for {refused} on SMALL " in fault(own)
    else:
        assert load_profile("ward", own)


@pytest.mark.parametrize(
    ("dots", "width", "height", "accepted"),
    [
        (508, 1000, 1000, True),  # 20000 x 20000 pixels: the most
        (508, 999, 1000, True),
        (508.1, 1000, 500, False),
        (508.1, 500, 1000, False),
        (25.4, 20, 20, True),
        (25.3, 200, 200, False),
        (10160, 49, 50, True),
        (10160, 51, 40, False),
    ],
)
def test_a_page_is_not_absurdly_large(
    own: Path, dots: float, width: int, height: int, accepted: bool
) -> None:
    change(own / PRINTER, '"SMALL", "8INX10IN"', '"SMALL"')
    change(own / PRINTER, OFFERED, "'STANDARD\\1,1'")
    change(own / PRINTER, "dots_per_inch = 508", f"dots_per_inch = {dots}")
    change(own / PRINTER, "printable.SMALL = [1100, 1500]", "")
    change(own / SIZES, "width_mm = 120.0\nheight_mm = 160.0", f"width_mm = {width}\nheight_mm = {height}")
    if accepted:
        assert load_profile("ward", own).resolutions[1].dots_per_inch == dots
    else:
        assert fault(own).startswith(f"{own / PRINTER}: resolutions.HIGH.dots_per_inch: ")
