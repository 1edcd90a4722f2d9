"""Associations that made no job: kept, listed, and taken by the commands that look into jobs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line
from peers.scu import Scu
from peers.wrong import client

from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow


@pytest.fixture
def spool(tmp_path: Path, start_printer: Callable[..., FilmPrinter]) -> Path:
    """An SCU whose film box was refused, one that gave up, and some that are of no interest."""
    printer = start_printer(workers=0)
    client("backslash_lost").WrongScu(*printer.address).print_films()
    with Scu(printer.address, calling="GAVE_UP") as scu:
        scu.create_session(FilmSessionLabel="Mustermann^Max")
    with Scu(printer.address) as scu:
        scu.echo()
        scu.printer()
    client("right").PrintScu(*printer.address).print_films()
    printer.stop()
    return tmp_path / "spool"


def test_they_are_listed_the_newest_first(spool: Path, ask: Command) -> None:
    done = ask("jobs", "unprinted", "--spool", spool)
    newest, before = done.out.splitlines()
    assert newest.startswith("unprinted ")
    assert newest.endswith("GAVE_UP > PRINTSCP  1 requests  A-RELEASE by the scu")
    assert before.startswith("unprinted:2 ")
    assert before.endswith("N-CREATE Basic Film Box: 0x0106 invalid attribute value")
    rows = json.loads(ask("jobs", "unprinted", "--spool", spool, "--json").out)
    assert [row["number"] for row in rows] == [1, 2]
    assert "Mustermann" not in done.out + json.dumps(rows)


def test_lint_says_why_nothing_was_printed(spool: Path, ask: Command) -> None:
    done = ask("lint", "unprinted:2", "--spool", spool, "--persona", "none")
    assert done.code == 6
    assert "backslash-lost" in done.out


def test_others_take_them_too(spool: Path, ask: Command, start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(workers=0, spool=spool.parent / "another")
    done = ask("replay", "unprinted:2", *printer.address, "--spool", spool)
    assert done.code == 0, done
    assert ask("diff", "unprinted:2", "latest", "--spool", spool).code == 6
    one_clear_line(ask("explain", "unprinted", "--spool", spool), "nothing was printed", code=4)


def test_what_is_not_there_is_said(spool: Path, ask: Command, tmp_path: Path) -> None:
    one_clear_line(ask("lint", "unprinted:3", "--spool", spool), "2 associations", code=3)
    kept = sorted((spool / "unprinted").iterdir())
    kept[-1].write_bytes(b"torn")
    one_clear_line(ask("lint", "unprinted", "--spool", spool), "cannot be read")
    assert "cannot be read" in ask("jobs", "unprinted", "--spool", spool).out
    for path in kept:
        path.unlink()
    assert "made a job" in ask("jobs", "unprinted", "--spool", spool).out
