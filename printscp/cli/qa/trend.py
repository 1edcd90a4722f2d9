"""`printscp qa trend`: control charts of a printer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.cli.qa.measure import (
    ConfigOption,
    LimitsOption,
    PrinterOption,
    QaOption,
    limits_of,
    say_tables,
    write_text,
)

if TYPE_CHECKING:
    from printscp.qa.trend import Chart, Trend


def trend(
    printer: PrinterOption,
    config: ConfigOption = None,
    qa: QaOption = None,
    limits: LimitsOption = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Draw the charts.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show what a printer's measurements say, one after the other.

    Exit code 6 says that a quantity is out of its limits, as it was measured last.

    printscp qa trend --printer FILM --report trend.pdf
    """
    from printscp.config import load
    from printscp.qa.store import Measurements
    from printscp.qa.trend import trend as charted

    settings, printer = load(config, qa=qa), printer.strip()
    history = Measurements(settings.qa, printer)
    history.latest()  # says it if there is none
    found = charted(printer, history.all(), limits_of(settings, printer, limits))
    if report is not None:
        from printscp.qa.report import trend_report

        trend_report(found, report)
    if csv is not None:
        from printscp.qa.report import trend_csv

        write_text(csv, trend_csv(found))
    if as_json:
        from printscp.qa.report import trend_json

        say_json(trend_json(found))
    else:
        _say(found)
    if not found.passed:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _say(trend: "Trend") -> None:
    from rich.table import Table
    from rich.text import Text

    span = f"{trend.first.astimezone():%Y-%m-%d} to {trend.last.astimezone():%Y-%m-%d}"
    count = f"{trend.measurements} measurement{'s' * (trend.measurements != 1)}"
    typer.echo(printable(f"{trend.printer}: {count}, {span}"))
    table = Table(box=None, pad_edge=False)
    for heading in ("quantity", "points", "latest", "unit", "aim", "limits", "out", "unusual", "", "source"):
        right = heading in ("points", "latest", "aim", "out", "unusual")
        table.add_column(heading, justify="right" if right else "left")
    for chart in trend.charts:
        table.add_row(*map(Text, _cells(chart)), _verdict(chart), Text(chart.source))
    say_tables([table])


def _cells(chart: "Chart") -> tuple[str, ...]:
    ends = ["" if end is None else f"{end:.3f}" for end in (chart.low, chart.high)]
    return (
        chart.title,
        str(len(chart.points)),
        f"{chart.points[-1].value:.3f}",
        chart.unit,
        "" if chart.aim is None else f"{chart.aim:.3f}",
        f"{ends[0]} to {ends[1]}".strip() if any(ends) else "",
        str(len(chart.outside) or ""),
        str(len(chart.unusual) or ""),
    )


def _verdict(chart: "Chart") -> str:
    if chart.low is None and chart.high is None:
        return ""
    return "[green]ok[/]" if chart.points[-1].inside else "[red]out of limits[/]"
