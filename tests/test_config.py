"""One configuration: file, environment, flags, in this order; one printer or many; errors that name what is
wrong."""

import json
import os
import re
import traceback
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import make_url

from printscp.config import PrinterSettings, RouteSettings, Settings, TLSSettings, WebSettings, load
from printscp.errors import SetupError
from printscp.film.profile import Mode


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("PRINTSCP_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def toml(folder: Path, text: str) -> Path:
    file = folder / "printer.toml"
    file.write_text(text, encoding="utf-8")
    return file


def fault(file: Path | None = None, **flags: Any) -> str:
    with pytest.raises(SetupError) as caught:
        load(file, **flags)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("configuration")
    return message


def test_nothing_needs_to_be_given() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.ae_title) == ("127.0.0.1", 11112, None)
    assert settings.printers == (
        PrinterSettings(ports=(11112,), outputs=({"type": "pdf", "folder": "printscp-films"},)),
    )
    assert settings.printers[0].announced_ae_title == "PRINTSCP"
    assert [(door.port, door.tls) for door in settings.doors] == [(11112, False)]
    assert settings.model_dump() == Settings().model_dump()


def test_flags_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = toml(
        tmp_path, 'port = 1\nhost = "file"\nprofile = "file"\nae_title = "FILE"\nspool = "from-file"\n'
    )
    monkeypatch.setenv("PRINTSCP_PORT", "2")
    monkeypatch.setenv("PRINTSCP_HOST", "environment")
    monkeypatch.setenv("printscp_profile", "environment")
    settings = load(file, port=3, host=None, profile=None)
    assert settings.port == 3
    assert settings.host == settings.profile == "environment"
    [printer] = settings.printers
    assert printer.ae_title == printer.announced_ae_title == "FILE"
    assert (printer.profile, printer.ports) == ("environment", (3,))
    assert settings.spool == Path("from-file")
    assert settings.memory_mib == 1024


def pdf(folder: str) -> dict[str, str]:
    return {"type": "pdf", "folder": folder}


# A value that is not the default: as a flag, as TOML, as an environment variable, and what becomes of it.
OTHER: dict[str, tuple[Any, str, str, Any]] = {
    "ae_title": ("CT", '"CT"', "CT", "CT"),
    "profile": ("other", '"other"', "other", "other"),
    "mode": ("strict", '"strict"', "strict", Mode.STRICT),
    "output": (Path("o"), '"o"', "o", Path("o")),
    "outputs": (
        [{"type": "tiff", "bits": 16}],
        '[{type = "tiff", bits = 16}]',
        '[{"type": "tiff", "bits": 16}]',
        ({"type": "tiff", "bits": 16},),
    ),
    "job_events": (False, "false", "false", False),
    "printer_events": (True, "true", "true", True),
    "allow_calling": (["CT*", "MR1"], '["CT*", " MR1"]', "CT*, MR1", ("CT*", "MR1")),
    "allow_addresses": (["::1"], '["::1"]', "::1", (ip_network("::1"),)),
    "tls_only": (False, "false", "false", False),
    "host": ("::1", '"::1"', "::1", "::1"),
    "port": (0, "0", "0", 0),
    "spool": (Path("s"), '"s"', "s", Path("s")),
    "qa": (Path("q"), '"q"', "q", Path("q")),
    "layouts": (Path("l"), '"l"', "l", Path("l")),
    "memory_mib": (2, "2", "2", 2),
    "max_associations": (3, "3", "3", 3),
    "max_associations_per_peer": (4, "4", "4", 4),
    "max_pdu": (16384, "16384", "16384", 16384),
    "acse_timeout": (0.5, "0.5", "0.5", 0.5),
    "dimse_timeout": (0.5, "0.5", "0.5", 0.5),
    "idle_timeout": (0.5, "0.5", "0.5", 0.5),
    "database": ("sqlite:///d", '"sqlite:///d"', "sqlite:///d", SecretStr("sqlite:///d")),
    "sheets": ("s3://b/p", '"s3://b/p"', "s3://b/p", "s3://b/p"),
    "lease": (2, "2", "2", 2.0),
    "attempts": (7, "7", "7", 7),
    "queue_limit": (9, "9", "9", 9),
    "reserve_mib": (0, "0", "0", 0),
    "keep_jobs": (0, "0", "0", 0),
    "keep_mib": (0, "0", "0", 0),
    "keep_days": (0.5, "0.5", "0.5", 0.5),
    "keep_records_days": (1, "1", "1", 1.0),
    "drain_timeout": (0, "0", "0", 0.0),
    "workers": (0, "0", "0", 0),
    "log_format": ("json", '"json"', "json", "json"),
    "tls": (
        {"certificate": "c", "key": "k"},
        '{certificate = "c", key = "k"}',
        '{"certificate": "c", "key": "k"}',
        TLSSettings(certificate=Path("c"), key=Path("k")),
    ),
    "web": (
        {"port": 8443, "names": ["films", "films.ward"]},
        '{port = 8443, names = ["films", "films.ward"]}',
        '{"port": 8443, "names": "films,films.ward"}',
        WebSettings(port=8443, names=("films", "films.ward")),
    ),
    "faults": (Path("f"), '"f"', "f", Path("f")),
    "personas": ("ihefull,imager17", '["ihefull", "imager17"]', "ihefull, imager17", ("ihefull", "imager17")),
    "routes": (
        [{"color": True, "outputs": ["pdf printscp-films"]}],
        '[{color = true, outputs = "pdf printscp-films"}]',
        '[{"color": true, "outputs": ["pdf printscp-films"]}]',
        (RouteSettings(color=True, outputs=("pdf printscp-films",)),),
    ),
    "printers": (
        [{"profile": "p"}],
        '[{profile = "p"}]',
        '[{"profile": "p"}]',
        (PrinterSettings(profile="p", outputs=(pdf("printscp-films"),), ports=(11112,)),),
    ),
}


def test_every_setting_is_tried() -> None:
    assert OTHER.keys() == Settings.model_fields.keys()


@pytest.mark.parametrize("key", OTHER)
def test_every_setting_can_be_given_in_each_of_the_three_ways(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag, text, variable, expected = OTHER[key]
    assert getattr(load(**{key: flag}), key) == expected
    assert getattr(load(toml(tmp_path, f"{key} = {text}\n")), key) == expected
    monkeypatch.setenv(f"PRINTSCP_{key.upper()}", variable)
    assert getattr(load(), key) == expected


@pytest.mark.parametrize("key", sorted(PrinterSettings.model_fields.keys() - {"ports", "tls_only"}))
def test_a_key_of_a_printer_means_the_same_in_a_table_and_without(key: str, tmp_path: Path) -> None:
    flat = load(toml(tmp_path, f"{key} = {OTHER[key][1]}\n"))
    table = load(toml(tmp_path, f"[[printers]]\n{key} = {OTHER[key][1]}\n"))
    assert flat.printers == table.printers
    assert flat.printers != load().printers


BAD = [
    ("port", -1),
    ("port", 65536),
    ("port", "many"),
    ("ae_title", ""),
    ("ae_title", "  "),
    ("ae_title", "A" * 17),
    ("ae_title", "A\\B"),
    ("ae_title", "GRÖSSE"),
    ("ae_title", "A\tB"),
    ("mode", "lenient"),
    ("log_format", "xml"),
    ("memory_mib", 0),
    ("max_associations", 0),
    ("max_associations_per_peer", 0),
    ("max_pdu", 4095),
    ("max_pdu", (1 << 24) + 1),
    ("acse_timeout", 0),
    ("dimse_timeout", 0),
    ("idle_timeout", -1),
    ("attempts", 0),
    ("keep_jobs", -1),
    ("database", "jobs.sqlite"),
    ("sheets", "http://host/sheets"),
    ("lease", 1.9),
    ("queue_limit", -1),
    ("reserve_mib", -1),
    ("keep_mib", -1),
    ("keep_days", -1),
    ("keep_records_days", -1),
    ("drain_timeout", -1),
    ("workers", -1),
    ("workers", 17),
    ("job_events", "often"),
]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_bad_value_is_named_wherever_it_comes_from(
    key: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fault(**{key: value}).startswith(f"configuration: {key}: ")
    text = f"'{value}'" if isinstance(value, str) else str(value)
    file = toml(tmp_path, f"{key} = {text}\n")
    assert fault(file).startswith(f"configuration {file}: {key}: ")
    monkeypatch.setenv(f"PRINTSCP_{key.upper()}", str(value))
    assert fault().startswith(f"configuration: {key}: ")
    # The file is not to blame where the environment has its way.
    assert fault(toml(tmp_path, f"{key} = 1\n")).startswith(f"configuration: {key}: ")


def test_an_ae_title_is_freed_of_its_padding() -> None:
    assert load(ae_title="  FILMS ").ae_title == "FILMS"
    assert load(ae_title="A" * 16).ae_title == "A" * 16


def test_a_key_that_is_unknown_is_named(tmp_path: Path) -> None:
    message = fault(toml(tmp_path, "prot = 1\n"))
    assert "prot" in message
    assert "printer.toml" in message
    assert "prot" in fault(prot=1)


@pytest.mark.parametrize("text", ["port = ", "port 1", "= 1", "port = 1\nport = 2\n", "[[["])
def test_a_file_that_is_no_toml_is_named(text: str, tmp_path: Path) -> None:
    assert "printer.toml" in fault(toml(tmp_path, text))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "printer.toml"
    file.write_bytes(b'host = "\xff\xfe"\n')
    assert "printer.toml" in fault(file)


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    assert fault(tmp_path / "nowhere.toml") == f"configuration {tmp_path}/nowhere.toml: no such file"
    assert str(tmp_path) in fault(tmp_path)


def test_settings_are_frozen(tmp_path: Path) -> None:
    for settings in (load(), load(toml(tmp_path, "port = 1\n")), Settings()):
        with pytest.raises(ValidationError):
            settings.port = 2
        assert settings.port != 2
        with pytest.raises(ValidationError):
            settings.printers[0].profile = "other"


def test_no_file_is_read_that_was_not_named(tmp_path: Path) -> None:
    toml(tmp_path, "port = 1\n")
    (tmp_path / ".env").write_text("PRINTSCP_PORT=2\n")
    load(toml(tmp_path, "port = 3\n"))
    assert load().port == 11112


def test_one_peer_may_have_all_associations_unless_it_is_said(tmp_path: Path) -> None:
    assert load(max_associations=5).max_associations_per_peer == 5
    assert load(max_associations=5, max_associations_per_peer=2).max_associations_per_peer == 2


HOSPITAL = """
port = 11112
max_associations = 8

[tls]
certificate = "printer.pem"
key = "printer.key"

[[printers]]
ae_title = "FILM1"
output = "films"

[[printers]]
ae_title = "FILM2"
ports = [104, 11112]
profile = "other"
mode = "strict"
output = "films"

[[printers]]
ae_title = "SECURE"
tls_only = true

[[printers]]
"""


def test_a_printer_has_one_folder_of_pdfs_unless_it_is_said(tmp_path: Path) -> None:
    assert load().ways == {"pdf printscp-films": pdf("printscp-films")}
    assert load(output="o").ways == {"pdf o": pdf("o")}
    file = toml(tmp_path, '[[printers]]\noutput = "o"\n[[printers]]\nae_title = "B"\n')
    settings = load(file)
    assert settings.outputs_of("PRINTSCP") == ("pdf o",)
    assert settings.outputs_of("B") == ("pdf printscp-films",)
    assert settings.outputs_of("C") == ()


OUTPUTS = """
[[printers.outputs]]
type = "pdf"
folder = "films"
bits = 16

[[printers.outputs]]
type = "tiff"
folder = "films"
"""


@pytest.mark.parametrize("printers", ["[[printers]]\n", ""])
def test_a_printer_may_have_several_outputs(printers: str, tmp_path: Path) -> None:
    tables = OUTPUTS if printers else OUTPUTS.replace("printers.", "")
    settings = load(toml(tmp_path, printers + tables))
    assert settings.ways == {
        "pdf films": pdf("films") | {"bits": 16},
        "tiff films": {"type": "tiff", "folder": "films"},
    }
    assert settings.outputs_of("PRINTSCP") == ("pdf films", "tiff films")
    key = "printers.0.outputs" if printers else "outputs"
    file = toml(tmp_path, printers + 'output = "o"\n' + tables)
    assert f"{file}: {key}: output is given as well" in fault(file)
    file = toml(tmp_path, printers + tables.replace("tiff", "pdf"))
    assert f"{file}: {key}: pdf films is there twice" in fault(file)
    one = f'{printers}[{"printers.outputs" if printers else "outputs"}]\ntype = "pdf"\n'
    assert f"{file}: {key}: Input should be a list" in fault(toml(tmp_path, one))


# --- outputs by name -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({"type": "pdf", "folder": "/srv/films/"}, "pdf /srv/films"),
        ({"type": "ipp", "uri": "ipps://film.local/ipp/print"}, "ipp ipps://film.local/ipp/print"),
        ({"type": "ipp", "uri": "ipp://me:pa@ss@film.local/ipp/print"}, "ipp ipp://film.local/ipp/print"),
        ({"type": "raw", "host": "10.0.0.5", "port": 9101}, "raw 10.0.0.5:9101"),
        ({"type": "raw", "host": "10.0.0.5"}, "raw 10.0.0.5"),
        ({"type": "odd"}, "odd"),
        ({"type": "pdf", "folder": "f", "name": " Ward 3 "}, "Ward 3"),
    ],
)
def test_an_output_without_a_name_is_called_after_its_type_and_place(
    table: dict[str, Any], name: str
) -> None:
    settings = load(outputs=[table])
    assert settings.outputs_of("PRINTSCP") == (name,)
    assert settings.ways == {name: {key: value for key, value in table.items() if key != "name"}}


WARDS = """
[[outputs]]
name = "ward"
type = "ipp"
uri = "ipp://ward/print"

[[outputs]]
name = "archive"
type = "sheet"
folder = "/srv/archive"

[[outputs]]
name = "color"
type = "ipp"
uri = "ipp://color/print"

[[printers]]
ae_title = "CT"

[[printers]]
ae_title = "MR"
outputs = ["archive", {type = "pdf", folder = "mr"}]

[[printers]]
ae_title = "US"
output = "us"
"""


def test_printers_share_outputs_by_name(tmp_path: Path) -> None:
    settings = load(toml(tmp_path, WARDS))
    assert list(settings.ways) == ["ward", "archive", "color", "pdf mr", "pdf us"]
    assert settings.ways["archive"] == {"type": "sheet", "folder": "/srv/archive"}
    assert settings.outputs_of("CT") == ("ward", "archive", "color")
    assert settings.outputs_of("MR") == ("archive", "pdf mr")
    assert settings.outputs_of("US") == ("pdf us",)


def test_what_the_top_level_has_is_said_over_the_file_for_all_printers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRINTSCP_OUTPUTS", '[{"type": "pdf", "folder": "e", "name": "archive"}]')
    settings = load(toml(tmp_path, WARDS))
    assert settings.outputs_of("CT") == ("archive",)
    assert settings.ways["archive"] == pdf("e")


def test_printers_with_the_same_table_share_an_output(tmp_path: Path) -> None:
    tables = "[[printers]]\n{}[[printers.outputs]]\ntype = 'pdf'\nfolder = 'films'\n"
    text = tables.format("") + tables.format("ae_title = 'B'\n")
    settings = load(toml(tmp_path, text))
    assert settings.ways == {"pdf films": pdf("films")}
    assert settings.outputs_of("PRINTSCP") == settings.outputs_of("B") == ("pdf films",)
    assert "outputs: 'pdf films' is the name of two: " in fault(toml(tmp_path, f"{text}bits = 16\n"))


def test_no_two_outputs_leave_the_same_files(tmp_path: Path) -> None:
    two = [pdf("films"), pdf("./films/../films/")]
    assert f"leave the same files in {Path('films').resolve()}, and one would overwrite" in fault(outputs=two)
    named = [{**pdf("films"), "name": "a"}, {**pdf("films"), "name": "b"}]
    assert "outputs: 'a' and 'b' leave the same files" in fault(outputs=named)
    other_files = [named[0], {**named[1], "file_name": "{created}-b-{job}"}]
    assert list(load(outputs=other_files).ways) == ["a", "b"]
    other_type = [named[0], {**named[1], "type": "tiff"}]
    assert list(load(outputs=other_type).ways) == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '["archive",',
            '["nowhere",',
            "printers.1.outputs: no output has the name 'nowhere'; there are ward, ",
        ),
        ('["archive",', '["archive", "archive",', "printers.1.outputs: archive is there twice"),
        (
            '["archive",',
            '["archive", 5,',
            "printers.1.outputs.1: is neither a table nor the name of an output",
        ),
        ('["archive",', '["archive", {folder = "x"},', "printers.1.outputs.1: type: is missing"),
        ('name = "color"', 'name = "ward"', "outputs: ward is there twice"),
        ('name = "color"', 'name = ""', "outputs.2: the name of an output has 1 to 64 printable characters"),
        ('name = "color"', "name = 5", "outputs.2: the name of an output has"),
        ('name = "color"', f"name = '{'x' * 65}'", "outputs.2: the name of an output has"),
        ('name = "color"', 'name = "a\\tb"', "outputs.2: the name of an output has"),
        (
            '{type = "pdf", folder = "mr"}',
            '{type = "pdf", folder = "mr", name = "ward"}',
            "outputs: 'ward' is the name",
        ),
    ],
)
def test_a_mistake_in_outputs_is_told(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in WARDS
    file = toml(tmp_path, WARDS.replace(old, new, 1))
    assert f"{file}: {words}" in fault(file)


def test_names_of_outputs_are_for_tables_of_printers() -> None:
    assert "outputs: 'ward': names stand in [[printers]] and [[routes]], tables are wanted here" in fault(
        outputs=["ward"]
    )


# --- routes ----------------------------------------------------------------------------------------------

ROUTES = """
[[outputs]]
name = "gray"
type = "ipp"
uri = "ipp://gray/print"

[[outputs]]
name = "color"
type = "ipp"
uri = "ipp://color/print"

[[outputs]]
name = "mammo"
type = "dicom"
host = "10.0.0.9"

[[outputs]]
name = "archive"
type = "sheet"
folder = "/srv/archive"

[[routes]]
called = "MAMMO*"
medium = ["MAMMO CLEAR FILM", "mammo blue film"]
outputs = ["mammo", "archive"]

[[routes]]
calling = ["US?", "EN[1]"]
color = true
outputs = "color"

[[routes]]
film_size = ["8INX10IN", "10INX12IN"]
destination = "MAGAZINE"
color = false
outputs = ["gray"]

[[printers]]
ae_title = "FILM"

[[printers]]
ae_title = "MAMMO1"
outputs = ["archive", "gray"]
"""

FILM: dict[str, Any] = {
    "called": "FILM",
    "calling": "CT1",
    "film_sizes": {"14INX17IN"},
    "medium": "BLUE FILM",
    "destination": "PROCESSOR",
    "color": False,
}


@pytest.mark.parametrize(
    ("job", "outputs"),
    [
        ({}, ()),
        ({"called": "MAMMO1"}, ("archive", "gray")),
        ({"called": "MAMMO1", "medium": "MAMMO BLUE FILM"}, ("mammo", "archive")),
        ({"called": "FILM", "medium": "MAMMO BLUE FILM"}, ()),
        ({"calling": "US1", "color": True}, ("color",)),
        ({"calling": "EN[1]", "color": True}, ("color",)),
        ({"calling": "EN1", "color": True}, ()),
        ({"calling": "US12", "color": True}, ()),
        ({"calling": "US1", "color": False}, ()),
        ({"film_sizes": ("8INX10IN",), "destination": "MAGAZINE"}, ("gray",)),
        ({"film_sizes": ("8INX10IN", "10INX12IN", "8INX10IN"), "destination": "MAGAZINE"}, ("gray",)),
        ({"film_sizes": ("8INX10IN", "14INX17IN"), "destination": "MAGAZINE"}, ()),
        ({"film_sizes": ("8INX10IN",), "destination": "MAGAZINE", "color": True}, ()),
        ({"film_sizes": ("8INX10IN",)}, ()),
        ({"called": "GONE"}, ()),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_the_first_route_that_takes_a_job_decides(
    job: dict[str, Any], outputs: tuple[str, ...], own: bool, tmp_path: Path
) -> None:
    """What no route takes goes to the printer's own outputs, here to one that no route names."""
    spare = ROUTES.replace("[[routes]]", '[[outputs]]\ntype = "pdf"\nfolder = "spare"\n[[routes]]', 1)
    named = ROUTES.replace('"FILM"', '"FILM"\noutput = "spare"')
    called = job.get("called", "FILM")
    settings = load(toml(tmp_path, named if own else spare))
    assert settings.route(**{**FILM, **job}) == outputs or ("pdf spare",) * (called == "FILM")


def test_a_printer_has_its_own_outputs_and_those_of_its_routes(tmp_path: Path) -> None:
    settings = load(toml(tmp_path, ROUTES.replace('"FILM"', '"FILM"\noutput = "spare"')))
    assert settings.outputs_of("FILM") == ("pdf spare", "color", "gray")
    assert settings.outputs_of("MAMMO1") == ("archive", "gray", "mammo", "color")


def test_routes_do_without_tables_of_printers(tmp_path: Path) -> None:
    text = ROUTES[: ROUTES.index("[[printers]]")].replace("MAMMO*", "*")
    spare = text + '[[outputs]]\ntype = "pdf"\nfolder = "spare"\n'
    settings = load(toml(tmp_path, spare))
    assert settings.route(**{**FILM, "called": "PRINTSCP"}) == ("pdf spare",)
    assert settings.route(**{**FILM, "calling": "US1", "color": True}) == ("color",)


def test_films_must_have_somewhere_to_go(tmp_path: Path) -> None:
    nowhere = "routes: films of FILM that no route takes have no output: "
    assert nowhere in fault(toml(tmp_path, ROUTES))
    last = "\n[[routes]]\n{}outputs = ['archive']\n"
    assert nowhere in fault(toml(tmp_path, ROUTES + last.format("calling = '*'\n")))
    assert nowhere in fault(toml(tmp_path, ROUTES + last.format("called = 'MAMMO1'\n")))
    for whose in ("", "called = 'FILM'\n"):
        settings = load(toml(tmp_path, ROUTES + last.format(whose)))
        assert settings.route(**FILM) == ("archive",)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'outputs = "color"',
            'outputs = "colour"',
            "routes.1.outputs: no output has the name 'colour'; there are gray,",
        ),
        ('outputs = "color"', "outputs = []", "routes.1.outputs: "),
        ('outputs = "color"', "", "routes.1.outputs: is missing"),
        (
            'called = "MAMMO*"',
            'called = "MAMO*"',
            "routes.0.called: no printer is MAMO*; there are FILM, MAMMO1",
        ),
        ('called = "MAMMO*"', "called = []", "routes.0.called: "),
        ("color = true", 'color = "sometimes"', "routes.1.color: "),
        (
            'film_size = ["8INX10IN", ',
            'film_size = ["8in x 10in!", ',
            "routes.2.film_size.0: a term has 1 to 16",
        ),
        ("destination", "goal", "routes.2.goal: there is no such key"),
    ],
)
def test_a_mistake_in_routes_is_told(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = ROUTES.replace('"FILM"', '"FILM"\noutput = "spare"')
    assert old in text
    file = toml(tmp_path, text.replace(old, new, 1))
    assert f"{file}: {words}" in fault(file)


# --- where jobs and sheets are ---------------------------------------------------------------------------


def test_jobs_and_sheets_are_in_the_spool_unless_it_is_said(tmp_path: Path) -> None:
    settings = load(spool=Path("s"))
    assert (settings.database_url, settings.sheets_place) == ("sqlite:///s/jobs.sqlite", "s/sheets")
    settings = load(
        spool="s", database="postgresql://u:geheim@h:5433/films?sslmode=require", sheets="s3://b/p/"
    )
    assert settings.database_url == "postgresql+psycopg://u:geheim@h:5433/films?sslmode=require"
    assert settings.sheets_place == "s3://b/p/"
    assert "geheim" not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize("folder", ["plain", "50%20 off", "why?", "a#b & c=d", "ä:@"])
def test_the_job_table_of_a_spool_is_found_by_sqlalchemy(folder: str, tmp_path: Path) -> None:
    url = make_url(load(spool=tmp_path / folder).database_url)
    assert (url.drivername, url.database) == ("sqlite", str(tmp_path / folder / "jobs.sqlite"))
    assert not url.query


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///jobs.sqlite",
        "sqlite:////srv/jobs.sqlite?timeout=5",
        "postgresql://host/films",
        "postgresql+psycopg://printscp:p%40ss%2Fword@[::1]:5432/films",
        "postgresql:///films?host=/run/postgresql",
    ],
)
def test_a_database_that_is_taken_is_one_for_sqlalchemy(url: str) -> None:
    taken = load(database=url).database_url
    assert make_url(taken).get_driver_name() == ("psycopg" if url.startswith("postgresql") else "pysqlite")
    assert make_url(taken).database in ("jobs.sqlite", "/srv/jobs.sqlite", "films")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("geheim.sqlite", "is no URL of a database: sqlite:///FILE or postgresql://"),
        ("", "is no URL of a database"),
        ("user:geheim@host/films", "is no URL of a database"),
        ("user geheim://host", "is no URL of a database"),
        ("mysql://user:geheim@host/films", "mysql is no database that printscp knows: sqlite:///FILE or"),
        ("postgresql+asyncpg://user:geheim@host/films", "postgresql+asyncpg is no database"),
        ("postgres://user:geheim@host/films", "postgres is no database"),
        ("sqlite://", "sqlite: a file is wanted"),
        ("sqlite:///", "sqlite: a file is wanted"),
        ("sqlite:///?geheim=1", "sqlite: a file is wanted"),
        ("sqlite:///:memory:", "sqlite: a file is wanted"),
        ("sqlite://geheim.sqlite", "sqlite: a file is wanted"),
        ("postgresql://user:gehe@im@host/films", "is not understood"),
        ("postgresql://user:gehe/im@host/films", "is not understood"),
        ("postgresql://user:gehe#im@host/films", "%23 (#)"),
        ("postgresql://user:geheim@host:port/films", "is not understood"),
        ("postgresql://host:geheim/films", "is not understood"),
        ("postgresql://[geheim/films", "is not understood"),
    ],
)
def test_a_database_that_is_none_is_told_without_its_password(url: str, words: str, tmp_path: Path) -> None:
    file = toml(tmp_path, f"database = '{url}'\n")
    with pytest.raises(SetupError, match=re.escape(words)) as caught:
        load(file)
    assert str(caught.value).startswith(f"configuration {file}: database: ")
    assert "gehe" not in "".join(traceback.format_exception(caught.value)) + str(caught.value.__context__)


@pytest.mark.parametrize("place", ["", "  ", "s3://", "s3:///prefix", "gs://bucket", "https://host/bucket"])
def test_sheets_are_in_a_folder_or_in_s3(place: str) -> None:
    assert "sheets: " in fault(sheets=place)
    assert load(sheets="/srv/sheets").sheets_place == "/srv/sheets"


def test_printers_stand_behind_the_doors_that_they_name(tmp_path: Path) -> None:
    settings = load(toml(tmp_path, HOSPITAL))
    assert [printer.announced_ae_title for printer in settings.printers] == [
        "FILM1",
        "FILM2",
        "SECURE",
        "PRINTSCP",
    ]
    assert [printer.ports for printer in settings.printers] == [(11112,), (104, 11112), (11112,), (11112,)]
    assert settings.printers[1].mode is Mode.STRICT
    doors = [(door.port, door.tls, [each.ae_title for each in door.printers]) for door in settings.doors]
    assert doors == [
        (11112, False, ["FILM1", "FILM2", None]),
        (104, False, ["FILM2"]),
        (2762, True, ["FILM1", "FILM2", "SECURE", None]),
    ]


def test_a_port_named_twice_is_one_door(tmp_path: Path) -> None:
    [door] = load(toml(tmp_path, "[[printers]]\nports = [104, 104]\n")).doors
    assert (door.port, len(door.printers)) == (104, 1)


def test_plain_ports_can_be_left_shut(tmp_path: Path) -> None:
    settings = load(toml(tmp_path, HOSPITAL.replace("[tls]", "[tls]\nonly = true\nport = 11112")))
    assert [(door.port, door.tls, len(door.printers)) for door in settings.doors] == [(11112, True, 4)]


def test_tables_can_be_merged_from_all_three_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTSCP_TLS__KEY", "secret.key")
    settings = load(toml(tmp_path, HOSPITAL), tls={"port": 2763})
    assert settings.tls == TLSSettings(port=2763, certificate=Path("printer.pem"), key=Path("secret.key"))


@pytest.mark.parametrize("key", sorted(PrinterSettings.model_fields.keys() - {"ports", "outputs"}))
def test_beside_tables_a_key_of_one_printer_is_refused(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag, text, variable, _ = OTHER[key]
    file = toml(tmp_path, HOSPITAL)
    assert f"{file}: {key}: with [[printers]]" in fault(file, **{key: flag})
    monkeypatch.setenv(f"PRINTSCP_{key.upper()}", variable)
    assert f"{key}: with [[printers]]" in fault(file)
    monkeypatch.undo()
    assert f"{key}: with [[printers]]" in fault(toml(tmp_path, f"{key} = {text}\n{HOSPITAL}"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('profile = "other"', "profile = 3", ["printers.1.profile: "]),
        ('mode = "strict"', 'mode = "Strict"', ["printers.1.mode: ", "'tolerant' or 'strict'"]),
        ("ports = [104, 11112]", "ports = [104, 70000]", ["printers.1.ports.1: "]),
        ("ports = [104, 11112]", "ports = []", ["printers.1.ports: "]),
        ("ports = [104, 11112]", "port = 104", ["printers.1.port: "]),
        ("ports = [104, 11112]", "host = '::1'", ["printers.1.host: "]),
        ("ports = [104, 11112]", "allow_calling = ['A\\B']", ["printers.1.allow_calling.0: "]),
        ("ports = [104, 11112]", "allow_addresses = ['10.1.2.3/16']", ["printers.1.allow_addresses.0: "]),
        ('"FILM1"', '"FILM2"', ["printers: ae_title: FILM2 "]),
        ('"FILM1"', '" SECURE "', ["printers: ae_title: SECURE "]),
        ('"FILM1"', '"PRINTSCP"', ["printers: ae_title: PRINTSCP ", "without"]),
        ('ae_title = "FILM1"', "ports = [105]", ["printers: ae_title: PRINTSCP ", "without"]),
        ("ports = [104, 11112]", "ports = [104, 2762]", ["tls.port: 2762"]),
        ('key = "printer.key"', "", ["tls.key: "]),
        ('key = "printer.key"', 'key = "k"\nciphers = "all"', ["tls.ciphers: "]),
        ("port = 11112\n", "port = -1\n", [": port: "]),
    ],
)
def test_a_mistake_in_a_table_is_answered_with_file_and_key(
    old: str, new: str, words: list[str], tmp_path: Path
) -> None:
    assert old in HOSPITAL
    file = toml(tmp_path, HOSPITAL.replace(old, new, 1))
    message = fault(file)
    assert message.startswith(f"configuration {file}: ")
    for word in words:
        assert word in message


def test_a_printer_behind_no_door_is_refused(tmp_path: Path) -> None:
    assert "tls_only: " in fault(tls_only=True)
    assert "tls_only: " in fault(toml(tmp_path, "[[printers]]\ntls_only = true\n"))


def test_any_free_port_is_no_port_in_common() -> None:
    settings = load(port=0, tls={"port": 0, "certificate": "c", "key": "k"})
    assert [(door.port, door.tls) for door in settings.doors] == [(0, False), (0, True)]


def test_the_environment_can_hold_all_printers(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [{"ae_title": "A", "ports": [104]}, {"ae_title": "B", "allow_calling": "CT*,MR1"}]
    monkeypatch.setenv("PRINTSCP_PRINTERS", json.dumps(tables))
    a, b = load().printers
    assert (a.ports, b.ports, b.allow_calling) == ((104,), (11112,), ("CT*", "MR1"))
    monkeypatch.setenv("PRINTSCP_PRINTERS", "[{")
    assert "printers" in fault()


# --- personas --------------------------------------------------------------------------------------------


def named_printers(settings: Settings) -> dict[str, str]:
    """Profiles by AE title."""
    return {printer.announced_ae_title: printer.profile for printer in settings.printers}


def test_a_persona_is_one_more_printer_of_the_same_ports_and_outputs() -> None:
    settings = load(
        port=104,
        output="films",
        mode="strict",
        ae_title="FILM",
        allow_calling="CT*",
        personas=["ihefull", "carestream_dryview5700"],
    )
    assert named_printers(settings) == {
        "FILM": "imager17",
        "IHEFULL": "ihefull",
        "CARESTREAM_DRYVI": "carestream_dryview5700",
    }
    first, *personas = settings.printers
    assert first.mode is Mode.STRICT
    for persona in personas:
        assert persona.mode is None  # as its profile says
        assert (persona.ports, persona.allow_calling) == ((104,), ("CT*",))
        assert persona.outputs == (pdf("films"),)
    assert [door.port for door in settings.doors] == [104]
    assert settings.route("IHEFULL", "CT1", ["8INX10IN"], "PAPER", "MAGAZINE", False) == ("pdf films",)


def test_personas_stand_beside_tables_on_all_of_their_ports(tmp_path: Path) -> None:
    text = """
        personas = "ihefull"
        {keys}
        [[outputs]]
        type = "tiff"
        [[printers]]
        ports = [104, 105]
        [[printers]]
        ae_title = "TWO"
        ports = [105, 106]
        {lines}
    """
    settings = load(toml(tmp_path, text.format(keys="", lines="tls_only = false")))
    assert settings.printers[2].ports == (104, 105, 106)
    assert settings.printers[2].outputs == ({"type": "tiff"},)
    assert list(named_printers(settings)) == ["PRINTSCP", "TWO", "IHEFULL"]
    tls = 'tls = {certificate = "c", key = "k"}'
    alone = "[[printers]]\nae_title = 'ONE'\ntls_only = true"
    settings = load(toml(tmp_path, f"personas = 'ihefull'\n{tls}\n{alone}"))
    assert [door.tls for door in settings.doors] == [True]


@pytest.mark.parametrize("given", ["all", ["all"], ["ihefull", "all"], " all "])
def test_who_knows_all_profiles_says_which_personas_there_are(given: Any, tmp_path: Path) -> None:
    asked = load(
        toml(
            tmp_path,
            "[[routes]]\ncalled = 'FUJI*'\noutputs = 'tiff'\n"
            "[[outputs]]\ntype = 'tiff'\n[[outputs]]\ntype = 'png'",
        ),
        personas=given,
        port=0,
        database="postgresql://a:b@c/d",
        keep_jobs=3,
    )
    assert named_printers(asked) == {"PRINTSCP": "imager17"}
    with pytest.raises(SetupError, match=r"personas: routes.0.called: no printer is FUJI\*"):
        asked.with_personas(["ihefull"])
    settings = asked.with_personas(["fuji_drypix4000", "ihefull"])
    assert list(named_printers(settings)) == ["PRINTSCP", "FUJI_DRYPIX4000", "IHEFULL"]
    assert (settings.port, settings.keep_jobs, settings.file) == (0, 3, tmp_path / "printer.toml")
    assert settings.database_url == asked.database_url
    assert settings.with_personas(["imager17"]) is settings


def test_with_tables_all_personas_can_be_said_too(tmp_path: Path) -> None:
    text = "personas = 'all'\n[[printers]]\nports = [1, 2]\n[[printers]]\nae_title = 'IHEFULL'\noutput = 'o'"
    asked = load(toml(tmp_path, text))
    settings = asked.with_personas(["imager17"])
    assert settings.printers[:2] == asked.printers
    assert settings.printers[2].ports == (1, 2, 11112)
    with pytest.raises(SetupError, match="personas: printers: ae_title: IHEFULL is there twice"):
        asked.with_personas(["ihefull"])


@pytest.mark.parametrize(
    ("personas", "words"),
    [
        ("ihefull,IHEFULL", "printers: ae_title: IHEFULL is there twice"),
        ("carestream_dryview5700,carestream_dryview5800", "CARESTREAM_DRYVI is there twice"),
        ("ward,häusl", "personas: an AE title has"),
        (["a\\b"], "personas: an AE title has"),
        ([""], "personas: an AE title has"),
        ("printscp", "PRINTSCP is there twice"),
    ],
)
def test_a_mistake_in_personas_is_told(personas: Any, words: str) -> None:
    assert words in fault(personas=personas)


# A value that is not the default, as an environment variable; what goes with it; and what becomes of it.
OTHER_WEB: dict[str, tuple[str, dict[str, Any], Any]] = {
    "enabled": ("false", {}, False),
    "host": ("::1", {}, "::1"),
    "port": ("0", {}, 0),
    "names": ("films, films.ward", {}, ("films", "films.ward")),
    "users": ("u.toml", {}, Path("u.toml")),
    "proxies": (
        "10.0.0.1,fd00::/8",
        {"users": "u.toml"},
        (ip_network("10.0.0.1"), ip_network("fd00::/8")),
    ),
    "proxy_header": ("X-User", {}, "X-User"),
    "proxy_role": ("operate", {"proxies": ["127.0.0.1"], "proxy_header": "X-User"}, "operate"),
    "certificate": ("c.pem", {"key": "k.pem"}, Path("c.pem")),
    "key": ("k.pem", {"certificate": "c.pem"}, Path("k.pem")),
    "session_minutes": ("0.5", {}, 0.5),
    "audit": ("a.jsonl", {}, Path("a.jsonl")),
    "deidentified": ("true", {}, True),
}


def test_every_setting_of_the_light_box_is_tried() -> None:
    assert OTHER_WEB.keys() == WebSettings.model_fields.keys()


@pytest.mark.parametrize("key", OTHER_WEB)
def test_a_setting_of_the_light_box_can_be_given_beside_those_of_a_file(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, others, expected = OTHER_WEB[key]
    file = toml(tmp_path, "[web]\nsession_minutes = 7\n")
    monkeypatch.setenv(f"PRINTSCP_WEB__{key.upper()}", text)
    web = load(file, web=others).web
    assert getattr(web, key) == expected
    assert web.session_minutes == (7 if key != "session_minutes" else expected)


BAD_WEB: list[tuple[dict[str, Any], str]] = [
    ({"port": -1}, "web.port: "),
    ({"host": "0.0.0.0"}, "web: host: 0.0.0.0 can be reached by others: give web.users"),
    ({"host": "::"}, "web: host: :: can be reached"),
    ({"host": "films.ward"}, "web: host: films.ward can be reached"),
    ({"host": "127.0.0.1.evil"}, "web: host: "),
    ({"names": ["https://films.ward"]}, "web.names.0: "),
    ({"proxies": ["proxy.ward"]}, "web.proxies.0: "),
    ({"proxies": ["10.0.0.1"]}, "web: proxy_role: "),
    ({"proxy_role": "view"}, "web: proxy_role: needs proxies"),
    ({"proxy_role": "view", "proxies": ["10.0.0.1"]}, "web: proxy_role: needs proxies, and proxy_header"),
    ({"proxy_role": "root", "proxies": ["10.0.0.1"]}, "web.proxy_role: "),
    ({"proxy_header": "X User:"}, "web.proxy_header: "),
    ({"certificate": "c"}, "web: certificate and key: give both"),
    ({"key": "k"}, "web: certificate and key: give both"),
    ({"session_minutes": 0}, "web.session_minutes: "),
    ({"session_minutes": 721}, "web.session_minutes: "),
    ({"prot": 1}, "web.prot: there is no such key"),
]


@pytest.mark.parametrize(("table", "message"), BAD_WEB)
def test_what_is_wrong_with_the_light_box_is_named(table: dict[str, Any], message: str) -> None:
    assert fault(web=table).startswith(f"configuration: {message}")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "LOCALHOST"])
def test_the_light_box_asks_nobody_who_they_are_where_only_this_host_comes(host: str) -> None:
    assert not load(web={"host": host}).web.in_the_clear


def test_passwords_in_the_clear_are_known() -> None:
    away = {"host": "192.0.2.1", "users": "u"}
    assert load(web=away).web.in_the_clear
    assert not load(web=away | {"certificate": "c", "key": "k"}).web.in_the_clear
    assert not load(web=away | {"proxies": ["192.0.2.2"]}).web.in_the_clear
