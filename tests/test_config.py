"""One configuration: file, environment, flags, in this order; one printer or many; errors that name what is
wrong."""

import json
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from printscp.config import PrinterSettings, Settings, TLSSettings, load
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
    assert settings.printers == (PrinterSettings(ports=(11112,)),)
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
    "layouts": (Path("l"), '"l"', "l", Path("l")),
    "memory_mib": (2, "2", "2", 2),
    "max_associations": (3, "3", "3", 3),
    "max_associations_per_peer": (4, "4", "4", 4),
    "max_pdu": (16384, "16384", "16384", 16384),
    "acse_timeout": (0.5, "0.5", "0.5", 0.5),
    "dimse_timeout": (0.5, "0.5", "0.5", 0.5),
    "idle_timeout": (0.5, "0.5", "0.5", 0.5),
    "attempts": (7, "7", "7", 7),
    "keep_jobs": (0, "0", "0", 0),
    "workers": (16, "16", "16", 16),
    "log_format": ("json", '"json"', "json", "json"),
    "tls": (
        {"certificate": "c", "key": "k"},
        '{certificate = "c", key = "k"}',
        '{"certificate": "c", "key": "k"}',
        TLSSettings(certificate=Path("c"), key=Path("k")),
    ),
    "printers": (
        [{"profile": "p"}],
        '[{profile = "p"}]',
        '[{"profile": "p"}]',
        (PrinterSettings(profile="p", ports=(11112,)),),
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
    ("workers", 0),
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
    assert load().printers[0].outputs == ({"type": "pdf", "folder": Path("printscp-films")},)
    assert load(output="o").printers[0].outputs == ({"type": "pdf", "folder": Path("o")},)
    file = toml(tmp_path, '[[printers]]\noutput = "o"\n[[printers]]\nae_title = "B"\n')
    assert [printer.outputs[0]["folder"] for printer in load(file).printers] == [
        Path("o"),
        Path("printscp-films"),
    ]


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
    [printer] = load(toml(tmp_path, printers + tables)).printers
    assert printer.outputs == (
        {"type": "pdf", "folder": "films", "bits": 16},
        {"type": "tiff", "folder": "films"},
    )
    key = "printers.0.outputs" if printers else "outputs"
    file = toml(tmp_path, printers + 'output = "o"\n' + tables)
    assert f"{file}: {key}: output is given as well" in fault(file)
    file = toml(tmp_path, printers + tables.replace("tiff", "pdf"))
    assert f"{file}: {key}: pdf in {Path('films').resolve()} is there twice" in fault(file)
    one = f'{printers}[{"printers.outputs" if printers else "outputs"}]\ntype = "pdf"\n'
    assert f"{file}: {key}: Input should be a list" in fault(toml(tmp_path, one))
    other = tables.replace("tiff", "pdf").replace("films", "./films/../films/", 1)
    assert "is there twice" in fault(toml(tmp_path, printers + other))


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


@pytest.mark.parametrize("key", sorted(PrinterSettings.model_fields.keys() - {"ports"}))
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
