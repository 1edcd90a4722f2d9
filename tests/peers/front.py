"""Printers of a configuration with spools in memory, and a script of faults."""

import itertools
import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Self

from peers.spool import MemorySpool, Printed
from pydicom.uid import UID, generate_uid

from printscp.config import Settings, load
from printscp.faults import FaultScript
from printscp.faults.script import SeededUIDs
from printscp.film.job import ExecutionStatus, JobNews
from printscp.front import Front
from printscp.transcript import Step, Transcript


class FaultyFront:
    """Context manager. Jobs are done when `finish` is called, or at once with ``at_once``; those of a fate
    have theirs. All printers share one spool."""

    def __init__(self, script: FaultScript, *, at_once: bool = False, **settings: Any) -> None:
        self.script = script
        self.spool = MemorySpool()
        self.spool.taken = self._taken
        self.transcripts: list[Transcript] = []
        self.over = threading.Condition()
        self._at_once = at_once
        self.new_uid: Callable[[], UID] = generate_uid if script.seed is None else SeededUIDs(script.seed)
        self.front = Front(load(None, port=0, **settings), self, script)

    def __enter__(self) -> Self:
        self.front.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.front.stop()

    @property
    def address(self) -> tuple[str, int]:
        return self.front.addresses[0][:2]

    def finish(self, job: Printed) -> None:
        """Say what becomes of a job."""
        fate = self.spool.fates.get(job.uid)
        if fate is None:
            ends = [(ExecutionStatus.PRINTING, "NORMAL"), (ExecutionStatus.DONE, "NORMAL")]
        elif fate.held:
            ends = [(ExecutionStatus.PENDING, fate.info)]
        else:
            printing = [(ExecutionStatus.PRINTING, "NORMAL")] if fate.printing else []
            ends = [*printing, (ExecutionStatus.FAILURE, fate.info)]
        for status, info in ends:
            self.front.tell(JobNews(job.uid, status, info, job.order.printer_name, job.order.label))

    def faults_noted(self) -> set[str]:
        """Names of the faults that transcripts tell of."""
        steps = itertools.chain.from_iterable(each.steps for each in self.transcripts)
        return {name for step in steps if step.fault for name in step.fault.split(", ")}

    # --- what a front asks of its backing --------------------------------------------------------------

    def spool_of(self, printer_name: str) -> MemorySpool:
        return self.spool

    def calibrated(self, settings: Settings, printer_name: str) -> date | datetime | None:
        return None

    def step(self, transcript: Transcript, step: Step) -> None:
        if not any(each is transcript for each in self.transcripts):
            self.transcripts.append(transcript)

    def printed(self, uid: str, transcript: Transcript) -> None:
        pass

    def ended(self, transcript: Transcript) -> None:
        with self.over:
            self.over.notify_all()

    def _taken(self, job: Printed) -> None:
        if self._at_once:
            self.finish(job)
