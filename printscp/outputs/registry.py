"""Outputs by name: a module of this package with a class `Settings` is a type of output."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic import BaseModel, ValidationError

import printscp.outputs
from printscp.errors import SetupError
from printscp.outputs.output import Output


def open_output(table: Mapping[str, Any]) -> Output:
    """The output that a table of the configuration describes: its ``type``, and the keys of that type.

    Raises:
        SetupError: there is no such type, or a key is missing, unknown or wrong; the message names it.
    """
    keys = dict(table)
    kind = keys.pop("type", None)
    if kind is None:
        raise SetupError("type: is missing")
    try:
        output: Output = settings_of(kind).model_validate(keys)  # type: ignore[assignment]
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise SetupError(": ".join([kind, *(str(part) for part in first["loc"]), reason])) from error
    return output


def settings_of(kind: str) -> type[BaseModel]:
    """The keys of a type of output.

    Raises:
        SetupError: there is no such type; the message names those that there are.
    """
    found = _settings(kind) if kind in _modules() else None
    if found is None:
        raise SetupError(f"type: {kind!r} is none of {', '.join(types())}")
    return found


def types() -> list[str]:
    """The types of output that there are."""
    return [name for name in _modules() if _settings(name) is not None]


def _settings(module: str) -> type[BaseModel] | None:
    return getattr(import_module(f"printscp.outputs.{module}"), "Settings", None)


def _modules() -> list[str]:
    return [name for _, name, _ in iter_modules(printscp.outputs.__path__)]
