"""`printscp qa measure`: readings of a densitometer."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.errors import SetupError

if TYPE_CHECKING:
    from rich.table import Table

    from printscp.config import Settings
    from printscp.qa.finding import Finding
    from printscp.qa.limits import Limits
    from printscp.qa.measurement import Measurement

_COLORS = {"pass": "green", "fail": "red", "note": "yellow"}
_Film = tuple[float, float, float, float]  # two densities in OD, L0 and La in cd/m2
_WIDE = 160  # columns of a table that goes into a pipe

PrinterOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="AE title of a printer of the configuration, or a name of your own, with --profile.",
    ),
]
QaOption = Annotated[
    Path | None, typer.Option("--qa", help="Folder of quality assurance. [default: printscp-qa]")
]
ConfigOption = Annotated[Path | None, typer.Option(help="TOML file of the printers.")]
LimitsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml", help="Limits of the site. [default: limits.toml in the printer's folder]"
    ),
]
ProfileOption = Annotated[
    str | None, typer.Option(help="Printer profile. [default: that of the configuration, or imager17]")
]
MediumOption = Annotated[str | None, typer.Option(help="Medium Type of the film, as PAPER.")]


@dataclass(frozen=True)
class Asked:
    """What options say of the films that a printer makes; None leaves it to its profile. Densities in OD,
    light in cd/m2."""

    profile: str | None = None
    medium: str | None = None
    min_density: float | None = None
    max_density: float | None = None
    illumination: float | None = None
    ambient: float | None = None


def measure(
    printer: PrinterOption,
    readings: Annotated[Path | None, typer.Argument(metavar="[READINGS.csv]", help="What was read.")] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print the file for readings, to be filled in.")
    ] = False,
    pattern: Annotated[
        str | None, typer.Option(help="Of readings that do not say which. [default: wedge-32]")
    ] = None,
    config: ConfigOption = None,
    qa: QaOption = None,
    profile: ProfileOption = None,
    medium: MediumOption = None,
    min_density: Annotated[
        float | None, typer.Option(help="That the film asked for, in OD, as 0.20.")
    ] = None,
    max_density: Annotated[
        float | None, typer.Option(help="That the film asked for, in OD, as 3.10.")
    ] = None,
    illumination: Annotated[
        float | None, typer.Option(help="Of the light box that the film is for (L0), in cd/m2.")
    ] = None,
    ambient: Annotated[
        float | None, typer.Option(help="Ambient light that it reflects there (La), in cd/m2.")
    ] = None,
    operator: Annotated[str, typer.Option(help="Who read it. [default: as the readings say]")] = "",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Later measurements of this pattern are compared to this one.")
    ] = False,
    limits: LimitsOption = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Write a report.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Judge what a densitometer read on a film, and keep it in the printer's history.

    Print a pattern, read its patches, and write what was read into the file that --template prints. What a
    film is to be is taken from the printer's profile, the options go over it. Exit code 6 says that something
    is out of its limits; the measurement is kept all the same.

    printscp qa measure --template --printer FILM > readings.csv

    printscp qa measure readings.csv --printer FILM --report film.pdf
    """
    from printscp.config import load

    settings, printer = load(config, qa=qa), printer.strip()
    if template == (readings is not None):
        raise SetupError("give READINGS.csv, or --template for such a file to be filled in")
    if readings is None:
        _say_template(settings, printer, pattern)
        return
    asked = Asked(profile, medium, min_density, max_density, illumination, ambient)
    file, found = measured(
        settings,
        readings,
        printer,
        asked,
        pattern=pattern,
        operator=operator,
        limits=limits,
        as_baseline=baseline,
    )
    write_reports(found, report, csv)
    if as_json:
        from printscp.qa.report import measurement_json

        say_json(measurement_json(found) | {"file": str(file)})
    else:
        _say(found, file)
    if not found.passed:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def measured(
    settings: "Settings",
    readings: Path,
    printer: str,
    asked: Asked,
    *,
    pattern: str | None = None,
    operator: str = "",
    limits: Path | None = None,
    as_baseline: bool = False,
) -> "tuple[Path, Measurement]":
    """Measure, and keep it in the printer's history; returns the file it is kept in, too.

    Raises:
        SetupError
    """
    from datetime import UTC, datetime

    from printscp.qa.measure import asked_scale, measure
    from printscp.qa.readings import read
    from printscp.qa.store import Measurements, curve_version

    history = Measurements(settings.qa, printer)
    name, film, whole = _profile(settings, printer, asked)
    found = read(readings, pattern)
    if found.curve is None and (version := curve_version(settings.qa, printer)):
        raise SetupError(
            f"readings {readings}: say through which curve the film was printed, by a line "
            f"'# curve version: {version}', or 0 for none"
        )
    measurement = measure(
        found,
        printer,
        name,
        asked_scale(*film),
        datetime.now(UTC),
        limits=limits_of(settings, printer, limits),
        operator=operator,
        baseline=history.baseline(found.pattern),
        as_baseline=as_baseline,
        printed_in=asked_scale(*whole),
    )
    return history.add(measurement), measurement


def limits_of(settings: "Settings", printer: str, file: Path | None) -> "Limits":
    """The limits in force for a printer.

    Raises:
        SetupError
    """
    from printscp.qa import limits

    return limits.limits_of(settings.qa, printer) if file is None else limits.read_limits(file)


def findings_table(findings: "Iterable[Finding]") -> "Table":
    """What was checked, a line each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for each in findings:
        source = f" [{each.source}]" if each.source else ""
        said = Text(printable(each.text)).append(source, "dim")
        table.add_row(Text(each.outcome, _COLORS[each.outcome]), Text(each.check), said)
    return table


def say_tables(tables: "Sequence[Table]") -> None:
    """Tables one below the other."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for number, table in enumerate(tables):
        console.print(*([""] if number else []), table, sep="\n")


def write_text(file: Path, text: str) -> None:
    """Write a file that was asked for.

    Raises:
        SetupError: it cannot be.
    """
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SetupError(f"{file}: {error.strerror or error}") from error


def write_reports(measurement: "Measurement", report: Path | None, csv: Path | None) -> None:
    """Write the reports of a measurement that were asked for."""
    if report is not None:
        from printscp.qa.report import measurement_report

        measurement_report(measurement, report)
    if csv is not None:
        from printscp.qa.report import measurement_csv

        write_text(csv, measurement_csv(measurement))


def _say_template(settings: "Settings", printer: str, pattern: str | None) -> None:
    from printscp.qa.readings import DEFAULT_PATTERN, template
    from printscp.qa.store import curve_version

    version = curve_version(settings.qa, printer)
    typer.echo(template(pattern or DEFAULT_PATTERN, printer, version), nl=False)


def _profile(settings: "Settings", printer: str, asked: Asked) -> tuple[str, _Film, _Film]:
    """Name of the printer's profile; what a film asks for, and the printer's whole range."""
    from printscp.catalog import Catalog

    catalog = Catalog(settings.layouts)
    settings = settings.with_personas(catalog.profile_names)
    configured = {each.announced_ae_title: each.profile for each in settings.printers}
    profile = catalog.profile(asked.profile or configured.get(printer, "imager17"))
    name = f"{profile.name} ({profile.manufacturer} {profile.model})"
    if asked.medium is not None:
        if asked.medium not in profile.media:
            raise SetupError(
                f"{profile.name}: no medium {asked.medium!r}: there are {', '.join(profile.media)}"
            )
        profile, name = profile.on(asked.medium), f"{name}, {asked.medium}"
    darkest, lightest = profile.max_density / 100, profile.min_density / 100
    low = lightest if asked.min_density is None else asked.min_density
    high = darkest if asked.max_density is None else asked.max_density
    light = float(profile.illumination) if asked.illumination is None else asked.illumination
    ambient = float(profile.reflected_ambient_light) if asked.ambient is None else asked.ambient
    # No film asks for more than its printer has: where one does, the profile is that of another.
    whole = min(low, lightest), max(high, darkest)
    return name, (low, high, light, ambient), (*whole, light, ambient)


def _say(measurement: "Measurement", file: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    made, scale = measurement.provenance.made.astimezone(), measurement.scale
    typer.echo(
        printable(
            f"{measurement.provenance.printer}: {measurement.pattern} of {made:%Y-%m-%d %H:%M}, "
            f"{scale.min_density:.2f} to {scale.max_density:.2f} OD, "
            f"L0 {scale.illumination:g}, La {scale.ambient:g} cd/m2, curve version {measurement.curve}"
        )
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("patch")
    for heading in ("P-value (8 bits)", "aim", "read", "error", "JND per P-value"):
        table.add_column(heading, justify="right")
    slopes = dict(zip(measurement.response.p_values[1:], measurement.response.per_p_value, strict=True))
    for step in measurement.steps:
        slope = slopes.get(step.p_value)
        table.add_row(
            Text(step.name),
            f"{step.p_value * 255:.1f}",
            f"{step.aim:.3f}",
            f"{step.density:.3f}",
            f"{step.error:+.3f}",
            "" if slope is None else f"{slope:.2f}",
        )
    say_tables([table, findings_table(measurement.findings)])
    typer.echo(f"kept as {file}")
