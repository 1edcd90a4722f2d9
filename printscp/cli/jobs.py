"""`printscp jobs`: the queue, seen and steered."""

import gc
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from printscp.cli.answers import ExitCode, exit_code, printable, say_fault, say_json
from printscp.cli.opening import (
    LATEST,
    ConfigOption,
    SpoolOption,
    find,
    number_of,
    opened_queue,
    opened_spool,
    opened_to_see,
    settings_of,
)
from printscp.errors import NoSuchJob, NotPossible
from printscp.film.job import ExecutionStatus

if TYPE_CHECKING:
    from printscp.cli.opening import Shown
    from printscp.config import Settings
    from printscp.film.job import Job
    from printscp.spool.folder import Spool
    from printscp.spool.queue import JobQueue


class _ListByDefault(TyperGroup):
    """`printscp jobs --all` is `printscp jobs list --all`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ListByDefault,
    rich_markup_mode=None,
    help="See and steer print jobs; without a command: list.\n\n"
    "Exit codes: 0 done; 1 it cannot be done, and the message says why; 2 wrong usage; 3 no such job; "
    "4 the job is not in a state for that; 5 (show --follow) the job ended in FAILURE. Of several jobs each "
    "is tried, and the highest code counts.",
)


def _checked(value: str) -> str:
    if value != LATEST and not (value.isascii() and value.isdecimal()):
        raise typer.BadParameter(f"{value!r} is neither the number of a job nor {LATEST}")
    return value


def _each_checked(values: list[str] | None) -> list[str]:
    return [_checked(value) for value in values or ()]


JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="Number of a job, or latest.", callback=_checked)
]
JobsArgument = Annotated[
    list[str], typer.Argument(metavar="JOB...", help="Numbers of jobs, or latest.", callback=_each_checked)
]
Priority = Literal["HIGH", "MED", "LOW"]
_TELLING = {"output", "outputs", "printers"}  # settings without which the outputs are a guess


@app.command("list")
def list_jobs(
    everything: Annotated[bool, typer.Option("--all", help="All jobs there are.")] = False,
    last: Annotated[int, typer.Option(min=1, help="Only the newest so many.")] = 50,
    status: Annotated[
        list[ExecutionStatus] | None,
        typer.Option(
            metavar="STATUS",
            case_sensitive=False,
            help="PENDING, PRINTING, DONE or FAILURE; may be repeated.",
        ),
    ] = None,
    printer: Annotated[
        str | None, typer.Option(metavar="AE", help="Only those of the printer of that AE title.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on, and tell each change as it comes.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON array; with --follow one object a line.")
    ] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """List print jobs, and where they are.

    The oldest comes first; no patient data. With --follow it goes on until Ctrl-C.
    """
    from printscp.cli.job_words import as_object

    statuses = tuple(status or ())
    with opened_to_see(settings_of(config, spool)) as queue:
        changes = _changes(queue, statuses, printer, as_json) if follow else None
        jobs, there_are = _some(queue, None if everything else last, statuses, printer)
        if not as_json:
            _say_table(queue, jobs, there_are)
        elif follow:
            for job in jobs:
                say_json(as_object(job, private=False), line=True)
        else:
            say_json([as_object(job, private=False) for job in jobs])
        if changes is not None:
            changes()


def _some(
    queue: "Shown", last: int | None, statuses: Sequence[ExecutionStatus], printer: str | None
) -> "tuple[list[Job], int]":
    """The last jobs that fit, and how many do."""
    if printer is not None:
        fitting = [job for job in queue.jobs(None, statuses) if job.order.printer_name == printer]
        return fitting[-last:] if last is not None else fitting, len(fitting)
    counts = queue.counts()
    return queue.jobs(last, statuses), sum(counts.get(status, 0) for status in statuses or counts)


def _say_table(queue: "Shown", jobs: "Sequence[Job]", there_are: int) -> None:
    from printscp.cli.job_words import head, table

    typer.echo(head(queue.counts()))
    for name, state in sorted(queue.conditions().items()):
        words = f"{name}: {state.printer.status} ({state.printer.info}): {state.info}"
        typer.secho(printable(words), fg="yellow")
    if len(jobs) < there_are:
        typer.echo(f"the newest {len(jobs)} of {there_are}; --all lists all")
    if jobs:
        typer.echo("\n".join(["", *table(jobs)]))


def _changes(
    queue: "Shown", statuses: Sequence[ExecutionStatus], printer: str | None, as_json: bool
) -> Callable[[], None]:
    """What tells the changes from now on, for ever."""
    from printscp.cli.follow import Follower

    follower = Follower(queue)

    def tell() -> None:
        gc.enable()
        for job in follower.changes():
            if (statuses and job.status not in statuses) or printer not in (None, job.order.printer_name):
                continue
            _say_change(job, as_json, private=False)

    return tell


def _say_change(job: "Job", as_json: bool, *, private: bool) -> None:
    from printscp.cli.job_words import as_object, change

    if as_json:
        say_json(as_object(job, private=private), line=True)
    else:
        typer.echo(change(job))


@app.command()
def show(
    job: JobArgument,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until it has ended, and tell each change.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object; with --follow one a line.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Show all there is to a job. THIS MAY NAME A PATIENT: label and owner are those of its film session.

    With --follow exit code 5 says that it ended in FAILURE.
    """
    from printscp.cli.follow import until_ended
    from printscp.cli.job_words import all_of, as_object

    with opened_to_see(settings_of(config, spool)) as queue:
        found = find(queue, job)
        if as_json:
            say_json(as_object(found, private=True), line=follow)
        else:
            typer.echo("\n".join(all_of(found)))
        if follow:
            gc.enable()
            for now in until_ended(queue, found):
                _say_change(now, as_json, private=True)
                found = now
            if found.status is ExecutionStatus.FAILURE:
                raise typer.Exit(ExitCode.JOB_FAILED)


@app.command()
def hold(jobs: JobsArgument, spool: SpoolOption = None, config: ConfigOption = None) -> None:
    """Have jobs wait until they are released."""
    with opened_queue(settings_of(config, spool)) as queue:
        _steer(queue, jobs, lambda number: _said(queue.hold(number), "held"))


@app.command()
def release(jobs: JobsArgument, spool: SpoolOption = None, config: ConfigOption = None) -> None:
    """Have jobs go on that were held."""
    with opened_queue(settings_of(config, spool)) as queue:
        _steer(queue, jobs, lambda number: _said(queue.release(number), "released"))


@app.command()
def cancel(jobs: JobsArgument, spool: SpoolOption = None, config: ConfigOption = None) -> None:
    """Print no more of jobs.

    A printer that has one already is asked to drop it.
    """

    def act(number: int) -> str:
        job = queue.cancel(number)
        return _said(job, "cancelled" if job.ended else "is being cancelled: see printscp jobs show")

    with opened_queue(settings_of(config, spool)) as queue:
        _steer(queue, jobs, act)


@app.command()
def priority(
    jobs: JobsArgument,
    priority: Annotated[Priority, typer.Argument(case_sensitive=False)],
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Move jobs in the queue."""
    said = f"has priority {priority}"
    with opened_queue(settings_of(config, spool)) as queue:
        _steer(queue, jobs, lambda number: _said(queue.prioritize(number, priority), said))


@app.command()
def move(
    job: JobArgument,
    output: Annotated[str, typer.Argument(help="Name of an output of the printer.")],
    of: Annotated[
        str | None,
        typer.Option(metavar="OUTPUT", help="Only what is to go to that output. [default: all of the job]"),
    ] = None,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Have what waits of a job, or is held, go to another output.

    What is held stays so. Of several ways out on which the job waits one is left.
    """
    from printscp.spool import redirect

    settings = settings_of(config, spool)
    with opened_queue(settings) as queue:
        moved = redirect.move(queue, find(queue, job), output, of, _ways(settings))
    typer.echo(_said(moved, f"goes to {output}"))


@app.command()
def reprint(
    job: JobArgument,
    output: Annotated[
        list[str] | None,
        typer.Option(help="Name of an output, instead of those that it went to; may be repeated."),
    ] = None,
    copies: Annotated[
        int | None, typer.Option(min=1, max=99, help="Copies of each film. [default: as before]")
    ] = None,
    priority: Annotated[
        Priority | None, typer.Option(case_sensitive=False, help="[default: as before]")
    ] = None,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Print a job again, as a job of its own.

    Its films must still be kept: see the setting keep_jobs.
    """
    from printscp.spool import redirect

    settings = settings_of(config, spool)
    with opened_spool(settings) as films:
        found = find(films.queue, job)
        number = redirect.reprint(films, found, output or (), copies, priority, _ways(settings))
    typer.echo(f"job {found.id} is printed again as job {number}")


@app.command()
def export(
    job: JobArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; it must not be there yet.")],
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a job to a file: its films and its dialogue, PATIENT DATA AND ALL.

    printscp lint, replay, diff and explain take it in place of a job.
    """
    from printscp.capture import write
    from printscp.cli.captured import captured

    with captured(job, spool, config) as found:
        write(found, file)
        typer.echo(f"{found.name} written to {file}")


@app.command()
def unprinted(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """List associations of this host that wanted to print and made no job, the newest first.

    printscp lint unprinted tells what was wrong with the first, unprinted:2 with the second; replay and diff
    take them, too. No patient data."""
    from printscp.cli.unprinted import listed, said

    found = listed(settings_of(config, spool).spool)
    if as_json:
        say_json(found)
    else:
        for line in said(found):
            typer.echo(line)


@app.command()
def purge(
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB...]", help="Numbers of jobs, or latest.", callback=_each_checked),
    ] = None,
    ended_before: Annotated[
        float | None, typer.Option(metavar="DAYS", min=0, help="All that ended so many days ago, or more.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that ended in FAILURE.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete jobs that have ended, for good.

    Their films go, and all that is known of them. With both --failed and --ended-before only those go that
    both are true of.
    """
    by_rule = failed or ended_before is not None
    if by_rule == bool(jobs):
        raise typer.BadParameter("give jobs, or one or both of --ended-before and --failed")
    with opened_spool(settings_of(config, spool)) as films:
        if by_rule:
            ended = _ended(films.queue, ended_before, failed)
            _ask(ended, yes)
            jobs = [str(job.id) for job in ended]
        _steer(films.queue, jobs or [], lambda number: _purge(films, number))


def _ways(settings: "Settings") -> Collection[str]:
    """Names of outputs that are known to be there."""
    return settings.ways if _TELLING & settings.model_fields_set else ()


def _purge(films: "Spool", number: int) -> str:
    job = find(films.queue, str(number))
    films.purge(job)
    return f"job {number} purged"


def _ended(queue: "JobQueue", days: float | None, failed: bool) -> "list[Job]":
    """Jobs that have ended, of them those that failed, or that ended so long ago."""
    from datetime import UTC, datetime, timedelta

    statuses = [ExecutionStatus.FAILURE] if failed else [ExecutionStatus.DONE, ExecutionStatus.FAILURE]
    jobs = queue.jobs(None, statuses)
    if days is None:
        return jobs
    try:
        until = datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return []
    return [job for job in jobs if job.finished is not None and job.finished <= until]


def _ask(jobs: "Sequence[Job]", yes: bool) -> None:
    """Whether these are to go."""
    if not jobs:
        typer.echo("no such jobs")
        raise typer.Exit
    if not yes:
        count = f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}, {jobs[0].id} to {jobs[-1].id}"
        if not sys.stdin.isatty():
            raise typer.BadParameter(f"{count}: give --yes to purge them without being asked")
        typer.confirm(f"{count}: delete their films and all that is known of them?", abort=True)


def _steer(queue: "JobQueue", jobs: Sequence[str], act: Callable[[int], str]) -> None:
    """Do something to each job, also after one of which it cannot be done."""
    code = 0
    for which in jobs:
        try:
            typer.echo(act(number_of(queue, which)))
        except (NoSuchJob, NotPossible) as error:
            say_fault(error)
            code = max(code, exit_code(error))
    raise typer.Exit(code)


def _said(job: "Job", done: str) -> str:
    return f"job {job.id} {done}"
