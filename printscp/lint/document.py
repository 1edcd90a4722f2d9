"""docs/findings.md: every kind of finding, from the table that the checks go by."""

from collections.abc import Iterator

from printscp.lint.finding import Severity
from printscp.lint.kinds import GROUPS, KINDS, Kind

_OPENING = """\
# Findings

`printscp lint JOB` goes through what an SCU sent for a job, request by request, and tells what was wrong
with it, by which clause of the standard, what other printers answer, and how to put it right. So do
`film.findings` and `printer.findings` of the test bench.

    printscp lint latest                          # the last job of the spool
    printscp lint 7 --persona iherestricted       # what that imager answers; all of them, if not given
    printscp lint unprinted                       # the last association that came to no film
    printscp lint job.tar --junit findings.xml    # a file of printscp jobs export; for continuous integration

Exit code 0 says that there is no error, 6 that there is one (with `--warnings-as-errors`: or a warning), 3
that there is no such job, 4 that its dialogue is no longer kept.

| Severity | |
|---|---|
| error | a printer that goes by the standard refuses it, or the film is wrong |
| warning | taken with a change, or on some printers only |
| note | nothing is wrong; good to know |

A finding never quotes texts or patient attributes that were sent. What printers answer is reckoned by
asking each profile of `layouts/printers` the same requests, as strict as it is, until it refuses one; the
requests after that are "not reached", as are those for boxes that it does not make. Where the clause is
"ours" the standard does not say it, and the limit is our choice.

`samples/wrong` has a print SCU for each of the common mistakes, and says what it must be told.
"""

_JSON = """\
## JSON and JUnit

`--json` prints one object: `calling`, `printer`, `profile`, `mode`, `began` (UTC) and `ok`; `errors`,
`warnings` and `notes`, their numbers; `requests`, each with `step`, `request` and `status` (null where no
answer came); and `findings`, each with `code`, `severity`, `step` (0: the association as a whole),
`request`, `attribute` (a keyword, after those of the sequences that it lies in), `message`, `clause`, `fix`
and `imagers`, an object of profile and answer.

`--junit FILE` writes a test case for each request and one for the association. Errors are failures; the
rest is output.
"""


def findings_document() -> str:
    """The whole text."""
    return "\n".join([_OPENING, *_groups(), _JSON])


def _groups() -> Iterator[str]:
    counts = {severity: sum(kind.severity is severity for kind in KINDS.values()) for severity in Severity}
    words = ", ".join(f"{count} {severity}s" for severity, count in counts.items())
    yield f"There are {len(KINDS)} kinds: {words}.\n"
    for title, kinds in GROUPS.items():
        yield f"## {title}\n"
        yield "| Code | Severity | What is wrong | Clause | What comes of it | To do |"
        yield "|---|---|---|---|---|---|"
        for kind in kinds:
            yield _row(kind)
        yield ""


def _row(kind: Kind) -> str:
    cells = (f"`{kind.code}`", kind.severity, kind.title, kind.clause, kind.why, kind.fix)
    return f"| {' | '.join(cells)} |"
