"""`printscp jobs`: what an operator sees of the queue, and what can be done with it."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command import Command, one_clear_line, run
from peers.board import FILMS, ORDER, Board
from peers.server import PRINTSCP

from printscp.film.job import DeliveryState, ExecutionStatus
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Spool

OUT_OF_FILM = PrinterState("WARNING", "SUPPLY EMPTY")


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """The job table of the spool folder that commands find where nothing is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "printscp-spool").mkdir()
    board = Board("sqlite:///printscp-spool/jobs.sqlite")
    yield board
    board.database.close()


def state(board: Board, number: int) -> DeliveryState:
    return board.job(number).deliveries[0].state


# --- list ------------------------------------------------------------------------------------------------


def test_jobs_are_listed_with_all_their_films(board: Board, ask: Command) -> None:
    order = replace(ORDER, originator="[/red]", copies=3)
    board.queue.submit("1.2", order, [FILMS[0], FILMS[0], FILMS[1]], ["remark"], ["pdf"])
    board.queue.submit("1.3", replace(order, printer_name="FILM2"), FILMS[:1], [], ["pdf"])
    said = ask("jobs")
    assert (said.code, said.err) == (0, "")
    assert ask("jobs", "list", "--spool", "printscp-spool") == said
    head, empty, titles, first, second = said.out.splitlines()
    assert (head, empty) == ("2 jobs: 2 PENDING", "")
    assert " ".join(titles.split()) == "job status created printer from films format copies priority where"
    assert re.match(r"1 +PENDING +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +FILMS +\[/red] ", first)
    assert "8INX10IN x 2, A4" in first
    assert "STANDARD\\2,1, STANDARD\\1,1" in first
    assert re.search(r" 3 +MED +waits for pdf$", first)
    assert re.search(r"^2 .* FILM2 .* 8INX10IN +STANDARD\\2,1 +3 +MED", second)


def test_a_list_tells_where_each_way_out_is_and_what_holds_it(board: Board, ask: Command) -> None:
    board.submit("1.1", "ipp", "pdf")
    board.taken(pdf=0).done("/films/1.pdf")
    board.taken(ipp=0).postpone(OUT_OF_FILM, "no film in the magazine")
    board.submit("1.2", "tiff")
    board.queue.hold(2)
    board.submit("1.3", "bad")
    board.taken(bad=0).fail("INVALID PAGE DES", "cannot be rendered: \x1b[31mred")
    board.submit("1.4", "cups")
    board.taken(cups=0).sent("ipp://ward3", "17", [], 0)
    board.submit("1.5", "png")
    board.taken(png=0)
    board.submit("1.6", "jam")
    board.taken(jam=0).sent("ipp://ward4", "18", [], 0)
    board.taken(jam=0).progress("FILM JAM", "ipp://ward4: jam", PrinterState("WARNING", "FILM JAM"), "", 9)
    head, *conditions, _, _, first, second, third, fourth, fifth, sixth, seventh = ask(
        "jobs"
    ).out.splitlines()
    condition = conditions[0]
    assert head == "6 jobs: 3 PENDING, 2 PRINTING, 1 FAILURE"
    assert condition == "ipp: WARNING (SUPPLY EMPTY): no film in the magazine"
    assert first.endswith("  waits for ipp: no film in the magazine")
    assert (second[0], second.strip()) == (" ", "/films/1.pdf")
    assert third.endswith("  held, for tiff")
    assert fourth.endswith("  failed at bad: cannot be rendered: \\x1b[31mred")
    assert fifth.endswith("  at ipp://ward3")
    assert sixth.endswith("  on its way to png")
    assert seventh.endswith("  at ipp://ward4: jam")


def test_only_the_newest_jobs_are_listed_and_that_is_said(board: Board, ask: Command) -> None:
    for number in range(1, 61):
        board.submit(f"1.{number}")
    board.taken().done("x")
    head, more, _, _, *rows = ask("jobs").out.splitlines()
    assert (head, more) == ("60 jobs: 59 PENDING, 1 DONE", "the newest 50 of 60; --all lists all")
    assert [int(row.split()[0]) for row in rows] == [*range(11, 61)]
    assert len(json.loads(ask("jobs", "--json").out)) == 50
    assert [job["id"] for job in json.loads(ask("jobs", "--all", "--json").out)] == [*range(1, 61)]
    assert [job["id"] for job in json.loads(ask("jobs", "--last", 2, "--json").out)] == [59, 60]
    assert "newest" not in ask("jobs", "--status", "done").out


def test_a_list_of_some_status_or_printer(board: Board, ask: Command) -> None:
    for number in range(1, 5):
        order = replace(ORDER, printer_name=f"FILM{number % 2}")
        board.queue.submit(f"1.{number}", order, FILMS, [], ["pdf"])
    board.taken().done("x")

    def listed(*options: object) -> list[int]:
        return [job["id"] for job in json.loads(ask("jobs", "list", "--json", *options).out)]

    assert listed("--status", "done") == [1]
    assert listed("--status", "PENDING", "--status", "DONE") == [1, 2, 3, 4]
    assert listed("--printer", "FILM1") == [1, 3]
    assert listed("--printer", "FILM1", "--status", "PENDING") == [3]
    assert listed("--printer", "FILM0", "--last", 1) == [4]
    assert "the newest 1 of 2" in ask("jobs", "--printer", "FILM0", "--last", 1).out
    assert ask("jobs", "--printer", "film0").out == "4 jobs: 3 PENDING, 1 DONE\n"
    assert ask("jobs", "--status", "HELD").code == 2


def test_a_list_names_no_patient_and_a_job_in_full_does(board: Board, ask: Command) -> None:
    order = replace(ORDER, label="Doe^Jane", owner="Doe", remarks=("FilmSessionLabel Doe^Jane cut",))
    board.queue.submit("1.2", order, FILMS, ["film 1: Doe^Jane"], ["pdf"])
    assert "Doe" not in ask("jobs").out + ask("jobs", "--json").out
    told = ask("jobs", "show", "1").out
    assert re.search(r"^label +Doe\^Jane$", told, re.MULTILINE)
    assert re.search(r"^owner +Doe$", told, re.MULTILINE)
    assert told.count("Doe^Jane") == 3
    shown = json.loads(ask("jobs", "show", "1", "--json").out)
    assert (shown["order"]["label"], shown["remarks"][1]) == ("Doe^Jane", "film 1: Doe^Jane")


def test_an_empty_spool_has_no_jobs(board: Board, ask: Command) -> None:
    assert ask("jobs").out == "0 jobs\n"
    assert ask("jobs", "--json").out == "[]\n"
    one_clear_line(ask("jobs", "show", "latest"), "no job yet", code=3)


def test_jobs_need_a_spool(tmp_path: Path, ask: Command) -> None:
    for arguments in (["list"], ["show", "1"], ["hold", "1"], ["reprint", "1"], ["purge", "1"]):
        one_clear_line(ask("jobs", *arguments, "--spool", tmp_path / "none"), "no spool in ", "--spool")
    (tmp_path / "printer.toml").write_text(f'database = "sqlite:///{tmp_path}/none/it.sqlite"')
    one_clear_line(ask("jobs", "--config", tmp_path / "printer.toml"), f"no spool in {tmp_path}/none")
    (tmp_path / "printer.toml").write_text('database = "postgresql://u:secret@127.0.0.1:1/films"')
    refused = ask("jobs", "--config", tmp_path / "printer.toml")
    one_clear_line(refused, "127.0.0.1", "efused")
    assert "secret" not in refused.err
    (tmp_path / "jobs.sqlite").write_text("this is no database, though long enough to be read as one")
    one_clear_line(ask("jobs", "--spool", tmp_path), "jobs.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jobs.sqlite", "printer.toml"]


# --- show ------------------------------------------------------------------------------------------------


def test_a_job_is_shown_in_full(board: Board, ask: Command) -> None:
    board.submit("1.2.3", "cups", "pdf")
    board.taken(cups=0).sent("ipp://ward3", "17", ["film 1: not trimmed"], 0)
    claim = board.taken(cups=0)
    claim.progress("SUPPLY EMPTY", "no film", OUT_OF_FILM, "no film", 9)
    told = dict(re.split(r"  +", line, maxsplit=1) for line in ask("jobs", "show", "latest").out.splitlines())
    assert (told["job"], told["uid"]) == ("1", "1.2.3")
    assert told["status"] == "PENDING (SUPPLY EMPTY): no film"
    assert told["film 1"] == "8INX10IN  STANDARD\\2,1  images: 1"
    assert told["output cups"] == ("SENT (SUPPLY EMPTY): no film, to ipp://ward3, as 17 there, attempts: 1")
    assert told["output pdf"] == "WAITING"
    assert "finished" not in told
    shown = json.loads(ask("jobs", "show", "1", "--json").out)
    assert [each["remote"] for each in shown["deliveries"]] == ["17", ""]
    assert shown["created"] == "2026-01-02T03:04:05+00:00" or shown["created"].endswith("+00:00")
    assert shown["remarks"] == ["Größe ignored", "film 1: not trimmed"]


@pytest.mark.parametrize("which", ["2", "0", "99999999999999999999999", "4294967297"])
def test_there_is_no_such_job(board: Board, ask: Command, which: str) -> None:
    board.submit("1.2")
    one_clear_line(ask("jobs", "show", which), f"no job {which}", code=3)
    one_clear_line(ask("jobs", "reprint", which), f"no job {which}", code=3)
    for act in ("hold", "release", "cancel", "purge"):
        one_clear_line(ask("jobs", act, which), f"no job {which}", code=3)


@pytest.mark.parametrize("arguments", [["show"], ["show", "x"], ["hold"], ["hold", "1", "-1x"], ["fly", "1"]])
def test_wrong_usage(board: Board, ask: Command, arguments: list[str]) -> None:
    assert ask("jobs", *arguments).code == 2
    assert ask("jobs", "--nonesuch").code == 2


# --- steering --------------------------------------------------------------------------------------------


def test_jobs_are_held_and_released(board: Board, ask: Command) -> None:
    one, two = board.submit("1.1"), board.submit("1.2")
    assert ask("jobs", "hold", one, "latest").out == "job 1 held\njob 2 held\n"
    assert {state(board, one), state(board, two)} == {DeliveryState.HELD}
    assert ask("jobs", "release", one).out == "job 1 released\n"
    assert (state(board, one), state(board, two)) == (DeliveryState.WAITING, DeliveryState.HELD)
    one_clear_line(ask("jobs", "release", one), "job 1 is PENDING", code=4)


def test_the_others_are_done_where_one_cannot_be_and_the_worst_counts(board: Board, ask: Command) -> None:
    ended, waiting = board.submit("1.1"), board.submit("1.2")
    board.taken().done("x")
    said = ask("jobs", "hold", 77, ended, waiting, 78)
    assert (said.code, said.out) == (4, "job 2 held\n")
    assert [line[:16] for line in said.err.splitlines()] == [
        "printscp: no job",
        "printscp: job 1 ",
        "printscp: no job",
    ]
    assert ask("jobs", "release", waiting, 77).code == 3


def test_a_job_is_cancelled_at_once_or_when_its_printer_has_dropped_it(board: Board, ask: Command) -> None:
    waiting, sent = board.submit("1.1", "pdf"), board.submit("1.2", "cups")
    board.taken(cups=0).sent("ipp://ward3", "17", [], 0)
    assert ask("jobs", "cancel", waiting).out == "job 1 cancelled\n"
    assert board.job(waiting).status is ExecutionStatus.FAILURE
    assert "being cancelled" in ask("jobs", "cancel", sent).out
    assert board.taken(cups=0).cancelled
    one_clear_line(ask("jobs", "cancel", waiting), "nothing to cancel", code=4)


def test_a_job_overtakes_others(board: Board, ask: Command) -> None:
    board.submit("1.1")
    last = board.submit("1.2")
    assert ask("jobs", "priority", last, "high").out == "job 2 has priority HIGH\n"
    assert board.taken().job.id == last
    assert ask("jobs", "priority", last, "URGENT").code == 2
    assert ask("jobs", "priority", "HIGH").code == 2


# --- reprint and purge -----------------------------------------------------------------------------------


@pytest.fixture
def spool(tmp_path: Path, order: Order, sheet: Sheet) -> Iterator[Spool]:
    """Jobs 1 to 3: delivered, failed and waiting, with their films."""
    with_films = Spool(tmp_path / "spool")
    for number in (1, 2, 3):
        draft = with_films.draft()
        draft.keep(sheet)
        with_films.submit(f"1.{number}", order, [draft], lambda *_: ["pdf films"])
        draft.discard()
    done, failed = (claim for _ in (1, 2) if (claim := with_films.claims.take("a", {"pdf films": 0})))
    done.done("films/1.pdf")
    failed.fail("INVALID PAGE DES", "cannot be rendered")
    yield with_films
    with_films.close()


def test_a_job_is_printed_again_as_it_was_or_otherwise(spool: Spool, ask: Command) -> None:
    there = ("--spool", spool.folder)
    assert ask("jobs", "reprint", 1, *there).out == "job 1 is printed again as job 4\n"
    config = spool.folder / "printer.toml"
    config.write_text(
        f'spool = "{spool.folder}"\noutputs = [{{name = "ward", type = "pdf", folder = "ward"}}]'
    )
    otherwise = ("--output", "ward", "--copies", 3, "--priority", "low")
    assert ask("jobs", "reprint", "2", *otherwise, "--config", config).code == 0
    first, second = spool.queue.jobs(last=2)
    assert (first.order, [each.output for each in first.deliveries]) == (
        spool.queue.jobs()[0].order,
        ["pdf films"],
    )
    assert (second.order.copies, second.order.priority) == (3, "LOW")
    assert [(each.output, each.state) for each in second.deliveries] == [("ward", DeliveryState.WAITING)]
    assert len({job.uid for job in spool.queue.jobs()}) == 5
    assert re.fullmatch(r"2\.25\.\d{1,39}", second.uid)
    assert spool.has_films(first)
    assert spool.has_films(second)
    one_clear_line(
        ask("jobs", "reprint", 1, "--output", "nowhere", *there), "no output 'nowhere'", "pdf films"
    )
    # What a printer has by default is not known to be what this one has.
    guessed = ask("jobs", "reprint", 1, "--output", "pdf printscp-films", *there)
    one_clear_line(guessed, "there are pdf films; give the printer's --config")
    spool.sheets.remove(first.films[0].sheet)
    one_clear_line(ask("jobs", "reprint", first.id, *there), "no longer kept", "keep_jobs", code=4)


def test_what_waits_is_moved(spool: Spool, ask: Command) -> None:
    there = ("--spool", spool.folder)
    config = spool.folder / "printer.toml"
    config.write_text(
        f'spool = "{spool.folder}"\noutputs = [{{name = "ward", type = "pdf", folder = "ward"}}]'
    )
    assert ask("jobs", "move", "latest", "ward", "--config", config).out == "job 3 goes to ward\n"
    [delivery] = spool.queue.jobs(last=1)[0].deliveries
    assert (delivery.output, delivery.state) == ("ward", DeliveryState.WAITING)
    one_clear_line(ask("jobs", "move", 3, "nowhere", *there), "no output 'nowhere': there are ward; give")
    one_clear_line(ask("jobs", "move", 3, "nowhere", "--config", config), "there are ward")
    one_clear_line(ask("jobs", "move", 1, "ward", "--config", config), "job 1 is DONE", code=4)
    one_clear_line(ask("jobs", "move", 9, "ward", "--config", config), "no job 9", code=3)
    wrong = ("--of", "pdf films", "--config", config)
    one_clear_line(ask("jobs", "move", 3, "ward", *wrong), "does not go to pdf films, but to ward", code=4)


def test_jobs_are_purged_with_their_films(spool: Spool, ask: Command) -> None:
    there = ("--spool", spool.folder)
    done, _, waiting = spool.queue.jobs()
    assert ask("jobs", "purge", 1, *there).out == "job 1 purged\n"
    assert spool.queue.job(1) is None
    assert not spool.has_films(done)
    one_clear_line(ask("jobs", "purge", 3, *there), "job 3 is PENDING", code=4)
    assert spool.has_films(waiting)


def test_jobs_are_purged_by_rule_and_never_unasked(spool: Spool, ask: Command) -> None:
    there = ("--spool", spool.folder)
    unasked = ask("jobs", "purge", "--failed", *there)
    assert (unasked.code, len(spool.queue.jobs())) == (2, 3)
    assert "--yes" in unasked.err
    assert ask("jobs", "purge", "--ended-before", 1, "--yes", *there).out == "no such jobs\n"
    assert ask("jobs", "purge", "--failed", "--ended-before", 1e9, "--yes", *there).out == "no such jobs\n"
    assert ask("jobs", "purge", "--failed", "--yes", *there).out == "job 2 purged\n"
    assert ask("jobs", "purge", "--ended-before", 0, "--yes", *there).out == "job 1 purged\n"
    assert [job.id for job in spool.queue.jobs()] == [3]
    for wrong in ([], ["3", "--failed"], ["--ended-before", "-1"]):
        assert ask("jobs", "purge", *wrong, *there).code == 2


# --- follow ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_job_is_followed_to_its_end(board: Board, tmp_path: Path) -> None:
    number = board.submit("1.2.3", "pdf")
    follow = [PRINTSCP, "jobs", "show", str(number), "--follow"]
    with (
        subprocess.Popen(follow, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as people,
        subprocess.Popen([*follow, "--json"], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as program,
    ):
        assert people.stdout is not None
        assert program.stdout is not None
        assert json.loads(program.stdout.readline())["status"] == "PENDING"
        while not people.stdout.readline().startswith("remark"):
            pass
        claim = board.taken()
        assert json.loads(program.stdout.readline())["status"] == "PRINTING"
        assert "job 1  PRINTING  on its way to pdf" in people.stdout.readline()
        claim.fail("INVALID PAGE DES", "cannot be rendered")
        assert json.loads(program.stdout.readline())["status"] == "FAILURE"
        assert "FAILURE (INVALID PAGE DES)  failed at pdf: cannot be rendered" in people.stdout.readline()
        assert (people.stdout.read(), program.stdout.read()) == ("", "")
    assert (people.returncode, program.returncode) == (5, 5)
    assert run("jobs", "show", number, "--follow", cwd=tmp_path).returncode == 5
    assert run("jobs", "show", number, cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_the_queue_is_followed_until_ctrl_c(board: Board, tmp_path: Path) -> None:
    board.submit("1.1", "ended")
    board.taken(ended=0).done("x")
    known = board.submit("1.2", "pdf")
    follow = [PRINTSCP, "jobs", "--follow", "--json", "--status", "DONE", "--status", "PENDING"]
    with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as program:
        assert program.stdout is not None

        def told() -> tuple[int, str]:
            assert program.stdout is not None
            job = json.loads(program.stdout.readline())
            return job["id"], job["status"]

        assert [told(), told()] == [(1, "DONE"), (2, "PENDING")]
        new = board.submit("1.3", "tiff")
        assert told() == (new, "PENDING")
        claim = board.taken()
        claim.done("/films/2.pdf")
        assert told() == (known, "DONE")
        program.send_signal(signal.SIGINT)
        assert program.stdout.read() == ""
    assert program.returncode == 130
