"""Faults as people turn them on and off."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from printscp.config import Settings, load
from printscp.desk.faults import Faults
from printscp.desk.house import House
from printscp.desk.records import SeenFault
from printscp.errors import NoSuchJob, NotPossible, SetupError
from printscp.faults import Fault
from printscp.faults.file import add_rule, clear_rules, read_file
from printscp.spool.folder import Spool


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "faults.toml"
    file.write_text("seed = 7\n")
    return file


@pytest.fixture
def faults(settings: Settings, spool: Spool, file: Path) -> Iterator[Faults]:
    house = House(load(spool=settings.spool, port=0, faults=file))
    yield Faults(house)
    house.close()


def test_faults_are_turned_on_and_off(faults: Faults, file: Path) -> None:
    assert faults.possible
    assert faults.all() == ()
    full = faults.add({"fault": "queue-full", "printer": "ROOM*", "at": "any"})
    assert (full.name, full.fault, full.does) == ("queue-full", "queue-full", Fault("queue-full").does)
    again = faults.add({"fault": "queue-full", "at": "any"})
    assert again == SeenFault(
        "queue-full-2", "queue-full", full.does, {"name": "queue-full-2", "fault": "queue-full", "at": "any"}
    )
    assert faults.all() == (full, again)
    assert full.table["printer"] == "ROOM*"
    assert read_file(file).seed == 7
    with pytest.raises(SetupError, match="tea: there is no such key"):
        faults.add({"fault": "queue-full", "tea": 1})
    with pytest.raises(NoSuchJob, match="no fault 'tea'"):
        faults.clear("tea")
    assert faults.clear("queue-full") == ("queue-full",)
    assert faults.clear() == ("queue-full-2",)
    assert faults.clear() == ()
    assert faults.all() == ()


def test_all_there_is_to_choose_from_is_told(faults: Faults) -> None:
    kinds = {each.fault: each for each in faults.kinds()}
    assert kinds.keys() == set(Fault)
    assert "comment" in kinds["status"].keys
    assert "film-box.action" in kinds["abort"].steps
    assert all(each.does and each.cause for each in kinds.values())


def test_printers_that_make_none_have_none(settings: Settings, spool: Spool) -> None:
    house = House(settings)
    faults = Faults(house)
    assert not faults.possible
    assert faults.kinds()
    for ask in (faults.all, faults.clear, lambda: faults.add({"fault": "queue-full"})):
        with pytest.raises(NotPossible, match="--faults FILE"):
            ask()
    house.close()


def test_of_many_who_write_at_once_none_loses_a_rule(file: Path) -> None:
    def write(number: int) -> None:
        add_rule(file, {"fault": "abort", "at": "echo", "name": f"a{number}"})
        add_rule(file, {"fault": "abort", "at": "echo", "name": f"b{number}"})
        clear_rules(file, [f"a{number}"])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rule.name for rule in read_file(file).faults) == [f"b{number}" for number in range(8)]
