"""`printscp conformance`: the conformance statement."""

from pathlib import Path
from typing import Annotated

import typer

from printscp.errors import SetupError


def conformance(
    config: Annotated[Path | None, typer.Option(help="TOML file of the printers.")] = None,
    layouts: Annotated[
        Path | None, typer.Option(help="Folder of layouts beside those that come along.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File to write. [default: standard output]")] = None,
) -> None:
    """Write the DICOM conformance statement of the printers as they are configured."""
    from printscp.config import load
    from printscp.conformance import statement

    text = statement(load(config, layouts=layouts))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{output}: {error.strerror}") from error
