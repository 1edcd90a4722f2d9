"""`printscp qa calibrate`: a printer's curve from what was read on its films."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printscp.cli.answers import printable, say_json, say_warning
from printscp.cli.qa.measure import (
    Asked,
    ConfigOption,
    MediumOption,
    PrinterOption,
    ProfileOption,
    QaOption,
    measured,
)
from printscp.errors import SetupError

if TYPE_CHECKING:
    from datetime import date

    from printscp.config import Settings
    from printscp.qa.calibration import Calibration


def calibrate(
    printer: PrinterOption,
    readings: Annotated[
        Path | None,
        typer.Argument(metavar="[READINGS.csv]", help="What was read. [default: the latest measurement]"),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Go back to the curve that was in force before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come out; the curve in force stays.")
    ] = False,
    config: ConfigOption = None,
    qa: QaOption = None,
    profile: ProfileOption = None,
    medium: MediumOption = None,
    operator: Annotated[str, typer.Option(help="Who did it. [default: as the readings say]")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Make the curve through which a printer prints what PS3.14 asks for, and put it in force.

    Print a wedge, read it, calibrate; then print it through the curve, and do so again. READINGS.csv are
    measured first, as by printscp qa measure, and kept. Each curve has a version, and stays; readings that do
    not make one are refused, and the curve in force stays.

    printscp qa calibrate readings.csv --printer FILM --dry-run
    """
    from printscp.config import load

    settings, printer = load(config, qa=qa), printer.strip()
    if undo and (readings is not None or dry_run):
        raise SetupError("--undo: goes without READINGS.csv and --dry-run")
    if undo:
        _undo(settings, printer, operator, as_json)
    else:
        _calibrate(settings, printer, readings, Asked(profile, medium), operator, dry_run, as_json)


def _undo(settings: "Settings", printer: str, operator: str, as_json: bool) -> None:
    from datetime import datetime

    from printscp.qa.calibration import Curves

    curves = Curves(settings.qa, printer)
    former, now = curves.undo(operator, datetime.now().astimezone())
    if as_json:
        say_json({"printer": printer, "version": now.version, "undone": former.version})
        return
    typer.echo(
        f"curve version {now.version}, of {_day(now.measured)}, is in force in place of {former.version}"
    )
    _say_what_to_do(curves.link)


def _calibrate(
    settings: "Settings",
    printer: str,
    readings: Path | None,
    asked: Asked,
    operator: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    from datetime import datetime

    from printscp.qa.calibration import Curves, calibrate
    from printscp.qa.store import Measurements

    if readings is not None:
        source, _ = measured(settings, readings, printer, asked, operator=operator)
    else:
        source, _ = Measurements(settings.qa, printer).latest()
    curves = Curves(settings.qa, printer)
    found = calibrate(settings.qa, printer, source, datetime.now().astimezone(), operator)
    if not dry_run:
        curves.add(found.file)
    if as_json:
        say_json(_plain(found, in_force=not dry_run))
        return
    _say(found)
    for remark in found.remarks:
        say_warning(remark)
    if dry_run:
        typer.echo("nothing was put in force")
    else:
        _say_what_to_do(curves.link)


def _say(found: "Calibration") -> None:
    file, (lightest, darkest) = found.file, found.reach
    earlier = f" and {found.films - 1} earlier" if found.films > 1 else ""
    lines = [
        f"curve version {file.version} of {file.printer}, from the film of {_day(file.measured)}{earlier}",
        f"  {found.worst.name} was off most, by {found.worst.error:+.3f} OD",
        f"  aims out of its reach: by {found.short:.3f} OD at most",
        f"  readings lie within {found.residual:.3f} OD of it, {found.apart.name} farthest",
        f"  it reaches {lightest:.2f} to {darkest:.2f} OD",
    ]
    if found.moved is not None:
        lines.append(f"  it differs from version {file.before} by {found.moved:.3f} OD at most")
    for line in lines:
        typer.echo(printable(line))


def _day(measured: "date") -> str:
    """When a film was read, in local time."""
    from datetime import datetime

    return f"{measured.astimezone() if isinstance(measured, datetime) else measured:%Y-%m-%d}"


def _say_what_to_do(link: Path) -> None:
    """The keys of an output that prints through the curve."""
    from json import dumps

    typer.echo("in force for each output of the printer that has these keys, once printscp reload is done:")
    typer.echo('tone = "curve"')
    typer.echo(f"curve = {dumps(str(link.absolute()), ensure_ascii=False)}")


def _plain(found: "Calibration", in_force: bool) -> dict[str, Any]:
    return {
        **found.file.model_dump(mode="json"),
        "in_force": in_force,
        "films": found.films,
        "worst": {"patch": found.worst.name, "error": found.worst.error},
        "residual": {"patch": found.apart.name, "error": found.residual},
        "short": found.short,
        "reach": found.reach,
        "moved": found.moved,
        "remarks": found.remarks,
    }
