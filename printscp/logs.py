"""Structured logs on the standard `logging` module: a short message that is always the same, and its fields.

::

    log.info("request", extra={"service": "N-SET", "status": "0x0000", "ms": 1.2})

Embedded in another program the loggers below ``printscp`` say nothing until that program, or `set_up`, gives
them a handler. `trace` gets every command and data set, and so patient data: it is off until `set_up` opens
it.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal

from printscp.errors import SetupError

_house = logging.getLogger("printscp")
_house.addHandler(logging.NullHandler())

trace = logging.getLogger("printscp.trace")
"""Ask ``trace.isEnabledFor(logging.DEBUG)`` before a message is made: off, it costs nothing. The first line
of a message is its heading; the dump follows on further lines."""
# Patient data must not turn up where another program logs all it can get.
trace.propagate = False
trace.setLevel(logging.CRITICAL + 1)

_NO_FIELDS = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """``TIME LEVEL LOGGER: message key=value key="two words"``, for people, and to be split by programs.

    Nothing that comes from outside can forge a line or a field: what holds a quote, an equals sign or a
    control character is quoted and escaped, and lines that belong to the one before begin with spaces.
    """

    def format(self, record: logging.LogRecord) -> str:
        return f"{_time(record)} {record.levelname} {record.name}: {self.body(record)}"

    def body(self, record: logging.LogRecord) -> str:
        """All but time, level and logger."""
        return _lines(record.getMessage(), "", record)


class TerminalFormatter(TextFormatter):
    """The same where the handler shows time and level by itself."""

    def format(self, record: logging.LogRecord) -> str:
        return self.body(record)


class TraceFormatter(TextFormatter):
    """The same for messages of many lines, which stay apart."""

    def body(self, record: logging.LogRecord) -> str:
        heading, _, dump = record.getMessage().partition("\n")
        return _lines(heading, dump, record)


class JSONFormatter(logging.Formatter):
    """One object a line: time (RFC 3339, UTC), level, logger, message; fields and exception if there are."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _time(record, UTC).replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        more = {"fields": _fields(record), "exception": _exception(record)}
        return json.dumps(entry | {key: value for key, value in more.items() if value}, default=str)


def set_up(level: int, log_format: Literal["text", "json"], trace_to: str | None = None) -> None:
    """Log to standard error from ``level`` up, for a process of our own; on a terminal text is set by rich.

    ``trace_to`` is the file that `trace` is appended to, which only its owner may read, or ``-`` for standard
    error.

    Raises:
        SetupError: that file cannot be written.
    """
    _house.handlers = [_to_stderr(log_format)]
    _house.setLevel(level)
    if trace_to is not None:
        handler = logging.StreamHandler() if trace_to == "-" else _to_file(Path(trace_to))
        handler.setFormatter(JSONFormatter() if log_format == "json" else TraceFormatter())
        trace.handlers = [handler]
        trace.setLevel(logging.DEBUG)


def _to_stderr(log_format: Literal["text", "json"]) -> logging.Handler:
    if log_format == "text" and sys.stderr.isatty():
        from rich.console import Console
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False)
        handler.setFormatter(TerminalFormatter())
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(JSONFormatter() if log_format == "json" else TextFormatter())
    return handler


def _to_file(path: Path) -> logging.Handler:
    try:
        path.touch(mode=0o600)
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"trace {path}: {error.strerror}") from error


def _time(record: logging.LogRecord, zone: tzinfo | None = None) -> str:
    """RFC 3339, to the millisecond; without ``zone`` in local time."""
    return datetime.fromtimestamp(record.created, UTC).astimezone(zone).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The ``extra`` of a message; a field that is None is left out."""
    return {key: value for key, value in vars(record).items() if key not in _NO_FIELDS and value is not None}


def _exception(record: logging.LogRecord) -> str:
    """Where an exception came from and its type; its message may quote what an SCU sent."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return "".join([*traceback.format_tb(record.exc_info[2]), record.exc_info[0].__qualname__])


def _lines(message: str, dump: str, record: logging.LogRecord) -> str:
    words = [_quoted(message, "=")]
    words += [f"{key}={_quoted(str(value), '= ')}" for key, value in _fields(record).items()]
    more = [*dump.splitlines(), *_exception(record).splitlines()]
    return "\n".join([" ".join(words), *(f"    {_escaped(line)}" for line in more)])


def _quoted(text: str, unsafe: str) -> str:
    """``text`` as it is; in quotes where it is empty, has a quote, a control or one of ``unsafe`` in it."""
    if text and text.isprintable() and not any(character in text for character in f'"{unsafe}'):
        return text
    doubled = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(doubled)}"'


def _escaped(text: str) -> str:
    """What could move the cursor, end the line or turn the writing direction, as Python writes it."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
