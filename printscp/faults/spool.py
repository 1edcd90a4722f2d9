"""A printer's spool in which jobs fail, and wait for film, by the rules of a script."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from printscp.errors import ResourceLimitation
from printscp.faults.script import FaultScript
from printscp.film.job import Job
from printscp.film.printer import Draft, Fate, FilmSpool
from printscp.film.sheet import Order

log = logging.getLogger(__name__)


class FaultySpool:
    """The spool of a printer, with a script that decides what becomes of its jobs (a `FilmSpool`)."""

    def __init__(self, spool: FilmSpool, script: FaultScript) -> None:
        self._spool = spool
        self._script = script
        self._holding: set[str] = set()  # names of faults that jobs wait for
        self._lock = threading.Lock()
        script.listen(self._look)

    @property
    def holds_jobs(self) -> bool:
        """Whether jobs that came this way wait for the end of a fault."""
        with self._lock:
            return bool(self._holding)

    def draft(self) -> Draft:
        """See `FilmSpool`."""
        return self._spool.draft()

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        """See `FilmSpool`."""
        films = len(drafts) * order.copies
        fate = fate or self._script.fate(uid, order.printer_name, order.originator, films)
        self._spool.submit(uid, order, drafts, fate)
        if fate is not None:
            extra = {"rule": fate.fault, "printer": order.printer_name, "at": "job", "info": fate.info}
            log.warning("fault", extra=extra)
        if fate is not None and fate.held:
            with self._lock:
                self._holding.add(fate.fault)
            self._look()  # it may be over by now

    def find(self, uid: str) -> Job | None:
        """See `FilmSpool`."""
        return self._spool.find(uid)

    def confirm(self, uid: str) -> None:
        """See `FilmSpool`."""
        self._spool.confirm(uid)

    def release(self, fault: str) -> None:
        """See `FilmSpool`."""
        self._spool.release(fault)

    def close(self) -> None:
        """Go by the script no more."""
        self._script.forget(self._look)

    def _look(self) -> None:
        """Have the jobs go on whose fault is over; where that cannot be noted now, the next time."""
        with self._lock:
            for name in [each for each in self._holding if not self._script.holds(each)]:
                with suppress(ResourceLimitation):
                    self._spool.release(name)
                    self._holding.discard(name)
