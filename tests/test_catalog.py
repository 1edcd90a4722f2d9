"""`layouts/` as committed, and what is said when a file in it is wrong."""

import shutil
import tomllib
from pathlib import Path

import pytest

from printscp import catalog
from printscp.catalog import layouts_folder, load_profile, profile_names
from printscp.errors import SetupError
from printscp.film.display_format import DisplayFormat
from printscp.film.profile import AnnotationFormat, FilmSize

PRINTER, SIZES, FORMATS = "printers/imager17.toml", "film_sizes.toml", "display_formats.toml"
ANNOTATIONS = "annotation_formats.toml"


@pytest.fixture
def layouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that may be spoilt."""
    copy = tmp_path / "layouts"
    shutil.copytree(layouts_folder(), copy)
    monkeypatch.setattr(catalog, "layouts_folder", lambda: copy)
    return copy


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def fault(name: str = "imager17") -> str:
    with pytest.raises(SetupError) as caught:
        load_profile(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_committed_loads() -> None:
    names = profile_names()
    assert "imager17" in names
    for name in names:
        profile = load_profile(name)
        assert profile.name == name
        for terms in (
            profile.media,
            profile.destinations,
            profile.magnifications,
            profile.resolutions,
            profile.smoothings,
        ):
            assert terms or terms is profile.smoothings
            assert len(set(terms)) == len(terms)
            assert all(len(term) <= 16 and term == term.upper() for term in terms)  # VR CS
        assert profile.min_density < profile.max_density


def test_every_file_in_layouts_belongs_to_something() -> None:
    folder = layouts_folder()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"film_sizes.toml", "display_formats.toml", "annotation_formats.toml"} | {
        f"printers/{name}.toml" for name in profile_names()
    }


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
    committed = {
        term: (table["width_mm"], table["height_mm"])
        for term, table in tomllib.loads((layouts_folder() / "film_sizes.toml").read_text()).items()
    }
    assert committed.keys() == sizes.keys()
    for term, size in sizes.items():
        assert committed[term] == pytest.approx(size, abs=0.01), term


def test_on_every_film_the_largest_format_has_boxes_worth_the_name() -> None:
    for name in profile_names():
        profile = load_profile(name)
        limit = profile.standard_format
        for size in profile.film_sizes:
            margins = 2 * profile.margin_mm
            width = size.width_mm - margins - profile.gap_mm * (limit.max_columns - 1)
            height = size.height_mm - margins - profile.label_mm - profile.gap_mm * (limit.max_rows - 1)
            assert width / limit.max_columns > 5
            assert height / limit.max_rows > 5
        DisplayFormat.parse(f"STANDARD\\{limit.max_columns},{limit.max_rows}", profile)


def test_the_first_of_a_list_is_the_default_and_a_profile_is_data(layouts: Path) -> None:
    shutil.copy(layouts / "printers" / "imager17.toml", layouts / "printers" / "other.toml")
    change(layouts / "printers" / "other.toml", '"17INX17IN", "14INX17IN"', '"A4", "14INX17IN"')
    assert profile_names() == sorted([*profile_names(), "other"][:-1])
    assert load_profile("other").film_sizes[0] == FilmSize("A4", 210, 297)
    assert load_profile("imager17").film_sizes[0].term == "17INX17IN"


def test_the_default_printer() -> None:
    profile = load_profile("imager17")
    assert profile.magnifications == ("CUBIC", "BILINEAR", "REPLICATE", "NONE")
    assert profile.smoothings == ("NONE", "SHARP", "MEDIUM", "SMOOTH")
    assert profile.resolutions == ("STANDARD",)
    assert profile.configurations == {}
    assert (profile.color, profile.requested_image_size) == (True, True)
    assert (profile.decimate_crop, profile.max_collated_films) == ("DECIMATE", 64)
    assert {each.term: each.box_positions(3) for each in profile.annotation_formats} == {
        "LABEL": (0,),
        "BOTTOM": (1, 2, 3),
        "COMBINED": (0, 1, 2, 3),
        "ANNOTATION": (2,),
    }


def test_what_another_printer_has_is_data(layouts: Path) -> None:
    file = layouts / PRINTER
    change(file, '"NONE", "SHARP", "MEDIUM", "SMOOTH"', "")
    change(file, '["LABEL", "BOTTOM", "COMBINED", "ANNOTATION"]', '["FOOT"]')
    change(file, '["STANDARD"]', '["STANDARD", "HIGH"]')
    change(file, "[configurations]", '[configurations]\nCS000 = "soft"\n\'A=1\\B=2\' = "hard"')
    with (layouts / ANNOTATIONS).open("a") as formats:
        formats.write("[FOOT]\npositions = [7, 3]\nper_image = false\n")
    profile = load_profile("imager17")
    assert profile.smoothings == ()
    assert profile.annotation_formats == (AnnotationFormat("FOOT", (7, 3), False),)
    assert profile.resolutions == ("STANDARD", "HIGH")
    assert profile.configurations == {"CS000": "soft", "A=1\\B=2": "hard"}


def test_an_unknown_profile_is_answered_with_those_there_are(layouts: Path) -> None:
    for name in ("imager18", "", "../film_sizes", "imager17.toml"):
        message = fault(name)
        assert repr(name) in message
        assert "imager17" in message


@pytest.mark.parametrize(
    ("file", "spoil", "key"),
    [
        (PRINTER, ("dots_per_inch = 320", "dots_per_inch = 0"), "dots_per_inch"),
        (PRINTER, ("dots_per_inch = 320", 'dots_per_inch = "many"'), "dots_per_inch"),
        (PRINTER, ("dots_per_inch = 320", ""), "dots_per_inch"),
        (PRINTER, ("dots_per_inch = 320", "dots_per_inch = 320\ndpi = 3"), "dpi"),
        (PRINTER, ('"17INX17IN",', '"99INX99IN",'), "film_sizes: 99INX99IN"),
        (PRINTER, ('media = ["BLUE FILM"', 'media = [3, "BLUE FILM"'), "media.0"),
        (
            PRINTER,
            ('magnifications = ["CUBIC", "BILINEAR", "REPLICATE", "NONE"]', "magnifications = []"),
            "magnif",
        ),
        (PRINTER, ('magnifications = ["CUBIC"', 'magnifications = ["SINC"'), "magnifications"),
        (PRINTER, ('media = ["BLUE FILM"', 'media = ["Blue Film"'), "media.0"),
        (PRINTER, ('smoothings = ["NONE"', 'smoothings = ["MUCH TOO LONG TERM"'), "smoothings.0"),
        (PRINTER, ('smoothings = ["NONE"', 'smoothings = [""'), "smoothings.0"),
        (PRINTER, ('resolutions = ["STANDARD"]', "resolutions = []"), "resolutions"),
        (PRINTER, ('resolutions = ["STANDARD"]', 'resolutions = ["LOW"]'), "resolutions.0"),
        (PRINTER, ("color = true", 'color = "maybe"'), "color"),
        (PRINTER, ("requested_image_size = true", ""), "requested_image_size"),
        (PRINTER, ('"DECIMATE"', '"DEF DECIMATE"'), "decimate_crop"),
        (PRINTER, ("max_collated_films = 64", "max_collated_films = -1"), "max_collated_films"),
        (
            PRINTER,
            ('["LABEL"', '["LABEL", "FOOT"'),
            "annotation_formats: FOOT not in annotation_formats.toml",
        ),
        (PRINTER, ("[configurations]", ""), "configurations"),
        (PRINTER, ("[configurations]", "[configurations]\nCS000 = 3"), "configurations.CS000"),
        (PRINTER, ("[configurations]", "[configurations]\n'' = 'x'"), "configurations: ''"),
        (PRINTER, ("min_density = 20", "min_density = -1"), "min_density"),
        (PRINTER, ("min_density = 20", "min_density = 310"), "min_density"),
        (PRINTER, ("max_density = 310", "max_density = 501"), "max_density"),
        (PRINTER, ('border_density = "BLACK"', 'border_density = "GREY"'), "border_density"),
        (PRINTER, ('border_density = "BLACK"', "border_density = 310"), "border_density"),
        (PRINTER, ('border_density = "BLACK"', 'border_density = "1.5"'), "border_density"),
        (PRINTER, ('border_density = "BLACK"', 'border_density = "²"'), "border_density"),
        (PRINTER, ('border_density = "BLACK"', 'border_density = "999"'), "border_density"),
        (
            PRINTER,
            ('empty_image_density = "BLACK"', 'empty_image_density = ""'),
            "empty_image_density",
        ),
        (PRINTER, ("illumination = 2000", "illumination = 9000"), "illumination"),
        (PRINTER, ("reflected_ambient_light = 10", "reflected_ambient_light = -1"), "reflected_amb"),
        (PRINTER, ("margin_mm = 4.0", "margin_mm = -4.0"), "margin_mm"),
        (PRINTER, ("margin_mm = 4.0", "margin_mm = 102"), "margin_mm"),
        (PRINTER, ("gap_mm = 1.5", "gap_mm = 40"), "gap_mm"),
        (PRINTER, ("label_mm = 5.0", "label_mm = nan"), "label_mm"),
        (PRINTER, ("margin_mm = 4.0", "margin_mm = inf"), "margin_mm"),
        (PRINTER, b"dots_per_inch = ", ""),
        (PRINTER, b'model = "\xff"', ""),
        (SIZES, ("width_mm = 203.2", "width_mm = -1"), "8INX10IN.width_mm"),
        (SIZES, ("width_mm = 203.2", ""), "8INX10IN.width_mm"),
        (SIZES, ("width_mm = 203.2", "width_mm = 203.2\ndepth_mm = 1"), "8INX10IN.depth_mm"),
        (SIZES, ("[8INX10IN]", "A5 = 3\n[8INX10IN]"), "A5"),
        (SIZES, b"[8INX10IN", ""),
        (SIZES, None, ""),
        (ANNOTATIONS, ("positions = [2]", "positions = [-1]"), "ANNOTATION.positions.0"),
        (ANNOTATIONS, ("positions = [2]", "positions = [65536]"), "ANNOTATION.positions.0"),
        (ANNOTATIONS, ("positions = [2]", "positions = [2, 2]"), "ANNOTATION: positions: "),
        (ANNOTATIONS, ("positions = []", "positions = [2]"), "BOTTOM: positions: "),
        (ANNOTATIONS, ("positions = [2]", ""), "ANNOTATION.positions"),
        (ANNOTATIONS, ("positions = [2]", "positions = [2]\nfont = 'x'"), "ANNOTATION.font"),
        (ANNOTATIONS, b"[LABEL", ""),
        (ANNOTATIONS, None, ""),
        (FORMATS, ("max_columns = 12", "max_columns = 0"), "STANDARD.max_columns"),
        (FORMATS, ("max_rows = 12", ""), "STANDARD.max_rows"),
        (FORMATS, ("[STANDARD]", "[ROW]"), "STANDARD"),
        (FORMATS, b"\0", ""),
        (FORMATS, None, ""),
    ],
    ids=str,
)
def test_a_mistake_is_answered_with_file_and_key(
    layouts: Path, file: str, spoil: tuple[str, str] | bytes | None, key: str
) -> None:
    match spoil:
        case (old, new):
            change(layouts / file, old, new)
        case bytes():
            (layouts / file).write_bytes(spoil)
        case None:
            (layouts / file).unlink()
    message = fault()
    assert message.startswith(f"{layouts / file}: ")
    assert key in message.removeprefix(str(layouts / file))


def test_a_configuration_is_at_most_as_long_as_an_scu_can_send(layouts: Path) -> None:
    change(
        layouts / PRINTER, "[configurations]", f'[configurations]\n"\\n{"A" * 1023}" = "as long as may be"'
    )
    assert load_profile("imager17").configurations == {"\n" + "A" * 1023: "as long as may be"}
    change(layouts / PRINTER, 'A" = ', 'AA" = ')
    assert "configurations: '\\nAAAA" in fault()
