"""A film printer in this process and in memory, that remembers all that was said to it."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydicom.uid import UID, generate_uid

from printscp.config import Settings, load
from printscp.faults import FaultRule
from printscp.faults.script import FaultScript, SeededUIDs
from printscp.film.job import ExecutionStatus, Job, JobNews
from printscp.film.printer import FilmSpool, PrinterState
from printscp.front import Front
from printscp.lint import Finding, grade
from printscp.testing.film import Film
from printscp.testing.spool import BenchQueue
from printscp.testing.words import dialogue_in_words, finding_in_words, worst_first
from printscp.transcript import Step, Transcript

_REJECTIONS = 20  # that are remembered

Watcher = Callable[[Transcript, Step | Film], None]
"""Is told of each step, and each film, as it comes; by the thread of its association, and not to raise."""


class NothingCame(TimeoutError):
    """What was waited for did not come. The text tells what a ``printer`` was sent instead."""

    def __init__(self, what: str, printer: "BenchPrinter") -> None:
        super().__init__(f"{what}\n{printer.summary()}")
        self.printer = printer


class BenchPrinter:
    """A film printer for tests of print SCUs.

    ::

        with BenchPrinter(mode="strict") as printer:
            my_scu_prints_to(*printer.address)
            film = printer.wait_for_film()

    Any number may run at once. Films are printed as soon as the answer to their N-ACTION has gone out, and
    stay here until `clear`. ``profile`` is the printer that it stands for, ``mode`` tolerant or strict,
    as its profile says if not given; ``personas`` are names of more profiles, or "all": each is called by its
    name in capitals. ``faults`` are rules, a script of them or its file; more can be added to `faults` at any
    time. With a ``seed`` the printer makes the same UIDs in each run. ``settings`` are others of
    `printscp.config.Settings`.

    Raises:
        SetupError: from the constructor or `start`: what is wrong, in one line.
    """

    def __init__(
        self,
        profile: str | None = None,
        mode: str | None = None,
        ae_title: str | None = None,
        *,
        faults: FaultScript | Iterable[FaultRule] | str | Path | None = None,
        seed: int | None = None,
        personas: str | Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        **settings: Any,
    ) -> None:
        given: dict[str, Any] = {
            "profile": profile,
            "mode": mode,
            "ae_title": ae_title,
            "personas": personas or None,
        }
        self._changes = threading.Condition()
        self._dialogues: list[Transcript] = []
        self._living: set[int] = set()  # threads of associations
        self._ended = 0
        self._films: list[Film] = []
        self._not_handed_out: deque[Film] = deque()
        self._watchers: list[Watcher] = []
        self._rejections = _Rejections()
        self._listens = False  # to its faults
        self.faults = _script(faults, seed)
        seed = self.faults.seed
        self._new_uid = generate_uid if seed is None else SeededUIDs(seed)
        loaded = load(None, host=host, port=port, **given, **settings)
        self._front = Front(loaded, self, faults=self.faults)
        self._queue = BenchQueue(self._news, loaded.queue_limit)
        self.settings = self._front.settings

    def start(self) -> None:
        """Listen; returns when the first connection can be served.

        Raises:
            SetupError
        """
        self.faults.listen(self._notify)
        self._listens = True
        try:
            self._front.start()
        except BaseException:
            self.stop()
            raise
        self._rejections.listen(self.port)

    def stop(self) -> None:
        """Stop listening, and abort the associations that stand. All that is remembered stays."""
        self._front.stop()
        self._rejections.ignore()
        if self._listens:
            self.faults.forget(self._notify)
        self._listens = False

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in use."""
        return self._front.addresses[0][:2]

    @property
    def host(self) -> str:
        return self.address[0]

    @property
    def port(self) -> int:
        return self.address[1]

    @property
    def ae_title(self) -> str:
        """AE title that the printer answers with; where none was given, it takes any other one, too."""
        return self._front.printer().name

    @property
    def ae_titles(self) -> tuple[str, ...]:
        """Those of all printers that there are: its own, and those of the personas."""
        return tuple(each.announced_ae_title for each in self.settings.printers)

    @property
    def films(self) -> list[Film]:
        """All films that were printed, oldest first."""
        with self._changes:
            return list(self._films)

    @property
    def jobs(self) -> list[Job]:
        """All print jobs, oldest first."""
        return self._queue.jobs

    @property
    def dialogues(self) -> list[Transcript]:
        """What went over each association, also over those that stand, oldest first."""
        with self._changes:
            return list(self._dialogues)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to say of each request, film or no film."""
        return tuple(finding for dialogue in self.dialogues for finding in self.findings_of(dialogue))

    def findings_of(self, dialogue: Transcript) -> tuple[Finding, ...]:
        """What there is to say of the requests of one association."""
        profile = self._front.printer(dialogue.printer).profile
        pixels: dict[tuple[int, int], bytes] = {}
        for film in self.films:
            if film.is_of(dialogue):
                pixels |= film.cut_pixels
        return grade(dialogue, profile, images=pixels).findings

    @property
    def state(self) -> PrinterState:
        """Printer Status and its info."""
        return self._front.printer().state

    def set_state(self, status: str, info: str = "NORMAL", ae_title: str | None = None) -> None:
        """Have the printer, or that of a title, report a Printer Status and its info, by N-GET and by event;
        NORMAL has it report that.

        Raises:
            SetupError: there is no such status, or no such printer.
        """
        self._front.set_state(status, info, ae_title)
        self._notify()

    def wait_for_film(self, timeout: float = 10.0) -> Film:
        """The next film that was not handed out yet, as soon as the answer to its N-ACTION has gone out.

        Raises:
            NothingCame: none came within ``timeout`` seconds; it tells what came instead, and what was wrong
                with it.
        """
        __tracebackhide__ = True
        with self._changes:
            if self._changes.wait_for(lambda: self._not_handed_out, timeout):
                return self._not_handed_out.popleft()
        raise NothingCame(f"no film within {timeout:g} s", self)

    def wait_for(self, condition: Callable[[], Any], timeout: float = 10.0) -> Any:
        """Wait until a condition holds, which is asked at each step of an association; returns its value.

        Raises:
            NothingCame: it did not hold within ``timeout`` seconds; it tells what came so far.
        """
        __tracebackhide__ = True
        with self._changes:
            value = self._changes.wait_for(condition, timeout)
        if not value:
            raise NothingCame(f"not within {timeout:g} s", self)
        return value

    def wait_for_association_end(self, timeout: float = 10.0) -> None:
        """Wait until an association has ended, and no other one stands.

        Raises:
            NothingCame: that took longer than ``timeout`` seconds; it tells what came so far.
        """
        __tracebackhide__ = True
        self.wait_for(lambda: self._ended and not self._living, timeout)

    def clear(self) -> None:
        """Forget all films, and what was said on associations that have ended."""
        with self._changes:
            self._films.clear()
            self._not_handed_out.clear()
            self._dialogues = [each for each in self._dialogues if not _has_ended(each)]
            self._ended = 0
            self._rejections.texts.clear()
            self._queue.clear()

    def watch(self, watcher: Watcher) -> None:
        """Have ``watcher`` told of each step and each film from now on."""
        self._watchers.append(watcher)

    def watch_rejections(self, watcher: Callable[[str], None]) -> None:
        """Have ``watcher`` told, from now on, why an SCU was not let in."""
        self._rejections.watchers.append(watcher)

    def summary(self) -> str:
        """What came so far, in words: associations, requests and answers, and what is wrong with them."""
        return "\n".join(self._words())

    def _words(self) -> Iterator[str]:
        dialogues = self.dialogues
        where = "{}:{}".format(*self.address) if self._front.started else "stopped"
        more = len(self.ae_titles) - 1
        name = f"{self.ae_titles[0]} and {_count(more, 'persona')}" if more else self.ae_titles[0]
        yield f"printer {name} at {where}: {_count(len(self.films), 'film')}"
        for job in self.jobs:
            if job.status is not ExecutionStatus.DONE:
                yield f"job {job.id}: {job.status}, {job.status_info}"
        yield from (f"rejected: {each}" for each in self._rejections.texts)
        if not dialogues:
            yield "no SCU has had an association"
        for dialogue in dialogues:
            yield from dialogue_in_words(dialogue)
        for finding in worst_first(self.findings):
            yield f"  {finding_in_words(finding)}"

    def spool_of(self, printer_name: str) -> FilmSpool:
        """For the front: where films and print jobs of a printer live."""
        return self._queue.printer(printer_name)

    def calibrated(self, settings: Settings, printer_name: str) -> date | datetime | None:
        """For the front: it prints through no curve."""
        return None

    def new_uid(self) -> UID:
        """For the front: the UID of an instance that a printer makes."""
        return self._new_uid()

    def step(self, transcript: Transcript, step: Step) -> None:
        """For the front: what went over an association."""
        thread = threading.get_ident()
        ends = step.is_end
        with self._changes:
            if not any(each is transcript for each in self._dialogues):
                self._dialogues.append(transcript)
                self._living.add(thread)
        if ends:
            for uid in self._queue.unanswered(thread):
                self._complete(uid, transcript)
        self._tell(transcript, step)
        with self._changes:
            if ends and thread in self._living:
                self._living.remove(thread)
                self._ended += 1
        self._notify()

    def printed(self, uid: str, transcript: Transcript) -> None:
        """For the front: the answer to an N-ACTION has gone out, or its association has ended."""
        with self._changes:
            whole = next((each for each in self._dialogues if uid in each.jobs), transcript)
        self._complete(uid, whole)

    def ended(self, transcript: Transcript) -> None:
        """For the front: its last step has said so."""

    def _complete(self, uid: str, transcript: Transcript) -> None:
        """Have a job printed, once."""
        accepted = self._queue.begin(uid)
        if accepted is None:
            return
        profile = self._front.printer(transcript.printer).profile
        films = [Film(accepted, number + 1, transcript, profile) for number in range(len(accepted.sheets))]
        for film in films:
            self._tell(transcript, film)
        with self._changes:
            self._films += films
            self._not_handed_out += films
        self._notify()

    def _news(self, news: JobNews) -> None:
        self._front.tell(news)
        self._notify()

    def _notify(self) -> None:
        with self._changes:
            self._changes.notify_all()

    def _tell(self, transcript: Transcript, what: Step | Film) -> None:
        for watcher in self._watchers:
            watcher(transcript, what)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _script(faults: FaultScript | Iterable[FaultRule] | str | Path | None, seed: int | None) -> FaultScript:
    if isinstance(faults, FaultScript):
        return faults
    if isinstance(faults, str | Path):
        return FaultScript(seed=seed, file=Path(faults))
    return FaultScript(faults or (), seed=seed)


class _Rejections(logging.Handler):
    """What the log of this process says of SCUs that were not let in at a port."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: deque[str] = deque(maxlen=_REJECTIONS)
        self.watchers: list[Callable[[str], None]] = []
        self._log = logging.getLogger("printscp.wire.association")
        self._port = 0

    def listen(self, port: int) -> None:
        self._port = port
        self._log.addHandler(self)

    def ignore(self) -> None:
        self._log.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        said = vars(record)
        if "reason" in said and said.get("port") == self._port:
            self.texts.append(str(said["reason"]))
            for watcher in self.watchers:
                watcher(str(said["reason"]))


def _has_ended(transcript: Transcript) -> bool:
    return bool(transcript.steps) and transcript.steps[-1].is_end


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
