"""The printer as its SCUs see it, and what it needs of the rest of the house."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from printscp.film.job import Job, JobNews
from printscp.film.memory import MemoryBudget
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.sheet import BytesLike, Order, Sheet

if TYPE_CHECKING:
    from pydicom.uid import UID

PRINTER_STATUSES = ("NORMAL", "WARNING", "FAILURE")
"""All there are of Printer Status (PS3.3 C.13.9), each worse than that before it."""


class Draft(Protocol):
    """One film box's way to disk. Images may be put there as they come, so that a print is quick."""

    def put(self, position: int, pixels: BytesLike) -> None:
        """Pixels that will probably be printed at that position; never raises."""

    def keep(self, sheet: Sheet) -> None:
        """Write what is missing of the film: from now on it can be ordered without its pixels in memory.

        Called again with a sheet that differs, it replaces the film.

        Raises:
            QueueFull: no more films are taken for now; nothing is kept of it.
            PrintError: the film could not be written; nothing is kept of it.
        """

    def discard(self) -> None:
        """Let go of the film; jobs made of it have their own."""


@dataclass(frozen=True)
class Fate:
    """What becomes of a job by a fault made on purpose (`printscp.faults`), whatever its films are like.

    It ends in FAILURE with ``info``, a term of PS3.3 C.13.9.1, and where it is ``printing`` is said to print
    before; or it is ``held``: PENDING with ``info``, until `FilmSpool.release`. ``fault`` is the name of what
    did it.
    """

    fault: str
    info: str
    held: bool = False
    printing: bool = False


class FilmSpool(Protocol):
    """Where films and print jobs of a printer live."""

    def draft(self) -> Draft:
        """The way to disk for one film box."""

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        """Make a print job of films that are kept; returns only when it can no longer be lost. Its ``fate``
        is entered with it.

        Raises:
            QueueFull: no more jobs are taken for now; nothing is left of it, the drafts stay.
            PrintError: the job could not be taken, and nothing is left of it; the drafts stay.
        """

    def find(self, uid: str) -> Job | None:
        """The print job of that UID that this printer has, unless the SCU has confirmed its end.

        Raises:
            ResourceLimitation: that cannot be known for now.
        """

    def confirm(self, uid: str) -> None:
        """The SCU has acknowledged the job's Done or Failure event.

        Raises:
            ResourceLimitation: that cannot be noted for now.
        """

    def release(self, fault: str) -> None:
        """Have the jobs of this printer go on that are held by the fault of that name.

        Raises:
            ResourceLimitation: that cannot be noted for now; they stay held.
        """


@dataclass(frozen=True)
class PrinterState:
    """Printer Status (2110,0010): NORMAL, WARNING or FAILURE; ``info`` a term of PS3.3 C.13.9.1."""

    status: str = "NORMAL"
    info: str = "NORMAL"


def worst(states: Iterable[PrinterState]) -> PrinterState:
    """Of several states that which a printer reports: the first of the worst, NORMAL if there is none."""
    return max(states, key=lambda state: PRINTER_STATUSES.index(state.status), default=PrinterState())


Listener = Callable[[JobNews | PrinterState], None]


class Printer:
    """One printer with an AE title of its own.

    ``job_events`` and ``printer_events`` say whether N-EVENT-REPORTs go out to SCUs that negotiated them.
    ``calibrated`` is when the curve was measured through which it prints, in local time, or the day alone;
    None where it prints through none. ``new_uid`` makes the UIDs of its instances.
    """

    def __init__(
        self,
        *,
        name: str,
        profile: PrinterProfile,
        mode: Mode,
        software_version: str,
        budget: MemoryBudget,
        spool: FilmSpool,
        job_events: bool = True,
        printer_events: bool = False,
        calibrated: date | datetime | None = None,
        new_uid: "Callable[[], UID] | None" = None,
    ) -> None:
        self.name = name
        self.profile = profile
        self.mode = mode
        self.software_version = software_version
        self.budget = budget
        self.spool = spool
        self.job_events = job_events
        self.printer_events = printer_events
        self.calibrated = calibrated
        self.new_uid = new_uid or _new_uid
        self._state = PrinterState()
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._changing = threading.Lock()

    @property
    def state(self) -> PrinterState:
        return self._state

    def change_state(self, state: PrinterState) -> None:
        """Enter a state, and tell those who listen if it is another one."""
        with self._changing:  # what is told last is what is
            changed, self._state = state != self._state, state
            if changed:
                self.tell(state)

    def tell(self, news: JobNews | PrinterState) -> None:
        """Tell all who listen; from any thread."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(news)

    def listen(self, listener: Listener) -> None:
        """Have ``listener`` told of all news, from whatever thread, until `forget`."""
        with self._lock:
            self._listeners.append(listener)

    @property
    def has_listeners(self) -> bool:
        """Whether anybody is there to be told."""
        with self._lock:
            return bool(self._listeners)

    def forget(self, listener: Listener) -> None:
        """Stop telling."""
        with self._lock:
            self._listeners.remove(listener)


def _new_uid() -> "UID":
    # Late: a look at the job table does without pydicom.
    from pydicom.uid import generate_uid

    return generate_uid()
