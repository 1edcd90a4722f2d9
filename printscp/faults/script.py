"""Counts the steps of the dialogue, and says when a fault is due; rules may change while a printer runs."""

import hashlib
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import UID

from printscp.errors import SetupError
from printscp.faults.fault import REQUESTS, STEPS, Fault, Kind
from printscp.faults.file import make_rule, read_file, renamed
from printscp.faults.rule import FaultRule, covers
from printscp.faults.terms import USUAL_STATUS
from printscp.film.printer import Fate, PrinterState, worst

_REMEMBERED = 10_000  # faults that happened
_FRESH = 50_000_000  # nanoseconds in which a file may change again, and its time stay the same
_STANDING = (Kind.STATE, Kind.SUPPLY)  # these last

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fired:
    """A fault that happened: the name of its rule, the printer's and the SCU's AE title, the step and its
    ``number`` among those that the rule is for, and the UID of the job, if it is one's."""

    rule: str
    fault: Fault
    printer: str
    calling: str
    at: str
    number: int
    job: str = ""


@dataclass
class _Tally:
    """How far a rule has come: steps that it met, how often it happened, films since it was last refilled,
    and since when it has been in force."""

    rule: FaultRule
    met: int = 0
    happened: int = 0
    films: int = 0
    since: float | None = None
    timer: threading.Timer | None = None

    @property
    def may_happen(self) -> bool:
        return not 0 < self.rule.times <= self.happened

    def meets(self) -> bool:
        """Count a step; whether the fault happens at it."""
        self.met += 1
        if self.met <= self.rule.after or not self.may_happen or self.in_force:
            return False
        self.happen()
        return True

    def happen(self) -> None:
        self.happened += 1
        if self.rule.kind in _STANDING:
            self.since = time.monotonic()

    def seconds_left(self) -> float:
        """Of a fault that lasts and ends by itself; 0 where it is not in force, or has no end."""
        if not self.in_force or self.since is None or not self.rule.seconds:
            return 0.0
        return max(0.0, self.since + self.rule.seconds - time.monotonic())

    @property
    def in_force(self) -> bool:
        """Of a fault that lasts."""
        if self.since is not None and 0 < self.rule.seconds <= time.monotonic() - self.since:
            self.since, self.films = None, 0
        return self.since is not None


class FaultScript:
    """Rules, and how far each has come; thread-safe.

    ``seed`` makes the UIDs of a printer's instances, and what is sent as garbage, the same in each run. With
    a ``file`` the rules are those of it, and are read again when it changes; rules that did not change go on
    counting. A file that has become wrong changes nothing, and the log says why.

    Raises:
        SetupError: from the constructor: the file cannot be read, or a rule is wrong.
    """

    def __init__(
        self, rules: Iterable[FaultRule] = (), *, seed: int | None = None, file: Path | None = None
    ) -> None:
        self.seed = seed
        self.file = file
        self._lock = threading.RLock()
        self._tallies: dict[str, _Tally] = {}
        self._of_file: set[str] = set()
        self._fired: deque[Fired] = deque(maxlen=_REMEMBERED)
        self._fates: dict[str, str] = {}
        self._listeners: list[Callable[[], None]] = []
        self._stamp: object = None
        self._wrong = ""  # what is wrong with the file, if it could not be read again
        if file is not None:
            self._stamp = _stamp(file)
            read = read_file(file)
            self.seed = read.seed if seed is None else seed
            rules = (*read.faults, *rules)
            self._of_file = {rule.name for rule in read.faults}
        for rule in rules:
            self.add(rule)

    @classmethod
    def load(cls, file: Path) -> "FaultScript":
        """The script of a TOML file: tables ``[[faults]]``, and ``seed``.

        Raises:
            SetupError: it cannot be read, or a rule is wrong; the message names the key.
        """
        return cls(file=file)

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """In their order."""
        with self._lock:
            return tuple(tally.rule for tally in self._tallies.values())

    @property
    def fired(self) -> tuple[Fired, ...]:
        """What happened, in order; of very many the last."""
        with self._lock:
            return tuple(self._fired)

    def add(self, fault: FaultRule | Fault | str, **keys: Any) -> FaultRule:
        """Have a fault happen: a rule, or its keys; returns the rule. Without a name of its own a second one
        of its fault is given one.

        Raises:
            SetupError: a key is wrong, or there is a rule of that name.
        """
        rule = fault if isinstance(fault, FaultRule) else make_rule({"fault": fault, **keys})
        with self._lock:
            if rule.name in self._tallies:
                rule = renamed(rule, self._tallies)
            self._enter(rule)
        self._tell()
        return rule

    def clear(self, name: str | None = None) -> int:
        """Take back a rule, or all of them; how many there were."""
        with self._lock:
            gone = [each for each in self._tallies if name in (None, each)]
            for each in gone:
                _stop(self._tallies.pop(each))
        self._tell()
        return len(gone)

    def look(self) -> None:
        """Read the file again, if it has changed."""
        if self.file is None:
            return
        with self._lock:
            stamp = _stamp(self.file)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            before = self.rules
            try:
                self._replace(read_file(self.file).faults)
            except SetupError as error:
                if str(error) != self._wrong:
                    log.error("faults not read again: %s", error)
                self._wrong = str(error)
                return
            self._wrong = ""
            if self.rules == before:
                return
        log.warning("faults read again", extra={"source": str(self.file)})
        self._tell()

    def meet(self, step: str, printer: str, calling: str) -> tuple[FaultRule, ...]:
        """A step of the dialogue comes: the rules whose fault happens at it."""
        self.look()
        with self._lock:
            met = [
                tally
                for tally in self._tallies.values()
                if tally.rule.at
                and covers(tally.rule.at, step)
                and _can_be_at(tally.rule, step)
                and tally.rule.is_for(printer, calling)
            ]
            due = [tally for tally in met if tally.meets()]
            for tally in due:
                self._note(tally, printer, calling, step)
        if any(tally.rule.kind in _STANDING for tally in due):
            self._tell()
        return tuple(tally.rule for tally in due)

    def state(self, printer: str, calling: str) -> PrinterState | None:
        """The worst that a printer is to say of itself to an SCU; None: what it has to say anyway."""
        with self._lock:
            states = [
                _state(tally.rule)
                for tally in self._tallies.values()
                if tally.rule.kind in _STANDING and tally.in_force and tally.rule.is_for(printer, calling)
            ]
        return worst(states) if states else None

    def fate(self, uid: str, printer: str, calling: str, films: int) -> Fate | None:
        """A job of so many films is made: what is to become of it, if that is not left to the printer."""
        with self._lock:
            for tally in self._tallies.values():
                rule = tally.rule
                if rule.kind not in (Kind.SUPPLY, Kind.JOB) or not rule.is_for(printer, calling):
                    continue
                lacking = rule.kind is Kind.SUPPLY and self._lacks(tally, films)
                if lacking or (rule.kind is Kind.JOB and tally.meets()):
                    self._note(tally, printer, calling, "job", uid)
                    self._fates[uid] = rule.name
                    fate = Fate(rule.name, rule.info, lacking, rule.printing and not lacking)
                    break
            else:
                fate = None
        self._tell()
        return fate

    def holds(self, name: str) -> bool:
        """Whether jobs that a rule made wait are still to wait."""
        with self._lock:
            return name in self._tallies and self._tallies[name].in_force

    def of_job(self, uid: str) -> str:
        """The name of the rule that decided a job's fate; empty where none did."""
        with self._lock:
            return self._fates.get(uid, "")

    def garbage(self, length: int) -> bytes:
        """Bytes that are no PDU, nor anything else; the same for each ``seed``."""
        pieces = (hashlib.sha256(f"garbage {self.seed} {n}".encode()).digest() for n in itertools.count())
        return b"\xff" + b"".join(itertools.islice(pieces, length // 32 + 1))[: length - 1]

    def listen(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called from any thread when what is in force may have changed, until `forget`."""
        with self._lock:
            self._listeners.append(listener)
            for tally in self._tallies.values():
                self._tell_later(tally)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling."""
        with self._lock:
            self._listeners.remove(listener)
            if not self._listeners:  # no thread of ours outlives the printer
                for tally in self._tallies.values():
                    _stop(tally)

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _enter(self, rule: FaultRule) -> None:
        self._tallies[rule.name] = tally = _Tally(rule)
        at_once = rule.kind is Kind.STATE and not rule.at
        if at_once or (rule.kind is Kind.SUPPLY and not rule.films):
            self._begin(tally)

    def _begin(self, tally: _Tally) -> None:
        tally.happen()
        log.warning("fault begins", extra={"rule": tally.rule.name, "fault": str(tally.rule.fault)})
        self._tell_later(tally)

    def _tell_later(self, tally: _Tally) -> None:
        """Have it noticed when what lasts is over, if anybody listens."""
        if self._listeners and tally.timer is None and (left := tally.seconds_left()):
            tally.timer = threading.Timer(left, self._over, (tally,))
            tally.timer.daemon = True
            tally.timer.start()

    def _over(self, tally: _Tally) -> None:
        with self._lock:
            tally.timer = None
            self._tell_later(tally)  # a moment too early, or it has begun anew
        self._tell()

    def _lacks(self, tally: _Tally, films: int) -> bool:
        """Whether there is not enough film for a job; counts its films if there is."""
        if tally.in_force:
            return True
        if not tally.may_happen or not tally.rule.films:
            return False
        lacking = tally.films + films > tally.rule.films
        if not lacking:
            tally.films += films
        if lacking or tally.films == tally.rule.films:
            self._begin(tally)
        return lacking

    def _replace(self, rules: Iterable[FaultRule]) -> None:
        """Put these in place of those that the file had."""
        before = self._tallies
        theirs = {name: tally for name, tally in before.items() if name not in self._of_file}
        self._tallies, self._of_file = {}, set()
        for rule in rules:
            same = before.get(rule.name)
            if same is not None and same.rule == rule:
                self._tallies[rule.name] = same
            else:
                self._enter(rule)
            self._of_file.add(rule.name)
        self._tallies |= {name: tally for name, tally in theirs.items() if name not in self._of_file}
        for tally in before.values():
            if self._tallies.get(tally.rule.name) is not tally:
                _stop(tally)

    def _note(self, tally: _Tally, printer: str, calling: str, step: str, job: str = "") -> None:
        rule = tally.rule
        self._fired.append(Fired(rule.name, rule.fault, printer, calling, step, tally.met, job))
        if rule.kind is Kind.STATE:
            self._tell_later(tally)


class SeededUIDs:
    """UIDs that are the same for each ``seed`` and ``salt``, one after the other; thread-safe."""

    def __init__(self, seed: int, salt: str = "") -> None:
        self._seed = f"{seed}/{salt}"
        self._numbers = itertools.count(1)

    def __call__(self) -> UID:
        digest = hashlib.sha256(f"uid {self._seed} {next(self._numbers)}".encode()).digest()
        return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")  # PS3.5 B.2


def _stop(tally: _Tally) -> None:
    """A rule is no more."""
    if tally.timer is not None:
        tally.timer.cancel()
        tally.timer = None


def _can_be_at(rule: FaultRule, step: str) -> bool:
    steps = rule.kind.value.steps
    return step in steps or (step not in STEPS and REQUESTS[0] in steps)


def _state(rule: FaultRule) -> PrinterState:
    status = rule.printer_status or USUAL_STATUS[rule.info]
    return PrinterState("WARNING" if status == "NORMAL" else status, rule.info)


def _stamp(file: Path) -> object:
    """What tells a file from the one before it; None where there is none. That of one which has just been
    written equals no other: it may be written once more within a tick of the clock that files have."""
    try:
        status = file.stat()
    except OSError:
        return None
    if abs(time.time_ns() - status.st_mtime_ns) < _FRESH:
        return object()
    return status.st_mtime_ns, status.st_size, status.st_ino
