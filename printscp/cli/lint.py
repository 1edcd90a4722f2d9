"""`printscp lint`: what was wrong with what an SCU sent for a job."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.cli.captured import CapturedArgument, captured
from printscp.cli.opening import ConfigOption, SpoolOption
from printscp.errors import SetupError

if TYPE_CHECKING:
    from rich.console import Console

    from printscp.capture import Capture
    from printscp.lint import Finding, Report

_WIDTH = 100
_INDENT = 9
_COLORS = {"error": "red", "warning": "yellow", "note": "blue"}
_ALL, _NONE = "all", "none"


def lint(
    job: CapturedArgument,
    persona: Annotated[
        str,
        typer.Option(
            metavar="NAME,...", help="Printer profiles that are asked what they answer; or all, or none."
        ),
    ] = _ALL,
    warnings_as_errors: Annotated[
        bool, typer.Option("--warnings-as-errors", help="Exit code 6 for warnings, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, too.")] = None,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Grade what an SCU sent for a job against the attribute tables and the order of requests.

    Each finding says what is wrong, by which clause of the standard, what to do, and what other printers
    answer; docs/findings.md lists the kinds. Exit code 6 says that there are errors, 3 that there is no such
    job, 4 that its dialogue is no longer there."""
    from printscp.lint import Severity
    from printscp.lint.writing import report_json

    gc.enable()
    with captured(job, spool, config) as capture:
        report = _report(capture, persona, config)
        name = capture.name
    if junit is not None:
        _write(junit, report, name, warnings_as_errors)
    if as_json:
        say_json(report_json(report))
    else:
        _say(report, name)
    if not report.ok or (warnings_as_errors and report.count(Severity.WARNING)):
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _report(capture: "Capture", persona: str, config: Path | None) -> "Report":
    from printscp.catalog import Catalog
    from printscp.config import load
    from printscp.desk.grading import graded

    catalog = Catalog(load(config).layouts)
    names = catalog.profile_names if persona == _ALL else [each.strip() for each in persona.split(",")]
    return graded(capture, catalog, () if persona == _NONE else names)


def _write(file: Path, report: "Report", name: str, warnings_fail: bool) -> None:
    from printscp.lint.writing import report_junit

    try:
        file.write_bytes(report_junit(report, name, warnings_fail=warnings_fail))
    except OSError as error:
        raise SetupError(f"{file}: {error.strerror or error}") from error


def _say(report: "Report", name: str) -> None:
    """What was found, for people."""
    from rich.console import Console
    from rich.text import Text

    from printscp.lint import Severity

    console = Console(highlight=False, emoji=False, markup=False)
    console = console if console.is_terminal else Console(width=_WIDTH, highlight=False, markup=False)
    asked = f"{len(report.requests)} requests of {report.calling} to {report.printer}"
    console.print(printable(f"{name}: {asked} ({report.profile}, {report.mode})"))
    for alike in _grouped(report.findings):
        _say_finding(console, alike)
    counts = {severity: report.count(severity) for severity in Severity}
    words = ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items())
    worst = next((severity for severity, count in counts.items() if count), None)
    console.print(Text(f"\n{words}", style=_COLORS[worst] if worst else "green"))


def _grouped(findings: "tuple[Finding, ...]") -> "list[list[Finding]]":
    """Findings that say the same of several requests, as of each image of a film, together."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for each in findings:
        alike.setdefault((each.code, each.attribute, each.message), []).append(each)
    return list(alike.values())


def _say_finding(console: "Console", alike: "list[Finding]") -> None:
    from rich.padding import Padding
    from rich.text import Text

    from printscp.lint.writing import answers

    finding, *others = alike
    step = f"step {finding.step}, " if finding.step else ""
    also = f"; also step {', '.join(str(each.step) for each in others)}" if others else ""
    severity = (f"{finding.severity:{_INDENT}}", f"bold {_COLORS[finding.severity]}")
    console.print()
    console.print(Text.assemble(severity, printable(f"{finding.code}: {step}{finding.request}{also}")))
    about = f"{finding.attribute}: " if finding.attribute else ""
    paragraphs = [
        (f"{about}{finding.message} ({finding.clause})", ""),
        (f"To do: {finding.fix}", ""),
        *((f"{', '.join(names)}: {said}", "dim") for said, names in answers(finding).items()),
    ]
    for words, style in paragraphs:
        console.print(Padding(Text(printable(words), style=style), (0, 0, 0, _INDENT), expand=False))
