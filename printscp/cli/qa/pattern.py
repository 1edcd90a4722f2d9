"""`printscp qa pattern`: test patterns as DICOM images."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from printscp.cli.answers import say_json
from printscp.errors import SetupError

_WIDE = 160  # columns of a table that goes into a pipe


def pattern(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME... | all", help="Patterns; --list names them.")
    ] = None,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write NAME.dcm.")] = Path(),
    matrix: Annotated[
        str, typer.Option(metavar="COLUMNSxROWS", help="Size of the images in pixels.")
    ] = "1024x1024",
    bits: Annotated[int, typer.Option(help="8 or 12.")] = 12,
    width_mm: Annotated[
        float | None,
        typer.Option(metavar="MM", help="Width at true size. [default: 250 for the longer side of geometry]"),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Say what patterns there are.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what programs should know of them, and write nothing.")
    ] = False,
) -> None:
    """Write test patterns as DICOM images that any SCU can print, or list them.

    Each holds a note for programs of where its patches are and what P-values they have.
    """
    if list_:
        _list(as_json)
        return
    if not names:
        raise SetupError("which pattern? give NAME, or all; --list names them")
    from printscp.qa.dicom import note, write
    from printscp.qa.patterns import PATTERNS, draw

    columns, rows = parse_matrix(matrix)
    notes = []
    for name in PATTERNS if "all" in names else names:
        drawn = draw(name, columns, rows, bits, width_mm)
        if as_json:
            notes.append(note(drawn).model_dump(mode="json"))
        else:
            path = to / f"{name}.dcm"
            write(drawn, path)
            typer.echo(path)
    if as_json:
        say_json(notes[0] if len(notes) == 1 else notes)


def parse_matrix(text: str) -> tuple[int, int]:
    """Columns and rows of COLUMNSxROWS.

    Raises:
        SetupError: it is written otherwise.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})[xX]([1-9][0-9]{0,4})", text)
    if match is None:
        raise SetupError(f"--matrix {text}: give COLUMNSxROWS, as 1024x1024")
    return int(match[1]), int(match[2])


def _list(as_json: bool) -> None:
    from printscp.qa.patterns import PATTERNS

    if as_json:
        say_json(
            [{"name": each.name, "title": each.title, "source": each.source} for each in PATTERNS.values()]
        )
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Name", "Title", "Source")
    for each in PATTERNS.values():
        table.add_row(each.name, each.title, each.source)
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
