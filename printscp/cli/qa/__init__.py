"""`printscp qa`: patterns, virtual and real densitometers, calibration."""

import typer

from printscp.cli.qa import calibrate, measure, pattern, trend, verify

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Film quality assurance: patterns, checks of films, calibration of printers.\n\n"
    "Exit codes: 0 done, and what was checked is right; 1 it cannot be done, and the message says why; "
    "2 wrong usage; 3 no such job; 4 the job is not in a state for that; "
    "6 it was checked, and it is not right.",
)
app.command()(pattern.pattern)
app.command()(verify.verify)
app.command()(measure.measure)
app.command()(trend.trend)
app.command()(calibrate.calibrate)
