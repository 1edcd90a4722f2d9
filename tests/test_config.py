"""One configuration: file, environment, flags, in this order; and errors that name what is wrong."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from printscp.config import Settings, load
from printscp.errors import SetupError


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
    assert "\n" not in message.strip()
    return message


def test_nothing_needs_to_be_given() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.ae_title) == ("127.0.0.1", 11112, None)
    assert settings.announced_ae_title == "PRINTSCP"
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
    assert settings.ae_title == settings.announced_ae_title == "FILE"
    assert settings.spool == Path("from-file")
    assert settings.memory_mib == 1024


@pytest.mark.parametrize("key", sorted(Settings.model_fields))
def test_every_setting_can_be_given_in_each_of_the_three_ways(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = getattr(load(), key)
    value = "OTHER" if default is None or isinstance(default, str | Path) else default + 1
    expected = Path("OTHER") if isinstance(default, Path) else value
    assert getattr(load(**{key: value}), key) == expected
    assert getattr(load(toml(tmp_path, f"{key} = {value!r}\n")), key) == expected
    monkeypatch.setenv(f"PRINTSCP_{key.upper()}", str(value))
    assert getattr(load(), key) == expected


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
    ("memory_mib", 0),
    ("max_associations", 0),
    ("acse_timeout", 0),
    ("idle_timeout", -1),
    ("attempts", 0),
]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_bad_value_is_named_wherever_it_comes_from(
    key: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{key}: " in fault(**{key: value})
    text = f"'{value}'" if isinstance(value, str) else str(value)
    message = fault(toml(tmp_path, f"{key} = {text}\n"))
    assert f"{key}: " in message
    assert "printer.toml" in message
    monkeypatch.setenv(f"PRINTSCP_{key.upper()}", str(value))
    assert f"{key}: " in fault()


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


def test_no_file_is_read_that_was_not_named(tmp_path: Path) -> None:
    toml(tmp_path, "port = 1\n")
    (tmp_path / ".env").write_text("PRINTSCP_PORT=2\n")
    load(toml(tmp_path, "port = 3\n"))
    assert load().port == 11112
