"""What was sent for a film, what was wrong with it, and how it became gray."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from printscp.capture import Capture
from printscp.comparison import Change, Comparison, compare
from printscp.desk.asked import asked_film, attributes
from printscp.desk.captured import UNPRINTED, captured_job, captured_unprinted
from printscp.desk.dialogues import seen, unprinted
from printscp.desk.elements import is_harmless_remark
from printscp.desk.grading import graded
from printscp.desk.house import House
from printscp.desk.records import Attribute, SeenDialogue, SeenUnprinted
from printscp.errors import NoSuchJob, NotPossible
from printscp.explanation import Asked, FilmExplained, explain
from printscp.film.sheet import Sheet
from printscp.lint import Report
from printscp.qa.patterns import PATTERNS

if TYPE_CHECKING:
    from printscp.qa.verification import Verification


class Inspection:
    """Of jobs by number or ``latest``, and, where a name says so, of ``unprinted:N``: the Nth newest
    association that made no job."""

    def __init__(self, house: House) -> None:
        self._house = house

    def attributes(self, which: str, film: int, *, private: bool) -> dict[str, tuple[Attribute, ...]]:
        """What was sent and what is in force: of ``session``, ``film box``, and ``image 1`` and so on.

        Densities are in hundredths of OD, as they are sent. Nothing was sent, as far as is known, where the
        dialogue is not kept.
        """
        with self._house.reached():
            return attributes(self._film(which, film), film, private)

    def dialogue(self, which: str, *, private: bool) -> SeenDialogue:
        """What went over the association, of a job or ``unprinted:N``."""
        return seen(self._capture(which).said, private)

    def findings(self, which: str, imagers: tuple[str, ...] = ()) -> Report:
        """What was wrong with it; ``imagers`` names printer profiles whose answers are told, too."""
        capture = self._capture(which)
        with self._house.reached():
            return graded(capture, self._house.catalog, imagers)

    def imagers(self) -> list[str]:
        """Names of the printer profiles whose answers findings can tell."""
        return self._house.catalog.profile_names

    def explanation(self, which: str, film: int, *, private: bool) -> FilmExplained:
        """How each image of a film became gray."""
        capture = self._film(which, film)
        with self._house.reached():
            sheet = capture.film(film)
        if not private:
            sheet = replace(sheet, remarks=tuple(filter(is_harmless_remark, sheet.remarks)))
        return explain(sheet, film, Asked(capture.dialogue, asked_film(capture, film)))

    def comparison(self, first: str, second: str, *, private: bool = False) -> Comparison:
        """How two jobs differ."""
        captures = self._capture(first), self._capture(second)
        with self._house.reached():
            found = compare(*captures)
        return found if private else _without_values(found)

    def unprinted(self) -> tuple[SeenUnprinted, ...]:
        """Associations that wanted to print and made no job, the newest first."""
        with self._house.reached():
            return tuple(unprinted(self._house.settings.spool))

    def patterns(self) -> dict[str, str]:
        """Test patterns that a film can be verified against: name and what it is."""
        return {name: recipe.title for name, recipe in PATTERNS.items()}

    def verify(
        self,
        which: str,
        film: int,
        pattern: str | None = None,
        *,
        position: int | None = None,
        operator: str = "",
    ) -> "Verification":
        """Check a film on which a test pattern was printed; without ``pattern`` it is looked for among those
        that there are.

        Raises:
            NotPossible: the film is in color, or it has to be said which pattern it is.
        """
        # Late: what measures a film takes most of a second to load, and few films are patterns.
        from printscp.delivery import page_of
        from printscp.qa.sent import drawn
        from printscp.qa.verify import verify

        job = self._house.job(which)
        sheet = self._house.sheet(job, film)
        if sheet.color:
            raise NotPossible("a color film has no densities: print the pattern in grayscale")
        if pattern is not None and pattern not in PATTERNS:
            raise NoSuchJob(f"no pattern {pattern[:40]}; there are {', '.join(PATTERNS)}")
        name = pattern or _found(sheet, position)
        return verify(
            sheet,
            page_of(job, film, sheet),
            drawn(sheet, name, position=position),
            position=position,
            printer=job.order.printer_name,
            operator=operator,
            subject=f"film {film} of job {job.id}, of {job.created.astimezone():%Y-%m-%d %H:%M:%S}",
        )

    def verification_report(
        self, which: str, film: int, pattern: str, *, position: int | None = None, operator: str = ""
    ) -> bytes:
        """The same, as a page of PDF."""
        from printscp.qa.report import verification_report

        verification = self.verify(which, film, pattern, position=position, operator=operator)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.pdf"
            verification_report(verification, path)
            return path.read_bytes()

    def _capture(self, which: str) -> Capture:
        with self._house.reached():
            if UNPRINTED.fullmatch(which):
                return captured_unprinted(self._house.settings.spool, which)
            return captured_job(self._house.spool, self._house.job(which))

    def _film(self, which: str, film: int) -> Capture:
        """The capture of a job that has a film of that number."""
        job = self._house.job(which)
        self._house.check_film(job, film)
        with self._house.reached():
            return captured_job(self._house.spool, job)


def _found(sheet: Sheet, position: int | None) -> str:
    """The pattern that an image of a film is, pixel by pixel."""
    from printscp.qa.sent import filling

    name = next((each for each in PATTERNS if filling(sheet, each, position=position) is not None), None)
    if name is None:
        raise NotPossible("no image is a pattern as printscp draws it: say which pattern it should be")
    return name


def _without_values(found: Comparison) -> Comparison:
    """What differs, but for values that may name a patient."""
    return replace(
        found,
        requests=tuple(
            replace(each, changes=tuple(map(_without_value, each.changes))) for each in found.requests
        ),
    )


def _without_value(change: Change) -> Change:
    return change if is_harmless_remark(change.what.rpartition(".")[2]) else Change(change.what, "", "")
