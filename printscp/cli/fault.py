"""`printscp fault`: faults that printers make on purpose, so that SCUs can be tested."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printscp.cli.answers import say_json
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.faults import FaultRule

_WIDTH = 100  # columns of what is said of a fault

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Faults that a printer makes on purpose, so that SCUs can be tested: printscp serve --faults FILE "
    "starts one that does as the file says, and looks at it again at each association and request. These "
    "commands list and change the file, also while printers run; comments in it are lost. docs/faults.md "
    "tells what each fault is.",
)

FaultsOption = Annotated[
    Path | None,
    typer.Option("--faults", metavar="FILE", help="TOML file of the faults. [default: as the printer's]"),
]
ConfigOption = Annotated[
    Path | None, typer.Option(help="TOML file of the printer, whose setting faults names the file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


@app.command("list")
def list_rules(faults: FaultsOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the faults that there are to be."""
    from printscp.faults.file import read_file

    read = read_file(_file(faults, config))
    if as_json:
        say_json({"seed": read.seed, "faults": [rule.table() for rule in read.faults]})
        return
    if not read.faults:
        typer.echo("no faults")
    for rule in read.faults:
        typer.echo(_line(rule))


@app.command()
def add(
    context: typer.Context,
    fault: Annotated[str, typer.Argument(metavar="FAULT", help="As printscp fault kinds lists them.")],
    name: Annotated[
        str | None, typer.Option(help="Name, to clear it by. [default: that of the fault]")
    ] = None,
    printer: Annotated[
        str | None, typer.Option(metavar="AE", help="Printers, as FILM*. [default: all]")
    ] = None,
    calling: Annotated[str | None, typer.Option(metavar="AE", help="SCUs, as CT*. [default: all]")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="STEP", help="When: a step, as film-box.action or *.set.")
    ] = None,
    after: Annotated[int | None, typer.Option(help="Let so many steps pass first. [default: 0]")] = None,
    times: Annotated[int | None, typer.Option(help="How often; 0: always. [default: 0]")] = None,
    when: Annotated[
        str | None, typer.Option(help="before the request is carried out, instead of the answer, or after.")
    ] = None,
    info: Annotated[str | None, typer.Option(metavar="TERM", help="Status Info, as 'FILM JAM'.")] = None,
    printer_status: Annotated[str | None, typer.Option(help="WARNING or FAILURE.")] = None,
    films: Annotated[int | None, typer.Option(help="How many there are.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long.")] = None,
    status: Annotated[str | None, typer.Option(metavar="CODE", help="Status, as 0x0110.")] = None,
    comment: Annotated[str | None, typer.Option(help="Error Comment.")] = None,
    reason: Annotated[str | None, typer.Option(help="Of a rejection.")] = None,
    result: Annotated[str | None, typer.Option(help="permanent or transient.")] = None,
    keyword: Annotated[
        list[str] | None, typer.Option(metavar="KEYWORD", help="Attribute that is missing; may be repeated.")
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="KEYWORD=VALUE", help="Attribute that is wrong; may be repeated."),
    ] = None,
    printing: Annotated[
        bool | None, typer.Option(help="Whether a job is said to print before it fails.")
    ] = None,
    faults: FaultsOption = None,
    config: ConfigOption = None,
) -> None:
    """Have a fault happen.

    For instance: printscp fault add abort --at film-box.action --after 2 --times 1 --faults faults.toml
    """
    from printscp.faults.fault import OF_ALL, PARAMETERS
    from printscp.faults.file import add_rule

    said = {key: each for key, each in context.params.items() if key in PARAMETERS or key in OF_ALL}
    said |= {"keywords": keyword or None, "values": _values(value or [])}
    rule = add_rule(_file(faults, config), {key: each for key, each in said.items() if each is not None})
    typer.echo(_line(rule))


@app.command()
def clear(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Which; without any: all.")
    ] = None,
    faults: FaultsOption = None,
    config: ConfigOption = None,
) -> None:
    """Take faults back: a printer that is out of film is refilled, and its jobs go on."""
    from printscp.faults.file import clear_rules

    gone = clear_rules(_file(faults, config), names or ())
    typer.echo(f"cleared: {', '.join(gone) or 'nothing'}")


@app.command()
def kinds(as_json: JsonOption = False) -> None:
    """List the faults that a printer can make, their keys, and the steps at which they can be."""
    import textwrap

    from printscp.faults.fault import PARAMETERS, STEPS, Fault
    from printscp.faults.rule import keys_of
    from printscp.faults.terms import TERMS

    if as_json:
        say_json(
            {
                "faults": [
                    {"fault": each, "does": each.does, "cause": each.cause, "keys": keys_of(each)}
                    | {"presets": dict(each.presets), "steps": each.kind.value.steps}
                    for each in Fault
                ],
                "keys": PARAMETERS,
                "steps": STEPS,
                "terms": TERMS,
            }
        )
        return

    def say(head: str, text: str) -> None:
        whole = f"{head}: {text}".replace("`", "")
        lines = textwrap.wrap(whole, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        typer.echo("\n".join(lines))

    for each in Fault:
        say(each, f"{each.does} In the field: {each.cause}. Keys: {', '.join(keys_of(each)[2:])}.")
    typer.echo()
    for key, text in PARAMETERS.items():
        say(key, text)
    typer.echo()
    say("steps", ", ".join(STEPS))
    say("terms for info", ", ".join(TERMS))


def _file(faults: Path | None, config: Path | None) -> Path:
    """The file of the faults.

    Raises:
        SetupError: none is given.
    """
    if faults is not None:
        return faults
    from printscp.config import load

    named = load(config).faults
    if named is None:
        raise SetupError("which faults: give --faults FILE, or --config FILE of a printer that has some")
    return named


def _values(pairs: list[str]) -> dict[str, Any] | None:
    from printscp.faults.rule import as_written

    values: dict[str, Any] = {}
    for pair in pairs:
        keyword, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r}: KEYWORD=VALUE is wanted", param_hint="--value")
        values[keyword] = as_written(keyword, value)
    return values or None


def _line(rule: "FaultRule") -> str:
    table = rule.table()
    rest = [f"{key}={each}" for key, each in table.items() if key not in ("name", "fault", "status")]
    if rule.status:
        rest.insert(0, f"status=0x{rule.status:04X}")
    kind = "" if rule.name == rule.fault else f" ({rule.fault})"
    return " ".join([f"{rule.name}{kind}", *rest])
