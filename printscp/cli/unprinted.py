"""What there is to say of associations that made no job: a row each."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from printscp.cli.answers import printable
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.transcript import Transcript


def listed(spool: Path) -> list[dict[str, Any]]:
    """Those that are kept in a spool folder, the newest first.

    Raises:
        SetupError: the folder cannot be read.
    """
    from printscp.spool.unprinted import Unprinted
    from printscp.transcript.file import DamagedTranscript, load

    rows = []
    try:
        for number, path in enumerate(Unprinted(spool).newest(), start=1):
            try:
                rows.append({"number": number, **_row(load(path.read_bytes()))})
            except (DamagedTranscript, FileNotFoundError) as error:
                rows.append({"number": number, "error": str(error)})
    except OSError as error:
        raise SetupError(f"spool {spool}: {error.strerror}") from error
    return rows


def said(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The rows as lines for people."""
    if not rows:
        yield "every association that wanted to print made a job"
    for row in rows:
        name = f"unprinted:{row['number']}" if row["number"] > 1 else "unprinted"
        if "error" in row:
            yield f"{name:13} {row['error']}"
            continue
        outcome = row["refused"] or row["ended"]
        who = f"{row['calling']} > {row['printer']}"
        yield printable(f"{name:13} {row['began']}  {who}  {row['requests']} requests  {outcome}")


def _row(dialogue: "Transcript") -> dict[str, Any]:
    from printscp.transcript.words import ended, refused

    return {
        "began": dialogue.began.astimezone().isoformat(sep=" ", timespec="seconds"),
        "calling": dialogue.calling,
        "printer": dialogue.printer,
        "requests": sum(1 for _ in dialogue.exchanges()),
        "refused": next(iter(refused(dialogue)), ""),
        "ended": ended(dialogue),
    }
