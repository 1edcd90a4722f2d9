"""`printscp qa verify`: a virtual densitometer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printscp.cli.answers import ExitCode, printable, say_json
from printscp.cli.opening import ConfigOption, SpoolOption, find, opened_spool, settings_of
from printscp.cli.qa.measure import findings_table, say_tables, write_text
from printscp.cli.qa.pattern import parse_matrix
from printscp.errors import NotPossible, SetupError

if TYPE_CHECKING:
    from rich.table import Table

    from printscp.film.job import Job
    from printscp.film.sheet import Sheet
    from printscp.qa.pattern import Pattern
    from printscp.qa.verification import Verification
    from printscp.spool.folder import Spool


def verify(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Number of a job, or latest.")],
    pattern: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.dcm", help="What was printed: see printscp qa pattern --list; or its file."
        ),
    ],
    spool: SpoolOption = None,
    config: ConfigOption = None,
    film: Annotated[int, typer.Option(min=1, help="Which film of the job.")] = 1,
    image: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="POSITION", help="Image box that holds the pattern. [default: it is looked for]"
        ),
    ] = None,
    matrix: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMNSxROWS",
            help="Of the pattern as drawn. [default: that of an image that it fills, else 1024x1024]",
        ),
    ] = None,
    bits: Annotated[int | None, typer.Option(help="Of the pattern as drawn, 8 or 12. [default: 12]")] = None,
    width_mm: Annotated[
        float | None, typer.Option("--width-mm", help="Width at true size that it was drawn for.")
    ] = None,
    operator: Annotated[str, typer.Option(help="Who did this, for the report.")] = "",
    report: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Write a report.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Check a film of the spool on which a test pattern was printed.

    The pattern is found on the page, also where the SCU scaled or placed it, and each patch of it is read and
    compared with what PS3.14 asks for under the film's densities, light and Presentation LUT. Exit code 6
    says that the film is not right, 3 that there is no such job, 4 that its films are no longer there."""
    from printscp.delivery import page_of
    from printscp.qa.verify import verify as verified

    if job != "latest" and not job.isdecimal():
        raise typer.BadParameter(f"{job!r} is neither the number of a job nor latest")
    with opened_spool(settings_of(config, spool)) as films:
        found = find(films.queue, job)
        sheet = _sheet(films, found, film)
    wanted = _pattern(pattern, sheet, image, matrix, bits, width_mm)
    verification = verified(
        sheet,
        page_of(found, film, sheet),
        wanted,
        position=image,
        printer=found.order.printer_name,
        operator=operator,
        subject=f"film {film} of job {found.id}, of {found.created.astimezone():%Y-%m-%d %H:%M:%S}",
    )
    _write(verification, report, csv)
    if as_json:
        from printscp.qa.report import verification_json

        say_json(verification_json(verification))
    else:
        _say(verification)
    if not verification.passed:
        raise typer.Exit(ExitCode.NOT_RIGHT)


def _sheet(films: "Spool", job: "Job", film: int) -> "Sheet":
    """A film of a job, as it was accepted."""
    if film > len(job.films):
        raise SetupError(
            f"job {job.id} has {len(job.films)} film{'s' * (len(job.films) > 1)}, no film {film}"
        )
    if not films.has_films(job):
        raise NotPossible(f"job {job.id}: its films are no longer kept; see keep_jobs")
    if job.films[film - 1].color:
        raise SetupError("a color film has no densities: print the pattern in grayscale")
    try:
        return films.sheets.load(job.films[film - 1].sheet)
    except Exception as error:
        raise SetupError(f"job {job.id}: film {film} cannot be read: {error}") from error


def _pattern(
    name: str, sheet: "Sheet", image: int | None, matrix: str | None, bits: int | None, width_mm: float | None
) -> "Pattern":
    """The pattern that should be on a film."""
    from printscp.qa.dicom import read
    from printscp.qa.patterns import PATTERNS, draw
    from printscp.qa.sent import drawn

    if name not in PATTERNS and (Path(name).suffix or Path(name).exists()):
        if matrix or bits or width_mm:
            raise SetupError(
                f"{name} says itself how it was drawn: leave out --matrix, --bits and --width-mm"
            )
        return read(Path(name))
    if matrix is None:
        return drawn(sheet, name, position=image, bits=bits, width_mm=width_mm)
    columns, rows = parse_matrix(matrix)
    return draw(name, columns, rows, bits or 12, width_mm)


def _write(verification: "Verification", report: Path | None, csv: Path | None) -> None:
    if report is not None:
        from printscp.qa.report import verification_report

        verification_report(verification, report)
    if csv is not None:
        from printscp.qa.report import verification_csv

        write_text(csv, verification_csv(verification))


def _say(verification: "Verification") -> None:
    """What was found, for people."""
    film, scale, made = verification.film, verification.film.scale, verification.provenance
    verdict = "is right" if verification.passed else "is not right"
    typer.echo(
        printable(
            f"{made.subject}: {verification.pattern.name} in image {film.position} of {film.film_size} "
            f"{film.display_format}, {film.dots_per_inch:g} dpi"
        )
    )
    typer.echo(
        printable(
            f"{scale.min_density:.2f} to {scale.max_density:.2f} OD, L0 {scale.illumination:g}, "
            f"La {scale.ambient:g} cd/m2, {film.tone}"
        )
    )
    tables = [_readings(verification)] if verification.readings else []
    say_tables([*tables, findings_table(verification.findings)])
    typer.secho(f"the film {verdict}", fg="green" if verification.passed else "red")


def _readings(verification: "Verification") -> "Table":
    """The patches, but for the levels of a ramp."""
    from rich.table import Table
    from rich.text import Text

    from printscp.qa.pattern import Role

    table = Table(box=None, pad_edge=False)
    table.add_column("patch")
    for heading in ("P-value", "aim", "read", "spread", "error", "limit", ""):
        table.add_column(heading, justify="right")
    levels = [each for each in verification.readings if each.patch.role is Role.LEVEL]
    rows = [(each.patch.name, each) for each in verification.readings if each.patch.role is not Role.LEVEL]
    if levels:
        worst = max(levels, key=lambda each: abs(each.error) / each.tolerance)
        rows.append((f"{len(levels)} levels, worst {worst.patch.name}", worst))
    for name, each in rows:
        error = round(each.error, 3) + 0.0  # no -0.000
        densities = (f"{each.aim:.3f}", f"{each.mean:.3f}", f"{each.spread:.4f}", f"{error:+.3f}")
        wrong = Text("" if each.passed else "off", "red")
        table.add_row(Text(name), str(each.patch.value), *densities, f"{each.tolerance:.3f}", wrong)
    return table
