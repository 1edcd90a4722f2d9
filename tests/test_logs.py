"""Lines of the log: whole, and impossible to forge from outside; and a trace that is off unless asked for."""

import io
import json
import logging
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from printscp.errors import SetupError
from printscp.logs import JSONFormatter, TerminalFormatter, TextFormatter, TraceFormatter, set_up, trace


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """Both loggers as they were."""
    loggers = [logging.getLogger("printscp"), trace]
    before = [(logger.level, logger.handlers) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        for handler in logger.handlers:
            if handler not in handlers:
                handler.close()
        logger.handlers = handlers
        logger.setLevel(level)


def record(message: str, *args: object, error: Exception | None = None, **extra: Any) -> logging.LogRecord:
    """As `Logger` makes it."""
    info = (type(error), error, error.__traceback__) if error else None
    return logging.getLogger("printscp.test").makeRecord(
        "printscp.test", logging.INFO, "file", 1, message, args, info, extra=extra
    )


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"


def test_a_line_of_text() -> None:
    line = TextFormatter().format(
        record("request", service="N-SET", status="0x0000", ms=1.2, sop_class="Film Box", comment=None)
    )
    when, _, rest = line.partition(" ")
    assert re.fullmatch(TIME, when)
    assert abs(datetime.fromisoformat(when) - datetime.now(UTC)) < timedelta(minutes=1)
    assert rest == 'INFO printscp.test: request service=N-SET status=0x0000 ms=1.2 sop_class="Film Box"'


def test_a_line_of_json() -> None:
    entry = json.loads(
        JSONFormatter().format(record("request %d", 3, status="0x0000", ms=1.2, path=Path("x"), no=None))
    )
    assert datetime.fromisoformat(entry["time"]).tzinfo is not None
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "INFO",
        "logger": "printscp.test",
        "message": "request 3",
        "fields": {"status": "0x0000", "ms": 1.2, "path": "x"},
    }


def _unescaped(word: str) -> str:
    """What stands between quotes."""
    return re.sub(
        r"\\(x..|u.{4}|U.{8}|.)",
        lambda escape: escape[1] if escape[1] in '"\\' else escape[0].encode().decode("unicode_escape"),
        word[1:-1],
    )


def parsed(line: str) -> tuple[str, dict[str, str]]:
    """Message and fields of a line of text, read by nothing but its grammar."""
    quoted = r'"(?:[^"\\]|\\.)*"'
    match = re.fullmatch(
        rf'{TIME} INFO printscp\.test: ({quoted}|[^"=]+?)((?: \w+=(?:{quoted}|[^" =]+))*)', line
    )
    assert match is not None, line
    words = {
        key: _unescaped(value) if value.startswith('"') else value
        for key, value in re.findall(rf' (\w+)=({quoted}|[^" =]+)', match[2])
    }
    return (_unescaped(match[1]) if match[1].startswith('"') else match[1]), words


@given(message=st.text(), peer=st.text(), comment=st.text())
@example(message="x", peer='A" status="0x0000', comment="")
@example(message="x", peer="A\n2026-11-21T23:57:26.372+00:00 INFO printscp.test: forged", comment="\\")
@example(message="request status=0x0000", peer="A\r\x1b[2J\x85\u2028\u202e", comment="a b")
@example(message="\n", peer="\ud800", comment="\\n")
@example(message='"', peer='"', comment='a"b')
@example(message="a\\n=", peer="a \\n", comment='\\" ')
def test_what_is_logged_is_one_line_from_which_it_can_be_read_again(
    message: str, peer: str, comment: str
) -> None:
    given = record("%s", message, peer=peer, comment=comment)
    line = TextFormatter().format(given)
    assert line.isprintable()
    assert parsed(line) == (message, {"peer": peer, "comment": comment})
    entry = JSONFormatter().format(given)
    assert entry.isprintable()
    assert entry.isascii()
    assert json.loads(entry)["message"] == message
    assert json.loads(entry)["fields"] == {"peer": peer, "comment": comment}


def test_an_exception_tells_its_place_and_type_but_not_what_an_scu_sent() -> None:
    sent = "DOE^JOHN"
    try:
        raise ValueError(sent)
    except ValueError as error:
        failed = record("failed", error=error)
    first, *more = TextFormatter().format(failed).split("\n")
    assert first.endswith(": failed")
    assert more[0].startswith("      File ")
    assert more[-1] == "    ValueError"
    assert all(line.startswith("    ") and line.isprintable() for line in more)
    entry = JSONFormatter().format(failed)
    assert entry.isprintable()
    assert json.loads(entry)["exception"].endswith("ValueError")
    assert sent not in entry + "".join(more)


def test_a_dump_stays_readable_and_below_its_heading() -> None:
    message = "CT1@10.1.0.5 received\n(0010,0010) 'DOE^JOHN'\n(0010,0020) '\x1b[2J'"
    heading, *dump = TraceFormatter().format(record(message, ms=1)).split("\n")
    assert heading.endswith(" INFO printscp.test: CT1@10.1.0.5 received ms=1")
    assert dump == ["    (0010,0010) 'DOE^JOHN'", r"    (0010,0020) '\x1b[2J'"]


def test_a_terminal_shows_time_and_level_by_itself() -> None:
    assert TerminalFormatter().format(record("request", ms=1)) == "request ms=1"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_set_up_logs_to_standard_error(
    log_format: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("printscp.wire")
    set_up(logging.INFO, log_format)
    log.debug("not told")
    log.info("request", extra={"status": "0x0000"})
    set_up(logging.WARNING, log_format)
    log.info("not told")
    log.warning("once")
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    if log_format == "json":
        assert json.loads(first)["fields"] == {"status": "0x0000"}
        assert json.loads(second)["message"] == "once"
    else:
        assert first.endswith(" INFO printscp.wire: request status=0x0000")
        assert second.endswith(" WARNING printscp.wire: once")


def test_on_a_terminal_rich_sets_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    set_up(logging.INFO, "text")
    logging.getLogger("printscp.wire").info("[bold]request", extra={"status": "0x0000"})
    told = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "INFO" in told
    assert "[bold]" in re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert TIME not in told


def test_the_trace_goes_to_a_file_of_its_owner_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "trace"
    for _ in range(2):
        set_up(logging.DEBUG, "text", str(file))
        trace.debug("received\n(0010,0010) 'DOE^JOHN'")
        trace.handlers[0].close()
    assert file.read_text().count("received\n    (0010,0010) 'DOE^JOHN'\n") == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert capsys.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_trace_goes_to_standard_error_where_that_is_asked_for(
    log_format: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(logging.WARNING, log_format, "-")
    trace.debug("received\nof %s", "DOE^JOHN")
    told = capsys.readouterr().err
    if log_format == "json":
        assert json.loads(told)["message"] == "received\nof DOE^JOHN"
    else:
        assert told.endswith(" DEBUG printscp.trace: received\n    of DOE^JOHN\n")


def test_a_trace_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"^trace .*/no/trace: No such file or directory$"):
        set_up(logging.INFO, "text", str(tmp_path / "no" / "trace"))
    with pytest.raises(SetupError, match="Is a directory"):
        set_up(logging.INFO, "text", str(tmp_path))


EMBEDDED = """
import logging, sys
from printscp.logs import trace
logging.getLogger("printscp.wire").error("nobody asked")
trace.critical("nobody asked")
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(message)s")
logging.getLogger("printscp.wire").debug("asked for")
trace.critical("nobody asked")
assert not trace.isEnabledFor(logging.DEBUG)
"""


def test_embedded_in_a_program_nothing_is_told_that_it_did_not_ask_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EMBEDDED], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("asked for\n", "")
