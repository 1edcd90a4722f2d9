"""Outputs by name, and the routes that choose among them."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from printscp.config.values import AETitle, by_commas

_LONGEST_NAME = 64


def _name(value: Any) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"the name of an output has 1 to {_LONGEST_NAME} printable characters")
    return name


def _output(value: Any) -> str | dict[str, Any]:
    if isinstance(value, str):
        return _name(value)
    if not isinstance(value, dict):
        raise ValueError("is neither a table nor the name of an output")
    if not isinstance(value.get("type"), str):
        raise ValueError("type: is missing")
    table = {key: str(each) if isinstance(each, Path) else each for key, each in value.items()}
    return {**table, "name": _name(table["name"])} if "name" in table else table


OutputOrName = Annotated[str | dict[str, Any], PlainValidator(_output)]
"""A table that describes an output, or the name of one that is described elsewhere."""


def named(output: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name of an output, and its table without it. One that is not given is made of type and place."""
    if isinstance(output, str):
        return output, {}
    table = dict(output)
    name = table.pop("name", None)
    return name or " ".join(filter(None, (table["type"], place_of(table)))), table


def place_of(table: Mapping[str, Any]) -> str:
    """Where the table of an output has its films go, without a password."""
    if "folder" in table:
        return str(Path(str(table["folder"])))
    if "uri" in table:
        return re.sub(r"//[^/]*@", "//", str(table["uri"]))  # a name is shown, a password is not
    return ":".join(str(table[key]) for key in ("host", "port") if key in table)


def check_files(ways: Mapping[str, Mapping[str, Any]]) -> None:
    """No output writes over the files of another.

    Raises:
        ValueError: two would; the message names them.
    """
    writers: dict[tuple[str, str, str], str] = {}
    for name, table in ways.items():
        if "folder" in table:
            folder = str(Path(str(table["folder"])).resolve())
            other = writers.setdefault((table["type"], folder, str(table.get("file_name"))), name)
            if other != name:
                raise ValueError(
                    f"outputs: {other!r} and {name!r} leave the same files in {folder}, and one would "
                    "overwrite the other: give one another folder or file_name"
                )


def _term(value: str) -> str:
    term = value.strip().upper()
    if not re.fullmatch(r"[A-Z0-9_ ]{1,16}", term):
        raise ValueError("a term has 1 to 16 capitals, digits, spaces and underscores (PS3.5 6.2, CS)")
    return term


_Names = Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], BeforeValidator(by_commas)]
_Titles = Annotated[tuple[AETitle, ...], BeforeValidator(by_commas)]
_Terms = Annotated[tuple[Annotated[str, AfterValidator(_term)], ...], BeforeValidator(by_commas)]


class RouteSettings(BaseModel):
    """One of ``[[routes]]``: which films it takes, and to what outputs. A key that is not given takes all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    called: _Titles = Field((), min_length=1, description="AE titles of printers, * and ? as wildcards.")
    calling: _Titles = Field((), min_length=1, description="AE titles of SCUs, * and ? as wildcards.")
    film_size: _Terms = Field(
        (), min_length=1, description="Film Size IDs; of a job, each film must have one."
    )
    medium: _Terms = Field((), min_length=1, description="Medium Types.")
    destination: _Terms = Field((), min_length=1, description="Film Destinations.")
    color: bool | None = Field(None, description="true: jobs with color films; false: those without any.")
    outputs: _Names = Field(min_length=1, description="Names of the outputs.")

    def is_for(self, printer_name: str) -> bool:
        """It may take films of this printer."""
        return not self.called or any(matches(printer_name, pattern) for pattern in self.called)

    def takes_all_of(self, printer_name: str) -> bool:
        """No film of this printer goes past it."""
        others = (self.calling, self.film_size, self.medium, self.destination)
        return self.is_for(printer_name) and self.color is None and not any(others)

    def takes(
        self,
        called: str,
        calling: str,
        film_sizes: Collection[str],
        medium: str,
        destination: str,
        color: bool,
    ) -> bool:
        """A job goes this way; see `Settings.route`."""
        return (
            self.is_for(called)
            and (not self.calling or any(matches(calling, pattern) for pattern in self.calling))
            and (not self.film_size or set(film_sizes) <= set(self.film_size))
            and (not self.medium or medium in self.medium)
            and (not self.destination or destination in self.destination)
            and self.color in (None, color)
        )


def matches(title: str, pattern: str) -> bool:
    """An AE title is one that a pattern with ``*`` and ``?`` means; a bracket may be part of a title."""
    return fnmatchcase(title, pattern.replace("[", "[[]"))
