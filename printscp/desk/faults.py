"""Faults that test printers make on purpose: on, off, and what there is to choose from."""

from pathlib import Path
from typing import Any

from printscp.desk.house import House
from printscp.desk.records import FaultKind, SeenFault
from printscp.errors import NoSuchJob, NotPossible
from printscp.faults.fault import Fault
from printscp.faults.file import add_rule, clear_rules, read_file
from printscp.faults.rule import FaultRule, keys_of


class Faults:
    """The file of faults of the settings.

    All but `possible` and `kinds` raise NotPossible where the printers make none.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    @property
    def possible(self) -> bool:
        """Whether these printers make faults at all."""
        return self._house.settings.faults is not None

    def kinds(self) -> tuple[FaultKind, ...]:
        """What there is to choose from."""
        return tuple(
            FaultKind(str(each), each.does, each.cause, keys_of(each), each.kind.value.steps)
            for each in Fault
        )

    def all(self) -> tuple[SeenFault, ...]:
        """What is to happen."""
        return tuple(map(_seen, read_file(self._file()).faults))

    def add(self, keys: dict[str, Any]) -> SeenFault:
        """Have a fault happen; ``keys`` are those of its table in the file.

        Raises:
            SetupError: what is wrong with them.
        """
        rule = add_rule(self._file(), keys)
        self._house.stirred()
        return _seen(rule)

    def clear(self, name: str | None = None) -> tuple[str, ...]:
        """Take one back, or all; their names.

        Raises:
            NoSuchJob: none has that name.
        """
        file = self._file()
        if name is not None and all(each.name != name for each in read_file(file).faults):
            raise NoSuchJob(f"no fault {name[:64]!r}")
        gone = clear_rules(file, () if name is None else (name,))
        self._house.stirred()
        return tuple(gone)

    def _file(self) -> Path:
        file = self._house.settings.faults
        if file is None:
            raise NotPossible("these printers make no faults: start them with --faults FILE")
        return file


def _seen(rule: FaultRule) -> SeenFault:
    return SeenFault(rule.name, str(rule.fault), rule.fault.does, rule.table())
