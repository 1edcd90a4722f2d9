"""The worker process: takes a job, has it rendered and delivered, records what became of it.

Its standard input is the line to the server: a byte says that a job may have come, the end of file that the
server is gone; then, as after SIGTERM, the job in hand is finished and the process ends. Each change it makes
to a job it tells on standard output, one line of JSON each (`printscp.spool.news`).
"""

import argparse
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from printscp.delivery import Delivered, deliver
from printscp.errors import SetupError
from printscp.film.job import Job
from printscp.logs import set_up
from printscp.outputs.output import Output
from printscp.outputs.registry import open_output
from printscp.spool.folder import Spool
from printscp.spool.news import write_line
from printscp.spool.queue import StatusInfo, film_remarks
from printscp.spool.store import DamagedSheet

_FIRST_PAUSE = 1.0  # seconds before a delivery is tried again; doubled each time

log = logging.getLogger("printscp.worker")  # by name: the process runs this module as __main__


class Worker:
    """Works on one job at a time, as ``holder``; ``outputs`` are the ways out by printer name. The films of
    the last ``keep_jobs`` jobs that were done stay in the spool."""

    def __init__(
        self, spool: Spool, outputs: Mapping[str, Sequence[Output]], holder: str, keep_jobs: int = 0
    ) -> None:
        self._spool = spool
        self._outputs = outputs
        self._holder = holder
        self._keep_jobs = keep_jobs
        self._pauses: dict[str, float] = {}  # of printers that cannot deliver for now

    def work(self) -> bool:
        """Do the next job that is due; False if there is none."""
        queue = self._spool.queue
        job = queue.take(self._holder)
        if job is None:
            return False
        _tell(job)
        try:
            delivered = self._deliver(job)
        except OSError as error:
            place = "" if error.filename is None else f"{error.filename}: "
            ended = self._postpone(job, f"{place}{error.strerror or error}")
        except SetupError as error:  # a file that an output goes by is gone: nothing is wrong with the film
            ended = self._postpone(job, str(error))
        except DamagedSheet as error:
            log.error("sheet damaged", extra={"job": job.id, "error": str(error)})
            ended = queue.fail(job, self._holder, StatusInfo.ELEC_SW_ERROR, str(error))
        except Exception as error:
            # The same sheet would fail the same way again: rendering is a pure function.
            log.exception("film cannot be rendered", extra={"job": job.id})
            info = f"cannot be rendered: {error}"
            ended = queue.fail(job, self._holder, StatusInfo.INVALID_PAGE_DES, info)
        else:
            self._pauses.pop(job.order.printer_name, None)
            ended = queue.done(job, self._holder, delivered.places, film_remarks(delivered.remarks))
            self._spool.give_up(self._keep_jobs)
        if ended is not None:
            _tell(ended)
        return True

    def run(self, line: int, stop: int) -> None:
        """Work until the file descriptor ``line`` ends, or a byte comes from ``stop``."""
        patience: float | None = 0.0
        while True:
            ready, _, _ = select.select([line, stop], [], [], patience)
            if stop in ready or (line in ready and not os.read(line, 4096)):
                return
            patience = 0.0 if self.work() else self._spool.queue.next_due()

    def _deliver(self, job: Job) -> Delivered:
        name = job.order.printer_name
        if name not in self._outputs:
            raise OSError(f"the printer {name} is not set up")
        return deliver(job, self._spool.sheets, self._outputs[name])

    def _postpone(self, job: Job, fault: str) -> Job | None:
        reason = f"cannot deliver: {fault}; trying again"
        log.warning("film waits", extra={"job": job.id, "reason": reason})
        name = job.order.printer_name
        pause = self._pauses.get(name, _FIRST_PAUSE)
        self._pauses[name] = pause * 2
        return self._spool.queue.postpone(job, self._holder, reason, pause)


def _tell(job: Job) -> None:
    try:
        print(write_line(job), flush=True)  # noqa: T201 (the line to the server)
    except BrokenPipeError:
        log.debug("the server is gone")


def main() -> None:
    """Entry point of the process, started by the server's supervisor."""
    parser = argparse.ArgumentParser(prog="printscp.worker", description=__doc__)
    parser.add_argument("--spool", type=Path, required=True)
    # JSON, since names of printers and folders may hold any character that could stand between them.
    parser.add_argument("--outputs", type=json.loads, required=True, help='{"PRINTER": [{"type": ...}, ...]}')
    parser.add_argument("--keep-jobs", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--holder", required=True)
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    # The byte comes from the signal itself: a handler in Python would wait for a select that has just begun.
    stop, stopper = os.pipe()
    os.set_blocking(stopper, False)
    signal.set_wakeup_fd(stopper)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Ctrl-C reaches the whole process group; the server ends the line when it has closed its associations.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up(logging.INFO, arguments.log_format)
    cv2.setNumThreads(arguments.threads)  # outputs go by it, too
    spool = Spool(arguments.spool)
    outputs = {name: list(map(open_output, tables)) for name, tables in arguments.outputs.items()}
    Worker(spool, outputs, arguments.holder, arguments.keep_jobs).run(sys.stdin.fileno(), stop)
    spool.close()


if __name__ == "__main__":
    main()
