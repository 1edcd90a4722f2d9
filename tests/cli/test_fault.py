"""`printscp fault`: the script of a printer, listed and changed."""

import json
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line, run

from printscp.faults import Fault
from printscp.faults.file import read_file
from printscp.faults.rule import keys_of


def test_faults_are_added_listed_and_cleared(tmp_path: Path, ask: Command) -> None:
    file = tmp_path / "faults.toml"
    where = ("--faults", file)
    abort = ("abort", "--at", "film-box.action", "--after", "2", "--times", "1", "--when", "before")
    assert ask("fault", "add", *abort, *where).out == "abort at=film-box.action after=2 times=1 when=before\n"
    ask("fault", "add", "status", "--at", "any", "--status", "0xC602", "--comment", "no", *where)
    ask("fault", "add", "abort", "--at", "echo", "--printer", "F*", "--calling", "CT", *where)
    wrong = ("--value", "Status=0x0107", "--value", "FilmSizeID=8INX10IN", "--value", "NumberOfCopies=2")
    wrong += ("--value", "PrinterName=8700")
    ask("fault", "add", "wrong-attributes", "--name", "mine", "--at", "*.create", *wrong, *where)
    ask(
        "fault",
        "add",
        "missing-attributes",
        "--at",
        "any",
        "--keyword",
        "Status",
        "--keyword",
        "FilmSizeID",
        *where,
    )
    ask(
        "fault",
        "add",
        "out-of-film",
        "--films",
        "3",
        "--seconds",
        "1.5",
        "--printer-status",
        "WARNING",
        *where,
    )
    ask("fault", "add", "job-failure", "--info", "FILM JAM", "--no-printing", *where)
    ask("fault", "add", "reject", "--reason", "local-limit", "--result", "permanent", *where)
    listed = ask("fault", "list", *where).out.splitlines()
    assert listed[1:4] == [
        "status status=0xC602 at=any comment=no",
        "abort-2 (abort) printer=F* calling=CT at=echo",
        "mine (wrong-attributes) at=*.create values="
        + str({"Status": 263, "FilmSizeID": "8INX10IN", "NumberOfCopies": 2, "PrinterName": "8700"}),
    ]
    assert len(listed) == 8
    given = json.loads(ask("fault", "list", "--json", *where).out)
    assert given["seed"] is None
    assert given["faults"][0] == {
        "name": "abort",
        "fault": "abort",
        "at": "film-box.action",
        "after": 2,
        "times": 1,
        "when": "before",
    }
    assert given["faults"][6] == {
        "name": "job-failure",
        "fault": "job-failure",
        "info": "FILM JAM",
        "printing": False,
    }
    assert ask("fault", "clear", "abort", "mine", *where).out == "cleared: abort, mine\n"
    assert [rule.name for rule in read_file(file).faults][:2] == ["status", "abort-2"]
    ask("fault", "clear", *where)
    assert ask("fault", "list", *where).out == "no faults\n"


def test_the_file_is_the_one_that_the_printer_has(
    tmp_path: Path, ask: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "faults.toml"
    file.write_text("seed = 3\n")
    config = tmp_path / "printer.toml"
    config.write_text(f'faults = "{file}"\n')
    ask("fault", "add", "reject", "--config", config)
    monkeypatch.setenv("PRINTSCP_FAULTS", str(file))
    ask("fault", "add", "reject")
    read = read_file(file)
    assert ([rule.name for rule in read.faults], read.seed) == (["reject", "reject-2"], 3)


def test_every_fault_is_told_of(ask: Command) -> None:
    told = " ".join(ask("fault", "kinds").out.split())
    for fault in Fault:
        assert (
            " ".join(f"{fault}: {fault.does} In the field: {fault.cause}.".replace("`", "").split()) in told
        )
        assert f"Keys: {', '.join(keys_of(fault)[2:])}." in told
    kinds = json.loads(ask("fault", "kinds", "--json").out)
    assert [each["fault"] for each in kinds["faults"]] == list(Fault)
    assert "print-job.event" in kinds["steps"]
    assert len(kinds["terms"]) == 111


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list"], ["--faults FILE"]),
        (["list", "--faults", "none.toml"], ["none.toml: no such file"]),
        (["clear", "--faults", "none.toml"], ["none.toml: no such file"]),
        (["add", "jam", "--faults", "new.toml"], ["fault: Input should be 'printer-warning'"]),
        (["add", "abort", "--faults", "new.toml"], ["at: is missing: the step"]),
        (
            ["add", "abort", "--at", "any", "--films", "2", "--faults", "new.toml"],
            ["films: abort has no such"],
        ),
        (["add", "reject", "--faults", "/proc/none/f.toml"], ["faults /proc/none/f.toml: No such file"]),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Command, arguments: list[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    one_clear_line(ask("fault", *arguments), *words)
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_not_there_or_taken_change_nothing(tmp_path: Path, ask: Command) -> None:
    file = tmp_path / "faults.toml"
    ask("fault", "add", "reject", "--name", "mine", "--faults", file)
    before = file.read_text()
    one_clear_line(
        ask("fault", "clear", "mine", "other", "--faults", file), "has the name other; there are mine"
    )
    one_clear_line(ask("fault", "add", "reject", "--name", "mine", "--faults", file), "there is a rule mine")
    assert ask("fault", "add", "wrong-attributes", "--at", "any", "--value", "x", "--faults", file).code == 2
    assert file.read_text() == before


def test_it_is_a_command_of_the_program(tmp_path: Path) -> None:
    done = run("fault", "list", "--faults", "none.toml", cwd=tmp_path)
    one_clear_line(done, "faults none.toml: no such file")
