"""What changes is told to whoever watches: all of it, soon, in order, and without patient data."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.config import Settings, load
from printscp.desk import Desk
from printscp.desk import changes as module
from printscp.desk.changes import Changes
from printscp.desk.house import House
from printscp.desk.records import Change
from printscp.errors import Away
from printscp.faults.file import add_rule
from printscp.film.job import Job
from printscp.film.printer import PrinterState
from printscp.film.sheet import Sheet
from printscp.live import Live, LivePrinter
from printscp.spool.folder import Spool

Printed = Callable[..., Job]
_FIGURES = Change(0, "figures")
_SOON = 20.0  # seconds; it is there in a fraction of one


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With a file of faults."""
    faults = tmp_path / "faults.toml"
    faults.touch()
    return load(spool=settings.spool, output=tmp_path / "films", port=0, faults=faults)


@pytest.fixture
def house(settings: Settings, spool: Spool) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


@pytest.fixture
def changes(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changes]:
    monkeypatch.setattr(module, "_FIGURES", 0.0)
    changes = Changes(house)
    yield changes
    changes.close()


@pytest.fixture
def sheet(film: Callable[..., Sheet]) -> Sheet:
    return film()


class Reader:
    """Goes by changes from where it began."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.number = changes.last

    def read(self, kind: str) -> list[Change]:
        """What comes next, of a kind."""
        while True:
            found = self.changes.wait(self.number, _SOON)
            assert found, f"no word of {kind}"
            numbers = [each.number for each in found]
            assert numbers == list(range(self.number + 1, self.number + 1 + len(found)))
            self.number = numbers[-1]
            ours = [each for each in found if each.kind == kind]
            if ours:
                return ours


def _live(**fields: Any) -> Live:
    return Live(1, datetime.now(UTC), **fields)


def test_what_becomes_of_jobs_is_told(
    changes: Changes, house: House, spool: Spool, printed: Printed, sheet: Sheet
) -> None:
    reader = Reader(changes)
    job = printed(sheet, label="MUELLER^ANNA", to=("films",))

    def told() -> tuple[int | None, str, str, str, bool]:
        changes.look()
        [each] = reader.read("job")
        assert "MUELLER" not in repr(each)
        return each.job, each.status, each.status_info, each.printer, each.gone

    assert told() == (job.id, "PENDING", "QUEUED", "PRINTSCP", False)
    claim = spool.claims.take("w", {"films": 0})
    assert claim is not None
    assert told() == (job.id, "PRINTING", "NORMAL", "PRINTSCP", False)
    claim.done("x")
    assert told() == (job.id, "DONE", "NORMAL", "PRINTSCP", False)
    spool.purge(job)
    assert told() == (job.id, "", "", "", True)


def test_what_happened_while_nobody_watched_is_no_news_to_who_comes_after_it(
    changes: Changes, printed: Printed, sheet: Sheet
) -> None:
    before = changes.caught_up()
    job = printed(sheet)
    changes._asked = float("-inf")  # a minute later
    assert not changes.awake
    now = changes.caught_up()
    assert changes.since(now) == ()
    told = changes.since(before)  # to who knew it as it was
    assert told is not None
    assert [each.job for each in told if each.kind == "job"] == [job.id]


def test_nobody_need_say_that_something_changed(changes: Changes, printed: Printed, sheet: Sheet) -> None:
    reader = Reader(changes)
    job = printed(sheet)
    assert reader.read("job")[0].job == job.id


def test_states_of_printers_are_told_wherever_they_come_from(
    changes: Changes, house: House, settings: Settings, spool: Spool, printed: Printed, sheet: Sheet
) -> None:
    reader = Reader(changes)
    [output] = settings.ways
    printed(sheet, to=(output,))
    claim = spool.claims.take("w", {output: 0})
    assert claim is not None
    claim.postpone(PrinterState("WARNING", "SUPPLY EMPTY"), "no film")
    changes.look()
    [told] = reader.read("printer")
    assert (told.status, told.status_info, told.printer) == ("WARNING", "SUPPLY EMPTY", "PRINTSCP")
    house.live = _live(printers={"PRINTSCP": LivePrinter("FAILURE", "ELEC DOWN", 2)})
    changes.look()
    [told] = reader.read("printer")
    assert (told.status, told.status_info) == ("FAILURE", "ELEC DOWN")
    house.settings = settings.model_copy(update={"printers": ()})
    changes.look()
    [told] = reader.read("printer")
    assert (told.printer, told.gone) == ("PRINTSCP", True)


def test_faults_and_figures_are_told(changes: Changes, house: House, settings: Settings) -> None:
    reader = Reader(changes)
    assert settings.faults is not None
    add_rule(settings.faults, {"fault": "abort", "at": "film-box.action"})
    changes.look()
    assert len(reader.read("faults")) == 1
    house.live = _live(associated=1)
    changes.look()
    assert len(reader.read("figures")) == 1
    for printer in (LivePrinter("NORMAL", "NORMAL", 1), LivePrinter("NORMAL", "NORMAL", 2)):
        house.live = _live(associated=1, printers={"PRINTSCP": printer})
        changes.look()
        assert len(reader.read("printer")) == 1


def test_who_changes_something_at_the_desk_is_heard_at_once(
    settings: Settings, spool: Spool, printed: Printed, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 1000.0)
    job = printed(sheet)
    with Desk(settings) as desk:
        reader = Reader(desk.changes)
        acts: list[Callable[[], object]] = [
            lambda: desk.jobs.hold("latest"),
            lambda: desk.jobs.release("latest"),
            lambda: desk.jobs.prioritize("latest", "LOW"),
            lambda: desk.jobs.cancel("latest"),
            lambda: desk.jobs.reprint("latest"),
            lambda: desk.jobs.move("latest", *settings.ways),
            lambda: desk.jobs.purge(str(job.id)),
        ]
        for act in acts:
            act()
            reader.read("job")
        desk.faults.add({"fault": "abort", "at": "film-box.action"})
        reader.read("faults")
        desk.faults.clear()
        reader.read("faults")
        # What the printers say is heard with the next look: films that come in are not to make it look more.
        desk.tell(_live(printers={"PRINTSCP": LivePrinter("WARNING", "FILM JAM", 0)}))
        assert desk.changes.wait(reader.number, 0.2) == ()
        desk.changes.look()
        reader.read("printer")


def test_who_has_missed_something_is_told_so(changes: Changes) -> None:
    first = changes.last
    assert changes.since(first) == ()
    assert changes.since(first - 1) is None
    assert changes.since(first + 1) is None
    assert changes.since(0) is None
    assert changes.wait(0, _SOON) is None  # at once
    changes._tell([_FIGURES] * (module._KEPT + 2))
    assert changes.last == first + module._KEPT + 2
    assert changes.since(first) is None
    assert changes.since(first + 1) is None
    found = changes.since(first + 2)
    assert found is not None
    assert [each.number for each in found] == list(range(first + 3, changes.last + 1))
    assert changes.since(changes.last - 1) == found[-1:]


def test_whoever_asks_now_and_then_hears_all_in_order_or_that_some_is_missed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT", 8)
    monkeypatch.setattr(Changes, "_wake", lambda _: None)  # nothing is told but by this test

    @given(st.lists(st.tuples(st.integers(0, 10), st.booleans())))
    def law(rounds: list[tuple[int, bool]]) -> None:
        changes = Changes(house)
        told: list[Change] = []
        heard: list[int | None] = []
        start = number = changes.last
        for count, asks in rounds:
            made = [Change(0, "job", job=len(told) + each) for each in range(count)]
            changes._tell(made)
            told += made
            if asks:
                found = changes.since(number)
                assert (found is None) == (changes.last - number > 8)
                heard += [None] * (changes.last - number) if found is None else [each.job for each in found]
                number = changes.last
        assert number - start == len(heard)
        assert all(job in (None, place) for place, job in enumerate(heard))

    law()


def test_a_job_is_told_of_though_the_table_went_away_meanwhile(
    changes: Changes, printed: Printed, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(house: House) -> module.States:
        raise Away("job table: connection refused")

    job = printed(sheet)
    with monkeypatch.context() as patch:
        patch.setattr(module.States, "of", away)
        with pytest.raises(Away):
            changes._look()
    assert [each.job for each in changes._look() if each.kind == "job"] == [job.id]


def test_numbers_of_a_process_before_are_none_of_this(house: House, changes: Changes) -> None:
    other = Changes(house)
    other._last = changes.last + 1000  # a second later
    assert other.since(changes.last) is None


def test_who_listens_is_called_until_he_takes_it_back(
    changes: Changes, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    def broken() -> None:
        raise RuntimeError("out of order")

    changes.listen(broken)
    forget, forget_other = (changes.listen(lambda: called.append(1)) for _ in (1, 2))
    changes._tell([])
    assert called == []
    changes._tell([_FIGURES, _FIGURES])
    assert called == [1, 1]
    forget_other()
    forget_other()
    changes._tell([_FIGURES])
    assert called == [1, 1, 1]
    forget()
    changes._tell([_FIGURES])
    assert called == [1, 1, 1]
    assert "out of order" in caplog.text


def test_who_listens_hears_of_jobs(changes: Changes, printed: Printed, sheet: Sheet) -> None:
    heard = threading.Event()
    changes.listen(heard.set)
    printed(sheet)
    changes.look()
    assert heard.wait(_SOON)


def test_while_nobody_watches_nobody_looks(
    changes: Changes, printed: Printed, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, look = threading.Event(), changes._look
    monkeypatch.setattr(changes, "_look", lambda: looked.set() or look())
    monkeypatch.setattr(module, "_INTEREST", -1.0)  # what was asked is of no interest any more
    number = changes.last
    job = printed(sheet)
    changes.look()
    assert not looked.wait(0.1)
    found = changes.wait(number, _SOON)  # what came meanwhile is told when somebody waits
    assert found is not None
    assert found[0].job == job.id


def test_who_waits_is_let_go_at_the_end(house: House) -> None:
    changes = Changes(house)
    number, found = changes.last, []
    waiting = threading.Thread(target=lambda: found.append(changes.wait(number, 1000)), daemon=True)
    waiting.start()
    changes.close()
    waiting.join(_SOON)
    assert found == [()]
    changes.close()
    assert changes.since(number) == ()


def test_a_table_that_was_away_is_watched_again(
    changes: Changes, spool: Spool, printed: Printed, sheet: Sheet, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(changes)
    with spool._database.write() as transaction:
        transaction.connection.exec_driver_sql("ALTER TABLE job RENAME TO other")
    changes.look()
    assert changes.wait(reader.number, 0.2) == ()
    with spool._database.write() as transaction:
        transaction.connection.exec_driver_sql("ALTER TABLE other RENAME TO job")
    job = printed(sheet)
    changes.look()
    assert reader.read("job")[0].job == job.id
    assert caplog.text == ""
