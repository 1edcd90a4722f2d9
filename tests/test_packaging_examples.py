"""What comes in packaging/ is true: examples load, services start what there is, with the rights it needs."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from printscp.config import PrinterSettings, Settings, load
from printscp.outputs.registry import open_output

if TYPE_CHECKING:
    from printscp.printer import FilmPrinter

ROOT = Path(__file__).parent.parent
PACKAGING = ROOT / "packaging"
EXAMPLES = sorted((PACKAGING / "examples").glob("*.toml"))
SERVICES = sorted(PACKAGING.glob("*.service"))
PRINTSCP = Path(sys.executable).with_name("printscp")


def unit(file: Path) -> dict[str, list[str]]:
    """Keys of a unit file, with all values of each; an empty one takes back those before it."""
    keys: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
    return keys


def one(file: Path, key: str) -> str:
    [value] = unit(file)[key]
    return value


def name(file: Path) -> str:
    return file.stem


# --- examples --------------------------------------------------------------------------------------------


def test_there_is_an_example_for_each_kind_of_site() -> None:
    assert {file.stem for file in EXAMPLES} == {
        "one-modality-to-a-folder",
        "three-ae-titles-to-two-cups-queues",
        "front-end",
        "worker",
    }


@pytest.mark.parametrize("file", EXAMPLES, ids=name)
def test_an_example_is_a_configuration_whose_outputs_there_are(file: Path) -> None:
    settings = load(file)
    for table in settings.ways.values():
        assert open_output(table).place
    for printer in settings.printers:
        assert settings.outputs_of(printer.announced_ae_title)


def test_three_ae_titles_share_two_cups_queues() -> None:
    settings = load(PACKAGING / "examples" / "three-ae-titles-to-two-cups-queues.toml")
    queues = {name for name, table in settings.ways.items() if table["type"] == "ipp"}
    assert len(settings.printers) == 3
    assert len(queues) == 2
    for printer in settings.printers:
        assert queues & set(settings.outputs_of(printer.announced_ae_title))


def test_front_ends_and_workers_are_two_halves_of_one_printer() -> None:
    front_end, worker = (load(PACKAGING / "examples" / f"{half}.toml") for half in ("front-end", "worker"))
    assert front_end.database_url == worker.database_url
    assert front_end.database_url.startswith("postgresql+psycopg://")
    assert front_end.sheets_place == worker.sheets_place
    assert front_end.lease == worker.lease
    assert front_end.ways == worker.ways
    assert front_end.workers == 0
    assert worker.workers > 0


@pytest.mark.parametrize("file", EXAMPLES, ids=name)
def test_the_service_of_an_example_may_write_where_it_has_to(file: Path) -> None:
    service = PACKAGING / ("printscp-worker.service" if file.stem == "worker" else "printscp.service")
    settings = load(file)
    may_write = [
        Path("/var/lib") / one(service, "StateDirectory"),
        Path(one(service, "ReadWritePaths").lstrip("-")),
    ]
    folders = [
        str(settings.spool),
        *(table["folder"] for table in settings.ways.values() if "folder" in table),
    ]
    for folder in folders:
        assert any(Path(folder).is_relative_to(each) for each in may_write), folder
    assert settings.drain_timeout < float(one(service, "TimeoutStopSec"))


# --- services --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", SERVICES, ids=name)
@pytest.mark.parametrize("key", ["ExecStart", "ExecReload"])
def test_a_service_runs_a_command_that_there_is(file: Path, key: str, tmp_path: Path) -> None:
    program, *arguments = shlex.split(one(file, key))
    assert program == "/opt/printscp/bin/printscp"
    assert arguments[-2] == "--config"
    arguments[-1] = str(tmp_path / "nowhere.toml")
    done = subprocess.run([PRINTSCP, *arguments], capture_output=True, text=True, timeout=60)
    assert "nowhere.toml: no such file" in done.stderr
    assert done.returncode == 1  # and not 2, of a command line that is wrong


@pytest.mark.parametrize("file", SERVICES, ids=name)
def test_a_service_is_stopped_with_patience_and_comes_back(file: Path) -> None:
    assert one(file, "Type") == "notify"
    assert one(file, "KillMode") == "mixed"  # SIGTERM for the first process, whose workers finish their films
    assert float(one(file, "TimeoutStopSec")) >= load().drain_timeout + 15
    assert float(one(file, "WatchdogSec")) >= 10
    assert one(file, "Restart") == "on-failure"
    assert one(file, "StartLimitIntervalSec") == "0"
    assert one(file, "OOMPolicy") == "continue"
    assert one(file, "User") == "printscp"


def test_both_services_are_shut_in_alike() -> None:
    different = {
        "Description",
        "ExecStart",
        "ExecReload",
        "StateDirectory",
        "WorkingDirectory",
        "LimitNOFILE",
        "Nice",
    }
    printer, worker = (
        {key: values for key, values in unit(file).items() if key not in different} for file in SERVICES
    )
    assert printer == worker


@pytest.mark.parametrize("file", SERVICES, ids=name)
@pytest.mark.peer("systemd-analyze")
def test_systemd_understands_a_service_and_calls_it_safe(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    copy.write_text(file.read_text().replace("/opt/printscp/bin/printscp", str(PRINTSCP)))
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")
    exposed = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(copy)]
    assert subprocess.run(exposed, capture_output=True, timeout=60).returncode == 0  # 2.0 of 10 at most


# --- container -------------------------------------------------------------------------------------------

CONTAINER = (PACKAGING / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def instructions(word: str) -> list[str]:
    return [line.removeprefix(f"{word} ").strip() for line in CONTAINER if line.startswith(f"{word} ")]


def test_the_container_is_not_run_by_root_and_can_be_stopped() -> None:
    [user] = instructions("USER")
    assert int(user) > 0
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert "--stop-timeout 90" in "".join(CONTAINER)
    settings = load(PACKAGING / "examples" / "one-modality-to-a-folder.toml")
    assert str(settings.port) in instructions("EXPOSE")[0].split()
    volumes = json.loads(instructions("VOLUME")[0])
    for folder in (settings.spool, settings.output):
        assert folder is not None
        assert any(folder.is_relative_to(volume) for volume in volumes)


def test_the_container_is_made_of_what_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"postgresql", "s3"} <= extras.keys()
    assert "[postgresql,s3]" in "".join(CONTAINER)
    for line in instructions("COPY"):
        source = line.split()[-2]
        assert source.startswith("/") or (ROOT / source).exists(), source
    ignored = (PACKAGING / "Containerfile.dockerignore").read_text().split()
    for kept in (each[1:] for each in ignored if each.startswith("!")):
        assert (ROOT / kept).exists(), kept
    assert {"!printscp", "!layouts", "!pyproject.toml", "!README.md", "!LICENSE", "!packaging"} <= set(
        ignored
    )


@pytest.mark.parametrize(
    "limits",
    ["", 'ae_title = "FILM"\nallow_calling = ["CT?", "MR*"]', 'allow_addresses = ["10.0.0.0/8"]'],
    ids=["open", "callers", "addresses"],
)
@pytest.mark.slow
def test_the_health_check_says_whether_the_printer_answers(
    limits: str, start_printer: "Callable[..., FilmPrinter]", tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    printer = start_printer(workers=0, **tomllib.loads(limits))
    file = tmp_path / "printer.toml"
    file.write_text(f'host = "0.0.0.0"\nport = {printer.address[1]}\n{limits}\n')
    command = [sys.executable, PACKAGING / "healthcheck.py", file]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    if "addresses" not in limits:
        assert not [record for record in caplog.records if record.levelname == "WARNING"]
    printer.stop()
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1


# --- README ----------------------------------------------------------------------------------------------


def test_the_configurations_of_the_readme_are_true(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    configurations = [block for block in blocks if "[[printers]]" in block]
    assert len(configurations) >= 2
    for text in configurations:
        file = tmp_path / "readme.toml"
        file.write_text(text, encoding="utf-8")
        for table in load(file).ways.values():
            assert open_output(table).place


def test_every_setting_is_in_the_readme() -> None:
    tables = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("## Settings")[1].split("## Architecture")[0]
    )
    for key in {*Settings.model_fields, *PrinterSettings.model_fields} - {"printers"}:
        assert f"`{key}`" in tables or f"`[{key}]`" in tables, key
