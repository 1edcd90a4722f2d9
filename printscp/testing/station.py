"""A bench printer whose news come as lines of JSON, one after the other."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from printscp.errors import SetupError
from printscp.lint import Finding, Severity
from printscp.testing.bench import BenchPrinter
from printscp.testing.film import Film
from printscp.testing.lines import Line, of_end, of_film, of_step
from printscp.transcript import Step, Transcript


class Station:
    """Pictures of films go to ``folder``; with ``findings`` they are graded; it ends by `stop`, or with
    ``once`` when the first association does."""

    def __init__(self, folder: Path | None, findings: bool, once: bool) -> None:
        self._folder = folder
        self._findings = findings
        self._once = once
        self._news: queue.SimpleQueue[tuple[Transcript, Step | Film] | str | None] = queue.SimpleQueue()
        self._numbers: dict[int, int] = {}  # of associations, by their transcript's identity
        self._found: dict[int, list[Finding]] = {}  # in the films of associations that stand, by number
        self._began = 0
        self._films = 0
        self._errors = 0

    @property
    def right(self) -> bool:
        """No error was found, and a film came where one was wanted."""
        return not self._errors and not (self._once and not self._films)

    def printer(self, **settings: Any) -> BenchPrinter:
        """The printer, which is not started yet.

        Raises:
            SetupError: what is wrong with the settings, in one line.
        """
        if self._folder is not None:
            with _usable(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
        printer = BenchPrinter(**settings)
        printer.watch(lambda transcript, what: self._news.put((transcript, what)))
        printer.watch_rejections(self._news.put)
        return printer

    def stop(self) -> None:
        """No more lines, but of what has come; from any thread, or a signal."""
        self._news.put(None)

    def lines(self, printer: BenchPrinter) -> Iterator[Line]:
        """A line for the printer, and then one for each step, film, end and rejection of an association."""
        yield {
            "line": "ready",
            "host": printer.host,
            "port": printer.port,
            "ae_titles": list(printer.ae_titles),
        }
        while (news := self._news.get()) is not None:
            if isinstance(news, str):
                yield {"line": "rejected", "reason": news}
                continue
            transcript, what = news
            association = self._number(transcript)
            if isinstance(what, Film):
                yield self._film(association, what)
                printer.clear()  # it may run for long
                continue
            yield of_step(association, transcript, what)
            if what.is_end:
                yield of_end(association, transcript, self._graded(association, printer, transcript))
                del self._numbers[id(transcript)]
                printer.clear()
                if self._once:
                    return

    def _number(self, transcript: Transcript) -> int:
        if id(transcript) not in self._numbers:
            self._began += 1
            self._numbers[id(transcript)] = self._began
        return self._numbers[id(transcript)]

    def _film(self, association: int, film: Film) -> Line:
        self._films += 1
        page = ""
        if self._folder is not None:
            name = f"film-{film.job.id:06}{f'-{film.number}' if film.count > 1 else ''}.png"
            with _usable(self._folder):
                page = str(film.save(self._folder / name))
        found = film.findings if self._findings else None
        self._found.setdefault(association, []).extend(found or ())
        return of_film(association, film, found, page)

    def _graded(
        self, association: int, printer: BenchPrinter, transcript: Transcript
    ) -> tuple[Finding, ...] | None:
        """All that was found: the pixels of films are gone by now, and what they told is with the films."""
        of_films = self._found.pop(association, [])
        if not self._findings:
            return None
        all_of_it = dict.fromkeys((*printer.findings_of(transcript), *of_films))
        self._errors += sum(each.severity is Severity.ERROR for each in all_of_it)
        return tuple(sorted(all_of_it, key=lambda each: each.step))


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(f"films {folder}: {error.strerror}") from error
