"""docs/faults.md tells of every fault, and its examples do what they say."""

import re
import tomllib
from pathlib import Path

import pytest

from printscp.faults import Fault, FaultScript
from printscp.faults.fault import OF_ALL, PARAMETERS, REASONS, STEPS
from printscp.faults.file import RuleFile
from printscp.faults.rule import keys_of

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def fault_table() -> str:
    """The table of all faults, from the enum."""
    rows = [
        "| Fault | What happens | In the field | Keys of its own | Given, unless said |",
        "|---|---|---|---|---|",
    ]
    for fault in Fault:
        own = [key for key in keys_of(fault) if key not in (*OF_ALL, "at", "after", "times")]
        needed = fault.kind.value.needed
        keys = ", ".join(f"**`{key}`**" if key in needed else f"`{key}`" for key in own)
        preset = {key: each for key, each in fault.presets.items() if key in keys_of(fault) and each != 0}
        given = ", ".join(f"`{key} = {_toml(each)}`" for key, each in preset.items())
        rows.append(f"| `{fault}` | {fault.does} | {fault.cause} | {keys or '-'} | {given or '-'} |")
    return "\n".join(rows)


def key_table() -> str:
    """The table of the keys."""
    return "\n".join(
        [
            "| Key | What it says |",
            "|---|---|",
            *(f"| `{key}` | {text} |" for key, text in PARAMETERS.items()),
        ]
    )


def reason_table() -> str:
    """The table of the reasons of a rejection."""
    rows = [
        f"| `{name}` | {each.result} | {each.source} | {each.diagnostic} |" for name, each in REASONS.items()
    ]
    return "\n".join(["| Reason | Result | Source | Diagnostic |", "|---|---|---|---|", *rows])


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    "table", [fault_table(), key_table(), reason_table()], ids=["faults", "keys", "reasons"]
)
def test_the_page_has_the_table(table: str) -> None:
    assert table in PAGE.read_text(), f"put this there:\n{table}"


def test_the_page_names_every_step() -> None:
    page = PAGE.read_text()
    for step in STEPS:
        assert f"`{step}`" in page, step


def test_each_script_of_the_page_is_one() -> None:
    scripts = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(scripts) == 1
    for script in scripts:
        assert RuleFile.model_validate(tomllib.loads(script)).faults


def test_the_commands_of_the_page_are_there(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from printscp.cli.fault import app

    lines = re.findall(r"^ +printscp fault (.*)$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        words = [word.strip("'\"") for word in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", line.partition("#")[0])]
        words = [str(tmp_path / word) if word.endswith(".toml") else word for word in words]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (line, done.output, done.exception)


def test_the_example_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is run up to the printer, which others test."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(code.partition("with ")[0], names)
    script = names["script"]
    assert isinstance(script, FaultScript)
    assert [rule.fault for rule in script.rules] == [Fault.SLOW, Fault.JOB_FAILURE]
