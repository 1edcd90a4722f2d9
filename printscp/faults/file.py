"""Rules as a TOML file: tables ``[[faults]]``, and ``seed``."""

import fcntl
import itertools
import json
import os
import tomllib
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from printscp.durable import DurableFile, publish
from printscp.errors import SetupError
from printscp.faults.rule import FaultRule


class RuleFile(BaseModel):
    """``seed`` and rules, each with a name of its own."""

    model_config = ConfigDict(extra="forbid")

    seed: int | None = Field(None, ge=0)
    faults: tuple[FaultRule, ...] = ()


def make_rule(keys: dict[str, Any]) -> FaultRule:
    """A rule of its keys.

    Raises:
        SetupError: one of them is wrong; the message names it.
    """
    try:
        return FaultRule.model_validate(keys)
    except ValidationError as error:
        raise SetupError(f"fault: {_reason(error)}") from None


def renamed(rule: FaultRule, taken: Container[str], numbers: Iterable[int] | None = None) -> FaultRule:
    """A rule that has the name of its fault under one that is free, with the first of ``numbers`` that is.

    Raises:
        SetupError: it has a name of its own, which another has, too.
    """
    if rule.name != rule.fault:
        raise SetupError(f"fault: name: there is a rule {rule.name}: clear it first, or take another name")
    names = (f"{rule.fault}-{number}" for number in numbers or itertools.count(2))
    return rule.model_copy(update={"name": next(name for name in names if name not in taken)})


def read_file(file: Path) -> RuleFile:
    """The seed and the rules of a file, each with a name of its own.

    Raises:
        SetupError: it cannot be read, or a rule is wrong.
    """
    try:
        said = RuleFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SetupError(f"faults {file}: no such file") from None
    except ValidationError as error:
        raise SetupError(f"faults {file}: {_reason(error)}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"faults {file}: {error}") from error
    rules: dict[str, FaultRule] = {}
    numbers: defaultdict[str, Iterable[int]] = defaultdict(lambda: itertools.count(2))
    for each in said.faults:
        rule = each
        if rule.name in rules:
            try:
                rule = renamed(rule, rules, numbers[rule.fault])
            except SetupError as error:
                raise SetupError(f"faults {file}: {error}") from None
        rules[rule.name] = rule
    return said.model_copy(update={"faults": tuple(rules.values())})


def _reason(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    words = {"extra_forbidden": "there is no such key", "missing": "is missing"}
    reason = words.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{key}: {reason}" if key else reason


def write_file(file: Path, rules: Iterable[FaultRule], seed: int | None) -> None:
    """Put a file in place of the one that is there; whoever reads it sees the one or the other.

    Raises:
        SetupError: it cannot be written.
    """
    tables = ["\n".join(["[[faults]]", *map(_line, rule.table().items())]) for rule in rules]
    text = "\n\n".join([*([f"seed = {seed}"] if seed is not None else []), *tables])
    try:
        made = DurableFile(file)
        try:
            made.write(f"{text}\n".encode())
            made.flush()
            publish(made.hidden, file)
        finally:
            made.discard()
    except OSError as error:
        raise SetupError(f"faults {file}: {error.strerror}") from error


def add_rule(file: Path, keys: dict[str, Any]) -> FaultRule:
    """Have a rule of these keys in a file, which is made where there is none; returns it, with the name that
    it has there.

    Raises:
        SetupError: a key is wrong, or the file cannot be read or written.
    """
    rule = make_rule(keys)
    with _alone(file):
        read = read_file(file) if file.exists() else RuleFile()
        taken = [each.name for each in read.faults]
        if rule.name in taken:
            rule = renamed(rule, taken)
        write_file(file, (*read.faults, rule), read.seed)
    return rule


def clear_rules(file: Path, names: Collection[str] = ()) -> list[str]:
    """Take the rules of these names out of a file, or all; returns the names of those that are gone.

    Raises:
        SetupError: there is none of such a name, or the file cannot be read or written.
    """
    with _alone(file):
        read = read_file(file)
        there = [rule.name for rule in read.faults]
        for name in names:
            if name not in there:
                raise SetupError(
                    f"faults {file}: no fault has the name {name}; there are {', '.join(there) or 'none'}"
                )
        gone = set(names or there)
        write_file(file, [rule for rule in read.faults if rule.name not in gone], read.seed)
    return [name for name in there if name in gone]


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else who asks for this changes a file of the same folder meanwhile."""
    try:
        handle = os.open(file.parent, os.O_RDONLY)
    except OSError:
        yield  # that it cannot be written is said by whoever tries
        return
    try:
        with suppress(OSError):  # there are shares on which a folder cannot be locked
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _line(item: tuple[str, Any]) -> str:
    key, value = item
    return f"{key} = {f'0x{value:04X}' if key == 'status' else _value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # JSON's strings, numbers and booleans are TOML's, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
