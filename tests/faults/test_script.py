"""The script: what is counted, what lasts and how long, and files that change."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.faults import Fault, FaultScript
from printscp.faults import script as module
from printscp.faults.script import SeededUIDs
from printscp.film.printer import Fate, PrinterState

HELD = Fate("out-of-film", "SUPPLY EMPTY", held=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """``now`` is the monotonic time of scripts."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def meet(script: FaultScript, step: str, calling: str = "SCU") -> list[str]:
    return [rule.name for rule in script.meet(step, "FILM", calling)]


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 20))
def test_a_rule_lets_some_pass_and_then_happens_so_often(after: int, times: int, steps: int) -> None:
    script = FaultScript()
    script.add("abort", at="image-box.set", after=after, times=times)
    happened = [bool(meet(script, "image-box.set")) for _ in range(steps)]
    last = after + times if times else steps
    assert happened == [after < number <= last for number in range(1, steps + 1)]
    assert [each.number for each in script.fired] == [n for n, did in enumerate(happened, 1) if did]


def test_only_steps_that_a_rule_is_for_count() -> None:
    script = FaultScript()
    script.add("abort", at="image-box.set", calling="CT*", after=1)
    assert meet(script, "image-box.set", "MR") == meet(script, "film-box.set", "CT1") == []
    assert meet(script, "image-box.set", "CT1") == []
    assert meet(script, "image-box.set", "CT2") == ["abort"]
    assert script.meet("image-box.set", "OTHER", "CT1") == script.rules


def test_requests_that_no_class_has_are_requests() -> None:
    script = FaultScript()
    script.add("abort", at="any")
    script.add("reject", at="*")
    assert meet(script, "unknown.get") == ["abort"]


def test_names_are_given_and_unique() -> None:
    script = FaultScript()
    names = [script.add("reject").name, script.add(Fault.REJECT).name, script.add("abort", at="any").name]
    assert names == ["reject", "reject-2", "abort"]
    script.add("reject", name="mine")
    with pytest.raises(SetupError, match="there is a rule mine"):
        script.add("abort", at="any", name="mine")
    assert (script.clear("mine"), script.clear("mine"), script.clear()) == (1, 0, 3)
    assert script.rules == ()


def test_the_worst_state_counts_and_only_where_it_is_for() -> None:
    script = FaultScript()
    assert script.state("FILM", "CT") is None
    script.add("printer-warning", info="COVER OPEN")
    script.add("printer-failure", calling="CT")
    script.add("printer-warning", info="SUPPLY LOW")
    assert script.state("FILM", "CT") == PrinterState("FAILURE", "FILM JAM")
    assert script.state("FILM", "MR") == PrinterState("WARNING", "COVER OPEN")
    script.clear("printer-warning")
    assert script.state("FILM", "MR") == PrinterState("WARNING", "SUPPLY LOW")


def test_a_state_begins_at_its_step_lasts_and_may_come_again(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("printer-failure", at="film-box.action", after=1, times=2, seconds=10)

    def states() -> list[bool]:
        meet(script, "film-box.action")
        clock.now += 9.9
        before = script.state("FILM", "SCU") is not None
        clock.now += 0.2
        return [before, script.state("FILM", "SCU") is not None]

    assert [states() for _ in range(4)] == [[False, False], [True, False], [True, False], [False, False]]


def test_a_state_that_is_in_force_does_not_begin_anew(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("printer-failure", at="film-box.action", seconds=10)
    assert meet(script, "film-box.action") == ["printer-failure"]
    clock.now += 9
    assert meet(script, "film-box.action") == []
    clock.now += 1
    assert script.state("FILM", "SCU") is None


def test_a_state_that_is_at_once_may_end_by_itself(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("printer-warning", seconds=1)
    assert script.state("FILM", "SCU") == PrinterState("WARNING", "SUPPLY LOW")
    clock.now += 1.0
    assert script.state("FILM", "SCU") is None


def fates(script: FaultScript, *films: int) -> list[Fate | None]:
    return [script.fate(f"1.2.{number}", "FILM", "SCU", each) for number, each in enumerate(films)]


def test_film_runs_out_and_is_refilled(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("out-of-film", films=3, seconds=60)
    assert fates(script, 1, 1) == [None, None]
    assert script.state("FILM", "SCU") is None
    assert fates(script, 1) == [None]
    assert script.state("FILM", "SCU") == PrinterState("FAILURE", "SUPPLY EMPTY"), "the last one is taken"
    assert fates(script, 1, 5) == [HELD, HELD]
    assert script.holds("out-of-film")
    clock.now += 60
    assert not script.holds("out-of-film")
    assert script.state("FILM", "SCU") is None
    assert fates(script, 1, 2, 1) == [None, None, HELD], "as many as before"
    script.clear()
    assert not script.holds("out-of-film")
    assert fates(script, 9) == [None]


def test_a_job_for_which_the_film_does_not_last_waits_whole(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("out-of-film", films=3, times=1, seconds=1, printer_status="WARNING", info="EMPTY 14X17")
    held = Fate("out-of-film", "EMPTY 14X17", held=True)
    assert fates(script, 2, 2) == [None, held]
    assert script.state("FILM", "SCU") == PrinterState("WARNING", "EMPTY 14X17")
    assert script.of_job("1.2.1") == "out-of-film"
    assert script.of_job("1.2.0") == ""
    clock.now += 1
    assert fates(script, 2, 2) == [None, None], "once"


def test_no_film_from_the_start_is_no_film_until_it_is_refilled(clock: SimpleNamespace) -> None:
    script = FaultScript()
    script.add("out-of-film", films=0, seconds=1)
    assert fates(script, 1) == [HELD]
    clock.now += 1
    assert fates(script, 1, 1) == [None, None]


def test_jobs_fail_by_their_number() -> None:
    script = FaultScript()
    script.add("job-failure", after=1, times=1, info="FILM JAM", printing=False)
    assert fates(script, 1, 1, 1) == [None, Fate("job-failure", "FILM JAM"), None]


def test_who_listens_is_told_of_what_begins_and_ends() -> None:
    script = FaultScript()
    told = threading.Semaphore(0)
    script.listen(lambda: told.release() and None)
    script.add("printer-failure", seconds=0.01)
    assert told.acquire(timeout=20)
    assert told.acquire(timeout=20), "when it is over"
    assert script.state("FILM", "SCU") is None
    script.add("printer-warning", at="printer.get")
    assert told.acquire(timeout=20)
    meet(script, "printer.get")
    assert told.acquire(timeout=20)


def test_what_lasts_has_a_thread_only_while_somebody_listens() -> None:
    script = FaultScript()
    told = threading.Semaphore(0)

    def listener() -> None:
        told.release()

    def waiting() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if isinstance(each, threading.Timer)]

    before = waiting()
    script.add("printer-failure", seconds=3600)
    assert waiting() == before
    script.listen(listener)
    [timer] = set(waiting()).difference(before)
    script.forget(listener)
    timer.join(20)
    assert not timer.is_alive()
    script.add("printer-warning", seconds=0.01)
    script.listen(listener)
    assert told.acquire(timeout=20), "the end of what had begun before"
    script.clear()


# --- files -----------------------------------------------------------------------------------------------

ABORT = "[[faults]]\nfault = 'abort'\nat = 'film-box.action'\nafter = 2\n"
REJECT = "[[faults]]\nfault = 'reject'\n"


def put(file: Path, text: str) -> None:
    """Another file in its place, at a time of its own."""
    hidden = file.with_suffix(".new")
    hidden.write_text(text)
    hidden.replace(file)


def test_a_file_that_changes_is_read_again_and_what_did_not_change_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    put(file, ABORT)
    script = FaultScript.load(file)
    assert [meet(script, "film-box.action") for _ in range(2)] == [[], []]
    put(file, ABORT + REJECT)
    assert meet(script, "associate") == ["reject"]
    assert meet(script, "film-box.action") == ["abort"], "the third"
    put(file, ABORT.replace("2", "1") + REJECT)
    assert meet(script, "film-box.action") == [], "another rule, which counts from the start"
    put(file, "")
    assert meet(script, "associate") == []
    assert script.rules == ()


def test_a_file_that_is_wrong_or_gone_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "faults.toml"
    put(file, REJECT)
    script = FaultScript.load(file)
    put(file, "[[faults]]\nfault = 'jam'")
    assert meet(script, "associate") == ["reject"]
    assert "faults not read again" in caplog.text
    assert "faults.0.fault: Input should be" in caplog.text
    logged = len(caplog.records)
    assert meet(script, "associate") == ["reject"]
    assert len(caplog.records) == logged, "said once"
    file.unlink()
    assert meet(script, "associate") == ["reject"]
    put(file, ABORT)
    assert meet(script, "associate") == []


def test_a_file_written_twice_within_a_tick_of_its_clock_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_FRESH", 1 << 62)
    file = tmp_path / "faults.toml"
    file.write_text(ABORT)
    script = FaultScript.load(file)
    written = file.stat()
    assert meet(script, "film-box.action") == []
    assert caplog.records == [], "it is the same"
    file.write_text(ABORT.replace("2", "0"))
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert meet(script, "film-box.action") == ["abort"]


def test_rules_of_a_program_stay_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    put(file, REJECT)
    script = FaultScript.load(file)
    script.add("printer-failure")
    put(file, "")
    script.look()
    assert [rule.name for rule in script.rules] == ["printer-failure"]


def test_what_lasts_begins_once_however_often_the_file_is_touched(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    put(file, "[[faults]]\nfault = 'out-of-film'\nfilms = 0\nseconds = 3600\n")
    script = FaultScript.load(file)
    assert fates(script, 1) == [HELD]
    os.utime(file, (1, 1))
    script.look()
    assert script.holds("out-of-film")


# --- from several threads, and the same each time ---------------------------------------------------------


def test_each_step_counts_once_whoever_comes(tmp_path: Path) -> None:
    script = FaultScript()
    script.add("abort", at="any", after=100, times=100)
    happened: list[Any] = []

    def work() -> None:
        for _ in range(100):
            happened.extend(meet(script, "image-box.set"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(happened) == 100
    assert sorted(each.number for each in script.fired) == list(range(101, 201))


def test_uids_of_a_seed_are_the_same_valid_and_all_different() -> None:
    def first(source: SeededUIDs) -> list[str]:
        return [source() for _ in range(100)]

    same, other, salted = first(SeededUIDs(1)), first(SeededUIDs(2)), first(SeededUIDs(1, "7"))
    assert first(SeededUIDs(1)) == same
    assert len({*same, *other, *salted}) == 300
    assert all(uid.is_valid and len(uid) <= 58 for uid in same)  # type: ignore[attr-defined]
