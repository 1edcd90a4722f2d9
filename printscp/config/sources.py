"""Where settings come from: flags, over environment variables, over a file."""

import json
import os
from collections.abc import Collection, Mapping
from typing import Any

from printscp.errors import SetupError

_PREFIX = "printscp_"
_BETWEEN = "__"  # a table and its key
_TABLES = frozenset(("tls", "web", "outputs", "routes", "printers"))


def environment(keys: Collection[str]) -> dict[str, Any]:
    """Values of settings from ``PRINTSCP_KEY``, in either case, and ``PRINTSCP_TABLE__KEY``; tables are JSON.

    Raises:
        SetupError: a variable that holds tables is no JSON.
    """
    found: dict[str, Any] = {}
    for name, text in sorted(os.environ.items()):  # a whole table first: its single keys are over it
        key, *inner = name.lower().removeprefix(_PREFIX).split(_BETWEEN)
        if name.lower().startswith(_PREFIX) and key in keys:
            value = _from_json(key, text) if key in _TABLES and not inner else text
            for part in reversed(inner):
                value = {part: value}
            found = over({key: value}, found)
    return found


def over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """Both, ``upper`` first; tables that both have are merged key by key."""
    both = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        both[key] = over(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
    return both


def _from_json(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SetupError(f"configuration: {key}: the environment variable holds no JSON: {error}") from error
